/* alg.h -- what follows from a COSE algorithm number, and the few things that
 * every security object does with imp_crypto: hash, sign, verify, derive.
 *
 * IMP_EUNSUP: the number is not known here, or the provider lacks it.  [any] */
#ifndef IMPRINT_ALG_H
#define IMPRINT_ALG_H

#include "imprint.h"

/* Sizes that algorithms imply; 0 if unknown. */
size_t  imp_alg_sig_len(int32_t alg);   /* ECDSA on the alg's own curve, EdDSA: 64, 96, 132; RSA: 0 */
int32_t imp_alg_hash(int32_t sig_alg);  /* IMP_A_SHA256, ...                 */
size_t  imp_hash_len(int32_t hash_alg); /* or HMAC alg                       */
size_t  imp_aead_key_len(int32_t alg);  /* COSE numbers only */
size_t  imp_aead_iv_len(int32_t alg);
size_t  imp_aead_tag_len(int32_t alg);

size_t  imp_curve_len(int32_t curve);   /* bytes of a coordinate or scalar      */
/* Bytes of a signature by `k`: ECDSA by its curve; 0 for RSA. */
size_t  imp_sig_len(int32_t alg, const imp_key *k);

/* Hash of gathered input in one go.  *out: imp_hash_len() bytes. */
imp_status imp_hash(const imp_crypto *c, int32_t alg, const imp_span *in, size_t n, uint8_t *out);

/* Sign or verify a message (gathered): hashes first unless EdDSA (then n
 * must be 1).  IMP_EAUTH: wrong. */
imp_status imp_sign(const imp_crypto *c, int32_t alg, const imp_key *priv,
                    const imp_span *in, size_t n, uint8_t *sig, size_t *len);
imp_status imp_verify(const imp_crypto *c, int32_t alg, const imp_key *pub,
                      const imp_span *in, size_t n, imp_span sig);

/* SP 800-108 counter mode with an 8-bit counter from 1, as FDO uses it:
 * out = PRF(key, i || label || 0 || context || L16) ..., where L16 is the
 * length of `out` in bits.  `n` at most IMP_KDF_PARTS, `len` below 8192 and
 * at most 255 blocks, else IMP_EARG.  When the crypto fails `out` is zeros. */
enum { IMP_KDF_PARTS = 4 };
imp_status imp_kdf108(const imp_crypto *c, int32_t hmac_alg, imp_span key,
                      const char *label, const imp_span *context, size_t n,
                      uint8_t *out, size_t len);

#endif
