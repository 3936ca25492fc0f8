/* mod.h -- what the files of the `imprint` Lua module share.
 *
 * require "imprint" in a Lua file that is built into the command.  Byte
 * strings, keys and messages are Lua strings and tables; failures that a
 * caller can expect are nil plus a text, mistakes raise errors.
 *
 * CBOR IN LUA   integers, booleans, text <-> strings, imp.null,
 *   byte strings: imp.bytes(s), a table { s }; tostring() gives s
 *   arrays: imp.array{...}; maps: other tables; tags: imp.tag(n, value) */
#ifndef IMPRINT_LUA_MOD_H
#define IMPRINT_LUA_MOD_H

#include "imprint.h"
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/* The provider of this command: OpenSSL, then libsodium. */
const imp_crypto *mod_crypto(void);

static inline imp_span mod_span(lua_State *L, int i)
{
	size_t n;
	const char *s = luaL_checklstring(L, i, &n);
	return imp_bytes(s, n);
}

static inline void mod_push(lua_State *L, imp_span s)
{
	lua_pushlstring(L, s.len ? (const char *)s.ptr : "", s.len);
}

/* nil, text */
int mod_fail(lua_State *L, const char *text);
int mod_fail_status(lua_State *L, const char *what, imp_status st);
const char *mod_status(imp_status st); /* "malformed", "not allowed", ... */

/* Lower-case names of verbs and topics; topics without one are numbers. */
void     mod_push_topic(lua_State *L, uint16_t topic);
uint16_t mod_topic(lua_State *L, int i);
const char *mod_verb(uint16_t verb);
const char *mod_topic_name(uint16_t topic); /* NULL: it has none */

/* A field of the table at i, popped again: it lives as long as the table. */
imp_span    mod_field(lua_State *L, int i, const char *name);
lua_Integer mod_int(lua_State *L, int i, const char *name, lua_Integer otherwise);
int         mod_true(lua_State *L, int i, const char *name);
/* A key { alg=, bits=, private= } of the table at i. */
imp_key     mod_key(lua_State *L, int i);
void        mod_push_key(lua_State *L, const imp_key *k);

/* Set a field of the table on top. */
void mod_set(lua_State *L, const char *name, imp_span s);
void mod_set_text(lua_State *L, const char *name, const char *s); /* NULL: "" */
void mod_set_int(lua_State *L, const char *name, lua_Integer v);
void mod_set_bool(lua_State *L, const char *name, int v);

/* Flags of a message from the true fields of the table at i. */
uint16_t mod_flags(lua_State *L, int i);
imp_msg  mod_msg(lua_State *L, int i, uint16_t verb); /* of the table at i: its spans live as long */
void     mod_push_msg(lua_State *L, const imp_msg *m); /* a table */

/* Push one CBOR item; hex: byte strings become lower-case hex text and map
 * keys that are topics their names (for policies).  0: not well-formed. */
int mod_push_cbor(lua_State *L, imp_span in, int hex);

int open_cbor(lua_State *L);    /* each adds its functions to the table on top */
int open_crypto(lua_State *L);
int open_host(lua_State *L);
int open_store(lua_State *L);
int open_policy(lua_State *L);
int open_pki(lua_State *L);
int open_files(lua_State *L);
int open_fdo(lua_State *L);
int luaopen_imprint(lua_State *L);

/* Built in: name, text, length; ends with NULL. */
struct built_in {
	const char *name, *text;
	size_t len;
};
extern const struct built_in built_in[];

#endif
