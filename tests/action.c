/* action.c -- DPP on the air: frames, and GAS with fragments and comebacks,
 * between two stations that lose what they send. */
#include "action.h"
#include "dpplink.h"
#include "link_end.h"
#include "starve.h"
#include "t.h"

#define HEAD "\x09\x50\x6f\x9a\x1a\x01"
#define PROTO "\x6c\x08\x7f\xdd\x05\x50\x6f\x9a\x1a\x01"
enum { MAX = 600, MTU = 100, TICKET = 7 };

static struct end A, B;
static const char a_mac[] = "\2AAAAA", b_mac[] = "\2BBBBB";

static imp_span mac(const char *m)
{
	return imp_bytes(m, 6);
}

static void station(struct end *e, const char *own, const char *name, int32_t mtu)
{
	imp_msg up = imp_say(IMP_UP, 0, mtu, 5, mac(own), NONE);
	make(e, &imp_action, MAX);
	feed(e, imp_say(IMP_OPEN, 0, 0, 5, TEXT(name), NONE));
	feed(e, up);
	forget(e);
}

static void both(void)
{
	station(&A, a_mac, "dpp://024242424242", MTU);
	station(&B, b_mac, "dpp:", MTU);
}

static void rx(struct end *e, const char *from, imp_span data)
{
	imp_msg m = imp_say(IMP_RX, 0, 81 << 8 | 6, 0, mac(from), data);
	feed(e, m);
}

static void query(struct end *e, imp_span q)
{
	feed(e, imp_say(IMP_TX, IMP_DPP_GAS, 0, TICKET, NONE, q));
}

static void answer(struct end *e, imp_span data)
{
	feed(e, imp_say(IMP_ANSWER, 0, 0, e->ticket, NONE, data));
}

/* Everything that `from` has sent goes to `to`, but for packets that `lost`
 * says; each one's status is told.  Returns how many there were. */
static int carry(struct end *from, struct end *to, const char *from_mac, int (*lost)(void))
{
	static struct packet p[PACKETS];
	static uint8_t wire[WIRE];
	int n = from->packets;
	memcpy(p, from->packet, sizeof p);
	memcpy(wire, from->wire, from->wire_len);
	from->packets = 0;
	from->wire_len = 0;
	for (int i = 0; i < n; i++) {
		int gone = lost && lost();
		if (!gone)
			rx(to, from_mac, imp_bytes(wire + p[i].at, p[i].len));
		if (p[i].ticket)
			feed(from, imp_say(IMP_ANSWER, 0, gone ? IMP_ELINK : IMP_OK, p[i].ticket, NONE, NONE));
	}
	return n;
}

/* Until nothing is sent any more; at most so long. */
static void converse(int (*lost)(void), uint64_t ms)
{
	for (uint64_t t = 0; t < ms; t += 10) {
		while (carry(&A, &B, a_mac, lost) + carry(&B, &A, b_mac, lost))
			;
		pass(&A, 10);
		pass(&B, 10);
	}
}

/* --- opening ------------------------------------------------------------------------ */

static void opening(void)
{
	static const struct { const char *name, *log; } rows[] = {
		{"dpp:", "OPEN 0 0 {dpp:}{} "}, {"dpp:\nchannels: 81/1", "OPEN 0 0 {dpp:\\0achannels: 81/1}{} "}, {"dpp://0a1b2c3d4e5f", "OPEN 0 0 {dpp://0a1b2c3d4e5f}{} "},
		{"", "DOWN -7 0 "}, {"tcp://0a1b2c3d4e5f", "DOWN -7 0 "}, {"dpp://", "DOWN -7 0 "}, {"dpp://host.example", "DOWN -7 0 "}, {"dpp://0a1b2c3d4e5", "DOWN -7 0 "},
		{"dpp://0a1b2c3d4e5f6", "DOWN -7 0 "}, {"dpp://0A1b2c3d4e5f", "DOWN -7 0 "}, {"dpp://0g1b2c3d4e5f", "DOWN -7 0 "}, {"dpp:/00a1b2c3d4e5f", "DOWN -7 0 "},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		make(&A, &imp_action, MAX);
		feed(&A, imp_say(IMP_OPEN, 0, 0, 5, TEXT(rows[i].name), NONE));
		t_check("OPEN names a station or nobody", says(&A, rows[i].log), A.log);
	}
}

/* --- frames ------------------------------------------------------------------------ */

