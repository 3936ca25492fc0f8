/* truth.h -- is a manifest true?
 *
 * Each role of a protocol is played as often as it takes, on host.h: with all
 * its facts; with those alone that its manifest calls needed; and without
 * each single belief that it asked for.  Then the manifest is held against
 * what was seen:
 *   - every run finishes with the needed beliefs alone;
 *   - without a belief it finishes too, or ends with DONE(IMP_EFACT) whose
 *     name is that of the ASK; those are the beliefs marked IMP_FACT_NEEDED;
 *   - every ASK is a declared belief, a question, or knowledge read back;
 *     every declared belief and question is asked in some run;
 *   - what was learnt and what is declared as knowledge are the same;
 *   - every role of the manifest was played.
 *
 * A protocol adds one table of runs, one or more for each of its roles (all
 * that they can ask for and learn must happen in one of them):
 *
 *   static struct kit k;
 *   static struct party *begin(void) { kit_begin(&k); return k.device; }
 *   static void play(struct party *p) { world_start(p, 0, none); world_run(p->w, 60000); }
 *   static void end(struct party *p) { (void)p; kit_end(&k); }
 *   static const struct truth_case cases[] = {{"X: device", &imp_x, IMP_DEVICE, begin, play, end}};
 *   int main(void) { return truth_check(cases, 1); }
 *
 * and links truth.c and host.c.  Beliefs are taken away by answering their
 * ASK with IMP_EFACT, before the party's own hook is called, so it does not
 * matter whether facts or the hook would have answered. */
#ifndef IMPRINT_TRUTH_H
#define IMPRINT_TRUTH_H

#include "host.h"

struct truth_case {
	const char *run;        /* what is played, for the claims */
	const imp_layer *layer; /* whose manifest is held to account */
	uint16_t role;          /* enum imp_role: the one that is watched */
	/* A fresh world in which this run will finish.  Returns the party that
	 * plays the role; its hook and sees are wrapped from now on. */
	struct party *(*begin)(void);
	void (*play)(struct party *p); /* to its DONE */
	void (*end)(struct party *p);
};

/* All claims about the manifests of these cases as TAP, plan and all: what
 * main() returns. */
int truth_check(const struct truth_case *cases, size_t n);

/* Is `name` one that `pattern` stands for?  A word of two or more capitals
 * in it stands for any text that is not empty. */
int truth_names(const char *pattern, imp_span name);

#endif
