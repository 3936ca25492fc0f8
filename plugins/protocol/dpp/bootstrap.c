/* bootstrap.c -- see bootstrap.h. */
#include "bootstrap.h"
#include "auth.h"
#include "b64.h"
#include "pkix.h"

enum { SPKI_MAX = 192 };

static int printable(imp_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e || s.ptr[i] == ';')
			return 0;
	return 1;
}

static int hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int dpp_mac_read(imp_span hex, uint8_t out[6])
{
	if (hex.len != 12)
		return 0;
	for (size_t i = 0; i < 12; i++) {
		int d = hex_digit(hex.ptr[i]);
		if (d < 0)
			return 0;
		out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] << 4 | d : d);
	}
	return 1;
}

/* A number of hex or decimal digits, at most `max`; -1: it is none. */
static int number(imp_span s, int base, int max)
{
	int v = 0;
	for (size_t i = 0; i < s.len; i++) {
		int d = hex_digit(s.ptr[i]);
		if (d < 0 || d >= base || v > max)
			return -1;
		v = v * base + d;
	}
	return s.len && v <= max ? v : -1;
}

/* Up to the first `stop`, which is skipped; or all of it. */
static imp_span until(imp_span *s, uint8_t stop)
{
	size_t n = 0;
	imp_span head;
	while (n < s->len && s->ptr[n] != stop)
		n++;
	head = imp_bytes(s->ptr, n);
	n += n < s->len;
	*s = imp_bytes(s->ptr + n, s->len - n);
	return head;
}

uint16_t dpp_channel_next(imp_span *list)
{
	imp_span one = until(list, ',');
	int class = number(until(&one, '/'), 10, 255), channel = number(one, 10, 255);
	return class > 0 && channel > 0 ? (uint16_t)(class << 8 | channel) : 0;
}

static int channels_good(imp_span list)
{
	while (list.len)
		if (!dpp_channel_next(&list))
			return 0;
	return 1;
}

static imp_status field(dpp_uri *u, uint8_t name, imp_span value)
{
	uint8_t mac[6];
	int n;
	imp_span *to;
	switch (name) {
	case 'C':
		to = &u->channels;
		n = channels_good(value) ? 1 : -1;
		break;
	case 'M':
		to = &u->mac;
		n = dpp_mac_read(value, mac) ? 1 : -1;
		break;
	case 'I':
		to = &u->info;
		n = 1;
		break;
	case 'H':
		to = &u->host;
		n = 1;
		break;
	case 'K':
		to = &u->key;
		n = value.len ? 1 : -1;
		break;
	case 'V':
		n = u->version ? -1 : number(value, 16, 255);
		u->version = (uint8_t)n;
		return n > 0 ? IMP_OK : IMP_EBADMSG;
	case 'B':
		n = u->curves ? -1 : number(value, 16, 255);
		u->curves = (uint8_t)n;
		return n > 0 ? IMP_OK : IMP_EBADMSG;
	default:
		return IMP_OK;
	}
	if (n < 0 || to->ptr)
		return IMP_EBADMSG;
	*to = value;
	return IMP_OK;
}

imp_status dpp_uri_read(imp_span text, dpp_uri *out)
{
	dpp_uri u = {{0}, {0}, {0}, {0}, {0}, 0, 0};
	memset(out, 0, sizeof *out);
	if (text.len < 6 || memcmp(text.ptr, "DPP:", 4) || memcmp(text.ptr + text.len - 2, ";;", 2))
		return IMP_EBADMSG;
	text = imp_bytes(text.ptr + 4, text.len - 5); /* without the last ';' */
	while (text.len) {
		imp_span one = until(&text, ';');
		if (one.len < 2 || one.ptr[1] != ':' || !printable(one))
			return IMP_EBADMSG;
		if (field(&u, one.ptr[0], imp_bytes(one.ptr + 2, one.len - 2)))
			return IMP_EBADMSG;
	}
	if (!u.key.ptr)
		return IMP_EBADMSG;
	*out = u;
	return IMP_OK;
}

/* The curve and the point's bytes of a SubjectPublicKeyInfo.  Writing back what
 * was read tells whether its algorithm is what it should be. */
static const dpp_curve *spki_curve(imp_span der, imp_span bits)
{
	for (unsigned i = 0; i < DPP_CURVES; i++) {
		const dpp_curve *v = dpp_curve_at(i);
		imp_key k = {v->curve, 0, 0, bits};
		uint8_t same[SPKI_MAX];
		imp_wr w = imp_wr_to(same, sizeof same);
		imp_spki_put(&w, &k);
		if (!imp_wr_end(&w) && imp_same(imp_wr_span(&w), der))
			return v;
	}
	return NULL;
}

imp_status dpp_uri_key(const imp_crypto *c, const dpp_uri *u, const dpp_curve **v, uint8_t *point)
{
	uint8_t der[SPKI_MAX];
	imp_status err = IMP_OK;
	imp_span spki = imp_b64_read(u->key, IMP_B64, der, sizeof der, &err), bits;
	size_t len = DPP_POINT;
	if (err)
		return IMP_EBADMSG;
	bits = imp_spki_bits(spki);
	*v = bits.len ? spki_curve(spki, bits) : NULL;
	if (!*v)
		return bits.len ? IMP_EUNSUP : IMP_EBADMSG;
	return c->point(c, (*v)->curve, bits, point, &len);
}

static void put_field(imp_wr *w, const char *name, imp_span value)
{
	if (!value.len)
		return;
	if (!printable(value))
		imp_wr_fail(w, IMP_EARG);
	imp_wr_text(w, name);
	imp_wr_bytes(w, value);
	imp_wr_u8(w, ';');
}

static void put_hex(imp_wr *w, const char *name, uint8_t v)
{
	static const char digits[] = "0123456789ABCDEF";
	imp_wr_text(w, name);
	if (v > 15)
		imp_wr_u8(w, (uint8_t)digits[v >> 4]);
	imp_wr_u8(w, (uint8_t)digits[v & 15]);
	imp_wr_u8(w, ';');
}

void dpp_uri_put(imp_wr *w, const dpp_uri *u, const dpp_curve *v, const uint8_t *point)
{
	uint8_t der[SPKI_MAX];
	imp_wr spki = imp_wr_to(der, sizeof der);
	imp_wr_text(w, "DPP:");
	put_field(w, "C:", u->channels);
	put_field(w, "M:", u->mac);
	put_field(w, "I:", u->info);
	put_field(w, "H:", u->host);
	if (u->version)
		put_hex(w, "V:", u->version);
	if (u->curves)
		put_hex(w, "B:", u->curves);
	dpp_put_spki(&spki, v, point);
	imp_wr_text(w, "K:");
	imp_b64_put(w, imp_wr_span(&spki), IMP_B64);
	imp_wr_text(w, ";;");
}
