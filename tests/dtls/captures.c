/* captures.c -- conversations between other implementations, recorded with their
 * master secrets: our records, transcript and key schedule must read them.  CBC
 * is not among them: what records it uses encrypt-then-MAC, which is not ours. */
#include "bytes.h"
#include "crypto.h"
#include "dtls_in.h"
#include "t.h"

#include <stdlib.h>

enum { ROOM = 8192, UDP_AT = 14 + 20 };

static const struct imp_dtls_suite suites[] = {
	{IMP_DTLS_PSK_CCM8, 0, &imp_dtls_psk_kex, &imp_dtls_ccm8}, {IMP_DTLS_ECDHE_ECDSA_CCM8, 0, &imp_dtls_ecdhe_ecdsa_kex, &imp_dtls_ccm8},
	{IMP_DTLS_ECJPAKE_CCM8, 0, &imp_dtls_jpake_kex, &imp_dtls_ccm8},
};
static const imp_dtls_profile profile = {.suites = suites, .count = 3};

static uint8_t work[1 << 16];

static uint8_t *room(imp_cx *cx, size_t n)
{
	(void)cx;
	return n <= sizeof work ? work : NULL;
}

/* Who reads: [0] what the client sent (so it is the server), [1] the server's. */
static uint64_t memory[2][(sizeof(struct imp_dtls) + ROOM) / 8 + 1];
static struct seen { int opened, refused, finished, data; } seen;
static imp_cx cx = {.size = sizeof cx, .room = room};

static struct imp_dtls *side(int from_server)
{
	return (struct imp_dtls *)(void *)memory[from_server];
}

/* The master secret for this client's random number. */
static int look_up(const char *log, const uint8_t random[32], uint8_t master[48])
{
	uint8_t line[80];
	for (const char *p = strstr(log, "CLIENT_RANDOM "); p; p = strstr(p + 1, "CLIENT_RANDOM ")) {
		t_hex(p + 14, line, 80);
		if (!memcmp(line, random, 32)) {
			memcpy(master, line + 32, 48);
			return 1;
		}
	}
	return 0;
}

/* Both sides know the suite and the random numbers: both can make the keys. */
static int make_keys(const struct imp_dtls_hello *sh, const char *log)
{
	struct imp_dtls_run r = {side(0), &cx, &profile, IMP_OK};
	struct imp_dtls_epoch *e = &side(0)->next;
	int n = imp_dtls_number_of(&profile, sh->suite);
	if (n < 0 || !look_up(log, e->random, e->master))
		return 0;
	memcpy(e->random + 32, sh->random.ptr, 32);
	e->suite = (uint8_t)(n + 1);
	imp_dtls_export(e, r.cx->crypto, sizeof e->keys, "=key_block", imp_bytes(NULL, 0), e->keys, 2u * ((size_t)suites[n].bulk->mac + suites[n].bulk->key + suites[n].bulk->iv));
	side(1)->next = *e;
	side(0)->server = 1;
	return 1;
}

static void take(struct imp_dtls_run *r, int from_server, imp_span m, const char *log)
{
	imp_span body = imp_bytes(m.ptr + IMP_DTLS_MSG_HEAD, m.len - IMP_DTLS_MSG_HEAD);
	struct imp_dtls_hello h;
	uint8_t verify[12];
	if (m.ptr[0] == IMP_DTLS_HELLO_VERIFY)
		return;
	if (m.ptr[0] == IMP_DTLS_CLIENT_HELLO) {
		imp_dtls_hash_start(r);
		if (imp_dtls_read_client_hello(body, &h) == IMP_OK)
			memcpy(side(0)->next.random, h.random.ptr, 32);
	}
	if (m.ptr[0] == IMP_DTLS_SERVER_HELLO) { /* it may answer what we never ask for */
		imp_status st = imp_dtls_read_server_hello(body, &h);
		if (st == IMP_OK || st == IMP_EUNSUP)
			make_keys(&h, log);
	}
	if (m.ptr[0] == IMP_DTLS_FINISHED)
		seen.finished += imp_dtls_finished(r, from_server, verify) == IMP_OK && imp_same(body, imp_bytes(verify, 12));
	imp_dtls_hash_push(r, m);
}

static void fragments(int from_server, imp_span in, const char *log)
{
	struct imp_dtls_run transcript = {side(0), &cx, &profile, IMP_OK};
	struct imp_dtls *s = side(from_server);
	imp_rd x = imp_rd_of(in);
	struct imp_dtls_fragment f;
	imp_span m;
	while (imp_dtls_read_fragment(&x, &f))
		imp_dtls_collect(s, &f);
	while ((m = imp_dtls_next(s)).len) {
		take(&transcript, from_server, m, log);
		imp_dtls_drop(s);
	}
}

static void datagram(int from_server, imp_span in, const char *log)
{
	struct imp_dtls_run r = {side(from_server), &cx, &profile, IMP_OK};
	imp_rd x = imp_rd_of(in);
	struct imp_dtls_record c;
	while (imp_dtls_read_record(&x, 0, &c)) {
		imp_span plain = c.payload;
		uint8_t type = c.type, copy[2048];
		if (c.epoch == 1) {
			if (!r.s->next.suite || imp_dtls_open_record(&r, &r.s->next, &c, &type, &plain) < 0) {
				seen.refused++;
				continue;
			}
			seen.opened++;
			seen.data += type == IMP_DTLS_DATA;
			memcpy(copy, plain.ptr, plain.len);
			plain.ptr = copy;
		}
		if (type == IMP_DTLS_HANDSHAKE)
			fragments(from_server, plain, log);
	}
}

static void capture(const char *name)
{
	static uint8_t pcap[1 << 16], log[4096];
	char file[100], text[100];
	imp_span p, l;
	unsigned client = 0;
	memset(memory, 0, sizeof memory);
	memset(&seen, 0, sizeof seen);
	side(0)->in_cap = side(1)->in_cap = ROOM;
	snprintf(file, sizeof file, "dtls/dtls12-%s.pcap", name);
	p = t_file(file, pcap, sizeof pcap);
	snprintf(file, sizeof file, "dtls/dtls12-%s.keylog", name);
	l = t_file(file, log, sizeof log - 1);
	log[l.len] = 0;
	for (size_t at = 24; at + 16 <= p.len;) {
		uint32_t n;
		const uint8_t *frame = p.ptr + at + 16, *udp = frame + UDP_AT;
		unsigned from = (unsigned)(udp[0] << 8 | udp[1]);
		memcpy(&n, p.ptr + at + 8, 4);
		client = client ? client : from;
		datagram(from != client, imp_bytes(udp + 8, (size_t)(udp[4] << 8 | udp[5]) - 8), (const char *)log);
		at += 16 + n;
	}
	snprintf(file, sizeof file, "%s: every sealed record opens, both Finished are right", name);
	snprintf(text, sizeof text, "%d records, %d of data, %d did not open, %d Finished", seen.opened, seen.data, seen.refused, seen.finished);
	t_check(file, seen.finished == 2 && !seen.refused && seen.opened > 3, text);
}

int main(void)
{
	static const char *const names[] = {"psk-ccm8", "ecdhe-ecdsa-ccm8-mutual", "rpk-ccm8-gnutls", "ecjpake-ccm8"};
	static const imp_crypto *const providers[] = {&imp_openssl, &imp_bearssl};
	for (size_t c = 0; c < 2; c++)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			cx.crypto = providers[c];
			capture(names[i]);
		}
	return t_end();
}
