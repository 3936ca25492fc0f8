/* config.h -- configuration: what the enrollee says of itself, what it is given,
 * and how both are wrapped.  (Wi-Fi Easy Connect, sections 4.3 to 4.5 and 6.4)
 *
 * Readers prove what their comments say, and no more.  [any] */
#ifndef IMPRINT_DPP_CONFIG_H
#define IMPRINT_DPP_CONFIG_H

#include "auth.h"
#include "connector.h"

/* --- the request's JSON ----------------------------------------------------- */

enum dpp_netrole { DPP_ROLE_NONE = 0, DPP_ROLE_STA, DPP_ROLE_AP, DPP_ROLE_CONFIGURATOR };
const char *dpp_role_name(enum dpp_netrole r);

typedef struct dpp_who {
	imp_span name, mudurl;
	imp_span bands;         /* writing: CBOR array of uint; reading: JSON array */
	imp_span csr;           /* DER; empty: none                */
	enum dpp_netrole role;
} dpp_who;

/* Texts and the CSR lie in `room` (json.len bytes).  IMP_EBADMSG. */
imp_status dpp_who_read(imp_span json, uint8_t *room, dpp_who *out);
void       dpp_who_put(imp_wr *w, const dpp_who *who); /* sticky IMP_EARG: bad UTF-8 */

/* --- a configuration object -------------------------------------------------- */

enum dpp_akm { DPP_AKM_DPP = 1, DPP_AKM_PSK = 2, DPP_AKM_SAE = 4, DPP_AKM_DOT1X = 8 }; /* bits */
/* Names ("dpp+psk+sae") or selectors ("506F9A02+000FAC08"); 0: unknown. */
unsigned dpp_akm_read(imp_span text);

typedef struct dpp_object {
	imp_span json;          /* the whole of it                                */
	imp_span ssid;          /* 1 to 32 bytes                                  */
	imp_span akm_text;
	unsigned akm;           /* enum dpp_akm                                   */
	imp_span pass;          /* empty: none                                    */
	uint8_t  psk[32];
	int      has_psk;
	imp_span connector;     /* compact JWS; empty: none                       */
	imp_key  csign, ppkey;  /* alg 0: none; bits in the points below          */
	imp_span cert_bag;      /* PKCS#7; empty: none                            */
	imp_span ca;            /* as it came, base64 decoded                     */
	imp_span server;        /* trustedEapServerName                           */
	uint8_t  csign_point[DPP_POINT], ppkey_point[DPP_POINT];
} dpp_object;

/* Well-formed and complete for its akm; keys are on their curves.  Texts lie
 * in `room` (json.len bytes).  IMP_EBADMSG; IMP_EUNSUP: wi-fi_tech, akm, curve. */
imp_status dpp_object_read(const imp_crypto *c, imp_span json, uint8_t *room, dpp_object *out);
/* Writes ssid (as ssid64 unless it is ASCII), akm_text, pass or psk, entCreds
 * (ca: base64 decoded), connector, csign with its kid, ppkey: what there is. */
void       dpp_object_put(imp_wr *w, const dpp_object *o, const uint8_t *kid);

/* --- wrapped ------------------------------------------------------------------ */

/* The query: {E-nonce, [extra attributes], JSON}ke. */
imp_status dpp_config_query(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, const uint8_t *e_nonce, imp_span extra, imp_span json, uint8_t *room, size_t cap);
/* IMP_EAUTH: not under ke.  in: the attributes, in `room`. */
imp_status dpp_config_query_read(const struct dpp_auth *a, const imp_crypto *c, imp_span query, uint8_t *room, dpp_attrs *in);
/* The response: Status, {E-nonce, body}ke; body: attributes. */
imp_status dpp_config_response(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, int status, const uint8_t *e_nonce, imp_span body, uint8_t *room, size_t cap);
/* IMP_EAUTH: not under ke, or another E-nonce. */
imp_status dpp_config_response_read(const struct dpp_auth *a, const imp_crypto *c, imp_span response, const uint8_t *e_nonce, uint8_t *room, int *status, dpp_attrs *in);

/* Configuration Result (json empty) and Connection Status Result: {Status, E-nonce}ke,
 * {E-nonce, JSON}ke. */
imp_status dpp_result(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, const uint8_t *e_nonce, int status, imp_span json);
/* IMP_EAUTH as above; *status out of either of them. */
imp_status dpp_result_read(const struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, const uint8_t *e_nonce, uint8_t *room, int *status);
/* {"result":status,"ssid64":...,"channelList":...} */
void dpp_conn_put(imp_wr *w, int status, imp_span ssid, imp_span channels);

#endif
