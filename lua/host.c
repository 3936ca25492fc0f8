/* host.c -- the event loop for Lua: pools of sessions, timers, children.
 *
 * An error in a callback stops the loop and comes out of loop:run(). */
#include "io/io.h"
#include "mod.h"
#include <signal.h>
#include <stdlib.h>

struct loop {
	lua_State *L;
	uv_loop_t uv;
	imp_io *io;
	int trace, self, failed; /* references */
	struct child *children;
};

struct pool {
	struct loop *loop;
	imp_io_pool *p;
	int heard, places, self;
};

struct timer {
	uv_timer_t uv;
	struct loop *loop;
	int fn;
};

struct watch { /* signals */
	uv_signal_t uv;
	struct loop *loop;
	int fn;
};

struct input { /* standard input */
	uv_pipe_t uv;
	struct loop *loop;
	int fn;
	size_t len;
	char line[4096];
};

struct child {
	uv_process_t uv;
	struct child *next; /* of the loop's */
	uv_pipe_t out, in;
	struct loop *loop;
	int on_line, on_exit, handles;
	char *line;
	size_t len, cap;
};

static struct loop *loop_of(lua_State *L)
{
	return luaL_checkudata(L, 1, "imp.loop");
}

static struct pool *pool_of(lua_State *L, int i)
{
	return luaL_checkudata(L, i, "imp.pool");
}

static int traceback(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TTABLE)
		return 1; /* { exit = code, text = ... } */
	luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
	return 1;
}

/* Call the function below its n arguments; the first error is kept. */
static void call(struct loop *k, int n)
{
	lua_State *L = k->L;
	int at = lua_gettop(L) - n;
	lua_pushcfunction(L, traceback);
	lua_insert(L, at);
	if (lua_pcall(L, n, 0, at) == LUA_OK) {
		lua_settop(L, at - 1);
		return;
	}
	if (k->failed == LUA_NOREF)
		k->failed = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_settop(L, at - 1);
	uv_stop(&k->uv);
}

