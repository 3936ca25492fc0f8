/* commissioner.c -- the commissioner towards one joiner: knows its PSKd from a
 * label, lets policy decide on what it says of itself, and gives the key to the
 * joiner router that will entrust it with the network; or entrusts it itself. */
#include "cbor.h"
#include "ct.h"
#include "role.h"
#include "run.h"

#define NONE imp_bytes(NULL, 0)

enum { REFUSE_FROM = 10, FINALIZE_MS = 60000, LEAVE_MS = 10000, ABOUT = 320, CLAIMS = 512, ANY = THREAD_ID };

/* Named for what they expect. */
enum state { IDLE, HELLO, TRIES, PSKD, LABEL, CHARGE, PAUSE, SHAKE, FINALIZE, DATASET, AUTHORIZE, RECORD, KEK, LEAVE, ENTRUST, OVER };

struct commissioner {
	struct thread_run r;
	uint8_t  relayed, named;   /* by a joiner router; the id is known        */
	uint8_t  id[THREAD_ID];
	uint32_t keys, request;    /* tickets of what we owe: DTLS, the joiner   */
	uint32_t sent;             /* JOIN_ENT's ticket                          */
	uint16_t about_len, url_len, dataset_len;
	uint8_t  about[ABOUT];     /* what it says of itself, as claim and fact  */
	uint8_t  url[THREAD_URL_MAX];
	uint8_t  dataset[THREAD_DATASET];
};

size_t thread_commissioner_need(const imp_params *p)
{
	(void)p;
	return sizeof(struct commissioner);
}

imp_status thread_commissioner_init(void *state, const imp_params *p)
{
	(void)state;
	return p->max_msg < THREAD_DATASET + 64 ? IMP_EARG : IMP_OK;
}

/* "prefix" + id, or "any" */
static const char *name_of(const struct commissioner *k, const char *prefix, char to[THREAD_FACT])
{
	size_t n = strlen(prefix);
	if (k->named) {
		thread_name(prefix, k->id, to);
		return to;
	}
	memcpy(to, prefix, n);
	memcpy(to + n, "any", 4);
	return to;
}

/* --- ends --------------------------------------------------------------------- */

static imp_status keys(struct commissioner *k, imp_cx *cx, imp_status code)
{
	uint32_t ticket = k->keys;
	k->keys = 0;
	return ticket ? thread_say(cx, IMP_ANSWER, 0, IMP_SECRET, ticket, code, NONE, imp_bytes(k->r.pskd, code < 0 ? 0 : k->r.pskd_len)) : IMP_OK;
}

static imp_status respond(struct commissioner *k, imp_cx *cx, int32_t code, int state)
{
	imp_msg rx = {.ticket = k->request};
	uint8_t b[3];
	imp_wr w = imp_wr_to(b, sizeof b);
	thread_put_state(&w, state);
	k->request = 0;
	return thread_reply(cx, &rx, code, imp_wr_span(&w));
}

/* Whatever is owed is said: no key, rejected. */
static imp_status done(struct commissioner *k, imp_cx *cx, imp_status code, uint16_t topic, imp_span missing)
{
	imp_status st = keys(k, cx, IMP_EDENIED);
	if (!st && k->request)
		st = respond(k, cx, 204, THREAD_REJECT);
	k->r.state = OVER;
	k->r.want = 0;
	imp_wipe(k->r.pskd, sizeof k->r.pskd);
	imp_wipe(k->dataset, sizeof k->dataset);
	cx->wake(cx, UINT64_MAX);
	return st ? st : thread_say(cx, IMP_DONE, topic, 0, 0, code, missing, NONE);
}

static imp_status finish(struct commissioner *k, imp_cx *cx, imp_status code)
{
	return done(k, cx, code, 0, NONE);
}

static imp_status lacks(struct commissioner *k, imp_cx *cx, const char *prefix)
{
	char name[THREAD_FACT];
	return done(k, cx, IMP_EFACT, 0, thread_text(name_of(k, prefix, name)));
}

/* --- the handshake -------------------------------------------------------------- */

static imp_status ask_of(struct commissioner *k, imp_cx *cx, uint8_t state, uint16_t topic, const char *prefix)
{
	char name[THREAD_FACT];
	return thread_ask(&k->r, cx, state, topic, name_of(k, prefix, name));
}

static imp_status start(struct commissioner *k, const imp_msg *in)
{
	if (k->r.state != IDLE)
		return IMP_OK;
	k->relayed = k->named = in->name.len == THREAD_ID;
	if (k->named)
		memcpy(k->id, in->name.ptr, THREAD_ID);
	k->r.state = HELLO;
	return IMP_OK;
}

