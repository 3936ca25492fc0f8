/* joiner.c -- the joiner: proves the PSKd in DTLS, says what it is (JOIN_FIN),
 * and takes the network that it is entrusted with (JOIN_ENT). */
#include "cbor.h"
#include "ct.h"
#include "role.h"
#include "run.h"

#define NONE imp_bytes(NULL, 0)

enum { ROUTER_URI = 128, ENTRUST_MS = 45000, FINALIZE_MS = 300000, TIMEOUT_MS = 8000 };

/* Named for what they expect. */
enum state { IDLE, TRIES, PSKD, EUI, CONFIG, ROUTER, REST, CHARGE, LINK, KEK, FINALIZE, ENTRUST, COMMIT, OVER };

struct joiner {
	struct thread_run r;
	uint32_t label, request; /* OPEN's and JOIN_FIN's ticket */
	uint32_t entrust;        /* JOIN_ENT's */
	uint16_t entrust_link, fin_len, uri_len;
	uint8_t  fin[THREAD_FINALIZE_MAX];
	char     uri[ROUTER_URI];
};

size_t thread_joiner_need(const imp_params *p)
{
	(void)p;
	return sizeof(struct joiner);
}

imp_status thread_joiner_init(void *state, const imp_params *p)
{
	(void)state;
	return p->max_msg < THREAD_FINALIZE_MAX + 64 ? IMP_EARG : IMP_OK;
}

/* --- ends --------------------------------------------------------------------- */

static imp_status done(struct joiner *j, imp_cx *cx, imp_status code, uint16_t topic, imp_span missing)
{
	imp_status st = IMP_OK;
	if (j->r.shown)
		st = thread_say(cx, IMP_TELL, IMP_T_SHOW, IMP_FORGET, 0, IMP_M_QR, thread_text("label"), NONE);
	j->r.state = OVER;
	j->r.want = 0;
	imp_wipe(j->r.pskd, sizeof j->r.pskd);
	cx->wake(cx, UINT64_MAX);
	return st ? st : thread_say(cx, IMP_DONE, topic, 0, 0, code, missing, NONE);
}

static imp_status fail(struct joiner *j, imp_cx *cx, imp_status code)
{
	imp_status st = j->r.state >= LINK ? thread_say(cx, IMP_SHUT, 0, 0, 0, code, NONE, NONE) : IMP_OK;
	return st ? st : done(j, cx, code, 0, NONE);
}

static imp_status lacks(struct joiner *j, imp_cx *cx, const char *name)
{
	return done(j, cx, IMP_EFACT, 0, thread_text(name));
}

/* --- beliefs -------------------------------------------------------------------- */

static imp_status on_tries(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	return thread_take_tries(&j->r, in) ? lacks(j, cx, "thread.tries") : thread_ask(&j->r, cx, PSKD, IMP_T_KEY, "thread.pskd");
}

static imp_status on_pskd(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0 || !thread_take_pskd(&j->r, in->data))
		return lacks(j, cx, "thread.pskd");
	return thread_ask(&j->r, cx, EUI, IMP_T_IDENTITY, "thread.eui64");
}

static imp_status on_eui(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	uint8_t label[THREAD_LABEL_MAX];
	imp_wr w = imp_wr_to(label, sizeof label);
	imp_status st = IMP_OK;
	if (in->code >= 0 && in->data.len == THREAD_ID) {
		thread_put_label(&w, in->data.ptr, imp_bytes(j->r.pskd, j->r.pskd_len));
		j->r.shown = 1;
		st = thread_say(cx, IMP_TELL, IMP_T_SHOW, 0, 0, IMP_M_QR, thread_text("label"), imp_wr_span(&w));
		imp_wipe(label, sizeof label);
	}
	return st ? st : thread_ask(&j->r, cx, CONFIG, IMP_T_CONFIG, "thread.joiner");
}

static imp_span text_in(imp_span map, const char *key)
{
	imp_rd r = imp_rd_of(imp_cbor_find(map, key));
	imp_span v = imp_rd_left(&r) ? imp_cbor_peek(&r) == IMP_CBOR_BSTR ? imp_cbor_bstr(&r) : imp_cbor_tstr(&r) : NONE;
	return imp_rd_end(&r) ? NONE : v;
}

