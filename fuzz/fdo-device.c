/* fdo-device.c -- the device, whole, under whatever its peers and its host
 * say: an input is a list of replies and answers.  Crypto can be forged, so
 * recorded runs reach Done2 and mutations of them get deep. */
#include "crypto.h"
#include "fdo-wire.h"

#include <stdio.h>

extern const imp_layer imp_fdo; /* fdo.h */

enum { MAX = 2048, FEEDS = 400 };

struct run {
	imp_stack t;
	imp_session *s;
	imp_work w;
	const uint8_t *d;
	size_t n;
	int dones, provisional;
};

static const uint8_t credential[] = {
	0x86, 0xf5, 0x18, 0x65, 0x64, 'l', 'a', 'm', 'p', 0x50, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa,
	0x82, 0x82, 0x82, 0x05, 0x43, 0x62, 'r', 'v', 0x82, 0x0c, 0x41, 0x01, 0x82, 0x81, 0x0e, 0x82, 0x02, 0x45, 0x44, 10, 0, 0, 1, /* a server, then bypass */
	0x82, 0x2f, 0x58, 0x20, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa,
	0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa};
static const uint8_t devmod[] = {0xa2, 0x62, 'o', 's', 0x62, 'n', 'o', 0x64, 'a', 'r', 'c', 'h', 0x62, 'm', '4'};
static const uint8_t mfginfo[] = {0x82, 0x61, '1', 0x64, 'l', 'a', 'm', 'p'};

/* The next piece of the input: two bytes of length, then so many. */
static imp_span piece(struct run *r)
{
	size_t len;
	imp_span s;
	if (r->n < 2)
		return imp_bytes(NULL, 0);
	len = (size_t)r->d[0] << 8 | r->d[1];
	r->d += 2;
	r->n -= 2;
	len = len < r->n ? len : r->n;
	s = imp_bytes(r->d, len);
	r->d += len;
	r->n -= len;
	return s;
}

static uint8_t byte(struct run *r)
{
	uint8_t b = r->n ? r->d[0] : 0;
	r->d += r->n != 0;
	r->n -= r->n != 0;
	return b;
}

static int named(const imp_msg *m, const char *name)
{
	return imp_same(m->name, imp_bytes(name, strlen(name)));
}

/* A key in its flat form; imp_fake takes any bits of the right length. */
static imp_span flat(int32_t alg, uint8_t to[48])
{
	imp_key k = {alg, alg > 0 && alg < 4 ? IMP_KEY_PRIVATE : 0, 0, {NULL, 0}};
	memset(to, 0xfa, 48);
	imp_key_head(&k, to);
	return imp_bytes(to, 48);
}

static uint8_t to1d[MAX];
static size_t to1d_len;

static imp_msg answer_to(struct run *r, const imp_msg *m)
{
	static uint8_t key[48];
	imp_msg a = imp_say(IMP_ANSWER, 0, 0, m->ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	if (named(m, "fdo.credential"))
		a.data = imp_bytes(credential, sizeof credential);
	else if (named(m, "fdo.attestation"))
		a.data = flat(IMP_C_P256, key);
	else if (named(m, "fdo.hmac"))
		a.data = flat(IMP_A_HMAC256, key);
	else if (named(m, "fdo.devmod"))
		a.data = imp_bytes(devmod, sizeof devmod);
	else if (named(m, "fdo.to1d"))
		a.data = imp_bytes(to1d, to1d_len);
	else if (named(m, "fdo.mfginfo"))
		a.data = imp_bytes(mfginfo, sizeof mfginfo);
	else if (named(m, "fdo.di"))
		a.data = imp_bytes("http://x", 8);
	else if (named(m, "fdo.device"))
		a.code = IMP_EFACT;
	else { /* RUN, IMAGE */
		a.code = (int8_t)byte(r);
		a.flags = byte(r) & 1 ? IMP_MORE : 0;
		a.data = piece(r);
	}
	return a;
}

/* The reply that was due, unless the input says otherwise. */
static imp_msg reply_to(struct run *r, const imp_msg *m)
{
	static char lines[64];
	imp_msg a = imp_say(IMP_ANSWER, FDO_CBOR, 200, m->ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	uint8_t how = byte(r);
	unsigned type = 0;
	for (size_t i = 13; i < m->name.len && m->name.ptr[i] >= '0' && m->name.ptr[i] <= '9'; i++) /* "/fdo/101/msg/" */
		type = type * 10 + m->name.ptr[i] - '0';
	if (!r->n)
		a.code = IMP_ELINK;
	else if (how & 1)
		type = byte(r);
	else
		type++;
	if (how & 2)
		a.flags = IMP_MORE;
	if (how & 4)
		a.code = 500;
	a.name = imp_bytes(lines, (size_t)snprintf(lines, sizeof lines, "message-type: %u\n%s", type, how & 8 ? "" : "authorization: t"));
	a.data = piece(r);
	return a;
}

static int next(struct run *r, const imp_msg *o, imp_msg *in)
{
	switch (o->verb) {
	case IMP_OPEN:
		*in = imp_say(IMP_UP, 0, 0, o->ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
		return 1;
	case IMP_TX:
		must(o->data.len <= MAX);
		if (!o->ticket)
			return 0; /* 255 */
		*in = reply_to(r, o);
		return 1;
	case IMP_ASK:
		*in = answer_to(r, o);
		return 1;
	case IMP_LEARN:
		if (named(o, "fdo.to1d") && o->data.len <= MAX && !(o->flags & IMP_FORGET)) {
			memcpy(to1d, o->data.ptr, o->data.len);
			to1d_len = o->data.len;
		}
		*in = imp_say(IMP_ANSWER, 0, IMP_OK, o->ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
		return o->ticket != 0;
	case IMP_DONE:
		r->dones++;
		return 0;
	}
	return 0;
}

/* One message in flight at a time: the device asks one thing at a time. */
static void play(struct run *r, imp_msg in)
{
	for (int i = 0; i < FEEDS && !r->dones; i++) {
		imp_msg o, then;
		int more = 0;
		uint8_t *lent = malloc(in.data.len + 1);
		must(lent != NULL);
		if (in.data.len)
			memcpy(lent, in.data.ptr, in.data.len);
		in.data.ptr = lent;
		imp_session_feed(r->s, &r->t, &r->w, &in);
		free(lent);
		while (imp_session_poll(r->s, &r->w, &o))
			if (next(r, &o, &then)) {
				must(!more);
				in = then;
				more = 1;
			}
		if (!more)
			break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct run r = {.d = data, .n = n};
	uint8_t how = byte(&r);
	void *mem;
	r.t.size = sizeof r.t;
	r.t.top = &imp_fdo;
	r.t.crypto = &imp_fake;
	r.t.params.size = sizeof r.t.params;
	r.t.params.role = IMP_DEVICE;
	r.t.params.max_msg = MAX;
	r.w.len = imp_work_need(&r.t);
	r.w.mem = aligned_alloc(16, (r.w.len + 15) / 16 * 16);
	mem = aligned_alloc(16, (imp_session_need(&r.t) + 15) / 16 * 16);
	must(mem && r.w.mem);
	r.s = imp_session_init(mem, imp_session_need(&r.t), &r.t);
	must(r.s != NULL);
	to1d_len = 0;
	play(&r, imp_say(IMP_START, how & 1 ? IMP_T_VOUCHER : 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0)));
	must(r.dones <= 1 && (r.dones || imp_session_status(r.s) == IMP_OK)); /* nothing of a peer's breaks the layer */
	imp_session_wipe(r.s);
	free(mem);
	free(r.w.mem);
	return 0;
}
