/* dpp-hostile.c -- bad input, a row each: URIs, attributes, frames of authentication,
 * Connectors, JSON; and sessions that are told them. */
#include "auth.h"
#include "bootstrap.h"
#include "bytes.h"
#include "cbor.h"
#include "config.h"
#include "crypto.h"
#include "dpp-kit.h"
#include "jose.h"
#include "t.h"

#include <stdlib.h>

#define NONE imp_bytes(NULL, 0)

enum { LONG = 900000 };

static char said[256];

static imp_span text(const char *s)
{
	return imp_bytes(s, strlen(s));
}

/* --- URIs --------------------------------------------------------------------------- */

#define KEY "K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACCcWFqRtN+f0loEUgGIXDnMXPrjl92u2pV97Ff6DjUD8=;"

static const struct {
	const char *uri, *why;
	imp_status parse, key;
} uris[] = {
	{"DPP:V:3;" KEY ";", "as it should be", IMP_OK, IMP_OK},
	{"DPP:" KEY "X:anything;C:81/1,115/36;M:a1B2c3D4e5F6;I:hi;H:10.0.0.1:8908;B:3f;V:2;;", "fields in another order, and one that is not known", IMP_OK, IMP_OK},
	{"", "nothing", IMP_EBADMSG, 0},
	{"DPP:;", "nothing in it", IMP_EBADMSG, 0},
	{"DPP:;;", "an empty field", IMP_EBADMSG, 0},
	{"dpp:" KEY ";", "the scheme in lower case", IMP_EBADMSG, 0},
	{"DPP:V:3;" KEY, "no end", IMP_EBADMSG, 0},
	{"DPP:V:3;;", "no key", IMP_EBADMSG, 0},
	{"DPP:K:;;", "an empty key", IMP_EBADMSG, 0},
	{"DPP:" KEY KEY ";", "two keys", IMP_EBADMSG, 0},
	{"DPP:I:a;I:b;" KEY ";", "a field twice", IMP_EBADMSG, 0},
	{"DPP:I:a\nb;" KEY ";", "a control byte", IMP_EBADMSG, 0},
	{"DPP:I:caf\xc3\xa9;" KEY ";", "more than ASCII", IMP_EBADMSG, 0},
	{"DPP:M:aabbccddeef;" KEY ";", "a MAC address of 11 digits", IMP_EBADMSG, 0},
	{"DPP:M:aabbccddeefg;" KEY ";", "a MAC address with a g", IMP_EBADMSG, 0},
	{"DPP:C:81;" KEY ";", "an operating class without channel", IMP_EBADMSG, 0},
	{"DPP:C:81/1,;" KEY ";", "a list that goes on, to nowhere", IMP_OK, IMP_OK},
	{"DPP:C:81/1,,81/6;" KEY ";", "an empty place in a list", IMP_EBADMSG, 0},
	{"DPP:C:256/1;" KEY ";", "a class above 255", IMP_EBADMSG, 0},
	{"DPP:V:0;" KEY ";", "version 0", IMP_EBADMSG, 0},
	{"DPP:V:3;V:3;" KEY ";", "the version twice", IMP_EBADMSG, 0},
	{"DPP:B:100;" KEY ";", "a bitmap of more than a byte", IMP_EBADMSG, 0},
	{"DPP:K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACCcWFqRtN-f0loEUgGIXDnMXPrjl92u2pV97Ff6DjUD8=;;", "base64url", IMP_OK, IMP_EBADMSG},
	{"DPP:K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACCcWFqRtN+f0loEUgGIXDnMXPrjl92u2pV97Ff6Dj;;", "a key cut short", IMP_OK, IMP_EBADMSG},
	{"DPP:K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgAC//////////////////////////////////////////8=;;", "an x beyond the field", IMP_OK, IMP_EBADMSG},
	{"DPP:K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=;;", "an x that no point has", IMP_OK, IMP_EBADMSG},
	{"DPP:K:MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=;;", "an Ed25519 key", IMP_OK, IMP_EUNSUP},
	{"DPP:K:AAAA;;", "no DER", IMP_OK, IMP_EBADMSG},
};

static void claims_of_uris(void)
{
	char claim[160];
	for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
		const dpp_curve *v;
		uint8_t point[DPP_POINT];
		dpp_uri u;
		imp_status st = dpp_uri_read(text(uris[i].uri), &u), key = st ? 0 : dpp_uri_key(&imp_openssl, &u, &v, point);
		snprintf(claim, sizeof claim, "URI: %s", uris[i].why);
		snprintf(said, sizeof said, "%d, %d", (int)st, (int)key);
		t_check(claim, st == uris[i].parse && key == uris[i].key, said);
	}
}

/* --- attributes ----------------------------------------------------------------------- */

