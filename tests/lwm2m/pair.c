/* pair.c -- client and bootstrap server: every format, packs, faults, power
 * cuts, and what a bad server may not do. */
#include "crypto.h"
#include "lw-kit.h"
#include "t.h"
#include <stdlib.h>

#define TEXT(s) imp_bytes(s, strlen(s))
#define NONE imp_bytes(NULL, 0)
#define HEX(s) imp_bytes(s, sizeof s - 1)

static struct lw_kit k;

static void begin(void)
{
	lw_begin(&k, &imp_openssl);
}

static void claim(const char *what, int holds)
{
	char why[200];
	snprintf(why, sizeof why, "client %d %u %s, server %d %u %s, %d accounts, code %d", k.c ? k.c->code : 99, k.c ? k.c->topic : 0, k.c && k.c->id ? imp_session_where(k.c->s) : "",
	         k.s ? k.s->code : 99, k.s ? k.s->topic : 0, k.s && k.s->id ? imp_session_where(k.s->s) : "", lw_accounts_of(&k), k.code);
	t_check(what, holds, holds ? "" : why);
}

static int onboarded(void)
{
	return k.c->done == 1 && k.c->code == IMP_OK && k.s->done == 1 && k.s->code == IMP_OK && lw_accounts_of(&k) == 1;
}

static int in_clear; /* messages with a key in them that are not IMP_SECRET */

static int look(struct world *w, struct crossing *x)
{
	static const char key[] = "0123456789abcdef";
	(void)w;
	for (size_t i = 0; i + 16 <= x->m->data.len; i++)
		in_clear += !memcmp(x->m->data.ptr + i, key, 16) && !(x->m->flags & IMP_SECRET);
	return PASS;
}

/* Account 101 becomes 102, in the same instances. */
static void claims_of_other_servers(void)
{
	uint8_t b[200];
	begin();
	lw_usual(&k);
	lw_run(&k);
	k.n = 0;
	lw_op(&k, "write", "/0/1", imp_bytes(b, lw_security(b, sizeof b, "coaps://other.example", 0, 102)));
	lw_op(&k, "write", "/1/0", imp_bytes(b, lw_server_object(b, sizeof b, 102)));
	lw_run(&k);
	claim("a server account that is another's now: the old address is forgotten", k.c->code == IMP_OK && fact_get(k.client, IMP_T_SERVER, "lwm2m/102", 0) && !fact_get(k.client, IMP_T_SERVER, "lwm2m/101", 0));
	lw_end_kit(&k);
}

/* An account with keys whose link is not secured. */
static void claims_of_security(void)
{
	uint8_t psk[200];
	size_t n = lw_security(psk, sizeof psk, "coap://bs.example", 1, 0);
	begin();
	for (size_t i = 0; i + 3 <= n; i++)
		if (!memcmp(psk + i, "\xc1\x02\x03", 3))
			psk[i + 2] = 0; /* PSK */
	fact_drop(k.client, IMP_T_CONFIG, "lwm2m/0/0");
	fact_set(k.client, IMP_T_CONFIG, "lwm2m/0/0", 0, imp_bytes(psk, n));
	lw_usual(&k);
	lw_run(&k);
	claim("PSK, and a link without a channel: EAUTH, nothing is asked", k.c->done == 1 && k.c->code == IMP_EAUTH && lw_accounts_of(&k) == 0 && !k.claims_len);
	lw_end_kit(&k);
}

static void claims_of_formats(void)
{
	static const struct { int pct, pack; const char *what; } rows[] = {
		{0xffff, 0, "no format is wished for: TLV"}, {LW_TLV, 0, "TLV"}, {LW_SENML_JSON, 0, "SenML JSON"}, {LW_SENML_CBOR, 0, "SenML CBOR"}, {LW_CBOR, 0, "LwM2M CBOR"},
		{LW_SENML_CBOR, 1, "Bootstrap-Pack"},
	};
	static uint8_t first[300];
	size_t n = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct fact *f;
		begin();
		lw_wish(&k, rows[i].pct, rows[i].pack);
		lw_usual(&k);
		k.w.fault = look;
		lw_run(&k);
		claim(rows[i].what, onboarded());
		f = fact_get(k.client, IMP_T_CONFIG, "lwm2m/0/1", 0);
		if (i == 0 && f) {
			n = f->len;
			memcpy(first, f->data, n);
		}
		claim("... the instance is the same in every format", f && f->len == n && !memcmp(f->data, first, n));
		f = fact_get(k.client, IMP_T_CONFIG, "lwm2m/2/0", 0);
		claim("... and so is the multiple resource", f && f->len == 14 && f->data[6] == 0x83);
		claim("... the bootstrap account is still there", fact_get(k.client, IMP_T_CONFIG, "lwm2m/0/0", 0) != NULL);
		lw_end_kit(&k);
	}
	t_check("keys cross as secrets", in_clear == 0, "");
}

