/* pkex.c -- PKEX back to back on every curve, both versions, with the codes and
 * frames of people who do not know better; wrong guesses are counted. */
#include "alg.h"
#include "crypto.h"
#include "guard.h"
#include "pkex.h"
#include "t.h"

static const imp_crypto *C = &imp_openssl;
static const imp_span none;

static struct side { struct dpp_auth a; struct dpp_pkex p; } I, R;
static uint8_t bytes[1024], room[1024];
static imp_wr w;
static dpp_frame f;

static imp_span text(const char *s)
{
	return imp_bytes(s, strlen(s));
}

static void begin(const dpp_curve *v, int version, const char *icode, const char *rcode)
{
	static const uint8_t macs[2][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};
	struct side *both[2] = {&I, &R};
	memset(&I, 0, sizeof I);
	memset(&R, 0, sizeof R);
	for (int i = 0; i < 2; i++) {
		while (dpp_curve_at(both[i]->a.curve) != v)
			both[i]->a.curve++;
		dpp_auth_own(&both[i]->a, C, NULL);
		dpp_pkex_set(&both[i]->p, text(i ? rcode : icode), text("id"));
		both[i]->p.version = (uint8_t)version;
		memcpy(both[i]->p.mac, macs, sizeof macs);
	}
}

static imp_wr *to(void)
{
	w = imp_wr_to(bytes, sizeof bytes);
	return &w;
}

static int sent(imp_status st)
{
	return !st && !dpp_frame_read(imp_wr_span(&w), &f);
}

/* Request and response; the last frame stays in `f`. */
static int exchanged(void)
{
	dpp_pkex_asked q;
	int status = 99;
	uint16_t group;
	return sent(dpp_pkex_request(&I.p, &I.a, C, to())) && !dpp_pkex_read_request(&f, &q) && imp_same(q.id, text("id"))
		&& sent(dpp_pkex_response(&R.p, &R.a, C, &q, to())) && !dpp_pkex_read_response(&I.p, &I.a, C, &f, &status, &group) && status == DPP_OK;
}

static int revealed(void)
{
	return sent(dpp_pkex_reveal(&I.p, &I.a, C, to(), room)) && !dpp_pkex_read_reveal(&R.p, &R.a, C, &f, room)
		&& sent(dpp_pkex_reveal(&R.p, &R.a, C, to(), room)) && !dpp_pkex_read_reveal(&I.p, &I.a, C, &f, room);
}

static int agreed(const dpp_curve *v)
{
	size_t n = 1 + 2 * (size_t)v->prime_len;
	return !memcmp(I.a.peer_B, R.a.own_B, n) && !memcmp(R.a.peer_B, I.a.own_B, n) && !memcmp(I.a.peer_hash, R.a.own_hash, DPP_KEY_HASH) && I.a.known && R.a.known;
}

static void every_curve(void)
{
	char claim[96];
	for (unsigned i = 0; i < DPP_CURVES; i++) {
		const dpp_curve *v = dpp_curve_at(i);
		for (int version = 1; version <= 2; version++) {
			uint8_t out[DPP_POINT];
			size_t n = sizeof out, m = sizeof out;
			snprintf(claim, sizeof claim, "group %d, PKEX %d: the keys are exchanged", v->group, version);
			begin(v, version, "code", "code");
			t_check(claim, exchanged() && revealed() && agreed(v) && !I.p.failed && !R.p.failed, "");
			snprintf(claim, sizeof claim, "group %d, PKEX %d: not with another code", v->group, version);
			begin(v, version, "code", "Code");
			t_check(claim, exchanged() && sent(dpp_pkex_reveal(&I.p, &I.a, C, to(), room)) && dpp_pkex_read_reveal(&R.p, &R.a, C, &f, room) == IMP_EAUTH
				&& R.p.failed == 1 && !R.a.known, "");
			t_check("its elements are on the curve", !C->point(C, v->curve, dpp_pkex_point(v, 0), out, &n) && !C->point(C, v->curve, dpp_pkex_point(v, 1), out, &m), "");
		}
	}
}

static void what_counts(void)
{
	const dpp_curve *v = dpp_curve_at(0);
	begin(v, 1, "code", "code");
	I.p.mac[0][5] ^= 1;
	t_check("PKEX 1: another initiator's address is another code", exchanged() && !revealed() && R.p.failed == 1, "");
	begin(v, 1, "code", "code");
	R.p.mac[1][5] ^= 1;
	t_check("PKEX 1: another responder's too", exchanged() && !revealed() && R.p.failed == 1, "");
	begin(v, 2, "code", "code");
	R.p.mac[1][5] ^= 1;
	t_check("PKEX 2: addresses do not count", exchanged() && revealed() && agreed(v), "");
	begin(v, 2, "code", "code");
	R.p.id[0] ^= 1;
	t_check("another identifier is not answered for", !exchanged(), "");
	begin(v, 2, "code", "code");
	t_check("codes and identifiers have their lengths", dpp_pkex_set(&I.p, none, none) == IMP_EARG && dpp_pkex_set(&I.p, imp_bytes(bytes, DPP_CODE + 1), none) == IMP_EARG
		&& dpp_pkex_set(&I.p, text("c"), imp_bytes(bytes, DPP_CODE_NAME + 1)) == IMP_EARG && !dpp_pkex_set(&I.p, imp_bytes(bytes, DPP_CODE), imp_bytes(bytes, DPP_CODE_NAME)), "");
}

