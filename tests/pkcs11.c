/* pkcs11.c -- keys that stay in a token, with SoftHSM 2 as the token.  Its
 * configuration and its store live in a directory made here. */
#include "crypto.h"
#include "pkcs11.h"
#include "softhsm.h"
#include "t.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdlib.h>

static const char *module;
static imp_pkcs11 hsm;
static imp_crypto both; /* the token, then OpenSSL */
static const imp_crypto *const list[] = { &hsm.crypto, &imp_openssl, NULL };
static uint8_t brought[64] = "a key that was made elsewhere and brought here";

#define P384 UINT64_C(0x0102030405060708)
enum { P256 = 7, RSA = 300, HMAC = 9, KNOWN = 77, TWIN = 55 };

static imp_key slot_key(int32_t alg, uint64_t slot)
{
	imp_key k = { alg, IMP_KEY_PRIVATE | IMP_KEY_OPAQUE, slot, { NULL, 0 } };
	return k;
}

static const imp_pkcs11_key *entry(uint64_t slot)
{
	for (unsigned i = 0; i < hsm.count; i++)
		if (hsm.keys[i].slot == slot)
			return &hsm.keys[i];
	abort();
}

static CK_FUNCTION_LIST *raw(void)
{
	return (CK_FUNCTION_LIST *)hsm.module;
}

static void doors(void)
{
	t_check("a module that is not there", imp_pkcs11_open(&hsm, "/nowhere/lib.so", "owner", SOFTHSM_PIN) == IMP_ELINK, "");
	t_check("a file that is no module", imp_pkcs11_open(&hsm, "/etc/passwd", "owner", SOFTHSM_PIN) == IMP_ELINK, "");
	t_check("a token that is not there", imp_pkcs11_open(&hsm, module, "owne", SOFTHSM_PIN) == IMP_ELINK, "");
	t_check("a wrong PIN is refused", imp_pkcs11_open(&hsm, module, "owner", imp_bytes("4712", 4)) == IMP_EAUTH, "");
	t_check("no PIN is refused", imp_pkcs11_open(&hsm, module, "owner", imp_bytes("", 0)) != IMP_OK, "");
	t_check("after a refusal nothing is kept", hsm.module == NULL && hsm.count == 0, "");
	t_check("the right PIN opens", imp_pkcs11_open(&hsm, module, "owner", SOFTHSM_PIN) == IMP_OK && hsm.count == 0, "");
}

static void born_inside(void)
{
	static const struct { int32_t alg; uint64_t slot; const char *label; } keys[] = {
		{ IMP_C_P256, P256, "owner" }, { IMP_C_P384, P384, "maker" }, { IMP_A_RS256, RSA, "rsa" }, { IMP_A_HMAC256, HMAC, "hmac" } };
	for (size_t i = 0; i < 4; i++) {
		CK_BBOOL sensitive = 2, extractable = 2, never = 2;
		uint8_t value[512];
		CK_ATTRIBUTE a[3] = { { CKA_SENSITIVE, &sensitive, 1 }, { CKA_EXTRACTABLE, &extractable, 1 }, { CKA_NEVER_EXTRACTABLE, &never, 1 } };
		CK_ATTRIBUTE v = { keys[i].alg == IMP_A_RS256 ? CKA_PRIVATE_EXPONENT : CKA_VALUE, value, sizeof value };
		CK_RV rv;
		t_check("a key is made in the token", imp_pkcs11_keygen(&hsm, keys[i].alg, keys[i].slot, keys[i].label) == IMP_OK, keys[i].label);
		rv = raw()->C_GetAttributeValue(hsm.session, entry(keys[i].slot)->secret, a, 3);
		t_check("it is sensitive and was never extractable", rv == CKR_OK && sensitive == CK_TRUE && extractable == CK_FALSE && never == CK_TRUE, keys[i].label);
		t_check("its value cannot be read", raw()->C_GetAttributeValue(hsm.session, entry(keys[i].slot)->secret, &v, 1) == CKR_ATTRIBUTE_SENSITIVE, keys[i].label);
	}
	t_check("a taken slot, slot 0 and an unknown kind are refused", imp_pkcs11_keygen(&hsm, IMP_C_P256, P256, "x") == IMP_EARG
		&& imp_pkcs11_keygen(&hsm, IMP_C_P256, 0, "x") == IMP_EARG && imp_pkcs11_keygen(&hsm, IMP_C_X25519, 1, "x") == IMP_EUNSUP && hsm.count == 4, "");
}

