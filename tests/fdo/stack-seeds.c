/* stack-seeds.c -- records whole runs as inputs for fuzz/stack.c: one file per
 * session, written to the directory that is its argument. */
#include "http.h"
#include "../../fuzz/stack.h"
#include <stdio.h>
#include <stdlib.h>

enum { CAP = 1 << 17 };

static struct {
	uint32_t id;
	size_t len;
	uint8_t bytes[CAP];
	char name[32];
} track[256];
static unsigned tracks;
static const char *prefix;
static int reused;

static int number_after(imp_span s, const char *what)
{
	size_t n = strlen(what);
	int v = 0;
	for (size_t i = 0; i + n < s.len; i++)
		if (!memcmp(s.ptr + i, what, n)) {
			for (i += n; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
				v = v * 10 + s.ptr[i] - '0';
			return v;
		}
	return 0;
}

static unsigned track_of(const struct sess *s)
{
	unsigned i = 0;
	uint8_t how = s->p->params.role == IMP_DEVICE ? STACK_DEVICE : s->p->params.role == IMP_MAKER ? STACK_MAKER
	            : s->p->params.role == IMP_RENDEZVOUS ? STACK_RV : s->server ? STACK_TO2 : STACK_TO0;
	while (i < tracks && track[i].id != s->id)
		i++;
	if (i == tracks) {
		tracks++;
		track[i].id = s->id;
		track[i].bytes[0] = (uint8_t)(how | (s->t.link[0][0] ? STACK_ON_HTTP : 0) | (reused ? STACK_REUSE : 0));
		track[i].len = 1;
		snprintf(track[i].name, sizeof track[i].name, "%s-%s-%u", prefix, s->p->name, i);
	}
	return i;
}

static void put(unsigned t, uint8_t kind, uint8_t arg, imp_span data)
{
	uint8_t *to = track[t].bytes + track[t].len;
	if (track[t].len + STACK_HEAD + data.len > CAP || data.len > 65535)
		return;
	to[0] = kind;
	to[1] = arg;
	to[2] = (uint8_t)data.len;
	to[3] = (uint8_t)(data.len >> 8);
	if (data.len)
		memcpy(to + STACK_HEAD, data.ptr, data.len);
	track[t].len += STACK_HEAD + data.len;
}

/* What the host answers by itself is not recorded. */
static void record(struct world *w, struct sess *s, const imp_msg *m)
{
	unsigned t;
	(void)w;
	stack_count(s, m);
	if (s->front)
		return;
	t = track_of(s);
	if (m->verb == IMP_START)
		put(t, STACK_START, m->topic != 0, m->name);
	else if (m->verb == IMP_UP)
		put(t, STACK_UP, 255, m->data);
	else if (m->verb == IMP_RX)
		put(t, s->t.link[0][0] ? STACK_BYTES : STACK_POST, (uint8_t)number_after(m->name, "msg/"), m->data);
	else if (m->verb == IMP_ANSWER && number_after(m->name, "message-type: "))
		put(t, STACK_REPLY, (uint8_t)number_after(m->name, "message-type: "), m->data);
}

static void save(const char *dir)
{
	char path[512];
	for (unsigned i = 0; i < tracks; i++) {
		FILE *f;
		snprintf(path, sizeof path, "%s/%s", dir, track[i].name);
		f = fopen(path, "wb");
		if (!f || fwrite(track[i].bytes, 1, track[i].len, f) != track[i].len || fclose(f))
			exit(1);
	}
	tracks = 0;
}

static int run(const char *dir, const char *name, int http, int reuse)
{
	static struct kit k;
	int ok;
	prefix = name;
	reused = reuse;
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	for (int i = 0; http && i < k.w.parties; i++)
		k.w.party[i].http = &imp_http;
	k.reuse = reuse;
	k.w.record = record;
	stack_crypto(&k);
	ok = kit_ready(&k);
	kit_actions(&k, imp_bytes("some bytes of a file", 20));
	ok = ok && kit_onboard(&k) == IMP_OK;
	if (!ok)
		fprintf(stderr, "%s: owner %s, rv %s, maker %s, last %d\n", name, k.owner->last_where, k.rv->last_where, k.maker->last_where, k.last);
	kit_end(&k);
	save(dir);
	return ok;
}

int main(int argc, char **argv)
{
	kit_crypto = &imp_fake;
	if (argc != 2)
		return 2;
	return !(run(argv[1], "plain", 0, 0) & run(argv[1], "http", 1, 0) & run(argv[1], "reuse", 0, 1));
}