static int ref_field(lua_State *L, int i, const char *name)
{
	lua_getfield(L, i, name);
	return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* --- sessions --------------------------------------------------------------- */

static void heard(void *user, imp_io_pool *p, uint64_t id, const imp_msg *m)
{
	struct pool *pool = user;
	lua_State *L = pool->loop->L;
	(void)p;
	luaL_checkstack(L, 10, "heard");
	lua_rawgeti(L, LUA_REGISTRYINDEX, pool->heard);
	mod_push_msg(L, m);
	mod_set_int(L, "id", (lua_Integer)id);
	lua_rawgeti(L, LUA_REGISTRYINDEX, pool->self);
	lua_setfield(L, -2, "pool");
	call(pool->loop, 1);
}

static int l_pool(lua_State *L)
{
	struct loop *k = loop_of(L);
	imp_stack t;
	imp_io_options o = {.stack = &t};
	struct pool *p;
	luaL_checktype(L, 2, LUA_TTABLE);
	o.count = (uint32_t)mod_int(L, 2, "count", 16);
	o.idle_ms = (uint64_t)mod_int(L, 2, "idle", 0);
	p = lua_newuserdatauv(L, sizeof *p, 1);
	memset(p, 0, sizeof *p);
	p->loop = k;
	p->places = LUA_NOREF;
	o.user = p;
	o.heard = heard;
	mod_stack(L, 2, &t);
	lua_getfield(L, 2, "name"); /* kept alive beside the stack's layers */
	o.name = lua_tostring(L, -1);
	lua_setfield(L, -2, "name");
	o.bearer = (const char *)mod_field(L, 2, "bearer").ptr; /* a Lua string: it ends with 0 */
	lua_setiuservalue(L, -2, 1);
	p->heard = ref_field(L, 2, "heard");
	p->p = imp_io_pool_new(k->io, &o);
	if (!p->p)
		return luaL_error(L, "the stack of pool '%s' does not fit together, or there is too little memory", o.name ? o.name : "?");
	luaL_setmetatable(L, "imp.pool");
	lua_pushvalue(L, -1);
	p->self = luaL_ref(L, LUA_REGISTRYINDEX);
	return 1;
}

/* pool:start{ topic=, name=, key=, verb= } -> id, or nil: the pool is full */
static int l_start(lua_State *L)
{
	struct pool *p = pool_of(L, 1);
	imp_msg m;
	uint64_t id;
	luaL_checktype(L, 2, LUA_TTABLE);
	m = mod_msg(L, 2, mod_verb_of(L, 2));
	if (m.verb == IMP_ANSWER) { /* no verb was named */
		m.verb = IMP_START;
		m.ticket = 0;
	}
	id = imp_io_start(p->p, mod_field(L, 2, "key"), &m);
	if (!id)
		return mod_fail(L, "too many sessions");
	lua_pushinteger(L, (lua_Integer)id);
	return 1;
}

/* pool:feed(id, { verb=, ticket=, code=, data=, ... }): false, it is gone */
static int l_feed(lua_State *L)
{
	imp_msg m;
	luaL_checktype(L, 3, LUA_TTABLE);
	m = mod_msg(L, 3, mod_verb_of(L, 3));
	lua_pushboolean(L, imp_io_feed(pool_of(L, 1)->p, (uint64_t)luaL_checkinteger(L, 2), &m) == IMP_OK);
	return 1;
}

static int l_drop(lua_State *L)
{
	imp_io_drop(pool_of(L, 1)->p, (uint64_t)luaL_checkinteger(L, 2));
	return 0;
}

/* Is the session still there? */
static int l_lives(lua_State *L)
{
	lua_pushboolean(L, imp_io_session(pool_of(L, 1)->p, (uint64_t)luaL_checkinteger(L, 2)) != NULL);
	return 1;
}

static int l_where(lua_State *L)
{
	imp_session *s = imp_io_session(pool_of(L, 1)->p, (uint64_t)luaL_checkinteger(L, 2));
	lua_pushstring(L, s ? imp_session_where(s) : "");
	return 1;
}

static int l_alive(lua_State *L)
{
	lua_pushinteger(L, imp_io_alive(pool_of(L, 1)->p));
	return 1;
}

static int l_listen(lua_State *L)
{
	char bound[64];
	imp_status st = imp_io_listen(pool_of(L, 1)->p, luaL_checkstring(L, 2), (uint32_t)luaL_optinteger(L, 3, 1000), bound);
	if (st < 0)
		return mod_fail(L, st == IMP_EARG ? "not an ADDRESS:PORT (127.0.0.1:8080, [::1]:0)" : "the address is taken or not of this machine");
	lua_pushstring(L, bound);
	return 1;
}

static imp_io_pool *choose(void *user, imp_span hint)
{
	struct pool *front = user, *p;
	lua_State *L = front->loop->L;
	lua_rawgeti(L, LUA_REGISTRYINDEX, front->places);
	mod_push(L, hint);
	lua_rawget(L, -2);
	p = luaL_testudata(L, -1, "imp.pool");
	lua_pop(L, 2);
	return p ? p->p : NULL;
}

/* pool:route("imp.fdo", { hint = pool, ... }) */
static int l_route(lua_State *L)
{
	struct pool *p = pool_of(L, 1);
	const imp_layer *top = mod_layer(L, luaL_checkstring(L, 2));
	luaL_checktype(L, 3, LUA_TTABLE);
	lua_pushvalue(L, 3);
	p->places = luaL_ref(L, LUA_REGISTRYINDEX);
	imp_io_route(p->p, top, choose, p);
	return 0;
}

/* --- traces ----------------------------------------------------------------- */

static void trace(void *user, const imp_io_event *e)
{
	struct loop *k = user;
	lua_State *L = k->L;
	luaL_checkstack(L, 10, "trace");
	lua_rawgeti(L, LUA_REGISTRYINDEX, k->trace);
	mod_push_msg(L, &e->m);
	mod_set_text(L, "pool", imp_io_pool_name(e->pool));
	mod_set_int(L, "id", (lua_Integer)e->id);
	mod_set_bool(L, "fed", e->fed);
	mod_set_text(L, "here", e->local);
	mod_set_text(L, "peer", e->peer);
	mod_set_int(L, "link", e->m.link);
	if (e->wire)
		mod_set_text(L, "wire", e->wire == IMP_L_DGRAM ? "datagram" : "stream");
	call(k, 1);
}

static int l_trace(lua_State *L)
{
	struct loop *k = loop_of(L);
	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_pushvalue(L, 2);
	k->trace = luaL_ref(L, LUA_REGISTRYINDEX);
	imp_io_trace(k->io, trace, k);
	return 0;
}

/* --- time and signals ------------------------------------------------------- */

static void timer_closed(uv_handle_t *h)
{
	free(h);
}

static void timer_rang(uv_timer_t *h)
{
	struct timer *t = (struct timer *)(void *)h;
	struct loop *k = t->loop;
	int fn = t->fn;
	lua_rawgeti(k->L, LUA_REGISTRYINDEX, fn);
	luaL_unref(k->L, LUA_REGISTRYINDEX, fn);
	uv_close((uv_handle_t *)h, timer_closed);
	call(k, 0);
}

/* loop:after(ms, fn) */
static int l_after(lua_State *L)
{
	struct loop *k = loop_of(L);
	lua_Integer ms = luaL_checkinteger(L, 2);
	struct timer *t = malloc(sizeof *t);
	luaL_checktype(L, 3, LUA_TFUNCTION);
	if (!t)
		return luaL_error(L, "too little memory");
	t->loop = k;
	lua_pushvalue(L, 3);
	t->fn = luaL_ref(L, LUA_REGISTRYINDEX);
	uv_timer_init(&k->uv, &t->uv);
	uv_update_time(&k->uv);
	uv_timer_start(&t->uv, timer_rang, ms > 0 ? (uint64_t)ms : 0, 0);
	return 0;
}

static void signalled(uv_signal_t *h, int number)
{
	struct watch *w = (struct watch *)(void *)h;
	(void)number;
	lua_rawgeti(w->loop->L, LUA_REGISTRYINDEX, w->fn);
	call(w->loop, 0);
}

static struct watch *watch_new(lua_State *L, struct loop *k, int i)
{
	struct watch *w = calloc(1, sizeof *w);
	luaL_checktype(L, i, LUA_TFUNCTION);
	if (!w)
		luaL_error(L, "too little memory");
	w->loop = k;
	lua_pushvalue(L, i);
	w->fn = luaL_ref(L, LUA_REGISTRYINDEX);
	return w;
}

/* loop:signals(fn): on INT and TERM, without keeping the loop alive */
static int l_signals(lua_State *L)
{
	static const int number[] = {SIGINT, SIGTERM};
	struct loop *k = loop_of(L);
	for (int i = 0; i < 2; i++) {
		struct watch *w = watch_new(L, k, 2);
		uv_signal_init(&k->uv, &w->uv);
		uv_signal_start(&w->uv, signalled, number[i]);
		uv_unref((uv_handle_t *)&w->uv);
	}
	return 0;
}

static void input_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct input *in = (struct input *)(void *)h;
	(void)suggested;
	if (in->len == sizeof in->line)
		in->len = 0; /* nobody types such a line */
	*buf = uv_buf_init(in->line + in->len, (unsigned)(sizeof in->line - in->len));
}

