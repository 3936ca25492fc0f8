/* face.c -- a session with its stack, its memory and its output: see face.h. */
#include "ct.h"
#include "inner.h"
#include "pack.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* Work memory: a free list that all faces share. */
struct work {
	struct work *next;
	size_t len;
	_Alignas(16) uint8_t mem[];
};

/* The output's head as it lies in memory. */
struct head {
	int32_t status, refused;
	uint32_t fed, count;
	uint64_t deadline, spare;
};

struct imp_face {
	imp_stack t;
	imp_crypto mux;
	imp_session *s;  /* NULL: it cannot run, `why` says so */
	struct work *own; /* of a face without a top, which keeps it */
	imp_work lent;
	uint8_t *out;
	size_t cap, len;
	int secret; /* some of the output is */
	int dead;   /* memory ran out: messages were lost */
	const imp_channel *channel[IMP_LINKS]; /* drained last, of a face without a top */
	struct text why;
};

_Static_assert(sizeof(struct head) == IMP_FACE_HEAD, "the output's head is 32 bytes");

/* --- work memory -------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct work *spare;

static void work_give(struct work *w)
{
	pthread_mutex_lock(&lock);
	w->next = spare;
	spare = w;
	pthread_mutex_unlock(&lock);
}

static struct work *work_take(size_t len)
{
	struct work *w;
	pthread_mutex_lock(&lock);
	w = spare;
	if (w)
		spare = w->next;
	pthread_mutex_unlock(&lock);
	if (w && w->len >= len)
		return w;
	if (w)
		imp_wipe(w->mem, w->len);
	free(w);
	w = len < SIZE_MAX / 2 ? aligned_alloc(16, (sizeof *w + len + 15) & ~(size_t)15) : NULL;
	if (w)
		w->len = len;
	return w;
}

/* What this feed may take: the stack's need, and its message a few times. */
static size_t work_len(const imp_face *f, size_t fed)
{
	return (imp_work_need(&f->t) + 4 * fed + 4095) & ~(size_t)4095;
}

static int lend(imp_face *f, uint64_t now, uint64_t unix_time, size_t fed)
{
	if (!f->own || f->own->len < work_len(f, fed)) {
		if (f->own)
			work_give(f->own);
		f->own = work_take(work_len(f, fed));
	}
	memset(&f->lent, 0, sizeof f->lent);
	memset(f->channel, 0, sizeof f->channel);
	f->lent.mem = f->own ? f->own->mem : NULL;
	f->lent.len = f->own ? f->own->len : 0;
	f->lent.now = now;
	f->lent.unix_time = unix_time;
	return f->own != NULL;
}

static void give_back(imp_face *f)
{
	if (f->own && f->t.top) {
		work_give(f->own);
		f->own = NULL;
	}
}

/* --- the stack by its name ---------------------------------------------------- */

static const char *bare(const char *id)
{
	return strncmp(id, "imp.", 4) == 0 ? id + 4 : id;
}

static int wrong(imp_face *f, const char *text)
{
	if (!f->why.len)
		text_add(&f->why, text);
	return 0;
}

/* One link: "http/tls". */
static int parse_link(imp_face *f, const char *p, size_t len, unsigned l)
{
	for (unsigned d = 0; len; d++) {
		const char *slash = memchr(p, '/', len);
		size_t n = slash ? (size_t)(slash - p) : len;
		if (d == IMP_DEPTH)
			return wrong(f, "a link has more than 5 layers");
		f->t.link[l][d] = layer_named(p, n);
		if (!f->t.link[l][d]) {
			say_no_layer(&f->why, p, n);
			return 0;
		}
		p += n + (slash != NULL);
		len -= n + (slash != NULL);
		if (slash && !len)
			return wrong(f, "a stack's name ends with '/'");
	}
	return 1;
}

static int parse_stack(imp_face *f, const char *name)
{
	size_t n = strcspn(name, "/,");
	f->t.top = n ? layer_named(name, n) : NULL;
	if (n && !f->t.top) {
		say_no_layer(&f->why, name, n);
		return 0;
	}
	name += n + (name[n] == '/');
	for (unsigned l = 0; *name; l++) {
		n = strcspn(name, ",");
		if (l == IMP_LINKS)
			return wrong(f, "a stack has more than 4 links");
		if (!parse_link(f, name, n, l))
			return 0;
		name += n + (name[n] == ',');
	}
	return f->t.top || f->t.link[0][0] ? 1 : wrong(f, "a stack's name is empty");
}

