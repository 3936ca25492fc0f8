/* http.c -- the HTTP layer: pairs, segmentation, refusals, pieces, ends. */
#include "http_end.h"
#include "starve.h"
#include "t.h"

#define FDO "/fdo/101/msg/60"
#define URI "http://owner.example:8080"
#define HOST "Host: a\r\n"
#define OK_REPLY "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"
#define ROW(why, raw, what) {why, raw, sizeof raw - 1, what}

static struct end A, B;
static const size_t segments[] = {100000, 1, 2, 3, 7, 50};
enum { SEGMENTS = sizeof segments / sizeof segments[0] };

static imp_msg get(const char *name)
{
	return imp_say(IMP_TX, 0xffff, IMP_GET, POST_TICKET, TEXT(name), NONE);
}

static imp_msg post(const char *name, const char *body)
{
	return imp_say(IMP_TX, 60, IMP_POST, POST_TICKET, TEXT(name), TEXT(body));
}

/* --- whole exchanges --------------------------------------------------------- */

static void claims_of_an_exchange(void)
{
	int ok = 1;
	client(&A, &imp_http, URI "/base/");
	server(&B, &imp_http);
	replies(&B, 200, 60, "message-type: 61\nauthorization: Bearer abc", "reply");
	feed(&A, post(FDO "\nauthorization: Bearer xyz", "body"));
	t_check("a request as it stands on the wire", wire_is(&A, "POST /base" FDO " HTTP/1.1\r\nHost: owner.example:8080\r\nauthorization: Bearer xyz\r\nContent-Type: application/cbor\r\nContent-Length: 4\r\n\r\nbody"), "");
	run(&A, &B, 1000);
	t_check("as it rises on the other side", says(&B, "RX 2 60 {/base" FDO "|authorization: Bearer xyz}{body} "), B.log);
	t_check("its reply", says(&A, "ANSWER 200 60 {message-type: 61|authorization: Bearer abc}{reply} "), A.log);
	for (int i = 0; i < 20; i++) {
		feed(&A, post(FDO, "body"));
		run(&A, &B, 1);
		ok &= A.code == 200;
	}
	t_check("twenty more on the same connection, byte by byte", ok && A.answers == 21 && A.opened == 1 && !A.down && !B.down, "");
}

static void claims_of_paths(void)
{
	static const struct {
		const char *uri, *name, *line;
	} rows[] = {
	    {URI, "/x", "GET /x HTTP/1.1\r\nHost: owner.example:8080\r\n\r\n"},
	    {URI "/", "x?a=b", "GET /x?a=b HTTP/1.1\r\nHost: owner.example:8080\r\n\r\n"},
	    {URI, "", "GET / HTTP/1.1\r\nHost: owner.example:8080\r\n\r\n"},
	    {"https://[2001:db8::1]/p/q", "", "GET /p/q HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n"},
	    {"HTTP://h/p", "/x%2f\nx-a: b\nx-c: d e", "GET /p/x%2f HTTP/1.1\r\nHost: h\r\nx-a: b\r\nx-c: d e\r\n\r\n"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		client(&A, &imp_http, rows[i].uri);
		feed(&A, get(rows[i].name));
		t_check("OPEN's path goes before the request's", wire_is(&A, rows[i].line), rows[i].uri);
	}
}

/* TX that is refused: the ANSWER's code, and nothing on the wire. */
static void claims_of_refused_tx(void)
{
	static const struct {
		const char *why, *name;
		int32_t code;
		uint16_t topic;
		imp_status st;
	} rows[] = {
	    {"the link's own field", "/\nhost: b", IMP_GET, 0xffff, IMP_EARG},
	    {"framing", "/\ncontent-length: 5", IMP_POST, 60, IMP_EARG},
	    {"framing", "/\ntransfer-encoding: chunked", IMP_POST, 60, IMP_EARG},
	    {"a field of the connection", "/\nconnection: close", IMP_GET, 0xffff, IMP_EARG},
	    {"two content types", "/\ncontent-type: a/b", IMP_POST, 60, IMP_EARG},
	    {"upper case would hide a field", "/\nHost: b", IMP_GET, 0xffff, IMP_EARG},
	    {"CR in a value", "/\nx: a\rhost: b", IMP_GET, 0xffff, IMP_EARG},
	    {"no colon", "/\nx", IMP_GET, 0xffff, IMP_EARG},
	    {"an empty line would end the head", "/\nx: a\n\ny: b", IMP_GET, 0xffff, IMP_EARG},
	    {"a space in the path", "/a b", IMP_GET, 0xffff, IMP_EARG},
	    {"CR in the path", "/a\r", IMP_GET, 0xffff, IMP_EARG},
	    {"a fragment", "/a#b", IMP_GET, 0xffff, IMP_EARG},
	    {"a bad percent sign", "/a%2", IMP_GET, 0xffff, IMP_EARG},
	    {"another authority", "http://b/", IMP_GET, 0xffff, IMP_EARG},
	    {"a format without a media type", "/", IMP_POST, 9999, IMP_EARG},
	    {"not a method", "/", 0, 0xffff, IMP_EARG},
	    {"FETCH is CoAP's", "/", IMP_FETCH, 60, IMP_EUNSUP},
	    {"nothing to pull", "/", 231, 0xffff, IMP_EPROTO},
	};
	char big[IMP_HTTP_HEAD + MAX + 1], detail[128];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		client(&A, &imp_http, URI);
		feed(&A, imp_say(IMP_TX, rows[i].topic, rows[i].code, 3, TEXT(rows[i].name), TEXT("x")));
		snprintf(detail, sizeof detail, "%s: %s", rows[i].why, A.log);
		t_check("a bad TX is refused, nothing is sent", A.answers == 1 && A.code == rows[i].st && !A.wire_len && !A.down, detail);
	}
	memset(big, 'a', sizeof big);
	big[sizeof big - 1] = 0;
	client(&A, &imp_http, URI);
	feed(&A, get(big));
	t_check("a request larger than the buffer: ENOSPC", A.code == IMP_ENOSPC && !A.wire_len && !A.down, "");
	feed(&A, get("/1"));
	forget(&A);
	feed(&A, get("/2"));
	t_check("a second request while one is in flight: EPROTO", A.code == IMP_EPROTO && !A.wire_len, "");
}

/* --- what a server takes ------------------------------------------------------- */

struct row {
	const char *why, *raw;
	size_t len;
	const char *log;
};

