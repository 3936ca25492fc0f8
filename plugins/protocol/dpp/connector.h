/* connector.h -- Connectors: who may talk to whom on a network, signed by its
 * configurator.  JWS over the exact bytes.  (Wi-Fi Easy Connect, section 4.2)
 * [any] */
#ifndef IMPRINT_DPP_CONNECTOR_H
#define IMPRINT_DPP_CONNECTOR_H

#include "suite.h"

enum { DPP_KID = 32, DPP_CONNECTOR_MAX = 1024 };

typedef struct dpp_connector {
	imp_span groups;   /* the JSON array, never empty             */
	int32_t  curve;    /* of the netAccessKey                     */
	uint8_t  point[DPP_POINT]; /* the netAccessKey, on its curve   */
	uint64_t expiry;   /* Unix seconds; 0: never                  */
	int      version;  /* 1 if it does not say                    */
} dpp_connector;

/* kid of a key: SHA-256 of the uncompressed point.  out: DPP_KID bytes. */
imp_status dpp_kid(const imp_crypto *c, const dpp_curve *v, const uint8_t *point, uint8_t *out);

/* Verify a compact JWS under the configurator's key and read it.  What is
 * decoded lies in `room` (compact.len bytes are enough).
 * IMP_EBADMSG: malformed, or a key twice; IMP_EAUTH: signature, kid, typ or a
 * point off its curve; IMP_ETIME: it has expired (unix_time 0: not checked);
 * IMP_EUNSUP: the netAccessKey's curve. */
imp_status dpp_connector_read(const imp_crypto *c, imp_span compact, const imp_key *csign, uint64_t unix_time,
                              uint8_t *room, size_t cap, dpp_connector *out);

/* Sign one.  group and role are texts; expiry 0: never.  csign may be a slot
 * with its curve as alg; kid is its public key's. */
imp_status dpp_connector_put(const imp_crypto *c, imp_wr *w, const imp_key *csign, const uint8_t *kid, imp_span group, imp_span role,
                             const dpp_curve *v, const uint8_t *point, uint64_t expiry, int version);

/* May two talk?  A group in common ("*" is common with all) in which one is
 * "ap" and the other "sta", or `role` is what the second one is there. */
int dpp_connector_match(imp_span groups, imp_span others);
int dpp_connector_has_role(imp_span groups, const char *role);

#endif