static const struct {
	const char *hex, *why;
	imp_status want;
} frames[] = {
	{"09506f9a1a0100", "a head alone", IMP_OK},
	{"09506f9a1a0100 0010 0100 00", "one attribute", IMP_OK},
	{"09506f9a1a0100 0c10 0000 0c10 0000", "Config Object twice", IMP_OK},
	{"09506f9a1a0100 0010 0100 00 0010 0100 00", "Status twice", IMP_EBADMSG},
	{"09506f9a1a01", "no type", IMP_EBADMSG},
	{"", "nothing", IMP_EBADMSG},
	{"04506f9a1a0100", "another action", IMP_EBADMSG},
	{"09506f9b1a0100", "another OUI", IMP_EBADMSG},
	{"09506f9a1b0100", "another OUI type", IMP_EBADMSG},
	{"09506f9a1a0200", "another crypto suite", IMP_EBADMSG},
	{"09506f9a1a0100 00", "a byte of an attribute", IMP_EBADMSG},
	{"09506f9a1a0100 0010 01", "half a length", IMP_EBADMSG},
	{"09506f9a1a0100 0010 0100", "no value", IMP_EBADMSG},
	{"09506f9a1a0100 0010 0200 00", "a value too short", IMP_EBADMSG},
	{"09506f9a1a0100 0010 ffff 00", "a length beyond the frame", IMP_EBADMSG},
	{"09506f9a1a0100 0410 0100 00 0010 0100 00", "an attribute after Wrapped Data", IMP_EBADMSG},
	{"09506f9a1a0100 0410 0100 00 0410 0100 00", "Wrapped Data twice", IMP_EBADMSG},
	{"09506f9a1a0100 0410 0100 00 ff", "a byte after Wrapped Data", IMP_EBADMSG},
};

static void claims_of_frames(void)
{
	char claim[160];
	for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
		uint8_t b[64];
		dpp_frame f;
		imp_status st = dpp_frame_read(t_hex(frames[i].hex, b, sizeof b), &f);
		snprintf(claim, sizeof claim, "frame: %s", frames[i].why);
		snprintf(said, sizeof said, "%d", (int)st);
		t_check(claim, st == frames[i].want, said);
	}
}

/* --- authentication --------------------------------------------------------------------- */

static struct dpp_auth I, R;
static uint8_t frame[512], room[8192];
static size_t frame_len;

static int pair(int32_t curve)
{
	const dpp_curve *v = dpp_curve_of(curve);
	memset(&I, 0, sizeof I);
	memset(&R, 0, sizeof R);
	I.curve = R.curve = (uint8_t)(v - dpp_curve_at(0));
	I.caps = DPP_CAP_ENROLLEE;
	R.caps = DPP_CAP_CONFIGURATOR;
	return !dpp_auth_own(&I, &imp_openssl, NULL) && !dpp_auth_own(&R, &imp_openssl, NULL) && !dpp_auth_peer(&I, &imp_openssl, v, R.own_B);
}

static int wrote(imp_status st, const imp_wr *w)
{
	frame_len = w->len;
	return !st;
}

static int request(void)
{
	imp_wr w = imp_wr_to(frame, sizeof frame);
	return wrote(dpp_auth_request(&I, &imp_openssl, &w, 81 << 8 | 6), &w);
}

static int response(void)
{
	imp_wr w = imp_wr_to(frame, sizeof frame);
	return wrote(dpp_auth_response(&R, &imp_openssl, &w), &w);
}

static int confirm(void)
{
	imp_wr w = imp_wr_to(frame, sizeof frame);
	return wrote(dpp_auth_confirm(&I, &imp_openssl, &w, DPP_OK), &w);
}

static imp_status reads(int step, int *status)
{
	dpp_frame f;
	imp_status st = dpp_frame_read(imp_bytes(frame, frame_len), &f);
	*status = 0;
	if (st)
		return st;
	return step == 0 ? dpp_auth_read_request(&R, &imp_openssl, &f, room) : step == 1 ? dpp_auth_read_response(&I, &imp_openssl, &f, room, status) : dpp_auth_read_confirm(&R, &imp_openssl, &f, room, status);
}

/* Both up to the frame of this step, which lies in `frame`. */
static int reach(int step)
{
	int status;
	return pair(IMP_C_P256) && request() && (step < 1 || (!reads(0, &status) && response())) && (step < 2 || (!reads(1, &status) && confirm()));
}

/* Where an attribute's value begins; 0: it is not there. */
static size_t find(uint16_t id)
{
	dpp_frame f;
	imp_span v;
	if (dpp_frame_read(imp_bytes(frame, frame_len), &f))
		return 0;
	v = dpp_attr(&f.attrs, id);
	return v.ptr ? (size_t)(v.ptr - frame) : 0;
}

