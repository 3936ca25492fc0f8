/* coapserver.c -- the peer's requests: each once, answered, remembered. */
#include "coapin.h"

enum { CONTINUE = 0x5f, BAD_REQUEST = 0x80, BAD_OPTION = 0x82, BAD_METHOD = 0x85, INCOMPLETE = 0x88, INTERNAL = 0xa0, UNAVAILABLE = 0xa3,
       NO_PROXY = 0xa5 };

/* --- slots -------------------------------------------------------------------------- */

static struct slot *find_slot(struct coap *s, const struct imp_coap_msg *m, uint64_t now)
{
	for (unsigned i = 0; i < s->slots; i++) {
		struct slot *k = coap_slot(s, i);
		if (k->state != SLOT_FREE && k->mid == m->mid && k->type == m->type && now < k->until)
			return k;
	}
	return NULL;
}

static struct slot *by_ticket(struct coap *s, uint32_t ticket)
{
	for (unsigned i = 0; i < s->slots && ticket; i++)
		if (coap_slot(s, i)->ticket == ticket)
			return coap_slot(s, i);
	return NULL;
}

/* One that came before, though its slot has been used again: it is late. */
static int is_stale(struct coap *s, const struct imp_coap_msg *m, uint64_t now)
{
	if (now >= s->seen_until)
		s->seen_n = 0;
	for (unsigned i = 0; i < s->seen_n; i++)
		if (s->seen[i] == m->mid)
			return 1;
	return 0;
}

static void remember(struct coap *s, uint16_t mid, uint64_t now)
{
	s->seen[s->seen_at] = mid;
	s->seen_at = (uint8_t)((s->seen_at + 1) % SEEN);
	s->seen_n = s->seen_n < SEEN ? (uint8_t)(s->seen_n + 1) : SEEN;
	s->seen_until = now + IMP_COAP_LIFETIME_MS;
}

/* What says to which request a block belongs: method, path, query, Accept
 * (FNV-1a; RFC 7959 section 2.4 has the whole cache key, but peers leave out
 * Content-Format from requests without a body). */
static uint64_t request_hash(const struct imp_coap_msg *m)
{
	uint8_t bytes[3 * IMP_COAP_NAME] = {0}; /* a longer name leaves gaps */
	imp_wr w = imp_wr_to(bytes, sizeof bytes);
	struct imp_coap_msg plain = *m;
	uint64_t h = 14695981039346656037u ^ m->code;
	size_t n;
	plain.echo = imp_bytes(NULL, 0);
	imp_coap_put_name(&w, &plain);
	n = imp_wr_need(&w) < sizeof bytes ? imp_wr_need(&w) : sizeof bytes;
	for (size_t i = 0; i < n; i++)
		h = (h ^ bytes[i]) * 1099511628211u;
	return h;
}

/* A free one, or the oldest that is answered; NULL: all are at work. */
static struct slot *take_slot(struct coap *s, const struct imp_coap_msg *m, uint64_t now)
{
	struct slot *oldest = NULL;
	for (unsigned i = 0; i < s->slots; i++) {
		struct slot *k = coap_slot(s, i);
		if (k->state == SLOT_FREE) {
			oldest = k;
			break;
		}
		if (k->state == SLOT_DONE && (!oldest || k->until < oldest->until))
			oldest = k;
	}
	if (!oldest)
		return NULL;
	imp_wipe(oldest, sizeof *oldest);
	oldest->state = SLOT_SERVING;
	oldest->type = m->type;
	oldest->mid = m->mid;
	oldest->token_len = (uint8_t)m->token.len;
	if (m->token.len)
		memcpy(oldest->token, m->token.ptr, m->token.len);
	oldest->silent = m->no_response == IMP_COAP_ABSENT ? 0 : (uint8_t)m->no_response;
	oldest->block1 = m->block1;
	oldest->block2 = m->block2;
	oldest->hash = request_hash(m);
	oldest->due = m->type == IMP_COAP_CON ? now + IMP_COAP_PATIENCE_MS : UINT64_MAX;
	oldest->until = now + IMP_COAP_LIFETIME_MS;
	return oldest;
}

