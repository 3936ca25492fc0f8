/* dtls-handshake.c -- handshake messages: hellos, and putting fragments
 * together, against a plain model. */
#include "dtls_in.h"

#include <stdlib.h>

enum { ROOM = 512, MODEL = ROOM };

static void inside(imp_span part, imp_span whole)
{
	if (part.len && (part.ptr < whole.ptr || part.len > whole.len || part.ptr + part.len > whole.ptr + whole.len))
		abort();
}

static void hello(imp_span in)
{
	struct imp_dtls_hello h, start;
	imp_status client = imp_dtls_read_client_hello(in, &h);
	if (client == IMP_OK) {
		inside(h.random, in);
		inside(h.cookie, in);
		inside(h.suites, in);
		inside(h.sni, in);
		inside(h.jpake, in);
		inside(h.cid, in);
		if (h.random.len != 32 || h.session.len > 32 || imp_dtls_read_hello_start(in, &start) < 0 || !imp_same(start.cookie, h.cookie))
			abort();
	}
	if (imp_dtls_read_server_hello(in, &h) == IMP_OK && (h.random.len != 32 || h.server_types.len > 1))
		abort();
}

/* The first message, by the plainest means. */
static struct { uint8_t bytes[MODEL], have[MODEL], type; size_t len; int begun; } model;

static void note(const struct imp_dtls_fragment *f)
{
	if (f->seq || f->len > MODEL)
		return;
	if (!model.begun) {
		model.begun = 1;
		model.type = f->type;
		model.len = f->len;
	}
	if (f->type != model.type || f->len != model.len)
		return;
	for (size_t i = 0; i < f->part.len; i++)
		if (!model.have[f->at + i]) {
			model.have[f->at + i] = 1;
			model.bytes[f->at + i] = f->part.ptr[i];
		}
}

static int whole(void)
{
	for (size_t i = 0; i < model.len; i++)
		if (!model.have[i])
			return 0;
	return model.begun;
}

static void fragments(imp_span in)
{
	static uint64_t room[(sizeof(struct imp_dtls) + ROOM) / 8 + 1];
	struct imp_dtls *s = (struct imp_dtls *)(void *)room;
	imp_rd x = imp_rd_of(in);
	struct imp_dtls_fragment f;
	imp_span got;
	memset(room, 0, sizeof room);
	memset(&model, 0, sizeof model);
	s->in_cap = ROOM;
	while (imp_dtls_read_fragment(&x, &f)) {
		inside(f.part, in);
		if (imp_dtls_collect(s, &f) == IMP_OK)
			note(&f);
		if (s->in_len > ROOM)
			abort();
	}
	got = imp_dtls_next(s);
	if (got.len && (!whole() || got.len != model.len + IMP_DTLS_MSG_HEAD || got.ptr[0] != model.type))
		abort();
	if (got.len && model.len && memcmp(got.ptr + IMP_DTLS_MSG_HEAD, model.bytes, model.len) != 0)
		abort();
	if (whole() && !got.len)
		abort(); /* its turn, and room enough */
	for (int i = 0; i < IMP_DTLS_AHEAD; i++)
		imp_dtls_drop(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hello(imp_bytes(data, size));
	fragments(imp_bytes(data, size));
	return 0;
}
