/* pbadv.c -- see pbadv.h. */
#include "pbadv.h"

#define NONE imp_bytes(NULL, 0)

enum { AD_PROV = 0x29, AD_BEACON = 0x2b, FRAME = 30, HEAD = 6 /* AD type, link, number */ };
enum { START, ACK, CONTINUE, CONTROL }; /* low bits of generic provisioning */
enum { LINK_OPEN, LINK_ACK, LINK_CLOSE };
enum { SUCCESS, TIMEOUT, FAIL };
enum { FIRST = 20, MORE = 23, SEGMENTS = 64, UUID = 16, BEACON = 22, CLOSES = 3, LEAST = 65 };
enum { WAIT_LEAST = 20, WAIT_SPAN = 31, PEER_BIT = 0x80 };

enum state { IDLE, FOUND, OPENING, OPEN, CLOSING };

struct pbadv {
	uint8_t  state, device;
	uint8_t  link[4], target_len, target[BEACON]; /* uuid, or our beacon */
	uint8_t  closes, reason;       /* Link Close: how often yet, and why */
	uint8_t  owe_link_ack, owe_ack, ack; /* frames to be sent; ack: the number */
	uint8_t  out_number, out_next, sending; /* sending: a PDU is on its way; all: once at least */
	uint8_t  out_once;
	uint8_t  in_number, in_fcs, in_last, receiving; /* number: of the next transaction */
	uint16_t max, out_len, in_len;
	uint32_t label, ticket;
	uint64_t in_have;              /* bit: segment */
	uint64_t next, limit;          /* the next frame; when to give up */
	uint8_t  bytes[];              /* out, then in: max each */
};

static uint8_t *out_of(struct pbadv *b)
{
	return b->bytes;
}

static uint8_t *in_of(struct pbadv *b)
{
	return b->bytes + b->max;
}

static uint16_t max_of(const imp_params *p)
{
	return (uint16_t)(p->max_msg < IMP_PBADV_MOST ? p->max_msg : IMP_PBADV_MOST);
}

static size_t need(const imp_params *p)
{
	return sizeof(struct pbadv) + 2 * (size_t)max_of(p);
}

static imp_status init(void *state, const imp_params *p)
{
	struct pbadv *b = state;
	b->max = max_of(p);
	b->device = p->role == IMP_DEVICE;
	return b->max < LEAST ? IMP_EARG : IMP_OK;
}

uint8_t imp_pbadv_fcs(imp_span pdu)
{
	unsigned c = 0xff;
	for (size_t i = 0; i < pdu.len; i++) {
		c ^= pdu.ptr[i];
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xe0 : c >> 1;
	}
	return (uint8_t)(0xff - c);
}

/* --- segments --------------------------------------------------------------- */

/* The number of the last one. */
static uint8_t last_of(size_t len)
{
	return (uint8_t)(len <= FIRST ? 0 : (len - FIRST + MORE - 1) / MORE);
}

/* Where segment i lies in a PDU of this length. */
static imp_span segment(uint8_t *pdu, size_t len, unsigned i)
{
	size_t at = i ? FIRST + (i - 1) * (size_t)MORE : 0, most = i ? MORE : FIRST;
	return imp_bytes(pdu + at, len - at < most ? len - at : most);
}

/* Numbers of provisioners are below 0x80, numbers of devices above. */
static uint8_t after(uint8_t number)
{
	return (uint8_t)((number & PEER_BIT) | ((number + 1) & 0x7f));
}

/* --- time ------------------------------------------------------------------- */

static uint64_t chance(imp_cx *cx)
{
	uint8_t r = 0;
	return WAIT_LEAST + (cx->crypto->random(cx->crypto, &r, 1) ? 0u : r % WAIT_SPAN);
}

static void sleep_until(const struct pbadv *b, imp_cx *cx)
{
	cx->wake(cx, b->next < b->limit ? b->next : b->limit);
}

/* Something is to be sent: soon, unless something is due earlier. */
static void soon(struct pbadv *b, imp_cx *cx)
{
	uint64_t at = cx->now + chance(cx);
	if (at < b->next)
		b->next = at;
	sleep_until(b, cx);
}

/* --- sending ---------------------------------------------------------------- */