/* --- replies ------------------------------------------------------------------------ */

struct reply {
	uint8_t code;
	imp_span name, body;
	uint32_t format, block1, block2;
};

static void send_slot(imp_cx *cx, struct slot *k)
{
	if (k->len)
		coap_send(cx, imp_bytes(coap_slot_bytes(k), k->len));
}

static int is_silent(const struct slot *k, uint8_t code)
{
	return k->silent >> ((code >> 5) - 1) & 1;
}

/* No response: what came as CON is acknowledged, so that it stops. */
static void finish_silently(struct slot *k, imp_cx *cx)
{
	if (k->type == IMP_COAP_CON && k->state == SLOT_SERVING)
		coap_empty(cx, IMP_COAP_ACK, k->mid);
	k->state = SLOT_DONE;
	k->ticket = 0;
	k->len = 0;
	k->due = UINT64_MAX;
}

static void write_reply(imp_wr *w, const struct slot *k, uint8_t type, uint16_t mid, const struct reply *r)
{
	struct imp_coap_fields f = {.name = r->name, .format = r->format, .block1 = r->block1, .block2 = r->block2, .reply = 1};
	imp_coap_put_head(w, type, r->code, mid, imp_bytes(k->token, k->token_len));
	imp_coap_put_fields(w, &f);
	imp_coap_put_payload(w, r->body);
}

/* Send it and keep it: in the ACK, or as a message of its own.  0: it does
 * not fit. */
static int finish(struct coap *s, imp_cx *cx, struct slot *k, const struct reply *r)
{
	imp_wr w = imp_wr_to(coap_slot_bytes(k), coap_slot_cap(s));
	int late = k->state == SLOT_ACKED, con = k->type == IMP_COAP_CON;
	uint16_t mid = con && !late ? k->mid : coap_mid(s);
	if (is_silent(k, r->code)) {
		finish_silently(k, cx);
		return 1;
	}
	write_reply(&w, k, !con ? IMP_COAP_NON : late ? IMP_COAP_CON : IMP_COAP_ACK, mid, r);
	if (imp_wr_end(&w) < 0)
		return 0;
	k->len = (uint16_t)imp_wr_span(&w).len;
	k->reply_mid = mid;
	k->ticket = 0;
	k->tries = 0;
	k->state = late && con ? SLOT_CONFIRM : SLOT_DONE;
	k->span = coap_jitter(s);
	k->due = late && con ? cx->now + k->span : UINT64_MAX;
	send_slot(cx, k);
	return 1;
}

/* A bare code, with the request's Block1 if it had one. */
static void refuse(struct coap *s, imp_cx *cx, struct slot *k, uint8_t code)
{
	struct reply r = {.code = code, .format = IMP_COAP_ABSENT, .block1 = k->block1, .block2 = IMP_COAP_ABSENT};
	if (!finish(s, cx, k, &r))
		finish_silently(k, cx);
}

/* --- replies in blocks ----------------------------------------------------------------- */

static uint32_t reply_size(const struct coap *s, const struct slot *k)
{
	uint32_t own = 16u << s->szx, wanted = k->block2 == IMP_COAP_ABSENT ? own : imp_coap_size(k->block2);
	return wanted < own ? wanted : own;
}

static void ask_for_more(struct coap *s, imp_cx *cx, struct slot *k)
{
	imp_msg m = {.verb = IMP_RX, .code = PULL, .topic = NO_FORMAT};
	s->tickets = s->tickets % 0xffffff + 1;
	m.ticket = k->ticket = s->tickets;
	k->pulls = 1;
	m.channel = cx->channel(cx, 0);
	cx->emit(cx, &m);
}

