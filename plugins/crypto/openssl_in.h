/* openssl_in.h -- what the files of the OpenSSL provider share.  Private.
 *
 * The low-level structures (SHA256_CTX, EC_POINT, RSA) are used where the
 * EVP layer would fetch, allocate or compute a public key that nobody needs;
 * they are deprecated in OpenSSL 3.0 and measured to be much cheaper.
 *
 * This provider is for hosts only.  Its one kind of global is a kept object:
 * an immutable table of OpenSSL (a fetched cipher, a curve, a modulus) that
 * the first user makes and all threads then read.  It holds no secret. */
#ifndef IMPRINT_OPENSSL_IN_H
#define IMPRINT_OPENSSL_IN_H

#define OPENSSL_SUPPRESS_DEPRECATED
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include "crypto.h"
#include "ct.h"

/* The object of `slot`, made by make(what) if this is its first use.  When
 * two threads make it at once, drop() frees the loser's.  NULL: make()
 * failed; the next caller tries again.  [any] */
typedef _Atomic(void *) ossl_slot;
void *ossl_kept(ossl_slot *slot, void *(*make)(const void *what), const void *what,
                void (*drop)(void *));

/* The digest of a hash algorithm, or of the one inside a signature
 * algorithm; NULL if there is none. */
const EVP_MD *ossl_md(int32_t alg);

/* Store `n` big-endian bytes of v in out if *len, the capacity, allows. */
imp_status ossl_put(const BIGNUM *v, size_t n, uint8_t *out, size_t *len);
/* v from bytes, flagged for constant time; NULL if there is no memory. */
BIGNUM *ossl_secret(imp_span in);

/* Elliptic curves: openssl_ec.c. */
int        ossl_ec_can(int32_t curve);
imp_status ossl_ec_keygen(int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen);
imp_status ossl_ec_dh(const imp_key *priv, imp_span pub, uint8_t *out, size_t *len);
imp_status ossl_ec_sign(const imp_key *priv, imp_span digest, uint8_t *sig, size_t *len);
imp_status ossl_ec_verify(const imp_key *pub, imp_span digest, imp_span sig);
imp_status ossl_ec_muladd(int32_t curve, imp_span x, imp_span P, imp_span y, imp_span Q,
                          uint8_t *out, size_t *len);
imp_status ossl_ec_scalar(int32_t curve, imp_span a, imp_span b, imp_span d, int negate, uint8_t *r);
imp_status ossl_ec_point(int32_t curve, imp_span in, uint8_t *out, size_t *len);

/* X25519 and Ed25519: openssl_25519.c. */
int        ossl_25519_can(int32_t curve);
imp_status ossl_25519_keygen(int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen);
imp_status ossl_25519_dh(const imp_key *priv, imp_span pub, uint8_t *out, size_t *len);
imp_status ossl_25519_sign(const imp_key *priv, imp_span message, uint8_t *sig, size_t *len);
imp_status ossl_25519_verify(const imp_key *pub, imp_span message, imp_span sig);

/* RFC 3526 groups: openssl_modp.c. */
int        ossl_modp_can(int32_t curve);
imp_status ossl_modp_keygen(int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen);
imp_status ossl_modp_dh(const imp_key *priv, imp_span pub, uint8_t *out, size_t *len);

/* RSA: openssl_rsa.c. */
int        ossl_rsa_can(int32_t alg);
imp_status ossl_rsa_sign(int32_t alg, const imp_key *priv, imp_span digest, uint8_t *sig, size_t *len);
imp_status ossl_rsa_verify(int32_t alg, const imp_key *pub, imp_span digest, imp_span sig);
imp_status ossl_rsa_crypt(int encrypt, const imp_key *k, imp_span in, uint8_t *out, size_t *len);

#endif