static void claims_of_flips(void)
{
	static const char *const names[] = {"request", "response", "confirmation"};
	char claim[128];
	for (int step = 0; step < 3; step++) {
		int bad = 0, n = 0, status;
		struct dpp_auth before[2];
		if (!reach(step))
			continue;
		before[0] = I;
		before[1] = R;
		for (size_t bit = 0; bit < 8 * frame_len; bit++) {
			imp_status st;
			frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
			st = reads(step, &status);
			bad += st == IMP_OK || (st != IMP_PASS && st != IMP_EBADMSG) || memcmp(&I, &before[0], sizeof I) || memcmp(&R, &before[1], sizeof R);
			frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
			n++;
		}
		snprintf(claim, sizeof claim, "%s: with any one bit changed it is ignored, and leaves no trace", names[step]);
		snprintf(said, sizeof said, "%d of %d were not", bad, n);
		t_check(claim, n > 800 && !bad, said);
		bad = 0;
		for (size_t len = 0; len < frame_len; len++) {
			size_t whole = frame_len;
			imp_status st;
			frame_len = len;
			st = reads(step, &status);
			frame_len = whole;
			bad += st != IMP_PASS && st != IMP_EBADMSG;
		}
		snprintf(claim, sizeof claim, "%s: cut short anywhere too", names[step]);
		t_check(claim, !bad && reads(step, &status) == IMP_OK, "");
	}
}

static void claims_of_keys(void)
{
	int status;
	size_t at;
	struct dpp_auth stranger;
	t_check("request: for another's key hash it is ignored", reach(0) && (at = find(DPP_R_HASH)) && (frame[at] ^= 1, reads(0, &status) == IMP_PASS), "");
	t_check("request: a protocol key off its curve", reach(0) && (at = find(DPP_I_KEY)) && (frame[at + 63] ^= 1, reads(0, &status) == IMP_PASS), "");
	t_check("request: a protocol key of zeros", reach(0) && (at = find(DPP_I_KEY)) && (memset(frame + at, 0, 64), reads(0, &status) == IMP_PASS), "");
	stranger = (reach(0), R);
	t_check("request: to a responder on another curve it is ignored", pair(IMP_C_P384) && request() && (R = stranger, reads(0, &status) == IMP_PASS), "");
	t_check("response: to another request it is ignored", reach(1) && (I.i_nonce[0] ^= 1, reads(1, &status) == IMP_PASS), "");
	t_check("response: with the keys of another exchange: AUTH_FAILURE", reach(1) && (I.own_P[1] ^= 1, reads(1, &status) == IMP_EAUTH) && status == DPP_AUTH_FAILURE, "");
	t_check("response: of one who wants our role too: NOT_COMPATIBLE", reach(0) && !reads(0, &status) && (R.caps = DPP_CAP_ENROLLEE, response()) && reads(1, &status) == IMP_EPROTO && status == DPP_NOT_COMPATIBLE, "");
	t_check("response: of one who takes both roles: NOT_COMPATIBLE", reach(0) && !reads(0, &status) && (R.caps = 3, response()) && reads(1, &status) == IMP_EPROTO && status == DPP_NOT_COMPATIBLE, "");
	t_check("confirmation: of another exchange it is ignored", reach(2) && (R.r_nonce[0] ^= 1, reads(2, &status) == IMP_PASS), "");
	t_check("confirmation: one-way, but with the initiator's hash", reach(1) && (I.mutual = 0, !reads(1, &status)) && (I.mutual = 1, confirm()) && reads(2, &status) == IMP_PASS, "");
}

/* --- Connectors and JSON ------------------------------------------------------------------- */

static uint8_t csign_priv[DPP_PRIME], csign_pub[DPP_POINT];
static imp_key csign;

/* Sign these, with @ for the kid and & for a netAccessKey. */
static imp_span connector(const char *header, const char *payload, uint8_t *to, size_t cap)
{
	uint8_t h[512], p[1024], kid[32], id[64];
	imp_wr w = imp_wr_to(to, cap), hw = imp_wr_to(h, sizeof h), pw = imp_wr_to(p, sizeof p), iw = imp_wr_to(id, sizeof id);
	imp_key priv = {IMP_C_P256, IMP_KEY_PRIVATE, 0, {csign_priv, 32}};
	dpp_kid(&imp_openssl, dpp_curve_of(IMP_C_P256), csign_pub, kid);
	imp_b64_put(&iw, imp_bytes(kid, 32), IMP_B64URL);
	for (; *header; header++)
		if (*header == '@')
			imp_wr_bytes(&hw, imp_wr_span(&iw));
		else
			imp_wr_u8(&hw, (uint8_t)*header);
	for (; *payload; payload++)
		if (*payload == '&')
			imp_jwk_put(&pw, &csign, NONE);
		else
			imp_wr_u8(&pw, (uint8_t)*payload);
	imp_jws_sign(&imp_openssl, &w, &priv, imp_wr_span(&hw), imp_wr_span(&pw));
	return imp_wr_span(&w);
}

