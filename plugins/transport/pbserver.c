/* pbserver.c -- the Remote Provisioning Server of pbremote.h: the middle of the cut
 * stack.  Link 0 leads to the device, link 1 to the client. */
#include "pbremote.h"

#define NONE imp_bytes(NULL, 0)

enum { DEVICE, CLIENT };
enum { UUID = 16, HEAD = 3, ADDRESS = 16, SUCCESS = 0, TIMEOUT_MOST = 60, SCAN_GET = 0x8051, SCAN_STOP = 0x8053, SCAN_STATUS = 0x8054 };

struct server {
	uint8_t  state;            /* enum imp_pbremote_state */
	uint8_t  in, out;          /* numbers of the PDUs last taken from, and sent to the client */
	uint8_t  client_len, client[ADDRESS];
	uint8_t  uuid[UUID];
	uint32_t tickets, sent;
	uint16_t max;
};

static size_t need(const imp_params *p)
{
	(void)p;
	return sizeof(struct server);
}

static imp_status init(void *state, const imp_params *p)
{
	struct server *s = state;
	s->max = (uint16_t)(p->max_msg < UINT16_MAX ? p->max_msg : UINT16_MAX);
	return IMP_OK;
}

static imp_status tell(imp_cx *cx, imp_span to, uint16_t op, imp_span params)
{
	uint8_t *p = cx->room(cx, 2 + params.len);
	imp_msg m;
	if (!p)
		return IMP_ENOSPC;
	p[0] = (uint8_t)(op >> 8);
	p[1] = (uint8_t)op;
	if (params.len)
		memcpy(p + 2, params.ptr, params.len);
	m = imp_say(IMP_TX, 0, 0, 0, to, imp_bytes(p, 2 + params.len));
	m.link = CLIENT;
	return cx->emit(cx, &m);
}

static imp_span client(const struct server *s)
{
	return imp_bytes(s->client, s->client_len);
}

static imp_status status(imp_cx *cx, imp_span to, uint16_t op, uint8_t why, uint8_t state)
{
	uint8_t p[2] = {why, state};
	return tell(cx, to, op, imp_bytes(p, sizeof p));
}

static imp_status shut(struct server *s, imp_cx *cx, int32_t code)
{
	imp_msg m = imp_say(IMP_SHUT, 0, code, 0, NONE, NONE);
	s->state = IMP_RP_IDLE;
	s->sent = 0;
	return cx->emit(cx, &m);
}

/* --- the client's messages ---------------------------------------------------------- */

static imp_status on_open(struct server *s, imp_cx *cx, imp_span from, imp_span in)
{
	imp_msg m = imp_say(IMP_OPEN, 0, 0, ++s->tickets, imp_bytes(s->uuid, UUID), NONE);
	imp_status st;
	if ((in.len != UUID && in.len != UUID + 1) || from.len > ADDRESS)
		return status(cx, from, IMP_RP_LINK_STATUS, IMP_RP_CANNOT_OPEN, s->state);
	if (s->state != IMP_RP_IDLE)
		return status(cx, from, IMP_RP_LINK_STATUS, memcmp(in.ptr, s->uuid, UUID) ? IMP_RP_INVALID : IMP_RP_OK, s->state);
	if (in.len > UUID && (!in.ptr[UUID] || in.ptr[UUID] > TIMEOUT_MOST))
		return IMP_OK; /* prohibited */
	memcpy(s->uuid, in.ptr, UUID);
	memcpy(s->client, from.ptr, from.len);
	s->client_len = (uint8_t)from.len;
	s->state = IMP_RP_OPENING;
	s->in = s->out = 0;
	m.when = in.len > UUID ? in.ptr[UUID] * 1000u : 0;
	st = cx->emit(cx, &m);
	return st ? st : status(cx, from, IMP_RP_LINK_STATUS, IMP_RP_OK, s->state);
}

static imp_status on_close(struct server *s, imp_cx *cx, imp_span in)
{
	imp_status st = s->state == IMP_RP_IDLE || in.len != 1 ? IMP_OK : shut(s, cx, in.ptr[0] == SUCCESS ? IMP_OK : IMP_EPEER);
	return st ? st : status(cx, client(s), IMP_RP_LINK_STATUS, IMP_RP_OK, s->state);
}

/* What came before has been sent on, or is about to be. */
static imp_status on_send(struct server *s, imp_cx *cx, imp_span in)
{
	imp_msg m;
	if (in.len < 2 || s->state < IMP_RP_ACTIVE)
		return IMP_OK;
	if (in.ptr[0] == s->in && !s->sent)
		return tell(cx, client(s), IMP_RP_OUTBOUND, imp_bytes(&s->in, 1));
	if (s->sent || in.ptr[0] != (uint8_t)(s->in + 1))
		return IMP_OK;
	s->in++;
	s->state = IMP_RP_SENDING;
	m = imp_say(IMP_TX, 0, 0, s->sent = ++s->tickets, NONE, imp_bytes(in.ptr + 1, in.len - 1));
	return cx->emit(cx, &m);
}

