/* pkex.c -- see pkex.h.
 *
 * The two sides are mirror images: what is "own" and "peer" here is initiator
 * and responder or the other way round, as a->initiator says. */
#include "pkex.h"
#include "alg.h"
#include "ct.h"
#include "kdf.h"

static const imp_span none;

imp_status dpp_pkex_set(struct dpp_pkex *p, imp_span code, imp_span id)
{
	if (!code.len || code.len > DPP_CODE || id.len > DPP_CODE_NAME)
		return IMP_EARG;
	p->failed = 0;
	p->code_len = (uint8_t)code.len;
	p->id_len = (uint8_t)id.len;
	memcpy(p->code, code.ptr, code.len);
	if (id.len)
		memcpy(p->id, id.ptr, id.len);
	return IMP_OK;
}

static imp_span code_of(const struct dpp_pkex *p)
{
	return imp_bytes(p->code, p->code_len);
}

/* A side's MAC address, if it counts. */
static imp_span mac_of(const struct dpp_pkex *p, int responder)
{
	return imp_bytes(p->mac[responder], p->version == 1 ? 6 : 0);
}

/* h = H([MAC] [identifier] code) of one side: hash_len bytes, a scalar. */
static imp_status scalar_of(const struct dpp_pkex *p, const imp_crypto *c, const dpp_curve *v, int responder, uint8_t *h)
{
	imp_span part[3] = {mac_of(p, responder), {p->id, p->id_len}, code_of(p)};
	return imp_hash(c, v->hash, part, 3, h);
}

/* Our ephemeral pair, and own = P + h * (our element): what goes out. */
static imp_status encrypt(const struct dpp_pkex *p, struct dpp_auth *a, const imp_crypto *c, const dpp_curve *v, uint8_t *own)
{
	uint8_t h[DPP_HASH];
	size_t n = DPP_PRIME, m = DPP_POINT, k = DPP_POINT;
	imp_status st = c->keygen(c, v->curve, a->own_p, &n, a->own_P, &m);
	if (!st)
		st = scalar_of(p, c, v, !a->initiator, h);
	if (!st)
		st = c->muladd(c, v->curve, imp_bytes(a->own_p, v->prime_len), none, imp_bytes(h, v->hash_len), dpp_pkex_point(v, !a->initiator), own, &k);
	imp_wipe(h, sizeof h);
	return st;
}

/* peer = theirs - h * (their element).  Infinity and points off the curve are
 * IMP_EBADMSG. */
static imp_status decrypt(const struct dpp_pkex *p, const struct dpp_auth *a, const imp_crypto *c, const dpp_curve *v, const uint8_t *theirs, uint8_t *peer)
{
	static const uint8_t one = 1, zero = 0;
	uint8_t h[DPP_HASH], minus[DPP_PRIME];
	size_t k = DPP_POINT;
	imp_status st = scalar_of(p, c, v, a->initiator, h);
	if (!st)
		st = c->scalar(c, v->curve, imp_bytes(h, v->hash_len), imp_bytes(&one, 1), imp_bytes(&zero, 1), 1, minus);
	if (!st)
		st = c->muladd(c, v->curve, imp_bytes(&one, 1), dpp_point(v, theirs), imp_bytes(minus, v->prime_len), dpp_pkex_point(v, a->initiator), peer, &k);
	imp_wipe(h, sizeof h);
	imp_wipe(minus, sizeof minus);
	return st;
}

/* What an exchange yields, until it is known to be good. */
struct yield {
	uint8_t peer[DPP_POINT];          /* ephemeral key           */
	uint8_t encrypted[DPP_POINT];     /* as the peer sent it     */
	uint8_t z[DPP_HASH];
	uint8_t version;                  /* the peer's, of protocol */
};

