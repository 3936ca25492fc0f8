/* relay.c -- a device on the air, its configurator behind TCP, and an access
 * point between them that carries messages between two sessions without a top,
 * as dpptcp.h has it.  Everything on the way can be lost in the air. */
#include "action.h"
#include "crypto.h"
#include "dpp-kit.h"
#include "dpplink.h"
#include "dpptcp.h"
#include "link_end.h"
#include "suite.h"
#include "auth.h"
#include "t.h"

enum { DEVICE, AIR, WIRE_SIDE, OWNER, MOST = 256, HOST_TICKET = 7 };

static struct dkit K;
static struct end air, tcp; /* the access point's two sessions */
static const char dev_mac[] = "\2DDDDD", ap_mac[] = "\2PPPPP";
static uint32_t device_id, owner_id, asked; /* asked: the air's ticket for the device's query */
static int connections, frames, queries;
static int (*lost)(void);

/* --- what is on its way ------------------------------------------------------------ */

static struct way { int to; imp_msg m; } ways[MOST];
static int first, last;

static void put(int to, const imp_msg *in)
{
	struct way *w = &ways[last++ % MOST];
	uint8_t *copy = malloc(in->name.len + in->data.len + 1);
	w->to = to;
	w->m = *in;
	if (in->name.len)
		memcpy(copy, in->name.ptr, in->name.len);
	if (in->data.len)
		memcpy(copy + in->name.len, in->data.ptr, in->data.len);
	w->m.name.ptr = copy;
	w->m.data.ptr = copy + in->name.len;
}

static void put_simple(int to, uint16_t verb, int32_t code, uint32_t ticket, imp_span name)
{
	imp_msg m = imp_say(verb, 0, code, ticket, name, NONE);
	put(to, &m);
}

static imp_span mac(const char *m)
{
	return imp_bytes(m, 6);
}

/* A frame through the air, and its status. */
static void fly(int from, int to, const char *own, const imp_msg *in)
{
	int gone = lost && lost();
	imp_msg m = imp_say(IMP_RX, 0, in->code, 0, mac(own), in->data);
	if (!gone)
		put(to, &m);
	if (in->ticket)
		put_simple(from, IMP_ANSWER, gone ? IMP_ELINK : IMP_OK, in->ticket, NONE);
}

/* --- the device's radio, and the configurator's socket --------------------------------- */

static void sinks(struct world *w, struct sess *s, const imp_msg *m)
{
	int device = s->p == K.device;
	imp_msg rx = imp_say(IMP_RX, 0, 0, 0, NONE, m->data);
	(void)w;
	if (m->verb == IMP_OPEN && device)
		put_simple(DEVICE, IMP_UP, IMP_ACTION_MTU, m->ticket, mac(dev_mac));
	if (m->verb == IMP_TX && device)
		fly(DEVICE, AIR, dev_mac, m);
	if (m->verb == IMP_TX && !device)
		put(WIRE_SIDE, &rx);
}

/* --- the access point: its host's few lines ---------------------------------------------- */

static void from_air(const imp_msg *m)
{
	imp_msg x = *m;
	if (m->verb == IMP_TX)
		fly(AIR, DEVICE, ap_mac, m);
	if (m->verb != IMP_RX)
		return;
	x.verb = IMP_TX;
	x.name = NONE;
	x.code = 0;
	x.ticket = 0;
	frames += m->topic == IMP_DPP_FRAME;
	queries += m->topic == IMP_DPP_GAS;
	if (m->topic == IMP_DPP_GAS) {
		asked = m->ticket;
		x.ticket = HOST_TICKET;
	}
	put(WIRE_SIDE, &x);
}

static void from_tcp(const imp_msg *m)
{
	imp_msg x = *m;
	if (m->verb == IMP_OPEN) {
		connections++;
		put_simple(WIRE_SIDE, IMP_UP, 0, m->ticket, NONE);
		put_simple(OWNER, IMP_UP, 0, 0, NONE);
	}
	if (m->verb == IMP_TX) {
		x = imp_say(IMP_RX, 0, 0, 0, NONE, m->data);
		put(OWNER, &x);
	}
	if (m->verb == IMP_RX) {
		x.verb = IMP_TX;
		x.name = mac(dev_mac);
		put(AIR, &x);
	}
	if (m->verb == IMP_ANSWER && m->ticket == HOST_TICKET) {
		x.ticket = asked;
		put(AIR, &x);
	}
}

static void feed_relay(struct end *e, imp_msg m, void (*out)(const imp_msg *))
{
	imp_msg said;
	imp_session_feed(e->s, &e->t, &e->w, &m);
	while (imp_session_poll(e->s, &e->w, &said))
		out(&said);
}

static void deliver(const struct way *w)
{
	struct sess *s = world_sess(&K.w, w->to == DEVICE ? device_id : owner_id);
	if (w->to == AIR)
		feed_relay(&air, w->m, from_air);
	else if (w->to == WIRE_SIDE)
		feed_relay(&tcp, w->m, from_tcp);
	else if (s)
		world_feed(s, &w->m);
	free((void *)(uintptr_t)w->m.name.ptr);
}

