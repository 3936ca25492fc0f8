/* coap.c -- see coap.h: the link, the timers and who a datagram is for. */
#include "coapin.h"
#include "uri.h"

/* --- memory ----------------------------------------------------------------- */

static size_t slot_size(uint32_t cap)
{
	return (sizeof(struct slot) + SLOT_HEAD + cap + 7u) & ~(size_t)7;
}

/* The largest block that max_msg allows. */
static uint32_t largest(uint32_t max)
{
	uint32_t n = 1024;
	while (n > 16 && n > max)
		n /= 2;
	return n;
}

static uint32_t slots_of(const imp_params *p)
{
	return p->exchanges ? p->exchanges : 2;
}

/* A body, and what of the piece before it did not fill a block. */
static size_t body_size(uint32_t max)
{
	return (size_t)max + largest(max);
}

static size_t head_size(uint32_t max)
{
	return (sizeof(struct coap) + IMP_COAP_NAME + 2 * body_size(max) + 7u) & ~(size_t)7;
}

uint32_t coap_room(const struct coap *s)
{
	return (uint32_t)body_size(s->max);
}

uint8_t *coap_name(struct coap *s)
{
	return (uint8_t *)(s + 1);
}

uint8_t *coap_out(struct coap *s)
{
	return coap_name(s) + IMP_COAP_NAME;
}

uint8_t *coap_in(struct coap *s)
{
	return coap_out(s) + body_size(s->max);
}

struct slot *coap_slot(struct coap *s, unsigned i)
{
	return (struct slot *)(void *)((uint8_t *)s + head_size(s->max) + i * slot_size(s->cap));
}

uint8_t *coap_slot_bytes(struct slot *k)
{
	return (uint8_t *)(k + 1);
}

size_t coap_slot_cap(const struct coap *s)
{
	return SLOT_HEAD + (size_t)s->cap;
}

static size_t need(const imp_params *p)
{
	return head_size(p->max_msg) + slots_of(p) * slot_size(largest(p->max_msg));
}

static imp_status init(void *state, const imp_params *p)
{
	struct coap *s = state;
	s->max = p->max_msg;
	s->slots = (uint16_t)slots_of(p);
	s->cap = (uint16_t)largest(p->max_msg);
	return p->max_msg >= 16 && p->max_msg < 1u << 28 ? IMP_OK : IMP_EARG;
}

/* A message of ours, one delivered with its name, and a reply to go with it. */
static size_t work(const imp_params *p)
{
	return 2 * ((size_t)p->max_msg + 4 * IMP_COAP_NAME) + 4 * (largest(p->max_msg) + SLOT_HEAD);
}

/* --- small things ------------------------------------------------------------ */

uint16_t coap_mid(struct coap *s)
{
	return ++s->mid;
}

uint32_t coap_jitter(struct coap *s)
{
	s->seed = s->seed * 1664525u + 1013904223u;
	return IMP_COAP_ACK_MS + (s->seed >> 16) % (IMP_COAP_ACK_MS / 2);
}

void coap_send(imp_cx *cx, imp_span bytes)
{
	imp_msg m = {.verb = IMP_TX, .data = bytes};
	cx->emit(cx, &m);
}

void coap_empty(imp_cx *cx, uint8_t type, uint16_t mid)
{
	uint8_t bytes[4];
	imp_wr w = imp_wr_to(bytes, sizeof bytes);
	imp_coap_put_head(&w, type, 0, mid, imp_bytes(NULL, 0));
	coap_send(cx, imp_wr_span(&w));
}

void coap_answer(imp_cx *cx, uint32_t ticket, int32_t code)
{
	imp_msg m = {.verb = IMP_ANSWER, .code = code, .ticket = ticket, .topic = NO_FORMAT};
	if (ticket)
		cx->emit(cx, &m);
}

imp_span coap_room_name(imp_cx *cx, const struct imp_coap_msg *m)
{
	imp_wr w = imp_wr_to(NULL, 0);
	size_t n;
	imp_coap_put_name(&w, m);
	n = imp_wr_need(&w);
	if (!n || n > 3 * IMP_COAP_NAME)
		return imp_bytes(n ? NULL : "", 0);
	w = imp_wr_to(cx->room(cx, n), n);
	if (!w.to)
		return imp_bytes(NULL, 0);
	imp_coap_put_name(&w, m);
	return imp_wr_span(&w);
}

/* --- the link ---------------------------------------------------------------- */

/* Forget the peer; counters go on. */
static void reset(struct coap *s)
{
	struct coap keep = *s;
	imp_wipe(&s->q, sizeof s->q);
	imp_wipe(coap_name(s), IMP_COAP_NAME + 2 * body_size(s->max));
	for (unsigned i = 0; i < s->slots; i++)
		imp_wipe(coap_slot(s, i), slot_size(s->cap));
	s->up = s->owner = s->seen_n = 0;
	s->in_len = s->in_base = 0;
	s->tickets = keep.tickets;
}

static int is_address(imp_span host)
{
	int digits = 1;
	for (size_t i = 0; i < host.len; i++)
		if (host.ptr[i] == ':')
			return 1;
		else if (host.ptr[i] != '.' && (host.ptr[i] < '0' || host.ptr[i] > '9'))
			digits = 0;
	return digits;
}

static imp_status opened(struct coap *s, const imp_msg *m)
{
	imp_uri u;
	reset(s);
	s->host_len = 0;
	if (imp_uri_parse(m->name, &u) == IMP_OK && !is_address(u.host) && u.host.len <= HOST) {
		memcpy(s->host, u.host.ptr, u.host.len);
		s->host_len = (uint8_t)u.host.len;
	}
	return IMP_PASS;
}

