/* rendezvous.c -- TO0 and TO1 as the server sees them (FDO 1.1 sections 5.3
 * and 5.4).  What is held: the device's public key (fact form or bits), and
 * in TO0 the fact to learn. */
#include "server.h"
#include "role.h"
#include "rv.h"
#include "ct.h"

#define NONE imp_bytes(0, 0)

enum { START, HELLO, OWNER_SIGN, CONSENT, KEEP, RECORD, PROVE_TO_RV, REDIRECT, STATES };

static const char *const names[STATES] = {"start", "hello", "owner_sign", "consent", "keep", "record", "prove_to_rv", "redirect"};

enum { HOLD_RECORD = 0, SLACK = 64 };

struct rendezvous {
	struct fdo_server s;
	int32_t  sig;        /* how the device signs (TO1) */
	uint32_t wait;       /* seconds that were asked for (TO0) */
	uint8_t  guid[16], nonce[16];
	struct fdo_hold hold;
};

static const char *where(const struct rendezvous *v)
{
	return names[v->s.state % STATES];
}

static imp_status refuse(struct rendezvous *v, imp_cx *cx, imp_status st, uint16_t error, const char *why)
{
	return fdo_refuse(&v->s, cx, st, error, where(v), why);
}

static imp_status bad(struct rendezvous *v, imp_cx *cx, imp_status st, const char *why)
{
	return refuse(v, cx, st, fdo_error_of(st), why);
}

static imp_span record_name(const struct rendezvous *v, char to[FDO_NAME])
{
	return fdo_name(to, "rv/", v->guid, "", NONE);
}

/* The host has no record of that device, or one that is none. */
static imp_status lacks_record(struct rendezvous *v, imp_cx *cx, imp_status st, const char *why)
{
	char name[FDO_NAME];
	return fdo_lacks(&v->s, cx, st, st == IMP_EFACT ? FDO_E_NOT_FOUND : FDO_E_INTERNAL, where(v), why, record_name(v, name));
}

static imp_status ask_record(struct rendezvous *v, imp_cx *cx, uint8_t state)
{
	char name[FDO_NAME];
	return fdo_ask(&v->s, cx, state, IMP_T_SERVER, 0, record_name(v, name), NONE);
}

/* --- TO0 -------------------------------------------------------------------- */

static imp_status hello(struct rendezvous *v, imp_cx *cx, const imp_msg *in)
{
	uint8_t body[FDO_NONCE + 8];
	imp_wr w = imp_wr_to(body, sizeof body);
	imp_status st = fdo_read_empty(in->data);
	if (st == IMP_OK)
		st = cx->crypto->random(cx->crypto, v->nonce, FDO_NONCE);
	if (st < 0)
		return bad(v, cx, st, "message body");
	fdo_put_nonce(&w, v->nonce);
	return fdo_reply(&v->s, cx, OWNER_SIGN, FDO_TO0_HELLO_ACK, imp_wr_span(&w));
}

struct claim { /* what 22 says, as far as it is checked */
	fdo_owner_sign m;
	fdo_voucher voucher;
	fdo_walk walk;
	fdo_key device;
	imp_cose to1d;
	uint16_t error;  /* for the wire */
	const char *why;
};

static imp_status no(struct claim *k, imp_status st, uint16_t error, const char *why)
{
	k->error = error;
	k->why = why;
	return st;
}

static imp_status check_voucher(const imp_crypto *c, struct claim *k)
{
	const char *why = "voucher";
	imp_status st = fdo_voucher_verify(c, k->m.voucher, NULL, &k->walk, &why, NULL);
	if (st == IMP_OK)
		st = fdo_read_voucher(k->m.voucher, &k->voucher);
	if (st == IMP_OK)
		st = fdo_head_check(c, &k->voucher.head, &k->device, &why);
	if (st == IMP_OK)
		st = fdo_chain_path(c, k->voucher.head.chain, &why);
	return st < 0 ? no(k, st, FDO_E_VOUCHER, why) : IMP_OK;
}

