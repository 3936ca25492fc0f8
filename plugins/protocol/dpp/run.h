/* run.h -- what both roles share: beliefs, link, bootstrapping and authentication,
 * as one state machine that hands over to its role once the peer has proved
 * itself.  A role's state starts with a struct dpp_run.
 *
 * On a lossy link the last frame is repeated until its answer comes; frames that
 * come again are answered with the same bytes; frames that do not verify, and
 * those that nobody waits for, are ignored. */
#ifndef IMPRINT_DPP_RUN_H
#define IMPRINT_DPP_RUN_H

#include "auth.h"
#include "bootstrap.h"
#include "dpplink.h"
#include "pkex.h"

enum dpp_state {
	DPP_S_IDLE = 0,
	DPP_S_OWN_KEY, DPP_S_OWN_URI,             /* beliefs of everybody */
	DPP_S_PEER_URI, DPP_S_PEER_READ,          /* whom do we initiate with? */
	DPP_S_CODE, DPP_S_CODE_READ,              /* ... by which code? */
	DPP_S_OPENING, DPP_S_LISTEN, DPP_S_ANNOUNCE,
	DPP_S_RESPONSE, DPP_S_PENDING,            /* as initiator */
	DPP_S_CONFIRM,                            /* as responder */
	DPP_S_INITIATOR_URI, DPP_S_INITIATOR_READ, /* mutual: who is it? */
	DPP_S_CHIRP_URI,                          /* configurator: who announces itself? */
	DPP_S_PKEX_RESPONSE, DPP_S_PKEX_REVEAL,   /* as PKEX initiator */
	DPP_S_PKEX_GUESSES, DPP_S_PKEX_CODE, DPP_S_PKEX_CODE_READ, /* as PKEX responder: which code? */
	DPP_S_PKEX_REVEALED, DPP_S_PKEX_DONE,     /* ... is it known; now authenticate */
	DPP_S_OVER,
	DPP_S_ROLE                                /* the role's own begin here */
};

enum dpp_how { DPP_BY_URI = 0, DPP_BY_PKEX, DPP_BY_CHIRP, DPP_BY_RECONF }; /* first trust */

enum { DPP_CHANNELS = 8, DPP_NAME = 80, DPP_REASON = 40, DPP_ADDRESS = 16, DPP_BURST = 16 };
enum { /* ms */
	DPP_REPEAT = 1000, DPP_PATIENCE = 10000, DPP_PEOPLE = 120000, DPP_OPEN = 30000,
	DPP_DWELL = 2000, DPP_PAUSE = 30000, DPP_ROUND = 5, DPP_RETRY = 10000
};

struct dpp_run {
	uint8_t  state;
	uint8_t  topic;          /* which run: low byte of START.topic */
	uint8_t  up, reliable, opened;
	uint8_t  mutual;         /* insist on the initiator's URI */
	uint8_t  shown;          /* our URI is on show */
	uint8_t  how;            /* enum dpp_how */
	uint8_t  ready;          /* beliefs are complete: frames are looked at */
	uint8_t  tries, channel_at, channels;
	uint8_t  address_len, mac_known;
	uint8_t  name_len, held; /* held: `last` is a frame that came before we were ready */
	uint16_t last_len;
	uint16_t channel[DPP_CHANNELS];
	uint32_t tickets, want, label;
	uint64_t until;          /* when patience ends */
	uint8_t  mac[6];         /* our own */
	uint8_t  address[DPP_ADDRESS]; /* the peer's, as the link writes it */
	char     name[DPP_NAME]; /* the fact that was asked for; at first START.name */
	char     reason[DPP_REASON];
	uint8_t  last[DPP_FRAME_MAX];  /* what was sent last, to be repeated */
	struct dpp_auth auth;
	struct dpp_pkex pkex;
};

