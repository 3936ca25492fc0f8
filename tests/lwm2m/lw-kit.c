/* lw-kit.c -- see lw-kit.h. */
#include "lw-kit.h"
#include <stdio.h>

#define TEXT(s) imp_bytes(s, strlen(s))
#define NONE imp_bytes(NULL, 0)

void lw_put_bytes(imp_wr *w, uint8_t rid, imp_span v)
{
	imp_wr_u8(w, v.len < 8 ? (uint8_t)(0xc0 | v.len) : 0xc8);
	imp_wr_u8(w, rid);
	if (v.len >= 8)
		imp_wr_u8(w, (uint8_t)v.len);
	imp_wr_bytes(w, v);
}

void lw_put_number(imp_wr *w, uint8_t rid, uint8_t v)
{
	lw_put_bytes(w, rid, imp_bytes(&v, 1));
}

size_t lw_security(uint8_t *to, size_t cap, const char *uri, int bootstrap, uint8_t ssid)
{
	imp_wr w = imp_wr_to(to, cap);
	lw_put_bytes(&w, 0, TEXT(uri));
	lw_put_number(&w, 1, (uint8_t)bootstrap);
	lw_put_number(&w, 2, bootstrap ? 3 : 0); /* the wire is not secured */
	lw_put_bytes(&w, 3, TEXT("client-7"));
	lw_put_bytes(&w, 5, TEXT("0123456789abcdef"));
	if (ssid)
		lw_put_number(&w, 10, ssid);
	return imp_wr_span(&w).len;
}

size_t lw_server_object(uint8_t *to, size_t cap, uint8_t ssid)
{
	imp_wr w = imp_wr_to(to, cap);
	lw_put_number(&w, 0, ssid);
	lw_put_number(&w, 1, 60);
	lw_put_number(&w, 6, 1);
	lw_put_bytes(&w, 7, TEXT("U"));
	return imp_wr_span(&w).len;
}

/* --- hooks ----------------------------------------------------------------------- */

static struct lw_kit *kit_of(struct party *p)
{
	return p->user;
}

static int server_asked(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	struct lw_kit *k = kit_of(p);
	(void)s;
	if (ask->topic == IMP_T_AUTHORIZE) {
		k->claims_len = ask->data.len < sizeof k->claims ? ask->data.len : 0;
		memcpy(k->claims, ask->data.ptr, k->claims_len);
		a->code = k->verdict;
		return 1;
	}
	if (ask->topic != IMP_T_CONFIG)
		return 0;
	if (ask->code >= k->n) {
		a->code = IMP_EFACT;
		return 1;
	}
	a->code = k->n;
	a->flags = ask->code + 1 < k->n ? IMP_MORE : 0;
	a->data = imp_bytes(k->ops[ask->code], k->ops_len[ask->code]);
	return 1;
}

static void server_sees(struct party *p, struct sess *s, const imp_msg *m)
{
	struct lw_kit *k = kit_of(p);
	(void)s;
	if (m->verb == IMP_TELL && m->data.len < sizeof k->told - k->told_len) {
		memcpy(k->told + k->told_len, m->data.ptr, m->data.len);
		k->told_len += m->data.len;
	}
}

/* --- beginning ------------------------------------------------------------------------ */

void lw_begin(struct lw_kit *k, const imp_crypto *c)
{
	static const uint8_t index[] = {0x81, 0x84, 0x00, 0x00, 0xf6, 0xf5}; /* [[0, 0, null, true]] */
	uint8_t bs[200];
	memset(k, 0, sizeof *k);
	world_begin(&k->w);
	k->client = world_party(&k->w, "client", c, IMP_DEVICE);
	k->server = world_party(&k->w, "server", c, IMP_OWNER);
	k->client->layer = k->server->layer = &imp_lwm2m;
	k->client->params.max_msg = k->server->params.max_msg = 1024;
	k->client->user = k->server->user = k;
	k->server->hook = server_asked;
	k->server->sees = server_sees;
	fact_set(k->client, IMP_T_CONFIG, "lwm2m", 0, imp_bytes(index, sizeof index));
	fact_set(k->client, IMP_T_CONFIG, "lwm2m/0/0", 0, imp_bytes(bs, lw_security(bs, sizeof bs, "coaps://bs.example", 1, 0)));
	lw_wish(k, 0xffff, 0);
}

