/* reconfig.h -- reconfiguration: a device whose network is gone finds its
 * configurator again, each proving itself by a Connector.  (Wi-Fi Easy Connect,
 * section 6.5)
 *
 * Of struct dpp_auth it takes: own_p, own_P our fresh key (the enrollee's protocol
 * key, the configurator's netAccessKey of this exchange), peer_P the peer's, i_nonce
 * the C-nonce, r_nonce the E-nonce, bk and ke.  [any] */
#ifndef IMPRINT_DPP_RECONFIG_H
#define IMPRINT_DPP_RECONFIG_H

#include "auth.h"
#include "connector.h"

/* The announcement: kid of the C-sign key, the group of our netAccessKey, and a
 * point `id` hidden under the privacy protection key (both on curve v) with a fresh
 * A-nonce. */
imp_status dpp_reconf_announce(const imp_crypto *c, imp_wr *w, const uint8_t *kid, uint16_t group, const dpp_curve *v, const uint8_t *ppkey, const uint8_t *id);
/* Is it for the configurator of this kid?  The enrollee's curve; NULL: no. */
const dpp_curve *dpp_reconf_announced(const imp_crypto *c, const dpp_frame *f, const uint8_t *kid, const dpp_curve *csign);

void dpp_reconf_put_request(const struct dpp_auth *a, imp_wr *w, uint8_t transaction, imp_span connector);
imp_status dpp_reconf_put_response(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, uint8_t transaction, imp_span connector, imp_span status);
imp_status dpp_reconf_put_confirm(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, uint8_t transaction);
/* C-nonce of a request or a Wrapped Data, E-nonce of either: as long as they
 * should be, else ptr NULL. */
imp_span dpp_reconf_nonce(const struct dpp_auth *a, const dpp_attrs *in, uint16_t id);

/* bk and ke.  Enrollee: (own + own_p) * CI, with `own` its old netAccessKey (scalar)
 * and `peer` CI.  Configurator: own_p * (peer + peer_P), with own NULL and `peer`
 * the enrollee's old key. */
imp_status dpp_reconf_keys(struct dpp_auth *a, const imp_crypto *c, const uint8_t *own, const uint8_t *peer);

#endif
