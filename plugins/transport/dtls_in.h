/* dtls_in.h -- what the files of dtls share.
 *
 * A step runs on a struct imp_dtls_run: the session's state, the core's cx
 * and the layer's profile, which lists its suites.  A suite is a key exchange
 * and a record protection; both are const tables of functions, so that only
 * what a profile names is linked. */
#ifndef IMPRINT_DTLS_IN_H
#define IMPRINT_DTLS_IN_H

#include "dtls.h"
#include "dtls_wire.h"

enum {
	IMP_DTLS_KEYS = 96,      /* longest key block                              */
	IMP_DTLS_ADDRESS = 24,   /* bytes of a peer's name that are kept           */
	IMP_DTLS_CID_MAX = 32,   /* bytes of a connection id that a peer may want  */
	IMP_DTLS_HELD = 128,     /* bytes of a Finished that came too early        */
	IMP_DTLS_NAME = 64,      /* bytes of a host name                           */
	IMP_DTLS_SECRET = 64,    /* bytes of a PSK or password                     */
	IMP_DTLS_AHEAD = 8,      /* messages ahead of their turn that are kept     */
	IMP_DTLS_FLIGHT = 3,     /* datagrams of a flight that one step sends      */
	IMP_DTLS_BURST = 14,
	IMP_DTLS_SUITES = 8,     /* most of a profile                              */
	IMP_DTLS_POINT = 65
};

enum imp_dtls_state {
	IMP_DTLS_IDLE, IMP_DTLS_OPENING, IMP_DTLS_PLAIN, IMP_DTLS_CONNECTED,
	/* client */
	IMP_DTLS_EXPECT_SERVER_HELLO, IMP_DTLS_EXPECT_SERVER_CERT, IMP_DTLS_EXPECT_SERVER_KEX, IMP_DTLS_EXPECT_DONE,
	IMP_DTLS_EXPECT_SERVER_FINISHED,
	/* server */
	IMP_DTLS_EXPECT_CLIENT_HELLO, IMP_DTLS_CHOOSING, IMP_DTLS_EXPECT_CLIENT_CERT, IMP_DTLS_EXPECT_CLIENT_KEX,
	IMP_DTLS_EXPECT_CERT_VERIFY, IMP_DTLS_EXPECT_CLIENT_FINISHED
};

enum imp_dtls_asked { IMP_DTLS_ASKED_OFFER = 1, IMP_DTLS_ASKED_SECRET, IMP_DTLS_ASKED_CHAIN, IMP_DTLS_ASKED_KEY, IMP_DTLS_ASKED_VERIFY };

struct imp_dtls_run;

/* How records are protected. */
struct imp_dtls_bulk {
	uint8_t mac, key, iv;  /* bytes of each in the key block                   */
	uint8_t nonce;         /* explicit, in the record                          */
	uint8_t most;          /* bytes that it adds at most, without the head     */
	imp_status (*seal)(const struct imp_dtls_run *r, const uint8_t *keys, int server, imp_span aad, uint64_t number, imp_span in, uint8_t *out, size_t *len);
	imp_status (*open)(const struct imp_dtls_run *r, const uint8_t *keys, int server, imp_span aad, imp_span in, uint8_t *out, size_t *len);
	size_t     (*fits)(size_t room); /* plaintext that fits into so many bytes */
};

/* The premaster secret in the making. */
struct imp_dtls_premaster { uint8_t bytes[2 * (2 + IMP_DTLS_SECRET) + 8]; size_t len; };

