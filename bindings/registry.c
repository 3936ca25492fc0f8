/* registry.c -- layers, cryptos and roles by name, and what to say of a wrong
 * name. */
#include "inner.h"
#include "crypto/crypto.h"
#include "ct.h"
#include <pthread.h>
#include <stdlib.h>

enum { LOADED = 64, WORD = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const imp_plugin *loaded[LOADED]; /* only ever added to */
static size_t loaded_count;

/* --- text --------------------------------------------------------------------- */

void text_put(struct text *t, const char *p, size_t n)
{
	if (t->failed)
		return;
	if (t->cap - t->len <= n) {
		size_t cap = 2 * (t->len + n) + 256;
		char *bigger = realloc(t->ptr, cap);
		t->failed = !bigger;
		if (t->failed)
			return;
		t->ptr = bigger;
		t->cap = cap;
	}
	memcpy(t->ptr + t->len, p, n);
	t->len += n;
	t->ptr[t->len] = 0;
}

void text_add(struct text *t, const char *s)
{
	text_put(t, s, strlen(s));
}

/* --- plugins ------------------------------------------------------------------ */

static size_t built_in(void)
{
	size_t n = 0;
	while (imp_builtin[n])
		n++;
	return n;
}

const imp_plugin *plugin_at(size_t i)
{
	const imp_plugin *p = NULL;
	if (i < built_in())
		return imp_builtin[i];
	i -= built_in();
	pthread_mutex_lock(&lock);
	if (i < loaded_count)
		p = loaded[i];
	pthread_mutex_unlock(&lock);
	return p;
}

int plugin_loaded(size_t i)
{
	return i >= built_in();
}

static int keep(const imp_plugin *p)
{
	int kept = 0;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < loaded_count; i++)
		kept |= loaded[i] == p;
	if (!kept && loaded_count < LOADED) {
		loaded[loaded_count++] = p;
		kept = 1;
	}
	pthread_mutex_unlock(&lock);
	return kept;
}

imp_blob *imp_face_load(const char *path)
{
	const imp_plugin *p = NULL;
	const char *why = NULL;
	imp_status st = imp_plugin_load(path ? path : "", &p, &why);
	if (st == IMP_OK && !keep(p)) {
		st = IMP_ENOSPC;
		why = "64 plugins are loaded already";
	}
	why = st == IMP_OK ? p->id : why ? why : "";
	return blob_new(st, why, strlen(why));
}

/* --- names -------------------------------------------------------------------- */

static const char *bare(const char *id)
{
	return strncmp(id, "imp.", 4) == 0 ? id + 4 : id;
}

static int is_called(const char *id, const char *name, size_t len)
{
	if (strlen(id) == len && memcmp(id, name, len) == 0)
		return 1;
	return strlen(bare(id)) == len && memcmp(bare(id), name, len) == 0;
}

const imp_layer *layer_named(const char *id, size_t len)
{
	const imp_plugin *p;
	for (size_t i = 0; (p = plugin_at(i)); i++)
		for (size_t k = 0; p->layers && p->layers[k]; k++)
			if (is_called(p->layers[k]->id, id, len))
				return p->layers[k];
	return NULL;
}

static const imp_crypto *const linked[] = {&imp_openssl, &imp_sodium, &imp_bearssl, NULL};

const imp_crypto *crypto_named(const char *id, imp_crypto *mux)
{
	const imp_plugin *p;
	if (!id || !*id) {
		imp_mux(mux, linked);
		return mux;
	}
#ifdef IMP_TESTING
	if (is_called("imp.fake", id, strlen(id)))
		return &imp_fake;
#endif
	for (size_t i = 0; (p = plugin_at(i)); i++)
		for (size_t k = 0; p->cryptos && p->cryptos[k]; k++)
			if (is_called(p->cryptos[k]->id, id, strlen(id)))
				return p->cryptos[k];
	return NULL;
}

/* --- wrong names -------------------------------------------------------------- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions and replacements from one word to the other. */
static size_t distance(const char *a, const char *b, size_t blen)
{
	size_t row[WORD + 1];
	for (size_t j = 0; j <= blen; j++)
		row[j] = j;
	for (size_t i = 1; *a; i++, a++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			size_t above = row[j];
			row[j] = least(least(above, row[j - 1]) + 1, diagonal + (*a != b[j - 1]));
			diagonal = above;
		}
	}
	return row[blen];
}

