/* dpptcp.c -- DPP over TCP: framing, queries, hostile bytes, time; a relay. */
#include "dpplink.h"
#include "dpptcp.h"
#include "gas.h"
#include "link_end.h"
#include "starve.h"
#include "t.h"

#define HEAD "\x09\x50\x6f\x9a\x1a\x01"
#define PROTO "\x6c\x08\x7f\xdd\x05\x50\x6f\x9a\x1a\x01"
#define FRAME(body) "\0\0\0" body
enum { MAX = 64, TICKET = 7 };

static struct end A, B;

static void client(struct end *e)
{
	make(e, &imp_dpptcp, MAX);
	feed(e, imp_say(IMP_OPEN, 0, 0, 5, TEXT("dpp://127.0.0.1"), NONE));
	feed(e, imp_say(IMP_UP, 0, 0, 5, NONE, NONE));
	forget(e);
}

static void server(struct end *e)
{
	make(e, &imp_dpptcp, MAX);
	feed(e, imp_say(IMP_UP, 0, 0, 0, NONE, NONE));
	forget(e);
}

static void rx(struct end *e, imp_span bytes)
{
	feed(e, imp_say(IMP_RX, 0, 0, 0, NONE, bytes));
}

static void query(struct end *e, uint32_t ticket, const char *text)
{
	feed(e, imp_say(IMP_TX, IMP_DPP_GAS, 0, ticket, NONE, TEXT(text)));
}

/* --- opening -------------------------------------------------------------------- */

static void opening(void)
{
	static const struct { const char *name, *log; } rows[] = {
		{"dpp://127.0.0.1", "OPEN 0 0 {tcp://127.0.0.1:8908}{} "},
		{"dpp://host.example:18908", "OPEN 0 0 {tcp://host.example:18908}{} "},
		{"dpp://[::1]\nchannels: 81/1", "OPEN 0 0 {tcp://[::1]:8908}{} "},
		{"dpp:", "DOWN -7 0 "}, {"", "DOWN -7 0 "}, {"tcp://127.0.0.1", "DOWN -7 0 "}, {"dpp://", "DOWN -7 0 "}, {"dpp://h/x", "DOWN -7 0 "},
		{"dpp://h:99999", "DOWN -7 0 "}, {"dpp://a b", "DOWN -7 0 "},
	};
	size_t right = 0, n = sizeof rows / sizeof *rows;
	char big[400] = "dpp://";
	for (size_t i = 0; i < n; i++) {
		make(&A, &imp_dpptcp, MAX);
		feed(&A, imp_say(IMP_OPEN, 0, 0, 5, TEXT(rows[i].name), NONE));
		right += (size_t)says(&A, rows[i].log);
		if (!says(&A, rows[i].log))
			printf("# %s: %s\n", rows[i].name, A.log);
	}
	t_check("OPEN's URI goes down as TCP's, or the link is down", right == n, "");
	memset(big + 6, 'a', 300);
	make(&A, &imp_dpptcp, MAX);
	feed(&A, imp_say(IMP_OPEN, 0, 0, 5, TEXT(big), NONE));
	t_check("a name that is too long is refused", says(&A, "DOWN -7 0 "), A.log);
	make(&A, &imp_dpptcp, MAX);
	feed(&A, imp_say(IMP_TX, 0, 0, TICKET, NONE, BYTES(HEAD "\0")));
	t_check("nothing is sent on a link that is not up", says(&A, "ANSWER -9 0 {}{} ") && !A.wire_len, A.log);
	feed(&A, imp_say(IMP_OPEN, 0, 0, 5, TEXT("dpp://h"), NONE));
	forget(&A);
	feed(&A, imp_say(IMP_UP, 0, 0, 5, TEXT("x"), NONE));
	t_check("UP says that nothing gets lost, and what may be sent", says(&A, "UP 64 1 "), A.log);
	feed(&A, imp_say(IMP_SHUT, 0, 0, 0, NONE, NONE));
	t_check("SHUT goes down", says(&A, "UP 64 1 SHUT 0 0 "), A.log);
}