/* z = HKDF(<>, info || M.x || N.x || code, K.x). */
static imp_status key_of(const struct dpp_pkex *p, const struct dpp_auth *a, const imp_crypto *c, const dpp_curve *v, const uint8_t *mx, const uint8_t *nx, struct yield *y)
{
	uint8_t kx[DPP_PRIME], prk[DPP_HASH], versions[2];
	imp_span ikm = {kx, v->prime_len}, info[5] = {{versions, 2}, {NULL, 0}, {mx, v->prime_len}, {nx, v->prime_len}, code_of(p)};
	imp_status st = dpp_dh(c, v, a->own_p, y->peer, kx);
	versions[!a->initiator] = DPP_PROTOCOL;
	versions[a->initiator] = y->version;
	if (p->version == 1) {
		info[0] = mac_of(p, 0);
		info[1] = mac_of(p, 1);
	}
	if (!st)
		st = imp_hkdf_extract(c, v->hmac, none, &ikm, 1, prk);
	if (!st)
		st = imp_hkdf_expand(c, v->hmac, imp_bytes(prk, v->hash_len), info, 5, y->z, v->hash_len);
	imp_wipe(kx, sizeof kx);
	imp_wipe(prk, sizeof prk);
	return st;
}

static void commit(struct dpp_auth *a, const dpp_curve *v, const struct yield *y)
{
	memcpy(a->peer_P, y->peer, DPP_POINT);
	memcpy(a->initiator ? a->nx : a->mx, y->encrypted + 1, v->prime_len);
	memcpy(a->k1, y->z, v->hash_len);
	a->version = y->version;
}

/* One side's proof, u or v: its bootstrapping key B, its ephemeral key E and the
 * other's O.  sx: x of what both can compute of a private key and a point. */
static imp_status tag_of(const struct dpp_pkex *p, const imp_crypto *c, const dpp_curve *v, int responder, const uint8_t *sx,
                         const uint8_t *B, const uint8_t *O, const uint8_t *E, uint8_t *tag)
{
	imp_key k = {v->hmac, IMP_KEY_PRIVATE, 0, {sx, v->prime_len}};
	imp_span part[4] = {mac_of(p, responder), dpp_point_x(v, B), dpp_point_x(v, O), dpp_point_x(v, E)};
	return c->mac(c, v->hmac, &k, part, 4, tag, v->hash_len);
}

/* --- exchange ------------------------------------------------------------------ */

imp_status dpp_pkex_request(struct dpp_pkex *p, struct dpp_auth *a, const imp_crypto *c, imp_wr *w)
{
	const dpp_curve *v = dpp_auth_curve(a);
	uint8_t m[DPP_POINT];
	imp_status st;
	if (p->failed >= DPP_PKEX_GUESSES)
		return IMP_EDENIED;
	a->initiator = 1;
	st = encrypt(p, a, c, v, m);
	if (st)
		return st;
	memcpy(a->mx, m + 1, v->prime_len);
	dpp_put_head(w, p->version == 1 ? DPP_PKEX_V1_REQ : DPP_PKEX_REQ);
	if (p->version != 1)
		dpp_put_attr_u8(w, DPP_VERSION, DPP_PROTOCOL);
	dpp_put_attr_group(w, v->group);
	if (p->id_len)
		dpp_put_attr(w, DPP_CODE_ID, imp_bytes(p->id, p->id_len));
	dpp_put_attr(w, DPP_ENCRYPTED_KEY, dpp_point_xy(v, m));
	return imp_wr_end(w);
}

/* The peer's protocol version, which a version 2 frame must say; -1: it does not. */
static int protocol_of(const dpp_attrs *in, int pkex)
{
	int version = dpp_attr_u8(in, DPP_VERSION);
	return pkex == 1 ? 0 : version > 0 ? version : -1;
}

