/* crypto.c -- hashes, MACs, keys and signatures for Lua. */
#include "crypto.h"
#include "cose.h"
#include "ct.h"
#include "mod.h"
#include <qrencode.h>

static const struct alg {
	const char *name;
	int32_t number;
} algs[] = {
	{"sha256", IMP_A_SHA256}, {"sha384", IMP_A_SHA384}, {"sha512", IMP_A_SHA512}, {"hmac256", IMP_A_HMAC256}, {"hmac384", IMP_A_HMAC384},
	{"es256", IMP_A_ES256}, {"es384", IMP_A_ES384}, {"rs256", IMP_A_RS256}, {"rs384", IMP_A_RS384}, {"eddsa", IMP_A_EDDSA},
	{"p256", IMP_C_P256}, {"p384", IMP_C_P384}, {"ed25519", IMP_C_ED25519}, {"rsa", IMP_A_RS256}, {NULL, 0}
};

const imp_crypto *mod_crypto(void)
{
	static imp_crypto mux;
	static const imp_crypto *const list[] = {&imp_openssl, &imp_sodium, NULL};
	if (!mux.size)
		imp_mux(&mux, list);
	return &mux;
}

/* A number, or one of the names above. */
static int32_t alg_arg(lua_State *L, int i)
{
	const struct alg *a = algs;
	if (lua_type(L, i) == LUA_TNUMBER)
		return (int32_t)luaL_checkinteger(L, i);
	while (a->name && strcmp(a->name, luaL_checkstring(L, i)) != 0)
		a++;
	if (!a->name)
		luaL_error(L, "no algorithm is called '%s'", lua_tostring(L, i));
	return a->number;
}

static int l_random(lua_State *L)
{
	uint8_t out[256];
	lua_Integer n = luaL_checkinteger(L, 1);
	luaL_argcheck(L, n >= 0 && n <= (lua_Integer)sizeof out, 1, "0 to 256 bytes");
	if (mod_crypto()->random(mod_crypto(), out, (size_t)n) < 0)
		return luaL_error(L, "no entropy");
	mod_push(L, imp_bytes(out, (size_t)n));
	imp_wipe(out, sizeof out);
	return 1;
}

static int l_hash(lua_State *L)
{
	uint8_t out[64];
	int32_t alg = alg_arg(L, 1);
	imp_span in = mod_span(L, 2);
	imp_status st = imp_hash(mod_crypto(), alg, &in, 1, out);
	if (st < 0)
		return mod_fail_status(L, "hash", st);
	mod_push(L, imp_bytes(out, imp_hash_len(alg)));
	return 1;
}

static int l_hmac(lua_State *L)
{
	uint8_t out[64];
	int32_t alg = alg_arg(L, 1);
	imp_key k = {alg, 0, 0, mod_span(L, 2)};
	imp_span in = mod_span(L, 3);
	size_t len = imp_hash_len(alg);
	imp_status st = mod_crypto()->mac(mod_crypto(), alg, &k, &in, 1, out, len);
	if (st < 0)
		return mod_fail_status(L, "hmac", st);
	mod_push(L, imp_bytes(out, len));
	return 1;
}

/* curve -> private key, public key */
static int l_keygen(lua_State *L)
{
	uint8_t priv[80], pub[160];
	size_t privlen = sizeof priv, publen = sizeof pub;
	int32_t curve = alg_arg(L, 1);
	imp_status st = mod_crypto()->keygen(mod_crypto(), curve, priv, &privlen, pub, &publen);
	if (st < 0)
		return mod_fail_status(L, "keygen", st);
	mod_push_key(L, &(imp_key){curve, IMP_KEY_PRIVATE, 0, imp_bytes(priv, privlen)});
	mod_push_key(L, &(imp_key){curve, 0, 0, imp_bytes(pub, publen)});
	imp_wipe(priv, sizeof priv);
	return 2;
}

/* alg, private key, message -> signature */
static int l_sign(lua_State *L)
{
	uint8_t sig[520];
	size_t len = sizeof sig;
	int32_t alg = alg_arg(L, 1);
	imp_key k = mod_key(L, 2);
	imp_span in = mod_span(L, 3);
	imp_status st = imp_sign(mod_crypto(), alg, &k, &in, 1, sig, &len);
	if (st < 0)
		return mod_fail_status(L, "sign", st);
	mod_push(L, imp_bytes(sig, len));
	return 1;
}

static int l_verify(lua_State *L)
{
	int32_t alg = alg_arg(L, 1);
	imp_key k = mod_key(L, 2);
	imp_span in = mod_span(L, 3);
	imp_status st = imp_verify(mod_crypto(), alg, &k, &in, 1, mod_span(L, 4));
	if (st < 0)
		return mod_fail_status(L, "verify", st);
	lua_pushboolean(L, 1);
	return 1;
}

/* A key's flat form, and back. */
static int l_flat(lua_State *L)
{
	imp_key k = mod_key(L, 1);
	uint8_t head[IMP_KEY_HEAD];
	imp_key_head(&k, head);
	mod_push(L, imp_bytes(head, sizeof head));
	mod_push(L, k.bits);
	lua_concat(L, 2);
	return 1;
}

static int l_unflat(lua_State *L)
{
	imp_key k = imp_key_from(mod_span(L, 1));
	mod_push_key(L, &k);
	return 1;
}

/* Two modules a character, as half blocks for light on dark, with a quiet
 * zone of four. */
static int l_qr(lua_State *L)
{
	QRcode *q = QRcode_encodeString8bit(luaL_checkstring(L, 1), 0, QR_ECLEVEL_M);
	luaL_Buffer b;
	if (!q)
		return mod_fail(L, "too long for a QR code");
	luaL_buffinit(L, &b);
	for (int y = -4; y < q->width + 4; y += 2) {
		for (int x = -4; x < q->width + 4; x++) {
			int in = x >= 0 && x < q->width;
			int up = in && y >= 0 && y < q->width && q->data[y * q->width + x] & 1;
			int low = in && y + 1 >= 0 && y + 1 < q->width && q->data[(y + 1) * q->width + x] & 1;
			luaL_addstring(&b, up ? low ? " " : "\xe2\x96\x84" : low ? "\xe2\x96\x80" : "\xe2\x96\x88");
		}
		luaL_addchar(&b, '\n');
	}
	QRcode_free(q);
	luaL_pushresult(&b);
	return 1;
}

/* imp.qr_modules(text) -> width, "0110..." row by row: 1 is dark */
static int l_qr_modules(lua_State *L)
{
	QRcode *q = QRcode_encodeString8bit(luaL_checkstring(L, 1), 0, QR_ECLEVEL_M);
	luaL_Buffer b;
	if (!q)
		return mod_fail(L, "too long for a QR code");
	lua_pushinteger(L, q->width);
	luaL_buffinit(L, &b);
	for (int i = 0; i < q->width * q->width; i++)
		luaL_addchar(&b, q->data[i] & 1 ? '1' : '0');
	QRcode_free(q);
	luaL_pushresult(&b);
	return 2;
}

int open_crypto(lua_State *L)
{
	static const luaL_Reg functions[] = {{"random", l_random}, {"hash", l_hash}, {"hmac", l_hmac}, {"keygen", l_keygen}, {"sign", l_sign}, {"verify", l_verify}, {"flat", l_flat}, {"unflat", l_unflat}, {"qr", l_qr}, {"qr_modules", l_qr_modules}, {NULL, NULL}};
	luaL_setfuncs(L, functions, 0);
	return 0;
}
