/* dpp-faults.c -- authentication and configuration under everything that goes
 * wrong on a lossy wire, and when the power fails.
 *
 * Every run spoils one thing and ends in settle(): what the device keeps is nothing
 * of a configuration, or all of it, and a second, undisturbed run succeeds. */
#include "crypto.h"
#include "dpp-kit.h"
#include "starve.h"
#include "t.h"

#include <stdio.h>
#include <stdlib.h>

enum { LONG = 700000 };
enum { LOSE, DOUBLE, DELAY, CUT, CHOP, FLIP, WIPE, HOWS };

static char said[256];

static struct {
	int at, how, bit; /* crossing, what is done to it, FLIP: where */
	int done;         /* it was reached */
	int gas;          /* it was no frame: the transport repeats those */
} fault;

static int spoil(struct world *w, struct crossing *x)
{
	size_t n = x->m->data.len;
	(void)w;
	if (x->n != fault.at)
		return PASS;
	fault.done = 1;
	fault.gas = x->m->topic != 0 || x->m->verb == IMP_ANSWER;
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
	}
	return PASS;
}

/* How a run goes.  The first two are mutual; all have two networks. */
enum { ENROLLEE, CONFIGURATOR, CODE, CODE_CONFIGURATOR, PRESENCE, RECONFIG, WAYS };
static const char *const ways[WAYS] = {"enrollee begins", "configurator begins", "enrollee begins by a code", "configurator begins by a code", "enrollee announces itself", "reconfiguration"};

static const uint16_t topics[WAYS][2] = {
	{IMP_T_PEERKEY, 0}, {0, IMP_T_PEERKEY}, {IMP_T_KEY, 0}, {0, IMP_T_KEY}, {IMP_T_SHOW, 0}, {IMP_T_CONFIG, 0},
};

static void begin(struct dkit *k, int way)
{
	static const char *const two[] = {"dpp", "home", "", "sae", "guests", "some password"};
	static const char *const mutual[] = {"mutual", "true", NULL};
	dkit_begin(k, &imp_openssl, IMP_C_P256);
	k->entry = two;
	k->entries = 2;
	fact_set(k->owner, IMP_T_PEERKEY, "dpp.label/label", 0, imp_bytes(k->uri[0], strlen(k->uri[0])));
	if (way < CODE) {
		dkit_config(k, k->owner, "dpp.uri", mutual);
		dkit_config(k, k->device, "dpp.uri", mutual);
	}
	dkit_codes(k);
	dkit_announced(k);
	k->reads_peer = 1;
	if (way != RECONFIG)
		return;
	dkit_run(k, 0, IMP_T_PEERKEY, LONG);
	k->w.crossings = k->w.learns = k->w.commits = k->w.feeds = 0;
}

static void run(struct dkit *k, int way)
{
	dkit_run(k, topics[way][0], topics[way][1], LONG);
}

static void end_sessions(struct dkit *k)
{
	if (k->d)
		world_kill(k->d);
	if (k->o)
		world_kill(k->o);
}

static int settle(struct dkit *k, int way)
{
	int whole;
	k->w.fault = NULL;
	k->w.wrap = NULL;
	k->w.freeze = k->w.move = k->w.cut_crossing = k->w.cut_learn = k->w.cut_commit = 0;
	starve_at(0);
	whole = dkit_whole(k);
	end_sessions(k);
	run(k, way);
	return whole && dkit_configured(k);
}

static int one(int way, int at, int how, int bit, int *reached, int *finished)
{
	struct dkit k;
	int ok;
	begin(&k, way);
	fault.at = at;
	fault.how = how;
	fault.bit = bit;
	fault.done = fault.gas = 0;
	k.w.fault = spoil;
	run(&k, way);
	*reached = fault.done;
	*finished = dkit_configured(&k);
	ok = settle(&k, way);
	if (!ok)
		snprintf(said, sizeof said, "%s crossing %d how %d bit %d: %.160s", ways[way], at, how, bit, dkit_said);
	dkit_end(&k);
	return ok;
}