/* A negative status of any of these ends the handshake. */
struct imp_dtls_certs; /* dtls_cert.h */
struct imp_dtls_kex {
	uint8_t secret;  /* IMP_K_PSK, IMP_K_PASSWORD, or 0                        */
	uint8_t early;   /* the server needs it for its ServerKeyExchange          */
	uint8_t ecc;     /* hellos speak of curves                                 */
	uint8_t silent;  /* the server may leave ServerKeyExchange out             */
	const struct imp_dtls_certs *certs; /* NULL: no certificates               */
	/* Extensions of our hello, and of the peer's.  May be NULL. */
	imp_status (*put_hello)(struct imp_dtls_run *r, imp_wr *w);
	imp_status (*take_hello)(struct imp_dtls_run *r, const struct imp_dtls_hello *h);
	/* ServerKeyExchange.  Nothing written: it is left out. */
	imp_status (*put_server)(struct imp_dtls_run *r, imp_wr *w, imp_span secret);
	imp_status (*take_server)(struct imp_dtls_run *r, imp_span body);
	/* ClientKeyExchange. */
	imp_status (*put_client)(struct imp_dtls_run *r, imp_wr *w, imp_span identity, imp_span secret);
	imp_status (*take_client)(struct imp_dtls_run *r, imp_span body);
	imp_status (*premaster)(struct imp_dtls_run *r, imp_span secret, struct imp_dtls_premaster *out);
};

struct imp_dtls_suite {
	uint16_t id, named; /* named: only if an option names it                   */
	const struct imp_dtls_kex *kex;
	const struct imp_dtls_bulk *bulk;
};

typedef struct imp_dtls_profile {
	const struct imp_dtls_suite *suites;
	uint16_t count;
	uint16_t kex;     /* bytes that key exchanges keep                         */
	uint16_t in, out; /* bytes for messages, without certificates              */
	uint16_t certs;   /* 1: and those too                                      */
	void (*start_client)(struct imp_dtls_run *r); /* NULL: no client           */
	void (*start_server)(struct imp_dtls_run *r);
	void (*client_takes)(struct imp_dtls_run *r, uint8_t type, imp_span body);
	void (*server_takes)(struct imp_dtls_run *r, uint8_t type, imp_span body);
	void (*client_hears)(struct imp_dtls_run *r, int asked, const imp_msg *answer);
	void (*server_hears)(struct imp_dtls_run *r, int asked, const imp_msg *answer);
} imp_dtls_profile;

/* One association's keys, both directions. */
struct imp_dtls_epoch {
	uint64_t wseq;      /* of the next record written                          */
	uint64_t top, seen; /* one above the highest read, and which below it      */
	uint8_t  suite;     /* 1 + number in the profile; 0: no keys               */
	uint8_t  cid_in, cid_out_len, ems;
	uint8_t  peer_type;  /* certificate type                                   */
	uint8_t  keys[IMP_DTLS_KEYS];
	uint8_t  cid[IMP_DTLS_CID], cid_out[IMP_DTLS_CID_MAX];
	uint8_t  random[64]; /* the client's, the server's                         */
	uint8_t  master[48];
	uint8_t  unique[12]; /* the first Finished                                 */
};

struct imp_dtls {
	uint8_t  state, server, asked, tries;
	uint8_t  ccs, read;      /* the peer's ChangeCipherSpec came; next.keys read */
	uint8_t  auth;           /* the client is to show a certificate            */
	uint8_t  cookie, first;  /* client: HelloVerify was answered; server: no hello yet */
	uint8_t  cid_wanted;
	uint8_t  peer_live;      /* what is kept of the peer belongs to live       */
	uint8_t  my_type, types[2], types_n; /* certificate types                  */
	uint8_t  addr_len, name_len, held_len, hold;
	uint8_t  order_n, order[IMP_DTLS_SUITES]; /* suites in our order           */
	uint16_t below, rto, timeout; /* below: largest datagram, 0 unknown; ms    */
	uint16_t next_in, next_out, suite;
	uint16_t in_len, out_len, out_at, out_part; /* out_at: the flight's cursor */
	uint16_t peer_len;       /* PSK identity, certificates or raw key          */
	uint32_t label, ticket, tickets;
	uint64_t wseq, resend_at, sent_at; /* wseq: epoch 0                        */
	uint8_t  addr[IMP_DTLS_ADDRESS], name[IMP_DTLS_NAME], held[IMP_DTLS_HELD];
	struct imp_dtls_epoch live, next;
	uint64_t hash[IMP_HASH_CTX / 8];
	uint32_t in_cap, out_cap, kex_cap, peer_cap; /* of what follows: */
	uint64_t buf[];          /* kex, in, out, peer                             */
};

