/* dpp-vectors.c -- authentication and configuration as hostap traced them, on
 * keys and nonces of the specification's appendix: both sides are run here on
 * the same keys, every frame has to come out the same, and every value of the
 * traces has to be one that was computed on the way. */
#include "bytes.h"
#include "config.h"
#include "crypto.h"
#include "jose.h"
#include "pkex.h"
#include "pkix.h"
#include "t.h"
#include "bootstrap.h"

#include <stdlib.h>

enum { SEEN = 4000, DOC = 100000 };

/* --- a provider that notes what passes, and draws what it is told ------------- */

static struct {
	uint8_t *ptr;
	size_t len;
} seen[SEEN];
static int seen_count;
static imp_span draws[4], pairs[4];
static int draw, pair;

static void note(imp_span s)
{
	if (seen_count == SEEN)
		abort();
	seen[seen_count].ptr = malloc(s.len + 1);
	if (s.len)
		memcpy(seen[seen_count].ptr, s.ptr, s.len);
	seen[seen_count++].len = s.len;
}

static void notes(const imp_span *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		note(s[i]);
}

static imp_status spy_random(const imp_crypto *c, uint8_t *out, size_t len)
{
	(void)c;
	if (draws[draw].len != len)
		return IMP_ERANDOM;
	memcpy(out, draws[draw++].ptr, len);
	note(imp_bytes(out, len));
	return IMP_OK;
}

static imp_status spy_keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen)
{
	imp_span none = imp_bytes(NULL, 0);
	memcpy(priv, pairs[pair].ptr, pairs[pair].len);
	*privlen = pairs[pair].len;
	return imp_openssl.muladd(c, curve, pairs[pair++], none, none, none, pub, publen);
}

static imp_status spy_mac(const imp_crypto *c, int32_t alg, const imp_key *k, const imp_span *in, size_t n, uint8_t *out, size_t len)
{
	imp_status st = imp_openssl.mac(c, alg, k, in, n, out, len);
	note(imp_bytes(out, len));
	return st;
}

static void spy_push(const imp_crypto *c, void *ctx, imp_span in)
{
	note(in);
	imp_openssl.hash_push(c, ctx, in);
}

static size_t spy_peek(const imp_crypto *c, const void *ctx, uint8_t *out)
{
	size_t n = imp_openssl.hash_peek(c, ctx, out);
	note(imp_bytes(out, n));
	return n;
}

static imp_status spy_seal(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce, const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	imp_status st;
	note(in);
	notes(aad, naad);
	st = imp_openssl.seal(c, alg, k, nonce, aad, naad, in, out, len);
	note(imp_bytes(out, *len));
	return st;
}

static imp_status spy_dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	imp_status st = imp_openssl.dh(c, priv, pub, out, len);
	note(imp_bytes(out, *len));
	return st;
}

static imp_status spy_muladd(const imp_crypto *c, int32_t curve, imp_span x, imp_span P, imp_span y, imp_span Q, uint8_t *out, size_t *len)
{
	imp_status st = imp_openssl.muladd(c, curve, x, P, y, Q, out, len);
	note(Q);
	note(imp_bytes(out, *len));
	return st;
}

static imp_status spy_verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig)
{
	note(in);
	note(sig);
	return imp_openssl.verify(c, alg, pub, in, sig);
}

static imp_status spy_point(const imp_crypto *c, int32_t curve, imp_span in, uint8_t *out, size_t *len)
{
	imp_status st = imp_openssl.point(c, curve, in, out, len);
	note(imp_bytes(out, *len));
	return st;
}

static imp_crypto spy;

/* --- the document --------------------------------------------------------------- */

static imp_span doc;
static imp_status err;

/* A member's hex; good until 16 calls later. */
static imp_span unhex(imp_span value)
{
	static uint8_t bytes[16][2048];
	static int turn;
	static char hex[4097];
	imp_span s = imp_json_text(value, (uint8_t *)hex, sizeof hex, &err);
	memmove(hex, s.ptr, s.len);
	hex[s.len] = 0;
	turn = (turn + 1) % 16;
	return t_hex(hex, bytes[turn], sizeof bytes[turn]);
}

