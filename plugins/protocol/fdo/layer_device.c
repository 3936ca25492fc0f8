/* layer_device.c -- imp.fdo with no role but the device's: nothing of the
 * servers is linked with it. */
#include "fdo.h"
#include "role.h"

const imp_layer imp_fdo_device = {
	.size = sizeof(imp_layer),
	.burst = FDO_DEVICE_BURST,
	.id = "imp.fdo.device",
	.version = "1",
	.spec = "FDO 1.1",
	.offers = IMP_L_NONE,
	.needs = {IMP_L_REST, IMP_L_NONE, IMP_L_NONE, IMP_L_NONE},
	.need = fdo_device_need,
	.init = fdo_device_init,
	.step = fdo_device_step,
	.where = fdo_device_where,
	.work = fdo_device_work,
};
