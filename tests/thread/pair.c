/* pair.c -- joiner and commissioner back to back: coap on dtls with EC-JPAKE;
 * loss, moves, power cuts, wrong PSKds, other people's labels. */
#include "bytes.h"
#include "cbor.h"
#include "crypto.h"
#include "starve.h"
#include "t.h"
#include "thread-kit.h"

static struct kit k;

static char *detail(imp_status st)
{
	static char d[160];
	snprintf(d, sizeof d, "joiner %d at %s, commissioner %d at %s", st, k.j ? imp_session_where(k.j->s) : "-", k.c ? k.c->code : 99, k.c ? imp_session_where(k.c->s) : "-");
	return d;
}

static void joins(const char *what, const imp_crypto *a, const imp_crypto *b, int relayed)
{
	imp_status st;
	kit_begin(&k, a, b);
	k.relayed = relayed;
	st = kit_run(&k);
	t_check(what, st == IMP_OK && kit_joined(&k) == 1 && k.c->done && k.c->code == IMP_OK, detail(st));
	t_check("... the commissioner keeps who it was, and no key", fact_get(k.commissioner, IMP_T_IDENTITY, relayed ? "thread.joiner/" KIT_ID : "thread.joiner/any", 0)
		&& !fact_get(k.commissioner, IMP_T_KEY, "thread.kek/" KIT_ID, 0), "");
	t_check("... no try is left counted", !kit_tries(k.joiner, "thread.tries") && !kit_tries(k.commissioner, "thread.tries/any") && !kit_tries(k.commissioner, "thread.tries/" KIT_ID), "");
	t_check("... policy was asked once, by name", k.asked == 1 && !strcmp(k.who, relayed ? KIT_ID : "any"), k.who);
	t_check("... the label was shown, and withdrawn", k.shows == 1 && k.hides == 1 && !strcmp(k.shown, "v=1&&eui=" KIT_EUI "&&cc=J01NME"), k.shown);
	if (relayed)
		t_check("... both had the same KEK", k.keks == 3 && !memcmp(k.kek[0], k.kek[1], 16) && k.entrusted == 1, "");
	printf("# session: joiner %zu bytes, commissioner %zu\n", k.joiner->largest, k.commissioner->largest);
	kit_end(&k);
}

static void claims(void)
{
	uint8_t b[128];
	imp_span map, about;
	kit_begin(&k, &imp_openssl, &imp_openssl);
	k.relayed = 1;
	fact_set(k.joiner, IMP_T_CONFIG, "thread.joiner", 0, t_hex("a3" "6676656e646f72" "634f6e65" "6375726c" "6a687474703a2f2f612f62" "65737461636b" "46010203040506", b, sizeof b));
	t_check("what the joiner says of itself", kit_run(&k) == IMP_OK, "");
	map = imp_bytes(k.claims, k.claims_len);
	about = imp_cbor_at(map, IMP_T_CONFIG);
	t_check("... is a map of claims", imp_cbor_check(map) == IMP_OK && imp_same(imp_cbor_find(about, "vendor"), imp_bytes("\x63One", 4)) && imp_cbor_find(about, "stack").len == 7, "");
	t_check("... with its URL and its Joiner ID", imp_same(imp_cbor_at(map, IMP_T_SERVER), imp_bytes("\x6ahttp://a/b", 11)) && imp_cbor_at(map, IMP_T_IDENTITY).len == 9, "");
	kit_end(&k);
}

static void losses(void)
{
	for (int loss = 5; loss <= 30; loss += 5) {
		int joined = 0, torn = 0;
		char d[64];
		for (int i = 0; i < 6; i++) {
			kit_begin(&k, &imp_openssl, &imp_openssl);
			k.loss = loss;
			k.relayed = i & 1;
			joined += kit_run(&k) == IMP_OK && kit_joined(&k) == 1;
			torn += kit_joined(&k) < 0;
			kit_end(&k);
		}
		snprintf(d, sizeof d, "%d %%: %d of 6", loss, joined);
		t_check("with datagrams lost, doubled and late", !torn && joined >= 5, d);
	}
}

