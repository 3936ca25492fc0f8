/* coap.c -- the CoAP layer: exchanges, blocks, loss, and what is refused. */
#include "crypto.h"
#include "ends.h"
#include "t.h"

static struct net N;
#define CLIENT N.e[0].log
#define SERVER N.e[1].log

static char big[5001];

static int says(const char *log, const char *text)
{
	return !strcmp(log, text);
}

static imp_msg get(const char *name)
{
	return imp_say(IMP_TX, NO, IMP_GET, 7, TEXT(name), NONE);
}

static imp_msg post(const char *name, imp_span body)
{
	return imp_say(IMP_TX, 42, IMP_POST, 7, TEXT(name), body);
}

static void start(uint32_t max_msg, int32_t mtu)
{
	join(&N, &imp_openssl, max_msg, mtu, "coap://192.0.2.1");
}

static void replies(int32_t code, uint16_t format, const char *name, const char *body)
{
	N.e[1].reply = imp_say(IMP_ANSWER, format, code, 0, TEXT(name), TEXT(body));
}

static void claims_of_an_exchange(void)
{
	start(1024, 1280);
	replies(205, 40, "", "</x>");
	feed(&N, 0, get("/bs?ep=a%26b&c=d/e\naccept: 40"));
	t_check("a GET on the wire: CON, 8 bytes of token, Uri-Path, Uri-Query twice, Accept",
	        N.last[0].len == 30 && N.last[0].bytes[0] == 0x48 && N.last[0].bytes[1] == 1 && !memcmp(N.last[0].bytes + 12, "\xb2""bs\x46""ep=a&b\x05""c=d/e\x21\x28", 19) , "");
	run(&N, 100);
	t_check("as it rises", says(SERVER, "RX 1 -1 {/bs?ep=a%26b&c=d/e|accept: 40}{} "), SERVER);
	t_check("its reply, in the ACK", says(CLIENT, "ANSWER 205 40 {}{</x>} ") && N.sent == 2 && N.last[1].bytes[0] == 0x68, CLIENT);
	forget(&N);
	replies(201, NO, "location: /rd/5?x\nmax-age: 60\netag: 0102", "");
	feed(&N, 0, post("/rd", TEXT("hello")));
	run(&N, 100);
	t_check("location, max-age and etag", says(CLIENT, "ANSWER 201 -1 {location: /rd/5?x|max-age: 60|etag: 0102}{} "), CLIENT);
	forget(&N);
	feed(&N, 0, get("/a"));
	feed(&N, 0, get("/b"));
	t_check("one request at a time", says(CLIENT, "ANSWER -4 -1 {}{} "), CLIENT);
}