/* The block that `k` asks for, of the body that is kept. */
static void send_block(struct coap *s, imp_cx *cx, struct slot *k, imp_span name)
{
	uint32_t size = reply_size(s, k), at = k->block2 == IMP_COAP_ABSENT ? 0 : imp_coap_num(k->block2) * imp_coap_size(k->block2), left;
	struct reply r = {.code = s->out_code, .name = name, .format = s->out_format == NO_FORMAT ? IMP_COAP_ABSENT : s->out_format,
	                  .block1 = k->block1};
	if (at < s->in_base || at - s->in_base > s->in_len) {
		refuse(s, cx, k, at < s->in_base ? INCOMPLETE : BAD_REQUEST);
		return;
	}
	at -= s->in_base;
	left = s->in_len - at;
	if (s->out_more && left < size) { /* what is left moves to the front */
		memmove(coap_in(s), coap_in(s) + at, left);
		s->in_base += at;
		s->in_len = left;
		ask_for_more(s, cx, k);
		return;
	}
	r.block2 = (s->in_base + at) / size << 4 | (uint32_t)(left > size || s->out_more) << 3;
	while (16u << (r.block2 & 7) < size)
		r.block2++;
	r.body = imp_bytes(coap_in(s) + at, left < size ? left : size);
	s->in_until = cx->now + IMP_COAP_LIFETIME_MS;
	if (!finish(s, cx, k, &r))
		refuse(s, cx, k, INTERNAL);
	else if (!(r.block2 & 8))
		s->in_until = cx->now + IMP_COAP_LIFETIME_MS / 4; /* all of it was asked for once */
}

/* Is the memory for bodies in use by the request of `k`? */
static int is_for(const struct coap *s, const struct slot *k, enum owner what)
{
	return s->owner == what && s->in_hash == k->hash;
}

/* A reply that one message does not hold, or the next piece of it. */
static void reply_in_blocks(struct coap *s, imp_cx *cx, struct slot *k, const imp_msg *m)
{
	int taken = s->owner == REPLY_IN || (k->pulls && !is_for(s, k, REPLY_OUT));
	if (taken || m->data.len > s->max || (k->pulls && m->data.len > coap_room(s) - s->in_len)) {
		refuse(s, cx, k, taken ? UNAVAILABLE : INTERNAL);
		return;
	}
	if (!k->pulls) {
		s->owner = REPLY_OUT;
		s->in_base = s->in_len = 0;
		s->out_code = imp_coap_code(m->code);
		s->out_format = m->topic;
		s->in_hash = k->hash;
	}
	if (m->data.len)
		memcpy(coap_in(s) + s->in_len, m->data.ptr, m->data.len);
	s->in_len += (uint32_t)m->data.len;
	s->out_more = (m->flags & IMP_MORE) != 0;
	k->pulls = 0;
	k->ticket = 0;
	send_block(s, cx, k, m->name);
}

/* --- answers from above ------------------------------------------------------------------ */

/* The piece that was delivered is used: the next blocks may come. */
static void pulled(struct coap *s, imp_cx *cx, struct slot *k)
{
	k->partial = 0;
	if (!is_for(s, k, REQUEST_IN)) {
		refuse(s, cx, k, UNAVAILABLE);
		return;
	}
	s->in_base += s->in_len;
	s->in_len = 0;
	refuse(s, cx, k, CONTINUE);
}

static void reply(struct coap *s, imp_cx *cx, struct slot *k, const imp_msg *m)
{
	struct reply r = {.code = imp_coap_code(m->code), .name = m->name, .body = m->data, .block1 = k->block1, .block2 = IMP_COAP_ABSENT};
	r.format = m->topic == NO_FORMAT || !m->data.len ? IMP_COAP_ABSENT : m->topic;
	if (!r.code) {
		refuse(s, cx, k, INTERNAL);
		return;
	}
	if (m->data.len > reply_size(s, k) || m->flags & IMP_MORE || (k->block2 != IMP_COAP_ABSENT && imp_coap_num(k->block2))) {
		reply_in_blocks(s, cx, k, m);
		return;
	}
	if (!finish(s, cx, k, &r))
		refuse(s, cx, k, INTERNAL);
}

