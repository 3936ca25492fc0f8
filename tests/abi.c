/* abi.c -- the template as a plugin: built in and as a module the same; and
 * what imp_plugin_check() and imp_plugin_load() refuse, row by row. */
#include "imprint.h"
#include "t.h"

extern const imp_plugin imp_plugin_duckling;
const imp_plugin *const imp_builtin[] = {&imp_plugin_duckling, NULL}; /* as an application writes it */

#define NONE imp_bytes(0, 0)

/* --- running the template ------------------------------------------------ */

static struct {
	imp_stack t;
	imp_session *s;
	imp_work w;
	_Alignas(16) uint8_t mem[1024], work[8192];
} run;

static int begin(const imp_plugin *p)
{
	memset(&run, 0, sizeof run);
	run.t.size = sizeof run.t;
	run.t.top = p->layers[0];
	run.t.params = (imp_params){.size = sizeof run.t.params, .role = IMP_DEVICE, .max_msg = 64};
	run.w.mem = run.work;
	run.w.len = sizeof run.work;
	run.s = imp_session_init(run.mem, sizeof run.mem, &run.t);
	return run.s && imp_work_need(&run.t) <= sizeof run.work;
}

/* Feed one message and look at the first that comes back; verb 0: none. */
static imp_msg ask(uint16_t verb, int32_t code, uint32_t ticket, imp_span data)
{
	imp_msg m = imp_say(verb, 0, code, ticket, NONE, data), o = imp_say(0, 0, 0, 0, NONE, NONE);
	imp_session_feed(run.s, &run.t, &run.w, &m);
	imp_session_poll(run.s, &run.w, &o);
	return o;
}

static int says(const imp_msg *m, uint16_t verb, const char *data)
{
	return m->verb == verb && m->data.len == strlen(data) && !memcmp(m->data.ptr, data, m->data.len);
}

static void imprints(const imp_plugin *p, const char *claim)
{
	static const char key[] = "the key of whoever came first...";
	imp_msg o, last = imp_say(0, 0, 0, 0, NONE, NONE);
	int ok = begin(p);
	o = ok ? ask(IMP_UP, 0, 0, NONE) : last;
	ok = ok && says(&o, IMP_TX, "peep");
	o = ask(IMP_RX, 0, 0, imp_bytes(key, 32));
	ok = ok && o.verb == IMP_ASK && o.topic == IMP_T_AUTHORIZE;
	o = ask(IMP_ANSWER, IMP_OK, o.ticket, NONE);
	ok = ok && says(&o, IMP_LEARN, key) && o.topic == IMP_T_OWNER;
	ok = ok && imp_session_poll(run.s, &run.w, &last) && last.verb == IMP_DONE && last.code == IMP_OK;
	t_check(claim, ok, ok ? "" : imp_session_where(run.s));
}

static void refuses(const imp_plugin *p)
{
	imp_msg o;
	begin(p);
	ask(IMP_UP, 0, 0, NONE);
	o = ask(IMP_RX, 0, 0, imp_bytes("too short", 9));
	t_check("template: a message of the wrong length changes nothing", o.verb == 0 && imp_session_status(run.s) == IMP_OK, "");
	o = ask(IMP_RX, 0, 0, imp_bytes("the key of whoever came first...", 32));
	o = ask(IMP_ANSWER, IMP_EDENIED, o.ticket, NONE);
	t_check("template: policy says no, nothing is learnt", o.verb == IMP_DONE && o.code == IMP_EDENIED, imp_session_where(run.s));
}

/* --- what a check refuses ------------------------------------------------ */

static int can(const imp_crypto *c, int32_t a, int32_t b) { (void)c; return a && b; }
static imp_status no_random(const imp_crypto *c, uint8_t *o, size_t n) { (void)c; (void)o; (void)n; return IMP_ERANDOM; }

