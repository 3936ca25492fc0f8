/* client.c -- the LwM2M client in bootstrap: it asks, is written to, and takes
 * all of it or nothing. */
#include "account.h"
#include "cbor.h"
#include "ct.h"
#include "lines.h"
#include "role.h"

enum state { IDLE, LOADING, INDEXING, READING_ACCOUNT, HOLDING, OPENING, PACK, REQUEST, READY, MERGING, LISTING, GATHERING, CLOSING, COMMITTING, OVER };

struct client {
	uint8_t  state, cursor, pack, mode, unpacked;
	uint16_t pct, accept, len;
	uint32_t tickets, want, request; /* request: the server's, not answered yet */
	uint32_t max, used;
	uint64_t due;
	struct lw_path path;             /* of the operation */
	struct lw_accounts a;
	struct lw_lower lower;           /* what the link below wants to know */
	char ep[IMP_LWM2M_ENDPOINT];
	_Alignas(8) uint8_t buf[];       /* what an operation gathers */
};

static uint32_t ticket(struct client *c)
{
	c->tickets = c->tickets % 0xffffff + 1;
	return c->want = c->tickets;
}

static imp_status ask(struct client *c, imp_cx *cx, uint8_t state, imp_span name)
{
	c->state = state;
	return lw_say(cx, IMP_ASK, IMP_T_CONFIG, 0, ticket(c), 0, name, LW_EMPTY);
}

static imp_status ask_instance(struct client *c, imp_cx *cx, uint8_t state, uint16_t oid, uint16_t iid)
{
	char name[LW_NAME];
	return ask(c, cx, state, lw_instance_name(name, oid, iid));
}

static imp_status reply(struct client *c, imp_cx *cx, int32_t code, uint16_t format, imp_span data)
{
	uint32_t t = c->request;
	c->request = 0;
	return t ? lw_say(cx, IMP_ANSWER, format, 0, t, code, LW_EMPTY, data) : IMP_OK;
}

static imp_status end(struct client *c, imp_cx *cx, imp_status code, uint16_t topic, imp_span name)
{
	imp_msg m = imp_say(IMP_DONE, topic, code, 0, name, LW_EMPTY);
	c->state = OVER;
	c->want = 0;
	c->due = UINT64_MAX;
	imp_wipe(c->buf, c->max);
	return cx->emit(cx, &m);
}

static imp_status lacks(struct client *c, imp_cx *cx, const char *name)
{
	return end(c, cx, IMP_EFACT, 0, imp_bytes(name, strlen(name)));
}

/* --- before the link ---------------------------------------------------------------- */

static imp_status loaded(struct client *c, imp_cx *cx, const imp_msg *in)
{
	imp_span ep = imp_cbor_find(in->data, "ep"), pct = imp_cbor_find(in->data, "pct"), pack = imp_cbor_find(in->data, "pack");
	imp_rd e = imp_rd_of(ep), p = imp_rd_of(pct), k = imp_rd_of(pack);
	imp_span name = ep.len ? imp_cbor_tstr(&e) : LW_EMPTY;
	if (in->code < 0)
		return lacks(c, cx, "lwm2m.client");
	c->pct = pct.len ? (uint16_t)imp_cbor_uint_max(&p, 0xfffe) : LW_NO_FORMAT;
	c->pack = pack.len ? (uint8_t)imp_cbor_bool(&k) : 0;
	if (imp_cbor_check(in->data) < 0 || e.err < 0 || p.err < 0 || k.err < 0 || !name.len || name.len > sizeof c->ep)
		return end(c, cx, IMP_EARG, 0, imp_bytes("lwm2m.client", 12));
	memcpy(c->ep, name.ptr, name.len);
	c->len = (uint16_t)name.len;
	return ask(c, cx, INDEXING, imp_bytes("lwm2m", 5));
}

