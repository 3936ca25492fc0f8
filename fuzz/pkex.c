/* pkex.c -- frames for both sides of PKEX, under crypto that can be forged: what
 * is refused leaves no trace, guesses are counted and bounded.  Each frame
 * stands behind its length in two bytes; the first byte is the curve. */
#include "crypto.h"
#include "pkex.h"
#include "rd.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct side { struct dpp_auth a; struct dpp_pkex p; } sides[2];
static uint8_t out[2048], room[70000];

static void begin(struct side *s, unsigned curve)
{
	memset(s, 0, sizeof *s);
	s->a.curve = (uint8_t)(curve % DPP_CURVES);
	s->p.version = (uint8_t)(1 + curve / DPP_CURVES % 2);
	must(dpp_auth_own(&s->a, &imp_fake, NULL) == IMP_OK);
	must(dpp_pkex_set(&s->p, imp_bytes("code", 4), imp_bytes("id", curve / 16 % 3)) == IMP_OK);
}

static void respond(struct side *s, const dpp_frame *f)
{
	dpp_pkex_asked q;
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_status st = dpp_pkex_read_request(f, &q);
	must(st == IMP_OK || !q.key.ptr);
	if (st != IMP_OK)
		return;
	st = q.curve == dpp_auth_curve(&s->a) ? dpp_pkex_response(&s->p, &s->a, &imp_fake, &q, &w) : IMP_EARG;
	must(st != IMP_OK || (imp_wr_end(&w) == IMP_OK && s->p.failed < DPP_PKEX_GUESSES && !s->a.initiator));
	dpp_pkex_refuse(&w, &q, DPP_BAD_GROUP, dpp_auth_curve(&s->a));
}

static void hear(struct side *s, const dpp_frame *f)
{
	struct side before = *s;
	int status;
	uint16_t group;
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_status st = s->a.initiator ? dpp_pkex_read_response(&s->p, &s->a, &imp_fake, f, &status, &group) : IMP_PASS;
	must(st == IMP_OK || !memcmp(&before, s, sizeof before));
	before = *s;
	st = dpp_pkex_read_reveal(&s->p, &s->a, &imp_fake, f, room);
	must(s->p.failed <= DPP_PKEX_GUESSES && s->p.failed == before.p.failed + (st == IMP_EAUTH));
	must(st == IMP_OK || !memcmp(&before.a, &s->a, sizeof before.a));
	must(st != IMP_OK || (s->a.known && f->attrs.wrapped.len));
	if (st == IMP_OK)
		must(dpp_pkex_reveal(&s->p, &s->a, &imp_fake, &w, room) == IMP_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_rd r = imp_rd_of(imp_bytes(data, n));
	unsigned curve = imp_rd_u8(&r);
	imp_wr w = imp_wr_to(out, sizeof out);
	begin(&sides[0], curve);
	begin(&sides[1], curve);
	must(dpp_pkex_request(&sides[0].p, &sides[0].a, &imp_fake, &w) == IMP_OK);
	while (imp_rd_left(&r)) {
		dpp_frame f;
		size_t len = imp_rd_be16(&r);
		if (dpp_frame_read(imp_rd_bytes(&r, len), &f))
			continue;
		hear(&sides[0], &f);
		respond(&sides[1], &f);
		hear(&sides[1], &f);
	}
	return 0;
}