#define HEAD "{\"typ\":\"dppCon\",\"kid\":\"@\",\"alg\":\"ES256\"}"
#define GROUPS "\"groups\":[{\"groupId\":\"*\",\"netRole\":\"sta\"}]"

static const struct {
	const char *header, *payload, *why;
	imp_status want;
} connectors[] = {
	{HEAD, "{" GROUPS ",\"netAccessKey\":&}", "as it should be", IMP_OK},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"expiry\":\"2030-01-01T00:00:00Z\",\"version\":3,\"other\":[1]}", "with all that may be there", IMP_OK},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"expiry\":\"2023-11-14T22:13:20Z\"}", "expired this second", IMP_ETIME},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"expiry\":\"2023-11-14T22:13:21Z\"}", "expires the next", IMP_OK},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"expiry\":\"2023-11-15T00:13:21+02:00\"}", "the same, further east", IMP_OK},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"expiry\":\"2023-11-15T00:13:20.5+02:00\"}", "expired half a second ago", IMP_ETIME},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"expiry\":\"1969-01-01T00:00:00Z\"}", "expired before time began", IMP_ETIME},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"expiry\":\"2030-13-01T00:00:00Z\"}", "a month 13", IMP_EBADMSG},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"expiry\":\"2030-01-01\"}", "a date without time", IMP_EBADMSG},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"expiry\":\"2030-01-01T00:00:00\"}", "no zone", IMP_EBADMSG},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"expiry\":20300101}", "a number for a date", IMP_EBADMSG},
	{"{\"typ\":\"dppCon\",\"kid\":\"AAAA\",\"alg\":\"ES256\"}", "{" GROUPS ",\"netAccessKey\":&}", "another's kid", IMP_EAUTH},
	{"{\"typ\":\"JWT\",\"kid\":\"@\",\"alg\":\"ES256\"}", "{" GROUPS ",\"netAccessKey\":&}", "another type", IMP_EAUTH},
	{"{\"kid\":\"@\",\"alg\":\"ES256\"}", "{" GROUPS ",\"netAccessKey\":&}", "no type", IMP_EAUTH},
	{"{\"typ\":\"dppCon\",\"kid\":\"@\",\"alg\":\"ES384\"}", "{" GROUPS ",\"netAccessKey\":&}", "another algorithm", IMP_EAUTH},
	{"{\"typ\":\"dppCon\",\"kid\":\"@\",\"kid\":\"@\",\"alg\":\"ES256\"}", "{" GROUPS ",\"netAccessKey\":&}", "kid twice", IMP_EBADMSG},
	{HEAD, "{" GROUPS "," GROUPS ",\"netAccessKey\":&}", "groups twice", IMP_EBADMSG},
	{HEAD, "{\"groups\":[],\"netAccessKey\":&}", "no groups", IMP_EBADMSG},
	{HEAD, "{\"groups\":{},\"netAccessKey\":&}", "groups that are an object", IMP_EBADMSG},
	{HEAD, "{\"groups\":[{\"groupId\":\"*\"}],\"netAccessKey\":&}", "a group without role", IMP_EBADMSG},
	{HEAD, "{\"groups\":[{\"groupId\":\"*\",\"netRole\":\"sta\",\"netRole\":\"ap\"}],\"netAccessKey\":&}", "a group with two roles", IMP_EBADMSG},
	{HEAD, "{" GROUPS "}", "no netAccessKey", IMP_EBADMSG},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"netAccessKey\":&}", "two of them", IMP_EBADMSG},
	{HEAD, "{" GROUPS ",\"netAccessKey\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\",\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}}", "a key off its curve", IMP_EAUTH},
	{HEAD, "{" GROUPS ",\"netAccessKey\":{\"kty\":\"EC\",\"crv\":\"P-999\",\"x\":\"AAAA\",\"y\":\"AAAA\"}}", "an unknown curve", IMP_EUNSUP},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&,\"n\":\"\xff\"}", "bad UTF-8", IMP_EBADMSG},
	{HEAD, "{" GROUPS ",\"netAccessKey\":&} ,", "something behind", IMP_EBADMSG},
};

