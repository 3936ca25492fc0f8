/* truth.c -- the manifest against both roles. */
#include "bytes.h"
#include "crypto.h"
#include "thread-kit.h"
#include "truth.h"

static struct kit k;

static void begin(int relayed)
{
	uint8_t b[64];
	kit_begin(&k, &imp_openssl, &imp_openssl);
	k.relayed = relayed;
	k.label = "J01NME";
	fact_set(k.joiner, IMP_T_CONFIG, "thread.joiner", 0, t_hex("a26676656e646f72634f6e656375726c6a687474703a2f2f612f62", b, sizeof b));
	fact_set(k.joiner, IMP_T_COUNTER, "thread.tries", 0, imp_bytes("\1", 1));
	fact_set(k.commissioner, IMP_T_COUNTER, "thread.tries/any", 0, imp_bytes("\1", 1));
	fact_set(k.commissioner, IMP_T_COUNTER, "thread.tries/" KIT_ID, 0, imp_bytes("\1", 1));
}

static struct party *joiner(void)
{
	begin(0);
	return k.joiner;
}

static struct party *relayed_joiner(void)
{
	begin(1);
	return k.joiner;
}

static struct party *commissioner(void)
{
	begin(0);
	return k.commissioner;
}

static struct party *relayed_commissioner(void)
{
	begin(1);
	return k.commissioner;
}

static struct party *label_read(void)
{
	begin(1);
	fact_drop(k.commissioner, IMP_T_KEY, "thread.pskd/" KIT_ID);
	return k.commissioner;
}

static void play(struct party *p)
{
	(void)p;
	kit_run(&k);
}

static void end(struct party *p)
{
	(void)p;
	kit_end(&k);
}

static const struct truth_case cases[] = {
	{"joiner, without a joiner router", &imp_thread, IMP_DEVICE, joiner, play, end},
	{"joiner, through one", &imp_thread, IMP_DEVICE, relayed_joiner, play, end},
	{"commissioner, without a joiner router", &imp_thread, IMP_OWNER, commissioner, play, end},
	{"commissioner, through one", &imp_thread, IMP_OWNER, relayed_commissioner, play, end},
	{"commissioner, a label that is read", &imp_thread, IMP_OWNER, label_read, play, end},
};

int main(void)
{
	return truth_check(cases, sizeof cases / sizeof cases[0]);
}