static void claims_of_operations(void)
{
	uint8_t b[200];
	begin();
	lw_usual(&k);
	lw_op(&k, "discover", "/", NONE);
	lw_op(&k, "read", "/1", NONE);
	lw_run(&k);
	claim("Discover and Read before Finish", onboarded());
	claim("what Discover found", strstr(k.told, "</>;lwm2m=1.2,</3/0>,</0/0>,</0/1>;ssid=101;uri=\"coaps://server.example:5684\",</1/0>;ssid=101,</2/0>") == k.told);
	claim("what Read found: /1/0 in TLV", k.told_len > 95 && !memcmp(k.told + k.told_len - 15, "\x08\x00\x0c\xc1\x00\x65\xc1\x01\x3c\xc1\x06\x01\xc1\x07\x55", 15));
	lw_end_kit(&k);

	begin(); /* a second bootstrap replaces the first */
	lw_usual(&k);
	lw_run(&k);
	k.n = 0;
	lw_op(&k, "delete", "/", NONE);
	lw_op(&k, "write", "/0/1", imp_bytes(b, lw_security(b, sizeof b, "coaps://other.example", 0, 101)));
	lw_op(&k, "write", "/1/0", imp_bytes(b, lw_server_object(b, sizeof b, 101)));
	lw_run(&k);
	claim("again: the accounts are replaced", onboarded() && !fact_get(k.client, IMP_T_CONFIG, "lwm2m/2/0", 0));
	claim("... and the server's address is the new one", fact_get(k.client, IMP_T_SERVER, "lwm2m/101", 0)->len == strlen("coaps://other.example"));
	lw_end_kit(&k);

	begin();
	k.verdict = IMP_EDENIED;
	lw_usual(&k);
	lw_run(&k);
	claim("policy says no: 4.00, and nothing is learnt", k.c->code == IMP_EPEER && k.c->topic == 400 && k.s->code == IMP_EDENIED && lw_accounts_of(&k) == 0);
	lw_end_kit(&k);

	begin();
	lw_op(&k, "write", "/1/0", imp_bytes(b, lw_server_object(b, sizeof b, 101)));
	lw_run(&k);
	claim("a server account without its keys: Finish is 4.06, all is as before", k.c->code == IMP_EPROTO && k.s->code == IMP_EPEER && k.s->topic == 406 && lw_accounts_of(&k) == 0);
	lw_end_kit(&k);

	begin();
	k.n = 0;
	lw_run(&k);
	claim("no configuration: EFACT", k.s->code == IMP_EFACT && k.c->code < 0);
	lw_end_kit(&k);

	begin();
	fact_drop(k.client, IMP_T_CONFIG, "lwm2m");
	lw_usual(&k);
	lw_run(&k);
	claim("no account at all: EFACT", k.c->code == IMP_EFACT);
	lw_end_kit(&k);
}

