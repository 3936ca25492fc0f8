/* fdo-serviceinfo.c -- messages 68 and 69, pair by pair: read, and written
 * again through a writer that knows its limit. */
#include "fdo-wire.h"
#include "serviceinfo.h"

static int colon(const fdo_kv *kv)
{
	return kv->message.ptr != NULL;
}

static void write_again(imp_span in, const fdo_info *m, int owner)
{
	imp_span rest = m->pairs;
	uint8_t *pairs = malloc(in.len + 1), *whole = malloc(in.len + 1);
	fdo_info_wr w = fdo_info_start(pairs, in.len, in.len + 16);
	imp_wr out = imp_wr_to(whole, in.len);
	int all = 1;
	fdo_kv kv;
	size_t n = 0;
	must(pairs && whole);
	for (; fdo_kv_next(&rest, &kv); n++) {
		inside(m->pairs, kv.module);
		inside(m->pairs, kv.message);
		inside(m->pairs, kv.value);
		all &= colon(&kv) && fdo_info_put_named(&w, kv.module, kv.message, kv.value);
	}
	must(n == m->count && !rest.len);
	if (owner)
		fdo_info_end_owner(&w, &out, m->more, m->done);
	else
		fdo_info_end_device(&w, &out, m->more);
	if (all && m->pairs.ptr) /* null stands for none */
		must(imp_same(imp_wr_span(&out), in));
	free(pairs);
	free(whole);
}

/* Whatever the limit, what is written keeps to it and can be read. */
static void tight(const fdo_info *m, size_t max)
{
	uint8_t pairs[512], whole[600];
	fdo_info_wr w = fdo_info_start(pairs, sizeof pairs, max);
	imp_wr out = imp_wr_to(whole, sizeof whole);
	imp_span rest = m->pairs;
	fdo_info got;
	fdo_kv kv;
	while (fdo_kv_next(&rest, &kv)) {
		size_t left = fdo_info_left(&w, "a", "b");
		fdo_info_put_named(&w, kv.module, kv.message, kv.value);
		fdo_info_put_bytes(&w, "fdo.upload", "data", kv.value);
		fdo_info_put_text(&w, "a", "b", kv.module);
		must(left <= max);
	}
	fdo_info_end_device(&w, &out, 0);
	must(!imp_wr_end(&out) && (out.len <= max || !w.count));
	must(!fdo_read_device_info(imp_wr_span(&out), &got) && got.count == w.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data + 1, n ? n - 1 : 0);
	int owner = n && data[0] == FDO_TO2_OWNER_INFO;
	fdo_info m;
	if (!n || (owner ? fdo_read_owner_info(in, &m) : fdo_read_device_info(in, &m)))
		return 0;
	inside(in, m.pairs);
	write_again(in, &m, owner);
	tight(&m, 6 + in.len % 500);
	return 0;
}
