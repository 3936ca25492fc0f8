/* truth.c -- DPP's manifest against enrollee and configurator. */
#include "auth.h"
#include "bootstrap.h"
#include "crypto.h"
#include "dpp-kit.h"
#include "truth.h"
#include <stdio.h>

enum { LONG = 900000 };

static struct dkit k;
static struct party *ap;

static void code(struct party *p)
{
	static const char text[] = "tea for two";
	fact_set(p, IMP_T_KEY, "dpp.code/label", 0, imp_bytes(text, sizeof text - 1));
}

/* All that can be asked for, one way to begin; `mutual` insists on reading. */
static void begin(struct party **mutual, int reads)
{
	static const char *const uri[] = {"channels", "81/6", NULL}, *const both[] = {"mutual", "true", NULL}, *const about[] = {"name", "kettle", NULL};
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	dkit_config(&k, k.device, "dpp.uri", mutual == &k.device ? both : uri);
	dkit_config(&k, k.owner, "dpp.uri", mutual == &k.owner ? both : uri);
	dkit_config(&k, k.device, "dpp.enrollee", about);
	k.status = 10;
	k.reads = k.uri[reads];
	code(k.device);
	code(k.owner);
}

static struct party *device(void)
{
	begin(&k.device, 1);
	return k.device;
}

static struct party *device_begins(void)
{
	begin(NULL, 1);
	return k.device;
}

static struct party *owner(void)
{
	begin(&k.owner, 0);
	return k.owner;
}

static struct party *owner_begins(void)
{
	begin(NULL, 0);
	return k.owner;
}

static struct party *owner_issues(void)
{
	static const char *const cert[] = {"dot1x", "office", ""};
	owner_begins();
	k.entry = cert;
	return k.owner;
}

static struct party *owner_by_code(void)
{
	owner_begins();
	k.reads = "tea for two";
	return k.owner;
}

static struct party *device_by_code(void)
{
	device_begins();
	k.reads = "tea for two";
	return k.device;
}

/* The key hash of the device's announcements, in hex, and what is kept for it. */
static struct party *owner_of_chirp(void)
{
	uint8_t point[DPP_POINT], priv[DPP_PRIME], hash[32];
	char name[96] = "dpp.chirp/";
	size_t n = strlen(name);
	owner_begins();
	dkit_key(IMP_C_P256, 1, priv, point);
	dpp_key_hash(&imp_openssl, dpp_curve_of(IMP_C_P256), point, "chirp", hash);
	for (int i = 0; i < 32; i++)
		n += (size_t)snprintf(name + n, 3, "%02x", hash[i]);
	fact_set(k.owner, IMP_T_PEERKEY, name, 0, imp_bytes(k.uri[0], strlen(k.uri[0])));
	return k.owner;
}

static void provision(struct party *p, const char *role)
{
	const char *about[] = {"name", role, "role", role, NULL};
	struct party *device = k.device;
	dkit_config(&k, p, "dpp.enrollee", about);
	fact_copy(p, device, IMP_T_KEY, "dpp.bootstrap");
	k.device = p;
	dkit_run(&k, 0, IMP_T_PEERKEY, LONG);
	k.device = device;
}

/* Who answers has heard a wrong code before. */
static struct party *wrong_guess_of_owner(void)
{
	device_by_code();
	fact_set(k.owner, IMP_T_KEY, "dpp.code/label", 0, imp_bytes("coffee", 6));
	return k.device;
}

static struct party *wrong_guess_of_device(void)
{
	owner_by_code();
	fact_set(k.device, IMP_T_KEY, "dpp.code/label", 0, imp_bytes("coffee", 6));
	return k.owner;
}

static void answers_guesses(struct party *p)
{
	struct party *other = p == k.device ? k.owner : k.device;
	for (int i = 0; i < 2; i++) {
		dkit_run(&k, p == k.device ? 0 : IMP_T_KEY, p == k.device ? IMP_T_KEY : 0, LONG);
		code(other);
	}
}

/* A station and an access point, both configured. */
static struct party *station(void)
{
	dkit_begin(&k, &imp_openssl, IMP_C_P256);
	ap = world_party(&k.w, "ap", k.c, IMP_DEVICE);
	ap->layer = k.device->layer;
	ap->hook = k.device->hook;
	ap->sees = k.device->sees;
	ap->user = &k;
	ap->params = k.device->params;
	provision(k.device, "sta");
	provision(ap, "ap");
	return k.device;
}

static struct party *access_point(void)
{
	station();
	return ap;
}

static void answers(struct party *p)
{
	dkit_run(&k, p == k.device ? 0 : IMP_T_PEERKEY, p == k.device ? IMP_T_PEERKEY : 0, LONG);
}

static void begins(struct party *p)
{
	dkit_run(&k, p == k.device ? IMP_T_PEERKEY : 0, p == k.device ? 0 : IMP_T_PEERKEY, LONG);
}

static void by_code(struct party *p)
{
	dkit_run(&k, p == k.device ? IMP_T_KEY : 0, p == k.device ? 0 : IMP_T_KEY, LONG);
}

static void chirps(struct party *p)
{
	(void)p;
	dkit_run(&k, IMP_T_SHOW, 0, LONG);
}

static void introduces(struct party *p)
{
	(void)p;
	imp_msg m = imp_say(IMP_START, IMP_T_NETWORK, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	struct sess *s = world_session(k.device, 0, 0), *a = world_session(ap, 1, 0);
	world_wire(s, a);
	world_feed(s, &m);
	m.topic = 0;
	world_feed(a, &m);
	world_run(&k.w, LONG);
}

static void end(struct party *p)
{
	(void)p;
	dkit_end(&k);
}

static const struct truth_case cases[] = {
	{"enrollee, answers", &imp_dpp, IMP_DEVICE, device, answers, end, 0},
	{"enrollee, begins", &imp_dpp, IMP_DEVICE, device_begins, begins, end, 0},
	{"enrollee, PKEX", &imp_dpp, IMP_DEVICE, device_by_code, by_code, end, 0},
	{"enrollee, PKEX after a wrong guess", &imp_dpp, IMP_DEVICE, wrong_guess_of_owner, answers_guesses, end, 0},
	{"station, introduction", &imp_dpp, IMP_DEVICE, station, introduces, end, 0},
	{"access point, introduction", &imp_dpp, IMP_DEVICE, access_point, introduces, end, 1},
	{"configurator, answers", &imp_dpp, IMP_OWNER, owner, answers, end, 0},
	{"configurator, begins", &imp_dpp, IMP_OWNER, owner_begins, begins, end, 0},
	{"configurator, issues", &imp_dpp, IMP_OWNER, owner_issues, begins, end, 0},
	{"configurator, PKEX", &imp_dpp, IMP_OWNER, owner_by_code, by_code, end, 0},
	{"configurator, PKEX after a wrong guess", &imp_dpp, IMP_OWNER, wrong_guess_of_device, answers_guesses, end, 0},
	{"configurator, presence", &imp_dpp, IMP_OWNER, owner_of_chirp, chirps, end, 1},
};

int main(void)
{
	return truth_check(cases, sizeof cases / sizeof cases[0]);
}
