/* cbor.c -- what imp_cbor_raw() takes, the typed readers take too, and our
 * writers make the same bytes of it; nothing else is taken. */
#include "cbor.h"
#include "rd.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* One head read and written; the number of items that it holds.  `*same` 0:
 * something without a writer. */
static size_t echo(imp_rd *r, imp_wr *w, int *same)
{
	size_t m = 0;
	switch (imp_cbor_peek(r)) {
	case IMP_CBOR_UINT:
		imp_cbor_put_uint(w, imp_cbor_uint(r));
		break;
	case IMP_CBOR_BSTR:
		imp_cbor_put_bstr(w, imp_cbor_bstr(r));
		break;
	case IMP_CBOR_TSTR:
		imp_cbor_put_tstr(w, imp_cbor_tstr(r));
		break;
	case IMP_CBOR_ARRAY:
		imp_cbor_put_array(w, m = imp_cbor_array(r));
		break;
	case IMP_CBOR_MAP:
		imp_cbor_put_map(w, m = imp_cbor_map(r));
		m *= 2;
		break;
	case IMP_CBOR_TAG:
		imp_cbor_put_tag(w, imp_cbor_tag(r));
		m = 1;
		break;
	default: /* negative numbers may not fit, simple values are many */
		if (imp_cbor_peek(r) == IMP_CBOR_NINT && r->p[0] < 0x3b)
			imp_cbor_put_int(w, imp_cbor_int(r));
		else if (*r->p == 0xf4 || *r->p == 0xf5)
			imp_cbor_put_bool(w, imp_cbor_bool(r));
		else if (imp_cbor_is_null(r))
			imp_cbor_null(r), imp_cbor_put_null(w);
		else
			*same = !imp_cbor_raw(r).ptr;
	}
	return m;
}

static void again(imp_span item)
{
	uint8_t *to = malloc(item.len);
	imp_rd r = imp_rd_of(item);
	imp_wr w = imp_wr_to(to, item.len);
	int same = 1;
	must(to != NULL);
	for (size_t left = 1; left; left--)
		left += echo(&r, &w, &same);
	must(imp_rd_end(&r) == IMP_OK);
	must(!same || imp_same(imp_wr_span(&w), item));
	free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data, n);
	imp_rd r = imp_rd_of(in), b;
	while (imp_rd_left(&r)) {
		imp_span item = imp_cbor_raw(&r);
		inside(in, item);
		must((r.err != IMP_OK) == !item.ptr);
		if (!item.ptr)
			break;
		must(imp_cbor_check(item) == IMP_OK && imp_cbor_check(imp_bytes(item.ptr, item.len - 1)) == IMP_EBADMSG);
		again(item);
		b = imp_rd_of(item);
		b = imp_cbor_inside(&b);
		imp_cbor_raw(&b);
		b = imp_rd_of(item);
		imp_cbor_int(&b);
	}
	return 0;
}
