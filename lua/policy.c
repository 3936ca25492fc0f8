/* policy.c -- see policy.h. */
#include "policy.h"
#include "cbor.h"
#include "mod.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* --- the arena -------------------------------------------------------------- */

/* Multiples of 16 up to 512 bytes, then powers of two, a free list for each;
 * what is freed goes back to its list, the rest is cut off the top. */
enum { FINE = 32, CLASSES = FINE + 11, HOOK = 100, FIND_MOST = 4096 };

struct arena {
	uint8_t *next, *end;
	void *freed[CLASSES];
	clock_t until;
	int steps;
};

static int class_of(size_t n)
{
	int c = FINE;
	if (n <= FINE * 16)
		return (int)((n + 15) / 16) - (n > 0);
	while ((size_t)1024 << (c - FINE) < n)
		c++;
	return c;
}

static size_t size_of(int c)
{
	return c < FINE ? 16 * ((size_t)c + 1) : (size_t)1024 << (c - FINE);
}

static void *take(struct arena *a, size_t n)
{
	int c = class_of(n);
	size_t size;
	void *p;
	if (c >= CLASSES)
		return NULL;
	size = size_of(c);
	p = a->freed[c];
	if (p) {
		memcpy(&a->freed[c], p, sizeof p);
		return p;
	}
	if (size > (size_t)(a->end - a->next))
		return NULL;
	p = a->next;
	a->next += size;
	return p;
}

static void give(struct arena *a, void *p, size_t n)
{
	int c = class_of(n);
	memcpy(p, &a->freed[c], sizeof p);
	a->freed[c] = p;
}

static void *allocate(void *user, void *p, size_t old, size_t n)
{
	struct arena *a = user;
	void *q;
	if (p && n && class_of(old) == class_of(n))
		return p;
	q = n ? take(a, n) : NULL;
	if (n && !q)
		return NULL;
	if (p && n)
		memcpy(q, p, old < n ? old : n);
	if (p)
		give(a, p, old);
	return q;
}

/* --- the sandbox ------------------------------------------------------------ */

static struct arena *arena_of(lua_State *L)
{
	void *a;
	lua_getallocf(L, &a);
	return a;
}

/* Pay for so many steps. */
static void pay(lua_State *L, size_t steps)
{
	struct arena *a = arena_of(L);
	a->steps -= steps < POLICY_STEPS ? (int)steps : POLICY_STEPS;
	if (a->steps < 0)
		luaL_error(L, "more than %d steps", POLICY_STEPS);
	if (!a->until) /* short questions never look at the clock */
		a->until = clock() + POLICY_MS * (CLOCKS_PER_SEC / 1000);
	if (clock() > a->until)
		luaL_error(L, "more than %d ms", POLICY_MS);
}

static void count(lua_State *L, lua_Debug *d)
{
	(void)d;
	pay(L, HOOK);
}

static int plain_find(lua_State *L)
{
	imp_span s = mod_span(L, 1), what = mod_span(L, 2);
	lua_Integer from = luaL_optinteger(L, 3, 1);
	from = from < 1 ? 1 : from;
	luaL_argcheck(L, what.len <= FIND_MOST, 2, "too long to look for");
	pay(L, s.len / 16); /* in C no step is counted */
	for (size_t i = (size_t)from - 1; i <= s.len && what.len <= s.len - i; i++)
		if (!memcmp(s.ptr + i, what.ptr, what.len)) {
			lua_pushinteger(L, (lua_Integer)i + 1);
			lua_pushinteger(L, (lua_Integer)(i + what.len));
			return 2;
		}
	lua_pushnil(L);
	return 1;
}

static int bounded_rep(lua_State *L)
{
	imp_span s = mod_span(L, 1);
	lua_Integer n = luaL_checkinteger(L, 2);
	luaL_Buffer b;
	luaL_argcheck(L, n < 65536 && (n <= 0 || s.len <= 65536 / (size_t)n), 2, "the result is too large");
	luaL_buffinit(L, &b);
	for (; n > 0; n--)
		luaL_addlstring(&b, (const char *)s.ptr, s.len);
	luaL_pushresult(&b);
	return 1;
}

/* table.insert and table.remove move all up to #t, which holes can make as
 * large as an integer: the function itself is below. */
