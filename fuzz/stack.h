/* stack.h -- the form of stack.c's inputs, for it and for who records runs. */
#ifndef IMPRINT_FUZZ_STACK_H
#define IMPRINT_FUZZ_STACK_H

#include "crypto.h"
#include "fdo-kit.h"

enum { /* the first byte: role in the low bits, and these */
	STACK_DEVICE = 0, STACK_MAKER, STACK_RV, STACK_TO2, STACK_TO0,
	STACK_ON_HTTP = 16, STACK_SMALL = 32, STACK_REUSE = 64, STACK_WORLD = 128
};

enum { /* kinds of item; the rest of the byte: flags */
	STACK_POST, STACK_REPLY, STACK_BYTES, STACK_ANSWER, STACK_UP, STACK_DOWN, STACK_START, STACK_STOP,
	STACK_FACTS, STACK_WAIT, STACK_ANY, STACK_KIND = 15,
	STACK_MORE = 64, STACK_AT_ONCE = 128
};
enum { STACK_HEAD = 4 };

struct item {
	uint8_t kind, arg;
	imp_span data;
};

/* The fake crypto with random bytes that count: every party has its own, and
 * each session begins at 1, so that a session alone makes the numbers that it
 * made in the world. */
static struct {
	imp_crypto c;
	uint8_t count;
} stack_fake[PARTIES];

static imp_status stack_random(const imp_crypto *c, uint8_t *out, size_t len)
{
	uint8_t *count = (uint8_t *)(uintptr_t)c->data;
	memset(out, 0xfa, len);
	if (len)
		out[0] = ++*count;
	return IMP_OK;
}

static inline void stack_crypto(struct kit *k)
{
	for (int i = 0; i < k->w.parties; i++) {
		stack_fake[i].c = imp_fake;
		stack_fake[i].c.random = stack_random;
		stack_fake[i].c.data = &stack_fake[i].count;
		stack_fake[i].count = 0;
		k->w.party[i].crypto = &stack_fake[i].c;
		k->w.party[i].params.max_msg = k->w.party[i].params.max_chain = 4096; /* small work memory: fast */
	}
}

/* world.record: a session begins */
static inline void stack_count(struct sess *s, const imp_msg *m)
{
	if (m->verb == IMP_START)
		stack_fake[s->p - s->w->party].count = 0;
}

#endif
