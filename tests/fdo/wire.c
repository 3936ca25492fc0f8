/* fdo-wire.c -- FDO's messages: what is read, what is refused, where RV
 * directives lead, and pairs that keep to a limit. */
#include "bytes.h"
#include "rv.h"
#include "serviceinfo.h"
#include "t.h"
#include "wire.h"

#define NONE imp_bytes(0, 0)
#define H16 "000102030405060708090a0b0c0d0e0f"
#define H32 H16 H16

static uint8_t in[4096], out[4096];
static char line[200];

/* --- messages: read, and put again ---------------------------------------- */

enum kind { SET_CREDENTIALS, SET_HMAC, EMPTY, NONCE, WAIT, HELLO_RV, HELLO_DEVICE, GET_ENTRY, NEXT_ENTRY, DEVICE_READY, OWNER_READY, DEVICE_INFO, OWNER_INFO, ERROR, TO1D, APP_START, KINDS };
static const char *const names[KINDS] = {"11", "12", "13 and 20", "21, 70, 71", "23", "30", "60", "62", "63", "66", "67", "68", "69", "255", "to1d", "10"};

static imp_status read(enum kind k, imp_span s, imp_wr *w)
{
	fdo_hash h = {0, {0, 0}};
	imp_span a, b;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;
	union {
		fdo_hello_rv rv;
		fdo_hello_device dev;
		fdo_info info;
		fdo_err err;
		fdo_to1d to1d;
		fdo_mfginfo mfg;
	} m;
	imp_status st;
	switch (k) {
	case SET_CREDENTIALS:
		st = fdo_read_set_credentials(s, &a);
		fdo_put_set_credentials(w, a);
		return st;
	case SET_HMAC:
		st = fdo_read_set_hmac(s, &h, &a);
		fdo_put_set_hmac(w, &h);
		return st;
	case EMPTY:
		fdo_put_empty(w);
		return fdo_read_empty(s);
	case NONCE:
		st = fdo_read_nonce(s, &a);
		if (!st)
			fdo_put_nonce(w, a.ptr);
		return st;
	case WAIT:
		st = fdo_read_wait(s, &u32);
		fdo_put_wait(w, u32);
		return st;
	case HELLO_RV:
		st = fdo_read_hello_rv(s, &m.rv);
		fdo_put_hello_rv(w, &m.rv);
		return st;
	case HELLO_DEVICE:
		st = fdo_read_hello_device(s, &m.dev);
		fdo_put_hello_device(w, &m.dev);
		return st;
	case GET_ENTRY:
		st = fdo_read_get_entry(s, &u8);
		fdo_put_get_entry(w, u8);
		return st;
	case NEXT_ENTRY:
		st = fdo_read_next_entry(s, &u8, &b);
		fdo_put_next_entry(w, u8, b);
		return st;
	case DEVICE_READY:
		st = fdo_read_device_ready(s, &h, &u16);
		fdo_put_device_ready(w, &h, u16);
		return st;
	case OWNER_READY:
		st = fdo_read_owner_ready(s, &u16);
		fdo_put_owner_ready(w, u16);
		return st;
	case DEVICE_INFO:
	case OWNER_INFO: {
		fdo_info_wr iw;
		st = k == OWNER_INFO ? fdo_read_owner_info(s, &m.info) : fdo_read_device_info(s, &m.info);
		iw = fdo_info_start((uint8_t *)(uintptr_t)m.info.pairs.ptr, m.info.pairs.len, 60000);
		iw.len = m.info.pairs.len;
		iw.count = m.info.count;
		if (k == OWNER_INFO)
			fdo_info_end_owner(&iw, w, m.info.more, m.info.done);
		else
			fdo_info_end_device(&iw, w, m.info.more);
		return st;
	}
	case ERROR:
		st = fdo_read_error(s, &m.err);
		fdo_put_error(w, m.err.code, m.err.previous, st ? "" : "no");
		return st;
	case TO1D:
		st = fdo_read_to1d(s, &m.to1d);
		fdo_put_to1d(w, m.to1d.addrs, &m.to1d.to0d);
		return st;
	default:
		st = fdo_read_app_start(s, &m.mfg);
		fdo_put_app_start(w, &m.mfg);
		return st;
	}
}

