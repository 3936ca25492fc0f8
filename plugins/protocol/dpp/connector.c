/* connector.c -- see connector.h. */
#include "connector.h"
#include "jose.h"

enum { WORD = 64 };

imp_status dpp_kid(const imp_crypto *c, const dpp_curve *v, const uint8_t *point, uint8_t *out)
{
	imp_span p = dpp_point(v, point);
	return imp_hash(c, IMP_A_SHA256, &p, 1, out);
}

/* --- RFC 3339 --------------------------------------------------------------- */

static int two(const uint8_t *p)
{
	return p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9' ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

static int64_t days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Seconds east of Greenwich; err: neither Z nor hh:mm. */
static int64_t zone(imp_span s, imp_status *err)
{
	int h, m;
	if (s.len == 1 && s.ptr[0] == 'Z')
		return 0;
	if (s.len == 6 && (s.ptr[0] == '+' || s.ptr[0] == '-') && s.ptr[3] == ':') {
		h = two(s.ptr + 1);
		m = two(s.ptr + 4);
		if (h >= 0 && h < 24 && m >= 0 && m < 60)
			return (s.ptr[0] == '-' ? -1 : 1) * (h * 3600 + m * 60);
	}
	*err = IMP_EBADMSG;
	return 0;
}

/* "2030-01-31T23:59:59Z", perhaps with a fraction and a zone. */
static uint64_t date(imp_span s, imp_status *err)
{
	int n[7];
	size_t at = 19;
	int64_t t;
	if (s.len < 20 || s.ptr[4] != '-' || s.ptr[7] != '-' || (s.ptr[10] | 32) != 't' || s.ptr[13] != ':' || s.ptr[16] != ':') {
		*err = IMP_EBADMSG;
		return 0;
	}
	for (size_t i = 0; i < 7; i++)
		n[i] = two(s.ptr + (i < 2 ? 2 * i : 3 * i - 1));
	if (n[0] < 19 || n[1] < 0 || n[2] < 1 || n[2] > 12 || n[3] < 1 || n[3] > 31 || n[4] < 0 || n[4] > 23 || n[5] < 0 || n[5] > 59 || n[6] < 0 || n[6] > 60)
		*err = IMP_EBADMSG;
	if (s.ptr[at] == '.')
		do
			at++;
		while (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9');
	t = days(n[0] * 100 + n[1], n[2], n[3]) * 86400 + n[4] * 3600 + n[5] * 60 + n[6];
	t -= zone(imp_bytes(s.ptr + at, s.len - at), err);
	return *err || t < 1 ? 1 : (uint64_t)t; /* long ago, but not never */
}

static void put_two(imp_wr *w, int64_t n)
{
	imp_wr_u8(w, (uint8_t)('0' + n / 10 % 10));
	imp_wr_u8(w, (uint8_t)('0' + n % 10));
}

static void put_date(imp_wr *w, uint64_t unix_time)
{
	int64_t d = (int64_t)(unix_time / 86400), s = (int64_t)(unix_time % 86400);
	int64_t z = d + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153, month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);
	put_two(w, year / 100);
	put_two(w, year);
	imp_wr_u8(w, '-');
	put_two(w, month);
	imp_wr_u8(w, '-');
	put_two(w, doy - (153 * mp + 2) / 5 + 1);
	imp_wr_u8(w, 'T');
	put_two(w, s / 3600);
	imp_wr_u8(w, ':');
	put_two(w, s / 60 % 60);
	imp_wr_u8(w, ':');
	put_two(w, s % 60);
	imp_wr_u8(w, 'Z');
}

/* --- reading ---------------------------------------------------------------- */

/* Every group has an id and a role. */
static int groups_good(imp_span groups, imp_status *err)
{
	imp_span key, one;
	int n = 0;
	for (imp_rd r = imp_json_open(groups, err); imp_json_next(&r, &key, &one, err); n++)
		if (imp_json_type(imp_json_get(one, "groupId", err)) != IMP_JSON_STRING || imp_json_type(imp_json_get(one, "netRole", err)) != IMP_JSON_STRING)
			*err = IMP_EBADMSG;
	return n > 0 && imp_json_type(groups) == IMP_JSON_ARRAY;
}

static imp_status read_payload(const imp_crypto *c, imp_span payload, dpp_connector *out)
{
	imp_status err = IMP_OK, st;
	imp_span top = imp_json_of(payload, &err), expiry = imp_json_get(top, "expiry", &err), version = imp_json_get(top, "version", &err);
	uint8_t word[WORD], point[IMP_POINT_MAX];
	size_t len = sizeof out->point;
	imp_key key;
	out->groups = imp_json_get(top, "groups", &err);
	if (!groups_good(out->groups, &err) || err)
		return IMP_EBADMSG;
	if (expiry.ptr)
		out->expiry = date(imp_json_text(expiry, word, sizeof word, &err), &err);
	out->version = version.ptr ? (int)imp_json_int(version, &err) & 0xff : 1;
	if (err)
		return IMP_EBADMSG;
	st = imp_jwk_read(imp_json_get(top, "netAccessKey", &err), point, &key);
	if (st || err)
		return st ? st : err;
	if (!dpp_curve_of(key.alg))
		return IMP_EUNSUP;
	out->curve = key.alg;
	st = c->point(c, key.alg, key.bits, out->point, &len);
	return st == IMP_EBADMSG ? IMP_EAUTH : st;
}

static imp_status check_header(const imp_crypto *c, imp_span header, const imp_key *csign)
{
	imp_status err = IMP_OK;
	imp_span top = imp_json_of(header, &err), id = imp_json_get(top, "kid", &err), typ = imp_json_get(top, "typ", &err);
	uint8_t word[WORD], kid[WORD], want[DPP_KID];
	const dpp_curve *v = dpp_curve_of(csign->alg);
	if (!v)
		return IMP_EUNSUP;
	id = imp_b64_read(imp_json_text(id, word, sizeof word, &err), IMP_B64URL, kid, sizeof kid, &err);
	if (err)
		return IMP_EBADMSG;
	if (dpp_kid(c, v, csign->bits.ptr, want))
		return IMP_EUNSUP;
	return imp_json_is(typ, "dppCon") && imp_same(id, imp_bytes(want, DPP_KID)) ? IMP_OK : IMP_EAUTH;
}

imp_status dpp_connector_read(const imp_crypto *c, imp_span compact, const imp_key *csign, uint64_t unix_time, uint8_t *room, size_t cap, dpp_connector *out)
{
	imp_jws m;
	dpp_connector k;
	imp_status st = imp_jws_read(compact, room, cap, &m);
	memset(out, 0, sizeof *out);
	memset(&k, 0, sizeof k);
	st = st ? st : check_header(c, m.header, csign);
	st = st ? st : imp_jws_verify(c, &m, csign);
	st = st ? st : read_payload(c, m.payload, &k);
	if (!st && k.expiry && unix_time && k.expiry <= unix_time)
		st = IMP_ETIME;
	if (!st)
		*out = k;
	return st;
}

/* --- writing ---------------------------------------------------------------- */

imp_status dpp_connector_put(const imp_crypto *c, imp_wr *w, const imp_key *csign, const uint8_t *kid, imp_span group, imp_span role,
                             const dpp_curve *v, const uint8_t *point, uint64_t expiry, int version)
{
	uint8_t header[160], payload[640];
	imp_wr h = imp_wr_to(header, sizeof header), p = imp_wr_to(payload, sizeof payload);
	imp_key net = {v->curve, 0, 0, dpp_point(v, point)};
	const char *alg = imp_jose_alg(csign->alg);
	if (!alg)
		return IMP_EUNSUP;
	imp_wr_text(&h, "{\"typ\":\"dppCon\",\"kid\":\"");
	imp_b64_put(&h, imp_bytes(kid, DPP_KID), IMP_B64URL);
	imp_wr_text(&h, "\",\"alg\":\"");
	imp_wr_text(&h, alg);
	imp_wr_text(&h, "\"}");
	imp_wr_text(&p, "{\"groups\":[{\"groupId\":");
	imp_json_put_text(&p, group);
	imp_wr_text(&p, ",\"netRole\":");
	imp_json_put_text(&p, role);
	imp_wr_text(&p, "}],\"netAccessKey\":");
	imp_jwk_put(&p, &net, imp_bytes(NULL, 0));
	if (expiry) {
		imp_wr_text(&p, ",\"expiry\":\"");
		put_date(&p, expiry);
		imp_wr_u8(&p, '"');
	}
	if (version > 1) {
		imp_json_put_key(&p, ',', "version");
		imp_json_put_int(&p, version);
	}
	imp_wr_u8(&p, '}');
	if (imp_wr_end(&h) || imp_wr_end(&p))
		return imp_wr_end(&p) ? imp_wr_end(&p) : IMP_ENOSPC;
	return imp_jws_sign(c, w, csign, imp_wr_span(&h), imp_wr_span(&p));
}

/* --- matching --------------------------------------------------------------- */

static int roles_fit(imp_span a, imp_span b)
{
	return (imp_json_is(a, "sta") && imp_json_is(b, "ap")) || (imp_json_is(a, "ap") && imp_json_is(b, "sta"));
}

static int same_text(imp_span a, imp_span b)
{
	uint8_t x[WORD], y[WORD];
	imp_status err = IMP_OK;
	imp_span s = imp_json_text(a, x, sizeof x, &err), t = imp_json_text(b, y, sizeof y, &err);
	return !err && imp_same(s, t);
}

static int group_fits(imp_span one, imp_span others)
{
	imp_status err = IMP_OK;
	imp_span key, other, id = imp_json_get(one, "groupId", &err), role = imp_json_get(one, "netRole", &err);
	for (imp_rd r = imp_json_open(others, &err); imp_json_next(&r, &key, &other, &err);) {
		imp_span id2 = imp_json_get(other, "groupId", &err), role2 = imp_json_get(other, "netRole", &err);
		if (!err && roles_fit(role, role2) && (imp_json_is(id, "*") || imp_json_is(id2, "*") || same_text(id, id2)))
			return 1;
	}
	return 0;
}

int dpp_connector_match(imp_span groups, imp_span others)
{
	imp_status err = IMP_OK;
	imp_span key, one;
	for (imp_rd r = imp_json_open(groups, &err); imp_json_next(&r, &key, &one, &err);)
		if (group_fits(one, others))
			return 1;
	return 0;
}

int dpp_connector_has_role(imp_span groups, const char *role)
{
	imp_status err = IMP_OK;
	imp_span key, one;
	for (imp_rd r = imp_json_open(groups, &err); imp_json_next(&r, &key, &one, &err);)
		if (imp_json_is(imp_json_get(one, "netRole", &err), role))
			return 1;
	return 0;
}
