/* mod.c -- names of numbers, fields of tables, messages: see mod.h. */
#include "mod.h"

const char *mod_status(imp_status st)
{
	static const char *const said[] = {"ok", "malformed", "a signature, MAC or certificate is wrong", "refused by policy", "not allowed now", "not implemented",
		"too little memory", "a rule of the interface was broken", "too late", "the connection is gone", "the peer reported a failure", "no entropy", "a belief is missing", "already over"};
	return st > 0 ? "later" : -st <= 13 ? said[-st] : "an unknown status";
}

int mod_fail(lua_State *L, const char *text)
{
	lua_pushnil(L);
	lua_pushstring(L, text);
	return 2;
}

int mod_fail_status(lua_State *L, const char *what, imp_status st)
{
	lua_pushnil(L);
	lua_pushfstring(L, "%s: %s", what, mod_status(st));
	return 2;
}

/* --- names of numbers ------------------------------------------------------- */

static const struct name {
	uint16_t number;
	const char *name;
} verbs[] = {
	{IMP_RX, "rx"}, {IMP_UP, "up"}, {IMP_DOWN, "down"}, {IMP_ASK, "ask"}, {IMP_TELL, "tell"}, {IMP_LEARN, "learn"}, {IMP_DONE, "done"},
	{IMP_TX, "tx"}, {IMP_OPEN, "open"}, {IMP_SHUT, "shut"}, {IMP_ANSWER, "answer"}, {IMP_START, "start"}, {IMP_TICK, "tick"}, {IMP_STOP, "stop"}, {0, NULL}
}, topics[] = {
	{IMP_T_AUTHORIZE, "authorize"}, {IMP_T_CHOOSE, "choose"}, {IMP_T_VERIFY, "verify"}, {IMP_T_SHOW, "show"}, {IMP_T_READ, "read"}, {IMP_T_ROUTE, "route"},
	{IMP_T_IDENTITY, "identity"}, {IMP_T_KEY, "key"}, {IMP_T_CHAIN, "chain"}, {IMP_T_ANCHOR, "anchor"}, {IMP_T_PEERKEY, "peerkey"}, {IMP_T_NETWORK, "network"},
	{IMP_T_SERVER, "server"}, {IMP_T_VOUCHER, "voucher"}, {IMP_T_OWNER, "owner"}, {IMP_T_ACCESS, "access"}, {IMP_T_CONFIG, "config"}, {IMP_T_IMAGE, "image"},
	{IMP_T_ASSOC, "assoc"}, {IMP_T_COUNTER, "counter"}, {IMP_T_SIGN, "sign"}, {IMP_T_ISSUE, "issue"}, {IMP_T_KEYS, "keys"}, {IMP_T_SIM, "sim"}, {IMP_T_RUN, "run"}, {0, NULL}
};

static const char *name_of(const struct name *t, uint16_t number)
{
	while (t->name && t->number != number)
		t++;
	return t->name;
}

const char *mod_verb(uint16_t verb)
{
	const char *s = name_of(verbs, verb);
	return s ? s : "?";
}

/* The number of the text on top; an error lists the names. */
static uint16_t number_of(lua_State *L, const struct name *all, const char *what)
{
	const char *said = luaL_checkstring(L, -1);
	const struct name *t = all;
	luaL_Buffer b;
	while (t->name && strcmp(t->name, said) != 0)
		t++;
	if (t->name)
		return t->number;
	luaL_buffinit(L, &b);
	for (t = all; t->name; t++) {
		luaL_addstring(&b, t == all ? "" : ", ");
		luaL_addstring(&b, t->name);
	}
	luaL_pushresult(&b);
	return (uint16_t)luaL_error(L, "no %s is called '%s'; there are: %s", what, said, lua_tostring(L, -1));
}

uint16_t mod_verb_of(lua_State *L, int i)
{
	uint16_t v = IMP_ANSWER;
	if (lua_getfield(L, i, "verb") != LUA_TNIL)
		v = number_of(L, verbs, "verb");
	lua_pop(L, 1);
	return v;
}

const char *mod_topic_name(uint16_t topic)
{
	return name_of(topics, topic);
}

void mod_push_topic(lua_State *L, uint16_t topic)
{
	if (mod_topic_name(topic))
		lua_pushstring(L, mod_topic_name(topic));
	else
		lua_pushinteger(L, topic);
}

uint16_t mod_topic(lua_State *L, int i)
{
	uint16_t v;
	if (lua_isnoneornil(L, i))
		return 0;
	if (lua_type(L, i) == LUA_TNUMBER)
		return (uint16_t)luaL_checkinteger(L, i);
	lua_pushvalue(L, i);
	v = number_of(L, topics, "topic");
	lua_pop(L, 1);
	return v;
}

