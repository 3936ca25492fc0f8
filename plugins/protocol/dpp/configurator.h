/* configurator.h -- the configurator's state, for configurator.c and what stands
 * on it. */
#ifndef IMPRINT_DPP_CONFIGURATOR_H
#define IMPRINT_DPP_CONFIGURATOR_H

#include "config.h"
#include "run.h"

enum dpp_configurator_state {
	DPP_C_CSIGN = DPP_S_ROLE + 1, DPP_C_PPKEY, DPP_C_KEPT, /* our keys */
	DPP_C_QUERY,                      /* a configuration request is to come */
	DPP_C_AUTHORIZE, DPP_C_ISSUE, DPP_C_CONFIG, DPP_C_CONFIG_ANY,
	DPP_C_RESULT,                     /* answered; the result is to come */
	DPP_C_STATUS,                     /* how the connection went */
	DPP_C_RECONF_RESPONSE
};

enum { DPP_FLAT = IMP_KEY_HEAD + DPP_POINT, DPP_HELD = 4096 };

struct dpp_configurator {
	struct dpp_run run;
	uint8_t  e_nonce[DPP_NONCE];
	uint32_t gas;               /* ticket of the query in work; 0: none */
	uint8_t  role;              /* enum dpp_netrole: what the enrollee wants to be */
	uint8_t  said[32];          /* SHA-256 of what policy was told that it says */
	uint8_t  authorized, has_csr, send_status, objects, any;
	uint8_t  wants_key;         /* 1: a new key was asked for, 2: it has come */
	uint8_t  csign_len, ppkey_len; /* of the flat forms */
	uint8_t  csign[DPP_FLAT], ppkey[DPP_FLAT];
	uint8_t  csign_point[DPP_POINT], ppkey_point[DPP_POINT], kid[DPP_KID];
	int32_t  csign_curve;
	uint8_t  device_len, device[64]; /* its name */
	uint16_t uri_len;
	uint8_t  uri[DPP_URI_MAX];  /* of the peer; empty: it is not known */
	uint16_t cap, chain_len, held_len; /* of what follows: a CSR or its certificates, then attributes */
	uint8_t  held[];
};

/* --- reconfig_owner.c: an announcement, and what came back --- */
imp_status dpp_reconf_heard(struct dpp_configurator *k, imp_cx *cx, const dpp_frame *f);
/* In DPP_C_QUERY if it is a peer of ours, which then hears our confirmation. */
imp_status dpp_reconf_on_response(struct dpp_configurator *k, imp_cx *cx, const dpp_frame *f);

#endif
