/* b64.h -- base64 and base64url (RFC 4648), strict.
 *
 * No white space, no foreign characters, no bits beyond the last byte.
 * Time depends on the length alone, not on the bytes: keys pass through.
 * [any] */
#ifndef IMPRINT_B64_H
#define IMPRINT_B64_H

#include "wr.h"

enum imp_b64 {
	IMP_B64,    /* + and /, padded                      */
	IMP_B64URL, /* - and _, and no padding, as in JOSE  */
};

/* Decode into `to`, which may be text.ptr (decoding in place).  What comes
 * out is text.len / 4 * 3 bytes at most (+ 2 without padding).  Errors are
 * sticky as in json.h: IMP_EBADMSG, IMP_ENOSPC. */
imp_span imp_b64_read(imp_span text, enum imp_b64 kind, uint8_t *to, size_t cap, imp_status *err);

void imp_b64_put(imp_wr *w, imp_span s, enum imp_b64 kind);

#endif
