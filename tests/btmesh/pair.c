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

/* --- people ------------------------------------------------------------------- */

/* CONFIG of a device: {"output" or "input": [size, 1 << action]}. */
static const struct person {
	const char *name, *config;
	int medium;
} people[] = {
	{"output: blink 9 times at most", "a1666f7574707574820101", IMP_M_BLINK},
	{"output: beep", "a1666f75747075748202" "02", IMP_M_BEEP},
	{"output: vibrate", "a1666f7574707574820104", IMP_M_VIBRATE},
	{"output: a number of 8 digits", "a1666f7574707574820808", IMP_M_PIN},
	{"output: a text of 8 characters", "a1666f7574707574820810", IMP_M_TEXT},
	{"input: push", "a165696e707574820101", IMP_M_BUTTON},
	{"input: twist", "a165696e707574820202", IMP_M_BUTTON},
	{"input: a number of 6 digits", "a165696e707574820604", IMP_M_PIN},
	{"input: a text of 4 characters", "a165696e707574820408", IMP_M_TEXT},
};

static void with_people(void)
{
	for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
		const struct person *h = &people[i];
		int ok;
		mesh_begin(&k, crypto, below);
		mesh_device_is(&k, h->config);
		ok = onboarded();
		claim(h->name, ok && k.shows == 1 && k.hides == 1 && k.reads == 1 && k.medium == h->medium && !fact_get(k.device, IMP_T_COUNTER, "btmesh.net", 0));
		mesh_end(&k);
	}
}

/* What nobody showed, typed once: a typing error is asked for again, a wrong
 * value is the end. */
static void with_clumsy_people(void)
{
	static const struct { const char *typed, *why; int typos, ends; } typed[] = {
		{"12a4", "letters in a number, typed once: asked again", 1, 1}, {"", "nothing, typed twice: asked again", 2, 1},
		{"123456789", "too many digits, three times: the end", 3, 0},
	};
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
		for (int input = 0; input < 2; input++) {
			char text[100];
			int ok;
			mesh_begin(&k, crypto, below);
			mesh_device_is(&k, input ? people[7].config : people[3].config);
			k.typed = typed[i].typed;
			k.typos = typed[i].typos;
			if (!*typed[i].typed)
				k.typed = "-";
			ok = onboarded();
			snprintf(text, sizeof text, "%s: %s", input ? "input" : "output", typed[i].why);
			claim(text, ok == typed[i].ends && (ok || (mesh_provisioned(&k) == 0 && k.d->code < 0 && k.p->code < 0)) && k.reads == typed[i].typos + typed[i].ends);
			mesh_end(&k);
		}
}

static void static_oob(void)
{
	static const uint8_t secret[32] = "thirty-two bytes upon the label.";
	static const struct { size_t device, provisioner; const char *alg, *why; int good; } rows[] = {
		{32, 32, "a0", "32 bytes, HMAC", 1}, {32, 32, "a16a616c676f726974686d7301", "32 bytes, CMAC", 1}, {16, 16, "a0", "16 bytes, HMAC", 1},
		{16, 16, "a16a616c676f726974686d7301", "16 bytes, CMAC", 1}, {32, 16, "a16a616c676f726974686d7301", "the first 16 are enough for CMAC", 1},
		{32, 16, "a0", "... and not for HMAC", 0}, {16, 0, "a0", "the provisioner does not have it: no OOB", 1}, {0, 16, "a0", "the device does not have it: no OOB", 1},
		{16, 0, "a1686f6e6c795f6f6f62f5", "... but not with a device that wants OOB", 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[100];
		int ok;
		mesh_begin(&k, crypto, below);
		mesh_device_is(&k, rows[i].alg);
		mesh_static(&k, imp_bytes(secret, rows[i].device), imp_bytes(secret, rows[i].provisioner));
		ok = onboarded();
		snprintf(text, sizeof text, "static OOB, %s", rows[i].why);
		claim(text, ok == rows[i].good && mesh_provisioned(&k) == ok);
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
			with_people();
			with_clumsy_people();
			static_oob();
		}
	return t_end();
}
