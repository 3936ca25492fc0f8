/* remote.c -- a provisioner that reaches a device through another node: three
 * sessions, a mesh network (an array) between two of them, PB-ADV between the
 * others. */
#include "crypto.h"
#include "mesh-kit.h"
#include "pbremote.h"
#include "t.h"

#define NONE imp_bytes(0, 0)

enum { WAITING = 64, LONGEST = 200 };

static struct mesh k;
static struct party *node;
static struct sess *server;
static struct {
	uint32_t to;
	imp_msg m;
	uint8_t data[LONGEST];
} queue[WAITING];
static unsigned head, tail;
static unsigned lose; /* every so many-th access message from the provisioner is lost; 0: none */
static unsigned sent;

static void push(const struct sess *to, const imp_msg *m, uint16_t link, const char *from)
{
	if (m->data.len > LONGEST || tail - head == WAITING)
		return;
	queue[tail % WAITING].to = to->id;
	memcpy(queue[tail % WAITING].data, m->data.ptr, m->data.len);
	queue[tail % WAITING].m = imp_say(IMP_RX, 0, 0, 0, imp_bytes(from, strlen(from)), imp_bytes(queue[tail % WAITING].data, m->data.len));
	queue[tail % WAITING].m.link = link;
	tail++;
}

static void sink(struct world *w, struct sess *s, const imp_msg *m)
{
	(void)w;
	if (m->verb != IMP_TX)
		return;
	if (s == k.p && !(lose && ++sent % lose == 0))
		push(server, m, 1, "0001");
	if (s == server && m->link == 1)
		push(k.p, m, 0, "0002");
	if (s == server && m->link == 0)
		push(k.d, m, 0, "");
	if (s == k.d)
		push(server, m, 0, "");
}

static void run(uint64_t ms)
{
	uint64_t until = k.w.now + ms;
	while (k.w.now < until) {
		while (head != tail) {
			struct sess *s = world_sess(&k.w, queue[head % WAITING].to);
			imp_msg m = queue[head++ % WAITING].m;
			if (s)
				world_feed(s, &m);
		}
		world_run(&k.w, 5);
		k.w.now = k.w.now < until && !k.w.events ? k.w.now + 5 : k.w.now;
	}
}

static void begin(void)
{
	imp_msg up = imp_say(IMP_UP, 0, 0, 0, NONE, NONE);
	mesh_begin(&k, &imp_openssl, &imp_pbremote);
	node = world_party(&k.w, "node", &imp_openssl, IMP_RELAY);
	node->layer = &imp_pbserver;
	node->params.max_msg = 100;
	node->below[0] = k.device->below[0] = &imp_pbadv;
	k.w.sink = sink;
	k.d = world_session(k.device, 1, 1);
	k.p = world_session(k.provisioner, 0, 1);
	server = world_session(node, 1, 1);
	head = tail = sent = 0;
	up.link = 1;
	world_feed(server, &up);
}