static const struct row {
	enum kind kind;
	int fine;
	const char *hex, *what;
} rows[] = {
	{APP_START, 1, "81 58 18 85 0a 01 63 303135 64 6c616d70 4b 0102030405060708090a0b", "key type, encoding, serial, info, CSR"},
	{APP_START, 0, "81 f6", "null: no certificate can come of it"},
	{APP_START, 0, "81 4d 85 0a 01 63 303135 64 6c616d70 f6", "no CSR"},
	{SET_CREDENTIALS, 1, "81 43 010203", ""},
	{SET_CREDENTIALS, 0, "81 83 010203", "not wrapped"},
	{SET_HMAC, 1, "81 82 05 5820" H32, "HMAC-SHA-256"},
	{SET_HMAC, 1, "81 82 06 5830" H32 H16, "HMAC-SHA-384"},
	{SET_HMAC, 0, "81 82 06 5820" H32, "too short for its algorithm"},
	{SET_HMAC, 0, "81 82 2f 5820" H32, "a hash is no HMac"},
	{SET_HMAC, 0, "81 82 07 5820" H32, "unknown algorithm"},
	{EMPTY, 1, "80", ""},
	{EMPTY, 0, "9f ff", "indefinite"},
	{EMPTY, 0, "81 00", "not empty"},
	{EMPTY, 0, "80 80", "trailing"},
	{EMPTY, 0, "", "nothing at all"},
	{NONCE, 1, "81 50" H16, ""},
	{NONCE, 0, "81 4f 000102030405060708090a0b0c0d0e", "15 bytes"},
	{NONCE, 0, "81 51" H16 "10", "17 bytes"},
	{NONCE, 0, "50" H16, "no array"},
	{NONCE, 0, "81 70" "61616161616161616161616161616161", "text"},
	{WAIT, 1, "81 1a ffffffff", "the longest"},
	{WAIT, 0, "81 1b 0000000100000000", "longer than 32 bits"},
	{WAIT, 0, "81 18 05", "not the shortest form"},
	{WAIT, 0, "81 20", "negative"},
	{HELLO_RV, 1, "82 50" H16 "82 26 40", "ES256"},
	{HELLO_RV, 0, "82 50" H16 "82 26", "cut"},
	{HELLO_RV, 0, "82 50" H16 "81 26", "SigInfo of one"},
	{HELLO_RV, 0, "82 50" H16 "82 3b 7fffffffffffffff 40", "an algorithm beyond 32 bits"},
	{HELLO_DEVICE, 1, "86 19 0514 50" H16 "50" H16 "67 45434448323536 01 82 26 40", ""},
	{HELLO_DEVICE, 0, "86 1a 00010000 50" H16 "50" H16 "67 45434448323536 01 82 26 40", "message size beyond 16 bits"},
	{HELLO_DEVICE, 0, "86 19 0514 50" H16 "50" H16 "47 45434448323536 01 82 26 40", "kex as bytes"},
	{HELLO_DEVICE, 0, "86 19 0514 50" H16 "50" H16 "62 c328 01 82 26 40", "kex that is not UTF-8"},
	{HELLO_DEVICE, 0, "87 19 0514 50" H16 "50" H16 "67 45434448323536 01 82 26 40 00", "seven elements"},
	{GET_ENTRY, 1, "81 18 ff", "the last number"},
	{GET_ENTRY, 0, "81 19 0100", "256"},
	{NEXT_ENTRY, 1, "82 00 d2 84 40 a0 40 40", "any item: voucher.h looks into it"},
	{NEXT_ENTRY, 0, "82 00 d2 84 40 a0 40", "cut inside"},
	{DEVICE_READY, 1, "82 82 05 5820" H32 "19 0514", ""},
	{DEVICE_READY, 1, "82 f6 f6", "reuse, default size"},
	{DEVICE_READY, 0, "82 f5 f6", "true is no HMac"},
	{DEVICE_READY, 0, "82 82 2f 5820" H32 "f6", "a hash"},
	{OWNER_READY, 1, "81 f6", ""},
	{OWNER_READY, 1, "81 19 ffff", ""},
	{OWNER_READY, 0, "81 1a 00010000", ""},
	{DEVICE_INFO, 1, "82 f4 80", ""},
	{DEVICE_INFO, 1, "82 f5 81 82 63 613a62 41 f5", "a:b = true"},
	{DEVICE_INFO, 0, "82 00 80", "0 for false"},
	{DEVICE_INFO, 0, "82 f5 81 82 63 613a62 f5", "a value that is not wrapped"},
	{DEVICE_INFO, 0, "82 f5 82 82 63 613a62 41 f5", "a pair is missing"},
	{DEVICE_INFO, 0, "82 f5 81 83 63 613a62 41 f5 00", "three in a pair"},
	{DEVICE_INFO, 0, "82 f5 9a ffffffff", "four thousand million pairs"},
	{OWNER_INFO, 1, "83 f4 f5 80", ""},
	{OWNER_INFO, 0, "82 f4 80", "68 is no 69"},
	{OWNER_INFO, 0, "83 f4 f5 a0", "a map"},
	{ERROR, 1, "85 18 64 18 3c 62 6e6f 00 f6", "as we write it"},
	{ERROR, 0, "85 1a 00010000 18 3c 62 6e6f 00 f6", "a code beyond 16 bits"},
	{ERROR, 0, "84 18 64 18 3c 62 6e6f 00", "four elements"},
	{TO1D, 1, "82 81 84 44 7f000001 f6 19 1f90 03 82 2f 5820" H32, ""},
	{TO1D, 0, "82 80 82 2f 5820" H32, "no address"},
	{TO1D, 0, "82 81 84 44 7f000001 f6 19 1f90 03 82 05 5820" H32, "an HMac for a hash"},
};