/* --- frames ------------------------------------------------------------------------ */

static void frames(void)
{
	client(&A);
	feed(&A, imp_say(IMP_TX, IMP_DPP_FRAME, 0, TICKET, NONE, BYTES(HEAD "\0abc")));
	t_check("a frame goes out behind its length, and that is told", wire_is(&A, BYTES("\0\0\0\x0a" HEAD "\0abc")) && says(&A, "ANSWER 0 0 {}{} "), A.log);
	server(&B);
	rx(&B, imp_bytes(A.wire, A.wire_len));
	t_check("and rises as it is", says(&B, "RX 0 0 {}{\\09Po\\9a\\1a\\01\\00abc} "), B.log);
	forget(&A);
	feed(&A, imp_say(IMP_TX, IMP_DPP_FRAME, 0, 0, NONE, BYTES(HEAD "\0abc")));
	t_check("without a ticket nothing is told", A.wire_len == 14 && says(&A, ""), A.log);
	forget(&A);
	feed(&A, imp_say(IMP_TX, IMP_DPP_FRAME, 0, TICKET, NONE, NONE));
	t_check("an empty frame is none", says(&A, "ANSWER -7 0 {}{} ") && !A.wire_len, A.log);
	forget(&A);
	{
		uint8_t big[MAX + 1] = {9, 0x50, 0x6f, 0x9a, 0x1a, 1};
		feed(&A, imp_say(IMP_TX, IMP_DPP_FRAME, 0, TICKET, NONE, imp_bytes(big, MAX + 1)));
		t_check("a frame that is too large is refused", says(&A, "ANSWER -6 0 {}{} ") && !A.wire_len, A.log);
		forget(&A);
		feed(&A, imp_say(IMP_TX, IMP_DPP_FRAME, 0, TICKET, NONE, imp_bytes(big, MAX)));
		t_check("the largest is not", says(&A, "ANSWER 0 0 {}{} ") && A.wire_len == MAX + 4, A.log);
	}
}

/* Five messages of both kinds, cut at every place and in pieces of every size. */
static void pieces(void)
{
	static const char stream[] = "\0\0\0\x08" HEAD "\0a" "\0\0\0\x11" "\x0a\x05" PROTO "\x03\0xyz" "\0\0\0\x07" HEAD "\x0b" "\0\0\0\x08" HEAD "\1b" "\0\0\0\x09" HEAD "\2cd";
	static const char want[] = "RX 0 0 {}{\\09Po\\9a\\1a\\01\\00a} RX 0 1 {}{xyz} RX 0 0 {}{\\09Po\\9a\\1a\\01\\0b} RX 0 0 {}{\\09Po\\9a\\1a\\01\\01b} RX 0 0 {}{\\09Po\\9a\\1a\\01\\02cd} ";
	size_t n = sizeof stream - 1, right = 0, tried = 0;
	for (size_t cut = 0; cut <= n; cut++, tried++) {
		server(&B);
		rx(&B, imp_bytes(stream, cut));
		rx(&B, imp_bytes(stream + cut, n - cut));
		pass(&B, 1);
		right += (size_t)says(&B, want);
	}
	t_check("two pieces, cut anywhere", right == tried, "");
	for (size_t size = 1, ok = 0; size <= n; size++) {
		server(&B);
		for (size_t at = 0; at < n; at += size)
			rx(&B, imp_bytes(stream + at, n - at < size ? n - at : size));
		pass(&B, 1);
		ok += (size_t)says(&B, want);
		if (size == n)
			t_check("pieces of any size", ok == n, B.log);
	}
	server(&B);
	rx(&B, imp_bytes(stream, n));
	t_check("one step delivers four messages, the next the others", !says(&B, want) && imp_session_deadline(B.s) == B.w.now, B.log);
	pass(&B, 0);
	t_check("which come with time", says(&B, want), B.log);
}

