/* relay.c -- the cut at the joiner router: several joiners at once, each datagram
 * of theirs in RLY_RX and RLY_TX; the router entrusts those whose KEK it got. */
#include "bytes.h"
#include "crypto.h"
#include "t.h"
#include "thread-kit.h"

#define NONE imp_bytes(0, 0)

enum { JOINERS = 4, QUEUE = 64, ROUNDS = 4000, PORT = 1000, ROUTER = 0x4400 };

static struct kit k;

static struct joiner {
	uint32_t joiner, commissioner; /* sessions */
	uint8_t  eui[8], id[8], iid[8];
	uint8_t  kek[16], own[16];     /* what the commissioner's host holds for its RLY_TX; what the joiner's MAC got */
	int      has_kek, keyed, good, entrusted;
} joiners[JOINERS];

static struct packet {
	uint32_t from;
	uint16_t verb;
	uint32_t ticket;
	size_t   len;
	uint8_t  bytes[1500];
} queue[QUEUE];
static int queued, relayed, with_kek;

static struct joiner *of(uint32_t session)
{
	for (int i = 0; i < JOINERS; i++)
		if (joiners[i].joiner == session || joiners[i].commissioner == session)
			return &joiners[i];
	return NULL;
}

static struct joiner *of_iid(const uint8_t iid[8])
{
	for (int i = 0; i < JOINERS; i++)
		if (!memcmp(joiners[i].iid, iid, 8))
			return &joiners[i];
	return NULL;
}

static void sink(struct world *w, struct sess *s, const imp_msg *m)
{
	struct packet *p = &queue[queued];
	(void)w;
	if ((m->verb != IMP_TX && m->verb != IMP_OPEN) || m->link || queued == QUEUE || m->data.len > sizeof p->bytes)
		return;
	*p = (struct packet){.from = s->id, .verb = m->verb, .ticket = m->ticket, .len = m->verb == IMP_TX ? m->data.len : 0};
	memcpy(p->bytes, m->data.ptr, p->len);
	queued++;
}

static void sees(struct party *p, struct sess *s, const imp_msg *m)
{
	struct joiner *j = of(s->id);
	if (m->verb == IMP_DONE)
		j->good += m->code == IMP_OK;
	if (m->verb != IMP_LEARN || m->topic != IMP_T_KEY || m->data.len != IMP_KEY_HEAD + 16 || m->name.len < 10 || memcmp(m->name.ptr, "thread.kek", 10))
		return;
	memcpy(p == k.commissioner ? j->kek : j->own, m->data.ptr + IMP_KEY_HEAD, 16);
	j->has_kek |= p == k.commissioner;
}

static void feed(uint32_t session, imp_msg m)
{
	struct sess *s = world_sess(&k.w, session);
	if (s)
		world_feed(s, &m);
}

/* The joiner router, and what it has sent to it. */
static void router_sends_on(imp_span rly_tx)
{
	thread_relay r;
	struct joiner *j = thread_read_relay(rly_tx, &r) ? NULL : of_iid(r.iid);
	if (!j)
		return;
	if (r.kek.len)
		j->keyed = !memcmp(r.kek.ptr, j->own, 16);
	with_kek += r.kek.len > 0;
	feed(j->joiner, imp_say(IMP_RX, 0, 0, 0, NONE, r.encap));
}

/* JOIN_ENT under the KEK: MAC security is not played. */
static void router_entrusts(struct joiner *j)
{
	uint8_t b[64];
	imp_msg ent = imp_say(IMP_RX, 0xffff, IMP_POST, 9, imp_bytes("/c/je", 5), t_hex("051000112233445566778899aabbccddeeff01021234", b, sizeof b));
	ent.link = 1;
	if (!j->keyed || j->entrusted)
		return;
	j->entrusted = 1;
	feed(j->joiner, ent);
}

/* The commissioner's host, and what it has been relayed. */
static void commissioner_hears(imp_span rly_rx)
{
	thread_relay r;
	struct joiner *j = thread_read_relay(rly_rx, &r) ? NULL : of_iid(r.iid);
	if (j && r.port == PORT && r.router == ROUTER)
		feed(j->commissioner, imp_say(IMP_RX, 0, 0, 0, NONE, r.encap));
}

static void carry(const struct packet *p)
{
	struct joiner *j = of(p->from);
	uint8_t b[1600];
	imp_wr w = imp_wr_to(b, sizeof b);
	thread_relay r = {imp_bytes(p->bytes, p->len), {0}, PORT, ROUTER, NONE};
	if (p->verb == IMP_OPEN) {
		feed(j->joiner, imp_say(IMP_UP, 0, 1232, p->ticket, NONE, NONE));
		feed(j->commissioner, imp_say(IMP_UP, 0, 1232, 0, NONE, NONE));
		return;
	}
	memcpy(r.iid, j->iid, 8);
	relayed++;
	if (p->from == j->commissioner && j->has_kek)
		r.kek = imp_bytes(j->kek, 16);
	thread_put_relay(&w, &r);
	if (p->from == j->commissioner)
		router_sends_on(imp_wr_span(&w));
	else
		commissioner_hears(imp_wr_span(&w));
}

static void begin(void)
{
	imp_msg start = imp_say(IMP_START, 0, 0, 0, NONE, NONE);
	char name[40];
	kit_begin(&k, &imp_openssl, &imp_openssl);
	k.w.sink = sink;
	k.joiner->sees = k.commissioner->sees = sees;
	for (int i = 0; i < JOINERS; i++) {
		struct joiner *j = &joiners[i];
		memset(j->eui, i + 1, sizeof j->eui);
		thread_joiner_id(&imp_openssl, j->eui, j->id);
		memcpy(j->iid, j->id, 8);
		j->iid[0] ^= 2;
		j->joiner = world_session(k.joiner, 0, 1)->id;
		j->commissioner = world_session(k.commissioner, 1, 1)->id;
		thread_name("thread.pskd/", j->id, name);
		kit_pskd(k.commissioner, name, i ? "J01NME" : "0THERPSKD"); /* the first has another one */
	}
	for (int i = 0; i < JOINERS; i++) {
		start.name = imp_bytes(joiners[i].id, 8);
		feed(joiners[i].commissioner, start);
		start.name = NONE;
		feed(joiners[i].joiner, start);
	}
}

int main(void)
{
	char d[80];
	begin();
	for (int i = 0; i < ROUNDS; i++) {
		struct packet now[QUEUE];
		int n = queued;
		memcpy(now, queue, sizeof now);
		queued = 0;
		for (int p = 0; p < n; p++)
			carry(&now[p]);
		for (int p = 0; p < JOINERS; p++)
			router_entrusts(&joiners[p]);
		world_run(&k.w, 5);
	}
	snprintf(d, sizeof d, "%d datagrams relayed, %d with a KEK", relayed, with_kek);
	for (int i = 1; i < JOINERS; i++)
		t_check("a joiner of several, relayed: both ends are done", joiners[i].good == 2 && joiners[i].entrusted == 1, d);
	t_check("the one with another PSKd gets no key", !joiners[0].has_kek && !joiners[0].entrusted && !joiners[0].good, d);
	t_check("each key in a RLY_TX was its joiner's own", with_kek >= JOINERS - 1 && joiners[1].keyed && joiners[2].keyed && joiners[3].keyed && memcmp(joiners[1].kek, joiners[2].kek, 16) != 0, d);
	kit_end(&k);
	return t_end();
}