static imp_status say(imp_cx *cx, uint16_t verb, uint16_t topic, int32_t code, uint32_t ticket, imp_span name, imp_span data)
{
	imp_msg m = imp_say(verb, topic, code, ticket, name, data);
	return cx->emit(cx, &m);
}

/* One generic provisioning PDU. */
static imp_status frame(struct pbadv *b, imp_cx *cx, uint8_t number, imp_span head, imp_span data)
{
	uint8_t f[FRAME];
	f[0] = AD_PROV;
	memcpy(f + 1, b->link, sizeof b->link);
	f[5] = number;
	memcpy(f + HEAD, head.ptr, head.len);
	if (data.len)
		memcpy(f + HEAD + head.len, data.ptr, data.len);
	return say(cx, IMP_TX, 0, 0, 0, NONE, imp_bytes(f, HEAD + head.len + data.len));
}

static imp_status control(struct pbadv *b, imp_cx *cx, uint8_t opcode, imp_span data)
{
	uint8_t head = (uint8_t)(opcode << 2 | CONTROL);
	return frame(b, cx, 0, imp_bytes(&head, 1), data);
}

static imp_status send_segment(struct pbadv *b, imp_cx *cx)
{
	uint8_t last = last_of(b->out_len), i = b->out_next;
	uint8_t head[4] = {(uint8_t)(last << 2 | START), (uint8_t)(b->out_len >> 8), (uint8_t)b->out_len, imp_pbadv_fcs(imp_bytes(out_of(b), b->out_len))};
	if (i)
		head[0] = (uint8_t)(i << 2 | CONTINUE);
	b->out_once |= i == last;
	b->out_next = (uint8_t)(i == last ? 0 : i + 1);
	b->next = cx->now + chance(cx) + (i == last ? IMP_PBADV_REPEAT_MS : 0);
	return frame(b, cx, b->out_number, imp_bytes(head, i ? 1 : sizeof head), segment(out_of(b), b->out_len, i));
}

static imp_status send_beacon(struct pbadv *b, imp_cx *cx)
{
	uint8_t f[2 + BEACON] = {AD_BEACON, 0};
	memcpy(f + 2, b->target, b->target_len);
	b->next = cx->now + IMP_PBADV_BEACON_MS + chance(cx);
	return say(cx, IMP_TX, 0, 0, 0, NONE, imp_bytes(f, 2u + b->target_len));
}

static imp_status send_close(struct pbadv *b, imp_cx *cx)
{
	if (--b->closes == 0)
		b->state = IDLE;
	b->next = b->closes ? cx->now + chance(cx) : UINT64_MAX;
	return control(b, cx, LINK_CLOSE, imp_bytes(&b->reason, 1));
}

/* The one frame that is due now; what follows it sets b->next. */
static imp_status send_next(struct pbadv *b, imp_cx *cx)
{
	uint8_t head = ACK;
	b->next = UINT64_MAX;
	switch (b->state) {
	case FOUND:
		return send_beacon(b, cx);
	case OPENING:
		b->next = cx->now + IMP_PBADV_LINK_MS + chance(cx);
		return control(b, cx, LINK_OPEN, imp_bytes(b->target, UUID));
	case CLOSING:
		return send_close(b, cx);
	case IDLE:
		return IMP_OK;
	}
	if ((b->owe_ack || b->owe_link_ack) && b->sending)
		b->next = cx->now + chance(cx);
	if (b->owe_link_ack) {
		b->owe_link_ack = 0;
		return control(b, cx, LINK_ACK, NONE);
	}
	if (b->owe_ack) {
		b->owe_ack = 0;
		return frame(b, cx, b->ack, imp_bytes(&head, 1), NONE);
	}
	return b->sending ? send_segment(b, cx) : IMP_OK;
}

/* --- links ------------------------------------------------------------------ */

static void reset(struct pbadv *b)
{
	b->owe_ack = b->owe_link_ack = b->sending = b->receiving = 0;
	b->out_number = b->device ? PEER_BIT : 0;
	b->in_number = b->device ? 0 : PEER_BIT;
	b->next = b->limit = UINT64_MAX;
}

