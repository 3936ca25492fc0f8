/* mesh-kit.c -- see mesh-kit.h. */
#include "mesh-kit.h"
#include "bytes.h"

#define NONE imp_bytes(0, 0)

enum { REST_S = 200 };

static const char netkey[] = "efb2255e6422d330088e09bb015ed7070567000102" "0304";

static struct mesh *kit_of(const struct party *p)
{
	return p->user;
}

static int read_by_person(struct mesh *k, imp_msg *a)
{
	k->reads++;
	a->data = imp_bytes(k->shown, strlen(k->shown));
	if (k->typed && k->typos-- > 0)
		a->data = imp_bytes(k->typed, strlen(k->typed));
	if (!a->data.len)
		a->code = IMP_EDENIED; /* there is nothing to be seen */
	return 1;
}

static int hook(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	struct mesh *k = kit_of(p);
	(void)s;
	if (k->silent && (ask->topic == IMP_T_READ || ask->topic == IMP_T_AUTHORIZE))
		return -1;
	switch (ask->topic) {
	case IMP_T_READ:
		return read_by_person(k, a);
	case IMP_T_AUTHORIZE:
		k->claims_len = ask->data.len < sizeof k->claims ? ask->data.len : 0;
		memcpy(k->claims, ask->data.ptr, k->claims_len);
		a->code = k->deny;
		a->data = k->decision;
		return 1;
	case IMP_T_ANCHOR:
		a->data = ask->code == k->wrong_cas ? k->ca : imp_bytes("\x30\x00", 2);
		a->flags = ask->code < k->wrong_cas ? IMP_MORE : 0;
		a->code = k->ca.len ? k->wrong_cas + 1 : IMP_EFACT;
		return 1;
	}
	return 0;
}

static void sees(struct party *p, struct sess *s, const imp_msg *m)
{
	struct mesh *k = kit_of(p);
	(void)s;
	if (m->verb != IMP_TELL || m->topic != IMP_T_SHOW || (m->name.len == 9 && !memcmp(m->name.ptr, "attention", 9)))
		return;
	memset(k->shown, 0, sizeof k->shown);
	k->hides += (m->flags & IMP_FORGET) != 0;
	if (m->flags & IMP_FORGET)
		return;
	k->shows++;
	k->medium = m->code;
	memcpy(k->shown, m->data.ptr, m->data.len < sizeof k->shown ? m->data.len : 0);
	memcpy(k->last, k->shown, sizeof k->last);
}

static struct party *party(struct mesh *k, const char *name, const imp_crypto *c, int role)
{
	struct party *p = world_party(&k->w, name, c, role);
	p->layer = &imp_btmesh;
	p->params.max_msg = 100;
	p->hook = hook;
	p->sees = sees;
	p->user = k;
	p->below[0] = k->below;
	return p;
}

void mesh_begin(struct mesh *k, const imp_crypto *c, const imp_layer *below)
{
	uint8_t b[32];
	memset(k, 0, sizeof *k);
	world_begin(&k->w);
	k->below = below;
	k->patience = 200000;
	k->device = party(k, "device", c, IMP_DEVICE);
	k->provisioner = party(k, "provisioner", c, IMP_OWNER);
	fact_set(k->device, IMP_T_IDENTITY, "btmesh.uuid", 0, t_hex(MESH_UUID, b, sizeof b));
	fact_set(k->provisioner, IMP_T_NETWORK, "btmesh.net", 0, t_hex(netkey, b, sizeof b));
}

void mesh_below(struct mesh *k, const imp_layer *below)
{
	k->below = k->device->below[0] = k->provisioner->below[0] = below;
}

void mesh_end(struct mesh *k)
{
	world_end(&k->w);
}

void mesh_device_is(struct mesh *k, const char *cbor_hex)
{
	uint8_t b[400];
	fact_set(k->device, IMP_T_CONFIG, "btmesh.device", 0, t_hex(cbor_hex, b, sizeof b));
}