static void messages(void)
{
	int again = 0, cuts = 0, tried = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		imp_span s = t_hex(rows[i].hex, in, sizeof in);
		imp_wr w = imp_wr_to(out, sizeof out);
		imp_status st = read(rows[i].kind, s, &w);
		snprintf(line, sizeof line, "%s: %s: %d", names[rows[i].kind], rows[i].what, (int)st);
		t_check(rows[i].fine ? "a message is read" : "and this is refused", rows[i].fine ? st == IMP_OK : st == IMP_EBADMSG, line);
		if (!rows[i].fine)
			continue;
		tried++;
		again += imp_same(imp_wr_span(&w), s);
		for (size_t n = 0; n < s.len; n++) {
			w = imp_wr_to(out, sizeof out);
			cuts += read(rows[i].kind, imp_bytes(s.ptr, n), &w) == IMP_OK;
		}
	}
	snprintf(line, sizeof line, "%d of %d", again, tried);
	t_check("what was read is put again byte for byte", again == tried, line);
	t_check("no prefix of any of them is a message", cuts == 0, "");
}

static void forms(void)
{
	static const char *const stamps[] = {"c1 1a 65000000", "c0 74 323032332d30312d30315430303a30303a30305a", "f6", "1a 65000000", "fb 41d9000000000000"};
	fdo_err e;
	fdo_info m;
	int fine = 1;
	for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) {
		char hex[200];
		snprintf(hex, sizeof hex, "85 18 65 18 41 62 6e6f %s 05", stamps[i]);
		fine &= !fdo_read_error(t_hex(hex, in, sizeof in), &e) && e.code == 101 && e.previous == 65;
	}
	t_check("an error with any timestamp there is", fine, "");
	t_check("Go's nil stands for no pairs", !fdo_read_owner_info(t_hex("83 f4 f4 f6", in, sizeof in), &m) && !m.count && !m.pairs.len, "");
	t_check("errors for statuses", fdo_error_of(IMP_EBADMSG) == 100 && fdo_error_of(IMP_EAUTH) == 101 && fdo_error_of(IMP_EPROTO) == 101 && fdo_error_of(IMP_ERANDOM) == 500, "");
}

