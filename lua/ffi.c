/* ffi.c -- a Lua table as an imp_layer: to prototype a protocol, and to attack
 * one.
 *
 * y = imp.layer{ id=, step=, ... } goes into stacks beside layers in C:
 *   id, version, spec   texts; only id must be there
 *   offers, needs       kinds of links: "rest", { "stream" }; none: a top
 *   burst               most messages one step emits (16)
 *   work                most bytes one step takes
 *   init(self, params)  params.role, .max_msg, .max_chain, .exchanges
 *   step(self, cx, m)   nothing or imp.code.OK: it was mine; imp.code.PASS: let
 *                       it travel on; negative: I am broken
 *   where(self)         the name of the present state
 * self is a fresh table for every session, and again when the core resets the
 * link; what it lacks is looked up in the table given to imp.layer.
 *   cx:emit(m) -> code   cx:wake(at or nil)   cx:now() -> ms, unix s
 * A cx is good during its step only.  imp.fault() tells what a layer of a pool
 * (imp.loop) raised; of a session's, feed says it.
 *
 * WHO OWNS WHAT  The layer is a userdatum: its imp_layer, its closures, its
 * function table.  Sessions keep it alive.  The ABI's state is 16 bytes that
 * stay zero: their address names the table `self`, so sessions must not move
 * (IMP_PINNED).  imp_session_init() and _feed() run Lua only through lua_pcall:
 * an error is text for the host and IMP_EARG for the core, and no longjmp ever
 * crosses a frame of the core. */
#include "mod.h"
#include <ffi.h>

enum { CLOSURES = 4, NAME = 48, STATE = 16, BURST = 16 };

struct call { /* a step on its way; on the C stack */
	struct call *outer;
	struct layer *y;
	void *state;
	imp_cx *cx;
	const imp_msg *in;
	const imp_params *params;
	lua_Integer serial;
	imp_status st;
};

/* One for each Lua state. */
struct side {
	lua_State *L; /* who feeds now */
	struct call *active;
	lua_Integer serial;
	int fault; /* reference: the first error of a feed */
};

struct layer {
	imp_layer y;
	struct side *side;
	ffi_closure *closure[CLOSURES];
	size_t work;
	char said[NAME];
};

static const char side_key, layers_key; /* in the registry: the side; layers by address, weak */

static struct side *side_of(lua_State *L)
{
	struct side *s;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &side_key);
	s = lua_touserdata(L, -1);
	lua_pop(L, 1);
	return s;
}

/* --- calls into Lua ------------------------------------------------------------- */

/* Push the layer's own table (functions, texts, states). */
static void push_own(lua_State *L, const struct layer *y)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &layers_key);
	lua_rawgetp(L, -1, y);
	lua_getiuservalue(L, -1, 1);
	lua_replace(L, -3);
	lua_pop(L, 1);
}

static imp_status status_at(lua_State *L, int i)
{
	int good = 0;
	lua_Integer v = lua_isnoneornil(L, i) ? 0 : lua_tointegerx(L, i, &good);
	if (!lua_isnoneornil(L, i) && (!good || v < INT32_MIN || v > INT32_MAX))
		luaL_error(L, "a layer returned a %s; expected nothing or a number of imp.code", luaL_typename(L, i));
	return (imp_status)v;
}

static void push_params(lua_State *L, const imp_params *p)
{
	lua_createtable(L, 0, 4);
	mod_set_text(L, "role", mod_role_name(p->role));
	mod_set_int(L, "max_msg", p->max_msg);
	mod_set_int(L, "max_chain", p->max_chain);
	mod_set_int(L, "exchanges", p->exchanges);
}

static int do_init(lua_State *L)
{
	struct call *c = lua_touserdata(L, 1);
	push_own(L, c->y);
	lua_newtable(L);
	lua_getfield(L, 2, "meta");
	lua_setmetatable(L, 3);
	lua_pushvalue(L, 3);
	lua_rawsetp(L, 2, c->state);
	if (lua_getfield(L, 2, "init") == LUA_TNIL)
		return 0;
	lua_pushvalue(L, 3);
	push_params(L, c->params);
	lua_call(L, 2, 1);
	c->st = status_at(L, -1);
	return 0;
}

