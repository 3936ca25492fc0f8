/* dtls_psk.c -- pre-shared keys alone: RFC 4279 2 and 4. */
#include "dtls_psk.h"

imp_status imp_dtls_keep_peer(struct imp_dtls *s, imp_span what)
{
	if (what.len > s->peer_cap)
		return IMP_ENOSPC;
	s->peer_live = 0;
	s->peer_len = (uint16_t)what.len;
	if (what.len)
		memcpy(imp_dtls_peer_at(s), what.ptr, what.len);
	return IMP_OK;
}

/* The server's hint becomes the name that the key is asked by. */
imp_status imp_dtls_take_hint(struct imp_dtls *s, imp_rd *x)
{
	imp_span hint = imp_dtls_vec16(x);
	if (x->err)
		return x->err;
	return imp_dtls_keep_peer(s, imp_bytes(hint.ptr, hint.len <= IMP_DTLS_IDENTITY ? hint.len : 0));
}

imp_status imp_dtls_put_identity(struct imp_dtls_run *r, imp_wr *w, imp_span identity)
{
	if (identity.len > IMP_DTLS_IDENTITY)
		return IMP_EARG;
	imp_wr_be16(w, (uint16_t)identity.len);
	imp_wr_bytes(w, identity);
	return imp_dtls_keep_peer(r->s, identity);
}

imp_status imp_dtls_take_identity(struct imp_dtls *s, imp_rd *x)
{
	imp_span identity = imp_dtls_vec16(x);
	if (x->err)
		return x->err;
	return identity.len <= IMP_DTLS_IDENTITY ? imp_dtls_keep_peer(s, identity) : IMP_EUNSUP;
}

/* Length and bytes of `first`, then of the key. */
imp_status imp_dtls_psk_premaster(imp_span first, imp_span key, struct imp_dtls_premaster *out)
{
	imp_wr w = imp_wr_to(out->bytes, sizeof out->bytes);
	if (!key.len || key.len > IMP_DTLS_SECRET)
		return IMP_EARG;
	imp_wr_be16(&w, (uint16_t)first.len);
	imp_wr_bytes(&w, first);
	imp_wr_be16(&w, (uint16_t)key.len);
	imp_wr_bytes(&w, key);
	out->len = w.len;
	return imp_wr_end(&w);
}

static imp_status put_server(struct imp_dtls_run *r, imp_wr *w, imp_span secret)
{
	(void)r, (void)w, (void)secret; /* no hint: no message */
	return IMP_OK;
}

static imp_status take_server(struct imp_dtls_run *r, imp_span body)
{
	imp_rd x = imp_rd_of(body);
	imp_status st = imp_dtls_take_hint(r->s, &x);
	return st < 0 ? st : imp_rd_end(&x);
}

static imp_status put_client(struct imp_dtls_run *r, imp_wr *w, imp_span identity, imp_span secret)
{
	(void)secret;
	return imp_dtls_put_identity(r, w, identity);
}

static imp_status take_client(struct imp_dtls_run *r, imp_span body)
{
	imp_rd x = imp_rd_of(body);
	imp_status st = imp_dtls_take_identity(r->s, &x);
	return st < 0 ? st : imp_rd_end(&x);
}

/* As many zeros as the key is long stand where a DH secret would. */
static imp_status premaster(struct imp_dtls_run *r, imp_span secret, struct imp_dtls_premaster *out)
{
	static const uint8_t zeros[IMP_DTLS_SECRET];
	(void)r;
	return secret.len <= sizeof zeros ? imp_dtls_psk_premaster(imp_bytes(zeros, secret.len), secret, out) : IMP_EARG;
}

const struct imp_dtls_kex imp_dtls_psk_kex = {
	.secret = IMP_K_PSK, .silent = 1, .put_server = put_server, .take_server = take_server,
	.put_client = put_client, .take_client = take_client, .premaster = premaster,
};
