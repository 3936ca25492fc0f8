/* fdo.c -- FDO vouchers and public keys for Lua: imp.fdo. */
#include "mod.h"
#include "voucher.h"
#include <stdlib.h>

enum { ENTRY_MAX = 8192 };

/* nil, why, offset */
static int bad_voucher(lua_State *L, imp_span in)
{
	fdo_walk end;
	const char *why = NULL;
	size_t offset = 0;
	fdo_voucher_verify(mod_crypto(), in, NULL, &end, &why, &offset);
	lua_pushnil(L);
	lua_pushstring(L, why && *why ? why : "expected an OwnershipVoucher");
	lua_pushinteger(L, (lua_Integer)offset);
	return 3;
}

static void push_chain(lua_State *L, imp_span chain)
{
	lua_newtable(L);
	for (size_t i = 0;; i++) {
		imp_span cert = chain.len ? fdo_chain_cert(chain, i) : imp_bytes(NULL, 0);
		if (!cert.len)
			return;
		mod_push(L, cert);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

static void push_entries(lua_State *L, imp_span entries, size_t n)
{
	lua_createtable(L, (int)n, 0);
	for (size_t i = 1; i <= n; i++) {
		mod_push(L, fdo_voucher_pop(&entries));
		lua_rawseti(L, -2, (lua_Integer)i);
	}
}

/* imp.fdo.voucher(bytes) -> { guid=, info=, rvinfo=, key=, header=, head=,
 * chain={der}, entries={bytes} } or nil, why, offset.  Its shape only. */
static int l_voucher(lua_State *L)
{
	imp_span in = mod_span(L, 1);
	fdo_voucher v;
	uint8_t *to;
	imp_wr w;
	if (fdo_read_voucher(in, &v) < 0)
		return bad_voucher(L, in);
	lua_newtable(L);
	mod_set(L, "guid", v.head.header.guid);
	mod_set(L, "info", v.head.header.info);
	mod_set(L, "rvinfo", v.head.header.rvinfo);
	mod_set(L, "key", v.head.header.key.raw);
	mod_set(L, "header", v.head.header.raw);
	mod_set(L, "hmac", v.head.hmac_raw);
	push_chain(L, v.head.chain);
	lua_setfield(L, -2, "chain");
	push_entries(L, v.entries, v.count);
	lua_setfield(L, -2, "entries");
	to = lua_newuserdatauv(L, in.len + 32, 0);
	w = imp_wr_to(to, in.len + 32);
	fdo_put_head(&w, v.head.header.raw, v.head.hmac_raw, v.head.chain);
	lua_pop(L, 1);
	mod_set(L, "head", imp_wr_span(&w));
	return 1;
}

/* imp.fdo.join(head, { entry, ... }) -> the voucher's bytes */
static int l_join(lua_State *L)
{
	fdo_head h;
	luaL_Buffer b;
	uint8_t *to;
	imp_wr w;
	size_t n = lua_rawlen(L, 2), cap = mod_span(L, 1).len + 32;
	if (fdo_read_head(mod_span(L, 1), &h) < 0)
		return mod_fail(L, "expected a voucher's head");
	luaL_buffinit(L, &b);
	to = (uint8_t *)luaL_prepbuffsize(&b, cap);
	w = imp_wr_to(to, cap);
	fdo_put_voucher_start(&w, h.header.raw, h.hmac_raw, h.chain, n);
	luaL_addsize(&b, imp_wr_span(&w).len);
	for (size_t i = 1; i <= n; i++) {
		lua_rawgeti(L, 2, (lua_Integer)i);
		luaL_checkstring(L, -1);
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
	return 1;
}

static const char *const encodings[] = {"crypto", "x509", "x5chain", "cose", NULL}; /* by enum fdo_pkenc */

static void set_key(lua_State *L, const fdo_key *k)
{
	mod_set_int(L, "alg", k->alg);
	mod_set(L, "bits", imp_bytes(k->bits, k->len));
	mod_set_text(L, "name", fdo_key_name(k));
	mod_set_int(L, "sig", fdo_key_sig(k));
}

/* The key of a raw PublicKey: { alg=, bits=, name=, sig=, enc= } */
static int push_pubkey(lua_State *L, imp_span raw)
{
	imp_rd r = imp_rd_of(raw);
	fdo_pubkey pk;
	fdo_key k;
	fdo_pubkey_read(&r, &pk);
	if (imp_rd_end(&r) < 0 || fdo_key_read(&pk, &k) < 0)
		return mod_fail(L, "expected an FDO PublicKey");
	lua_newtable(L);
	set_key(L, &k);
	mod_set_text(L, "enc", encodings[pk.enc]);
	return 1;
}

static int l_key(lua_State *L)
{
	return push_pubkey(L, mod_span(L, 1));
}

/* imp.fdo.put_key({ alg=, bits= }, "x509" | "cose" | "x5chain", encoded chain)
 * -> a raw PublicKey and its TYPE.  RSA has no "cose": it is "x509" then. */
static int l_put_key(lua_State *L)
{
	uint8_t out[ENTRY_MAX];
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_key pub = mod_key(L, 1);
	int enc = luaL_checkoption(L, 2, "x509", encodings);
	fdo_key k;
	if (fdo_key_from(&pub, 0, &k) < 0)
		return mod_fail(L, "not a key that FDO knows: P-256, P-384, RSA of 2048 or 3072 bits");
	if (enc == FDO_ENC_X5CHAIN)
		fdo_put_key_x5chain(&w, k.type, mod_span(L, 3));
	else
		fdo_put_key(&w, &k, enc == FDO_ENC_COSEKEY && k.alg == IMP_X509_RSA ? FDO_ENC_X509 : (uint8_t)enc);
	if (imp_wr_end(&w) < 0)
		return mod_fail_status(L, "public key", imp_wr_end(&w));
	mod_push(L, imp_wr_span(&w));
	lua_pushstring(L, fdo_key_name(&k));
	return 2;
}

/* imp.fdo.public(private key) -> { alg=, bits=, name=, sig= } */
static int l_public(lua_State *L)
{
	imp_key priv = mod_key(L, 1);
	fdo_key k;
	imp_status st = fdo_public_of(mod_crypto(), &priv, &k);
	if (st < 0)
		return mod_fail_status(L, "not a private key that FDO knows", st);
	lua_newtable(L);
	set_key(L, &k);
	return 1;
}

/* imp.fdo.verify(voucher, [flat hmac key]) -> { owner=raw key..., count= }
 * or nil, why, offset */
static int l_verify(lua_State *L)
{
	imp_span in = mod_span(L, 1);
	imp_key secret = {0};
	fdo_walk end;
	const char *why = "";
	size_t offset = 0;
	imp_status st;
	if (!lua_isnoneornil(L, 2))
		secret = imp_key_from(mod_span(L, 2));
	st = fdo_voucher_verify(mod_crypto(), in, lua_isnoneornil(L, 2) ? NULL : &secret, &end, &why, &offset);
	if (st < 0) {
		lua_pushnil(L);
		lua_pushfstring(L, "%s: %s", mod_status(st), why ? why : "");
		lua_pushinteger(L, (lua_Integer)offset);
		return 3;
	}
	lua_newtable(L);
	mod_set_int(L, "count", end.count);
	set_key(L, &end.owner);
	return 1;
}

/* imp.fdo.extend(voucher, private key, next raw PublicKey) -> one entry, or
 * nil and why */
static int l_extend(lua_State *L)
{
	static uint8_t out[ENTRY_MAX];
	imp_span in = mod_span(L, 1);
	imp_key priv = mod_key(L, 2);
	imp_wr w = imp_wr_to(out, sizeof out);
	fdo_voucher v;
	fdo_walk end;
	fdo_key device;
	const char *why = "";
	int32_t device_sig;
	imp_status st = fdo_voucher_verify(mod_crypto(), in, NULL, &end, &why, NULL);
	if (st < 0 || fdo_read_voucher(in, &v) < 0)
		return mod_fail(L, why && *why ? why : "malformed");
	device_sig = fdo_head_check(mod_crypto(), &v.head, &device, &why) == IMP_OK ? fdo_key_sig(&device) : fdo_key_sig(&end.owner);
	st = fdo_put_entry(mod_crypto(), &w, &end, &priv, mod_span(L, 3), imp_bytes(NULL, 0), fdo_hash_alg(device_sig, fdo_key_sig(&end.owner)));
	if (st == IMP_OK)
		st = imp_wr_end(&w);
	if (st < 0)
		return mod_fail(L, st == IMP_EARG || st == IMP_EAUTH ? "the key is not the present owner's" : st == IMP_EUNSUP ? "the next owner's key is of another type" : mod_status(st));
	mod_push(L, imp_wr_span(&w));
	return 1;
}

/* imp.fdo.header{ guid=, rvinfo=, info=, key=, chain_hash={alg,value} } */
static int l_header(lua_State *L)
{
	uint8_t out[4096];
	imp_wr w = imp_wr_to(out, sizeof out);
	fdo_ovheader h = {0};
	luaL_checktype(L, 1, LUA_TTABLE);
	h.guid = mod_field(L, 1, "guid");
	h.rvinfo = mod_field(L, 1, "rvinfo");
	h.info = mod_field(L, 1, "info");
	h.key.raw = mod_field(L, 1, "key");
	h.chain.alg = (int32_t)mod_int(L, 1, "hash_alg", 0);
	h.chain.value = mod_field(L, 1, "hash");
	fdo_put_ovheader(&w, &h);
	if (imp_wr_end(&w) < 0)
		return mod_fail_status(L, "voucher header", imp_wr_end(&w));
	mod_push(L, imp_wr_span(&w));
	return 1;
}

int open_fdo(lua_State *L)
{
	static const luaL_Reg functions[] = {{"voucher", l_voucher}, {"join", l_join}, {"key", l_key}, {"public", l_public}, {"put_key", l_put_key}, {"verify", l_verify}, {"extend", l_extend}, {"header", l_header}, {NULL, NULL}};
	luaL_newlib(L, functions);
	lua_setfield(L, -2, "fdo");
	return 0;
}
