/* pair.c -- device, maker, rendezvous and owners back to back: whole
 * onboardings over every choice, and under everything that goes wrong. */
#include "crypto.h"
#include "fdo-kit.h"
#include "rv.h"
#include "starve.h"
#include "t.h"
#include <stdlib.h>

#define NONE imp_bytes(0, 0)
#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

static char said[256];

/* --- every choice ----------------------------------------------------------------- */

static const struct choice {
	const char *name;
	enum kit_kind owner;
	enum fdo_kex kex;
} choices[] = {
	{"ECDH256", KIT_P256, FDO_ECDH256}, {"ECDH384", KIT_P384, FDO_ECDH384},
	{"DHKEXid14", KIT_RSA2048, FDO_DHKEXID14}, {"DHKEXid15", KIT_RSA3072, FDO_DHKEXID15},
	{"ASYMKEX2048", KIT_RSA2048, FDO_ASYMKEX2048}, {"ASYMKEX3072", KIT_RSA3072, FDO_ASYMKEX3072},
};

static int onboard_once(enum kit_kind device, const struct choice *c, int32_t cipher, uint8_t enc)
{
	struct kit k;
	int ok;
	kit_begin(&k, device, c->owner, c->kex, cipher, enc);
	ok = kit_all(&k) && kit_follow(&k, k.owner);
	if (!ok)
		snprintf(said, sizeof said, "%s device %d cipher %d enc %d: owner %d %s, rv %s, maker %s", c->name, device, cipher, enc, k.owner->last,
		         k.owner->last_where, k.rv->last_where, k.maker->last_where);
	kit_end(&k);
	return ok;
}

static void claims_of_choices(void)
{
	static const int32_t ciphers[] = {IMP_A_A128GCM, IMP_A_A256GCM, IMP_A_CCM64_128, IMP_A_CCM64_256};
	static const uint8_t encs[] = {FDO_ENC_X509, FDO_ENC_X5CHAIN, FDO_ENC_COSEKEY};
	char claim[96];
	for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
		int ok = 0, n = 0;
		said[0] = 0;
		for (int device = KIT_P256; device <= KIT_RSA3072; device++)
			for (size_t e = 0; e < 3; e++) {
				if (encs[e] == FDO_ENC_COSEKEY && choices[i].owner > KIT_P384)
					continue;
				n++;
				ok += onboard_once((enum kit_kind)device, &choices[i], ciphers[(size_t)n % 4], encs[e]);
			}
		for (size_t c = 0; c < 4; c++, n++)
			ok += onboard_once(choices[i].owner, &choices[i], ciphers[c], FDO_ENC_X509);
		snprintf(claim, sizeof claim, "%s: 4 device keys x encodings, 4 ciphers: %d of %d", choices[i].name, ok, n);
		t_check(claim, ok == n, said);
	}
}

int main(int argc, char **argv)
{
	int child;
	kit_crypto = &imp_openssl;
	child = world_thaw(argc, argv, kit_crypto);
	if (child >= 0)
		return child;
	claims_of_choices();
	return t_end();
}
