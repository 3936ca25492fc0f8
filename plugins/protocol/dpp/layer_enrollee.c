/* layer_enrollee.c -- imp.dpp with no role but the enrollee's: nothing of the
 * configurator is linked with it. */
#include "dpp.h"
#include "role.h"
#include "run.h"

const imp_layer imp_dpp_enrollee = {
	.size = sizeof(imp_layer),
	.burst = DPP_BURST,
	.id = "imp.dpp.enrollee",
	.version = "1",
	.spec = "Wi-Fi Easy Connect 3.0",
	.offers = IMP_L_NONE,
	.needs = {IMP_L_DPP, IMP_L_NONE, IMP_L_NONE, IMP_L_NONE},
	.need = dpp_enrollee_need,
	.init = dpp_enrollee_init,
	.step = dpp_enrollee_step,
	.where = dpp_enrollee_where,
	.work = dpp_work,
};
