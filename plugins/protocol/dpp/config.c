/* config.c -- see config.h. */
#include "config.h"
#include "cbor.h"
#include "ct.h"
#include "jose.h"

#define NONE imp_bytes(NULL, 0)

/* Memory for what is unescaped or decoded: a piece at a time. */
struct heap {
	uint8_t *at, *end;
	imp_status err;
};

static imp_span took(struct heap *h, imp_span s)
{
	if (s.ptr == h->at)
		h->at += s.len;
	return s;
}

static size_t left(const struct heap *h)
{
	return (size_t)(h->end - h->at);
}

static imp_span text_of(struct heap *h, imp_span object, const char *key)
{
	imp_span v = imp_json_get(object, key, &h->err);
	return v.ptr ? took(h, imp_json_text(v, h->at, left(h), &h->err)) : NONE;
}

/* Decoded where its text was. */
static imp_span binary_of(struct heap *h, imp_span object, const char *key, enum imp_b64 kind)
{
	imp_span v = imp_json_get(object, key, &h->err);
	uint8_t *from = h->at;
	imp_span s = v.ptr ? imp_json_text(v, h->at, left(h), &h->err) : NONE;
	if (!s.ptr || h->err)
		return NONE;
	return took(h, imp_b64_read(s, kind, from, left(h), &h->err));
}

/* --- who ---------------------------------------------------------------------- */

static const char *const roles[] = {"", "sta", "ap", "configurator"};

const char *dpp_role_name(enum dpp_netrole r)
{
	return roles[r <= DPP_ROLE_CONFIGURATOR ? r : 0];
}

imp_status dpp_who_read(imp_span json, uint8_t *room, dpp_who *out)
{
	struct heap h = {room, room + json.len, IMP_OK};
	imp_span top = imp_json_of(json, &h.err), role;
	dpp_who k = {.role = DPP_ROLE_NONE};
	memset(out, 0, sizeof *out);
	k.name = text_of(&h, top, "name");
	k.mudurl = text_of(&h, top, "mudurl");
	k.bands = imp_json_get(top, "bandSupport", &h.err);
	k.csr = binary_of(&h, top, "pkcs10", IMP_B64);
	role = imp_json_get(top, "netRole", &h.err);
	for (int i = DPP_ROLE_STA; i <= DPP_ROLE_CONFIGURATOR; i++)
		if (imp_json_is(role, roles[i]))
			k.role = (enum dpp_netrole)i;
	if (h.err || imp_json_type(top) != IMP_JSON_OBJECT || !k.name.ptr || !imp_json_is(imp_json_get(top, "wi-fi_tech", &h.err), "infra"))
		return IMP_EBADMSG;
	*out = k;
	return h.err || !k.role ? IMP_EBADMSG : IMP_OK;
}

static void put_bands(imp_wr *w, imp_span bands)
{
	imp_rd r = imp_rd_of(bands);
	size_t n = imp_cbor_array(&r);
	imp_json_put_key(w, ',', "bandSupport");
	for (size_t i = 0; i < n; i++) {
		imp_wr_u8(w, i ? ',' : '[');
		imp_json_put_int(w, (int64_t)imp_cbor_uint_max(&r, 255));
	}
	imp_wr_text(w, n ? "]" : "[]");
	if (imp_rd_end(&r))
		imp_wr_fail(w, IMP_EARG);
}

void dpp_who_put(imp_wr *w, const dpp_who *who)
{
	const char *role = dpp_role_name(who->role);
	imp_json_put_key(w, '{', "name");
	imp_json_put_text(w, who->name);
	imp_wr_text(w, ",\"wi-fi_tech\":\"infra\",\"netRole\":\"");
	imp_wr_text(w, role);
	imp_wr_u8(w, '"');
	if (who->mudurl.len) {
		imp_json_put_key(w, ',', "mudurl");
		imp_json_put_text(w, who->mudurl);
	}
	if (who->bands.len)
		put_bands(w, who->bands);
	if (who->csr.len) {
		imp_wr_text(w, ",\"pkcs10\":\"");
		imp_b64_put(w, who->csr, IMP_B64);
		imp_wr_u8(w, '"');
	}
	imp_wr_u8(w, '}');
}

/* --- configuration objects ------------------------------------------------------ */

static const struct {
	char text[9];
	unsigned bit;
} akms[] = {
	{"dpp", DPP_AKM_DPP}, {"psk", DPP_AKM_PSK}, {"sae", DPP_AKM_SAE}, {"dot1x", DPP_AKM_DOT1X},
	{"506F9A02", DPP_AKM_DPP}, {"000FAC02", DPP_AKM_PSK}, {"000FAC06", DPP_AKM_PSK}, {"000FAC08", DPP_AKM_SAE},
	{"000FAC01", DPP_AKM_DOT1X}, {"000FAC05", DPP_AKM_DOT1X},
};

