/* run.c -- see run.h. */
#include "run.h"
#include "cbor.h"
#include "ct.h"
#include "role.h"

#define NONE imp_bytes(NULL, 0)

imp_wr btmesh_room(imp_cx *cx, size_t n)
{
	uint8_t *p = cx->room(cx, n);
	imp_wr w = imp_wr_to(p, p ? n : 0);
	if (!p)
		imp_wr_fail(&w, IMP_ENOSPC);
	return w;
}

int btmesh_hex(const char *prefix, const uint8_t *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = strlen(prefix);
	memcpy(out, prefix, at);
	for (size_t i = 0; i < n; i++) {
		out[at++] = digits[bytes[i] >> 4];
		out[at++] = digits[bytes[i] & 15];
	}
	out[at] = 0;
	return (int)at;
}

uint64_t btmesh_number(imp_span map, const char *key, uint64_t absent)
{
	imp_rd r = imp_rd_of(imp_cbor_find(map, key));
	uint64_t v = imp_cbor_uint(&r);
	return imp_rd_end(&r) ? absent : v;
}

/* --- questions -------------------------------------------------------------- */

imp_status btmesh_say(imp_cx *cx, uint16_t verb, uint16_t topic, uint16_t flags, uint32_t ticket, int32_t code, imp_span name, imp_span data)
{
	imp_msg m = imp_say(verb, topic, code, ticket, name, data);
	m.flags = flags;
	return cx->emit(cx, &m);
}

imp_status btmesh_ask(struct btmesh_run *r, imp_cx *cx, uint8_t state, uint16_t topic, imp_span name)
{
	r->state = state;
	return btmesh_say(cx, IMP_ASK, topic, 0, r->want = ++r->tickets, 0, name, NONE);
}

static uint16_t secrecy(uint16_t topic)
{
	return topic == IMP_T_COUNTER ? 0 : IMP_SECRET;
}

imp_status btmesh_learn(imp_cx *cx, uint16_t topic, const char *name, imp_span data)
{
	return btmesh_say(cx, IMP_LEARN, topic, secrecy(topic), 0, 0, imp_bytes(name, strlen(name)), data);
}

imp_status btmesh_commit(struct btmesh_run *r, imp_cx *cx, uint8_t state, uint16_t topic, const char *name, imp_span data)
{
	r->state = state;
	return btmesh_say(cx, IMP_LEARN, topic, IMP_NOW | secrecy(topic), r->want = ++r->tickets, 0, imp_bytes(name, strlen(name)), data);
}

int btmesh_answered(struct btmesh_run *r, const imp_msg *in)
{
	int mine = r->want && in->ticket == r->want;
	if (mine)
		r->want = 0;
	return mine;
}

void btmesh_forget(struct btmesh_run *r)
{
	imp_wipe(r->key, sizeof r->key);
	imp_wipe(r->random, sizeof r->random);
	imp_wipe(&r->shared, sizeof r->shared);
	imp_wipe(&r->session, sizeof r->session);
	r->want = 0;
}

imp_status btmesh_done(struct btmesh_run *r, imp_cx *cx, imp_status code, imp_span missing)
{
	imp_status st = btmesh_value_hide(r, cx);
	btmesh_forget(r);
	cx->wake(cx, UINT64_MAX);
	return st ? st : btmesh_say(cx, IMP_DONE, code < 0 ? r->failed : 0, 0, 0, code, missing, NONE);
}

/* --- PDUs ------------------------------------------------------------------- */

imp_status btmesh_arrived(imp_cx *cx, const imp_msg *rx)
{
	return rx->ticket ? btmesh_say(cx, IMP_ANSWER, 0, 0, rx->ticket, IMP_OK, NONE, NONE) : IMP_OK;
}

void btmesh_patience(const struct btmesh_run *r, imp_cx *cx)
{
	uint64_t at = cx->now + BTMESH_PDU_MS;
	cx->wake(cx, at < r->until ? at : r->until);
}

