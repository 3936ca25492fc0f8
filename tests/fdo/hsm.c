/* fdo-hsm.c -- FDO with keys that never leave their token: SoftHSM through
 * PKCS #11, and OpenSSL for all that is not a key. */
#include "crypto.h"
#include "fdo-kit.h"
#include "pkcs11.h"
#include "softhsm.h"
#include "t.h"

#include <p11-kit/pkcs11.h>
#include <stdlib.h>

static const char *module;
static imp_pkcs11 hsm;
static imp_crypto both; /* the token, then OpenSSL */
static const imp_crypto *const list[] = {&hsm.crypto, &imp_openssl, NULL};
static char said[256];

enum { DEVICE256 = 11, DEVICE384, OWNER256, OWNER384, SECRET256, SECRET384 };

static int open_token(void)
{
	return imp_pkcs11_open(&hsm, module, "imprint", SOFTHSM_PIN) == IMP_OK;
}

static CK_FUNCTION_LIST *raw(void)
{
	return (CK_FUNCTION_LIST *)hsm.module;
}

/* The flat form of a slot: its number, and the public key if it has one. */
static imp_span slot_flat(int32_t alg, uint64_t slot)
{
	static uint8_t flat[IMP_KEY_HEAD + 512];
	imp_key k = {alg, IMP_KEY_PRIVATE | IMP_KEY_OPAQUE, slot, {NULL, 0}};
	size_t n = sizeof flat - IMP_KEY_HEAD;
	if (imp_pkcs11_public(&hsm, slot, flat + IMP_KEY_HEAD, &n) < 0)
		n = 0;
	imp_key_head(&k, flat);
	return imp_bytes(flat, IMP_KEY_HEAD + n);
}

/* No attribute and no wrapping yields the value. */
static int locked_in(uint64_t slot)
{
	CK_BBOOL sensitive = 0, extractable = 1, never = 0;
	uint8_t value[512];
	CK_ATTRIBUTE a[] = {{CKA_SENSITIVE, &sensitive, 1}, {CKA_EXTRACTABLE, &extractable, 1}, {CKA_NEVER_EXTRACTABLE, &never, 1}};
	CK_ATTRIBUTE v = {CKA_VALUE, value, sizeof value};
	CK_OBJECT_HANDLE o = 0;
	for (unsigned i = 0; i < hsm.count; i++)
		o = hsm.keys[i].slot == slot ? hsm.keys[i].secret : o;
	return o && raw()->C_GetAttributeValue(hsm.session, o, a, 3) == CKR_OK && sensitive && !extractable && never
	    && raw()->C_GetAttributeValue(hsm.session, o, &v, 1) == CKR_ATTRIBUTE_SENSITIVE;
}

static void factory(void)
{
	static const struct { int32_t alg; uint64_t slot; const char *label; } keys[] = {
		{IMP_C_P256, DEVICE256, "device, P-256"}, {IMP_C_P384, DEVICE384, "device, P-384"}, {IMP_C_P256, OWNER256, "owner, P-256"},
		{IMP_C_P384, OWNER384, "owner, P-384"}, {IMP_A_HMAC256, SECRET256, "HMAC-256"}, {IMP_A_HMAC384, SECRET384, "HMAC-384"}};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		t_check("a key is born in the token, and its value cannot be read", imp_pkcs11_keygen(&hsm, keys[i].alg, keys[i].slot, keys[i].label) == IMP_OK
		        && locked_in(keys[i].slot), keys[i].label);
}

/* --- a world whose keys are slots ------------------------------------------------- */

struct row {
	const char *name;
	enum kit_kind kind;
	int32_t curve, mac;
	enum fdo_kex kex;
	int32_t cipher;
	uint64_t device, owner, secret; /* owner, secret 0: not in the token */
};

static const struct row rows[] = {
	{"P-256, the device's key", KIT_P256, IMP_C_P256, IMP_A_HMAC256, FDO_ECDH256, IMP_A_A128GCM, DEVICE256, 0, 0},
	{"P-384, the device's key", KIT_P384, IMP_C_P384, IMP_A_HMAC384, FDO_ECDH384, IMP_A_A256GCM, DEVICE384, 0, 0},
	{"P-256, the device's key and secret, the owner's key", KIT_P256, IMP_C_P256, IMP_A_HMAC256, FDO_ECDH256, IMP_A_A256GCM, DEVICE256, OWNER256, SECRET256},
	{"P-384, the device's key and secret, the owner's key", KIT_P384, IMP_C_P384, IMP_A_HMAC384, FDO_ECDH384, IMP_A_A128GCM, DEVICE384, OWNER384, SECRET384},
};

