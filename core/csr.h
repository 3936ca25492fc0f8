/* csr.h -- certification requests: PKCS#10 (RFC 2986).  Parsed structs hold
 * spans into the input and prove nothing.  [any] */
#ifndef IMPRINT_CSR_H
#define IMPRINT_CSR_H

#include "pkix.h"

typedef struct imp_csr {
	imp_span raw, info, subject, spki, attributes, sig; /* attributes: the SET's content */
	int32_t  sig_alg; /* 0: unknown            */
	imp_key  key;     /* alg 0: unknown        */
} imp_csr;

/* IMP_EBADMSG: malformed, or something follows; *out is zeros then. */
imp_status imp_csr_read(imp_span der, imp_csr *out);
/* Proof of possession.  IMP_EAUTH: wrong; IMP_EUNSUP: unknown algorithm. */
imp_status imp_csr_verify(const imp_crypto *c, const imp_csr *csr);
/* Write a request for `pub` with subject CN=subject_cn and no attributes. */
imp_status imp_csr_create(const imp_crypto *c, imp_wr *w, const char *subject_cn,
                          const imp_key *pub, int32_t alg, const imp_key *priv);

#endif
