/* uri.c -- see uri.h. */
#include "uri.h"

static imp_span part(imp_span s, size_t from, size_t to)
{
	return imp_bytes(s.ptr + from, to - from);
}

static size_t find(imp_span s, size_t from, uint8_t c)
{
	while (from < s.len && s.ptr[from] != c)
		from++;
	return from;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

int imp_same_nocase(imp_span a, imp_span b)
{
	size_t i = 0;
	if (a.len != b.len)
		return 0;
	while (i < a.len && lower(a.ptr[i]) == lower(b.ptr[i]))
		i++;
	return i == a.len;
}

static int is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static int is_alpha(uint8_t c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static int is_hex(uint8_t c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

static int is_one_of(uint8_t c, const char *set)
{
	while (*set && (uint8_t)*set != c)
		set++;
	return *set != 0;
}

/* Letters, digits, what `more` names, and percent-encoded bytes. */
static int only(imp_span s, const char *more)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (c == '%' && i + 2 < s.len && is_hex(s.ptr[i + 1]) && is_hex(s.ptr[i + 2]))
			i += 2;
		else if (!is_alpha(c) && !is_digit(c) && !is_one_of(c, more))
			return 0;
	}
	return 1;
}

int imp_uri_is_tail(imp_span in)
{
	return only(in, "-._~!$&'()*+,;=:@/?");
}

int imp_uri_is_target(imp_span in)
{
	return in.len && in.ptr[0] == '/' && imp_uri_is_tail(in);
}

/* Hex digits, colons and a dotted tail; the host's resolver knows the rest. */
static int is_ipv6(imp_span s)
{
	int colons = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (!is_hex(s.ptr[i]) && s.ptr[i] != ':' && s.ptr[i] != '.')
			return 0;
		colons += s.ptr[i] == ':';
	}
	return colons >= 2 && s.len <= 45;
}

static imp_status parse_port(imp_span s, uint16_t *out)
{
	uint32_t port = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (!is_digit(s.ptr[i]))
			return IMP_EBADMSG;
		port = port * 10 + (s.ptr[i] - (uint32_t)'0');
		if (port > 65535)
			return IMP_EBADMSG;
	}
	*out = (uint16_t)port;
	return port ? IMP_OK : IMP_EBADMSG;
}

imp_status imp_uri_authority(imp_span in, imp_uri *out)
{
	int literal = in.len && in.ptr[0] == '[';
	size_t end = literal ? find(in, 0, ']') : find(in, 0, ':');
	imp_span host, rest;
	uint16_t port = 0;
	if (!in.len)
		return IMP_EBADMSG;
	host = part(in, (size_t)literal, end);
	if (literal && (end == in.len || !is_ipv6(host)))
		return IMP_EBADMSG;
	if (!literal && (!host.len || !only(host, "-._~!$&'()*+,;=")))
		return IMP_EBADMSG;
	rest = part(in, end + (size_t)literal, in.len);
	if (rest.len && (rest.ptr[0] != ':' || parse_port(part(rest, 1, rest.len), &port) < 0))
		return IMP_EBADMSG;
	out->authority = in;
	out->host = host;
	out->port = port;
	return IMP_OK;
}

static int is_scheme(imp_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_alpha(s.ptr[i]) && (i == 0 || (!is_digit(s.ptr[i]) && !is_one_of(s.ptr[i], "+-."))))
			return 0;
	return s.len > 0;
}

imp_status imp_uri_parse(imp_span in, imp_uri *out)
{
	size_t colon = find(in, 0, ':'), start = colon + 3, slash, question, end;
	imp_uri u;
	memset(&u, 0, sizeof u);
	if (in.len < start || in.ptr[colon + 1] != '/' || in.ptr[colon + 2] != '/')
		return IMP_EBADMSG;
	u.scheme = part(in, 0, colon);
	slash = find(in, start, '/');
	question = find(in, start, '?');
	end = slash < question ? slash : question;
	u.target = part(in, end, in.len);
	u.path = end < question ? part(in, end, question) : part(in, end, end);
	u.query = question < in.len ? part(in, question + 1, in.len) : part(in, in.len, in.len);
	if (!is_scheme(u.scheme) || imp_uri_authority(part(in, start, end), &u) < 0)
		return IMP_EBADMSG;
	if (!imp_uri_is_tail(u.target))
		return IMP_EBADMSG;
	*out = u;
	return IMP_OK;
}

uint16_t imp_uri_default_port(imp_span scheme)
{
	static const struct {
		char name[6];
		uint16_t port;
	} ports[] = {{"http", 80}, {"https", 443}, {"coap", 5683}, {"coaps", 5684}};
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		if (imp_same_nocase(scheme, imp_bytes(ports[i].name, strlen(ports[i].name))))
			return ports[i].port;
	return 0;
}

static void put_hex(imp_wr *w, unsigned v)
{
	if (v >= 16)
		put_hex(w, v / 16);
	imp_wr_u8(w, (uint8_t)"0123456789abcdef"[v % 16]);
}

void imp_uri_put_ip(imp_wr *w, imp_span ip)
{
	if (ip.len == 16)
		imp_wr_u8(w, '[');
	for (size_t i = 0; i < ip.len; i += ip.len == 16 ? 2 : 1) {
		if (i)
			imp_wr_u8(w, ip.len == 16 ? ':' : '.');
		if (ip.len == 16)
			put_hex(w, (unsigned)ip.ptr[i] << 8 | ip.ptr[i + 1]);
		else
			imp_wr_decimal(w, ip.ptr[i]);
	}
	if (ip.len == 16)
		imp_wr_u8(w, ']');
}