static const char *owner_name(const struct row *r)
{
	return r->kind == KIT_P256 ? "fdo.owner/secp256r1" : "fdo.owner/secp384r1";
}

/* The voucher is extended to the key in the token. */
static int extend(struct kit *k, const struct row *r)
{
	struct kit_key *owner = (struct kit_key *)kit_key(r->kind, KIT_OWNER), was = *owner;
	imp_span flat = slot_flat(r->curve, r->owner);
	imp_key pub = {r->curve, 0, 0, imp_bytes(flat.ptr + IMP_KEY_HEAD, flat.len - IMP_KEY_HEAD)};
	int ok = !r->owner || fdo_key_from(&pub, 0, &owner->pub) == IMP_OK;
	ok = ok && kit_extend(k, k->maker, KIT_MAKER, k->owner, KIT_OWNER);
	*owner = was;
	return ok;
}

static int begin(struct kit *k, const struct row *r)
{
	kit_begin(k, r->kind, r->kind, r->kex, r->cipher, FDO_ENC_X509);
	k->c = k->device->crypto = k->owner->crypto = &both;
	fact_set(k->device, IMP_T_KEY, "fdo.attestation", 0, slot_flat(r->curve, r->device));
	if (r->secret)
		fact_set(k->device, IMP_T_KEY, "fdo.hmac", 0, slot_flat(r->mac, r->secret));
	if (r->owner)
		fact_set(k->owner, IMP_T_KEY, owner_name(r), 0, slot_flat(r->curve, r->owner));
	return kit_di(k) && extend(k, r) && kit_to0(k, k->owner) == IMP_LATER;
}

/* A slot's number, and beside it nothing but the public key. */
static int only_slot(const struct party *p, const char *name, int32_t alg, uint64_t slot)
{
	const struct fact *f = fact_get(p, IMP_T_KEY, name, 0);
	return f && imp_same(imp_bytes(f->data, f->len), slot_flat(alg, slot));
}

static void onboards(const struct row *r)
{
	struct kit k;
	char claim[128];
	int ok = begin(&k, r);
	snprintf(claim, sizeof claim, "DI and TO0: %s in the token", r->name);
	t_check(claim, ok, k.maker->last_where);
	snprintf(claim, sizeof claim, "TO1 and TO2: %s in the token", r->name);
	t_check(claim, ok && kit_onboard(&k) == IMP_OK && kit_follow(&k, k.owner), k.owner->last_where);
	snprintf(claim, sizeof claim, "all that facts know: %s by number", r->name);
	t_check(claim, only_slot(k.device, "fdo.attestation", r->curve, r->device) && (!r->secret || only_slot(k.device, "fdo.hmac", r->mac, r->secret))
	        && (!r->owner || only_slot(k.owner, owner_name(r), r->curve, r->owner)) && locked_in(r->device), "");
	kit_end(&k);
}

/* --- without the token ------------------------------------------------------------- */

static void take_away(void)
{
	imp_pkcs11_close(&hsm);
}

/* As if it had been pulled out and put in again: nobody is logged in. */
static void log_out(void)
{
	raw()->C_Logout(hsm.session);
}

static void (*mishap)(void);
static int mishap_at;

static int strike(struct world *w, struct crossing *x)
{
	(void)w;
	if (x->type == mishap_at && !x->reply && mishap) {
		mishap();
		mishap = NULL;
	}
	return PASS;
}

static char why[128];
static uint32_t missing; /* DONEs that name the device's key */

static void sees(struct party *p, struct sess *s, const imp_msg *m)
{
	(void)p, (void)s;
	if (m->verb != IMP_DONE)
		return;
	snprintf(why, sizeof why, "%.*s: %.*s", (int)m->name.len, (const char *)m->name.ptr, (int)m->data.len, (const char *)m->data.ptr);
	if (imp_same(m->name, imp_bytes("fdo.attestation", 15)))
		missing++;
}

