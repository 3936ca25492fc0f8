/* role.h -- the four roles behind the one layer; plugin.c dispatches. */
#ifndef IMPRINT_FDO_ROLE_H
#define IMPRINT_FDO_ROLE_H

#include "imprint.h"

enum { FDO_DEVICE_BURST = 12 }; /* messages of one step of the device */
size_t      fdo_device_need(const imp_params *p);
imp_status  fdo_device_init(void *state, const imp_params *p);
imp_status  fdo_device_step(void *state, imp_cx *cx, const imp_msg *in);
const char *fdo_device_where(const void *state);
size_t      fdo_device_work(const imp_params *p);

size_t      fdo_owner_need(const imp_params *p);
imp_status  fdo_owner_init(void *state, const imp_params *p);
imp_status  fdo_owner_step(void *state, imp_cx *cx, const imp_msg *in);
const char *fdo_owner_where(const void *state);

size_t      fdo_rendezvous_need(const imp_params *p);
imp_status  fdo_rendezvous_init(void *state, const imp_params *p);
imp_status  fdo_rendezvous_step(void *state, imp_cx *cx, const imp_msg *in);
const char *fdo_rendezvous_where(const void *state);

size_t      fdo_maker_need(const imp_params *p);
imp_status  fdo_maker_init(void *state, const imp_params *p);
imp_status  fdo_maker_step(void *state, imp_cx *cx, const imp_msg *in);
const char *fdo_maker_where(const void *state);

#endif