/* After five wrong guesses a code is burnt, even for who knows it. */
static void guesses(void)
{
	const dpp_curve *v = dpp_curve_at(0);
	dpp_pkex_asked q;
	int status;
	uint16_t group;
	begin(v, 2, "wrong", "code");
	for (int i = 1; i <= DPP_PKEX_GUESSES; i++)
		t_check("a wrong guess is counted", exchanged() && !revealed() && R.p.failed == i, "");
	dpp_pkex_set(&I.p, text("code"), text("id"));
	t_check("then the right code is refused too", sent(dpp_pkex_request(&I.p, &I.a, C, to())) && !dpp_pkex_read_request(&f, &q)
		&& dpp_pkex_response(&R.p, &R.a, C, &q, to()) == IMP_EDENIED && !w.len, "");
	begin(v, 2, "code", "code");
	R.p.failed = DPP_PKEX_GUESSES - 1;
	t_check("one guess left is enough for the right one", exchanged() && revealed() && agreed(v), "");
	begin(v, 2, "code", "wrong");
	for (int i = 1; i <= DPP_PKEX_GUESSES; i++) {
		exchanged();
		sent(dpp_pkex_reveal(&R.p, &R.a, C, to(), room));
		t_check("an initiator counts as well", dpp_pkex_read_reveal(&I.p, &I.a, C, &f, room) == IMP_EAUTH && I.p.failed == i, "");
	}
	t_check("and stops", dpp_pkex_request(&I.p, &I.a, C, to()) == IMP_EDENIED && dpp_pkex_read_reveal(&I.p, &I.a, C, &f, room) == IMP_EDENIED
		&& dpp_pkex_read_response(&I.p, &I.a, C, &f, &status, &group) == IMP_EDENIED, "");
}

static void altered_reveals(void)
{
	const dpp_curve *v = dpp_curve_at(0);
	struct side before;
	size_t refused = 0, len;
	imp_span wrapped;
	begin(v, 2, "code", "code");
	exchanged();
	sent(dpp_pkex_reveal(&I.p, &I.a, C, to(), room));
	before = R;
	len = w.len;
	wrapped = f.attrs.wrapped;
	for (size_t i = 0; i < wrapped.len; i++) {
		R = before;
		bytes[(size_t)(wrapped.ptr - bytes) + i] ^= 1;
		refused += dpp_pkex_read_reveal(&R.p, &R.a, C, &f, room) == IMP_EAUTH && !memcmp(&R.a, &before.a, sizeof R.a) && R.p.failed == 1;
		bytes[(size_t)(wrapped.ptr - bytes) + i] ^= 1;
	}
	t_check("a reveal altered anywhere is a wrong guess and changes nothing", len && refused == wrapped.len, "");
	R = before;
	t_check("a reveal of the other side's kind is ignored", dpp_pkex_read_reveal(&I.p, &I.a, C, &f, room) == IMP_PASS && !I.p.failed, "");
	t_check("whole it is good", !dpp_pkex_read_reveal(&R.p, &R.a, C, &f, room), "");
	/* our own key, sent back with a proof of its own: whoever knows z could do that */
	memcpy(R.a.own_b, I.a.own_b, sizeof R.a.own_b);
	memcpy(R.a.own_B, I.a.own_B, sizeof R.a.own_B);
	sent(dpp_pkex_reveal(&R.p, &R.a, C, to(), room));
	t_check("our own key is nobody else's", dpp_pkex_read_reveal(&I.p, &I.a, C, &f, room) == IMP_EAUTH && !I.a.known, "");
}

/* The peer's encrypted key is such that nothing is left when it is decrypted. */
static int infinity(const dpp_curve *v, struct side *s, int responder)
{
	uint8_t h[DPP_HASH], enc[DPP_POINT];
	imp_span part[2] = {text("id"), text("code")};
	size_t n = sizeof enc;
	dpp_pkex_asked q = {v, 2, 3, text("id"), none};
	int status;
	uint16_t group;
	imp_hash(C, v->hash, part, 2, h);
	C->muladd(C, v->curve, imp_bytes(h, v->hash_len), dpp_pkex_point(v, responder), none, none, enc, &n);
	q.key = dpp_point_xy(v, enc);
	if (!responder)
		return dpp_pkex_response(&s->p, &s->a, C, &q, to()) == IMP_EBADMSG;
	dpp_put_head(to(), DPP_PKEX_RESP);
	dpp_put_attr_u8(&w, DPP_STATUS, DPP_OK);
	dpp_put_attr_u8(&w, DPP_VERSION, 3);
	dpp_put_attr(&w, DPP_CODE_ID, text("id"));
	dpp_put_attr(&w, DPP_ENCRYPTED_KEY, q.key);
	return sent(IMP_OK) && dpp_pkex_read_response(&s->p, &s->a, C, &f, &status, &group) == IMP_EBADMSG;
}

