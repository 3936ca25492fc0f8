/* kdf.h -- keys from keys and from passwords, on a provider's HMAC.  (alg.h
 * has SP 800-108.)
 *
 * `hmac_alg` is IMP_A_HMAC256, 384 or 512.  IMP_EUNSUP: the provider lacks it;
 * IMP_EARG: longer than the function yields.  On any failure `out` is zeros.
 * [any] */
#ifndef IMPRINT_KDF_H
#define IMPRINT_KDF_H

#include "alg.h"

enum { IMP_KDF_INFO = 6 }; /* most parts of gathered input below */

/* HKDF (RFC 5869).  Extract: imp_hash_len() bytes from the gathered `ikm`; no
 * salt is as many zeros.  Expand: at most 255 times as many bytes. */
imp_status imp_hkdf_extract(const imp_crypto *c, int32_t hmac_alg, imp_span salt, const imp_span *ikm, size_t n, uint8_t *prk);
imp_status imp_hkdf_expand(const imp_crypto *c, int32_t hmac_alg, imp_span prk, const imp_span *info, size_t n, uint8_t *out, size_t len);

/* PBKDF2 (RFC 8018 section 5.2); `rounds` from 1. */
imp_status imp_pbkdf2(const imp_crypto *c, int32_t hmac_alg, imp_span password, imp_span salt, uint32_t rounds, uint8_t *out, size_t len);

#endif