static void policy(void)
{
	imp_status st;
	kit_begin(&k, &imp_openssl, &imp_openssl);
	k.deny = IMP_EDENIED;
	st = kit_run(&k);
	t_check("policy says no: the joiner is rejected and learns nothing", st == IMP_EPEER && kit_joined(&k) == 0 && k.c->code == IMP_EDENIED, detail(st));
	t_check("... nothing is kept of it", !fact_get(k.commissioner, IMP_T_IDENTITY, "thread.joiner/any", 0), "");
	kit_end(&k);
}

static void wrong_pskd(void)
{
	uint64_t before, fast = 0, slow;
	imp_status st = IMP_OK;
	kit_begin(&k, &imp_openssl, &imp_openssl);
	kit_pskd(k.joiner, "thread.pskd", "J01NMF");
	for (int i = 0; i < 10; i++) {
		fact_drop(k.joiner, IMP_T_COUNTER, "thread.tries"); /* one that does not care */
		before = k.w.now;
		st = kit_run(&k);
		slow = k.w.now - before;
		fast = i ? fast : slow;
		if (st != IMP_EPEER && st != IMP_EAUTH)
			break;
	}
	t_check("a wrong PSKd", (st == IMP_EPEER || st == IMP_EAUTH) && kit_joined(&k) == 0 && !k.asked && !k.keks, detail(st));
	t_check("... every try is counted", kit_tries(k.commissioner, "thread.tries/any") == 10, "");
	t_check("... and costs more time", slow > fast + 30000, "");
	kit_pskd(k.joiner, "thread.pskd", "J01NME");
	st = kit_run(&k);
	t_check("after ten even the right one is refused", st < 0 && k.c->code == IMP_EDENIED && kit_joined(&k) == 0, detail(st));
	fact_drop(k.commissioner, IMP_T_COUNTER, "thread.tries/any");
	fact_set(k.joiner, IMP_T_COUNTER, "thread.tries", 0, imp_bytes("\5", 1));
	before = k.w.now;
	world_run(&k.w, 0);
	st = kit_run(&k);
	t_check("until the host forgets", st == IMP_OK && kit_joined(&k) == 1, detail(st));
	kit_end(&k);
}

static void labels(void)
{
	static const struct {
		const char *why, *label;
		imp_status commissioner;
	} rows[] = {
		{"the label is read", "v=1&&eui=" KIT_EUI "&&cc=J01NME", IMP_OK},
		{"the PSKd is typed", "J01NME", IMP_OK},
		{"another joiner's label", "v=1&&eui=18b4300000000003&&cc=J01NME", IMP_EAUTH},
		{"no label at all", "https://example.com/", IMP_EFACT},
		{"nobody reads it", NULL, IMP_EFACT},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		imp_status st;
		kit_begin(&k, &imp_openssl, &imp_openssl);
		k.relayed = 1;
		fact_drop(k.commissioner, IMP_T_KEY, "thread.pskd/" KIT_ID);
		k.label = rows[i].label;
		st = kit_run(&k);
		t_check(rows[i].why, k.reads == 1 && k.c->code == rows[i].commissioner && kit_joined(&k) == (rows[i].commissioner == IMP_OK) && (st == IMP_OK) == (rows[i].commissioner == IMP_OK), detail(st));
		kit_end(&k);
	}
}

static void a_label_names_the_joiner(void)
{
	imp_status st;
	kit_begin(&k, &imp_openssl, &imp_openssl);
	fact_drop(k.commissioner, IMP_T_KEY, "thread.pskd/any");
	k.label = "v=1&&eui=" KIT_EUI "&&cc=J01NME";
	kit_pskd(k.joiner, "thread.pskd", "J01NMF");
	st = kit_run(&k);
	t_check("without a joiner router the label says which joiner it is: the try is that joiner's", st < 0 && kit_tries(k.commissioner, "thread.tries/" KIT_ID) == 1 && !kit_tries(k.commissioner, "thread.tries/any"), detail(st));
	st = kit_run(&k);
	t_check("... and so is the next", st < 0 && kit_tries(k.commissioner, "thread.tries/" KIT_ID) == 2, detail(st));
	kit_pskd(k.joiner, "thread.pskd", "J01NME");
	st = kit_run(&k);
	t_check("... until it joins, by that name", st == IMP_OK && !strcmp(k.who, KIT_ID) && kit_joined(&k) == 1 && !kit_tries(k.commissioner, "thread.tries/" KIT_ID), detail(st));
	kit_end(&k);
}