static imp_status indexed(struct client *c, imp_cx *cx, const imp_msg *in)
{
	struct lw_account *bs;
	if (in->code < 0)
		return lacks(c, cx, "lwm2m");
	if (lw_accounts_read(&c->a, in->data) < 0)
		return end(c, cx, IMP_EARG, 0, imp_bytes("lwm2m", 5));
	bs = lw_bootstrap_account(&c->a);
	if (!bs) /* factory bootstrap: everything is there */
		return lw_accounts_fit(&c->a) && c->a.n ? end(c, cx, IMP_OK, 0, LW_EMPTY) : lacks(c, cx, "lwm2m");
	return ask_instance(c, cx, READING_ACCOUNT, 0, bs->iid);
}

static imp_status open_link(struct client *c, imp_cx *cx, imp_span body)
{
	uint8_t options[64];
	imp_wr w = imp_wr_to(options, sizeof options);
	c->state = OPENING;
	c->due = cx->now + IMP_LWM2M_IDLE_MS;
	lw_put_options(&w, c->mode);
	return lw_say(cx, IMP_OPEN, 0, 0, 1, 0, lw_get(body, 0), imp_wr_span(&w));
}

/* The account is read twice if there is a time to wait in between. */
static imp_status have_account(struct client *c, imp_cx *cx, const imp_msg *in)
{
	int64_t hold = lw_get_int(in->data, 11, 0);
	struct lw_account *bs = lw_bootstrap_account(&c->a);
	if (in->code < 0 || !bs) {
		char name[LW_NAME];
		return end(c, cx, IMP_EFACT, 0, lw_instance_name(name, 0, bs ? bs->iid : 0));
	}
	if (!lw_get(in->data, 0).len)
		return end(c, cx, IMP_EARG, 0, imp_bytes("lwm2m", 5));
	lw_account_note(bs, in->data);
	c->mode = (uint8_t)lw_get_int(in->data, 2, LW_NOSEC);
	if (hold <= 0 || hold > 86400 || c->due)
		return open_link(c, cx, in->data);
	c->state = HOLDING;
	c->due = cx->now + (uint64_t)hold * 1000;
	return IMP_OK;
}

/* POST /bs?ep=NAME&pct=N, or GET /bspack?ep=NAME */
static imp_status request(struct client *c, imp_cx *cx, int pack)
{
	uint8_t name[4 * IMP_LWM2M_ENDPOINT];
	imp_wr w = imp_wr_to(name, sizeof name);
	imp_msg m = imp_say(IMP_TX, LW_NO_FORMAT, pack ? IMP_GET : IMP_POST, ticket(c), LW_EMPTY, LW_EMPTY);
	imp_wr_text(&w, pack ? "/bspack?ep=" : "/bs?ep=");
	lw_put_query(&w, imp_bytes(c->ep, c->len));
	if (!pack && c->pct != LW_NO_FORMAT) {
		imp_wr_text(&w, "&pct=");
		imp_wr_decimal(&w, c->pct);
	}
	if (pack)
		imp_wr_text(&w, "\naccept: 112");
	c->state = pack ? PACK : REQUEST;
	m.name = imp_wr_span(&w);
	m.when = IMP_LWM2M_IDLE_MS;
	return m.name.len ? cx->emit(cx, &m) : IMP_EARG;
}

/* An account with keys is for a secured link, whatever its URI says. */
static imp_status ready(struct client *c, imp_cx *cx, const imp_msg *up)
{
	if (c->mode != LW_NOSEC && !up->channel)
		return end(c, cx, IMP_EAUTH, 0, LW_EMPTY);
	return request(c, cx, c->pack);
}

/* --- Write ------------------------------------------------------------------------------- */

struct ids { /* the instances of a payload */
	uint16_t oid[IMP_LWM2M_INSTANCES], iid[IMP_LWM2M_INSTANCES];
	int n;
};

/* Everything is read before anything is kept.  The CoAP code of what is wrong. */
static int32_t survey(lw_reader *r, struct ids *ids)
{
	lw_reader all = *r;
	struct lw_item i;
	ids->n = 0;
	while (lw_next(&all, &i)) {
		int k = 0;
		if (!lw_is_ours(i.at.oid))
			return 404;
		while (k < ids->n && (ids->oid[k] != i.at.oid || ids->iid[k] != i.at.iid))
			k++;
		if (k == IMP_LWM2M_INSTANCES)
			return 413;
		ids->oid[k] = i.at.oid;
		ids->iid[k] = i.at.iid;
		ids->n += k == ids->n;
	}
	return lw_end(&all) < 0 || !ids->n ? 400 : 0;
}

