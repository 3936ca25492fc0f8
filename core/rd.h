/* rd.h -- one cursor over bytes that somebody else wrote.
 *
 * Errors are sticky: after the first, every read yields zeros or an empty
 * span and the cursor stands still.  Read all you want, then ask
 * imp_rd_end() once, and look at no value before it says IMP_OK.
 * Spans that come out point into the input.  All of it is [any]. */
#ifndef IMPRINT_RD_H
#define IMPRINT_RD_H

#include "imprint.h"

typedef struct imp_rd {
	const uint8_t *p, *end;
	const uint8_t *start; /* for offsets in messages */
	imp_status     err;   /* sticky; IMP_OK so far   */
} imp_rd;

imp_rd imp_rd_of(imp_span in);

/* Make the cursor fail with `err` unless it has failed already. */
void imp_rd_fail(imp_rd *r, imp_status err);

uint8_t  imp_rd_u8(imp_rd *r);
uint16_t imp_rd_be16(imp_rd *r);
uint32_t imp_rd_be32(imp_rd *r);
uint64_t imp_rd_be64(imp_rd *r);
imp_span imp_rd_bytes(imp_rd *r, size_t n); /* too few left: IMP_EBADMSG */
imp_span imp_rd_rest(imp_rd *r);
size_t   imp_rd_left(const imp_rd *r);
/* Where the cursor stands, in bytes from the start: for error messages. */
size_t   imp_rd_at(const imp_rd *r);

/* IMP_OK iff nothing failed and nothing is left (IMP_EBADMSG: trailing). */
imp_status imp_rd_end(const imp_rd *r);

/* Same bytes?  For public data only; secrets: imp_ct_equal(). */
int imp_same(imp_span a, imp_span b);

#endif
