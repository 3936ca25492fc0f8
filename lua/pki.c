/* pki.c -- certificates, requests and key files for Lua. */
#include "mod.h"
#include "x509.h"

enum { CHAIN = 16, CERT_MAX = 8192 };

/* imp.cert(der) -> table, or nil and why */
static int l_cert(lua_State *L)
{
	imp_cert c;
	imp_status st = imp_cert_read(mod_span(L, 1), &c);
	if (st < 0)
		return mod_fail_status(L, "expected an X.509 certificate in DER", st);
	lua_newtable(L);
	mod_set(L, "raw", c.raw);
	mod_set(L, "serial", c.serial);
	mod_set(L, "issuer", c.issuer);
	mod_set(L, "issuer_cn", imp_cert_cn(c.issuer));
	mod_set(L, "subject", c.subject);
	mod_set(L, "subject_cn", imp_cert_cn(c.subject));
	mod_set(L, "spki", c.spki);
	mod_set(L, "key_id", c.key_id);
	mod_set_int(L, "sig_alg", c.sig_alg);
	mod_set_int(L, "not_before", c.not_before);
	mod_set_int(L, "not_after", c.not_after);
	mod_set_int(L, "path_len", c.path_len);
	mod_set_int(L, "usage", c.usage);
	mod_set_bool(L, "ca", c.ca);
	mod_push_key(L, &c.key);
	lua_setfield(L, -2, "key");
	return 1;
}

/* imp.issue{ serial=, issuer= | issuer_cn=, subject= | subject_cn=,
 * not_before=, not_after=, spki= | key=, ca=, alg=, signer= } -> DER */
static int l_issue(lua_State *L)
{
	uint8_t out[CERT_MAX];
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_issue what = {0};
	imp_key subject, signer;
	imp_status st;
	luaL_checktype(L, 1, LUA_TTABLE);
	what.serial = mod_field(L, 1, "serial");
	what.issuer = mod_field(L, 1, "issuer");
	what.issuer_cn = (const char *)mod_field(L, 1, "issuer_cn").ptr;
	what.subject = mod_field(L, 1, "subject");
	what.subject_cn = (const char *)mod_field(L, 1, "subject_cn").ptr;
	what.not_before = (uint64_t)mod_int(L, 1, "not_before", 0);
	what.not_after = (uint64_t)mod_int(L, 1, "not_after", 0);
	what.subject_spki = mod_field(L, 1, "spki");
	what.issuer_key_id = mod_field(L, 1, "issuer_key_id");
	what.ca = mod_true(L, 1, "ca");
	if (!what.subject_spki.len) {
		lua_getfield(L, 1, "key");
		subject = mod_key(L, lua_gettop(L));
		what.subject_key = &subject;
	}
	lua_getfield(L, 1, "signer");
	signer = mod_key(L, lua_gettop(L));
	st = imp_cert_issue(mod_crypto(), &w, &what, (int32_t)mod_int(L, 1, "alg", 0), &signer);
	if (st == IMP_OK)
		st = imp_wr_end(&w);
	if (st < 0)
		return mod_fail_status(L, "certificate", st);
	mod_push(L, imp_wr_span(&w));
	return 1;
}

static size_t spans(lua_State *L, int i, imp_span out[CHAIN])
{
	size_t n = lua_istable(L, i) ? lua_rawlen(L, i) : 0;
	luaL_argcheck(L, n <= CHAIN, i, "too many certificates");
	for (size_t k = 0; k < n; k++) {
		lua_rawgeti(L, i, (lua_Integer)k + 1);
		out[k] = mod_span(L, lua_gettop(L));
		lua_pop(L, 1);
	}
	return n;
}

/* imp.chain({ der, ... }, { anchor, ... }, time) -> true | nil, why, which */
static int l_chain(lua_State *L)
{
	imp_span chain[CHAIN], anchor[CHAIN];
	size_t n = spans(L, 1, chain), na = spans(L, 2, anchor), which = 0;
	const char *why = "";
	if (imp_chain_verify(mod_crypto(), chain, n, anchor, na, (uint64_t)luaL_optinteger(L, 3, 0), &why, &which) < 0) {
		mod_fail(L, why && *why ? why : "malformed");
		lua_pushinteger(L, (lua_Integer)which + 1);
		return 3;
	}
	lua_pushboolean(L, 1);
	return 1;
}

static int l_csr(lua_State *L)
{
	imp_csr c;
	imp_status st = imp_csr_read(mod_span(L, 1), &c);
	if (st == IMP_OK)
		st = imp_csr_verify(mod_crypto(), &c);
	if (st < 0)
		return mod_fail_status(L, "expected a PKCS#10 request", st);
	lua_newtable(L);
	mod_set(L, "subject", c.subject);
	mod_set(L, "subject_cn", imp_cert_cn(c.subject));
	mod_set(L, "spki", c.spki);
	mod_push_key(L, &c.key);
	lua_setfield(L, -2, "key");
	return 1;
}

static int l_spki(lua_State *L)
{
	uint8_t out[1024];
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_key k = mod_key(L, 1);
	imp_spki_put(&w, &k);
	if (imp_wr_end(&w) < 0)
		return mod_fail_status(L, "public key", imp_wr_end(&w));
	mod_push(L, imp_wr_span(&w));
	return 1;
}

static int l_spki_read(lua_State *L)
{
	imp_key k;
	imp_status st = imp_spki_read(mod_span(L, 1), &k);
	if (st < 0)
		return mod_fail_status(L, "expected a SubjectPublicKeyInfo in DER", st);
	mod_push_key(L, &k);
	return 1;
}

static int l_private(lua_State *L)
{
	imp_key k;
	imp_status st = imp_priv_read(mod_span(L, 1), &k);
	if (st < 0)
		return mod_fail_status(L, "expected a private key in DER (PKCS#8, SEC 1 or PKCS#1)", st);
	k.flags |= IMP_KEY_PRIVATE;
	mod_push_key(L, &k);
	return 1;
}

/* One DER element: tag, content, and where the next starts. */
static int l_der(lua_State *L)
{
	imp_span in = mod_span(L, 1);
	size_t at = (size_t)luaL_optinteger(L, 2, 1) - 1;
	imp_rd r = imp_rd_of(at <= in.len ? imp_bytes(in.ptr + at, in.len - at) : imp_bytes(NULL, 0));
	int tag = imp_der_peek(&r);
	imp_span content = tag < 0 ? imp_bytes(NULL, 0) : imp_der_take(&r, (uint8_t)tag);
	if (tag < 0 || r.err)
		return mod_fail(L, "expected a DER element");
	lua_pushinteger(L, tag);
	mod_push(L, content);
	lua_pushinteger(L, (lua_Integer)(at + imp_rd_at(&r)) + 1);
	return 3;
}

int open_pki(lua_State *L)
{
	static const luaL_Reg functions[] = {{"cert", l_cert}, {"issue", l_issue}, {"chain", l_chain}, {"csr", l_csr}, {"spki", l_spki}, {"spki_read", l_spki_read}, {"private", l_private}, {"der", l_der}, {NULL, NULL}};
	luaL_setfuncs(L, functions, 0);
	return 0;
}