static void claims_of_connectors(void)
{
	char claim[160];
	uint8_t b[2048], mem[2048];
	dpp_connector k;
	struct dkit kit;
	imp_span c;
	dkit_begin(&kit, &imp_openssl, IMP_C_P256);
	dkit_key(IMP_C_P256, 3, csign_priv, csign_pub);
	dkit_end(&kit);
	csign = (imp_key){IMP_C_P256, 0, 0, {csign_pub, 65}};
	for (size_t i = 0; i < sizeof connectors / sizeof connectors[0]; i++) {
		imp_status st = dpp_connector_read(&imp_openssl, connector(connectors[i].header, connectors[i].payload, b, sizeof b), &csign, 1700000000, mem, sizeof mem, &k);
		snprintf(claim, sizeof claim, "Connector: %s", connectors[i].why);
		snprintf(said, sizeof said, "%d", (int)st);
		t_check(claim, st == connectors[i].want, said);
	}
	c = connector(connectors[0].header, connectors[0].payload, b, sizeof b);
	b[c.len - 3] = b[c.len - 3] == 'A' ? 'B' : 'A';
	t_check("Connector: another signature", dpp_connector_read(&imp_openssl, c, &csign, 0, mem, sizeof mem, &k) == IMP_EAUTH, "");
	t_check("Connector: no clock, so what has expired is taken", !dpp_connector_read(&imp_openssl, connector(HEAD, connectors[2].payload, b, sizeof b), &csign, 0, mem, sizeof mem, &k) && k.expiry == 1700000000, "");
}

#define OBJ(cred) "{\"wi-fi_tech\":\"infra\",\"discovery\":{\"ssid\":\"home\"},\"cred\":" cred "}"

static const struct {
	const char *json, *why;
	imp_status want;
} objects[] = {
	{OBJ("{\"akm\":\"sae\",\"pass\":\"secret\"}"), "a password", IMP_OK},
	{OBJ("{\"akm\":\"psk\",\"pass\":\"secret 12\"}"), "a passphrase", IMP_OK},
	{OBJ("{\"akm\":\"psk\",\"psk_hex\":\"000102030405060708090a0b0c0d0e0fABCDEFabcdef00000000000000000000\"}"), "a key", IMP_OK},
	{"{\"wi-fi_tech\":\"infra\",\"discovery\":{\"ssid64\":\"AQID_w\",\"ssid_charset\":3},\"cred\":{\"akm\":\"sae\",\"pass\":\"x\"}}", "an SSID of bytes", IMP_OK},
	{OBJ("{\"akm\":\"psk\",\"pass\":\"short\"}"), "a passphrase of 5 bytes", IMP_EBADMSG},
	{OBJ("{\"akm\":\"psk\",\"psk_hex\":\"0001\"}"), "a key of 2 bytes", IMP_EBADMSG},
	{OBJ("{\"akm\":\"psk\",\"psk_hex\":\"g00102030405060708090a0b0c0d0e0fABCDEFabcdef00000000000000000000\"}"), "a key that is not hex", IMP_EBADMSG},
	{OBJ("{\"akm\":\"psk\"}"), "no passphrase", IMP_EBADMSG},
	{OBJ("{\"akm\":\"sae\",\"psk_hex\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"}"), "SAE with a key", IMP_EBADMSG},
	{OBJ("{\"akm\":\"dpp\"}"), "DPP without Connector", IMP_EBADMSG},
	{OBJ("{\"akm\":\"dot1x\"}"), "802.1X without certificates", IMP_EBADMSG},
	{OBJ("{\"akm\":\"wep\",\"pass\":\"secret 12\"}"), "an unknown akm", IMP_EUNSUP},
	{OBJ("{\"pass\":\"secret 12\"}"), "no akm", IMP_EUNSUP},
	{OBJ("{\"akm\":\"sae\",\"akm\":\"psk\",\"pass\":\"secret 12\"}"), "akm twice", IMP_EBADMSG},
	{OBJ("{\"akm\":\"sae\",\"pass\":\"a secret\",\"pass\":\"another\"}"), "pass twice", IMP_EBADMSG},
	{OBJ("{\"akm\":\"sae\",\"\\u0070ass\":\"a secret\",\"pass\":\"another\"}"), "pass twice, once in disguise", IMP_EBADMSG},
	{OBJ("{\"akm\":\"sae\",\"pass\":\"\xc0\x80\"}"), "bad UTF-8", IMP_EBADMSG},
	{OBJ("{\"akm\":\"sae\",\"pass\":\"\\ud800\"}"), "half a surrogate", IMP_EBADMSG},
	{OBJ("{\"akm\":\"sae\",\"pass\":7}"), "a number for a password", IMP_EBADMSG},
	{OBJ("[]"), "cred that is an array", IMP_EBADMSG},
	{"{\"wi-fi_tech\":\"map\",\"discovery\":{\"ssid\":\"home\"},\"cred\":{\"akm\":\"sae\",\"pass\":\"x\"}}", "another technology", IMP_EUNSUP},
	{"{\"wi-fi_tech\":\"infra\",\"discovery\":{},\"cred\":{\"akm\":\"sae\",\"pass\":\"x\"}}", "no SSID", IMP_EBADMSG},
	{"{\"wi-fi_tech\":\"infra\",\"discovery\":{\"ssid\":\"0123456789012345678901234567890123\"},\"cred\":{\"akm\":\"sae\",\"pass\":\"x\"}}", "an SSID of 34 bytes", IMP_EBADMSG},
	{"{\"wi-fi_tech\":\"infra\",\"discovery\":{\"ssid64\":\"A\"},\"cred\":{\"akm\":\"sae\",\"pass\":\"x\"}}", "an SSID that is no base64", IMP_EBADMSG},
	{"[]", "an array", IMP_EBADMSG},
	{"", "nothing", IMP_EBADMSG},
	{"{", "an end too soon", IMP_EBADMSG},
	{OBJ("{\"akm\":\"sae\",\"pass\":\"x\"}") "x", "something behind", IMP_EBADMSG},
};

static const struct {
	const char *json, *why;
	imp_status want;
} whos[] = {
	{"{\"name\":\"x\",\"wi-fi_tech\":\"infra\",\"netRole\":\"ap\",\"bandSupport\":[81]}", "as it should be", IMP_OK},
	{"{\"wi-fi_tech\":\"infra\",\"netRole\":\"ap\"}", "no name", IMP_EBADMSG},
	{"{\"name\":\"x\",\"netRole\":\"ap\"}", "no technology", IMP_EBADMSG},
	{"{\"name\":\"x\",\"wi-fi_tech\":\"infra\"}", "no role", IMP_EBADMSG},
	{"{\"name\":\"x\",\"wi-fi_tech\":\"infra\",\"netRole\":\"king\"}", "an unknown role", IMP_EBADMSG},
	{"{\"name\":\"x\",\"name\":\"y\",\"wi-fi_tech\":\"infra\",\"netRole\":\"ap\"}", "two names", IMP_EBADMSG},
	{"{\"name\":\"\xed\xa0\x80\",\"wi-fi_tech\":\"infra\",\"netRole\":\"ap\"}", "bad UTF-8", IMP_EBADMSG},
	{"{\"name\":\"x\",\"wi-fi_tech\":\"infra\",\"netRole\":\"ap\",\"pkcs10\":\"*\"}", "a request that is no base64", IMP_EBADMSG},
};

static void claims_of_json(void)
{
	char claim[160];
	uint8_t mem[1024];
	for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
		dpp_object o;
		imp_status st = dpp_object_read(&imp_openssl, text(objects[i].json), mem, &o);
		snprintf(claim, sizeof claim, "configuration object: %s", objects[i].why);
		snprintf(said, sizeof said, "%d", (int)st);
		t_check(claim, st == objects[i].want, said);
	}
	for (size_t i = 0; i < sizeof whos / sizeof whos[0]; i++) {
		dpp_who who;
		imp_status st = dpp_who_read(text(whos[i].json), mem, &who);
		snprintf(claim, sizeof claim, "configuration request: %s", whos[i].why);
		snprintf(said, sizeof said, "%d", (int)st);
		t_check(claim, st == whos[i].want, said);
	}
}