/* An instance is kept, provisionally. */
static int32_t store(struct client *c, imp_cx *cx, uint16_t oid, uint16_t iid, imp_span body)
{
	char name[LW_NAME];
	struct lw_account *x = lw_account_of(&c->a, oid, iid, 1);
	uint16_t before = x && oid == 0 ? x->ssid : 0;
	if (!x)
		return 413;
	lw_account_note(x, body);
	if (before && before != x->ssid)
		lw_say(cx, IMP_LEARN, IMP_T_SERVER, IMP_FORGET, 0, 0, lw_server_name(name, before), LW_EMPTY);
	lw_say(cx, IMP_LEARN, IMP_T_CONFIG, lw_is_secret(oid) ? IMP_SECRET : 0, 0, 0, lw_instance_name(name, oid, iid), body);
	return 0;
}

static int32_t store_all(struct client *c, imp_cx *cx, const lw_reader *r, const struct ids *ids, size_t room)
{
	int fresh = 0;
	for (int k = 0; k < ids->n; k++)
		fresh += !lw_account_of(&c->a, ids->oid[k], ids->iid[k], 0);
	if (c->a.n + fresh > IMP_LWM2M_INSTANCES)
		return 413;
	for (int k = 0; k < ids->n; k++) {
		imp_wr w = imp_wr_to(cx->room(cx, room), room);
		lw_collect(&w, r, ids->oid[k], ids->iid[k]);
		if (imp_wr_end(&w) < 0)
			return 413;
		store(c, cx, ids->oid[k], ids->iid[k], imp_wr_span(&w));
	}
	return 204;
}

/* TLV of a payload is never longer than the payload by more than this. */
static size_t tlv_room(imp_span payload)
{
	return 2 * payload.len + 64;
}

static int32_t open_payload(lw_reader *r, imp_cx *cx, const struct lw_path *path, const imp_msg *in)
{
	size_t room = 2 * in->data.len + 1;
	int format = in->topic == 1542 ? LW_TLV : in->topic;
	imp_status st = lw_open(r, format, path, in->data, cx->room(cx, room), room);
	return st == IMP_EUNSUP ? 415 : st < 0 ? 400 : 0;
}

static imp_status write(struct client *c, imp_cx *cx, const imp_msg *in)
{
	lw_reader r;
	struct ids ids;
	int32_t code = c->path.oid == LW_NONE ? 405 : !lw_is_ours(c->path.oid) ? 404 : 0;
	imp_wr w = imp_wr_to(c->buf, c->max);
	if (!code)
		code = open_payload(&r, cx, &c->path, in);
	if (!code)
		code = survey(&r, &ids);
	if (!code && c->path.rid == LW_NONE)
		code = store_all(c, cx, &r, &ids, tlv_room(in->data));
	if (code)
		return reply(c, cx, code, LW_NO_FORMAT, LW_EMPTY);
	lw_collect(&w, &r, ids.oid[0], ids.iid[0]); /* one resource: the others stay */
	if (imp_wr_end(&w) < 0)
		return reply(c, cx, 413, LW_NO_FORMAT, LW_EMPTY);
	c->used = (uint32_t)imp_wr_span(&w).len;
	return ask_instance(c, cx, MERGING, c->path.oid, c->path.iid);
}

static imp_status merged(struct client *c, imp_cx *cx, const imp_msg *in)
{
	size_t n = in->data.len + c->used;
	imp_wr w = imp_wr_to(cx->room(cx, n), n);
	int32_t code;
	if (in->code >= 0)
		lw_put_without(&w, in->data, c->path.rid);
	imp_wr_bytes(&w, imp_bytes(c->buf, c->used));
	c->state = READY;
	if (imp_wr_end(&w) < 0)
		return IMP_ENOSPC;
	code = store(c, cx, c->path.oid, c->path.iid, imp_wr_span(&w));
	return reply(c, cx, code ? code : 204, LW_NO_FORMAT, LW_EMPTY);
}