/* Blocks that leave room for header and options in what the link takes. */
static uint8_t block_for(const struct coap *s, int32_t most)
{
	uint32_t n = s->cap;
	uint8_t szx = 0;
	while (most > 0 && n > 16 && n + n / 8 + 48 > (uint32_t)most)
		n /= 2;
	while (16u << szx < n)
		szx++;
	return szx;
}

static imp_status link_up(struct coap *s, imp_cx *cx, const imp_msg *in)
{
	uint8_t random[12];
	imp_msg m = *in;
	imp_status st = cx->crypto->random(cx->crypto, random, sizeof random);
	if (st < 0)
		return st;
	memcpy(s->prefix, random, 4);
	memcpy(&s->mid, random + 4, 2);
	memcpy(&s->seed, random + 8, 4);
	s->szx = block_for(s, in->code);
	s->up = 1;
	m.code = 0;
	cx->emit(cx, &m);
	return IMP_OK;
}

/* --- what arrives ------------------------------------------------------------- */

static void empty(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m)
{
	switch (m->type) {
	case IMP_COAP_CON: /* a ping */
		coap_empty(cx, IMP_COAP_RST, m->mid);
		break;
	case IMP_COAP_ACK:
	case IMP_COAP_RST:
		coap_client_empty(s, cx, m);
		coap_server_empty(s, m);
		break;
	}
}

static void response(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m)
{
	int ours = coap_client_is_ours(s, m);
	if (m->type == IMP_COAP_CON)
		coap_empty(cx, ours && !m->bad ? IMP_COAP_ACK : IMP_COAP_RST, m->mid);
	if (ours)
		coap_client_reply(s, cx, m);
}

static void received(struct coap *s, imp_cx *cx, imp_span in)
{
	struct imp_coap_msg m;
	if (imp_coap_parse(in, &m) < 0) {
		if (m.type == IMP_COAP_CON)
			coap_empty(cx, IMP_COAP_RST, m.mid);
	} else if (m.code == 0) {
		empty(s, cx, &m);
	} else if (m.code >> 5) {
		response(s, cx, &m);
	} else if (m.type == IMP_COAP_CON || m.type == IMP_COAP_NON) {
		coap_server_request(s, cx, &m);
	}
}

/* --- the layer ----------------------------------------------------------------- */

static imp_status step(void *state, imp_cx *cx, const imp_msg *m)
{
	struct coap *s = state;
	imp_status st = IMP_OK;
	uint64_t a, b;
	switch (m->verb) {
	case IMP_RX:
		if (s->up)
			received(s, cx, m->data);
		break;
	case IMP_TX:
		if (s->up)
			coap_client_tx(s, cx, m);
		else
			coap_answer(cx, m->ticket, IMP_ELINK);
		break;
	case IMP_ANSWER:
		coap_server_answer(s, cx, m);
		break;
	case IMP_TICK:
		coap_client_tick(s, cx);
		coap_server_tick(s, cx);
		break;
	case IMP_OPEN:
		st = opened(s, m);
		break;
	case IMP_UP:
		st = link_up(s, cx, m);
		break;
	case IMP_DOWN:
	case IMP_SHUT:
		coap_client_fail(s, cx, IMP_ELINK);
		reset(s);
		st = IMP_PASS;
		break;
	default:
		return IMP_PASS;
	}
	a = coap_client_due(s);
	b = coap_server_due(s);
	cx->wake(cx, a < b ? a : b);
	return st;
}

static int triage(const imp_crypto *c, imp_span secret, uint64_t now, const imp_msg *rx, uint8_t key[24], size_t *key_len,
                  imp_span *hint, imp_msg *reply, uint8_t *buf, size_t cap)
{
	struct imp_coap_msg m;
	imp_wr w = imp_wr_to(buf, cap);
	(void)c, (void)secret, (void)now;
	*hint = imp_bytes(NULL, 0);
	*key_len = rx->name.len < 24 ? rx->name.len : 24;
	memset(reply, 0, sizeof *reply);
	if (rx->verb != IMP_RX || !*key_len || imp_coap_parse(rx->data, &m) < 0)
		return IMP_DROP;
	memcpy(key, rx->name.ptr, *key_len);
	if (m.code)
		return IMP_FRESH;
	if (m.type != IMP_COAP_CON)
		return IMP_DROP;
	imp_coap_put_head(&w, IMP_COAP_RST, 0, m.mid, imp_bytes(NULL, 0));
	reply->verb = IMP_TX;
	reply->name = rx->name;
	reply->data = imp_wr_span(&w);
	return reply->data.len ? IMP_BOUNCE : IMP_DROP;
}

static const char *where(const void *state)
{
	static const char names[][8] = {"idle", "sent", "waiting", "hungry", "fed", "paused"};
	return names[((const struct coap *)state)->q.state];
}

const imp_layer imp_coap = {
    .size = sizeof(imp_layer),
    .burst = BURST,
    .id = "imp.coap",
    .version = "1",
    .spec = "RFC 7252, RFC 7959",
    .offers = IMP_L_REST,
    .needs = {IMP_L_DGRAM},
    .need = need,
    .init = init,
    .step = step,
    .where = where,
    .triage = triage,
    .work = work,
};

static const imp_layer *const layers[] = {&imp_coap, NULL};

IMP_PLUGIN(coap) = {sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.coap", "Apache-2.0", layers, NULL, NULL};
