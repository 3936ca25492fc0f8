/* policy.c -- the sandbox of policies: what gets out of it is a verdict and
 * nothing else. */
#include "policy.h"
#include "t.h"
#include <time.h>

#define NONE imp_bytes(0, 0)
#define AUTH(body) "return { authorize = function(q) " body " end }"

#define BIT(n) "[1 << " n "] = 0,"
#define BITS(d) BIT(d "0") BIT(d "1") BIT(d "2") BIT(d "3") BIT(d "4") BIT(d "5") BIT(d "6") BIT(d "7") BIT(d "8") BIT(d "9")
#define HOLES BITS("") BITS("1") BITS("2") BITS("3") BITS("4") BITS("5") BIT("60") BIT("61") BIT("62")

struct row {
	const char *text;
	imp_status code;
	const char *says; /* in the reason */
	const char *why;  /* what this row is about */
};

static const struct row rows[] = {
	{AUTH("return true"), IMP_OK, "", "yes"},
	{AUTH("return false, 'because'"), IMP_EDENIED, "because", "no, and why"},
	{AUTH("return nil, 'unsure'"), IMP_EDENIED, "unsure", "nil is no"},
	{AUTH("return false"), IMP_EDENIED, "no reason", "no without a reason"},
	{AUTH(""), IMP_EDENIED, "no answer", "no answer at all"},
	{AUTH("return later(30)"), IMP_LATER, "", "later"},
	{AUTH("return later(0)"), IMP_EDENIED, "1 second", "later, but not at once"},
	{AUTH("return later(1e9)"), IMP_EDENIED, "7 days", "later, but in this life"},
	{AUTH("return later('x')"), IMP_EDENIED, "number", "later of nonsense"},
	{AUTH("return {}"), IMP_OK, "", "an empty answer is a yes"},
	{AUTH("return { voucher = true, server = 3600, config = 'x' }"), IMP_OK, "", "an answer by topics"},
	{AUTH("return { nonsense = true }"), IMP_EDENIED, "no topic is called", "an answer that is about nothing"},
	{AUTH("return { [1] = true }"), IMP_EDENIED, "not names", "an answer with numbers for keys"},
	{AUTH("return { access = { method = 2, size = 4 } }"), IMP_OK, "", "an answer with a table in it"},
	{AUTH("return { access = { method = {} } }"), IMP_EDENIED, "holds a table in a table", "but no deeper"},
	{AUTH("return { access = { 7 } }"), IMP_EDENIED, "not names", "nor a list in it"},
	{AUTH("return { voucher = 1.5 }"), IMP_EDENIED, "holds a number", "an answer with a fraction in it"},
	{AUTH("return { config = string.rep('x', 5000) }"), IMP_EDENIED, "larger than", "an answer too large"},
	/* wrong types */
	{AUTH("return 1"), IMP_EDENIED, "with a number", "1 is no yes"},
	{AUTH("return 'yes'"), IMP_EDENIED, "with a string", "'yes' is no yes"},
	{AUTH("return print"), IMP_EDENIED, "no answer", "print does not exist"},
	{AUTH("return pairs"), IMP_EDENIED, "with a function", "a function is no yes"},
	{"return true", IMP_EDENIED, "boolean, not a table", "a file that returns something else"},
	{"", IMP_EDENIED, "not a table", "an empty file"},
	{"return {}", IMP_EDENIED, "no function 'authorize'", "no function for the question"},
	{"return { authorize = true }", IMP_EDENIED, "no function 'authorize'", "a yes that is no function"},
	/* errors */
	{"return {", IMP_EDENIED, "authorize: p.lua:1:", "a syntax error names topic, file and line"},
	{AUTH("\n\nerror('boom')"), IMP_EDENIED, "authorize: p.lua:3: boom", "an error names topic, file and line"},
	{AUTH("error({})"), IMP_EDENIED, "no text", "an error that is a table"},
	{AUTH("error()"), IMP_EDENIED, "no text", "an error that is nil"},
	{AUTH("return q.claims.nothing.at_all"), IMP_EDENIED, "nil value", "a claim that is not there"},
	{"\x1bLua", IMP_EDENIED, "attempt to load a binary chunk", "byte code"},
	/* endless */
	{AUTH("while true do end"), IMP_EDENIED, "steps", "an endless loop"},
	{"while true do end", IMP_EDENIED, "steps", "an endless loop outside a function"},
	{AUTH("local function f() return f() end f()"), IMP_EDENIED, "steps", "endless tail calls"},
	{AUTH("local function f() f() end f()"), IMP_EDENIED, "", "endless recursion"},
	{AUTH("table.sort({3,1,2}, function() while true do end end)"), IMP_EDENIED, "steps", "endless in a callback"},
	{AUTH("for i = 1, 1e18 do end"), IMP_EDENIED, "steps", "a very long loop"},
	{AUTH("local s = string.rep('x', 60000) while true do s:upper() end"), IMP_EDENIED, "", "few steps that each take long"},
	{AUTH("local t = {} for i = 1, 20000 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) end"), IMP_EDENIED, "", "moving a table to and fro"},
	{AUTH("local s = string.rep('a', 60000) while true do s:find('b') end"), IMP_EDENIED, "", "searching again and again"},
	{AUTH("local t = {" HOLES "} table.remove(t, 1)"), IMP_EDENIED, "more than a policy can hold", "a border at 2^62: removing would count there in C"},
	{AUTH("local t = {" HOLES "} table.insert(t, 1, 0)"), IMP_EDENIED, "more than a policy can hold", "and inserting"},
	{AUTH("local t = {" HOLES "} t[1 << 24] = nil table.sort(t, function() return false end)"), IMP_EDENIED, "", "and sorting"},
	{AUTH("local a = string.rep('a', 60000) local b = a .. 'b' a = a .. a a = a .. a while true do a:find(b) end"), IMP_EDENIED, "too long", "looking for something long, which begins everywhere"},
	{AUTH("local a = string.rep('a', 60000) local b = string.rep('a', 4095) .. 'b' a = a .. a a = a .. a while true do a:find(b) end"), IMP_EDENIED, "", "and for something shorter"},
	/* memory */
	{AUTH("local t = {} for i = 1, 1e9 do t[i] = i end"), IMP_EDENIED, "kB of memory", "a table without end"},
	{AUTH("local s = 'x' while true do s = s .. s end"), IMP_EDENIED, "kB of memory", "a string that doubles"},
	{AUTH("return string.rep('x', 1e9)"), IMP_EDENIED, "too large", "a string made at once"},
	{AUTH("return string.rep('', 1e18)"), IMP_EDENIED, "too large", "nothing, very often"},
	{AUTH("local f = {} for i = 1, 1e6 do f[i] = function() return i end end"), IMP_EDENIED, "", "closures without end"},
	{AUTH("local t = {} while true do t = {t} end"), IMP_EDENIED, "", "a chain without end"},
	{AUTH("return table.concat({string.rep('x', 60000), string.rep('y', 60000)}, string.rep('z', 60000)) and true"), IMP_OK, "", "what fits is allowed"},
	{AUTH("for i = 1, 10000 do local s = string.rep('x', 1000) .. i end return true"), IMP_OK, "", "garbage is collected"},
	/* ways out */
	{AUTH("return io.open('/etc/passwd')"), IMP_EDENIED, "global 'io'", "io"},
	{AUTH("return os.execute('true')"), IMP_EDENIED, "global 'os'", "os"},
	{AUTH("return require('io')"), IMP_EDENIED, "global 'require'", "require"},
	{AUTH("return load('return true')()"), IMP_EDENIED, "global 'load'", "load"},
	{AUTH("return loadstring('return true')()"), IMP_EDENIED, "global 'loadstring'", "loadstring"},
	{AUTH("return dofile('/etc/passwd')"), IMP_EDENIED, "global 'dofile'", "dofile"},
	{AUTH("return loadfile('/etc/passwd')"), IMP_EDENIED, "global 'loadfile'", "loadfile"},
	{AUTH("return debug.getregistry()"), IMP_EDENIED, "global 'debug'", "debug"},
	{AUTH("return package.loaded.io"), IMP_EDENIED, "global 'package'", "package"},
	{AUTH("return coroutine.wrap(function() end)()"), IMP_EDENIED, "global 'coroutine'", "coroutines would have no step count"},
	{AUTH("return pcall(error)"), IMP_EDENIED, "global 'pcall'", "pcall could swallow the limit"},
	{AUTH("return xpcall(error, error)"), IMP_EDENIED, "global 'xpcall'", "xpcall"},
	{AUTH("return setmetatable({}, {})"), IMP_EDENIED, "global 'setmetatable'", "metatables"},
	{AUTH("return getmetatable('')"), IMP_EDENIED, "global 'getmetatable'", "the metatable of strings"},
	{AUTH("return rawset(_G, 'x', 1)"), IMP_EDENIED, "global 'rawset'", "rawset"},
	{AUTH("return _G"), IMP_EDENIED, "no answer", "_G"},
	{AUTH("return collectgarbage('count')"), IMP_EDENIED, "global 'collectgarbage'", "the collector"},
	{AUTH("return ('x'):dump()"), IMP_EDENIED, "method 'dump'", "string.dump through a string"},
	{AUTH("return ('x'):match('(.-)(.-)(.-)b')"), IMP_EDENIED, "method 'match'", "patterns can take for ever in C"},
	{AUTH("return ('x'):gsub('x', 'y')"), IMP_EDENIED, "method 'gsub'", "gsub"},
	{AUTH("return ('a.c'):find('a.c') == 1 and not ('abc'):find('a.c')"), IMP_OK, "", "find is plain"},
	{AUTH("return table.move({}, 1, 1e18, 2)"), IMP_EDENIED, "field 'move'", "table.move counts in C"},
	{AUTH("return select(-1, 'a', true)"), IMP_OK, "", "select"},
	{AUTH("return string.format('%s', q.name) == 'who'"), IMP_OK, "", "the question's name"},
	{"local n = 0 return { authorize = function(q) n = n + 1 return n == 1 end }", IMP_OK, "", "nothing is kept"},
	{"local n = 0 return { authorize = function(q) n = n + 1 return n == 1 end }", IMP_OK, "", "also the second time"},
	{"string.sub = nil return { authorize = function(q) return true end }", IMP_OK, "", "vandalism"},
	{AUTH("return ('abc'):sub(2, 2) == 'b'"), IMP_OK, "", "harms nobody else"},
	/* claims */
	{AUTH("return q.claims.identity == '00ff' and q.claims.config == 'lamp' and q.claims.voucher == 2"), IMP_OK, "", "claims by name, bytes as hex"},
	{AUTH("return q.claims.chain == false"), IMP_OK, "", "null is false"},
	{AUTH("return q.claims.server[1] == 7 and #q.claims.server == 1"), IMP_OK, "", "arrays"},
	{AUTH("return q.role == 'owner' and q.topic == 'authorize' and q.time == 1234 and q.tries == 3"), IMP_OK, "", "who asks, what, when, how often"},
};

