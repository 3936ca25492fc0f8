/* session.c -- sessions without sockets: the program carries the messages.
 *
 * s = imp.session{ stack=, role=, max_msg=, max_chain=, exchanges= }
 *   stack  "fdo/http", "fdo", "/http", or a table whose elements are names or
 *          layers of imp.layer: {"fdo", y}; see stack.c
 * s:feed(message, [now ms], [unix s]) -> { message, ... }, and what a Lua layer
 *          raised meanwhile or nil.  Without a clock the machine's.
 * s:deadline() -> ms when to feed { verb = "tick" }, or nil
 * s:status() -> code, where it broke;  s:need() -> bytes of session, of work
 * s:triage(rx, [secret]) -> "drop", "known", "fresh" or "bounce", key, hint, reply
 * s:close(): wiped; by itself when nobody has it any more */
#include "ct.h"
#include "mod.h"
#include <time.h>

struct session {
	imp_stack t;
	imp_session *s; /* NULL: closed */
	imp_work w;
	size_t need, len;
	uint8_t *mem; /* behind this struct: Lua's collector counts it */
	int busy;
};

enum { REPLY = 4096 };

static struct session *session_of(lua_State *L)
{
	struct session *s = luaL_checkudata(L, 1, "imp.session");
	if (!s->s)
		luaL_error(L, "the session is closed");
	return s;
}

