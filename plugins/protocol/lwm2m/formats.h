/* formats.h -- SenML (RFC 8428) in JSON and CBOR, and LwM2M CBOR, for content.c. */
#ifndef IMPRINT_LWM2M_FORMATS_H
#define IMPRINT_LWM2M_FORMATS_H

#include "content.h"

/* content.c */
int  lw_below(const struct lw_path *top, const struct lw_path *at);
void lw_item_int(struct lw_item *i, int64_t v);
int  lw_item_link(struct lw_item *i, imp_span text); /* "66:0"; 0: it is none */
int64_t lw_int_of(imp_span v);

/* formats.c */
void lw_format_open(lw_reader *r);
int  lw_format_next(lw_reader *r, struct lw_item *i);
void lw_format_put(imp_wr *w, int format, imp_span instances);
int  lw_plain_value(struct lw_item *i, char type, imp_span text); /* 0: text is no such value */

#endif
