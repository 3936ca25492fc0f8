/* span.h -- what the format harnesses assert about spans. */
#ifndef IMPRINT_FUZZ_SPAN_H
#define IMPRINT_FUZZ_SPAN_H

#include "imprint.h"
#include <stdlib.h>

static inline void must(int holds)
{
	if (!holds)
		abort();
}

/* Absent, or bytes within `in`. */
static inline void inside(imp_span in, imp_span s)
{
	must(s.ptr || !s.len);
	must(!s.ptr || (s.ptr >= in.ptr && s.ptr + s.len <= in.ptr + in.len));
}

#endif
