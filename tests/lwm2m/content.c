/* content.c -- content formats: published payloads, and back. */
#include "content.h"
#include "t.h"
#include <stdlib.h>

static uint8_t bytes[600], room[1200], out[1200];

static imp_span hex(const char *s, uint8_t *to)
{
	size_t n = 0;
	for (; s[0] && s[1]; s += 2) {
		unsigned v = 0;
		sscanf(s, "%2x", &v);
		to[n++] = (uint8_t)v;
	}
	return imp_bytes(to, n);
}

/* Each line of vectors/lwm2m/payloads.txt: format, path, how many items, hex. */
static void claims_of_payloads(void)
{
	FILE *f = fopen(T_VECTORS "/lwm2m/payloads.txt", "r");
	static char line[2000], text[1300];
	char path[32], name[64];
	int format, items;
	if (!t_check("the published payloads are there", f != NULL, ""))
		return;
	while (fgets(line, sizeof line, f)) {
		struct lw_path p;
		struct lw_item i;
		lw_reader r;
		int n = 0;
		if (line[0] == '#' || sscanf(line, "%63s %d %31s %d %1299s", name, &format, path, &items, text) != 5)
			continue;
		lw_path_of(imp_bytes(path, strlen(path)), &p);
		if (lw_open(&r, format, &p, hex(text, bytes), room, sizeof room) == IMP_OK)
			while (lw_next(&r, &i))
				n++;
		t_check(name, n == items && lw_end(&r) == IMP_OK, "");
	}
	fclose(f);
}

/* A server account in TLV, through every format and back. */
static void claims_of_round_trips(void)
{
	static const uint8_t tlv[] = {0xc1, 0x00, 0x65, 0xc4, 0x01, 0x00, 0x01, 0x51, 0x80, 0xc1, 0x06, 0x01, 0xc1, 0x07, 0x55};
	static const uint8_t access[] = {0xc1, 0x00, 0x01, 0x86, 0x02, 0x41, 0x65, 0x0f, 0x41, 0x66, 0x01, 0xc1, 0x03, 0x65};
	static const struct lw_instance list[] = {{1, 7, {tlv, sizeof tlv}}, {2, 0, {access, sizeof access}}};
	static const int formats[] = {LW_SENML_JSON, LW_SENML_CBOR, LW_CBOR};
	const struct lw_path root = {LW_NONE, LW_NONE, LW_NONE, LW_NONE};
	for (size_t k = 0; k < 3; k++) {
		imp_wr all = imp_wr_to(bytes, sizeof bytes), w = imp_wr_to(out, sizeof out);
		int same = 0;
		char text[40];
		for (int i = 0; i < 2; i++)
			lw_put_instance(&all, &list[i]);
		lw_put_content(&w, formats[k], &root, imp_wr_span(&all));
		for (int i = 0; i < 2; i++) {
			uint8_t back[200];
			imp_wr b = imp_wr_to(back, sizeof back);
			lw_reader r;
			lw_open(&r, formats[k], &root, imp_wr_span(&w), room, sizeof room);
			lw_collect(&b, &r, list[i].oid, list[i].iid);
			same += imp_same(imp_wr_span(&b), list[i].body);
		}
		snprintf(text, sizeof text, "format %d", formats[k]);
		t_check("written and read again: the same TLV", same == 2, text);
	}
}

static void claims_of_paths(void)
{
	static const struct { const char *name; int good; uint16_t oid, iid, rid; } rows[] = {
		{"", 1, LW_NONE, LW_NONE, LW_NONE}, {"/", 1, LW_NONE, LW_NONE, LW_NONE}, {"/?x", 1, LW_NONE, LW_NONE, LW_NONE}, {"/0/1/2", 1, 0, 1, 2},
		{"/21\naccept: 40", 1, 21, LW_NONE, LW_NONE}, {"/65534", 1, 65534, LW_NONE, LW_NONE}, {"/65535", 0, 0, 0, 0}, {"//1", 0, 0, 0, 0}, {"/1/", 0, 0, 0, 0},
		{"1", 0, 0, 0, 0}, {"/-1", 0, 0, 0, 0}, {"/0/0/0/0/0", 0, 0, 0, 0}, {"/1234567", 0, 0, 0, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct lw_path p = {0, 0, 0, 0};
		imp_status st = lw_path_of(imp_bytes(rows[i].name, strlen(rows[i].name)), &p);
		t_check(rows[i].good ? "a path" : "no path", rows[i].good ? st == IMP_OK && p.oid == rows[i].oid && p.iid == rows[i].iid && p.rid == rows[i].rid : st == IMP_EBADMSG, "");
	}
}

int main(void)
{
	claims_of_payloads();
	claims_of_round_trips();
	claims_of_paths();
	return t_end();
}
