/* dtls-kit.h -- a DTLS client and a DTLS server on a network that loses,
 * doubles and delays, in memory and on a virtual clock.
 *
 * The server's datagrams come through triage(), as a host's do.  Questions
 * are answered from the end's fields.  One network at a time.  Everything is deterministic: the
 * network's chance is a fixed sequence that begins at `seed`. */
#ifndef IMPRINT_DTLS_KIT_H
#define IMPRINT_DTLS_KIT_H

#include "dtls.h"

enum { KIT_DATAGRAM = 2048, KIT_QUEUE = 512, KIT_CHAIN = 1024 };

struct net;

struct end {
	struct net *net;
	imp_stack t;
	imp_session *s;          /* server: NULL until triage() says FRESH */
	uint8_t *mem;
	int server;
	/* answers; an empty span is "nobody knows" */
	imp_span identity, psk, password, chain, key;
	imp_span options;        /* client: OPEN's; server: the offer's */
	uint16_t suite;          /* server: the offer's topic */
	int verify;              /* answer to VERIFY: a status */
	const char *uri;
	/* what was heard */
	int ups, downs, asks, fresh, bounced, datagrams, alerts;
	size_t bytes, largest, before; /* bytes: sent; before: sent by triage and sessions until the first FRESH */
	imp_status down;
	uint16_t down_topic;
	int32_t room;            /* UP's code */
	uint16_t channel_suite;
	uint8_t block[40], exported[32], binding[12];
	uint8_t identity_seen[128];
	size_t identity_len, chain_len;
	int verified_type;
	size_t verified_len;
	uint8_t got[KIT_DATAGRAM];
	size_t got_len;
	int got_n;
	uint8_t to[24];          /* name of its last TX */
	size_t to_len;
	uint8_t route[24];
	size_t route_len;
};

struct packet { uint64_t at; int to; size_t len; uint8_t addr[6]; uint8_t bytes[KIT_DATAGRAM]; };

struct net {
	uint64_t now;
	uint32_t chance;
	unsigned loss, twice, late;   /* percent */
	uint64_t think;               /* ms until an answer; 0: at once */
	int move;                     /* memcpy sessions to fresh memory after every feed */
	struct end client, server;
	uint8_t secret[64];
	uint8_t address[6];           /* the client's */
	imp_work work;
	struct packet *queue;
	int queued, sent;
	/* sees, and may change, every datagram: 0 drops it */
	int (*tamper)(struct net *n, int to, uint8_t *bytes, size_t *len);
	void *user;
	uint32_t ticket[2];
	uint64_t answer_at[2];
	imp_msg answer[2];
	uint8_t answer_bytes[2][4096];
};

extern const imp_crypto *kit_crypto; /* what new ends use */

void net_begin(struct net *n, const imp_layer *client, const imp_layer *server, uint32_t seed);
void net_end(struct net *n);
void net_open(struct net *n, const char *uri); /* the client's OPEN and UP */
void net_mtu(struct net *n, int mtu);          /* before net_open */
void net_run(struct net *n, uint64_t ms);      /* until quiet or so much later */
void net_feed(struct net *n, struct end *e, const imp_msg *m);
void net_say(struct net *n, struct end *e, const char *text); /* TX */
void net_put(struct net *n, int to_server, const uint8_t *bytes, size_t len); /* a datagram out of the blue */
uint32_t net_chance(struct net *n);
int  net_heard(const struct end *e, const char *text);
/* {"suites": [...], ...}: CBOR into `out`. */
imp_span net_suites(uint8_t *out, size_t cap, const uint16_t *ids, size_t n);

/* What ends know: static memory, made once. */
void know_psk(struct end *e);       /* identity "dev", 16 bytes */
void know_password(struct end *e);  /* J01NME */
void know_cert(struct end *e);      /* a certificate, self-signed, and its key */
void know_raw(struct end *e);       /* the same key, raw */

#endif