static int same_word(imp_span s, const char *word)
{
	size_t n = strlen(word);
	if (s.len != n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (s.ptr[i] != (uint8_t)word[i] && !(word[i] >= 'A' && word[i] <= 'F' && s.ptr[i] == (word[i] | 32)))
			return 0;
	return 1;
}

/* Selectors that are not known here are skipped: a newer peer's. */
unsigned dpp_akm_read(imp_span text)
{
	unsigned bits = 0;
	for (size_t at = 0, n; at <= text.len && text.len; at += n + 1) {
		for (n = 0; at + n < text.len && text.ptr[at + n] != '+';)
			n++;
		for (size_t i = 0; i < sizeof akms / sizeof akms[0]; i++)
			if (same_word(imp_bytes(text.ptr + at, n), akms[i].text))
				bits |= akms[i].bit;
	}
	return bits;
}

static int unhex32(imp_span hex, uint8_t out[32])
{
	static const char digits[] = "0123456789abcdef";
	if (hex.len != 64)
		return 0;
	for (size_t i = 0; i < 64; i++) {
		const char *d = memchr(digits, hex.ptr[i] | (hex.ptr[i] >= 'A' ? 32 : 0), 16);
		if (!d)
			return 0;
		out[i / 2] = (uint8_t)(out[i / 2] << 4 | (d - digits));
	}
	return 1;
}

static imp_status read_key(const imp_crypto *c, imp_span jwk, uint8_t *point, imp_key *out)
{
	uint8_t raw[IMP_POINT_MAX];
	size_t len = DPP_POINT;
	imp_status st = imp_jwk_read(jwk, raw, out);
	if (!st && !dpp_curve_of(out->alg))
		st = IMP_EUNSUP;
	st = st ? st : c->point(c, out->alg, out->bits, point, &len);
	out->bits = imp_bytes(point, len);
	if (st)
		memset(out, 0, sizeof *out);
	return st;
}

/* Passphrase or PSK, as the akm wants them. */
static int legacy_good(const dpp_object *o)
{
	if (!(o->akm & (DPP_AKM_PSK | DPP_AKM_SAE)))
		return 1;
	if (o->akm & DPP_AKM_SAE && !o->pass.len)
		return 0;
	if (o->akm & DPP_AKM_PSK && o->pass.len && (o->pass.len < 8 || o->pass.len > 63))
		return 0;
	return o->pass.len || o->has_psk;
}

static imp_status read_cred(const imp_crypto *c, imp_span cred, struct heap *h, dpp_object *o)
{
	imp_span psk = imp_json_get(cred, "psk_hex", &h->err), ent = imp_json_get(cred, "entCreds", &h->err);
	imp_span csign = imp_json_get(cred, "csign", &h->err), ppkey = imp_json_get(cred, "ppKey", &h->err);
	imp_status st = IMP_OK;
	uint8_t hex[64];
	o->akm_text = text_of(h, cred, "akm");
	o->akm = dpp_akm_read(o->akm_text);
	o->pass = text_of(h, cred, "pass");
	o->connector = text_of(h, cred, "signedConnector");
	o->cert_bag = binary_of(h, ent, "certBag", IMP_B64);
	o->ca = binary_of(h, ent, "caCert", IMP_B64);
	o->server = text_of(h, ent, "trustedEapServerName");
	if (psk.ptr)
		o->has_psk = unhex32(imp_json_text(psk, hex, sizeof hex, &h->err), o->psk);
	imp_wipe(hex, sizeof hex);
	if (h->err || (psk.ptr && !o->has_psk) || !legacy_good(o))
		return IMP_EBADMSG;
	if (!o->akm)
		return IMP_EUNSUP;
	if (o->akm & DPP_AKM_DOT1X && !o->cert_bag.len)
		return IMP_EBADMSG;
	if (o->akm & DPP_AKM_DPP && (!o->connector.len || !csign.ptr))
		return IMP_EBADMSG;
	if (csign.ptr)
		st = read_key(c, csign, o->csign_point, &o->csign);
	if (!st && ppkey.ptr)
		st = read_key(c, ppkey, o->ppkey_point, &o->ppkey);
	return st || !ppkey.ptr || o->ppkey.alg == o->csign.alg ? st : IMP_EBADMSG;
}

imp_status dpp_object_read(const imp_crypto *c, imp_span json, uint8_t *room, dpp_object *o)
{
	struct heap h = {room, room + json.len, IMP_OK};
	imp_span top = imp_json_of(json, &h.err), where = imp_json_get(top, "discovery", &h.err), cred = imp_json_get(top, "cred", &h.err);
	imp_status st;
	memset(o, 0, sizeof *o);
	if (h.err || imp_json_type(top) != IMP_JSON_OBJECT)
		return IMP_EBADMSG;
	if (!imp_json_is(imp_json_get(top, "wi-fi_tech", &h.err), "infra"))
		return h.err ? IMP_EBADMSG : IMP_EUNSUP;
	o->json = json;
	o->ssid = binary_of(&h, where, "ssid64", IMP_B64URL);
	if (!o->ssid.ptr)
		o->ssid = text_of(&h, where, "ssid");
	st = imp_json_type(cred) == IMP_JSON_OBJECT ? read_cred(c, cred, &h, o) : IMP_EBADMSG;
	if (!st && (h.err || o->ssid.len < 1 || o->ssid.len > 32))
		st = IMP_EBADMSG;
	if (st) {
		imp_wipe(o, sizeof *o);
		imp_wipe(room, json.len);
	}
	return st;
}

static int plain_ascii(imp_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e)
			return 0;
	return 1;
}

