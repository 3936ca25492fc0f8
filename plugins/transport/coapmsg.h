/* coapmsg.h -- CoAP messages as bytes and as a struct (RFC 7252 sections 3 and
 * 5.10, RFC 7959, RFC 7967, RFC 8323, RFC 9175): pure, no state.  [any] */
#ifndef IMPRINT_COAPMSG_H
#define IMPRINT_COAPMSG_H

#include "rd.h"
#include "wr.h"

enum imp_coap_type { IMP_COAP_CON, IMP_COAP_NON, IMP_COAP_ACK, IMP_COAP_RST };

enum imp_coap_option { /* registered numbers; odd ones are critical */
	IMP_COAP_URI_HOST = 3, IMP_COAP_ETAG = 4, IMP_COAP_URI_PORT = 7,
	IMP_COAP_LOCATION_PATH = 8, IMP_COAP_URI_PATH = 11, IMP_COAP_CONTENT_FORMAT = 12,
	IMP_COAP_MAX_AGE = 14, IMP_COAP_URI_QUERY = 15, IMP_COAP_ACCEPT = 17,
	IMP_COAP_LOCATION_QUERY = 20, IMP_COAP_BLOCK2 = 23, IMP_COAP_BLOCK1 = 27,
	IMP_COAP_PROXY_URI = 35, IMP_COAP_PROXY_SCHEME = 39, IMP_COAP_ECHO = 252,
	IMP_COAP_NO_RESPONSE = 258
};

#define IMP_COAP_ABSENT UINT32_MAX /* an option's number */

struct imp_coap_msg {
	uint8_t type;        /* enum imp_coap_type; TCP has none: NON          */
	uint8_t code;        /* class in the upper three bits: 0x45 is 2.05    */
	uint16_t mid;
	imp_span token;      /* 0 to 8 bytes                                   */
	imp_span options;    /* as they stand                                  */
	imp_span payload;
	uint16_t bad;        /* number of the first critical option that is
	                        unknown, malformed or one too many; 0: none    */
	uint32_t format, accept, max_age, no_response;
	uint32_t block1, block2; /* NUM << 4 | M << 3 | SZX                    */
	imp_span etag, echo; /* empty: absent                                  */
};

/* A datagram (section 3).  IMP_EBADMSG: a format error; if it was as long as
 * a header of version 1, type and mid are set all the same, so that a CON
 * can be rejected by RST. */
imp_status imp_coap_parse(imp_span in, struct imp_coap_msg *m);

/* From the options on: what both framings share.  type, code and token are
 * set already. */
imp_status imp_coap_parse_body(imp_span in, struct imp_coap_msg *m);

/* A block's number, more-flag and size in bytes (16 to 1024; 0: SZX 7). */
static inline uint32_t imp_coap_num(uint32_t block) { return block >> 4; }
static inline int imp_coap_more(uint32_t block) { return (block & 8) != 0; }
static inline uint32_t imp_coap_size(uint32_t block) { return (block & 7) == 7 ? 0 : 16u << (block & 7); }

/* A message's name as REST has it (imprint.h): a request's "/path?query", a
 * reply's nothing; then "\nkey: value" lines: accept, max-age (numbers),
 * location (a path), etag, echo (hex).  Bytes that are not allowed in a path
 * or query are percent-encoded.  A line that comes first has no '\n'. */
void imp_coap_put_name(imp_wr *w, const struct imp_coap_msg *m);

/* --- writing ------------------------------------------------------------ */

struct imp_coap_put { /* options, in the order of their numbers */
	imp_wr *w;
	uint32_t last;
};

void imp_coap_put_head(imp_wr *w, uint8_t type, uint8_t code, uint16_t mid, imp_span token);
/* IMP_EARG in the writer: numbers do not ascend. */
void imp_coap_put_option(struct imp_coap_put *p, uint16_t number, imp_span value);
/* The shortest form of a number, nothing if it is absent. */
void imp_coap_put_number(struct imp_coap_put *p, uint16_t number, uint32_t value);
void imp_coap_put_payload(imp_wr *w, imp_span payload);

/* The options that a name and a format make, with blocks and echo among
 * them.  host: empty, or the value of Uri-Host.  A request's name begins with
 * its path.  IMP_EARG in the writer: a percent sign without its digits, or a
 * line that no option carries. */
struct imp_coap_fields {
	imp_span host, name, echo;
	uint32_t format, block1, block2;
	int reply;
};
void imp_coap_put_fields(imp_wr *w, const struct imp_coap_fields *f);

/* A 4- or 3-digit code as REST has it (205) from one byte (0x45), and back; 0: none. */
static inline int32_t imp_coap_rest(uint8_t code) { return (code >> 5) * 100 + (code & 31); }
uint8_t imp_coap_code(int32_t rest);

#endif