static const struct row taken[] = {
    ROW("no body", "GET /a?b HTTP/1.1\r\n" HOST "\r\n", "RX 1 -1 {/a?b}{} "),
    ROW("HEAD is a GET", "HEAD / HTTP/1.1\r\n" HOST "\r\n", "RX 1 -1 {/}{} "),
    ROW("every method", "PUT / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nxDELETE / HTTP/1.1\r\n" HOST "\r\nPATCH / HTTP/1.1\r\n" HOST "\r\n", "RX 3 -1 {/}{x} RX 4 -1 {/}{} RX 6 -1 {/}{} "),
    ROW("names are lowered, values trimmed", "GET / HTTP/1.1\r\nHOST:\ta \r\nX-A:  B c \t\r\nx-e:\r\n\r\n", "RX 1 -1 {/|x-a: B c|x-e: }{} "),
    ROW("absolute form", "GET http://a/x HTTP/1.1\r\n" HOST "\r\n", "RX 1 -1 {/x}{} "),
    ROW("absolute form, no path", "GET http://A HTTP/1.1\r\n" HOST "\r\n", "RX 1 -1 {/}{} "),
    ROW("an empty line before the request", "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "RX 1 -1 {/}{} "),
    ROW("a known type leaves name", "POST / HTTP/1.1\r\n" HOST "Content-Type: application/JSON ; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}", "RX 2 50 {/}{{}} "),
    ROW("a parameter that makes the type", "POST / HTTP/1.1\r\n" HOST "Content-Type: application/pkcs7-mime; smime-type=\"certs-only\"\r\nContent-Length: 1\r\n\r\nx", "RX 2 281 {/}{x} "),
    ROW("an unknown type stays", "POST / HTTP/1.1\r\n" HOST "Content-Type: application/jsonx\r\nContent-Length: 1\r\n\r\nx", "RX 2 -1 {/|content-type: application/jsonx}{x} "),
    ROW("hop-by-hop and chatter are dropped", "GET / HTTP/1.1\r\n" HOST "TE: trailers\r\nUser-Agent: x\r\nKeep-Alive: 5\r\nUpgrade: h2c\r\nAccept: a\r\n\r\n", "RX 1 -1 {/|accept: a}{} "),
    ROW("chunks", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A;x=\"y\"\r\n0123456789\r\n000\r\n\r\n", "RX 2 -1 {/}{abc0123456789} "),
    ROW("trailers are dropped", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nContent-Length: 5\r\nx: y\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "RX 2 -1 {/}{a} RX 1 -1 {/}{} "),
    ROW("exactly max_msg comes whole", "POST / HTTP/1.1\r\n" HOST "Content-Length: 64\r\n\r\n0123456789012345678901234567890123456789012345678901234567890123", "RX 2 -1 {/}{0123456789012345678901234567890123456789012345678901234567890123} "),
    ROW("exactly max_msg in a chunk comes whole", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n0\r\n\r\n", "RX 2 -1 {/}{0123456789012345678901234567890123456789012345678901234567890123} "),
    ROW("a byte more comes in two pieces, name with each", "POST /p HTTP/1.1\r\n" HOST "a: b\r\nContent-Length: 65\r\n\r\n01234567890123456789012345678901234567890123456789012345678901234", "RX 2 MORE -1 {/p|a: b}{0123456789012345678901234567890123456789012345678901234567890123} RX 2 -1 {/p|a: b}{4} "),
    ROW("three pieces of two chunks, and one more request", "POST /p HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n41\r\n01234567890123456789012345678901234567890123456789012345678901234\r\n46\r\nabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijABCDEFGHIJ\r\n0\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
        "RX 2 MORE -1 {/p}{0123456789012345678901234567890123456789012345678901234567890123} RX 2 MORE -1 {/p}{4abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijABC} RX 2 -1 {/p}{DEFGHIJ} RX 1 -1 {/}{} "),
    ROW("pipelined, one exchange at a time", "GET /1 HTTP/1.1\r\n" HOST "\r\nPOST /2 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nGETGET /3 HTTP/1.1\r\n" HOST "\r\n", "RX 1 -1 {/1}{} RX 2 -1 {/2}{GET} RX 1 -1 {/3}{} "),
    ROW("Connection: close ends it after the reply", "GET /1 HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n", "RX 1 -1 {/1}{} SHUT 0 DOWN 0 "),
};

static void claims_of_requests(void)
{
	static char log[LOG];
	static uint8_t wire[WIRE];
	size_t wire_len = 0;
	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
		int same = 1;
		for (size_t k = 0; k < SEGMENTS; k++) {
			server(&B, &imp_http);
			replies(&B, 200, 0xffff, "", "");
			feed_bytes(&B, taken[i].raw, taken[i].len, segments[k]);
			same &= k == 0 || (!strcmp(log, B.log) && wire_len == B.wire_len && !memcmp(wire, B.wire, wire_len));
			memcpy(log, B.log, B.log_len + 1);
			memcpy(wire, B.wire, wire_len = B.wire_len);
		}
		t_check(taken[i].why, same && says(&B, taken[i].log), same ? B.log : "differs by segmentation");
	}
}

static const struct {
	const char *why, *raw;
	size_t len;
	int code;
} refused[] = {
    ROW("Content-Length and Transfer-Encoding", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ROW("Transfer-Encoding and Content-Length", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
    ROW("two lengths that differ", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    ROW("two lengths that agree", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    ROW("a list of lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\nabc", 400),
    ROW("a sign", "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc", 400),
    ROW("a minus", "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\nabc", 400),
    ROW("a space inside a length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1 2\r\n\r\nabc", 400),
    ROW("a hex length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\nabc", 400),
    ROW("no length", "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nabc", 400),
    ROW("a length of 2^32", "POST / HTTP/1.1\r\n" HOST "Content-Length: 4294967296\r\n\r\nabc", 413),
    ROW("a length of 2^64 + 3", "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551619\r\n\r\nabc", 413),
    ROW("another coding", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501),
    ROW("a list of codings", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ROW("chunked is not last", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n", 501),
    ROW("chunked in disguise", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \"chunked\"\r\n\r\n", 501),
    ROW("chunked, and a vertical tab", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b" "chunked\r\n\r\n", 400),
    ROW("chunked twice", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ROW("a folded line", "GET / HTTP/1.1\r\n" HOST "a: b\r\n c\r\n\r\n", 400),
    ROW("a folded first line", "GET / HTTP/1.1\r\n a: b\r\n" HOST "\r\n", 400),
    ROW("LF alone", "GET / HTTP/1.1\n" HOST "\r\n", 400),
    ROW("LF alone in the head", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
    ROW("LF alone at its end", "GET / HTTP/1.1\r\n" HOST "\n", 400),
    ROW("CR alone in a value", "GET / HTTP/1.1\r\n" HOST "a: b\rc\r\n\r\n", 400),
    ROW("CR alone in the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", 400),
    ROW("CR CR LF", "GET / HTTP/1.1\r\n" HOST "a: b\r\r\n\r\n", 400),
    ROW("a space before the colon", "POST / HTTP/1.1\r\n" HOST "Content-Length : 3\r\n\r\nabc", 400),
    ROW("a name that is no token", "GET / HTTP/1.1\r\n" HOST "a(b): c\r\n\r\n", 400),
    ROW("a name that is not ASCII", "GET / HTTP/1.1\r\n" HOST "\xc3\xa4: c\r\n\r\n", 400),
    ROW("no name", "GET / HTTP/1.1\r\n" HOST ": c\r\n\r\n", 400),
    ROW("no colon", "GET / HTTP/1.1\r\n" HOST "abc\r\n\r\n", 400),
    ROW("NUL in a value", "GET / HTTP/1.1\r\n" HOST "a: b\0c\r\n\r\n", 400),
    ROW("NUL in a name", "GET / HTTP/1.1\r\n" HOST "a\0: b\r\n\r\n", 400),
    ROW("a control byte in a value", "GET / HTTP/1.1\r\n" HOST "a: b\x08\r\n\r\n", 400),
    ROW("DEL in a value", "GET / HTTP/1.1\r\n" HOST "a: b\x7f\r\n\r\n", 400),
    ROW("no Host", "GET / HTTP/1.1\r\na: b\r\n\r\n", 400),
    ROW("two Hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400),
    ROW("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    ROW("a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ROW("a Host with user info", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    ROW("a Host with a bad port", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
    ROW("an absolute target for another Host", "GET http://b/ HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("an absolute target for another port", "GET http://a:81/ HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("an absolute target of another scheme", "GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("an absolute target with user info", "GET http://u@a/ HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("an authority as target", "GET a:80 HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("an asterisk as target", "GET * HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("a fragment in the target", "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("a space in the target", "GET /a b HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("two spaces", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("a tab between", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("a byte above ASCII in the target", "GET /\xe4 HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("a bad percent sign", "GET /%zz HTTP/1.1\r\n" HOST "\r\n", 400),
    ROW("CONNECT", "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n", 501),
    ROW("OPTIONS", "OPTIONS / HTTP/1.1\r\n" HOST "\r\n", 501),
    ROW("methods have a case", "get / HTTP/1.1\r\n" HOST "\r\n", 501),
    ROW("a space before the method", " GET / HTTP/1.1\r\n" HOST "\r\n", 501),
    ROW("HTTP/1.0", "GET / HTTP/1.0\r\n" HOST "\r\n", 505),
    ROW("HTTP/0.9", "GET /\r\n\r\n", 400),
    ROW("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ROW("a version in lower case", "GET / http/1.1\r\n" HOST "\r\n", 400),
    ROW("a longer version", "GET / HTTP/1.10\r\n" HOST "\r\n", 400),
    ROW("an expectation we do not know", "POST / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\n\r\n", 417),
    ROW("two content types", "POST / HTTP/1.1\r\n" HOST "Content-Type: a/b\r\nContent-Type: application/cbor\r\n\r\n", 400),
    ROW("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
#define CHUNKED "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
    ROW("a chunk size that is not hex", CHUNKED "g\r\n", 400),
    ROW("no chunk size", CHUNKED "\r\n", 400),
    ROW("an extension without a size", CHUNKED ";a\r\n", 400),
    ROW("a chunk size with 0x", CHUNKED "0x3\r\nabc\r\n0\r\n\r\n", 400),
    ROW("a negative chunk size", CHUNKED "-1\r\n", 400),
    ROW("a space before a chunk size", CHUNKED " 3\r\nabc\r\n0\r\n\r\n", 400),
    ROW("a space behind a chunk size", CHUNKED "3 \r\nabc\r\n0\r\n\r\n", 400),
    ROW("a chunk size of 2^32", CHUNKED "100000000\r\n", 400),
    ROW("a chunk size of 2^64 + 3", CHUNKED "10000000000000003\r\nabc\r\n0\r\n\r\n", 400),
    ROW("LF alone behind a chunk size", CHUNKED "3\nabc\r\n0\r\n\r\n", 400),
    ROW("LF alone in an extension", CHUNKED "3;a\nabc\r\n0\r\n\r\n", 400),
    ROW("CR alone in an extension", CHUNKED "3;a\rb\r\nabc\r\n0\r\n\r\n", 400),
    ROW("NUL in an extension", CHUNKED "3;\0\r\nabc\r\n0\r\n\r\n", 400),
    ROW("a chunk longer than it says", CHUNKED "3\r\nabcd\r\n0\r\n\r\n", 400),
    ROW("a chunk shorter than it says", CHUNKED "4\r\nabc\r\n0\r\n\r\n", 400),
    ROW("LF alone behind a chunk", CHUNKED "3\r\nabc\n0\r\n\r\n", 400),
    ROW("a folded trailer", CHUNKED "0\r\na: b\r\n c\r\n\r\n", 400),
    ROW("a trailer without a colon", CHUNKED "0\r\nabc\r\n\r\n", 400),
    ROW("a trailer without a name", CHUNKED "0\r\n: c\r\n\r\n", 400),
    ROW("a trailer with a space before the colon", CHUNKED "0\r\na : b\r\n\r\n", 400),
    ROW("LF alone in a trailer", CHUNKED "0\r\na: b\n\r\n", 400),
    ROW("a request for a trailer", CHUNKED "0\r\nGET / HTTP/1.1\r\n\r\n", 400),
};

/* Refused in the same way under every segmentation; at most `rx` requests rise. */
static int is_refused(const char *raw, size_t len, int code, int rx)
{
	char want[64];
	int ok = 1, got = 0;
	for (size_t k = 0; k < SEGMENTS; k++) {
		server(&B, &imp_http);
		replies(&B, 200, 0xffff, "", "");
		feed_bytes(&B, raw, len, segments[k]);
		snprintf(want, sizeof want, "HTTP/1.1 %d \r\nConnection: close\r\nContent-Length: 0\r\n\r\n", code);
		got = 0;
		for (const char *p = B.log; (p = strstr(p, "RX ")) != NULL; p++)
			got++;
		ok &= got <= rx && B.shut == 1 && B.down == 1 && imp_session_status(B.s) == 0;
		ok &= B.wire_len >= strlen(want) && !memcmp(B.wire + B.wire_len - strlen(want), want, strlen(want));
		forget(&B);
		feed_bytes(&B, OK_REPLY, 5, 5);
		ok &= !B.log_len && !B.wire_len; /* it is over */
	}
	return ok;
}

static void claims_of_refusals(void)
{
	char detail[160];
	static const char before[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		static char raw[512];
		int first = is_refused(refused[i].raw, refused[i].len, refused[i].code, 0), second;
		memcpy(raw, before, sizeof before - 1);
		memcpy(raw + sizeof before - 1, refused[i].raw, refused[i].len);
		second = is_refused(raw, sizeof before - 1 + refused[i].len, refused[i].code, 1);
		snprintf(detail, sizeof detail, "%d%s%s", refused[i].code, first ? "" : ", not alone", second ? "" : ", not behind another");
		t_check(refused[i].why, first && second, detail);
	}
	t_check("garbage behind a body", is_refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcd\r\n\r\n", 54, 400, 1), "");
}

/* `n` bytes of 'a' between two texts. */
static const char *stretched(const char *before, size_t n, const char *after, size_t *len)
{
	static char raw[4 * IMP_HTTP_BLOCK];
	*len = strlen(before) + n + strlen(after);
	memcpy(raw, before, strlen(before));
	memset(raw + strlen(before), 'a', n);
	memcpy(raw + strlen(before) + n, after, strlen(after) + 1);
	return raw;
}

static int is_taken(const char *raw, size_t len)
{
	int ok = 1;
	for (size_t k = 0; k < SEGMENTS; k++) {
		server(&B, &imp_http);
		replies(&B, 200, 0xffff, "", "");
		feed_bytes(&B, raw, len, segments[k]);
		ok &= !B.shut && B.code == IMP_GET && wire_is(&B, OK_REPLY);
	}
	return ok;
}

static void claims_of_limits(void)
{
	enum { LONG = IMP_HTTP_HEAD, MANY = 200 };
	static char many[MANY * 50];
	size_t n, at = 0;
	const char *p = stretched("GET /", LONG - 14, " HTTP/1.1\r\n" HOST "\r\n", &n);
	t_check("a request line of the largest size", is_taken(p, n), "");
	p = stretched("GET /", LONG - 13, " HTTP/1.1\r\n" HOST "\r\n", &n);
	t_check("one byte more: 414", is_refused(p, n, 414, 0), "");
	p = stretched("GET / HTTP/1.1\r\n" HOST "x: ", LONG - 5, "\r\n\r\n", &n);
	t_check("a line of the largest size", is_taken(p, n), "");
	p = stretched("GET / HTTP/1.1\r\n" HOST "x: ", LONG - 4, "\r\n\r\n", &n);
	t_check("one byte more: 431", is_refused(p, n, 431, 0), "");
	p = stretched("GET / HTTP/1.1\r\n" HOST "x: ", 100000 % (3 * IMP_HTTP_BLOCK), "\r\n\r\n", &n);
	t_check("a line without end: 431", is_refused(p, n, 431, 0), "");
	at = (size_t)snprintf(many, sizeof many, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 0; i < MANY; i++)
		at += (size_t)snprintf(many + at, sizeof many - at, "Date: Thu, 01 Jan 1970 00:00:00 GMT, again\r\n");
	at += (size_t)snprintf(many + at, sizeof many - at, "\r\n");
	t_check("a head larger than the block, of lines that are dropped: 431", at > IMP_HTTP_BLOCK && is_refused(many, at, 431, 0), "");
	p = stretched(CHUNKED "1;", IMP_HTTP_BLOCK, "\r\na\r\n0\r\n\r\n", &n);
	t_check("a chunk extension without end: 431", is_refused(p, n, 431, 0), "");
	p = stretched(CHUNKED "0\r\nx: ", IMP_HTTP_BLOCK, "\r\n\r\n", &n);
	t_check("a trailer without end: 431", is_refused(p, n, 431, 0), "");
	at = (size_t)snprintf(many, sizeof many, CHUNKED);
	for (int i = 0; i < 1000; i++)
		at += (size_t)snprintf(many + at, sizeof many - at, "1;aaa\r\n");
	t_check("extensions that add up", is_refused(many, at, 400, 0), "(each chunk lacks its byte)");
}

/* --- replies a client gets ------------------------------------------------------ */

static const struct row answers[] = {
    ROW("no reason, no body", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "ANSWER 200 -1 {}{} "),
    ROW("a reason", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nno", "ANSWER 404 0 {}{no} "),
    ROW("lines", "HTTP/1.1 202 \r\nRetry-After: 5\r\nServer: x\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n", "ANSWER 202 -1 {retry-after: 5|location: /y}{} "),
    ROW("204 has no body", "HTTP/1.1 204 \r\n\r\n", "ANSWER 204 -1 {}{} "),
    ROW("304 has none whatever it says", "HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n", "ANSWER 304 -1 {}{} "),
    ROW("interim replies are passed over", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 \r\nLink: a\r\n\r\nHTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", "ANSWER 200 -1 {}{x} "),
    ROW("chunks", "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "ANSWER 200 -1 {}{hello} "),
    ROW("pieces", "HTTP/1.1 200 \r\nx: y\r\nContent-Length: 66\r\n\r\n012345678901234567890123456789012345678901234567890123456789012345", "ANSWER 200 MORE -1 {x: y}{0123456789012345678901234567890123456789012345678901234567890123} ANSWER 200 -1 {x: y}{45} "),
    ROW("until the connection ends", "HTTP/1.1 200 \r\n\r\nhello", "ANSWER 200 -1 {}{hello} "),
    ROW("until the connection ends, in pieces", "HTTP/1.1 200 \r\n\r\n01234567890123456789012345678901234567890123456789012345678901234", "ANSWER 200 MORE -1 {}{0123456789012345678901234567890123456789012345678901234567890123} ANSWER 200 -1 {}{4} "),
    ROW("the server closes", "HTTP/1.1 200 \r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", "ANSWER 200 -1 {}{x} SHUT 0 "),
    ROW("bytes behind the reply end the connection", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nxy", "ANSWER 200 -1 {}{x} SHUT 0 "),
};

static void claims_of_replies(void)
{
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		int ok = 1;
		for (size_t k = 0; k < SEGMENTS; k++) {
			client(&A, &imp_http, URI);
			feed(&A, get("/"));
			forget(&A);
			feed_bytes(&A, answers[i].raw, answers[i].len, segments[k]);
			if (!A.shut)
				down(&A, IMP_OK);
			ok &= says(&A, answers[i].log) && imp_session_status(A.s) == 0 && !A.down;
		}
		t_check(answers[i].why, ok, A.log);
	}
}

static const struct {
	const char *why, *raw;
	size_t len;
	imp_status st;
} broken_replies[] = {
    ROW("not HTTP", "SSH-2.0-x\r\n", IMP_EBADMSG),
    ROW("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n", IMP_EUNSUP),
    ROW("HTTP/2", "HTTP/2.0 200 \r\n\r\n", IMP_EUNSUP),
    ROW("a code of two digits", "HTTP/1.1 20 \r\n\r\n", IMP_EBADMSG),
    ROW("a code of four digits", "HTTP/1.1 2000 \r\n\r\n", IMP_EBADMSG),
    ROW("a code below 100", "HTTP/1.1 099 \r\n\r\n", IMP_EBADMSG),
    ROW("a code above 599", "HTTP/1.1 600 \r\n\r\n", IMP_EBADMSG),
    ROW("a code with a sign", "HTTP/1.1 +20 \r\n\r\n", IMP_EBADMSG),
    ROW("an upgrade nobody asked for", "HTTP/1.1 101 \r\nUpgrade: x\r\n\r\n", IMP_EBADMSG),
    ROW("length and coding", "HTTP/1.1 200 \r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", IMP_EBADMSG),
    ROW("two lengths", "HTTP/1.1 200 \r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", IMP_EBADMSG),
    ROW("another coding", "HTTP/1.1 200 \r\nTransfer-Encoding: gzip\r\n\r\n", IMP_EUNSUP),
    ROW("a folded line", "HTTP/1.1 200 \r\na: b\r\n c\r\n\r\n", IMP_EBADMSG),
    ROW("LF alone", "HTTP/1.1 200 \n\n", IMP_EBADMSG),
    ROW("a length of 2^32", "HTTP/1.1 200 \r\nContent-Length: 4294967296\r\n\r\n", IMP_ENOSPC),
    ROW("an empty line first", "\r\nHTTP/1.1 200 \r\n\r\n", IMP_EBADMSG),
    ROW("a chunk size that is not hex", "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", IMP_EBADMSG),
};

static void claims_of_broken_replies(void)
{
	for (size_t i = 0; i < sizeof broken_replies / sizeof broken_replies[0]; i++) {
		char want[64];
		int ok = 1;
		snprintf(want, sizeof want, "ANSWER %d 0 {}{} SHUT %d DOWN %d ", (int)broken_replies[i].st, (int)broken_replies[i].st, (int)broken_replies[i].st);
		for (size_t k = 0; k < SEGMENTS; k++) {
			client(&A, &imp_http, URI);
			feed(&A, get("/"));
			forget(&A);
			feed_bytes(&A, broken_replies[i].raw, broken_replies[i].len, segments[k]);
			ok &= says(&A, want) && imp_session_status(A.s) == 0;
		}
		t_check(broken_replies[i].why, ok, A.log);
	}
}

/* --- pieces ---------------------------------------------------------------------- */

static const char long_body[] = "first piece:0123456789012345678901234567890123456789012345678901"
                                "second piece:012345678901234567890123456789012345678901234567890"
                                "and the last";

static void claims_of_pieces(void)
{
	imp_msg m;
	for (size_t k = 0; k < SEGMENTS; k++) {
		client(&A, &imp_http, URI);
		server(&B, &imp_http);
		replies(&B, 204, 0xffff, "", "");
		A.pieces = long_body;
		m = next_piece(&A, imp_say(IMP_TX, 42, IMP_POST, PIECE_TICKET, TEXT("/up"), NONE));
		feed(&A, m);
		run(&A, &B, segments[k]);
		if (!says(&A, "ANSWER 231 0 {}{} ANSWER 231 0 {}{} ANSWER 204 -1 {}{} ") || !strstr(B.log, "RX 2 MORE 42 {/up}{second piece") || !strstr(B.log, "RX 2 42 {/up}{and the last} "))
			break;
		B.pieces = long_body;
		replies(&B, 200, 50, "a: b", "");
		forget(&A);
		feed(&A, get("/down"));
		run(&A, &B, segments[k]);
		if (!strstr(A.log, "ANSWER 200 MORE 50 {a: b}{second piece") || !strstr(A.log, "ANSWER 200 50 {a: b}{and the last} ") || A.answers != 3)
			break;
		t_check("a request and a reply in pieces, chunked, pulled with 231", !A.down && !B.down, "");
		continue;
	}
	t_check("the reply's pieces are pulled under the request's name", strstr(B.log, "RX 231 -1 {/down}{} ") != NULL, "");
}

static void claims_of_bad_pieces(void)
{
	char big[MAX + 2];
	memset(big, 'a', sizeof big);
	big[sizeof big - 1] = 0;
	client(&A, &imp_http, URI);
	feed(&A, (imp_msg){.verb = IMP_TX, .code = IMP_POST, .ticket = 1, .flags = IMP_MORE, .name = TEXT("/"), .topic = 60});
	forget(&A);
	feed(&A, post("/", "x"));
	t_check("a piece before the last was answered: EPROTO", A.code == IMP_EPROTO && !A.wire_len, A.log);
	tick(&A);
	forget(&A);
	feed(&A, post("/", big));
	t_check("a piece larger than max_msg: ENOSPC", A.code == IMP_ENOSPC && !A.wire_len, A.log);
	feed_text(&A, "HTTP/1.1 413 \r\nContent-Length: 0\r\n\r\n");
	down(&A, IMP_OK);
	forget(&A);
	feed(&A, (imp_msg){.verb = IMP_TX, .code = IMP_POST, .ticket = 2, .flags = IMP_MORE, .name = TEXT("/"), .data = TEXT("y"), .topic = 60});
	t_check("a reply that came before the request was whole answers its next piece", says(&A, "ANSWER 413 -1 {}{} ") && !A.wire_len, A.log);
	feed(&A, get("/"));
	t_check("and the next request opens again", A.opened == 2, A.log);
}

static void claims_of_flow(void)
{
	static char raw[400];
	size_t n = (size_t)snprintf(raw, sizeof raw, "HTTP/1.1 200 \r\nConnection: close\r\nContent-Length: 150\r\n\r\n%0150d", 7);
	client(&A, &imp_http, URI);
	A.deafened = 1;
	feed(&A, get("/"));
	forget(&A);
	feed_bytes(&A, raw, n, 200);
	down(&A, IMP_OK);
	t_check("after a piece nothing more comes until it is pulled, not even DOWN", A.answers == 1 && A.code == 200 && !A.down, A.log);
	A.deafened = 0;
	feed(&A, imp_say(IMP_TX, 0xffff, 231, 4, NONE, NONE));
	settle(&A);
	t_check("the rest is still there", A.answers == 3 && A.log[A.log_len - 3] == '7', A.log);
	client(&A, &imp_http, URI);
	A.deafened = 1;
	feed(&A, get("/"));
	feed_bytes(&A, raw, n - 1, 200);
	down(&A, IMP_OK);
	A.deafened = 0;
	forget(&A);
	feed(&A, imp_say(IMP_TX, 0xffff, 231, 4, NONE, NONE));
	settle(&A);
	t_check("a reply that was cut short: ELINK, DOWN", strstr(A.log, "ANSWER -9 ") && A.down == 1, A.log);
	client(&A, &imp_http, URI);
	A.deafened = 1;
	feed(&A, get("/"));
	feed_bytes(&A, raw, n, 200);
	forget(&A);
	feed(&A, get("/other"));
	t_check("another request instead of a pull goes over a connection of its own", says(&A, "SHUT 0 OPEN 0 "), A.log);
	server(&B, &imp_http);
	feed_text(&B, "POST / HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\n");
	feed_bytes(&B, raw, 100, 70);
	forget(&B);
	feed(&B, imp_say(IMP_ANSWER, 0xffff, 413, B.ticket, NONE, NONE));
	t_check("a server that wants no more of a request replies and ends", wire_is(&B, "HTTP/1.1 413 \r\nConnection: close\r\nContent-Length: 0\r\n\r\n") && B.shut && B.down, (char *)B.log);
}

static void claims_of_replying(void)
{
	static const struct {
		const char *why;
		int32_t code;
		const char *name, *data, *wire;
	} rows[] = {
	    {"no body with 204", 204, "", "", "HTTP/1.1 204 \r\n\r\n"},
	    {"negative: 502", IMP_ELINK, "", "", "HTTP/1.1 502 \r\nContent-Length: 0\r\n\r\n"},
	    {"a code HTTP does not have: 500", 69, "", "x", "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n"},
	    {"231 to a whole request: 500", 231, "", "x", "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n"},
	    {"a line that may not be sent: 500", 200, "a: b\ncontent-length: 3", "x", "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n"},
	    {"a line that is none: 500", 200, "a", "x", "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n"},
	    {"lines and a body", 401, "www-authenticate: Basic", "x", "HTTP/1.1 401 \r\nwww-authenticate: Basic\r\nContent-Type: application/cbor\r\nContent-Length: 1\r\n\r\nx"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		server(&B, &imp_http);
		replies(&B, rows[i].code, 60, rows[i].name, rows[i].data);
		feed_text(&B, "GET / HTTP/1.1\r\n" HOST "\r\n");
		t_check(rows[i].why, wire_is(&B, rows[i].wire) && !B.shut, (char *)B.log);
	}
	server(&B, &imp_http);
	replies(&B, 0, 0xffff, "", "");
	feed_text(&B, "GET / HTTP/1.1\r\n" HOST "\r\n");
	t_check("code 0: no reply, the connection ends", !B.wire_len && B.shut && B.down, B.log);
	server(&B, &imp_http);
	replies(&B, 200, 60, "", "body");
	feed_text(&B, "HEAD / HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "\r\n");
	t_check("HEAD has the head of its GET, and no body", wire_is(&B, "HTTP/1.1 200 \r\nContent-Type: application/cbor\r\nContent-Length: 4\r\n\r\nHTTP/1.1 200 \r\nContent-Type: application/cbor\r\nContent-Length: 4\r\n\r\nbody"), "");
	server(&B, &imp_http);
	feed_text(&B, "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
	t_check("100 Continue to whoever waits for it", wire_is(&B, "HTTP/1.1 100 \r\n\r\n"), "");
	feed(&B, imp_say(IMP_ANSWER, 0xffff, 200, 0x2000001, NONE, NONE));
	feed_text(&B, "abc");
	forget(&B);
	feed(&B, imp_say(IMP_ANSWER, 0xffff, 200, B.ticket - 1, NONE, NONE));
	t_check("an ANSWER that nobody waits for is dropped", !B.wire_len, "");
}

static void claims_of_cut_requests(void)
{
	server(&B, &imp_http);
	feed_text(&B, "POST / HTTP/1.1\r\n" HOST "Content-Length: 9999\r\n\r\n");
	for (int i = 0; i < 40; i++) /* nobody pulls: held, then too much */
		feed_text(&B, "0123456789012345678901234567890123456789");
	forget(&B);
	for (int i = 0; i < 40 && !B.shut; i++, settle(&B))
		feed(&B, imp_say(IMP_ANSWER, 0xffff, 231, B.ticket, NONE, NONE));
	t_check("more of a body than can be held: what there is, then 413", !memcmp(B.wire, "HTTP/1.1 413 ", 13) && B.down == 1, "");
	server(&B, &imp_http);
	feed_text(&B, "GET / HTTP/1.1\r\n" HOST "\r\n");
	forget(&B);
	down(&B, IMP_OK);
	feed(&B, imp_say(IMP_ANSWER, 0xffff, 200, B.ticket, NONE, TEXT("late")));
	t_check("the peer is gone before its reply: DOWN, and the ANSWER goes nowhere", says(&B, "DOWN 0 ") && !B.wire_len, B.log);
}

static void claims_of_cut_replies(void)
{
	server(&B, &imp_http);
	feed_text(&B, "GET / HTTP/1.1\r\n" HOST "\r\n");
	B.auto_reply = imp_say(IMP_ANSWER, 0xffff, 200, B.ticket, NONE, TEXT("a"));
	B.auto_reply.flags = IMP_MORE;
	feed(&B, B.auto_reply);
	B.auto_reply.verb = 0;
	forget(&B);
	tick(&B);
	feed(&B, imp_say(IMP_ANSWER, 0xffff, IMP_EFACT, B.ticket, NONE, NONE));
	t_check("a reply that cannot go on is cut, so that the peer can tell", !B.wire_len && B.shut && B.down, B.log);
	server(&B, &imp_http);
	for (int i = 0; i < 40; i++) /* held: then too many */
		feed_text(&B, "GET / HTTP/1.1\r\n" HOST "a: 0123456789012345678901234567890123456789\r\n\r\n");
	replies(&B, 200, 0xffff, "", "");
	feed(&B, imp_say(IMP_ANSWER, 0xffff, 200, B.ticket, NONE, NONE));
	t_check("more than can be held: this reply, then the end", wire_is(&B, "HTTP/1.1 200 \r\nConnection: close\r\nContent-Length: 0\r\n\r\n") && B.shut && B.down, B.log);
}

/* --- ends of connections ----------------------------------------------------------- */

static void claims_of_reopening(void)
{
	static const imp_channel channel = {.size = sizeof channel};
	imp_msg m = imp_say(IMP_UP, 0, 0, 5, NONE, NONE);
	client(&A, &imp_http, URI "/base");
	down(&A, IMP_OK);
	t_check("the end of an idle connection is not told", !A.log_len && imp_session_deadline(A.s) == UINT64_MAX, A.log);
	feed(&A, post("/x", "body"));
	t_check("the next TX opens another", says(&A, "OPEN 0 ") && !A.wire_len, A.log);
	up(&A);
	A.wire_len = 0;
	feed(&A, get("/y"));
	t_check("its UP is not told, and the request is in flight", says(&A, "ANSWER -4 0 {}{} "), A.log);
	forget(&A);
	feed_text(&A, OK_REPLY);
	t_check("reply over the new connection", says(&A, "ANSWER 200 -1 {}{} "), A.log);
	feed_text(&A, "HTTP/1.1 408 \r\n\r\n");
	forget(&A);
	feed(&A, post("/z", "0123"));
	feed(&A, m);
	t_check("what comes unasked ends the connection; the next request", wire_is(&A, "POST /base/z HTTP/1.1\r\nHost: owner.example:8080\r\nContent-Type: application/cbor\r\nContent-Length: 4\r\n\r\n0123") && says(&A, "OPEN 0 "), A.log);
	forget(&A);
	down(&A, IMP_ELINK);
	t_check("an end in mid-exchange is told: ELINK, DOWN", says(&A, "ANSWER -9 0 {}{} DOWN -9 "), A.log);
	feed(&A, get("/"));
	t_check("then TX is refused until OPEN", A.code == IMP_ELINK && !A.wire_len, "");
	client(&A, &imp_http, URI);
	down(&A, IMP_OK);
	feed(&A, get("/"));
	forget(&A);
	down(&A, IMP_ELINK);
	t_check("another connection cannot be had: ELINK, DOWN", says(&A, "ANSWER -9 0 {}{} DOWN -9 "), A.log);
	make(&A, &imp_http, MAX);
	feed(&A, imp_say(IMP_OPEN, 0, 0, 5, TEXT("https://h"), NONE));
	m.channel = &channel;
	feed(&A, m);
	forget(&A);
	down(&A, IMP_OK);
	t_check("the end of a link with a channel is always told", says(&A, "DOWN 0 "), A.log);
	feed(&A, imp_say(IMP_OPEN, 0, 0, 5, TEXT("https://h"), NONE));
	feed(&A, m);
	feed(&A, get("/"));
	forget(&A);
	feed_text(&A, "HTTP/1.1 200 \r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	t_check("so too after Connection: close", says(&A, "ANSWER 200 -1 {}{} SHUT 0 DOWN 0 "), A.log);
}

static void claims_of_opening(void)
{
	static const char *const bad[] = {"", "http", "http:/h", "http://", "http://u@h/", "http://h:0/", "http://h:65536/", "http://h/a b", "http://h/\r\n", "coap://h/", "http://[::1/", "http://h#f"};
	int ok = 1;
	char uri[IMP_HTTP_URI + 2] = "http://h/";
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		make(&A, &imp_http, MAX);
		feed(&A, imp_say(IMP_OPEN, 0, 0, 5, TEXT(bad[i]), NONE));
		ok &= says(&A, "DOWN -7 ");
	}
	memset(uri + 9, 'a', sizeof uri - 10);
	make(&A, &imp_http, MAX);
	feed(&A, imp_say(IMP_OPEN, 0, 0, 5, TEXT(uri), NONE));
	t_check("OPEN of what is no URI, or too long: DOWN(EARG)", ok && says(&A, "DOWN -7 "), A.log);
	make(&A, &imp_http, MAX);
	feed(&A, imp_say(IMP_OPEN, 0, 0, 5, TEXT(URI), NONE));
	feed(&A, imp_say(IMP_UP, 0, 1000, 5, NONE, NONE));
	t_check("UP says that there is no limit", says(&A, "OPEN 0 UP 0 "), A.log);
	feed(&A, get("/"));
	forget(&A);
	feed(&A, imp_say(IMP_SHUT, 0, 0, 0, NONE, NONE));
	t_check("SHUT in mid-exchange: ELINK, SHUT", says(&A, "ANSWER -9 0 {}{} SHUT 0 "), A.log);
	t_check("and nothing is due any more", imp_session_deadline(A.s) == UINT64_MAX, "");
}

static void claims_of_time(void)
{
	imp_msg m = get("/");
	uint64_t from;
	client(&A, &imp_http, URI);
	feed(&A, m);
	from = A.w.now;
	forget(&A);
	tick(&A);
	t_check("a reply that does not come: ETIME, DOWN", says(&A, "ANSWER -8 0 {}{} SHUT -8 DOWN -8 ") && A.w.now == from + IMP_HTTP_REPLY_MS, A.log);
	client(&A, &imp_http, URI);
	m.when = 500;
	feed(&A, m);
	t_check("TX.when is a shorter wish", imp_session_deadline(A.s) == A.w.now + 500, "");
	client(&A, &imp_http, URI);
	down(&A, IMP_OK);
	feed(&A, get("/"));
	forget(&A);
	tick(&A);
	t_check("a connection that does not come: ETIME, DOWN", says(&A, "ANSWER -8 0 {}{} SHUT -8 DOWN -8 "), A.log);
	server(&B, &imp_http);
	B.w.now += IMP_HTTP_HEAD_MS - 2;
	feed_text(&B, "G");
	B.w.now += IMP_HTTP_HEAD_MS - 1;
	feed_text(&B, "E");
	t_check("a head must be whole in time, a byte now and then is not enough", imp_session_deadline(B.s) == B.w.now + 1, "");
	tick(&B);
	t_check("then 408, and the end", !memcmp(B.wire, "HTTP/1.1 408 ", 13) && says(&B, "SHUT -8 DOWN -8 "), B.log);
	server(&B, &imp_http);
	feed_text(&B, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na");
	tick(&B);
	t_check("the same for a body", !memcmp(B.wire, "HTTP/1.1 408 ", 13) && says(&B, "SHUT -8 DOWN -8 "), B.log);
	server(&B, &imp_http);
	replies(&B, 200, 0xffff, "", "");
	feed_text(&B, "GET / HTTP/1.1\r\n" HOST "\r\n");
	forget(&B);
	from = B.w.now;
	tick(&B);
	t_check("an idle connection ends without a word", says(&B, "SHUT -8 DOWN -8 ") && !B.wire_len && B.w.now == from + IMP_HTTP_IDLE_MS, B.log);
	server(&B, &imp_http);
	feed_text(&B, "GET / HTTP/1.1\r\n" HOST "\r\n");
	t_check("whoever serves has all the time there is", imp_session_deadline(B.s) == UINT64_MAX, "");
}

/* --- a top in the same stack ------------------------------------------------------------ */

/* Answers every request, or pulls every piece, in the same feed. */
static size_t eager_need(const imp_params *p)
{
	(void)p;
	return sizeof(uint32_t);
}

static imp_status eager_init(void *state, const imp_params *p)
{
	(void)state;
	(void)p;
	return IMP_OK;
}

static imp_status eager_step(void *state, imp_cx *cx, const imp_msg *m)
{
	uint32_t *tickets = state;
	imp_msg r = imp_say(IMP_ANSWER, 60, m->flags & IMP_MORE ? 231 : 200, m->ticket, NONE, m->data);
	if (m->verb == IMP_RX)
		return cx->emit(cx, &r);
	if (m->verb == IMP_START || (m->verb == IMP_UP && m->ticket))
		r = m->verb == IMP_START ? imp_say(IMP_OPEN, 0, 0, 5, TEXT(URI), NONE) : imp_say(IMP_TX, 0xffff, IMP_GET, ++*tickets, TEXT("/"), NONE);
	else if (m->verb == IMP_ANSWER && m->flags & IMP_MORE)
		r = imp_say(IMP_TX, 0xffff, 231, ++*tickets, NONE, NONE);
	else if (m->verb == IMP_ANSWER)
		r = imp_say(IMP_TELL, 0x8000, m->code, 0, NONE, NONE);
	else
		return IMP_OK;
	return cx->emit(cx, &r);
}

static const imp_layer eager = {.size = sizeof eager, .burst = 1, .id = "eager", .version = "1", .spec = "none", .needs = {IMP_L_REST}, .need = eager_need, .init = eager_init, .step = eager_step};

static void claims_of_a_top(void)
{
	static char many[IMP_HTTP_HEAD + MAX];
	size_t at = 0;
	make_below(&B, &eager, &imp_http, MAX);
	feed(&B, imp_say(IMP_UP, 0, 0, 0, NONE, NONE));
	for (int i = 0; i < 36; i++)
		at += (size_t)snprintf(many + at, sizeof many - at, "GET / HTTP/1.1\r\n" HOST "\r\n");
	feed_bytes(&B, many, at, at);
	t_check("as many requests as can be held, answered each in its feed: the layer does not break", imp_session_status(B.s) == 0 && B.wire_len == 36 * strlen(OK_REPLY) && !B.shut, imp_session_where(B.s));
	make_below(&A, &eager, &imp_http, MAX);
	feed(&A, imp_say(IMP_START, 0, 0, 0, NONE, NONE));
	feed(&A, imp_say(IMP_UP, 0, 0, 5, NONE, NONE));
	at = (size_t)snprintf(many, sizeof many, "HTTP/1.1 200 \r\nContent-Length: 960\r\n\r\n%0960d", 0);
	feed_bytes(&A, many, at, at);
	t_check("so too the pieces of a reply", imp_session_status(A.s) == 0 && !A.shut && !A.down && strstr(A.log, "? 200 "), A.log);
}

/* --- hunger -------------------------------------------------------------------------- */

static void exchange_hungrily(void)
{
	const imp_layer *http = starve_layer(&imp_http);
	client(&A, http, URI);
	server(&B, http);
	replies(&B, 200, 60, "a: b", "");
	B.pieces = long_body;
	feed(&A, post("/x", "body"));
	run(&A, &B, 40);
	A.pieces = long_body;
	feed(&A, next_piece(&A, imp_say(IMP_TX, 42, IMP_POST, PIECE_TICKET, TEXT("/up"), NONE)));
	run(&A, &B, 40);
	down(&A, IMP_OK);
	feed(&A, get("/again"));
	feed(&A, imp_say(IMP_UP, 0, 0, 5, NONE, NONE));
	feed_text(&A, OK_REPLY "!");
	feed_text(&B, "GET /\r\n\r\n");
}

static void claims_of_hunger(void)
{
	unsigned n;
	int ok = 1;
	char detail[64];
	for (n = 1; starve_at(n), exchange_hungrily(), starve_reached(); n++) {
		ok &= imp_session_status(A.s) == 0 && imp_session_status(B.s) == 0 && (A.down || B.down);
		starve_at(0);
		feed(&A, imp_say(IMP_OPEN, 0, 0, 5, TEXT(URI), NONE));
		up(&A);
		up(&B);
		B.pieces = A.pieces = NULL;
		replies(&B, 200, 60, "a: b", "well");
		feed(&A, post("/x", "body"));
		run(&A, &B, 1000);
		ok &= says(&A, "ANSWER 200 60 {a: b}{well} ");
	}
	snprintf(detail, sizeof detail, "%u points", n - 1);
	t_check("the n-th room or emit fails, for all n: the link ends, the session lives and opens again", ok && n > 20, detail);
}

static void claims_of_size(void)
{
	imp_params p = {.size = sizeof p, .max_msg = 1000};
	char detail[64];
	snprintf(detail, sizeof detail, "%zu bytes and max_msg", imp_http.need(&p) - p.max_msg);
	t_check("state is at most 512 bytes, the head's room and max_msg", imp_http.need(&p) <= 512 + IMP_HTTP_HEAD + p.max_msg, detail);
}

int main(void)
{
	claims_of_an_exchange();
	claims_of_paths();
	claims_of_refused_tx();
	claims_of_requests();
	claims_of_refusals();
	claims_of_limits();
	claims_of_replies();
	claims_of_broken_replies();
	claims_of_pieces();
	claims_of_bad_pieces();
	claims_of_flow();
	claims_of_replying();
	claims_of_cut_requests();
	claims_of_cut_replies();
	claims_of_reopening();
	claims_of_opening();
	claims_of_time();
	claims_of_a_top();
	claims_of_hunger();
	claims_of_size();
	return t_end();
}
