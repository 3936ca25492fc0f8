/* sample.c -- every value of the specification's sample data that we hold, and
 * the PDU readers' bad inputs. */
#include "beacon.h"
#include "bytes.h"
#include "crypto.h"
#include "pbadv.h"
#include "t.h"
#include "toolbox.h"
#include "wire.h"

#include <stdlib.h>

enum { FIELDS = 6, LONGEST = 600 };

static const imp_crypto *crypto;

/* One row: its name and values. */
struct row {
	char     name[48];
	uint8_t  bytes[FIELDS][LONGEST];
	imp_span v[FIELDS];
	unsigned n;
};

static struct row rows[100];
static unsigned count;

static void load(void)
{
	static uint8_t text[20000];
	imp_span s = t_file("btmesh/sample.txt", text, sizeof text - 1);
	text[s.len] = 0;
	for (char *line = strtok((char *)text, "\n"), *word, *rest; line; line = strtok(NULL, "\n")) {
		struct row *r = &rows[count];
		if (*line == '#')
			continue;
		word = strchr(line, ' ');
		snprintf(r->name, sizeof r->name, "%.*s", (int)(word - line), line);
		for (rest = word; rest && r->n < FIELDS; rest = strchr(rest + 1, ' '))
			r->n++;
		for (unsigned i = 0; i < r->n; i++) {
			char *end = strchr(word + 1, ' ');
			if (end)
				*end = 0;
			r->v[i] = t_hex(word + 1, r->bytes[i], LONGEST);
			word = end;
		}
		count++;
	}
}

static imp_span get(const char *prefix, const char *name)
{
	char full[64];
	snprintf(full, sizeof full, "%s%s", prefix, name);
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(rows[i].name, full))
			return rows[i].v[0];
	fprintf(stderr, "no row %s\n", full);
	abort();
}

static int is(imp_span want, const void *got)
{
	return !memcmp(want.ptr, got, want.len);
}

static void claim(const char *what, const char *name, int holds)
{
	char text[100];
	snprintf(text, sizeof text, "%s: %s%s", crypto->id, name, what);
	t_check(text, holds, "");
}

/* --- the toolbox ------------------------------------------------------------ */

static int toolbox_row(const struct row *r)
{
	uint8_t out[33];
	if (!strcmp(r->name, "s1"))
		return !btmesh_s1(crypto, r->v, 1, out) && is(r->v[1], out);
	if (!strcmp(r->name, "k1")) {
		char p[32] = {0};
		memcpy(p, r->v[2].ptr, r->v[2].len);
		return !btmesh_k1(crypto, r->v[0], r->v[1].ptr, p, out) && is(r->v[3], out);
	}
	if (!strcmp(r->name, "k2"))
		return !btmesh_k2(crypto, r->v[0], r->v[1], out) && is(r->v[2], out) && is(r->v[3], out + 1) && is(r->v[4], out + 17);
	if (!strcmp(r->name, "k3"))
		return !btmesh_k3(crypto, r->v[0], out) && is(r->v[1], out);
	if (!strcmp(r->name, "k4"))
		return !btmesh_k4(crypto, r->v[0], out) && is(r->v[1], out);
	return -1;
}

static void toolbox(void)
{
	static const char *const derived[][2] = {{"nkik", "identity_key"}, {"nkbk", "beacon_key"}, {"nkpk", "private_beacon_key"}};
	imp_span netkey = get("net.", "netkey");
	uint8_t out[33];
	for (unsigned i = 0; i < count; i++) {
		int holds = toolbox_row(&rows[i]);
		if (holds >= 0)
			claim("", rows[i].name, holds);
	}
	for (size_t i = 0; i < 3; i++)
		claim(" of the network key", derived[i][1], !btmesh_netkey(crypto, netkey, derived[i][0], out) && is(get("net.", derived[i][1]), out));
	claim("", "network id", !btmesh_k3(crypto, netkey, out) && is(get("net.", "network_id"), out));
	claim("", "NID", !btmesh_k2(crypto, netkey, imp_bytes("", 1), out) && is(get("net.", "nid"), out));
}

/* --- provisioning ----------------------------------------------------------- */

