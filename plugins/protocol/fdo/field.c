/* field.c -- the device's step without DI. */
#include "device.h"

imp_status fdo_field_step(void *state, imp_cx *cx, const imp_msg *in)
{
	return fdo_device_run(state, cx, NULL, in);
}
