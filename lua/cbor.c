/* cbor.c -- CBOR to Lua, Lua to CBOR, and the diagnostic notation (RFC 8949
 * section 8). */
#include "cbor.h"
#include "mod.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --- decode ----------------------------------------------------------------- */

/* Arithmetic, not a table: compilers make vectors of it. */
static char digit(unsigned n)
{
	return (char)(n + '0' + (n > 9 ? 'a' - '0' - 10 : 0));
}

static void push_hex(lua_State *L, imp_span s)
{
	luaL_Buffer b;
	char *to = luaL_buffinitsize(L, &b, 2 * s.len);
	for (size_t i = 0; i < s.len; i++) {
		to[2 * i] = digit(s.ptr[i] >> 4);
		to[2 * i + 1] = digit(s.ptr[i] & 15);
	}
	luaL_pushresultsize(&b, 2 * s.len);
}

static void push_item(lua_State *L, imp_rd *r, int hex);

static void of_class(lua_State *L, const char *name)
{
	luaL_getmetatable(L, name);
	lua_setmetatable(L, -2);
}

static void push_bytes(lua_State *L, imp_span s, int hex)
{
	if (hex) {
		push_hex(L, s);
		return;
	}
	lua_createtable(L, 1, 0);
	mod_push(L, s);
	lua_rawseti(L, -2, 1);
	of_class(L, "imp.bytes");
}

static void push_array(lua_State *L, imp_rd *r, int hex)
{
	size_t n = imp_cbor_array(r);
	lua_createtable(L, n < 1024 ? (int)n : 1024, 0);
	for (size_t i = 1; i <= n; i++) {
		push_item(L, r, hex);
		lua_rawseti(L, -2, (lua_Integer)i);
	}
	if (!hex)
		of_class(L, "imp.array");
}

/* The name of the topic on top, NULL: it is none. */
static const char *topic_on_top(lua_State *L)
{
	lua_Integer v = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : -1;
	return v >= 0 && v <= UINT16_MAX ? mod_topic_name((uint16_t)v) : NULL;
}

static void push_map(lua_State *L, imp_rd *r, int hex)
{
	size_t n = imp_cbor_map(r);
	const char *name;
	lua_createtable(L, 0, n < 32 ? (int)n : 32); /* more grow as they come */
	while (n--) {
		push_item(L, r, hex);
		name = hex ? topic_on_top(L) : NULL;
		if (name) {
			lua_pushstring(L, name);
			lua_replace(L, -2);
		}
		push_item(L, r, hex);
		lua_rawset(L, -3);
	}
}

static void push_tag(lua_State *L, imp_rd *r, int hex)
{
	lua_createtable(L, 0, 2);
	mod_set_int(L, "tag", (lua_Integer)imp_cbor_tag(r));
	push_item(L, r, hex);
	lua_setfield(L, -2, "value");
	if (!hex)
		of_class(L, "imp.tag");
}

static void push_simple(lua_State *L, imp_rd *r, int hex)
{
	imp_span raw = imp_cbor_raw(r);
	if (raw.len == 1 && (raw.ptr[0] == 0xf4 || raw.ptr[0] == 0xf5))
		lua_pushboolean(L, raw.ptr[0] == 0xf5);
	else if (hex)
		lua_pushboolean(L, 0); /* null, undefined, a float: not for policies */
	else
		lua_pushlightuserdata(L, NULL);
}

/* The item has been checked: depth and lengths are good. */
static void push_item(lua_State *L, imp_rd *r, int hex)
{
	luaL_checkstack(L, 8, "CBOR");
	switch (imp_cbor_peek(r)) {
	case IMP_CBOR_UINT:
		lua_pushinteger(L, (lua_Integer)imp_cbor_uint(r));
		break;
	case IMP_CBOR_NINT:
		lua_pushinteger(L, imp_cbor_int(r));
		break;
	case IMP_CBOR_BSTR:
		push_bytes(L, imp_cbor_bstr(r), hex);
		break;
	case IMP_CBOR_TSTR:
		mod_push(L, imp_cbor_tstr(r));
		break;
	case IMP_CBOR_ARRAY:
		push_array(L, r, hex);
		break;
	case IMP_CBOR_MAP:
		push_map(L, r, hex);
		break;
	case IMP_CBOR_TAG:
		push_tag(L, r, hex);
		break;
	default:
		push_simple(L, r, hex);
	}
}

