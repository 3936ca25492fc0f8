/* cbor.c -- RFC 8949 appendix A, what must be refused, and the typed readers. */
#include "bytes.h"
#include "cbor.h"
#include "guard.h"
#include "t.h"

static uint8_t buf[4096];

enum { SAME = 1, ODD = 2 }; /* re-encodes the same; well-formed, but our writers lack it */

/* RFC 8949 appendix A, what of it is definite and shortest. */
static const struct { const char *hex; int how; } good[] = {
	{"00", SAME}, {"01", SAME}, {"0a", SAME}, {"17", SAME}, {"1818", SAME}, {"1819", SAME}, {"1864", SAME},
	{"1903e8", SAME}, {"1a000f4240", SAME}, {"1b000000e8d4a51000", SAME}, {"1bffffffffffffffff", SAME},
	{"c249010000000000000000", SAME}, {"3bffffffffffffffff", ODD /* below INT64_MIN */}, {"c349010000000000000000", SAME},
	{"20", SAME}, {"29", SAME}, {"3863", SAME}, {"3903e7", SAME},
	{"f90000", ODD}, {"f98000", ODD}, {"f93c00", ODD}, {"fb3ff199999999999a", ODD}, {"f93e00", ODD}, {"f97bff", ODD},
	{"fa47c35000", ODD}, {"fa7f7fffff", ODD}, {"fb7e37e43c8800759c", ODD}, {"f90001", ODD}, {"f90400", ODD},
	{"f9c400", ODD}, {"fbc010666666666666", ODD}, {"f97c00", ODD}, {"f97e00", ODD}, {"f9fc00", ODD},
	{"fa7f800000", ODD}, {"fa7fc00000", ODD}, {"faff800000", ODD}, {"fb7ff0000000000000", ODD},
	{"fb7ff8000000000000", ODD}, {"fbfff0000000000000", ODD},
	{"f4", SAME}, {"f5", SAME}, {"f6", SAME}, {"f7", ODD},
	{"c074323031332d30332d32315432303a30343a30305a", SAME}, {"c11a514b67b0", SAME}, {"c1fb41d452d9ec200000", ODD},
	{"d74401020304", SAME}, {"d818456449455446", SAME},
	{"d82076687474703a2f2f7777772e6578616d706c652e636f6d", SAME},
	{"40", SAME}, {"4401020304", SAME}, {"60", SAME}, {"6161", SAME}, {"6449455446", SAME}, {"62225c", SAME},
	{"62c3bc", SAME}, {"63e6b0b4", SAME}, {"64f0908591", SAME}, {"80", SAME}, {"83010203", SAME},
	{"8301820203820405", SAME}, {"98190102030405060708090a0b0c0d0e0f101112131415161718181819", SAME},
	{"a0", SAME}, {"a201020304", SAME}, {"a26161016162820203", SAME}, {"826161a161626163", SAME},
	{"a56161614161626142616361436164614461656145", SAME},
	/* not in the appendix */
	{"d28443a10126a04040", SAME},                      /* tag 18, which libcbor 0.8 refuses */
	{"c6c7c8c9cacbcccdcecfd0d1d2d3d400", SAME},        /* tags 6 to 20 in one chain         */

	{"8181818181818181818181818181818100", SAME},      /* nesting of 16                     */
	{"1bfffffffffffffffe", SAME}, {"3b7fffffffffffffff", SAME}, {"db000000010000000000", SAME},
};

