/* slab.c -- many sessions: slots, an index of keys, a deadline heap, all in
 * the caller's memory and without a pointer in it.
 *
 * The index is open-addressed with linear probing and backward-shift
 * deletion; the keys of one slot are chained, so that a drop finds them. */
#include "ct.h"
#include <string.h>

enum { KEY_MAX = 24, KEYS_PER_SLOT = 2, LOAD_NUM = 3 };

struct meta {
	uint64_t due;
	uint32_t gen;  /* of the slot, odd while taken */
	uint32_t heap; /* place in the heap + 1; 0: not there */
	uint32_t key;  /* first key + 1 */
	uint32_t free; /* next free slot + 1 */
};

struct key {
	uint8_t bytes[KEY_MAX];
	uint32_t slot; /* + 1; 0: empty */
	uint16_t len;
	uint16_t spare;
	uint32_t next; /* of the same slot, + 1 */
};

struct imp_slab {
	uint64_t seed;
	size_t slot;
	uint32_t count, free, heaped, keys, cap;
	size_t meta, index, heap, slots; /* offsets */
};

static size_t round16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static void *at(const imp_slab *b, size_t off)
{
	return (uint8_t *)(uintptr_t)b + off;
}

static struct meta *metas(const imp_slab *b)
{
	return at(b, b->meta);
}

static struct key *keys(const imp_slab *b)
{
	return at(b, b->index);
}

static uint32_t *heap(const imp_slab *b)
{
	return at(b, b->heap);
}

static size_t lay_out(imp_slab *b, size_t slot, uint32_t count)
{
	b->slot = round16(slot);
	b->count = count;
	b->cap = LOAD_NUM * count + 1;
	b->meta = round16(sizeof *b);
	b->index = b->meta + round16(count * sizeof(struct meta));
	b->heap = b->index + round16(b->cap * sizeof(struct key));
	b->slots = b->heap + round16(count * sizeof(uint32_t));
	return b->slots + b->slot * count;
}

size_t imp_slab_need(size_t slot, uint32_t count)
{
	imp_slab b;
	size_t each = sizeof(struct meta) + LOAD_NUM * sizeof(struct key) + sizeof(uint32_t);
	if (!slot || !count || count > UINT32_MAX / 4 || slot > SIZE_MAX / 4 || round16(slot) + each > SIZE_MAX / 2 / count)
		return 0;
	return lay_out(&b, slot, count);
}

imp_slab *imp_slab_init(void *mem, size_t len, size_t slot, uint32_t count, uint64_t hash_seed)
{
	size_t need = imp_slab_need(slot, count);
	imp_slab *b = mem;
	if (!need || len < need || (uintptr_t)mem % 16)
		return NULL;
	memset(b, 0, sizeof *b);
	lay_out(b, slot, count);
	memset(at(b, b->meta), 0, b->slots - b->meta);
	b->seed = hash_seed;
	for (uint32_t i = 0; i < count; i++) {
		metas(b)[i].free = i + 1 < count ? i + 2 : 0;
		metas(b)[i].due = UINT64_MAX;
	}
	b->free = 1;
	return b;
}

/* --- the index ---------------------------------------------------------- */

static uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1], v[1] = rotl(v[1], 13) ^ v[0], v[0] = rotl(v[0], 32);
	v[2] += v[3], v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3], v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1], v[1] = rotl(v[1], 17) ^ v[2], v[2] = rotl(v[2], 32);
}

