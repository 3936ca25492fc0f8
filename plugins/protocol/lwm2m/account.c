/* account.c -- see account.h. */
#include "account.h"
#include "alg.h"
#include "cbor.h"
#include "ct.h"
#include "pkix.h"

enum { URI = 0, BOOTSTRAP = 1, MODE = 2, PUBLIC = 3, SERVER = 4, SECRET = 5, SSID = 10, OSCORE = 17, KEY_MOST = 64 };

int lw_is_ours(uint16_t oid)
{
	return oid <= 2 || oid == 21;
}

int lw_is_secret(uint16_t oid)
{
	return oid == 0 || oid == 21;
}

imp_span lw_instance_name(char to[LW_NAME], uint16_t oid, uint16_t iid)
{
	const struct lw_path p = {oid, iid, LW_NONE, LW_NONE};
	imp_wr w = imp_wr_to(to, LW_NAME);
	imp_wr_text(&w, "lwm2m");
	lw_put_path(&w, &p);
	return imp_wr_span(&w);
}

imp_span lw_server_name(char to[LW_NAME], uint16_t ssid)
{
	imp_wr w = imp_wr_to(to, LW_NAME);
	imp_wr_text(&w, "lwm2m/");
	imp_wr_decimal(&w, ssid);
	return imp_wr_span(&w);
}

/* --- the list ------------------------------------------------------------------- */

imp_status lw_accounts_read(struct lw_accounts *a, imp_span list)
{
	imp_rd r = imp_rd_of(list);
	size_t n = imp_cbor_array(&r);
	if (n > IMP_LWM2M_INSTANCES)
		return IMP_EBADMSG;
	memset(a, 0, sizeof *a);
	for (size_t i = 0; i < n; i++) {
		struct lw_account *x = &a->list[i];
		imp_cbor_array_of(&r, 4);
		x->oid = (uint16_t)imp_cbor_uint_max(&r, LW_NONE - 1);
		x->iid = (uint16_t)imp_cbor_uint_max(&r, LW_NONE - 1);
		if (imp_cbor_is_null(&r))
			imp_cbor_null(&r);
		else
			x->ssid = (uint16_t)imp_cbor_uint_max(&r, LW_NONE - 1);
		x->bootstrap = (uint8_t)imp_cbor_bool(&r);
		x->link = LW_NONE;
	}
	a->n = (uint8_t)n;
	return imp_rd_end(&r);
}

void lw_accounts_put(imp_wr *w, const struct lw_accounts *a)
{
	imp_cbor_put_array(w, a->n);
	for (unsigned i = 0; i < a->n; i++) {
		const struct lw_account *x = &a->list[i];
		imp_cbor_put_array(w, 4);
		imp_cbor_put_uint(w, x->oid);
		imp_cbor_put_uint(w, x->iid);
		if (x->ssid)
			imp_cbor_put_uint(w, x->ssid);
		else
			imp_cbor_put_null(w);
		imp_cbor_put_bool(w, x->bootstrap);
	}
}

struct lw_account *lw_account_of(struct lw_accounts *a, uint16_t oid, uint16_t iid, int make)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->list[i].oid == oid && a->list[i].iid == iid)
			return &a->list[i];
	if (!make || a->n == IMP_LWM2M_INSTANCES)
		return NULL;
	a->list[a->n] = (struct lw_account){.oid = oid, .iid = iid, .link = LW_NONE};
	return &a->list[a->n++];
}

void lw_account_drop(struct lw_accounts *a, const struct lw_account *x)
{
	size_t at = (size_t)(x - a->list);
	a->n--;
	memmove(&a->list[at], &a->list[at + 1], (a->n - at) * sizeof a->list[0]);
}

/* --- rules ---------------------------------------------------------------------- */