imp_status btmesh_send(struct btmesh_run *r, imp_cx *cx, uint8_t state, const imp_wr *pdu)
{
	if (imp_wr_end(pdu))
		return IMP_ENOSPC;
	r->state = state;
	btmesh_patience(r, cx);
	return btmesh_say(cx, IMP_TX, 0, 0, r->sent = ++r->tickets, 0, NONE, imp_wr_span(pdu));
}

imp_status btmesh_send_bytes(struct btmesh_run *r, imp_cx *cx, uint8_t state, uint8_t type, imp_span params)
{
	uint8_t pdu[1 + BTMESH_POINT];
	imp_wr w = imp_wr_to(pdu, sizeof pdu);
	imp_wr_u8(&w, type);
	imp_wr_bytes(&w, params);
	return btmesh_send(r, cx, state, &w);
}

/* --- keys ------------------------------------------------------------------- */

void btmesh_flat(uint8_t flat[IMP_KEY_HEAD + 32], int32_t alg, const uint8_t *bits, size_t len)
{
	imp_key k = {alg, IMP_KEY_PRIVATE, 0, NONE};
	imp_key_head(&k, flat);
	memcpy(flat + IMP_KEY_HEAD, bits, len);
}

imp_status btmesh_new_key(struct btmesh_run *r, imp_cx *cx)
{
	uint8_t priv[32], pub[1 + BTMESH_POINT];
	size_t n = sizeof priv, m = sizeof pub;
	imp_status st = cx->crypto->keygen(cx->crypto, IMP_C_P256, priv, &n, pub, &m);
	if (st)
		return st;
	btmesh_flat(r->key, IMP_C_P256, priv, sizeof priv);
	memcpy(r->own, pub + 1, sizeof r->own);
	imp_wipe(priv, sizeof priv);
	return IMP_OK;
}

imp_status btmesh_agree(struct btmesh_run *r, imp_cx *cx)
{
	imp_span inputs[5] = {imp_bytes(r->invite, sizeof r->invite), imp_bytes(r->caps, sizeof r->caps), imp_bytes(r->choice, sizeof r->choice),
		imp_bytes(r->device ? r->peer : r->own, BTMESH_POINT), imp_bytes(r->device ? r->own : r->peer, BTMESH_POINT)};
	imp_key k = imp_key_from(imp_bytes(r->key, sizeof r->key));
	uint8_t point[1 + BTMESH_POINT];
	size_t len = sizeof r->shared.ecdh;
	imp_status st;
	if (!memcmp(r->own, r->peer, 32)) /* the same x: our own key, or its negative */
		return IMP_EBADMSG;
	if (k.flags & IMP_KEY_OPAQUE)
		k.bits = NONE;
	point[0] = 4;
	memcpy(point + 1, r->peer, BTMESH_POINT);
	st = cx->crypto->dh(cx->crypto, &k, imp_bytes(point, sizeof point), r->shared.ecdh, &len);
	return st ? st : btmesh_salt(cx->crypto, r->start.alg, inputs, r->shared.salt);
}

/* --- confirmation ----------------------------------------------------------- */

imp_status btmesh_commit_to(struct btmesh_run *r, imp_cx *cx, uint8_t out[32])
{
	imp_status st = cx->crypto->random(cx->crypto, r->random, btmesh_width(r->start.alg));
	return st ? st : btmesh_confirmation(cx->crypto, r->start.alg, &r->shared, r->random, out);
}

imp_status btmesh_check(struct btmesh_run *r, imp_cx *cx, imp_span number)
{
	const uint8_t *ours = r->random, *theirs = number.ptr;
	uint8_t expected[32];
	imp_status st;
	if (imp_ct_equal(theirs, ours, number.len))
		return IMP_EAUTH; /* our own, come back */
	st = btmesh_confirmation(cx->crypto, r->start.alg, &r->shared, theirs, expected);
	if (!st && !imp_ct_equal(expected, r->confirm, number.len))
		st = IMP_EAUTH;
	imp_wipe(expected, sizeof expected);
	return st ? st : btmesh_session_keys(cx->crypto, r->start.alg, &r->shared, r->device ? theirs : ours, r->device ? ours : theirs, &r->session);
}

size_t btmesh_work(const imp_params *p)
{
	return 2 * ((size_t)p->max_msg + p->max_chain) + 2048;
}
