/* many.c -- entries or bytes?  What a manifest says of a fact's name. */
#include "inner.h"

static int is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static size_t capitals(const char *p)
{
	size_t n = 0;
	while (is_capital(p[n]))
		n++;
	return n;
}

/* Two capitals or more stand for anything but '/'.  -1: no match; else how
 * many characters are the pattern's own. */
static int match(const char *pattern, const char *name)
{
	size_t word = capitals(pattern);
	int best = -1;
	if (!*pattern)
		return *name ? -1 : 0;
	if (word < 2) {
		best = *pattern == *name ? match(pattern + 1, name + 1) : -1;
		return best < 0 ? -1 : best + 1;
	}
	for (size_t n = 1; name[n - 1] && name[n - 1] != '/'; n++) {
		int rest = match(pattern + word, name + n);
		best = rest > best ? rest : best;
	}
	return best;
}

static void look(const imp_fact *f, int topic, const char *name, int *best, int *many)
{
	for (; f && f->topic; f++) {
		int rank = f->topic != topic ? -1 : strcmp(f->name, name) == 0 ? 1000 : match(f->name, name);
		if (rank > *best) {
			*best = rank;
			*many = (f->flags & IMP_FACT_MANY) != 0;
		}
	}
}

int imp_face_many(const imp_face *f, int topic, const char *name)
{
	const imp_layer *top = face_top(f);
	int best = -1, many = 0;
	if (!top || !top->manifest || !name || strlen(name) > 256 || topic == IMP_T_IMAGE)
		return 0;
	look(top->manifest->beliefs, topic, name, &best, &many);
	look(top->manifest->knowledge, topic, name, &best, &many);
	return many;
}
