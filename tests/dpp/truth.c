/* dpp-truth.c -- DPP's manifest against both roles, in every kind of run. */
#include "crypto.h"
#include "dpp-kit.h"
#include "truth.h"

#include <stdio.h>

enum { LONG = 300000 };

static struct dkit k;

static void begin(void)
{
	static const char *const about[] = {"name", "kettle", NULL};
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	dkit_codes(&k);
	k.reads_peer = 1;
	dkit_config(&k, k.device, "dpp.enrollee", about);
}

static void insists(struct party *p)
{
	static const char *const mutual[] = {"mutual", "true", NULL};
	dkit_config(&k, p, "dpp.uri", mutual);
}

static struct party *device(void)
{
	begin();
	k.status = 10;
	insists(k.device);
	return k.device;
}

static struct party *owner(void)
{
	begin();
	insists(k.owner);
	return k.owner;
}

static struct party *owner_with_certificates(void)
{
	static const char *const cert[] = {"dot1x", "office", ""};
	owner();
	k.entry = cert;
	return k.owner;
}

/* Labels and codes are read and typed. */
static struct party *forgot(struct party *p)
{
	fact_drop(p, IMP_T_PEERKEY, "dpp.label/label");
	fact_drop(p, IMP_T_KEY, "dpp.code/label");
	return p;
}

static struct party *device_to_type(void)
{
	return forgot(device());
}

static struct party *owner_to_type(void)
{
	return forgot(owner());
}

static struct party *new_owner(void)
{
	owner();
	fact_drop(k.owner, IMP_T_KEY, "dpp.csign");
	fact_drop(k.owner, IMP_T_KEY, "dpp.ppkey");
	return k.owner;
}

static struct party *owner_of_announced(void)
{
	owner();
	dkit_announced(&k);
	return k.owner;
}

static void end(struct party *p)
{
	(void)p;
	dkit_end(&k);
}

static void device_begins(struct party *p)
{
	(void)p;
	dkit_run(&k, IMP_T_PEERKEY, 0, LONG);
}

static void unknown_begins(struct party *p)
{
	(void)p;
	k.reads_peer = 0;
	dkit_run(&k, IMP_T_PEERKEY, 0, LONG);
}

static void owner_begins(struct party *p)
{
	(void)p;
	dkit_run(&k, 0, IMP_T_PEERKEY, LONG);
}

static void announced(struct party *p)
{
	(void)p;
	dkit_run(&k, IMP_T_SHOW, 0, LONG);
}

/* First with a code that is wrong, then with the right one. */
static void by_code(struct party *p, int device_begins_)
{
	struct party *other = p == k.device ? k.owner : k.device;
	fact_set(other, IMP_T_KEY, "dpp.code/label", 0, imp_bytes("tea for one", 11));
	for (int i = 0; i < 2; i++) {
		dkit_run(&k, device_begins_ ? IMP_T_KEY : 0, device_begins_ ? 0 : IMP_T_KEY, LONG);
		fact_set(other, IMP_T_KEY, "dpp.code/label", 0, imp_bytes("tea for two", 11));
	}
}

static void answers_code(struct party *p)
{
	by_code(p, p != k.device);
}

static void begins_code(struct party *p)
{
	by_code(p, p == k.device);
}

/* --- introductions: both have been configured ------------------------------------------- */

static struct party *other;

/* The other one gets a Connector with the other role. */
static struct party *configured_as(const char *mine, const char *its)
{
	const char *about[] = {"role", its, NULL};
	struct party *me;
	begin();
	dkit_config(&k, k.device, "dpp.enrollee", (const char *[]){"role", mine, NULL});
	dkit_run(&k, 0, IMP_T_PEERKEY, LONG);
	other = world_party(&k.w, "router", k.c, IMP_DEVICE);
	other->layer = k.device->layer;
	other->hook = k.device->hook;
	other->user = &k;
	other->params = k.device->params;
	fact_copy(other, k.device, IMP_T_KEY, "dpp.bootstrap");
	dkit_config(&k, other, "dpp.enrollee", about);
	me = k.device;
	k.device = other;
	dkit_run(&k, 0, IMP_T_PEERKEY, LONG);
	k.device = me;
	return me;
}

