/* x509.h -- DER, X.509 (RFC 5280) and PKCS#10 (RFC 2986): enough to read
 * chains, verify paths and issue device certificates.
 *
 * Strict DER: definite, shortest lengths, minimal integers, no trailing
 * bytes.  Parsed structs hold spans into the input.  [any] */
#ifndef IMPRINT_X509_H
#define IMPRINT_X509_H

#include "rd.h"
#include "wr.h"

/* --- der.c ---------------------------------------------------------------- */
enum { IMP_DER_BOOL = 0x01, IMP_DER_INT = 0x02, IMP_DER_BITS = 0x03, IMP_DER_OCTETS = 0x04,
       IMP_DER_NULL = 0x05, IMP_DER_OID = 0x06, IMP_DER_UTF8 = 0x0c, IMP_DER_SEQ = 0x30, IMP_DER_SET = 0x31 };

int      imp_der_peek(const imp_rd *r);               /* next tag byte, -1: none */
imp_rd   imp_der_in(imp_rd *r, uint8_t tag);          /* content of the next element */
imp_span imp_der_take(imp_rd *r, uint8_t tag);        /* the same as a span        */
imp_span imp_der_raw(imp_rd *r);                      /* the next element, whole   */
imp_span imp_der_uint(imp_rd *r);                     /* INTEGER >= 0, no leading zero */
imp_span imp_der_bits(imp_rd *r);                     /* BIT STRING, 0 unused bits */
/* Writing: content first, then wrap what was written since `mark` bytes. */
void     imp_der_put(imp_wr *w, uint8_t tag, imp_span content);
void     imp_der_put_uint(imp_wr *w, imp_span big_endian);
void     imp_der_wrap(imp_wr *w, uint8_t tag, size_t mark);
/* ECDSA-Sig-Value <-> r||s of 2*half bytes. */
imp_status imp_der_sig_raw(imp_span der, uint8_t *out, size_t half);
void       imp_der_put_sig(imp_wr *w, imp_span raw);

/* --- keys ----------------------------------------------------------------- */
/* SubjectPublicKeyInfo -> key: EC points uncompressed with alg the curve, RSA
 * with alg IMP_X509_RSA and bits the PKCS#1 RSAPublicKey DER. */
enum { IMP_X509_RSA = -257 };
imp_status imp_spki_read(imp_span spki, imp_key *out);
void       imp_spki_put(imp_wr *w, const imp_key *pub);
size_t     imp_rsa_bits(imp_span pkcs1_public); /* modulus size in bits; 0: malformed */
uint64_t   imp_rsa_exponent(imp_span pkcs1_public);
/* PKCS#8 or SEC 1 or PKCS#1 private key DER -> key (EC: the scalar). */
imp_status imp_priv_read(imp_span der, imp_key *out);

/* --- x509.c --------------------------------------------------------------- */
typedef struct imp_cert {
	imp_span raw, tbs, serial, issuer, subject, spki, sig;
	int32_t  sig_alg;              /* IMP_A_ES256, ...; 0: unknown  */
	int64_t  not_before, not_after; /* Unix seconds                 */
	imp_key  key;
	int      ca, path_len;         /* path_len -1: no limit         */
	uint16_t usage;                /* keyUsage bits, 0xffff: absent; bit 0x80 digitalSignature, 0x04 keyCertSign */
	int      critical_unknown;     /* an extension that is critical and not known here */
} imp_cert;

imp_status imp_cert_read(imp_span der, imp_cert *out);
/* Signature, names, validity (unix_time 0: not checked), CA bits and path
 * length of `chain` (n certificates, end entity first), ending in one signed by,
 * or equal to, one of the anchors.  No anchors: the last one must be
 * self-signed, and who calls decides whether it trusts it.
 * IMP_EAUTH with *why a static text and *which the certificate's number. */
imp_status imp_chain_verify(const imp_crypto *c, const imp_span *chain, size_t n,
                            const imp_span *anchors, size_t na, uint64_t unix_time,
                            const char **why, size_t *which);
/* Text of the subject's commonName; empty if none. */
imp_span imp_cert_cn(imp_span name);

/* What to put in a certificate that we issue. */
typedef struct imp_issue {
	imp_span serial;            /* big endian, 1 to 20 bytes        */
	imp_span issuer;            /* a DER Name; empty: issuer_cn     */
	const char *issuer_cn;
	imp_span subject;           /* a DER Name; empty: subject_cn    */
	const char *subject_cn;
	uint64_t not_before, not_after; /* Unix seconds; not_after 0: 99991231235959Z */
	const imp_key *subject_key;
	imp_span subject_spki;      /* instead of subject_key           */
	int      ca;
} imp_issue;
imp_status imp_cert_issue(const imp_crypto *c, imp_wr *w, const imp_issue *what,
                          int32_t alg, const imp_key *issuer_priv);

/* --- csr.c ---------------------------------------------------------------- */
typedef struct imp_csr {
	imp_span raw, info, subject, spki, attributes, sig;
	int32_t  sig_alg;
	imp_key  key;
} imp_csr;
imp_status imp_csr_read(imp_span der, imp_csr *out);
imp_status imp_csr_verify(const imp_crypto *c, const imp_csr *csr); /* proof of possession */
imp_status imp_csr_create(const imp_crypto *c, imp_wr *w, const char *subject_cn,
                          const imp_key *pub, int32_t alg, const imp_key *priv);

#endif