static void start(void)
{
	imp_msg m = imp_say(IMP_START, 0, 0, 0, NONE, NONE);
	uint8_t uuid[BTMESH_UUID] = {0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	uint32_t d = k.d->id, p = k.p->id;
	k.p->server = k.d->server = 0; /* they stay to be looked at */
	world_feed(k.d, &m);
	m.name = imp_bytes(uuid, sizeof uuid);
	world_feed(k.p, &m);
	run(60000);
	k.d = world_sess(&k.w, d);
	k.p = world_sess(&k.w, p);
}

static void through_a_node(void)
{
	char why[120];
	begin();
	start();
	snprintf(why, sizeof why, "device %d %s, provisioner %d %s", k.d->code, imp_session_where(k.d->s), k.p->code, imp_session_where(k.p->s));
	t_check("a device is provisioned through another node", k.d->done && k.p->done && !k.p->code && mesh_provisioned(&k) == 1, why);
	mesh_end(&k);
	begin();
	lose = 3;
	start();
	t_check("... though every third message of the provisioner is lost", k.p->done && !k.p->code && mesh_provisioned(&k) == 1, imp_session_where(k.p->s));
	lose = 0;
	mesh_end(&k);
	begin();
	k.deny = IMP_EDENIED;
	start();
	t_check("policy says no: the device hears Link Close", k.p->code == IMP_EDENIED && k.d->code == IMP_ELINK && mesh_provisioned(&k) == 0, "");
	mesh_end(&k);
}

/* --- the server alone ----------------------------------------------------------------- */

static uint8_t said[8][LONGEST];
static size_t said_len[8];
static unsigned says;

static void listen(struct world *w, struct sess *s, const imp_msg *m)
{
	(void)w, (void)s;
	if (m->verb == IMP_TX && m->link == 1 && says < 8) {
		memcpy(said[says], m->data.ptr, m->data.len);
		said_len[says++] = m->data.len;
	}
}

static void message(const char *from, const char *bytes, size_t n)
{
	imp_msg m = imp_say(IMP_RX, 0, 0, 0, imp_bytes(from, strlen(from)), imp_bytes(bytes, n));
	m.link = 1;
	says = 0;
	world_feed(server, &m);
}

static int answers(const char *bytes, size_t n)
{
	return says == 1 && said_len[0] == n && !memcmp(said[0], bytes, n);
}

static void alone(void)
{
#define UUID "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"
	begin();
	k.w.sink = listen;
	message("a", "\x80\x4f", 2);
	t_check("scan capabilities: none", answers("\x80\x50\0\0", 4), "");
	message("a", "\x80\x52\0\1", 4);
	t_check("scanning cannot start", answers("\x80\x54\1\0\0\0", 6), "");
	message("a", "\x80\x58", 2);
	t_check("no link", answers("\x80\x5b\0\0", 4), "");
	message("a", "\x80\x59\0", 3);
	t_check("a procedure of the node itself is not for the server", answers("\x80\x5b\4\0", 4), "");
	message("a", "\x80\x59" UUID "\0", 19);
	t_check("a timeout of 0 is prohibited: no answer", says == 0, "");
	message("a", "\x80\x59" UUID, 18);
	t_check("Link Open: opening", answers("\x80\x5b\0\1", 4), "");
	message("a", "\x80\x59" UUID, 18);
	t_check("... again: opening", answers("\x80\x5b\0\1", 4), "");
	message("b", "\x80\x59" UUID, 18);
	t_check("... by another client: limited resources", answers("\x80\x5b\3\1", 4), "");
	message("b", "\x80\x5a\0", 3);
	t_check("another client cannot close it", says == 0, "");
	message("a", "\x80\x5d\1\0\0", 5);
	t_check("a PDU before the link is open", says == 0, "");
	world_run(&k.w, 61000);
	t_check("nobody answers for 60 s: the report says that opening failed", answers("\x80\x5c\5\0", 4), "");
	message("a", "\x80\x59" UUID, 18);
	message("a", "\x80\x5a\0", 3);
	t_check("Link Close: idle", answers("\x80\x5b\0\0", 4), "");
	message("a", "\x80", 1);
	message("a", "", 0);
	t_check("messages that are none", says == 0, "");
	mesh_end(&k);
}

/* --- a node provisioned anew ------------------------------------------------------------ */

static int same(const struct party *a, uint16_t topic, const char *name, const struct party *b, const char *other)
{
	const struct fact *x = fact_get(a, topic, name, 0), *y = fact_get(b, topic, other, 0);
	return x && y && x->len == y->len && !memcmp(x->data, y->data, x->len);
}

static unsigned new_address(void)
{
	const struct fact *f = fact_get(k.device, IMP_T_NETWORK, "btmesh.net.new", 0);
	return f ? (unsigned)(f->data[23] << 8 | f->data[24]) : 0;
}

static imp_status renew(int32_t procedure)
{
	mesh_begin(&k, &imp_openssl, NULL);
	if (mesh_run(&k) || mesh_address(&k) != 2)
		return IMP_EARG;
	mesh_below(&k, &imp_pbremote);
	if (procedure < 0)
		k.decision = imp_bytes("\xa1\x19\x01\x05\x07", 5); /* {NETWORK: 7} */
	return mesh_run_as(&k, IMP_T_NETWORK, procedure < 0 ? 0 : procedure);
}

static void node_anew(void)
{
	static const struct { const char *what; unsigned address; } rows[] = {{"device key refresh", 2}, {"node address refresh", 3}, {"composition refresh", 2}};
	for (int i = 0; i < 3; i++) {
		char text[120];
		imp_msg adopt = imp_say(IMP_START, IMP_T_KEY, 0, 0, NONE, NONE);
		imp_status st = renew(i);
		int ok = st == IMP_OK && new_address() == rows[i].address && same(k.device, IMP_T_KEY, "btmesh.devkey.new", k.provisioner, "btmesh.devkey/" MESH_UUID)
		         && !same(k.device, IMP_T_KEY, "btmesh.devkey", k.device, "btmesh.devkey.new") && !fact_get(k.provisioner, IMP_T_KEY, "btmesh.devkey.new/" MESH_UUID, 0);
		snprintf(text, sizeof text, "%s: a new device key, kept beside the old one; address %u", rows[i].what, rows[i].address);
		t_check(text, ok, k.p ? imp_session_where(k.p->s) : "");
		k.d = world_session(k.device, 1, 0);
		world_feed(k.d, &adopt);
		world_run(&k.w, 100);
		t_check("... and is the node's when a message came under it", same(k.device, IMP_T_KEY, "btmesh.devkey", k.provisioner, "btmesh.devkey/" MESH_UUID) && !fact_get(k.device, IMP_T_KEY, "btmesh.devkey.new", 0), "");
		mesh_end(&k);
	}
	t_check("a procedure of the future: EARG", renew(3) == IMP_EARG, "");
	mesh_end(&k);
	t_check("a device key refresh with another address: Failed 09, the old key stays", renew(-1) == IMP_EPEER && k.p->topic == BTMESH_F_DATA && k.d->code == IMP_EBADMSG && !new_address(), "");
	mesh_end(&k);
}

int main(void)
{
	node_anew();
	through_a_node();
	alone();
	return t_end();
}
