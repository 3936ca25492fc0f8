/* truth.c -- see truth.h. */
#include "truth.h"
#include "t.h"

enum { MOST = 64 }; /* facts of one list */

/* What one run showed; bits are places in the manifest's lists. */
static struct run {
	const imp_manifest *m;
	unsigned role;
	uint64_t removed;      /* beliefs that are answered with EFACT */
	uint64_t asked, questioned, learnt;
	int (*hook)(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a);
	void (*sees)(struct party *p, struct sess *s, const imp_msg *m);
	char denied[96];       /* the name that was answered so last */
	char undeclared[160];  /* an ASK or LEARN that stands nowhere */
	int dones, named;
	imp_status last;
	char where[192];
} run;

/* All runs of one role. */
struct sum {
	uint64_t asked, questioned, learnt, needed;
	char undeclared[160];
};

/* --- names ------------------------------------------------------------------ */

static size_t capitals(const char *p)
{
	size_t n = 0;
	while (p[n] >= 'A' && p[n] <= 'Z')
		n++;
	return n > 1 ? n : 0;
}

int truth_names(const char *pattern, imp_span name)
{
	size_t word = capitals(pattern);
	if (!*pattern)
		return !name.len;
	if (!word)
		return name.len && (uint8_t)*pattern == *name.ptr && truth_names(pattern + 1, imp_bytes(name.ptr + 1, name.len - 1));
	for (size_t n = 1; n <= name.len; n++)
		if (truth_names(pattern + word, imp_bytes(name.ptr + n, name.len - n)))
			return 1;
	return 0;
}

static int of_role(const imp_fact *f, unsigned role)
{
	unsigned roles = f->flags >> 8;
	return !roles || roles >> role & 1;
}

static uint64_t listed(const imp_fact *f, const imp_msg *m)
{
	uint64_t bits = 0;
	for (unsigned i = 0; f && f[i].topic && i < MOST; i++)
		if (f[i].topic == m->topic && of_role(&f[i], run.role) && truth_names(f[i].name, m->name))
			bits |= (uint64_t)1 << i;
	return bits;
}

/* The places of a list that are this role's, and have these flags. */
static uint64_t places(const imp_fact *f, unsigned role, unsigned flags)
{
	uint64_t bits = 0;
	for (unsigned i = 0; f && f[i].topic && i < MOST; i++)
		if (of_role(&f[i], role) && (f[i].flags & flags) == flags)
			bits |= (uint64_t)1 << i;
	return bits;
}

static void text(char *to, size_t cap, imp_span s)
{
	snprintf(to, cap, "%.*s", (int)s.len, s.len ? (const char *)s.ptr : "");
}

static void undeclared(const char *verb, const imp_msg *m)
{
	if (!*run.undeclared)
		snprintf(run.undeclared, sizeof run.undeclared, "%s topic 0x%04x \"%.*s\"", verb, m->topic, (int)m->name.len, m->name.len ? (const char *)m->name.ptr : "");
}

/* --- watching --------------------------------------------------------------- */

static int ask(struct party *p, struct sess *s, const imp_msg *m, imp_msg *a)
{
	uint64_t belief = listed(run.m->beliefs, m), question = listed(run.m->questions, m);
	run.asked |= belief;
	run.questioned |= question;
	if (!belief && !question && !listed(run.m->knowledge, m))
		undeclared("ASK", m);
	if (belief & run.removed) {
		text(run.denied, sizeof run.denied, m->name);
		a->code = IMP_EFACT;
		return 1;
	}
	return run.hook ? run.hook(p, s, m, a) : 0;
}

static void saw(struct party *p, struct sess *s, const imp_msg *m)
{
	char name[96];
	uint64_t fact = m->verb == IMP_LEARN && m->topic ? listed(run.m->knowledge, m) : 0;
	run.learnt |= fact;
	if (m->verb == IMP_LEARN && m->topic && !fact && !(m->flags & IMP_FORGET))
		undeclared("LEARN", m);
	if (m->verb == IMP_DONE) {
		text(name, sizeof name, m->name);
		run.dones++;
		run.last = m->code;
		run.named |= m->code == IMP_EFACT && *run.denied && !strcmp(name, run.denied);
		snprintf(run.where, sizeof run.where, "%d \"%s\" at %s", m->code, name, imp_session_where(s->s));
	}
	if (run.sees)
		run.sees(p, s, m);
}

/* One run without these beliefs: did it finish? */
static int play(const struct truth_case *c, uint64_t removed)
{
	struct party *p = c->begin();
	memset(&run, 0, sizeof run);
	run.m = c->layer->manifest;
	run.role = c->role;
	run.removed = removed;
	run.hook = p->hook;
	run.sees = p->sees;
	snprintf(run.where, sizeof run.where, "no DONE");
	p->hook = ask;
	p->sees = saw;
	c->play(p);
	c->end(p);
	return run.dones && run.last >= 0 && !run.named;
}