static int do_step(lua_State *L)
{
	struct call *c = lua_touserdata(L, 1);
	lua_Integer *cx;
	push_own(L, c->y);
	lua_getfield(L, 2, "step");
	lua_rawgetp(L, 2, c->state);
	cx = lua_newuserdatauv(L, sizeof *cx, 0);
	*cx = c->serial;
	luaL_setmetatable(L, "imp.cx");
	mod_push_msg(L, c->in);
	lua_call(L, 3, 1);
	c->st = status_at(L, -1);
	return 0;
}

static int do_where(lua_State *L)
{
	struct call *c = lua_touserdata(L, 1);
	push_own(L, c->y);
	lua_getfield(L, 2, "where");
	lua_rawgetp(L, 2, c->state);
	lua_call(L, 1, 1);
	if (lua_type(L, -1) == LUA_TSTRING)
		strncpy(c->y->said, lua_tostring(L, -1), NAME - 1);
	return 0;
}

/* The error on top is kept, if it is the first, and popped. */
static int do_keep(lua_State *L)
{
	struct side *s = lua_touserdata(L, 2);
	luaL_tolstring(L, 1, NULL);
	s->fault = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

static void keep_fault(lua_State *L, struct side *s)
{
	if (s->fault == LUA_NOREF) {
		lua_pushcfunction(L, do_keep);
		lua_insert(L, -2);
		lua_pushlightuserdata(L, s);
		if (lua_pcall(L, 2, 0, 0) == LUA_OK)
			return;
	}
	lua_pop(L, 1);
}

static imp_status run(struct call *c, lua_CFunction what)
{
	struct side *s = c->y->side;
	lua_State *L = s->L;
	if (!lua_checkstack(L, 8))
		return IMP_ENOSPC;
	c->serial = ++s->serial;
	c->outer = s->active;
	s->active = c;
	lua_pushcfunction(L, what);
	lua_pushlightuserdata(L, c);
	if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
		c->st = IMP_EARG;
		keep_fault(L, s);
	}
	s->active = c->outer;
	return c->st;
}

/* --- what the core calls ---------------------------------------------------------- */

static size_t need(const imp_params *p)
{
	(void)p;
	return STATE;
}

static void call_init(ffi_cif *cif, void *ret, void **arg, void *user)
{
	struct call c = {.y = user, .state = *(void **)arg[0], .params = *(const imp_params **)arg[1]};
	(void)cif;
	*(ffi_sarg *)ret = run(&c, do_init);
}

static void call_step(ffi_cif *cif, void *ret, void **arg, void *user)
{
	struct call c = {.y = user, .state = *(void **)arg[0], .cx = *(imp_cx **)arg[1], .in = *(const imp_msg **)arg[2]};
	(void)cif;
	*(ffi_sarg *)ret = run(&c, do_step);
}

static void call_where(ffi_cif *cif, void *ret, void **arg, void *user)
{
	struct call c = {.y = user, .state = *(void **)arg[0]};
	(void)cif;
	memset(c.y->said, 0, NAME);
	run(&c, do_where);
	*(const char **)ret = c.y->said;
}

static void call_work(ffi_cif *cif, void *ret, void **arg, void *user)
{
	(void)cif;
	(void)arg;
	*(ffi_arg *)ret = ((struct layer *)user)->work;
}

/* --- making one ------------------------------------------------------------------- */

typedef void (*code)(void);
typedef void (*handler)(ffi_cif *cif, void *ret, void **arg, void *user);

/* The n-th closure: a C function that runs `with` with the layer. */
static code closure(lua_State *L, struct layer *y, int n, ffi_cif *cif, handler with)
{
	void *at = NULL;
	code f;
	y->closure[n] = ffi_closure_alloc(sizeof(ffi_closure), &at);
	if (!y->closure[n] || ffi_prep_closure_loc(y->closure[n], cif, with, y, at) != FFI_OK)
		luaL_error(L, "libffi makes no closure here");
	memcpy(&f, &at, sizeof f);
	return f;
}

static ffi_type *pointers[] = {&ffi_type_pointer, &ffi_type_pointer, &ffi_type_pointer};

static ffi_cif *shape(ffi_cif *cif, unsigned args, ffi_type *returns)
{
	ffi_prep_cif(cif, FFI_DEFAULT_ABI, args, returns, pointers);
	return cif;
}