/* Sign in the token, verify with OpenSSL under the token's public key. */
static void signs(void)
{
	static const struct { int32_t alg, curve; uint64_t slot; size_t digest, sig; const char *name; } rows[] = {
		{ IMP_A_ES256, IMP_C_P256, P256, 32, 64, "ES256" }, { IMP_A_ES384, IMP_C_P384, P384, 48, 96, "ES384" },
		{ IMP_A_ES384, IMP_C_P256, P256, 48, 64, "ES384 with a P-256 key" },
		{ IMP_A_RS256, 0, RSA, 32, 256, "RS256" }, { IMP_A_RS384, 0, RSA, 48, 256, "RS384" },
		{ IMP_A_PS256, 0, RSA, 32, 256, "PS256" }, { IMP_A_PS384, 0, RSA, 48, 256, "PS384" } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t digest[48], sig[512], pub[512];
		size_t len = sizeof sig, n = sizeof pub, small = rows[i].sig - 1;
		imp_key k = slot_key(rows[i].curve, rows[i].slot), p = { rows[i].curve, 0, 0, { pub, 0 } };
		memset(digest, (int)i + 1, sizeof digest);
		t_check("the public key can be read", imp_pkcs11_public(&hsm, rows[i].slot, pub, &n) == IMP_OK, rows[i].name);
		p.bits.len = n;
		t_check("the token signs", both.sign(&both, rows[i].alg, &k, imp_bytes(digest, rows[i].digest), sig, &len) == IMP_OK && len == rows[i].sig, rows[i].name);
		t_check("OpenSSL verifies", both.verify(&both, rows[i].alg, &p, imp_bytes(digest, rows[i].digest), imp_bytes(sig, len)) == IMP_OK, rows[i].name);
		digest[3] ^= 1;
		t_check("... and nothing else", both.verify(&both, rows[i].alg, &p, imp_bytes(digest, rows[i].digest), imp_bytes(sig, len)) == IMP_EAUTH, rows[i].name);
		t_check("a digest of another length is refused", both.sign(&both, rows[i].alg, &k, imp_bytes(digest, 31), sig, &len) == IMP_EARG, rows[i].name);
		t_check("too little room", both.sign(&both, rows[i].alg, &k, imp_bytes(digest, rows[i].digest), sig, &small) == IMP_ENOSPC && small == rows[i].sig, rows[i].name);
	}
}

