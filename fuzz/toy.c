/* fuzz.c -- one harness for every stack: the input is a list of messages. */
#include "imprint.h"
#include <stdlib.h>
#include <string.h>

extern const imp_layer toy_join, toy_rest, toy_seal;

enum { TICKETS = 8, MEM = 2048 };

static const uint8_t verbs[16] = {IMP_RX, IMP_UP, IMP_DOWN, IMP_ANSWER, IMP_START, IMP_TICK, IMP_STOP, IMP_TX,
                                  IMP_OPEN, IMP_SHUT, IMP_ASK, IMP_TELL, IMP_LEARN, IMP_DONE, IMP_RX, IMP_ANSWER};

/* Every byte of what is polled must be readable; ASan watches. */
static void touch(imp_span s)
{
	volatile uint8_t sum = 0;
	if (s.len && !s.ptr)
		abort();
	for (size_t i = 0; i < s.len; i++)
		sum = (uint8_t)(sum ^ s.ptr[i]);
}

static void choose(imp_stack *t, uint8_t how)
{
	memset(t, 0, sizeof *t);
	t->size = sizeof *t;
	t->top = how & 2 ? NULL : &toy_join;
	if (!(how & 4) || !t->top) {
		t->link[0][0] = &toy_rest;
		t->link[0][1] = how & 8 ? NULL : &toy_seal;
	}
	t->params.role = how & 1 ? IMP_DEVICE : IMP_OWNER;
	t->params.max_msg = 96;
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	static _Alignas(16) uint8_t mem[2][MEM];
	uint32_t ticket[TICKETS] = {0}, tickets = 0, dones = 0, where = 0;
	imp_stack t;
	imp_work w = {0};
	imp_session *s;
	if (!n)
		return 0;
	choose(&t, d[0]);
	w.len = imp_work_need(&t);
	w.mem = aligned_alloc(16, (w.len + 15) / 16 * 16); /* so that ASan sees its end */
	s = imp_session_init(mem[0], MEM, &t);
	if (!s || !w.mem)
		abort();
	for (d++, n--; n >= 3;) {
		size_t len = d[2] & 63, name;
		uint8_t *lent;
		imp_msg m = imp_say(verbs[d[0] & 15], d[0] & 16 ? IMP_T_KEYS : 0, (int8_t)d[1], 0, imp_bytes(0, 0), imp_bytes(0, 0)), o;
		int drain = !(d[0] & 32);
		m.flags = d[2] & 64 ? IMP_MORE : 0;
		m.link = d[2] & 128 ? d[1] & 7 : 0;
		m.ticket = m.verb == IMP_ANSWER ? ticket[d[1] % TICKETS] : d[0] & 64 ? d[1] : 0u;
		w.now += d[0] & 128 ? 70000 : 3;
		d += 3;
		n -= 3;
		len = len < n ? len : n;
		name = len && m.verb != IMP_RX ? d[0] % (len + 1) : 0;
		lent = malloc(len ? len : 1);
		if (!lent)
			return 0;
		memcpy(lent, d, len);
		m.name = imp_bytes(lent, name);
		m.data = imp_bytes(lent + name, len - name);
		imp_session_feed(s, &t, &w, &m);
		free(lent);
		d += len;
		n -= len;
		while (drain && imp_session_poll(s, &w, &o)) {
			touch(o.name);
			touch(o.data);
			dones += o.verb == IMP_DONE;
			if (o.ticket)
				ticket[tickets++ % TICKETS] = o.ticket;
		}
		if (drain && (s = memcpy(mem[!where], mem[where], MEM)) != NULL) {
			memset(mem[where], 0xdd, MEM);
			where = !where;
		}
		if (dones > 1)
			abort(); /* the host hears DONE once */
		touch(imp_bytes(imp_session_where(s), strlen(imp_session_where(s))));
	}
	imp_session_wipe(s);
	free(w.mem);
	return 0;
}
