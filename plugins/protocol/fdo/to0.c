/* to0.c -- a voucher arrives: verify it, ask whether it may be accepted, and
 * register its device with the rendezvous servers it names (FDO 1.1 section
 * 5.3, the owner's side).
 *
 * The servers are tried in the order of the RendezvousInfo; the first that
 * accepts ends the run with DONE(IMP_LATER), when: register again.  A voucher
 * that names none (bypass) ends it with DONE(IMP_OK). */
#include "lines.h"
#include "owner.h"
#include "pkix.h"
#include "rv.h"

#define NONE imp_bytes(0, 0)

enum { START, VOUCHER_HEAD, VOUCHER_ENTRY, OWN_KEY, CONSENT, ADDRESSES, LINK, HELLO_ACK, OWNER_KEY, ACCEPT_OWNER, STATES };

static const char *const names[STATES] = {"start", "voucher_head", "voucher_entry", "own_key", "consent", "addresses", "link",
	"hello_ack", "owner_key", "accept_owner"};

enum { SLACK = 64, CONNECT = 30000 };

const char *fdo_to0_where(const struct fdo_owner *o)
{
	return names[o->s.state % STATES];
}

static imp_status end(struct fdo_owner *o, imp_cx *cx, imp_status st, uint16_t error, const char *why)
{
	imp_status sent = fdo_refuse(&o->s, cx, st, error, fdo_to0_where(o), why);
	fdo_hold_wipe(&o->hold);
	return sent;
}

static imp_status lacks(struct fdo_owner *o, imp_cx *cx, int32_t code, const char *why, imp_span fact)
{
	imp_status sent = fdo_lacks(&o->s, cx, code, 0, fdo_to0_where(o), why, fact);
	fdo_hold_wipe(&o->hold);
	return sent;
}

static imp_status lacks_voucher(struct fdo_owner *o, imp_cx *cx, int32_t code)
{
	char name[FDO_NAME];
	return lacks(o, cx, code, "voucher missing", fdo_name(name, "", o->u.to0.guid, "", NONE));
}

static imp_status say(imp_cx *cx, uint16_t verb, uint32_t ticket, imp_span name)
{
	imp_msg m = imp_say(verb, 0, 0, ticket, name, NONE);
	return cx->emit(cx, &m);
}

/* --- the voucher ----------------------------------------------------------- */

static imp_status ask_part(struct fdo_owner *o, imp_cx *cx, uint8_t state, int32_t part)
{
	char name[FDO_NAME];
	return fdo_ask(&o->s, cx, state, IMP_T_VOUCHER, part, fdo_name(name, "", o->u.to0.guid, "", NONE), NONE);
}

static void walk_get(const struct fdo_owner *o, fdo_walk *w)
{
	imp_span s = fdo_hold_get(&o->hold, FDO_HOLD_WALK);
	memset(w, 0, sizeof *w);
	if (s.len == sizeof *w)
		memcpy(w, s.ptr, sizeof *w);
}

static imp_status walk_put(struct fdo_owner *o, const fdo_walk *w)
{
	return fdo_hold_put(&o->hold, FDO_HOLD_WALK, imp_bytes(w, sizeof *w));
}

/* "fdo.owner/TYPE" for the key that the voucher ends in. */
static imp_span key_name(const fdo_walk *walk, char to[32])
{
	imp_wr w = imp_wr_to(to, 32);
	imp_wr_text(&w, "fdo.owner/");
	imp_wr_text(&w, fdo_key_name(&walk->owner));
	return imp_wr_span(&w);
}

/* The head again, out of what is held. */
static imp_status head_get(const struct fdo_owner *o, fdo_head *h)
{
	imp_span all = fdo_hold_get(&o->hold, FDO_HOLD_VOUCHER);
	return fdo_read_head(imp_bytes(all.ptr, o->u.to0.head_len), h);
}

static imp_status hold_more(struct fdo_owner *o, imp_cx *cx, imp_span part)
{
	imp_span all = fdo_hold_get(&o->hold, FDO_HOLD_VOUCHER);
	uint8_t *to = cx->room(cx, all.len + part.len);
	if (!to)
		return IMP_ENOSPC;
	memcpy(to, all.ptr, all.len);
	if (part.len)
		memcpy(to + all.len, part.ptr, part.len);
	return fdo_hold_put(&o->hold, FDO_HOLD_VOUCHER, imp_bytes(to, all.len + part.len));
}

