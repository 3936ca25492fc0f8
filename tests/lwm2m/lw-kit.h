/* lw-kit.h -- a client and its bootstrap server on a wire of requests. */
#ifndef IMPRINT_LW_KIT_H
#define IMPRINT_LW_KIT_H

#include "cbor.h"
#include "content.h"
#include "host.h"
#include "lwm2m.h"

enum { LW_OPS = 12 };

struct lw_kit {
	struct world w;
	struct party *client, *server;
	struct sess *c, *s;
	uint8_t ops[LW_OPS][200]; /* the configuration, as CBOR maps */
	size_t ops_len[LW_OPS];
	int n;
	int32_t verdict;          /* of AUTHORIZE */
	char told[400];           /* what Discover and Read answered */
	size_t told_len;
	/* the test plays the server by hand: */
	int32_t code;
	uint16_t format;
	uint8_t data[2000];
	size_t len;
	uint8_t claims[200];
	size_t claims_len;
};

void lw_begin(struct lw_kit *k, const imp_crypto *c);
void lw_end_kit(struct lw_kit *k);
/* What the client wishes: a format, LW_NO_FORMAT: none; a pack first. */
void lw_wish(struct lw_kit *k, int pct, int pack);
void lw_op(struct lw_kit *k, const char *op, const char *path, imp_span tlv);
/* The usual: delete all, write server account 101 at /0/1 and /1/0, and /2/0. */
void lw_usual(struct lw_kit *k);
void lw_link(struct lw_kit *k); /* both sessions, and START */
void lw_run(struct lw_kit *k);

/* The client alone, asked for by hand: its code. */
void lw_by_hand(struct lw_kit *k);
int32_t lw_ask(struct lw_kit *k, int method, const char *name, uint16_t format, imp_span data);

/* A resource in TLV, for building instances. */
void lw_put_number(imp_wr *w, uint8_t rid, uint8_t v);
void lw_put_bytes(imp_wr *w, uint8_t rid, imp_span v);
size_t lw_security(uint8_t *to, size_t cap, const char *uri, int bootstrap, uint8_t ssid);
size_t lw_server_object(uint8_t *to, size_t cap, uint8_t ssid);

/* How many server accounts the client has, for good; -1: half of one. */
int lw_accounts_of(const struct lw_kit *k);

#endif
