/* serviceinfo.h -- key-value pairs of messages 68 and 69 (FDO 1.1 section 3.8).
 *
 * A value is a bstr whose content is CBOR.  A writer holds one message while
 * it grows and knows when the next pair no longer fits.  [any] */
#ifndef IMPRINT_FDO_SERVICEINFO_H
#define IMPRINT_FDO_SERVICEINFO_H

#include "wire.h"

typedef struct fdo_kv {
	imp_span module, message; /* key = module ":" message */
	imp_span value;           /* content of the bstr */
} fdo_kv;

/* Take the next pair off fdo_info.pairs: 1, or 0 at the end. */
int fdo_kv_next(imp_span *pairs, fdo_kv *out);
int fdo_kv_is(const fdo_kv *kv, const char *module, const char *message);

typedef struct fdo_info_wr {
	uint8_t *to;
	size_t   cap, len;   /* pairs only; the message's head is written last */
	size_t   max;        /* the peer's limit for the whole message */
	uint16_t count;
} fdo_info_wr;

/* Pairs go to `to`; max: the peer's limit (0: FDO_INFO_MAX). */
fdo_info_wr fdo_info_start(uint8_t *to, size_t cap, size_t max);
/* Bytes of value that a pair with this key may still have; 0: none. */
size_t fdo_info_left(const fdo_info_wr *w, const char *module, const char *message);
/* 1: it is in; 0: it did not fit and nothing changed. */
int    fdo_info_put(fdo_info_wr *w, const char *module, const char *message, imp_span value);
int    fdo_info_put_named(fdo_info_wr *w, imp_span module, imp_span message, imp_span value);
/* Shorthands for values of one item. */
int    fdo_info_put_bool(fdo_info_wr *w, const char *module, const char *message, int v);
int    fdo_info_put_int(fdo_info_wr *w, const char *module, const char *message, int64_t v);
int    fdo_info_put_text(fdo_info_wr *w, const char *module, const char *message, imp_span v);
int    fdo_info_put_bytes(fdo_info_wr *w, const char *module, const char *message, imp_span v);
/* Append the whole message 68 or 69. */
void   fdo_info_end_device(const fdo_info_wr *w, imp_wr *out, int more);
void   fdo_info_end_owner(const fdo_info_wr *w, imp_wr *out, int more, int done);

#endif