static imp_status ask_key(struct fdo_owner *o, imp_cx *cx, uint8_t state, const fdo_walk *w)
{
	char name[32];
	return fdo_ask(&o->s, cx, state, IMP_T_KEY, 0, key_name(w, name), NONE);
}

/* All of it is proven: may it be accepted? */
static imp_status ask_consent(struct fdo_owner *o, imp_cx *cx, const fdo_walk *w)
{
	struct fdo_claims k = {0};
	char name[FDO_NAME];
	fdo_head h;
	size_t cap = o->u.to0.head_len + SLACK * 4;
	uint8_t *to = cx->room(cx, cap), *key = cx->room(cx, FDO_KEY_BITS + SLACK);
	imp_wr claims = imp_wr_to(to, to ? cap : 0), owner = imp_wr_to(key, key ? FDO_KEY_BITS + SLACK : 0);
	imp_status st = head_get(o, &h);
	if (st == IMP_OK)
		st = fdo_claims_of(&k, &h);
	fdo_put_key(&owner, &w->owner, FDO_ENC_X509);
	st = st < 0 ? st : imp_wr_end(&owner);
	k.identity = h.header.guid;
	k.owner = imp_wr_span(&owner);
	k.entries = w->count;
	if (st == IMP_OK)
		st = fdo_put_claims(cx->crypto, &claims, &k);
	if (st < 0)
		return end(o, cx, st, FDO_E_INTERNAL, "claims");
	return fdo_ask(&o->s, cx, CONSENT, IMP_T_AUTHORIZE, 0, fdo_name(name, "", o->u.to0.guid, "", NONE), imp_wr_span(&claims));
}

static imp_status voucher_head(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to0 *t = &o->u.to0;
	const char *why = "voucher head";
	fdo_head h;
	fdo_key device;
	fdo_walk w;
	imp_status st;
	if (in->code < 0)
		return lacks_voucher(o, cx, in->code);
	st = fdo_read_head(in->data, &h);
	if (st == IMP_OK)
		st = fdo_head_check(cx->crypto, &h, &device, &why);
	if (st == IMP_OK)
		st = fdo_chain_path(cx->crypto, h.chain, &why);
	if (st == IMP_OK && !imp_same(h.header.guid, imp_bytes(t->guid, FDO_GUID)))
		st = IMP_EBADMSG;
	if (st == IMP_OK)
		st = fdo_rv_check(h.header.rvinfo);
	if (st == IMP_OK)
		st = fdo_walk_start(cx->crypto, &w, &h.header, h.hmac_raw);
	if (st < 0 || in->code > 256)
		return end(o, cx, st < 0 ? st : IMP_EUNSUP, FDO_E_VOUCHER, why);
	t->entries = in->code > 0 ? (uint16_t)(in->code - 1) : 0;
	t->head_len = (uint16_t)in->data.len;
	st = walk_put(o, &w);
	if (st == IMP_OK)
		st = hold_more(o, cx, in->data);
	if (st < 0)
		return end(o, cx, st, FDO_E_INTERNAL, "room for the voucher");
	return t->entries ? ask_part(o, cx, VOUCHER_ENTRY, 1) : ask_key(o, cx, OWN_KEY, &w);
}

static imp_status voucher_entry(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	const char *why = "voucher entry";
	fdo_walk w;
	imp_status st;
	if (in->code < 0)
		return lacks_voucher(o, cx, in->code);
	walk_get(o, &w);
	st = fdo_walk_next(cx->crypto, &w, in->data, &why);
	if (st < 0)
		return end(o, cx, st, FDO_E_VOUCHER, why);
	st = walk_put(o, &w);
	if (st == IMP_OK)
		st = hold_more(o, cx, in->data);
	if (st < 0)
		return end(o, cx, st, FDO_E_INTERNAL, "room for the voucher");
	return w.count < o->u.to0.entries ? ask_part(o, cx, VOUCHER_ENTRY, w.count + 1) : ask_key(o, cx, OWN_KEY, &w);
}

