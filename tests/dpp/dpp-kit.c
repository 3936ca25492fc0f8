/* dpp-kit.c -- see dpp-kit.h. */
#include "dpp-kit.h"
#include "bootstrap.h"
#include "cbor.h"
#include "config.h"
#include "connector.h"
#include "crypto.h"

#include <stdio.h>

#define NONE imp_bytes(NULL, 0)

char dkit_said[256];
static const imp_crypto *keys_by = &imp_fake; /* who makes the public halves */

/* A scalar that is below every order: n in the last byte. */
void dkit_key(int32_t curve, int n, uint8_t *priv, uint8_t *pub)
{
	size_t len = DPP_POINT, w = dpp_curve_of(curve)->prime_len;
	memset(priv, 0, w);
	for (size_t i = w / 2; i < w; i++)
		priv[i] = (uint8_t)(7 * (size_t)n + 13 * i + 1);
	keys_by->muladd(keys_by, curve, imp_bytes(priv, w), NONE, NONE, NONE, pub, &len);
}

static void set_key(struct party *p, const char *name, int32_t curve, int n)
{
	uint8_t flat[IMP_KEY_HEAD + DPP_PRIME], pub[DPP_POINT];
	imp_key k = {curve, IMP_KEY_PRIVATE, 0, {0, 0}};
	imp_key_head(&k, flat);
	dkit_key(curve, n, flat + IMP_KEY_HEAD, pub);
	fact_set(p, IMP_T_KEY, name, 0, imp_bytes(flat, IMP_KEY_HEAD + (size_t)dpp_curve_of(curve)->prime_len));
}

static imp_span text(const char *s)
{
	return imp_bytes(s, strlen(s));
}

static void set_uri(struct dkit *k, int who, int n)
{
	uint8_t priv[DPP_PRIME], pub[DPP_POINT];
	dpp_uri u = {text("81/1,115/36"), text(who ? "configurator" : "lamp 7"), text(who ? "owner" : "device"), text("aabbccddeeff"), NONE, 3, 0};
	imp_wr w = imp_wr_to(k->uri[who], sizeof k->uri[who] - 1);
	dkit_key(k->curve, n, priv, pub);
	dpp_uri_put(&w, &u, dpp_curve_of(k->curve), pub);
	k->uri[who][imp_wr_span(&w).len] = 0;
}

void dkit_config(struct dkit *k, struct party *p, const char *name, const char *const *words)
{
	uint8_t b[512];
	imp_wr w = imp_wr_to(b, sizeof b);
	size_t n = 0;
	(void)k;
	while (words[n])
		n++;
	imp_cbor_put_map(&w, n / 2);
	for (size_t i = 0; i < n; i += 2) {
		imp_cbor_put_text(&w, words[i]);
		if (!strcmp(words[i + 1], "true"))
			imp_cbor_put_bool(&w, 1);
		else if (!strcmp(words[i], "mac"))
			imp_cbor_put_bstr(&w, text(words[i + 1]));
		else
			imp_cbor_put_text(&w, words[i + 1]);
	}
	fact_set(p, IMP_T_CONFIG, name, 0, imp_wr_span(&w));
}

/* Entry number i of dpp.config. */
static imp_span config_entry(struct dkit *k, int i)
{
	static uint8_t b[256];
	imp_wr w = imp_wr_to(b, sizeof b);
	imp_cbor_put_map(&w, (size_t)(3 + (k->status != 0) + (k->expiry != 0) + (k->group != NULL) + (k->net_curve != NULL)));
	imp_cbor_put_text(&w, "akm");
	imp_cbor_put_text(&w, k->entry[3 * i]);
	imp_cbor_put_text(&w, "ssid");
	imp_cbor_put_text(&w, k->entry[3 * i + 1]);
	imp_cbor_put_text(&w, "pass");
	imp_cbor_put_text(&w, k->entry[3 * i + 2]);
	if (k->status) {
		imp_cbor_put_text(&w, "status");
		imp_cbor_put_bool(&w, 1);
	}
	if (k->expiry) {
		imp_cbor_put_text(&w, "expiry");
		imp_cbor_put_uint(&w, k->expiry);
	}
	if (k->group) {
		imp_cbor_put_text(&w, "group");
		imp_cbor_put_text(&w, k->group);
	}
	if (k->net_curve) {
		imp_cbor_put_text(&w, "curve");
		imp_cbor_put_text(&w, k->net_curve);
	}
	return imp_wr_span(&w);
}