int mod_push_cbor(lua_State *L, imp_span in, int hex)
{
	imp_rd r = imp_rd_of(in);
	if (imp_cbor_check(in) < 0)
		return 0;
	push_item(L, &r, hex);
	return 1;
}

/* Where it stops being CBOR. */
static int bad_cbor(lua_State *L, imp_span in)
{
	imp_rd r = imp_rd_of(in);
	imp_span whole = imp_cbor_raw(&r);
	lua_pushnil(L);
	if (r.err || !whole.len)
		lua_pushstring(L, in.len ? "expected one well-formed CBOR item (definite lengths, shortest form)" : "expected one CBOR item, found nothing");
	else
		lua_pushfstring(L, "expected the end: %d bytes follow the CBOR item", (int)imp_rd_left(&r));
	lua_pushinteger(L, (lua_Integer)imp_rd_at(&r));
	return 3;
}

static int l_decode(lua_State *L)
{
	imp_span in = mod_span(L, 1);
	return mod_push_cbor(L, in, lua_toboolean(L, 2)) ? 1 : bad_cbor(L, in);
}

/* --- encode ----------------------------------------------------------------- */

enum { KEY_MAX = 300, KEYS_MAX = 4096 };

static void encode(lua_State *L, int i, imp_wr *w, int depth);

static int is_class(lua_State *L, int i, const char *name)
{
	int top = lua_gettop(L);
	int same = lua_getmetatable(L, i) && luaL_getmetatable(L, name) && lua_rawequal(L, -1, -2);
	lua_settop(L, top);
	return same;
}

static void encode_array(lua_State *L, int i, imp_wr *w, int depth)
{
	lua_Integer n = (lua_Integer)lua_rawlen(L, i);
	imp_cbor_put_array(w, (size_t)n);
	for (lua_Integer k = 1; k <= n; k++) {
		lua_rawgeti(L, i, k);
		encode(L, lua_gettop(L), w, depth);
		lua_pop(L, 1);
	}
}

static int by_bytes(const void *a, const void *b)
{
	const imp_span *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int d = memcmp(x->ptr, y->ptr, n);
	return d ? d : (x->len > y->len) - (x->len < y->len);
}

/* The keys' encodings, sorted; they live in the table pushed, which maps
 * them to the keys. */
static const imp_span *sorted_keys(lua_State *L, int i, size_t n, int depth)
{
	imp_span *key = lua_newuserdatauv(L, (n + 1) * sizeof *key, 0);
	size_t k = 0;
	lua_newtable(L);
	for (lua_pushnil(L); lua_next(L, i); k++) {
		char text[KEY_MAX];
		imp_wr w = imp_wr_to(text, sizeof text);
		lua_pop(L, 1);
		encode(L, lua_gettop(L), &w, depth);
		if (imp_wr_end(&w) < 0)
			luaL_error(L, "a map's key is too large");
		mod_push(L, imp_wr_span(&w));
		key[k] = imp_bytes(lua_tostring(L, -1), w.len);
		lua_pushvalue(L, -2);
		lua_rawset(L, -4);
	}
	qsort(key, n, sizeof *key, by_bytes);
	return key;
}

static void encode_map(lua_State *L, int i, imp_wr *w, int depth)
{
	const imp_span *key;
	size_t n = 0;
	for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1))
		n++;
	if (n > KEYS_MAX)
		luaL_error(L, "a map of more than %d pairs", KEYS_MAX);
	key = sorted_keys(L, i, n, depth);
	imp_cbor_put_map(w, n);
	for (size_t k = 0; k < n; k++) {
		imp_wr_bytes(w, key[k]);
		mod_push(L, key[k]);
		lua_rawget(L, -2);
		lua_rawget(L, i);
		encode(L, lua_gettop(L), w, depth);
		lua_pop(L, 1);
	}
	lua_pop(L, 2);
}

