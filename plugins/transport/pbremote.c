/* pbremote.c -- see pbremote.h. */
#include "pbremote.h"

#define NONE imp_bytes(NULL, 0)

enum { UUID = 16, HEAD = 3 /* opcode, number */, LEAST = HEAD + 65, TARGET = 16, SUCCESS = 0, FAIL = 2, PROCEDURES = 3 };
enum state { IDLE, READY, OPENING, OPEN };

struct pbremote {
	uint8_t  state, device;
	uint8_t  target_len, target[TARGET]; /* what Link Open says: a uuid, or a procedure */
	uint8_t  in, out, sending;           /* numbers of the PDUs last taken and sent */
	uint16_t max, len;
	uint32_t label, ticket;
	uint64_t limit;                      /* when to give up */
	uint8_t  bytes[];                    /* the PDU on its way, from its number on */
};

static uint16_t max_of(const imp_params *p)
{
	return (uint16_t)(p->max_msg < UINT16_MAX ? p->max_msg : UINT16_MAX);
}

static size_t need(const imp_params *p)
{
	return sizeof(struct pbremote) + (p->role == IMP_DEVICE ? 0u : max_of(p));
}

static imp_status init(void *state, const imp_params *p)
{
	struct pbremote *b = state;
	b->max = max_of(p);
	b->device = p->role == IMP_DEVICE;
	return b->max < LEAST ? IMP_EARG : IMP_OK;
}

static imp_status say(imp_cx *cx, uint16_t verb, uint16_t topic, int32_t code, uint32_t ticket, imp_span data)
{
	imp_msg m = imp_say(verb, topic, code, ticket, NONE, data);
	return cx->emit(cx, &m);
}

static imp_status send(const struct pbremote *b, imp_cx *cx, uint16_t op, imp_span params)
{
	uint8_t *to = cx->room(cx, 2 + params.len);
	imp_msg m;
	if (!to)
		return IMP_ENOSPC;
	to[0] = (uint8_t)(op >> 8);
	to[1] = (uint8_t)op;
	if (params.len)
		memcpy(to + 2, params.ptr, params.len);
	m = imp_say(IMP_TX, 0, 0, 0, imp_bytes(b->target, b->target_len), imp_bytes(to, 2 + params.len));
	return cx->emit(cx, &m);
}

static imp_status send_two(const struct pbremote *b, imp_cx *cx, uint16_t op, uint8_t first, uint8_t second)
{
	uint8_t p[2] = {first, second};
	return send(b, cx, op, imp_bytes(p, sizeof p));
}

static imp_status answer(struct pbremote *b, imp_cx *cx, imp_status code)
{
	uint32_t ticket = b->sending ? b->ticket : 0;
	b->sending = 0;
	return ticket ? say(cx, IMP_ANSWER, 0, code, ticket, NONE) : IMP_OK;
}

static void again(const struct pbremote *b, imp_cx *cx)
{
	uint64_t at = cx->now + IMP_PBREMOTE_REPEAT_MS;
	cx->wake(cx, at < b->limit ? at : b->limit);
}

static imp_status down(struct pbremote *b, imp_cx *cx, imp_status code, uint16_t why)
{
	imp_status st = answer(b, cx, code < 0 ? code : IMP_ELINK);
	b->state = IDLE;
	cx->wake(cx, UINT64_MAX);
	return st ? st : say(cx, IMP_DOWN, why, code, b->label, NONE);
}

static imp_status up(struct pbremote *b, imp_cx *cx)
{
	b->state = OPEN;
	b->in = b->out = 0;
	cx->wake(cx, UINT64_MAX);
	return say(cx, IMP_UP, 0, b->max - HEAD, b->label, imp_bytes(b->target, b->device ? 1 : 0));
}

/* --- from above --------------------------------------------------------------- */

static imp_status on_open(struct pbremote *b, imp_cx *cx, const imp_msg *in)
{
	imp_span to = in->data.len == 1 ? in->data : in->name;
	b->label = in->ticket;
	b->sending = 0;
	if (b->device) {
		b->state = READY;
		return IMP_OK;
	}
	if (to.len != UUID && to.len != 1)
		return say(cx, IMP_DOWN, 0, IMP_EARG, in->ticket, NONE);
	memcpy(b->target, to.ptr, to.len);
	b->target_len = (uint8_t)to.len;
	b->state = OPENING;
	b->limit = cx->now + (in->when ? in->when : IMP_PBREMOTE_OPEN_MS);
	again(b, cx);
	return send(b, cx, IMP_RP_LINK_OPEN, to);
}

