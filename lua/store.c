/* store.c -- the SQLite store for Lua: one object per file. */
#include "store/sqlite.h"
#include "mod.h"
#include <time.h>

enum { ASK_CAP = 1 << 20 };

static imp_store *self(lua_State *L)
{
	imp_store **s = luaL_checkudata(L, 1, "imp.store");
	if (!*s)
		luaL_error(L, "the store is closed");
	return *s;
}

static uint64_t now(void)
{
	time_t t = time(NULL);
	return t > 0 ? (uint64_t)t : 0;
}

/* imp.store(path, [key]) -> store, or nil and why */
static int l_open(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1), *why;
	imp_span key = lua_isnoneornil(L, 2) ? imp_bytes(NULL, 0) : mod_span(L, 2);
	imp_store **s = lua_newuserdatauv(L, sizeof *s, 0);
	*s = NULL;
	luaL_setmetatable(L, "imp.store");
	*s = imp_store_open(path, key, &why);
	return *s ? 1 : mod_fail(L, why);
}

static int l_close(lua_State *L)
{
	imp_store **s = luaL_checkudata(L, 1, "imp.store");
	imp_store_close(*s);
	*s = NULL;
	return 0;
}

static int l_run(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)imp_store_run(self(L)));
	return 1;
}

/* s:ask(subject, { topic=, name=, code=, list=, many=, run=, cap= }) ->
 * { code=, data=, more=, secret= } or nil and why */
static int l_ask(lua_State *L)
{
	imp_msg q, a;
	imp_span subject = mod_span(L, 2);
	luaL_checktype(L, 3, LUA_TTABLE);
	q = mod_msg(L, 3, IMP_ASK);
	imp_store_ask(self(L), subject, (uint64_t)mod_int(L, 3, "run", 0), &q, mod_true(L, 3, "many"), (size_t)mod_int(L, 3, "cap", ASK_CAP), now(), &a);
	if (a.code < 0)
		return mod_fail(L, a.code == IMP_EAUTH ? "it is sealed, and this is not the key (--seal)" : mod_status(a.code));
	mod_push_msg(L, &a);
	return 1;
}

/* s:learn(subject, { topic=, name=, code=, data=, many=, run=, ... }) */
static int l_learn(lua_State *L)
{
	imp_span subject = mod_span(L, 2);
	imp_msg m;
	imp_status st;
	luaL_checktype(L, 3, LUA_TTABLE);
	m = mod_msg(L, 3, IMP_LEARN);
	st = imp_store_learn(self(L), subject, (uint64_t)mod_int(L, 3, "run", 0), &m, mod_true(L, 3, "many"), now());
	if (st < 0)
		return mod_fail(L, st == IMP_ENOSPC ? imp_store_why(self(L)) : mod_status(st));
	lua_pushboolean(L, 1);
	return 1;
}

static void one_row(void *user, imp_span subject, const imp_msg *row)
{
	lua_State *L = user;
	mod_push_msg(L, row);
	mod_set(L, "subject", subject);
	mod_set_int(L, "part", row->code);
	lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/* s:all() -> every durable row */
static int l_all(lua_State *L)
{
	imp_store *s = self(L);
	lua_newtable(L);
	imp_store_each(s, one_row, L);
	return 1;
}

static int l_commit(lua_State *L)
{
	if (imp_store_commit(self(L), (uint64_t)luaL_checkinteger(L, 2)) < 0)
		return mod_fail(L, imp_store_why(self(L)));
	lua_pushboolean(L, 1);
	return 1;
}

static int l_drop(lua_State *L)
{
	imp_store_drop(self(L), (uint64_t)luaL_checkinteger(L, 2));
	return 0;
}

static int l_sweep(lua_State *L)
{
	imp_store_sweep(self(L), now());
	return 0;
}

int open_store(lua_State *L)
{
	static const luaL_Reg methods[] = {{"run", l_run}, {"ask", l_ask}, {"learn", l_learn}, {"commit", l_commit}, {"drop", l_drop}, {"sweep", l_sweep}, {"all", l_all}, {"close", l_close}, {"__gc", l_close}, {NULL, NULL}};
	luaL_newmetatable(L, "imp.store");
	luaL_setfuncs(L, methods, 0);
	lua_pushvalue(L, -1);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 1);
	lua_pushcfunction(L, l_open);
	lua_setfield(L, -2, "store");
	return 0;
}
