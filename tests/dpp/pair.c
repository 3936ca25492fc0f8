/* dpp-pair.c -- enrollee and configurator back to back on a lossy wire that loses
 * nothing: every curve, direction, way to trust and credential. */
#include "auth.h"
#include "bootstrap.h"
#include "cbor.h"
#include "crypto.h"
#include "dpp-kit.h"
#include "t.h"

enum { LONG = 900000 };

static const int32_t curves[] = {IMP_C_P256, IMP_C_P384, IMP_C_P521, IMP_C_BP256, IMP_C_BP384, IMP_C_BP512};
static const char *const curve_names[] = {"P-256", "P-384", "P-521", "BP-256", "BP-384", "BP-512"};

static void mutual(struct dkit *k, struct party *p)
{
	static const char *const words[] = {"mutual", "true", "channels", "81/6", NULL};
	dkit_config(k, p, "dpp.uri", words);
}

static void claims_of_curves(void)
{
	char claim[128];
	for (int i = 0; i < 6; i++)
		for (int owner = 0; owner < 2; owner++)
			for (int both = 0; both < 2; both++) {
				struct dkit k;
				dkit_begin(&k, &imp_openssl, curves[i]);
				if (both)
					mutual(&k, owner ? k.device : k.owner);
				k.reads = k.uri[owner];
				dkit_run(&k, owner ? 0 : IMP_T_PEERKEY, owner ? IMP_T_PEERKEY : 0, LONG);
				snprintf(claim, sizeof claim, "%s, the %s begins, %s", curve_names[i], owner ? "configurator" : "enrollee", both ? "mutual" : "one-way");
				t_check(claim, dkit_configured(&k) && k.shows == 1 + both && k.withdrawn == 1 + both && k.reads_asked == both, dkit_said);
				dkit_end(&k);
			}
}


/* One run on P-256; the configurator begins. */
static int configured(struct dkit *k)
{
	dkit_run(k, 0, IMP_T_PEERKEY, LONG);
	return dkit_configured(k);
}

static imp_span network(const struct dkit *k, int i, const char *key)
{
	const struct fact *f = fact_get(k->device, IMP_T_NETWORK, "dpp.network", i);
	imp_rd r = imp_rd_of(imp_cbor_find(f ? imp_bytes(f->data, f->len) : imp_bytes(NULL, 0), key));
	if (!imp_rd_left(&r))
		return imp_bytes(NULL, 0);
	return imp_cbor_peek(&r) == IMP_CBOR_TSTR ? imp_cbor_tstr(&r) : imp_cbor_bstr(&r);
}

static int is(imp_span s, const char *what)
{
	return imp_same(s, imp_bytes(what, strlen(what)));
}

static void claims_of_credentials(void)
{
	static const char *const akms[] = {"dpp", "psk", "sae", "psk+sae", "dpp+sae", "dpp+psk+sae", "506F9A02+000FAC08", "000FAC02+000FAC06", "000fac08"};
	char claim[128];
	for (size_t i = 0; i < sizeof akms / sizeof akms[0]; i++) {
		struct dkit k;
		const char *entry[] = {akms[i], "a \"quiet\" caf\xc3\xa9", i ? "correct horse" : ""};
		dkit_begin(&k, &imp_openssl, IMP_C_P256);
		k.entry = entry;
		snprintf(claim, sizeof claim, "akm %s", akms[i]);
		t_check(claim, configured(&k) && is(network(&k, 0, "akm"), akms[i]) && is(network(&k, 0, "ssid"), entry[1]) && is(network(&k, 0, "pass"), entry[2])
		               && fact_get(k.device, IMP_T_CHAIN, "dpp.connector", 0), dkit_said);
		dkit_end(&k);
	}
}