static imp_status on_message(struct server *s, imp_cx *cx, const imp_msg *in)
{
	uint16_t op = in->data.len < 2 ? 0 : (uint16_t)(in->data.ptr[0] << 8 | in->data.ptr[1]);
	imp_span p = imp_bytes(in->data.ptr + 2, in->data.len < 2 ? 0 : in->data.len - 2);
	int mine = in->name.len == s->client_len && !memcmp(in->name.ptr, s->client, s->client_len);
	if (op == IMP_RP_CAP_GET)
		return status(cx, in->name, IMP_RP_CAP_STATUS, 0, 0); /* no scanning: hosts hear beacons */
	if (op >= SCAN_GET && op <= SCAN_STOP)
		return tell(cx, in->name, SCAN_STATUS, imp_bytes("\1\0\0\0", 4));
	if (op == IMP_RP_LINK_GET)
		return status(cx, in->name, IMP_RP_LINK_STATUS, IMP_RP_OK, s->state);
	if (op == IMP_RP_LINK_OPEN && (mine || s->state == IMP_RP_IDLE))
		return on_open(s, cx, in->name, p);
	if (op == IMP_RP_LINK_OPEN || !mine)
		return op == IMP_RP_LINK_OPEN ? status(cx, in->name, IMP_RP_LINK_STATUS, IMP_RP_LIMITED, s->state) : IMP_OK;
	return op == IMP_RP_LINK_CLOSE ? on_close(s, cx, p) : op == IMP_RP_PDU_SEND ? on_send(s, cx, p) : IMP_OK;
}

/* --- the device's link ---------------------------------------------------------------- */

static imp_status on_device(struct server *s, imp_cx *cx, const imp_msg *in)
{
	uint8_t gone[3] = {s->state == IMP_RP_OPENING ? IMP_RP_OPEN_FAILED : IMP_RP_BY_DEVICE, IMP_RP_IDLE, (uint8_t)in->topic};
	uint8_t *p;
	switch (in->verb) {
	case IMP_UP:
		if (s->state != IMP_RP_OPENING)
			return IMP_OK;
		s->state = IMP_RP_ACTIVE;
		return status(cx, client(s), IMP_RP_LINK_REPORT, IMP_RP_OK, s->state);
	case IMP_DOWN:
		if (s->state == IMP_RP_IDLE)
			return IMP_OK;
		s->state = IMP_RP_IDLE;
		s->sent = 0;
		return tell(cx, client(s), IMP_RP_LINK_REPORT, imp_bytes(gone, gone[0] == IMP_RP_BY_DEVICE ? 3 : 2));
	case IMP_RX:
		p = cx->room(cx, 1 + in->data.len);
		if (!p)
			return IMP_ENOSPC;
		if (s->state < IMP_RP_ACTIVE)
			return IMP_OK;
		p[0] = ++s->out;
		memcpy(p + 1, in->data.ptr, in->data.len);
		return tell(cx, client(s), IMP_RP_PDU_REPORT, imp_bytes(p, 1 + in->data.len));
	}
	return IMP_OK;
}

static imp_status on_answer(struct server *s, imp_cx *cx, const imp_msg *in)
{
	if (!s->sent || in->ticket != s->sent)
		return IMP_OK;
	s->sent = 0;
	if (in->code < 0)
		return IMP_OK; /* DOWN follows */
	s->state = IMP_RP_ACTIVE;
	return tell(cx, client(s), IMP_RP_OUTBOUND, imp_bytes(&s->in, 1));
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct server *s = state;
	switch (in->verb) {
	case IMP_RX:
		return in->link == CLIENT ? on_message(s, cx, in) : on_device(s, cx, in);
	case IMP_UP:
	case IMP_DOWN:
		return in->link == CLIENT ? IMP_OK : on_device(s, cx, in);
	case IMP_ANSWER:
		return on_answer(s, cx, in);
	case IMP_STOP:
		return s->state == IMP_RP_IDLE ? IMP_OK : shut(s, cx, IMP_EDENIED);
	}
	return in->verb == IMP_ASK || in->verb == IMP_TELL ? IMP_PASS : IMP_OK;
}

static const char *where(const void *state)
{
	static const char *const names[] = {"idle", "opening", "active", "sending", "closing"};
	return names[((const struct server *)state)->state];
}

const imp_layer imp_pbserver = {
	.size = sizeof(imp_layer),
	.burst = 4,
	.id = "imp.pbserver",
	.version = "1",
	.spec = "Mesh Protocol 1.1, 4.4.5",
	.offers = IMP_L_NONE,
	.needs = {IMP_L_PROV, IMP_L_DGRAM},
	.need = need,
	.init = init,
	.step = step,
	.where = where,
};