/* --- Delete --------------------------------------------------------------------------------- */

static void forget(struct client *c, imp_cx *cx, const struct lw_account *x)
{
	char name[LW_NAME];
	lw_say(cx, IMP_LEARN, IMP_T_CONFIG, IMP_FORGET, 0, 0, lw_instance_name(name, x->oid, x->iid), LW_EMPTY);
	if (x->oid == 0 && x->ssid)
		lw_say(cx, IMP_LEARN, IMP_T_SERVER, IMP_FORGET, 0, 0, lw_server_name(name, x->ssid), LW_EMPTY);
	lw_account_drop(&c->a, x);
}

static void delete_below(struct client *c, imp_cx *cx, const struct lw_path *p)
{
	for (int k = c->a.n - 1; k >= 0; k--) {
		const struct lw_account *x = &c->a.list[k];
		if ((p->oid == LW_NONE || p->oid == x->oid) && (p->iid == LW_NONE || p->iid == x->iid) && !lw_is_protected(&c->a, x))
			forget(c, cx, x);
	}
}

static imp_status delete(struct client *c, imp_cx *cx)
{
	const struct lw_path *p = &c->path;
	const struct lw_account *x = lw_account_of(&c->a, p->oid, p->iid, 0);
	int32_t code = 202;
	if (p->rid != LW_NONE)
		code = 405;
	else if (p->oid != LW_NONE && !lw_is_ours(p->oid))
		code = 404;
	else if (p->iid != LW_NONE)
		code = !x ? 404 : lw_is_protected(&c->a, x) ? 400 : 202;
	if (code == 202)
		delete_below(c, cx, p);
	return reply(c, cx, code, LW_NO_FORMAT, LW_EMPTY);
}

/* --- Discover and Read: instance after instance ------------------------------------------------ */

static int is_wanted(const struct client *c, const struct lw_account *x)
{
	return (c->path.oid == LW_NONE || c->path.oid == x->oid) && (c->path.iid == LW_NONE || c->path.iid == x->iid);
}

static imp_status gathered(struct client *c, imp_cx *cx)
{
	imp_span all = imp_bytes(c->buf, c->used);
	imp_wr w = imp_wr_to(NULL, 0);
	size_t n;
	int list = c->state == LISTING;
	c->state = READY;
	if (list)
		return reply(c, cx, 205, LW_LINKS, all);
	lw_put_content(&w, c->accept, &c->path, all);
	n = imp_wr_need(&w);
	if (w.err < 0)
		return reply(c, cx, 406, LW_NO_FORMAT, LW_EMPTY);
	w = imp_wr_to(cx->room(cx, n), n);
	if (!w.to && n)
		return IMP_ENOSPC;
	lw_put_content(&w, c->accept, &c->path, all);
	return reply(c, cx, 205, c->accept, imp_wr_span(&w));
}

/* The next that is wanted; links without a URI of their own need no reading. */
static imp_status gather(struct client *c, imp_cx *cx)
{
	for (; c->cursor < c->a.n; c->cursor++) {
		const struct lw_account *x = &c->a.list[c->cursor];
		imp_wr w = imp_wr_to(c->buf + c->used, c->max - c->used);
		if (!is_wanted(c, x))
			continue;
		if (c->state == GATHERING || (x->oid == 0 && !x->bootstrap))
			return ask_instance(c, cx, c->state, x->oid, x->iid);
		lw_put_link(&w, x, LW_EMPTY);
		if (imp_wr_end(&w) < 0) {
			c->state = READY;
			return reply(c, cx, 500, LW_NO_FORMAT, LW_EMPTY);
		}
		c->used += (uint32_t)imp_wr_span(&w).len;
	}
	return gathered(c, cx);
}