static int bounded_move(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argcheck(L, lua_rawlen(L, 1) <= POLICY_ARENA / 16, 1, "more than a policy can hold");
	pay(L, lua_rawlen(L, 1) / 4);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

static int later_mark; /* its address marks what later() returns */

static int l_later(lua_State *L)
{
	lua_Integer s = luaL_checkinteger(L, 1);
	luaL_argcheck(L, s >= 1 && s <= POLICY_WAIT, 1, "1 second to 7 days");
	lua_createtable(L, 1, 0);
	lua_pushinteger(L, s);
	lua_rawsetp(L, -2, &later_mark);
	return 1;
}

/* Keep of the library below the top only these; the rest is gone. */
static void only(lua_State *L, const char *const *names)
{
	lua_newtable(L);
	for (; *names; names++) {
		lua_getfield(L, -2, *names);
		lua_setfield(L, -2, *names);
	}
	lua_remove(L, -2);
}

static void add_library(lua_State *L, const char *name, lua_CFunction open, const char *const *names)
{
	lua_pushcfunction(L, open);
	lua_pushstring(L, name);
	lua_call(L, 1, 1);
	only(L, names);
	lua_setglobal(L, name);
}

static void add_strings(lua_State *L)
{
	static const char *const string[] = {"sub", "lower", "upper", "byte", "char", "reverse", "format", "len", NULL};
	add_library(L, "string", luaopen_string, string);
	lua_getglobal(L, "string");
	lua_pushcfunction(L, plain_find);
	lua_setfield(L, -2, "find");
	lua_pushcfunction(L, bounded_rep);
	lua_setfield(L, -2, "rep");
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1); /* of all strings */
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 3);
}

static void add_tables(lua_State *L)
{
	static const char *const table[] = {"concat", "insert", "remove", "sort", "unpack", NULL};
	add_library(L, "table", luaopen_table, table);
	lua_getglobal(L, "table");
	for (int i = 1; i <= 2; i++) {
		lua_getfield(L, -1, table[i]);
		lua_pushcclosure(L, bounded_move, 1);
		lua_setfield(L, -2, table[i]);
	}
	lua_pop(L, 1);
}

static void sandbox(lua_State *L)
{
	static const char *const base[] = {"assert", "error", "ipairs", "next", "pairs", "select", "tonumber", "tostring", "type", NULL};
	static const char *const math[] = {"abs", "ceil", "floor", "fmod", "huge", "max", "maxinteger", "min", "mininteger", "tointeger", "type", "ult", NULL};
	lua_pushcfunction(L, luaopen_base);
	lua_call(L, 0, 1);
	only(L, base);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	add_tables(L);
	add_library(L, "math", luaopen_math, math);
	add_strings(L);
	lua_pushcfunction(L, l_later);
	lua_setglobal(L, "later");
}

/* --- the file ----------------------------------------------------------------- */

struct policy {
	lua_State *L;          /* in the arena; NULL: the file is in error */
	struct arena *arena;   /* POLICY_ARENA bytes, itself at their start */
	uint8_t *image;        /* its first `used` bytes after the file has run */
	size_t used;
	char wrong[POLICY_REASON];
};

static const char functions_key; /* in the registry: what the file returned */

struct opening {
	imp_span text;
	const char *file;
};

static int run_file(lua_State *L)
{
	const struct opening *o = lua_touserdata(L, 1);
	char name[128];
	snprintf(name, sizeof name, "@%s", o->file);
	sandbox(L);
	if (luaL_loadbufferx(L, (const char *)o->text.ptr, o->text.len, name, "t") != LUA_OK)
		return lua_error(L);
	lua_sethook(L, count, LUA_MASKCOUNT, HOOK);
	lua_call(L, 0, 1);
	if (!lua_istable(L, -1))
		return luaL_error(L, "%s: the file returned a %s, not a table of functions", o->file, luaL_typename(L, -1));
	lua_rawsetp(L, LUA_REGISTRYINDEX, &functions_key);
	lua_gc(L, LUA_GCCOLLECT, 0);
	return 0;
}

static const char *error_text(lua_State *L)
{
	const char *s = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
	return s ? s : "the policy raised something that is no text";
}

/* "not enough memory" is all that Lua says. */
static const char *plain(const char *why)
{
	static char text[48];
	snprintf(text, sizeof text, "more than %d kB of memory", POLICY_ARENA / 1024);
	return strcmp(why, "not enough memory") ? why : text;
}

