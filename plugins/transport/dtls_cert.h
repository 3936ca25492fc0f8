/* dtls_cert.h -- what a key exchange with certificates adds to a handshake:
 * RFC 5246 7.4.2, 7.4.4, 7.4.8; raw public keys: RFC 7250. */
#ifndef IMPRINT_DTLS_CERT_H
#define IMPRINT_DTLS_CERT_H

#include "dtls_in.h"

enum { IMP_DTLS_X509 = 0, IMP_DTLS_RAW = 2, IMP_DTLS_ES256 = 0x0403 };

struct imp_dtls_certs {
	/* Certificate with the chain (3-byte lengths) or raw key that was answered. */
	imp_status (*put)(struct imp_dtls_run *r, imp_span chain);
	imp_status (*put_request)(struct imp_dtls_run *r);
	/* The peer's Certificate: kept, and its leaf's key too.  1: it is empty. */
	imp_status (*take)(struct imp_dtls_run *r, imp_span body);
	/* CertificateRequest: can we answer it? */
	imp_status (*take_request)(struct imp_dtls_run *r, imp_span body);
	/* Algorithm and signature, over `n` parts. */
	imp_status (*sign)(struct imp_dtls_run *r, imp_wr *w, imp_span flat_key, const imp_span *in, size_t n);
	imp_status (*check)(struct imp_dtls_run *r, imp_rd *signature, const imp_span *in, size_t n);
	/* The same over the transcript so far: CertificateVerify. */
	imp_status (*put_verify)(struct imp_dtls_run *r, imp_span flat_key);
	imp_status (*take_verify)(struct imp_dtls_run *r, imp_span body);
};
extern const struct imp_dtls_certs imp_dtls_certs;

enum { IMP_DTLS_EC_PRIV = 0, IMP_DTLS_EC_PEER = 32, IMP_DTLS_EC_LEAF = 32 + IMP_DTLS_POINT }; /* of the kex area */

#endif
