/* pkcs11.c -- a crypto provider on a PKCS #11 token, by way of p11-kit. */
#include "pkcs11.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>

enum { NUMBER = 8, MAX_WIDTH = 66, MAX_RSA = 1024 };

static CK_FUNCTION_LIST *module_of(const imp_pkcs11 *t)
{
	return (CK_FUNCTION_LIST *)t->module;
}

static CK_ATTRIBUTE attr(CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
	CK_ATTRIBUTE a;
	a.type = type;
	a.pValue = (void *)(uintptr_t)value;
	a.ulValueLen = (CK_ULONG)len;
	return a;
}

static imp_status status_of(CK_RV rv)
{
	switch (rv) {
	case CKR_OK: return IMP_OK;
	case CKR_PIN_INCORRECT: case CKR_PIN_INVALID: case CKR_PIN_LEN_RANGE: return IMP_EAUTH;
	case CKR_PIN_LOCKED: case CKR_PIN_EXPIRED: case CKR_USER_ALREADY_LOGGED_IN:
	case CKR_USER_NOT_LOGGED_IN: case CKR_USER_PIN_NOT_INITIALIZED: return IMP_EDENIED;
	case CKR_MECHANISM_INVALID: case CKR_MECHANISM_PARAM_INVALID: case CKR_KEY_TYPE_INCONSISTENT:
	case CKR_KEY_SIZE_RANGE: case CKR_KEY_FUNCTION_NOT_PERMITTED: case CKR_FUNCTION_NOT_SUPPORTED: return IMP_EUNSUP;
	default: return IMP_ELINK;
	}
}

/* ----------------------------------------------------- the list of keys -- */

static const struct curve {
	int32_t  id;
	uint16_t width;
	uint8_t  len, oid[10]; /* CKA_EC_PARAMS: the DER of the curve's name */
} curves[] = {
	{ IMP_C_P256, 32, 10, { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 } },
	{ IMP_C_P384, 48, 7, { 6, 5, 0x2b, 0x81, 4, 0, 0x22 } },
	{ IMP_C_P521, 66, 7, { 6, 5, 0x2b, 0x81, 4, 0, 0x23 } },
};
enum { CURVES = sizeof curves / sizeof curves[0] };

static const struct curve *curve_of(int32_t id)
{
	for (int i = 0; i < CURVES; i++)
		if (curves[i].id == id)
			return &curves[i];
	return NULL;
}

/* The slot number of an object; 0: it has none. */
static uint64_t number_of(const imp_pkcs11 *t, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	uint8_t id[NUMBER];
	CK_ATTRIBUTE a = attr(CKA_ID, id, sizeof id);
	uint64_t n = 0;
	if (module_of(t)->C_GetAttributeValue(s, o, &a, 1) != CKR_OK || a.ulValueLen > sizeof id)
		return 0;
	for (CK_ULONG i = 0; i < a.ulValueLen; i++)
		n = n << 8 | id[i];
	return n;
}

/* What kind of key it is; 0: none that we can use. */
static int32_t kind_of(const imp_pkcs11 *t, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, uint16_t *width)
{
	CK_KEY_TYPE type = 0;
	uint8_t value[MAX_RSA];
	CK_ATTRIBUTE kind = attr(CKA_KEY_TYPE, &type, sizeof type);
	CK_ATTRIBUTE params = attr(CKA_EC_PARAMS, value, sizeof value), n = attr(CKA_MODULUS, value, sizeof value);
	if (module_of(t)->C_GetAttributeValue(s, o, &kind, 1) != CKR_OK)
		return 0;
	if (type == CKK_RSA && module_of(t)->C_GetAttributeValue(s, o, &n, 1) == CKR_OK) {
		*width = (uint16_t)n.ulValueLen;
		return IMP_A_RS256;
	}
	if (type == CKK_GENERIC_SECRET || type == CKK_SHA256_HMAC || type == CKK_SHA384_HMAC || type == CKK_SHA512_HMAC)
		return IMP_A_HMAC256;
	if (type != CKK_EC || module_of(t)->C_GetAttributeValue(s, o, &params, 1) != CKR_OK)
		return 0;
	for (int i = 0; i < CURVES; i++) {
		*width = curves[i].width;
		if (params.ulValueLen == curves[i].len && !memcmp(value, curves[i].oid, curves[i].len))
			return curves[i].id;
	}
	return 0;
}

