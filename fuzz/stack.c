/* stack.c -- a list of messages into any stack: FDO in all its roles, alone
 * or on HTTP, with the fake crypto, so that whole handshakes go through.
 *
 * The first byte chooses.  With bit 7 the whole world of tests/fdo-kit.h runs
 * (DI, TO0, TO1, TO2) and the list spoils what crosses its network; else one
 * session stands alone, the list is what it is fed, and a host with facts
 * answers its questions.  An item is kind, argument, length (2 bytes, little
 * endian) and as many bytes.  tests/stack-seeds.c records runs in this form. */
#include "http.h"
#include "stack.h"
#include <stdio.h>
#include <stdlib.h>

#define NONE imp_bytes(0, 0)

enum { TICKETS = 64, PEER_TICKETS = 16 };

static struct kit k;
static struct {
	const uint8_t *p, *end;
	uint32_t asked[TICKETS];  /* tickets of RX that are owed an ANSWER; by ticket */
	uint32_t tickets, tx, label;
	unsigned dones, answers_off;
} in;

static int take(struct item *i)
{
	size_t n;
	if (in.end - in.p < STACK_HEAD)
		return 0;
	i->kind = in.p[0];
	i->arg = in.p[1];
	n = in.p[2] | (size_t)in.p[3] << 8;
	in.p += STACK_HEAD;
	n = n < (size_t)(in.end - in.p) ? n : (size_t)(in.end - in.p);
	i->data = imp_bytes(in.p, n);
	in.p += n;
	return 1;
}

/* --- one session ---------------------------------------------------------------- */

static void sink(struct world *w, struct sess *s, const imp_msg *m)
{
	(void)w, (void)s;
	if (m->verb == IMP_TX)
		in.tx = m->ticket;
	if (m->verb == IMP_OPEN)
		in.label = m->ticket;
	if (m->verb == IMP_ANSWER && m->ticket < TICKETS) {
		if (!in.asked[m->ticket])
			abort(); /* one request, one answer */
		in.asked[m->ticket] = 0;
	}
}

static void sees(struct party *p, struct sess *s, const imp_msg *m)
{
	(void)p, (void)s;
	in.dones += m->verb == IMP_DONE;
	if (in.dones > 1)
		abort(); /* the host hears DONE once */
}

/* Bits of FACTS' argument: silence, refusal, ignorance. */
static int hook(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	(void)p, (void)s;
	if (in.answers_off & 1)
		return -1;
	a->code = in.answers_off & 2 ? IMP_EDENIED : in.answers_off & 4 ? IMP_EFACT : IMP_OK;
	if (ask->topic == IMP_T_AUTHORIZE && k.reuse)
		a->data = imp_bytes("\xa1\x19\x01\x07\xf5", 5); /* {VOUCHER: true} */
	return ask->topic == IMP_T_AUTHORIZE || in.answers_off & 6;
}

static imp_msg message(const struct item *i, char name[160])
{
	static const char *const token = "authorization: Bearer fafafafafafafafafafafafafafafafa";
	imp_msg m = imp_say(IMP_RX, FDO_CBOR, IMP_POST, 0, NONE, i->data);
	size_t cut = i->data.len ? i->arg % (i->data.len + 1) : 0;
	int n = 0;
	switch (i->kind & STACK_KIND) {
	case STACK_POST:
		n = snprintf(name, 160, "/fdo/101/msg/%u\n%s", i->arg, token);
		break;
	case STACK_REPLY:
		m.verb = IMP_ANSWER;
		m.code = 200;
		m.ticket = in.tx;
		n = snprintf(name, 160, "message-type: %u\n%s", i->arg, token);
		break;
	case STACK_BYTES:
		m.topic = 0;
		m.code = 0;
		break;
	case STACK_ANSWER:
		m = imp_say(IMP_ANSWER, 0, (int8_t)i->arg, in.tx, NONE, i->data);
		break;
	case STACK_UP:
		m = imp_say(IMP_UP, 0, i->arg << 8, in.label, NONE, NONE);
		break;
	case STACK_DOWN:
		m = imp_say(IMP_DOWN, 0, -(i->arg & 15), i->arg & 16 ? 0 : in.label, NONE, NONE);
		break;
	case STACK_START:
		m = imp_say(IMP_START, i->arg & 1 ? IMP_T_VOUCHER : 0, 0, 0, i->data, NONE);
		break;
	case STACK_STOP:
		m = imp_say(IMP_STOP, 0, 0, 0, NONE, NONE);
		break;
	default: /* anything at all */
		m = imp_say(i->arg & 1 ? IMP_RX : IMP_TELL, i->arg, i->arg & 7, 0, imp_bytes(i->data.ptr, cut), imp_bytes(i->data.ptr + cut, i->data.len - cut));
	}
	if (n)
		m.name = imp_bytes(name, (size_t)n);
	m.flags = i->kind & STACK_MORE ? IMP_MORE : 0;
	return m;
}