/* --- does it fit? ------------------------------------------------------------- */

static void say_mismatch(imp_face *f, const imp_layer *above, uint16_t wants, const imp_layer *below)
{
	char text[256];
	const char *need = name_of(face_kinds, wants), *offer = name_of(face_kinds, below->offers);
	snprintf(text, sizeof text, "%s does not stand on %s: it needs a link of kind %s, %s offers %s",
		bare(above->id), bare(below->id), need ? need : "?", bare(below->id), offer ? offer : "?");
	wrong(f, text);
}

static void say_link(imp_face *f, unsigned l)
{
	const imp_layer *const *y = f->t.link[l];
	if (y[0] && f->t.top && f->t.top->needs[l] != y[0]->offers)
		say_mismatch(f, f->t.top, f->t.top->needs[l], y[0]);
	for (unsigned d = 0; d + 1 < IMP_DEPTH && y[d] && y[d + 1]; d++)
		if (y[d]->needs[0] != y[d + 1]->offers)
			say_mismatch(f, y[d], y[d]->needs[0], y[d + 1]);
}

static void say_unfit(imp_face *f)
{
	char text[160];
	const imp_manifest *m = f->t.top ? f->t.top->manifest : NULL;
	if (f->t.top && f->t.top->offers != IMP_L_NONE) {
		snprintf(text, sizeof text, "%s is a transport, it cannot be the top: say '/%s'", bare(f->t.top->id), bare(f->t.top->id));
		wrong(f, text);
	}
	for (unsigned l = 0; l < IMP_LINKS; l++)
		say_link(f, l);
	for (const int32_t *a = m ? m->algs : NULL; a && *a; a++)
		if (!f->t.crypto->can(f->t.crypto, *a, 0)) {
			const char *name = name_of(face_algs, *a);
			snprintf(text, sizeof text, "%s needs the algorithm %s (%d), which %s does not have", bare(f->t.top->id), name ? name : "?", (int)*a, bare(f->t.crypto->id));
			wrong(f, text);
		}
	wrong(f, "the stack does not fit together, or its sizes are too small");
}

static int choose_role(imp_face *f, const char *role)
{
	const imp_layer *top = f->t.top;
	int32_t n = role_named(role);
	if (!n || (top && top->manifest && !(top->manifest->roles >> n & 1))) {
		say_no_role(&f->why, role, top);
		return 0;
	}
	f->t.params.role = (uint16_t)n;
	return 1;
}

static int choose_crypto(imp_face *f, const char *crypto)
{
	f->t.crypto = crypto_named(crypto, &f->mux);
	if (!f->t.crypto)
		say_no_crypto(&f->why, crypto);
	return f->t.crypto != NULL;
}

static int build(imp_face *f)
{
	size_t need = imp_session_need(&f->t);
	void *mem = need ? aligned_alloc(16, (need + 15) & ~(size_t)15) : NULL;
	f->s = mem ? imp_session_init(mem, need, &f->t) : NULL;
	if (f->s)
		return 1;
	free(mem);
	say_unfit(f);
	return 0;
}

imp_face *imp_face_new(const char *stack, const char *role, uint32_t max_msg, uint32_t max_chain,
                       uint32_t exchanges, const char *crypto)
{
	imp_face *f = calloc(1, sizeof *f);
	if (!f)
		return NULL;
	f->cap = 1024;
	f->out = malloc(f->cap);
	f->t.size = sizeof f->t;
	f->t.params.size = sizeof f->t.params;
	f->t.params.max_msg = max_msg ? max_msg : 65535;
	f->t.params.max_chain = max_chain ? max_chain : 8192;
	f->t.params.exchanges = (uint16_t)(exchanges ? exchanges : 4);
	if (!f->out) {
		imp_face_free(f);
		return NULL;
	}
	if (max_msg > 1u << 24 || max_chain > 1u << 24 || exchanges > UINT16_MAX)
		wrong(f, "sizes go up to 16 MiB, exchanges to 65,535");
	else if (parse_stack(f, stack ? stack : "") && choose_role(f, role && *role ? role : "device") && choose_crypto(f, crypto))
		build(f);
	return f;
}