static imp_status answer(struct pbadv *b, imp_cx *cx, imp_status code)
{
	uint32_t ticket = b->sending ? b->ticket : 0;
	b->sending = 0;
	return ticket ? say(cx, IMP_ANSWER, 0, code, ticket, NONE, NONE) : IMP_OK;
}

/* Our side of it ends. */
static imp_status close_link(struct pbadv *b, imp_cx *cx, imp_status code)
{
	imp_status st = answer(b, cx, code < 0 ? code : IMP_ELINK);
	int told = b->state == OPEN || b->state == OPENING;
	reset(b);
	b->state = told ? CLOSING : IDLE;
	b->closes = CLOSES;
	b->reason = (uint8_t)(code >= 0 ? SUCCESS : code == IMP_ETIME ? TIMEOUT : FAIL);
	if (told)
		soon(b, cx);
	else
		sleep_until(b, cx);
	return st;
}

static imp_status give_up(struct pbadv *b, imp_cx *cx)
{
	uint32_t label = b->label;
	imp_status st = close_link(b, cx, IMP_ETIME);
	return st ? st : say(cx, IMP_DOWN, TIMEOUT, IMP_ETIME, label, NONE, NONE);
}

static imp_status come_up(struct pbadv *b, imp_cx *cx)
{
	imp_status st = say(cx, IMP_TELL, IMP_T_ROUTE, 0, 0, imp_bytes(b->link, sizeof b->link), NONE);
	b->state = OPEN;
	return st ? st : say(cx, IMP_UP, 0, b->max, b->label, NONE, NONE);
}

static imp_status on_open(struct pbadv *b, imp_cx *cx, const imp_msg *in)
{
	size_t n = in->name.len;
	imp_status st;
	if (n != UUID && (!b->device || (n != UUID + 2 && n != BEACON)))
		return say(cx, IMP_DOWN, 0, IMP_EARG, in->ticket, NONE, NONE);
	reset(b);
	memcpy(b->target, in->name.ptr, n);
	if (n == UUID)
		memset(b->target + n, 0, 2); /* a beacon has OOB information */
	b->target_len = (uint8_t)(n == UUID ? UUID + 2 : n);
	b->label = in->ticket;
	b->state = b->device ? FOUND : OPENING;
	if (!b->device) {
		b->limit = cx->now + (in->when ? in->when : IMP_PBADV_OPEN_MS);
		st = cx->crypto->random(cx->crypto, b->link, sizeof b->link);
		st = st ? st : say(cx, IMP_TELL, IMP_T_ROUTE, 0, 0, imp_bytes(b->link, sizeof b->link), NONE);
		if (st)
			return st;
	}
	soon(b, cx);
	return IMP_OK;
}

/* A provisioner opens a link to us; one at a time, and again if it did not hear. */
static imp_status on_link_open(struct pbadv *b, imp_cx *cx, const uint8_t *link, imp_span uuid)
{
	if (!b->device || uuid.len != UUID || memcmp(uuid.ptr, b->target, UUID))
		return IMP_OK;
	if (b->state == OPEN && !memcmp(link, b->link, sizeof b->link)) {
		b->owe_link_ack = 1;
		soon(b, cx);
	}
	if (b->state != FOUND)
		return IMP_OK;
	memcpy(b->link, link, sizeof b->link);
	b->next = UINT64_MAX;
	b->owe_link_ack = 1;
	soon(b, cx);
	return come_up(b, cx);
}

static imp_status on_link_close(struct pbadv *b, imp_cx *cx, imp_span reason)
{
	imp_status st, code;
	if (reason.len != 1 || (b->state != OPEN && b->state != OPENING))
		return IMP_OK;
	st = answer(b, cx, IMP_ELINK);
	reset(b);
	b->state = IDLE;
	sleep_until(b, cx);
	code = reason.ptr[0] > TIMEOUT ? IMP_EPEER : reason.ptr[0] ? IMP_ETIME : IMP_OK;
	return st ? st : say(cx, IMP_DOWN, reason.ptr[0], code, b->label, NONE, NONE);
}