/* A good plugin with everything a row may spoil. */
static struct { imp_plugin p; imp_layer y; imp_manifest m; imp_crypto c; const imp_layer *ys[2]; const imp_crypto *cs[2]; } g;

static void fresh(const imp_plugin *p)
{
	memset(&g, 0, sizeof g);
	g.p = *p;
	g.y = *p->layers[0];
	g.m = *g.y.manifest;
	g.y.manifest = &g.m;
	g.ys[0] = &g.y;
	g.p.layers = g.ys;
	g.c.size = sizeof g.c;
	g.c.id = "test.crypto";
	g.c.can = can;
	g.c.random = no_random;
	g.cs[0] = &g.c;
	g.p.cryptos = g.cs;
}

static void nothing(void) {}
static void other_abi(void) { g.p.abi++; }
static void newer_rev(void) { g.p.rev++; }
static void older_rev(void) { g.p.rev--; }
static void tiny(void) { g.p.size = 4; }
static void small(void) { g.p.size = offsetof(imp_plugin, cryptos); }
static void small_other_abi(void) { other_abi(); small(); }
static void grown(void) { g.p.size += 8; g.y.size += 8; g.m.size += 8; g.c.size += 8; }
static void no_id(void) { g.p.id = NULL; }
static void empty_id(void) { g.p.id = ""; }
static void no_license(void) { g.p.license = NULL; }
static void no_parts(void) { g.p.layers = NULL; g.p.cryptos = NULL; }
static void empty_parts(void) { g.ys[0] = NULL; g.cs[0] = NULL; }
static void layers_only(void) { g.p.cryptos = NULL; }
static void cryptos_only(void) { g.p.layers = NULL; }
static void layer_small(void) { g.y.size = offsetof(imp_layer, step); }
static void layer_shortest(void) { g.y.size = offsetof(imp_layer, where); }
static void layer_no_id(void) { g.y.id = NULL; }
static void layer_no_version(void) { g.y.version = ""; }
static void layer_no_need(void) { g.y.need = NULL; }
static void layer_no_init(void) { g.y.init = NULL; }
static void layer_no_step(void) { g.y.step = NULL; }
static void layer_no_burst(void) { g.y.burst = 0; }
static void layer_flags(void) { g.y.flags = 2; }
static void layer_offers(void) { g.y.offers = IMP_L_NFC + 1; }
static void layer_needs(void) { g.y.needs[IMP_LINKS - 1] = IMP_L_NFC + 1; }
static void manifest_small(void) { g.m.size = offsetof(imp_manifest, stacks); }
static void manifest_no_role(void) { g.m.roles = 0; }
static void no_manifest(void) { g.y.manifest = NULL; }
static void crypto_small(void) { g.c.size = offsetof(imp_crypto, random); }
static void crypto_no_id(void) { g.c.id = NULL; }
static void crypto_no_can(void) { g.c.can = NULL; }
static void crypto_no_random(void) { g.c.random = NULL; }