static imp_status check_owner_sign(const imp_crypto *c, struct claim *k)
{
	imp_rd r = imp_rd_of(k->m.to1d);
	imp_key owner = fdo_key_view(&k->walk.owner);
	fdo_to1d to1d;
	imp_status st;
	imp_cose_read(&r, IMP_COSE_SIGN1, &k->to1d);
	if (imp_rd_end(&r) < 0 || !k->to1d.payload.ptr)
		return no(k, IMP_EBADMSG, FDO_E_BODY, "to1d");
	st = imp_cose_verify1(c, &k->to1d, fdo_key_sig(&k->walk.owner), &owner, NONE);
	if (st < 0)
		return no(k, IMP_EAUTH, FDO_E_OWNER_SIGN, "owner signature");
	if (fdo_read_to1d(k->to1d.payload, &to1d) < 0)
		return no(k, IMP_EBADMSG, FDO_E_INVALID, "to1d payload");
	if (fdo_hash_check(c, &to1d.to0d, &k->m.to0d, 1) < 0)
		return no(k, IMP_EAUTH, FDO_E_INVALID, "hash of to0d");
	return fdo_addr_check(to1d.addrs) < 0 ? no(k, IMP_EBADMSG, FDO_E_ADDRESS, "addresses") : IMP_OK;
}

/* The fact to learn: CBOR [to1d, PublicKey of the device]. */
static imp_status hold_record(struct rendezvous *v, imp_cx *cx, const struct claim *k)
{
	size_t cap = k->m.to1d.len + FDO_KEY_BITS + SLACK * 2;
	uint8_t *to = cx->room(cx, cap);
	imp_wr w = imp_wr_to(to, to ? cap : 0);
	imp_cbor_put_array(&w, 2);
	fdo_put_raw(&w, k->m.to1d);
	fdo_put_key(&w, &k->device, FDO_ENC_X509);
	return imp_wr_end(&w) < 0 ? IMP_ENOSPC : fdo_hold_put(&v->hold, HOLD_RECORD, imp_wr_span(&w));
}

static imp_status ask_consent(struct rendezvous *v, imp_cx *cx, const struct claim *k)
{
	struct fdo_claims c = {0};
	char name[FDO_NAME];
	uint8_t key[FDO_KEY_BITS + SLACK];
	size_t cap = k->voucher.head.chain.len + SLACK * 8;
	uint8_t *to = cx->room(cx, cap);
	imp_wr owner = imp_wr_to(key, sizeof key), w = imp_wr_to(to, to ? cap : 0);
	imp_status st = fdo_claims_of(&c, &k->voucher.head);
	fdo_put_key(&owner, &k->walk.owner, FDO_ENC_X509);
	st = st < 0 ? st : imp_wr_end(&owner);
	c.identity = k->voucher.head.header.guid;
	c.owner = imp_wr_span(&owner);
	c.entries = k->walk.count;
	c.wait = k->m.wait;
	if (st == IMP_OK)
		st = fdo_put_claims(cx->crypto, &w, &c);
	if (st < 0)
		return bad(v, cx, st, "claims");
	return fdo_ask(&v->s, cx, CONSENT, IMP_T_AUTHORIZE, 0, fdo_name(name, "", v->guid, "", NONE), imp_wr_span(&w));
}

static imp_status owner_sign(struct rendezvous *v, imp_cx *cx, const imp_msg *in)
{
	struct claim *k = (struct claim *)(void *)cx->room(cx, sizeof *k);
	imp_status st;
	if (!k)
		return bad(v, cx, IMP_ENOSPC, "room");
	st = fdo_read_owner_sign(in->data, &k->m);
	if (st < 0)
		return bad(v, cx, st, "message body");
	if (!imp_same(k->m.nonce, imp_bytes(v->nonce, FDO_NONCE))) /* before what costs a signature */
		return bad(v, cx, IMP_EAUTH, "nonce");
	st = check_voucher(cx->crypto, k);
	if (st == IMP_OK)
		st = check_owner_sign(cx->crypto, k);
	if (st < 0)
		return refuse(v, cx, st, k->error, k->why);
	memcpy(v->guid, k->voucher.head.header.guid.ptr, FDO_GUID);
	v->wait = k->m.wait;
	st = hold_record(v, cx, k);
	return st < 0 ? bad(v, cx, st, "room") : ask_consent(v, cx, k);
}

