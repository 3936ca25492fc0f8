/* coapin.h -- what coap.c, coapclient.c and coapserver.c share. */
#ifndef IMPRINT_COAPIN_H
#define IMPRINT_COAPIN_H

#include "coap.h"
#include "coapmsg.h"
#include "ct.h"

enum { PULL = 231, NO_FORMAT = 0xffff, TOKEN = 8, HOST = 64, SLOT_HEAD = 192, SEEN = 16, BURST = 8 };

enum request { /* the one request of ours */
	REQ_NONE,
	REQ_SENT,     /* CON is out: ACK or reply is awaited                  */
	REQ_WAITING,  /* acknowledged: the reply is awaited                   */
	REQ_HUNGRY,   /* TICK asks for its next piece                         */
	REQ_FED,      /* asked                                                */
	REQ_PAUSED    /* a piece of the reply was delivered; pull it          */
};

struct request_state {
	uint8_t state, tries, szx, echo_len, etag_len, echoed, more;
	uint16_t mid, topic, name_len;
	int32_t code;
	uint32_t ticket;
	uint32_t base, len, at;    /* body: bytes before out, in out, acknowledged of out */
	uint32_t reply_at;         /* bytes of the reply so far                           */
	uint32_t span;             /* ms of the present wait for an ACK                   */
	uint64_t due, until;
	uint8_t token[TOKEN], echo[40], etag[8];
};

enum slot_state { /* of one request of the peer */
	SLOT_FREE,
	SLOT_SERVING, /* delivered (or its body is incomplete)                */
	SLOT_ACKED,   /* ... and an empty ACK sent                            */
	SLOT_CONFIRM, /* a separate CON response is out                       */
	SLOT_DONE     /* answered; kept for duplicates                        */
};

struct slot {
	uint8_t state, type, token_len, tries, silent; /* silent: No-Response's bits */
	uint8_t partial;      /* a block that is acknowledged when the piece is pulled */
	uint8_t pulls;        /* the ticket asks for the next piece of a reply         */
	uint16_t mid, reply_mid, len;
	uint32_t ticket, span;
	uint32_t block1, block2; /* of the request                             */
	uint64_t due, until, hash;
	uint8_t token[TOKEN];
};

/* Whose is the memory for bodies in blocks? */
enum owner { NOBODY, REPLY_IN, REQUEST_IN, REPLY_OUT };

struct coap {
	uint32_t max;         /* max_msg                                      */
	uint16_t slots, cap;  /* number; block size at most                   */
	uint8_t szx;          /* of this link                                 */
	uint8_t up, owner, host_len;
	uint16_t mid;
	uint32_t seed, tokens, tickets;
	uint16_t seen[SEEN];  /* message ids of the peer's last requests      */
	uint8_t seen_n;       /* how many of them there were, up to SEEN      */
	uint8_t seen_at;
	uint64_t seen_until;  /* none of them matters any more                */
	struct request_state q;
	/* the body in `in`: */
	uint8_t out_more;     /* REPLY_OUT: another piece follows             */
	uint8_t out_code;
	uint16_t out_format;
	uint32_t in_base, in_len;
	uint64_t in_hash;     /* of the request it belongs to                 */
	uint64_t in_until;
	uint8_t host[HOST];
	uint8_t prefix[4];    /* of our tokens: random                        */
};
/* Behind it: name (IMP_COAP_NAME), out and in (max and a block each), slots. */

uint8_t *coap_name(struct coap *s);
uint8_t *coap_out(struct coap *s);
uint8_t *coap_in(struct coap *s);
uint32_t coap_room(const struct coap *s); /* bytes of out, and of in */
struct slot *coap_slot(struct coap *s, unsigned i);
uint8_t *coap_slot_bytes(struct slot *k);
size_t coap_slot_cap(const struct coap *s);

uint16_t coap_mid(struct coap *s);
uint32_t coap_jitter(struct coap *s); /* ms until the first retransmission */
void coap_send(imp_cx *cx, imp_span bytes);
void coap_empty(imp_cx *cx, uint8_t type, uint16_t mid);
void coap_answer(imp_cx *cx, uint32_t ticket, int32_t code);
/* Deliver a body: RX with a new ticket, or an ANSWER. */
imp_span coap_room_name(imp_cx *cx, const struct imp_coap_msg *m);

/* client */
void coap_client_tx(struct coap *s, imp_cx *cx, const imp_msg *m);
void coap_client_reply(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m);
int  coap_client_is_ours(const struct coap *s, const struct imp_coap_msg *m);
void coap_client_empty(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m);
void coap_client_tick(struct coap *s, imp_cx *cx);
void coap_client_fail(struct coap *s, imp_cx *cx, int32_t code);
uint64_t coap_client_due(const struct coap *s);

/* server */
void coap_server_request(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m);
void coap_server_empty(struct coap *s, const struct imp_coap_msg *m);
void coap_server_answer(struct coap *s, imp_cx *cx, const imp_msg *m);
void coap_server_tick(struct coap *s, imp_cx *cx);
uint64_t coap_server_due(struct coap *s);

#endif