struct imp_dtls_run {
	struct imp_dtls *s;
	imp_cx *cx;
	const imp_dtls_profile *p;
	imp_status fault; /* what the step has to fail with */
};

static inline const struct imp_dtls_suite *imp_dtls_suite_of(const struct imp_dtls_run *r)
{
	return &r->p->suites[r->s->suite];
}

/* The four areas behind the struct. */
static inline uint8_t *imp_dtls_kex_at(const struct imp_dtls *s) { return (uint8_t *)(uintptr_t)s->buf; }
static inline uint8_t *imp_dtls_in_at(const struct imp_dtls *s) { return imp_dtls_kex_at(s) + s->kex_cap; }
static inline uint8_t *imp_dtls_out_at(const struct imp_dtls *s) { return imp_dtls_in_at(s) + s->in_cap; }
static inline uint8_t *imp_dtls_peer_at(const struct imp_dtls *s) { return imp_dtls_out_at(s) + s->out_cap; }

/* --- dtls.c: the layer ------------------------------------------------------ */
size_t     imp_dtls_need(const imp_dtls_profile *p, const imp_params *q);
size_t     imp_dtls_work(const imp_params *q);
imp_status imp_dtls_init(const imp_dtls_profile *p, void *state, const imp_params *q);
imp_status imp_dtls_step(const imp_dtls_profile *p, void *state, imp_cx *cx, const imp_msg *m);
const char *imp_dtls_where(const void *state);
const imp_channel *imp_dtls_channel(const imp_dtls_profile *p, const void *state, imp_cx *cx);

/* The handshake has failed: alert, SHUT, DOWN; or back to the live keys. */
void imp_dtls_fail(struct imp_dtls_run *r, imp_status code, int alert);
void imp_dtls_ask(struct imp_dtls_run *r, int asked, uint16_t topic, int32_t code, imp_span name, imp_span data);
/* Finished is verified and ours is sent: the new keys are the live ones. */
void imp_dtls_connected(struct imp_dtls_run *r);

/* --- dtls_rec.c: records ------------------------------------------------------ */
/* One record into `w`: epoch 0 plain, 1 under `e`. */
imp_status imp_dtls_put_record(struct imp_dtls_run *r, imp_wr *w, struct imp_dtls_epoch *e, uint8_t type, imp_span in);
/* Content and true type; IMP_EAUTH: forged, replayed or malformed.  The bytes lie in work memory. */
imp_status imp_dtls_open_record(struct imp_dtls_run *r, struct imp_dtls_epoch *e, const struct imp_dtls_record *in, uint8_t *type, imp_span *out);
/* Largest content of a record in a datagram of `room` bytes. */
size_t     imp_dtls_fits(const struct imp_dtls_run *r, const struct imp_dtls_epoch *e, size_t room);
void       imp_dtls_send(struct imp_dtls_run *r, struct imp_dtls_epoch *e, uint8_t type, imp_span in, uint32_t ticket);
void       imp_dtls_alert(struct imp_dtls_run *r, int fatal, int what);
imp_msg    imp_dtls_tx(const struct imp_dtls *s, imp_span datagram);

/* --- dtls_ccm.c, dtls_cbc.c ----------------------------------------------------- */
extern const struct imp_dtls_bulk imp_dtls_ccm8, imp_dtls_cbc;

/* --- dtls_flight.c: messages in and out --------------------------------------- */
/* Put a fragment where it belongs; IMP_ENOSPC: the message is too large for us. */
imp_status imp_dtls_collect(struct imp_dtls *s, const struct imp_dtls_fragment *f);
/* The next message in turn, whole, with its head; empty: it is not there yet. */
imp_span imp_dtls_next(const struct imp_dtls *s);
void     imp_dtls_drop(struct imp_dtls *s); /* that message is dealt with */
void     imp_dtls_begin_flight(struct imp_dtls_run *r);
/* A message of the flight: write its body, then end it (transcript and all). */
imp_wr     imp_dtls_msg(struct imp_dtls_run *r);
imp_status imp_dtls_msg_end(struct imp_dtls_run *r, uint8_t type, const imp_wr *w);
void     imp_dtls_put_ccs(struct imp_dtls_run *r);
void     imp_dtls_send_flight(struct imp_dtls_run *r);  /* from its beginning, with a timer */
void     imp_dtls_send_on(struct imp_dtls_run *r);      /* the next few datagrams  */
void     imp_dtls_tick(struct imp_dtls_run *r);
void     imp_dtls_rest(struct imp_dtls_run *r);         /* no timer any more */
void     imp_dtls_arm(struct imp_dtls_run *r);          /* ... and again: the peer is to speak */
/* The peer sent again what it had sent: so do we, but not too often. */
void     imp_dtls_repeat(struct imp_dtls_run *r);