/* SipHash-1-3 over the padded key: peers choose keys, so the seed counts. */
static uint32_t home(const imp_slab *b, const uint8_t *key, size_t len)
{
	uint64_t v[4] = {b->seed ^ 0x736f6d6570736575u, 0x646f72616e646f6du, b->seed ^ 0x6c7967656e657261u, 0x7465646279746573u};
	uint64_t w[KEY_MAX / 8 + 1] = {0};
	memcpy(w, key, len);
	w[KEY_MAX / 8] = len;
	for (size_t i = 0; i < KEY_MAX / 8 + 1; i++) {
		v[3] ^= w[i];
		sip_round(v);
		v[0] ^= w[i];
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return (uint32_t)(((v[0] ^ v[1] ^ v[2] ^ v[3]) >> 32) * b->cap >> 32);
}

/* The key's place, or the empty place where it would go. */
static uint32_t place_of(const imp_slab *b, imp_span key)
{
	const struct key *k = keys(b);
	uint32_t i = home(b, key.ptr, key.len);
	while (k[i].slot && (k[i].len != key.len || memcmp(k[i].bytes, key.ptr, key.len) != 0))
		i = i + 1 < b->cap ? i + 1 : 0;
	return i;
}

static void *slot_at(const imp_slab *b, uint32_t i)
{
	return at(b, b->slots + i * b->slot);
}

static uint32_t number(const imp_slab *b, const void *slot)
{
	return (uint32_t)((size_t)((const uint8_t *)slot - (const uint8_t *)slot_at(b, 0)) / b->slot);
}

void *imp_slab_find(const imp_slab *b, imp_span key)
{
	uint32_t i;
	if (!key.len || key.len > KEY_MAX)
		return NULL;
	i = place_of(b, key);
	return keys(b)[i].slot ? slot_at(b, keys(b)[i].slot - 1) : NULL;
}

int imp_slab_also(imp_slab *b, void *slot, imp_span key)
{
	struct meta *m = &metas(b)[number(b, slot)];
	struct key *k;
	uint32_t i;
	if (!key.len || key.len > KEY_MAX)
		return 0;
	i = place_of(b, key);
	k = &keys(b)[i];
	if (k->slot)
		return k->slot == number(b, slot) + 1;
	if (b->keys >= KEYS_PER_SLOT * b->count)
		return 0;
	memcpy(k->bytes, key.ptr, key.len);
	k->len = (uint16_t)key.len;
	k->slot = number(b, slot) + 1;
	k->next = m->key;
	m->key = i + 1;
	b->keys++;
	return 1;
}

/* The link that leads to key `i` in its slot's chain. */
static uint32_t *link_to(const imp_slab *b, uint32_t i)
{
	uint32_t *p = &metas(b)[keys(b)[i].slot - 1].key;
	while (*p != i + 1)
		p = &keys(b)[*p - 1].next;
	return p;
}

/* Empty place `i` and move up what probed past it. */
static void remove_key(imp_slab *b, uint32_t i)
{
	struct key *k = keys(b);
	uint32_t j = i;
	*link_to(b, i) = k[i].next;
	memset(&k[i], 0, sizeof k[i]);
	b->keys--;
	for (;;) {
		uint32_t h;
		j = j + 1 < b->cap ? j + 1 : 0;
		if (!k[j].slot)
			return;
		h = home(b, k[j].bytes, k[j].len);
		if ((j + b->cap - h) % b->cap < (j + b->cap - i) % b->cap)
			continue; /* it stands between i and its home */
		*link_to(b, j) = i + 1;
		k[i] = k[j];
		memset(&k[j], 0, sizeof k[j]);
		i = j;
	}
}

/* --- the heap ----------------------------------------------------------- */

static void put(imp_slab *b, uint32_t i, uint32_t slot)
{
	heap(b)[i] = slot;
	metas(b)[slot].heap = i + 1;
}

static uint64_t due_at(const imp_slab *b, uint32_t i)
{
	return metas(b)[heap(b)[i]].due;
}

static void sift(imp_slab *b, uint32_t i, uint32_t slot)
{
	uint64_t due = metas(b)[slot].due;
	while (i && due_at(b, (i - 1) / 2) > due) {
		put(b, i, heap(b)[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (uint32_t c; (c = 2 * i + 1) < b->heaped; i = c) {
		if (c + 1 < b->heaped && due_at(b, c + 1) < due_at(b, c))
			c++;
		if (due_at(b, c) >= due)
			break;
		put(b, i, heap(b)[c]);
	}
	put(b, i, slot);
}

void imp_slab_wake(imp_slab *b, void *slot, uint64_t due)
{
	uint32_t n = number(b, slot), i = metas(b)[n].heap;
	metas(b)[n].due = due;
	if (due != UINT64_MAX) {
		sift(b, i ? i - 1 : b->heaped++, n);
	} else if (i) {
		metas(b)[n].heap = 0;
		b->heaped--;
		if (i - 1 != b->heaped)
			sift(b, i - 1, heap(b)[b->heaped]);
	}
}

/* The slot leaves the heap: wake it again after its TICK. */
void *imp_slab_due(imp_slab *b, uint64_t now, uint64_t *next)
{
	uint32_t n;
	*next = b->heaped ? due_at(b, 0) : UINT64_MAX;
	if (!b->heaped || *next > now)
		return NULL;
	n = heap(b)[0];
	imp_slab_wake(b, slot_at(b, n), UINT64_MAX);
	*next = b->heaped ? due_at(b, 0) : UINT64_MAX;
	return slot_at(b, n);
}

/* --- slots -------------------------------------------------------------- */

/* An empty key: a slot that nobody looks up. */
void *imp_slab_take(imp_slab *b, imp_span key)
{
	uint32_t i = b->free;
	struct meta *m;
	if (!i || key.len > KEY_MAX || imp_slab_find(b, key))
		return NULL;
	m = &metas(b)[i - 1];
	if (key.len && !imp_slab_also(b, slot_at(b, i - 1), key))
		return NULL;
	b->free = m->free;
	m->gen++;
	return slot_at(b, i - 1);
}

void imp_slab_drop(imp_slab *b, void *slot)
{
	struct meta *m = &metas(b)[number(b, slot)];
	if (!(m->gen & 1))
		return;
	imp_slab_wake(b, slot, UINT64_MAX);
	while (m->key)
		remove_key(b, m->key - 1);
	imp_wipe(slot, b->slot);
	m->gen++;
	m->free = b->free;
	b->free = number(b, slot) + 1;
}

uint64_t imp_slab_id(const imp_slab *b, const void *slot)
{
	uint32_t n = number(b, slot);
	return (uint64_t)metas(b)[n].gen << 32 | n;
}

void *imp_slab_at(const imp_slab *b, uint64_t id)
{
	uint32_t n = (uint32_t)id, gen = (uint32_t)(id >> 32);
	if (n >= b->count || metas(b)[n].gen != gen || !(gen & 1))
		return NULL;
	return slot_at(b, n);
}
