/* imprint.c -- the module `imprint`: what is built in, and its parts together. */
#include "mod.h"

static int l_status(lua_State *L)
{
	lua_pushstring(L, mod_status((imp_status)luaL_checkinteger(L, 1)));
	return 1;
}

static void push_facts(lua_State *L, const imp_fact *f)
{
	lua_newtable(L);
	for (lua_Integer i = 1; f && f->topic; f++, i++) {
		lua_createtable(L, 0, 7);
		mod_push_topic(L, f->topic);
		lua_setfield(L, -2, "topic");
		mod_set_text(L, "name", f->name);
		mod_set_text(L, "text", f->text);
		mod_set_bool(L, "needed", f->flags & IMP_FACT_NEEDED);
		mod_set_bool(L, "secret", f->flags & IMP_FACT_SECRET);
		mod_set_bool(L, "many", f->flags & IMP_FACT_MANY);
		mod_set_int(L, "roles", f->flags >> 8); /* bits, 1 << role; 0: every role's */
		lua_rawseti(L, -2, i);
	}
}

/* What the value of a claim may be, as policies see it. */
static void set_form(lua_State *L, uint16_t form)
{
	static const struct { uint16_t bit; const char *is; } forms[] = {{IMP_F_UINT, "number"}, {IMP_F_BYTES, "hex"}, {IMP_F_TEXT, "text"},
		{IMP_F_ARRAY, "list"}, {IMP_F_MAP, "table"}, {IMP_F_SIMPLE, "boolean"}};
	luaL_Buffer b;
	int n = 0;
	luaL_buffinit(L, &b);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (form & forms[i].bit) {
			luaL_addstring(&b, n++ ? " or " : "");
			luaL_addstring(&b, forms[i].is);
		}
	luaL_pushresult(&b);
	lua_setfield(L, -2, "form");
}

static void push_claims(lua_State *L, const imp_claim *c)
{
	lua_newtable(L);
	for (lua_Integer i = 1; c && c->ask; c++, i++) {
		lua_createtable(L, 0, 7);
		mod_push_topic(L, c->ask);
		lua_setfield(L, -2, "ask");
		mod_push_topic(L, c->topic);
		lua_setfield(L, -2, "topic");
		mod_set_text(L, "text", c->text);
		mod_set_bool(L, "always", c->flags & IMP_CLAIM_ALWAYS);
		mod_set_bool(L, "reply", c->flags & IMP_CLAIM_REPLY);
		mod_set_int(L, "roles", c->flags >> 8);
		set_form(L, c->form);
		lua_rawseti(L, -2, i);
	}
}

static void push_numbers(lua_State *L, const int32_t *n)
{
	lua_newtable(L);
	for (lua_Integer i = 1; n && *n; n++, i++) {
		lua_pushinteger(L, *n);
		lua_rawseti(L, -2, i);
	}
}

static void push_texts(lua_State *L, const char *const *t)
{
	lua_newtable(L);
	for (lua_Integer i = 1; t && *t; t++, i++) {
		lua_pushstring(L, *t);
		lua_rawseti(L, -2, i);
	}
}

/* Bits as they are; "called" by number of the role. */
static void push_manifest(lua_State *L, const imp_manifest *m)
{
	const struct {
		const char *name;
		uint32_t bits;
	} bits[] = {{"roles", m->roles}, {"players", m->players}, {"beliefs_in", m->beliefs_in}, {"discovery", m->discovery}, {"trust", m->trust},
		{"authorizer", m->authorizer}, {"delivers", m->delivers}, {"properties", m->properties},
		{"optional", IMP_HAS(m, imp_manifest, optional) ? m->optional : 0}, {"media", IMP_HAS(m, imp_manifest, media) ? m->media : 0}};
	for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
		mod_set_int(L, bits[i].name, bits[i].bits);
	push_numbers(L, m->algs);
	lua_setfield(L, -2, "algs");
	push_texts(L, m->stacks);
	lua_setfield(L, -2, "stacks");
	push_facts(L, IMP_HAS(m, imp_manifest, questions) ? m->questions : NULL);
	lua_setfield(L, -2, "questions");
	push_claims(L, IMP_HAS(m, imp_manifest, claims) ? m->claims : NULL);
	lua_setfield(L, -2, "claims");
	mod_set_text(L, "umbrella", IMP_HAS(m, imp_manifest, umbrella) ? m->umbrella : NULL);
	lua_newtable(L);
	for (int r = IMP_DEVICE; IMP_HAS(m, imp_manifest, called) && m->called && r <= IMP_RENDEZVOUS; r++)
		if (m->roles >> r & 1) {
			lua_pushstring(L, m->called[r]);
			lua_rawseti(L, -2, r);
		}
	lua_setfield(L, -2, "called");
}

