/* server.c -- the bootstrap server: who asks, what policy says, one operation
 * after the other. */
#include "cbor.h"
#include "ct.h"
#include "lines.h"
#include "role.h"
#include "utf8.h"

enum state { LISTENING, DECIDING, CHOOSING, OPERATING, FINISHING, PACKING, OVER };

struct server {
	uint8_t  state, named, more;
	uint16_t pct;             /* the client's format; LW_NO_FORMAT: none named */
	uint16_t config_len, len;
	uint32_t tickets, want;   /* want: the ticket that is outstanding */
	uint32_t request;         /* the client's request, not answered yet */
	uint32_t max, used;
	int32_t  entry;           /* of the configuration */
	uint16_t accept;
	char ep[IMP_LWM2M_ENDPOINT], config[IMP_LWM2M_ENDPOINT];
	_Alignas(8) uint8_t buf[]; /* a pack's instances */
};

static uint32_t ticket(struct server *s)
{
	s->tickets = s->tickets % 0xffffff + 1;
	return s->want = s->tickets;
}

static imp_span ep_of(const struct server *s)
{
	return imp_bytes(s->ep, s->len);
}

/* Only a pack has data: keys are in it. */
static imp_status reply(struct server *s, imp_cx *cx, int32_t code, uint16_t format, imp_span data)
{
	uint32_t t = s->request;
	s->request = 0;
	return t ? lw_say(cx, IMP_ANSWER, format, data.len ? IMP_SECRET : 0, t, code, LW_EMPTY, data) : IMP_OK;
}

static imp_status end(struct server *s, imp_cx *cx, imp_status code, uint16_t topic, imp_span name)
{
	imp_msg m = imp_say(IMP_DONE, topic, code, 0, name, LW_EMPTY);
	s->state = OVER;
	s->want = 0;
	imp_wipe(s->buf, s->max);
	return cx->emit(cx, &m);
}

static imp_status finished(struct server *s, imp_cx *cx)
{
	uint8_t map[IMP_LWM2M_ENDPOINT + 16];
	char name[LW_NAME];
	imp_wr w = imp_wr_to(map, sizeof map);
	imp_cbor_put_map(&w, 1);
	imp_cbor_put_text(&w, "config");
	imp_cbor_put_tstr(&w, imp_bytes(s->config, s->config_len));
	lw_say(cx, IMP_LEARN, IMP_T_IDENTITY, 0, 0, 0, lw_name(name, "lwm2m/", ep_of(s)), imp_wr_span(&w));
	return end(s, cx, IMP_OK, 0, LW_EMPTY);
}

/* --- who asks ------------------------------------------------------------------- */

static void put_claims(imp_wr *w, const struct server *s, const imp_channel *c)
{
	imp_cbor_put_map(w, 4);
	imp_cbor_put_uint(w, IMP_T_IDENTITY);
	imp_cbor_put_tstr(w, ep_of(s));
	imp_cbor_put_uint(w, IMP_T_PEERKEY);
	if (c && c->peer_id.len)
		imp_cbor_put_bstr(w, c->peer_id);
	else
		imp_cbor_put_null(w);
	imp_cbor_put_uint(w, IMP_T_CONFIG);
	if (s->pct == LW_NO_FORMAT)
		imp_cbor_put_null(w);
	else
		imp_cbor_put_uint(w, s->pct);
	imp_cbor_put_uint(w, IMP_T_VERIFY);
	imp_cbor_put_text(w, s->state == PACKING ? "pack" : "bs");
}

static imp_status decide(struct server *s, imp_cx *cx, const imp_channel *c)
{
	imp_wr w = imp_wr_to(NULL, 0);
	size_t n;
	put_claims(&w, s, c);
	n = imp_wr_need(&w);
	w = imp_wr_to(cx->room(cx, n), n);
	if (!w.to)
		return IMP_ENOSPC;
	put_claims(&w, s, c);
	return lw_say(cx, IMP_ASK, IMP_T_AUTHORIZE, 0, ticket(s), 0, ep_of(s), imp_wr_span(&w));
}

