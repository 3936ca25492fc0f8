/* wire.c -- MeshCoP's bytes: published vectors, TLVs, labels, what is refused. */
#include "bytes.h"
#include "crypto.h"
#include "t.h"
#include "wire.h"

#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

enum { LINE = 700, FIELDS = 5 };

static int split(char *line, char *field[FIELDS])
{
	int n = 0;
	line[strcspn(line, "\n")] = 0;
	for (char *p = line; p && n < FIELDS; n++) {
		field[n] = p;
		p = strchr(p, '\t');
		if (p)
			*p++ = 0;
	}
	return n;
}

static int same_hex(const uint8_t *got, size_t n, const char *hex)
{
	uint8_t want[64];
	return imp_same(imp_bytes(got, n), t_hex(hex, want, sizeof want));
}

static void row(const imp_crypto *c, char *field[FIELDS], int n)
{
	uint8_t in[8], out[16] = {0};
	if (!strcmp(field[0], "pskc") && n == 5) {
		t_hex(field[3], in, sizeof in);
		t_check("PSKc", !thread_pskc(c, imp_bytes(field[1], strlen(field[1])), in, imp_bytes(field[2], strlen(field[2])), out) && same_hex(out, 16, field[4]), c->id);
	} else if (!strcmp(field[0], "joiner") && n == 3) {
		t_hex(field[1], in, sizeof in);
		t_check("Joiner ID", !thread_joiner_id(c, in, out) && same_hex(out, 8, field[2]), field[1]);
	} else if (!strcmp(field[0], "steering") && n == 3) {
		size_t len = strlen(field[2]) / 2;
		t_hex(field[1], in, sizeof in);
		thread_steer(out, len, in);
		t_check("steering data, and who is in it", same_hex(out, len, field[2]) && thread_steered(imp_bytes(out, len), in), field[2]);
		in[0] ^= 0x40;
		t_check("another is not", len < 2 || !thread_steered(imp_bytes(out, len), in), field[2]);
	} else
		t_check("a row that is known", 0, field[0]);
}

static void vectors(const imp_crypto *c)
{
	uint8_t file[4096];
	imp_span text = t_file("thread/vectors.txt", file, sizeof file - 1);
	char line[LINE], *field[FIELDS];
	size_t rows = 0;
	for (size_t at = 0, n; at < text.len; at += n + 1, rows++) {
		for (n = 0; at + n < text.len && text.ptr[at + n] != '\n'; n++)
			;
		snprintf(line, sizeof line, "%.*s", (int)n, (const char *)text.ptr + at);
		row(c, field, split(line, field));
	}
	t_check("all rows were there", rows == 9, "");
}

/* --- TLVs ----------------------------------------------------------------------- */

static void lengths(void)
{
	static uint8_t big[600], out[700];
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_span v;
	thread_put(&w, THREAD_DATA, imp_bytes(big, 254));
	t_check("254 bytes have a length of one byte", w.len == 256, "");
	w = imp_wr_to(out, sizeof out);
	thread_put(&w, THREAD_ENCAP, imp_bytes(big, 600));
	thread_put_state(&w, THREAD_REJECT);
	v = thread_find(imp_wr_span(&w), THREAD_ENCAP);
	t_check("600 of three", w.len == 604 + 3 && v.len == 600 && v.ptr == out + 4 && thread_state_of(imp_wr_span(&w)) == THREAD_REJECT, "");
	t_check("one that is cut off", thread_check(imp_bytes(out, 603)) == IMP_EBADMSG && !thread_find(imp_bytes(out, 603), THREAD_ENCAP).ptr, "");
}

static void finalize(void)
{
	static const struct {
		const char *why, *hex;
		imp_status st;
	} rows[] = {
		{"a state alone", "100101", IMP_OK},
		{"none", "2103414243", IMP_EBADMSG},
		{"a state of two bytes", "10020101", IMP_EBADMSG},
		{"a state that is none", "100105", IMP_EBADMSG},
		{"a vendor that is no UTF-8", "1001012102c0af", IMP_EBADMSG},
		{"a vendor of 33 bytes", "1001012121414141414141414141414141414141414141414141414141414141414141414141", IMP_EBADMSG},
		{"a stack version of 5 bytes", "10010125050102030405", IMP_EBADMSG},
		{"an unknown type is skipped", "fe0100100101", IMP_OK},
		{"half a TLV behind", "10010121", IMP_EBADMSG},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t b[128];
		thread_finalize f;
		t_check("JOIN_FIN", thread_read_finalize(t_hex(rows[i].hex, b, sizeof b), &f) == rows[i].st, rows[i].why);
	}
}

static void relays(void)
{
	uint8_t b[128], key[16] = "0123456789abcde";
	imp_wr w = imp_wr_to(b, sizeof b);
	thread_relay r = {TEXT("record"), {1, 2, 3, 4, 5, 6, 7, 8}, 1000, 0x4400, imp_bytes(key, 16)}, got;
	thread_put_relay(&w, &r);
	t_check("RLY_TX there and back", !thread_read_relay(imp_wr_span(&w), &got) && imp_same(got.encap, r.encap) && imp_same(got.kek, r.kek) && got.port == 1000 && got.router == 0x4400
		&& !memcmp(got.iid, r.iid, 8), "");
	t_check("its bytes", same_hex(b, 30, "120203e8" "13080102030405060708" "14024400" "1510" "30313233343536373839"), "");
	t_check("a KEK of 15 bytes", (b[19] = 15, b[35] = 0, thread_read_relay(imp_bytes(b, w.len), &got)) == IMP_EBADMSG, "");
	w = imp_wr_to(b, sizeof b);
	r.kek.len = 0;
	thread_put_relay(&w, &r);
	t_check("RLY_RX has none", !thread_read_relay(imp_wr_span(&w), &got) && !got.kek.len, "");
	t_check("nothing encapsulated", thread_read_relay(imp_bytes(b, 18), &got) == IMP_EBADMSG, "");
}