static void refuses(void)
{
	uint8_t digest[32] = {0}, sig[512];
	size_t len = sizeof sig;
	imp_key nobody = slot_key(IMP_C_P256, 12345), rsa = slot_key(0, RSA), ec = slot_key(IMP_C_P256, P256), hmac = slot_key(0, HMAC);
	imp_key zero = slot_key(IMP_C_P256, 0), plain = { IMP_C_P256, IMP_KEY_PRIVATE, P256, { digest, 32 } };
	imp_span in = imp_bytes(digest, 32);
	const imp_crypto *c = &hsm.crypto;
	t_check("an unknown slot is refused", c->sign(c, IMP_A_ES256, &nobody, in, sig, &len) == IMP_EUNSUP
		&& both.sign(&both, IMP_A_ES256, &nobody, in, sig, &len) == IMP_EUNSUP && c->mac(c, IMP_A_HMAC256, &nobody, &in, 1, sig, 32) == IMP_EUNSUP, "12345");
	t_check("slot 0 is nobody's", c->sign(c, IMP_A_ES256, &zero, in, sig, &len) == IMP_EUNSUP, "");
	t_check("a key of another kind is refused", c->sign(c, IMP_A_ES256, &rsa, in, sig, &len) == IMP_EUNSUP
		&& c->sign(c, IMP_A_RS256, &ec, in, sig, &len) == IMP_EUNSUP && c->sign(c, IMP_A_HMAC256, &hmac, in, sig, &len) == IMP_EUNSUP
		&& c->mac(c, IMP_A_HMAC256, &ec, &in, 1, sig, 32) == IMP_EUNSUP && c->dh(c, &rsa, in, sig, &len) == IMP_EUNSUP, "");
	t_check("keys as bytes are not the token's", c->sign(c, IMP_A_ES256, &plain, in, sig, &len) == IMP_EUNSUP, "");
	t_check("all else is left to others", c->random(c, sig, 4) == IMP_EUNSUP && c->hash_init(c, sig, IMP_A_SHA256) == IMP_EUNSUP
		&& both.random(&both, sig, 4) == IMP_OK && both.hash_init(&both, sig, IMP_A_SHA256) == IMP_OK, "");
	t_check("it says what it can", c->can(c, IMP_A_ES256, IMP_C_P256) && c->can(c, IMP_A_RS256, 0) && c->can(c, IMP_A_HMAC256, 0)
		&& c->can(c, 0, IMP_C_P384) && !c->can(c, IMP_A_ES256, IMP_C_P521) && !c->can(c, IMP_A_SHA256, 0) && !c->can(c, 0, 0), "");
	len = sizeof sig;
	t_check("a MAC key has no public half", imp_pkcs11_public(&hsm, HMAC, sig, &len) == IMP_EFACT
		&& imp_pkcs11_public(&hsm, 12345, sig, &len) == IMP_EFACT, "");
}

static void agrees(void)
{
	uint8_t priv[48], pub[97], mine[97], a[48], b[48];
	static const struct { int32_t curve; uint64_t slot; size_t width; } rows[] = { { IMP_C_P256, P256, 32 }, { IMP_C_P384, P384, 48 } };
	for (int i = 0; i < 2; i++) {
		size_t n = sizeof priv, m = sizeof pub, l = sizeof mine, la = sizeof a, lb = sizeof b;
		imp_key k = slot_key(rows[i].curve, rows[i].slot), e;
		imp_openssl.keygen(&imp_openssl, rows[i].curve, priv, &n, pub, &m);
		e.alg = rows[i].curve;
		e.flags = IMP_KEY_PRIVATE;
		e.slot = 0;
		e.bits = imp_bytes(priv, n);
		imp_pkcs11_public(&hsm, rows[i].slot, mine, &l);
		t_check("the token and OpenSSL agree on a secret", both.dh(&both, &k, imp_bytes(pub, m), a, &la) == IMP_OK
			&& both.dh(&both, &e, imp_bytes(mine, l), b, &lb) == IMP_OK && la == rows[i].width && la == lb && !memcmp(a, b, la), "");
		pub[m - 1] ^= 1;
		la = sizeof a;
		t_check("a point off the curve is refused", both.dh(&both, &k, imp_bytes(pub, m), a, &la) == IMP_EBADMSG, "");
		t_check("half a point is refused", both.dh(&both, &k, imp_bytes(pub, m / 2), a, &la) == IMP_EBADMSG, "");
	}
}

/* A MAC key that we know, so that OpenSSL can say what is right; and two
 * private keys under one id. */
static void strangers(void)
{
	static uint8_t id[] = { KNOWN }, twin[] = { 0, 0, TWIN };
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE want[] = { { CKA_CLASS, &class, sizeof class }, { CKA_KEY_TYPE, &type, sizeof type }, { CKA_TOKEN, &yes, 1 },
		{ CKA_SIGN, &yes, 1 }, { CKA_ID, id, 1 }, { CKA_VALUE, brought, sizeof brought } };
	CK_ATTRIBUTE same = { CKA_ID, twin, sizeof twin };
	CK_OBJECT_HANDLE o;
	CK_RV rv = raw()->C_CreateObject(hsm.session, want, 6, &o);
	t_check("a second key under one id can be made", rv == CKR_OK
		&& imp_pkcs11_keygen(&hsm, IMP_C_P256, TWIN, "twin") == IMP_OK
		&& raw()->C_CopyObject(hsm.session, entry(TWIN)->secret, &same, 1, &o) == CKR_OK, "");
}