static void provisioning(const char *prefix, unsigned alg)
{
	imp_span inputs[5] = {get(prefix, "invite"), get(prefix, "capabilities"), get(prefix, "start"), get("", "provisioner_public"), get("", "device_public")};
	imp_span all = get(prefix, "confirmation_inputs"), rp = get(prefix, "random_provisioner"), rd = get(prefix, "random_device");
	imp_key priv[2] = {{IMP_C_P256, IMP_KEY_PRIVATE, 0, get("", "provisioner_private")}, {IMP_C_P256, IMP_KEY_PRIVATE, 0, get("", "device_private")}};
	uint8_t point[65] = {4}, out[64], sealed[40];
	size_t len, at = 0;
	btmesh_shared s = {{0}, {0}, {0}};
	btmesh_session k;
	imp_key key = {IMP_A_CCM8_128, IMP_KEY_PRIVATE, 0, imp_bytes(k.key, 16)};
	int ok = 1;
	for (int i = 0; i < 5; at += inputs[i++].len)
		ok &= !memcmp(all.ptr + at, inputs[i].ptr, inputs[i].len);
	claim("confirmation inputs", prefix, ok && at == all.len);
	for (int i = 0; i < 2; i++) {
		memcpy(point + 1, inputs[4 - i].ptr, 64);
		len = 32;
		claim(i ? "ECDH, device" : "ECDH, provisioner", prefix, !crypto->dh(crypto, &priv[i], imp_bytes(point, 65), s.ecdh, &len) && is(get(prefix, "ecdh_secret"), s.ecdh));
	}
	memcpy(s.auth, get(prefix, "auth_value").ptr, get(prefix, "auth_value").len);
	claim("confirmation salt", prefix, !btmesh_salt(crypto, alg, inputs, s.salt) && is(get(prefix, "confirmation_salt"), s.salt));
	claim("provisioner's confirmation", prefix, !btmesh_confirmation(crypto, alg, &s, rp.ptr, out) && is(get(prefix, "confirmation_provisioner"), out));
	claim("device's confirmation", prefix, !btmesh_confirmation(crypto, alg, &s, rd.ptr, out) && is(get(prefix, "confirmation_device"), out));
	claim("session keys", prefix, !btmesh_session_keys(crypto, alg, &s, rp.ptr, rd.ptr, &k) && is(get(prefix, "session_key"), k.key) && is(get(prefix, "session_nonce"), k.nonce));
	claim("device key", prefix, is(get(prefix, "device_key"), k.device));
	len = sizeof sealed;
	ok = !crypto->seal(crypto, IMP_A_CCM8_128, &key, imp_bytes(k.nonce, 13), NULL, 0, get(prefix, "provisioning_data"), sealed, &len);
	claim("provisioning data, sealed", prefix, ok && len == 33 && is(get(prefix, "enc_provisioning_data_and_mic"), sealed));
}

/* --- frames and beacons --------------------------------------------------------- */

static void fcs(void)
{
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(rows[i].name, "fcs")) {
			char name[40];
			snprintf(name, sizeof name, "check sequence of PDU type %u", rows[i].v[0].ptr[0]);
			claim("", name, imp_pbadv_fcs(rows[i].v[0]) == rows[i].v[1].ptr[0]);
		}
}

/* The beacons' rows carry the private beacon key of their network. */
static imp_status open_with(const struct row *r, uint8_t *flags, uint32_t *iv)
{
	imp_span netkey = get("net.", "netkey"), ad = r->v[0];
	uint8_t whole[64] = {BTMESH_AD_BEACON}, plain[5];
	size_t len = sizeof plain;
	imp_key k = {IMP_A_CCM8_128, IMP_KEY_PRIVATE, 0, r->v[1]};
	memcpy(whole + 1, ad.ptr, ad.len);
	if (is(get("net.", "private_beacon_key"), r->v[1].ptr))
		return btmesh_open_beacon(crypto, imp_bytes(whole, ad.len + 1), netkey, flags, iv);
	if (btmesh_open_beacon(crypto, imp_bytes(whole, ad.len + 1), netkey, flags, iv) != IMP_EAUTH)
		return IMP_EPROTO; /* another network's */
	*flags = 0xff;
	if (crypto->open(crypto, IMP_A_CCM8_128, &k, imp_bytes(ad.ptr + 1, 13), NULL, 0, imp_bytes(ad.ptr + 14, 13), plain, &len))
		return IMP_EAUTH;
	*flags = plain[0];
	*iv = (uint32_t)plain[1] << 24 | (uint32_t)plain[2] << 16 | (uint32_t)plain[3] << 8 | plain[4];
	return IMP_OK;
}

static void private_beacons(void)
{
	for (unsigned i = 0; i < count; i++) {
		const struct row *r = &rows[i];
		uint8_t flags = 0;
		uint32_t iv = 0, want;
		if (strcmp(r->name, "beacon"))
			continue;
		want = (uint32_t)r->v[4].ptr[0] << 24 | (uint32_t)r->v[4].ptr[1] << 16 | (uint32_t)r->v[4].ptr[2] << 8 | r->v[4].ptr[3];
		claim("", "private beacon", !open_with(r, &flags, &iv) && iv == want && flags == (r->v[2].ptr[0] << 1 | r->v[3].ptr[0]));
	}
}

