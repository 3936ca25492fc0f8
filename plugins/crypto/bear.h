/* bear.h -- which parts of BearSSL a provider table links.
 *
 * A table (bearssl.c: everything; bearssl_small.c: P-256 and AES) is an
 * imp_crypto whose data is one `struct imp_bear`.  What that struct leaves
 * NULL the linker leaves out, so an application short of flash may write a
 * table of its own with exactly what its protocols need.
 *
 * Only BearSSL's constant-time code is named here.  Cores whose 32 x 32
 * to 64 bit multiplication takes a time that depends on its operands get the
 * variants that do without (IMP_BEAR_15).  BearSSL 0.6 has no RSA-PSS and
 * no point decompression. */
#ifndef IMPRINT_BEAR_H
#define IMPRINT_BEAR_H

#include "crypto.h"
#include <bearssl.h>

#ifdef IMP_BEAR_15
/* the build decides */
#elif defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_7M__) || defined(__ARM_ARCH_8M_BASE__)
#define IMP_BEAR_15 1
#else
#define IMP_BEAR_15 0
#endif

struct imp_bear_rsa;
struct imp_bear_cbc;

struct imp_bear {
	const br_hash_class         *sha1, *sha256, *sha384, *sha512;
	const br_block_ctrcbc_class *ctrcbc; /* CTR, CMAC, CCM, SIV, encryption */
	const br_block_cbcdec_class *cbcdec; /* CBC and ECB decryption        */
	const br_block_ctr_class    *ctr;    /* GCM, with ...                 */
	br_ghash                     ghash;
	br_chacha20_run              chacha; /* ChaCha20-Poly1305, with ...   */
	br_poly1305_run              poly;
	const br_ec_impl            *p256;
	const br_ec_impl            *prime;  /* P-384 and P-521               */
	const br_ec_impl            *x25519;
	br_ecdsa_sign                ecdsa_sign;
	br_ecdsa_vrfy                ecdsa_verify;
	const struct imp_bear_rsa   *rsa;
	const struct imp_bear_cbc   *cbc;    /* TLS's CBC records, with cbcdec    */
};

struct imp_bear_rsa {
	imp_status (*sign)(const br_hash_class *h, const imp_key *k, imp_span in, uint8_t *sig, size_t *len);
	imp_status (*verify)(const br_hash_class *h, const imp_key *k, imp_span in, imp_span sig);
	imp_status (*oaep)(const imp_crypto *c, const br_hash_class *h, int encrypt, const imp_key *k,
	                   imp_span in, uint8_t *out, size_t *len);
};

/* imp_tls_cbc_seal() and ..._open(), see tlscbc.h. */
struct imp_bear_cbc {
	imp_status (*seal)(const imp_crypto *c, const imp_key *k, imp_span nonce, const imp_span *aad, size_t naad,
	                   imp_span in, uint8_t *out, size_t *len);
	imp_status (*open)(const imp_crypto *c, const imp_key *k, imp_span nonce, const imp_span *aad, size_t naad,
	                   imp_span in, uint8_t *out, size_t *len);
};

extern const struct imp_bear_rsa imp_bear_rsa;
extern const struct imp_bear_cbc imp_bear_cbc;

static inline const struct imp_bear *imp_bear_of(const imp_crypto *c)
{
	return (const struct imp_bear *)c->data;
}

/* The digest that `alg` hashes, MACs or signs with; NULL: left out. */
const br_hash_class *imp_bear_digest(const imp_crypto *c, int32_t alg);

/* bytes of its output */
static inline size_t imp_bear_digest_len(const br_hash_class *h)
{
	return (h->desc >> BR_HASHDESC_OUT_OFF) & BR_HASHDESC_OUT_MASK;
}

/* CMAC over gathered input; `len` at most 16. */
imp_status imp_bear_cmac(const imp_crypto *c, const imp_key *k, const imp_span *in, size_t n,
                         uint8_t *out, size_t len);

/* The functions of struct imp_crypto. */
int        imp_bear_can(const imp_crypto *c, int32_t alg, int32_t curve);
imp_status imp_bear_system_random(const imp_crypto *c, uint8_t *out, size_t len);
imp_status imp_bear_no_random(const imp_crypto *c, uint8_t *out, size_t len);
imp_status imp_bear_hash_init(const imp_crypto *c, void *ctx, int32_t alg);
void       imp_bear_hash_push(const imp_crypto *c, void *ctx, imp_span in);
size_t     imp_bear_hash_peek(const imp_crypto *c, const void *ctx, uint8_t *out);
imp_status imp_bear_mac(const imp_crypto *c, int32_t alg, const imp_key *k, const imp_span *in, size_t n,
                        uint8_t *out, size_t len);
imp_status imp_bear_cipher(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k, imp_span iv,
                           imp_span in, uint8_t *out);
imp_status imp_bear_seal(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce,
                         const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len);
imp_status imp_bear_open(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce,
                         const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len);
imp_status imp_bear_keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen,
                           uint8_t *pub, size_t *publen);
imp_status imp_bear_dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len);
imp_status imp_bear_sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in,
                         uint8_t *sig, size_t *len);
imp_status imp_bear_verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig);
imp_status imp_bear_rsa_crypt(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k, imp_span in,
                              uint8_t *out, size_t *len);
imp_status imp_bear_muladd(const imp_crypto *c, int32_t curve, imp_span x, imp_span P, imp_span y,
                           imp_span Q, uint8_t *out, size_t *len);
imp_status imp_bear_scalar(const imp_crypto *c, int32_t curve, imp_span a, imp_span b, imp_span d,
                           int negate, uint8_t *r);
imp_status imp_bear_point(const imp_crypto *c, int32_t curve, imp_span in, uint8_t *out, size_t *len);

/* The members of a table from `can` to `point`, all by these functions. */
#define IMP_BEAR_FUNCTIONS(source_of_random) \
	.can = imp_bear_can, .random = (source_of_random), .hash_init = imp_bear_hash_init, \
	.hash_push = imp_bear_hash_push, .hash_peek = imp_bear_hash_peek, .mac = imp_bear_mac, \
	.cipher = imp_bear_cipher, .seal = imp_bear_seal, .open = imp_bear_open, \
	.keygen = imp_bear_keygen, .dh = imp_bear_dh, .sign = imp_bear_sign, \
	.verify = imp_bear_verify, .rsa = imp_bear_rsa_crypt, .muladd = imp_bear_muladd, \
	.scalar = imp_bear_scalar, .point = imp_bear_point

#endif
