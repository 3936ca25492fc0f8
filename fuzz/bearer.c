/* bearer.c -- one layer below provisioning (LAYER), fed anything from both sides.
 *
 * The first byte: role.  An item: kind, argument, length, bytes.  What the layer
 * hands up was never longer than max_msg, and every ticket gets one answer. */
#include "crypto.h"
#include "span.h"

#define NONE imp_bytes(0, 0)

enum { RX, TX, OPEN, SHUT, UP, DOWN, TIME, KINDS, MAX = 100, TICKETS = 256 };

extern const imp_layer LAYER;

static struct {
	imp_stack t;
	imp_session *s;
	imp_work w;
	uint8_t owed[TICKETS];
} e;

static void heard(const imp_msg *m)
{
	if (m->verb == IMP_RX)
		must(m->data.len && m->data.len <= MAX);
	if (m->verb == IMP_ANSWER) {
		must(m->ticket < TICKETS && e.owed[m->ticket] == 1);
		e.owed[m->ticket] = 0;
	}
}

static void feed(uint16_t verb, int32_t code, uint32_t ticket, imp_span name, imp_span data)
{
	imp_msg m = imp_say(verb, 0, code, ticket, name, data), o;
	if (verb == IMP_TX)
		e.owed[ticket] = 1;
	imp_session_feed(e.s, &e.t, &e.w, &m);
	while (imp_session_poll(e.s, &e.w, &o))
		heard(&o);
	must(imp_session_status(e.s) >= 0);
}

static void pass(uint64_t ms)
{
	e.w.now += ms;
	for (int i = 0; i < 100 && imp_session_deadline(e.s) <= e.w.now; i++)
		feed(IMP_TICK, 0, 0, NONE, NONE);
}

static void item(uint8_t kind, uint8_t arg, imp_span in, unsigned *ticket)
{
	switch (kind % KINDS) {
	case RX:
		feed(IMP_RX, 0, 0, NONE, in);
		break;
	case TX:
		if (*ticket + 1 < TICKETS)
			feed(IMP_TX, 0, ++*ticket, NONE, in);
		break;
	case OPEN:
		feed(IMP_OPEN, 0, 1, in, imp_bytes(&arg, arg & 1));
		break;
	case SHUT:
		feed(IMP_SHUT, -(arg & 15), 0, NONE, NONE);
		break;
	case UP:
		feed(IMP_UP, arg, 1, NONE, NONE);
		break;
	case DOWN:
		feed(IMP_DOWN, -(arg & 15), 1, NONE, NONE);
		break;
	default:
		pass(arg * 50u);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	static _Alignas(16) uint8_t mem[2048], work[32768];
	unsigned ticket = 0;
	if (!n)
		return 0;
	memset(&e, 0, sizeof e);
	e.t = (imp_stack){.size = sizeof e.t, .link = {{&LAYER}}, .crypto = &imp_fake, .params = {.size = sizeof e.t.params, .role = d[0] & 1 ? IMP_DEVICE : IMP_OWNER, .max_msg = MAX}};
	must(imp_session_need(&e.t) <= sizeof mem && imp_work_need(&e.t) <= sizeof work);
	e.s = imp_session_init(mem, sizeof mem, &e.t);
	e.w = (imp_work){.mem = work, .len = sizeof work, .now = 1000};
	for (d++, n--; n >= 3;) {
		size_t len = d[2] < n - 3 ? d[2] : n - 3;
		item(d[0], d[1], imp_bytes(d + 3, len), &ticket);
		d += 3 + len;
		n -= 3 + len;
	}
	return 0;
}