static const struct { const char *hex, *why; } bad[] = {
	{"", "no item"},
	{"18", "a one-byte argument is missing"}, {"19", "two bytes are missing"}, {"1903", "one of two bytes is missing"},
	{"1a010203", "one of four bytes is missing"}, {"1b01020304050607", "one of eight bytes is missing"},
	{"38", "a negative's argument is missing"}, {"d8", "a tag's number is missing"}, {"c2", "a tag without its item"},
	{"f8", "a simple value's byte is missing"}, {"f900", "half of a half"}, {"fa000000", "a short float"}, {"fb00000000000000", "a short double"},
	{"1c", "reserved information 28"}, {"1d", "reserved 29"}, {"1e", "reserved 30"}, {"1f", "an indefinite number"},
	{"3c", "reserved, negative"}, {"3f", "an indefinite negative"}, {"5c", "reserved, bytes"}, {"7d", "reserved, text"},
	{"9e", "reserved, array"}, {"bc", "reserved, map"}, {"dc", "reserved, tag"}, {"df", "an indefinite tag"}, {"fc", "reserved, simple"},
	{"ff", "a break alone"}, {"81ff", "a break in a definite array"}, {"a1ff", "a break for a key"}, {"c1ff", "a tagged break"},
	{"5f42010243030405ff", "indefinite bytes"}, {"7f657374726561646d696e67ff", "indefinite text"},
	{"9fff", "an indefinite array"}, {"9f018202039f0405ffff", "indefinite arrays in each other"}, {"bf61610161629f0203ffff", "an indefinite map"},
	{"83018202039f0405ff", "an indefinite array inside"}, {"5f", "indefinite bytes without an end"},
	{"1800", "0 in two bytes"}, {"1817", "23 in two bytes"}, {"190018", "24 in three bytes"}, {"1900ff", "255 in three bytes"},
	{"1a0000ffff", "65535 in five bytes"}, {"1b00000000ffffffff", "2^32-1 in nine bytes"}, {"3800", "-1 in two bytes"}, {"3900ff", "-256 in three"},
	{"580100", "a long length of bytes"}, {"59000100", "a longer one"}, {"780161", "a long length of text"}, {"980100", "a long array head"},
	{"b8010000", "a long map head"}, {"d80500", "tag 5 in two bytes"}, {"d9001200", "tag 18 in three bytes"},
	{"da0000010000", "tag 256 in five bytes"}, {"f800", "simple 0 in two bytes"}, {"f818", "simple 24"}, {"f81f", "simple 31"}, {"f814", "false in two bytes"},
	{"f8ff", "a simple value that nobody has assigned"}, {"e0", "simple 0"}, {"f3", "simple 19"}, {"f8", "simple without its byte"},
	{"41", "bytes that are not there"}, {"4401", "three of four are missing"}, {"61", "text that is not there"},
	{"5affffffff00", "4 GiB of bytes"}, {"5bffffffffffffffff010203", "a length that wraps"}, {"5bfffffffffffffff6", "wraps with the head"},
	{"7bffffffffffffffff010203", "a text length that wraps"}, {"5b8000000000000000", "a length with the sign bit"},
	{"81", "an array's element is missing"}, {"818181818181818181", "arrays to the end"}, {"8200", "one of two is missing"},
	{"9bffffffffffffffff00", "2^64-1 elements"}, {"9affffffff00", "2^32-1 elements"}, {"bbffffffffffffffff0000", "2^64-1 pairs"},
	{"bb80000000000000000000", "2^63 pairs: doubled it is 0"}, {"a1", "a pair is missing"}, {"a100", "a value is missing"}, {"a20000", "a pair is missing"}, {"a2000000", "a value is missing"},
	{"818181818181818181818181818181818100", "nesting of 17"}, {"d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d200", "17 tags"},
	{"0000", "something after the item"}, {"f6f6", "two nulls"}, {"8000", "something after an empty array"},
	{"6180", "a continuation byte alone"}, {"61c3", "the second byte is missing"}, {"62c328", "not a continuation"}, {"62c080", "overlong NUL"},
	{"62c1bf", "overlong"}, {"63e08080", "overlong in three"}, {"64f0808080", "overlong in four"}, {"63eda080", "a high surrogate"}, {"63edbfbf", "a low surrogate"},
	{"64f4908080", "past U+10FFFF"}, {"64f5808080", "no such lead byte"}, {"61ff", "0xff"}, {"63e6b0", "text ends inside a character"}, {"62e6b0", "a cut character"},
	{"8161ff", "bad text inside an array"},
};