static imp_status gather_one(struct client *c, imp_cx *cx, const imp_msg *in)
{
	const struct lw_account *x = &c->a.list[c->cursor];
	const struct lw_instance one = {x->oid, x->iid, in->data};
	imp_wr w = imp_wr_to(c->buf + c->used, c->max - c->used);
	if (in->code >= 0 && c->state == GATHERING)
		lw_put_instance(&w, &one);
	else if (in->code >= 0)
		lw_put_link(&w, x, lw_get(in->data, 0));
	if (in->code < 0 || imp_wr_end(&w) < 0) {
		c->state = READY;
		return reply(c, cx, 500, LW_NO_FORMAT, LW_EMPTY);
	}
	c->used += (uint32_t)imp_wr_span(&w).len;
	c->cursor++;
	return gather(c, cx);
}

static imp_status get(struct client *c, imp_cx *cx, const imp_msg *in)
{
	static const char root[] = "</>;lwm2m=1.2", device[] = ",</3/0>";
	imp_span accept = imp_line(in->name, "accept");
	int32_t format = accept.len ? imp_line_number(accept) : -1;
	int links = format == LW_LINKS || c->path.oid == LW_NONE;
	c->cursor = 0;
	c->used = 0;
	c->accept = format < 0 ? LW_TLV : (uint16_t)format;
	if (links && (c->path.iid != LW_NONE || c->max < 64 || (c->path.oid != LW_NONE && !lw_is_ours(c->path.oid) && c->path.oid != 3)))
		return reply(c, cx, c->path.iid != LW_NONE ? 400 : 404, LW_NO_FORMAT, LW_EMPTY);
	if (!links && ((c->path.oid != 1 && c->path.oid != 2) || c->path.rid != LW_NONE))
		return reply(c, cx, 405, LW_NO_FORMAT, LW_EMPTY);
	if (!links && c->path.iid != LW_NONE && !lw_account_of(&c->a, c->path.oid, c->path.iid, 0))
		return reply(c, cx, 404, LW_NO_FORMAT, LW_EMPTY);
	if (links) {
		imp_wr w = imp_wr_to(c->buf, c->max);
		imp_wr_text(&w, root);
		if (c->path.oid == LW_NONE || c->path.oid == 3)
			imp_wr_text(&w, device);
		c->used = (uint32_t)imp_wr_span(&w).len;
	}
	c->state = links ? LISTING : GATHERING;
	return gather(c, cx);
}

/* --- Finish ----------------------------------------------------------------------------------- */

static imp_status commit(struct client *c, imp_cx *cx)
{
	uint8_t list[16 * IMP_LWM2M_INSTANCES + 4];
	imp_wr w = imp_wr_to(list, sizeof list);
	lw_accounts_put(&w, &c->a);
	c->state = COMMITTING;
	return lw_say(cx, IMP_LEARN, IMP_T_CONFIG, IMP_NOW, ticket(c), 0, imp_bytes("lwm2m", 5), imp_wr_span(&w));
}

/* Servers' URIs are knowledge of their own, and the bootstrap account may be
 * there for a time only: its instances are read once more. */
static imp_status close_next(struct client *c, imp_cx *cx)
{
	while (c->cursor < c->a.n && c->a.list[c->cursor].oid != 0)
		c->cursor++;
	if (c->cursor == c->a.n)
		return commit(c, cx);
	return ask_instance(c, cx, CLOSING, 0, c->a.list[c->cursor].iid);
}

static imp_status close_one(struct client *c, imp_cx *cx, const imp_msg *in)
{
	const struct lw_account *x = &c->a.list[c->cursor++];
	int64_t life = lw_get_int(in->data, 12, 0);
	char name[LW_NAME];
	imp_msg m = imp_say(IMP_LEARN, IMP_T_CONFIG, 0, 0, LW_EMPTY, in->data);
	if (in->code < 0) {
		reply(c, cx, 406, LW_NO_FORMAT, LW_EMPTY);
		return end(c, cx, IMP_EPROTO, 406, LW_EMPTY);
	}
	if (!x->bootstrap) {
		lw_say(cx, IMP_LEARN, IMP_T_SERVER, 0, 0, 0, lw_server_name(name, x->ssid), lw_get(in->data, 0));
	} else if (life > 0 && life < 1 << 30) {
		m.name = lw_instance_name(name, 0, x->iid);
		m.flags = IMP_SECRET;
		m.when = (uint64_t)life * 1000;
		cx->emit(cx, &m);
	}
	return close_next(c, cx);
}