/* --- sessions --------------------------------------------------------------------------- */

enum { TAPE = 16 };
static struct {
	imp_msg m[TAPE];
	uint8_t data[TAPE][4096];
	int n;
} tape;

static void record(struct world *w, struct sess *s, const imp_msg *m)
{
	struct dkit *k = w->user;
	if (m->verb != IMP_RX || s->p != k->device || tape.n == TAPE)
		return;
	memcpy(tape.data[tape.n], m->data.ptr, m->data.len);
	tape.m[tape.n] = *m;
	tape.m[tape.n].name = NONE;
	tape.m[tape.n].data = imp_bytes(tape.data[tape.n], m->data.len);
	tape.n++;
}

/* The device hears what it heard in an earlier run, to the end. */
static void claims_of_replay(void)
{
	struct dkit k;
	struct sess *s;
	imp_msg m = imp_say(IMP_START, 0, 0, 0, NONE, NONE);
	int n;
	tape.n = 0;
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.w.user = &k;
	k.w.record = record;
	dkit_run(&k, 0, IMP_T_PEERKEY, LONG);
	n = tape.n;
	t_check("replay: a run was recorded", dkit_configured(&k) && n >= 2, dkit_said);
	k.w.record = NULL;
	fact_drop(k.device, IMP_T_NETWORK, "dpp.network");
	s = world_session(k.device, 1, 0);
	world_wire(s, world_session(k.owner, 0, 0));
	world_feed(s, &m);
	world_run(&k.w, 100);
	for (int i = 0; i < n; i++) {
		world_feed(s, &tape.m[i]);
		world_run(&k.w, 100);
	}
	world_run(&k.w, LONG);
	t_check("replay: the same request and confirmation authenticate nobody", s->done && s->code == IMP_ETIME && !fact_get(k.device, IMP_T_NETWORK, "dpp.network", 0), s->where);
	dkit_end(&k);
}