/* A state in the arena in which the file has run. */
static int prepare(policy *p, const struct opening *o)
{
	struct arena *a = p->arena;
	memset(a, 0, sizeof *a);
	a->next = (uint8_t *)a + ((sizeof *a + 15) & ~(size_t)15);
	a->end = (uint8_t *)a + POLICY_ARENA;
	a->steps = POLICY_STEPS;
	p->L = lua_newstate(allocate, a);
	if (!p->L)
		return 0;
	lua_pushcfunction(p->L, run_file);
	lua_pushlightuserdata(p->L, (void *)(uintptr_t)o);
	if (lua_pcall(p->L, 1, 0, 0) == LUA_OK)
		return 1;
	snprintf(p->wrong, sizeof p->wrong, "%s", plain(error_text(p->L)));
	return 0;
}

static void keep_image(policy *p)
{
	struct arena *a = p->arena;
	a->steps = POLICY_STEPS;
	a->until = 0;
	p->used = (size_t)(a->next - (uint8_t *)a);
	p->image = malloc(p->used);
	if (p->image)
		memcpy(p->image, a, p->used);
}

policy *policy_open(imp_span text, const char *file)
{
	const struct opening o = {text, file};
	policy *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	snprintf(p->wrong, sizeof p->wrong, "too little memory");
	p->arena = malloc(POLICY_ARENA);
	if (!p->arena || !prepare(p, &o))
		return p;
	keep_image(p);
	if (p->image)
		p->wrong[0] = 0;
	return p;
}

const char *policy_wrong(const policy *p)
{
	return p->wrong;
}

void policy_close(policy *p)
{
	if (!p)
		return;
	free(p->image);
	free(p->arena); /* and so everything in it: nothing in the sandbox has an end of its own */
	free(p);
}

/* --- one question ------------------------------------------------------------- */

struct asking {
	const policy_question *q;
	policy_verdict *out;
};

static void refuse(policy_verdict *out, const char *why)
{
	out->code = IMP_EDENIED;
	out->map_len = 0;
	snprintf(out->reason, sizeof out->reason, "%s", why);
}

static void push_question(lua_State *L, const policy_question *q)
{
	lua_createtable(L, 0, 6);
	mod_set_text(L, "topic", q->topic);
	mod_set_text(L, "role", q->role);
	mod_set(L, "name", q->name);
	mod_set_int(L, "time", (lua_Integer)q->time);
	mod_set_int(L, "tries", q->tries);
	if (!q->claims.len || !mod_push_cbor(L, q->claims, 1))
		lua_newtable(L);
	lua_setfield(L, -2, "claims");
}

static void put_pairs(lua_State *L, int i, imp_wr *w, int inside);

static void put_value(lua_State *L, imp_wr *w, int inside)
{
	if (lua_isboolean(L, -1))
		imp_cbor_put_bool(w, lua_toboolean(L, -1));
	else if (lua_isinteger(L, -1))
		imp_cbor_put_int(w, lua_tointeger(L, -1));
	else if (lua_type(L, -1) == LUA_TSTRING)
		imp_cbor_put_tstr(w, mod_span(L, lua_gettop(L)));
	else if (lua_istable(L, -1) && !inside)
		put_pairs(L, lua_gettop(L), w, 1);
	else
		luaL_error(L, "the answer holds a %s%s", luaL_typename(L, -1), inside ? " in a table" : "");
}

/* The table at i as a map: by topics, inside of one by texts. */
static void put_pairs(lua_State *L, int i, imp_wr *w, int inside)
{
	size_t n = 0;
	for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1))
		n++;
	imp_cbor_put_map(w, n);
	for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L, "the answer's keys are not names of topics");
		if (inside)
			imp_cbor_put_tstr(w, mod_span(L, lua_gettop(L) - 1));
		else
			imp_cbor_put_uint(w, mod_topic(L, lua_gettop(L) - 1));
		put_value(L, w, inside);
	}
}

/* { voucher = true, server = 3600, access = { method = 2 } } -> CBOR */
static void take_map(lua_State *L, int i, policy_verdict *out)
{
	imp_wr w = imp_wr_to(out->map, sizeof out->map);
	put_pairs(L, i, &w, 0);
	if (imp_wr_end(&w) < 0)
		luaL_error(L, "the answer is larger than %d bytes", POLICY_MAP);
	out->map_len = w.len;
	out->code = IMP_OK;
}