static imp_status consent(struct rendezvous *v, imp_cx *cx, const imp_msg *in)
{
	imp_rd r = imp_rd_of(imp_cbor_at(in->data, IMP_T_SERVER));
	uint64_t most = imp_cbor_uint_max(&r, UINT32_MAX);
	char name[FDO_NAME];
	if (in->code < 0)
		return refuse(v, cx, IMP_EDENIED, FDO_E_VOUCHER, "policy");
	if (imp_rd_end(&r) == IMP_OK && most < v->wait)
		v->wait = (uint32_t)most;
	return fdo_commit(&v->s, cx, KEEP, IMP_T_SERVER, fdo_name(name, "rv/", v->guid, "", NONE),
	                  fdo_hold_get(&v->hold, HOLD_RECORD), v->wait ? (uint64_t)v->wait * 1000 : 1); /* 0 would be for ever */
}

static imp_status kept(struct rendezvous *v, imp_cx *cx, const imp_msg *in)
{
	uint8_t body[8];
	imp_wr w = imp_wr_to(body, sizeof body);
	imp_status st;
	if (in->code < 0)
		return refuse(v, cx, in->code, FDO_E_INTERNAL, "commit");
	fdo_put_wait(&w, v->wait);
	st = fdo_reply(&v->s, cx, KEEP, FDO_TO0_ACCEPT_OWNER, imp_wr_span(&w));
	return st < 0 ? st : fdo_finish(&v->s, cx, IMP_OK, 0);
}

/* --- TO1 -------------------------------------------------------------------- */

static imp_status hello_rv(struct rendezvous *v, imp_cx *cx, const imp_msg *in)
{
	fdo_hello_rv m;
	imp_status st = fdo_read_hello_rv(in->data, &m);
	if (st < 0)
		return bad(v, cx, st, "message body");
	if (m.sig.info.len)
		return refuse(v, cx, IMP_EUNSUP, FDO_E_INVALID, "signature info");
	memcpy(v->guid, m.guid.ptr, FDO_GUID);
	v->sig = m.sig.type;
	return ask_record(v, cx, RECORD);
}

static imp_status read_record(imp_span in, imp_span *to1d, fdo_key *device)
{
	imp_rd r = imp_rd_of(in);
	fdo_pubkey pk;
	imp_cbor_array_of(&r, 2);
	*to1d = imp_cbor_raw(&r);
	fdo_pubkey_read(&r, &pk);
	return imp_rd_end(&r) == IMP_OK ? fdo_key_read(&pk, device) : IMP_EFACT;
}

/* The key outlives the question; to1d is asked for again. */
static imp_status record(struct rendezvous *v, imp_cx *cx, const imp_msg *in)
{
	uint8_t body[FDO_NONCE + 16];
	imp_wr w = imp_wr_to(body, sizeof body);
	fdo_hello_rv_ack m = {0};
	imp_span to1d;
	fdo_key key;
	imp_status st;
	if (in->code < 0)
		return lacks_record(v, cx, in->code, "unknown GUID");
	st = read_record(in->data, &to1d, &key);
	if (st < 0)
		return lacks_record(v, cx, st, "record");
	if (!fdo_sig_fits(&key, v->sig))
		return refuse(v, cx, IMP_EPROTO, FDO_E_INVALID, "signature info");
	st = fdo_hold_put(&v->hold, HOLD_RECORD, imp_bytes(&key, sizeof key));
	if (st == IMP_OK)
		st = cx->crypto->random(cx->crypto, v->nonce, FDO_NONCE);
	if (st < 0)
		return bad(v, cx, st, "room");
	m.nonce = imp_bytes(v->nonce, FDO_NONCE);
	m.sig.type = v->sig;
	fdo_put_hello_rv_ack(&w, &m);
	return fdo_reply(&v->s, cx, PROVE_TO_RV, FDO_TO1_HELLO_RV_ACK, imp_wr_span(&w));
}

