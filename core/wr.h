/* wr.h -- one cursor over memory that we fill.
 *
 * Errors are sticky: past the end nothing is written, but counting goes on,
 * so that imp_wr_need() tells how much room it would have taken.  With
 * `to` NULL and cap 0 it only measures.  [any] */
#ifndef IMPRINT_WR_H
#define IMPRINT_WR_H

#include "imprint.h"

typedef struct imp_wr {
	uint8_t *to;
	size_t   cap, len; /* len may pass cap: then nothing more is written */
	imp_status err;    /* sticky: for what a number cannot carry */
} imp_wr;

imp_wr imp_wr_to(void *to, size_t cap);

void imp_wr_fail(imp_wr *w, imp_status err);
void imp_wr_u8(imp_wr *w, uint8_t v);
void imp_wr_be16(imp_wr *w, uint16_t v);
void imp_wr_be32(imp_wr *w, uint32_t v);
void imp_wr_be64(imp_wr *w, uint64_t v);
void imp_wr_bytes(imp_wr *w, imp_span s);
void imp_wr_text(imp_wr *w, const char *s); /* without the final zero */
/* Put `s` where `at` bytes had been written; what follows moves up.  `s` may
 * not lie in the writer's own memory. */
void imp_wr_insert(imp_wr *w, size_t at, imp_span s);
void imp_wr_decimal(imp_wr *w, uint32_t v); /* digits */
/* `n` bytes to be filled by the caller; NULL when there is no room. */
uint8_t *imp_wr_gap(imp_wr *w, size_t n);

size_t     imp_wr_need(const imp_wr *w);
imp_status imp_wr_end(const imp_wr *w);   /* IMP_ENOSPC: it did not fit */
imp_span   imp_wr_span(const imp_wr *w);  /* what was written; empty after an error */

#endif
