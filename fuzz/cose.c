/* cose.c -- an object that is read can be written again from its parts, byte
 * for byte, and survives every verb under crypto that can be forged. */
#include "cose.h"
#include "crypto.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void write_again(const imp_cose *m, uint64_t kind, imp_span whole)
{
	uint8_t *to = malloc(whole.len);
	imp_wr w = imp_wr_to(to, whole.len);
	must(to != NULL);
	if (m->tag)
		imp_cbor_put_tag(&w, m->tag);
	imp_cbor_put_array(&w, kind == IMP_COSE_ENCRYPT0 ? 3 : 4);
	imp_cbor_put_bstr(&w, m->protected_);
	imp_wr_bytes(&w, m->unprotected);
	if (m->payload.ptr)
		imp_cbor_put_bstr(&w, m->payload);
	else
		imp_cbor_put_null(&w);
	if (kind != IMP_COSE_ENCRYPT0)
		imp_cbor_put_bstr(&w, m->sig);
	must(imp_same(imp_wr_span(&w), whole));
	free(to);
}

static void use(const imp_cose *m)
{
	static const int64_t labels[] = {1, 2, 4, 5, 33, 256, 257, -259, INT64_MIN, INT64_MAX};
	uint8_t bits[65] = {4};
	imp_key k = {IMP_C_P256, 0, 0, imp_bytes(bits, 65)}, s = {m->alg, 0, 0, imp_bytes(bits, imp_aead_key_len(m->alg))};
	uint8_t *plain = malloc(m->payload.len + 1);
	size_t len = m->payload.len;
	must(plain != NULL);
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		for (int p = 0; p < 2; p++) {
			imp_span v = imp_cose_header(m, labels[i], p);
			inside(p ? m->protected_ : m->unprotected, v);
			must(!v.ptr || imp_cbor_check(v) == IMP_OK);
		}
	}
	must(!imp_cose_header(m, 2, 0).ptr && !imp_cose_header(m, 2, 1).ptr);
	must(imp_cose_verify1(&imp_fake, m, 0, &k, imp_bytes(0, 0)) != IMP_OK);
	imp_cose_verify1(&imp_fake, m, m->alg, &k, imp_bytes(bits, 3));
	imp_cose_check_mac0(&imp_fake, m, m->alg, &s, imp_bytes(bits, 3));
	if (imp_cose_open0(&imp_fake, m, m->alg, &s, imp_bytes(bits, 3), plain, &len) == IMP_OK)
		must(len + imp_aead_tag_len(m->alg) == m->payload.len);
	free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint64_t kinds[] = {IMP_COSE_SIGN1, IMP_COSE_ENCRYPT0, IMP_COSE_MAC0};
	imp_span in = imp_bytes(data, n);
	for (int i = 0; i < 3; i++) {
		imp_rd r = imp_rd_of(in);
		imp_cose m;
		imp_cose_read(&r, kinds[i], &m);
		inside(in, m.protected_);
		inside(in, m.unprotected);
		inside(in, m.payload);
		inside(in, m.sig);
		must(!r.err || (!m.alg && !m.unprotected.ptr));
		if (r.err)
			continue;
		write_again(&m, kinds[i], imp_bytes(data, imp_rd_at(&r)));
		use(&m);
	}
	return 0;
}