/* --- dtls_prf.c: key schedule --------------------------------------------------- */
imp_status imp_dtls_prf(const imp_crypto *c, imp_span secret, const char *label, const imp_span *seed, size_t n, uint8_t *out, size_t len);
void       imp_dtls_hash_start(struct imp_dtls_run *r);
void       imp_dtls_hash_push(struct imp_dtls_run *r, imp_span message);
void       imp_dtls_hash_peek(const struct imp_dtls_run *r, uint8_t out[32]);
/* Master secret and next.keys. */
imp_status imp_dtls_derive(struct imp_dtls_run *r, imp_span secret);
imp_status imp_dtls_finished(const struct imp_dtls_run *r, int server, uint8_t out[12]);
imp_status imp_dtls_export(const struct imp_dtls_epoch *e, const imp_crypto *c, size_t key_block, const char *label, imp_span context, uint8_t *out, size_t len);

/* --- dtls_psk.c, dtls_ec.c, dtls_jpake.c ------------------------------------------- */
extern const struct imp_dtls_kex imp_dtls_psk_kex, imp_dtls_ecdhe_psk_kex, imp_dtls_ecdhe_ecdsa_kex, imp_dtls_ecdh_anon_kex, imp_dtls_jpake_kex;
enum { IMP_DTLS_EC_KEX = 168, IMP_DTLS_JPAKE_KEX = 400 };

/* --- dtls_client.c, dtls_server.c --------------------------------------------------- */
void imp_dtls_start_client(struct imp_dtls_run *r);
void imp_dtls_start_server(struct imp_dtls_run *r);
void imp_dtls_client_takes(struct imp_dtls_run *r, uint8_t type, imp_span body);
void imp_dtls_server_takes(struct imp_dtls_run *r, uint8_t type, imp_span body);
void imp_dtls_client_hears(struct imp_dtls_run *r, int asked, const imp_msg *answer);
void imp_dtls_server_hears(struct imp_dtls_run *r, int asked, const imp_msg *answer);
#define IMP_DTLS_CLIENT .start_client = imp_dtls_start_client, .client_takes = imp_dtls_client_takes, .client_hears = imp_dtls_client_hears
#define IMP_DTLS_SERVER .start_server = imp_dtls_start_server, .server_takes = imp_dtls_server_takes, .server_hears = imp_dtls_server_hears

/* --- dtls_hand.c: what both sides of a handshake do ---------------------------------- */
imp_status imp_dtls_options(struct imp_dtls_run *r, imp_span map);
int  imp_dtls_alert_of(imp_status st);
void imp_dtls_ccs_and_finished(struct imp_dtls_run *r);
/* Is the peer's Finished what it must be?  If not, the handshake fails. */
int  imp_dtls_check_finished(struct imp_dtls_run *r, imp_span body, int server);
/* The kex's secret was answered (empty: none needed): master secret and keys. */
imp_status imp_dtls_make_keys(struct imp_dtls_run *r, imp_span secret);
void imp_dtls_put_curves(imp_wr *w, int groups);
int  imp_dtls_number_of(const imp_dtls_profile *p, uint16_t id); /* of a suite; -1: not ours */

/* --- dtls_triage.c -------------------------------------------------------------------- */
int imp_dtls_triage(const imp_crypto *c, imp_span secret, uint64_t now, const imp_msg *rx, uint8_t key[24], size_t *key_len, imp_span *hint, imp_msg *reply, uint8_t *buf, size_t cap);

#endif