void coap_server_answer(struct coap *s, imp_cx *cx, const imp_msg *m)
{
	struct slot *k = by_ticket(s, m->ticket);
	if (!k || (k->state != SLOT_SERVING && k->state != SLOT_ACKED))
		return; /* stale */
	if (k->partial && m->code == PULL) {
		pulled(s, cx, k);
		return;
	}
	if (k->partial && is_for(s, k, REQUEST_IN))
		s->owner = NOBODY; /* no more of it is wanted */
	if (m->code == 0 || (m->code < 0 && k->type == IMP_COAP_NON)) {
		finish_silently(k, cx);
	} else if (k->pulls && m->code >= 200) {
		reply_in_blocks(s, cx, k, m);
	} else {
		k->pulls = 0;
		reply(s, cx, k, m);
	}
}

/* --- requests ---------------------------------------------------------------------------- */

static void deliver(struct coap *s, imp_cx *cx, struct slot *k, const struct imp_coap_msg *m, imp_span body, int more)
{
	imp_msg r = {.verb = IMP_RX, .code = m->code, .data = body};
	r.topic = m->format == IMP_COAP_ABSENT ? NO_FORMAT : (uint16_t)m->format;
	r.flags = more ? IMP_MORE : 0;
	r.name = coap_room_name(cx, m);
	r.channel = cx->channel(cx, 0);
	if (!r.name.ptr) {
		refuse(s, cx, k, UNAVAILABLE);
		return;
	}
	s->tickets = s->tickets % 0xffffff + 1;
	r.ticket = k->ticket = s->tickets;
	k->partial = more != 0;
	cx->emit(cx, &r);
}

/* Was a piece delivered that was not pulled yet? */
static int is_waiting(struct coap *s)
{
	for (unsigned i = 0; i < s->slots; i++)
		if (coap_slot(s, i)->partial && coap_slot(s, i)->ticket)
			return 1;
	return 0;
}

/* A block of a request's body. */
static void collect(struct coap *s, imp_cx *cx, struct slot *k, const struct imp_coap_msg *m)
{
	uint32_t size = imp_coap_size(m->block1), num = imp_coap_num(m->block1);
	int more = imp_coap_more(m->block1);
	if (m->payload.len > size || (more && m->payload.len != size)) {
		refuse(s, cx, k, BAD_REQUEST);
		return;
	}
	if (s->owner == REPLY_IN || size > s->max || is_waiting(s)) {
		refuse(s, cx, k, UNAVAILABLE);
		return;
	}
	if (num == 0) {
		s->owner = REQUEST_IN;
		s->in_base = s->in_len = 0;
		s->in_hash = k->hash;
	}
	if (s->owner != REQUEST_IN || s->in_hash != k->hash || (uint64_t)num * size != s->in_base + s->in_len) {
		refuse(s, cx, k, INCOMPLETE);
		return;
	}
	if (m->payload.len > coap_room(s) - s->in_len) { /* what was full could not be delivered */
		refuse(s, cx, k, UNAVAILABLE);
		return;
	}
	if (m->payload.len)
		memcpy(coap_in(s) + s->in_len, m->payload.ptr, m->payload.len);
	s->in_len += (uint32_t)m->payload.len;
	s->in_until = cx->now + IMP_COAP_LIFETIME_MS;
	if (!more) {
		deliver(s, cx, k, m, imp_bytes(coap_in(s), s->in_len), 0);
		s->owner = s->owner == REQUEST_IN ? NOBODY : s->owner;
	} else if (s->in_len + size > s->max) {
		deliver(s, cx, k, m, imp_bytes(coap_in(s), s->in_len), 1);
	} else {
		refuse(s, cx, k, CONTINUE);
	}
}

/* A later block of a reply that is kept. */
static int continues(const struct coap *s, const struct slot *k)
{
	return k->block2 != IMP_COAP_ABSENT && imp_coap_num(k->block2) && s->owner == REPLY_OUT && s->in_hash == k->hash;
}

