/* httpread.h -- reads one HTTP/1.1 message, byte by byte if need be, into a
 * buffer: name first, the body behind it.  Knows no link and no time. [any]
 *
 * The buffer takes IMP_HTTP_HEAD + max bytes.  The input may lie in it too,
 * from buf + head on: what is written is never longer than what was read
 * ("k:v" CR LF becomes LF "k: v"). */
#ifndef IMPRINT_HTTPREAD_H
#define IMPRINT_HTTPREAD_H

#include "imprint.h"

enum imp_http_part {
	IMP_HTTP_START,      /* the first line                     */
	IMP_HTTP_FIELDS,
	IMP_HTTP_SIZED,      /* a body of a known length           */
	IMP_HTTP_SIZE,       /* "1a;ext" CR LF before a chunk      */
	IMP_HTTP_CHUNK,
	IMP_HTTP_CHUNK_END,  /* CR LF behind it                    */
	IMP_HTTP_TRAILER,
	IMP_HTTP_UNTIL_DOWN, /* a body that ends with the link     */
	IMP_HTTP_WHOLE
};

struct imp_http_reader {
	uint8_t part;       /* enum imp_http_part: what is expected         */
	uint8_t requests;   /* 1: reads requests, 0: replies                */
	uint8_t close;      /* "Connection: close"                          */
	uint8_t expects;    /* "Expect: 100-continue"                       */
	uint8_t hosts, sized, coded, typed; /* how often they were there    */
	uint8_t cr, digits, ext;
	uint16_t head;      /* bytes of name                                */
	uint16_t line;      /* of the line that is being gathered behind it */
	uint16_t spent;     /* of IMP_HTTP_BLOCK                            */
	uint16_t format;    /* CoAP Content-Format                          */
	uint16_t host_at, host_len; /* of an absolute target, in name       */
	int32_t code;       /* enum imp_method, or a status code            */
	uint32_t left;      /* bytes of the body, or of its chunk, to come  */
	uint32_t body, max; /* bytes of body that are there, at most        */
};

/* Make ready for the next message; `requests` and `max` stay. */
void imp_http_begin(struct imp_http_reader *r);

/* Take some of `in`, at least one byte of it: *used.  Returns 0, or the HTTP
 * code of the mistake.  Not to be called once WHOLE or full. */
int imp_http_take(struct imp_http_reader *r, uint8_t *buf, imp_span in, size_t *used);

/* Is there more body to come than fits?  Whoever takes what is there sets
 * body to 0 and goes on.  `more`: bytes that are at hand. */
int imp_http_is_full(const struct imp_http_reader *r, size_t more);

/* Codes whose replies never have a body. */
int imp_http_is_bodyless(int32_t code);

#endif
