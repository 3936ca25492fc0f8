/* pbgatt.c -- see pbgatt.h. */
#include "pbgatt.h"

#define NONE imp_bytes(NULL, 0)

enum { TYPE = 3, TYPES = 0x3f, WHOLE = 0, FIRST = 1, MIDDLE = 2, LAST = 3 }; /* segmentation: the upper two bits */
enum { VALUE_DEFAULT = 20, VALUE_MOST = 512, LEAST = 65 };

struct pbgatt {
	uint8_t  up, partly;    /* partly: a first segment has come */
	uint16_t max, value;    /* bytes of a PDU, of a value */
	uint16_t len;
	uint8_t  bytes[];       /* what has come */
};

static uint16_t max_of(const imp_params *p)
{
	return (uint16_t)(p->max_msg < UINT16_MAX ? p->max_msg : UINT16_MAX);
}

static size_t need(const imp_params *p)
{
	return sizeof(struct pbgatt) + max_of(p);
}

static imp_status init(void *state, const imp_params *p)
{
	struct pbgatt *g = state;
	g->max = max_of(p);
	g->value = VALUE_DEFAULT;
	return g->max < LEAST ? IMP_EARG : IMP_OK;
}

static imp_status say(imp_cx *cx, uint16_t verb, int32_t code, uint32_t ticket, imp_span data)
{
	imp_msg m = imp_say(verb, 0, code, ticket, NONE, data);
	return cx->emit(cx, &m);
}

static void forget(struct pbgatt *g, imp_cx *cx)
{
	g->partly = 0;
	g->len = 0;
	cx->wake(cx, UINT64_MAX);
}

static imp_status break_off(struct pbgatt *g, imp_cx *cx, imp_status why)
{
	imp_status st = say(cx, IMP_SHUT, why, 0, NONE);
	forget(g, cx);
	g->up = 0;
	return st ? st : say(cx, IMP_DOWN, why, 0, NONE);
}

/* The longest PDU that fits the segments of one step. */
static int32_t longest(const struct pbgatt *g)
{
	int32_t most = (g->value - 1) * (IMP_PBGATT_BURST - 1); /* and the answer */
	return most < g->max ? most : g->max;
}

static imp_status on_up(struct pbgatt *g, imp_cx *cx, const imp_msg *in)
{
	imp_msg m = *in;
	forget(g, cx);
	g->up = 1;
	g->value = (uint16_t)(in->code <= 0 ? VALUE_DEFAULT : in->code < VALUE_DEFAULT ? VALUE_DEFAULT : in->code < VALUE_MOST ? in->code : VALUE_MOST);
	m.code = longest(g);
	return cx->emit(cx, &m);
}

static imp_status on_tx(struct pbgatt *g, imp_cx *cx, const imp_msg *in)
{
	imp_status st = !g->up ? IMP_ELINK : !in->data.len || in->data.len > (size_t)longest(g) ? IMP_ENOSPC : IMP_OK;
	size_t most = g->value - 1u, at = 0;
	uint8_t v[VALUE_MOST];
	if (st)
		return in->ticket ? say(cx, IMP_ANSWER, st, in->ticket, NONE) : IMP_OK;
	while (at < in->data.len && !st) {
		size_t n = in->data.len - at < most ? in->data.len - at : most;
		int last = at + n == in->data.len;
		v[0] = (uint8_t)((last ? at ? LAST : WHOLE : at ? MIDDLE : FIRST) << 6 | TYPE);
		memcpy(v + 1, in->data.ptr + at, n);
		st = say(cx, IMP_TX, 0, 0, imp_bytes(v, n + 1));
		at += n;
	}
	return st || !in->ticket ? st : say(cx, IMP_ANSWER, IMP_OK, in->ticket, NONE);
}

static imp_status on_rx(struct pbgatt *g, imp_cx *cx, imp_span in)
{
	unsigned sar = in.len ? in.ptr[0] >> 6 : 0;
	size_t n = in.len - 1;
	imp_status st;
	if (!g->up || !in.len || (in.ptr[0] & TYPES) != TYPE)
		return IMP_OK;
	if (g->partly == (sar == WHOLE || sar == FIRST) || n > (size_t)g->max - g->len || !n)
		return break_off(g, cx, IMP_EBADMSG);
	memcpy(g->bytes + g->len, in.ptr + 1, n);
	g->len = (uint16_t)(g->len + n);
	if (sar == FIRST)
		cx->wake(cx, cx->now + IMP_PBGATT_SEGMENT_MS);
	g->partly = 1;
	if (sar == FIRST || sar == MIDDLE)
		return IMP_OK;
	st = say(cx, IMP_RX, 0, 0, imp_bytes(g->bytes, g->len));
	forget(g, cx);
	return st;
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct pbgatt *g = state;
	switch (in->verb) {
	case IMP_UP:
		return on_up(g, cx, in);
	case IMP_TX:
		return on_tx(g, cx, in);
	case IMP_RX:
		return on_rx(g, cx, in->data);
	case IMP_TICK:
		return g->partly ? break_off(g, cx, IMP_ETIME) : IMP_OK;
	case IMP_DOWN:
	case IMP_SHUT:
		forget(g, cx);
		g->up = 0;
		return IMP_PASS;
	}
	return IMP_PASS;
}

static const char *where(const void *state)
{
	const struct pbgatt *g = state;
	return !g->up ? "down" : g->partly ? "partly" : "up";
}

const imp_layer imp_pbgatt = {
	.size = sizeof(imp_layer),
	.burst = IMP_PBGATT_BURST,
	.id = "imp.pbgatt",
	.version = "1",
	.spec = "Mesh Protocol 1.1, 6.3",
	.offers = IMP_L_PROV,
	.needs = {IMP_L_GATT},
	.need = need,
	.init = init,
	.step = step,
	.where = where,
};

static const imp_layer *const layers[] = {&imp_pbgatt, NULL};

IMP_PLUGIN(pbgatt) = {
	.size = sizeof(imp_plugin),
	.abi = IMP_ABI,
	.rev = IMP_REV,
	.id = "imp.pbgatt",
	.license = "Apache-2.0",
	.layers = layers,
};