static imp_pkcs11_key *key_at(const imp_pkcs11 *t, uint64_t slot)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->keys[i].slot == slot)
			return (imp_pkcs11_key *)(uintptr_t)&t->keys[i];
	return NULL;
}

/* One more private or secret key. */
static void note_secret(imp_pkcs11 *t, CK_OBJECT_HANDLE o)
{
	imp_pkcs11_key k = {0};
	CK_ATTRIBUTE label = attr(CKA_LABEL, k.label, sizeof k.label - 1);
	imp_pkcs11_key *twin;
	k.slot = number_of(t, t->session, o);
	k.alg = kind_of(t, t->session, o, &k.width);
	k.secret = o;
	if (!k.slot || !k.alg)
		return;
	module_of(t)->C_GetAttributeValue(t->session, o, &label, 1);
	twin = key_at(t, k.slot);
	if (twin)
		twin->secret = 0;
	else if (t->count < IMP_PKCS11_KEYS)
		t->keys[t->count++] = k;
}

static void note_public(imp_pkcs11 *t, CK_OBJECT_HANDLE o)
{
	imp_pkcs11_key *k = key_at(t, number_of(t, t->session, o));
	if (k)
		k->pub = o;
}

/* Every object of a class in the token. */
static imp_status each(imp_pkcs11 *t, CK_OBJECT_CLASS class, void (*note)(imp_pkcs11 *t, CK_OBJECT_HANDLE o))
{
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE want[2];
	CK_OBJECT_HANDLE found[4 * IMP_PKCS11_KEYS];
	CK_ULONG n = 0;
	CK_RV rv;
	want[0] = attr(CKA_CLASS, &class, sizeof class);
	want[1] = attr(CKA_TOKEN, &yes, sizeof yes);
	rv = module_of(t)->C_FindObjectsInit(t->session, want, 2);
	if (rv != CKR_OK)
		return status_of(rv);
	rv = module_of(t)->C_FindObjects(t->session, found, sizeof found / sizeof found[0], &n);
	module_of(t)->C_FindObjectsFinal(t->session);
	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++)
		note(t, found[i]);
	return status_of(rv);
}

static imp_status scan(imp_pkcs11 *t)
{
	imp_status st;
	t->count = 0;
	st = each(t, CKO_PRIVATE_KEY, note_secret);
	if (st == IMP_OK)
		st = each(t, CKO_SECRET_KEY, note_secret);
	return st == IMP_OK ? each(t, CKO_PUBLIC_KEY, note_public) : st;
}

/* ------------------------------------------------------------ provider -- */

static const imp_pkcs11 *token_of(const imp_crypto *c)
{
	return (const imp_pkcs11 *)c->data;
}

/* The key an opaque imp_key means; NULL: not in this token. */
static const imp_pkcs11_key *lookup(const imp_crypto *c, const imp_key *k)
{
	const imp_pkcs11_key *found = k->flags & IMP_KEY_OPAQUE ? key_at(token_of(c), k->slot) : NULL;
	return found && found->secret ? found : NULL;
}

/* A session for one call; it is logged in, as the token is. */
static imp_status begin(const imp_pkcs11 *t, CK_SESSION_HANDLE *s)
{
	return status_of(module_of(t)->C_OpenSession(t->token, CKF_SERIAL_SESSION, NULL, NULL, s));
}

static imp_status end(const imp_pkcs11 *t, CK_SESSION_HANDLE s, CK_RV rv)
{
	module_of(t)->C_CloseSession(s);
	return status_of(rv);
}

static size_t digest_len(int32_t alg)
{
	switch (alg) {
	case IMP_A_ES256: case IMP_A_RS256: case IMP_A_PS256: case IMP_A_HMAC256: return 32;
	case IMP_A_ES384: case IMP_A_RS384: case IMP_A_PS384: case IMP_A_HMAC384: return 48;
	case IMP_A_ES512: case IMP_A_HMAC512: return 64;
	default: return 0;
	}
}

static int fits(const imp_pkcs11_key *k, int32_t alg)
{
	switch (alg) {
	case IMP_A_ES256: case IMP_A_ES384: case IMP_A_ES512: return curve_of(k->alg) != NULL;
	case IMP_A_RS256: case IMP_A_RS384: case IMP_A_PS256: case IMP_A_PS384: return k->alg == IMP_A_RS256;
	case IMP_A_HMAC256: case IMP_A_HMAC384: case IMP_A_HMAC512: return k->alg == IMP_A_HMAC256;
	default: return 0;
	}
}

