/* gas.c -- a frame that is read is written again as it was, but for the limit
 * and for what stands behind it. */
#include "gas.h"
#include "rd.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data, n);
	uint8_t *to = malloc(n + IMP_GAS_HEAD);
	imp_wr w = imp_wr_to(to, n + IMP_GAS_HEAD);
	imp_gas g = {0}, again;
	imp_status st = imp_gas_read(in, &g);
	must(to != NULL);
	inside(in, g.body);
	must(st != IMP_OK || imp_gas_is(data[0]));
	if (st == IMP_OK) {
		imp_gas_put(&w, &g);
		must(imp_wr_end(&w) == IMP_OK && w.len <= g.body.len + IMP_GAS_HEAD);
		must(imp_gas_read(imp_wr_span(&w), &again) == IMP_OK);
		must(again.action == g.action && again.token == g.token && again.status == g.status && again.delay == g.delay
			&& again.fragment == g.fragment && again.more == g.more && imp_same(again.body, g.body));
	}
	free(to);
	return 0;
}
