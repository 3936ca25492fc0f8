/* dtls_wire.h -- records' and handshake messages' bytes, pure.
 * RFC 6347 4.1 and 4.2, RFC 5246 7.4, RFC 6066, 7250, 7627, 9146.  [any] */
#ifndef IMPRINT_DTLS_WIRE_H
#define IMPRINT_DTLS_WIRE_H

#include "rd.h"
#include "wr.h"

enum { IMP_DTLS_12 = 0xfefd, IMP_DTLS_10 = 0xfeff, IMP_DTLS_HEAD = 13, IMP_DTLS_MSG_HEAD = 12, IMP_DTLS_COOKIE = 16 };

enum imp_dtls_record_type {
	IMP_DTLS_CCS = 20, IMP_DTLS_ALERT, IMP_DTLS_HANDSHAKE, IMP_DTLS_DATA, IMP_DTLS_WITH_CID = 25
};

enum imp_dtls_msg_type {
	IMP_DTLS_HELLO_REQUEST = 0, IMP_DTLS_CLIENT_HELLO, IMP_DTLS_SERVER_HELLO, IMP_DTLS_HELLO_VERIFY,
	IMP_DTLS_CERTIFICATE = 11, IMP_DTLS_SERVER_KEX, IMP_DTLS_CERT_REQUEST, IMP_DTLS_SERVER_DONE,
	IMP_DTLS_CERT_VERIFY, IMP_DTLS_CLIENT_KEX, IMP_DTLS_FINISHED = 20
};

enum imp_dtls_alert {
	IMP_DTLS_CLOSE = 0, IMP_DTLS_UNEXPECTED = 10, IMP_DTLS_BAD_MAC = 20, IMP_DTLS_HANDSHAKE_FAILURE = 40,
	IMP_DTLS_BAD_CERT = 42, IMP_DTLS_UNSUPPORTED_CERT = 43, IMP_DTLS_ILLEGAL = 47, IMP_DTLS_UNKNOWN_CA = 48,
	IMP_DTLS_ACCESS_DENIED = 49, IMP_DTLS_DECODE = 50, IMP_DTLS_DECRYPT = 51, IMP_DTLS_VERSION = 70,
	IMP_DTLS_INTERNAL = 80, IMP_DTLS_CANCELLED = 90, IMP_DTLS_NO_RENEGOTIATION = 100,
	IMP_DTLS_UNSUPPORTED_EXT = 110, IMP_DTLS_UNKNOWN_PSK = 115
};

enum imp_dtls_extension { /* the number on the wire */
	IMP_DTLS_X_SNI = 0, IMP_DTLS_X_GROUPS = 10, IMP_DTLS_X_FORMATS = 11, IMP_DTLS_X_SIGS = 13,
	IMP_DTLS_X_CLIENT_TYPE = 19, IMP_DTLS_X_SERVER_TYPE = 20, IMP_DTLS_X_EMS = 23, IMP_DTLS_X_CID = 54,
	IMP_DTLS_X_JPAKE = 256, IMP_DTLS_X_RENEGOTIATION = 0xff01
};

struct imp_dtls_record {
	uint8_t  type;
	uint16_t version, epoch;
	uint64_t seq;      /* 48 bits                              */
	imp_span head;     /* all before the payload               */
	imp_span cid;
	imp_span payload;
};

/* The next record of a datagram; `cid_len` is what our peers send in records
 * of type IMP_DTLS_WITH_CID.  0: nothing left, or the rest is no record. */
int imp_dtls_read_record(imp_rd *r, size_t cid_len, struct imp_dtls_record *out);
void imp_dtls_put_head(imp_wr *w, uint8_t type, uint16_t epoch, uint64_t seq, imp_span cid, size_t len);

struct imp_dtls_fragment {
	uint8_t  type;
	uint16_t seq;
	uint32_t len, at; /* of the whole message; where this part begins */
	imp_span part;
};
/* The next fragment of a handshake record; 0: nothing left, or malformed. */
int imp_dtls_read_fragment(imp_rd *r, struct imp_dtls_fragment *out);
void imp_dtls_put_fragment(uint8_t head[IMP_DTLS_MSG_HEAD], uint8_t type, uint16_t seq, size_t len, size_t at, size_t part);

/* ClientHello or ServerHello.  Extensions that are absent have has bit 0. */
struct imp_dtls_hello {
	uint16_t version, suite;           /* suite: the server's                  */
	imp_span random, session, cookie;
	imp_span suites;                   /* the client's, two bytes each         */
	int null_compression;
	int ems, renegotiation;            /* RFC 7627; RFC 5746, or its SCSV      */
	int has_cid, has_groups, has_sigs; /* present?                             */
	imp_span sni;                      /* host_name                            */
	imp_span groups, formats, sigs;    /* lists without their lengths          */
	imp_span client_types, server_types; /* client: lists; server: one byte    */
	imp_span cid, jpake;
};
/* IMP_EBADMSG: malformed, or an extension twice.  A server's extension that
 * is not known here: IMP_EUNSUP (we never sent it). */
imp_status imp_dtls_read_client_hello(imp_span body, struct imp_dtls_hello *h);
imp_status imp_dtls_read_server_hello(imp_span body, struct imp_dtls_hello *h);
/* The beginning of a ClientHello, as far as the cookie: enough for triage,
 * also of a first fragment.  *rest: where the cookie's length byte stands. */
imp_status imp_dtls_read_hello_start(imp_span part, struct imp_dtls_hello *h);

/* Is the two-byte number v in the list? */
int imp_dtls_lists(imp_span list, uint16_t v);

/* An extension: write the head, then the content, then close. */
size_t imp_dtls_open_ext(imp_wr *w, uint16_t type);
void   imp_dtls_close16(imp_wr *w, size_t mark); /* fill in the 16-bit length at mark */

imp_span imp_dtls_vec8(imp_rd *r);  /* opaque <0..2^8-1>  */
imp_span imp_dtls_vec16(imp_rd *r);
imp_span imp_dtls_vec24(imp_rd *r);
void imp_dtls_put_vec8(imp_wr *w, imp_span s);
void imp_dtls_put_be24(uint8_t *p, size_t v);
size_t imp_dtls_be24(const uint8_t *p);

#endif
