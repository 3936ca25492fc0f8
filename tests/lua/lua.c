/* lua.c -- what stands in for a stock Lua where its modules cannot be loaded:
 * under sanitizers, which want to be in the program itself. */
#include "mod.h"
#include <stdio.h>

int main(int argc, char **argv)
{
	lua_State *L = luaL_newstate();
	if (!L || argc < 2)
		return 2;
	luaL_openlibs(L);
	luaL_requiref(L, "imprint", luaopen_imprint, 0);
	lua_settop(L, 0);
	if (luaL_dofile(L, argv[1]) == LUA_OK) {
		lua_close(L);
		return 0;
	}
	fprintf(stderr, "%s\n", lua_tostring(L, -1));
	return 1;
}
