/* coap.c -- CoAP: the parser's own rules, and both halves of the layer fed
 * with a list of datagrams (two bytes of head each: what to do, how long). */
#include "coap.h"
#include "coapmsg.h"
#include "crypto.h"
#include <stdlib.h>

enum { MAX = 256 };

static void name_is_sane(const struct imp_coap_msg *m)
{
	uint8_t name[4096];
	imp_wr w = imp_wr_to(name, sizeof name), again = imp_wr_to(NULL, 0);
	struct imp_coap_fields f = {.format = IMP_COAP_ABSENT, .block1 = IMP_COAP_ABSENT, .block2 = IMP_COAP_ABSENT};
	imp_coap_put_name(&w, m);
	if (imp_wr_end(&w) < 0 || m->code >> 5 || m->max_age != IMP_COAP_ABSENT || m->etag.len)
		return;
	f.name = imp_wr_span(&w);
	imp_coap_put_fields(&again, &f); /* what we made of options makes options */
	if (again.err < 0)
		abort();
}

static void parse(imp_span in)
{
	struct imp_coap_msg m;
	if (imp_coap_parse(in, &m) == IMP_OK) {
		if (m.payload.len > in.len || m.token.len > 8 || m.etag.len > 8 || m.echo.len > 40)
			abort();
		name_is_sane(&m);
	}
}

static imp_status fixed(const imp_crypto *c, uint8_t *out, size_t len)
{
	(void)c;
	memset(out, 7, len);
	return IMP_OK;
}

struct end {
	imp_stack t;
	imp_session *s;
	imp_work w;
	uint32_t ticket;
};

static void feed(struct end *e, imp_msg m)
{
	imp_msg out;
	imp_session_feed(e->s, &e->t, &e->w, &m);
	if (imp_session_status(e->s) < 0)
		abort(); /* no peer breaks the layer */
	while (imp_session_poll(e->s, &e->w, &out))
		if (out.verb == IMP_RX)
			e->ticket = out.ticket;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(16) uint8_t mem[8192], work[32768];
	static const char body[600];
	imp_crypto c = imp_fake;
	struct end e = {.t = {.size = sizeof e.t, .link = {{&imp_coap}}, .crypto = &c, .params = {.size = sizeof(imp_params), .max_msg = MAX, .exchanges = 2}}};
	c.random = fixed;
	parse(imp_bytes(data, size));
	e.s = imp_session_init(mem, sizeof mem, &e.t);
	e.w = (imp_work){.mem = work, .len = sizeof work, .now = 1000};
	if (!e.s)
		abort();
	feed(&e, imp_say(IMP_UP, 0, 100, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0)));
	while (size >= 2) {
		size_t n = data[1] < size - 2 ? data[1] : size - 2;
		imp_span in = imp_bytes(data + 2, n);
		switch (data[0] % 8) {
		case 0:
			feed(&e, imp_say(IMP_TX, 42, IMP_POST, 7, imp_bytes("/up", 3), imp_bytes(body, n)));
			break;
		case 1:
			feed(&e, imp_say(IMP_TX, 0xffff, n & 1 ? IMP_GET : 231, 7, imp_bytes(n & 1 ? "/x" : "", n & 1 ? 2 : 0), imp_bytes(NULL, 0)));
			break;
		case 2:
			feed(&e, imp_say(IMP_ANSWER, 40, n & 1 ? 205 : 231, e.ticket, imp_bytes(NULL, 0), imp_bytes(body, n & 1 ? n : 0)));
			break;
		case 3:
			e.w.now += (uint64_t)n * 500;
			feed(&e, imp_say(IMP_TICK, 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0)));
			break;
		default:
			feed(&e, imp_say(IMP_RX, 0, 0, 0, imp_bytes("a", 1), in));
		}
		data += 2 + n;
		size -= 2 + n;
	}
	return 0;
}