static void frames(void)
{
	imp_msg m = imp_say(IMP_TX, 0, 81 << 8 | 11, TICKET, mac(b_mac), BYTES(HEAD "\0abc"));
	make(&A, &imp_action, MAX);
	feed(&A, m);
	t_check("nothing is sent before the radio is ready", says(&A, "ANSWER -9 0 {}{} ") && !A.packets, A.log);
	forget(&A);
	feed(&A, imp_say(IMP_OPEN, 0, 0, 5, TEXT("dpp://024242424242\nchannels: 81/1"), NONE));
	feed(&A, imp_say(IMP_UP, 0, MTU, 5, mac(a_mac), NONE));
	t_check("OPEN goes down as it is, UP tells that frames get lost and how long they may be", says(&A, "OPEN 0 0 {dpp://024242424242\\0achannels: 81/1}{} UP 99 0 "), A.log);
	forget(&A);
	m.when = 500;
	feed(&A, m);
	t_check("a frame goes out behind its category, with channel, dwell and ticket", A.packets == 1 && wire_is(&A, BYTES("\4" HEAD "\0abc"))
		&& A.packet[0].code == (81 << 8 | 11) && A.packet[0].when == 500 && A.packet[0].ticket, "");
	feed(&A, imp_say(IMP_ANSWER, 0, IMP_OK, A.packet[0].ticket, NONE, NONE));
	t_check("its status is told", says(&A, "ANSWER 0 0 {}{} "), A.log);
	forget(&A);
	feed(&A, m);
	feed(&A, imp_say(IMP_ANSWER, 0, IMP_ELINK, A.packet[0].ticket, NONE, NONE));
	t_check("also a bad one", says(&A, "ANSWER -9 0 {}{} "), A.log);
	forget(&A);
	feed(&A, m);
	m.ticket = TICKET + 1;
	feed(&A, m);
	t_check("one ticket at a time", says(&A, "ANSWER -8 0 {}{} ") && A.packets == 2, A.log);
	forget(&A);
	rx(&A, b_mac, BYTES("\4" HEAD "\1xyz"));
	t_check("a frame rises without its category, with its sender and channel", says(&A, "RX 20742 0 {\\02BBBBB}{\\09Po\\9a\\1a\\01\\01xyz} "), A.log);
}

static void bad_frames(void)
{
	static const struct { const char *why, *bytes; size_t n; } rows[] = {
		{"another category", "\5" HEAD "\0abc", 11}, {"another OUI", "\4\x09\x50\x6f\x9b\x1a\x01\0a", 9}, {"a head alone", "\4" HEAD, 7}, {"nothing", "", 0}, {"a category alone", "\4", 1},
		{"another action", "\4\x01\x00", 3}, {"half a query", "\4\x0a\x01\x6c\x08", 5}, {"a response to nothing", "\4\x0b\x01\0\0\0\0" PROTO "\1\0x", 20}, {"a comeback to nothing", "\4\x0c\x01", 3},
	};
	uint8_t big[MTU + 1] = {9, 0x50, 0x6f, 0x9a, 0x1a, 1};
	imp_msg m = imp_say(IMP_TX, 0, 0, TICKET, NONE, imp_bytes(big, MTU));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		both();
		rx(&A, b_mac, imp_bytes(rows[i].bytes, rows[i].n));
		t_check("what is none of ours is ignored", says(&A, "") && !A.packets, rows[i].why);
	}
	rx(&A, "\2BBBBB", BYTES("\4" HEAD "\0a"));
	forget(&A);
	feed(&A, m);
	t_check("a frame that is too long is refused", says(&A, "ANSWER -6 0 {}{} ") && !A.packets, A.log);
	m.data = imp_bytes(big, MTU - 1);
	m.name = BYTES("\1\2\3");
	forget(&A);
	feed(&A, m);
	t_check("and an address that is none", says(&A, "ANSWER -7 0 {}{} ") && !A.packets, A.log);
	both();
	m.name = NONE;
	feed(&B, m);
	t_check("nobody is meant yet", says(&B, "ANSWER -7 0 {}{} ") && !B.packets, B.log);
	forget(&B);
	m.flags = IMP_GROUP;
	feed(&B, m);
	t_check("but everybody may be", B.packets == 1 && (B.packet[0].flags & IMP_GROUP), B.log);
}

/* --- GAS ------------------------------------------------------------------------------ */

static uint8_t pattern[MAX + 1];

static int answered_with(size_t n)
{
	static char want[LOG];
	struct end e;
	e.log_len = 0;
	note(&e, TEXT("ANSWER 0 0 {}{"));
	note(&e, imp_bytes(pattern, n));
	note(&e, TEXT("} "));
	memcpy(want, e.log, e.log_len + 1);
	return says(&A, want);
}

static uint32_t rnd(void)
{
	static uint32_t x = 12345;
	x = x * 1103515245u + 12345u;
	return x >> 16;
}

static int lose_some(void)
{
	return rnd() % 10 < 3;
}

