/* role.h -- the two roles as state machines, for plugin.c and layer_enrollee.c. */
#ifndef IMPRINT_DPP_ROLE_H
#define IMPRINT_DPP_ROLE_H

#include "imprint.h"

enum { DPP_MSG_LEAST = 1024 }; /* params.max_msg: bytes of the shortest useful one */

size_t      dpp_enrollee_need(const imp_params *p);
imp_status  dpp_enrollee_init(void *state, const imp_params *p);
const char *dpp_enrollee_where(const void *state);
size_t      dpp_work(const imp_params *p);

size_t      dpp_configurator_need(const imp_params *p);
imp_status  dpp_configurator_init(void *state, const imp_params *p);
imp_status  dpp_configurator_step(void *state, imp_cx *cx, const imp_msg *in);
const char *dpp_configurator_where(const void *state);

#endif
