/* role.h -- the roles behind the one layer; plugin.c dispatches. */
#ifndef IMPRINT_THREAD_ROLE_H
#define IMPRINT_THREAD_ROLE_H

#include "imprint.h"

enum { THREAD_STEP_BURST = 8 }; /* messages of one step */

size_t      thread_joiner_need(const imp_params *p);
imp_status  thread_joiner_init(void *state, const imp_params *p);
imp_status  thread_joiner_step(void *state, imp_cx *cx, const imp_msg *in);
const char *thread_joiner_where(const void *state);

size_t      thread_commissioner_need(const imp_params *p);
imp_status  thread_commissioner_init(void *state, const imp_params *p);
imp_status  thread_commissioner_step(void *state, imp_cx *cx, const imp_msg *in);
const char *thread_commissioner_where(const void *state);

/* Both: small messages. */
size_t      thread_work(const imp_params *p);

#endif