imp_status dpp_pkex_read_response(const struct dpp_pkex *p, struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, int *status, uint16_t *group)
{
	const dpp_curve *v = dpp_auth_curve(a);
	int version = protocol_of(&f->attrs, p->version);
	struct yield y = {.version = 0};
	imp_status st;
	*status = dpp_attr_status(&f->attrs);
	*group = dpp_attr_group(&f->attrs);
	if (p->failed >= DPP_PKEX_GUESSES)
		return IMP_EDENIED;
	if (f->type != DPP_PKEX_RESP || *status == DPP_NO_STATUS)
		return IMP_PASS;
	if (*status != DPP_OK)
		return IMP_EPEER;
	if (version < 0 || !imp_same(dpp_attr(&f->attrs, DPP_CODE_ID), imp_bytes(p->id, p->id_len)))
		return IMP_PASS;
	y.version = (uint8_t)version;
	st = dpp_point_read(c, v, dpp_attr(&f->attrs, DPP_ENCRYPTED_KEY), y.encrypted);
	if (!st)
		st = decrypt(p, a, c, v, y.encrypted, y.peer);
	if (!st)
		st = key_of(p, a, c, v, a->mx, y.encrypted + 1, &y);
	if (!st)
		commit(a, v, &y);
	imp_wipe(&y, sizeof y);
	return st;
}

imp_status dpp_pkex_read_request(const dpp_frame *f, dpp_pkex_asked *out)
{
	dpp_pkex_asked q = {0};
	int version;
	memset(out, 0, sizeof *out);
	q.version = f->type == DPP_PKEX_V1_REQ ? 1 : 2;
	q.curve = dpp_curve_group(dpp_attr_group(&f->attrs));
	q.id = dpp_attr(&f->attrs, DPP_CODE_ID);
	q.key = dpp_attr(&f->attrs, DPP_ENCRYPTED_KEY);
	version = protocol_of(&f->attrs, q.version);
	if ((f->type != DPP_PKEX_V1_REQ && f->type != DPP_PKEX_REQ) || version < 0 || !dpp_attr_group(&f->attrs) || !q.key.ptr || q.id.len > DPP_CODE_NAME)
		return IMP_EBADMSG;
	if (q.curve && q.key.len != 2 * (size_t)q.curve->prime_len)
		return IMP_EBADMSG;
	q.protocol = (uint8_t)version;
	*out = q;
	return IMP_OK;
}

/* Status, and in version 2 who we are. */
static void begin_response(imp_wr *w, int version, int status)
{
	dpp_put_head(w, DPP_PKEX_RESP);
	dpp_put_attr_u8(w, DPP_STATUS, (uint8_t)status);
	if (version != 1)
		dpp_put_attr_u8(w, DPP_VERSION, DPP_PROTOCOL);
}

void dpp_pkex_refuse(imp_wr *w, const dpp_pkex_asked *q, int status, const dpp_curve *ours)
{
	begin_response(w, q->version, status);
	dpp_put_attr_group(w, ours->group);
}

imp_status dpp_pkex_response(struct dpp_pkex *p, struct dpp_auth *a, const imp_crypto *c, const dpp_pkex_asked *q, imp_wr *w)
{
	const dpp_curve *v = dpp_auth_curve(a);
	uint8_t n[DPP_POINT];
	struct yield y = {.version = 0};
	imp_status st;
	if (p->failed >= DPP_PKEX_GUESSES)
		return IMP_EDENIED;
	if (q->curve != v)
		return IMP_EARG;
	a->initiator = 0;
	p->version = q->version;
	y.version = q->protocol;
	st = dpp_point_read(c, v, q->key, y.encrypted);
	if (!st)
		st = decrypt(p, a, c, v, y.encrypted, y.peer);
	if (!st)
		st = encrypt(p, a, c, v, n);
	if (!st)
		st = key_of(p, a, c, v, y.encrypted + 1, n + 1, &y);
	if (!st) {
		commit(a, v, &y);
		memcpy(a->nx, n + 1, v->prime_len);
		begin_response(w, p->version, DPP_OK);
		if (p->id_len)
			dpp_put_attr(w, DPP_CODE_ID, imp_bytes(p->id, p->id_len));
		dpp_put_attr(w, DPP_ENCRYPTED_KEY, dpp_point_xy(v, n));
		st = imp_wr_end(w);
	}
	imp_wipe(&y, sizeof y);
	return st;
}

