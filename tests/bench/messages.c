/* messages.c -- what a message costs in C: an HTTP server's session is fed a
 * request and its answer, over and over.  One line: nanoseconds of processor time
 * for each message fed, the best of some rounds.  bench/python.sh compares. */
#define _POSIX_C_SOURCE 200809L
#include "crypto.h"
#include "http.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

enum { MANY = 20000, ROUNDS = 10 };

static imp_stack t = {.size = sizeof t, .link = {{&imp_http}}, .crypto = &imp_openssl, .params = {sizeof(imp_params), IMP_RELAY, 4, 65535, 8192}};
static imp_work w;

static imp_msg must(imp_session *s, const imp_msg *m, uint16_t verb)
{
	imp_msg out = {0}, more;
	if (imp_session_feed(s, &t, &w, m) < 0 || !imp_session_poll(s, &w, &out) || out.verb != verb || imp_session_poll(s, &w, &more)) {
		fprintf(stderr, "the session says something else\n");
		exit(1);
	}
	return out;
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void visit(imp_session *s, int count)
{
	imp_span none = imp_bytes(NULL, 0);
	for (int i = 0; i < count; i++) {
		imp_msg rx = imp_say(IMP_RX, 0, 0, 0, none, TEXT("GET /bench HTTP/1.1\r\nHost: imprint\r\n\r\n"));
		imp_msg request = must(s, &rx, IMP_RX);
		imp_msg answer = imp_say(IMP_ANSWER, 0, 200, request.ticket, none, TEXT("well"));
		must(s, &answer, IMP_TX);
	}
}

int main(void)
{
	imp_session *s = imp_session_init(aligned_alloc(16, (imp_session_need(&t) + 15) & ~(size_t)15), imp_session_need(&t), &t);
	imp_msg up = imp_say(IMP_UP, 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	double from, best = 1;
	w.len = (imp_work_need(&t) + 15) & ~(size_t)15;
	w.mem = aligned_alloc(16, w.len);
	w.now = 1000;
	if (!s)
		return 1;
	must(s, &up, IMP_UP);
	visit(s, 1000);
	for (int i = 0; i < ROUNDS; i++) {
		from = seconds();
		visit(s, MANY);
		from = seconds() - from;
		best = from < best ? from : best;
	}
	printf("%.1f\n", best * 1e9 / (2.0 * MANY));
	return 0;
}
