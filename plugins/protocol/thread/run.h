/* run.h -- what joiner.c and commissioner.c share: questions, facts, tries. */
#ifndef IMPRINT_THREAD_RUN_H
#define IMPRINT_THREAD_RUN_H

#include "wire.h"

enum { THREAD_SUITE = 0xc0ff, THREAD_TRIES_MOST = 255, THREAD_FREE_TRIES = 4, THREAD_FACT = 32 };

struct thread_run {
	uint8_t  state, tries, pskd_len, shown;
	uint32_t tickets, want;
	uint8_t  pskd[THREAD_PSKD_MAX];
};

imp_status thread_say(imp_cx *cx, uint16_t verb, uint16_t topic, uint16_t flags, uint32_t ticket, int32_t code, imp_span name, imp_span data);
imp_span   thread_text(const char *s);
/* Ask the host, and wait in `state`. */
imp_status thread_ask(struct thread_run *r, imp_cx *cx, uint8_t state, uint16_t topic, const char *name);
/* flags: IMP_NOW, IMP_SECRET, IMP_FORGET; with `state` the answer is awaited. */
imp_status thread_learn(imp_cx *cx, uint16_t topic, uint16_t flags, const char *name, imp_span data);
imp_status thread_learn_wait(struct thread_run *r, imp_cx *cx, uint8_t state, uint16_t topic, uint16_t flags, const char *name, imp_span data);
/* The answer that is outstanding?  It is not any more. */
int        thread_answered(struct thread_run *r, const imp_msg *in);
/* A flat key of 16 bytes, learnt, secret. */
imp_status thread_learn_key(struct thread_run *r, imp_cx *cx, uint8_t state, uint16_t flags, const char *name, const uint8_t key[THREAD_KEY]);

/* Answer a peer's request: 2.04 and so on. */
imp_status thread_reply(imp_cx *cx, const imp_msg *rx, int32_t code, imp_span data);
/* Is this RX a POST to `path`? */
int        thread_posted(const imp_msg *rx, const char *path);
/* Secured by EC-JPAKE? */
int        thread_secured(const imp_channel *c);

/* The PSKd of a flat key; 0: it is none. */
int        thread_take_pskd(struct thread_run *r, imp_span flat);
/* The count of tries that an ANSWER brings; IMP_EFACT: it does not read. */
imp_status thread_take_tries(struct thread_run *r, const imp_msg *in);
imp_status thread_count(struct thread_run *r, imp_cx *cx, uint8_t state, const char *name);
uint64_t   thread_pause(const struct thread_run *r); /* ms */

#endif