/* 1 if some key of the token does it. */
static int can(const imp_crypto *c, int32_t alg, int32_t curve)
{
	const imp_pkcs11 *t = token_of(c);
	for (unsigned i = 0; i < t->count; i++) {
		const imp_pkcs11_key *k = &t->keys[i];
		if (k->secret && (!curve || k->alg == curve) && (alg ? fits(k, alg) : curve != 0))
			return 1;
	}
	return 0;
}

/* A DigestInfo (RFC 8017, 9.2): what CKM_RSA_PKCS signs. */
static imp_span digest_info(int32_t alg, imp_span digest, uint8_t room[19 + 48])
{
	static const uint8_t head[19] = { 0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20 };
	memcpy(room, head, sizeof head);
	if (alg == IMP_A_RS384) {
		room[1] = 0x41;
		room[14] = 2;
		room[18] = 0x30;
	}
	memcpy(room + sizeof head, digest.ptr, digest.len);
	return imp_bytes(room, sizeof head + digest.len);
}

/* `in` as the mechanism for `alg` wants it, and the mechanism. */
static CK_MECHANISM mechanism(int32_t alg, CK_RSA_PKCS_PSS_PARAMS *pss, uint8_t *room, imp_span *in)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	if (alg == IMP_A_RS256 || alg == IMP_A_RS384) {
		m.mechanism = CKM_RSA_PKCS;
		*in = digest_info(alg, *in, room);
	} else if (alg == IMP_A_PS256 || alg == IMP_A_PS384) {
		pss->hashAlg = alg == IMP_A_PS256 ? CKM_SHA256 : CKM_SHA384;
		pss->mgf = alg == IMP_A_PS256 ? CKG_MGF1_SHA256 : CKG_MGF1_SHA384;
		pss->sLen = in->len;
		m.mechanism = CKM_RSA_PKCS_PSS;
		m.pParameter = pss;
		m.ulParameterLen = sizeof *pss;
	}
	return m;
}

static imp_status sign(const imp_crypto *c, int32_t alg, const imp_key *priv,
                       imp_span in, uint8_t *sig, size_t *len)
{
	const imp_pkcs11 *t = token_of(c);
	const imp_pkcs11_key *k = lookup(c, priv);
	CK_RSA_PKCS_PSS_PARAMS pss;
	uint8_t room[19 + 48];
	size_t want, had = *len;
	CK_ULONG n;
	CK_MECHANISM m;
	CK_SESSION_HANDLE s;
	imp_status st;
	CK_RV rv;
	if (!k || !fits(k, alg) || k->alg == IMP_A_HMAC256)
		return IMP_EUNSUP;
	if (in.len != digest_len(alg))
		return IMP_EARG;
	*len = want = curve_of(k->alg) ? 2u * k->width : k->width;
	if (had < want)
		return IMP_ENOSPC;
	m = mechanism(alg, &pss, room, &in);
	st = begin(t, &s);
	if (st != IMP_OK)
		return st;
	n = (CK_ULONG)had;
	rv = module_of(t)->C_SignInit(s, &m, k->secret);
	if (rv == CKR_OK)
		rv = module_of(t)->C_Sign(s, (CK_BYTE *)(uintptr_t)in.ptr, (CK_ULONG)in.len, sig, &n);
	st = end(t, s, rv);
	return st == IMP_OK && n != want ? IMP_ELINK : st;
}

