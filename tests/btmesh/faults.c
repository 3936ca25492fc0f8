/* faults.c -- provisioning under everything that goes wrong on the way.
 *
 * Every run starts afresh, spoils one thing and ends in settle(): the device
 * holds a network and a device key, or neither; if it does, the provisioner holds
 * that key; and if it does not, a second, undisturbed run provisions it. */
#include "crypto.h"
#include "mesh-kit.h"
#include "pbgatt.h"
#include "starve.h"
#include "t.h"

static struct mesh k;

static struct {
	int at, how, bit, done;
} fault;
enum { LOSE, DOUBLE, DELAY, CUT, CHOP, FLIP, WIPE, CLOSE, HOWS };

static int spoil(struct world *w, struct crossing *x)
{
	size_t n = x->m->data.len;
	(void)w;
	if (x->n != fault.at)
		return PASS;
	fault.done = 1;
	switch (fault.how) {
	case LOSE:
		return DROP;
	case DOUBLE:
		return TWICE;
	case DELAY:
		return LATE;
	case CUT:
		x->m->data.len = n / 2;
		break;
	case CHOP:
		x->m->data.len = n ? n - 1 : 0;
		break;
	case FLIP:
		if (n)
			x->data[(size_t)fault.bit * 2654435761u % n] ^= (uint8_t)(1u << fault.bit % 8);
		break;
	case WIPE:
		memset(x->data, 0, n);
		break;
	case CLOSE: /* of PB-ADV, by somebody else */
		memcpy(x->data + 5, "\x00\x0b\x02", 3);
		x->m->data.len = 8;
		break;
	}
	return PASS;
}

/* A device with a label: each run also counts a try. */
static void begin(const imp_layer *below)
{
	mesh_begin(&k, &imp_openssl, below);
	mesh_static(&k, imp_bytes("sixteen bytes...", 16), imp_bytes("sixteen bytes...", 16));
}

static int settle(void)
{
	int now = mesh_provisioned(&k);
	k.w.fault = NULL;
	k.w.cut_crossing = k.w.cut_learn = k.w.cut_commit = 0;
	if (now == 0 && mesh_run(&k) == IMP_OK)
		now = mesh_provisioned(&k);
	mesh_end(&k);
	return now == 1;
}

static const struct {
	const imp_layer *layer;
	const char *name;
} belows[] = {{NULL, "PDU by PDU"}, {&imp_pbadv, "over PB-ADV"}, {&imp_pbgatt, "over PB-GATT"}};

/* Each crossing, spoiled in each way. */
static void one_fault(size_t below, int how)
{
	static const char *const names[] = {"lost", "doubled", "delayed", "cut in half", "without its last byte", "with a bit flipped", "wiped", "replaced by Link Close"};
	int n, ok = 1, finished = 0, reached = 1;
	char text[120], why[80];
	for (n = 1; reached && n < 400; n++) {
		imp_status st;
		begin(belows[below].layer);
		fault.at = n;
		fault.how = how;
		fault.bit = n * 7 + how;
		fault.done = 0;
		k.w.fault = spoil;
		st = mesh_run(&k);
		reached = fault.done;
		finished += reached && st == IMP_OK;
		if (!settle()) {
			ok = 0;
			snprintf(why, sizeof why, "crossing %d", n);
		}
	}
	n -= 2;
	snprintf(text, sizeof text, "%s: each of %d crossings %s: all or nothing, then all; %d runs finished all the same", belows[below].name, n, names[how], finished);
	t_check(text, ok && n > 10, ok ? "" : why);
	if (belows[below].layer == &imp_pbadv && how < FLIP) { /* a bit in a link's id opens another link; radios have checksums */
		snprintf(text, sizeof text, "%s: ... every one of them finished", belows[below].name);
		t_check(text, finished == n, "");
	}
}

/* --- a bad radio ------------------------------------------------------------------ */

static uint64_t seed;

static int noise(struct world *w, struct crossing *x)
{
	unsigned r;
	(void)w, (void)x;
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	r = (unsigned)(seed >> 33) % 100;
	return r < 20 ? DROP : r < 30 ? TWICE : r < 40 ? LATE : PASS;
}