/* EAT: 30 and 64 differ by what is in the map. */
static void eat(void)
{
	static const struct { const char *hex, *what; int fine; } maps[] = {
		{"a2 0a 50" H16 "190100 51 01" H16, "nonce and UEID", 1},
		{"a3 0a 50" H16 "190100 51 01" H16 "390100 81 42 0102", "and xB", 1},
		{"a3 0a 50" H16 "190100 51 01" H16 "19 1234 f6", "and a claim of others", 1},
		{"a1 0a 50" H16, "no UEID", 0},
		{"a1 190100 51 01" H16, "no nonce", 0},
		{"a2 0a 50" H16 "190100 51 02" H16, "a UEID that is not random", 0},
		{"a2 0a 50" H16 "190100 50" H16, "a UEID of 16 bytes", 0},
		{"a3 0a 50" H16 "0a 50" H16 "190100 51 01" H16, "a nonce twice", 0},
		{"a3 0a 50" H16 "190100 51 01" H16 "390100 82 42 0102 00", "xB and more", 0},
		{"82 0a 50" H16, "an array", 0},
	};
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
		uint8_t payload[128];
		imp_wr w = imp_wr_to(in, sizeof in);
		imp_cose cose;
		fdo_eat m;
		imp_status st;
		imp_cbor_put_tag(&w, 18);
		imp_cbor_put_array(&w, 4);
		imp_cbor_put_bstr(&w, imp_bytes("\xa1\x01\x26", 3));
		imp_cbor_put_map(&w, 0);
		imp_cbor_put_bstr(&w, t_hex(maps[i].hex, payload, sizeof payload));
		imp_cbor_put_bstr(&w, imp_bytes("", 0));
		st = fdo_read_eat(imp_wr_span(&w), &cose, &m);
		snprintf(line, sizeof line, "%s: %d", maps[i].what, (int)st);
		t_check(maps[i].fine ? "a token is read" : "and this is none", maps[i].fine ? st == IMP_OK && m.guid.ptr[15] == 15 : st == IMP_EBADMSG, line);
	}
}

/* --- where to go ---------------------------------------------------------- */

