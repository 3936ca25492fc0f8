/* lines.c -- see lines.h. */
#include "lines.h"

imp_span imp_line(imp_span name, const char *key)
{
	size_t n = strlen(key), end;
	for (size_t at = 0; at < name.len; at = end + 1) {
		for (end = at; end < name.len && name.ptr[end] != '\n';)
			end++;
		if (end - at >= n + 2 && !memcmp(name.ptr + at, key, n) && name.ptr[at + n] == ':' && name.ptr[at + n + 1] == ' ')
			return imp_bytes(name.ptr + at + n + 2, end - at - n - 2);
	}
	return imp_bytes(NULL, 0);
}

int32_t imp_line_number(imp_span value)
{
	int32_t v = 0;
	if (!value.len || value.len > 9)
		return -1;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return -1;
		v = v * 10 + value.ptr[i] - '0';
	}
	return v;
}
