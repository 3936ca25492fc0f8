/* content.h -- LwM2M's content formats (Core 1.2 section 7.4): what is written
 * to, and read from, the objects of a bootstrap: Security /0, Server /1, Access
 * Control /2, OSCORE /21.  Pure, no state.  [any]
 *
 * Inside, an object instance is its resources as OMA TLV, in the order they
 * came; formats are only what goes over the wire. */
#ifndef IMPRINT_LWM2M_CONTENT_H
#define IMPRINT_LWM2M_CONTENT_H

#include "rd.h"
#include "wr.h"

enum lw_format { LW_TEXT = 0, LW_LINKS = 40, LW_OPAQUE = 42, LW_SENML_JSON = 110, LW_SENML_CBOR = 112, LW_TLV = 11542, LW_CBOR = 11544 };

enum { LW_NONE = 0xffff }; /* an id that is not there */

struct lw_path { /* each LW_NONE from where the path ends */
	uint16_t oid, iid, rid, riid;
};

/* "/0/1/2" up to '?' or '\n'; "" and "/": the root.  IMP_EBADMSG: no path. */
imp_status lw_path_of(imp_span name, struct lw_path *out);
void lw_put_path(imp_wr *w, const struct lw_path *p);

/* A resource's type in these objects: 'i' integer, 'b' boolean, 's' text, 'o'
 * bytes, 'l' link; 0: it is not known here. */
char lw_type(uint16_t oid, uint16_t rid);

/* One value, its path whole (riid: only of multiple resources). */
struct lw_item {
	struct lw_path at;
	imp_span value;    /* as TLV has it: integers 1, 2, 4 or 8 bytes, links 4 */
	uint8_t  bytes[8]; /* may hold the value */
};

/* Items one by one.  `path` is where they were written to: TLV's ids start
 * below it, others' must lie below it.  `room` (twice as long
 * as `in`, may be NULL but for SenML JSON) holds what must be decoded.
 *	lw_reader r;
 *	if (lw_open(&r, LW_TLV, path, in, NULL, 0)) while (lw_next(&r, &item)) ...;
 *	lw_end(&r): IMP_OK, or what was wrong. */
typedef struct lw_reader {
	imp_rd r;
	int format;
	struct lw_path path, at;
	imp_span base;             /* SenML's base name, decoded */
	const uint8_t *ends[2];    /* TLV: of the instance, of the resource */
	uint32_t left[4];          /* CBOR: keys left at each depth */
	uint8_t  depth, widths[4], open;
	uint8_t *room;
	size_t   cap, used;
} lw_reader;

/* IMP_EUNSUP: not this format. */
imp_status lw_open(lw_reader *r, int format, const struct lw_path *path, imp_span in, uint8_t *room, size_t cap);
int        lw_next(lw_reader *r, struct lw_item *item);
imp_status lw_end(const lw_reader *r);

/* --- instances ------------------------------------------------------------- */

/* Instances one after another: object (2), instance (2), length (2), TLV. */
struct lw_instance {
	uint16_t oid, iid;
	imp_span body;
};
int  lw_instance_next(imp_rd *r, struct lw_instance *out);
void lw_put_instance(imp_wr *w, const struct lw_instance *i);

/* A resource of an instance's TLV; empty: it has none.  Numbers: `otherwise`. */
imp_span lw_get(imp_span body, uint16_t rid);
int64_t  lw_get_int(imp_span body, uint16_t rid, int64_t otherwise);

/* An instance without one resource. */
void lw_put_without(imp_wr *w, imp_span body, uint16_t rid);

/* The TLV of one instance, out of what was written (opened anew). */
void lw_collect(imp_wr *w, const lw_reader *from, uint16_t oid, uint16_t iid);

/* Instances as a format has them, written to or read from `path`.  IMP_EUNSUP
 * in the writer: not this format. */
void lw_put_content(imp_wr *w, int format, const struct lw_path *path, imp_span instances);
int  lw_can_put(int format);

#endif