static int is(imp_span name, const char *what)
{
	return imp_same(name, text(what));
}


static int hook(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	struct dkit *k = p->user;
	(void)s;
	p->think = ask->topic == IMP_T_AUTHORIZE || ask->topic == IMP_T_READ ? k->slow : 0;
	switch (ask->topic) {
	case IMP_T_AUTHORIZE:
		k->asked++;
		k->claims_len = ask->data.len < sizeof k->claims ? ask->data.len : 0;
		memcpy(k->claims, ask->data.ptr, k->claims_len);
		a->code = k->deny ? IMP_EDENIED : IMP_OK;
		return k->silent ? -1 : 1;
	case IMP_T_READ:
		a->code = k->reads ? 0 : IMP_EFACT;
		a->data = k->reads ? text(k->reads) : NONE;
		if (k->reads_peer) {
			a->code = 0;
			a->data = text(ask->code == IMP_M_PIN ? "tea for two" : k->uri[p != k->owner]);
		}
		k->reads_asked++;
		return 1;
	case IMP_T_ISSUE:
		a->data = text("PKCS#7 of this device");
		return 1;
	case IMP_T_RUN:
		a->code = k->status;
		a->data = text("81/1");
		return 1;
	case IMP_T_CONFIG:
		if (!is(ask->name, "dpp.config") || p != k->owner || ask->code >= k->entries)
			return 0;
		a->data = config_entry(k, ask->code);
		a->code = k->entries;
		a->flags = ask->code + 1 < k->entries ? IMP_MORE : 0;
		return 1;
	}
	return 0;
}

static void sees(struct party *p, struct sess *s, const imp_msg *m)
{
	struct dkit *k = p->user;
	(void)s;
	if (m->verb == IMP_TELL && m->topic == IMP_T_SHOW) {
		k->shows += !(m->flags & IMP_FORGET);
		k->withdrawn += m->flags & IMP_FORGET ? 1 : 0;
	}
	k->told += m->verb == IMP_TELL && m->topic == IMP_T_NETWORK;
}

static struct party *party(struct dkit *k, const char *name, int role)
{
	struct party *p = world_party(&k->w, name, k->c, role);
	p->layer = &imp_dpp;
	p->hook = hook;
	p->sees = sees;
	p->user = k;
	p->params.max_msg = p->params.max_chain = 4096;
	return p;
}

void dkit_begin(struct dkit *k, const imp_crypto *c, int32_t curve)
{
	static const char *const entry[] = {"dpp", "home", ""};
	memset(k, 0, sizeof *k);
	world_begin(&k->w);
	k->w.unix_time = 1700000000;
	k->c = keys_by = c;
	k->curve = curve;
	k->device = party(k, "device", IMP_DEVICE);
	k->owner = party(k, "owner", IMP_OWNER);
	set_key(k->device, "dpp.bootstrap", curve, 1);
	set_key(k->owner, "dpp.bootstrap", curve, 2);
	set_key(k->owner, "dpp.csign", curve, 3);
	set_key(k->owner, "dpp.ppkey", curve, 4);
	set_uri(k, 0, 1);
	set_uri(k, 1, 2);
	fact_set(k->owner, IMP_T_PEERKEY, "dpp.label/label", 0, text(k->uri[0]));
	fact_set(k->device, IMP_T_PEERKEY, "dpp.label/label", 0, text(k->uri[1]));
	k->entry = entry;
	k->entries = 1;
}

