/* der.h -- DER (X.690) on the cursors of rd.h and wr.h.
 *
 * Strict: definite, shortest lengths below 2^32, minimal integers, one-byte
 * tags.  A reader that returns a cursor returns a failed one when `r` fails;
 * both want their imp_rd_end().  Whatever is wrong is IMP_EBADMSG.  [any] */
#ifndef IMPRINT_DER_H
#define IMPRINT_DER_H

#include "rd.h"
#include "wr.h"

enum { IMP_DER_BOOL = 0x01, IMP_DER_INT = 0x02, IMP_DER_BITS = 0x03, IMP_DER_OCTETS = 0x04,
       IMP_DER_NULL = 0x05, IMP_DER_OID = 0x06, IMP_DER_UTF8 = 0x0c, IMP_DER_SEQ = 0x30, IMP_DER_SET = 0x31,
       IMP_DER_PRINTABLE = 0x13, IMP_DER_IA5 = 0x16, IMP_DER_UTCTIME = 0x17, IMP_DER_GENTIME = 0x18,
       IMP_DER_CTX0 = 0xa0, IMP_DER_CTX1 = 0xa1, IMP_DER_CTX3 = 0xa3 }; /* [n], constructed */

int      imp_der_peek(const imp_rd *r);               /* next tag byte, -1: none */
imp_rd   imp_der_in(imp_rd *r, uint8_t tag);          /* content of the next element */
imp_span imp_der_take(imp_rd *r, uint8_t tag);        /* the same as a span        */
imp_span imp_der_raw(imp_rd *r);                      /* the next element, whole   */
imp_span imp_der_int(imp_rd *r);                      /* INTEGER of any sign, two's complement */
imp_span imp_der_uint(imp_rd *r);                     /* INTEGER >= 0, no leading zero; 0 is one zero byte */
imp_span imp_der_bits(imp_rd *r);                     /* BIT STRING, 0 unused bits */
int      imp_der_bool(imp_rd *r);                     /* a FALSE that should have been left out is read too */
int64_t  imp_der_time(imp_rd *r);                     /* UTCTime or GeneralizedTime in UTC: Unix seconds */

/* Writing: content first, then wrap what was written since `mark` bytes
 * (w->len then), which moves it by the length of its head. */
void     imp_der_put(imp_wr *w, uint8_t tag, imp_span content);
void     imp_der_put_uint(imp_wr *w, imp_span big_endian);
void     imp_der_put_bits(imp_wr *w, imp_span bytes); /* 0 unused bits */
void     imp_der_put_time(imp_wr *w, uint64_t unix_time); /* UTCTime until 2049; 0: the end of 9999 */
void     imp_der_wrap(imp_wr *w, uint8_t tag, size_t mark);

/* ECDSA-Sig-Value <-> r||s of 2*half bytes. */
imp_status imp_der_sig_raw(imp_span der, uint8_t *out, size_t half);
void       imp_der_put_sig(imp_wr *w, imp_span raw);

#endif
