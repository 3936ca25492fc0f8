/* pack.c -- messages and channels as flat records. */
#include "pack.h"
#include "face.h"

_Static_assert(sizeof(struct record) == IMP_FACE_RECORD, "a record's head is 40 bytes");

/* Of a channel, and of each of its exports. */
struct channel_head { uint32_t kind, suite, id_len, chain_len, binding_len, exports; };
struct export_head { uint32_t label_len, context_len, key_len; };

/* --- reading ------------------------------------------------------------------ */

static int take(imp_span *in, size_t n, imp_span *out)
{
	if (n > in->len)
		return 0;
	*out = imp_bytes(in->ptr, n);
	*in = imp_bytes(in->ptr + n, in->len - n);
	return 1;
}

static int take_copy(imp_span *in, void *to, size_t n)
{
	imp_span s;
	if (!take(in, n, &s))
		return 0;
	memcpy(to, s.ptr, n);
	return 1;
}

static int take_export(imp_span *in, imp_span *label, imp_span *context, imp_span *key)
{
	struct export_head h;
	return take_copy(in, &h, sizeof h) && take(in, h.label_len, label) && take(in, h.context_len, context) && take(in, h.key_len, key);
}

static int same(imp_span a, imp_span b)
{
	return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static imp_status derive(const imp_channel *self, const char *label, imp_span context, uint8_t *out, size_t len)
{
	const struct flat_channel *f = (const struct flat_channel *)(const void *)self;
	imp_span in = f->exports, l, c, key;
	while (in.len && take_export(&in, &l, &c, &key)) {
		if (!same(l, imp_bytes(label, strlen(label))) || !same(c, context))
			continue;
		if (key.len < len)
			return IMP_ENOSPC;
		memcpy(out, key.ptr, len);
		return IMP_OK;
	}
	return IMP_EUNSUP;
}

static int unpack_channel(imp_span in, struct flat_channel *f)
{
	struct channel_head h;
	imp_span l, c, key;
	memset(f, 0, sizeof *f);
	if (!take_copy(&in, &h, sizeof h) || !take(&in, h.id_len, &f->c.peer_id) || !take(&in, h.chain_len, &f->c.peer_chain) || !take(&in, h.binding_len, &f->c.binding))
		return 0;
	f->c.size = sizeof f->c;
	f->c.kind = h.kind;
	f->c.suite = h.suite;
	f->c.derive = derive;
	f->exports = in;
	for (uint32_t i = 0; i < h.exports; i++)
		if (!take_export(&in, &l, &c, &key))
			return 0;
	return in.len == 0;
}

int unpack(imp_span *in, imp_msg *m, struct flat_channel *channel)
{
	imp_span rest = *in, flat;
	struct record r;
	if (!take_copy(&rest, &r, sizeof r))
		return 0;
	*m = imp_say(r.verb, r.topic, r.code, r.ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	m->flags = r.flags;
	m->link = r.link;
	m->when = r.when;
	if (!take(&rest, r.name_len, &m->name) || !take(&rest, r.data_len, &m->data) || !take(&rest, r.channel_len, &flat))
		return 0;
	if (r.channel_len && !unpack_channel(flat, channel))
		return 0;
	m->channel = r.channel_len ? &channel->c : NULL;
	take(&rest, -(in->len - rest.len) & 7, &flat); /* the last record need not be padded */
	*in = rest;
	return 1;
}

/* --- writing ------------------------------------------------------------------ */

static size_t channel_size(const imp_channel *c)
{
	return c ? sizeof(struct channel_head) + c->peer_id.len + c->peer_chain.len + c->binding.len : 0;
}

static uint8_t *put(uint8_t *to, imp_span s)
{
	if (s.len)
		memcpy(to, s.ptr, s.len);
	return to + s.len;
}

static uint8_t *pack_channel(const imp_channel *c, uint8_t *to)
{
	struct channel_head h = {c->kind, c->suite, (uint32_t)c->peer_id.len, (uint32_t)c->peer_chain.len, (uint32_t)c->binding.len, 0};
	to = put(to, imp_bytes(&h, sizeof h));
	return put(put(put(to, c->peer_id), c->peer_chain), c->binding);
}

size_t packed_size(const imp_msg *m)
{
	size_t n = sizeof(struct record) + m->name.len + m->data.len + channel_size(m->channel);
	return n > UINT32_MAX ? 0 : (n + 7) & ~(size_t)7;
}

void pack(const imp_msg *m, uint8_t *to)
{
	struct record r = {(uint32_t)m->name.len, (uint32_t)m->data.len, (uint32_t)channel_size(m->channel), 0,
		m->verb, m->topic, m->flags, m->link, m->code, m->ticket, m->when};
	uint8_t *end = put(put(put(to, imp_bytes(&r, sizeof r)), m->name), m->data);
	if (m->channel)
		end = pack_channel(m->channel, end);
	memset(end, 0, -(uintptr_t)(end - to) & 7);
}
