/* x509.h -- X.509 certificates (RFC 5280): enough to read chains, verify
 * paths and issue device certificates.
 *
 * Strict DER, see der.h.  Parsed structs hold spans into the input and prove
 * nothing; imp_chain_verify() does.  Versions 1 and 3 are read; version 1
 * certificates are never CAs.  Not done here: revocation, name constraints and
 * policies (refused when critical), what names mean, and extended key usage,
 * which a caller with a purpose asks for: imp_cert_for().  [any] */
#ifndef IMPRINT_X509_H
#define IMPRINT_X509_H

#include "csr.h"
#include "pkix.h"

typedef struct imp_cert {
	imp_span raw, tbs, serial, issuer, subject, spki, sig; /* serial: INTEGER's content */
	int32_t  sig_alg;              /* IMP_A_ES256, ...; 0: unknown  */
	int64_t  not_before, not_after; /* Unix seconds                 */
	imp_key  key;                  /* alg 0: unknown                */
	int      ca, path_len;         /* path_len -1: no limit         */
	uint16_t usage;                /* keyUsage bits, 0xffff: absent; bit 0x80 digitalSignature, 0x04 keyCertSign */
	int      critical_unknown;     /* an extension that is critical and not known here */
	imp_span key_id;               /* subjectKeyIdentifier; empty: absent */
	imp_span alt_names;            /* subjectAltName's GeneralNames, whole; empty: absent */
	imp_span ext_usage;            /* extKeyUsage, whole; empty: absent */
} imp_cert;
enum { IMP_USAGE_SIGN = 0x80, IMP_USAGE_CERT_SIGN = 0x04, IMP_USAGE_ABSENT = 0xffff };

/* IMP_EBADMSG: malformed, a known extension twice, or something follows;
 * *out is zeros then. */
imp_status imp_cert_read(imp_span der, imp_cert *out);
/* May the certificate be used for this purpose (the content of an OID)?  1
 * also if it names none, or any. */
int        imp_cert_for(const imp_cert *c, imp_span purpose);

/* Signature, names, validity (unix_time 0: not checked), CA bits and path
 * length of `chain` (n certificates, end entity first), up to the first one
 * signed by, or equal to, one of the anchors (certificates; what follows it is
 * not looked at).  An anchor that signs must be a CA; its own dates are not
 * checked.  No anchors: the last one must be self-signed, and who calls
 * decides whether it trusts it.
 * IMP_EAUTH with *why a static text and *which the certificate's number;
 * IMP_EBADMSG, IMP_EUNSUP (algorithm) in the same way. */
imp_status imp_chain_verify(const imp_crypto *c, const imp_span *chain, size_t n,
                            const imp_span *anchors, size_t na, uint64_t unix_time,
                            const char **why, size_t *which);

/* --- names: a DER Name (RDNSequence), whole ------------------------------- */
/* Text of the last commonName; empty if none. */
imp_span imp_cert_cn(imp_span name);
/* The next element as a Name, its structure checked. */
imp_span imp_name_read(imp_rd *r);
void     imp_name_put_cn(imp_wr *w, const char *cn); /* CN=cn, UTF-8 */

/* --- issuing --------------------------------------------------------------- */
/* What to put in a certificate that we issue.  Zeros are defaults. */
typedef struct imp_issue {
	imp_span serial;            /* big endian, above 0, 1 to 20 bytes (20: top bit clear) */
	imp_span issuer;            /* a DER Name; empty: issuer_cn     */
	const char *issuer_cn;
	imp_span subject;           /* a DER Name; empty: subject_cn    */
	const char *subject_cn;
	uint64_t not_before, not_after; /* Unix seconds; not_after 0: 99991231235959Z */
	const imp_key *subject_key;
	imp_span subject_spki;      /* instead of subject_key           */
	int      ca;
	imp_span issuer_key_id;     /* the issuer's imp_cert.key_id; empty: no authorityKeyIdentifier */
} imp_issue;
/* Version 3 with basicConstraints (for a CA) and keyUsage, both critical, and
 * for a CA a subjectKeyIdentifier (RFC 7093 method 1).  IMP_EARG: a bad
 * serial.  Room: see imp_sig_seal(). */
imp_status imp_cert_issue(const imp_crypto *c, imp_wr *w, const imp_issue *what,
                          int32_t alg, const imp_key *issuer_priv);

#endif