static struct party *station(void)
{
	return configured_as("sta", "ap");
}

/* On a link whose addresses are none. */
static struct party *station_nowhere(void)
{
	struct party *p = configured_as("sta", "ap");
	other->name = "ap";
	return p;
}

/* An enrollee that has shown no key. */
static struct party *trusting_owner(void)
{
	begin();
	return k.owner;
}

static struct party *access_point(void)
{
	return configured_as("ap", "sta");
}

static void introduce(struct party *p, uint16_t topic)
{
	struct sess *a = world_session(p, topic == IMP_T_ACCESS, 0), *b = world_session(other, topic == IMP_T_NETWORK, 0);
	imp_msg m = imp_say(IMP_START, topic == IMP_T_ACCESS ? IMP_T_NETWORK : IMP_T_ACCESS, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	world_wire(a, b);
	world_feed(b, &m);
	m.topic = topic;
	world_feed(a, &m);
	world_run(&k.w, LONG);
}

static void asks(struct party *p)
{
	introduce(p, IMP_T_NETWORK);
}

static void answers(struct party *p)
{
	introduce(p, IMP_T_ACCESS);
}

static struct party *moved_device(void)
{
	begin();
	dkit_run(&k, 0, IMP_T_PEERKEY, LONG);
	return k.device;
}

static void reconfigure(struct party *p)
{
	(void)p;
	dkit_run(&k, IMP_T_CONFIG, 0, LONG);
}

static const struct truth_case cases[] = {
	{"DPP: an enrollee answers", &imp_dpp, IMP_DEVICE, device, owner_begins, end},
	{"DPP: an enrollee begins", &imp_dpp, IMP_DEVICE, device, device_begins, end},
	{"DPP: an enrollee announces itself", &imp_dpp, IMP_DEVICE, device, announced, end},
	{"DPP: an enrollee answers by a code", &imp_dpp, IMP_DEVICE, device, answers_code, end},
	{"DPP: an enrollee begins by a code", &imp_dpp, IMP_DEVICE, device, begins_code, end},
	{"DPP: an enrollee answers by a code that is typed", &imp_dpp, IMP_DEVICE, device_to_type, answers_code, end},
	{"DPP: an enrollee begins with a label that is read", &imp_dpp, IMP_DEVICE, device_to_type, device_begins, end},
	{"DPP: a station is introduced", &imp_dpp, IMP_DEVICE, station, asks, end},
	{"DPP: a station is introduced where there are no addresses", &imp_dpp, IMP_DEVICE, station_nowhere, asks, end},
	{"DPP: an access point is introduced", &imp_dpp, IMP_DEVICE, access_point, answers, end},
	{"DPP: an enrollee is reconfigured", &imp_dpp, IMP_DEVICE, moved_device, reconfigure, end},
	{"DPP: a configurator answers", &imp_dpp, IMP_OWNER, owner, device_begins, end},
	{"DPP: a configurator answers one-way", &imp_dpp, IMP_OWNER, trusting_owner, unknown_begins, end},
	{"DPP: a configurator begins", &imp_dpp, IMP_OWNER, owner, owner_begins, end},
	{"DPP: a new configurator begins", &imp_dpp, IMP_OWNER, new_owner, owner_begins, end},
	{"DPP: a configurator issues a certificate", &imp_dpp, IMP_OWNER, owner_with_certificates, owner_begins, end},
	{"DPP: a configurator hears an announcement", &imp_dpp, IMP_OWNER, owner_of_announced, announced, end},
	{"DPP: a configurator answers by a code", &imp_dpp, IMP_OWNER, owner, answers_code, end},
	{"DPP: a configurator begins by a code that is typed", &imp_dpp, IMP_OWNER, owner_to_type, begins_code, end},
	{"DPP: a configurator begins with a label that is read", &imp_dpp, IMP_OWNER, owner_to_type, owner_begins, end},
	{"DPP: a configurator begins by a code", &imp_dpp, IMP_OWNER, owner, begins_code, end},
};

int main(void)
{
	return truth_check(cases, sizeof cases / sizeof cases[0]);
}
