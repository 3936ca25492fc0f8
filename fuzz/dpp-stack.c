/* dpp-stack.c -- enrollee and configurator with crypto that can be forged, fed a
 * list of messages.
 *
 * The first byte: bit 0 the configurator, bits 1-3 START's topic, bit 4 mutual,
 * bit 5 that nobody answers, bit 7 the whole world of tests/dpp/dpp-kit.h, whose
 * wire the list then spoils.  An item is kind, argument, length (2 bytes, little
 * endian) and as many bytes; tests/dpp/seeds.c records runs in this form. */
#include "crypto.h"
#include "dpp-kit.h"
#include "dpp-stack.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static struct dkit k;
static const uint8_t *at, *end;
static uint32_t query, label;
static int dones;

struct item { uint8_t kind, arg; imp_span data; };

static int take(struct item *i)
{
	size_t n;
	if (end - at < 4)
		return 0;
	i->kind = at[0];
	i->arg = at[1];
	n = at[2] | (size_t)at[3] << 8;
	at += 4;
	n = n < (size_t)(end - at) ? n : (size_t)(end - at);
	i->data = imp_bytes(at, n);
	at += n;
	return 1;
}

static void sink(struct world *w, struct sess *s, const imp_msg *m)
{
	(void)w, (void)s;
	if (m->verb == IMP_TX && m->topic == IMP_DPP_GAS)
		query = m->ticket;
	if (m->verb == IMP_OPEN)
		label = m->ticket;
}

static void sees(struct party *p, struct sess *s, const imp_msg *m)
{
	(void)p, (void)s;
	dones += m->verb == IMP_DONE;
	must(dones <= 1);
}

static void give(struct sess *s, const struct item *i)
{
	imp_msg m = imp_say(IMP_RX, IMP_DPP_FRAME, i->arg, 0, imp_bytes("device", i->arg % 7), i->data);
	switch (i->kind % STACK_KINDS) {
	case STACK_GAS:
		m.topic = IMP_DPP_GAS;
		m.ticket = i->arg + 1u;
		break;
	case STACK_REPLY:
		m = imp_say(IMP_ANSWER, 0, (int8_t)i->arg, query, imp_bytes(NULL, 0), i->data);
		break;
	case STACK_UP:
		m = imp_say(IMP_UP, i->arg & 1, 1500, label, imp_bytes("\1\2\3\4\5\6", 6), imp_bytes(NULL, 0));
		break;
	case STACK_DOWN:
		m = imp_say(IMP_DOWN, 0, -(i->arg & 15), 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
		break;
	case STACK_STOP:
		m = imp_say(IMP_STOP, 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
		break;
	}
	if (m.verb != IMP_ANSWER || m.ticket)
		world_feed(s, &m);
}

static void single(uint8_t how)
{
	struct sess *s = world_session(how & STACK_OWNER ? k.owner : k.device, 1, 0);
	uint32_t id = s->id;
	uint16_t topic = stack_topics[how >> 1 & 7];
	imp_msg start = imp_say(IMP_START, topic, 0, 0, imp_bytes("label", topic ? 5 : 0), imp_bytes(NULL, 0));
	struct item i;
	k.w.sink = sink;
	s->p->sees = sees;
	world_feed(s, &start);
	world_run(&k.w, 10);
	while (take(&i) && (s = world_sess(&k.w, id)) != NULL) {
		if (i.kind % STACK_KINDS != STACK_WAIT)
			give(s, &i);
		world_run(&k.w, i.kind % STACK_KINDS == STACK_WAIT ? (uint64_t)i.arg * 1000 : 10);
	}
}

static int spoil(struct world *w, struct crossing *x)
{
	struct item i;
	size_t from;
	(void)w;
	if (!take(&i))
		return PASS;
	from = i.arg < x->m->data.len ? i.arg : x->m->data.len;
	switch (i.kind % STACK_KINDS) {
	case STACK_FRAME: /* other bytes from here on */
		for (size_t n = 0; n < i.data.len && from + n < x->cap; n++) {
			x->data[from + n] = i.data.ptr[n];
			x->m->data.len = from + n + 1 > x->m->data.len ? from + n + 1 : x->m->data.len;
		}
		break;
	case STACK_GAS:
		x->m->data.len = from;
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

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	static const char *const mutual[] = {"mutual", "true", NULL};
	if (!n)
		return 0;
	at = d + 1;
	end = d + n;
	query = label = 0;
	dones = 0;
	dkit_begin(&k, &imp_fake, IMP_C_P256);
	k.w.move = 1;
	k.silent = (d[0] & STACK_SILENT) != 0;
	k.reads = k.uri[0];
	if (d[0] & STACK_MUTUAL) {
		dkit_config(&k, k.device, "dpp.uri", mutual);
		dkit_config(&k, k.owner, "dpp.uri", mutual);
	}
	dkit_codes(&k);
	if (d[0] & STACK_WORLD) {
		k.w.fault = spoil;
		dkit_run(&k, d[0] & STACK_OWNER ? 0 : IMP_T_PEERKEY, d[0] & STACK_OWNER ? IMP_T_PEERKEY : 0, 100000);
		must(dkit_whole(&k));
	} else
		single(d[0]);
	dkit_end(&k);
	return 0;
}