/* --- fields of tables ------------------------------------------------------- */

imp_span mod_field(lua_State *L, int i, const char *name)
{
	imp_span s = {NULL, 0};
	if (lua_getfield(L, i, name) == LUA_TTABLE) { /* imp.bytes */
		lua_rawgeti(L, -1, 1);
		lua_remove(L, -2);
	}
	if (lua_type(L, -1) == LUA_TSTRING)
		s = mod_span(L, lua_gettop(L));
	lua_pop(L, 1);
	return s;
}

lua_Integer mod_int(lua_State *L, int i, const char *name, lua_Integer otherwise)
{
	lua_Integer v;
	lua_getfield(L, i, name);
	v = lua_isnil(L, -1) ? otherwise : luaL_checkinteger(L, -1);
	lua_pop(L, 1);
	return v;
}

int mod_true(lua_State *L, int i, const char *name)
{
	int v;
	lua_getfield(L, i, name);
	v = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return v;
}

imp_key mod_key(lua_State *L, int i)
{
	imp_key k = {0, 0, 0, {NULL, 0}};
	luaL_checktype(L, i, LUA_TTABLE);
	k.alg = (int32_t)mod_int(L, i, "alg", 0);
	k.flags = mod_true(L, i, "private") ? IMP_KEY_PRIVATE : 0;
	k.bits = mod_field(L, i, "bits");
	return k;
}

void mod_set(lua_State *L, const char *name, imp_span s)
{
	mod_push(L, s);
	lua_setfield(L, -2, name);
}

void mod_set_text(lua_State *L, const char *name, const char *s)
{
	lua_pushstring(L, s ? s : "");
	lua_setfield(L, -2, name);
}

void mod_set_int(lua_State *L, const char *name, lua_Integer v)
{
	lua_pushinteger(L, v);
	lua_setfield(L, -2, name);
}

void mod_set_bool(lua_State *L, const char *name, int v)
{
	lua_pushboolean(L, v);
	lua_setfield(L, -2, name);
}

void mod_push_key(lua_State *L, const imp_key *k)
{
	lua_createtable(L, 0, 3);
	mod_set_int(L, "alg", k->alg);
	mod_set(L, "bits", k->bits);
	mod_set_bool(L, "private", (k->flags & IMP_KEY_PRIVATE) != 0);
}

/* --- messages --------------------------------------------------------------- */

static const struct name flags[] = {{IMP_MORE, "more"}, {IMP_NOW, "now"}, {IMP_SECRET, "secret"}, {IMP_GROUP, "group"}, {IMP_FORGET, "forget"}, {IMP_PROVISO, "proviso"}, {IMP_LIST, "list"}, {0, NULL}};

uint16_t mod_flags(lua_State *L, int i)
{
	uint16_t v = 0;
	for (const struct name *f = flags; f->name; f++)
		if (mod_true(L, i, f->name))
			v |= f->number;
	return v;
}

imp_msg mod_msg(lua_State *L, int i, uint16_t verb)
{
	imp_msg m = imp_say(verb, 0, (int32_t)mod_int(L, i, "code", 0), (uint32_t)mod_int(L, i, "ticket", 0), mod_field(L, i, "name"), mod_field(L, i, "data"));
	lua_getfield(L, i, "topic");
	m.topic = mod_topic(L, -1);
	lua_pop(L, 1);
	m.flags = mod_flags(L, i);
	m.link = (uint16_t)mod_int(L, i, "link", 0);
	m.when = (uint64_t)mod_int(L, i, "when", 0);
	return m;
}

void mod_push_msg(lua_State *L, const imp_msg *m)
{
	lua_createtable(L, 0, 10);
	mod_set_text(L, "verb", mod_verb(m->verb));
	mod_push_topic(L, m->topic);
	lua_setfield(L, -2, "topic");
	mod_set_int(L, "code", m->code);
	mod_set_int(L, "ticket", m->ticket);
	mod_set_int(L, "link", m->link);
	mod_set_int(L, "when", (lua_Integer)m->when);
	mod_set(L, "name", m->name);
	mod_set(L, "data", m->data);
	for (const struct name *f = flags; f->name; f++)
		if (m->flags & f->number) {
			lua_pushboolean(L, 1);
			lua_setfield(L, -2, f->name);
		}
}

void mod_class(lua_State *L, const char *name, const luaL_Reg *methods)
{
	luaL_newmetatable(L, name);
	luaL_setfuncs(L, methods, 0);
	lua_pushvalue(L, -1);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 1);
}
