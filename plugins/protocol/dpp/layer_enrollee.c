/* layer_enrollee.c -- imp.dpp with no role but the enrollee's, and of that what a
 * device with a label needs: no PKEX, no introduction, no reconfiguration. */
#include "dpp.h"
#include "role.h"
#include "enrollee.h"

static const struct dpp_role role = DPP_ENROLLEE_ROLE(NULL, NULL);

static imp_status step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct dpp_enrollee *e = state;
	return dpp_run_step(&e->run, cx, in, &role);
}

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
	.step = step,
	.where = dpp_enrollee_where,
	.work = dpp_work,
};