static imp_status mac(const imp_crypto *c, int32_t alg, const imp_key *key,
                      const imp_span *in, size_t n, uint8_t *out, size_t len)
{
	const imp_pkcs11 *t = token_of(c);
	const imp_pkcs11_key *k = lookup(c, key);
	CK_MECHANISM m = { 0, NULL, 0 };
	CK_SESSION_HANDLE s;
	uint8_t full[64];
	CK_ULONG got = sizeof full;
	imp_status st;
	CK_RV rv;
	if (!k || !fits(k, alg) || k->alg != IMP_A_HMAC256)
		return IMP_EUNSUP;
	if (len > digest_len(alg))
		return IMP_EARG;
	m.mechanism = alg == IMP_A_HMAC256 ? CKM_SHA256_HMAC : alg == IMP_A_HMAC384 ? CKM_SHA384_HMAC : CKM_SHA512_HMAC;
	st = begin(t, &s);
	if (st != IMP_OK)
		return st;
	rv = module_of(t)->C_SignInit(s, &m, k->secret);
	for (size_t i = 0; rv == CKR_OK && i < n; i++)
		if (in[i].len)
			rv = module_of(t)->C_SignUpdate(s, (CK_BYTE *)(uintptr_t)in[i].ptr, (CK_ULONG)in[i].len);
	if (rv == CKR_OK)
		rv = module_of(t)->C_SignFinal(s, full, &got);
	st = end(t, s, rv);
	if (st == IMP_OK && got != digest_len(alg))
		return IMP_ELINK;
	if (st == IMP_OK)
		memcpy(out, full, len);
	return st;
}

/* The secret as an object of the session, then its value. */
static CK_RV derive(const imp_pkcs11 *t, CK_SESSION_HANDLE s, const imp_pkcs11_key *k, imp_span pub, uint8_t *out)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG width = k->width;
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, (CK_ULONG)pub.len, (CK_BYTE *)(uintptr_t)pub.ptr };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof p };
	CK_ATTRIBUTE want[6], value = attr(CKA_VALUE, out, k->width);
	CK_OBJECT_HANDLE o;
	CK_RV rv;
	want[0] = attr(CKA_CLASS, &class, sizeof class);
	want[1] = attr(CKA_KEY_TYPE, &type, sizeof type);
	want[2] = attr(CKA_TOKEN, &no, sizeof no);
	want[3] = attr(CKA_SENSITIVE, &no, sizeof no);
	want[4] = attr(CKA_EXTRACTABLE, &yes, sizeof yes);
	want[5] = attr(CKA_VALUE_LEN, &width, sizeof width);
	rv = module_of(t)->C_DeriveKey(s, &m, k->secret, want, 6, &o);
	if (rv != CKR_OK)
		return rv;
	rv = module_of(t)->C_GetAttributeValue(s, o, &value, 1);
	module_of(t)->C_DestroyObject(s, o);
	return rv == CKR_OK && value.ulValueLen != width ? CKR_GENERAL_ERROR : rv;
}

static int gone(CK_RV rv)
{
	return rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT
		|| rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED;
}

static imp_status dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	const imp_pkcs11 *t = token_of(c);
	const imp_pkcs11_key *k = lookup(c, priv);
	CK_SESSION_HANDLE s;
	size_t room = *len;
	imp_status st;
	CK_RV rv;
	if (!k || !curve_of(k->alg))
		return IMP_EUNSUP;
	if (pub.len != 1 + 2u * k->width || pub.ptr[0] != 4)
		return IMP_EBADMSG;
	*len = k->width;
	if (room < k->width)
		return IMP_ENOSPC;
	st = begin(t, &s);
	if (st != IMP_OK)
		return st;
	rv = derive(t, s, k, pub, out);
	st = end(t, s, rv);
	return st == IMP_ELINK && !gone(rv) ? IMP_EBADMSG : st; /* tokens name a bad point in many ways */
}

/* ---------------------------------------- what a token has no part in -- */

static imp_status no_random(const imp_crypto *c, uint8_t *out, size_t len)
{
	(void)c, (void)out, (void)len;
	return IMP_EUNSUP;
}

static imp_status no_hash_init(const imp_crypto *c, void *ctx, int32_t alg)
{
	(void)c, (void)ctx, (void)alg;
	return IMP_EUNSUP;
}

static void no_hash_push(const imp_crypto *c, void *ctx, imp_span in)
{
	(void)c, (void)ctx, (void)in;
}

static size_t no_hash_peek(const imp_crypto *c, const void *ctx, uint8_t *out)
{
	(void)c, (void)ctx, (void)out;
	return 0;
}

static imp_status no_cipher(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k,
                            imp_span iv, imp_span in, uint8_t *out)
{
	(void)c, (void)alg, (void)encrypt, (void)k, (void)iv, (void)in, (void)out;
	return IMP_EUNSUP;
}

static imp_status no_aead(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce,
                          const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	(void)c, (void)alg, (void)k, (void)nonce, (void)aad, (void)naad, (void)in, (void)out, (void)len;
	return IMP_EUNSUP;
}

