/* server.h -- what the three server roles share: one request at a time, one
 * question at a time, an end that the device and the log both understand.
 *
 * Every role's state starts with a struct fdo_server.  A request is answered
 * by fdo_reply(), or by fdo_refuse(), which also ends the session: message
 * 255 with the wire's error, then DONE with the same number in topic and the
 * reason in data.  fdo_server_where() names the state, and after a refusal
 * the state and the reason.
 *
 * Time: a session that hears nothing from its device for FDO_IDLE ends with
 * IMP_ETIME (FDO_IDLE_INFO while ServiceInfo runs, since a device may be busy
 * with a command), one whose question nobody answers after FDO_PATIENCE. */
#ifndef IMPRINT_FDO_SERVER_H
#define IMPRINT_FDO_SERVER_H

#include "voucher.h"

enum { FDO_TOKEN = 16, FDO_REASON = 32 }; /* bytes */
enum { FDO_IDLE = 30000, FDO_IDLE_INFO = 600000, FDO_PATIENCE = 120000 }; /* ms */
enum { FDO_HOLD_DEFAULT = 2048, FDO_HOLD_PARTS = 4 };
enum { FDO_BURST = 32 }; /* messages of one step, of any role */
enum { FDO_SIG_MAX = 384, FDO_OWNER_MAX = 65535 }; /* bytes */

struct fdo_server {
	uint8_t  token[FDO_TOKEN]; /* the session key, START's name */
	uint8_t  state;            /* the role's own */
	uint8_t  told;             /* the device has the token */
	uint8_t  message;          /* number of the request in work, or of the last */
	uint8_t  over;
	uint32_t idle;             /* ms to wait for the next request */
	uint32_t request;          /* ticket of the request in work */
	uint32_t tickets, want;    /* our own counter; the question in flight */
	char     reason[FDO_REASON];
};

/* A request of the device as the host hands it over: its message number, or
 * 0 if the path is no FDO path.  *token: the bearer token's text, or empty. */
uint8_t fdo_request_type(const imp_msg *rx, imp_span *token);
/* The reply's header lines; token NULL: without one.  Written to `to`, which
 * holds FDO_REPLY_LINES bytes. */
enum { FDO_REPLY_LINES = 96 };
imp_span fdo_reply_lines(char to[FDO_REPLY_LINES], uint8_t type, const uint8_t *token);

/* START: the token; IMP_EARG if there is none. */
imp_status fdo_server_start(struct fdo_server *s, imp_cx *cx, const imp_msg *in);
/* An RX: remember its ticket and number.  Returns the number.  0: it was
 * answered already (busy, over, or the peer's own error, which ends the
 * session) and *st is what to return. */
uint8_t fdo_server_take(struct fdo_server *s, imp_cx *cx, const imp_msg *rx, const char *where, imp_status *st);
/* Is this the answer that the state waits for?  Then it waits no more. */
int fdo_server_wanted(struct fdo_server *s, const imp_msg *answer);

/* Answer the request with message `type`, and expect the next in `state`. */
imp_status fdo_reply(struct fdo_server *s, imp_cx *cx, uint8_t state, uint8_t type, imp_span body);
/* Ask, and wait in `state`. */
imp_status fdo_ask(struct fdo_server *s, imp_cx *cx, uint8_t state, uint16_t topic, int32_t code, imp_span name, imp_span data);
/* LEARN|NOW, and wait in `state` for the commit. */
imp_status fdo_commit(struct fdo_server *s, imp_cx *cx, uint8_t state, uint16_t topic, imp_span name, imp_span data, uint64_t when);
/* LEARN without a ticket. */
imp_status fdo_learn(imp_cx *cx, uint16_t topic, int32_t code, uint16_t flags, imp_span name, imp_span data);
/* The end, well or ill: `st` for the host, `error` (enum fdo_error) for the
 * wire, `why` a static text; `where` the state it happened in. */
imp_status fdo_refuse(struct fdo_server *s, imp_cx *cx, imp_status st, uint16_t error, const char *where, const char *why);
/* The same for an answer that is none: DONE's name is the fact that is
 * missing, its code the host's own or IMP_EFACT. */
imp_status fdo_lacks(struct fdo_server *s, imp_cx *cx, int32_t code, uint16_t error, const char *where, const char *why, imp_span fact);
imp_status fdo_finish(struct fdo_server *s, imp_cx *cx, imp_status st, uint64_t when);
/* Work memory of one step: what is held, in three forms, and three messages. */
size_t fdo_server_work(const imp_params *p);

/* --- what must outlive a question --------------------------------------- */

/* Up to FDO_HOLD_PARTS byte strings, by number, in the `cap` bytes of memory
 * that follow this struct. */
struct fdo_hold {
	uint16_t cap, len[FDO_HOLD_PARTS];
};
size_t     fdo_hold_room(const imp_params *p);  /* params.max_chain, or the default */
imp_status fdo_hold_put(struct fdo_hold *h, unsigned part, imp_span s); /* replaces; IMP_ENOSPC */
imp_span   fdo_hold_get(const struct fdo_hold *h, unsigned part);
void       fdo_hold_wipe(struct fdo_hold *h);

/* --- claims (fdo.h) ----------------------------------------------------- */

struct fdo_claims {
	imp_span identity;     /* GUID; in DI the serial, as text */
	int      serial;       /* identity is text */
	imp_span info;         /* text */
	imp_span mfg, owner;   /* raw PublicKey arrays; empty: none */
	imp_span spki;         /* of the device */
	imp_span leaf;         /* its certificate; empty: null */
	size_t   entries;
	uint32_t wait;         /* seconds; 0: none */
};
/* Fills info, mfg, leaf, spki from a head.  IMP_EBADMSG: the leaf. */
imp_status fdo_claims_of(struct fdo_claims *k, const fdo_head *h);
imp_status fdo_put_claims(const imp_crypto *c, imp_wr *w, const struct fdo_claims *k);

/* Names of facts: "GUID" in hex, and "prefix" + GUID + "suffix". */
enum { FDO_NAME = 160 };
imp_span fdo_name(char to[FDO_NAME], const char *prefix, const uint8_t *guid, const char *suffix, imp_span more);
/* 16 bytes from 32 hex digits of either case; 0: they are not. */
int      fdo_unhex(imp_span text, uint8_t out[16]);

/* May a device key of this kind sign like this?  RSA: PKCS#1 or PSS. */
int fdo_sig_fits(const fdo_key *key, int32_t sig);
/* The path from leaf to the last certificate of an encoded chain. */
imp_status fdo_chain_path(const imp_crypto *c, imp_span chain, const char **why);

#endif
