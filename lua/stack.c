/* stack.c -- layers, roles and stacks by their names; wrong ones list what
 * there is and what is nearest. */
#include "mod.h"
#include <stdlib.h>

enum { WORD = 63 };

/* --- nearest ------------------------------------------------------------------ */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions and replacements from one word to the other. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD + 1], n = least(strlen(b), WORD);
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; *a && i <= WORD; i++, a++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t above = row[j];
			row[j] = least(least(above, row[j - 1]) + 1, diagonal + (*a != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

/* imp.distance(a, b): how many letters differ */
static int l_distance(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)distance(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
	return 1;
}

/* Of the n names that lie on top: an error that names them and the nearest. */
static int no_such(lua_State *L, const char *what, const char *said, int n)
{
	int first = lua_gettop(L) - n + 1, best = first;
	luaL_Buffer b;
	for (int i = first; i < first + n; i++)
		if (distance(said, lua_tostring(L, i)) < distance(said, lua_tostring(L, best)))
			best = i;
	luaL_buffinit(L, &b);
	for (int i = first; i < first + n; i++) {
		luaL_addstring(&b, i > first ? ", " : "");
		luaL_addstring(&b, lua_tostring(L, i));
	}
	luaL_pushresult(&b);
	return luaL_error(L, "no %s is called '%s'; nearest: %s; there are: %s", what, said, n ? lua_tostring(L, best) : "none", lua_tostring(L, -1));
}

/* --- layers ------------------------------------------------------------------- */

static const char *bare(const char *id)
{
	return strncmp(id, "imp.", 4) ? id : id + 4;
}

/* The i-th of all layers that are built in; NULL: there are no more. */
static const imp_layer *layer_at(int i)
{
	for (int p = 0; imp_builtin[p]; p++)
		for (int k = 0; imp_builtin[p]->layers && imp_builtin[p]->layers[k]; k++)
			if (i-- == 0)
				return imp_builtin[p]->layers[k];
	return NULL;
}

const imp_layer *mod_layer(lua_State *L, const char *id)
{
	const imp_layer *y;
	int n = 0;
	for (; (y = layer_at(n)); n++)
		if (!strcmp(bare(y->id), bare(id)))
			return y;
	luaL_checkstack(L, n + 4, "layers");
	for (int i = 0; i < n; i++)
		lua_pushstring(L, bare(layer_at(i)->id));
	no_such(L, "layer", id, n);
	return NULL;
}

/* --- names with numbers --------------------------------------------------------- */

static const char *const roles[] = {"", "device", "owner", "relay", "maker", "rendezvous", NULL};
static const char *const kinds[] = {"none", "dgram", "stream", "rest", "eap", "method", "adv", "gatt", "prov", "action", "dpp", "8021x", "lora", "nfc", NULL};

static uint16_t one_of(lua_State *L, const char *const *names, const char *what, const char *said)
{
	int n = 0;
	for (uint16_t i = 0; names[i]; i++)
		if (*said && !strcmp(names[i], said))
			return i;
	luaL_checkstack(L, 32, what);
	for (; names[n]; n++)
		lua_pushstring(L, names[n]);
	return (uint16_t)no_such(L, what, said, n);
}

uint16_t mod_role(lua_State *L, const char *name)
{
	return (uint16_t)(one_of(L, roles + 1, "role", name) + 1);
}

const char *mod_role_name(unsigned role)
{
	return role <= IMP_RENDEZVOUS ? roles[role] : "";
}

uint16_t mod_kind(lua_State *L, const char *name)
{
	return one_of(L, kinds, "kind of link", name);
}

/* --- stacks --------------------------------------------------------------------- */

/* The layer that the value on top names or is; popped, and kept alive by the
 * table at `anchors`. */
static const imp_layer *layer_here(lua_State *L, int anchors)
{
	const imp_layer *y = mod_is_layer(L, -1);
	if (y) {
		lua_rawseti(L, anchors, (lua_Integer)lua_rawlen(L, anchors) + 1);
		return y;
	}
	if (lua_type(L, -1) != LUA_TSTRING)
		luaL_error(L, "a stack is made of names and layers, not of a %s", luaL_typename(L, -1));
	y = mod_layer(L, lua_tostring(L, -1));
	lua_pop(L, 1);
	return y;
}

static void add(lua_State *L, imp_stack *t, int link, const imp_layer *y)
{
	int d = 0;
	if (link >= IMP_LINKS)
		luaL_error(L, "a stack has at most %d links", IMP_LINKS);
	while (d < IMP_DEPTH && t->link[link][d])
		d++;
	if (d == IMP_DEPTH)
		luaL_error(L, "a link has at most %d layers", IMP_DEPTH);
	t->link[link][d] = y;
}

/* "top/layer/layer,layer": more links follow a comma; nothing before the first
 * '/': no top */
static void stack_of_text(lua_State *L, const char *s, int anchors, imp_stack *t)
{
	int link = 0;
	for (int at = 0;; at++) {
		size_t n = strcspn(s, "/,");
		lua_pushlstring(L, s, n);
		if (at)
			add(L, t, link, layer_here(L, anchors));
		else if (n)
			t->top = layer_here(L, anchors);
		else
			lua_pop(L, 1);
		if (!s[n])
			return;
		link += s[n] == ',';
		s += n + 1;
	}
}

/* { top or false, layer, ... } or, with more links, { top, {layer, ...}, {...} } */
static void stack_of_table(lua_State *L, int i, int anchors, imp_stack *t)
{
	if (lua_rawgeti(L, i, 1) == LUA_TBOOLEAN)
		lua_pop(L, 1);
	else
		t->top = layer_here(L, anchors);
	for (int k = 2; lua_rawgeti(L, i, k) != LUA_TNIL; k++) {
		if (lua_istable(L, -1)) {
			for (int d = 1; lua_rawgeti(L, -1, d) != LUA_TNIL; d++)
				add(L, t, k - 2, layer_here(L, anchors));
			lua_pop(L, 2);
		} else {
			add(L, t, 0, layer_here(L, anchors));
		}
	}
	lua_pop(L, 1);
}

/* The text at i, or an error. */
static const char *text_at(lua_State *L, int i, const char *otherwise)
{
	if (lua_type(L, i) != LUA_TSTRING)
		luaL_error(L, "%s, not a %s", otherwise, luaL_typename(L, i));
	return lua_tostring(L, i);
}

void mod_stack(lua_State *L, int i, imp_stack *t)
{
	int anchors;
	memset(t, 0, sizeof *t);
	t->size = sizeof *t;
	lua_newtable(L);
	anchors = lua_gettop(L);
	if (lua_getfield(L, i, "stack") == LUA_TTABLE)
		stack_of_table(L, anchors + 1, anchors, t);
	else
		stack_of_text(L, text_at(L, anchors + 1, "stack is a name like 'fdo/http', or a table"), anchors, t);
	lua_settop(L, anchors);
	t->crypto = mod_crypto();
	t->params.size = sizeof t->params;
	lua_getfield(L, i, "role");
	t->params.role = mod_role(L, luaL_optstring(L, -1, "device"));
	lua_settop(L, anchors);
	t->params.max_msg = (uint32_t)mod_int(L, i, "max_msg", 65535);
	t->params.max_chain = (uint32_t)mod_int(L, i, "max_chain", 8192);
	t->params.exchanges = (uint16_t)mod_int(L, i, "exchanges", 4);
}

int open_stack(lua_State *L)
{
	lua_pushcfunction(L, l_distance);
	lua_setfield(L, -2, "distance");
	return 0;
}
