/* thread-kit.h -- a joiner and a commissioner on tests/host.h, the person who
 * carries the label, and the joiner router that hears the KEK. */
#ifndef IMPRINT_THREAD_KIT_H
#define IMPRINT_THREAD_KIT_H

#include "coap.h"
#include "dtls.h"
#include "host.h"
#include "thread.h"
#include "wire.h"

#define KIT_EUI "18b4300000000002"
#define KIT_ID "d65e64fa83f81cf7"

struct kit {
	struct world w;
	struct party *joiner, *commissioner;
	struct sess *j, *c;
	uint32_t jid, cid;
	int relayed;            /* a joiner router stands between them */
	int deny, loss;         /* what policy says; per cent of datagrams */
	const char *label;      /* what the person reads; NULL: nothing */
	int shows, hides, reads, asked;
	char shown[80], who[32];
	uint8_t claims[512];
	size_t claims_len;
	uint8_t kek[2][16];     /* the joiner's, the commissioner's */
	int keks, entrusted;
};

void kit_begin(struct kit *k, const imp_crypto *joiner, const imp_crypto *commissioner);
void kit_end(struct kit *k);
/* KEY of this party: a PSKd, flat. */
void kit_pskd(struct party *p, const char *name, const char *pskd);
/* Both begin, until nothing happens any more.  The joiner's end. */
imp_status kit_run(struct kit *k);
/* 1: the joiner has dataset and key, those of the commissioner; 0: nothing; -1: else. */
int kit_joined(const struct kit *k);
/* COUNTER of this name; 0: none. */
int kit_tries(const struct party *p, const char *name);

#endif