static void petitions(void)
{
	uint8_t b[128];
	imp_wr w = imp_wr_to(b, sizeof b);
	thread_petition p = {THREAD_ACCEPT, 0x1234, TEXT("me"), {0, 0}}, got;
	thread_put_petition(&w, &p);
	t_check("a petition's reply", same_hex(b, w.len, "100101" "0a026d65" "0b021234") && !thread_read_petition(imp_wr_span(&w), &got) && got.session == 0x1234 && got.state == THREAD_ACCEPT, "");
	t_check("a session of one byte", thread_read_petition(t_hex("0b0112", b, sizeof b), &got) == IMP_EBADMSG, "");
	t_check("17 bytes of steering data", thread_read_petition(t_hex("0811ffffffffffffffffffffffffffffffffff", b, sizeof b), &got) == IMP_EBADMSG, "");
}

static void datasets(void)
{
	static const struct {
		const char *why, *hex;
		imp_status st;
	} rows[] = {
		{"channel, key, name", "000300000f" "051000112233445566778899aabbccddeeff" "03024f54", IMP_OK},
		{"a channel of two bytes", "0002000f", IMP_EBADMSG},
		{"a key of 15", "050f00112233445566778899aabbccddee", IMP_EBADMSG},
		{"a name of 17", "03114f54717171717171717171717171717171", IMP_EBADMSG},
		{"the same twice", "01021234" "01021234", IMP_EBADMSG},
		{"cut off", "0102", IMP_EBADMSG},
	};
	static uint8_t big[300] = {77, 251};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t b[64];
		t_check("dataset", thread_check_dataset(t_hex(rows[i].hex, b, sizeof b)) == rows[i].st, rows[i].why);
	}
	big[253] = 78;
	t_check("255 bytes are too many", thread_check_dataset(imp_bytes(big, 255)) == IMP_EBADMSG && (big[1] = 252, thread_check_dataset(imp_bytes(big, 254))) == IMP_OK, "");
}

static void labels(void)
{
	static const struct {
		const char *text;
		int st, eui;
	} rows[] = {
		{"v=1&&eui=18b4300000000002&&cc=J01NME", IMP_OK, 1}, {" J01NME\n", IMP_OK, 0}, {"v=1&&cc=J01NME", IMP_OK, 0},
		{"J01NM", IMP_EBADMSG, 0},  /* five characters */
		{"J01NMI", IMP_EBADMSG, 0}, {"J01NMO", IMP_EBADMSG, 0}, {"J01NMQ", IMP_EBADMSG, 0}, {"J01NMZ", IMP_EBADMSG, 0}, {"j01nme", IMP_EBADMSG, 0},
		{"J01NMEJ01NMEJ01NMEJ01NMEJ01NMEJ01", IMP_EBADMSG, 0}, /* 33 */
		{"v=2&&eui=18b4300000000002&&cc=J01NME", IMP_EBADMSG, 0}, {"v=1&&eui=18b43000000000&&cc=J01NME", IMP_EBADMSG, 0}, {"v=1&&eui=18b4300000000002", IMP_EBADMSG, 1}, {"v=1&&", IMP_EBADMSG, 0}, {"", IMP_EBADMSG, 0},
	};
	uint8_t eui[8], b[THREAD_LABEL_MAX];
	imp_wr w = imp_wr_to(b, sizeof b);
	imp_span pskd;
	int has;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		imp_status st = thread_read_label(imp_bytes(rows[i].text, strlen(rows[i].text)), eui, &has, &pskd);
		t_check("label", st == rows[i].st && (st || (has == rows[i].eui && imp_same(pskd, TEXT("J01NME")))), rows[i].text);
	}
	thread_put_label(&w, t_hex("18b4300000000002", eui, sizeof eui).ptr, TEXT("J01NME"));
	t_check("as it is written", imp_same(imp_wr_span(&w), imp_bytes(rows[0].text, strlen(rows[0].text))), "");
	w = imp_wr_to(b, sizeof b);
	thread_put_label(&w, eui, TEXT("J01NMEJ01NMEJ01NMEJ01NMEJ01NMEJ0"));
	t_check("the longest fits", imp_wr_end(&w) == IMP_OK, "");
}

int main(void)
{
	uint8_t out[16], pan[8] = {0};
	vectors(&imp_openssl);
	vectors(&imp_bearssl);
	t_check("a passphrase of 5 bytes", thread_pskc(&imp_openssl, TEXT("12345"), pan, TEXT("n"), out) == IMP_EARG, "");
	t_check("a network name of 17", thread_pskc(&imp_openssl, TEXT("123456"), pan, TEXT("seventeen letters"), out) == IMP_EARG, "");
	lengths();
	finalize();
	relays();
	petitions();
	datasets();
	labels();
	return t_end();
}