/* Does the voucher end in a key of ours?  A slot may not tell. */
static imp_status own_key(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	uint8_t bits[FDO_KEY_BITS];
	size_t len = sizeof bits;
	char name[32];
	imp_key priv = imp_key_from(in->data), pub;
	fdo_key mine;
	fdo_walk w;
	imp_status st;
	walk_get(o, &w);
	if (in->code < 0 || !priv.alg)
		return lacks(o, cx, in->code, "owner key missing", key_name(&w, name));
	st = imp_public_of(cx->crypto, &priv, bits, &len, &pub);
	if (st == IMP_EUNSUP && priv.flags & IMP_KEY_OPAQUE)
		return ask_consent(o, cx, &w);
	if (st == IMP_OK)
		st = fdo_key_from(&pub, 0, &mine);
	if (st < 0 || !fdo_key_same(&mine, &w.owner))
		return end(o, cx, IMP_EAUTH, FDO_E_VOUCHER, "it ends in another key than ours");
	return ask_consent(o, cx, &w);
}

/* --- the servers ------------------------------------------------------------ */

/* Open the next address that has not been tried; the end if there is none. */
static imp_status next_server(struct fdo_owner *o, imp_cx *cx)
{
	struct fdo_to0 *t = &o->u.to0;
	char uri[FDO_URI_MAX];
	fdo_directive d;
	fdo_head h;
	imp_status st = head_get(o, &h);
	for (; st == IMP_OK && t->directive < fdo_rv_count(h.header.rvinfo); t->directive++, t->address = 0) {
		imp_wr w = imp_wr_to(uri, sizeof uri);
		if (fdo_rv_directive(h.header.rvinfo, t->directive, 0, &d) < 0 || d.bypass || t->address >= d.addresses)
			continue;
		if (fdo_rv_uri(h.header.rvinfo, t->directive, t->address++, 0, &w) < 0 || imp_wr_end(&w) < 0)
			continue;
		t->tried = 1;
		o->s.state = LINK;
		cx->wake(cx, cx->now + CONNECT);
		return say(cx, IMP_OPEN, ++t->label, imp_wr_span(&w));
	}
	if (t->error)
		return end(o, cx, IMP_EPEER, t->error, t->said);
	return t->tried ? end(o, cx, IMP_ELINK, 0, "no rendezvous answers") : fdo_finish(&o->s, cx, IMP_OK, 0);
}

static imp_status give_up_server(struct fdo_owner *o, imp_cx *cx, int down)
{
	imp_status st = down ? IMP_OK : say(cx, IMP_SHUT, 0, NONE);
	o->s.want = 0;
	fdo_hold_put(&o->hold, FDO_HOLD_TOKEN, NONE);
	return st < 0 ? st : next_server(o, cx);
}

static imp_status consent(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	static const char name[] = "fdo.to2";
	imp_rd r = imp_rd_of(imp_cbor_at(in->data, IMP_T_SERVER));
	uint64_t wait = imp_cbor_uint_max(&r, UINT32_MAX);
	if (in->code < 0)
		return end(o, cx, IMP_EDENIED, 0, "policy");
	o->u.to0.wait = imp_rd_end(&r) == IMP_OK ? (uint32_t)wait : FDO_TO0_WAIT;
	return fdo_ask(&o->s, cx, ADDRESSES, IMP_T_SERVER, 0, imp_bytes(name, sizeof name - 1), NONE);
}

static imp_status addresses(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	imp_status st = in->code < 0 ? in->code : fdo_addr_check(in->data);
	if (in->code < 0)
		return lacks(o, cx, in->code, "addresses missing", imp_bytes("fdo.to2", 7));
	if (st == IMP_OK)
		st = fdo_hold_put(&o->hold, FDO_HOLD_ADDRS, in->data);
	return st < 0 ? end(o, cx, st, 0, "fdo.to2") : next_server(o, cx);
}

