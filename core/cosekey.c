/* cosekey.c -- COSE_Key of kind EC2 (RFC 9053 section 7.1.1); see cose.h. */
#include "cose.h"

#include <string.h>

enum { KTY = 1, EC2 = 2, CRV = -1, X = -2, Y = -3, ALL = 0xf };

static size_t width(int64_t curve)
{
	return curve == IMP_C_P256 ? 32 : curve == IMP_C_P384 ? 48 : curve == IMP_C_P521 ? 66 : 0;
}

/* Some peers strip a coordinate's leading zeros. */
static void coordinate(imp_rd *r, uint8_t *to, size_t n)
{
	imp_span v = imp_cbor_bstr(r);
	if (!v.len || v.len > n) {
		imp_rd_fail(r, IMP_EBADMSG);
		return;
	}
	memset(to, 0, n - v.len);
	memcpy(to + n - v.len, v.ptr, v.len);
}

imp_status imp_cose_key_read(imp_span key, int32_t curve, uint8_t *point, imp_key *out)
{
	imp_rd r = imp_rd_of(key);
	size_t n = width(curve);
	unsigned seen = 0;
	if (!n)
		return IMP_EUNSUP;
	for (size_t left = imp_cbor_map(&r); left && !r.err; left--) {
		int64_t label = imp_cbor_int(&r);
		unsigned bit = label == KTY ? 1u : label >= Y && label <= CRV ? 1u << -label : 0u;
		if (seen & bit)
			return IMP_EBADMSG;
		seen |= bit;
		if (label == KTY || label == CRV) {
			if (imp_cbor_int(&r) != (label == KTY ? EC2 : curve))
				return r.err ? r.err : IMP_EUNSUP;
		} else if (bit)
			coordinate(&r, point + (label == X ? 1 : 1 + n), n);
		else
			imp_cbor_raw(&r);
	}
	point[0] = 4;
	*out = (imp_key){curve, 0, 0, {point, 2 * n + 1}};
	return imp_rd_end(&r) ? imp_rd_end(&r) : seen == ALL ? IMP_OK : IMP_EBADMSG;
}

void imp_cose_key_put(imp_wr *w, const imp_key *pub)
{
	size_t n = width(pub->alg);
	if (!n || pub->bits.len != 2 * n + 1) {
		imp_wr_fail(w, IMP_EUNSUP);
		return;
	}
	imp_cbor_put_map(w, 4);
	imp_cbor_put_int(w, KTY);
	imp_cbor_put_int(w, EC2);
	imp_cbor_put_int(w, CRV);
	imp_cbor_put_int(w, pub->alg);
	imp_cbor_put_int(w, X);
	imp_cbor_put_bstr(w, imp_bytes(pub->bits.ptr + 1, n));
	imp_cbor_put_int(w, Y);
	imp_cbor_put_bstr(w, imp_bytes(pub->bits.ptr + 1 + n, n));
}
