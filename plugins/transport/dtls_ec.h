/* dtls_ec.h -- ephemeral Diffie-Hellman on P-256, as key exchanges use it:
 * RFC 8422 5.4 and 5.7. */
#ifndef IMPRINT_DTLS_EC_H
#define IMPRINT_DTLS_EC_H

#include "dtls_in.h"

enum { IMP_DTLS_CURVE_BYTES = 3 }; /* named_curve, secp256r1 */

/* curve, length, point: 69 bytes. */
imp_status imp_dtls_put_params(struct imp_dtls_run *r, imp_wr *w);
imp_status imp_dtls_take_params(struct imp_dtls_run *r, imp_rd *x);
/* length, point */
imp_status imp_dtls_put_share(struct imp_dtls_run *r, imp_wr *w);
imp_status imp_dtls_take_share(struct imp_dtls_run *r, imp_rd *x);
/* The shared secret; points off the curve are refused. */
imp_status imp_dtls_agree(const struct imp_dtls_run *r, uint8_t out[32]);

int  imp_dtls_take_curve(imp_rd *x);
void imp_dtls_put_curve(imp_wr *w);
imp_span imp_dtls_take_point(imp_rd *x); /* 65 bytes, uncompressed */

#endif