static imp_status on_control(struct pbadv *b, imp_cx *cx, const uint8_t *link, uint8_t opcode, imp_span data)
{
	int mine = !memcmp(link, b->link, sizeof b->link);
	if (opcode == LINK_OPEN)
		return on_link_open(b, cx, link, data);
	if (opcode == LINK_CLOSE && mine)
		return on_link_close(b, cx, data);
	if (opcode != LINK_ACK || !mine || b->state != OPENING || data.len)
		return IMP_OK;
	b->next = b->limit = UINT64_MAX;
	sleep_until(b, cx);
	return come_up(b, cx);
}

/* --- transactions ------------------------------------------------------------- */

static imp_status arrived(struct pbadv *b, imp_cx *cx)
{
	b->out_number = after(b->out_number);
	b->next = b->owe_ack || b->owe_link_ack ? b->next : UINT64_MAX;
	b->limit = UINT64_MAX;
	sleep_until(b, cx);
	return answer(b, cx, IMP_OK);
}

static imp_status on_ack(struct pbadv *b, imp_cx *cx, uint8_t number)
{
	return b->sending && b->out_once && number == b->out_number ? arrived(b, cx) : IMP_OK;
}

static void acknowledge(struct pbadv *b, imp_cx *cx, uint8_t number)
{
	b->owe_ack = 1;
	b->ack = number;
	soon(b, cx);
}

/* All segments are here: a PDU if its check sequence is right. */
static imp_status received(struct pbadv *b, imp_cx *cx)
{
	imp_span pdu = imp_bytes(in_of(b), b->in_len);
	imp_status st = IMP_OK;
	b->receiving = 0;
	if (imp_pbadv_fcs(pdu) != b->in_fcs)
		return IMP_OK; /* it comes again */
	acknowledge(b, cx, b->in_number);
	b->in_number = after(b->in_number);
	if (b->sending)
		st = arrived(b, cx);
	return st ? st : say(cx, IMP_RX, 0, 0, 0, NONE, pdu);
}

static imp_status take(struct pbadv *b, imp_cx *cx, unsigned i, imp_span data)
{
	imp_span at = segment(in_of(b), b->in_len, i);
	if (i > b->in_last || data.len != at.len || b->in_have >> i & 1)
		return IMP_OK;
	memcpy((uint8_t *)(uintptr_t)at.ptr, data.ptr, data.len);
	b->in_have |= (uint64_t)1 << i;
	return b->in_have == UINT64_MAX >> (SEGMENTS - 1 - b->in_last) ? received(b, cx) : IMP_OK;
}

static imp_status on_start(struct pbadv *b, imp_cx *cx, uint8_t last, imp_span in)
{
	size_t len = in.len < 3 ? 0 : (size_t)(in.ptr[0] << 8 | in.ptr[1]);
	if (!len || len > b->max || last != last_of(len))
		return IMP_OK;
	if (b->receiving && (b->in_len != len || b->in_fcs != in.ptr[2]))
		b->receiving = 0; /* of two that contradict the later one counts */
	if (!b->receiving) {
		b->receiving = 1;
		b->in_have = 0;
		b->in_len = (uint16_t)len;
		b->in_fcs = in.ptr[2];
		b->in_last = last;
	}
	return take(b, cx, 0, imp_bytes(in.ptr + 3, in.len - 3));
}

static imp_status on_transaction(struct pbadv *b, imp_cx *cx, uint8_t number, uint8_t head, imp_span data)
{
	unsigned kind = head & 3, i = head >> 2;
	if (kind == ACK)
		return head == ACK && !data.len ? on_ack(b, cx, number) : IMP_OK;
	if (after(number) == b->in_number) { /* our acknowledgment was lost */
		if (kind == START)
			acknowledge(b, cx, number);
		return IMP_OK;
	}
	if (number != b->in_number)
		return IMP_OK;
	if (kind == START)
		return on_start(b, cx, (uint8_t)i, data);
	return b->receiving && i ? take(b, cx, i, data) : IMP_OK;
}