static imp_status offer(imp_cx *cx, const imp_msg *in)
{
	uint8_t b[16];
	imp_wr w = imp_wr_to(b, sizeof b);
	imp_cbor_put_map(&w, 1);
	imp_cbor_put_text(&w, "suites");
	imp_cbor_put_array(&w, 1);
	imp_cbor_put_uint(&w, THREAD_SUITE);
	return thread_say(cx, IMP_ANSWER, THREAD_SUITE, 0, in->ticket, IMP_OK, NONE, imp_wr_span(&w));
}

/* A handshake that begins anew is a try of its own. */
static imp_status on_keys(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	if (in->topic != IMP_T_KEYS)
		return IMP_PASS;
	if (in->code == IMP_K_OFFER)
		return offer(cx, in);
	if (in->code != IMP_K_PASSWORD || (k->r.state != HELLO && k->r.state != SHAKE && k->r.state != FINALIZE))
		return thread_say(cx, IMP_ANSWER, 0, 0, in->ticket, IMP_EDENIED, NONE, NONE);
	k->keys = in->ticket;
	cx->wake(cx, UINT64_MAX);
	return ask_of(k, cx, TRIES, IMP_T_COUNTER, "thread.tries/");
}

static imp_status charge(struct commissioner *k, imp_cx *cx)
{
	char name[THREAD_FACT];
	return thread_count(&k->r, cx, CHARGE, name_of(k, "thread.tries/", name));
}

/* With the PSKd: of the joiner that a label has just named. */
static imp_status on_tries(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	if (thread_take_tries(&k->r, in))
		return lacks(k, cx, "thread.tries/");
	if (k->r.tries >= REFUSE_FROM)
		return finish(k, cx, IMP_EDENIED);
	return k->r.pskd_len ? charge(k, cx) : ask_of(k, cx, PSKD, IMP_T_KEY, "thread.pskd/");
}

static imp_status on_pskd(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	char name[THREAD_FACT];
	imp_msg read;
	if (in->code >= 0)
		return thread_take_pskd(&k->r, in->data) ? charge(k, cx) : lacks(k, cx, "thread.pskd/");
	if (in->code != IMP_EFACT)
		return lacks(k, cx, "thread.pskd/");
	k->r.state = LABEL;
	read = imp_say(IMP_ASK, IMP_T_READ, IMP_M_QR, k->r.want = ++k->r.tickets, thread_text(name_of(k, "", name)), NONE);
	return cx->emit(cx, &read);
}

/* A label that names another joiner is somebody's mistake, or somebody's trick. */
static imp_status on_label(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	uint8_t eui[THREAD_ID], id[THREAD_ID];
	imp_status st = in->code < 0 ? IMP_EFACT : IMP_OK;
	imp_span pskd = NONE;
	int has_eui = 0;
	if (st || thread_read_label(in->data, eui, &has_eui, &pskd))
		return lacks(k, cx, "thread.pskd/");
	if (has_eui)
		st = thread_joiner_id(cx->crypto, eui, id);
	if (!st && has_eui && k->named && memcmp(id, k->id, sizeof id))
		st = IMP_EAUTH;
	if (st)
		return finish(k, cx, st);
	memcpy(k->r.pskd, pskd.ptr, pskd.len);
	k->r.pskd_len = (uint8_t)pskd.len;
	if (!has_eui || k->named)
		return charge(k, cx);
	memcpy(k->id, id, sizeof id);
	k->named = 1;
	return ask_of(k, cx, TRIES, IMP_T_COUNTER, "thread.tries/");
}

static imp_status shake(struct commissioner *k, imp_cx *cx)
{
	imp_status st = keys(k, cx, IMP_OK);
	k->r.state = SHAKE;
	imp_wipe(k->r.pskd, sizeof k->r.pskd);
	k->r.pskd_len = 0;
	cx->wake(cx, UINT64_MAX);
	return st;
}

static imp_status on_charge(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	uint64_t ms = thread_pause(&k->r);
	if (in->code < 0)
		return finish(k, cx, in->code);
	if (!ms)
		return shake(k, cx);
	k->r.state = PAUSE;
	cx->wake(cx, cx->now + ms);
	return IMP_OK;
}