/* Read whatever comes and write it again. */
static void echo(imp_rd *r, imp_wr *w)
{
	size_t n = 1;
	while (n-- && !r->err) {
		switch (imp_cbor_peek(r)) {
		case IMP_CBOR_UINT: imp_cbor_put_uint(w, imp_cbor_uint(r)); break;
		case IMP_CBOR_NINT: imp_cbor_put_int(w, imp_cbor_int(r)); break;
		case IMP_CBOR_BSTR: imp_cbor_put_bstr(w, imp_cbor_bstr(r)); break;
		case IMP_CBOR_TSTR: imp_cbor_put_tstr(w, imp_cbor_tstr(r)); break;
		case IMP_CBOR_ARRAY: { size_t m = imp_cbor_array(r); imp_cbor_put_array(w, m); n += m; break; }
		case IMP_CBOR_MAP: { size_t m = imp_cbor_map(r); imp_cbor_put_map(w, m); n += 2 * m; break; }
		case IMP_CBOR_TAG: imp_cbor_put_tag(w, imp_cbor_tag(r)); n++; break;
		default:
			if (imp_cbor_is_null(r)) {
				imp_cbor_null(r);
				imp_cbor_put_null(w);
			} else {
				imp_cbor_put_bool(w, imp_cbor_bool(r));
			}
		}
	}
}

static void tables(void)
{
	char detail[160];
	uint8_t out[256];
	size_t right = 0, same = 0, sames = 0, goods = 0;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		imp_span in = guard_span(0, t_hex(good[i].hex, buf, sizeof buf));
		imp_rd r = imp_rd_of(in);
		imp_wr w = imp_wr_to(out, sizeof out);
		if (!good[i].how)
			continue;
		goods++;
		right += imp_cbor_check(in) == IMP_OK;
		if (good[i].how != SAME)
			continue;
		echo(&r, &w);
		sames++;
		if (imp_rd_end(&r) == IMP_OK && imp_wr_end(&w) == IMP_OK && imp_same(imp_wr_span(&w), in))
			same++;
		else
			printf("# differs: %s\n", good[i].hex);
	}
	snprintf(detail, sizeof detail, "%zu of %zu", right, goods);
	t_check("RFC 8949 appendix A is accepted", right == goods, detail);
	snprintf(detail, sizeof detail, "%zu of %zu", same, sames);
	t_check("and written again byte for byte", same == sames, detail);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		imp_span in = guard_span(0, t_hex(bad[i].hex, buf, sizeof buf));
		snprintf(detail, sizeof detail, "%s (%s)", bad[i].hex, bad[i].why);
		t_check("refused", imp_cbor_check(in) == IMP_EBADMSG, detail);
	}
}

/* Each proper prefix of a good item is bad: nothing is read past the end. */
static void prefixes(void)
{
	imp_span whole = t_hex("d28443a10126a2045820aabbccddeeff00112233445566778899aabbccddeeff0011223344556677182a"
	                       "a1613163c3a9315903e8", buf, sizeof buf), in;
	size_t len = 34 + 14 + 1000, cut, refused = 0;
	char detail[64];
	memset(buf + whole.len, 7, sizeof buf - whole.len);
	(void)len;
	for (len = whole.len; imp_cbor_check(imp_bytes(buf, len)) && len < sizeof buf; len++)
		;
	for (cut = 0; cut < len; cut++) {
		in = guard_span(0, imp_bytes(buf, cut));
		refused += imp_cbor_check(in) == IMP_EBADMSG;
	}
	snprintf(detail, sizeof detail, "%zu prefixes", len);
	t_check("every proper prefix is refused", len < sizeof buf && refused == len, detail);
}

/* A typed reader on hex: its value through `v`, and the cursor's end. */
static imp_rd on(const char *hex)
{
	return imp_rd_of(guard_span(0, t_hex(hex, buf, sizeof buf)));
}

