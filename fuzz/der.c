/* der.c -- an element that is read is written again byte for byte, in depth;
 * so are numbers, signatures and keys; times come back as they were. */
#include "der.h"
#include "pkix.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint8_t out[70000];

static void values(imp_span item)
{
	imp_rd r = imp_rd_of(item);
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_span s = imp_der_uint(&r);
	int64_t t;
	imp_der_put_uint(&w, s);
	must(r.err || imp_same(imp_wr_span(&w), item));
	r = imp_rd_of(item);
	w = imp_wr_to(out, sizeof out);
	s = imp_der_bits(&r);
	imp_der_put_bits(&w, s);
	must(r.err || imp_same(imp_wr_span(&w), item));
	r = imp_rd_of(item);
	t = imp_der_time(&r);
	must(r.err == IMP_OK || t == 0);
	if (t <= 0)
		return;
	w = imp_wr_to(out, sizeof out);
	imp_der_put_time(&w, (uint64_t)t);
	r = imp_rd_of(imp_wr_span(&w));
	must(imp_der_time(&r) == t && imp_rd_end(&r) == IMP_OK);
}

static void signature(imp_span item)
{
	static const size_t halves[] = {32, 48, 66};
	uint8_t raw[132];
	for (int i = 0; i < 3; i++) {
		imp_wr w = imp_wr_to(out, sizeof out);
		if (imp_der_sig_raw(item, raw, halves[i]))
			continue;
		imp_der_put_sig(&w, imp_bytes(raw, 2 * halves[i]));
		must(imp_same(imp_wr_span(&w), item));
	}
}

static void keys(imp_span item)
{
	imp_key k;
	imp_wr w = imp_wr_to(out, sizeof out);
	if (imp_spki_read(item, &k) == IMP_OK) {
		imp_spki_put(&w, &k);
		must(imp_same(imp_wr_span(&w), item) && imp_same(imp_spki_bits(item), k.bits));
	} else {
		must(!k.alg && !k.bits.ptr);
	}
	inside(item, imp_spki_bits(item));
	must((imp_priv_read(item, &k) == IMP_OK) == (k.alg != 0));
	inside(item, k.bits);
	w = imp_wr_to(out, sizeof out);
	imp_sig_alg_put(&w, imp_sig_alg(item));
	must(!imp_sig_alg(item) || imp_same(imp_wr_span(&w), item));
	must(imp_rsa_bits(item) <= 8 * item.len);
	imp_rsa_exponent(item);
}

/* All elements one after the other, and into the constructed ones. */
static void walk(imp_span in, int depth)
{
	imp_rd r = imp_rd_of(in);
	while (imp_rd_left(&r)) {
		imp_span item = imp_der_raw(&r);
		imp_rd one = imp_rd_of(item);
		imp_wr w = imp_wr_to(out, sizeof out);
		imp_span content;
		inside(in, item);
		if (!item.ptr)
			break;
		content = imp_der_take(&one, item.ptr[0]);
		imp_der_put(&w, item.ptr[0], content);
		must(imp_rd_end(&one) == IMP_OK && (item.len > sizeof out || imp_same(imp_wr_span(&w), item)));
		values(item);
		signature(item);
		keys(item);
		if (item.ptr[0] & 0x20 && depth)
			walk(content, depth - 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 60000)
		walk(imp_bytes(data, n), 12);
	return 0;
}