static imp_status no_keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen,
                            uint8_t *pub, size_t *publen)
{
	(void)c, (void)curve, (void)priv, (void)privlen, (void)pub, (void)publen;
	return IMP_EUNSUP;
}

static imp_status no_verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig)
{
	(void)c, (void)alg, (void)pub, (void)in, (void)sig;
	return IMP_EUNSUP;
}

static imp_status no_rsa(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k,
                         imp_span in, uint8_t *out, size_t *len)
{
	(void)c, (void)alg, (void)encrypt, (void)k, (void)in, (void)out, (void)len;
	return IMP_EUNSUP;
}

static imp_status no_muladd(const imp_crypto *c, int32_t curve, imp_span x, imp_span P, imp_span y,
                            imp_span Q, uint8_t *out, size_t *len)
{
	(void)c, (void)curve, (void)x, (void)P, (void)y, (void)Q, (void)out, (void)len;
	return IMP_EUNSUP;
}

static imp_status no_scalar(const imp_crypto *c, int32_t curve, imp_span a, imp_span b, imp_span d,
                            int negate, uint8_t *r)
{
	(void)c, (void)curve, (void)a, (void)b, (void)d, (void)negate, (void)r;
	return IMP_EUNSUP;
}

static imp_status no_point(const imp_crypto *c, int32_t curve, imp_span in, uint8_t *out, size_t *len)
{
	(void)c, (void)curve, (void)in, (void)out, (void)len;
	return IMP_EUNSUP;
}

static const imp_crypto provider = {
	.size = sizeof(imp_crypto),
	.rank = 200, /* asked first, as others know no slots */
	.id = "imp.pkcs11",
	.can = can,
	.random = no_random,
	.hash_init = no_hash_init,
	.hash_push = no_hash_push,
	.hash_peek = no_hash_peek,
	.mac = mac,
	.cipher = no_cipher,
	.seal = no_aead,
	.open = no_aead,
	.keygen = no_keygen,
	.dh = dh,
	.sign = sign,
	.verify = no_verify,
	.rsa = no_rsa,
	.muladd = no_muladd,
	.scalar = no_scalar,
	.point = no_point,
};

/* ------------------------------------------------------ open and close -- */

/* A token's label is 32 bytes, padded with blanks. */
static int named(const CK_TOKEN_INFO *info, const char *label)
{
	char want[sizeof info->label];
	size_t n = strlen(label);
	if (n > sizeof want)
		return 0;
	memset(want, ' ', sizeof want);
	memcpy(want, label, n);
	return !memcmp(want, info->label, sizeof want);
}

static imp_status find_token(imp_pkcs11 *t, const char *label)
{
	CK_SLOT_ID at[64];
	CK_ULONG n = sizeof at / sizeof at[0];
	CK_TOKEN_INFO info;
	CK_RV rv = module_of(t)->C_GetSlotList(CK_TRUE, at, &n);
	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++)
		if (module_of(t)->C_GetTokenInfo(at[i], &info) == CKR_OK && named(&info, label)) {
			t->token = at[i];
			return IMP_OK;
		}
	return IMP_ELINK;
}

static imp_status login(imp_pkcs11 *t, imp_span pin)
{
	CK_RV rv = module_of(t)->C_OpenSession(t->token, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &t->session);
	if (rv != CKR_OK)
		return status_of(rv);
	rv = module_of(t)->C_Login(t->session, CKU_USER, (CK_BYTE *)(uintptr_t)pin.ptr, (CK_ULONG)pin.len);
	if (rv != CKR_OK)
		module_of(t)->C_CloseSession(t->session);
	return status_of(rv);
}

/* No token, no keys: the provider says IMP_EUNSUP to everything. */
static void empty(imp_pkcs11 *t)
{
	memset(t, 0, sizeof *t);
	t->crypto = provider;
	t->crypto.data = t;
}

static void unload(imp_pkcs11 *t)
{
	p11_kit_module_finalize(module_of(t));
	p11_kit_module_release(module_of(t));
	empty(t);
}

imp_status imp_pkcs11_open(imp_pkcs11 *t, const char *module, const char *token, imp_span pin)
{
	imp_status st;
	empty(t);
	t->module = p11_kit_module_load(module, 0);
	if (!t->module)
		return IMP_ELINK;
	if (p11_kit_module_initialize(module_of(t)) != CKR_OK) {
		p11_kit_module_release(module_of(t));
		empty(t);
		return IMP_ELINK;
	}
	st = find_token(t, token);
	if (st == IMP_OK)
		st = login(t, pin);
	if (st == IMP_OK)
		st = scan(t);
	if (st != IMP_OK) {
		unload(t);
		return st;
	}
	return IMP_OK;
}