static const struct { const char *what; void (*spoil)(void); imp_status st; const char *why; } rows[] = {
	{"nothing wrong", nothing, IMP_OK, NULL},
	{"another ABI number", other_abi, IMP_EUNSUP, "another ABI number"},
	{"built with a newer header", newer_rev, IMP_EUNSUP, "newer revision"},
	{"built with an older header", older_rev, IMP_OK, NULL},
	{"size ends before abi and rev", tiny, IMP_EARG, "smaller"},
	{"size ends before cryptos", small, IMP_EARG, "smaller"},
	{"another ABI number is named before its other size", small_other_abi, IMP_EUNSUP, "another ABI number"},
	{"every struct has grown at its end", grown, IMP_OK, NULL},
	{"plugin without an id", no_id, IMP_EARG, "no id"},
	{"plugin with an empty id", empty_id, IMP_EARG, "no id"},
	{"plugin without a license", no_license, IMP_EARG, "license"},
	{"neither layers nor cryptos", no_parts, IMP_EARG, "neither"},
	{"both lists empty", empty_parts, IMP_EARG, "neither"},
	{"layers only", layers_only, IMP_OK, NULL},
	{"cryptos only", cryptos_only, IMP_OK, NULL},
	{"layer ends before step", layer_small, IMP_EARG, "layer is smaller"},
	{"layer ends after step", layer_shortest, IMP_OK, NULL},
	{"layer without an id", layer_no_id, IMP_EARG, "no id or no version"},
	{"layer without a version", layer_no_version, IMP_EARG, "no id or no version"},
	{"layer without need", layer_no_need, IMP_EARG, "lacks need"},
	{"layer without init", layer_no_init, IMP_EARG, "lacks need"},
	{"layer without step", layer_no_step, IMP_EARG, "lacks need"},
	{"layer of burst 0", layer_no_burst, IMP_EARG, "burst"},
	{"layer with an unknown flag", layer_flags, IMP_EARG, "flag"},
	{"layer offers an unknown kind", layer_offers, IMP_EARG, "offers"},
	{"layer needs an unknown kind", layer_needs, IMP_EARG, "needs"},
	{"manifest ends before stacks", manifest_small, IMP_EARG, "manifest is smaller"},
	{"manifest without a role", manifest_no_role, IMP_EARG, "no role"},
	{"layer without a manifest", no_manifest, IMP_OK, NULL},
	{"crypto ends before random", crypto_small, IMP_EARG, "crypto is smaller"},
	{"crypto without an id", crypto_no_id, IMP_EARG, "crypto has no id"},
	{"crypto without can", crypto_no_can, IMP_EARG, "lacks can"},
	{"crypto without random", crypto_no_random, IMP_EARG, "lacks can"},
};

static void checks(const imp_plugin *p)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *why = "untouched";
		char claim[128];
		imp_status st;
		fresh(p);
		rows[i].spoil();
		st = imp_plugin_check(&g.p, &why);
		snprintf(claim, sizeof claim, "check: %s: %s", rows[i].what, rows[i].st ? "refused" : "accepted");
		t_check(claim, st == rows[i].st && imp_plugin_check(&g.p, NULL) == st && (rows[i].why ? why && strstr(why, rows[i].why) : !why), why);
	}
	t_check("check: no plugin at all", imp_plugin_check(NULL, NULL) == IMP_EARG, "");
}

/* --- modules ------------------------------------------------------------- */

static void no_load(const char *claim, const char *path, imp_status st, const char *says_)
{
	const imp_plugin *p = &g.p;
	const char *why = NULL;
	imp_status got = imp_plugin_load(path, &p, &why);
	t_check(claim, got == st && !p && why && strstr(why, says_), why);
}

/* argv: the template, a module of another ABI number, one without a symbol. */
int main(int argc, char **argv)
{
	const imp_plugin *built_in = imp_builtin[0], *module = NULL;
	const char *why = NULL;
	if (argc != 4)
		return 2;
	t_check("the template is built in", built_in && !strcmp(built_in->id, "imp.duckling") && imp_plugin_check(built_in, NULL) == IMP_OK, "");
	imprints(built_in, "template, built in: peep, key, policy, LEARN, DONE");
	refuses(built_in);
	checks(built_in);
	t_check("the template loads as a module", imp_plugin_load(argv[1], &module, &why) == IMP_OK && module != built_in && !why, why);
	if (module)
		imprints(module, "template, as a module: the same");
	no_load("load: another ABI number", argv[2], IMP_EUNSUP, "another ABI number");
	no_load("load: no such symbol", argv[3], IMP_EARG, IMP_PLUGIN_SYMBOL);
	no_load("load: no such file is named", "./no-such-module.so", IMP_EARG, "no-such-module.so");
	no_load("load: nothing is searched", "duckling.so", IMP_EARG, "slash");
	no_load("load: not a module", __FILE__, IMP_EARG, "");
	return t_end();
}
