/* json.c -- whatever is read lies inside the input, and is the same document
 * when it is written again from its parts. */
#include "json.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void write_again(imp_span v, imp_wr *w);

static void write_text(imp_span v, imp_wr *w)
{
	uint8_t *to = malloc(v.len);
	imp_status err = IMP_OK;
	imp_span s = imp_json_text(v, to, v.len, &err);
	must(to && !err && s.len + 2 <= v.len);
	imp_json_put_text(w, s);
	free(to);
}

static void write_parts(imp_span v, imp_wr *w)
{
	imp_status err = IMP_OK;
	imp_span key, value;
	char before = 0;
	imp_wr_u8(w, v.ptr[0]);
	for (imp_rd r = imp_json_open(v, &err); imp_json_next(&r, &key, &value, &err); before = ',') {
		inside(v, key);
		inside(v, value);
		must(value.len && !key.ptr == (v.ptr[0] == '['));
		if (before)
			imp_wr_u8(w, ',');
		if (key.ptr) {
			write_text(key, w);
			imp_wr_u8(w, ':');
		}
		write_again(value, w);
	}
	must(err == IMP_OK);
	imp_wr_u8(w, (uint8_t)(v.ptr[0] + 2));
}

static void write_again(imp_span v, imp_wr *w)
{
	imp_status err = IMP_OK;
	int64_t number = imp_json_int(v, &err);
	int type = imp_json_type(v);
	must(type != IMP_JSON_NUMBER ? err != IMP_OK : 1);
	if (type == IMP_JSON_NUMBER && !err && v.ptr[0] != '-')
		imp_json_put_int(w, number);
	else if (type == IMP_JSON_STRING)
		write_text(v, w);
	else if (type <= IMP_JSON_ARRAY)
		write_parts(v, w);
	else
		imp_wr_bytes(w, v);
}

static void anything_goes(imp_span in)
{
	uint8_t b[8];
	imp_status e[4] = {0};
	imp_span k, v;
	inside(in, imp_json_get(in, "a", &e[0]));
	for (imp_rd r = imp_json_open(in, &e[1]); imp_json_next(&r, &k, &v, &e[1]);)
		inside(in, v);
	imp_json_text(in, b, sizeof b, &e[2]);
	imp_json_bool(in, &e[3]);
	imp_json_is(in, "a");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data, n), again;
	imp_status err = IMP_OK;
	imp_span v = imp_json_of(in, &err);
	size_t cap = 6 * n + 8;
	uint8_t *to = malloc(2 * cap);
	imp_wr w = imp_wr_to(to, cap), w2;
	must(to != NULL);
	anything_goes(in);
	inside(in, v);
	must(!v.ptr == (err != IMP_OK));
	if (v.ptr) {
		write_again(v, &w);
		must(imp_wr_end(&w) == IMP_OK);
		again = imp_json_of(imp_wr_span(&w), &err);
		must(!err && imp_same(again, imp_wr_span(&w)));
		w2 = imp_wr_to(to + cap, cap);
		write_again(again, &w2);
		must(imp_same(imp_wr_span(&w), imp_wr_span(&w2)));
	}
	free(to);
	return 0;
}