static int lose_few(void)
{
	return rnd() % 10 < 1;
}

static void whole(void)
{
	both();
	query(&A, TEXT("q"));
	t_check("a query goes out", wire_is(&A, BYTES("\4\x0a\1" PROTO "\1\0q")), "");
	carry(&A, &B, a_mac, NULL);
	t_check("rises with a ticket and its sender", says(&B, "RX 20742 1 {\\02AAAAA}{q} "), B.log);
	answer(&B, TEXT("r"));
	t_check("its answer goes in one frame", wire_is(&B, BYTES("\4\x0b\1\0\0\0\0" PROTO "\1\0r")), "");
	carry(&B, &A, "\2CCCCC", NULL);
	t_check("another station's is not it", says(&A, ""), A.log);
	query(&A, TEXT("q2"));
	t_check("one query at a time", says(&A, "ANSWER -4 0 {}{} "), A.log);
	both();
	rx(&A, "\2BBBBB", BYTES("\4" HEAD "\0a"));
	forget(&A);
	query(&A, TEXT("q"));
	carry(&A, &B, a_mac, NULL);
	answer(&B, TEXT("r"));
	carry(&B, &A, b_mac, NULL);
	t_check("the right one's is", says(&A, "ANSWER 0 0 {}{r} "), A.log);
	query(&A, TEXT("next"));
	carry(&A, &B, a_mac, NULL);
	t_check("then there may be another", strstr(B.log, "{next}") != NULL, B.log);
}

/* Both know each other: A asks, B answers n bytes after `think` ms. */
static void exchange(size_t n, uint64_t think, int (*lost)(void))
{
	both();
	rx(&A, b_mac, BYTES("\4" HEAD "\0a"));
	forget(&A);
	query(&A, TEXT("q"));
	for (int i = 0; i < 4 && !B.log_len; i++)
		converse(lost, IMP_GAS_RETRY_MS);
	converse(lost, think + 1);
	if (B.log_len)
		answer(&B, imp_bytes(pattern, n));
	converse(lost, 30000);
}

static void fragments(void)
{
	size_t sizes[] = {0, 1, MTU - 21, MTU - 20, MTU, 2 * (MTU - 21), 2 * (MTU - 21) + 1, MAX};
	char claim[96];
	for (size_t i = 0; i < MAX; i++)
		pattern[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (uint64_t think = 0; think <= 3000; think += 3000) {
			exchange(sizes[i], think, NULL);
			snprintf(claim, sizeof claim, "%zu bytes, %s: all arrive", sizes[i], think ? "after some thought" : "at once");
			t_check(claim, answered_with(sizes[i]), A.log);
		}
	}
	exchange(MAX, 0, NULL);
	for (int i = 0, ok = 0; i < 40; i++) {
		exchange(MAX, i % 2 ? 2000 : 0, lose_some);
		ok += answered_with(MAX) || says(&A, "ANSWER -8 0 {}{} ");
		if (i == 39)
			t_check("three of ten frames are lost: all arrives, or it is given up", ok == 40, A.log);
	}
	for (int i = 0, ok = 0; i < 40; i++) {
		exchange(MAX, 0, lose_few);
		ok += answered_with(MAX);
		if (i == 39)
			t_check("one of ten: it arrives", ok >= 39, "");
	}
}

static void silence(void)
{
	both();
	query(&A, TEXT("q"));
	pass(&A, IMP_GAS_TRIES * IMP_GAS_RETRY_MS - 1);
	t_check("a query that nobody answers is repeated", A.packets == IMP_GAS_TRIES && says(&A, ""), A.log);
	pass(&A, 1);
	t_check("and given up", says(&A, "ANSWER -8 0 {}{} "), A.log);
	both();
	rx(&A, b_mac, BYTES("\4" HEAD "\0a"));
	forget(&A);
	query(&A, TEXT("q"));
	for (uint64_t t = 0; t < IMP_GAS_REPLY_MS + 1000; t += 1000)
		converse(NULL, 1000);
	t_check("nobody waits for ever for one who thinks", says(&A, "ANSWER -8 0 {}{} "), A.log);
	answer(&B, TEXT("late"));
	converse(NULL, 100);
	t_check("an answer after that is nobody's", says(&A, "ANSWER -8 0 {}{} "), A.log);
	both();
	rx(&B, a_mac, BYTES("\4\x0a\x09" PROTO "\1\0x"));
	rx(&B, a_mac, BYTES("\4\x0a\x09" PROTO "\1\0x"));
	t_check("a repeated query rises once", says(&B, "RX 20742 1 {\\02AAAAA}{x} "), B.log);
	feed(&B, imp_say(IMP_ANSWER, 0, IMP_EDENIED, B.ticket, NONE, NONE));
	t_check("a negative ANSWER makes no response", !B.packets, "");
	rx(&B, a_mac, BYTES("\4\x0a\x0a" PROTO "\1\0y"));
	rx(&B, "\2CCCCC", BYTES("\4\x0a\x0b" PROTO "\1\0z"));
	t_check("another station's query waits its turn", says(&B, "RX 20742 1 {\\02AAAAA}{x} RX 20742 1 {\\02AAAAA}{y} "), B.log);
	answer(&B, TEXT("r"));
	rx(&B, a_mac, BYTES("\4\x0a\x0a" PROTO "\1\0y"));
	t_check("the response again when the query comes again", B.packets == 2 && B.packet[0].len == B.packet[1].len, "");
	answer(&B, imp_bytes(pattern, sizeof pattern));
	t_check("a second answer is nobody's", B.packets == 2, "");
	rx(&B, "\2CCCCC", BYTES("\4\x0a\x0b" PROTO "\1\0z"));
	answer(&B, imp_bytes(pattern, sizeof pattern));
	t_check("a response that is too large is a refusal", B.packets == 3 && !memcmp(B.wire + B.packet[2].at, "\4\x0b\x0b\1\0", 5), "");
}

