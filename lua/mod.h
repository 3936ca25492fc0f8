/* mod.h -- what the files of the `imprint` Lua module share.
 *
 * require "imprint": in the command, whose Lua files are built in, and in a
 * stock Lua 5.4, as imprint.so of the same sources.  Byte strings, keys and
 * messages are Lua strings and tables; failures that a caller can expect are
 * nil plus a text, mistakes raise errors.
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

const char *mod_role_name(unsigned role); /* "": none */
uint16_t mod_role(lua_State *L, const char *name); /* these three raise an error that */
uint16_t mod_kind(lua_State *L, const char *name); /* lists what there is */
const imp_layer *mod_layer(lua_State *L, const char *id);
uint16_t mod_verb_of(lua_State *L, int i); /* field `verb` of the table at i; none: answer */
/* Stack, role and sizes from the table at i.  Pushes a table that keeps the
 * stack's Lua layers alive. */
void mod_stack(lua_State *L, int i, imp_stack *t);

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

/* A metatable with these methods. */
void mod_class(lua_State *L, const char *name, const luaL_Reg *methods);

/* ffi.c: layers in Lua.  Who feeds says so before and after; then asks whether a
 * layer raised something: 1, and the text is pushed. */
const imp_layer *mod_is_layer(lua_State *L, int i); /* NULL: the value is none */
lua_State *mod_layers_enter(lua_State *L);
void mod_layers_leave(lua_State *L, lua_State *before);
int  mod_layers_fault(lua_State *L);
void mod_layers_forget(lua_State *L, const void *mem, size_t len); /* a session that lay there is gone */

int open_cbor(lua_State *L);    /* each adds its functions to the table on top */
int open_crypto(lua_State *L);
int open_host(lua_State *L);
int open_store(lua_State *L);
int open_policy(lua_State *L);
int open_pki(lua_State *L);
int open_files(lua_State *L);
int open_fdo(lua_State *L);
int open_stack(lua_State *L);
int open_session(lua_State *L);
int open_ffi(lua_State *L);
int luaopen_imprint(lua_State *L);

/* Built in: name, text, length; ends with NULL. */
struct built_in {
	const char *name, *text;
	size_t len;
};
extern const struct built_in built_in[];

#endif
