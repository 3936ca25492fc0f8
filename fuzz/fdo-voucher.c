/* fdo-voucher.c -- ownership vouchers and public keys, with crypto that can be
 * forged, so that the walk goes on. */
#include "crypto.h"
#include "span.h"
#include "voucher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void key(imp_span in, const fdo_pubkey *pk)
{
	uint8_t b[1024];
	imp_wr w = imp_wr_to(b, sizeof b);
	imp_rd r;
	fdo_pubkey twice;
	fdo_key k, same;
	inside(in, pk->raw);
	inside(pk->raw, pk->body);
	if (fdo_key_read(pk, &k))
		return;
	must(k.len <= FDO_KEY_BITS && fdo_key_sig(&k) && *fdo_key_name(&k));
	fdo_put_key(&w, &k, FDO_ENC_X509);
	r = imp_rd_of(imp_wr_span(&w));
	fdo_pubkey_read(&r, &twice);
	must(!imp_rd_end(&r) && !fdo_key_read(&twice, &same) && fdo_key_same(&k, &same) && same.type == k.type);
}

static void head(imp_span in, const fdo_head *h)
{
	uint8_t *p = malloc(in.len + 64);
	imp_wr w = imp_wr_to(p, in.len + 64);
	fdo_head twice;
	must(p != NULL);
	inside(in, h->header.raw);
	inside(h->header.raw, h->header.guid);
	inside(h->header.raw, h->header.rvinfo);
	inside(h->header.raw, h->header.info);
	inside(in, h->chain);
	key(h->header.raw, &h->header.key);
	fdo_put_ovheader(&w, &h->header);
	must(imp_same(imp_wr_span(&w), h->header.raw));
	w = imp_wr_to(p, in.len + 64);
	fdo_put_head(&w, h->header.raw, h->hmac_raw, h->chain);
	must(!fdo_read_head(imp_wr_span(&w), &twice) && imp_same(twice.header.raw, h->header.raw) && imp_same(twice.chain, h->chain));
	for (size_t i = 0; i < 4; i++)
		inside(h->chain, fdo_chain_cert(h->chain, i));
	free(p);
}

static void whole(imp_span in)
{
	uint8_t *p = malloc(in.len + 1);
	imp_wr w = imp_wr_to(p, in.len);
	uint8_t bits[32] = {0};
	imp_key secret = {IMP_A_HMAC256, 0, 0, imp_bytes(bits, 32)};
	const char *why = NULL;
	size_t at = 0, n = 0;
	fdo_walk end;
	fdo_voucher v;
	fdo_entry e;
	imp_span rest, one;
	imp_status st = fdo_voucher_verify(&imp_fake, in, &secret, &end, &why, &at);
	must(p && why && at <= in.len);
	if (fdo_read_voucher(in, &v)) {
		must(st != IMP_OK);
		free(p);
		return;
	}
	head(in, &v.head);
	fdo_put_voucher_start(&w, v.head.header.raw, v.head.hmac_raw, v.head.chain, v.count);
	for (rest = v.entries; (one = fdo_voucher_pop(&rest)).len; n++) {
		imp_wr_bytes(&w, one);
		if (!fdo_read_entry(one, &e))
			key(one, &e.key);
	}
	must(n == v.count && imp_same(imp_wr_span(&w), in));
	must(st || end.count == v.count);
	free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data, n);
	imp_rd r = imp_rd_of(in);
	fdo_pubkey pk;
	fdo_head h;
	fdo_credential c;
	whole(in);
	fdo_pubkey_read(&r, &pk);
	if (!imp_rd_end(&r))
		key(in, &pk);
	if (!fdo_read_head(in, &h))
		head(in, &h);
	if (!fdo_read_credential(in, &c))
		inside(in, c.rvinfo);
	return 0;
}
