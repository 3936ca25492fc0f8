/* json.c -- RFC 8259: what is read, what must be refused, and what is written. */
#include "guard.h"
#include "json.h"
#include "t.h"

#define SPAN(literal) imp_bytes(literal, sizeof literal - 1)
#define COUNT(table) (sizeof table / sizeof *table)

static const char *const good[] = {
	"{}", "[]", "0", "-0", "7", "-12", "1.5", "0.0", "1e9", "1E+9", "10e-0", "-0.5e10", "123456789012345678901234567890",
	"true", "false", "null", "\"\"", "\"a\"", " \t\r\n1 \t\r\n", "[1,2,[3,[]]]", "{\"a\":{\"b\":[{}]}}", " { \"a\" : 1 , \"b\" : [ ] } ",
	"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\"", "\"\\uD83D\\ude00\"", "\"\\uffff\"", "\"\xc3\xbc\xe6\xb0\xb4\xf0\x90\x85\x91\"", "\"\x7f\"",
	"[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]", "{\"\":0}", "{\"a\":1,\"a\":2}" /* seen when it is searched */,
};

static const struct { const char *text, *why; } bad[] = {
	{"", "nothing"}, {" ", "white space alone"}, {"1 2", "two values"}, {"{}}", "one bracket more"}, {"\f1", "no white space of JSON"}, {"\xef\xbb\xbf{}", "a byte order mark"},
	{"{", "an open object"}, {"[", "an open array"}, {"[1", "an array without its end"}, {"{\"a\":1", "an object without its end"}, {"[}", "another bracket"}, {"{]", "another bracket"},
	{"[1,]", "a comma too many"}, {"[,1]", "a comma first"}, {"[1 2]", "no comma"}, {"{\"a\":1,}", "a comma too many"}, {"{,}", "a comma alone"}, {"{\"a\" 1}", "no colon"},
	{"{\"a\"}", "no value"}, {"{\"a\":}", "no value"}, {"{a:1}", "a key without quotes"}, {"{1:1}", "a number as key"}, {"{null:1}", "null as key"}, {"{\"a\":1 \"b\":2}", "no comma"},
	{"[1}", "brackets that do not match"}, {"{\"a\":[1}]", "brackets that cross"}, {"]", "a bracket alone"}, {":", "a colon"}, {",", "a comma"},
	{"01", "a leading zero"}, {"-01", "a leading zero"}, {"-", "a sign alone"}, {"+1", "a plus"}, {".5", "no digit before the point"}, {"1.", "none after it"}, {"1.e1", "none after it"},
	{"1e", "no exponent"}, {"1e+", "no exponent"}, {"1e1.5", "an exponent with a point"}, {"0x10", "hexadecimal"}, {"1_0", "a separator"}, {"NaN", "not a number"}, {"Infinity", "infinity"}, {"-Infinity", "infinity"},
	{"tru", "a cut word"}, {"True", "a capital"}, {"nul", "a cut word"}, {"nulll", "a long word"}, {"truefalse", "two words"},
	{"\"", "an open string"}, {"\"a", "an open string"}, {"\"\\\"", "its quote is escaped"}, {"'a'", "single quotes"}, {"\"\n\"", "a line end"}, {"\"\t\"", "a tab"}, {"\"\x1f\"", "a control character"},
	{"\"\\a\"", "no such escape"}, {"\"\\'\"", "no such escape"}, {"\"\\U0041\"", "a capital U"}, {"\"\\x41\"", "no such escape"}, {"\"\\\n\"", "an escaped line end"}, {"\"\\", "an escape cut"},
	{"\"\\u\"", "no digits"}, {"\"\\u12\"", "two digits"}, {"\"\\u123g\"", "no digit"}, {"\"\\u+123\"", "a sign"}, {"\"\\u123", "cut"},
	{"\"\\ud800\"", "a high surrogate alone"}, {"\"\\udc00\"", "a low surrogate alone"}, {"\"\\ud800x\"", "a high surrogate and a letter"}, {"\"\\ud800\\n\"", "and an escape"},
	{"\"\\ud800\\u0041\"", "and no surrogate"}, {"\"\\ud800\\ud800\"", "two high surrogates"}, {"\"\\udc00\\ud800\"", "the wrong way round"}, {"\"\\udfff\\udc00\"", "two low surrogates"},
	{"\"\x80\"", "a continuation byte alone"}, {"\"\xc3\"", "a lead byte before the quote"}, {"\"\xc0\x80\"", "overlong NUL"}, {"\"\xc1\xbf\"", "overlong"}, {"\"\xe0\x80\x80\"", "overlong in three"},
	{"\"\xed\xa0\x80\"", "a surrogate in UTF-8"}, {"\"\xf4\x90\x80\x80\"", "past U+10FFFF"}, {"\"\xff\"", "0xff"}, {"\"\xf0\x90\x85", "cut inside a character"}, {"{\"\xff\":1}", "in a key"},
	{"[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]", "nesting of 17"}, {"{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{}]}]}]}]}]}]}]}]}", "17 of both kinds"},
	{"// a\n1", "a comment"}, {"/**/1", "a comment"}, {"[1,,2]", "two commas"},
};

