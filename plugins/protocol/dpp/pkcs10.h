/* pkcs10.h -- certification requests with a challengePassword, which binds them to
 * one DPP session (PKCS #10 RFC 2986, PKCS #9 RFC 2985).  [any] */
#ifndef IMPRINT_DPP_PKCS10_H
#define IMPRINT_DPP_PKCS10_H

#include "csr.h"

/* imp_csr_create() with that attribute, a UTF8String. */
imp_status dpp_csr_create(const imp_crypto *c, imp_wr *w, const char *subject_cn, const imp_key *pub, int32_t alg, const imp_key *priv, imp_span password);
/* The attribute's text; empty: there is none, or two. */
imp_span   dpp_csr_password(const imp_csr *csr);

#endif