static void claims_of_messages(void)
{
	static const char *const hows[] = {"lost", "repeated", "late, and so after the next", "cut in half", "a byte short", "with one bit wrong", "all zeros"};
	char claim[160];
	for (int way = 0; way < WAYS; way++)
		for (int how = 0; how < HOWS; how++) {
			int n = 0, ok = 0, frames = 0, through = 0, reached = 1, finished;
			for (int at = 1; reached; at++)
				for (int bit = 0; reached && bit < (how == FLIP ? 12 : 1); bit++) {
					int fine = one(way, at, how, bit, &reached, &finished);
					n += reached;
					ok += reached && fine;
					frames += reached && !fault.gas;
					through += reached && !fault.gas && finished;
				}
			snprintf(said + strlen(said), sizeof said - strlen(said), " %d cases, %d of %d frames made no difference", n, through, frames);
			snprintf(claim, sizeof claim, "%s: every message %s", ways[way], hows[how]);
			t_check(claim, n >= 7 && ok == n && (way >= CODE || through == frames), said);
			said[0] = 0;
		}
}

enum { AT_CROSSING, AT_LEARN, AT_COMMIT };

static int cut(int way, int whose, int kind, int at, int *reached)
{
	struct dkit k;
	int ok;
	begin(&k, way);
	k.cut_owner = whose;
	*(kind == AT_CROSSING ? &k.w.cut_crossing : kind == AT_LEARN ? &k.w.cut_learn : &k.w.cut_commit) = at;
	run(&k, way);
	*reached = k.w.cuts;
	ok = settle(&k, way);
	if (!ok)
		snprintf(said, sizeof said, "%s kind %d at %d: %.160s", ways[way], kind, at, dkit_said);
	dkit_end(&k);
	return ok;
}

static void claims_of_power(void)
{
	static const char *const where[] = {"message", "fact that is learnt", "commit"};
	char claim[160];
	for (int way = 0; way < WAYS; way++)
		for (int whose = 0; whose < 2; whose++)
			for (int kind = AT_CROSSING; kind <= (whose ? AT_LEARN : AT_COMMIT); kind++) {
				int n = 0, ok = 0, reached = 1;
				said[0] = 0;
				while (reached) {
					int fine = cut(way, whose, kind, n + 1, &reached);
					n += reached;
					ok += reached && fine;
				}
				snprintf(claim, sizeof claim, "%s: the %s's power fails at every %s: all %d", ways[way], whose ? "configurator" : "enrollee", where[kind], n);
				t_check(claim, n >= (kind == AT_CROSSING ? 7 : 1) && ok == n, said);
			}
}

/* --- memory ------------------------------------------------------------------------ */

static void claims_of_memory(void)
{
	for (int way = 0; way < WAYS; way++) {
		struct dkit k;
		begin(&k, way);
		k.w.move = 1;
		run(&k, way);
		snprintf(said, sizeof said, "%d feeds", k.w.feeds);
		t_check("both sessions moved to other memory after every feed", dkit_configured(&k), said);
		dkit_end(&k);
		begin(&k, way);
		k.w.freeze = 1;
		run(&k, way);
		snprintf(said, sizeof said, "%d processes", k.w.processes);
		t_check("both sessions frozen to bytes and fed in a process of its own, message by message", dkit_configured(&k) && k.w.processes > 30, said);
		dkit_end(&k);
	}
}

static int starve_run(int way, unsigned n, int *reached)
{
	struct dkit k;
	int ok;
	begin(&k, way);
	k.w.wrap = starve_layer;
	starve_at(n);
	run(&k, way);
	*reached = starve_reached();
	ok = settle(&k, way);
	if (!ok)
		snprintf(said, sizeof said, "call %u: %.200s", n, dkit_said);
	dkit_end(&k);
	return ok;
}

static void claims_of_starving(void)
{
	char claim[96];
	for (int way = 0; way < WAYS; way++) {
		int ok = 0, n = 0, reached = 1;
		said[0] = 0;
		while (reached) {
			int fine = starve_run(way, (unsigned)n + 1, &reached);
			n += reached;
			ok += reached && fine;
		}
		snprintf(claim, sizeof claim, "%s: the n-th room or emit fails, for all %d of them", ways[way], n);
		t_check(claim, n > 40 && ok == n, said);
	}
}

int main(int argc, char **argv)
{
	int child;
	world_thaws = &imp_dpp;
	child = world_thaw(argc, argv, &imp_openssl);
	if (child >= 0)
		return child;
	claims_of_messages();
	claims_of_power();
	claims_of_memory();
	claims_of_starving();
	return t_end();
}
