/* dtls_psk.h -- what the key exchanges with a pre-shared key have in common. */
#ifndef IMPRINT_DTLS_PSK_H
#define IMPRINT_DTLS_PSK_H

#include "dtls_in.h"

imp_status imp_dtls_keep_peer(struct imp_dtls *s, imp_span what);
imp_status imp_dtls_take_hint(struct imp_dtls *s, imp_rd *x);
imp_status imp_dtls_put_identity(struct imp_dtls_run *r, imp_wr *w, imp_span identity);
imp_status imp_dtls_take_identity(struct imp_dtls *s, imp_rd *x);
imp_status imp_dtls_psk_premaster(imp_span first, imp_span key, struct imp_dtls_premaster *out);

#endif