/* What a link carries, by enum imp_kind. */
static const char *kind(unsigned k)
{
	static const char *const names[] = {"", "datagrams", "stream", "REST", "EAP", "EAP method", "BLE advertising", "GATT", "mesh provisioning", "802.11 action frames", "DPP", "802.1X", "LoRa", "NFC"};
	return k < sizeof names / sizeof names[0] ? names[k] : "?";
}

static void push_layer(lua_State *L, const imp_layer *y)
{
	const imp_manifest *m = y->manifest;
	lua_createtable(L, 0, 24);
	mod_set_text(L, "id", y->id);
	mod_set_text(L, "version", y->version);
	mod_set_text(L, "spec", y->spec);
	mod_set_text(L, "offers", kind(y->offers));
	lua_newtable(L);
	for (int i = 0; i < IMP_LINKS && y->needs[i]; i++) {
		lua_pushstring(L, kind(y->needs[i]));
		lua_rawseti(L, -2, i + 1);
	}
	lua_setfield(L, -2, "needs");
	if (!m)
		return;
	push_manifest(L, m);
	mod_set_text(L, "terms", m->terms);
	mod_set_text(L, "process", m->process);
	push_facts(L, m->beliefs);
	lua_setfield(L, -2, "beliefs");
	push_facts(L, m->knowledge);
	lua_setfield(L, -2, "knowledge");
}

/* { { id=, license=, layers={...}, cryptos={...} } } */
static int l_plugins(lua_State *L)
{
	lua_newtable(L);
	for (lua_Integer i = 0; imp_builtin[i]; i++) {
		const imp_plugin *p = imp_builtin[i];
		lua_newtable(L);
		mod_set_text(L, "id", p->id);
		lua_newtable(L);
		for (lua_Integer k = 0; p->layers && p->layers[k]; k++) {
			push_layer(L, p->layers[k]);
			lua_rawseti(L, -2, k + 1);
		}
		lua_setfield(L, -2, "layers");
		lua_newtable(L);
		for (lua_Integer k = 0; p->cryptos && p->cryptos[k]; k++) {
			lua_pushstring(L, p->cryptos[k]->id);
			lua_rawseti(L, -2, k + 1);
		}
		lua_setfield(L, -2, "cryptos");
		lua_rawseti(L, -2, i + 1);
	}
	return 1;
}

static const imp_crypto *provider(const char *id)
{
	for (int i = 0; imp_builtin[i]; i++)
		for (int k = 0; imp_builtin[i]->cryptos && imp_builtin[i]->cryptos[k]; k++)
			if (!strcmp(imp_builtin[i]->cryptos[k]->id, id))
				return imp_builtin[i]->cryptos[k];
	return NULL;
}

/* imp.can(provider, alg, [curve]) -> boolean, or nil: no such provider */
static int l_can(lua_State *L)
{
	const imp_crypto *c = provider(luaL_checkstring(L, 1));
	if (!c)
		return mod_fail(L, "no such provider");
	lua_pushboolean(L, c->can(c, (int32_t)luaL_checkinteger(L, 2), (int32_t)luaL_optinteger(L, 3, 0)));
	return 1;
}

/* imp.code.EAUTH is -2 */
static void push_codes(lua_State *L)
{
	static const char *const bad[] = {"OK", "EBADMSG", "EAUTH", "EDENIED", "EPROTO", "EUNSUP", "ENOSPC", "EARG", "ETIME", "ELINK", "EPEER", "ERANDOM", "EFACT", "EOVER"};
	lua_createtable(L, 0, 16);
	for (int i = 0; i <= -IMP_EOVER; i++)
		mod_set_int(L, bad[i], -i);
	mod_set_int(L, "PASS", IMP_PASS);
	mod_set_int(L, "LATER", IMP_LATER);
}

IMP_EXPORT int luaopen_imprint(lua_State *L)
{
	static const luaL_Reg functions[] = {{"status", l_status}, {"plugins", l_plugins}, {"can", l_can}, {NULL, NULL}};
	luaL_newlib(L, functions);
	open_cbor(L);
	open_crypto(L);
	open_host(L);
	open_store(L);
	open_policy(L);
	open_pki(L);
	open_files(L);
	open_fdo(L);
	open_stack(L);
	open_session(L);
	open_ffi(L);
	push_codes(L);
	lua_setfield(L, -2, "code");
	mod_set_int(L, "rev", IMP_REV);
	return 1;
}