static uint64_t clock_ms(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int l_close(lua_State *L)
{
	struct session *s = luaL_checkudata(L, 1, "imp.session");
	if (s->busy)
		return luaL_error(L, "the session is being fed");
	if (!s->s)
		return 0;
	mod_layers_forget(L, s->mem, s->len);
	imp_wipe(s->mem, s->len);
	s->s = NULL;
	return 0;
}

static size_t round16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static struct session *session_new(lua_State *L, const imp_stack *t)
{
	size_t need = round16(imp_session_need(t)), work = round16(imp_work_need(t));
	struct session *s;
	if (!need)
		luaL_error(L, "the stack does not fit together (kinds of links, or the crypto lacks an algorithm)");
	s = lua_newuserdatauv(L, sizeof *s + need + work + 16, 1);
	memset(s, 0, sizeof *s + need + work + 16);
	s->t = *t;
	s->need = need;
	s->len = need + work;
	s->mem = (uint8_t *)round16((uintptr_t)(s + 1));
	s->w.mem = s->mem + need;
	s->w.len = work;
	luaL_setmetatable(L, "imp.session");
	return s;
}

static int l_session(lua_State *L)
{
	struct session *s;
	lua_State *before;
	imp_stack t;
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	mod_stack(L, 1, &t);
	s = session_new(L, &t);
	lua_pushvalue(L, 2);
	lua_setiuservalue(L, 3, 1);
	before = mod_layers_enter(L);
	s->s = imp_session_init(s->mem, s->need, &s->t);
	mod_layers_leave(L, before);
	if (s->s)
		return 1;
	mod_layers_forget(L, s->mem, s->len);
	return luaL_error(L, "a layer of the stack did not begin: %s", mod_layers_fault(L) ? lua_tostring(L, -1) : "its sizes are too small, or it refused");
}

/* The bytes of a field, whose string stays on the stack. */
static imp_span keep(lua_State *L, int i, const char *name)
{
	if (lua_getfield(L, i, name) == LUA_TTABLE) /* imp.bytes */
		lua_rawgeti(L, -1, 1);
	return lua_type(L, -1) == LUA_TSTRING ? mod_span(L, lua_gettop(L)) : imp_bytes(NULL, 0);
}

/* s:feed({ verb=, ... }, now, unix) */
static int l_feed(lua_State *L)
{
	struct session *s = session_of(L);
	lua_State *before;
	imp_msg m;
	lua_Integer n = 0;
	luaL_checktype(L, 2, LUA_TTABLE);
	if (s->busy)
		return luaL_error(L, "the session is being fed");
	s->w.now = (uint64_t)luaL_optinteger(L, 3, (lua_Integer)clock_ms(CLOCK_MONOTONIC));
	s->w.unix_time = (uint64_t)luaL_optinteger(L, 4, (lua_Integer)(clock_ms(CLOCK_REALTIME) / 1000));
	m = mod_msg(L, 2, mod_verb_of(L, 2));
	m.name = keep(L, 2, "name");
	m.data = keep(L, 2, "data");
	before = mod_layers_enter(L);
	s->busy = 1;
	imp_session_feed(s->s, &s->t, &s->w, &m);
	s->busy = 0;
	mod_layers_leave(L, before);
	lua_newtable(L);
	while (imp_session_poll(s->s, &s->w, &m)) {
		mod_push_msg(L, &m);
		lua_rawseti(L, -2, ++n);
	}
	return mod_layers_fault(L) ? 2 : 1;
}

static int l_deadline(lua_State *L)
{
	uint64_t at = imp_session_deadline(session_of(L)->s);
	if (at == UINT64_MAX)
		return 0;
	lua_pushinteger(L, (lua_Integer)at);
	return 1;
}

static int l_status(lua_State *L)
{
	struct session *s = session_of(L);
	lua_pushinteger(L, imp_session_status(s->s));
	lua_pushstring(L, imp_session_where(s->s));
	return 2;
}

static int l_need(lua_State *L)
{
	struct session *s = session_of(L);
	lua_pushinteger(L, (lua_Integer)s->need);
	lua_pushinteger(L, (lua_Integer)s->w.len);
	return 2;
}

static const imp_layer *with_triage(const imp_stack *t)
{
	const imp_layer *y = t->top;
	for (int d = 0; (!y || !y->triage) && d < IMP_DEPTH && t->link[0][d]; d++)
		y = t->link[0][d];
	return y && IMP_HAS(y, imp_layer, triage) && y->triage ? y : NULL;
}

static imp_span secret(lua_State *L, int i)
{
	static uint8_t ours[64];
	static int have;
	if (!lua_isnoneornil(L, i))
		return mod_span(L, i);
	if (!have && mod_crypto()->random(mod_crypto(), ours, sizeof ours) < 0)
		luaL_error(L, "no entropy");
	have = 1;
	return imp_bytes(ours, sizeof ours);
}

static int l_triage(lua_State *L)
{
	static const char *const kinds[] = {"drop", "known", "fresh", "bounce"};
	struct session *s = session_of(L);
	const imp_layer *y = with_triage(&s->t);
	uint8_t key[24], buf[REPLY];
	size_t key_len = 0;
	imp_span hint = {NULL, 0};
	imp_msg reply = {0}, rx;
	int kind;
	luaL_checktype(L, 2, LUA_TTABLE);
	if (!y)
		return luaL_error(L, "no layer of this stack has a triage");
	rx = mod_msg(L, 2, IMP_RX);
	rx.name = keep(L, 2, "name");
	rx.data = keep(L, 2, "data");
	kind = y->triage(s->t.crypto, secret(L, 3), clock_ms(CLOCK_MONOTONIC), &rx, key, &key_len, &hint, &reply, buf, sizeof buf);
	lua_pushstring(L, kinds[kind & 3]);
	mod_push(L, imp_bytes(key, key_len));
	mod_push(L, hint);
	if (!reply.verb)
		return 3;
	mod_push_msg(L, &reply);
	return 4;
}

int open_session(lua_State *L)
{
	static const luaL_Reg methods[] = {{"feed", l_feed}, {"deadline", l_deadline}, {"status", l_status}, {"need", l_need}, {"triage", l_triage}, {"close", l_close}, {"__gc", l_close}, {NULL, NULL}};
	mod_class(L, "imp.session", methods);
	lua_pushcfunction(L, l_session);
	lua_setfield(L, -2, "session");
	return 0;
}
