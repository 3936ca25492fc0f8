/* json.h -- JSON (RFC 8259) on the cursors of rd.h and wr.h.
 *
 * A value is the span of text it is: it lies in the document, is checked in
 * depth once, by imp_json_read() or imp_json_of(), and is opened by the other
 * functions.  Refused are, besides what the grammar refuses: bad UTF-8, lone
 * surrogates, nesting deeper than IMP_JSON_DEPTH, and, where an object is
 * searched, the sought key twice (keys are compared after unescaping).
 *
 * Errors are sticky: they go to *err, which enters as IMP_OK, and what
 * follows yields empty spans and zeros.  An absent value (ptr NULL) is not an
 * error and has no members; its text is empty.  So read all you want, and
 * look at no value before *err is IMP_OK.
 *
 *	imp_status err = IMP_OK;
 *	imp_span top = imp_json_of(in, &err), cred = imp_json_get(top, "cred", &err);
 *	imp_span akm = imp_json_text(imp_json_get(cred, "akm", &err), buf, sizeof buf, &err);
 *
 * Everything is linear in the text; nothing recurses.  [any] */
#ifndef IMPRINT_JSON_H
#define IMPRINT_JSON_H

#include "rd.h"
#include "wr.h"

enum { IMP_JSON_DEPTH = 16 }; /* deepest nesting of arrays and objects */

enum imp_json_type {
	IMP_JSON_NONE = 0, /* absent, or no value starts here */
	IMP_JSON_OBJECT, IMP_JSON_ARRAY, IMP_JSON_STRING, IMP_JSON_NUMBER, IMP_JSON_BOOL, IMP_JSON_NULL
};

/* The next value of a text, white space before it skipped; moves behind it. */
imp_span imp_json_read(imp_rd *r);
/* The one value of a whole document. */
imp_span imp_json_of(imp_span document, imp_status *err);

int imp_json_type(imp_span value);

/* The member `key` (UTF-8) of an object, absent if there is none.
 * IMP_EBADMSG: twice, or the value is another type. */
imp_span imp_json_get(imp_span object, const char *key, imp_status *err);

/* The elements of an array or the members of an object, one by one:
 *	for (imp_rd r = imp_json_open(v, &err); imp_json_next(&r, &key, &value, &err);)
 * `key` is the value of type STRING, absent in arrays.  Another type of `v`
 * is IMP_EBADMSG; absent, it has none. */
imp_rd imp_json_open(imp_span v, imp_status *err);
int    imp_json_next(imp_rd *r, imp_span *key, imp_span *value, imp_status *err);

/* A string's text.  It lies in `to` if it had escapes, else in the document;
 * it may hold NUL.  IMP_ENOSPC: `cap` is too small (value.len is enough). */
imp_span imp_json_text(imp_span value, uint8_t *to, size_t cap, imp_status *err);
/* Is it a string with this text? */
int      imp_json_is(imp_span value, const char *text);
/* A number without fraction and exponent that fits; absent: 0.  The text of
 * any other number is the value itself. */
int64_t  imp_json_int(imp_span value, imp_status *err);
int      imp_json_bool(imp_span value, imp_status *err);

/* A string in quotes, with its escapes.  Bad UTF-8: sticky IMP_EARG. */
void imp_json_put_text(imp_wr *w, imp_span text);
void imp_json_put_int(imp_wr *w, int64_t v);
/* `before` ('{' or ','), the quoted key, a colon.  Keys are plain ASCII. */
void imp_json_put_key(imp_wr *w, char before, const char *key);

#endif