static imp_status on_config(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	imp_span map = in->code < 0 ? NONE : in->data;
	imp_wr w = imp_wr_to(j->fin, sizeof j->fin);
	thread_finalize f = {THREAD_ACCEPT, text_in(map, "vendor"), text_in(map, "model"), text_in(map, "version"), text_in(map, "data"), text_in(map, "stack"), text_in(map, "url")}, check;
	thread_put_finalize(&w, &f);
	if ((map.len && imp_cbor_check(map)) || imp_wr_end(&w) || thread_read_finalize(imp_wr_span(&w), &check))
		return lacks(j, cx, "thread.joiner");
	j->fin_len = (uint16_t)w.len;
	return thread_ask(&j->r, cx, ROUTER, IMP_T_SERVER, "thread.router");
}

static imp_status charge(struct joiner *j, imp_cx *cx)
{
	cx->wake(cx, UINT64_MAX);
	return thread_count(&j->r, cx, CHARGE, "thread.tries");
}

/* Whoever guesses waits, longer each time. */
static imp_status on_router(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	uint64_t ms = thread_pause(&j->r);
	if (in->code < 0 || !in->data.len || in->data.len > sizeof j->uri)
		return lacks(j, cx, "thread.router");
	memcpy(j->uri, in->data.ptr, in->data.len);
	j->uri_len = (uint16_t)in->data.len;
	if (!ms)
		return charge(j, cx);
	j->r.state = REST;
	cx->wake(cx, cx->now + ms);
	return IMP_OK;
}

/* --- the commissioner ------------------------------------------------------------- */

static imp_status on_charge(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	uint8_t options[48];
	imp_wr w = imp_wr_to(options, sizeof options);
	if (in->code < 0)
		return fail(j, cx, in->code);
	imp_cbor_put_map(&w, 3);
	imp_cbor_put_text(&w, "suites");
	imp_cbor_put_array(&w, 1);
	imp_cbor_put_uint(&w, THREAD_SUITE);
	imp_cbor_put_text(&w, "sni");
	imp_cbor_put_text(&w, "");
	imp_cbor_put_text(&w, "timeout");
	imp_cbor_put_uint(&w, TIMEOUT_MS);
	j->r.state = LINK;
	return thread_say(cx, IMP_OPEN, 0, 0, j->label = ++j->r.tickets, 0, imp_bytes(j->uri, j->uri_len), imp_wr_span(&w));
}

/* The handshake wants the password. */
static imp_status on_keys(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	int good = j->r.state == LINK && in->topic == IMP_T_KEYS && in->code == IMP_K_PASSWORD;
	if (in->topic != IMP_T_KEYS)
		return IMP_PASS;
	return thread_say(cx, IMP_ANSWER, 0, IMP_SECRET, in->ticket, good ? IMP_OK : IMP_EUNSUP, NONE, imp_bytes(j->r.pskd, good ? j->r.pskd_len : 0));
}

/* The KEK first: what it is for may come right behind the answer. */
static imp_status on_up(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	uint8_t kek[THREAD_KEY];
	imp_status st;
	if (in->link || j->r.state != LINK || (in->ticket && in->ticket != j->label))
		return IMP_OK;
	if (!thread_secured(cx->channel(cx, 0)))
		return fail(j, cx, IMP_EAUTH);
	imp_wipe(j->r.pskd, sizeof j->r.pskd);
	st = thread_kek(cx->crypto, cx->channel(cx, 0), kek);
	if (st)
		return st == IMP_ENOSPC ? st : fail(j, cx, st);
	st = thread_learn_key(&j->r, cx, KEK, 0, "thread.kek", kek);
	imp_wipe(kek, sizeof kek);
	return st;
}

static imp_status on_kek(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0)
		return fail(j, cx, in->code);
	j->r.state = FINALIZE;
	cx->wake(cx, cx->now + FINALIZE_MS);
	return thread_say(cx, IMP_TX, 0xffff, 0, j->request = ++j->r.tickets, IMP_POST, thread_text("c/jf"), imp_bytes(j->fin, j->fin_len));
}