static imp_status finish(struct client *c, imp_cx *cx)
{
	if (!lw_accounts_fit(&c->a)) {
		reply(c, cx, 406, LW_NO_FORMAT, LW_EMPTY);
		return end(c, cx, IMP_EPROTO, 406, LW_EMPTY);
	}
	c->cursor = 0;
	return close_next(c, cx);
}

static imp_status committed(struct client *c, imp_cx *cx, const imp_msg *in)
{
	reply(c, cx, in->code < 0 ? 500 : 204, LW_NO_FORMAT, LW_EMPTY);
	return end(c, cx, in->code < 0 ? in->code : IMP_OK, 0, LW_EMPTY);
}

/* --- Pack -------------------------------------------------------------------------------------- */

/* Every object in it is replaced; what it does not name stays. */
static int32_t unpack(struct client *c, imp_cx *cx, const imp_msg *in)
{
	const struct lw_path root = {LW_NONE, LW_NONE, LW_NONE, LW_NONE};
	lw_reader r;
	struct ids ids;
	int32_t code = open_payload(&r, cx, &root, in);
	if (!code)
		code = survey(&r, &ids);
	if (code)
		return code;
	for (int k = 0; k < ids.n; k++) {
		const struct lw_path object = {ids.oid[k], LW_NONE, LW_NONE, LW_NONE};
		int first = 1;
		for (int j = 0; j < k; j++)
			first &= ids.oid[j] != ids.oid[k];
		if (first)
			delete_below(c, cx, &object);
	}
	return store_all(c, cx, &r, &ids, tlv_room(in->data));
}

static imp_status packed(struct client *c, imp_cx *cx, const imp_msg *in)
{
	if (in->code == 205 && !(in->flags & IMP_MORE)) {
		if (unpack(c, cx, in) == 204 && lw_accounts_fit(&c->a)) {
			c->cursor = 0;
			return close_next(c, cx);
		}
		lw_say(cx, IMP_LEARN, 0, IMP_FORGET, 0, 0, LW_EMPTY, LW_EMPTY);
		return end(c, cx, IMP_EBADMSG, 0, LW_EMPTY);
	}
	return request(c, cx, 0);
}

/* --- steps -------------------------------------------------------------------------------------- */

static imp_status answered(struct client *c, imp_cx *cx, const imp_msg *in)
{
	c->want = 0;
	switch (c->state) {
	case LOADING:
		return loaded(c, cx, in);
	case INDEXING:
		return indexed(c, cx, in);
	case READING_ACCOUNT:
		return have_account(c, cx, in);
	case PACK:
		return packed(c, cx, in);
	case REQUEST:
		if (in->code != 204)
			return end(c, cx, in->code < 0 ? in->code : IMP_EPEER, in->code < 0 ? 0 : (uint16_t)in->code, LW_EMPTY);
		c->state = READY;
		return IMP_OK;
	case MERGING:
		return merged(c, cx, in);
	case LISTING:
	case GATHERING:
		return gather_one(c, cx, in);
	case CLOSING:
		return close_one(c, cx, in);
	case COMMITTING:
		return committed(c, cx, in);
	}
	return IMP_OK;
}