/* --- claims ----------------------------------------------------------------- */

/* "voucher fdo.credential, ..." for a detail. */
static void list(char *to, size_t cap, const imp_fact *f, uint64_t bits)
{
	size_t n = 0;
	*to = 0;
	for (unsigned i = 0; i < MOST && n < cap; i++)
		if (bits >> i & 1)
			n += (size_t)snprintf(to + n, cap - n, "%s%s", n ? ", " : "", f[i].name);
}

static void note(struct sum *t)
{
	t->asked |= run.asked;
	t->questioned |= run.questioned;
	t->learnt |= run.learnt;
	if (!*t->undeclared)
		memcpy(t->undeclared, run.undeclared, sizeof t->undeclared);
}

/* The beliefs that this run cannot do without. */
static uint64_t try_without(const struct truth_case *c, uint64_t asked, struct sum *t)
{
	uint64_t needed = 0;
	char claim[200];
	for (unsigned i = 0; i < MOST; i++) {
		int finished;
		if (!(asked >> i & 1))
			continue;
		finished = play(c, (uint64_t)1 << i);
		if (finished)
			note(t); /* what it asks for instead */
		else
			needed |= (uint64_t)1 << i;
		snprintf(claim, sizeof claim, "%s: without %s it %s", c->run, run.m->beliefs[i].name, finished ? "finishes" : "ends with EFACT and its name");
		t_check(claim, finished || run.named, finished ? "" : run.where);
	}
	return needed;
}

static void check_case(const struct truth_case *c, struct sum *t)
{
	const imp_manifest *m = c->layer->manifest;
	char claim[200], which[300];
	uint64_t asked, needed, optional = places(m->beliefs, c->role, 0) & ~places(m->beliefs, c->role, IMP_FACT_NEEDED);
	int ok = play(c, 0);
	note(t);
	asked = run.asked;
	snprintf(claim, sizeof claim, "%s: finishes", c->run);
	if (!t_check(claim, ok, ok ? "" : run.where))
		return;
	ok = play(c, optional);
	snprintf(claim, sizeof claim, "%s: finishes with its needed beliefs alone", c->run);
	t_check(claim, ok, ok ? "" : run.where);
	needed = try_without(c, asked, t);
	t->needed |= needed;
	list(which, sizeof which, m->beliefs, needed & ~places(m->beliefs, c->role, IMP_FACT_NEEDED));
	snprintf(claim, sizeof claim, "%s: what it needs is declared as needed", c->run);
	t_check(claim, !*which, which);
}

static void same(const char *who, const char *what, const imp_fact *f, uint64_t declared, uint64_t seen)
{
	char claim[200], which[300];
	list(which, sizeof which, f, declared & ~seen);
	snprintf(claim, sizeof claim, "%s: %s", who, what);
	t_check(claim, !(declared & ~seen), which);
}

static void check_role(const struct truth_case *cases, size_t n, const struct truth_case *first)
{
	static const char *const names[] = {"?", "device", "owner", "relay", "maker", "rendezvous"};
	const imp_manifest *m = first->layer->manifest;
	struct sum t = {0};
	char who[80], claim[160];
	for (size_t i = 0; i < n; i++)
		if (cases[i].layer == first->layer && cases[i].role == first->role)
			check_case(&cases[i], &t);
	snprintf(who, sizeof who, "%s, %s", first->layer->id, names[first->role < 6 ? first->role : 0]);
	snprintf(claim, sizeof claim, "%s: asks and learns only what its manifest declares", who);
	t_check(claim, !*t.undeclared, t.undeclared);
	same(who, "every belief declared is asked for", m->beliefs, places(m->beliefs, first->role, 0), t.asked);
	same(who, "every question declared is asked", m->questions, places(m->questions, first->role, 0), t.questioned);
	same(who, "every belief declared as needed is", m->beliefs, places(m->beliefs, first->role, IMP_FACT_NEEDED), t.needed);
	same(who, "all knowledge declared is imparted", m->knowledge, places(m->knowledge, first->role, 0), t.learnt);
}

static unsigned played(const struct truth_case *cases, size_t n, const imp_layer *layer)
{
	unsigned roles = 0;
	for (size_t i = 0; i < n; i++)
		if (cases[i].layer == layer)
			roles |= 1u << cases[i].role;
	return roles;
}

int truth_check(const struct truth_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct truth_case *c = &cases[i];
		unsigned before = played(cases, i, c->layer);
		char claim[120];
		if (!(before >> c->role & 1))
			check_role(cases, n, c);
		snprintf(claim, sizeof claim, "%s: every role of its manifest is played", c->layer->id);
		if (!before)
			t_check(claim, played(cases, n, c->layer) == c->layer->manifest->roles, "");
	}
	return t_end();
}