static void encode_table(lua_State *L, int i, imp_wr *w, int depth)
{
	if (is_class(L, i, "imp.bytes")) {
		lua_rawgeti(L, i, 1);
		imp_cbor_put_bstr(w, mod_span(L, lua_gettop(L)));
		lua_pop(L, 1);
	} else if (is_class(L, i, "imp.tag")) {
		lua_getfield(L, i, "tag");
		imp_cbor_put_tag(w, (uint64_t)luaL_checkinteger(L, -1));
		lua_getfield(L, i, "value");
		encode(L, lua_gettop(L), w, depth);
		lua_pop(L, 2);
	} else if (is_class(L, i, "imp.raw")) {
		lua_rawgeti(L, i, 1);
		imp_wr_bytes(w, mod_span(L, lua_gettop(L)));
		lua_pop(L, 1);
	} else if (is_class(L, i, "imp.array")) {
		encode_array(L, i, w, depth);
	} else {
		encode_map(L, i, w, depth);
	}
}

static void encode(lua_State *L, int i, imp_wr *w, int depth)
{
	luaL_checkstack(L, 10, "CBOR");
	if (depth > IMP_CBOR_DEPTH)
		luaL_error(L, "nested deeper than %d", IMP_CBOR_DEPTH);
	switch (lua_type(L, i)) {
	case LUA_TBOOLEAN:
		imp_cbor_put_bool(w, lua_toboolean(L, i));
		break;
	case LUA_TNUMBER:
		imp_cbor_put_int(w, luaL_checkinteger(L, i));
		break;
	case LUA_TSTRING:
		imp_cbor_put_tstr(w, mod_span(L, i));
		break;
	case LUA_TLIGHTUSERDATA:
		imp_cbor_put_null(w);
		break;
	case LUA_TTABLE:
		encode_table(L, i, w, depth + 1);
		break;
	default:
		luaL_error(L, "a %s has no CBOR", luaL_typename(L, i));
	}
}

static int l_encode(lua_State *L)
{
	imp_wr w = imp_wr_to(NULL, 0);
	uint8_t *to;
	lua_settop(L, 1);
	encode(L, 1, &w, 0);
	to = lua_newuserdatauv(L, w.len + 1, 0);
	w = imp_wr_to(to, w.len);
	encode(L, 1, &w, 0);
	mod_push(L, imp_bytes(to, w.len));
	return 1;
}

/* --- diagnostic notation ---------------------------------------------------- */

enum { WIDTH = 76, TAB = 2 };

struct text {
	char *p;
	size_t len, cap;
};

static void add(struct text *t, const char *s, size_t n)
{
	if (t->len + n + 1 > t->cap) {
		size_t cap = 2 * (t->len + n + 64);
		char *p = realloc(t->p, cap);
		if (!p)
			return;
		t->p = p;
		t->cap = cap;
	}
	memcpy(t->p + t->len, s, n);
	t->len += n;
	t->p[t->len] = 0;
}

static void add_text(struct text *t, const char *s)
{
	add(t, s, strlen(s));
}

static void new_line(struct text *t, int indent)
{
	add_text(t, "\n");
	for (int i = 0; i < indent; i++)
		add_text(t, " ");
}

static void diag(struct text *t, imp_rd *r, int indent, int depth);

static void diag_quoted(struct text *t, imp_span s)
{
	char esc[8];
	add_text(t, "\"");
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (c == '"' || c == '\\')
			snprintf(esc, sizeof esc, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			snprintf(esc, sizeof esc, "\\u%04x", c);
		else if (c == 0xc2 && i + 1 < s.len && s.ptr[i + 1] < 0xa0) /* controls, too */
			snprintf(esc, sizeof esc, "\\u%04x", s.ptr[++i]);
		else
			snprintf(esc, sizeof esc, "%c", c);
		add_text(t, esc);
	}
	add_text(t, "\"");
}

/* A byte string that is CBOR of some size is shown as what it is. */
static int is_cbor_inside(imp_span s)
{
	int major = s.len ? s.ptr[0] >> 5 : 0;
	return s.len > 2 && (major == IMP_CBOR_ARRAY || major == IMP_CBOR_MAP || major == IMP_CBOR_TAG) && imp_cbor_check(s) == IMP_OK;
}