static void input_read(uv_stream_t *h, ssize_t n, const uv_buf_t *buf)
{
	struct input *in = (struct input *)(void *)h;
	lua_State *L = in->loop->L;
	char *end;
	(void)buf;
	if (n < 0) {
		uv_read_stop(h);
		lua_rawgeti(L, LUA_REGISTRYINDEX, in->fn);
		call(in->loop, 0);
		return;
	}
	in->len += (size_t)n;
	while (in->len && (end = memchr(in->line, '\n', in->len))) {
		size_t len = (size_t)(end - in->line);
		lua_rawgeti(L, LUA_REGISTRYINDEX, in->fn);
		lua_pushlstring(L, in->line, len);
		in->len -= len + 1;
		memmove(in->line, end + 1, in->len);
		call(in->loop, 1);
	}
}

/* loop:lines(fn): fn(line) for each of standard input, fn() at its end; false:
 * it is nothing that could be watched.  It does not keep the loop alive. */
static int l_lines(lua_State *L)
{
	struct loop *k = loop_of(L);
	uv_handle_type kind = uv_guess_handle(0);
	int good = kind == UV_NAMED_PIPE || kind == UV_TTY || kind == UV_TCP;
	struct input *in = calloc(1, sizeof *in);
	luaL_checktype(L, 2, LUA_TFUNCTION);
	if (!in)
		return luaL_error(L, "too little memory");
	in->loop = k;
	lua_pushvalue(L, 2);
	in->fn = luaL_ref(L, LUA_REGISTRYINDEX);
	uv_pipe_init(&k->uv, &in->uv, 0);
	good = good && uv_pipe_open(&in->uv, 0) == 0;
	lua_pushboolean(L, good);
	if (!good)
		return 1;
	uv_read_start((uv_stream_t *)&in->uv, input_room, input_read);
	uv_unref((uv_handle_t *)&in->uv);
	return 1;
}