static void give(struct sess *s, const struct item *i)
{
	char name[160];
	imp_msg m = message(i, name);
	int owes = m.verb == IMP_RX && (i->kind & STACK_KIND) != STACK_BYTES && !s->t.link[0][0] && in.tickets + 1 < TICKETS;
	if (owes) {
		m.ticket = ++in.tickets;
		in.asked[m.ticket] = 1;
	}
	if (m.verb == IMP_ANSWER && !m.ticket)
		return; /* nobody asked */
	world_feed(s, &m);
}

static struct sess *single(uint8_t how)
{
	static const struct { int party, server; } roles[8] = {{0, 0}, {1, 1}, {2, 1}, {3, 1}, {3, 0}, {0, 0}, {1, 1}, {2, 1}};
	struct party *p = &k.w.party[roles[how & 7].party];
	p->http = how & STACK_ON_HTTP ? &imp_http : NULL;
	p->params.max_msg = how & STACK_SMALL ? 1100 : 4096;
	p->params.max_chain = how & STACK_SMALL ? 700 : 4096;
	if (p != k.maker && p != k.device)
		p->hook = hook;
	p->sees = sees;
	k.w.sink = sink;
	k.reuse = (how & STACK_REUSE) != 0;
	return world_session(p, roles[how & 7].server, how & STACK_ON_HTTP);
}

static void run_single(uint8_t how)
{
	struct sess *s = single(how);
	uint32_t id = s->id;
	struct item i;
	while (take(&i) && (s = world_sess(&k.w, id)) != NULL) {
		if ((i.kind & STACK_KIND) == STACK_FACTS)
			in.answers_off = i.arg;
		else if ((i.kind & STACK_KIND) == STACK_WAIT)
			world_run(&k.w, (uint64_t)i.arg * 1000);
		else
			give(s, &i);
		if (!(i.kind & STACK_AT_ONCE))
			world_run(&k.w, 0);
	}
}

/* --- the whole world -------------------------------------------------------------- */

static int spoil(struct world *w, struct crossing *x)
{
	struct item i;
	size_t at;
	(void)w;
	if (!take(&i))
		return PASS;
	at = i.arg < x->m->data.len ? i.arg : x->m->data.len;
	switch (i.kind & STACK_KIND) {
	case STACK_POST: /* other bytes from here on */
		for (size_t n = 0; n < i.data.len && at + n < x->cap; n++) {
			x->data[at + n] = i.data.ptr[n];
			x->m->data.len = at + n + 1 > x->m->data.len ? at + n + 1 : x->m->data.len;
		}
		break;
	case STACK_REPLY:
		x->m->data.len = at;
		break;
	case STACK_BYTES: /* all of it is other */
		x->m->data.len = i.data.len < x->cap ? i.data.len : x->cap;
		if (x->m->data.len)
			memcpy(x->data, i.data.ptr, x->m->data.len);
		break;
	case STACK_DOWN:
		return DROP;
	case STACK_UP:
		return TWICE;
	case STACK_STOP:
		return LATE;
	}
	return PASS;
}

static void run_world(uint8_t how)
{
	for (int i = 0; i < k.w.parties && how & STACK_ON_HTTP; i++)
		k.w.party[i].http = &imp_http;
	k.reuse = (how & STACK_REUSE) != 0;
	k.w.fault = how & 1 ? spoil : NULL;
	if (!kit_di(&k) || !kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER))
		return;
	k.w.fault = how & 2 ? spoil : NULL;
	kit_to0(&k, k.owner);
	kit_actions(&k, imp_bytes("some bytes of a file", 20));
	k.w.fault = spoil;
	kit_onboard(&k);
}

static void count(struct world *w, struct sess *s, const imp_msg *m)
{
	(void)w;
	stack_count(s, m);
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (!n)
		return 0;
	kit_crypto = &imp_fake;
	memset(&in, 0, sizeof in);
	in.p = d + 1;
	in.end = d + n;
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	k.w.move = 1;
	k.w.record = count;
	stack_crypto(&k);
	if (d[0] & STACK_WORLD)
		run_world(d[0]);
	else if (kit_di(&k) && kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER)) {
		kit_actions(&k, imp_bytes("some bytes of a file", 20));
		run_single(d[0]);
	}
	kit_end(&k);
	return 0;
}