/* What a server asks of a client by hand. */
static void claims_of_bad_servers(void)
{
	static const struct { const char *why; int method; const char *name; uint16_t format; imp_span data; int32_t code; } rows[] = {
		{"write outside /0 /1 /2 /21", IMP_PUT, "/3/0", LW_TLV, {(const uint8_t *)"\xc1\x00x", 3}, 404},
		{"write to the root", IMP_PUT, "/", LW_SENML_CBOR, {(const uint8_t *)"\x80", 1}, 405},
		{"POST elsewhere", IMP_POST, "/1/0", LW_TLV, {NULL, 0}, 405},
		{"a path that is none", IMP_PUT, "/0/x", LW_TLV, {NULL, 0}, 400},
		{"five ids", IMP_PUT, "/0/0/0/0/0", LW_TLV, {NULL, 0}, 400},
		{"an id beyond 65534", IMP_PUT, "/0/65535", LW_TLV, {NULL, 0}, 400},
		{"an unknown format", IMP_PUT, "/1/0", 50, {(const uint8_t *)"{}", 2}, 415},
		{"TLV that is cut", IMP_PUT, "/1/0", LW_TLV, {(const uint8_t *)"\xc2\x00\x01", 3}, 400},
		{"TLV whose container ends within a value", IMP_PUT, "/1", LW_TLV, {(const uint8_t *)"\x02\x00\xc4\x01\x00\x00\x00\x01", 8}, 400},
		{"TLV: an instance within an instance", IMP_PUT, "/1", LW_TLV, {(const uint8_t *)"\x03\x00\x01\x00\x00", 5}, 400},
		{"TLV: a value without its resource", IMP_PUT, "/1/0", LW_TLV, {(const uint8_t *)"\x41\x00\x01", 3}, 400},
		{"an integer of 3 bytes", IMP_PUT, "/1/0", LW_TLV, {(const uint8_t *)"\xc3\x00\x00\x00\x01", 5}, 400},
		{"a boolean of 2", IMP_PUT, "/1/0", LW_TLV, {(const uint8_t *)"\xc1\x06\x02", 3}, 400},
		{"nothing is written", IMP_PUT, "/1/0", LW_TLV, {NULL, 0}, 400},
		{"SenML CBOR: another path than the request's", IMP_PUT, "/1/0", LW_SENML_CBOR, {(const uint8_t *)"\x81\xa2\x00\x66/1/1/0\x02\x01", 12}, 400},
		{"SenML CBOR: text for an integer", IMP_PUT, "/1/0", LW_SENML_CBOR, {(const uint8_t *)"\x81\xa2\x00\x66/1/0/0\x03\x61x", 13}, 400},
		{"SenML CBOR: two values", IMP_PUT, "/1/0", LW_SENML_CBOR, {(const uint8_t *)"\x81\xa3\x00\x66/1/0/0\x02\x01\x02\x02", 14}, 400},
		{"SenML CBOR: bytes behind it", IMP_PUT, "/1/0", LW_SENML_CBOR, {(const uint8_t *)"\x81\xa2\x00\x66/1/0/0\x02\x01\x00", 13}, 400},
		{"SenML JSON: a key twice", IMP_PUT, "/1/0", LW_SENML_JSON, {(const uint8_t *)"[{\"n\":\"/1/0/0\",\"v\":1,\"v\":2}]", 29}, 400},
		{"SenML JSON: no value", IMP_PUT, "/1/0", LW_SENML_JSON, {(const uint8_t *)"[{\"n\":\"/1/0/0\"}]", 16}, 400},
		{"SenML JSON: a fraction", IMP_PUT, "/1/0", LW_SENML_JSON, {(const uint8_t *)"[{\"n\":\"/1/0/0\",\"v\":1.5}]", 24}, 400},
		{"LwM2M CBOR: a map too deep", IMP_PUT, "/1/0", LW_CBOR, {(const uint8_t *)"\xa1\x01\xa1\x00\xa1\x00\xa1\x00\xa1\x00\x01", 11}, 400},
		{"LwM2M CBOR: a value where an instance is", IMP_PUT, "/1/0", LW_CBOR, {(const uint8_t *)"\xa1\x01\xa1\x00\x01", 5}, 400},
		{"text for an integer", IMP_PUT, "/1/0/0", LW_TEXT, {(const uint8_t *)"x", 1}, 400},
		{"Delete of the bootstrap account", IMP_DELETE, "/0/0", 0xffff, {NULL, 0}, 400},
		{"Delete of what is not there", IMP_DELETE, "/1/5", 0xffff, {NULL, 0}, 404},
		{"Delete of another object", IMP_DELETE, "/3", 0xffff, {NULL, 0}, 404},
		{"Delete of a resource", IMP_DELETE, "/1/0/0", 0xffff, {NULL, 0}, 405},
		{"Read of keys", IMP_GET, "/0/0", 0xffff, {NULL, 0}, 405},
		{"Read of the OSCORE object", IMP_GET, "/21", 0xffff, {NULL, 0}, 405},
		{"Read of a resource", IMP_GET, "/1/0/0", 0xffff, {NULL, 0}, 405},
		{"Read of what is not there", IMP_GET, "/1/0", 0xffff, {NULL, 0}, 404},
		{"Read in another format", IMP_GET, "/1\naccept: 50", 0xffff, {NULL, 0}, 406},
		{"Discover of an instance", IMP_GET, "/1/0\naccept: 40", 0xffff, {NULL, 0}, 400},
	};
	begin();
	lw_by_hand(&k);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int32_t code = lw_ask(&k, rows[i].method, rows[i].name, rows[i].format, rows[i].data);
		char why[60];
		snprintf(why, sizeof why, "%d", (int)code);
		t_check(rows[i].why, code == rows[i].code && lw_accounts_of(&k) == 0 && !k.c->done, why);
	}
	claim("DELETE /0 leaves the bootstrap account", lw_ask(&k, IMP_DELETE, "/0", 0xffff, NONE) == 202);
	claim("... it is still listed", lw_ask(&k, IMP_GET, "/\naccept: 40", 0xffff, NONE) == 205 && k.len == strlen("</>;lwm2m=1.2,</3/0>,</0/0>"));
	claim("a resource of a new instance", lw_ask(&k, IMP_PUT, "/1/0/0", LW_TEXT, TEXT("101")) == 204);
	claim("... beside another one", lw_ask(&k, IMP_PUT, "/1/0/7", LW_TEXT, TEXT("U")) == 204);
	claim("... both are there", lw_ask(&k, IMP_GET, "/1/0", 0xffff, NONE) == 205 && k.len == 6);
	for (int i = 0; i < 20; i++) {
		char name[16];
		snprintf(name, sizeof name, "/2/%d", i);
		lw_ask(&k, IMP_PUT, name, LW_TLV, HEX("\xc1\x00\x01"));
	}
	claim("one instance too many: 4.13", k.code == 413);
	claim("Finish with a server account and no keys for it: 4.06", lw_ask(&k, IMP_POST, "/bs", 0xffff, NONE) == 406);
	claim("... and nothing of it is kept", k.c->done == 1 && k.c->code == IMP_EPROTO && lw_accounts_of(&k) == 0 && !fact_get(k.client, IMP_T_CONFIG, "lwm2m/2/3", 0));
	lw_end_kit(&k);
}

