/* httpfield.c -- see httpfield.h.  Tables hold no pointer: no relocation. */
#include "httpfield.h"
#include "uri.h"

static imp_span text(const char *s)
{
	return imp_bytes(s, strlen(s));
}

static imp_span from(imp_span s, size_t at)
{
	return at < s.len ? imp_bytes(s.ptr + at, s.len - at) : imp_bytes(NULL, 0);
}

static size_t until(imp_span s, uint8_t c)
{
	size_t i = 0;
	while (i < s.len && s.ptr[i] != c)
		i++;
	return i;
}

static int is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static imp_span trim(imp_span s)
{
	while (s.len && is_space(s.ptr[s.len - 1]))
		s.len--;
	while (s.len && is_space(s.ptr[0]))
		s = from(s, 1);
	return s;
}

/* --- methods, schemes, characters, numbers -------------------------------- */

static const struct {
	char name[7];
	uint8_t code;
} methods[] = {{"GET", IMP_GET}, {"POST", IMP_POST}, {"PUT", IMP_PUT}, {"DELETE", IMP_DELETE}, {"PATCH", IMP_PATCH}, {"HEAD", IMP_HTTP_HEAD_METHOD}};
enum { METHODS = sizeof methods / sizeof methods[0] };

int32_t imp_http_method(imp_span name)
{
	for (size_t i = 0; i < METHODS; i++)
		if (name.len == strlen(methods[i].name) && !memcmp(name.ptr, methods[i].name, name.len))
			return methods[i].code;
	return 0;
}

const char *imp_http_method_name(int32_t code)
{
	for (size_t i = 0; i + 1 < METHODS; i++)
		if (methods[i].code == code)
			return methods[i].name;
	return NULL;
}

int imp_http_is_scheme(imp_span scheme)
{
	return imp_same_nocase(scheme, text("http")) || imp_same_nocase(scheme, text("https"));
}