static void claims_of_objects(void)
{
	static const char *const two[] = {"dpp", "home", "", "sae", "guests", "some password"};
	static const char *const cert[] = {"dot1x", "office", ""};
	static const char *const bad[] = {"wep", "home", ""};
	struct dkit k;
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.entry = two;
	k.entries = 2;
	t_check("two configuration objects", configured(&k) && is(network(&k, 0, "ssid"), "home") && is(network(&k, 1, "pass"), "some password"), dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.entry = cert;
	t_check("802.1X: a certificate is asked for with the session's challenge password, and issued", configured(&k) && is(network(&k, 0, "chain"), "PKCS#7 of this device"), dkit_said);
	t_check("... and the policy was asked once", k.asked == 1, dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.entry = bad;
	t_check("what the host's configuration should not be is CONFIGURE_FAILURE", !configured(&k) && k.d->code == IMP_EPEER && k.d->topic == 5 && k.o->topic == 5 && dkit_whole(&k), dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.entries = 0;
	t_check("no configuration at all too", !configured(&k) && k.d->topic == 5 && k.o->code == IMP_EFACT, dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.status = 10;
	t_check("the connection's status reaches the configurator", configured(&k) && k.told == 1, dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	fact_drop(k.owner, IMP_T_KEY, "dpp.csign");
	fact_drop(k.owner, IMP_T_KEY, "dpp.ppkey");
	t_check("a configurator without keys makes and keeps some", configured(&k) && fact_get(k.owner, IMP_T_KEY, "dpp.csign", 0) && fact_get(k.owner, IMP_T_KEY, "dpp.ppkey", 0), dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.expiry = k.w.unix_time - 1;
	t_check("a Connector that has expired: CONFIG_REJECTED", !configured(&k) && k.o->code == IMP_EPEER && k.o->topic == 9 && k.d->topic == 9 && !fact_get(k.device, IMP_T_NETWORK, "dpp.network", 0), dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.expiry = k.w.unix_time - 1;
	k.w.unix_time = 0;
	t_check("... but a device without a clock takes it", configured(&k), dkit_said);
	dkit_end(&k);
}

/* --- policy and people ------------------------------------------------------------ */

static imp_span claim_of(const struct dkit *k, uint64_t key)
{
	return imp_cbor_at(imp_bytes(k->claims, k->claims_len), key);
}

static imp_span text_claim(const struct dkit *k, uint64_t key, const char *member)
{
	imp_span v = claim_of(k, key);
	imp_rd r = imp_rd_of(member ? imp_cbor_find(v, member) : v);
	return imp_rd_left(&r) && imp_cbor_peek(&r) == IMP_CBOR_TSTR ? imp_cbor_tstr(&r) : imp_bytes(NULL, 0);
}

static void claims_of_policy(void)
{
	static const char *const about[] = {"name", "kettle", "mudurl", "https://example.com/kettle", NULL};
	struct dkit k;
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	dkit_config(&k, k.device, "dpp.enrollee", about);
	t_check("policy hears what the label says, and what the device says of itself", configured(&k) && is(text_claim(&k, IMP_T_SERVER, "info"), "lamp 7")
	        && is(text_claim(&k, IMP_T_IDENTITY, "name"), "kettle") && is(text_claim(&k, IMP_T_IDENTITY, "mudurl"), about[3]) && is(text_claim(&k, IMP_T_ASSOC, NULL), "one-way"), dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	dkit_run(&k, IMP_T_PEERKEY, 0, LONG);
	t_check("an enrollee that began without showing its key has none in the claims", dkit_configured(&k) && claim_of(&k, IMP_T_PEERKEY).len == 1, dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.deny = 1;
	t_check("policy says no: CONFIGURE_FAILURE, EDENIED", !configured(&k) && k.o->code == IMP_EDENIED && k.d->code == IMP_EPEER && k.d->topic == 5 && dkit_whole(&k), dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.silent = 1;
	t_check("policy never answers: no", !configured(&k) && k.o->code == IMP_ETIME && k.d->code < 0 && dkit_whole(&k), dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.slow = 100000;
	t_check("policy takes 100 s", configured(&k), dkit_said);
	dkit_end(&k);
}

static void claims_of_reading(void)
{
	struct dkit k;
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	mutual(&k, k.owner);
	k.reads = k.uri[0];
	k.slow = 50000;
	dkit_run(&k, IMP_T_PEERKEY, 0, LONG);
	t_check("RESPONSE_PENDING: somebody reads the initiator's code 50 s later", dkit_configured(&k) && k.reads_asked == 1, dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	mutual(&k, k.owner);
	k.reads = k.uri[1];
	dkit_run(&k, IMP_T_PEERKEY, 0, LONG);
	t_check("... and reads another's code", k.o->code == IMP_EAUTH && k.o->topic == 2 && k.d->code < 0 && dkit_whole(&k), (dkit_configured(&k), dkit_said));
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	mutual(&k, k.owner);
	dkit_run(&k, IMP_T_PEERKEY, 0, LONG);
	t_check("... or nobody is there", k.o->code == IMP_EDENIED && k.d->code < 0, (dkit_configured(&k), dkit_said));
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	fact_drop(k.owner, IMP_T_PEERKEY, "dpp.label/label");
	k.reads = k.uri[0];
	t_check("whose URI is not known, it is read", configured(&k) && k.reads_asked == 1, dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	fact_drop(k.owner, IMP_T_PEERKEY, "dpp.label/label");
	k.reads = "https://example.com/";
	t_check("what is read is no URI of DPP", !configured(&k) && k.o->code == IMP_EBADMSG, dkit_said);
	dkit_end(&k);
}

static void claims_of_presence(void)
{
	struct dkit k;
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	dkit_announced(&k);
	dkit_run(&k, IMP_T_SHOW, 0, LONG);
	t_check("a device announces its presence, and the configurator that knows it begins", dkit_configured(&k), dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	dkit_run(&k, IMP_T_SHOW, 0, LONG);
	t_check("nobody knows it: later", k.d->code == IMP_LATER && k.d->when && k.o->code == IMP_EFACT, (dkit_configured(&k), dkit_said));
	dkit_end(&k);
}

/* --- who is with whom -------------------------------------------------------------- */

static void claims_of_roles(void)
{
	struct dkit k;
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.owner->params.role = IMP_DEVICE;
	dkit_run(&k, IMP_T_PEERKEY, 0, LONG);
	t_check("two enrollees: NOT_COMPATIBLE", k.d->code == IMP_EPEER && k.d->topic == 1 && k.o->code == IMP_EPROTO && k.o->topic == 1, (dkit_configured(&k), dkit_said));
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.device->params.role = IMP_OWNER;
	dkit_run(&k, IMP_T_PEERKEY, 0, LONG);
	t_check("two configurators: NOT_COMPATIBLE", k.d->code == IMP_EPEER && k.d->topic == 1 && k.o->topic == 1, (dkit_configured(&k), dkit_said));
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P384);
	fact_drop(k.device, IMP_T_KEY, "dpp.bootstrap");
	dkit_run(&k, IMP_T_PEERKEY, 0, LONG);
	t_check("who begins needs no key of its own", dkit_configured(&k), dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	fact_drop(k.device, IMP_T_KEY, "dpp.bootstrap");
	t_check("who answers does", !configured(&k) && k.d->code == IMP_EFACT, dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	fact_set(k.owner, IMP_T_PEERKEY, "dpp.label/label", 0, imp_bytes(k.uri[1], strlen(k.uri[1])));
	t_check("another's label: nobody answers", !configured(&k) && k.o->code == IMP_LATER && !k.d->done, dkit_said);
	dkit_end(&k);
}

static void code(struct party *p, const char *name, const char *what)
{
	fact_set(p, IMP_T_KEY, name, 0, imp_bytes(what, strlen(what)));
}

static void claims_of_codes(void)
{
	struct dkit k;
	char claim[96];
	for (int i = 0; i < 6; i++)
		for (int owner = 0; owner < 2; owner++) {
			dkit_begin(&k, &imp_openssl, curves[i]);
			dkit_codes(&k);
			dkit_run(&k, owner ? 0 : IMP_T_KEY, owner ? IMP_T_KEY : 0, LONG);
			snprintf(claim, sizeof claim, "PKEX: %s, the %s begins", curve_names[i], owner ? "configurator" : "enrollee");
			t_check(claim, dkit_configured(&k) && is(text_claim(&k, IMP_T_ASSOC, NULL), "pkex"), dkit_said);
			dkit_end(&k);
		}
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.reads = "typed by somebody";
	dkit_run(&k, 0, IMP_T_KEY, LONG);
	t_check("PKEX: a code that nobody has is typed, on both sides", dkit_configured(&k) && k.reads_asked == 2, dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	code(k.device, "dpp.code/label", "tea for two");
	code(k.owner, "dpp.code/label", "tea for one");
	for (int i = 0; i < 5; i++) {
		dkit_run(&k, 0, IMP_T_KEY, LONG);
		if (k.d->code != IMP_EAUTH || k.d->topic != 2 || k.o->code != IMP_ETIME)
			break;
	}
	t_check("PKEX: another code", k.d->code == IMP_EAUTH && k.d->topic == 2 && k.o->code < 0, (dkit_configured(&k), dkit_said));
	code(k.owner, "dpp.code/label", "tea for two");
	dkit_run(&k, 0, IMP_T_KEY, LONG);
	t_check("PKEX: who begins counts what was not answered too", k.o->code == IMP_EDENIED && !k.d->done, (dkit_configured(&k), dkit_said));
	fact_drop(k.owner, IMP_T_COUNTER, "dpp.guess/label");
	dkit_run(&k, 0, IMP_T_KEY, LONG);
	t_check("PKEX: after five wrong guesses, in sessions of their own, the right code is refused too", k.d->code == IMP_EDENIED && k.o->code == IMP_LATER, (dkit_configured(&k), dkit_said));
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P384);
	fact_drop(k.owner, IMP_T_KEY, "dpp.bootstrap");
	code(k.owner, "dpp.code/label", "tea for two");
	dkit_run(&k, 0, IMP_T_KEY, LONG);
	t_check("PKEX: on another curve than the responder's: BAD_GROUP", k.o->code == IMP_EPEER && k.o->topic == 4 && !k.d->done, (dkit_configured(&k), dkit_said));
	dkit_end(&k);
}

/* --- introduction --------------------------------------------------------------------- */

/* The configurator configures `role`; what it was given stays with the party. */
static int provision(struct dkit *k, struct party *p, const char *role, const char *group)
{
	const char *about[] = {"name", role, "role", role, NULL};
	struct party *device = k->device;
	int ok;
	dkit_config(k, p, "dpp.enrollee", about);
	fact_copy(p, device, IMP_T_KEY, "dpp.bootstrap");
	k->group = group;
	k->device = p;
	ok = configured(k);
	k->device = device;
	return ok;
}

static void introduce(struct dkit *k, struct party *ap, struct sess **s, struct sess **a)
{
	imp_msg m = imp_say(IMP_START, IMP_T_NETWORK, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	*s = world_session(k->device, 0, 0);
	*a = world_session(ap, 1, 0);
	world_wire(*s, *a);
	world_feed(*s, &m);
	m.topic = IMP_T_ACCESS;
	world_feed(*a, &m);
	world_run(&k->w, LONG);
}

static struct party *access_point(struct dkit *k)
{
	struct party *p = world_party(&k->w, "ap", k->c, IMP_DEVICE);
	p->layer = k->device->layer;
	p->hook = k->device->hook;
	p->sees = k->device->sees;
	p->user = k;
	p->params = k->device->params;
	return p;
}

static int same_pmk(const struct dkit *k, const struct party *ap)
{
	const struct fact *a = fact_get(k->device, IMP_T_KEY, "dpp.pmk/", 0), *b = fact_get(ap, IMP_T_KEY, "dpp.pmk/646576696365", 0); /* "device" as an address */
	return a && b && a->len == 16 + 32 + 16 && a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static void claims_of_introduction(void)
{
	struct dkit k;
	struct sess *s, *a;
	struct party *ap;
	int ok;
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	ap = access_point(&k);
	ok = provision(&k, k.device, "sta", NULL) && provision(&k, ap, "ap", "upstairs");
	introduce(&k, ap, &s, &a);
	t_check("station and access point make the same PMK out of their Connectors", ok && s->code == 0 && s->done && a->done && a->code == 0 && same_pmk(&k, ap), s->where);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	ap = access_point(&k);
	ok = provision(&k, k.device, "sta", "cellar") && provision(&k, ap, "ap", "upstairs");
	introduce(&k, ap, &s, &a);
	t_check("no group in common: NO_MATCH", ok && s->code == IMP_EPEER && s->topic == 8 && a->code == IMP_EAUTH && a->topic == 8 && !same_pmk(&k, ap), s->where);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	ap = access_point(&k);
	ok = provision(&k, k.device, "ap", NULL) && provision(&k, ap, "ap", NULL);
	introduce(&k, ap, &s, &a);
	t_check("two access points: NO_MATCH", ok && s->code == IMP_EPEER && s->topic == 8, s->where);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	ap = access_point(&k);
	ok = provision(&k, k.device, "sta", NULL);
	fact_drop(k.owner, IMP_T_KEY, "dpp.csign");
	ok = ok && provision(&k, ap, "ap", NULL);
	introduce(&k, ap, &s, &a);
	t_check("another configurator's Connector: INVALID_CONNECTOR", ok && s->code == IMP_EPEER && s->topic == 7, s->where);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	ap = access_point(&k);
	k.expiry = k.w.unix_time + 1000;
	ok = provision(&k, k.device, "sta", NULL) && provision(&k, ap, "ap", NULL);
	k.w.unix_time += 2000;
	introduce(&k, ap, &s, &a);
	t_check("Connectors that have expired meanwhile: INVALID_CONNECTOR", ok && s->code == IMP_EPEER && s->topic == 7, s->where);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	ap = access_point(&k);
	introduce(&k, ap, &s, &a);
	t_check("a station that was never configured lacks dpp.csign", s->code == IMP_EFACT, s->where);
	dkit_end(&k);
}

static void claims_of_new_keys(void)
{
	char claim[96];
	struct dkit k;
	for (int i = 0; i < 6; i++)
		for (int j = 0; j < 6; j++) {
			const struct fact *net;
			imp_key key;
			dkit_begin(&k, &imp_openssl, curves[i]);
			k.net_curve = curve_names[j];
			dkit_run(&k, i % 2 ? 0 : IMP_T_PEERKEY, i % 2 ? IMP_T_PEERKEY : 0, LONG);
			net = fact_get(k.device, IMP_T_KEY, "dpp.netkey", 0);
			key = imp_key_from(net ? imp_bytes(net->data, net->len) : imp_bytes(NULL, 0));
			snprintf(claim, sizeof claim, "a label on %s, a network on %s", curve_names[i], curve_names[j]);
			t_check(claim, dkit_configured(&k) && key.alg == curves[j] && k.asked == 1, dkit_said);
			dkit_end(&k);
		}
}

/* --- reconfiguration ------------------------------------------------------------------ */

static void claims_of_reconfiguration(void)
{
	static const char *const other[] = {"dpp", "new home", ""};
	char claim[96];
	struct dkit k;
	int ok;
	for (int i = 0; i < 6; i++) {
		uint8_t old[256] = {0};
		const struct fact *key;
		dkit_begin(&k, &imp_openssl, curves[i]);
		ok = configured(&k);
		key = fact_get(k.device, IMP_T_KEY, "dpp.netkey", 0);
		if (key)
			memcpy(old, key->data, key->len);
		k.entry = other;
		dkit_run(&k, IMP_T_CONFIG, 0, LONG);
		key = fact_get(k.device, IMP_T_KEY, "dpp.netkey", 0);
		snprintf(claim, sizeof claim, "reconfiguration on %s: another network, a new key", curve_names[i]);
		t_check(claim, ok && dkit_configured(&k) && is(network(&k, 0, "ssid"), "new home") && key && memcmp(old, key->data, key->len) && is(text_claim(&k, IMP_T_ASSOC, NULL), "reconfig"), dkit_said);
		dkit_end(&k);
	}
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	k.expiry = k.w.unix_time + 1000;
	ok = configured(&k);
	k.w.unix_time += 2000;
	k.expiry = 0;
	dkit_run(&k, IMP_T_CONFIG, 0, LONG);
	t_check("... of a device whose Connector has expired", ok && dkit_configured(&k), dkit_said);
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	ok = configured(&k);
	fact_drop(k.owner, IMP_T_KEY, "dpp.csign");
	dkit_run(&k, IMP_T_CONFIG, 0, LONG);
	t_check("... is not another configurator's business", ok && k.d->code == IMP_LATER && !k.o->done && dkit_whole(&k), (dkit_configured(&k), dkit_said));
	dkit_end(&k);
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	ok = configured(&k);
	k.deny = 1;
	dkit_run(&k, IMP_T_CONFIG, 0, LONG);
	t_check("... policy says no, and the device keeps what it has", ok && k.o->code == IMP_EDENIED && k.d->code == IMP_EPEER && dkit_whole(&k) && is(network(&k, 0, "ssid"), "home"), (dkit_configured(&k), dkit_said));
	dkit_end(&k);
}

int main(void)
{
	claims_of_curves();
	claims_of_credentials();
	claims_of_objects();
	claims_of_policy();
	claims_of_reading();
	claims_of_presence();
	claims_of_roles();
	claims_of_codes();
	claims_of_introduction();
	claims_of_new_keys();
	claims_of_reconfiguration();
	return t_end();
}