static imp_status on_frame(struct pbadv *b, imp_cx *cx, imp_span in)
{
	imp_span data;
	if (in.len < HEAD + 1 || in.len > FRAME || in.ptr[0] != AD_PROV)
		return IMP_OK;
	data = imp_bytes(in.ptr + HEAD + 1, in.len - HEAD - 1);
	if ((in.ptr[HEAD] & 3) == CONTROL)
		return on_control(b, cx, in.ptr + 1, in.ptr[HEAD] >> 2, data);
	if (b->state != OPEN || memcmp(in.ptr + 1, b->link, sizeof b->link))
		return IMP_OK;
	return on_transaction(b, cx, in.ptr[5], in.ptr[HEAD], data);
}

static imp_status on_tx(struct pbadv *b, imp_cx *cx, const imp_msg *in)
{
	imp_status no = b->state != OPEN ? IMP_ELINK : b->sending ? IMP_EPROTO : !in->data.len || in->data.len > b->max ? IMP_ENOSPC : IMP_OK;
	if (no)
		return in->ticket ? say(cx, IMP_ANSWER, 0, no, in->ticket, NONE, NONE) : IMP_OK;
	memcpy(out_of(b), in->data.ptr, in->data.len);
	b->out_len = (uint16_t)in->data.len;
	b->out_next = b->out_once = 0;
	b->sending = 1;
	b->ticket = in->ticket;
	b->limit = cx->now + IMP_PBADV_TRANSACTION_MS;
	soon(b, cx);
	return IMP_OK;
}

static imp_status on_tick(struct pbadv *b, imp_cx *cx)
{
	imp_status st;
	if (b->limit <= cx->now)
		return give_up(b, cx);
	st = b->next <= cx->now ? send_next(b, cx) : IMP_OK;
	sleep_until(b, cx);
	return st;
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct pbadv *b = state;
	switch (in->verb) {
	case IMP_OPEN:
		return on_open(b, cx, in);
	case IMP_SHUT:
		return close_link(b, cx, in->code);
	case IMP_TX:
		return on_tx(b, cx, in);
	case IMP_RX:
		return on_frame(b, cx, in->data);
	case IMP_TICK:
		return on_tick(b, cx);
	case IMP_UP: /* there is a radio: nobody's business */
		return IMP_OK;
	}
	return IMP_PASS;
}

static const char *where(const void *state)
{
	static const char *const names[] = {"idle", "found", "opening", "open", "closing"};
	return names[((const struct pbadv *)state)->state];
}

/* --- triage ------------------------------------------------------------------ */

static int triage(const imp_crypto *c, imp_span secret, uint64_t now, const imp_msg *rx, uint8_t key[24], size_t *key_len,
                  imp_span *hint, imp_msg *reply, uint8_t *buf, size_t cap)
{
	const uint8_t *p = rx->data.ptr;
	size_t n = rx->data.len;
	(void)c, (void)secret, (void)now, (void)buf, (void)cap;
	memset(reply, 0, sizeof *reply);
	*hint = NONE;
	*key_len = UUID;
	if ((n == 2 + UUID + 2 || n == 2 + BEACON) && p[0] == AD_BEACON && p[1] == 0) {
		*hint = imp_bytes(p + 2, n - 2);
		memcpy(key, p + 2, UUID);
		return IMP_FRESH;
	}
	if (n < HEAD + 1 || n > FRAME || p[0] != AD_PROV)
		return IMP_DROP;
	if (p[HEAD] == (LINK_OPEN << 2 | CONTROL) && n == HEAD + 1 + UUID) {
		memcpy(key, p + HEAD + 1, UUID);
		return IMP_KNOWN;
	}
	*key_len = 4;
	memcpy(key, p + 1, 4);
	return IMP_KNOWN;
}

const imp_layer imp_pbadv = {
	.size = sizeof(imp_layer),
	.burst = 4,
	.id = "imp.pbadv",
	.version = "1",
	.spec = "Mesh Protocol 1.1, 5.3",
	.offers = IMP_L_PROV,
	.needs = {IMP_L_ADV},
	.need = need,
	.init = init,
	.step = step,
	.where = where,
	.triage = triage,
};

static const imp_layer *const layers[] = {&imp_pbadv, NULL};

IMP_PLUGIN(pbadv) = {
	.size = sizeof(imp_plugin),
	.abi = IMP_ABI,
	.rev = IMP_REV,
	.id = "imp.pbadv",
	.license = "Apache-2.0",
	.layers = layers,
};
