/* layer_joiner.c -- imp.thread with no role but the joiner's. */
#include "role.h"
#include "thread.h"

const imp_layer imp_thread_joiner = {
	.size = sizeof(imp_layer),
	.burst = THREAD_STEP_BURST,
	.id = "imp.thread.joiner",
	.version = "1",
	.spec = "Thread 1.3",
	.offers = IMP_L_NONE,
	.needs = {IMP_L_REST, IMP_L_REST, IMP_L_NONE, IMP_L_NONE},
	.need = thread_joiner_need,
	.init = thread_joiner_init,
	.step = thread_joiner_step,
	.where = thread_joiner_where,
	.work = thread_work,
};