static void put_ssid(imp_wr *w, imp_span ssid)
{
	if (plain_ascii(ssid)) {
		imp_json_put_key(w, '{', "ssid");
		imp_json_put_text(w, ssid);
		return;
	}
	imp_wr_text(w, "{\"ssid64\":\"");
	imp_b64_put(w, ssid, IMP_B64URL);
	imp_wr_u8(w, '"');
}

static void put_b64(imp_wr *w, char before, const char *key, imp_span s)
{
	if (!s.len)
		return;
	imp_json_put_key(w, before, key);
	imp_wr_u8(w, '"');
	imp_b64_put(w, s, IMP_B64);
	imp_wr_u8(w, '"');
}

static void put_text(imp_wr *w, const char *key, imp_span s)
{
	if (!s.len)
		return;
	imp_json_put_key(w, ',', key);
	imp_json_put_text(w, s);
}

static void put_psk(imp_wr *w, const uint8_t psk[32])
{
	static const char digits[] = "0123456789abcdef";
	imp_wr_text(w, ",\"psk_hex\":\"");
	for (int i = 0; i < 32; i++) {
		imp_wr_u8(w, (uint8_t)digits[psk[i] >> 4]);
		imp_wr_u8(w, (uint8_t)digits[psk[i] & 15]);
	}
	imp_wr_u8(w, '"');
}

void dpp_object_put(imp_wr *w, const dpp_object *o, const uint8_t *kid)
{
	uint8_t text[4 * (DPP_KID + 2) / 3];
	imp_wr id = imp_wr_to(text, sizeof text);
	imp_wr_text(w, "{\"wi-fi_tech\":\"infra\",\"discovery\":");
	put_ssid(w, o->ssid);
	imp_wr_text(w, "},\"cred\":");
	imp_json_put_key(w, '{', "akm");
	imp_json_put_text(w, o->akm_text);
	put_text(w, "pass", o->pass);
	if (o->has_psk)
		put_psk(w, o->psk);
	if (o->cert_bag.len) {
		imp_json_put_key(w, ',', "entCreds");
		put_b64(w, '{', "certBag", o->cert_bag);
		put_b64(w, ',', "caCert", o->ca);
		put_text(w, "trustedEapServerName", o->server);
		imp_wr_text(w, ",\"eapMethods\":[13]}");
	}
	put_text(w, "signedConnector", o->connector);
	if (o->csign.alg) {
		imp_json_put_key(w, ',', "csign");
		imp_b64_put(&id, imp_bytes(kid, DPP_KID), IMP_B64URL);
		imp_jwk_put(w, &o->csign, imp_wr_span(&id));
	}
	if (o->ppkey.alg) {
		imp_json_put_key(w, ',', "ppKey");
		imp_jwk_put(w, &o->ppkey, NONE);
	}
	imp_wr_text(w, "}}");
}

/* --- wrapped -------------------------------------------------------------------- */

imp_status dpp_config_query(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, const uint8_t *e_nonce, imp_span extra, imp_span json, uint8_t *room, size_t cap)
{
	const dpp_curve *v = dpp_auth_curve(a);
	imp_wr in = imp_wr_to(room, cap);
	dpp_put_attr(&in, DPP_E_NONCE, imp_bytes(e_nonce, v->nonce_len));
	imp_wr_bytes(&in, extra);
	dpp_put_attr(&in, DPP_CONFIG_ATTRS, json);
	if (imp_wr_end(&in))
		return imp_wr_end(&in);
	dpp_wrap(c, v, w, a->ke, NULL, 0, imp_wr_span(&in));
	return imp_wr_end(w);
}

