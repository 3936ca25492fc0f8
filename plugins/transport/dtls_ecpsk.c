/* dtls_ecpsk.c -- ECDHE_PSK: RFC 5489. */
#include "ct.h"
#include "dtls_ec.h"
#include "dtls_psk.h"

static imp_status put_server(struct imp_dtls_run *r, imp_wr *w, imp_span secret)
{
	(void)secret;
	imp_wr_be16(w, 0); /* no hint */
	return imp_dtls_put_params(r, w);
}

static imp_status take_server(struct imp_dtls_run *r, imp_span body)
{
	imp_rd x = imp_rd_of(body);
	imp_status st = imp_dtls_take_hint(r->s, &x);
	if (st == IMP_OK)
		st = imp_dtls_take_params(r, &x);
	return st < 0 ? st : imp_rd_end(&x);
}

static imp_status put_client(struct imp_dtls_run *r, imp_wr *w, imp_span identity, imp_span secret)
{
	imp_status st = imp_dtls_put_identity(r, w, identity);
	(void)secret;
	return st < 0 ? st : imp_dtls_put_share(r, w);
}

static imp_status take_client(struct imp_dtls_run *r, imp_span body)
{
	imp_rd x = imp_rd_of(body);
	imp_status st = imp_dtls_take_identity(r->s, &x);
	if (st == IMP_OK)
		st = imp_dtls_take_share(r, &x);
	return st < 0 ? st : imp_rd_end(&x);
}

static imp_status premaster(struct imp_dtls_run *r, imp_span secret, struct imp_dtls_premaster *out)
{
	uint8_t z[32];
	imp_status st = imp_dtls_agree(r, z);
	if (st == IMP_OK)
		st = imp_dtls_psk_premaster(imp_bytes(z, sizeof z), secret, out);
	imp_wipe(z, sizeof z);
	return st;
}

const struct imp_dtls_kex imp_dtls_ecdhe_psk_kex = {
	.secret = IMP_K_PSK, .ecc = 1, .put_server = put_server, .take_server = take_server,
	.put_client = put_client, .take_client = take_client, .premaster = premaster,
};