static imp_status received(struct client *c, imp_cx *cx, const imp_msg *in)
{
	int finishes = in->code == IMP_POST && lw_is_path(in->name, "/bs");
	if ((c->state != READY && c->state != REQUEST) || in->flags & IMP_MORE)
		return lw_say(cx, IMP_ANSWER, LW_NO_FORMAT, 0, in->ticket, in->flags & IMP_MORE ? 413 : 503, LW_EMPTY, LW_EMPTY);
	c->state = READY; /* the answer to our request may be late */
	c->due = cx->now + IMP_LWM2M_IDLE_MS;
	c->request = in->ticket;
	if (finishes)
		return finish(c, cx);
	if (lw_path_of(in->name, &c->path) < 0)
		return reply(c, cx, in->code == IMP_POST ? 405 : 400, LW_NO_FORMAT, LW_EMPTY);
	switch (in->code) {
	case IMP_GET:
		return get(c, cx, in);
	case IMP_PUT:
		return write(c, cx, in);
	case IMP_DELETE:
		return delete(c, cx);
	}
	return reply(c, cx, 405, LW_NO_FORMAT, LW_EMPTY);
}

/* The link below asks for keys: the bootstrap account has them. */
static imp_status asked(struct client *c, imp_cx *cx, const imp_msg *in)
{
	const struct lw_account *bs = lw_bootstrap_account(&c->a);
	char name[LW_NAME];
	if (!bs || (in->topic != IMP_T_KEYS && in->topic != IMP_T_KEY && in->topic != IMP_T_VERIFY))
		return IMP_PASS;
	if (!lw_lower_keep(&c->lower, cx, in))
		return lw_say(cx, IMP_ANSWER, in->topic, 0, in->ticket, IMP_EDENIED, LW_EMPTY, LW_EMPTY);
	c->tickets = c->tickets % 0xffffff + 1;
	c->lower.want = c->tickets;
	return lw_say(cx, IMP_ASK, IMP_T_CONFIG, 0, c->lower.want, 0, lw_instance_name(name, 0, bs->iid), LW_EMPTY);
}

static imp_status ticked(struct client *c, imp_cx *cx)
{
	if (c->state == HOLDING) {
		const struct lw_account *bs = lw_bootstrap_account(&c->a);
		return ask_instance(c, cx, READING_ACCOUNT, 0, bs ? bs->iid : 0);
	}
	if (cx->now >= c->due)
		return end(c, cx, IMP_ETIME, 0, LW_EMPTY);
	return IMP_OK;
}

size_t lw_client_need(const imp_params *p)
{
	return sizeof(struct client) + p->max_msg;
}

imp_status lw_client_init(void *state, const imp_params *p)
{
	((struct client *)state)->max = p->max_msg;
	return p->max_msg >= 64 ? IMP_OK : IMP_EARG;
}

static imp_status down(struct client *c, imp_cx *cx, const imp_msg *in)
{
	if (c->state == OVER)
		return IMP_OK;
	return end(c, cx, in->verb == IMP_STOP ? IMP_EDENIED : in->code < 0 ? in->code : IMP_ELINK, in->verb == IMP_DOWN ? in->topic : 0, LW_EMPTY);
}

imp_status lw_client_step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct client *c = state;
	imp_status st = IMP_PASS;
	switch (in->verb) {
	case IMP_START:
		st = ask(c, cx, LOADING, imp_bytes("lwm2m.client", 12));
		break;
	case IMP_UP:
		c->due = cx->now + IMP_LWM2M_IDLE_MS;
		st = c->state == OPENING ? ready(c, cx, in) : IMP_OK;
		break;
	case IMP_RX:
		st = received(c, cx, in);
		break;
	case IMP_ASK:
		st = asked(c, cx, in);
		break;
	case IMP_ANSWER:
		if (c->lower.want && in->ticket == c->lower.want)
			st = lw_lower_answer(&c->lower, cx, in);
		else
			st = c->want && in->ticket == c->want ? answered(c, cx, in) : IMP_OK;
		break;
	case IMP_DOWN:
	case IMP_STOP:
		st = down(c, cx, in);
		break;
	case IMP_TICK:
		st = ticked(c, cx);
		break;
	}
	cx->wake(cx, c->state == OVER || !c->due ? UINT64_MAX : c->due);
	return st;
}

const char *lw_client_where(const void *state)
{
	static const char names[][12] = {"idle", "loading", "indexing", "account", "holding", "opening", "pack", "request", "ready", "merging", "listing", "gathering", "closing", "committing", "over"};
	return names[((const struct client *)state)->state];
}