static const struct way {
	const char *hex, *what;
	int device;
	const char *uris; /* of all directives, one after the other; NULL: refused */
} ways[] = {
	{"81 84 82 05 43 62 7276 82 03 43 19 1f69 82 04 43 19 1f6a 82 0c 41 01", "HTTP by name", 1, "http://rv:8041 "},
	{"81 84 82 05 43 62 7276 82 03 43 19 1f69 82 04 43 19 1f6a 82 0c 41 01", "the owner's port", 0, "http://rv:8042 "},
	{"81 83 82 05 43 62 7276 82 02 45 44 c0a87a01 82 0c 41 02", "name before address, no port", 1, "https://rv https://192.168.122.1 "},
	{"81 81 82 02 51 50 20010db8000000000000000000000001", "IPv6, protocol not stated", 1, "http://[2001:db8:0:0:0:0:0:1] "},
	{"82 82 82 05 43 62 7276 81 00 82 82 05 43 62 6f77 81 01", "device only, owner only: the device", 1, "http://rv "},
	{"82 82 82 05 43 62 7276 81 00 82 82 05 43 62 6f77 81 01", "the owner", 0, "http://ow "},
	{"82 81 81 0e 82 81 0e 82 05 43 62 7276", "bypass: nowhere, and an owner", 1, "bypass http://rv "},
	{"81 82 82 05 43 62 7276 82 0c 41 05", "CoAP is not for us", 1, ""},
	{"81 83 82 05 43 62 7276 82 0d 42 18 3c 82 18 63 41 00", "delay, and a variable from the future", 1, "http://rv (60) "},
	{"81 81 82 05 45 64 612f623f", "a name with a slash in it", 1, ""},
	{"81 81 82 05 46 65 610a623f3f", "or a new line", 1, ""},
	{"81 82 82 05 43 62 7276 82 0e 40", "bypass with an empty value", 1, "bypass http://rv "},
	{"80", "no directive", 1, NULL},
	{"81 82 82 05 43 62 7276 82 05 43 62 7276", "a variable twice", 1, NULL},
	{"81 81 82 03 44 1a 00010000", "a port beyond 16 bits", 1, NULL},
	{"81 81 82 03 42 61 38", "a port as text", 1, NULL},
	{"81 81 82 02 44 43 010203", "an address of 3 bytes", 1, NULL},
	{"81 81 82 05 62 7276", "a value that is not wrapped", 1, NULL},
	{"81 81 82 05 44 62 7276 00", "a byte after the value", 1, NULL},
	{"81 81 81 05", "a name without a value", 1, NULL},
	{"81 81 83 05 43 62 7276 00", "three in an instruction", 1, NULL},
	{"81 05", "not a directive", 1, NULL},
	{"81 81 82 05 43 62 7276 00", "trailing", 1, NULL},
};

static void directives(void)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		imp_span rv = t_hex(ways[i].hex, in, sizeof in);
		char text[200] = "";
		imp_status st = fdo_rv_check(rv);
		for (size_t d = 0; !st && d < fdo_rv_count(rv); d++) {
			fdo_directive x;
			if (fdo_rv_directive(rv, d, ways[i].device, &x))
				break;
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s", x.bypass && x.addresses ? "bypass " : "");
			for (size_t k = 0; k < x.addresses; k++) {
				imp_wr w = imp_wr_to(out, FDO_URI_MAX);
				fdo_rv_uri(rv, d, k, ways[i].device, &w);
				snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s ", (int)w.len, (const char *)out);
			}
			if (x.delay)
				snprintf(text + strlen(text), sizeof text - strlen(text), "(%u) ", x.delay);
		}
		snprintf(line, sizeof line, "%s: %d %s", ways[i].what, (int)st, text);
		t_check(ways[i].uris ? "directives lead somewhere" : "and these are refused", ways[i].uris ? !st && !strcmp(text, ways[i].uris) : st == IMP_EBADMSG, line);
	}
}

/* A directive is looked up by walking there. */
static void many_directives(void)
{
	imp_status st[2];
	for (size_t i = 0; i < 2; i++) {
		imp_wr w = imp_wr_to(in, sizeof in);
		imp_cbor_put_array(&w, FDO_RV_MOST + i);
		for (size_t n = FDO_RV_MOST + i; n; n--)
			imp_wr_text(&w, "\x81\x81\x0e");
		st[i] = fdo_rv_check(imp_wr_span(&w));
	}
	snprintf(line, sizeof line, "%d and %d", (int)st[0], (int)st[1]);
	t_check("255 directives, but no more", st[0] == IMP_OK && st[1] == IMP_EBADMSG, line);
}

static const struct way addresses[] = {
	{"81 84 44 7f000001 62 6f77 19 1f90 03", "name, then address", 0, "http://ow:8080 http://127.0.0.1:8080 "},
	{"82 84 f6 62 6f77 19 01bb 05 84 44 7f000001 f6 18 50 01", "HTTPS; TCP alone is not for us", 0, "https://ow:443 "},
	{"80", "none", 0, NULL},
	{"81 84 f6 f6 19 1f90 03", "neither name nor address", 0, NULL},
	{"81 84 45 7f00000100 f6 19 1f90 03", "an address of 5 bytes", 0, NULL},
	{"81 83 f6 62 6f77 19 1f90", "no transport", 0, NULL},
	{"81 84 f6 62 6f77 1a 00011f90 03", "a port beyond 16 bits", 0, NULL},
	{"82 84 f6 62 6f77 19 1f90 03", "an entry is missing", 0, NULL},
};