static void set_functions(lua_State *L, struct layer *y, int own)
{
	static ffi_cif init, step, where, work;
	y->y.need = need;
	y->y.init = (imp_status (*)(void *, const imp_params *))closure(L, y, 0, shape(&init, 2, &ffi_type_sint32), call_init);
	y->y.step = (imp_status (*)(void *, imp_cx *, const imp_msg *))closure(L, y, 1, shape(&step, 3, &ffi_type_sint32), call_step);
	if (lua_getfield(L, own, "where") != LUA_TNIL)
		y->y.where = (const char *(*)(const void *))closure(L, y, 2, shape(&where, 1, &ffi_type_pointer), call_where);
	y->work = (size_t)mod_int(L, own, "work", 0);
	if (y->work)
		y->y.work = (size_t (*)(const imp_params *))closure(L, y, 3, shape(&work, 1, sizeof(size_t) == 8 ? &ffi_type_uint64 : &ffi_type_uint32), call_work);
	lua_pop(L, 1);
}

/* A field of the layer's own table, which keeps the text alive. */
static const char *text(lua_State *L, int own, const char *name, const char *otherwise)
{
	const char *s = otherwise;
	if (lua_getfield(L, own, name) == LUA_TSTRING)
		s = lua_tostring(L, -1);
	lua_pop(L, 1);
	if (!s)
		luaL_error(L, "the layer's %s is missing", name);
	return s;
}

static void set_kinds(lua_State *L, struct layer *y, int own)
{
	y->y.offers = mod_kind(L, text(L, own, "offers", "none"));
	if (lua_getfield(L, own, "needs") == LUA_TTABLE) {
		for (int i = 0; i < IMP_LINKS; i++, lua_pop(L, 1))
			if (lua_rawgeti(L, -1, i + 1) != LUA_TNIL)
				y->y.needs[i] = mod_kind(L, luaL_checkstring(L, -1));
	} else if (lua_isstring(L, -1)) {
		y->y.needs[0] = mod_kind(L, lua_tostring(L, -1));
	}
	lua_pop(L, 1);
}

/* The table of the layer's own, pushed: a copy of what was given, so that it
 * stays as it was, and `meta`, the metatable of every self. */
static int push_copy(lua_State *L, int given)
{
	int own;
	lua_newtable(L);
	own = lua_gettop(L);
	for (lua_pushnil(L); lua_next(L, given);) {
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		lua_rawset(L, own);
	}
	lua_createtable(L, 0, 1);
	lua_pushvalue(L, given);
	lua_setfield(L, -2, "__index");
	lua_setfield(L, own, "meta");
	return own;
}

/* imp.layer{ ... } */
static int l_layer(lua_State *L)
{
	struct layer *y;
	lua_Integer burst;
	int own;
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	y = lua_newuserdatauv(L, sizeof *y, 1);
	memset(y, 0, sizeof *y);
	luaL_setmetatable(L, "imp.layer");
	own = push_copy(L, 1);
	lua_pushvalue(L, own);
	lua_setiuservalue(L, 2, 1);
	if (lua_getfield(L, own, "step") != LUA_TFUNCTION)
		return luaL_error(L, "the layer has no function 'step'");
	y->side = side_of(L);
	burst = mod_int(L, own, "burst", BURST);
	luaL_argcheck(L, burst > 0 && burst < 1000, 1, "burst is 1 to 999 messages");
	y->y = (imp_layer){.size = sizeof(imp_layer), .flags = IMP_PINNED, .burst = (uint16_t)burst, .id = text(L, own, "id", NULL),
		.version = text(L, own, "version", "1"), .spec = text(L, own, "spec", "")};
	set_kinds(L, y, own);
	set_functions(L, y, own);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &layers_key);
	lua_pushvalue(L, 2);
	lua_rawsetp(L, -2, y);
	lua_settop(L, 2);
	return 1;
}

/* What a layer does whose closures are gone: somebody called __gc by hand. */
static imp_status dead_init(void *state, const imp_params *p)
{
	(void)state;
	(void)p;
	return IMP_EARG;
}

static imp_status dead_step(void *state, imp_cx *cx, const imp_msg *in)
{
	(void)state;
	(void)cx;
	(void)in;
	return IMP_EARG;
}

static int l_layer_gc(lua_State *L)
{
	struct layer *y = luaL_checkudata(L, 1, "imp.layer");
	y->y.init = dead_init;
	y->y.step = dead_step;
	y->y.where = NULL;
	y->y.work = NULL;
	for (int i = 0; i < CLOSURES; i++)
		if (y->closure[i])
			ffi_closure_free(y->closure[i]);
	memset(y->closure, 0, sizeof y->closure);
	return 0;
}