static void tables(void)
{
	char detail[80];
	size_t right = 0, refused = 0, cuts = 0, cut_ok = 0;
	for (size_t i = 0; i < COUNT(good); i++) {
		imp_status err = IMP_OK;
		imp_span v = imp_json_of(guard_span(0, imp_bytes(good[i], strlen(good[i]))), &err);
		int fine = !err && v.len && imp_json_type(v) != IMP_JSON_NONE && v.ptr[0] != ' ' && v.ptr[v.len - 1] != ' ';
		right += (size_t)fine;
		if (!fine)
			printf("# refused: %s\n", good[i]);
		for (size_t n = 0; n < strlen(good[i]) && strchr("{[\"tfn", good[i][0]); n++, cuts++) {
			err = IMP_OK;
			cut_ok += imp_json_of(guard_span(1, imp_bytes(good[i], n)), &err).ptr == NULL && err == IMP_EBADMSG;
		}
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		imp_status err = IMP_OK;
		imp_span v = imp_json_of(guard_span(0, imp_bytes(bad[i].text, strlen(bad[i].text))), &err);
		refused += err == IMP_EBADMSG && !v.ptr;
		if (err != IMP_EBADMSG)
			printf("# taken: %s (%s)\n", bad[i].text, bad[i].why);
	}
	snprintf(detail, sizeof detail, "%zu of %zu", right, COUNT(good));
	t_check("what RFC 8259 allows is read", right == COUNT(good), detail);
	snprintf(detail, sizeof detail, "%zu of %zu", refused, COUNT(bad));
	t_check("what it does not allow is refused", refused == COUNT(bad), detail);
	snprintf(detail, sizeof detail, "%zu of %zu", cut_ok, cuts);
	t_check("a text cut anywhere is refused", cuts && cut_ok == cuts, detail);
}

static imp_span of(const char *text)
{
	imp_status err = IMP_OK;
	return imp_json_of(imp_bytes(text, strlen(text)), &err);
}

static void members(void)
{
	imp_span top = of(" {\"a\":{\"b\":[1,true,\"x\",null]},\"\\u0063\":-5,\"d\":\"q\\u00fc\\n\",\"z\":\"plain\",\"w\":1,\"w\":2,\"\xc3\xbc\":3,\"f\":false}"), k, v;
	uint8_t buf[8];
	imp_status err = IMP_OK;
	size_t n = 0;
	imp_span list = imp_json_get(imp_json_get(top, "a", &err), "b", &err);
	for (imp_rd r = imp_json_open(list, &err); imp_json_next(&r, &k, &v, &err); n++)
		t_check("an element has no key", !k.ptr && v.len, "");
	t_check("an array has its elements", n == 4 && !err, "");
	t_check("a key may be written with escapes", imp_json_int(imp_json_get(top, "c", &err), &err) == -5 && !err, "");
	t_check("and with characters of two bytes", imp_json_int(imp_json_get(top, "\xc3\xbc", &err), &err) == 3 && !err, "");
	t_check("escapes are decoded into the memory lent", imp_same(imp_json_text(imp_json_get(top, "d", &err), buf, 4, &err), SPAN("q\xc3\xbc\n")) && !err, "");
	v = imp_json_text(imp_json_get(top, "z", &err), buf, 0, &err);
	t_check("a text without escapes lies in the document and needs no memory", !err && imp_same(v, SPAN("plain")) && v.ptr > top.ptr && v.ptr < top.ptr + top.len, "");
	t_check("a bool is read", !imp_json_bool(imp_json_get(top, "f", &err), &err) && !err, "");
	t_check("what is not there is absent, and so are its members", !imp_json_get(imp_json_get(top, "no", &err), "b", &err).ptr && !err, "");
	t_check("an absent value is empty, zero and false", !imp_json_text(imp_bytes(0, 0), buf, 8, &err).len && !imp_json_int(imp_bytes(0, 0), &err)
		&& !imp_json_bool(imp_bytes(0, 0), &err) && !err, "");
	t_check("a key that is there twice is refused when it is sought", !imp_json_get(top, "w", &err).ptr && err == IMP_EBADMSG, "");
	t_check("errors are sticky", !imp_json_get(top, "z", &err).ptr && !imp_json_int(imp_bytes("1", 1), &err) && err == IMP_EBADMSG, "");
	err = IMP_OK;
	t_check("twice, once with escapes", !imp_json_get(of("{\"a\":1,\"\\u0061\":2}"), "a", &err).ptr && err == IMP_EBADMSG, "");
	err = IMP_OK;
	imp_json_text(imp_json_get(top, "d", &err), buf, 3, &err);
	t_check("too little memory is said", err == IMP_ENOSPC, "");
	n = 0;
	err = IMP_OK;
	for (imp_rd r = imp_json_open(top, &err); imp_json_next(&r, &k, &v, &err); n++)
		;
	t_check("an object's members come one by one", n == 8 && !err, "");
}