static void diag_bytes(struct text *t, imp_span s, int indent, int depth)
{
	imp_rd in = imp_rd_of(s);
	char hex[4];
	if (depth < IMP_CBOR_DEPTH && is_cbor_inside(s)) {
		add_text(t, "<< ");
		diag(t, &in, indent < 0 ? indent : indent + 3, depth + 1);
		add_text(t, " >>");
		return;
	}
	add_text(t, "h'");
	for (size_t i = 0; i < s.len; i++) {
		snprintf(hex, sizeof hex, "%02x", s.ptr[i]);
		add_text(t, hex);
	}
	add_text(t, "'");
}

/* Does it fit on one line?  Then it is there already. */
static int diag_flat(struct text *t, imp_rd r, int indent, int depth)
{
	struct text flat = {NULL, 0, 0};
	int fits;
	diag(&flat, &r, -1, depth);
	fits = flat.len + (size_t)indent <= WIDTH;
	if (fits)
		add(t, flat.p, flat.len);
	free(flat.p);
	return fits;
}

static void diag_many(struct text *t, imp_rd *r, int map, int indent, int depth)
{
	size_t n = map ? imp_cbor_map(r) : imp_cbor_array(r);
	int deeper = indent < 0 ? -1 : indent + TAB;
	add_text(t, map ? "{" : "[");
	for (size_t i = 0; i < n; i++) {
		if (indent >= 0)
			new_line(t, deeper);
		diag(t, r, map ? -1 : deeper, depth + 1);
		if (map) {
			add_text(t, ": ");
			diag(t, r, deeper, depth + 1);
		}
		add_text(t, i + 1 == n ? "" : indent < 0 ? ", " : ",");
	}
	if (indent >= 0)
		new_line(t, indent);
	add_text(t, map ? "}" : "]");
}

static double half(uint16_t h)
{
	int e = h >> 10 & 31, m = h & 1023;
	double v = e == 0 ? ldexp(m, -24) : e != 31 ? ldexp(m + 1024, e - 25) : m ? NAN : INFINITY;
	return h & 0x8000 ? -v : v;
}

static void diag_simple(struct text *t, imp_rd *r)
{
	imp_span raw = imp_cbor_raw(r);
	imp_rd in = imp_rd_of(raw);
	char num[40] = "";
	uint32_t u32;
	uint64_t u64;
	float f;
	double d;
	switch (imp_rd_u8(&in)) {
	case 0xf4: add_text(t, "false"); return;
	case 0xf5: add_text(t, "true"); return;
	case 0xf6: add_text(t, "null"); return;
	case 0xf7: add_text(t, "undefined"); return;
	case 0xf9: d = half(imp_rd_be16(&in)); break;
	case 0xfa: u32 = imp_rd_be32(&in); memcpy(&f, &u32, 4); d = (double)f; break;
	default: u64 = imp_rd_be64(&in); memcpy(&d, &u64, 8);
	}
	snprintf(num, sizeof num, d == d && d - d == 0 ? "%.17g" : d != d ? "NaN" : d < 0 ? "-Infinity" : "Infinity", d);
	add_text(t, num);
	if (!strpbrk(num, ".eN") && !strstr(num, "I"))
		add_text(t, ".0");
}

static void diag_int(struct text *t, imp_rd *r, int major)
{
	char num[40];
	imp_rd raw = imp_rd_of(imp_cbor_raw(r));
	uint8_t head = raw.p < raw.end ? (uint8_t)(*raw.p & 31) : 0, first = imp_rd_u8(&raw);
	uint64_t v = head < 24 ? first & 31u : head == 24 ? imp_rd_u8(&raw) : head == 25 ? imp_rd_be16(&raw) : head == 26 ? imp_rd_be32(&raw) : imp_rd_be64(&raw);
	if (major == IMP_CBOR_UINT)
		snprintf(num, sizeof num, "%" PRIu64, v);
	else if (v == UINT64_MAX)
		snprintf(num, sizeof num, "-18446744073709551616");
	else
		snprintf(num, sizeof num, "-%" PRIu64, v + 1);
	add_text(t, num);
}