/* What comes when nobody waits for it. */
static void claims_of_disorder(void)
{
	static const char *const strays[] = {
		"09506f9a1a0100", "09506f9a1a0101", "09506f9a1a0102", "09506f9a1a0105", "09506f9a1a0106", "09506f9a1a0107", "09506f9a1a0108", "09506f9a1a0109",
		"09506f9a1a010b", "09506f9a1a010c", "09506f9a1a010d", "09506f9a1a010e", "09506f9a1a010f", "09506f9a1a0110", "09506f9a1a0111", "09506f9a1a0112",
		"09506f9a1a01ff", "0a006c087fdd05506f9a1a01", "",
	};
	for (int who = 0; who < 2; who++) {
		struct dkit k;
		int alive = 1;
		dkit_begin(&k, &imp_openssl, IMP_C_P256);
		dkit_run(&k, 0, 0, 1000);
		for (size_t i = 0; i < sizeof strays / sizeof strays[0]; i++) {
			uint8_t b[64];
			imp_msg m = imp_say(IMP_RX, 0, 0, 0, NONE, t_hex(strays[i], b, sizeof b));
			world_feed(who ? k.o : k.d, &m);
			world_run(&k.w, 100);
			m.topic = 1;
			m.ticket = 7;
			world_feed(who ? k.o : k.d, &m);
			world_run(&k.w, 100);
			alive = alive && !k.d->done && !k.o->done;
		}
		t_check(who ? "a configurator that listens ignores every frame that begins nothing" : "an enrollee that listens ignores every frame that begins nothing", alive, dkit_said);
		dkit_end(&k);
	}
}

/* --- a device that says one thing before it is authorized and another after ------------- */

static int (*honest)(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a);

static int stations_only(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	static const char *const about[] = {"name", "kettle", "role", "configurator", NULL};
	struct dkit *k = p->user;
	k->deny = ask->topic == IMP_T_AUTHORIZE && k->asked;
	if (ask->topic == IMP_T_AUTHORIZE)
		dkit_config(k, k->device, "dpp.enrollee", about);
	return honest(p, s, ask, a);
}

static void claims_of_second_thoughts(void)
{
	static const char *const cert[] = {"dot1x", "office", ""};
	struct dkit k;
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.entry = cert; /* its CSR is asked for, so it says everything twice */
	honest = k.owner->hook;
	k.owner->hook = stations_only;
	dkit_run(&k, 0, IMP_T_PEERKEY, LONG);
	t_check("a station that turns configurator once it is authorized is another question", !dkit_configured(&k) && k.asked == 2 && k.o->code == IMP_EDENIED && k.d->code == IMP_EPEER
		&& !fact_get(k.device, IMP_T_CHAIN, "dpp.connector", 0), dkit_said);
	dkit_end(&k);
}

/* --- frames of just anybody ------------------------------------------------------------- */

static struct {
	int requests, to_mallory;
	uint32_t opened;
} air;

static void on_air(struct world *w, struct sess *s, const imp_msg *m)
{
	(void)w, (void)s;
	air.opened = m->verb == IMP_OPEN ? m->ticket : air.opened;
	air.requests += m->verb == IMP_TX;
	air.to_mallory += m->verb == IMP_TX && imp_same(m->name, text("mallet"));
}

static void claims_of_addresses(void)
{
	struct dkit k;
	struct sess *s;
	uint8_t b[16];
	imp_msg start = imp_say(IMP_START, IMP_T_PEERKEY, 0, 0, text("label"), NONE), up = imp_say(IMP_UP, 0, 65535, 0, text("owner1"), NONE);
	imp_msg stray = imp_say(IMP_RX, 0, 0, 0, text("mallet"), t_hex("09506f9a1a0101", b, sizeof b));
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	memset(&air, 0, sizeof air);
	k.w.sink = on_air;
	s = world_session(k.owner, 0, 0);
	world_feed(s, &start);
	world_run(&k.w, 100);
	up.ticket = air.opened;
	world_feed(s, &up);
	world_feed(s, &stray);
	world_run(&k.w, 5000);
	t_check("a response of just anybody does not turn our requests to him", air.requests > 2 && !air.to_mallory, "");
	dkit_end(&k);
}

/* Our keys come late, so that the device's request is too early. */
static int late_keys(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	int took = honest(p, s, ask, a);
	p->think = ask->topic == IMP_T_KEY ? 500 : 0;
	return took;
}