/* A text in a policy's map names the configuration; else it is the client's own. */
static int read_decision(struct server *s, imp_span map)
{
	imp_span v = map.len ? imp_cbor_at(map, IMP_T_CONFIG) : LW_EMPTY;
	imp_rd r = imp_rd_of(v);
	imp_span name = v.len ? imp_cbor_tstr(&r) : ep_of(s);
	if ((map.len && imp_cbor_check(map) < 0) || (v.len && imp_rd_end(&r) < 0) || name.len > sizeof s->config)
		return 0;
	memcpy(s->config, name.ptr, name.len);
	s->config_len = (uint16_t)name.len;
	return 1;
}

static int is_text(const char *s, size_t len)
{
	size_t n = 1, at = 0;
	for (; at < len && n; at += n)
		n = imp_utf8_len((const uint8_t *)s + at, len - at);
	return n != 0;
}

/* POST /bs or GET /bspack. */
static imp_status requested(struct server *s, imp_cx *cx, const imp_msg *in, int pack)
{
	char number[8];
	size_t n = lw_query(in->name, "pct", number, sizeof number), len = lw_query(in->name, "ep", s->ep, sizeof s->ep);
	int32_t pct = n && n <= sizeof number ? imp_line_number(imp_bytes(number, n)) : LW_NO_FORMAT;
	int32_t accept = imp_line(in->name, "accept").len ? imp_line_number(imp_line(in->name, "accept")) : LW_SENML_CBOR;
	s->request = in->ticket;
	if (n > sizeof number || len > sizeof s->ep)
		return reply(s, cx, 400, LW_NO_FORMAT, LW_EMPTY);
	s->len = (uint16_t)len;
	if (!s->len && in->channel && in->channel->peer_id.len <= sizeof s->ep) {
		s->len = (uint16_t)in->channel->peer_id.len; /* 1.1: the identity says it */
		if (s->len)
			memcpy(s->ep, in->channel->peer_id.ptr, s->len);
	}
	if (!s->len || !is_text(s->ep, s->len))
		return reply(s, cx, 400, LW_NO_FORMAT, LW_EMPTY);
	if (pct != LW_NO_FORMAT && (pct < 0 || !lw_can_put(pct)))
		return reply(s, cx, 415, LW_NO_FORMAT, LW_EMPTY);
	if (pack && (accept == LW_TLV || !lw_can_put(accept)))
		return reply(s, cx, 406, LW_NO_FORMAT, LW_EMPTY);
	s->pct = (uint16_t)pct;
	s->accept = (uint16_t)accept;
	s->state = pack ? PACKING : DECIDING;
	s->entry = -1;
	return decide(s, cx, in->channel);
}

/* --- operations -------------------------------------------------------------------- */

static imp_status ask_entry(struct server *s, imp_cx *cx)
{
	char name[LW_NAME];
	return lw_say(cx, IMP_ASK, IMP_T_CONFIG, 0, ticket(s), s->entry, lw_name(name, "lwm2m.config/", imp_bytes(s->config, s->config_len)), LW_EMPTY);
}

static imp_status lacks(struct server *s, imp_cx *cx)
{
	char name[LW_NAME];
	return end(s, cx, IMP_EFACT, 0, lw_name(name, "lwm2m.config/", imp_bytes(s->config, s->config_len)));
}

struct entry {
	imp_span op, name, tlv;
	struct lw_path path;
};

static imp_span text_at(imp_span map, const char *key)
{
	imp_span v = imp_cbor_find(map, key);
	imp_rd r = imp_rd_of(v);
	v = v.len ? imp_cbor_tstr(&r) : LW_EMPTY;
	return r.err == IMP_OK ? v : LW_EMPTY;
}

static int is(imp_span s, const char *text)
{
	return imp_same(s, imp_bytes(text, strlen(text)));
}

/* An operation as the host has it.  0: it is none. */
static int read_entry(imp_span map, struct entry *e)
{
	imp_span tlv = imp_cbor_find(map, "tlv");
	imp_rd r = imp_rd_of(tlv);
	e->op = text_at(map, "op");
	e->name = text_at(map, "path");
	e->tlv = tlv.len ? imp_cbor_bstr(&r) : LW_EMPTY;
	if (imp_cbor_check(map) < 0 || (tlv.len && imp_rd_end(&r) < 0) || lw_path_of(e->name, &e->path) < 0)
		return 0;
	if (is(e->op, "write"))
		return e->path.iid != LW_NONE && e->path.rid == LW_NONE && e->tlv.len > 0;
	return is(e->op, "delete") || is(e->op, "discover") || is(e->op, "read");
}