static void owner_addresses(void)
{
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		imp_span a = t_hex(addresses[i].hex, in, sizeof in);
		char text[200] = "";
		imp_status st = fdo_addr_check(a);
		for (size_t k = 0; !st; k++) {
			imp_wr w = imp_wr_to(out, FDO_URI_MAX);
			if (fdo_addr_uri(a, k, &w))
				break;
			snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s ", (int)w.len, (const char *)out);
		}
		snprintf(line, sizeof line, "%s: %d %s", addresses[i].what, (int)st, text);
		t_check(addresses[i].uris ? "owners' addresses" : "and these are refused", addresses[i].uris ? !st && !strcmp(text, addresses[i].uris) : st == IMP_EBADMSG, line);
	}
}

/* --- pairs ------------------------------------------------------------------ */

static void limits(void)
{
	static uint8_t pairs[4096], value[2048];
	size_t worst = 0, wasted = 9999;
	int fits = 1;
	for (size_t max = 32; max < 1400; max++) {
		fdo_info_wr w = fdo_info_start(pairs, sizeof pairs, max);
		imp_wr o = imp_wr_to(out, sizeof out);
		size_t left = fdo_info_left(&w, "fdo.upload", "data");
		fdo_info m;
		if (!left)
			continue;
		fits &= fdo_info_put(&w, "fdo.upload", "data", imp_bytes(value, left));
		fits &= !fdo_info_put(&w, "fdo.upload", "data", imp_bytes(value, 300));
		fdo_info_end_device(&w, &o, 1);
		fits &= !fdo_read_device_info(imp_wr_span(&o), &m) && m.count == 1 && o.len <= max;
		worst = o.len > worst ? o.len : worst;
		wasted = max - o.len < wasted ? max - o.len : wasted;
	}
	snprintf(line, sizeof line, "largest %zu, at least %zu bytes unused", worst, wasted);
	t_check("what fdo_info_left() says fits, at every limit", fits && wasted < 8, line);
	{
		fdo_info_wr w = fdo_info_start(pairs, sizeof pairs, 0);
		fdo_kv kv;
		imp_span rest;
		int ok = fdo_info_put_bool(&w, "a", "b", 1) && fdo_info_put_int(&w, "a", "i", -1) && fdo_info_put_text(&w, "a", "t", imp_bytes("xyz", 3)) && fdo_info_put_bytes(&w, "a", "s", imp_bytes(value, 300));
		rest = imp_bytes(w.to, w.len);
		ok &= fdo_kv_next(&rest, &kv) && fdo_kv_is(&kv, "a", "b") && kv.value.len == 1 && kv.value.ptr[0] == 0xf5;
		ok &= fdo_kv_next(&rest, &kv) && fdo_kv_is(&kv, "a", "i") && kv.value.len == 1 && kv.value.ptr[0] == 0x20;
		ok &= fdo_kv_next(&rest, &kv) && fdo_kv_is(&kv, "a", "t") && kv.value.len == 4 && kv.value.ptr[0] == 0x63;
		ok &= fdo_kv_next(&rest, &kv) && fdo_kv_is(&kv, "a", "s") && kv.value.len == 303 && kv.value.ptr[0] == 0x59;
		t_check("values of one item", ok && !fdo_kv_next(&rest, &kv), "");
		rest = t_hex("82 63 616263 40", in, sizeof in);
		t_check("a key without a colon is a module without a message", fdo_kv_next(&rest, &kv) && kv.module.len == 3 && !kv.message.len, "");
	}
}

int main(void)
{
	messages();
	forms();
	eat();
	directives();
	many_directives();
	owner_addresses();
	limits();
	return t_end();
}
