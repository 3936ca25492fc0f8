/* role.h -- the roles behind the one layer; plugin.c dispatches. */
#ifndef IMPRINT_BTMESH_ROLE_H
#define IMPRINT_BTMESH_ROLE_H

#include "imprint.h"

enum { BTMESH_STEP_BURST = 8 }; /* messages of one step */

size_t      btmesh_device_need(const imp_params *p);
imp_status  btmesh_device_init(void *state, const imp_params *p);
imp_status  btmesh_device_step(void *state, imp_cx *cx, const imp_msg *in);
const char *btmesh_device_where(const void *state);

size_t      btmesh_provisioner_need(const imp_params *p);
imp_status  btmesh_provisioner_init(void *state, const imp_params *p);
imp_status  btmesh_provisioner_step(void *state, imp_cx *cx, const imp_msg *in);
const char *btmesh_provisioner_where(const void *state);

/* Both: room for a PDU, for a record or a chain, and small things. */
size_t      btmesh_work(const imp_params *p);

#endif