static imp_status on_shut(struct pbremote *b, imp_cx *cx, imp_status code)
{
	uint8_t reason = code < 0 ? FAIL : SUCCESS;
	imp_status st = b->device ? send_two(b, cx, IMP_RP_LINK_REPORT, IMP_RP_BY_DEVICE, IMP_RP_IDLE) : send(b, cx, IMP_RP_LINK_CLOSE, imp_bytes(&reason, 1));
	int told = b->state == OPEN || b->state == OPENING;
	if (!told)
		st = IMP_OK;
	b->state = IDLE;
	cx->wake(cx, UINT64_MAX);
	return st ? st : answer(b, cx, IMP_ELINK);
}

/* The number and the PDU. */
static imp_status on_tx(struct pbremote *b, imp_cx *cx, const imp_msg *in)
{
	imp_status no = b->state != OPEN ? IMP_ELINK : b->sending ? IMP_EPROTO : !in->data.len || in->data.len + HEAD > b->max ? IMP_ENOSPC : IMP_OK;
	uint8_t *p;
	if (no)
		return in->ticket ? say(cx, IMP_ANSWER, 0, no, in->ticket, NONE) : IMP_OK;
	p = b->device ? cx->room(cx, 1 + in->data.len) : b->bytes;
	if (!p)
		return IMP_ENOSPC;
	p[0] = ++b->out;
	memcpy(p + 1, in->data.ptr, in->data.len);
	b->len = (uint16_t)(1 + in->data.len);
	b->ticket = in->ticket;
	b->sending = 1;
	if (b->device) { /* nobody says that it has come */
		no = answer(b, cx, IMP_OK);
		return no ? no : send(b, cx, IMP_RP_PDU_REPORT, imp_bytes(p, b->len));
	}
	b->limit = cx->now + IMP_PBREMOTE_PDU_MS;
	again(b, cx);
	return send(b, cx, IMP_RP_PDU_SEND, imp_bytes(p, b->len));
}

/* --- from below: the client ------------------------------------------------------ */

static imp_status on_link(struct pbremote *b, imp_cx *cx, imp_span in)
{
	if (in.len < 2 || in.len > 3 || b->state < OPENING)
		return IMP_OK;
	if (in.ptr[0] != IMP_RP_OK || in.ptr[1] == IMP_RP_IDLE || in.ptr[1] == IMP_RP_CLOSING)
		return down(b, cx, in.len == 3 && in.ptr[2] == SUCCESS && in.ptr[0] == IMP_RP_BY_DEVICE ? IMP_OK : IMP_EPEER, in.ptr[0]);
	return in.ptr[1] >= IMP_RP_ACTIVE && b->state == OPENING ? up(b, cx) : IMP_OK;
}

static imp_status arrived(struct pbremote *b, imp_cx *cx)
{
	cx->wake(cx, UINT64_MAX);
	return answer(b, cx, IMP_OK);
}

static imp_status on_pdu(struct pbremote *b, imp_cx *cx, imp_span in)
{
	imp_status st;
	if (in.len < 2 || b->state != OPEN || in.ptr[0] != (uint8_t)(b->in + 1))
		return IMP_OK;
	b->in++;
	st = b->sending ? arrived(b, cx) : IMP_OK;
	return st ? st : say(cx, IMP_RX, 0, 0, 0, imp_bytes(in.ptr + 1, in.len - 1));
}

static imp_status client(struct pbremote *b, imp_cx *cx, uint16_t op, imp_span in)
{
	switch (op) {
	case IMP_RP_LINK_STATUS:
	case IMP_RP_LINK_REPORT:
		return on_link(b, cx, in);
	case IMP_RP_OUTBOUND:
		return b->sending && in.len == 1 && in.ptr[0] == b->out ? arrived(b, cx) : IMP_OK;
	case IMP_RP_PDU_REPORT:
		return on_pdu(b, cx, in);
	}
	return IMP_OK;
}

/* --- from below: the node ---------------------------------------------------------- */

static imp_status on_link_open(struct pbremote *b, imp_cx *cx, imp_span in)
{
	imp_status st;
	if (in.len != 1 || in.ptr[0] >= PROCEDURES)
		return send_two(b, cx, IMP_RP_LINK_STATUS, IMP_RP_CANNOT_OPEN, IMP_RP_IDLE);
	if (b->state == OPEN)
		return send_two(b, cx, IMP_RP_LINK_STATUS, in.ptr[0] == b->target[0] ? IMP_RP_OK : IMP_RP_INVALID, IMP_RP_ACTIVE);
	if (b->state != READY)
		return send_two(b, cx, IMP_RP_LINK_STATUS, IMP_RP_LIMITED, IMP_RP_IDLE);
	b->target[0] = in.ptr[0];
	st = send_two(b, cx, IMP_RP_LINK_STATUS, IMP_RP_OK, IMP_RP_ACTIVE);
	return st ? st : up(b, cx);
}