const imp_layer *mod_is_layer(lua_State *L, int i)
{
	struct layer *y = luaL_testudata(L, i, "imp.layer");
	return y ? &y->y : NULL;
}

/* --- what feeds ------------------------------------------------------------------- */

lua_State *mod_layers_enter(lua_State *L)
{
	struct side *s = side_of(L);
	lua_State *before = s->L;
	s->L = L;
	return before;
}

void mod_layers_leave(lua_State *L, lua_State *before)
{
	side_of(L)->L = before;
}

int mod_layers_fault(lua_State *L)
{
	struct side *s = side_of(L);
	if (s->fault == LUA_NOREF)
		return 0;
	lua_rawgeti(L, LUA_REGISTRYINDEX, s->fault);
	luaL_unref(L, LUA_REGISTRYINDEX, s->fault);
	s->fault = LUA_NOREF;
	return 1;
}

/* imp.fault() -> what a Lua layer of a pool raised first since the last call, or nil */
static int l_fault(lua_State *L)
{
	return mod_layers_fault(L);
}

/* Of one layer's own table at the top: the selves whose state lay in mem. */
static void forget(lua_State *L, const uint8_t *mem, size_t len)
{
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		const uint8_t *at = lua_islightuserdata(L, -2) ? lua_touserdata(L, -2) : NULL;
		if (!at || (uintptr_t)at < (uintptr_t)mem || (uintptr_t)at >= (uintptr_t)mem + len)
			continue;
		lua_pushvalue(L, -2);
		lua_pushnil(L);
		lua_rawset(L, -5);
	}
}

void mod_layers_forget(lua_State *L, const void *mem, size_t len)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &layers_key);
	for (lua_pushnil(L); lua_istable(L, -2) && lua_next(L, -2); lua_pop(L, 1)) {
		lua_getiuservalue(L, -1, 1);
		forget(L, mem, len);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

/* --- cx --------------------------------------------------------------------------- */

static imp_cx *cx_of(lua_State *L)
{
	lua_Integer serial = *(lua_Integer *)luaL_checkudata(L, 1, "imp.cx");
	struct call *c = side_of(L)->active;
	while (c && c->serial != serial)
		c = c->outer;
	if (!c)
		luaL_error(L, "this cx is of a step that has ended");
	return c->cx;
}

static int l_emit(lua_State *L)
{
	imp_cx *cx = cx_of(L);
	imp_msg m;
	luaL_checktype(L, 2, LUA_TTABLE);
	m = mod_msg(L, 2, mod_verb_of(L, 2));
	lua_pushinteger(L, cx->emit(cx, &m));
	return 1;
}

static int l_wake(lua_State *L)
{
	imp_cx *cx = cx_of(L);
	cx->wake(cx, lua_isnoneornil(L, 2) ? UINT64_MAX : (uint64_t)luaL_checkinteger(L, 2));
	return 0;
}

static int l_now(lua_State *L)
{
	imp_cx *cx = cx_of(L);
	lua_pushinteger(L, (lua_Integer)cx->now);
	lua_pushinteger(L, (lua_Integer)cx->unix_time);
	return 2;
}

/* The main thread feeds unless somebody says otherwise. */
static void new_side(lua_State *L)
{
	struct side *s = lua_newuserdatauv(L, sizeof *s, 0);
	memset(s, 0, sizeof *s);
	s->fault = LUA_NOREF;
	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
	s->L = lua_tothread(L, -1);
	lua_pop(L, 1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &side_key);
	lua_newtable(L);
	lua_createtable(L, 0, 1);
	lua_pushliteral(L, "v");
	lua_setfield(L, -2, "__mode");
	lua_setmetatable(L, -2);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &layers_key);
}

int open_ffi(lua_State *L)
{
	static const luaL_Reg layer[] = {{"__gc", l_layer_gc}, {NULL, NULL}};
	static const luaL_Reg cx[] = {{"emit", l_emit}, {"wake", l_wake}, {"now", l_now}, {NULL, NULL}};
	new_side(L);
	mod_class(L, "imp.layer", layer);
	mod_class(L, "imp.cx", cx);
	lua_pushcfunction(L, l_layer);
	lua_setfield(L, -2, "layer");
	lua_pushcfunction(L, l_fault);
	lua_setfield(L, -2, "fault");
	return 0;
}