/* The instance in the client's format, in work memory. */
static imp_span content(const struct server *s, imp_cx *cx, const struct entry *e)
{
	int format = s->pct == LW_NO_FORMAT ? LW_TLV : s->pct;
	const struct lw_instance one = {e->path.oid, e->path.iid, e->tlv};
	imp_wr list = imp_wr_to(cx->room(cx, e->tlv.len + 6), e->tlv.len + 6), w = imp_wr_to(NULL, 0);
	size_t n;
	if (!list.to)
		return LW_EMPTY;
	lw_put_instance(&list, &one);
	lw_put_content(&w, format, &e->path, imp_wr_span(&list));
	n = imp_wr_need(&w);
	w = imp_wr_to(n ? cx->room(cx, n) : NULL, n);
	if (w.to)
		lw_put_content(&w, format, &e->path, imp_wr_span(&list));
	return imp_wr_span(&w);
}

static imp_status send(struct server *s, imp_cx *cx, int method, imp_span name, uint16_t format, imp_span data)
{
	imp_msg m = imp_say(IMP_TX, format, method, ticket(s), name, data);
	m.flags = data.len ? IMP_SECRET : 0;
	m.when = IMP_LWM2M_IDLE_MS;
	return cx->emit(cx, &m);
}

static imp_status operate(struct server *s, imp_cx *cx, const struct entry *e)
{
	char name[LW_NAME];
	imp_wr w = imp_wr_to(name, sizeof name);
	lw_put_path(&w, &e->path);
	s->state = OPERATING;
	if (is(e->op, "write")) {
		imp_span body = content(s, cx, e);
		return body.len ? send(s, cx, IMP_PUT, imp_wr_span(&w), s->pct == LW_NO_FORMAT ? LW_TLV : s->pct, body) : IMP_ENOSPC;
	}
	if (is(e->op, "delete"))
		return send(s, cx, IMP_DELETE, imp_wr_span(&w), LW_NO_FORMAT, LW_EMPTY);
	imp_wr_text(&w, is(e->op, "discover") ? "\naccept: 40" : "\naccept: ");
	if (is(e->op, "read"))
		imp_wr_decimal(&w, s->pct == LW_NO_FORMAT ? LW_TLV : s->pct);
	return send(s, cx, IMP_GET, imp_wr_span(&w), LW_NO_FORMAT, LW_EMPTY);
}

static imp_status finish(struct server *s, imp_cx *cx)
{
	s->state = FINISHING;
	return send(s, cx, IMP_POST, imp_bytes("/bs", 3), LW_NO_FORMAT, LW_EMPTY);
}

/* --- packs ---------------------------------------------------------------------------- */

static imp_status send_pack(struct server *s, imp_cx *cx)
{
	const struct lw_path root = {LW_NONE, LW_NONE, LW_NONE, LW_NONE};
	imp_span all = imp_bytes(s->buf, s->used);
	imp_wr w = imp_wr_to(NULL, 0);
	size_t n;
	lw_put_content(&w, s->accept, &root, all);
	n = imp_wr_need(&w);
	w = imp_wr_to(cx->room(cx, n), n);
	if (!w.to)
		return IMP_ENOSPC;
	lw_put_content(&w, s->accept, &root, all);
	reply(s, cx, 205, s->accept, imp_wr_span(&w));
	return finished(s, cx);
}

/* Only what is written goes into a pack; what a server asks for has no place. */
static imp_status pack_entry(struct server *s, imp_cx *cx, const struct entry *e)
{
	const struct lw_instance one = {e->path.oid, e->path.iid, e->tlv};
	imp_wr w = imp_wr_to(s->buf + s->used, s->max - s->used);
	if (is(e->op, "write")) {
		lw_put_instance(&w, &one);
		if (imp_wr_end(&w) < 0) {
			reply(s, cx, 500, LW_NO_FORMAT, LW_EMPTY);
			return end(s, cx, IMP_ENOSPC, 0, LW_EMPTY);
		}
		s->used += (uint32_t)imp_wr_span(&w).len;
	}
	if (!s->more)
		return send_pack(s, cx);
	s->entry++;
	return ask_entry(s, cx);
}

/* --- answers ---------------------------------------------------------------------------- */