imp_status dpp_config_query_read(const struct dpp_auth *a, const imp_crypto *c, imp_span query, uint8_t *room, dpp_attrs *in)
{
	dpp_attrs q;
	memset(in, 0, sizeof *in);
	if (dpp_attrs_read(query, &q) || !q.wrapped.ptr)
		return IMP_EBADMSG;
	return dpp_unwrap(c, dpp_auth_curve(a), a->ke, NULL, 0, q.wrapped, room, in);
}

imp_status dpp_config_response(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, int status, const uint8_t *e_nonce, imp_span body, uint8_t *room, size_t cap)
{
	const dpp_curve *v = dpp_auth_curve(a);
	imp_wr in = imp_wr_to(room, cap);
	size_t start = w->len;
	imp_span ad;
	dpp_put_attr(&in, DPP_E_NONCE, imp_bytes(e_nonce, v->nonce_len));
	imp_wr_bytes(&in, body);
	dpp_put_attr_u8(w, DPP_STATUS, (uint8_t)status);
	if (imp_wr_end(&in) || imp_wr_end(w))
		return IMP_ENOSPC;
	ad = imp_bytes(w->to + start, w->len - start);
	dpp_wrap(c, v, w, a->ke, &ad, 1, imp_wr_span(&in));
	return imp_wr_end(w);
}

static int nonce_is(const struct dpp_auth *a, const dpp_attrs *in, const uint8_t *e_nonce)
{
	size_t n = dpp_auth_curve(a)->nonce_len;
	imp_span v = dpp_attr_of(in, DPP_E_NONCE, n);
	return v.ptr && !memcmp(v.ptr, e_nonce, n);
}

imp_status dpp_config_response_read(const struct dpp_auth *a, const imp_crypto *c, imp_span response, const uint8_t *e_nonce, uint8_t *room, int *status, dpp_attrs *in)
{
	dpp_attrs r;
	imp_status st;
	memset(in, 0, sizeof *in);
	if (dpp_attrs_read(response, &r) || !r.wrapped.ptr)
		return IMP_EBADMSG;
	*status = dpp_attr_status(&r);
	st = dpp_unwrap(c, dpp_auth_curve(a), a->ke, &r.before, 1, r.wrapped, room, in);
	return st ? st : nonce_is(a, in, e_nonce) ? IMP_OK : IMP_EAUTH;
}

imp_status dpp_result(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, const uint8_t *e_nonce, int status, imp_span json)
{
	const dpp_curve *v = dpp_auth_curve(a);
	uint8_t plain[256];
	imp_wr in = imp_wr_to(plain, sizeof plain);
	size_t start = w->len;
	imp_span ad[2];
	if (!json.len)
		dpp_put_attr_u8(&in, DPP_STATUS, (uint8_t)status);
	dpp_put_attr(&in, DPP_E_NONCE, imp_bytes(e_nonce, v->nonce_len));
	if (json.len)
		dpp_put_attr(&in, DPP_CONN_RESULT, json);
	dpp_put_head(w, json.len ? DPP_CONN_STATUS : DPP_CONF_RESULT);
	if (imp_wr_end(&in) || imp_wr_end(w))
		return IMP_ENOSPC;
	ad[0] = imp_bytes(w->to + start + DPP_HEAD - DPP_AD, DPP_AD);
	ad[1] = imp_bytes(w->to + w->len, 0);
	dpp_wrap(c, v, w, a->ke, ad, 2, imp_wr_span(&in));
	return imp_wr_end(w);
}

imp_status dpp_result_read(const struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, const uint8_t *e_nonce, uint8_t *room, int *status)
{
	imp_span ad[2] = {f->ad, f->attrs.before}, json;
	imp_status err = IMP_OK;
	dpp_attrs in;
	if (!f->attrs.wrapped.ptr)
		return IMP_EBADMSG;
	if (dpp_unwrap(c, dpp_auth_curve(a), a->ke, ad, 2, f->attrs.wrapped, room, &in) || !nonce_is(a, &in, e_nonce))
		return IMP_EAUTH;
	if (f->type == DPP_CONF_RESULT) {
		*status = dpp_attr_status(&in);
		return *status == DPP_NO_STATUS ? IMP_EBADMSG : IMP_OK;
	}
	json = imp_json_get(imp_json_of(dpp_attr(&in, DPP_CONN_RESULT), &err), "result", &err);
	*status = (int)(imp_json_int(json, &err) & 0xff);
	return err || !json.ptr ? IMP_EBADMSG : IMP_OK;
}

void dpp_conn_put(imp_wr *w, int status, imp_span ssid, imp_span channels)
{
	imp_json_put_key(w, '{', "result");
	imp_json_put_int(w, status);
	if (ssid.len) {
		imp_wr_text(w, ",\"ssid64\":\"");
		imp_b64_put(w, ssid, IMP_B64URL);
		imp_wr_u8(w, '"');
	}
	put_text(w, "channelList", channels);
	imp_wr_u8(w, '}');
}