void lw_wish(struct lw_kit *k, int pct, int pack)
{
	uint8_t map[64];
	imp_wr w = imp_wr_to(map, sizeof map);
	imp_cbor_put_map(&w, pct == 0xffff ? 2 : 3);
	imp_cbor_put_text(&w, "ep");
	imp_cbor_put_text(&w, "urn:dev:7");
	imp_cbor_put_text(&w, "pack");
	imp_cbor_put_bool(&w, pack);
	if (pct != 0xffff) {
		imp_cbor_put_text(&w, "pct");
		imp_cbor_put_uint(&w, (uint64_t)pct);
	}
	fact_drop(k->client, IMP_T_CONFIG, "lwm2m.client");
	fact_set(k->client, IMP_T_CONFIG, "lwm2m.client", 0, imp_wr_span(&w));
}

void lw_op(struct lw_kit *k, const char *op, const char *path, imp_span tlv)
{
	imp_wr w = imp_wr_to(k->ops[k->n], sizeof k->ops[0]);
	imp_cbor_put_map(&w, tlv.len ? 3 : 2);
	imp_cbor_put_text(&w, "op");
	imp_cbor_put_text(&w, op);
	imp_cbor_put_text(&w, "path");
	imp_cbor_put_text(&w, path);
	if (tlv.len) {
		imp_cbor_put_text(&w, "tlv");
		imp_cbor_put_bstr(&w, tlv);
	}
	k->ops_len[k->n++] = imp_wr_span(&w).len;
}

void lw_usual(struct lw_kit *k)
{
	static const uint8_t access[] = {0xc1, 0x00, 0x01, 0xc1, 0x01, 0x00, 0x83, 0x02, 0x41, 0x65, 0x0f, 0xc1, 0x03, 0x65};
	uint8_t b[200];
	lw_op(k, "delete", "/", NONE);
	lw_op(k, "write", "/0/1", imp_bytes(b, lw_security(b, sizeof b, "coaps://server.example:5684", 0, 101)));
	lw_op(k, "write", "/1/0", imp_bytes(b, lw_server_object(b, sizeof b, 101)));
	lw_op(k, "write", "/2/0", imp_bytes(access, sizeof access));
}

void lw_link(struct lw_kit *k)
{
	imp_msg start = imp_say(IMP_START, 0, 0, 0, NONE, NONE);
	k->c = world_session(k->client, 0, 0);
	k->s = world_session(k->server, 1, 0);
	world_wire(k->c, k->s);
	world_feed(k->s, &start);
	world_feed(k->c, &start);
}

void lw_run(struct lw_kit *k)
{
	lw_link(k);
	world_run(&k->w, 300000);
}

void lw_end_kit(struct lw_kit *k)
{
	world_end(&k->w);
}

/* --- by hand ----------------------------------------------------------------------------- */

static void sunk(struct world *w, struct sess *s, const imp_msg *m)
{
	struct lw_kit *k = s->p->user;
	imp_msg up = imp_say(IMP_UP, 0, 0, m->ticket, NONE, NONE), ok = imp_say(IMP_ANSWER, 0xffff, 204, m->ticket, NONE, NONE);
	(void)w;
	if (m->verb == IMP_OPEN)
		world_feed(s, &up);
	else if (m->verb == IMP_TX)
		world_feed(s, &ok);
	else if (m->verb == IMP_ANSWER) {
		k->code = m->code;
		k->format = m->topic;
		k->len = m->data.len < sizeof k->data ? m->data.len : sizeof k->data;
		memcpy(k->data, m->data.ptr ? m->data.ptr : k->claims, k->len);
	}
}

void lw_by_hand(struct lw_kit *k)
{
	imp_msg start = imp_say(IMP_START, 0, 0, 0, NONE, NONE);
	k->w.sink = sunk;
	k->c = world_session(k->client, 0, 0);
	k->w.client = k->c->id;
	world_feed(k->c, &start);
	world_run(&k->w, 1000);
}

int32_t lw_ask(struct lw_kit *k, int method, const char *name, uint16_t format, imp_span data)
{
	imp_msg rx = imp_say(IMP_RX, format, method, 77, TEXT(name), data);
	k->code = 0;
	k->len = 0;
	world_feed(k->c, &rx);
	world_run(&k->w, 1000);
	return k->code;
}

int lw_accounts_of(const struct lw_kit *k)
{
	const struct fact *list = fact_get(k->client, IMP_T_CONFIG, "lwm2m", 0);
	int security = fact_get(k->client, IMP_T_CONFIG, "lwm2m/0/1", 0) != NULL, server = fact_get(k->client, IMP_T_CONFIG, "lwm2m/1/0", 0) != NULL;
	int where = fact_get(k->client, IMP_T_SERVER, "lwm2m/101", 0) != NULL, listed = list && list->len > 6;
	return security == server && server == where && where == listed ? security : -1;
}
