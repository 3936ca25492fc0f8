/* t.h -- the tests' few words: TAP on standard output, one claim a line. */
#ifndef IMPRINT_T_H
#define IMPRINT_T_H

#include <stdio.h>

static int t_count, t_failures;

/* One claim; `detail` says what was measured or seen. */
static inline int t_check(const char *claim, int holds, const char *detail)
{
	printf("%s %d - %s%s%s\n", holds ? "ok" : "not ok", ++t_count, claim, detail && *detail ? ": " : "", detail ? detail : "");
	t_failures += !holds;
	fflush(stdout);
	return holds;
}

/* A claim that cannot be tested here, and why. */
static inline void t_skip(const char *claim, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++t_count, claim, why);
}

/* Return this from main. */
static inline int t_end(void)
{
	printf("1..%d\n", t_count);
	return t_failures != 0;
}

#endif