void imp_pkcs11_close(imp_pkcs11 *t)
{
	if (!t->module)
		return;
	module_of(t)->C_Logout(t->session);
	module_of(t)->C_CloseSession(t->session);
	unload(t);
}

/* ------------------------------------------------------ for the factory -- */

imp_status imp_pkcs11_find(const imp_pkcs11 *t, const char *label, imp_key *out)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->keys[i].secret && !strcmp(t->keys[i].label, label)) {
			out->alg = t->keys[i].alg;
			out->flags = IMP_KEY_PRIVATE | IMP_KEY_OPAQUE;
			out->slot = t->keys[i].slot;
			out->bits = imp_bytes(NULL, 0);
			return IMP_OK;
		}
	return IMP_EFACT;
}

static imp_status put(imp_span in, uint8_t *out, size_t *len)
{
	size_t room = *len;
	*len = in.len;
	if (room < in.len)
		return IMP_ENOSPC;
	memcpy(out, in.ptr, in.len);
	return IMP_OK;
}

/* CKA_EC_POINT is the point as a DER octet string (below 256 bytes). */
static imp_status public_point(const imp_pkcs11 *t, const imp_pkcs11_key *k, uint8_t *out, size_t *len)
{
	uint8_t der[3 + 1 + 2 * MAX_WIDTH];
	CK_ATTRIBUTE a = attr(CKA_EC_POINT, der, sizeof der);
	size_t want = 1 + 2u * k->width, head = want < 128 ? 2 : 3;
	if (!k->pub || module_of(t)->C_GetAttributeValue(t->session, k->pub, &a, 1) != CKR_OK)
		return IMP_EFACT;
	if (a.ulValueLen != head + want || der[0] != 4 || der[head - 1] != want || der[head] != 4)
		return IMP_EFACT;
	return put(imp_bytes(der + head, want), out, len);
}

/* Write tag and length in front of the `n` bytes at `at`: the new front. */
static uint8_t *header(uint8_t *at, uint8_t tag, size_t n)
{
	*--at = (uint8_t)n;
	if (n > 255)
		*--at = (uint8_t)(n >> 8);
	if (n > 127)
		*--at = n > 255 ? 0x82 : 0x81;
	*--at = tag;
	return at;
}

/* A positive DER integer that ends before `end`. */
static uint8_t *integer(uint8_t *end, imp_span value)
{
	uint8_t *at = end - value.len;
	memmove(at, value.ptr, value.len);
	while (at < end - 1 && !*at)
		at++;
	if (*at & 0x80)
		*--at = 0;
	return header(at, 2, (size_t)(end - at));
}

static imp_status public_rsa(const imp_pkcs11 *t, const imp_pkcs11_key *k, uint8_t *out, size_t *len)
{
	uint8_t n[MAX_RSA], e[16], der[MAX_RSA + 64], *const end = der + sizeof der, *at;
	CK_ATTRIBUTE a[2];
	a[0] = attr(CKA_MODULUS, n, sizeof n);
	a[1] = attr(CKA_PUBLIC_EXPONENT, e, sizeof e);
	if (module_of(t)->C_GetAttributeValue(t->session, k->pub ? k->pub : k->secret, a, 2) != CKR_OK)
		return IMP_EFACT;
	if (!a[0].ulValueLen || !a[1].ulValueLen)
		return IMP_EFACT;
	at = integer(end, imp_bytes(e, a[1].ulValueLen));
	at = integer(at, imp_bytes(n, a[0].ulValueLen));
	at = header(at, 0x30, (size_t)(end - at));
	return put(imp_bytes(at, (size_t)(end - at)), out, len);
}

imp_status imp_pkcs11_public(const imp_pkcs11 *t, uint64_t slot, uint8_t *out, size_t *len)
{
	const imp_pkcs11_key *k = key_at(t, slot);
	if (!k || k->alg == IMP_A_HMAC256)
		return IMP_EFACT;
	return k->alg == IMP_A_RS256 ? public_rsa(t, k, out, len) : public_point(t, k, out, len);
}