static void hostile(void)
{
	static const struct { const char *why, *bytes; size_t n; const char *log; } rows[] = {
		{"no length", "\0\0\0\0", 4, "SHUT -1 0 DOWN -1 0 "}, {"4 GB", "\xff\xff\xff\xff", 4, "SHUT -1 0 DOWN -1 0 "}, {"a byte too many", "\0\0\0\x55", 4, "SHUT -1 0 DOWN -1 0 "},
		{"the most there may be", "\0\0\0\x54", 4, ""}, {"HTTP", "GET / HTTP/1.1\r\n\r\n", 18, "SHUT -1 0 DOWN -1 0 "},
		{"another OUI", "\0\0\0\x07\x09\x50\x6f\x9b\x1a\x01\x00", 11, ""}, {"another suite", "\0\0\0\x07\x09\x50\x6f\x9a\x1a\x02\x00", 11, ""}, {"a head alone", "\0\0\0\x06\x09\x50\x6f\x9a\x1a\x01", 10, ""},
		{"one byte", "\0\0\0\x01\x09", 5, ""}, {"another action", "\0\0\0\x02\x0e\x00", 6, ""}, {"a query cut short", "\0\0\0\x04\x0a\x00\x6c\x08", 8, ""},
		{"a query longer than its frame", "\0\0\0\x0f\x0a\0" PROTO "\x09\0x", 19, ""}, {"another protocol", "\0\0\0\x0f\x0a\0\x6c\x08\x7f\xdd\x05\x50\x6f\x9a\x1a\x02\x01\0x", 19, ""},
		{"a response to nothing", "\0\0\0\x13\x0b\0\0\0\0\0" PROTO "\x01\0x", 23, ""}, {"a comeback to nothing", "\0\0\0\x02\x0c\x00", 6, ""},
		{"another response", "\0\0\0\x14\x0d\0\0\0\0\0\0" PROTO "\x01\0x", 24, ""},
	};
	char claim[96];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		server(&B);
		rx(&B, imp_bytes(rows[i].bytes, rows[i].n));
		snprintf(claim, sizeof claim, "hostile: %s", rows[i].why);
		t_check(claim, says(&B, rows[i].log) && !B.wire_len && imp_session_status(B.s) == IMP_OK, B.log);
		if (*rows[i].log || i == 3)
			continue;
		rx(&B, BYTES("\0\0\0\x08" HEAD "\0a"));
		t_check("and the link goes on", says(&B, "RX 0 0 {}{\\09Po\\9a\\1a\\01\\00a} "), B.log);
	}
}

static void floods(void)
{
	uint8_t many[2000];
	size_t n = 0;
	for (size_t i = 0; i + 5 <= sizeof many; i += 5, n++)
		memcpy(many + i, "\0\0\0\1\x0e", 5);
	server(&B);
	rx(&B, imp_bytes(many, 5 * 20));
	pass(&B, 0);
	t_check("many small messages wait for their turn", says(&B, "") && imp_session_deadline(B.s) == UINT64_MAX, B.log);
	rx(&B, imp_bytes(many, 5 * 30));
	t_check("more than can be held end the link", says(&B, "SHUT -6 0 DOWN -6 0 "), B.log);
	server(&B);
	rx(&B, BYTES("\0\0\0\x08" HEAD));
	pass(&B, IMP_DPPTCP_PART_MS - 1);
	t_check("a message may take its time", says(&B, ""), B.log);
	rx(&B, BYTES("\0"));
	pass(&B, 2);
	t_check("but not for ever, whatever trickles in", says(&B, "SHUT -8 0 DOWN -8 0 "), B.log);
	forget(&B);
	rx(&B, BYTES("\0\0\0\x08" HEAD "\0a"));
	t_check("after that nothing is heard", says(&B, ""), B.log);
}

/* --- queries --------------------------------------------------------------------------- */

