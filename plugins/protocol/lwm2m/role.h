/* role.h -- what plugin.c needs of each role, and what both share. */
#ifndef IMPRINT_LWM2M_ROLE_H
#define IMPRINT_LWM2M_ROLE_H

#include "content.h"
#include "lwm2m.h"

#define LW_EMPTY imp_bytes(NULL, 0)

enum { LW_NO_FORMAT = 0xffff, LW_NAME = 96 };

size_t      lw_client_need(const imp_params *p);
imp_status  lw_client_init(void *state, const imp_params *p);
imp_status  lw_client_step(void *state, imp_cx *cx, const imp_msg *in);
const char *lw_client_where(const void *state);

size_t      lw_server_need(const imp_params *p);
imp_status  lw_server_init(void *state, const imp_params *p);
imp_status  lw_server_step(void *state, imp_cx *cx, const imp_msg *in);
const char *lw_server_where(const void *state);

/* run.c */
imp_status lw_say(imp_cx *cx, uint16_t verb, uint16_t topic, uint16_t flags, uint32_t ticket, int32_t code, imp_span name, imp_span data);
/* The parameter `key` of a name's query, percent-decoded into `to`; its length,
 * 0: there is none; cap + 1: it is malformed, or does not fit. */
size_t lw_query(imp_span name, const char *key, char *to, size_t cap);
/* Is a name's path this one? */
int lw_is_path(imp_span name, const char *path);
/* "prefix" and some bytes, into `to` of LW_NAME; empty: too long. */
imp_span lw_name(char to[LW_NAME], const char *prefix, imp_span rest);
/* `s` as part of a query, percent-encoded. */
void lw_put_query(imp_wr *w, imp_span s);

#endif