static imp_status decided(struct server *s, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0 || !read_decision(s, in->data)) {
		reply(s, cx, 400, LW_NO_FORMAT, LW_EMPTY);
		return end(s, cx, in->code < 0 ? IMP_EDENIED : IMP_EARG, 400, LW_EMPTY);
	}
	if (s->state == DECIDING) {
		reply(s, cx, 204, LW_NO_FORMAT, LW_EMPTY);
		s->state = CHOOSING;
	}
	s->entry = 0;
	s->used = 0;
	return ask_entry(s, cx);
}

static imp_status chosen(struct server *s, imp_cx *cx, const imp_msg *in)
{
	struct entry e;
	s->more = (in->flags & IMP_MORE) != 0;
	if (in->code < 0) {
		reply(s, cx, 500, LW_NO_FORMAT, LW_EMPTY);
		return lacks(s, cx);
	}
	if (!read_entry(in->data, &e)) {
		reply(s, cx, 500, LW_NO_FORMAT, LW_EMPTY);
		return end(s, cx, IMP_EARG, 0, LW_EMPTY);
	}
	return s->state == PACKING ? pack_entry(s, cx, &e) : operate(s, cx, &e);
}

static imp_status heard(struct server *s, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 200 || in->code > 299)
		return end(s, cx, in->code < 0 ? in->code : IMP_EPEER, in->code < 0 ? 0 : (uint16_t)in->code, LW_EMPTY);
	if (s->state == FINISHING)
		return finished(s, cx);
	if (in->data.len)
		lw_say(cx, IMP_TELL, IMP_T_CONFIG, 0, 0, in->topic, ep_of(s), in->data);
	if (!s->more)
		return finish(s, cx);
	s->entry++;
	s->state = CHOOSING;
	return ask_entry(s, cx);
}

static imp_status answered(struct server *s, imp_cx *cx, const imp_msg *in)
{
	if (!s->want || in->ticket != s->want)
		return IMP_OK;
	s->want = 0;
	switch (s->state) {
	case DECIDING:
		return decided(s, cx, in);
	case PACKING:
		return s->entry < 0 ? decided(s, cx, in) : chosen(s, cx, in);
	case CHOOSING:
		return chosen(s, cx, in);
	case OPERATING:
	case FINISHING:
		return heard(s, cx, in);
	}
	return IMP_OK;
}

/* --- the role ------------------------------------------------------------------------------ */

static imp_status received(struct server *s, imp_cx *cx, const imp_msg *in)
{
	int bs = in->code == IMP_POST && lw_is_path(in->name, "/bs"), pack = in->code == IMP_GET && lw_is_path(in->name, "/bspack");
	int32_t code = !bs && !pack ? 404 : s->state != LISTENING ? 503 : 0;
	if (code)
		return lw_say(cx, IMP_ANSWER, LW_NO_FORMAT, 0, in->ticket, code, LW_EMPTY, LW_EMPTY);
	return requested(s, cx, in, pack);
}

size_t lw_server_need(const imp_params *p)
{
	return sizeof(struct server) + p->max_msg;
}

imp_status lw_server_init(void *state, const imp_params *p)
{
	((struct server *)state)->max = p->max_msg;
	return p->max_msg >= 64 ? IMP_OK : IMP_EARG;
}

imp_status lw_server_step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct server *s = state;
	imp_status st = IMP_PASS;
	switch (in->verb) {
	case IMP_START:
	case IMP_UP:
		st = IMP_OK;
		break;
	case IMP_RX:
		st = received(s, cx, in);
		break;
	case IMP_ANSWER:
		st = answered(s, cx, in);
		break;
	case IMP_DOWN:
	case IMP_STOP:
		st = s->state == OVER ? IMP_OK : end(s, cx, in->verb == IMP_STOP ? IMP_EDENIED : IMP_ELINK, 0, LW_EMPTY);
		break;
	case IMP_TICK:
		st = s->state == OVER ? IMP_OK : end(s, cx, IMP_ETIME, 0, LW_EMPTY);
		break;
	}
	cx->wake(cx, s->state == OVER ? UINT64_MAX : cx->now + IMP_LWM2M_IDLE_MS);
	return st;
}

const char *lw_server_where(const void *state)
{
	static const char names[][12] = {"listening", "deciding", "choosing", "operating", "finishing", "packing", "over"};
	return names[((const struct server *)state)->state];
}