static int drop_at;

static int drop_one(struct world *w, struct crossing *x)
{
	(void)w;
	return x->n == drop_at ? DROP : PASS;
}

static int mangle_one(struct world *w, struct crossing *x)
{
	(void)w;
	if (x->n == drop_at && x->m->data.len)
		x->data[world_rnd() % x->m->data.len] ^= (uint8_t)(1u << world_rnd() % 8);
	return PASS;
}

/* Whatever gets lost, changed or cut: all of it or nothing, and the next try
 * comes to an end. */
static void claims_of_faults(void)
{
	int crossings, half = 0, lasting = 0, again = 0, tried = 0;
	begin();
	lw_usual(&k);
	lw_run(&k);
	crossings = k.w.crossings;
	lw_end_kit(&k);
	for (int kind = 0; kind < 5; kind++)
		for (int n = 1; n <= crossings; n++) {
			begin();
			lw_usual(&k);
			drop_at = n;
			k.w.fault = kind == 0 ? drop_one : kind == 1 ? mangle_one : NULL;
			k.w.move = kind == 0;
			if (kind == 2)
				k.w.cut_crossing = n;
			if (kind == 3)
				k.w.cut_learn = n;
			if (kind == 4)
				k.w.cut_commit = n;
			lw_run(&k);
			tried++;
			half += lw_accounts_of(&k) < 0;
			k.w.fault = NULL;
			k.w.cut_crossing = k.w.cut_learn = k.w.cut_commit = 0;
			for (int i = 0; i < SESSIONS; i++)
				if (k.w.sess[i].id)
					world_kill(&k.w.sess[i]);
			lw_run(&k);
			again += k.c->done == 1 && k.c->code == IMP_OK && lw_accounts_of(&k) == 1;
			lasting += fact_get(k.client, IMP_T_CONFIG, "lwm2m/0/0", 0) != NULL;
			lw_end_kit(&k);
		}
	{
		char text[80];
		snprintf(text, sizeof text, "%d runs: lost, altered, power cut at a message, a LEARN, a commit", tried);
		t_check("nothing is ever half there", half == 0, text);
		t_check("the next try is good", again == tried, text);
		t_check("the bootstrap account is always there", lasting == tried, text);
	}
}

static void claims_of_names(void)
{
	static const struct { const char *what, *name; int32_t code; } rows[] = {
		{"no endpoint name, and no key that says it", "/bs", 400},
		{"an endpoint name that is no UTF-8", "/bs?ep=a%ff", 400},
		{"one with a zero byte", "/bs?ep=a%00b", 400},
		{"one of 65 bytes", "/bs?ep=0123456789012345678901234567890123456789012345678901234567890123X", 400},
		{"a format that is no number", "/bs?ep=a&pct=x", 415},
		{"a format of too many digits", "/bs?ep=a&pct=123456789", 400},
		{"a good one", "/bs?ep=a%C3%A9", 204},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[120];
		begin();
		lw_by_hand(&k);
		k.c = world_session(k.server, 1, 0);
		snprintf(text, sizeof text, "the server: %s: %d", rows[i].what, rows[i].code);
		claim(text, lw_ask(&k, IMP_POST, rows[i].name, 0xffff, NONE) == rows[i].code);
		lw_end_kit(&k);
	}
}

int main(void)
{
	claims_of_security();
	claims_of_other_servers();
	claims_of_formats();
	claims_of_names();
	claims_of_operations();
	claims_of_bad_servers();
	claims_of_faults();
	return t_end();
}
