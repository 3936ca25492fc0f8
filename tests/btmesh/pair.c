/* pair.c -- device and provisioner against each other: both algorithms and every
 * way to authenticate, PDU by PDU and over PB-ADV. */
#include "bytes.h"
#include "cbor.h"
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
		{32, 16, "a0", "... and not for HMAC", 0}, {16, 0, "a0", "the provisioner does not have it: no OOB", 1}, {0, 16, "a0", "the device denies having it", 0},
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

/* --- what is known out of band --------------------------------------------------- */

#define PRIVATE "529aa0670d72cd6497502ed473502b037e8803b5c60829a5a3caa219505530ba"
#define PUBLIC "f465e43ff23d3f1b9dc7dfc04da8758184dbc966204796eccf0d6cf5e16500cc0201d048bcbbd899eeefc424164e33c201c2b010ca6b4d43a8a155cad8ecb279"

static void has_key(void)
{
	uint8_t flat[IMP_KEY_HEAD + 32];
	imp_key key = {IMP_C_P256, IMP_KEY_PRIVATE, 0, imp_bytes(0, 0)};
	imp_key_head(&key, flat);
	t_hex(PRIVATE, flat + IMP_KEY_HEAD, 32);
	fact_set(k.device, IMP_T_KEY, "btmesh.oob", 0, imp_bytes(flat, sizeof flat));
}

static void oob_key(void)
{
	static const char *const methods[][2] = {{"a0", "no OOB"}, {"a1666f7574707574820808", "output OOB"}, {"a165696e707574820604", "input OOB"}};
	uint8_t point[65];
	for (size_t i = 0; i < 3; i++)
		for (int known = 0; known < 3; known++) {
			static const char *const how[] = {"the provisioner does not know", "X and Y", "a point"};
			char text[100];
			mesh_begin(&k, crypto, below);
			mesh_device_is(&k, methods[i][0]);
			has_key();
			t_hex("04" PUBLIC, point, sizeof point);
			if (known)
				fact_set(k.provisioner, IMP_T_PEERKEY, "btmesh.oob/" MESH_UUID, 0, known == 1 ? imp_bytes(point + 1, 64) : imp_bytes(point, 65));
			snprintf(text, sizeof text, "OOB public key (%s), %s", how[known], methods[i][1]);
			claim(text, onboarded());
			mesh_end(&k);
		}
	mesh_begin(&k, crypto, below);
	has_key();
	memset(point, 0x11, sizeof point);
	fact_set(k.provisioner, IMP_T_PEERKEY, "btmesh.oob/" MESH_UUID, 0, imp_bytes(point, 64));
	claim("OOB public key that is another's, or none", !onboarded() && mesh_provisioned(&k) == 0 && k.p->code < 0);
	mesh_end(&k);
	mesh_begin(&k, crypto, below);
	fact_set(k.provisioner, IMP_T_PEERKEY, "btmesh.oob/" MESH_UUID, 0, t_hex(PUBLIC, point, sizeof point));
	claim("OOB public key that the device denies having", !onboarded() && mesh_provisioned(&k) == 0 && k.p->code == IMP_EAUTH);
	mesh_end(&k);
}

static void record(const char *id, const char *file)
{
	uint8_t b[1024];
	imp_span s = t_file(file, b, sizeof b);
	char name[40];
	snprintf(name, sizeof name, "btmesh.record/%s", id);
	fact_set(k.device, IMP_T_CONFIG, name, 0, s);
}

static void certificates(void)
{
	static const struct cert { const char *leaf, *above, *ca, *why; uint32_t max_chain; int wrong_cas; int good; } rows[] = {
		{"device", NULL, "ca", "a certificate under the CA", 1024, 0, 1},        {"device", NULL, "ca", "the third CA is the right one", 1024, 2, 1},
		{"under-mid", "mid", "ca", "a certificate, and one above it", 1024, 0, 1}, {"under-mid", NULL, "mid", "the one above is trusted itself", 1024, 0, 1},
		{"device", NULL, NULL, "no CA: policy is told that there is no chain", 1024, 0, 1}, {"device", NULL, "other", "another CA", 1024, 0, 0},
		{"under-mid", NULL, "ca", "the one above is missing", 1024, 0, 0},       {"named-otherwise", NULL, "ca", "another device's certificate", 1024, 0, 0},
		{"for-signing", NULL, "ca", "a key that is not for key agreement", 1024, 0, 0}, {"wide", NULL, "ca", "a P-384 key", 1024, 0, 0},
		{"stranger", NULL, "ca", "a certificate whose key the device does not have", 1024, 0, 0}, {"device", NULL, "ca", "more than there is room for", 300, 0, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct cert *r = &rows[i];
		uint8_t ca[1024];
		char file[64], text[120];
		int ok;
		mesh_begin(&k, crypto, below);
		k.w.unix_time = 2000000000; /* they are valid from 2026 on */
		k.provisioner->params.max_chain = r->max_chain;
		mesh_device_is(&k, r->above ? "a2677265636f7264738201" "02" "686f6f625f696e666f190180" : "a2677265636f726473820111" "686f6f625f696e666f190180");
		has_key();
		snprintf(file, sizeof file, "btmesh/%s.der", r->leaf);
		record("0001", file);
		fact_set(k.device, IMP_T_CONFIG, "btmesh.record/0011", 0, imp_bytes("lamp", 4));
		snprintf(file, sizeof file, "btmesh/%s.der", r->above ? r->above : "ca");
		if (r->above)
			record("0002", file);
		snprintf(file, sizeof file, "btmesh/%s.der", r->ca ? r->ca : "ca");
		if (r->ca)
			k.ca = t_file(file, ca, sizeof ca);
		k.wrong_cas = r->wrong_cas;
		k.beacon = 0x180;
		ok = onboarded();
		snprintf(text, sizeof text, "certificates: %s", r->why);
		claim(text, ok == r->good && mesh_provisioned(&k) == ok && (!ok || (imp_cbor_at(imp_bytes(k.claims, k.claims_len), IMP_T_CHAIN).len > 1) == (r->ca != NULL)));
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
			oob_key();
			certificates();
		}
	return t_end();
}