static void queries(void)
{
	client(&A);
	server(&B);
	query(&A, TICKET, "question");
	t_check("a query is a GAS frame", wire_is(&A, BYTES("\0\0\0\x16\x0a\x01" PROTO "\x08\0question")), "");
	rx(&B, imp_bytes(A.wire, A.wire_len));
	t_check("it rises with a ticket", says(&B, "RX 0 1 {}{question} ") && B.ticket, B.log);
	query(&A, TICKET + 1, "another");
	t_check("one at a time", says(&A, "ANSWER -4 0 {}{} "), A.log);
	rx(&B, imp_bytes(A.wire, A.wire_len));
	t_check("and what the peer asks meanwhile is dropped", says(&B, "RX 0 1 {}{question} "), B.log);
	pass(&B, 3600000);
	feed(&B, imp_say(IMP_ANSWER, 0, 0, B.ticket + 1, NONE, TEXT("stale")));
	t_check("a stale ANSWER goes nowhere", !B.wire_len, "");
	feed(&B, imp_say(IMP_ANSWER, 0, 0, B.ticket, NONE, TEXT("answer")));
	t_check("the ANSWER is a response, however late", wire_is(&B, BYTES("\0\0\0\x18\x0b\x01\0\0\0\0" PROTO "\x06\0answer")), "");
	feed(&B, imp_say(IMP_ANSWER, 0, 0, B.ticket, NONE, TEXT("again")));
	t_check("and there is one", B.packets == 1, "");
	forget(&A);
	rx(&A, imp_bytes(B.wire, B.wire_len));
	t_check("it answers the query", says(&A, "ANSWER 0 0 {}{answer} "), A.log);
	rx(&A, imp_bytes(B.wire, B.wire_len));
	t_check("once", says(&A, "ANSWER 0 0 {}{answer} "), A.log);
	forget(&A);
	query(&A, TICKET, "");
	t_check("the next has another token; it may be empty", wire_is(&A, BYTES("\0\0\0\x0e\x0a\x02" PROTO "\0\0")), "");
	query(&A, 0, "x");
	t_check("a query without a ticket is none", A.packets == 1, "");
}

static void bad_responses(void)
{
	static const struct { const char *why; const char *bytes; size_t n; const char *log; } rows[] = {
		{"a refusal, with its status", "\x0b\1\x25\0\0\0" PROTO "\0\0", 18, "ANSWER -10 37 {}{} "}, {"another token", "\x0b\2\0\0\0\0" PROTO "\1\0x", 19, ""},
		{"a fragment of several", "\x0d\1\0\0\x80\0\0" PROTO "\1\0x", 20, "ANSWER -5 0 {}{} "}, {"the second of two", "\x0d\1\0\0\1\0\0" PROTO "\1\0x", 20, "ANSWER -5 0 {}{} "},
		{"a comeback's response", "\x0d\1\0\0\0\0\0" PROTO "\1\0x", 20, "ANSWER 0 0 {}{x} "}, {"another limit", "\x0b\1\0\0\0\0\x6c\x08\0\xdd\x05\x50\x6f\x9a\x1a\x01\1\0x", 19, "ANSWER 0 0 {}{x} "},
		{"elements behind it", "\x0b\1\0\0\0\0" PROTO "\1\0x\xdd\0", 21, "ANSWER 0 0 {}{x} "}, {"shorter than it says", "\x0b\1\0\0\0\0" PROTO "\2\0x", 19, ""},
		{"one byte too many for us", "\x0b\1\0\0\0\0" PROTO "\x41\0xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 83, "ANSWER -6 0 {}{} "},
	};
	char claim[96];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t be[4] = {0, 0, 0, (uint8_t)rows[i].n};
		client(&A);
		query(&A, TICKET, "q");
		rx(&A, imp_bytes(be, 4));
		rx(&A, imp_bytes(rows[i].bytes, rows[i].n));
		snprintf(claim, sizeof claim, "a response: %s", rows[i].why);
		t_check(claim, says(&A, rows[i].log), A.log);
	}
}