/* What the function returned at i and i + 1. */
static void take_verdict(lua_State *L, int i, policy_verdict *out)
{
	if (lua_isboolean(L, i) && lua_toboolean(L, i)) {
		out->code = IMP_OK;
	} else if (lua_isnil(L, i) || lua_isboolean(L, i)) {
		refuse(out, lua_type(L, i + 1) == LUA_TSTRING ? lua_tostring(L, i + 1) : lua_isnil(L, i) ? "the policy gave no answer" : "the policy gave no reason");
	} else if (!lua_istable(L, i)) {
		luaL_error(L, "the policy answered with a %s", luaL_typename(L, i));
	} else if (lua_rawgetp(L, i, &later_mark) == LUA_TNUMBER) {
		out->code = IMP_LATER;
		out->seconds = (uint32_t)lua_tointeger(L, -1);
	} else {
		lua_settop(L, i);
		take_map(L, i, out);
	}
}

static int run(lua_State *L)
{
	const struct asking *a = lua_touserdata(L, 1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
	lua_pushstring(L, a->q->topic);
	if (lua_rawget(L, -2) != LUA_TFUNCTION)
		return luaL_error(L, "the policy has no function '%s'", a->q->topic);
	push_question(L, a->q);
	lua_call(L, 1, 2);
	take_verdict(L, lua_gettop(L) - 1, a->out);
	return 0;
}

static void refuse_wrong(const policy_question *q, policy_verdict *out, const char *why)
{
	char text[POLICY_REASON];
	snprintf(text, sizeof text, "%.30s: %.160s", q->topic, why);
	refuse(out, text);
}

void policy_ask(policy *p, const policy_question *q, policy_verdict *out)
{
	struct asking a = {q, out};
	out->code = IMP_EDENIED;
	out->map_len = 0;
	out->seconds = 0;
	out->reason[0] = 0;
	if (p->wrong[0]) {
		refuse_wrong(q, out, p->wrong);
		return;
	}
	memcpy(p->arena, p->image, p->used);
	lua_pushcfunction(p->L, run);
	lua_pushlightuserdata(p->L, &a);
	if (lua_pcall(p->L, 1, 0, 0) != LUA_OK)
		refuse_wrong(q, out, plain(error_text(p->L)));
}

/* --- for Lua ---------------------------------------------------------------- */

/* imp.policy(text, file) -> policy, or nil and why not */
static int l_policy(lua_State *L)
{
	policy **p = lua_newuserdatauv(L, sizeof *p, 0);
	*p = NULL;
	luaL_setmetatable(L, "imp.policy");
	*p = policy_open(mod_span(L, 1), luaL_checkstring(L, 2));
	if (!*p)
		return mod_fail(L, "too little memory");
	return *policy_wrong(*p) ? mod_fail(L, policy_wrong(*p)) : 1;
}

/* policy:ask{ topic=, role=, name=, data=, time=, tries= } -> "yes", CBOR |
 * "later", seconds | "no", reason */
static int l_ask(lua_State *L)
{
	static policy_verdict v;
	policy **p = luaL_checkudata(L, 1, "imp.policy");
	policy_question q = {0};
	luaL_checktype(L, 2, LUA_TTABLE);
	if (!*p)
		return luaL_error(L, "the policy is closed");
	lua_getfield(L, 2, "topic");
	q.topic = luaL_checkstring(L, -1);
	lua_getfield(L, 2, "role");
	q.role = luaL_optstring(L, -1, "");
	q.name = mod_field(L, 2, "name");
	q.claims = mod_field(L, 2, "data");
	q.time = (uint64_t)mod_int(L, 2, "time", 0);
	q.tries = (uint32_t)mod_int(L, 2, "tries", 0);
	policy_ask(*p, &q, &v);
	lua_pushstring(L, v.code == IMP_OK ? "yes" : v.code == IMP_LATER ? "later" : "no");
	if (v.code == IMP_OK)
		mod_push(L, imp_bytes(v.map, v.map_len));
	else if (v.code == IMP_LATER)
		lua_pushinteger(L, v.seconds);
	else
		lua_pushstring(L, v.reason);
	return 2;
}

static int l_close(lua_State *L)
{
	policy **p = luaL_checkudata(L, 1, "imp.policy");
	policy_close(*p);
	*p = NULL;
	return 0;
}

int open_policy(lua_State *L)
{
	static const luaL_Reg methods[] = {{"ask", l_ask}, {"__gc", l_close}, {NULL, NULL}};
	mod_class(L, "imp.policy", methods);
	lua_pushcfunction(L, l_policy);
	lua_setfield(L, -2, "policy");
	return 0;
}