static void again(imp_cx *cx, struct slot *k)
{
	if (k->type != IMP_COAP_CON)
		return;
	if (k->state == SLOT_DONE && k->len)
		send_slot(cx, k);
	else if (k->state != SLOT_SERVING)
		coap_empty(cx, IMP_COAP_ACK, k->mid);
}

static uint8_t wrong(const struct imp_coap_msg *m)
{
	if (m->bad == IMP_COAP_PROXY_URI || m->bad == IMP_COAP_PROXY_SCHEME)
		return NO_PROXY;
	if (m->bad)
		return BAD_OPTION;
	return m->code > IMP_PATCH ? BAD_METHOD : 0;
}

void coap_server_request(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m)
{
	struct slot *k = find_slot(s, m, cx->now);
	if (k) {
		again(cx, k);
		return;
	}
	if (wrong(m) == BAD_OPTION && m->type == IMP_COAP_NON)
		return; /* section 5.4.1 */
	k = is_stale(s, m, cx->now) ? NULL : take_slot(s, m, cx->now);
	if (!k)
		return;
	remember(s, m->mid, cx->now);
	if (wrong(m)) {
		refuse(s, cx, k, wrong(m));
	} else if (continues(s, k)) {
		send_block(s, cx, k, imp_bytes(NULL, 0));
	} else if (m->block1 != IMP_COAP_ABSENT && (imp_coap_num(m->block1) || imp_coap_more(m->block1))) {
		collect(s, cx, k, m);
	} else if (m->block2 != IMP_COAP_ABSENT && imp_coap_num(m->block2) && m->code != IMP_GET && m->code != IMP_FETCH) {
		refuse(s, cx, k, INCOMPLETE);
	} else {
		deliver(s, cx, k, m, m->payload, 0);
	}
}

/* ACK or RST of a separate response. */
void coap_server_empty(struct coap *s, const struct imp_coap_msg *m)
{
	for (unsigned i = 0; i < s->slots; i++) {
		struct slot *k = coap_slot(s, i);
		if (k->state == SLOT_CONFIRM && k->reply_mid == m->mid) {
			k->state = SLOT_DONE;
			k->len = 0;
			k->due = UINT64_MAX;
		}
	}
}

/* --- time --------------------------------------------------------------------------------- */

static void tick(struct slot *k, imp_cx *cx)
{
	if (k->state == SLOT_SERVING && cx->now >= k->due) {
		coap_empty(cx, IMP_COAP_ACK, k->mid);
		k->state = SLOT_ACKED;
		k->due = UINT64_MAX;
	} else if (k->state == SLOT_CONFIRM && cx->now >= k->due) {
		if (k->tries++ == IMP_COAP_RETRIES) {
			k->state = SLOT_DONE;
			k->due = UINT64_MAX;
			return;
		}
		send_slot(cx, k);
		k->span *= 2;
		k->due = cx->now + k->span;
	} else if (k->state == SLOT_DONE && cx->now >= k->until) {
		k->state = SLOT_FREE;
	}
}

void coap_server_tick(struct coap *s, imp_cx *cx)
{
	for (unsigned i = 0; i < s->slots; i++)
		tick(coap_slot(s, i), cx);
	if ((s->owner == REQUEST_IN || s->owner == REPLY_OUT) && cx->now >= s->in_until) {
		imp_wipe(coap_in(s), coap_room(s));
		s->owner = NOBODY;
	}
}

uint64_t coap_server_due(struct coap *s)
{
	uint64_t due = UINT64_MAX;
	for (unsigned i = 0; i < s->slots; i++) {
		const struct slot *k = coap_slot(s, i);
		uint64_t at = k->state == SLOT_FREE ? UINT64_MAX : k->state == SLOT_DONE ? k->until : k->due;
		due = at < due ? at : due;
	}
	if ((s->owner == REQUEST_IN || s->owner == REPLY_OUT) && s->in_until < due)
		due = s->in_until;
	return due;
}