static imp_span hex_of(const char *name)
{
	return unhex(imp_json_get(doc, name, &err));
}

/* The n-th value (from 1) with this label in a trace. */
static imp_span traced(const char *trace, const char *label, int n)
{
	imp_span key, pair_, name, value;
	imp_rd r = imp_json_open(imp_json_get(doc, trace, &err), &err);
	while (imp_json_next(&r, &key, &pair_, &err)) {
		imp_rd in = imp_json_open(pair_, &err);
		imp_json_next(&in, &key, &name, &err);
		imp_json_next(&in, &key, &value, &err);
		if (imp_json_is(name, label) && !--n)
			return unhex(value);
	}
	return imp_bytes(NULL, 0);
}

static int within(imp_span big, imp_span s)
{
	for (size_t at = 0; at + s.len <= big.len; at++)
		if (!memcmp(big.ptr + at, s.ptr, s.len))
			return 1;
	return 0;
}

/* Was it computed, whole or (if it is long enough to mean something) as a part? */
static int was_seen(imp_span s)
{
	for (int i = 0; i < seen_count; i++) {
		imp_span had = imp_bytes(seen[i].ptr, seen[i].len);
		if (imp_same(had, s) || (s.len >= 16 && within(had, s)))
			return 1;
	}
	return 0;
}

/* Keys as compressed SubjectPublicKeyInfo: one whose x was computed or read. */
static int key_seen(imp_span der)
{
	imp_span bits = imp_spki_bits(der);
	return bits.len > 1 && was_seen(imp_bytes(bits.ptr + 1, bits.len - 1));
}

/* Frames on TCP begin with their length, GAS has a head of its own. */
static int message_seen(imp_span m)
{
	for (size_t skip = 0; skip <= 24 && skip < m.len; skip++)
		if (was_seen(imp_bytes(m.ptr + skip, m.len - skip)))
			return 1;
	return 0;
}

static char said[200];

static int all_seen(const char *trace, int *count, int most)
{
	imp_span key, pair_, name, value;
	imp_rd r = imp_json_open(imp_json_get(doc, trace, &err), &err);
	int ok = 1;
	while (most-- && imp_json_next(&r, &key, &pair_, &err)) {
		imp_rd in = imp_json_open(pair_, &err);
		imp_span v;
		imp_json_next(&in, &key, &name, &err);
		imp_json_next(&in, &key, &value, &err);
		v = unhex(value);
		++*count;
		if (was_seen(v) || message_seen(v) || (imp_json_is(name, "DPP: EC_PUBKEY") && key_seen(v)))
			continue;
		snprintf(said, sizeof said, "%s: %.*s", trace, (int)name.len, (const char *)name.ptr);
		ok = 0;
	}
	return ok && !err;
}

/* --- both sides ------------------------------------------------------------------ */

static struct dpp_auth I, R;
static uint8_t frame_bytes[3000], room[16384], room2[4096];
static imp_wr w;

static void fresh(void)
{
	w = imp_wr_to(frame_bytes, sizeof frame_bytes);
}

/* A frame was written: it is noted, and it is the one traced. */
static int frame_is(imp_span want, dpp_frame *f)
{
	imp_span got = imp_wr_span(&w);
	note(got);
	return !dpp_frame_read(got, f) && want.len == got.len + 1 && !memcmp(want.ptr + 1, got.ptr, got.len);
}

static int uri_key(const char *name, const dpp_curve **v, uint8_t *point)
{
	uint8_t buf[DPP_URI_MAX];
	imp_span s = imp_json_text(imp_json_get(doc, name, &err), buf, sizeof buf, &err);
	imp_wr made = imp_wr_to(room2, sizeof room2);
	dpp_uri u;
	int ok = !dpp_uri_read(s, &u) && u.version == 3 && !dpp_uri_key(&spy, &u, v, point);
	dpp_uri_put(&made, &u, *v, point);
	return ok && imp_same(imp_wr_span(&made), s);
}

