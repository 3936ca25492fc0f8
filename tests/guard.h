/* guard.h -- bytes flush against a page that may not be touched: a read or
 * write one byte too far is a crash, with or without a sanitizer.
 *
 *	st = parse(guard_span(0, input));
 *
 * A slot is good until it is used again. */
#ifndef IMPRINT_GUARD_H
#define IMPRINT_GUARD_H

#include "imprint.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { GUARD_PAGE = 65536, GUARD_SLOTS = 4 }; /* no page is larger */

/* `n` writable bytes that end at the guard page of `slot`; at most 64 kB. */
static inline uint8_t *guard_room(unsigned slot, size_t n)
{
	static uint8_t *area; /* mapped: what leak checkers read must be readable */
	uint8_t *guard;
	int zero = area ? -1 : open("/dev/zero", O_RDWR);
	if (!area)
		area = (uint8_t *)mmap(NULL, GUARD_SLOTS * 2 * GUARD_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
	if (slot >= GUARD_SLOTS || n > GUARD_PAGE || (void *)area == MAP_FAILED)
		abort();
	guard = area + (2 * slot + 1) * GUARD_PAGE;
	if (mprotect(guard, GUARD_PAGE, PROT_NONE))
		abort();
	return guard - n;
}

/* A copy of `in` there. */
static inline imp_span guard_span(unsigned slot, imp_span in)
{
	uint8_t *p = guard_room(slot, in.len);
	if (in.len)
		memcpy(p, in.ptr, in.len);
	return imp_bytes(p, in.len);
}

#endif