static imp_status on_up(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	imp_status st;
	if (in->link || k->r.state != SHAKE)
		return IMP_OK;
	if (!thread_secured(cx->channel(cx, 0))) {
		st = thread_say(cx, IMP_SHUT, 0, 0, 0, IMP_EAUTH, NONE, NONE);
		return st ? st : finish(k, cx, IMP_EAUTH);
	}
	k->r.state = FINALIZE;
	cx->wake(cx, cx->now + FINALIZE_MS);
	return IMP_OK;
}

/* --- JOIN_FIN ---------------------------------------------------------------------- */

static void put_text(imp_wr *w, const char *key, imp_span v)
{
	if (!v.len)
		return;
	imp_cbor_put_text(w, key);
	imp_cbor_put_tstr(w, v);
}

static void put_bytes(imp_wr *w, const char *key, imp_span v)
{
	if (!v.len)
		return;
	imp_cbor_put_text(w, key);
	imp_cbor_put_bstr(w, v);
}

static void keep(struct commissioner *k, const thread_finalize *f)
{
	imp_wr w = imp_wr_to(k->about, sizeof k->about);
	imp_cbor_put_map(&w, (size_t)((f->vendor.len > 0) + (f->model.len > 0) + (f->version.len > 0) + (f->stack.len > 0) + (f->data.len > 0)));
	put_text(&w, "vendor", f->vendor);
	put_text(&w, "model", f->model);
	put_text(&w, "version", f->version);
	put_bytes(&w, "stack", f->stack);
	put_bytes(&w, "data", f->data);
	k->about_len = (uint16_t)imp_wr_span(&w).len;
	memcpy(k->url, f->url.ptr ? f->url.ptr : k->url, f->url.len);
	k->url_len = (uint16_t)f->url.len;
}

static imp_status authorize(struct commissioner *k, imp_cx *cx)
{
	char name[THREAD_FACT];
	imp_wr w = imp_wr_to(cx->room(cx, CLAIMS), CLAIMS);
	if (!w.to)
		return IMP_ENOSPC;
	imp_cbor_put_map(&w, 2u + k->named + (k->url_len > 0));
	if (k->named) {
		imp_cbor_put_uint(&w, IMP_T_IDENTITY);
		imp_cbor_put_bstr(&w, imp_bytes(k->id, sizeof k->id));
	}
	if (k->url_len) {
		imp_cbor_put_uint(&w, IMP_T_SERVER);
		imp_cbor_put_tstr(&w, imp_bytes(k->url, k->url_len));
	}
	imp_cbor_put_uint(&w, IMP_T_CONFIG);
	imp_wr_bytes(&w, imp_bytes(k->about, k->about_len));
	imp_cbor_put_uint(&w, IMP_T_COUNTER);
	imp_cbor_put_uint(&w, k->r.tries);
	if (imp_wr_end(&w))
		return IMP_ENOSPC;
	k->r.state = AUTHORIZE;
	return thread_say(cx, IMP_ASK, IMP_T_AUTHORIZE, 0, k->r.want = ++k->r.tickets, 0, thread_text(name_of(k, "", name)), imp_wr_span(&w));
}

static imp_status on_rx(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	thread_finalize f;
	if (in->link || !thread_posted(in, "/c/jf"))
		return thread_reply(cx, in, 404, NONE);
	if (k->r.state != FINALIZE || !in->ticket || in->flags & IMP_MORE)
		return thread_reply(cx, in, 503, NONE);
	if (thread_read_finalize(in->data, &f))
		return thread_reply(cx, in, 400, NONE);
	k->request = in->ticket;
	cx->wake(cx, UINT64_MAX);
	if (f.state != THREAD_ACCEPT)
		return finish(k, cx, IMP_EPEER);
	keep(k, &f);
	return k->relayed ? authorize(k, cx) : thread_ask(&k->r, cx, DATASET, IMP_T_NETWORK, "thread.dataset");
}

static imp_status on_dataset(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0 || thread_check_dataset(in->data) || thread_find(in->data, THREAD_NETKEY).len != THREAD_KEY)
		return done(k, cx, IMP_EFACT, 0, thread_text("thread.dataset"));
	memcpy(k->dataset, in->data.ptr, in->data.len);
	k->dataset_len = (uint16_t)in->data.len;
	return authorize(k, cx);
}

/* --- accepted ------------------------------------------------------------------------ */

static imp_status on_verdict(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	char tries[THREAD_FACT], name[THREAD_FACT];
	imp_status st;
	if (in->code < 0)
		return finish(k, cx, IMP_EDENIED);
	st = thread_learn(cx, IMP_T_COUNTER, IMP_FORGET, name_of(k, "thread.tries/", tries), NONE);
	return st ? st : thread_learn_wait(&k->r, cx, RECORD, IMP_T_IDENTITY, IMP_NOW, name_of(k, "thread.joiner/", name), imp_bytes(k->about, k->about_len));
}