/* The attributes of a new key, and what they point at. */
struct recipe {
	CK_BBOOL     yes, no;
	CK_ULONG     size;
	uint8_t      e[3], id[NUMBER];
	CK_ATTRIBUTE secret[8], pub[6];
	CK_ULONG     nsecret, npub;
};

static void add_secret(struct recipe *r, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
	r->secret[r->nsecret++] = attr(type, value, len);
}

static void add_pub(struct recipe *r, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
	r->pub[r->npub++] = attr(type, value, len);
}

/* What all keys have in common: they stay, and they stay inside. */
static void start(struct recipe *r, uint64_t slot, const char *label)
{
	size_t first = 0;
	memset(r, 0, sizeof *r);
	r->yes = CK_TRUE;
	for (unsigned i = 0; i < NUMBER; i++)
		r->id[i] = (uint8_t)(slot >> 8 * (NUMBER - 1 - i));
	while (!r->id[first])
		first++;
	add_secret(r, CKA_TOKEN, &r->yes, sizeof r->yes);
	add_secret(r, CKA_PRIVATE, &r->yes, sizeof r->yes);
	add_secret(r, CKA_SENSITIVE, &r->yes, sizeof r->yes);
	add_secret(r, CKA_EXTRACTABLE, &r->no, sizeof r->no);
	add_secret(r, CKA_SIGN, &r->yes, sizeof r->yes);
	add_secret(r, CKA_ID, r->id + first, NUMBER - first);
	add_secret(r, CKA_LABEL, label, strlen(label));
	add_pub(r, CKA_TOKEN, &r->yes, sizeof r->yes);
	add_pub(r, CKA_VERIFY, &r->yes, sizeof r->yes);
	add_pub(r, CKA_ID, r->id + first, NUMBER - first);
	add_pub(r, CKA_LABEL, label, strlen(label));
}

static CK_RV make_pair(imp_pkcs11 *t, CK_MECHANISM_TYPE type, struct recipe *r)
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_OBJECT_HANDLE pub, secret;
	return module_of(t)->C_GenerateKeyPair(t->session, &m, r->pub, r->npub, r->secret, r->nsecret, &pub, &secret);
}

static CK_RV make_ec(imp_pkcs11 *t, const struct curve *c, struct recipe *r)
{
	add_pub(r, CKA_EC_PARAMS, c->oid, c->len);
	add_secret(r, CKA_DERIVE, &r->yes, sizeof r->yes);
	return make_pair(t, CKM_EC_KEY_PAIR_GEN, r);
}

static CK_RV make_rsa(imp_pkcs11 *t, CK_ULONG bits, struct recipe *r)
{
	r->size = bits;
	r->e[0] = r->e[2] = 1;
	add_pub(r, CKA_MODULUS_BITS, &r->size, sizeof r->size);
	add_pub(r, CKA_PUBLIC_EXPONENT, r->e, sizeof r->e);
	return make_pair(t, CKM_RSA_PKCS_KEY_PAIR_GEN, r);
}

static CK_RV make_hmac(imp_pkcs11 *t, CK_ULONG len, struct recipe *r)
{
	CK_MECHANISM m = { CKM_GENERIC_SECRET_KEY_GEN, NULL, 0 };
	CK_OBJECT_HANDLE secret;
	r->size = len;
	add_secret(r, CKA_VALUE_LEN, &r->size, sizeof r->size);
	return module_of(t)->C_GenerateKey(t->session, &m, r->secret, r->nsecret, &secret);
}

imp_status imp_pkcs11_keygen(imp_pkcs11 *t, int32_t alg, uint64_t slot, const char *label)
{
	struct recipe r;
	CK_RV rv;
	imp_status st;
	if (!slot || key_at(t, slot))
		return IMP_EARG;
	start(&r, slot, label);
	if (curve_of(alg))
		rv = make_ec(t, curve_of(alg), &r);
	else if (alg == IMP_A_RS256 || alg == IMP_A_RS384)
		rv = make_rsa(t, alg == IMP_A_RS256 ? 2048 : 3072, &r);
	else if (alg == IMP_A_HMAC256 || alg == IMP_A_HMAC384)
		rv = make_hmac(t, alg == IMP_A_HMAC256 ? 32 : 48, &r);
	else
		return IMP_EUNSUP;
	st = status_of(rv);
	return st == IMP_OK ? scan(t) : st;
}