static void secret(struct party *p, const char *name, imp_span s)
{
	uint8_t flat[IMP_KEY_HEAD + 64];
	imp_key key = {IMP_A_HMAC256, IMP_KEY_PRIVATE, 0, NONE};
	imp_key_head(&key, flat);
	memcpy(flat + IMP_KEY_HEAD, s.ptr, s.len);
	fact_set(p, IMP_T_KEY, name, 0, imp_bytes(flat, IMP_KEY_HEAD + s.len));
}

void mesh_static(struct mesh *k, imp_span device, imp_span provisioner)
{
	if (device.len)
		secret(k->device, "btmesh.static", device);
	if (provisioner.len)
		secret(k->provisioner, "btmesh.static/" MESH_UUID, provisioner);
}

imp_status mesh_run_as(struct mesh *k, uint16_t topic, int32_t procedure)
{
	uint8_t b[BTMESH_UUID + 2];
	imp_msg start = imp_say(IMP_START, topic, 0, 0, NONE, NONE);
	uint32_t d, p;
	for (int i = 0; i < SESSIONS; i++)
		if (k->w.sess[i].id)
			world_kill(&k->w.sess[i]);
	k->d = world_session(k->device, 1, k->below != NULL);
	k->p = world_session(k->provisioner, 0, k->below != NULL);
	world_wire(k->d, k->p);
	d = k->d->id;
	p = k->p->id;
	world_feed(k->d, &start);
	k->rested = k->w.now;
	for (int i = 0; i < REST_S && !k->below && (k->d = world_sess(&k->w, d)) && !k->d->done && !k->d->opened; i++)
		world_run(&k->w, i ? 1000 : 0); /* it may have to rest */
	k->rested = k->w.now - k->rested;
	start.name = t_hex(MESH_UUID, b, BTMESH_UUID);
	if (k->beacon) {
		b[16] = (uint8_t)(k->beacon >> 8);
		b[17] = (uint8_t)k->beacon;
		start.name.len += 2;
	}
	start.code = procedure;
	k->p = world_sess(&k->w, p);
	world_feed(k->p, &start);
	world_run(&k->w, k->patience);
	k->d = world_sess(&k->w, d);
	k->p = world_sess(&k->w, p);
	return k->p && k->p->done ? k->p->code : IMP_ETIME;
}

imp_status mesh_run(struct mesh *k)
{
	return mesh_run_as(k, 0, 0);
}

static int same(const struct fact *a, const struct fact *b, size_t len)
{
	return a && b && a->len >= len && b->len >= len && !memcmp(a->data, b->data, len);
}

int mesh_provisioned(const struct mesh *k)
{
	const struct fact *theirs = fact_get(k->provisioner, IMP_T_KEY, "btmesh.devkey/" MESH_UUID, 0), *mine = fact_get(k->device, IMP_T_KEY, "btmesh.devkey", 0);
	const struct fact *net = fact_get(k->device, IMP_T_NETWORK, "btmesh.net", 0), *node = fact_get(k->provisioner, IMP_T_NETWORK, "btmesh.node/" MESH_UUID, 0);
	if (!mine && !net)
		return 0; /* the provisioner may know a key that was never taken */
	return mine && mine->len == IMP_KEY_HEAD + 16 && same(mine, theirs, mine->len) && same(net, fact_get(k->provisioner, IMP_T_NETWORK, "btmesh.net", 0), BTMESH_NET_LEN) && node
	               && !memcmp(node->data, net->data + BTMESH_NET_LEN, 2) ? 1 : -1;
}

unsigned mesh_address(const struct mesh *k)
{
	const struct fact *net = fact_get(k->device, IMP_T_NETWORK, "btmesh.net", 0);
	return net && net->len == BTMESH_DATA_LEN ? (unsigned)(net->data[23] << 8 | net->data[24]) : 0;
}
