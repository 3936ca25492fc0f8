/* toys.c -- two toy ends in one address space, one a device, one an owner,
 * onboarding over a wire that is an array. */
#include "image.h"
#include "imprint.h"
#include "t.h"

extern const imp_layer toy_join, toy_rest, toy_seal;

#define NONE imp_bytes(0, 0)
#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

enum { DEVICE, OWNER, MEM = 2048, WORK = 16384, WIRE = 8, MTU = 200 };

static struct end {
	imp_stack t;
	imp_session *s;
	imp_work w;
	_Alignas(16) uint8_t mem[MEM], work[WORK];
	int done, facts;
	imp_status code;
} E[2];

static struct packet {
	int to;
	size_t len;
	uint8_t data[MTU];
} wire[WIRE];
static unsigned put, got;

static void feed(int end, imp_msg m);

static void answer(int end, const imp_msg *m, imp_status code, imp_span data)
{
	if (m->ticket)
		feed(end, imp_say(IMP_ANSWER, 0, code, m->ticket, NONE, data));
}

static void send(int to, imp_span data)
{
	struct packet *p = &wire[put++ % WIRE];
	p->to = to;
	p->len = data.len;
	memcpy(p->data, data.ptr, data.len);
}

static void heard(int end, const imp_msg *m)
{
	if (m->verb == IMP_TX)
		send(!end, m->data);
	else if (m->verb == IMP_OPEN)
		feed(end, imp_say(IMP_UP, 0, MTU, m->ticket, NONE, NONE));
	else if (m->verb == IMP_ASK)
		answer(end, m, IMP_OK, m->topic == IMP_T_KEYS ? TEXT("0123456789abcdef") : m->topic == IMP_T_READ ? TEXT("4711") : NONE);
	else if (m->verb == IMP_LEARN)
		answer(end, m, IMP_OK, (E[end].facts++, NONE));
	else if (m->verb == IMP_DONE)
		E[end].done = 1, E[end].code = m->code;
}

static void feed(int end, imp_msg m)
{
	struct end *e = &E[end];
	imp_msg o;
	e->w.now++;
	imp_session_feed(e->s, &e->t, &e->w, &m);
	while (imp_session_poll(e->s, &e->w, &o))
		heard(end, &o);
}

static int begin(int end)
{
	struct end *e = &E[end];
	e->t.size = sizeof e->t;
	e->t.top = &toy_join;
	e->t.link[0][0] = &toy_rest;
	e->t.link[0][1] = &toy_seal;
	e->t.params = (imp_params){.size = sizeof e->t.params, .role = end == DEVICE ? IMP_DEVICE : IMP_OWNER, .max_msg = 192};
	e->w.mem = e->work;
	e->w.len = WORK;
	e->s = imp_session_init(e->mem, MEM, &e->t);
	return e->s && imp_work_need(&e->t) <= WORK;
}

void claims_of_toy(void)
{
	char text[80];
	if (!t_check("two toy sessions fit", begin(DEVICE) && begin(OWNER), ""))
		return;
	feed(OWNER, imp_say(IMP_START, 0, 0, 0, NONE, NONE));
	feed(OWNER, imp_say(IMP_UP, 0, MTU, 0, NONE, NONE));
	feed(DEVICE, imp_say(IMP_START, 0, 0, 0, NONE, NONE));
	while (got != put) {
		struct packet p = wire[got++ % WIRE];
		feed(p.to, imp_say(IMP_RX, 0, 0, 0, NONE, imp_bytes(p.data, p.len)));
	}
	snprintf(text, sizeof text, "session %u B, work %u B, %u packets", (unsigned)imp_session_need(&E[0].t), (unsigned)imp_work_need(&E[0].t), put);
	t_check("a toy device onboards to a toy owner", E[0].done && E[1].done && !E[0].code && !E[1].code && E[0].facts == 2, text);
}