const char *imp_face_why(const imp_face *f)
{
	return !f ? "no memory" : f->why.ptr ? f->why.ptr : "";
}

void imp_face_free(imp_face *f)
{
	if (!f)
		return;
	if (f->s)
		imp_wipe(f->s, imp_session_need(&f->t));
	free(f->s);
	if (f->own)
		work_give(f->own);
	if (f->out)
		imp_wipe(f->out, f->cap);
	free(f->out);
	free(f->why.ptr);
	free(f);
}

/* --- output ------------------------------------------------------------------- */

static void out_begin(imp_face *f)
{
	if (f->secret)
		imp_wipe(f->out, f->len);
	f->secret = 0;
	f->len = IMP_FACE_HEAD;
}

static int out_room(imp_face *f, size_t n)
{
	size_t cap = 2 * (f->len + n);
	uint8_t *bigger;
	if (f->cap - f->len >= n)
		return 1;
	bigger = malloc(cap);
	if (!bigger)
		return 0;
	memcpy(bigger, f->out, f->len);
	imp_wipe(f->out, f->len);
	free(f->out);
	f->out = bigger;
	f->cap = cap;
	return 1;
}

static int out_put(imp_face *f, const imp_msg *m)
{
	size_t n = packed_size(m);
	if (!n || !out_room(f, n))
		return 0;
	pack(m, f->out + f->len);
	f->len += n;
	f->secret |= m->flags & IMP_SECRET;
	return 1;
}

static imp_span out_end(imp_face *f, imp_status refused, uint32_t fed, uint32_t count)
{
	struct head h = {imp_face_status(f), refused, fed, count, imp_face_deadline(f), 0};
	memcpy(f->out, &h, sizeof h);
	return imp_bytes(f->out, f->len);
}

/* --- feeding ------------------------------------------------------------------ */

/* 0: memory ran out. */
static int drain(imp_face *f, const imp_channel *fed, uint32_t *count)
{
	imp_msg m;
	while (imp_session_poll(f->s, &f->lent, &m)) {
		if (m.channel && m.channel != fed && m.link < IMP_LINKS)
			f->channel[m.link] = m.channel;
		f->dead |= !out_put(f, &m);
		++*count;
	}
	return !f->dead;
}

static imp_status feed(imp_face *f, const imp_msg *m, uint32_t *count)
{
	imp_status st = imp_session_feed(f->s, &f->t, &f->lent, m);
	if (!drain(f, m->channel, count))
		return IMP_ENOSPC;
	return st < 0 && st != imp_session_status(f->s) ? st : IMP_OK;
}

static imp_status begin(imp_face *f, uint64_t now, uint64_t unix_time, size_t fed)
{
	out_begin(f);
	if (!f->s)
		return IMP_EARG;
	if (f->dead)
		return IMP_ENOSPC;
	return lend(f, now, unix_time, fed) ? IMP_OK : IMP_ENOSPC;
}

imp_span imp_face_run(imp_face *f, uint64_t now, uint64_t unix_time, imp_span records)
{
	uint32_t fed = 0, count = 0;
	imp_status st = begin(f, now, unix_time, records.len);
	while (st == IMP_OK && records.len) {
		struct flat_channel channel;
		imp_msg m;
		st = unpack(&records, &m, &channel) ? feed(f, &m, &count) : IMP_EARG;
		fed += st == IMP_OK;
	}
	give_back(f);
	return out_end(f, st, fed, count);
}

imp_span imp_face_feed(imp_face *f, uint64_t now, uint64_t unix_time, uint16_t verb, uint16_t topic, uint16_t flags,
                       uint16_t link, int32_t code, uint32_t ticket, uint64_t when, imp_span name, imp_span data)
{
	uint32_t count = 0;
	imp_msg m = imp_say(verb, topic, code, ticket, name, data);
	imp_status st = begin(f, now, unix_time, name.len + data.len);
	m.flags = flags;
	m.link = link;
	m.when = when;
	if (st == IMP_OK)
		st = feed(f, &m, &count);
	give_back(f);
	return out_end(f, st, st == IMP_OK, count);
}