static void comebacks(void)
{
	client(&A);
	query(&A, TICKET, "q");
	forget(&A);
	rx(&A, BYTES("\0\0\0\x12\x0b\1\0\0\x0a\0" PROTO "\0\0"));
	t_check("come back in ten units: nothing yet", says(&A, "") && !A.wire_len, A.log);
	pass(&A, 9);
	t_check("not too early", !A.wire_len, "");
	pass(&A, 3);
	t_check("then it comes back", wire_is(&A, BYTES("\0\0\0\2\x0c\1")), "");
	rx(&A, BYTES("\0\0\0\x13\x0d\1\0\0\0\xff\xff" PROTO "\0\0"));
	forget(&A);
	pass(&A, 70000);
	t_check("and again, as often as it is told", wire_is(&A, BYTES("\0\0\0\2\x0c\1")) && says(&A, ""), A.log);
	rx(&A, BYTES("\0\0\0\x13\x0d\1\0\0\0\xff\xff" PROTO "\0\0"));
	pass(&A, IMP_DPPTCP_REPLY_MS);
	t_check("but not beyond its time", says(&A, "ANSWER -8 0 {}{} "), A.log);
	client(&A);
	{
		imp_msg m = imp_say(IMP_TX, IMP_DPP_GAS, 0, TICKET, NONE, TEXT("q"));
		m.when = 500;
		feed(&A, m);
	}
	pass(&A, 499);
	t_check("a query has the time it was given", says(&A, ""), A.log);
	pass(&A, 1);
	t_check("and no more", says(&A, "ANSWER -8 0 {}{} "), A.log);
	forget(&A);
	rx(&A, BYTES("\0\0\0\x13\x0b\1\0\0\0\0" PROTO "\1\0x"));
	t_check("a response after that is nobody's", says(&A, ""), A.log);
	server(&B);
	rx(&B, BYTES("\0\0\0\x0f\x0a\x09" PROTO "\1\0x"));
	feed(&B, imp_say(IMP_ANSWER, 0, IMP_EDENIED, B.ticket, NONE, NONE));
	t_check("a negative ANSWER makes no response", !B.wire_len, "");
	rx(&B, BYTES("\0\0\0\x0f\x0a\x0a" PROTO "\1\0y"));
	t_check("and the next query is heard", says(&B, "RX 0 1 {}{x} RX 0 1 {}{y} "), B.log);
	{
		uint8_t big[MAX + 1] = {0};
		feed(&B, imp_say(IMP_ANSWER, 0, 0, B.ticket, NONE, imp_bytes(big, sizeof big)));
		t_check("a response that is too large is a refusal", wire_is(&B, BYTES("\0\0\0\x12\x0b\x0a\1\0\0\0" PROTO "\0\0")), "");
	}
	forget(&A);
	query(&A, TICKET, "q");
	feed(&A, imp_say(IMP_DOWN, 0, IMP_ELINK, 0, NONE, NONE));
	pass(&A, IMP_DPPTCP_REPLY_MS + 1);
	t_check("DOWN voids the query", says(&A, "DOWN -9 0 "), A.log);
}

/* --- a peer that runs out of memory ------------------------------------------------------ */

static void starved(void)
{
	unsigned n = 1;
	int fine = 1;
	const imp_layer *hungry = starve_layer(&imp_dpptcp);
	for (;; n++) {
		starve_at(0);
		make(&A, hungry, MAX);
		starve_at(n);
		feed(&A, imp_say(IMP_UP, 0, 0, 0, NONE, NONE));
		rx(&A, BYTES("\0\0\0\x0f\x0a\x09" PROTO "\1\0x"));
		feed(&A, imp_say(IMP_ANSWER, 0, 0, A.ticket ? A.ticket : 1, NONE, TEXT("y")));
		feed(&A, imp_say(IMP_TX, 0, 0, TICKET, NONE, BYTES(HEAD "\0abc")));
		query(&A, TICKET, "q");
		rx(&A, BYTES("\0\0\0\x12\x0b\1\0\0\x0a\0" PROTO "\0\0"));
		pass(&A, 100);
		if (!starve_reached())
			break;
		fine = fine && imp_session_status(A.s) == IMP_OK;
	}
	starve_at(0);
	t_check("whatever fails for want of memory, the session lives", fine && n > 8, "");
}

/* --- relay: a cut, as dpptcp.h has it ------------------------------------------------------ */

int main(void)
{
	opening();
	frames();
	pieces();
	hostile();
	floods();
	queries();
	bad_responses();
	comebacks();
	starved();
	return t_end();
}