static int authenticate(int mutual)
{
	const dpp_curve *v;
	uint8_t point[DPP_POINT];
	imp_key k;
	dpp_frame f;
	int ok, status = 0;
	memset(&I, 0, sizeof I);
	memset(&R, 0, sizeof R);
	draw = pair = 0;
	draws[0] = hex_of("i_nonce");
	draws[1] = hex_of("r_nonce");
	pairs[0] = hex_of("initiator_protocol_priv");
	pairs[1] = hex_of("responder_protocol_priv");
	ok = uri_key("responder_uri", &v, point);
	k = (imp_key){v->curve, IMP_KEY_PRIVATE, 0, hex_of("initiator_bootstrap_priv")};
	ok = ok && !dpp_auth_own(&I, &spy, &k) && !dpp_auth_peer(&I, &spy, v, point);
	k.bits = hex_of("responder_bootstrap_priv");
	ok = ok && !dpp_auth_own(&R, &spy, &k) && !memcmp(R.own_B, point, 1 + 2 * (size_t)v->prime_len);
	ok = ok && uri_key("initiator_uri", &v, point) && !memcmp(I.own_B, point, 1 + 2 * (size_t)v->prime_len);
	if (ok && mutual)
		ok = !dpp_auth_peer(&R, &spy, v, point);
	R.mutual = (uint8_t)mutual;
	I.caps = DPP_CAP_ENROLLEE;
	R.caps = DPP_CAP_CONFIGURATOR;
	fresh();
	ok = ok && !dpp_auth_request(&I, &spy, &w, 0) && frame_is(traced("initiator_trace", "DPP: Authentication Request frame attributes", 1), &f);
	ok = ok && dpp_auth_read_request(&R, &spy, &f, room) == IMP_OK && R.peer_caps == DPP_CAP_ENROLLEE && R.version == 3;
	fresh();
	ok = ok && !dpp_auth_response(&R, &spy, &w) && frame_is(traced("responder_trace", "DPP: Authentication Response frame attributes", 1), &f);
	ok = ok && dpp_auth_read_response(&I, &spy, &f, room, &status) == IMP_OK && I.peer_caps == DPP_CAP_CONFIGURATOR && I.mutual == mutual;
	fresh();
	ok = ok && !dpp_auth_confirm(&I, &spy, &w, DPP_OK) && frame_is(traced("initiator_trace", "DPP: Authentication Confirmation frame attributes", 1), &f);
	return ok && dpp_auth_read_confirm(&R, &spy, &f, room, &status) == IMP_OK && !memcmp(I.ke, R.ke, v->hash_len) && !memcmp(I.bk, R.bk, v->hash_len);
}

/* The attributes behind the E-nonce of a cleartext. */
static imp_span body_of(imp_span clear)
{
	size_t head = 4 + (size_t)dpp_auth_curve(&I)->nonce_len;
	return imp_bytes(clear.ptr + head, clear.len - head);
}

/* The cleartext that follows the one AD of the response. */
static imp_span response_clear(void)
{
	for (int n = 1; n < 20; n++) {
		imp_span s = traced("initiator_trace", "DPP: AES-SIV cleartext", n);
		if (s.len > 500)
			return s;
	}
	return imp_bytes(NULL, 0);
}

static int is_gas(imp_span want)
{
	imp_span got = imp_wr_span(&w);
	note(got);
	return imp_same(got, want);
}

static int object(imp_span json)
{
	uint8_t mem[4096], mem2[4096];
	dpp_object o;
	dpp_connector k;
	int ok = !dpp_object_read(&spy, json, mem, &o) && o.akm == DPP_AKM_PSK && o.has_psk + (o.pass.len > 0) == 1 && o.ppkey.alg == o.csign.alg;
	note(o.csign.bits);
	ok = ok && !dpp_connector_read(&spy, o.connector, &o.csign, 1700000000, mem2, sizeof mem2, &k);
	ok = ok && !memcmp(k.point, I.own_P, 1 + 2 * (size_t)dpp_auth_curve(&I)->prime_len) && k.version == 3 && !k.expiry;
	return ok && dpp_connector_has_role(k.groups, "sta") && !dpp_connector_has_role(k.groups, "ap");
}