/* {256: h'00ff', 266: "lamp", 263: 2, 258: null, 262: [7]} */
static const uint8_t claims[] = {0xa5, 0x19, 0x01, 0x00, 0x42, 0x00, 0xff, 0x19, 0x01, 0x0a, 0x64, 'l', 'a', 'm', 'p',
	0x19, 0x01, 0x07, 0x02, 0x19, 0x01, 0x02, 0xf6, 0x19, 0x01, 0x06, 0x81, 0x07};
static const uint8_t answer[] = {0xa3, 0x19, 0x01, 0x07, 0xf5, 0x19, 0x01, 0x06, 0x19, 0x0e, 0x10, 0x19, 0x01, 0x0a, 0x61, 'x'};

static policy_verdict ask(const char *text, imp_span data)
{
	static policy_verdict v;
	policy_question q = {"authorize", "owner", imp_bytes("who", 3), data, 1234, 3};
	policy *p = policy_open(imp_bytes(text, strlen(text)), "p.lua");
	policy_ask(p, &q, &v);
	policy_close(p);
	return v;
}

static void claims_of_rows(void)
{
	char claim[160], text[260];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		clock_t began = clock();
		policy_verdict v = ask(r->text, imp_bytes(claims, sizeof claims));
		double ms = (double)(clock() - began) * 1000 / CLOCKS_PER_SEC;
		snprintf(claim, sizeof claim, "%s: %s", r->code == IMP_OK ? "yes" : r->code == IMP_LATER ? "later" : "no", r->why);
		snprintf(text, sizeof text, "%s (%.0f ms)", v.reason, ms);
		t_check(claim, v.code == r->code && (v.code != IMP_EDENIED || strstr(v.reason, r->says)) && ms < 20 * POLICY_MS, text);
	}
}

