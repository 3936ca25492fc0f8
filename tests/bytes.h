/* bytes.h -- bytes for tests, from hex and from files (T_VECTORS is defined
 * by tests/meson.build). */
#ifndef IMPRINT_TESTS_BYTES_H
#define IMPRINT_TESTS_BYTES_H

#include "imprint.h"

#include <stdio.h>

/* Hex digits to `out`; anything else between them is skipped. */
static inline imp_span t_hex(const char *hex, uint8_t *out, size_t cap)
{
	size_t n = 0;
	for (const char *p = hex; *p && n < 2 * cap; p++) {
		int v = *p >= '0' && *p <= '9' ? *p - '0' : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10 : *p >= 'A' && *p <= 'F' ? *p - 'A' + 10 : -1;
		if (v < 0)
			continue;
		out[n / 2] = (uint8_t)(n % 2 ? out[n / 2] << 4 | v : v);
		n++;
	}
	return imp_bytes(out, n / 2);
}

/* A file below tests/vectors; empty if it is not there. */
static inline imp_span t_file(const char *name, uint8_t *out, size_t cap)
{
	char path[512];
	FILE *f;
	size_t n;
	snprintf(path, sizeof path, "%s/%s", T_VECTORS, name);
	f = fopen(path, "rb");
	n = f ? fread(out, 1, cap, f) : 0;
	if (f)
		fclose(f);
	else
		perror(path);
	return imp_bytes(out, n);
}

#endif