static imp_status on_link_close(struct pbremote *b, imp_cx *cx, imp_span in)
{
	imp_status st = send_two(b, cx, IMP_RP_LINK_STATUS, IMP_RP_OK, IMP_RP_IDLE);
	if (st || b->state != OPEN || in.len != 1)
		return st;
	return down(b, cx, in.ptr[0] == SUCCESS ? IMP_OK : IMP_EPEER, IMP_RP_BY_CLIENT);
}

/* A PDU that came before is reported again, and not delivered. */
static imp_status on_pdu_send(struct pbremote *b, imp_cx *cx, imp_span in)
{
	imp_status st;
	if (in.len < 2 || b->state != OPEN || (in.ptr[0] != b->in && in.ptr[0] != (uint8_t)(b->in + 1)))
		return IMP_OK;
	st = send(b, cx, IMP_RP_OUTBOUND, imp_bytes(in.ptr, 1));
	if (st || in.ptr[0] == b->in)
		return st;
	b->in++;
	return say(cx, IMP_RX, 0, 0, 0, imp_bytes(in.ptr + 1, in.len - 1));
}

static imp_status node(struct pbremote *b, imp_cx *cx, uint16_t op, imp_span in)
{
	switch (op) {
	case IMP_RP_LINK_OPEN:
		return on_link_open(b, cx, in);
	case IMP_RP_LINK_CLOSE:
		return on_link_close(b, cx, in);
	case IMP_RP_LINK_GET:
		return send_two(b, cx, IMP_RP_LINK_STATUS, IMP_RP_OK, b->state == OPEN ? IMP_RP_ACTIVE : IMP_RP_IDLE);
	case IMP_RP_PDU_SEND:
		return on_pdu_send(b, cx, in);
	}
	return IMP_OK;
}

static imp_status on_rx(struct pbremote *b, imp_cx *cx, imp_span in)
{
	uint16_t op = in.len < 2 ? 0 : (uint16_t)(in.ptr[0] << 8 | in.ptr[1]);
	imp_span params = imp_bytes(in.ptr + 2, in.len < 2 ? 0 : in.len - 2);
	return !op ? IMP_OK : b->device ? node(b, cx, op, params) : client(b, cx, op, params);
}

static imp_status on_tick(struct pbremote *b, imp_cx *cx)
{
	imp_status st;
	if (b->state < OPENING)
		return IMP_OK;
	if (b->limit > cx->now) {
		again(b, cx);
		return b->state == OPENING ? send(b, cx, IMP_RP_LINK_OPEN, imp_bytes(b->target, b->target_len)) : send(b, cx, IMP_RP_PDU_SEND, imp_bytes(b->bytes, b->len));
	}
	st = send(b, cx, IMP_RP_LINK_CLOSE, imp_bytes("\2", 1));
	return st ? st : down(b, cx, IMP_ETIME, 0);
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct pbremote *b = state;
	switch (in->verb) {
	case IMP_OPEN:
		return on_open(b, cx, in);
	case IMP_SHUT:
		return on_shut(b, cx, in->code);
	case IMP_TX:
		return on_tx(b, cx, in);
	case IMP_RX:
		return on_rx(b, cx, in->data);
	case IMP_TICK:
		return on_tick(b, cx);
	case IMP_UP: /* there is a network: nobody's business */
		return IMP_OK;
	}
	return IMP_PASS;
}

static const char *where(const void *state)
{
	static const char *const names[] = {"idle", "ready", "opening", "open"};
	return names[((const struct pbremote *)state)->state];
}

const imp_layer imp_pbremote = {
	.size = sizeof(imp_layer),
	.burst = 4,
	.id = "imp.pbremote",
	.version = "1",
	.spec = "Mesh Protocol 1.1, 5.2.3",
	.offers = IMP_L_PROV,
	.needs = {IMP_L_DGRAM},
	.need = need,
	.init = init,
	.step = step,
	.where = where,
};

static const imp_layer *const layers[] = {&imp_pbremote, &imp_pbserver, NULL};

IMP_PLUGIN(pbremote) = {
	.size = sizeof(imp_plugin),
	.abi = IMP_ABI,
	.rev = IMP_REV,
	.id = "imp.pbremote",
	.license = "Apache-2.0",
	.layers = layers,
};