static int same_map(const policy_verdict *v, const uint8_t *want, size_t len)
{
	int seen[3] = {0, 0, 0}; /* in any order: Lua's tables have none */
	for (size_t i = 1; i + 4 < v->map_len + 3 && v->map_len == len; i++)
		for (int k = 0; k < 3; k++)
			seen[k] |= v->map[i] == 0x19 && !memcmp(v->map + i, want + (k == 0 ? 1 : k == 1 ? 5 : 11), k == 1 ? 6 : k == 0 ? 4 : 5);
	return v->map_len == len && v->map[0] == want[0] && seen[0] && seen[1] && seen[2];
}

/* A policy that tries to remember, asked again and again. */
static void claims_of_memory(void)
{
	static const char *const rows_[][2] = {
		{"local n = 0 return { authorize = function(q) n = n + 1 return n == 1, 'n ' .. n end }", "a local"},
		{AUTH("n = (n or 0) + 1 return n == 1"), "a global"},
		{"local t = {} return { authorize = function(q) t[#t + 1] = string.rep('x', 60000) return #t == 1 end }", "a table that grows"},
		{AUTH("local was = string.len string.len = nil return was ~= nil"), "a library"},
		{"local f = {} f.authorize = function(q) f.authorize = nil return true end return f", "the policy itself"},
		{"local d = 0 return { authorize = function(q) d = d + 1 if d > 1 then return true end local function f() return 1 + f() end f() end }", "a stack that overflowed"},
		{"local d = 0 return { authorize = function(q) d = d + 1 if d > 1 then return true end local t = {} while true do t = {t} end end }", "memory that ran out"},
		{"local d = 0 return { authorize = function(q) d = d + 1 while true do end end }", "steps that ran out"},
	};
	char claim[96];
	for (size_t i = 0; i < sizeof rows_ / sizeof *rows_; i++) {
		policy *p = policy_open(imp_bytes(rows_[i][0], strlen(rows_[i][0])), "p.lua");
		policy_question q = {"authorize", "owner", imp_bytes("who", 3), imp_bytes(claims, sizeof claims), 1234, 3};
		static policy_verdict first, v;
		int same = 1;
		policy_ask(p, &q, &first);
		for (int n = 0; n < 20; n++) {
			policy_ask(p, &q, &v);
			same &= v.code == first.code && !strcmp(v.reason, first.reason);
		}
		snprintf(claim, sizeof claim, "nothing is kept in %s: 21 times the same", rows_[i][1]);
		t_check(claim, same, first.code == IMP_OK ? "yes" : first.reason);
		policy_close(p);
	}
}