static int configure(void)
{
	imp_span e_nonce = traced("initiator_trace", "DPP: E-nonce", 1), none = imp_bytes(NULL, 0), clear, json;
	dpp_attrs in;
	dpp_frame f;
	dpp_who who;
	int status = 99, ok;
	uint8_t nonce[DPP_NONCE], mem[1024], body[2048];
	memcpy(nonce, e_nonce.ptr, e_nonce.len);
	note(e_nonce);
	for (int n = 1; (clear = traced("initiator_trace", "DPP: AES-SIV cleartext", n)).len && clear.ptr[0] != 0x14; n++)
		;
	json = body_of(clear);
	json = imp_bytes(json.ptr + 4, json.len - 4);
	fresh();
	ok = !dpp_config_query(&I, &spy, &w, nonce, none, json, room2, sizeof room2);
	ok = ok && is_gas(traced("initiator_trace", "DPP: Configuration Request frame attributes", 1));
	ok = ok && !dpp_config_query_read(&R, &spy, imp_wr_span(&w), room, &in) && !dpp_who_read(dpp_attr(&in, DPP_CONFIG_ATTRS), mem, &who);
	ok = ok && who.role == DPP_ROLE_STA && imp_same(who.name, imp_bytes("Test", 4));
	clear = response_clear();
	if (!ok || clear.len > sizeof body)
		return 0;
	memcpy(body, clear.ptr, clear.len);
	fresh();
	ok = !dpp_config_response(&R, &spy, &w, DPP_OK, nonce, body_of(imp_bytes(body, clear.len)), room2, sizeof room2);
	ok = ok && is_gas(traced("responder_trace", "DPP: Configuration Response attributes", 1));
	ok = ok && !dpp_config_response_read(&I, &spy, imp_wr_span(&w), nonce, room, &status, &in) && status == DPP_OK;
	ok = ok && object(dpp_attr(&in, DPP_CONFIG));
	fresh();
	ok = ok && !dpp_result(&I, &spy, &w, nonce, DPP_OK, none) && frame_is(traced("initiator_trace", "DPP: Configuration Result attributes", 1), &f);
	status = 99;
	return ok && !dpp_result_read(&R, &spy, &f, nonce, room, &status) && status == DPP_OK;
}

/* The same of a frame that came over TCP. */
static int received_is(const char *trace, int n, dpp_frame *f)
{
	imp_span got = imp_wr_span(&w);
	note(got);
	return !dpp_frame_read(got, f) && imp_same(got, traced(trace, "DPP: Received TCP message", n));
}

