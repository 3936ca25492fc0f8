/* main.c -- the `imprint` command: a Lua host whose Lua files are built in. */
#include "mod.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* require("cmd.list") finds cmd/list.lua in the binary. */
static int search_built_in(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	char chunk[80];
	for (const struct built_in *b = built_in; b->name; b++)
		if (!strcmp(b->name, name)) {
			snprintf(chunk, sizeof chunk, "=%s", name);
			if (luaL_loadbufferx(L, b->text, b->len, chunk, "t") != LUA_OK)
				return lua_error(L);
			lua_pushstring(L, name);
			return 2;
		}
	lua_pushfstring(L, "no file '%s' is built in", name);
	return 1;
}

static int l_text(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	for (const struct built_in *b = built_in; b->name; b++)
		if (!strcmp(b->name, name)) {
			lua_pushlstring(L, b->text, b->len);
			return 1;
		}
	return mod_fail(L, "not built in");
}

/* The names of all that is built in: { "cmd.demo", ... } */
static int l_names(lua_State *L)
{
	lua_newtable(L);
	for (lua_Integer i = 0; built_in[i].name; i++) {
		lua_pushstring(L, built_in[i].name);
		lua_rawseti(L, -2, i + 1);
	}
	return 1;
}

/* Nothing is searched on disk. */
static void only_built_in(lua_State *L)
{
	lua_getglobal(L, "package");
	lua_createtable(L, 2, 0);
	lua_getfield(L, -2, "searchers");
	lua_rawgeti(L, -1, 1);
	lua_rawseti(L, -3, 1);
	lua_pop(L, 1);
	lua_pushcfunction(L, search_built_in);
	lua_rawseti(L, -2, 2);
	lua_setfield(L, -2, "searchers");
	lua_pop(L, 1);
}

static int traceback(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TTABLE)
		return 1; /* { exit = code, text = ... }: said in plain words */
	luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
	return 1;
}

static int start(lua_State *L)
{
	int argc = (int)lua_tointeger(L, 1);
	char **argv = lua_touserdata(L, 2);
	luaL_openlibs(L);
	only_built_in(L);
	luaL_requiref(L, "imprint", luaopen_imprint, 0);
	lua_pushcfunction(L, l_text);
	lua_setfield(L, -2, "built_in");
	lua_pushcfunction(L, l_names);
	lua_setfield(L, -2, "built_in_names");
	lua_getglobal(L, "require");
	lua_pushstring(L, "cmd.main");
	lua_call(L, 1, 1);
	lua_createtable(L, argc, 0);
	for (int i = 0; i < argc; i++) {
		lua_pushstring(L, argv[i]);
		lua_rawseti(L, -2, i);
	}
	lua_call(L, 1, 1);
	return 1;
}

/* A file that is opened is never mistaken for standard output. */
static void open_standard(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* What was printed has arrived, unless nobody wanted to read it. */
static int finished(int code)
{
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return code;
	fprintf(stderr, "imprint: standard output: %s\n", strerror(errno));
	return code ? code : 1;
}

int main(int argc, char **argv)
{
	lua_State *L = luaL_newstate();
	int code;
	open_standard();
	if (!L)
		return 1;
	lua_pushcfunction(L, traceback);
	lua_pushcfunction(L, start);
	lua_pushinteger(L, argc);
	lua_pushlightuserdata(L, argv);
	if (lua_pcall(L, 2, 1, 1) != LUA_OK) {
		fprintf(stderr, "imprint: a fault of its own: %s\n", lua_isstring(L, -1) ? lua_tostring(L, -1) : "?");
		return 1;
	}
	code = (int)lua_tointeger(L, -1);
	_Exit(finished(code)); /* libuv handles and open sessions end with the process */
}
