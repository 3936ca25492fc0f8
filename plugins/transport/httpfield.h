/* httpfield.h -- the small words of HTTP/1.1: methods, field lines, numbers,
 * media types.  Pure functions for http.c; nothing here keeps anything. [any] */
#ifndef IMPRINT_HTTPFIELD_H
#define IMPRINT_HTTPFIELD_H

#include "imprint.h"
#include "wr.h"

enum { IMP_HTTP_NO_FORMAT = 0xffff, IMP_HTTP_HEAD_METHOD = 7 };

/* enum imp_method or IMP_HTTP_HEAD_METHOD; 0: not ours.  And back; NULL. */
int32_t imp_http_method(imp_span name);
const char *imp_http_method_name(int32_t code);

int imp_http_is_scheme(imp_span scheme); /* http, https */
int imp_http_is_token(uint8_t c);        /* RFC 9110 section 5.6.2 */
int imp_http_digit(uint8_t c);           /* of a hex number; -1 */

/* Decimal digits only.  0, 400: it is none, 413: 2^32 or more. */
int imp_http_number(imp_span s, uint32_t *out);
void imp_http_put_number(imp_wr *w, uint32_t v, uint32_t base);

/* "name: value" taken apart, the space around value cut off; 0: it is none. */
int imp_http_split(imp_span line, imp_span *name, imp_span *value);
void imp_http_lower(uint8_t *p, size_t n);

/* Is `token` (lower case) in the comma-separated list? */
int imp_http_has_token(imp_span list, const char *token);

/* What a field, its name in lower case, is to us. */
enum imp_http_field {
	IMP_HTTP_LENGTH, IMP_HTTP_CODING, IMP_HTTP_HOST, IMP_HTTP_CONNECTION, IMP_HTTP_EXPECT,
	IMP_HTTP_HOP,     /* belongs to a connection: dropped, never sent */
	IMP_HTTP_TYPE,
	IMP_HTTP_CHATTER, /* dropped, may be sent */
	IMP_HTTP_OTHER
};
enum imp_http_field imp_http_known(imp_span name);

/* CoAP Content-Format numbers (RFC 7252 section 12.3) and media types. */
uint16_t imp_http_format_of(imp_span media_type); /* IMP_HTTP_NO_FORMAT */
const char *imp_http_media_type(uint16_t format); /* NULL */

/* Of "path?query\nkey: value\n...": what is before, and after, the first \n. */
imp_span imp_http_first_line(imp_span name);
imp_span imp_http_other_lines(imp_span name);

/* May "key: value\nkey: value" be sent, with a body of this format? */
int imp_http_lines_fit(imp_span lines, uint16_t format);
void imp_http_put_lines(imp_wr *w, imp_span lines);

#endif
