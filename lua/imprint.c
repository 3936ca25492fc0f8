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
		lua_rawseti(L, -2, i);
	}
}

static void push_layer(lua_State *L, const imp_layer *y)
{
	const imp_manifest *m = y->manifest;
	lua_createtable(L, 0, 8);
	mod_set_text(L, "id", y->id);
	mod_set_text(L, "version", y->version);
	mod_set_text(L, "spec", y->spec);
	if (!m)
		return;
	mod_set_int(L, "roles", m->roles);
	mod_set_int(L, "players", m->players);
	mod_set_int(L, "properties", m->properties);
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

int luaopen_imprint(lua_State *L)
{
	static const luaL_Reg functions[] = {{"status", l_status}, {"plugins", l_plugins}, {NULL, NULL}};
	luaL_newlib(L, functions);
	open_cbor(L);
	open_crypto(L);
	open_host(L);
	open_store(L);
	open_policy(L);
	open_pki(L);
	open_files(L);
	open_fdo(L);
	mod_set_int(L, "rev", IMP_REV);
	return 1;
}
