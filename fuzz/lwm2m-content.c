/* lwm2m-content.c -- TLV, SenML JSON and CBOR, LwM2M CBOR: the first byte says
 * which, the second the path's depth.  What is read is written in every
 * format, and read again. */
#include "content.h"
#include <stdlib.h>

static const int formats[] = {LW_TLV, LW_SENML_JSON, LW_SENML_CBOR, LW_CBOR, LW_TEXT, LW_OPAQUE};

static void again(const lw_reader *r, uint16_t oid, uint16_t iid)
{
	static uint8_t body[70000], list[70010], out[400000], room[800000];
	const struct lw_path path = {oid, iid, LW_NONE, LW_NONE};
	imp_wr b = imp_wr_to(body, sizeof body);
	struct lw_instance one = {oid, iid, {NULL, 0}};
	lw_collect(&b, r, oid, iid);
	one.body = imp_wr_span(&b);
	if (imp_wr_end(&b) < 0 || one.body.len > 0xffff)
		return;
	for (int f = 0; f < 4; f++) {
		imp_wr l = imp_wr_to(list, sizeof list), w = imp_wr_to(out, sizeof out);
		lw_reader back;
		struct lw_item i;
		lw_put_instance(&l, &one);
		lw_put_content(&w, formats[f], &path, imp_wr_span(&l));
		if (imp_wr_end(&w) < 0)
			continue; /* text that is no UTF-8 */
		if (lw_open(&back, formats[f], &path, imp_wr_span(&w), room, sizeof room) == IMP_OK)
			while (lw_next(&back, &i))
				;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct lw_path paths[] = {{LW_NONE, LW_NONE, LW_NONE, LW_NONE}, {1, LW_NONE, LW_NONE, LW_NONE}, {0, 1, LW_NONE, LW_NONE}, {1, 0, 0, LW_NONE}, {2, 0, 2, LW_NONE}};
	static uint8_t room[20000];
	lw_reader r, start;
	struct lw_item i;
	uint16_t oid = LW_NONE, iid = LW_NONE;
	if (size < 2 || size > 5000 || lw_open(&r, formats[data[0] % 6], &paths[data[1] % 5], imp_bytes(data + 2, size - 2), room, sizeof room) < 0)
		return 0;
	start = r;
	while (lw_next(&r, &i)) {
		if (i.value.len > size || i.at.rid == LW_NONE)
			abort();
		if (oid == LW_NONE) {
			oid = i.at.oid;
			iid = i.at.iid;
		}
	}
	if (lw_end(&r) == IMP_OK && oid != LW_NONE)
		again(&start, oid, iid);
	return 0;
}