static void typed(void)
{
	imp_rd r = on("1bffffffffffffffff"), in;
	imp_span s;
	t_check("the largest number", imp_cbor_uint(&r) == UINT64_MAX && imp_rd_end(&r) == IMP_OK, "");
	r = on("1bffffffffffffffff");
	t_check("does not fit an int64", imp_cbor_int(&r) == 0 && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("3b7fffffffffffffff");
	t_check("the smallest int64", imp_cbor_int(&r) == INT64_MIN && imp_rd_end(&r) == IMP_OK, "");
	r = on("3b8000000000000000");
	t_check("one below it", imp_cbor_int(&r) == 0 && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("18ff");
	t_check("a bound that holds", imp_cbor_uint_max(&r, 255) == 255 && imp_rd_end(&r) == IMP_OK, "");
	r = on("190100");
	t_check("a bound that does not", imp_cbor_uint_max(&r, 255) == 0 && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("20");
	t_check("a negative is no uint", imp_cbor_uint(&r) == 0 && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("4401020304");
	t_check("bytes of the right length", imp_cbor_bstr_of(&r, 4).len == 4 && imp_rd_end(&r) == IMP_OK, "");
	r = on("4401020304");
	t_check("bytes of another length", !imp_cbor_bstr_of(&r, 5).ptr && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("40");
	s = imp_cbor_bstr(&r);
	t_check("empty bytes are not absent", s.ptr && !s.len && imp_rd_end(&r) == IMP_OK, "");
	r = on("6161");
	t_check("text is not bytes", !imp_cbor_bstr(&r).ptr && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("8201f6");
	imp_cbor_array_of(&r, 2);
	t_check("null is seen", !imp_cbor_is_null(&r) && imp_cbor_uint(&r) == 1 && imp_cbor_is_null(&r), "");
	imp_cbor_null(&r);
	t_check("and taken", imp_rd_end(&r) == IMP_OK && imp_cbor_peek(&r) == IMP_CBOR_END, "");
	r = on("83010203");
	imp_cbor_array_of(&r, 2);
	t_check("another number of elements", imp_rd_end(&r) == IMP_EBADMSG && imp_cbor_peek(&r) == IMP_CBOR_END, "");
	r = on("84010203");
	t_check("more elements than bytes", imp_cbor_array(&r) == 0 && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("a2010203");
	t_check("more pairs than pairs of bytes", imp_cbor_map(&r) == 0 && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("a201020304");
	t_check("as many as there may be", imp_cbor_map(&r) == 2 && imp_rd_left(&r) == 4, "");
	r = on("d203");
	imp_cbor_tag_of(&r, 17);
	t_check("another tag", imp_rd_end(&r) == IMP_EBADMSG && imp_cbor_uint(&r) == 0, "");
	r = on("f5");
	t_check("true", imp_cbor_bool(&r) == 1 && imp_rd_end(&r) == IMP_OK, "");
	r = on("f6");
	t_check("null is no bool", imp_cbor_bool(&r) == 0 && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("438201021864");
	in = imp_cbor_inside(&r);
	imp_cbor_array_of(&in, 2);
	t_check("CBOR in bytes", imp_cbor_uint(&in) == 1 && imp_cbor_uint(&in) == 2 && imp_rd_end(&in) == IMP_OK && imp_cbor_uint(&r) == 100, "");
	r = on("8201");
	in = imp_cbor_inside(&r);
	t_check("what is inside nothing fails too", imp_rd_end(&in) == IMP_EBADMSG && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("820143a1010563616263");
	imp_cbor_array_of(&r, 2);
	imp_cbor_uint(&r);
	s = imp_cbor_raw(&r);
	t_check("a raw item is its own bytes", s.len == 4 && s.ptr[0] == 0x43 && imp_rd_left(&r) == 4 && imp_cbor_tstr(&r).len == 3, "");
}

static void writers(void)
{
	uint8_t out[64], want[64];
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_cbor_put_int(&w, INT64_MIN);
	imp_cbor_put_int(&w, -1);
	imp_cbor_put_int(&w, INT64_MAX);
	imp_cbor_put_text(&w, "a");
	imp_cbor_put_bstr_head(&w, 65536);
	imp_cbor_put_tag(&w, UINT64_MAX);
	t_check("writers take the shortest form",
	        imp_same(imp_wr_span(&w), t_hex("3b7fffffffffffffff 20 1b7fffffffffffffff 6161 5a00010000 dbffffffffffffffff", want, sizeof want)), "");
	w = imp_wr_to(NULL, 0);
	imp_cbor_put_bstr(&w, imp_bytes(out, 24));
	t_check("and measure", imp_wr_need(&w) == 26, "");
}

int main(void)
{
	tables();
	prefixes();
	typed();
	writers();
	return t_end();
}
