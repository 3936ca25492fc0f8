/* dpp-backup.c -- a backup that opens, under crypto that can be forged, has two
 * private keys inside what was opened, and can be sealed and opened again. */
#include "backup.h"
#include "crypto.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t bk[DPP_HASH];
	uint8_t *mem = malloc(n + 1), *room, *out, *again;
	dpp_backup b, b2;
	must(mem != NULL);
	if (dpp_backup_open(&imp_fake, dpp_curve_at(0), bk, imp_bytes(data, n), mem, &b) == IMP_OK) {
		size_t cap = dpp_backup_room(&b);
		imp_wr w;
		room = malloc(cap);
		out = malloc(cap + 600);
		again = malloc(cap + 600);
		must(room && out && again);
		inside(imp_bytes(mem, n), b.csign.bits);
		inside(imp_bytes(mem, n), b.ppkey.bits);
		inside(imp_bytes(mem, n), b.config);
		w = imp_wr_to(out, cap + 600);
		must(dpp_backup_seal(&imp_fake, dpp_curve_at(0), bk, &b, &w, room) == IMP_OK);
		must(dpp_backup_open(&imp_fake, dpp_curve_at(0), bk, imp_wr_span(&w), again, &b2) == IMP_OK);
		must(b2.csign.alg == b.csign.alg && imp_same(b2.csign.bits, b.csign.bits) && imp_same(b2.ppkey.bits, b.ppkey.bits));
		must(imp_same(b2.config, b.config) && imp_same(b2.connector, b.connector));
		free(room);
		free(out);
		free(again);
	} else {
		must(!b.csign.bits.ptr && !b.config.ptr);
	}
	free(mem);
	return 0;
}