/* --- looking ------------------------------------------------------------------ */

int imp_face_status(const imp_face *f)
{
	return !f->s ? IMP_EARG : f->dead ? IMP_ENOSPC : imp_session_status(f->s);
}

uint64_t imp_face_deadline(const imp_face *f)
{
	return f->s && !f->dead ? imp_session_deadline(f->s) : UINT64_MAX;
}

const char *imp_face_where(const imp_face *f)
{
	return f->s ? imp_session_where(f->s) : "";
}

const imp_layer *face_top(const imp_face *f)
{
	return f->t.top;
}

size_t imp_face_need(const imp_face *f)
{
	return f->s ? imp_session_need(&f->t) : 0;
}

size_t imp_face_work(const imp_face *f)
{
	return f->s ? imp_work_need(&f->t) : 0;
}

/* The layers' states are the session's last bytes, in the stack's order. */
static size_t state_len(const imp_face *f, const imp_layer *y)
{
	return y ? (y->need(&f->t.params) + 15) & ~(size_t)15 : 0;
}

const char *imp_face_state(const imp_face *f, const char *layer)
{
	size_t off = imp_face_need(f);
	const imp_layer *y = layer ? layer_named(layer, strlen(layer)) : NULL;
	const char *name = NULL;
	if (!y || !f->s || !IMP_HAS(y, imp_layer, where) || !y->where)
		return "";
	for (unsigned l = IMP_LINKS; l--;)
		for (unsigned d = IMP_DEPTH; d--;) {
			off -= state_len(f, f->t.link[l][d]);
			if (f->t.link[l][d] == y)
				name = y->where((const uint8_t *)f->s + off);
		}
	if (f->t.top == y)
		name = y->where((const uint8_t *)f->s + off - state_len(f, y));
	return name ? name : "";
}

/* --- triage and channels ------------------------------------------------------ */

static int sorts(const imp_layer *y)
{
	return y && IMP_HAS(y, imp_layer, triage) && y->triage;
}

static const imp_layer *sorter(const imp_face *f, const char *layer)
{
	const imp_layer *y = layer && *layer ? layer_named(layer, strlen(layer)) : NULL;
	if (layer && *layer)
		return sorts(y) ? y : NULL;
	if (sorts(f->t.top))
		return f->t.top;
	for (unsigned l = 0; l < IMP_LINKS; l++)
		for (unsigned d = 0; d < IMP_DEPTH; d++)
			if (sorts(f->t.link[l][d]))
				return f->t.link[l][d];
	return NULL;
}

imp_span imp_face_triage(imp_face *f, const char *layer, uint64_t now, imp_span secret, imp_span record)
{
	uint8_t key[24], buf[2048];
	size_t key_len = 0;
	imp_msg rx, m = {0}, reply = {0};
	struct flat_channel channel;
	const imp_layer *y = f->s ? sorter(f, layer) : NULL;
	out_begin(f);
	if (!f->s || secret.len != IMP_FACE_SECRET || !unpack(&record, &rx, &channel) || rx.verb != IMP_RX)
		return out_end(f, IMP_EARG, 0, 0);
	if (!y)
		return out_end(f, IMP_EUNSUP, 0, 0);
	m.code = y->triage(f->t.crypto, secret, now, &rx, key, &key_len, &m.data, &reply, buf, sizeof buf);
	m.name = imp_bytes(key, key_len);
	f->dead |= !out_put(f, &m) || (reply.verb && !out_put(f, &reply));
	return out_end(f, f->dead ? IMP_ENOSPC : IMP_OK, 1, reply.verb ? 2 : 1);
}

imp_blob *imp_face_derive(imp_face *f, uint16_t link, const char *label, imp_span context, size_t len)
{
	const imp_channel *c = link < IMP_LINKS ? f->channel[link] : NULL;
	uint8_t *out;
	imp_blob *b;
	if (f->t.top || !c || !c->derive || !label || len > 65536)
		return blob_new(f->t.top || !label || len > 65536 ? IMP_EARG : IMP_ELINK, NULL, 0);
	b = blob_room(len, &out);
	if (b)
		blob_cut(b, c->derive(c, label, context, out, len), len);
	return b;
}