/* --- children --------------------------------------------------------------- */

static void child_free(struct child *c)
{
	lua_State *L = c->loop->L;
	struct child **at = &c->loop->children;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	luaL_unref(L, LUA_REGISTRYINDEX, c->on_line);
	luaL_unref(L, LUA_REGISTRYINDEX, c->on_exit);
	free(c->line);
	free(c);
}

static void child_closed(uv_handle_t *h)
{
	struct child *c = h->data;
	if (--c->handles == 0)
		child_free(c);
}

static void child_line(struct child *c, size_t len)
{
	lua_State *L = c->loop->L;
	lua_rawgeti(L, LUA_REGISTRYINDEX, c->on_line);
	lua_pushlstring(L, c->line, len);
	memmove(c->line, c->line + len + 1, c->len - len - 1);
	c->len -= len + 1;
	call(c->loop, 1);
}

static void child_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct child *c = h->data;
	(void)suggested;
	if (c->cap - c->len < 4096) {
		char *p = realloc(c->line, c->cap + 65536);
		if (!p) {
			*buf = uv_buf_init(NULL, 0);
			return;
		}
		c->line = p;
		c->cap += 65536;
	}
	*buf = uv_buf_init(c->line + c->len, (unsigned)(c->cap - c->len));
}

static void child_said(uv_stream_t *h, ssize_t n, const uv_buf_t *buf)
{
	struct child *c = h->data;
	char *end;
	(void)buf;
	if (n < 0) {
		uv_close((uv_handle_t *)h, child_closed);
		return;
	}
	c->len += (size_t)n;
	while (c->len && (end = memchr(c->line, '\n', c->len)))
		child_line(c, (size_t)(end - c->line));
}

static void child_ended(uv_process_t *h, int64_t status, int sig)
{
	struct child *c = (struct child *)(void *)h;
	struct loop *k = c->loop;
	lua_rawgeti(k->L, LUA_REGISTRYINDEX, c->on_exit);
	lua_pushinteger(k->L, sig ? 128 + sig : (lua_Integer)status);
	if (!uv_is_closing((uv_handle_t *)&c->in))
		uv_close((uv_handle_t *)&c->in, child_closed);
	uv_close((uv_handle_t *)h, child_closed);
	call(k, 1);
}

static int l_kill(lua_State *L)
{
	lua_Integer pid = luaL_checkinteger(L, 1);
	lua_pushboolean(L, pid > 0 && uv_kill((int)pid, SIGTERM) == 0);
	return 1;
}

static struct child *child_new(lua_State *L, struct loop *k)
{
	struct child *c = calloc(1, sizeof *c);
	if (!c)
		luaL_error(L, "too little memory");
	c->loop = k;
	c->next = k->children;
	k->children = c;
	c->handles = 3;
	uv_pipe_init(&k->uv, &c->out, 0);
	uv_pipe_init(&k->uv, &c->in, 0);
	c->out.data = c->in.data = c->uv.data = c;
	lua_pushvalue(L, 3);
	c->on_line = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_pushvalue(L, 4);
	c->on_exit = luaL_ref(L, LUA_REGISTRYINDEX);
	return c;
}

static int child_start(struct child *c, char **args)
{
	uv_stdio_container_t io[3] = {
		{.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&c->in},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->out},
		{.flags = UV_INHERIT_FD, .data.fd = 2}};
	uv_process_options_t o = {.file = args[0], .args = args, .stdio = io, .stdio_count = 3, .exit_cb = child_ended};
	int rc = uv_spawn(&c->loop->uv, &c->uv, &o);
	if (rc < 0) {
		uv_close((uv_handle_t *)&c->uv, child_closed);
		uv_close((uv_handle_t *)&c->in, child_closed);
		uv_close((uv_handle_t *)&c->out, child_closed);
		return rc;
	}
	return uv_read_start((uv_stream_t *)&c->out, child_room, child_said);
}