static void claims_of_names(void)
{
	static const struct {
		const char *sent, *heard;
	} rows[] = {
	    {"", "/"}, {"/", "/"}, {"a/b", "/a/b"}, {"/a//b", "/a//b"}, {"/%2F%3f%25", "/%2f%3f%25"}, {"/?q", "/?q"}, {"?q&r", "/?q&r"},
	    {"/caf%C3%A9", "/caf%c3%a9"}, {"/a&b?c%26d", "/a&b?c%26d"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char want[80];
		start(1024, 0);
		feed(&N, 0, get(rows[i].sent));
		run(&N, 5);
		snprintf(want, sizeof want, "RX 1 -1 {%s}{} ", rows[i].heard);
		t_check("a name there and back", says(SERVER, want), SERVER);
	}
	join(&N, &imp_openssl, 1024, 0, "coap://host.example:99/");
	feed(&N, 0, get("/x"));
	t_check("a host by name is Uri-Host", N.last[0].bytes[12] == 0x3c && !memcmp(N.last[0].bytes + 13, "host.example", 12), "");
}

static void claims_of_refused_tx(void)
{
	static const struct {
		const char *why, *name;
		int32_t code, answer;
	} rows[] = {
	    {"half a percent sign", "/a%2", IMP_GET, IMP_EARG}, {"no hex", "/%zz", IMP_GET, IMP_EARG}, {"a line without an option", "/\nauthorization: x", IMP_GET, IMP_EARG},
	    {"accept is a number", "/\naccept: x", IMP_GET, IMP_EARG}, {"echo is hex", "/\necho: 0", IMP_GET, IMP_EARG}, {"no such method", "/", 9, IMP_EARG},
	    {"nothing to pull", "/", 231, IMP_EPROTO},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char want[64];
		start(1024, 0);
		feed(&N, 0, imp_say(IMP_TX, NO, rows[i].code, 7, TEXT(rows[i].name), NONE));
		snprintf(want, sizeof want, "ANSWER %d -1 {}{} ", (int)rows[i].answer);
		t_check(rows[i].why, says(CLIENT, want) && !N.sent, CLIENT);
	}
	start(1024, 0);
	feed(&N, 0, post("/", imp_bytes(big, 1025)));
	t_check("a body larger than max_msg", says(CLIENT, "ANSWER -6 -1 {}{} "), CLIENT);
}

/* Bodies both ways through every block size. */
static void claims_of_blocks(void)
{
	static const struct {
		uint32_t max;
		int32_t mtu;
		size_t up, down;
	} rows[] = {
	    {4096, 1280, 4000, 1}, {4096, 1280, 1, 4000}, {4096, 100, 1025, 1024}, {4096, 64, 333, 777}, {64, 0, 64, 64}, {4096, 1280, 1024, 1024}, {4096, 1280, 2048, 1025}, {16, 0, 16, 16},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		static char want[LOG], down[5001];
		char detail[80];
		start(rows[i].max, rows[i].mtu);
		memcpy(down, big, rows[i].down);
		down[rows[i].down] = 0;
		replies(204, 60, "", down);
		feed(&N, 0, post("/up", imp_bytes(big, rows[i].up)));
		run(&N, 10000);
		snprintf(want, sizeof want, "RX 2 42 {/up}{%.*s} ", (int)rows[i].up, big);
		snprintf(detail, sizeof detail, "%zu up, %zu down, mtu %d, %d datagrams", rows[i].up, rows[i].down, (int)rows[i].mtu, N.sent);
		t_check("a body up in blocks", says(SERVER, want), detail);
		snprintf(want, sizeof want, "ANSWER 204 60 {}{%s} ", down);
		t_check("a body down in blocks", says(CLIENT, want), detail);
		t_check("delivered once", N.e[1].received == 1, "");
	}
}

/* The bodies of the pieces in a log, joined. */
static size_t bodies(const char *log, char *out)
{
	size_t n = 0;
	for (const char *p = strstr(log, "}{"); p; p = strstr(p, "}{"))
		for (p += 2; *p != '}';)
			out[n++] = *p++;
	return n;
}

static void claims_of_pieces(void)
{
	static char got[LOG];
	size_t n;
	start(256, 0);
	replies(204, NO, "", "");
	N.e[0].body = big;
	N.e[0].piece = 256;
	feed(&N, 0, next_piece(&N.e[0], post("/up", NONE)));
	run(&N, 100000);
	n = bodies(SERVER, got);
	t_check("5000 bytes up through 256: whole and in order", n == 5000 && !memcmp(got, big, n), "");
	t_check("... and then the reply", strstr(CLIENT, "ANSWER 204 -1 {}{} ") != NULL, "");
	start(256, 0);
	replies(205, 60, "", "");
	N.e[1].body = big;
	N.e[1].piece = 200;
	feed(&N, 0, get("/down"));
	run(&N, 100000);
	n = bodies(CLIENT, got);
	t_check("5000 bytes down in pieces of 200", n == 5000 && !memcmp(got, big, n), "");
}

static void claims_of_time(void)
{
	start(1024, 0);
	feed(&N, 0, get("/slow"));
	run(&N, 3000);
	t_check("a slow answer: an empty ACK first", N.last[1].len == 4 && N.last[1].bytes[0] == 0x60, "");
	feed(&N, 1, imp_say(IMP_ANSWER, NO, 205, N.e[1].ticket, NONE, TEXT("late")));
	t_check("then a CON of its own", N.last[1].bytes[0] == 0x48 && N.last[1].bytes[1] == 0x45, "");
	run(&N, 200000);
	t_check("which is heard", says(CLIENT, "ANSWER 205 -1 {}{late} "), CLIENT);
	start(1024, 0);
	N.fault = fault_loss;
	N.loss = 100;
	feed(&N, 0, get("/void"));
	run(&N, 300000);
	t_check("nobody answers: five datagrams, then ETIME", says(CLIENT, "ANSWER -8 -1 {}{} ") && N.sent == 5, CLIENT);
	t_check("nothing is awaited any more", imp_session_deadline(N.e[0].s) == UINT64_MAX, "");
	start(1024, 0);
	feed(&N, 0, imp_say(IMP_TX, NO, IMP_POST, 0, TEXT("/fire"), TEXT("x")));
	run(&N, 1000);
	t_check("without a ticket: NON, once, no answer", N.sent == 1 && N.last[0].bytes[0] == 0x50 && says(SERVER, "RX 2 -1 {/fire}{x} ") && says(CLIENT, ""), SERVER);
	start(1024, 0);
	feed(&N, 0, get("/x"));
	feed(&N, 0, imp_say(IMP_DOWN, 0, IMP_ELINK, 0, NONE, NONE));
	t_check("the link goes down under a request", says(CLIENT, "ANSWER -9 -1 {}{} DOWN -9 "), CLIENT);
}

/* At every rate each request is answered, and reaches the server once. */
static void claims_of_loss(void)
{
	static char got[LOG];
	for (int loss = 0; loss <= 30; loss += 5) {
		int answered = 0, once = 0, timeouts = 0, n = 40;
		char detail[80];
		for (int i = 0; i < n; i++) {
			start(512, 80);
			replies(204, 60, "", "some reply that does not fit into one block of this small link");
			N.fault = fault_loss;
			N.loss = loss;
			feed(&N, 0, post("/up", imp_bytes(big, 300)));
			run(&N, 1000000);
			answered += strstr(CLIENT, "ANSWER 204 60 {}{some reply that does not fit into one block of this small link} ") != NULL;
			timeouts += strstr(CLIENT, "ANSWER -8") != NULL;
			once += N.e[1].received <= 1 && bodies(SERVER, got) <= 300;
		}
		snprintf(detail, sizeof detail, "%d%% lost, as many doubled or late: %d answered, %d gave up", loss, answered, timeouts);
		t_check("loss, duplicates, reordering: answered or given up, never twice", answered + timeouts == n && once == n && answered >= (loss > 10 ? n / 2 : n - 1), detail);
	}
}

/* --- what is refused ------------------------------------------------------------ */

struct row {
	const char *why, *bytes;
	size_t len;
	int type, code; /* of the reply; -1: silence */
};
#define ROW(why, raw, type, code) {why, raw, sizeof raw - 1, type, code}

static void claims_of_bad_requests(void)
{
	static const struct row rows[] = {
	    ROW("a ping", "\x40\x00\x12\x34", 3, 0),
	    ROW("a ping with bytes behind it", "\x40\x00\x12\x34x", 3, 0),
	    ROW("an empty message with a token", "\x41\x00\x12\x34x", 3, 0),
	    ROW("version 0", "\x00\x01\x12\x34", -1, 0),
	    ROW("version 2", "\x80\x01\x12\x34", -1, 0),
	    ROW("a token of 9 bytes", "\x49\x01\x12\x34" "123456789", 3, 0),
	    ROW("a token that is cut", "\x44\x01\x12\x34" "123", 3, 0),
	    ROW("three bytes", "\x40\x01\x12", -1, 0),
	    ROW("no bytes", "", -1, 0),
	    ROW("class 1", "\x40\x21\x12\x34", 3, 0),
	    ROW("class 7 (TCP only)", "\x40\xe1\x12\x34", 3, 0),
	    ROW("a request as ACK", "\x60\x01\x12\x34", -1, 0),
	    ROW("a response nobody asked for", "\x40\x45\x12\x34", 3, 0),
	    ROW("an ACK nobody waits for", "\x60\x00\x12\x34", -1, 0),
	    ROW("option delta 15", "\x40\x01\x12\x34\xf0", 3, 0),
	    ROW("option length 15", "\x40\x01\x12\x34\x0f", 3, 0),
	    ROW("an option that is cut", "\x40\x01\x12\x34\xb5" "abc", 3, 0),
	    ROW("an option number beyond 65535", "\x40\x01\x12\x34\xe0\xff\xff\xe0\xff\xff", 3, 0),
	    ROW("a marker without a payload", "\x40\x01\x12\x34\xff", 3, 0),
	    ROW("the same as NON", "\x50\x01\x12\x34\xff", -1, 0),
	    ROW("an unknown critical option (9)", "\x40\x01\x12\x34\x90", 2, 0x82),
	    ROW("the same as NON", "\x50\x01\x12\x34\x90", -1, 0),
	    ROW("If-Match", "\x40\x03\x12\x34\x11x", 2, 0x82),
	    ROW("Accept twice", "\x40\x01\x12\x34\xd1\x04\x28\x01\x28", 2, 0x82),
	    ROW("Accept of 3 bytes", "\x40\x01\x12\x34\xd3\x04\x01\x02\x03", 2, 0x82),
	    ROW("Proxy-Uri", "\x40\x01\x12\x34\xd1\x16x", 2, 0xa5),
	    ROW("Block1 with SZX 7", "\x40\x02\x12\x34\xd1\x0e\x07", 2, 0x82),
	    ROW("Block1 of 4 bytes", "\x40\x02\x12\x34\xd4\x0e\x01\x01\x01\x01", 2, 0x82),
	    ROW("method 7", "\x40\x07\x12\x34", 2, 0x85),
	    ROW("method 31", "\x40\x1f\x12\x34", 2, 0x85),
	    ROW("a first block that is too short for its size", "\x40\x02\x12\x34\xd1\x0e\x08\xff" "0123456", 2, 0x80),
	    ROW("a block larger than its size", "\x40\x02\x12\x34\xd1\x0e\x08\xff" "0123456789abcdefg", 2, 0x80),
	    ROW("block 1 without block 0", "\x40\x02\x12\x34\xd1\x0e\x18\xff" "0123456789abcdef", 2, 0x88),
	    ROW("a block size beyond max_msg", "\x40\x02\x12\x34\xd1\x0e\x0e\xff" "0123456789abcdef", 2, 0x80),
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const uint8_t *b = N.last[1].bytes;
		char detail[64];
		start(256, 0);
		arrives(&N, 1, rows[i].bytes, rows[i].len);
		snprintf(detail, sizeof detail, "%d sent, type %d, code %02x", N.sent, N.sent ? b[0] >> 4 & 3 : -1, N.sent ? b[1] : 0);
		t_check(rows[i].why, says(SERVER, "") && (rows[i].type < 0 ? !N.sent : N.sent == 1 && (b[0] >> 4 & 3) == rows[i].type && b[1] == rows[i].code && b[2] == 0x12 && b[3] == 0x34), detail);
	}
}

static void claims_of_duplicates(void)
{
	static const char request[] = "\x40\x02\x12\x34\xb1x\xff" "a";
	static const char one[] = "\x40\x02\x12\x35\xb1x\xd1\x03\x08\xff" "0123456789abcdef", two[] = "\x40\x02\x12\x36\xb1y\xd1\x03\x18\xff" "0123456789abcdef";
	struct datagram first;
	start(256, 0);
	replies(204, NO, "", "");
	arrives(&N, 1, request, sizeof request - 1);
	first = N.last[1];
	arrives(&N, 1, request, sizeof request - 1);
	t_check("a CON that comes twice is done once, and answered twice alike", N.e[1].received == 1 && N.sent == 2 && first.len == N.last[1].len && !memcmp(first.bytes, N.last[1].bytes, first.len), "");
	run(&N, 250000);
	arrives(&N, 1, request, sizeof request - 1);
	t_check("the same message id after EXCHANGE_LIFETIME is new", N.e[1].received == 2, "");
	arrives(&N, 1, one, sizeof one - 1);
	t_check("the first of two blocks: 2.31", N.last[1].bytes[1] == 0x5f, "");
	arrives(&N, 1, two, sizeof two - 1);
	t_check("the second with another path: 4.08", N.last[1].bytes[1] == 0x88 && N.e[1].received == 2, "");
}

/* A hostile server: what it sends in place of a reply. */
static void claims_of_bad_replies(void)
{
	static const struct {
		const char *why, *options;
		size_t len;
		uint8_t code;
		int32_t answer; /* 0: none yet */
	} rows[] = {
	    {"a critical option that is unknown", "\x90", 1, 0x45, IMP_EBADMSG},
	    {"2.31 to what was no block", "\xd1\x0e\x08", 3, 0x5f, IMP_EPROTO},
	    {"2.31 without Block1", "", 0, 0x5f, IMP_EPROTO},
	    {"block 1 before block 0", "\xd1\x0a\x18\xff" "0123456789abcdef", 20, 0x45, IMP_EPROTO},
	    {"a block that is too short", "\xd1\x0a\x08\xff" "0123456", 11, 0x45, IMP_EPROTO},
	    {"4.01 with Echo: once more", "\xd1\xefx", 3, 0x81, 0},
	    {"4.13 with a larger block", "\xd1\x0e\x06", 3, 0x8d, 413},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t b[64];
		char want[32];
		start(256, 0);
		feed(&N, 0, get("/x"));
		b[0] = 0x68;
		b[1] = rows[i].code;
		memcpy(b + 2, N.last[0].bytes + 2, 10);
		memcpy(b + 12, rows[i].options, rows[i].len);
		arrives(&N, 0, b, 12 + rows[i].len);
		snprintf(want, sizeof want, "ANSWER %d -1 ", (int)rows[i].answer);
		t_check(rows[i].why, rows[i].answer ? !strncmp(CLIENT, want, strlen(want)) : says(CLIENT, "") && N.sent == 2, CLIENT);
	}
	start(256, 0);
	feed(&N, 0, get("/x"));
	N.last[0].bytes[0] = 0x70;
	arrives(&N, 0, "\x70\x00\x00\x00", 4);
	t_check("RST of another message changes nothing", says(CLIENT, ""), "");
	N.last[0].bytes[1] = 0;
	arrives(&N, 0, N.last[0].bytes, 4);
	t_check("RST of ours: ELINK", says(CLIENT, "ANSWER -9 -1 {}{} "), CLIENT);
}

/* Block `num` of 64 bytes, and there are more. */
static void block1(uint8_t num)
{
	uint8_t b[74] = {0x40, 2, 0x12, num, 0xb1, 'x', 0xd1, 3, (uint8_t)(num << 4 | 0x0a), 0xff};
	arrives(&N, 1, b, sizeof b);
}

/* More than was asked for: it is written nowhere. */
static void claims_of_greedy_requests(void)
{
	imp_msg no = imp_say(IMP_ANSWER, NO, 413, 0, NONE, NONE);
	start(64, 0);
	N.e[1].holds = 1;
	block1(0);
	block1(1);
	t_check("a block before the piece was pulled: 5.03", N.e[1].received == 1 && N.last[1].bytes[1] == 0xa3, SERVER);
	start(64, 0);
	N.e[1].holds = 1;
	block1(0);
	no.ticket = N.e[1].ticket;
	feed(&N, 1, no);
	t_check("the piece was refused: 4.13", N.last[1].bytes[1] == 0x8d, "");
	for (uint8_t i = 1; i < 8; i++)
		block1(i);
	t_check("... and what follows it too: 4.08", N.e[1].received == 1 && N.last[1].bytes[1] == 0x88, SERVER);
}

/* Block `num` of our reply, of 16 << szx bytes, `len` of them there. */
static void block2(unsigned num, uint8_t szx, int more, size_t len)
{
	uint8_t b[256] = {0x68, 0x45};
	unsigned v = num << 4 | (unsigned)more << 3 | szx;
	memcpy(b + 2, N.last[0].bytes + 2, 10);
	memcpy(b + 12, (uint8_t[]){0xd2, 0x0a, (uint8_t)(v >> 8), (uint8_t)v, 0xff}, 5);
	memset(b + 17, '.', len);
	arrives(&N, 0, b, 17 + len);
}

static void claims_of_greedy_replies(void)
{
	start(120, 0);
	feed(&N, 0, get("/x"));
	for (unsigned i = 0; i < 48; i++)
		block2(i, 0, 1, 16);
	block2(6, 3, 0, 120);
	t_check("blocks that grow until they do not fit: ENOSPC", strstr(CLIENT, "ANSWER -6 ") != NULL, CLIENT);
}

/* Random bytes, and good messages with flipped bits: nothing breaks. */
static void claims_of_noise(void)
{
	int broken = 0;
	start(256, 100);
	replies(204, NO, "", "0123456789");
	for (int i = 0; i < 20000; i++) {
		struct datagram d = N.last[rnd() & 1];
		int to = (int)(rnd() & 1);
		if (i % 50 == 0)
			feed(&N, 0, i % 100 ? post("/up", imp_bytes(big, 200)) : get("/x"));
		for (unsigned k = rnd() % 4; d.len && k; k--)
			d.bytes[rnd() % d.len] ^= (uint8_t)(1u << rnd() % 8);
		if (d.len && rnd() % 4 == 0)
			d.len = rnd() % d.len;
		arrives(&N, to, d.bytes, d.len);
		N.n = N.n > 100 ? 0 : N.n;
		run(&N, rnd() % 300);
		broken += imp_session_status(N.e[0].s) < 0 || imp_session_status(N.e[1].s) < 0;
		N.e[0].log_len = N.e[1].log_len = 0;
	}
	t_check("20000 mangled datagrams break neither end", !broken, "");
}

int main(void)
{
	for (size_t i = 0; i < sizeof big - 1; i++)
		big[i] = (char)('a' + i % 23 + i / 1000);
	claims_of_an_exchange();
	claims_of_names();
	claims_of_refused_tx();
	claims_of_blocks();
	claims_of_pieces();
	claims_of_time();
	claims_of_loss();
	claims_of_bad_requests();
	claims_of_duplicates();
	claims_of_bad_replies();
	claims_of_greedy_requests();
	claims_of_greedy_replies();
	claims_of_noise();
	part(&N);
	return t_end();
}
