/* run.c -- see role.h. */
#include "role.h"

imp_status lw_say(imp_cx *cx, uint16_t verb, uint16_t topic, uint16_t flags, uint32_t ticket, int32_t code, imp_span name, imp_span data)
{
	imp_msg m = imp_say(verb, topic, code, ticket, name, data);
	m.flags = flags;
	return cx->emit(cx, &m);
}

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static size_t decode(imp_span s, char *to, size_t cap)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		int c = s.ptr[i];
		if (c == '%' && i + 2 < s.len) {
			c = digit(s.ptr[i + 1]) * 16 | digit(s.ptr[i + 2]);
			i += 2;
		}
		if (n == cap || c <= 0)
			return cap + 1;
		to[n++] = (char)c;
	}
	return n;
}

static size_t until(imp_span s, size_t from, const char *marks)
{
	while (from < s.len && !(s.ptr[from] && strchr(marks, s.ptr[from])))
		from++;
	return from;
}

size_t lw_query(imp_span name, const char *key, char *to, size_t cap)
{
	size_t at = until(name, 0, "?\n"), n = strlen(key), end;
	while (at < name.len && name.ptr[at] != '\n') {
		end = until(name, ++at, "&\n");
		if (end - at > n && !memcmp(name.ptr + at, key, n) && name.ptr[at + n] == '=')
			return decode(imp_bytes(name.ptr + at + n + 1, end - at - n - 1), to, cap);
		at = end;
	}
	return 0;
}

int lw_is_path(imp_span name, const char *path)
{
	size_t n = until(name, 0, "?\n");
	return n == strlen(path) && !memcmp(name.ptr, path, n);
}

imp_span lw_name(char to[LW_NAME], const char *prefix, imp_span rest)
{
	imp_wr w = imp_wr_to(to, LW_NAME);
	imp_wr_text(&w, prefix);
	imp_wr_bytes(&w, rest);
	return imp_wr_span(&w);
}

void lw_put_query(imp_wr *w, imp_span s)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("-._~:", c))) {
			imp_wr_u8(w, c);
			continue;
		}
		imp_wr_u8(w, '%');
		imp_wr_u8(w, (uint8_t)hex[c >> 4]);
		imp_wr_u8(w, (uint8_t)hex[c & 15]);
	}
}