static imp_status post(struct fdo_owner *o, imp_cx *cx, uint8_t state, const char *path, imp_span body)
{
	imp_span token = fdo_hold_get(&o->hold, FDO_HOLD_TOKEN);
	size_t cap = strlen(path) + token.len + SLACK;
	uint8_t *to = cx->room(cx, cap);
	imp_wr w = imp_wr_to(to, to ? cap : 0);
	imp_msg m = imp_say(IMP_TX, FDO_CBOR, IMP_POST, ++o->s.tickets, NONE, body);
	imp_wr_text(&w, path);
	if (token.len) {
		imp_wr_text(&w, "\nauthorization: ");
		imp_wr_bytes(&w, token);
	}
	if (imp_wr_end(&w) < 0)
		return end(o, cx, IMP_ENOSPC, 0, "room");
	m.name = imp_wr_span(&w);
	o->s.want = m.ticket;
	o->s.state = state;
	cx->wake(cx, cx->now + FDO_PATIENCE);
	return cx->emit(cx, &m);
}

static imp_status link_up(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	uint8_t body[4];
	imp_wr w = imp_wr_to(body, sizeof body);
	if (o->s.state != LINK || in->ticket != o->u.to0.label)
		return IMP_OK;
	fdo_put_empty(&w);
	return post(o, cx, HELLO_ACK, "fdo/101/msg/20", imp_wr_span(&w));
}

/* Is it the reply we wait for?  Else note the server's error. */
static int reply_is(struct fdo_owner *o, const imp_msg *in, const char *type)
{
	imp_span t = imp_line(in->name, "message-type");
	fdo_err e;
	if (in->code == 200 && imp_same(t, imp_bytes(type, strlen(type))))
		return 1;
	if (in->code > 0 && fdo_read_error(in->data, &e) == IMP_OK) {
		o->u.to0.error = e.code;
		fdo_error_said(&e, o->u.to0.said);
	}
	return 0;
}

static imp_status hello_ack(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	imp_span nonce, token = imp_line(in->name, "authorization");
	fdo_walk walk;
	if (!reply_is(o, in, "21") || fdo_read_nonce(in->data, &nonce) < 0 || !token.len
	    || fdo_hold_put(&o->hold, FDO_HOLD_TOKEN, token) < 0)
		return give_up_server(o, cx, 0);
	memcpy(o->u.to0.nonce, nonce.ptr, FDO_NONCE);
	walk_get(o, &walk);
	return ask_key(o, cx, OWNER_KEY, &walk);
}

/* to0d: the voucher joined again, how long, and the server's nonce. */
static imp_status put_to0d(const struct fdo_owner *o, imp_wr *w)
{
	const struct fdo_to0 *t = &o->u.to0;
	imp_span all = fdo_hold_get(&o->hold, FDO_HOLD_VOUCHER);
	fdo_head h;
	imp_status st = head_get(o, &h);
	if (st < 0)
		return st;
	fdo_put_to0d_start(w);
	fdo_put_voucher_start(w, h.header.raw, h.hmac_raw, h.chain, t->entries);
	imp_wr_bytes(w, imp_bytes(all.ptr + t->head_len, all.len - t->head_len));
	fdo_put_to0d_end(w, t->wait, t->nonce);
	return imp_wr_end(w);
}

static imp_status put_to1d(const struct fdo_owner *o, imp_cx *cx, imp_wr *w, imp_span to0d, const imp_key *priv)
{
	imp_span addrs = fdo_hold_get(&o->hold, FDO_HOLD_ADDRS);
	uint8_t digest[FDO_HASH_MAX], *to = cx->room(cx, addrs.len + SLACK + FDO_HASH_MAX);
	imp_wr payload = imp_wr_to(to, to ? addrs.len + SLACK + FDO_HASH_MAX : 0);
	fdo_walk walk;
	fdo_hash hash;
	fdo_head h;
	fdo_key device;
	const char *why;
	imp_status st = head_get(o, &h);
	if (st == IMP_OK)
		st = fdo_head_check(cx->crypto, &h, &device, &why);
	walk_get(o, &walk);
	if (st == IMP_OK)
		st = fdo_hash_make(cx->crypto, fdo_hash_alg(fdo_key_sig(&device), fdo_key_sig(&walk.owner)), &to0d, 1, digest, &hash);
	if (st < 0)
		return st;
	fdo_put_to1d(&payload, addrs, &hash);
	if (imp_wr_end(&payload) < 0)
		return IMP_ENOSPC;
	st = imp_cose_sign1(cx->crypto, w, fdo_key_sig(&walk.owner), priv, NONE, imp_wr_span(&payload), NONE);
	return st < 0 ? st : imp_wr_end(w);
}