static void unsecured(void)
{
	imp_status st;
	kit_begin(&k, &imp_openssl, &imp_openssl);
	fact_set(k.joiner, IMP_T_SERVER, "thread.router", 0, imp_bytes("coap://[fe80::1]:1000", 21));
	st = kit_run(&k);
	t_check("a link without DTLS is none", st == IMP_EAUTH && kit_joined(&k) == 0, detail(st));
	kit_end(&k);
}

static void never_entrusted(void)
{
	imp_status st;
	kit_begin(&k, &imp_openssl, &imp_openssl);
	fact_drop(k.commissioner, IMP_T_NETWORK, "thread.dataset");
	st = kit_run(&k);
	t_check("no dataset: rejected, and the host hears why", st == IMP_EPEER && k.c->code == IMP_EFACT && kit_joined(&k) == 0, detail(st));
	kit_end(&k);
}

/* --- power and memory ----------------------------------------------------------- */

static void cuts(void)
{
	int torn = 0, n;
	for (n = 1; n < 60; n++) {
		kit_begin(&k, &imp_openssl, &imp_openssl);
		k.relayed = n & 1;
		k.w.cut_crossing = n;
		kit_run(&k);
		torn += kit_joined(&k) < 0;
		if (!k.w.cuts) {
			kit_end(&k);
			break;
		}
		k.w.cut_crossing = 0;
		torn += kit_run(&k) != IMP_OK || kit_joined(&k) != 1;
		kit_end(&k);
	}
	t_check("power fails at any datagram: nothing is half joined, and the next run joins", !torn && n > 8, "");
	for (int learn = 1, cut = 1; cut; learn++) {
		kit_begin(&k, &imp_openssl, &imp_openssl);
		k.w.cut_learn = learn;
		kit_run(&k);
		cut = k.w.cuts;
		torn += kit_joined(&k) < 0;
		kit_end(&k);
	}
	t_check("... or before any fact is kept", !torn, "");
}

static void moved(void)
{
	imp_status st;
	kit_begin(&k, &imp_openssl, &imp_bearssl);
	k.w.move = 1;
	k.relayed = 1;
	st = kit_run(&k);
	t_check("sessions that are moved after every message", st == IMP_OK && kit_joined(&k) == 1, detail(st));
	kit_end(&k);
}

static void sizes(void)
{
	static const imp_layer *const joiner = &imp_thread_joiner;
	imp_stack t = {.size = sizeof t, .top = joiner, .link = {{&imp_coap, &imp_dtls_jpake_client}}, .crypto = &imp_bearssl, .params = {sizeof(imp_params), IMP_DEVICE, 1, 320, 0}};
	char d[80];
	snprintf(d, sizeof d, "%zu bytes, and %zu of work memory", imp_session_need(&t), imp_work_need(&t));
	t_check("a joiner's session fits in 6 kB", imp_session_need(&t) > 0 && imp_session_need(&t) <= 6144, d);
}

static void starved(void)
{
	int torn = 0;
	unsigned n;
	for (n = 1;; n += 3) {
		int reached;
		kit_begin(&k, &imp_openssl, &imp_openssl);
		k.w.wrap = starve_layer;
		k.relayed = (int)(n & 1);
		starve_at(n);
		kit_run(&k);
		reached = starve_reached();
		torn += kit_joined(&k) < 0;
		kit_end(&k);
		if (!reached || n > 600)
			break;
	}
	starve_at(0);
	t_check("work memory that fails anywhere leaves nothing half joined", !torn && n > 60 && n <= 600, "");
}

int main(void)
{
	joins("a joiner joins", &imp_openssl, &imp_openssl, 0);
	joins("with BearSSL, through a joiner router", &imp_bearssl, &imp_openssl, 1);
	claims();
	losses();
	policy();
	wrong_pskd();
	labels();
	a_label_names_the_joiner();
	unsecured();
	never_entrusted();
	cuts();
	moved();
	starved();
	sizes();
	return t_end();
}