/* What is there, and which of it is nearest. */
struct choice {
	const char *said;
	size_t len, best;
	const char *nearest;
	struct text all;
};

static void choose(struct choice *c, const char *name)
{
	size_t d = distance(name, c->said, c->len);
	if (!c->nearest || d < c->best) {
		c->nearest = name;
		c->best = d;
	}
	if (c->all.len)
		text_add(&c->all, ", ");
	text_add(&c->all, name);
}

static struct choice choice_of(const char *what, const char *name, size_t len, struct text *why)
{
	struct choice c = {0};
	text_add(why, "no ");
	text_add(why, what);
	text_add(why, " is called '");
	len = least(len, WORD);
	for (size_t i = 0; i < len; i++)
		text_put(why, name[i] >= ' ' && name[i] <= '~' ? &name[i] : "?", 1);
	text_add(why, "'");
	c.len = len > 4 && memcmp(name, "imp.", 4) == 0 ? len - 4 : len;
	c.said = name + (len - c.len);
	return c;
}

static void choice_say(struct choice *c, struct text *why)
{
	if (c->nearest) {
		text_add(why, "; nearest: ");
		text_add(why, c->nearest);
		text_add(why, "; there are: ");
		text_put(why, c->all.ptr ? c->all.ptr : "", c->all.len);
	}
	free(c->all.ptr);
}

void say_no_layer(struct text *why, const char *id, size_t len)
{
	struct choice c = choice_of("layer", id, len, why);
	const imp_plugin *p;
	for (size_t i = 0; (p = plugin_at(i)); i++)
		for (size_t k = 0; p->layers && p->layers[k]; k++)
			choose(&c, bare(p->layers[k]->id));
	choice_say(&c, why);
}

void say_no_crypto(struct text *why, const char *id)
{
	struct choice c = choice_of("crypto", id, strlen(id), why);
	const imp_plugin *p;
	for (size_t i = 0; (p = plugin_at(i)); i++)
		for (size_t k = 0; p->cryptos && p->cryptos[k]; k++)
			choose(&c, bare(p->cryptos[k]->id));
	choice_say(&c, why);
}

static int has_role(const imp_layer *top, int32_t role)
{
	return !top || !top->manifest || (top->manifest->roles >> role & 1);
}

void say_no_role(struct text *why, const char *name, const imp_layer *top)
{
	struct choice c = choice_of("role", name, strlen(name), why);
	if (top) {
		text_add(why, " in ");
		text_add(why, bare(top->id));
	}
	for (const struct number_name *r = face_roles; r->name; r++)
		if (has_role(top, r->number))
			choose(&c, r->name);
	choice_say(&c, why);
}

/* --- blobs -------------------------------------------------------------------- */

struct imp_blob {
	int status;
	size_t len, cap;
	uint8_t bytes[];
};

imp_blob *blob_room(size_t len, uint8_t **bytes)
{
	imp_blob *b = len < SIZE_MAX / 2 ? calloc(1, sizeof *b + len) : NULL;
	if (!b)
		return NULL;
	b->len = b->cap = len;
	*bytes = b->bytes;
	return b;
}

imp_blob *blob_new(int status, const void *bytes, size_t len)
{
	uint8_t *to;
	imp_blob *b = blob_room(len, &to);
	if (!b)
		return NULL;
	b->status = status;
	if (len)
		memcpy(to, bytes, len);
	return b;
}

void blob_cut(imp_blob *b, int status, size_t len)
{
	b->status = status;
	b->len = status < 0 || len > b->cap ? 0 : len;
}

int imp_blob_status(const imp_blob *b)
{
	return b ? b->status : IMP_ENOSPC;
}

imp_span imp_blob_bytes(const imp_blob *b)
{
	return b ? imp_bytes(b->bytes, b->len) : imp_bytes(NULL, 0);
}

void imp_blob_free(imp_blob *b)
{
	if (!b)
		return;
	imp_wipe(b->bytes, b->cap);
	free(b);
}