void lw_account_note(struct lw_account *x, imp_span body)
{
	int64_t ssid = lw_get_int(body, x->oid == 0 ? SSID : 0, 0);
	imp_span link = lw_get(body, OSCORE);
	x->bootstrap = x->oid == 0 && lw_get_int(body, BOOTSTRAP, 0) != 0;
	x->link = x->oid == 0 && link.len == 4 && link.ptr[1] == 21 ? (uint16_t)(link.ptr[2] << 8 | link.ptr[3]) : LW_NONE;
	x->ssid = x->oid <= 1 && ssid > 0 && ssid < LW_NONE && !x->bootstrap ? (uint16_t)ssid : 0;
	x->bad = 0;
	if (x->oid == 0)
		x->bad = !lw_get(body, URI).len || lw_get_int(body, MODE, LW_NOSEC) < LW_PSK || lw_get_int(body, MODE, LW_NOSEC) > LW_EST || (!x->bootstrap && !x->ssid);
	else if (x->oid == 1)
		x->bad = !x->ssid;
}

struct lw_account *lw_bootstrap_account(struct lw_accounts *a)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->list[i].oid == 0 && a->list[i].bootstrap)
			return &a->list[i];
	return NULL;
}

int lw_is_protected(struct lw_accounts *a, const struct lw_account *x)
{
	const struct lw_account *bs = lw_bootstrap_account(a);
	return bs && (x == bs || (x->oid == 21 && x->iid == bs->link));
}

/* How many of `oid` have this short server id? */
static int with_ssid(const struct lw_accounts *a, uint16_t oid, uint16_t ssid)
{
	int n = 0;
	for (unsigned i = 0; i < a->n; i++)
		n += a->list[i].oid == oid && a->list[i].ssid == ssid && !a->list[i].bootstrap;
	return n;
}

int lw_accounts_fit(struct lw_accounts *a)
{
	int bootstraps = 0;
	for (unsigned i = 0; i < a->n; i++) {
		const struct lw_account *x = &a->list[i];
		bootstraps += x->bootstrap;
		if (x->bad || (x->link != LW_NONE && !lw_account_of(a, 21, x->link, 0)))
			return 0;
		if (x->oid <= 1 && !x->bootstrap && (with_ssid(a, 0, x->ssid) != 1 || with_ssid(a, 1, x->ssid) != 1))
			return 0;
	}
	return bootstraps <= 1;
}

/* --- writing --------------------------------------------------------------------- */

void lw_put_link(imp_wr *w, const struct lw_account *x, imp_span uri)
{
	const struct lw_path p = {x->oid, x->iid, LW_NONE, LW_NONE};
	imp_wr_text(w, ",<");
	lw_put_path(w, &p);
	imp_wr_text(w, ">");
	if (x->ssid) {
		imp_wr_text(w, ";ssid=");
		imp_wr_decimal(w, x->ssid);
	}
	if (uri.len) {
		imp_wr_text(w, ";uri=\"");
		for (size_t i = 0; i < uri.len; i++)
			imp_wr_u8(w, uri.ptr[i] == '"' || uri.ptr[i] < 0x20 ? '?' : uri.ptr[i]);
		imp_wr_text(w, "\"");
	}
}

void lw_put_options(imp_wr *w, unsigned mode)
{
	if (mode != LW_PSK && mode != LW_RPK && mode != LW_X509)
		return;
	imp_cbor_put_map(w, 2);
	imp_cbor_put_text(w, "suites");
	imp_cbor_put_array(w, 2);
	imp_cbor_put_uint(w, mode == LW_PSK ? 0xc0a8 : 0xc0ae);
	imp_cbor_put_uint(w, mode == LW_PSK ? 0x00ae : 0xc023);
	imp_cbor_put_text(w, "types");
	imp_cbor_put_array(w, 1);
	imp_cbor_put_uint(w, mode == LW_RPK ? 2 : 0);
}

/* --- keys for the link below -------------------------------------------------------- */

/* The certificate behind its 3-byte length; a raw key as it is. */
static imp_span first_shown(const imp_msg *ask)
{
	imp_rd r = imp_rd_of(ask->data);
	size_t n;
	if (ask->code != 0)
		return ask->data;
	n = (size_t)imp_rd_u8(&r) << 16;
	n |= imp_rd_be16(&r);
	return imp_rd_bytes(&r, n);
}

