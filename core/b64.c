/* b64.c -- see b64.h. */
#include "b64.h"
#include "ct.h"

struct alphabet { uint8_t c62, c63; };
static const struct alphabet alphabets[] = {{'+', '/'}, {'-', '_'}};

/* All ones if lo <= c <= hi; all are below 2^31. */
static uint32_t within(uint32_t c, uint32_t lo, uint32_t hi)
{
	return (((c - lo) | (hi - c)) >> 31) - 1u;
}

/* The value of one character; above 63: it is none. */
static uint32_t value_of(uint32_t c, const struct alphabet *a)
{
	uint32_t one_more = (within(c, 'A', 'Z') & (c - 'A' + 1)) | (within(c, 'a', 'z') & (c - 'a' + 27))
		| (within(c, '0', '9') & (c - '0' + 53)) | (within(c, a->c62, a->c62) & 63) | (within(c, a->c63, a->c63) & 64);
	return one_more - 1;
}

static uint32_t char_of(uint32_t v, const struct alphabet *a)
{
	return (within(v, 0, 25) & (v + 'A')) | (within(v, 26, 51) & (v + 'a' - 26)) | (within(v, 52, 61) & (v + '0' - 52))
		| (within(v, 62, 62) & a->c62) | (within(v, 63, 63) & a->c63);
}

/* How many characters carry bits; SIZE_MAX: this padding is none. */
static size_t unpadded(imp_span text, enum imp_b64 kind)
{
	size_t n = text.len;
	if (kind == IMP_B64URL)
		return n % 4 == 1 ? SIZE_MAX : n;
	if (n % 4)
		return SIZE_MAX;
	for (int i = 0; i < 2 && n && text.ptr[n - 1] == '='; i++)
		n--;
	return n;
}

imp_span imp_b64_read(imp_span text, enum imp_b64 kind, uint8_t *to, size_t cap, imp_status *err)
{
	size_t n = unpadded(text, kind), len = 0;
	uint32_t bits = 0, bad = 0;
	if (*err)
		return imp_bytes(NULL, 0);
	if (n == SIZE_MAX || n / 4 * 3 + n % 4 * 3 / 4 > cap) {
		*err = n == SIZE_MAX ? IMP_EBADMSG : IMP_ENOSPC;
		return imp_bytes(NULL, 0);
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t v = value_of(text.ptr[i], &alphabets[kind]);
		bad |= v >> 6;
		bits = (bits << 6 | (v & 63)) & 0xfff;
		if (i % 4)
			to[len++] = (uint8_t)(bits >> (6 - i % 4 * 2));
	}
	if (n % 4)
		bad |= bits & (n % 4 == 2 ? 15u : 3u);
	if (!bad)
		return imp_bytes(to, len);
	if (len)
		imp_wipe(to, len);
	*err = IMP_EBADMSG;
	return imp_bytes(NULL, 0);
}

void imp_b64_put(imp_wr *w, imp_span s, enum imp_b64 kind)
{
	uint32_t bits = 0;
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		bits = (bits << 8 | s.ptr[i]) & 0xffff;
		for (n += 8; n >= 6; n -= 6)
			imp_wr_u8(w, (uint8_t)char_of(bits >> (n - 6) & 63, &alphabets[kind]));
	}
	if (n)
		imp_wr_u8(w, (uint8_t)char_of(bits << (6 - n) & 63, &alphabets[kind]));
	for (size_t i = s.len; kind == IMP_B64 && i % 3; i++)
		imp_wr_u8(w, '=');
}