int imp_http_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int imp_http_is_token(uint8_t c)
{
	uint8_t l = c | 0x20;
	return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

int imp_http_number(imp_span s, uint32_t *out)
{
	uint32_t v = 0;
	int big = 0;
	for (size_t i = 0; i < s.len; i++) {
		uint32_t d = s.ptr[i] - (uint32_t)'0';
		if (d > 9)
			return 400;
		big |= v > (UINT32_MAX - d) / 10;
		v = v * 10 + d;
	}
	*out = v;
	if (!s.len)
		return 400;
	return big ? 413 : 0;
}

void imp_http_put_number(imp_wr *w, uint32_t v, uint32_t base)
{
	uint8_t digits[10];
	size_t at = sizeof digits;
	do {
		digits[--at] = (uint8_t)"0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	imp_wr_bytes(w, imp_bytes(digits + at, sizeof digits - at));
}

/* --- field lines ----------------------------------------------------------- */

int imp_http_split(imp_span line, imp_span *name, imp_span *value)
{
	size_t colon = until(line, ':');
	*name = imp_bytes(line.ptr, colon);
	*value = trim(from(line, colon + 1));
	for (size_t i = 0; i < colon; i++)
		if (!imp_http_is_token(line.ptr[i]))
			return 0; /* also a folded line, and a space before the colon */
	return colon > 0 && colon < line.len;
}

void imp_http_lower(uint8_t *p, size_t n)
{
	for (; n; n--, p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
}

int imp_http_has_token(imp_span list, const char *token)
{
	while (list.len) {
		size_t n = until(list, ',');
		if (imp_same_nocase(trim(imp_bytes(list.ptr, n)), text(token)))
			return 1;
		list = from(list, n + 1);
	}
	return 0;
}

enum imp_http_field imp_http_known(imp_span name)
{
	/* The kind is the letter before each name. */
	static const char table[] =
	    "0content-length\0001transfer-encoding\0002host\0003connection\0004expect\0"
	    "5keep-alive\0005te\0005trailer\0005upgrade\0005proxy-connection\0"
	    "6content-type\0"
	    "7date\0007server\0007user-agent\0007via\0007vary\0007pragma\0007expires\0007cache-control\0"
	    "7accept-encoding\0007accept-language\0007strict-transport-security\0"
	    "7content-security-policy\0007x-content-type-options\0007x-frame-options\0";
	for (const char *p = table; *p; p += strlen(p) + 1)
		if (name.len == strlen(p + 1) && !memcmp(name.ptr, p + 1, name.len))
			return (enum imp_http_field)(*p - '0');
	return IMP_HTTP_OTHER;
}

/* --- media types ----------------------------------------------------------- */

/* A number in two bytes, then its type.  0 twice: the first is what we say. */
static const char formats[] =
    "\0\0text/plain;charset=utf-8\0"
    "\0\0text/plain\0"
    "\0\050application/link-format\0"
    "\0\052application/octet-stream\0"
    "\0\062application/json\0"
    "\0\074application/cbor\0"
    "\1\030application/pkcs7-mime;smime-type=server-generated-key\0"
    "\1\031application/pkcs7-mime;smime-type=certs-only\0"
    "\1\034application/pkcs8\0"
    "\1\035application/csrattrs\0"
    "\1\036application/pkcs10\0"
    "\1\037application/pkix-cert\0"
    "\047\020application/vnd.ocf+cbor";

static const char *next_format(const char *p)
{
	p += 2 + strlen(p + 2) + 1;
	return p < formats + sizeof formats ? p : NULL;
}

static uint16_t number_of(const char *p)
{
	return (uint16_t)((uint8_t)p[0] << 8 | (uint8_t)p[1]);
}

/* Does the value begin with this type?  Space and quotes do not count. */
static int is_type(imp_span value, const char *type)
{
	size_t i = 0;
	for (; *type; i++) {
		uint8_t c = i < value.len ? value.ptr[i] : 0;
		if (is_space(c) || c == '"')
			continue;
		imp_http_lower(&c, 1);
		if (c != (uint8_t)*type++)
			return 0;
	}
	while (i < value.len && (is_space(value.ptr[i]) || value.ptr[i] == '"'))
		i++;
	return i == value.len || value.ptr[i] == ';';
}

uint16_t imp_http_format_of(imp_span value)
{
	for (const char *p = formats; p; p = next_format(p))
		if (is_type(value, p + 2))
			return number_of(p);
	return IMP_HTTP_NO_FORMAT;
}

const char *imp_http_media_type(uint16_t format)
{
	for (const char *p = formats; p; p = next_format(p))
		if (number_of(p) == format)
			return p + 2;
	return NULL;
}

/* --- name ------------------------------------------------------------------ */

imp_span imp_http_first_line(imp_span name)
{
	return imp_bytes(name.ptr, until(name, '\n'));
}

imp_span imp_http_other_lines(imp_span name)
{
	return from(name, until(name, '\n') + 1);
}

static int line_fits(imp_span line, uint16_t format)
{
	imp_span name, value;
	enum imp_http_field what;
	if (!imp_http_split(line, &name, &value))
		return 0;
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z')
			return 0;
	for (size_t i = 0; i < value.len; i++)
		if ((value.ptr[i] < 0x20 && value.ptr[i] != '\t') || value.ptr[i] == 0x7f)
			return 0;
	what = imp_http_known(name);
	return what >= IMP_HTTP_TYPE && (what != IMP_HTTP_TYPE || format == IMP_HTTP_NO_FORMAT);
}

int imp_http_lines_fit(imp_span lines, uint16_t format)
{
	if (format != IMP_HTTP_NO_FORMAT && !imp_http_media_type(format))
		return 0;
	for (; lines.len; lines = imp_http_other_lines(lines))
		if (!line_fits(imp_http_first_line(lines), format))
			return 0;
	return 1;
}

void imp_http_put_lines(imp_wr *w, imp_span lines)
{
	for (; lines.len; lines = imp_http_other_lines(lines)) {
		imp_wr_bytes(w, imp_http_first_line(lines));
		imp_wr_text(w, "\r\n");
	}
}
