/* cose.h -- COSE_Sign1, COSE_Encrypt0 and COSE_Mac0 (RFC 9052) on imp_crypto.
 *
 * Parsing yields spans into the input and proves nothing; verify or open
 * does.  Tagged and untagged forms are both read (`tag`: which).  [any] */
#ifndef IMPRINT_COSE_H
#define IMPRINT_COSE_H

#include "cbor.h"

enum { IMP_COSE_SIGN1 = 18, IMP_COSE_ENCRYPT0 = 16, IMP_COSE_MAC0 = 17 };
enum { IMP_COSE_ALG = 1, IMP_COSE_IV = 5, IMP_COSE_X5CHAIN = 33 }; /* header labels */

typedef struct imp_cose {
	uint64_t tag;         /* 16, 17, 18, or 0: untagged               */
	int32_t  alg;         /* from the protected header; 0: none       */
	imp_span protected_;  /* content of the protected bstr            */
	imp_span unprotected; /* the whole map, encoded                   */
	imp_span payload;     /* payload or ciphertext; ptr NULL: detached */
	imp_span sig;         /* signature or tag; empty for Encrypt0     */
} imp_cose;

/* Read one object of this kind (IMP_COSE_*) from the cursor.  An object
 * tagged as another kind, a protected header that is not a map (or empty),
 * a duplicate label or `crit` makes the cursor fail. */
void imp_cose_read(imp_rd *r, uint64_t kind, imp_cose *out);
/* The value of integer label `label` in the unprotected (1: protected)
 * header as raw CBOR; empty if it is not there. */
imp_span imp_cose_header(const imp_cose *m, int64_t label, int protected_);

/* Verify a Sign1 under `pub` with external_aad.  alg is the caller's choice
 * and must be the object's too.  IMP_EAUTH: the signature is wrong. */
imp_status imp_cose_verify1(const imp_crypto *c, const imp_cose *m, int32_t alg,
                            const imp_key *pub, imp_span aad);
/* Write a tagged Sign1: unprotected is an encoded map or empty.  payload is
 * embedded.  Needs no more scratch than the stack. */
imp_status imp_cose_sign1(const imp_crypto *c, imp_wr *w, int32_t alg,
                          const imp_key *priv, imp_span unprotected,
                          imp_span payload, imp_span aad);

/* Decrypt an Encrypt0 (AEAD; IV from the unprotected header) into out.
 * *len enters as capacity.  IMP_EAUTH: the tag is wrong. */
imp_status imp_cose_open0(const imp_crypto *c, const imp_cose *m, int32_t alg,
                          const imp_key *k, imp_span aad, uint8_t *out, size_t *len);
/* Write a tagged Encrypt0 with this IV in the unprotected header. */
imp_status imp_cose_seal0(const imp_crypto *c, imp_wr *w, int32_t alg,
                          const imp_key *k, imp_span iv, imp_span plain, imp_span aad);

/* Mac0: alg is IMP_A_HMAC256 / 384 / 512. */
imp_status imp_cose_check_mac0(const imp_crypto *c, const imp_cose *m, int32_t alg,
                               const imp_key *k, imp_span aad);
imp_status imp_cose_mac0(const imp_crypto *c, imp_wr *w, int32_t alg, const imp_key *k,
                         imp_span payload, imp_span aad);

/* Sizes that algorithms imply; 0 if unknown. */
size_t  imp_alg_sig_len(int32_t alg);   /* ECDSA, EdDSA: 64, 96, 132; RSA: 0 */
int32_t imp_alg_hash(int32_t sig_alg);  /* IMP_A_SHA256, ...                 */
size_t  imp_hash_len(int32_t hash_alg); /* or HMAC alg                       */
size_t  imp_aead_key_len(int32_t alg);
size_t  imp_aead_iv_len(int32_t alg);
size_t  imp_aead_tag_len(int32_t alg);

/* Hash of gathered input in one go.  *out: imp_hash_len() bytes. */
imp_status imp_hash(const imp_crypto *c, int32_t alg, const imp_span *in, size_t n, uint8_t *out);

/* Sign or verify a message (gathered): hashes first unless EdDSA (then n
 * must be 1).  IMP_EAUTH: wrong. */
imp_status imp_sign(const imp_crypto *c, int32_t alg, const imp_key *priv,
                    const imp_span *in, size_t n, uint8_t *sig, size_t *len);
imp_status imp_verify(const imp_crypto *c, int32_t alg, const imp_key *pub,
                      const imp_span *in, size_t n, imp_span sig);

/* SP 800-108 counter mode, 8-bit counter first, as FDO uses it (FDO 1.1
 * section 3.6.4): out = PRF(k, i || label || 0 || context || L16) ... */
imp_status imp_kdf108(const imp_crypto *c, int32_t hmac_alg, imp_span key,
                      const char *label, const imp_span *context, size_t n,
                      uint8_t *out, size_t len);

#endif