static imp_status on_finalized(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	int state = in->code == 204 && !thread_check(in->data) ? thread_state_of(in->data) : THREAD_NO_STATE;
	j->request = 0;
	if (in->code < 0)
		return fail(j, cx, in->code);
	if (state != THREAD_ACCEPT)
		return fail(j, cx, state == THREAD_REJECT ? IMP_EPEER : IMP_EBADMSG);
	j->r.state = ENTRUST;
	cx->wake(cx, cx->now + ENTRUST_MS);
	return IMP_OK;
}

/* --- the network ------------------------------------------------------------------- */

static imp_status on_rx(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	imp_span key = thread_find(in->data, THREAD_NETKEY);
	imp_status st;
	if (!thread_posted(in, "/c/je"))
		return thread_reply(cx, in, 404, NONE);
	if ((j->r.state != FINALIZE && j->r.state != ENTRUST) || !in->ticket || in->flags & IMP_MORE) /* FINALIZE: the answer that it followed was lost */
		return thread_reply(cx, in, 503, NONE);
	if (thread_check_dataset(in->data) || key.len != THREAD_KEY)
		return thread_reply(cx, in, 400, NONE);
	j->entrust = in->ticket;
	j->entrust_link = in->link;
	cx->wake(cx, UINT64_MAX);
	st = thread_learn(cx, IMP_T_KEY, IMP_FORGET, "thread.kek", NONE);
	if (!st)
		st = thread_learn(cx, IMP_T_COUNTER, IMP_FORGET, "thread.tries", NONE);
	if (!st)
		st = thread_learn(cx, IMP_T_NETWORK, IMP_SECRET, "thread.dataset", in->data);
	return st ? st : thread_learn_key(&j->r, cx, COMMIT, IMP_NOW, "thread.netkey", key.ptr);
}

static imp_status on_commit(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	imp_msg rx = {.link = j->entrust_link, .ticket = j->entrust};
	imp_status st = thread_reply(cx, &rx, in->code < 0 ? 500 : 204, NONE);
	if (!st && j->entrust_link)
		st = thread_say(cx, IMP_SHUT, 0, 0, 0, in->code, NONE, NONE);
	return st ? st : done(j, cx, in->code < 0 ? in->code : IMP_OK, 0, NONE);
}

static imp_status on_down(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	if (in->link || j->r.state < LINK || j->r.state >= ENTRUST) /* accepted: the router has what is missing */
		return IMP_OK;
	return done(j, cx, in->code < 0 ? in->code : IMP_ELINK, in->topic, NONE);
}

/* --- dispatch ------------------------------------------------------------------------ */

static imp_status (*const answers[])(struct joiner *j, imp_cx *cx, const imp_msg *in) = {
	[TRIES] = on_tries, [PSKD] = on_pskd, [EUI] = on_eui, [CONFIG] = on_config, [ROUTER] = on_router, [CHARGE] = on_charge, [KEK] = on_kek, [COMMIT] = on_commit, [OVER] = NULL,
};

static imp_status on_answer(struct joiner *j, imp_cx *cx, const imp_msg *in)
{
	if (thread_answered(&j->r, in))
		return answers[j->r.state] ? answers[j->r.state](j, cx, in) : IMP_OK;
	return j->r.state == FINALIZE && in->ticket == j->request ? on_finalized(j, cx, in) : IMP_OK;
}

imp_status thread_joiner_step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct joiner *j = state;
	switch (in->verb) {
	case IMP_START:
		return j->r.state == IDLE ? thread_ask(&j->r, cx, TRIES, IMP_T_COUNTER, "thread.tries") : IMP_OK;
	case IMP_ANSWER:
		return on_answer(j, cx, in);
	case IMP_ASK:
		return on_keys(j, cx, in);
	case IMP_UP:
		return on_up(j, cx, in);
	case IMP_DOWN:
		return on_down(j, cx, in);
	case IMP_RX:
		return on_rx(j, cx, in);
	case IMP_TICK:
		return j->r.state == REST ? charge(j, cx) : fail(j, cx, IMP_ETIME);
	case IMP_STOP:
		return fail(j, cx, IMP_EDENIED);
	}
	return in->verb == IMP_TELL ? IMP_PASS : IMP_OK;
}

const char *thread_joiner_where(const void *state)
{
	static const char names[][9] = {"idle", "tries", "pskd", "eui", "config", "router", "rest", "charge", "link", "kek", "finalize", "entrust", "commit", "over"};
	return names[((const struct joiner *)state)->r.state];
}