void dkit_end(struct dkit *k)
{
	world_end(&k->w);
}

void dkit_codes(struct dkit *k)
{
	fact_set(k->device, IMP_T_KEY, "dpp.code/label", 0, text("tea for two"));
	fact_set(k->owner, IMP_T_KEY, "dpp.code/label", 0, text("tea for two"));
}

void dkit_announced(struct dkit *k)
{
	uint8_t point[DPP_POINT], priv[DPP_PRIME], hash[32];
	char name[96] = "dpp.chirp/";
	size_t n = strlen(name);
	dkit_key(k->curve, 1, priv, point);
	dpp_key_hash(k->c, dpp_curve_of(k->curve), point, "chirp", hash);
	for (int i = 0; i < 32; i++)
		n += (size_t)snprintf(name + n, 3, "%02x", hash[i]);
	fact_set(k->owner, IMP_T_PEERKEY, name, 0, text(k->uri[0]));
}

static void start(struct sess *s, uint16_t topic)
{
	imp_msg m = imp_say(IMP_START, topic, 0, 0, topic == IMP_T_PEERKEY || topic == IMP_T_KEY ? text("label") : NONE, NONE);
	world_feed(s, &m);
}

void dkit_run(struct dkit *k, uint16_t device, uint16_t owner, uint64_t ms)
{
	uint32_t d, o;
	k->d = world_session(k->device, device == 0, 0);
	k->o = world_session(k->owner, owner == 0, 0);
	d = k->d->id;
	o = k->o->id;
	world_wire(k->cut_owner ? k->o : k->d, k->cut_owner ? k->d : k->o);
	start(k->o, owner);
	if ((k->d = world_sess(&k->w, d)) != NULL)
		start(k->d, device);
	world_run(&k->w, ms);
	k->d = world_sess(&k->w, d);
	k->o = world_sess(&k->w, o);
}

static const struct fact *network(const struct dkit *k, int i)
{
	return fact_get(k->device, IMP_T_NETWORK, "dpp.network", i);
}

/* The pieces belong together: the Connector is about netkey, signed by csign. */
int dkit_whole(const struct dkit *k)
{
	const struct fact *n = network(k, 0), *conn = fact_get(k->device, IMP_T_CHAIN, "dpp.connector", 0);
	const struct fact *cs = fact_get(k->device, IMP_T_ANCHOR, "dpp.csign", 0), *net = fact_get(k->device, IMP_T_KEY, "dpp.netkey", 0);
	uint8_t room[2048], pub[DPP_POINT];
	size_t len = sizeof pub;
	imp_key csign, priv;
	dpp_connector con;
	if (!n)
		return !conn && !cs && !net;
	if (!net || (conn == NULL) != (cs == NULL))
		return 0;
	if (!conn)
		return 1;
	csign = imp_key_from(imp_bytes(cs->data, cs->len));
	priv = imp_key_from(imp_bytes(net->data, net->len));
	if (dpp_connector_read(k->c, imp_bytes(conn->data, conn->len), &csign, 0, room, sizeof room, &con))
		return 0;
	k->c->muladd(k->c, priv.alg, priv.bits, NONE, NONE, NONE, pub, &len);
	return con.curve == priv.alg && !memcmp(pub, con.point, len);
}

int dkit_configured(const struct dkit *k)
{
	int n = 0;
	snprintf(dkit_said, sizeof dkit_said, "device %s %d %s, owner %s %d %s", k->d ? k->d->where : "gone", k->d ? (int)k->d->code : 99, k->d ? k->d->why : "",
	         k->o ? k->o->where : "gone", k->o ? (int)k->o->code : 99, k->o ? k->o->why : "");
	while (network(k, n))
		n++;
	if (!k->d || !k->o || !k->d->done || !k->o->done || k->d->code || k->o->code)
		return 0;
	if (n != k->entries || !dkit_whole(k))
		snprintf(dkit_said, sizeof dkit_said, "%d networks", n);
	return n == k->entries && dkit_whole(k);
}
