/* bearers.c -- PB-ADV and PB-GATT frame by frame: what goes in, what comes out.
 *
 * The crypto is the fake one: every link id is fafafafa and every chance 22 ms. */
#include "bytes.h"
#include "crypto.h"
#include "pbadv.h"
#include "pbgatt.h"
#include "t.h"

#include <stdlib.h>

#define NONE imp_bytes(0, 0)
#define UUID "00112233445566778899aabbccddeeff"
#define LINK "29fafafafa"
#define THEIRS "2901020304"

enum { LOG = 4000, STEPS = 24 };

/* A step: o HEX (OPEN, name), x HEX (TX with ticket 7), r HEX (RX), s CODE (SHUT),
 * u CODE (UP), d (DOWN), w MS (time passes).  What comes out: T HEX, U code, D
 * code/topic, A code, R HEX, K HEX (a route), S code, O HEX. */
static const struct row {
	const char *why;
	const imp_layer *layer;
	int role;
	const char *in[STEPS];
	const char *out;
} rows[] = {
	{"a device sends its beacon every second", &imp_pbadv, IMP_DEVICE, {"o " UUID "8020", "w 2100"}, "T2b00" UUID "8020 T2b00" UUID "8020 T2b00" UUID "8020 "},
	{"a beacon with a URI hash", &imp_pbadv, IMP_DEVICE, {"o " UUID "0002d97478b3", "w 100"}, "T2b00" UUID "0002d97478b3 "},
	{"a name that is no beacon", &imp_pbadv, IMP_DEVICE, {"o 0011"}, "D-7/0 "},
	{"a link is opened to a device", &imp_pbadv, IMP_DEVICE, {"o " UUID, "w 50", "r " THEIRS "0003" UUID, "w 5000"}, "T2b00" UUID "0000 K01020304 U100 T" THEIRS "0007 "},
	{"... Link Open again is acknowledged again", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r " THEIRS "0003" UUID, "w 50"}, "K01020304 U100 T" THEIRS "0007 T" THEIRS "0007 "},
	{"... a second link is not answered", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r 29aabbccdd0003" UUID, "w 500"}, "K01020304 U100 T" THEIRS "0007 "},
	{"... nor one to another uuid", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "0003ff112233445566778899aabbccddeeff", "w 50"}, "T2b00" UUID "0000 "},
	{"... nor one whose uuid is cut", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "000300112233", "w 50"}, "T2b00" UUID "0000 "},
	{"a PDU of one segment", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r " THEIRS "00000002140000", "w 50"}, "K01020304 U100 T" THEIRS "0007 R0000 T" THEIRS "0001 "},
	{"... again: acknowledged, not delivered", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r " THEIRS "00000002140000", "w 50", "r " THEIRS "00000002140000", "w 50"},
	 "K01020304 U100 T" THEIRS "0007 R0000 T" THEIRS "0001 T" THEIRS "0001 "},
	{"a wrong check sequence", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r " THEIRS "00000002150000", "w 500"}, "K01020304 U100 T" THEIRS "0007 "},
	{"... and then the right one", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r " THEIRS "00000002150000", "r " THEIRS "00000002140000", "w 50"},
	 "K01020304 U100 T" THEIRS "0007 R0000 T" THEIRS "0001 "},
	{"three segments, the last first: it comes again", &imp_pbadv, IMP_DEVICE,
	 {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r " THEIRS "000600", "r " THEIRS "00040019ff000102030405060708090a0b0c0d0e0f10111213", "r " THEIRS "00061415161718", "w 50"},
	 "K01020304 U100 T" THEIRS "0007 "},
	{"a segment that overlaps: longer than it may be", &imp_pbadv, IMP_DEVICE,
	 {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r " THEIRS "00040019" "53000102030405060708090a0b0c0d0e0f10111213", "r " THEIRS "0006141516171819", "r " THEIRS "0006141516", "w 50"}, "K01020304 U100 T" THEIRS "0007 "},
	{"a segment twice with other bytes: the first counts", &imp_pbadv, IMP_DEVICE,
	 {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r " THEIRS "0004001953000102030405060708090a0b0c0d0e0f10111213", "r " THEIRS "0004001953ff0102030405060708090a0b0c0d0e0f10111213", "r " THEIRS "00061415161718", "w 50"},
	 "K01020304 U100 T" THEIRS "0007 R000102030405060708090a0b0c0d0e0f101112131415161718 T" THEIRS "0001 "},
	{"a number of segments that the length does not need", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r " THEIRS "00040002140000", "w 50"}, "K01020304 U100 T" THEIRS "0007 "},
	{"a PDU of no bytes, and one of more than there is room for", &imp_pbadv, IMP_DEVICE,
	 {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r " THEIRS "00000000ff", "r " THEIRS "00100065ff000102030405060708090a0b0c0d0e0f10111213", "w 50"}, "K01020304 U100 T" THEIRS "0007 "},
	{"a transaction that is not next", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r " THEIRS "02000002140000", "r " THEIRS "80000002140000", "w 50"}, "K01020304 U100 T" THEIRS "0007 "},
	{"another link's PDU", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "0003" UUID, "w 50", "r 29010203050000000214" "0000", "w 50"}, "K01020304 U100 T" THEIRS "0007 "},
	{"Link Close: success, timeout, fail, and one of the future", &imp_pbadv, IMP_DEVICE,
	 {"o " UUID, "r " THEIRS "0003" UUID, "r " THEIRS "000b00", "o " UUID, "r " THEIRS "0003" UUID, "r " THEIRS "000b01", "o " UUID, "r " THEIRS "0003" UUID, "r " THEIRS "000b02", "o " UUID, "r " THEIRS "0003" UUID, "r " THEIRS "000b99"},
	 "K01020304 U100 D0/0 K01020304 U100 D-8/1 K01020304 U100 D-10/2 K01020304 U100 D-10/153 "},
	{"another link's Link Close", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r " THEIRS "0003" UUID, "r 29010203050000b00", "w 50"}, "K01020304 U100 T" THEIRS "0007 "},
	{"frames that are none", &imp_pbadv, IMP_DEVICE, {"o " UUID, "r 29", "r 290102030400", "r 2a0102030400ff", "r ", "r " THEIRS "000f", "r " THEIRS "0005", "r " THEIRS "000b"}, ""},

	{"a provisioner opens a link, and once more after 1.5 s", &imp_pbadv, IMP_OWNER, {"o " UUID, "w 1600"}, "Kfafafafa T" LINK "0003" UUID " T" LINK "0003" UUID " "},
	{"... until 60 s have passed: Link Close with reason timeout, three times", &imp_pbadv, IMP_OWNER, {"o " UUID, "q 59900", "w 1000"}, "D-8/1 T" LINK "000b01 T" LINK "000b01 T" LINK "000b01 "},
	{"its name must be a uuid", &imp_pbadv, IMP_OWNER, {"o " UUID "0000"}, "D-7/0 "},
	{"a TX before the link is open", &imp_pbadv, IMP_OWNER, {"o " UUID, "x 0000"}, "Kfafafafa A-9 "},
	{"a TX, acknowledged; the next one has the next number", &imp_pbadv, IMP_OWNER, {"o " UUID, "r " LINK "0007", "x 0000", "w 30", "r " LINK "0001", "x 0001", "w 30"},
	 "Kfafafafa Kfafafafa U100 T" LINK "00000002140000 A0 T" LINK "01000002850001 "},
	{"... not acknowledged: again after half a second", &imp_pbadv, IMP_OWNER, {"o " UUID, "r " LINK "0007", "x 0000", "w 600"}, "Kfafafafa Kfafafafa U100 T" LINK "00000002140000 T" LINK "00000002140000 "},
	{"... for 30 s: the link is closed", &imp_pbadv, IMP_OWNER, {"o " UUID, "r " LINK "0007", "x 0000", "q 29900", "w 1000"}, "A-8 D-8/1 T" LINK "000b01 T" LINK "000b01 T" LINK "000b01 "},
	{"a wrong number does not acknowledge", &imp_pbadv, IMP_OWNER, {"o " UUID, "r " LINK "0007", "x 0000", "w 30", "r " LINK "0101", "r " LINK "8001", "r " LINK "000100"}, "Kfafafafa Kfafafafa U100 T" LINK "00000002140000 "},
	{"nor does one before the last segment has left", &imp_pbadv, IMP_OWNER, {"o " UUID, "r " LINK "0007", "x 0000", "r " LINK "0001"}, "Kfafafafa Kfafafafa U100 "},
	{"a PDU of the device acknowledges too", &imp_pbadv, IMP_OWNER, {"o " UUID, "r " LINK "0007", "x 0000", "w 30", "r " LINK "800000013e08"}, "Kfafafafa Kfafafafa U100 T" LINK "00000002140000 A0 R08 "},
	{"a second TX at once", &imp_pbadv, IMP_OWNER, {"o " UUID, "r " LINK "0007", "x 0000", "x 0001"}, "Kfafafafa Kfafafafa U100 A-4 "},
	{"SHUT: Link Close three times, then silence", &imp_pbadv, IMP_OWNER, {"o " UUID, "r " LINK "0007", "s 0", "w 5000"}, "Kfafafafa Kfafafafa U100 T" LINK "000b00 T" LINK "000b00 T" LINK "000b00 "},
	{"SHUT with a failure", &imp_pbadv, IMP_OWNER, {"o " UUID, "r " LINK "0007", "s -2", "w 30"}, "Kfafafafa Kfafafafa U100 T" LINK "000b02 "},
	{"SHUT while a TX is on its way", &imp_pbadv, IMP_OWNER, {"o " UUID, "r " LINK "0007", "x 0000", "s 0", "w 30"}, "Kfafafafa Kfafafafa U100 A-9 T" LINK "000b00 "},

	{"OPEN goes down, UP comes with the longest PDU", &imp_pbgatt, IMP_OWNER, {"o " UUID, "u 20"}, "O" UUID " U100 "},
	{"a TX of one value", &imp_pbgatt, IMP_OWNER, {"u 20", "x 0000"}, "U100 T030000 A0 "},
	{"of three", &imp_pbgatt, IMP_OWNER, {"u 20", "x 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"},
	 "U100 T43000102030405060708090a0b0c0d0e0f101112 T83131415161718191a1b1c1d1e1f202122232425 Tc32627 A0 "},
	{"of larger values", &imp_pbgatt, IMP_OWNER, {"u 60", "x 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"},
	 "U100 T03000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627 A0 "},
	{"a TX before the link is up", &imp_pbgatt, IMP_OWNER, {"x 0000"}, "A-9 "},
	{"a PDU in three values", &imp_pbgatt, IMP_OWNER, {"u 20", "r 430102", "r 8303", "r c304"}, "U100 R01020304 "},
	{"values of another type", &imp_pbgatt, IMP_OWNER, {"u 20", "r 000102", "r 420102", "r 03aa"}, "U100 Raa "},
	{"a middle without a beginning: the end", &imp_pbgatt, IMP_OWNER, {"u 20", "r 830102", "r 03aa"}, "U100 S-1 D-1/0 "},
	{"a last without a beginning", &imp_pbgatt, IMP_OWNER, {"u 20", "r c30102"}, "U100 S-1 D-1/0 "},
	{"a whole one in the middle", &imp_pbgatt, IMP_OWNER, {"u 20", "r 430102", "r 0301"}, "U100 S-1 D-1/0 "},
	{"two beginnings", &imp_pbgatt, IMP_OWNER, {"u 20", "r 430102", "r 4301"}, "U100 S-1 D-1/0 "},
	{"an empty segment", &imp_pbgatt, IMP_OWNER, {"u 20", "r 43"}, "U100 S-1 D-1/0 "},
	{"a middle that comes too late", &imp_pbgatt, IMP_OWNER, {"u 20", "r 430102", "w 20001"}, "U100 S-8 D-8/0 "},
	{"DOWN forgets what had come", &imp_pbgatt, IMP_OWNER, {"u 20", "r 430102", "d", "u 20", "r 03aa"}, "U100 D0/0 U100 Raa "},
};

static struct {
	imp_stack t;
	imp_session *s;
	imp_work w;
	char log[LOG];
	size_t n;
} e;

static void note(char what, const imp_msg *m, int with_data)
{
	imp_span s = with_data == 2 ? m->name : m->data;
	e.n += (size_t)snprintf(e.log + e.n, LOG - e.n, "%c", what);
	for (size_t i = 0; with_data && i < s.len && e.n + 4 < LOG; i++)
		e.n += (size_t)snprintf(e.log + e.n, LOG - e.n, "%02x", s.ptr[i]);
	if (!with_data && what == 'D')
		e.n += (size_t)snprintf(e.log + e.n, LOG - e.n, "%d/%u", m->code, m->topic);
	else if (!with_data)
		e.n += (size_t)snprintf(e.log + e.n, LOG - e.n, "%d", m->code);
	e.n += (size_t)snprintf(e.log + e.n, LOG - e.n, " ");
}

static void heard(const imp_msg *m)
{
	switch (m->verb) {
	case IMP_TX: note('T', m, 1); break;
	case IMP_RX: note('R', m, 1); break;
	case IMP_TELL: note('K', m, 2); break;
	case IMP_OPEN: note('O', m, 2); break;
	case IMP_UP: note('U', m, 0); break;
	case IMP_DOWN: note('D', m, 0); break;
	case IMP_ANSWER: note('A', m, 0); break;
	case IMP_SHUT: note('S', m, 0); break;
	}
}

static void feed(uint16_t verb, int32_t code, uint32_t ticket, imp_span name, imp_span data)
{
	imp_msg m = imp_say(verb, 0, code, ticket, name, data), o;
	imp_session_feed(e.s, &e.t, &e.w, &m);
	while (imp_session_poll(e.s, &e.w, &o))
		heard(&o);
}

static void pass(uint64_t ms)
{
	uint64_t until = e.w.now + ms;
	while (imp_session_deadline(e.s) <= until) {
		e.w.now = imp_session_deadline(e.s) > e.w.now ? imp_session_deadline(e.s) : e.w.now;
		feed(IMP_TICK, 0, 0, NONE, NONE);
	}
	e.w.now = until;
}

static void step(const char *s)
{
	uint8_t b[200];
	imp_span data = t_hex(s + 1, b, sizeof b);
	switch (*s) {
	case 'o': feed(IMP_OPEN, 0, 1, data, NONE); break;
	case 'x': feed(IMP_TX, 0, 7, NONE, data); break;
	case 'r': feed(IMP_RX, 0, 0, NONE, data); break;
	case 's': feed(IMP_SHUT, atoi(s + 1), 0, NONE, NONE); break;
	case 'u': feed(IMP_UP, atoi(s + 1), 1, NONE, NONE); break;
	case 'd': feed(IMP_DOWN, 0, 1, NONE, NONE); break;
	case 'w': pass((uint64_t)atoi(s + 1)); break;
	case 'q': pass((uint64_t)atoi(s + 1)); e.n = 0; break; /* not noted */
	}
}

static void run(const struct row *r)
{
	char text[160];
	size_t need;
	memset(&e, 0, sizeof e);
	e.t = (imp_stack){.size = sizeof e.t, .link = {{r->layer}}, .crypto = &imp_fake};
	e.t.params = (imp_params){.size = sizeof e.t.params, .role = (uint16_t)r->role, .max_msg = 100};
	need = (imp_session_need(&e.t) + 15) & ~(size_t)15;
	e.s = imp_session_init(aligned_alloc(16, need), need, &e.t);
	e.w.len = (imp_work_need(&e.t) + 15) & ~(size_t)15;
	e.w.mem = calloc(1, e.w.len);
	e.w.now = 1000;
	for (int i = 0; r->in[i]; i++)
		step(r->in[i]);
	snprintf(text, sizeof text, "%s: %s", r->layer->id, r->why);
	t_check(text, !strcmp(e.log, r->out), strcmp(e.log, r->out) ? e.log : "");
	free(e.s);
	free(e.w.mem);
}

/* --- triage ------------------------------------------------------------------ */

static const struct { const char *hex, *why; int is; size_t key, hint; } frames[] = {
	{"2b00" UUID "8020", "a beacon begins a session under its uuid", IMP_FRESH, 16, 18}, {"2b00" UUID "8022d97478b3", "one with a URI hash", IMP_FRESH, 16, 22},
	{"2b01" UUID "8020", "a beacon of another kind", IMP_DROP, 0, 0}, {"2b00" UUID "80", "a beacon that is cut", IMP_DROP, 0, 0},
	{THEIRS "0003" UUID, "Link Open belongs to the device of its uuid", IMP_KNOWN, 16, 0}, {THEIRS "00000002140000", "a segment to its link", IMP_KNOWN, 4, 0},
	{THEIRS "00", "a frame that is cut", IMP_DROP, 0, 0}, {"2a00", "another AD type", IMP_DROP, 0, 0}, {"", "nothing", IMP_DROP, 0, 0},
};

static void triage(void)
{
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
		uint8_t b[64], key[24], buf[16];
		size_t len = 0;
		imp_span hint;
		imp_msg rx = imp_say(IMP_RX, 0, 0, 0, NONE, t_hex(frames[i].hex, b, sizeof b)), reply;
		int is = imp_pbadv.triage(&imp_fake, NONE, 0, &rx, key, &len, &hint, &reply, buf, sizeof buf);
		char text[100];
		snprintf(text, sizeof text, "triage: %s", frames[i].why);
		t_check(text, is == frames[i].is && hint.len == frames[i].hint && (is == IMP_DROP || len == frames[i].key), "");
	}
}

/* Numbers wrap: 300 PDUs one way. */
static void wrap(void)
{
	static const struct row r = {"", &imp_pbadv, IMP_OWNER, {"o " UUID, "r " LINK "0007"}, ""};
	int ok = 1;
	size_t need;
	memset(&e, 0, sizeof e);
	e.t = (imp_stack){.size = sizeof e.t, .link = {{r.layer}}, .crypto = &imp_fake, .params = {.size = sizeof e.t.params, .role = IMP_OWNER, .max_msg = 100}};
	need = (imp_session_need(&e.t) + 15) & ~(size_t)15;
	e.s = imp_session_init(aligned_alloc(16, need), need, &e.t);
	e.w.len = (imp_work_need(&e.t) + 15) & ~(size_t)15;
	e.w.mem = calloc(1, e.w.len);
	step(r.in[0]);
	step(r.in[1]);
	for (unsigned i = 0; i < 300; i++) {
		char ack[20], want[40];
		e.n = 0;
		step("x 0000");
		pass(30);
		snprintf(want, sizeof want, "T" LINK "%02x000002140000 A0 ", i & 0x7f);
		snprintf(ack, sizeof ack, "r " LINK "%02x01", i & 0x7f);
		step(ack);
		ok &= !strcmp(e.log, want);
	}
	t_check("imp.pbadv: transaction numbers wrap from 7f to 00", ok, e.log);
	free(e.s);
	free(e.w.mem);
}

int main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		run(&rows[i]);
	wrap();
	triage();
	return t_end();
}