/* loop:spawn({program, ...}, on_line, on_exit) -> pid, or nil and why.  The
 * child's standard input stays open as long as we live. */
static int l_spawn(lua_State *L)
{
	struct loop *k = loop_of(L);
	char *args[128] = {NULL};
	struct child *c;
	int rc, n;
	luaL_checktype(L, 2, LUA_TTABLE);
	luaL_checktype(L, 3, LUA_TFUNCTION);
	luaL_checktype(L, 4, LUA_TFUNCTION);
	n = (int)lua_rawlen(L, 2);
	luaL_argcheck(L, n > 0 && n < 127, 2, "1 to 126 words");
	for (int i = 0; i < n; i++) {
		lua_rawgeti(L, 2, i + 1);
		args[i] = (char *)(uintptr_t)luaL_checkstring(L, -1); /* the table keeps it */
		lua_pop(L, 1);
	}
	c = child_new(L, k);
	rc = child_start(c, args);
	if (rc < 0)
		return mod_fail(L, uv_strerror(rc));
	lua_pushinteger(L, c->uv.pid);
	return 1;
}

/* loop:write(pid, text): to a child's standard input -> did it go? */
static int l_write(lua_State *L)
{
	struct child *c = loop_of(L)->children;
	lua_Integer pid = luaL_checkinteger(L, 2);
	imp_span text = mod_span(L, 3);
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)text.ptr, (unsigned)text.len);
	while (c && c->uv.pid != pid)
		c = c->next;
	lua_pushboolean(L, c && !uv_is_closing((uv_handle_t *)&c->in) && uv_try_write((uv_stream_t *)&c->in, &buf, 1) == (int)text.len);
	return 1;
}

/* --- the loop --------------------------------------------------------------- */

static int l_loop(lua_State *L)
{
	struct loop *k = lua_newuserdatauv(L, sizeof *k, 0);
	memset(k, 0, sizeof *k);
	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
	k->L = lua_tothread(L, -1);
	lua_pop(L, 1);
	k->failed = LUA_NOREF;
	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&k->uv);
	k->io = imp_io_new(&k->uv, mod_crypto());
	if (!k->io)
		return luaL_error(L, "no entropy");
	luaL_setmetatable(L, "imp.loop");
	lua_pushvalue(L, -1);
	k->self = luaL_ref(L, LUA_REGISTRYINDEX); /* for the life of the process */
	return 1;
}

static int l_run(lua_State *L)
{
	struct loop *k = loop_of(L);
	uv_run(&k->uv, UV_RUN_DEFAULT);
	if (k->failed == LUA_NOREF)
		return 0;
	lua_rawgeti(L, LUA_REGISTRYINDEX, k->failed);
	return lua_error(L);
}

static int l_stop(lua_State *L)
{
	uv_stop(&loop_of(L)->uv);
	return 0;
}

static int l_now(lua_State *L)
{
	lua_pushnumber(L, (lua_Number)uv_hrtime() / 1e6);
	return 1;
}

/* Unix time in seconds, with what the clock has behind the point. */
static int l_unix(lua_State *L)
{
	uv_timeval64_t t;
	uv_gettimeofday(&t);
	lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_usec / 1e6);
	return 1;
}

int open_host(lua_State *L)
{
	static const luaL_Reg loop[] = {{"pool", l_pool}, {"trace", l_trace}, {"after", l_after}, {"signals", l_signals}, {"lines", l_lines}, {"spawn", l_spawn}, {"write", l_write}, {"run", l_run}, {"stop", l_stop}, {NULL, NULL}};
	static const luaL_Reg pool[] = {{"start", l_start}, {"feed", l_feed}, {"drop", l_drop}, {"lives", l_lives}, {"where", l_where}, {"alive", l_alive}, {"listen", l_listen}, {"route", l_route}, {NULL, NULL}};
	static const luaL_Reg functions[] = {{"loop", l_loop}, {"kill", l_kill}, {"now", l_now}, {"unix", l_unix}, {NULL, NULL}};
	mod_class(L, "imp.loop", loop);
	mod_class(L, "imp.pool", pool);
	luaL_setfuncs(L, functions, 0);
	return 0;
}
