/* enrollee.h -- the enrollee's state, for enrollee.c, intro.c and reconfig.c. */
#ifndef IMPRINT_DPP_ENROLLEE_H
#define IMPRINT_DPP_ENROLLEE_H

#include "config.h"
#include "run.h"

enum dpp_enrollee_state {
	DPP_E_ABOUT = DPP_S_ROLE + 1,     /* CONFIG "dpp.enrollee" */
	DPP_E_RESPONSE,                   /* a GAS query is on its way */
	DPP_E_ABOUT_AGAIN,                /* the same belief, for the next query */
	DPP_E_RETRY,                      /* no response came: a pause */
	DPP_E_COMMIT,                     /* LEARN NOW */
	DPP_E_RESULT,                     /* the result is sent, and repeated */
	DPP_E_CONNECT,                    /* ASK RUN: the host tries the network */
	DPP_E_CSIGN, DPP_E_NETKEY,        /* of an earlier run, for what follows */
	DPP_E_INTRO_LISTEN,               /* as access point */
	DPP_E_INTRO_REQUEST,              /* our Connector, to be sent */
	DPP_E_INTRO_RESPONSE,             /* a peer discovery request is on its way */
	DPP_E_INTRO_MATCH,                /* our Connector, beside the peer's */
	DPP_E_RECONF_PPKEY,
	DPP_E_RECONF_REQUEST,             /* announced, waiting for the configurator */
	DPP_E_RECONF_CONNECTOR, DPP_E_RECONF_CONFIRM
};

struct dpp_enrollee {
	struct dpp_run run;
	uint8_t  e_nonce[DPP_NONCE];
	uint8_t  role;              /* enum dpp_netrole: what we want to be */
	uint8_t  status;            /* of the result */
	uint8_t  wants_status;      /* the configurator wants to hear how it went */
	uint8_t  csr;               /* a CSR was asked for */
	uint8_t  new_key;           /* a key on another curve was asked for */
	uint8_t  queries;
	uint8_t  transaction;
	uint8_t  ssid_len, ssid[32]; /* of the first network */
	/* of an earlier run; curve 0, length 0: there is none */
	int32_t  csign_curve;
	uint8_t  csign[DPP_POINT];
	uint8_t  netkey_len, netkey[IMP_KEY_HEAD + DPP_PRIME];
	uint8_t  pmk_len, pmk[DPP_HASH + 16];
};

/* What a small device leaves out: introduction and reconfiguration.  Each takes
 * the states named for it.  (intro.c, reconfig.c) */
struct dpp_more {
	imp_status (*beliefs)(struct dpp_enrollee *e, imp_cx *cx); /* csign and netkey, then dpp_run_ready() */
	imp_status (*begin)(struct dpp_enrollee *e, imp_cx *cx);
	imp_status (*answer)(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in, const struct dpp_role *role);
	imp_status (*receive)(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in, const dpp_frame *f);
	imp_status (*tick)(struct dpp_enrollee *e, imp_cx *cx);
};
extern const struct dpp_more dpp_intro, dpp_reconfig;

/* The enrollee as a role, with `exchange` and `more` (both of these) or without. */
#define DPP_ENROLLEE_ROLE(with_exchange, with_more) { \
	.caps = DPP_CAP_ENROLLEE, .beliefs = dpp_enrollee_beliefs, .begin = dpp_enrollee_begin, \
	.authenticated = dpp_enrollee_authenticated, .answer = dpp_enrollee_answer, .receive = dpp_enrollee_receive, \
	.tick = dpp_enrollee_tick, .exchange = (with_exchange), .more = (with_more)}
imp_status dpp_enrollee_beliefs(struct dpp_run *r, imp_cx *cx);
imp_status dpp_enrollee_begin(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role);
imp_status dpp_enrollee_authenticated(struct dpp_run *r, imp_cx *cx);
imp_status dpp_enrollee_answer(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role);
imp_status dpp_enrollee_receive(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const dpp_frame *f, const struct dpp_role *role);
imp_status dpp_enrollee_tick(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role);

#endif