/* --- reveal ---------------------------------------------------------------------- */

/* AD[1] of a reveal: who says it. */
static const uint8_t sayer[2] = {0, 1};

imp_status dpp_pkex_reveal(const struct dpp_pkex *p, const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, uint8_t *room)
{
	const dpp_curve *v = dpp_auth_curve(a);
	int responder = !a->initiator;
	uint8_t sx[DPP_PRIME], tag[DPP_HASH], type = responder ? DPP_PKEX_REVEAL_RESP : DPP_PKEX_REVEAL_REQ;
	imp_wr head = imp_wr_to(tag, sizeof tag), in = imp_wr_to(room, DPP_PKEX_ROOM);
	imp_span ad[2] = {{tag + DPP_HEAD - DPP_AD, DPP_AD}, {&sayer[responder], 1}};
	imp_status st = dpp_dh(c, v, a->own_b, a->peer_P, sx);
	if (!st)
		st = tag_of(p, c, v, responder, sx, a->own_B, a->peer_P, a->own_P, tag);
	dpp_put_attr(&in, DPP_BOOT_KEY, dpp_point_xy(v, a->own_B));
	dpp_put_attr(&in, responder ? DPP_R_AUTH : DPP_I_AUTH, imp_bytes(tag, v->hash_len));
	dpp_put_head(&head, type); /* the tag is in `in` */
	dpp_put_head(w, type);
	if (!st)
		dpp_wrap(c, v, w, a->k1, ad, 2, imp_wr_span(&in));
	imp_wipe(sx, sizeof sx);
	imp_wipe(room, DPP_PKEX_ROOM);
	return st ? st : imp_wr_end(w);
}

/* What was unwrapped: the peer's key on the curve, not ours, and its proof. */
static imp_status proved(const struct dpp_pkex *p, const struct dpp_auth *a, const imp_crypto *c, const dpp_attrs *in, uint8_t *point)
{
	const dpp_curve *v = dpp_auth_curve(a);
	imp_span said = dpp_attr_of(in, a->initiator ? DPP_R_AUTH : DPP_I_AUTH, v->hash_len);
	uint8_t sx[DPP_PRIME], tag[DPP_HASH];
	imp_status st = dpp_point_read(c, v, dpp_attr(in, DPP_BOOT_KEY), point);
	if (st || !said.ptr || imp_same(dpp_point(v, point), dpp_point(v, a->own_B)))
		return st && st != IMP_EBADMSG ? st : IMP_EAUTH;
	st = dpp_dh(c, v, a->own_p, point, sx);
	if (!st)
		st = tag_of(p, c, v, a->initiator, sx, point, a->own_P, a->peer_P, tag);
	if (!st && !imp_ct_equal(tag, said.ptr, v->hash_len))
		st = IMP_EAUTH;
	imp_wipe(sx, sizeof sx);
	imp_wipe(tag, sizeof tag);
	return st;
}

imp_status dpp_pkex_read_reveal(struct dpp_pkex *p, struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, uint8_t *room)
{
	const dpp_curve *v = dpp_auth_curve(a);
	imp_span ad[2] = {f->ad, {&sayer[a->initiator], 1}};
	uint8_t point[DPP_POINT];
	dpp_attrs in;
	imp_status st;
	if (f->type != (a->initiator ? DPP_PKEX_REVEAL_RESP : DPP_PKEX_REVEAL_REQ) || !f->attrs.wrapped.ptr)
		return IMP_PASS;
	if (p->failed >= DPP_PKEX_GUESSES)
		return IMP_EDENIED;
	st = dpp_unwrap(c, v, a->k1, ad, 2, f->attrs.wrapped, room, &in);
	if (!st)
		st = proved(p, a, c, &in, point);
	if (st == IMP_EBADMSG)
		st = IMP_EAUTH;
	p->failed = (uint8_t)(p->failed + (st == IMP_EAUTH));
	imp_wipe(room, f->attrs.wrapped.len);
	return st ? st : dpp_auth_peer(a, c, v, point);
}
