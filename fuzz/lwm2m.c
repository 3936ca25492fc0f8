/* lwm2m.c -- client and bootstrap server, each fed a list of messages.
 *
 * The first byte: bit 0 the server, bit 1 a pack is asked for, bits 2-3 the
 * format that the client wishes for.  An item is kind, argument, length (a byte
 * each) and as many bytes, which are a request's name up to a 0, and its body. */
#include "account.h"
#include "crypto.h"
#include "lw-kit.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static struct lw_kit k;
static uint32_t asked; /* the server's request, not answered yet */

static const uint16_t formats[] = {0xffff, LW_TLV, LW_SENML_JSON, LW_SENML_CBOR, LW_CBOR, LW_LINKS, 1542, LW_OPAQUE};

static void sink(struct world *w, struct sess *s, const imp_msg *m)
{
	imp_msg up = imp_say(IMP_UP, 0, 0, m->ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	(void)w;
	if (m->verb == IMP_OPEN)
		world_feed(s, &up);
	else if (m->verb == IMP_TX)
		asked = m->ticket;
}

static void give(struct sess *s, uint8_t kind, uint8_t arg, imp_span in)
{
	const uint8_t *zero = in.len ? memchr(in.ptr, 0, in.len) : NULL;
	size_t n = zero ? (size_t)(zero - in.ptr) : in.len;
	imp_msg m = imp_say(IMP_RX, formats[arg & 7], 1 + kind % 8, 5, imp_bytes(in.ptr, n), imp_bytes(in.ptr + n, in.len - n));
	if (zero) {
		m.data.ptr++;
		m.data.len--;
	}
	if (kind % 8 >= 4) { /* the reply to what it asked */
		static const int32_t codes[] = {204, 205, 202, 400, 404, 501, IMP_ETIME, 231};
		m.verb = IMP_ANSWER;
		m.code = codes[kind % 8 == 4 ? 0 : arg >> 5];
		m.ticket = asked;
		m.name = imp_bytes(NULL, 0);
		m.data = in;
	}
	world_feed(s, &m);
	world_run(&k.w, 100);
}

/* All or nothing; and what the list names is there. */
static void check_client(void)
{
	const struct fact *f = fact_get(k.client, IMP_T_CONFIG, "lwm2m", 0);
	struct lw_accounts a;
	must(f != NULL && lw_accounts_read(&a, imp_bytes(f->data, f->len)) == IMP_OK);
	if (!k.c->done || k.c->code != IMP_OK) {
		must(a.n == 1 && a.list[0].bootstrap);
		return;
	}
	for (unsigned i = 0; i < a.n; i++) {
		char name[LW_NAME + 1] = "";
		imp_span s = lw_instance_name(name, a.list[i].oid, a.list[i].iid);
		name[s.len] = 0;
		must(fact_get(k.client, IMP_T_CONFIG, name, 0) != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	static imp_crypto c;
	imp_msg start = imp_say(IMP_START, 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	uint8_t how = n ? d[0] : 0;
	struct sess *s;
	c = imp_fake;
	asked = 0;
	lw_begin(&k, &c);
	lw_wish(&k, formats[how >> 2 & 3], how >> 1 & 1);
	lw_usual(&k);
	lw_op(&k, "read", "/1", imp_bytes(NULL, 0));
	k.w.sink = sink;
	k.c = world_session(k.client, 0, 0);
	k.s = world_session(k.server, 1, 0);
	s = how & 1 ? k.s : k.c;
	world_feed(s, &start);
	world_run(&k.w, 100);
	for (size_t at = 1; n > 3 && at < n - 3 && !s->done;) {
		size_t len = d[at + 2] < n - at - 3 ? d[at + 2] : n - at - 3;
		give(s, d[at], d[at + 1], imp_bytes(d + at + 3, len));
		at += 3 + len;
		must(s->done ? s->code != IMP_ENOSPC : imp_session_status(s->s) >= 0); /* no peer breaks the layer */
	}
	check_client();
	lw_end_kit(&k);
	return 0;
}
