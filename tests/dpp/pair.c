/* dpp-pair.c -- enrollee and configurator back to back on a lossy wire that loses
 * nothing: every curve, direction, way to trust and credential. */
#include "bootstrap.h"
#include "cbor.h"
#include "crypto.h"
#include "dpp-kit.h"
#include "t.h"

enum { LONG = 400000 };

static const int32_t curves[] = {IMP_C_P256, IMP_C_P384, IMP_C_P521, IMP_C_BP256, IMP_C_BP384, IMP_C_BP512};
static const char *const curve_names[] = {"P-256", "P-384", "P-521", "BP-256", "BP-384", "BP-512"};

static void mutual(struct dkit *k, struct party *p)
{
	static const char *const words[] = {"mutual", "true", "channels", "81/6", NULL};
	dkit_config(k, p, "dpp.uri", words);
}

static void claims_of_curves(void)
{
	char claim[128];
	for (int i = 0; i < 6; i++)
		for (int owner = 0; owner < 2; owner++)
			for (int both = 0; both < 2; both++) {
				struct dkit k;
				dkit_begin(&k, &imp_openssl, curves[i]);
				if (both)
					mutual(&k, owner ? k.device : k.owner);
				k.reads = k.uri[owner];
				dkit_run(&k, owner ? 0 : IMP_T_PEERKEY, owner ? IMP_T_PEERKEY : 0, LONG);
				snprintf(claim, sizeof claim, "%s, the %s begins, %s", curve_names[i], owner ? "configurator" : "enrollee", both ? "mutual" : "one-way");
				t_check(claim, dkit_configured(&k) && k.shows == 1 && k.withdrawn == 1 && k.reads_asked == both, dkit_said);
				dkit_end(&k);
			}
}

int main(void)
{
	claims_of_curves();
	return t_end();
}
