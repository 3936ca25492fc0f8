/* cose.h -- COSE_Sign1, COSE_Encrypt0 and COSE_Mac0 (RFC 9052) on imp_crypto.
 *
 * Parsing yields spans into the input and proves nothing; verify or open
 * does.  Tagged and untagged forms are both read (`tag`: which).  Every
 * function takes the algorithm from its caller, who knows which ones are
 * allowed, and refuses an object whose protected header names another
 * (IMP_EAUTH).  EdDSA is IMP_EUNSUP here: it would need the whole message
 * in one piece.
 *
 * Writers follow wr.h: without room they count and return IMP_ENOSPC, and
 * nothing is signed, sealed or drawn.  When the crypto fails, that becomes
 * the writer's error too.  [any] */
#ifndef IMPRINT_COSE_H
#define IMPRINT_COSE_H

#include "alg.h"
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

enum { IMP_COSE_LABELS = 16 }; /* most header parameters of one object */

/* Read one object of this kind (IMP_COSE_*) from the cursor.  An object
 * tagged as another kind, a protected header that is not a map (or empty),
 * a label twice (in one header or in both), `crit` or too many labels make
 * the cursor fail; *out is zeros then. */
void imp_cose_read(imp_rd *r, uint64_t kind, imp_cose *out);
/* The value of integer label `label` in the unprotected (1: protected)
 * header as raw CBOR; empty if it is not there. */
imp_span imp_cose_header(const imp_cose *m, int64_t label, int protected_);

/* Verify a Sign1 under `pub` with external_aad.  IMP_EAUTH: the signature is
 * wrong.  A detached payload is put into m->payload before this call, else
 * IMP_EBADMSG. */
imp_status imp_cose_verify1(const imp_crypto *c, const imp_cose *m, int32_t alg,
                            const imp_key *pub, imp_span aad);
/* Write a tagged Sign1: unprotected is an encoded map or empty.  payload is
 * embedded.  An RSA signature counts 512 bytes while there is no room. */
imp_status imp_cose_sign1(const imp_crypto *c, imp_wr *w, int32_t alg,
                          const imp_key *priv, imp_span unprotected,
                          imp_span payload, imp_span aad);

/* Decrypt an Encrypt0 (AEAD; IV from the unprotected header) into out.
 * *len enters as capacity.  IMP_EAUTH: the tag is wrong, then `out` holds
 * nothing of the plaintext.  `out` may be m->payload.ptr. */
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

/* --- cosekey.c: COSE_Key of kind EC2 on P-256, P-384 or P-521 --- */

/* The uncompressed point (65, 97 or 133 bytes) goes to `point`; out's bits are
 * there.  Coordinates that lack leading zeros are padded.  IMP_EUNSUP: another
 * kind or curve.  Whether the point is on its curve, crypto finds out. */
imp_status imp_cose_key_read(imp_span key, int32_t curve, uint8_t *point, imp_key *out);
void       imp_cose_key_put(imp_wr *w, const imp_key *pub); /* sticky IMP_EUNSUP */

#endif
