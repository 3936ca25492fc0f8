/* fdo-wire.h -- what the harnesses of FDO's messages share.  An input is a message
 * number and a body; what is read must be within it, and put it again byte for
 * byte. */
#ifndef IMPRINT_FUZZ_FDO_H
#define IMPRINT_FUZZ_FDO_H

#include "span.h"
#include "wire.h"

static inline void same(const imp_wr *w, imp_span in)
{
	must(!imp_wr_end(w) && imp_same(imp_wr_span(w), in));
}

/* Room for a body that was `in`, exactly: a sanitizer sees the end. */
static inline imp_wr again(imp_span in)
{
	uint8_t *p = (uint8_t *)malloc(in.len + 1);
	must(p != NULL);
	return imp_wr_to(p, in.len);
}

static inline void done(imp_wr *w)
{
	free(w->to);
}

static inline void hash_in(imp_span in, const fdo_hash *h)
{
	inside(in, h->value);
	must(h->alg ? h->value.len == imp_hash_len(h->alg) : !h->value.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#endif