static imp_status owner_key(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	size_t all = fdo_hold_get(&o->hold, FDO_HOLD_VOUCHER).len + SLACK;
	size_t one = fdo_hold_get(&o->hold, FDO_HOLD_ADDRS).len + SLACK * 3 + FDO_SIG_MAX;
	uint8_t *a = cx->room(cx, all), *b = cx->room(cx, one), *c = cx->room(cx, all + one + SLACK);
	imp_wr to0d = imp_wr_to(a, all), to1d = imp_wr_to(b, one), w = imp_wr_to(c, all + one + SLACK);
	imp_key priv = imp_key_from(in->data);
	fdo_walk walk;
	char name[32];
	imp_status st = a && b && c ? IMP_OK : IMP_ENOSPC;
	if (in->code < 0 || !priv.alg) {
		walk_get(o, &walk);
		return lacks(o, cx, in->code, "owner key missing", key_name(&walk, name));
	}
	if (st == IMP_OK)
		st = put_to0d(o, &to0d);
	if (st == IMP_OK)
		st = put_to1d(o, cx, &to1d, imp_wr_span(&to0d), &priv);
	if (st < 0)
		return end(o, cx, st, 0, "owner sign");
	fdo_put_owner_sign(&w, imp_wr_span(&to0d), imp_wr_span(&to1d));
	return imp_wr_end(&w) < 0 ? end(o, cx, IMP_ENOSPC, 0, "room") : post(o, cx, ACCEPT_OWNER, "fdo/101/msg/22", imp_wr_span(&w));
}

static imp_status accept_owner(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	uint32_t seconds;
	imp_status st;
	if (!reply_is(o, in, "23") || fdo_read_wait(in->data, &seconds) < 0 || !seconds)
		return give_up_server(o, cx, 0);
	seconds = seconds < o->u.to0.wait ? seconds : o->u.to0.wait; /* it may grant less than was asked, not more */
	st = say(cx, IMP_SHUT, 0, NONE);
	fdo_hold_wipe(&o->hold);
	return st < 0 ? st : fdo_finish(&o->s, cx, IMP_LATER, (uint64_t)seconds * 750); /* well before it expires */
}

/* --- dispatch ----------------------------------------------------------------- */

static imp_status answered(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	if (!fdo_server_wanted(&o->s, in))
		return IMP_OK;
	switch (o->s.state) {
	case VOUCHER_HEAD:
		return voucher_head(o, cx, in);
	case VOUCHER_ENTRY:
		return voucher_entry(o, cx, in);
	case OWN_KEY:
		return own_key(o, cx, in);
	case CONSENT:
		return consent(o, cx, in);
	case ADDRESSES:
		return addresses(o, cx, in);
	case HELLO_ACK:
		return hello_ack(o, cx, in);
	case OWNER_KEY:
		return owner_key(o, cx, in);
	case ACCEPT_OWNER:
		return accept_owner(o, cx, in);
	}
	return IMP_OK;
}

imp_status fdo_to0_start(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	if (!fdo_unhex(in->name, o->u.to0.guid))
		return end(o, cx, IMP_EARG, 0, "START.name is no GUID");
	return ask_part(o, cx, VOUCHER_HEAD, 0);
}

imp_status fdo_to0_step(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	if (o->s.over)
		return IMP_PASS;
	switch (in->verb) {
	case IMP_ANSWER:
		return answered(o, cx, in);
	case IMP_UP:
		return link_up(o, cx, in);
	case IMP_DOWN: /* with the label of an older OPEN: it was given up already */
		if (o->s.state < LINK || (in->ticket && in->ticket != o->u.to0.label))
			return IMP_OK;
		return give_up_server(o, cx, 1);
	case IMP_TICK:
		return o->s.state >= LINK && o->s.state != OWNER_KEY ? give_up_server(o, cx, 0) : end(o, cx, IMP_ETIME, 0, "nobody answers");
	case IMP_STOP:
		return end(o, cx, IMP_EDENIED, 0, "stopped");
	}
	return IMP_PASS;
}
