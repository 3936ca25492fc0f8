/* pkix.h -- keys and signatures as certificates, requests and key files write
 * them: SubjectPublicKeyInfo (RFC 5280, 3279, 5480, 5639, 8410), private keys
 * (PKCS#8 RFC 5958, SEC 1 RFC 5915, PKCS#1 RFC 8017), signature algorithms.
 *
 * IMP_EBADMSG: not the DER it should be.  IMP_EUNSUP: it is, but the
 * algorithm or curve is not known here.  Keys hold spans into the input.
 * [any] */
#ifndef IMPRINT_PKIX_H
#define IMPRINT_PKIX_H

#include "der.h"

/* SubjectPublicKeyInfo -> key: EC points uncompressed with alg the curve, RSA
 * with alg IMP_X509_RSA and bits the PKCS#1 RSAPublicKey DER. */
enum { IMP_X509_RSA = -257 };
imp_status imp_spki_read(imp_span spki, imp_key *out);
/* The BIT STRING's content of a SubjectPublicKeyInfo; empty: malformed. */
imp_span   imp_spki_bits(imp_span spki);
void       imp_spki_put(imp_wr *w, const imp_key *pub);
size_t     imp_rsa_bits(imp_span pkcs1_public); /* modulus size in bits; 0: malformed */
uint64_t   imp_rsa_exponent(imp_span pkcs1_public); /* 0: malformed or above 2^64 */
/* PKCS#8 or SEC 1 or PKCS#1 private key DER -> key (EC: the scalar, RSA: the
 * PKCS#1 RSAPrivateKey).  SEC 1 must name its curve. */
imp_status imp_priv_read(imp_span der, imp_key *out);

/* The public half of a private key, to `to` (*len enters as capacity): EC bytes
 * by x * G, RSA out of the RSAPrivateKey; of a slot, its bits are taken for it
 * (IMP_EUNSUP: it has none). */
imp_status imp_public_of(const imp_crypto *c, const imp_key *priv, uint8_t *to, size_t *len, imp_key *out);
/* The size of a private RSA key's modulus in bits; 0: malformed. */
size_t     imp_rsa_private_bits(imp_span pkcs1_private);

/* AlgorithmIdentifier of a signature -> COSE number; 0: not known here. */
int32_t    imp_sig_alg(imp_span algorithm_identifier);
/* Verify a signature in X.509 form (ECDSA in DER).  IMP_EAUTH: wrong, or
 * the key is not of the algorithm's kind. */
imp_status imp_sig_check(const imp_crypto *c, int32_t alg, const imp_key *pub,
                         imp_span tbs, imp_span sig);
/* What was written since `mark` is to be signed: append the algorithm and the
 * signature and wrap all three in a SEQUENCE, as certificates, requests and
 * revocation lists are made.  Without room the longest signature is counted
 * (RSA: 512 bytes) and nothing is signed. */
imp_status imp_sig_seal(const imp_crypto *c, imp_wr *w, size_t mark, int32_t alg,
                        const imp_key *priv);
void       imp_sig_alg_put(imp_wr *w, int32_t alg);

#endif
