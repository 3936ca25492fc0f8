/* uri.c -- URIs taken apart, and what is none. */
#include "uri.h"
#include "guard.h"
#include "t.h"

static int is(imp_span s, const char *text)
{
	return s.len == strlen(text) && (!s.len || !memcmp(s.ptr, text, s.len));
}

static void claims_of_good_ones(void)
{
	static const struct {
		const char *in, *scheme, *authority, *host;
		uint16_t port;
		const char *path, *query, *target;
	} rows[] = {
	    {"http://h", "http", "h", "h", 0, "", "", ""},
	    {"http://h/", "http", "h", "h", 0, "/", "", "/"},
	    {"https://owner.example:8443/a/b?c=d&e=/?", "https", "owner.example:8443", "owner.example", 8443, "/a/b", "c=d&e=/?", "/a/b?c=d&e=/?"},
	    {"coap+tcp://192.0.2.1:1", "coap+tcp", "192.0.2.1:1", "192.0.2.1", 1, "", "", ""},
	    {"http://[2001:db8::1]:65535/x", "http", "[2001:db8::1]:65535", "2001:db8::1", 65535, "/x", "", "/x"},
	    {"http://[::ffff:192.0.2.1]", "http", "[::ffff:192.0.2.1]", "::ffff:192.0.2.1", 0, "", "", ""},
	    {"http://h?q/r", "http", "h", "h", 0, "", "q/r", "?q/r"},
	    {"HTTP://H%41-_~!$&'()*+,;=/%2F;=@:", "HTTP", "H%41-_~!$&'()*+,;=", "H%41-_~!$&'()*+,;=", 0, "/%2F;=@:", "", "/%2F;=@:"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		imp_uri u;
		imp_status st = imp_uri_parse(guard_span(0, imp_bytes(rows[i].in, strlen(rows[i].in))), &u);
		t_check("a URI in its parts", st == IMP_OK && is(u.scheme, rows[i].scheme) && is(u.authority, rows[i].authority) && is(u.host, rows[i].host) && u.port == rows[i].port && is(u.path, rows[i].path) && is(u.query, rows[i].query) && is(u.target, rows[i].target), rows[i].in);
	}
}

static void claims_of_bad_ones(void)
{
	static const char *const rows[] = {
	    "", "h", "http", "http:", "http:/", "http:/h", /* no authority at all */
	    "http://", "http:///a", "http://:80", "http://?q", /* an empty host */
	    "://h", "1http://h", "ht tp://h", "ht_tp://h", /* no scheme */
	    "http://u@h", "http://u:p@h", /* user info */
	    "http://h#f", "http://h/#", /* a fragment */
	    "http://h:", "http://h:0", "http://h:65536", "http://h:4294967376", "http://h:8a", "http://h:-1", "http://h:80:80", /* ports */
	    "http://[::1", "http://::1", "http://[1]", "http://[::g]", "http://[::1]x", "http://[::1]80", "http://[::1%25eth0]", /* literals */
	    "http://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", /* longer than any address */
	    "http://h/a b", "http://h/\t", "http://h/\r\n", "http://h/\x7f", "http://h/\xc3\xa4", "http://h b/", "http://h\\", "http://h/<", "http://h/\"", "http://h/^", /* characters */
	    "http://h/%", "http://h/%4", "http://h/%4g", "http://h%", /* percent signs */
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		imp_uri u;
		t_check("not a URI", imp_uri_parse(guard_span(0, imp_bytes(rows[i], strlen(rows[i]))), &u) == IMP_EBADMSG, i ? "" : "nothing");
	}
}

static void claims_of_small_ones(void)
{
	imp_uri u;
	t_check("an authority alone", imp_uri_authority(imp_bytes("h:1", 3), &u) == IMP_OK && u.port == 1 && is(u.host, "h") && imp_uri_authority(imp_bytes("h/", 2), &u) == IMP_EBADMSG, "");
	t_check("a target begins with a slash", imp_uri_is_target(imp_bytes("/a?b", 4)) && !imp_uri_is_target(imp_bytes("a", 1)) && !imp_uri_is_target(imp_bytes("/a b", 4)) && !imp_uri_is_target(imp_bytes(NULL, 0)), "");
	t_check("default ports", imp_uri_default_port(imp_bytes("HTTP", 4)) == 80 && imp_uri_default_port(imp_bytes("https", 5)) == 443 && imp_uri_default_port(imp_bytes("coap", 4)) == 5683 && imp_uri_default_port(imp_bytes("coaps", 5)) == 5684 && !imp_uri_default_port(imp_bytes("ftp", 3)), "");
	t_check("case is that of ASCII letters", imp_same_nocase(imp_bytes("aZ@[", 4), imp_bytes("Az@[", 4)) && !imp_same_nocase(imp_bytes("@", 1), imp_bytes("`", 1)) && !imp_same_nocase(imp_bytes("a", 1), imp_bytes("ab", 2)), "");
}

int main(void)
{
	claims_of_good_ones();
	claims_of_bad_ones();
	claims_of_small_ones();
	return t_end();
}
