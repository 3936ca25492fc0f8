/* run.c -- see run.h. */
#include "run.h"
#include "cbor.h"
#include "ct.h"
#include "role.h"

#define NONE imp_bytes(NULL, 0)

enum { LONGEST = 12 };            /* doublings */
enum { MOST_MS = 3600 * 1000 };

imp_span thread_text(const char *s)
{
	return imp_bytes(s, strlen(s));
}

imp_status thread_say(imp_cx *cx, uint16_t verb, uint16_t topic, uint16_t flags, uint32_t ticket, int32_t code, imp_span name, imp_span data)
{
	imp_msg m = imp_say(verb, topic, code, ticket, name, data);
	m.flags = flags;
	return cx->emit(cx, &m);
}

imp_status thread_ask(struct thread_run *r, imp_cx *cx, uint8_t state, uint16_t topic, const char *name)
{
	r->state = state;
	return thread_say(cx, IMP_ASK, topic, 0, r->want = ++r->tickets, 0, thread_text(name), NONE);
}

imp_status thread_learn(imp_cx *cx, uint16_t topic, uint16_t flags, const char *name, imp_span data)
{
	return thread_say(cx, IMP_LEARN, topic, flags, 0, 0, thread_text(name), data);
}

imp_status thread_learn_wait(struct thread_run *r, imp_cx *cx, uint8_t state, uint16_t topic, uint16_t flags, const char *name, imp_span data)
{
	r->state = state;
	return thread_say(cx, IMP_LEARN, topic, flags, r->want = ++r->tickets, 0, thread_text(name), data);
}

imp_status thread_learn_key(struct thread_run *r, imp_cx *cx, uint8_t state, uint16_t flags, const char *name, const uint8_t key[THREAD_KEY])
{
	imp_key k = {IMP_A_CCM64_128, IMP_KEY_PRIVATE, 0, NONE};
	uint8_t flat[IMP_KEY_HEAD + THREAD_KEY];
	imp_status st;
	imp_key_head(&k, flat);
	memcpy(flat + IMP_KEY_HEAD, key, THREAD_KEY);
	st = thread_learn_wait(r, cx, state, IMP_T_KEY, (uint16_t)(flags | IMP_SECRET), name, imp_bytes(flat, sizeof flat));
	imp_wipe(flat, sizeof flat);
	return st;
}

int thread_answered(struct thread_run *r, const imp_msg *in)
{
	int mine = r->want && in->ticket == r->want;
	if (mine)
		r->want = 0;
	return mine;
}

imp_status thread_reply(imp_cx *cx, const imp_msg *rx, int32_t code, imp_span data)
{
	imp_msg m = imp_say(IMP_ANSWER, 0xffff, code, rx->ticket, NONE, data);
	m.link = rx->link;
	return rx->ticket ? cx->emit(cx, &m) : IMP_OK;
}

int thread_posted(const imp_msg *rx, const char *path)
{
	return rx->code == IMP_POST && imp_same(rx->name, thread_text(path));
}

int thread_secured(const imp_channel *c)
{
	return c && c->suite == THREAD_SUITE;
}

/* --- PSKd and tries ------------------------------------------------------------- */

int thread_take_pskd(struct thread_run *r, imp_span flat)
{
	imp_key k = imp_key_from(flat);
	if (!k.alg || k.flags & IMP_KEY_OPAQUE || !thread_pskd_good(k.bits))
		return 0;
	memcpy(r->pskd, k.bits.ptr, k.bits.len);
	r->pskd_len = (uint8_t)k.bits.len;
	return 1;
}

imp_status thread_take_tries(struct thread_run *r, const imp_msg *in)
{
	imp_rd d = imp_rd_of(in->code < 0 ? NONE : in->data);
	uint64_t n = imp_rd_left(&d) ? imp_cbor_uint(&d) : 0;
	if ((in->code < 0 && in->code != IMP_EFACT) || imp_rd_end(&d))
		return IMP_EFACT;
	r->tries = (uint8_t)(n < THREAD_TRIES_MOST ? n : THREAD_TRIES_MOST);
	return IMP_OK;
}

imp_status thread_count(struct thread_run *r, imp_cx *cx, uint8_t state, const char *name)
{
	uint8_t b[2];
	imp_wr w = imp_wr_to(b, sizeof b);
	imp_cbor_put_uint(&w, r->tries < THREAD_TRIES_MOST ? r->tries + 1u : THREAD_TRIES_MOST);
	return thread_learn_wait(r, cx, state, IMP_T_COUNTER, IMP_NOW, name, imp_wr_span(&w));
}

uint64_t thread_pause(const struct thread_run *r)
{
	unsigned over = r->tries < THREAD_FREE_TRIES ? 0 : r->tries - THREAD_FREE_TRIES + 1u;
	return over < LONGEST ? (1000u << over) - 1000u : MOST_MS;
}

size_t thread_work(const imp_params *p)
{
	return 2 * (size_t)p->max_msg + 2048;
}