static imp_status prove(struct rendezvous *v, imp_cx *cx, const imp_msg *in)
{
	imp_cose cose;
	fdo_eat eat;
	fdo_key held;
	imp_key key;
	imp_status st = fdo_read_eat(in->data, &cose, &eat);
	if (st < 0)
		return bad(v, cx, st, "message body");
	memcpy(&held, fdo_hold_get(&v->hold, HOLD_RECORD).ptr, sizeof held);
	key = fdo_key_view(&held);
	if (imp_cose_verify1(cx->crypto, &cose, v->sig, &key, NONE) < 0)
		return bad(v, cx, IMP_EAUTH, "device signature");
	if (!imp_same(eat.nonce, imp_bytes(v->nonce, FDO_NONCE)))
		return bad(v, cx, IMP_EAUTH, "nonce");
	if (!imp_same(eat.guid, imp_bytes(v->guid, FDO_GUID)))
		return bad(v, cx, IMP_EAUTH, "GUID");
	return ask_record(v, cx, REDIRECT);
}

static imp_status redirect(struct rendezvous *v, imp_cx *cx, const imp_msg *in)
{
	imp_span to1d;
	fdo_key key;
	imp_status st = in->code < 0 ? in->code : read_record(in->data, &to1d, &key);
	if (st < 0)
		return lacks_record(v, cx, st, "record");
	st = fdo_reply(&v->s, cx, REDIRECT, FDO_TO1_RV_REDIRECT, to1d);
	return st < 0 ? st : fdo_finish(&v->s, cx, IMP_OK, 0);
}

/* --- dispatch ---------------------------------------------------------------- */

static imp_status request(struct rendezvous *v, imp_cx *cx, const imp_msg *in)
{
	imp_status st;
	uint8_t type = fdo_server_take(&v->s, cx, in, where(v), &st);
	if (!type)
		return st;
	if (v->s.state == HELLO && type == FDO_TO0_HELLO)
		return hello(v, cx, in);
	if (v->s.state == HELLO && type == FDO_TO1_HELLO_RV)
		return hello_rv(v, cx, in);
	if (v->s.state == OWNER_SIGN && type == FDO_TO0_OWNER_SIGN)
		return owner_sign(v, cx, in);
	if (v->s.state == PROVE_TO_RV && type == FDO_TO1_PROVE_TO_RV)
		return prove(v, cx, in);
	return refuse(v, cx, IMP_EPROTO, FDO_E_INVALID, "not expected now");
}

static imp_status answered(struct rendezvous *v, imp_cx *cx, const imp_msg *in)
{
	if (!fdo_server_wanted(&v->s, in))
		return IMP_OK;
	switch (v->s.state) {
	case CONSENT:
		return consent(v, cx, in);
	case KEEP:
		return kept(v, cx, in);
	case RECORD:
		return record(v, cx, in);
	case REDIRECT:
		return redirect(v, cx, in);
	}
	return IMP_OK;
}

size_t fdo_rendezvous_need(const imp_params *p)
{
	return sizeof(struct rendezvous) + fdo_hold_room(p);
}

imp_status fdo_rendezvous_init(void *state, const imp_params *p)
{
	struct rendezvous *v = state;
	v->hold.cap = (uint16_t)fdo_hold_room(p);
	return IMP_OK;
}

imp_status fdo_rendezvous_step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct rendezvous *v = state;
	switch (in->verb) {
	case IMP_START:
		if (v->s.state != START)
			return IMP_OK;
		v->s.state = HELLO;
		return fdo_server_start(&v->s, cx, in);
	case IMP_RX:
		return request(v, cx, in);
	case IMP_ANSWER:
		return answered(v, cx, in);
	case IMP_TICK:
		return v->s.over ? IMP_OK : refuse(v, cx, IMP_ETIME, FDO_E_INTERNAL, "too slow");
	case IMP_STOP:
		return v->s.over ? IMP_OK : refuse(v, cx, IMP_EDENIED, FDO_E_INTERNAL, "stopped");
	}
	return IMP_PASS;
}

const char *fdo_rendezvous_where(const void *state)
{
	const struct rendezvous *v = state;
	return v->s.reason[0] ? v->s.reason : where(v);
}