static void bad_fragments(void)
{
	static const struct { const char *why, *bytes; size_t n; const char *log; } rows[] = {
		{"a refusal", "\4\x0d\1\x25\0\0\0\0" PROTO "\0\0", 20, "ANSWER -10 37 {}{} "}, {"the wrong fragment", "\4\x0d\1\0\0\1\0\0" PROTO "\1\0x", 21, ""},
		{"another token", "\4\x0d\2\0\0\0\0\0" PROTO "\1\0x", 21, ""}, {"the first response again", "\4\x0b\1\0\0\x0a\0" PROTO "\0\0", 19, ""},
		{"the last", "\4\x0d\1\0\0\0\0\0" PROTO "\1\0x", 21, "ANSWER 0 0 {}{x} "},
	};
	uint8_t big[200] = "\4\x0d\1\0\0\x80\0\0" PROTO "\xb4\0";
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		both();
		rx(&A, b_mac, BYTES("\4" HEAD "\0a"));
		forget(&A);
		query(&A, TEXT("q"));
		rx(&A, b_mac, BYTES("\4\x0b\1\0\0\x0a\0" PROTO "\0\0"));
		pass(&A, 20);
		rx(&A, b_mac, imp_bytes(rows[i].bytes, rows[i].n));
		t_check("a comeback is answered", says(&A, rows[i].log), rows[i].why);
	}
	both();
	rx(&A, b_mac, BYTES("\4" HEAD "\0a"));
	forget(&A);
	query(&A, TEXT("q"));
	rx(&A, b_mac, BYTES("\4\x0b\1\0\0\x0a\0" PROTO "\0\0"));
	pass(&A, 20);
	for (uint8_t i = 0; i < 4; i++) {
		big[5] = 0x80 | i;
		rx(&A, b_mac, imp_bytes(big, 20 + 180));
	}
	t_check("more than there is memory for is refused", says(&A, "ANSWER -6 0 {}{} "), A.log);
}

static void starved(void)
{
	unsigned n = 1;
	int fine = 1;
	const imp_layer *hungry = starve_layer(&imp_action);
	for (;; n++) {
		starve_at(0);
		make(&A, hungry, MAX);
		starve_at(n);
		feed(&A, imp_say(IMP_UP, 0, MTU, 0, mac(a_mac), NONE));
		rx(&A, b_mac, BYTES("\4\x0a\x09" PROTO "\1\0x"));
		feed(&A, imp_say(IMP_ANSWER, 0, 0, A.ticket ? A.ticket : 1, NONE, imp_bytes(pattern, MAX)));
		rx(&A, b_mac, BYTES("\4\x0c\x09"));
		feed(&A, imp_say(IMP_TX, 0, 0, TICKET, mac(b_mac), BYTES(HEAD "\0abc")));
		rx(&A, b_mac, BYTES("\4" HEAD "\0a"));
		query(&A, TEXT("q"));
		rx(&A, b_mac, BYTES("\4\x0b\1\0\0\x0a\0" PROTO "\0\0"));
		pass(&A, 100);
		if (!starve_reached())
			break;
		fine = fine && imp_session_status(A.s) == IMP_OK;
	}
	starve_at(0);
	t_check("whatever fails for want of memory, the session lives", fine && n > 8, "");
}

int main(void)
{
	opening();
	frames();
	bad_frames();
	whole();
	fragments();
	silence();
	bad_fragments();
	starved();
	return t_end();
}