/* --- frozen sessions ---------------------------------------------------------- */

enum { NONCE = 12, TAG = 16 };

static int pinned(const imp_face *f)
{
	int is = f->t.top && f->t.top->flags & IMP_PINNED;
	for (unsigned l = 0; l < IMP_LINKS; l++)
		for (unsigned d = 0; d < IMP_DEPTH; d++)
			is |= f->t.link[l][d] && f->t.link[l][d]->flags & IMP_PINNED;
	return is;
}

/* What frozen bytes are good for: this build, this stack, these sizes. */
static void signet(const imp_face *f, struct text *t)
{
	char line[192];
	const imp_params *p = &f->t.params;
	snprintf(line, sizeof line, "imprint %u.%u %zu %u %u %u %u %s", IMP_ABI, IMP_REV, imp_session_need(&f->t), p->role, p->exchanges,
		(unsigned)p->max_msg, (unsigned)p->max_chain, f->t.crypto->id);
	text_add(t, line);
	if (f->t.top) {
		text_add(t, f->t.top->id);
		text_add(t, f->t.top->version);
	}
	for (unsigned l = 0; l < IMP_LINKS; l++) {
		text_add(t, ",");
		for (unsigned d = 0; d < IMP_DEPTH && f->t.link[l][d]; d++) {
			text_add(t, f->t.link[l][d]->id);
			text_add(t, f->t.link[l][d]->version);
		}
	}
}

/* Sessions are frozen by one cipher, whatever crypto they use. */
static const imp_crypto *sealer(imp_crypto *mux)
{
	return crypto_named(NULL, mux);
}

imp_blob *imp_face_freeze(const imp_face *f, imp_span key)
{
	imp_crypto mux;
	const imp_crypto *c = sealer(&mux);
	imp_key k = {IMP_A_CHACHAPOLY, 0, 0, key};
	struct text t = {0};
	size_t need = imp_face_need(f), len = need + TAG;
	uint8_t *out;
	imp_span aad;
	imp_blob *b;
	imp_status st;
	if (!need || key.len != IMP_FACE_SEAL || pinned(f) || f->dead)
		return blob_new(need && !f->dead && pinned(f) ? IMP_EUNSUP : IMP_EARG, NULL, 0);
	b = blob_room(NONCE + len, &out);
	signet(f, &t);
	aad = imp_bytes(t.ptr, t.len);
	st = !b || t.failed ? IMP_ENOSPC : c->random(c, out, NONCE);
	if (st == IMP_OK)
		st = c->seal(c, IMP_A_CHACHAPOLY, &k, imp_bytes(out, NONCE), &aad, 1, imp_bytes(f->s, need), out + NONCE, &len);
	free(t.ptr);
	if (b)
		blob_cut(b, st, NONCE + len);
	return b;
}

int imp_face_thaw(imp_face *f, imp_span key, imp_span frozen, int64_t shift)
{
	imp_crypto mux;
	const imp_crypto *c = sealer(&mux);
	imp_key k = {IMP_A_CHACHAPOLY, 0, 0, key};
	struct text t = {0};
	size_t need = imp_face_need(f), len = need;
	imp_span aad;
	uint8_t *plain;
	imp_status st;
	if (!need || key.len != IMP_FACE_SEAL || pinned(f))
		return need && pinned(f) ? IMP_EUNSUP : IMP_EARG;
	if (frozen.len != NONCE + need + TAG)
		return IMP_EAUTH;
	plain = malloc(need);
	signet(f, &t);
	aad = imp_bytes(t.ptr, t.len);
	st = !plain || t.failed ? IMP_ENOSPC : c->open(c, IMP_A_CHACHAPOLY, &k, imp_bytes(frozen.ptr, NONCE), &aad, 1, imp_bytes(frozen.ptr + NONCE, need + TAG), plain, &len);
	if (st == IMP_OK) {
		memcpy(f->s, plain, need);
		imp_session_shift(f->s, shift);
	}
	if (plain)
		imp_wipe(plain, need);
	free(plain);
	free(t.ptr);
	return st;
}
