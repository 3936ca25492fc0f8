/* pair-faults.c -- an onboarding under everything that goes wrong.
 *
 * Every run starts from a device that its owner may onboard, spoils one
 * thing, and ends in settle(): what the device holds is its old credential or
 * the new one, whole; if the new one, the owner holds its voucher; and a
 * second, undisturbed run finishes the work. */
#include "crypto.h"
#include "fdo-kit.h"
#include "http.h"
#include "starve.h"
#include "t.h"
#include <stdlib.h>

#define NONE imp_bytes(0, 0)

static char said[256];
static imp_span file;

static struct {
	int at, how;      /* crossing, and what is done to it */
	int bit;          /* FLIP: which one, of as many as there are */
	int base;         /* crossings before the onboarding */
	int done;         /* it was reached */
} fault;
enum { LOSE, DOUBLE, DELAY, CUT, CHOP, FLIP, WIPE, HOWS };

static int spoil(struct world *w, struct crossing *x)
{
	size_t n = x->m->data.len;
	(void)w;
	if (x->n - fault.base != fault.at)
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
	}
	return PASS;
}

static void begin(struct kit *k)
{
	kit_begin(k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
}

/* Ready to be onboarded, and the fault armed. */
static int arm(struct kit *k, int at, int how, int bit)
{
	int ok;
	begin(k);
	ok = kit_ready(k);
	kit_actions(k, file);
	fault.base = k->w.crossings;
	fault.at = at;
	fault.how = how;
	fault.bit = bit;
	fault.done = 0;
	k->w.fault = spoil;
	return ok;
}

/* 1: the old credential stood, or the new one and its voucher with the
 * owner; and all can be finished. */
static int settle(struct kit *k, uint64_t before)
{
	char now[33];
	int fresh;
	k->w.fault = NULL;
	k->w.wrap = NULL;
	k->w.freeze = k->w.cut_crossing = k->w.cut_learn = k->w.cut_commit = 0;
	starve_at(0);
	world_run(&k->w, 700000); /* what was late arrives, what idles ends */
	if (!kit_credential(k, now))
		return 0;
	fresh = strcmp(now, k->guid) != 0;
	if (!fresh && kit_print(k) != before)
		return 0;
	if (fresh && (!kit_follow(k, k->owner) || kit_to0(k, k->owner) != IMP_LATER))
		return 0;
	return kit_onboard(k) == IMP_OK && kit_follow(k, k->owner);
}

static int one(int at, int how, int bit, int *reached)
{
	struct kit k;
	uint64_t before;
	int ok = arm(&k, at, how, bit);
	before = kit_print(&k);
	kit_onboard(&k);
	*reached = fault.done;
	ok = ok && settle(&k, before);
	if (!ok)
		snprintf(said, sizeof said, "crossing %d how %d bit %d: owner %s", at, how, bit, k.owner->last_where);
	kit_end(&k);
	return ok;
}

static void claims_of_messages(void)
{
	static const char *const what[HOWS] = {"lost", "doubled", "late", "cut in half", "a byte short", "with a bit flipped", "all zeros"};
	char claim[96];
	for (int how = 0; how < HOWS; how++) {
		int n = 0, ok = 0, reached = 1;
		said[0] = 0;
		for (int at = 1; reached; at++)
			for (int bit = 0; bit < (how == FLIP ? 16 : 1) && reached; bit++) {
				int fine = one(at, how, at * 131 + bit, &reached);
				n += reached;
				ok += reached && fine;
			}
		snprintf(claim, sizeof claim, "each message %s: %d runs, old or new credential, and it can be finished", what[how], n);
		t_check(claim, n >= 24 && ok == n, said);
	}
}

/* --- power ----------------------------------------------------------------------- */

enum { AT_CROSSING, AT_LEARN, AT_COMMIT };

static int power(int kind, int at, int *reached)
{
	struct kit k;
	uint64_t before;
	int ok = arm(&k, 0, 0, 0);
	before = kit_print(&k);
	k.w.learns = k.w.commits = 0;
	if (kind == AT_CROSSING)
		k.w.cut_crossing = fault.base + at;
	else if (kind == AT_LEARN)
		k.w.cut_learn = at;
	else
		k.w.cut_commit = at;
	kit_onboard(&k);
	*reached = k.w.cuts;
	ok = ok && settle(&k, before);
	if (!ok)
		snprintf(said, sizeof said, "cut %d at %d: owner %s", kind, at, k.owner->last_where);
	kit_end(&k);
	return ok;
}

static void claims_of_power(void)
{
	static const char *const where[] = {"message", "fact that is learnt", "commit"};
	char claim[96];
	for (int kind = AT_CROSSING; kind <= AT_COMMIT; kind++) {
		int n = 0, ok = 0, reached = 1;
		said[0] = 0;
		for (int at = 1; reached; at++) {
			int fine = power(kind, at, &reached);
			n += reached;
			ok += reached && fine;
		}
		snprintf(claim, sizeof claim, "the device's power fails at each %s: %d cuts", where[kind], n);
		t_check(claim, n >= (kind == AT_CROSSING ? 24 : 1) && ok == n, said);
	}
}

/* --- memory ------------------------------------------------------------------------ */

static void claims_of_moves(void)
{
	struct kit k;
	int ok;
	begin(&k);
	k.w.move = 1;
	ok = kit_ready(&k);
	kit_actions(&k, file);
	ok = ok && kit_onboard(&k) == IMP_OK && kit_follow(&k, k.owner);
	snprintf(said, sizeof said, "%d feeds", k.w.feeds);
	t_check("every session moved to other memory after every feed, in all four roles", ok, said);
	kit_end(&k);
}

static void claims_of_freezing(void)
{
	struct kit k;
	int ok;
	begin(&k);
	k.w.freeze = 1;
	ok = kit_ready(&k);
	kit_actions(&k, file);
	ok = ok && kit_onboard(&k) == IMP_OK && kit_follow(&k, k.owner);
	snprintf(said, sizeof said, "%d processes", k.w.processes);
	t_check("every session frozen to bytes and fed in a process of its own, message by message", ok && k.w.processes > 80, said);
	kit_end(&k);
}

enum { AT_DI, AT_TO0, AT_TO2 };

/* Up to this stage undisturbed. */
static int reach(struct kit *k, int stage)
{
	begin(k);
	if (stage == AT_DI)
		return 1;
	if (!kit_di(k) || !kit_extend(k, k->maker, KIT_MAKER, k->owner, KIT_OWNER))
		return 0;
	if (stage == AT_TO0)
		return 1;
	kit_actions(k, file);
	return kit_to0(k, k->owner) == IMP_LATER;
}

/* It must end, well or ill. */
static int go_hungry(struct kit *k, int stage)
{
	if (stage == AT_DI)
		kit_di(k);
	else if (stage == AT_TO0)
		kit_to0(k, k->owner);
	else
		kit_onboard(k);
	return k->last != IMP_EOVER;
}

static int starve_run(int stage, unsigned n, int *reached)
{
	struct kit k;
	uint64_t before;
	int ok = reach(&k, stage);
	before = kit_print(&k);
	k.w.wrap = starve_layer;
	starve_at(n);
	ok = ok && go_hungry(&k, stage);
	*reached = starve_reached();
	starve_at(0);
	k.w.wrap = NULL;
	if (stage == AT_DI)
		ok = ok && kit_all(&k) && kit_follow(&k, k.owner);
	else
		ok = ok && (stage == AT_TO2 || kit_to0(&k, k.owner) == IMP_LATER) && settle(&k, before);
	if (!ok)
		snprintf(said, sizeof said, "call %u: owner %s", n, k.owner->last_where);
	kit_end(&k);
	return ok;
}

static void claims_of_starving(void)
{
	static const char *const stages[] = {"DI", "TO0", "TO1 and TO2"};
	char claim[96];
	for (int stage = AT_DI; stage <= AT_TO2; stage++) {
		int ok = 0, n = 0, reached = 1;
		said[0] = 0;
		while (reached) {
			int fine = starve_run(stage, (unsigned)n + 1, &reached);
			n += reached;
			ok += reached && fine;
		}
		snprintf(claim, sizeof claim, "%s: the n-th room or emit fails, for all %d of them", stages[stage], n);
		t_check(claim, n > 20 && ok == n, said);
	}
}

int main(int argc, char **argv)
{
	static uint8_t bytes[4000];
	int child;
	kit_crypto = &imp_openssl;
	child = world_thaw(argc, argv, kit_crypto);
	if (child >= 0)
		return child;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 31);
	file = imp_bytes(bytes, sizeof bytes);
	claims_of_messages();
	claims_of_power();
	claims_of_moves();
	claims_of_freezing();
	claims_of_starving();
	return t_end();
}
