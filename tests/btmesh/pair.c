/* pair.c -- device and provisioner against each other: both algorithms and every
 * way to authenticate, PDU by PDU and over PB-ADV. */
#include "crypto.h"
#include "mesh-kit.h"
#include "t.h"

static struct mesh k;
static const imp_crypto *crypto = &imp_openssl;
static const imp_layer *below;

static void claim(const char *what, int holds)
{
	char text[160], why[200];
	snprintf(text, sizeof text, "%s%s: %s", crypto->id, below ? " over PB-ADV" : "", what);
	snprintf(why, sizeof why, "device %d %u %s, provisioner %d %u %s", k.d ? k.d->code : 99, k.d ? k.d->topic : 0, k.d ? imp_session_where(k.d->s) : "",
	         k.p ? k.p->code : 99, k.p ? k.p->topic : 0, k.p ? imp_session_where(k.p->s) : "");
	t_check(text, holds, holds ? "" : why);
}

static int onboarded(void)
{
	return mesh_run(&k) == IMP_OK && k.d->done == 1 && k.d->code == IMP_OK && mesh_provisioned(&k) == 1;
}

static void no_oob(void)
{
	static const char *const algs[][2] = {{"a16a616c676f726974686d7301", "CMAC"}, {"a16a616c676f726974686d7302", "HMAC"}, {"a0", "both can both"}};
	for (size_t i = 0; i < 3; i++) {
		char text[80];
		int ok;
		mesh_begin(&k, crypto, below);
		mesh_device_is(&k, algs[i][0]);
		ok = onboarded() && mesh_address(&k) == 2;
		snprintf(text, sizeof text, "no OOB, %s; session %zu and %zu B", algs[i][1], k.device->largest, k.provisioner->largest);
		claim(text, ok);
		mesh_end(&k);
	}
}

int main(void)
{
	static const imp_crypto *const providers[] = {&imp_openssl, &imp_bearssl};
	for (size_t i = 0; i < 2; i++)
		for (int adv = 0; adv < 2; adv++) {
			crypto = providers[i];
			below = adv ? &imp_pbadv : NULL;
			no_oob();
		}
	return t_end();
}