static void claims_of_early_frames(void)
{
	struct dkit k;
	imp_rd r;
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	honest = k.owner->hook;
	k.owner->hook = late_keys;
	dkit_run(&k, IMP_T_PEERKEY, 0, LONG);
	r = imp_rd_of(imp_cbor_at(imp_bytes(k.claims, k.claims_len), IMP_T_NETWORK));
	t_check("a request that came too early is its sender's all the same", dkit_configured(&k) && imp_same(imp_cbor_bstr(&r), text("device")), dkit_said);
	dkit_end(&k);
}

static struct { uint8_t data[512]; size_t len; } pending;

static void keep_response(struct world *w, struct sess *s, const imp_msg *m)
{
	struct dkit *k = w->user;
	if (m->verb != IMP_RX || s->p != k->owner || m->data.len > sizeof pending.data)
		return;
	memcpy(pending.data, m->data.ptr, m->data.len);
	pending.len = m->data.len;
}

static int nobody_reads(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	return ask->topic == IMP_T_READ ? -1 : honest(p, s, ask, a);
}

static void claims_of_pending(void)
{
	static const char *const mutual[] = {"mutual", "true", NULL};
	struct dkit k;
	imp_msg m = imp_say(IMP_RX, 0, 0, 0, text("device"), NONE);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	dkit_config(&k, k.device, "dpp.uri", mutual);
	honest = k.device->hook;
	k.device->hook = nobody_reads;
	k.w.user = &k;
	k.w.record = keep_response;
	dkit_run(&k, 0, IMP_T_PEERKEY, 60000);
	m.data = imp_bytes(pending.data, pending.len);
	for (int i = 0; i < 4 && !k.o->done; i++) {
		world_feed(k.o, &m);
		world_run(&k.w, 30000);
	}
	t_check("RESPONSE_PENDING again and again gives no more time", pending.len && k.o->done && k.o->code == IMP_ETIME, k.o->where);
	dkit_end(&k);
}

/* An initiator counts wrong guesses too, beyond its run. */
static unsigned guesses_of(const struct party *p)
{
	const struct fact *f = fact_get(p, IMP_T_COUNTER, "dpp.guess/label", 0);
	return f && f->len == 4 ? f->data[3] : 0;
}

static void claims_of_guesses(void)
{
	static const char *const names[] = {"a device", "a configurator"};
	for (int who = 0; who < 2; who++) {
		struct dkit k;
		char claim[128];
		struct party *p;
		dkit_begin(&k, &imp_openssl, IMP_C_P256);
		dkit_codes(&k);
		p = who ? k.owner : k.device;
		fact_set(p, IMP_T_KEY, "dpp.code/label", 0, text("coffee"));
		fact_set(p, IMP_T_COUNTER, "dpp.guess/label", 0, imp_bytes("\0\0\0\3", 4));
		dkit_run(&k, who ? 0 : IMP_T_KEY, who ? IMP_T_KEY : 0, LONG);
		snprintf(claim, sizeof claim, "%s that begins by a code goes on counting", names[who]);
		t_check(claim, guesses_of(p) == 4, dkit_said);
		fact_set(p, IMP_T_COUNTER, "dpp.guess/label", 0, imp_bytes("\0\0\0\5", 4));
		fact_set(p, IMP_T_KEY, "dpp.code/label", 0, text("tea for two"));
		dkit_run(&k, who ? 0 : IMP_T_KEY, who ? IMP_T_KEY : 0, LONG);
		snprintf(claim, sizeof claim, "... and does not begin by one that is burnt");
		t_check(claim, !dkit_configured(&k) && (who ? k.o : k.d)->code == IMP_EDENIED, dkit_said);
		dkit_end(&k);
	}
}

/* Is this private key anywhere in the session? */
static int remembers(const struct sess *s, const uint8_t *key, size_t n)
{
	for (size_t i = 0; i + n <= s->need; i++)
		if (!memcmp((const uint8_t *)s->s + i, key, n))
			return 1;
	return 0;
}

static void claims_of_memory(void)
{
	uint8_t priv[DPP_PRIME], pub[DPP_POINT];
	struct dkit k;
	int during;
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	dkit_run(&k, 0, 0, 1000);
	dkit_key(IMP_C_P256, 3, priv, pub);
	during = remembers(k.o, priv, 32);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	dkit_run(&k, 0, IMP_T_PEERKEY, LONG);
	t_check("a configurator forgets its signing key when it is done", during && dkit_configured(&k) && !remembers(k.o, priv, 32), dkit_said);
	dkit_end(&k);
}

int main(void)
{
	claims_of_uris();
	claims_of_frames();
	claims_of_flips();
	claims_of_keys();
	claims_of_connectors();
	claims_of_json();
	claims_of_replay();
	claims_of_disorder();
	claims_of_second_thoughts();
	claims_of_addresses();
	claims_of_early_frames();
	claims_of_pending();
	claims_of_guesses();
	claims_of_memory();
	return t_end();
}