static void bad_points(void)
{
	dpp_pkex_asked q = {dpp_curve_at(0), 2, 3, text("id"), none};
	uint8_t off[64] = {1};
	for (unsigned i = 0; i < DPP_CURVES; i++) {
		const dpp_curve *v = dpp_curve_at(i);
		begin(v, 2, "code", "code");
		dpp_pkex_request(&I.p, &I.a, C, to());
		t_check("an encrypted key that decrypts to infinity is refused by both", infinity(v, &R, 0) && infinity(v, &I, 1), "");
	}
	begin(dpp_curve_at(0), 2, "code", "code");
	q.key = imp_bytes(off, 64);
	t_check("so is one off the curve", dpp_pkex_response(&R.p, &R.a, C, &q, to()) == IMP_EBADMSG, "");
	q.key = imp_bytes(off, 63);
	t_check("and a short one", dpp_pkex_response(&R.p, &R.a, C, &q, to()) == IMP_EBADMSG, "");
	q.curve = dpp_curve_at(1);
	t_check("a key of another curve is the caller's mistake", dpp_pkex_response(&R.p, &R.a, C, &q, to()) == IMP_EARG, "");
}

/* Frames of attributes: type, then "id length value" as bytes. */
static const struct { const char *why; uint8_t type; const char *attrs; size_t n; imp_status st; } requests[] = {
	{"no group", 18, "\x19\x10\1\0\3" "\x13\x10\2\0ab", 11, IMP_EBADMSG},
	{"no key", 18, "\x19\x10\1\0\3" "\x12\x10\2\0\x13\0", 11, IMP_EBADMSG},
	{"no version", 18, "\x12\x10\2\0\x13\0" "\x13\x10\2\0ab", 12, IMP_EBADMSG},
	{"version 0", 18, "\x19\x10\1\0\0" "\x12\x10\2\0\x13\0" "\x13\x10\2\0ab", 17, IMP_EBADMSG},
	{"a group of three bytes", 18, "\x19\x10\1\0\3" "\x12\x10\3\0\x13\0\0" "\x13\x10\2\0ab", 18, IMP_EBADMSG},
	{"a short key of a group we know", 18, "\x19\x10\1\0\3" "\x12\x10\2\0\x13\0" "\x13\x10\2\0ab", 17, IMP_EBADMSG},
	{"a group we do not know", 18, "\x19\x10\1\0\3" "\x12\x10\2\0\x19\0" "\x13\x10\2\0ab", 17, IMP_OK},
	{"the same, PKEX 1, without a version", 7, "\x12\x10\2\0\x19\0" "\x13\x10\2\0ab", 12, IMP_OK},
	{"another type", 8, "\x19\x10\1\0\3" "\x12\x10\2\0\x19\0" "\x13\x10\2\0ab", 17, IMP_EBADMSG},
};

static void frames(void)
{
	char claim[96];
	dpp_pkex_asked q;
	int status;
	uint16_t group;
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		dpp_put_head(to(), requests[i].type);
		imp_wr_bytes(&w, imp_bytes(requests[i].attrs, requests[i].n));
		dpp_frame_read(imp_wr_span(&w), &f);
		snprintf(claim, sizeof claim, "a request: %s", requests[i].why);
		t_check(claim, dpp_pkex_read_request(&f, &q) == requests[i].st && !q.curve, "");
	}
	begin(dpp_curve_at(0), 2, "code", "code");
	dpp_pkex_request(&I.p, &I.a, C, to());
	dpp_pkex_refuse(to(), &q, DPP_BAD_GROUP, dpp_curve_at(3));
	t_check("a refusal names its status and the other group", sent(IMP_OK) && dpp_pkex_read_response(&I.p, &I.a, C, &f, &status, &group) == IMP_EPEER
		&& status == DPP_BAD_GROUP && group == 28, "");
	dpp_put_head(to(), DPP_PKEX_RESP);
	t_check("a response without a status is ignored", sent(IMP_OK) && dpp_pkex_read_response(&I.p, &I.a, C, &f, &status, &group) == IMP_PASS, "");
	dpp_put_head(to(), DPP_AUTH_RESP);
	dpp_put_attr_u8(&w, DPP_STATUS, DPP_OK);
	t_check("so is another frame", sent(IMP_OK) && dpp_pkex_read_response(&I.p, &I.a, C, &f, &status, &group) == IMP_PASS, "");
}

/* What BearSSL can do alone. */
static void on_bearssl(void)
{
	C = &imp_bearssl;
	for (unsigned i = 0; i < 3; i++) {
		begin(dpp_curve_at(i), 2, "code", "code");
		t_check("BearSSL agrees with itself", exchanged() && revealed() && agreed(dpp_curve_at(i)), "");
	}
}

int main(void)
{
	every_curve();
	what_counts();
	guesses();
	altered_reveals();
	bad_points();
	frames();
	on_bearssl();
	return t_end();
}