int lw_lower_keep(struct lw_lower *l, imp_cx *cx, const imp_msg *ask)
{
	imp_span shown = ask->topic == IMP_T_VERIFY ? first_shown(ask) : LW_EMPTY;
	if (l->want || (ask->topic == IMP_T_VERIFY && (!shown.len || imp_hash(cx->crypto, IMP_A_SHA256, &shown, 1, l->shown) < 0)))
		return 0;
	l->ticket = ask->ticket;
	l->topic = ask->topic;
	l->code = ask->code;
	return 1;
}

static imp_status give(imp_cx *cx, const struct lw_lower *l, imp_span name, imp_span data)
{
	return lw_say(cx, IMP_ANSWER, l->topic, IMP_SECRET, l->ticket, IMP_OK, name, data);
}

static imp_status refuse(imp_cx *cx, const struct lw_lower *l, imp_status code)
{
	return lw_say(cx, IMP_ANSWER, l->topic, 0, l->ticket, code, LW_EMPTY, LW_EMPTY);
}

static imp_status give_certificate(imp_cx *cx, const struct lw_lower *l, imp_span cert)
{
	imp_wr w = imp_wr_to(cx->room(cx, cert.len + 3), cert.len + 3);
	if (!w.to || cert.len > 0xffffff)
		return IMP_ENOSPC;
	imp_wr_u8(&w, (uint8_t)(cert.len >> 16));
	imp_wr_be16(&w, (uint16_t)cert.len);
	imp_wr_bytes(&w, cert);
	return give(cx, l, imp_bytes("lwm2m", 5), imp_wr_span(&w));
}

static imp_status give_private(imp_cx *cx, const struct lw_lower *l, imp_span der)
{
	imp_key k;
	uint8_t flat[IMP_KEY_HEAD + KEY_MOST];
	imp_status st = imp_priv_read(der, &k);
	if (st < 0 || k.bits.len > KEY_MOST)
		return refuse(cx, l, IMP_EFACT);
	k.flags = IMP_KEY_PRIVATE;
	imp_key_head(&k, flat);
	memcpy(flat + IMP_KEY_HEAD, k.bits.ptr, k.bits.len);
	st = give(cx, l, LW_EMPTY, imp_bytes(flat, IMP_KEY_HEAD + k.bits.len));
	imp_wipe(flat, sizeof flat);
	return st;
}

/* The server's certificate or key must be the account's (usage 3, exact match). */
static imp_status judge(imp_cx *cx, const struct lw_lower *l, imp_span expected)
{
	uint8_t hash[32];
	if (!expected.len || imp_hash(cx->crypto, IMP_A_SHA256, &expected, 1, hash) < 0 || !imp_ct_equal(hash, l->shown, sizeof hash))
		return refuse(cx, l, IMP_EAUTH);
	return lw_say(cx, IMP_ANSWER, l->topic, 0, l->ticket, IMP_OK, LW_EMPTY, LW_EMPTY);
}

imp_status lw_lower_answer(struct lw_lower *l, imp_cx *cx, const imp_msg *account)
{
	imp_span body = account->data;
	l->want = 0;
	if (account->code < 0)
		return refuse(cx, l, IMP_EFACT);
	if (l->topic == IMP_T_VERIFY)
		return judge(cx, l, lw_get(body, SERVER));
	if (l->topic == IMP_T_KEY)
		return give_private(cx, l, lw_get(body, SECRET));
	switch (l->code) {
	case IMP_K_PSK:
		return give(cx, l, lw_get(body, PUBLIC), lw_get(body, SECRET));
	case IMP_K_RAW:
		return give(cx, l, imp_bytes("lwm2m", 5), lw_get(body, PUBLIC));
	case IMP_K_CERT:
		return give_certificate(cx, l, lw_get(body, PUBLIC));
	}
	return refuse(cx, l, IMP_EDENIED);
}
