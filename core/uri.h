/* uri.h -- absolute URIs with an authority, taken apart strictly (RFC 3986).
 *
 * Nothing is decoded, copied or normalized: spans point into the input.
 * User info and fragments are refused; percent signs must be followed by two
 * hex digits; only the characters the RFC allows pass, so no space, control
 * byte or byte above 0x7e ever does.  All of it is [any]. */
#ifndef IMPRINT_URI_H
#define IMPRINT_URI_H

#include "wr.h"

typedef struct imp_uri {
	imp_span scheme;    /* "http", in the case it was written in       */
	imp_span authority; /* "host:port" or "[::1]:port", as written     */
	imp_span host;      /* without the brackets of an IPv6 literal     */
	imp_span target;    /* path and query as they stand, may be empty  */
	imp_span path;      /* empty, or from its first '/'                */
	imp_span query;     /* behind '?', may be empty                    */
	uint16_t port;      /* 0: not written; imp_uri_default_port() knows */
} imp_uri;

/* "scheme://host[:port][/path][?query]".  IMP_EBADMSG: it is not one. */
imp_status imp_uri_parse(imp_span in, imp_uri *out);

/* "host[:port]" alone, as in HTTP's Host: sets authority, host and port. */
imp_status imp_uri_authority(imp_span in, imp_uri *out);

/* 1 if `in` is "/path[?query]", as in HTTP's request line. */
int imp_uri_is_target(imp_span in);

/* 1 if `in`, perhaps empty, has only what stands in paths and queries. */
int imp_uri_is_tail(imp_span in);

/* An address of 4 or 16 bytes as a URI's host: dotted, or hex in brackets. */
void imp_uri_put_ip(imp_wr *w, imp_span ip);

/* The port a scheme uses when none is written; 0: unknown scheme. */
uint16_t imp_uri_default_port(imp_span scheme);

/* Same bytes but for the case of ASCII letters? */
int imp_same_nocase(imp_span a, imp_span b);

#endif
