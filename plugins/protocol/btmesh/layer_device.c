/* layer_device.c -- imp.btmesh with no role but the device's. */
#include "btmesh.h"
#include "role.h"

const imp_layer imp_btmesh_device = {
	.size = sizeof(imp_layer),
	.burst = BTMESH_STEP_BURST,
	.id = "imp.btmesh.device",
	.version = "1",
	.spec = "Mesh Protocol 1.1",
	.offers = IMP_L_NONE,
	.needs = {IMP_L_PROV, IMP_L_NONE, IMP_L_NONE, IMP_L_NONE},
	.need = btmesh_device_need,
	.init = btmesh_device_init,
	.step = btmesh_device_step,
	.where = btmesh_device_where,
	.work = btmesh_work,
};
