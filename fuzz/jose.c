/* jose.c -- an object that is read is, encoded again, the one it was; a key
 * that is read can be written and read.  base64 both ways. */
#include "crypto.h"
#include "jose.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void base64(imp_span in, enum imp_b64 kind)
{
	uint8_t *to = malloc(2 * in.len + 8);
	imp_status err = IMP_OK;
	imp_span s = imp_b64_read(in, kind, to, in.len, &err);
	imp_wr w = imp_wr_to(to + in.len, in.len + 8);
	must(to && s.len <= in.len);
	if (!err) {
		imp_b64_put(&w, s, kind);
		must(imp_same(imp_wr_span(&w), in));
	}
	free(to);
}

static void jws(imp_span in)
{
	uint8_t *mem = malloc(2 * in.len + 8), bits[65] = {4};
	imp_wr w = imp_wr_to(mem + in.len, in.len + 8);
	imp_key k = {IMP_C_P256, 0, 0, imp_bytes(bits, 65)};
	imp_jws m;
	must(mem != NULL);
	if (imp_jws_read(in, mem, in.len, &m) == IMP_OK) {
		imp_b64_put(&w, m.sig, IMP_B64URL);
		inside(in, m.signed_);
		must(m.signed_.len + 1 + w.len == in.len && imp_same(imp_wr_span(&w), imp_bytes(in.ptr + in.len - w.len, w.len)));
		must(imp_json_type(m.header) == IMP_JSON_OBJECT);
		imp_jws_verify(&imp_fake, &m, &k);
	} else {
		must(!m.header.ptr && !m.signed_.ptr);
	}
	free(mem);
}

static void jwk(imp_span in)
{
	uint8_t point[IMP_POINT_MAX], again[IMP_POINT_MAX], text[400];
	imp_wr w = imp_wr_to(text, sizeof text);
	imp_key k, k2;
	if (imp_jwk_read(in, point, &k))
		return;
	must(k.bits.ptr == point && k.bits.len == 1 + 2 * imp_curve_len(k.alg) && k.bits.len <= IMP_POINT_MAX);
	imp_jwk_put(&w, &k, imp_bytes("kid", 3));
	must(imp_wr_end(&w) == IMP_OK && imp_jwk_read(imp_wr_span(&w), again, &k2) == IMP_OK);
	must(k2.alg == k.alg && imp_same(k.bits, k2.bits));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data, n);
	base64(in, IMP_B64);
	base64(in, IMP_B64URL);
	jws(in);
	jwk(in);
	return 0;
}