static void bad_radio(void)
{
	int ok = 1, finished = 0;
	for (int i = 0; i < 40; i++) {
		begin(&imp_pbadv);
		seed = (uint64_t)i;
		k.w.fault = noise;
		imp_status st = mesh_run(&k);
		finished += st == IMP_OK;
		if (st)
			printf("# seed %d: %d %s / %d %s\n", i, st, k.p ? k.p->where : "", k.d ? k.d->code : 0, k.d ? k.d->where : "");
		ok &= settle();
	}
	t_check("a radio that loses 20 of 100 frames, doubles 10, delays 10: 40 runs, all or nothing", ok, "");
	t_check("... and all of them finish", finished == 40, "");
}

/* --- power ------------------------------------------------------------------------- */

static void power(size_t below)
{
	char text[100];
	int n = 0, ok = 1, reached = 1;
	for (int kind = 0; kind < 3; kind++) {
		reached = 1;
		for (n = 1; reached && n < 400; n++) {
			begin(belows[below].layer);
			k.w.cut_crossing = kind == 0 ? n : 0;
			k.w.cut_learn = kind == 1 ? n : 0;
			k.w.cut_commit = kind == 2 ? n : 0;
			mesh_run(&k);
			reached = k.w.cuts > 0;
			ok &= settle();
		}
		snprintf(text, sizeof text, "%s: power fails %s, %d places: all or nothing, then all", belows[below].name,
		         kind == 0 ? "at each crossing" : kind == 1 ? "before each fact is kept" : "after each commit", n - 2);
		t_check(text, ok && n > 2, "");
	}
}

/* --- hosts that stop -------------------------------------------------------------- */

static void stopped(int device)
{
	imp_msg stop = imp_say(IMP_STOP, 0, 0, 0, imp_bytes(0, 0), imp_bytes(0, 0));
	int ok = 1, n = 0, over = 0;
	char text[100];
	for (uint64_t ms = 0; !over && ms < 60000; ms += 43, n++) {
		struct sess *s;
		begin(&imp_pbadv);
		k.patience = ms;
		mesh_run(&k);
		s = device ? k.d : k.p;
		over = s->done;
		world_feed(s, &stop);
		world_run(&k.w, 200000);
		ok &= s->done == 1 && (over || s->code == IMP_EDENIED || mesh_provisioned(&k) == 1);
		k.patience = 200000;
		ok &= settle();
	}
	snprintf(text, sizeof text, "the %s is stopped at %d moments: EDENIED, all or nothing, then all", device ? "device" : "provisioner", n);
	t_check(text, ok && over && n > 10, "");
}

/* --- memory ------------------------------------------------------------------------- */

static void hunger(size_t below)
{
	char text[100];
	unsigned n;
	int ok = 1;
	for (n = 1; n < 2000; n++) {
		int reached;
		begin(belows[below].layer);
		k.w.wrap = starve_layer;
		starve_at(n);
		mesh_run(&k);
		reached = starve_reached();
		starve_at(0);
		ok &= settle();
		if (!reached)
			break;
	}
	snprintf(text, sizeof text, "%s: no room at %u places: all or nothing, then all", belows[below].name, n - 1);
	t_check(text, ok && n > 20 && n < 2000, "");
}

static void moved(size_t below)
{
	char text[100];
	begin(belows[below].layer);
	k.w.move = 1;
	snprintf(text, sizeof text, "%s: sessions that are moved after every message", belows[below].name);
	t_check(text, mesh_run(&k) == IMP_OK && mesh_provisioned(&k) == 1, "");
	mesh_end(&k);
}

int main(void)
{
	for (size_t below = 0; below < sizeof belows / sizeof *belows; below++) {
		for (int how = 0; how < (belows[below].layer == &imp_pbadv ? HOWS : CLOSE); how++)
			one_fault(below, how);
		power(below);
		hunger(below);
		moved(below);
	}
	stopped(1);
	stopped(0);
	bad_radio();
	return t_end();
}