static void types(void)
{
	static const struct { const char *text; int type; } rows[] = {
		{"{}", IMP_JSON_OBJECT}, {"[]", IMP_JSON_ARRAY}, {"\"\"", IMP_JSON_STRING}, {"-1", IMP_JSON_NUMBER}, {"1", IMP_JSON_NUMBER},
		{"true", IMP_JSON_BOOL}, {"false", IMP_JSON_BOOL}, {"null", IMP_JSON_NULL},
	};
	size_t right = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		imp_span v = of(rows[i].text);
		imp_status e[5] = {0};
		imp_json_get(v, "a", &e[0]);
		imp_json_open(v, &e[1]);
		imp_json_text(v, NULL, 0, &e[2]);
		imp_json_int(v, &e[3]);
		imp_json_bool(v, &e[4]);
		right += imp_json_type(v) == rows[i].type && (rows[i].type == IMP_JSON_OBJECT) == !e[0] && (rows[i].type <= IMP_JSON_ARRAY) == !e[1]
			&& (rows[i].type == IMP_JSON_STRING) == !e[2] && (rows[i].type == IMP_JSON_NUMBER) == !e[3] && (rows[i].type == IMP_JSON_BOOL) == !e[4];
	}
	t_check("a value is read as what it is and refused as anything else", right == COUNT(rows), "");
	t_check("a string is compared by its characters", imp_json_is(of("\"a\\u0062\\ud83d\\ude00\""), "ab\xf0\x9f\x98\x80") && !imp_json_is(of("\"ab\""), "a")
		&& !imp_json_is(of("\"a\""), "ab") && imp_json_is(of("\"\""), "") && !imp_json_is(of("1"), "1") && !imp_json_is(imp_bytes(0, 0), ""), "");
	t_check("NUL inside a text ends nothing", !imp_json_is(of("\"a\\u0000\""), "a"), "");
}

static void ints(void)
{
	static const struct { const char *text; int64_t v; int ok; } rows[] = {
		{"0", 0, 1}, {"-0", 0, 1}, {"9223372036854775807", INT64_MAX, 1}, {"-9223372036854775808", INT64_MIN, 1}, {"-1", -1, 1},
		{"9223372036854775808", 0, 0}, {"-9223372036854775809", 0, 0}, {"18446744073709551616", 0, 0}, {"18446744073709551617", 0, 0},
		{"99999999999999999999999", 0, 0}, {"1.0", 0, 0}, {"1e1", 0, 0}, {"\"1\"", 0, 0},
	};
	size_t right = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		imp_status err = IMP_OK;
		int64_t v = imp_json_int(of(rows[i].text), &err);
		right += v == rows[i].v && (err == IMP_OK) == rows[i].ok;
	}
	t_check("integers up to 64 bits, and no others", right == COUNT(rows), "");
}

static void writes(void)
{
	uint8_t buf[160];
	imp_wr w = imp_wr_to(buf, sizeof buf);
	static const char want[] = "{\"a\":\"x\\\"\\\\\\u0000\\u001f\x7f\xc3\xbc/\",\"b\":-9223372036854775808,\"c\":9223372036854775807,\"d\":0}";
	imp_json_put_key(&w, '{', "a");
	imp_json_put_text(&w, SPAN("x\"\\\0\x1f\x7f\xc3\xbc/"));
	imp_json_put_key(&w, ',', "b");
	imp_json_put_int(&w, INT64_MIN);
	imp_json_put_key(&w, ',', "c");
	imp_json_put_int(&w, INT64_MAX);
	imp_json_put_key(&w, ',', "d");
	imp_json_put_int(&w, 0);
	imp_wr_u8(&w, '}');
	t_check("an object is written, with escapes where they must be", imp_wr_end(&w) == IMP_OK && imp_same(imp_wr_span(&w), SPAN(want)), "");
	imp_json_put_text(&w, SPAN("a\xff"));
	t_check("bad UTF-8 is not written", imp_wr_end(&w) == IMP_EARG, "");
}

/* Text that was never checked: nothing is read outside it. */
static void unchecked(void)
{
	static const char *const rows[] = {"{", "[", "\"", "{\"", "{\"a", "{\"a\"", "{\"a\":", "[1", "{\"a\":1,", "}", "[}", "{]", "\"\\\"", "{\"a\":1 2}", "-"};
	uint8_t buf[8];
	size_t quiet = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		imp_span in = guard_span(0, imp_bytes(rows[i], strlen(rows[i]))), k, v;
		imp_status e[4] = {0};
		imp_json_get(in, "a", &e[0]);
		for (imp_rd r = imp_json_open(in, &e[1]); imp_json_next(&r, &k, &v, &e[1]);)
			;
		imp_json_text(in, buf, sizeof buf, &e[2]);
		imp_json_int(in, &e[3]);
		imp_json_is(in, "a");
		quiet += e[0] || e[1] || e[2] || e[3];
	}
	t_check("what was not checked is still read within its bounds, and refused somewhere", quiet == COUNT(rows), "");
}

int main(void)
{
	tables();
	members();
	types();
	ints();
	writes();
	unchecked();
	return t_end();
}