/* What a role adds.  All are called with the state as it is, and may change it. */
struct dpp_role {
	uint8_t caps;                 /* DPP_CAP_* */
	/* Ask for the role's beliefs; in the end dpp_run_ready(). */
	imp_status (*beliefs)(struct dpp_run *r, imp_cx *cx);
	/* The peer's URI, in whole, as soon as it is known.  NULL: not wanted. */
	imp_status (*peer_uri)(struct dpp_run *r, imp_span uri);
	/* Beliefs and link are there, and there is nothing to bootstrap: START.topic
	 * is the role's own. */
	imp_status (*begin)(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role);
	imp_status (*authenticated)(struct dpp_run *r, imp_cx *cx);
	/* An ANSWER, a frame (f NULL: GAS), a TICK in one of the role's states. */
	imp_status (*answer)(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role);
	imp_status (*receive)(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const dpp_frame *f, const struct dpp_role *role);
	imp_status (*tick)(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role);
	/* A frame that begins something of the role's own, while we listen; or NULL. */
	imp_status (*listen)(struct dpp_run *r, imp_cx *cx, const dpp_frame *f);
	/* What a small device leaves out.  NULL: it is not linked. */
	const struct dpp_exchange *exchange; /* PKEX */
	const void *more;                    /* the role's own business */
};

/* PKEX in a run: the states named for it, and the code's.  (exchange.c) */
struct dpp_exchange {
	imp_status (*code)(struct dpp_run *r, imp_cx *cx);    /* initiator: ask for it */
	imp_status (*request)(struct dpp_run *r, imp_cx *cx); /* ... the link is up */
	imp_status (*heard)(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const dpp_frame *f); /* a request */
	imp_status (*frame)(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const dpp_frame *f, const struct dpp_role *role);
	imp_status (*answer)(struct dpp_run *r, imp_cx *cx, const imp_msg *in);
	imp_status (*tick)(struct dpp_run *r, imp_cx *cx);
};
extern const struct dpp_exchange dpp_exchange;

imp_status dpp_run_step(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role);
const char *dpp_run_where(const struct dpp_run *r); /* NULL: a state of the role's */

/* --- for roles --- */

/* Ask, and wait in `state` (for `ms`, 0: as long as it takes). */
imp_status dpp_ask(struct dpp_run *r, imp_cx *cx, uint8_t state, uint16_t topic, const char *name, imp_span more);
imp_status dpp_ask_with(struct dpp_run *r, imp_cx *cx, uint8_t state, uint16_t topic, int32_t code, imp_span name, imp_span data);
imp_status dpp_learn(imp_cx *cx, uint16_t topic, int32_t code, uint16_t flags, uint32_t ticket, imp_span name, imp_span data);
/* A name in r->name: "prefix" + 64 hex digits of a hash (NULL: none) + more. */
imp_span dpp_name(struct dpp_run *r, const char *prefix, const uint8_t *hash, imp_span more);
imp_status dpp_run_ready(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role);

/* Work memory as a writer; `n` bytes. */
imp_wr dpp_room(imp_cx *cx, size_t n);
/* Send what was written, keep it, repeat it (on lossy links), and wait in
 * `state`.  Too long to be kept: sent once. */
imp_status dpp_send(struct dpp_run *r, imp_cx *cx, uint8_t state, const imp_wr *w);
imp_status dpp_send_again(struct dpp_run *r, imp_cx *cx);
imp_status dpp_transmit(struct dpp_run *r, imp_cx *cx, imp_span frame, uint16_t flags, uint16_t channel, uint64_t dwell);
/* Be silent, and wait in `state` for `ms`. */
void dpp_wait(struct dpp_run *r, imp_cx *cx, uint8_t state, uint64_t ms);
/* The next TICK no later than r->until: 1 if that has come. */
int dpp_tired(struct dpp_run *r, imp_cx *cx);
/* Open the link to "dpp:..." with the channels of r. */
imp_status dpp_open(struct dpp_run *r, imp_cx *cx, imp_span target);

/* Authenticate as initiator: peer_B is known. */
imp_status dpp_run_authenticate(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role);
/* An authentication request. */
imp_status dpp_run_request(struct dpp_run *r, imp_cx *cx, const dpp_frame *f, const struct dpp_role *role);
uint16_t   dpp_run_channel(const struct dpp_run *r); /* that we are on; 0: no wish */
void       dpp_note_address(struct dpp_run *r, imp_span name);

/* The end.  status: the wire's, in DONE's topic; why: static text. */
imp_status dpp_fail(struct dpp_run *r, imp_cx *cx, imp_status st, int status, const char *why);
imp_status dpp_lacks(struct dpp_run *r, imp_cx *cx); /* the fact in r->name */
imp_status dpp_done(struct dpp_run *r, imp_cx *cx, imp_status st, uint64_t when);

#endif
