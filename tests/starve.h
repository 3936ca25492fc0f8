/* starve.h -- fail the n-th room() or emit() of a run, for all n.
 *
 * Wrap every layer of the stack with starve_layer(), call starve_at(n) before
 * a run and look at starve_reached() after it: 0 means that the run made
 * fewer than n calls, so that all points have been tried:
 *
 *	for (n = 1; starve_at(n), run(), starve_reached(); n++)
 *		check what the run left behind;
 *
 * starve_at(0) fails nothing.  One thread, at most eight layers. */
#ifndef IMPRINT_STARVE_H
#define IMPRINT_STARVE_H

#include "imprint.h"
#include <stdlib.h>

enum { STARVE_LAYERS = 8 };

static struct {
	unsigned calls, fail_at, count, refused;
	const imp_layer *real[STARVE_LAYERS];
	imp_layer hungry[STARVE_LAYERS];
	imp_status (*emit)(imp_cx *, const imp_msg *);
	uint8_t *(*room)(imp_cx *, size_t);
} starving;

static inline imp_status starve_emit(imp_cx *cx, const imp_msg *m)
{
	if (++starving.calls != starving.fail_at)
		return starving.emit(cx, m);
	starving.refused = 1;
	return IMP_ENOSPC;
}

static inline uint8_t *starve_room(imp_cx *cx, size_t n)
{
	return ++starving.calls == starving.fail_at ? NULL : starving.room(cx, n);
}

static inline imp_status starve_step(unsigned i, void *state, imp_cx *cx, const imp_msg *m)
{
	imp_status st;
	starving.emit = cx->emit;
	starving.room = cx->room;
	cx->emit = starve_emit;
	cx->room = starve_room;
	starving.refused = 0;
	st = starving.real[i]->step(state, cx, m);
	cx->emit = starving.emit;
	cx->room = starving.room;
	return starving.refused && st >= 0 ? IMP_ENOSPC : st; /* as the core does: an emit error is not to be ignored */
}

/* A step is not told its layer, so each place has one of its own. */
static inline imp_status starve_0(void *s, imp_cx *cx, const imp_msg *m) { return starve_step(0, s, cx, m); }
static inline imp_status starve_1(void *s, imp_cx *cx, const imp_msg *m) { return starve_step(1, s, cx, m); }
static inline imp_status starve_2(void *s, imp_cx *cx, const imp_msg *m) { return starve_step(2, s, cx, m); }
static inline imp_status starve_3(void *s, imp_cx *cx, const imp_msg *m) { return starve_step(3, s, cx, m); }
static inline imp_status starve_4(void *s, imp_cx *cx, const imp_msg *m) { return starve_step(4, s, cx, m); }
static inline imp_status starve_5(void *s, imp_cx *cx, const imp_msg *m) { return starve_step(5, s, cx, m); }
static inline imp_status starve_6(void *s, imp_cx *cx, const imp_msg *m) { return starve_step(6, s, cx, m); }
static inline imp_status starve_7(void *s, imp_cx *cx, const imp_msg *m) { return starve_step(7, s, cx, m); }

/* The same layer, going hungry; NULL stays NULL.  Once per layer: asking
 * again yields the same. */
static inline const imp_layer *starve_layer(const imp_layer *y)
{
	static imp_status (*const steps[STARVE_LAYERS])(void *, imp_cx *, const imp_msg *) = {starve_0, starve_1, starve_2, starve_3, starve_4, starve_5, starve_6, starve_7};
	unsigned i = 0;
	if (!y)
		return NULL;
	while (i < starving.count && starving.real[i] != y)
		i++;
	if (i == STARVE_LAYERS)
		abort();
	if (i == starving.count) {
		starving.real[i] = y;
		starving.hungry[i] = *y;
		starving.hungry[i].step = steps[i];
		starving.count++;
	}
	return &starving.hungry[i];
}

static inline void starve_at(unsigned n)
{
	starving.calls = 0;
	starving.fail_at = n;
}

static inline int starve_reached(void)
{
	return starving.fail_at && starving.calls >= starving.fail_at;
}

#endif