/* PKEX: the codes and ephemeral keys of the document. */
static int exchange(void)
{
	struct dpp_pkex pi = {.version = 2}, pr = {.version = 2};
	uint8_t code[DPP_CODE], id[DPP_CODE_NAME];
	imp_span code_text = imp_json_text(imp_json_get(doc, "code", &err), code, sizeof code, &err), id_text = imp_json_text(imp_json_get(doc, "identifier", &err), id, sizeof id, &err);
	imp_key k = {IMP_C_P256, IMP_KEY_PRIVATE, 0, hex_of("initiator_bootstrap_priv")};
	dpp_pkex_asked q;
	dpp_frame f;
	int ok, status = 99;
	uint16_t group;
	memset(&I, 0, sizeof I);
	memset(&R, 0, sizeof R);
	pair = 0;
	pairs[0] = hex_of("x");
	pairs[1] = hex_of("y");
	ok = !dpp_auth_own(&I, &spy, &k) && !dpp_pkex_set(&pi, code_text, id_text) && !dpp_pkex_set(&pr, code_text, id_text);
	k.bits = hex_of("responder_bootstrap_priv");
	ok = ok && !dpp_auth_own(&R, &spy, &k);
	fresh();
	ok = ok && !dpp_pkex_request(&pi, &I, &spy, &w) && received_is("responder_trace", 1, &f);
	ok = ok && !dpp_pkex_read_request(&f, &q) && imp_same(q.id, id_text) && q.version == 2 && q.protocol == 3 && !dpp_pkex_response(&pr, &R, &spy, &q, (fresh(), &w)) && received_is("initiator_trace", 1, &f);
	ok = ok && !dpp_pkex_read_response(&pi, &I, &spy, &f, &status, &group) && status == DPP_OK && !dpp_pkex_reveal(&pi, &I, &spy, (fresh(), &w), room2) && received_is("responder_trace", 2, &f);
	ok = ok && !dpp_pkex_read_reveal(&pr, &R, &spy, &f, room) && !dpp_pkex_reveal(&pr, &R, &spy, (fresh(), &w), room2) && received_is("initiator_trace", 2, &f);
	ok = ok && !dpp_pkex_read_reveal(&pi, &I, &spy, &f, room);
	return ok && !memcmp(I.peer_B, R.own_B, 65) && !memcmp(R.peer_B, I.own_B, 65) && !memcmp(I.peer_hash, R.own_hash, DPP_KEY_HASH) && I.known && R.known && !pi.failed && !pr.failed;
}

/* Everything up to where authentication begins. */
static void claims_of_pkex(void)
{
	static uint8_t file[DOC];
	uint8_t hash[DPP_KEY_HASH];
	int n = 0, ok;
	err = IMP_OK;
	doc = imp_json_of(t_file("dpp/dpp_pkex_p256.json", file, sizeof file), &err);
	said[0] = 0;
	t_check("dpp_pkex_p256: exchange and commit-reveal are those traced", exchange() && !err, "");
	dpp_key_hash(&spy, dpp_auth_curve(&I), I.own_B, "chirp", hash);
	dpp_key_hash(&spy, dpp_auth_curve(&R), R.own_B, "chirp", hash);
	ok = all_seen("initiator_trace", &n, 27) && all_seen("responder_trace", &n, 26);
	if (ok)
		snprintf(said, sizeof said, "%d values", n);
	t_check("dpp_pkex_p256: every value of both traces was computed", ok && n == 53, said);
	while (seen_count)
		free(seen[--seen_count].ptr);
}

static void claims_of(const char *name, int mutual)
{
	static uint8_t file[DOC];
	char path[64], claim[128];
	int ok, n = 0;
	snprintf(path, sizeof path, "dpp/%s.json", name);
	err = IMP_OK;
	doc = imp_json_of(t_file(path, file, sizeof file), &err);
	said[0] = 0;
	snprintf(claim, sizeof claim, "%s: request, response and confirmation are those traced", name);
	t_check(claim, authenticate(mutual) && !err, "");
	snprintf(claim, sizeof claim, "%s: configuration request, response and result too", name);
	t_check(claim, configure() && !err, "");
	ok = all_seen("initiator_trace", &n, -1) && all_seen("responder_trace", &n, -1);
	if (ok)
		snprintf(said, sizeof said, "%d values", n);
	snprintf(claim, sizeof claim, "%s: every value of both traces was computed", name);
	t_check(claim, ok && n > 100, said);
	while (seen_count)
		free(seen[--seen_count].ptr);
}

int main(void)
{
	spy = imp_openssl;
	spy.random = spy_random;
	spy.keygen = spy_keygen;
	spy.mac = spy_mac;
	spy.hash_push = spy_push;
	spy.hash_peek = spy_peek;
	spy.seal = spy_seal;
	spy.dh = spy_dh;
	spy.muladd = spy_muladd;
	spy.verify = spy_verify;
	spy.point = spy_point;
	claims_of("dpp_p256_mutual", 1);
	claims_of("dpp_p256_responder_only", 0);
	claims_of("dpp_p521_mutual", 1);
	claims_of_pkex();
	return t_end();
}