static imp_status entrust(struct commissioner *k, imp_cx *cx)
{
	imp_status st = respond(k, cx, 204, THREAD_ACCEPT);
	k->r.state = ENTRUST;
	return st ? st : thread_say(cx, IMP_TX, 0xffff, IMP_SECRET, k->sent = ++k->r.tickets, IMP_POST, thread_text("c/je"), imp_bytes(k->dataset, k->dataset_len));
}

static imp_status on_record(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	char name[THREAD_FACT];
	uint8_t kek[THREAD_KEY];
	imp_status st;
	if (in->code < 0)
		return finish(k, cx, in->code);
	if (!k->relayed)
		return entrust(k, cx);
	st = thread_kek(cx->crypto, cx->channel(cx, 0), kek);
	if (st)
		return st == IMP_ENOSPC ? st : finish(k, cx, st);
	st = thread_learn_key(&k->r, cx, KEK, 0, name_of(k, "thread.kek/", name), kek);
	imp_wipe(kek, sizeof kek);
	return st;
}

/* The host has it for the RLY_TX that this answer goes in. */
static imp_status on_kek(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0)
		return finish(k, cx, in->code);
	k->r.state = LEAVE;
	cx->wake(cx, cx->now + LEAVE_MS);
	return respond(k, cx, 204, THREAD_ACCEPT);
}

static imp_status left(struct commissioner *k, imp_cx *cx)
{
	char name[THREAD_FACT];
	imp_status st = thread_learn(cx, IMP_T_KEY, IMP_FORGET, name_of(k, "thread.kek/", name), NONE);
	return st ? st : finish(k, cx, IMP_OK);
}

static imp_status on_entrusted(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	imp_status st = thread_say(cx, IMP_SHUT, 0, 0, 0, IMP_OK, NONE, NONE);
	return st ? st : finish(k, cx, in->code == 204 ? IMP_OK : in->code < 0 ? in->code : IMP_EPEER);
}

static imp_status on_down(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	if (in->link || k->r.state == OVER || k->r.state == IDLE)
		return IMP_OK;
	k->keys = k->request = 0; /* void with the link */
	if (k->r.state == LEAVE)
		return left(k, cx);
	return done(k, cx, in->code < 0 ? in->code : IMP_ELINK, in->topic, NONE);
}

static imp_status on_tick(struct commissioner *k, imp_cx *cx)
{
	if (k->r.state == PAUSE)
		return shake(k, cx);
	return k->r.state == LEAVE ? left(k, cx) : finish(k, cx, IMP_ETIME);
}

/* --- dispatch ---------------------------------------------------------------------------- */

static imp_status (*const answers[])(struct commissioner *k, imp_cx *cx, const imp_msg *in) = {
	[TRIES] = on_tries, [PSKD] = on_pskd, [LABEL] = on_label, [CHARGE] = on_charge, [DATASET] = on_dataset, [AUTHORIZE] = on_verdict, [RECORD] = on_record, [KEK] = on_kek, [OVER] = NULL,
};

static imp_status on_answer(struct commissioner *k, imp_cx *cx, const imp_msg *in)
{
	if (thread_answered(&k->r, in))
		return answers[k->r.state] ? answers[k->r.state](k, cx, in) : IMP_OK;
	return k->r.state == ENTRUST && in->ticket == k->sent ? on_entrusted(k, cx, in) : IMP_OK;
}

imp_status thread_commissioner_step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct commissioner *k = state;
	switch (in->verb) {
	case IMP_START:
		return start(k, in);
	case IMP_ANSWER:
		return on_answer(k, cx, in);
	case IMP_ASK:
		return on_keys(k, cx, in);
	case IMP_UP:
		return on_up(k, cx, in);
	case IMP_DOWN:
		return on_down(k, cx, in);
	case IMP_RX:
		return on_rx(k, cx, in);
	case IMP_TICK:
		return on_tick(k, cx);
	case IMP_STOP:
		return finish(k, cx, IMP_EDENIED);
	}
	return in->verb == IMP_TELL ? IMP_PASS : IMP_OK;
}

const char *thread_commissioner_where(const void *state)
{
	static const char names[][10] = {
		"idle", "hello", "tries", "pskd", "label", "charge", "pause", "shake", "finalize", "dataset", "authorize", "record", "kek", "leave", "entrust", "over"};
	return names[((const struct commissioner *)state)->r.state];
}
