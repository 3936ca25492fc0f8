/* roots.c -- what an application with the FDO device alone would link: the
 * sizes are those of what the linker keeps for this. */
#include "imprint.h"
#include "role.h"

extern const imp_layer root_device;

const imp_layer root_device = {
	.size = sizeof(imp_layer), .burst = FDO_DEVICE_BURST, .id = "imp.fdo", .version = "1", .spec = "FDO 1.1", .needs = {IMP_L_REST},
	.need = fdo_device_need, .init = fdo_device_init, .step = fdo_device_step, .where = fdo_device_where, .work = fdo_device_work,
};