static void tick(struct end *e, void (*out)(const imp_msg *))
{
	e->w.now = K.w.now;
	if (imp_session_deadline(e->s) <= e->w.now)
		feed_relay(e, imp_say(IMP_TICK, 0, 0, 0, NONE, NONE), out);
}

static void run(uint64_t ms)
{
	for (uint64_t t = 0; t < ms; t += 10) {
		while (first < last)
			deliver(&ways[first++ % MOST]);
		world_run(&K.w, 10);
		tick(&air, from_air);
		tick(&tcp, from_tcp);
	}
	K.d = world_sess(&K.w, device_id);
	K.o = world_sess(&K.w, owner_id);
}

/* --- scenes --------------------------------------------------------------------------------- */

static void begin(void)
{
	dkit_begin(&K, &imp_openssl, IMP_C_P256);
	K.w.sink = sinks;
	K.device->http = &imp_action;
	K.owner->http = &imp_dpptcp;
	make(&air, &imp_action, 4096);
	make(&tcp, &imp_dpptcp, 4096);
	connections = frames = queries = first = last = 0;
	device_id = world_session(K.device, 0, 1)->id;
	owner_id = world_session(K.owner, 1, 1)->id;
	air.w.now = tcp.w.now = K.w.now;
	feed_relay(&air, imp_say(IMP_OPEN, 0, 0, 1, TEXT("dpp:"), NONE), from_air);
	feed_relay(&air, imp_say(IMP_UP, 0, IMP_ACTION_MTU, 1, mac(ap_mac), NONE), from_air);
	feed_relay(&tcp, imp_say(IMP_OPEN, 0, 0, 1, TEXT("dpp://controller.example"), NONE), from_tcp);
}

/* The device has read the access point's label, on which the configurator's key
 * stands. */
static void read_label(void)
{
	char uri[600], *host;
	snprintf(uri, sizeof uri, "%s", K.uri[1]);
	host = strstr(uri, "H:");
	if (host)
		memmove(host, strchr(host, ';') + 1, strlen(strchr(host, ';')));
	fact_set(K.device, IMP_T_PEERKEY, "dpp.label/label", 0, TEXT(uri));
}

/* The device is content and whole, and the configurator has no complaints. */
static int configured(void)
{
	dkit_configured(&K);
	return K.d && K.d->done && K.d->code == IMP_OK && dkit_whole(&K) && fact_count(K.device, IMP_T_NETWORK, "dpp.network") == 1 && !K.owner->refusals;
}

static void start(uint16_t device, uint16_t owner)
{
	imp_msg m = imp_say(IMP_START, owner, 0, 0, NONE, NONE);
	world_feed(world_sess(&K.w, owner_id), &m);
	m = imp_say(IMP_START, device, 0, 0, device == IMP_T_PEERKEY ? TEXT("label") : NONE, NONE);
	world_feed(world_sess(&K.w, device_id), &m);
}

static int lose_few(void)
{
	static uint32_t x = 99;
	x = x * 1103515245u + 12345u;
	return (x >> 16) % 10 < 1;
}

/* The configurator has the device's label under the hash that it announces. */
static void expect_presence(void)
{
	uint8_t priv[DPP_PRIME], point[DPP_POINT], hash[DPP_KEY_HASH];
	char name[96] = "dpp.chirp/";
	dkit_key(IMP_C_P256, 1, priv, point);
	dpp_key_hash(&imp_openssl, dpp_curve_of(IMP_C_P256), point, "chirp", hash);
	for (size_t i = 0; i < sizeof hash; i++)
		snprintf(name + 10 + 2 * i, 3, "%02x", hash[i]);
	fact_set(K.owner, IMP_T_PEERKEY, name, 0, TEXT(K.uri[0]));
}

int main(void)
{
	begin();
	read_label();
	start(IMP_T_PEERKEY, 0);
	run(20000);
	t_check("the device begins, through the access point", configured(), dkit_said);
	t_check("by one connection, one query, and three frames or more", connections == 1 && queries == 1 && frames >= 3, "");
	dkit_end(&K);
	begin();
	expect_presence();
	start(IMP_T_SHOW, 0);
	run(60000);
	t_check("the device announces itself, and the configurator begins", configured(), dkit_said);
	dkit_end(&K);
	begin();
	K.slow = 5000;
	read_label();
	start(IMP_T_PEERKEY, 0);
	run(60000);
	t_check("a person thinks for a while: the device comes back for its answer", configured(), dkit_said);
	dkit_end(&K);
	for (int i = 0, ok = 0, whole = 0; i < 20; i++) {
		begin();
		lost = lose_few;
		read_label();
		start(IMP_T_PEERKEY, 0);
		run(60000);
		lost = NULL;
		ok += configured();
		whole += dkit_whole(&K);
		dkit_end(&K);
		if (i == 19) {
			t_check("one of ten frames is lost in the air: it is configured all the same", ok >= 19, "");
			t_check("or has nothing", whole == 20, "");
		}
	}
	return t_end();
}
