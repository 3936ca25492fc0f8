/* thread-kit.c -- see thread-kit.h. */
#include "thread-kit.h"
#include "bytes.h"

#define NONE imp_bytes(0, 0)

enum { STEP_MS = 50, STEPS = 6000 };

static const char dataset[] = "000300000f" "01021234" "02081122334455667788" "030a4f70656e546872656164" "051000112233445566778899aabbccddeeff" "0708fd00000000000000" "0e080000000000010000";

static struct kit *kit_of(const struct party *p)
{
	return p->user;
}

static int hook(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	struct kit *k = kit_of(p);
	(void)s;
	if (ask->topic == IMP_T_READ) {
		k->reads++;
		a->code = k->label ? IMP_OK : IMP_EDENIED;
		a->data = imp_bytes(k->label, k->label ? strlen(k->label) : 0);
		return 1;
	}
	if (ask->topic != IMP_T_AUTHORIZE)
		return 0;
	k->asked++;
	snprintf(k->who, sizeof k->who, "%.*s", (int)ask->name.len, (const char *)ask->name.ptr);
	k->claims_len = ask->data.len < sizeof k->claims ? ask->data.len : 0;
	memcpy(k->claims, ask->data.ptr, k->claims_len);
	a->code = k->deny;
	return 1;
}

static void sees(struct party *p, struct sess *s, const imp_msg *m)
{
	struct kit *k = kit_of(p);
	(void)s;
	if (m->verb == IMP_TELL && m->topic == IMP_T_SHOW) {
		k->shows += !(m->flags & IMP_FORGET);
		k->hides += (m->flags & IMP_FORGET) != 0;
		if (m->data.len)
			snprintf(k->shown, sizeof k->shown, "%.*s", (int)m->data.len, (const char *)m->data.ptr);
	}
	if (m->verb == IMP_LEARN && m->topic == IMP_T_KEY && m->name.len >= 10 && !memcmp(m->name.ptr, "thread.kek", 10) && m->data.len == IMP_KEY_HEAD + 16) {
		memcpy(k->kek[p == k->commissioner], m->data.ptr + IMP_KEY_HEAD, 16);
		k->keks |= 1 << (p == k->commissioner);
	}
}

static int lossy(struct world *w, struct crossing *x)
{
	struct kit *k = w->user;
	(void)x;
	if ((int)(world_rnd() % 100) < k->loss)
		return DROP;
	return (int)(world_rnd() % 100) < k->loss ? (world_rnd() & 1 ? TWICE : LATE) : PASS;
}

static struct party *party(struct kit *k, const char *name, const imp_crypto *c, int role)
{
	struct party *p = world_party(&k->w, name, c, role);
	p->layer = &imp_thread;
	p->params.max_msg = 512;
	p->hook = hook;
	p->sees = sees;
	p->user = k;
	p->below[0] = &imp_coap;
	p->below[1] = &imp_dtls_jpake;
	return p;
}

void kit_pskd(struct party *p, const char *name, const char *pskd)
{
	uint8_t flat[IMP_KEY_HEAD + 64];
	imp_key key = {IMP_A_HMAC256, IMP_KEY_PRIVATE, 0, NONE};
	imp_key_head(&key, flat);
	memcpy(flat + IMP_KEY_HEAD, pskd, strlen(pskd));
	fact_set(p, IMP_T_KEY, name, 0, imp_bytes(flat, IMP_KEY_HEAD + strlen(pskd)));
}

void kit_begin(struct kit *k, const imp_crypto *joiner, const imp_crypto *commissioner)
{
	uint8_t b[160];
	memset(k, 0, sizeof *k);
	world_begin(&k->w);
	k->w.fault = lossy;
	k->w.user = k;
	k->w.mtu = 1232;
	k->joiner = party(k, "joiner", joiner, IMP_DEVICE);
	k->commissioner = party(k, "commissioner", commissioner, IMP_OWNER);
	fact_set(k->joiner, IMP_T_SERVER, "thread.router", 0, imp_bytes("coaps://[fe80::1]:1000", 22));
	fact_set(k->joiner, IMP_T_IDENTITY, "thread.eui64", 0, t_hex(KIT_EUI, b, sizeof b));
	kit_pskd(k->joiner, "thread.pskd", "J01NME");
	kit_pskd(k->commissioner, "thread.pskd/any", "J01NME");
	kit_pskd(k->commissioner, "thread.pskd/" KIT_ID, "J01NME");
	fact_set(k->commissioner, IMP_T_NETWORK, "thread.dataset", 0, t_hex(dataset, b, sizeof b));
}

void kit_end(struct kit *k)
{
	world_end(&k->w);
}

/* The joiner router has the KEK and sends JOIN_ENT; the joiner's MAC takes it. */
static void entrust(struct kit *k)
{
	uint8_t b[160];
	imp_msg rx = imp_say(IMP_RX, 0xffff, IMP_POST, 77, imp_bytes("/c/je", 5), t_hex(dataset, b, sizeof b));
	rx.link = 1;
	if (k->keks != 3 || memcmp(k->kek[0], k->kek[1], 16))
		return;
	k->entrusted++;
	world_feed(k->j, &rx);
}

imp_status kit_run(struct kit *k)
{
	imp_msg start = imp_say(IMP_START, 0, 0, 0, NONE, NONE);
	uint8_t id[8];
	imp_status end;
	for (int i = 0; i < SESSIONS; i++)
		if (k->w.sess[i].id)
			world_kill(&k->w.sess[i]);
	k->keks = k->entrusted = 0;
	k->j = world_session(k->joiner, 0, 1);
	k->c = world_session(k->commissioner, 1, 1);
	k->jid = k->j->id;
	k->cid = k->c->id;
	world_wire(k->j, k->c);
	if (k->relayed)
		start.name = t_hex(KIT_ID, id, sizeof id);
	world_feed(k->c, &start);
	start.name = NONE;
	world_feed(k->j, &start);
	for (int i = 0; i < STEPS && (k->j = world_sess(&k->w, k->jid)) && !k->j->done; i++) {
		world_run(&k->w, STEP_MS);
		k->j = world_sess(&k->w, k->jid);
		if (k->relayed && k->j && !k->j->done && k->keks == 3)
			entrust(k);
	}
	end = k->j && k->j->done ? k->j->code : IMP_ETIME;
	world_run(&k->w, 60000);
	k->j = world_sess(&k->w, k->jid);
	k->c = world_sess(&k->w, k->cid);
	return end;
}

int kit_joined(const struct kit *k)
{
	const struct fact *net = fact_get(k->joiner, IMP_T_NETWORK, "thread.dataset", 0), *key = fact_get(k->joiner, IMP_T_KEY, "thread.netkey", 0),
		*theirs = fact_get(k->commissioner, IMP_T_NETWORK, "thread.dataset", 0);
	if (fact_get(k->joiner, IMP_T_KEY, "thread.kek", 0))
		return -1;
	if (!net && !key)
		return 0;
	return net && key && theirs && net->len == theirs->len && !memcmp(net->data, theirs->data, net->len) && key->len == IMP_KEY_HEAD + 16
		&& !memcmp(key->data + IMP_KEY_HEAD, "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16) ? 1 : -1;
}

int kit_tries(const struct party *p, const char *name)
{
	const struct fact *f = fact_get(p, IMP_T_COUNTER, name, 0);
	return f && f->len ? f->data[0] : 0;
}
