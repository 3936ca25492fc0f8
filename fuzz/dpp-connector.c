/* dpp-connector.c -- Connectors, with signatures that can be forged. */
#include "connector.h"
#include "crypto.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char other[] = "[{\"groupId\":\"x\",\"netRole\":\"ap\"},{\"groupId\":\"*\",\"netRole\":\"sta\"}]";
	imp_span in = imp_bytes(data, n), groups = imp_bytes(other, sizeof other - 1);
	uint8_t key[DPP_POINT] = {4}, *room = malloc(n + 1);
	imp_key csign = {IMP_C_P256, 0, 0, {key, 65}};
	dpp_connector k;
	imp_status st;
	must(room != NULL);
	st = dpp_connector_read(&imp_fake, in, &csign, 1700000000, room, n, &k);
	if (st == IMP_OK) {
		inside(imp_bytes(room, n), k.groups);
		must(k.groups.len && dpp_curve_of(k.curve) && (!k.expiry || k.expiry > 1700000000));
		must(dpp_connector_match(k.groups, groups) == dpp_connector_match(groups, k.groups));
		(void)dpp_connector_has_role(k.groups, "configurator");
	} else
		must(!k.groups.ptr);
	free(room);
	return 0;
}