/* Sample data 8.4.3 is not among what we hold: ours, made and opened. */
static void secure_beacon(void)
{
	imp_span netkey = get("net.", "netkey");
	uint8_t ad[23] = {BTMESH_AD_BEACON, 1, BTMESH_IV_UPDATE}, key[16], flags = 0;
	imp_key k = {IMP_A_CMAC, IMP_KEY_PRIVATE, 0, imp_bytes(key, 16)};
	imp_span body = imp_bytes(ad + 2, 13);
	uint32_t iv = 0;
	int ok;
	memcpy(ad + 3, get("net.", "network_id").ptr, 8);
	ad[14] = 7;
	btmesh_netkey(crypto, netkey, "nkbk", key);
	crypto->mac(crypto, IMP_A_CMAC, &k, &body, 1, ad + 15, 8);
	ok = !btmesh_open_beacon(crypto, imp_bytes(ad, sizeof ad), netkey, &flags, &iv) && flags == BTMESH_IV_UPDATE && iv == 7;
	claim(" opens", "secure network beacon", ok);
	ok = 1;
	for (unsigned bit = 16; bit < 8 * sizeof ad; bit++) {
		ad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ok &= btmesh_open_beacon(crypto, imp_bytes(ad, sizeof ad), netkey, &flags, &iv) == IMP_EAUTH;
		ad[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	claim(" with any bit changed is refused", "secure network beacon", ok);
	claim(" that is cut is malformed", "secure network beacon", btmesh_open_beacon(crypto, imp_bytes(ad, sizeof ad - 1), netkey, &flags, &iv) == IMP_EBADMSG);
}

static void unprovisioned(void)
{
	static const struct { const char *hex; int good; const char *why; } beacons[] = {
		{"2b0000112233445566778899aabbccddeeff8020", 1, "as bluetooth-meshd sends it"},
		{"2b0000112233445566778899aabbccddeeff8022d97478b3", 1, "with a URI hash"},
		{"2b0100112233445566778899aabbccddeeff8020", 0, "another beacon type"},
		{"290000112233445566778899aabbccddeeff8020", 0, "another AD type"},
		{"2b0000112233445566778899aabbccddeeff80", 0, "cut"},
		{"2b0000112233445566778899aabbccddeeff8022d97478", 0, "a hash that is cut"},
		{"2b0000112233445566778899aabbccddeeff8022d97478b300", 0, "something behind it"},
		{"2b00", 0, "nothing in it"},
		{"", 0, "nothing at all"},
	};
	for (size_t i = 0; i < sizeof beacons / sizeof *beacons; i++) {
		uint8_t ad[40], again[40];
		imp_span s = t_hex(beacons[i].hex, ad, sizeof ad);
		imp_wr w = imp_wr_to(again, sizeof again);
		btmesh_beacon b;
		int read = !btmesh_read_beacon(s, &b);
		char text[80];
		if (read)
			btmesh_put_beacon(&w, &b);
		snprintf(text, sizeof text, "unprovisioned device beacon: %s", beacons[i].why);
		t_check(text, read == beacons[i].good && (!read || imp_same(imp_wr_span(&w), s)), "");
	}
}

/* --- bad PDUs ------------------------------------------------------------------- */

static const struct bad {
	const char *hex, *why;
	unsigned alg;
	enum btmesh_failed want;
} pdus[] = {
	{"", "nothing", BTMESH_ALGS, BTMESH_F_PDU},
	{"0e", "a type of the future", BTMESH_ALGS, BTMESH_F_PDU},
	{"ff00", "no type at all", BTMESH_ALGS, BTMESH_F_PDU},
	{"40", "padding bits of the type are set", BTMESH_ALGS, BTMESH_F_PDU},
	{"00", "Invite without attention", BTMESH_ALGS, BTMESH_F_FORMAT},
	{"000000", "Invite with more", BTMESH_ALGS, BTMESH_F_FORMAT},
	{"0000", "Invite", BTMESH_ALGS, BTMESH_F_NONE},
	{"0201000000", "Start that is cut", BTMESH_ALGS, BTMESH_F_FORMAT},
	{"0400", "Input Complete with more", BTMESH_ALGS, BTMESH_F_FORMAT},
	{"0600000000000000000000000000000000", "Random of 16 bytes", BTMESH_CMAC, BTMESH_F_NONE},
	{"0600000000000000000000000000000000", "Random of 16 bytes, HMAC agreed", BTMESH_HMAC, BTMESH_F_FORMAT},
	{"0900", "Failed", BTMESH_ALGS, BTMESH_F_NONE},
	{"09", "Failed without its code", BTMESH_ALGS, BTMESH_F_FORMAT},
	{"0a000100000000ff", "Record Request that is too long", BTMESH_ALGS, BTMESH_F_FORMAT},
	{"0c00", "Records Get with more", BTMESH_ALGS, BTMESH_F_FORMAT},
};

static void bad_pdus(void)
{
	for (size_t i = 0; i < sizeof pdus / sizeof *pdus; i++) {
		uint8_t b[64];
		char text[80];
		snprintf(text, sizeof text, "PDU: %s: code %d", pdus[i].why, pdus[i].want);
		t_check(text, btmesh_pdu_check(t_hex(pdus[i].hex, b, sizeof b), pdus[i].alg) == pdus[i].want, "");
	}
}

/* Capabilities of a device that can do everything, and what may be chosen of them. */
static const struct {
	const char *start, *why;
	int good;
} starts[] = {
	{"0000000000", "no OOB", 1},          {"0100010000", "HMAC, static", 1},      {"0001020308", "OOB key, number of 8 digits shown", 1},
	{"0000020401", "a letter shown", 1},  {"0000030002", "99 pushes at most", 1}, {"0000030308", "text typed", 1},
	{"0200000000", "an algorithm of the future", 0}, {"0002000000", "a kind of public key of the future", 0}, {"0000040000", "a method of the future", 0},
	{"0000000100", "no OOB with an action", 0}, {"0000010001", "static OOB with a size", 0}, {"0000020300", "a number of no digits", 0},
	{"0000020309", "nine digits", 0},     {"0000020501", "an output action of the future", 0}, {"0000030401", "an input action of the future", 0},
	{"0000021001", "action 16", 0},
};

static void choices(void)
{
	btmesh_caps all = {1, 3, BTMESH_KEY_OOB, BTMESH_OOB_STATIC, 8, 0xffff, 8, 0xffff}, none = {1, 1, 0, BTMESH_OOB_ONLY, 0, 0, 0, 0};
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		uint8_t b[8];
		btmesh_start s;
		int good = !btmesh_read_start(t_hex(starts[i].start, b, sizeof b), &s) && btmesh_start_fits(&all, &s);
		char text[80];
		snprintf(text, sizeof text, "Start: %s: %s", starts[i].why, starts[i].good ? "may be" : "may not be");
		t_check(text, good == starts[i].good, "");
		if (good)
			t_check("... and not by a device that can do nothing", !btmesh_start_fits(&none, &s), "");
	}
}

static const struct {
	const char *hex, *why;
	unsigned elements;
	enum btmesh_failed want;
} datas[] = {
	{"efb2255e6422d330088e09bb015ed707056700010203040b0c", "the sample's", 1, BTMESH_F_NONE},
	{"efb2255e6422d330088e09bb015ed707100000010203040b0c", "key index 0x1000", 1, BTMESH_F_DATA},
	{"efb2255e6422d330088e09bb015ed707056704010203040b0c", "a flag of the future", 1, BTMESH_F_DATA},
	{"efb2255e6422d330088e09bb015ed7070567000102030400" "00", "address 0", 1, BTMESH_F_DATA},
	{"efb2255e6422d330088e09bb015ed7070567000102030480" "00", "a virtual address", 1, BTMESH_F_DATA},
	{"efb2255e6422d330088e09bb015ed707056700010203047f" "ff", "the last address", 1, BTMESH_F_NONE},
	{"efb2255e6422d330088e09bb015ed707056700010203047f" "ff", "the last address for two elements", 2, BTMESH_F_ADDRESSES},
	{"efb2255e6422d330088e09bb015ed707056700010203040b", "cut", 1, BTMESH_F_FORMAT},
};

static void bad_data(void)
{
	for (size_t i = 0; i < sizeof datas / sizeof *datas; i++) {
		uint8_t b[32];
		char text[80];
		btmesh_data d;
		snprintf(text, sizeof text, "provisioning data: %s: code %d", datas[i].why, datas[i].want);
		t_check(text, btmesh_read_data(t_hex(datas[i].hex, b, sizeof b), datas[i].elements, &d) == datas[i].want, "");
	}
}

int main(void)
{
	static const imp_crypto *const providers[] = {&imp_openssl, &imp_bearssl, &imp_bearssl_ec};
	load();
	for (size_t i = 0; i < 3; i++) {
		crypto = providers[i];
		toolbox();
		provisioning("cmac.", BTMESH_CMAC);
		provisioning("hmac.", BTMESH_HMAC);
		private_beacons();
		secure_beacon();
	}
	fcs();
	unprovisioned();
	bad_pdus();
	choices();
	bad_data();
	return t_end();
}