static void reopened(void)
{
	uint8_t sig[64], digest[32] = { 1 }, a[64], b[64];
	static const int32_t algs[] = { IMP_A_HMAC256, IMP_A_HMAC384, IMP_A_HMAC512 };
	size_t len = sizeof sig;
	imp_key k = {0, 0, 0, {NULL, 0}}, twin = slot_key(IMP_C_P256, TWIN), known = slot_key(0, KNOWN);
	imp_key same = { 0, 0, 0, { brought, sizeof brought } };
	imp_span in[3] = { imp_bytes("one ", 4), imp_bytes(NULL, 0), imp_bytes("message", 7) };
	imp_pkcs11_close(&hsm);
	t_check("closing forgets everything", hsm.module == NULL && hsm.count == 0, "");
	t_check("the token opens again", imp_pkcs11_open(&hsm, module, "owner", SOFTHSM_PIN) == IMP_OK, "");
	t_check("a key is found by its label, in the same slot", imp_pkcs11_find(&hsm, "maker", &k) == IMP_OK
		&& k.slot == P384 && k.alg == IMP_C_P384 && k.flags == (IMP_KEY_PRIVATE | IMP_KEY_OPAQUE) && !k.bits.len, "");
	t_check("an unknown label is not", imp_pkcs11_find(&hsm, "make", &k) == IMP_EFACT, "");
	imp_pkcs11_find(&hsm, "owner", &k);
	t_check("it still signs", both.sign(&both, IMP_A_ES256, &k, imp_bytes(digest, 32), sig, &len) == IMP_OK, "");
	t_check("two keys under one id are both refused", both.sign(&both, IMP_A_ES256, &twin, imp_bytes(digest, 32), sig, &len) == IMP_EUNSUP
		&& imp_pkcs11_find(&hsm, "twin", &k) == IMP_EFACT, "");
	for (int i = 0; i < 3; i++)
		t_check("the token's HMAC is OpenSSL's, gathered and cut", both.mac(&both, algs[i], &known, in, 3, a, 20) == IMP_OK
			&& both.mac(&both, algs[i], &same, in, 3, b, 20) == IMP_OK && !memcmp(a, b, 20), "");
	t_check("a MAC longer than the hash is refused", both.mac(&both, IMP_A_HMAC256, &known, in, 3, a, 33) == IMP_EARG, "");
	t_check("a second login in this process is refused, and ends nothing", (imp_pkcs11_open(&(imp_pkcs11){0}, module, "owner", SOFTHSM_PIN)) == IMP_EDENIED
		&& both.mac(&both, IMP_A_HMAC256, &known, in, 3, a, 32) == IMP_OK, "");
}

static void *loop(void *failed)
{
	imp_key k = slot_key(IMP_C_P256, P256);
	uint8_t digest[32] = { 5 }, sig[64];
	*(int *)failed = 0;
	for (int i = 0; i < 25; i++) {
		size_t len = sizeof sig;
		*(int *)failed += both.sign(&both, IMP_A_ES256, &k, imp_bytes(digest, 32), sig, &len) != IMP_OK;
	}
	return NULL;
}

static void threads(void)
{
	pthread_t t[4];
	int failed[4], sum = 0;
	for (int i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, loop, &failed[i]))
			abort();
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		sum += failed[i];
	}
	t_check("four threads sign at once", sum == 0, "");
}

int main(void)
{
	const char *why, *dir;
	module = softhsm_module(&why);
	if (!module) {
		t_skip("keys in a PKCS #11 token", why);
		return t_end();
	}
	dir = softhsm_make("owner");
	if (!t_check("a token is made for this test", dir != NULL, dir ? dir : ""))
		return t_end();
	imp_mux(&both, list);
	doors();
	born_inside();
	signs();
	refuses();
	agrees();
	strangers();
	reopened();
	threads();
	imp_pkcs11_close(&hsm);
	softhsm_remove();
	return t_end();
}
