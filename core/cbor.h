/* cbor.h -- CBOR (RFC 8949) on the cursors of rd.h and wr.h.
 *
 * Heads are read by libcbor's streaming decoder and written by its encoders;
 * around it stands what libcbor 0.8 does not do: tags 6 to 20, shortest
 * forms only, UTF-8 in text, lengths checked against what is left before
 * anything else, definite lengths only, a bound on nesting.  Of the simple
 * values only false, true, null and undefined are known; floats of any width
 * pass imp_cbor_raw() and have no reader.  The order and uniqueness of map
 * keys are the caller's business.  Whatever is wrong makes the cursor fail
 * with IMP_EBADMSG.  [any] */
#ifndef IMPRINT_CBOR_H
#define IMPRINT_CBOR_H

#include "rd.h"
#include "wr.h"

enum { IMP_CBOR_DEPTH = 16 }; /* deepest nesting (arrays, maps, tags) that imp_cbor_raw() follows */

enum imp_cbor_type { /* what comes next */
	IMP_CBOR_UINT = 0, IMP_CBOR_NINT, IMP_CBOR_BSTR, IMP_CBOR_TSTR,
	IMP_CBOR_ARRAY, IMP_CBOR_MAP, IMP_CBOR_TAG, IMP_CBOR_SIMPLE,
	IMP_CBOR_END = 8 /* nothing is left, or the cursor has failed */
};

/* The major type of the next item, without moving. */
int imp_cbor_peek(const imp_rd *r);
int imp_cbor_is_null(const imp_rd *r);

uint64_t imp_cbor_uint(imp_rd *r);
/* At most `max`, else IMP_EBADMSG. */
uint64_t imp_cbor_uint_max(imp_rd *r, uint64_t max);
int64_t  imp_cbor_int(imp_rd *r);   /* major 0 or 1 that fits in 64 bits */
imp_span imp_cbor_bstr(imp_rd *r);
imp_span imp_cbor_bstr_of(imp_rd *r, size_t len); /* exactly len bytes */
imp_span imp_cbor_tstr(imp_rd *r);  /* valid UTF-8 */
/* The number of elements (pairs for a map).  Never more than the bytes left. */
size_t   imp_cbor_array(imp_rd *r);
void     imp_cbor_array_of(imp_rd *r, size_t n); /* exactly n elements */
size_t   imp_cbor_map(imp_rd *r);
uint64_t imp_cbor_tag(imp_rd *r);
void     imp_cbor_tag_of(imp_rd *r, uint64_t tag);
int      imp_cbor_bool(imp_rd *r);
void     imp_cbor_null(imp_rd *r);
/* The next whole item, checked in depth, as the bytes it is. */
imp_span imp_cbor_raw(imp_rd *r);
/* The next item is a byte string: a cursor over the CBOR inside it, which
 * has failed already if `r` has.  Both want their imp_rd_end(). */
imp_rd   imp_cbor_inside(imp_rd *r);
/* The value of a text key in a map, raw; empty: there is none, or no map. */
imp_span imp_cbor_find(imp_span map, const char *key);
/* The same of an unsigned key, in a map that need not be checked before: claims. */
imp_span imp_cbor_at(imp_span map, uint64_t key);
/* IMP_OK iff `in` is exactly one well-formed item. */
imp_status imp_cbor_check(imp_span in);

void imp_cbor_put_uint(imp_wr *w, uint64_t v);
void imp_cbor_put_int(imp_wr *w, int64_t v);
void imp_cbor_put_bstr(imp_wr *w, imp_span s);
void imp_cbor_put_bstr_head(imp_wr *w, size_t len); /* the bytes follow */
void imp_cbor_put_tstr(imp_wr *w, imp_span s);
void imp_cbor_put_tstr_head(imp_wr *w, size_t len); /* the text follows */
void imp_cbor_put_text(imp_wr *w, const char *s);
void imp_cbor_put_array(imp_wr *w, size_t n);
void imp_cbor_put_map(imp_wr *w, size_t pairs);
void imp_cbor_put_tag(imp_wr *w, uint64_t tag);
void imp_cbor_put_bool(imp_wr *w, int v);
void imp_cbor_put_null(imp_wr *w);

#endif
