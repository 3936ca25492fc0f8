/* suite.h -- DPP's curves, and what is derived and wrapped with them: HKDF (RFC
 * 5869) with the curve's hash, AES-SIV (RFC 5297).
 *
 * A hash-long key (k1, k2, ke, bk, z) is curve->hash_len bytes.  IMP_EUNSUP: the
 * provider lacks it.  When the crypto fails, outputs are zeros.  [any] */
#ifndef IMPRINT_DPP_SUITE_H
#define IMPRINT_DPP_SUITE_H

#include "wire.h"

enum { DPP_PRIME = 66, DPP_POINT = 1 + 2 * DPP_PRIME, DPP_HASH = 64, DPP_NONCE = 32 }; /* the largest, bytes */
enum { DPP_TAG = 16, DPP_WRAP = 4 + DPP_TAG }; /* what wrapping adds */

typedef struct dpp_curve {
	int32_t  curve;        /* enum imp_curve                               */
	int32_t  hash, hmac;   /* IMP_A_SHA256, IMP_A_HMAC256, ...             */
	int32_t  sign;         /* IMP_A_ES256, ...: the digest; any curve's    */
	uint16_t group;        /* IKE                                          */
	uint8_t  hash_len, nonce_len, prime_len;
} dpp_curve;

enum { DPP_CURVES = 6 }; /* in the order of the bits of a URI's B: */
const dpp_curve *dpp_curve_at(unsigned i);          /* NULL beyond the last */
const dpp_curve *dpp_curve_of(int32_t curve);       /* enum imp_curve; NULL: not DPP's */
const dpp_curve *dpp_curve_group(uint16_t group);   /* NULL: none */

/* out = HKDF-Extract(salt, parts): hash_len bytes.  salt empty: zeros. */
imp_status dpp_extract(const imp_crypto *c, const dpp_curve *v, imp_span salt, const imp_span *parts, size_t n, uint8_t *out);
/* out = HKDF-Expand(prk, info, len); info a text. */
imp_status dpp_expand(const imp_crypto *c, const dpp_curve *v, const uint8_t *prk, const char *info, uint8_t *out, size_t len);
/* out = HKDF(<>, info, ikm), hash_len bytes. */
imp_status dpp_hkdf(const imp_crypto *c, const dpp_curve *v, const char *info, imp_span ikm, uint8_t *out);

/* Append a Wrapped Data attribute: `plain` under `key` (hash_len bytes) with
 * these associated data.  Crypto's error becomes the writer's. */
void dpp_wrap(const imp_crypto *c, const dpp_curve *v, imp_wr *w, const uint8_t *key, const imp_span *ad, size_t n, imp_span plain);
/* Unwrap into `out`, which has room for `wrapped`'s length, and read the
 * attributes there.  IMP_EAUTH: altered; IMP_EBADMSG: good, but malformed. */
imp_status dpp_unwrap(const imp_crypto *c, const dpp_curve *v, const uint8_t *key, const imp_span *ad, size_t n, imp_span wrapped, uint8_t *out, dpp_attrs *in);

/* A point on the wire is x || y; in memory 04 || x || y.  IMP_EBADMSG: not on
 * the curve, or of another length.  `out`: DPP_POINT bytes. */
imp_status dpp_point_read(const imp_crypto *c, const dpp_curve *v, imp_span xy, uint8_t *out);
imp_span   dpp_point(const dpp_curve *v, const uint8_t *point);    /* 04 || x || y */
imp_span   dpp_point_xy(const dpp_curve *v, const uint8_t *point); /* x || y */
imp_span   dpp_point_x(const dpp_curve *v, const uint8_t *point);

/* x of k * P; out: prime_len bytes. */
imp_status dpp_dh(const imp_crypto *c, const dpp_curve *v, const uint8_t *k, const uint8_t *point, uint8_t *out);

#endif
