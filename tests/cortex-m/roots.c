/* roots.c -- what applications with the FDO device, or the LwM2M client, alone would
 * link: the sizes are those of what the linker keeps for these. */
#include "imprint.h"
#include "protocol/lwm2m/role.h"
#include "role.h"

extern const imp_layer root_device, root_lwm2m;

const imp_layer root_device = {
	.size = sizeof(imp_layer), .burst = FDO_DEVICE_BURST, .id = "imp.fdo", .version = "1", .spec = "FDO 1.1", .needs = {IMP_L_REST},
	.need = fdo_device_need, .init = fdo_device_init, .step = fdo_device_step, .where = fdo_device_where, .work = fdo_device_work,
};

const imp_layer root_lwm2m = {
	.size = sizeof(imp_layer), .burst = 40, .id = "imp.lwm2m", .version = "1", .spec = "OMA LwM2M 1.2 bootstrap", .needs = {IMP_L_REST},
	.need = lw_client_need, .init = lw_client_init, .step = lw_client_step, .where = lw_client_where,
};
