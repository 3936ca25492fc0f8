/* intro.h -- network introduction: two Connectors and two keys become a PMK.  (Wi-Fi
 * Easy Connect, section 6.6)  [any] */
#ifndef IMPRINT_DPP_INTRO_H
#define IMPRINT_DPP_INTRO_H

#include "connector.h"

enum { DPP_PMKID = 16 };

/* Peer Discovery Request (status below 0) or Response. */
void dpp_intro_put(imp_wr *w, uint8_t transaction, int status, imp_span connector);
/* PMK (hash-long) and PMKID of our netAccessKey and the peer's.  out: DPP_HASH + DPP_PMKID,
 * *len what it is. */
imp_status dpp_intro_pmk(const imp_crypto *c, const imp_key *priv, const dpp_connector *peer, uint8_t *out, size_t *len);

#endif