static int back(void)
{
	imp_pkcs11_close(&hsm);
	return open_token();
}

/* All of the token's rows are of P-256 from here on. */
static const struct row *const all = &rows[2];

static void lose(struct kit *k, void (*how)(void), int at)
{
	mishap = how;
	mishap_at = at;
	missing = 0;
	k->w.fault = strike;
	if (!at)
		strike(&k->w, &(struct crossing){0});
}

/* The device's token fails at that message of its own; 0: before the run. */
static void device_without(const char *what, void (*how)(void), int at)
{
	struct kit k;
	char claim[128];
	int ok = begin(&k, &rows[0]);
	uint64_t before = kit_print(&k);
	imp_status st;
	k.device->sees = sees;
	lose(&k, how, at);
	st = ok ? kit_onboard(&k) : IMP_EOVER;
	snprintf(claim, sizeof claim, "%s: EFACT names the device's key, the credential stays", what);
	snprintf(said, sizeof said, "status %d, \"%s\", owner %d %s", (int)st, why, (int)k.owner->last, k.owner->last_where);
	t_check(claim, ok && !mishap && st == IMP_EFACT && missing == 1 && kit_print(&k) == before, said);
	snprintf(claim, sizeof claim, "%s: it onboards once the token is back", what);
	t_check(claim, back() && kit_onboard(&k) == IMP_OK && kit_follow(&k, k.owner), k.owner->last_where);
	kit_end(&k);
}

/* The owner's.  Its device hears 500, which is no verdict on the device. */
static void owner_without(const char *what, void (*how)(void), int at)
{
	struct kit k;
	char claim[128];
	int ok = begin(&k, all);
	uint64_t before;
	imp_status st;
	fact_set(k.device, IMP_T_KEY, "fdo.attestation", 0, kit_flat(kit_key(KIT_P256, KIT_DEVICE)));
	fact_drop(k.device, IMP_T_KEY, "fdo.hmac");
	k.device->crypto = &imp_openssl;
	ok = ok && kit_di(&k) && extend(&k, all) && kit_to0(&k, k.owner) == IMP_LATER;
	before = kit_print(&k);
	k.device->sees = sees;
	lose(&k, how, at);
	st = ok ? kit_onboard(&k) : IMP_EOVER;
	snprintf(claim, sizeof claim, "%s: error 500, not the device's fault", what);
	snprintf(said, sizeof said, "device %d, error %u, \"%s\"; owner %d, error %u, %s", (int)st, k.device->last_topic, why, (int)k.owner->last, k.owner->last_topic, k.owner->last_where);
	t_check(claim, ok && !mishap && st == IMP_EPEER && k.owner->last_topic == FDO_E_INTERNAL && k.owner->last < 0 && kit_print(&k) == before, said);
	snprintf(claim, sizeof claim, "%s: the device onboards once it is back", what);
	t_check(claim, back() && kit_onboard(&k) == IMP_OK && kit_follow(&k, k.owner), k.owner->last_where);
	kit_end(&k);
}

int main(void)
{
	const char *reason = NULL;
	kit_crypto = &imp_openssl;
	module = softhsm_module(&reason);
	if (!module) {
		t_skip("FDO with keys in a PKCS #11 token", reason);
		return t_end();
	}
	if (!t_check("a token is made for this test", softhsm_make("imprint") && open_token(), ""))
		return t_end();
	imp_mux(&both, list);
	factory();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		onboards(&rows[i]);
	device_without("the device's token is gone before it starts", take_away, 0);
	device_without("the device's token goes during TO1", take_away, FDO_TO1_HELLO_RV);
	device_without("the device's token goes during TO2", take_away, FDO_TO2_HELLO_DEVICE);
	device_without("the device's token logs out during TO2", log_out, FDO_TO2_HELLO_DEVICE);
	owner_without("the owner's token is gone before the device comes", take_away, 0);
	owner_without("the owner's token logs out as the device comes", log_out, FDO_TO2_HELLO_DEVICE);
	owner_without("the owner's token goes in the midst of TO2", take_away, FDO_TO2_GET_OV_NEXT_ENTRY);
	imp_pkcs11_close(&hsm);
	softhsm_remove();
	return t_end();
}