/* indent < 0: all on one line. */
static void diag(struct text *t, imp_rd *r, int indent, int depth)
{
	int major = imp_cbor_peek(r);
	char num[32];
	if ((major == IMP_CBOR_ARRAY || major == IMP_CBOR_MAP || major == IMP_CBOR_BSTR) && indent >= 0 && diag_flat(t, *r, indent, depth)) {
		imp_cbor_raw(r);
		return;
	}
	switch (major) {
	case IMP_CBOR_UINT:
	case IMP_CBOR_NINT: diag_int(t, r, major); break;
	case IMP_CBOR_BSTR: diag_bytes(t, imp_cbor_bstr(r), indent, depth); break;
	case IMP_CBOR_TSTR: diag_quoted(t, imp_cbor_tstr(r)); break;
	case IMP_CBOR_ARRAY:
	case IMP_CBOR_MAP: diag_many(t, r, major == IMP_CBOR_MAP, indent, depth); break;
	case IMP_CBOR_TAG:
		snprintf(num, sizeof num, "%" PRIu64 "(", imp_cbor_tag(r));
		add_text(t, num);
		diag(t, r, indent, depth + 1);
		add_text(t, ")");
		break;
	default: diag_simple(t, r);
	}
}

static int l_diag(lua_State *L)
{
	imp_span in = mod_span(L, 1);
	struct text t = {NULL, 0, 0};
	imp_rd r = imp_rd_of(in);
	if (imp_cbor_check(in) < 0)
		return bad_cbor(L, in);
	diag(&t, &r, 0, 0);
	lua_pushlstring(L, t.p ? t.p : "", t.len);
	free(t.p);
	return 1;
}

/* The first item's bytes, and where the next starts. */
static int l_item(lua_State *L)
{
	imp_span in = mod_span(L, 1);
	lua_Integer at = luaL_optinteger(L, 2, 1);
	imp_rd r = imp_rd_of(at >= 1 && (size_t)at <= in.len ? imp_bytes(in.ptr + at - 1, in.len - (size_t)at + 1) : imp_bytes(NULL, 0));
	imp_span one = imp_cbor_raw(&r);
	if (r.err || !one.len)
		return mod_fail(L, "expected a CBOR item");
	mod_push(L, one);
	lua_pushinteger(L, at + (lua_Integer)one.len);
	return 2;
}

/* --- classes ---------------------------------------------------------------- */

static int l_bytes_text(lua_State *L)
{
	lua_rawgeti(L, 1, 1);
	return 1;
}

static int boxed(lua_State *L, const char *name)
{
	luaL_checkstring(L, 1);
	lua_createtable(L, 1, 0);
	lua_pushvalue(L, 1);
	lua_rawseti(L, -2, 1);
	of_class(L, name);
	return 1;
}

static int l_bytes(lua_State *L)
{
	return boxed(L, "imp.bytes");
}

static int l_raw(lua_State *L)
{
	return boxed(L, "imp.raw");
}

static int l_array(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	of_class(L, "imp.array");
	return 1;
}

static int l_tag(lua_State *L)
{
	lua_createtable(L, 0, 2);
	lua_pushvalue(L, 1);
	lua_setfield(L, -2, "tag");
	lua_pushvalue(L, 2);
	lua_setfield(L, -2, "value");
	of_class(L, "imp.tag");
	return 1;
}

static int l_kind(lua_State *L)
{
	static const char *const names[] = {"bytes", "array", "tag", "raw"};
	char full[16];
	for (int i = 0; lua_istable(L, 1) && i < 4; i++) {
		snprintf(full, sizeof full, "imp.%s", names[i]);
		if (is_class(L, 1, full)) {
			lua_pushstring(L, names[i]);
			return 1;
		}
	}
	lua_pushstring(L, lua_islightuserdata(L, 1) ? "null" : lua_istable(L, 1) ? "map" : luaL_typename(L, 1));
	return 1;
}

int open_cbor(lua_State *L)
{
	static const luaL_Reg functions[] = {{"encode", l_encode}, {"decode", l_decode}, {"diag", l_diag}, {"item", l_item}, {"bytes", l_bytes}, {"raw", l_raw}, {"array", l_array}, {"tag", l_tag}, {"kind", l_kind}, {NULL, NULL}};
	luaL_setfuncs(L, functions, 0);
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	luaL_newmetatable(L, "imp.bytes");
	lua_pushcfunction(L, l_bytes_text);
	lua_setfield(L, -2, "__tostring");
	luaL_newmetatable(L, "imp.array");
	luaL_newmetatable(L, "imp.tag");
	luaL_newmetatable(L, "imp.raw");
	lua_pop(L, 4);
	return 0;
}