int main(void)
{
	policy_verdict v = ask(AUTH("return { voucher = true, server = 3600, config = 'x' }"), NONE);
	t_check("the answer is a map keyed by topics", v.code == IMP_OK && same_map(&v, answer, sizeof answer), "");
	v = ask(AUTH("return { access = { method = 2 } }"), NONE);
	t_check("a table in it is a map keyed by texts", v.map_len == 13 && !memcmp(v.map, "\xa1\x19\x01\x09\xa1\x66method\x02", 13), "");
	v = ask(AUTH("return later(30)"), NONE);
	t_check("later says when", v.code == IMP_LATER && v.seconds == 30, "");
	v = ask(AUTH("return next(q.claims) == nil"), NONE);
	t_check("no claims are an empty table", v.code == IMP_OK, v.reason);
	v = ask(AUTH("return next(q.claims) == nil"), imp_bytes("\xff\xff", 2));
	t_check("claims that are no CBOR are an empty table", v.code == IMP_OK, v.reason);
	v = ask(AUTH("return q.claims.identity == nil and q.claims[65792] == 1"), imp_bytes("\xa1\x1a\x00\x01\x01\x00\x01", 7));
	t_check("a number beyond all topics is none of them", v.code == IMP_OK, v.reason);
	claims_of_rows();
	claims_of_memory();
	return t_end();
}
