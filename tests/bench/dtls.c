/* dtls.c -- DTLS handshakes, client and server in one process: ours on the
 * openssl provider, and OpenSSL's own, taking turns.  C0AE with certificates on
 * both sides, each verified up to its authority, and the cookie exchange.
 *
 *   bench-dtls             rows
 *   bench-dtls ours|openssl|jpake|jpake-bearssl COUNT   so many, for callgrind
 *
 * OpenSSL has no EC-JPAKE: see tests/interop/dtls/bench.sh for that. */
#define _POSIX_C_SOURCE 200809L
#include "crypto.h"
#include "dtls.h"
#include "x509.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CA, SERVER, CLIENT, NAMES, ROUND = 40, ROUNDS = 25 };

static const imp_crypto *c = &imp_openssl;
static struct { uint8_t flat[IMP_KEY_HEAD + 32], point[65], der[600], chain[603]; size_t len; } who[NAMES];

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

/* A key, and a certificate by the authority. */
static void make(int i)
{
	static const char *const names[] = {"ca", "server", "client"};
	size_t len = 32, plen = 65;
	imp_key priv = {IMP_C_P256, IMP_KEY_PRIVATE, 0, {who[i].flat + IMP_KEY_HEAD, 32}}, pub = {IMP_C_P256, 0, 0, {who[i].point, 65}};
	imp_key ca = {IMP_C_P256, IMP_KEY_PRIVATE, 0, {who[CA].flat + IMP_KEY_HEAD, 32}};
	imp_issue what = {.serial = {(const uint8_t *)"123" + i, 1}, .issuer_cn = "ca", .subject_cn = names[i], .subject_key = &pub, .ca = i == CA, .not_before = 1};
	imp_wr w = imp_wr_to(who[i].der, sizeof who[i].der);
	must(c->keygen(c, IMP_C_P256, who[i].flat + IMP_KEY_HEAD, &len, who[i].point, &plen) == IMP_OK, "keygen");
	imp_key_head(&priv, who[i].flat);
	must(imp_cert_issue(c, &w, &what, IMP_A_ES256, &ca) == IMP_OK, "issue");
	who[i].len = w.len;
	who[i].chain[1] = (uint8_t)(w.len >> 8);
	who[i].chain[2] = (uint8_t)w.len;
	memcpy(who[i].chain + 3, who[i].der, w.len);
}

/* --- ours ------------------------------------------------------------------------- */

static struct side { imp_stack t; uint8_t mem[16384] __attribute__((aligned(16))); imp_session *s; int up, server; } ends[2];
static struct { uint8_t bytes[1400]; size_t len; int to; } queue[32];
static int first, last;
static uint8_t work_mem[1 << 17] __attribute__((aligned(16)));
static imp_work work = {.mem = work_mem, .len = sizeof work_mem};
static uint8_t secret[64];

static void feed(struct side *e, const imp_msg *m);

static void answer(struct side *e, const imp_msg *m)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, IMP_OK, m->ticket, imp_bytes("k", 1), imp_bytes(NULL, 0));
	int i = e->server ? SERVER : CLIENT;
	imp_span leaf = imp_bytes(m->data.ptr + 3, m->data.len - 3), anchor = imp_bytes(who[CA].der, who[CA].len);
	const char *why;
	size_t which;
	if (m->topic == IMP_T_VERIFY)
		a.code = imp_chain_verify(c, &leaf, 1, &anchor, 1, (uint64_t)time(NULL), &why, &which);
	else if (m->topic == IMP_T_KEY)
		a.data = imp_bytes(who[i].flat, sizeof who[i].flat);
	else if (m->code == IMP_K_CERT)
		a.data = imp_bytes(who[i].chain, who[i].len + 3);
	else if (m->code == IMP_K_PASSWORD)
		a.data = imp_bytes("J01NME", 6);
	feed(e, &a);
}

static void hear(struct side *e, const imp_msg *m)
{
	if (m->verb == IMP_TX) {
		must(m->data.len <= sizeof queue->bytes && last < 32, "a datagram is too large");
		memcpy(queue[last].bytes, m->data.ptr, m->data.len);
		queue[last].len = m->data.len;
		queue[last++].to = !e->server;
	} else if (m->verb == IMP_ASK)
		answer(e, m);
	else if (m->verb == IMP_UP)
		e->up = 1;
	else
		must(m->verb == IMP_OPEN, "the handshake failed");
}

static void feed(struct side *e, const imp_msg *m)
{
	static int deep;
	imp_msg o;
	imp_session_feed(e->s, &e->t, &work, m);
	if (deep)
		return;
	deep = 1;
	while (imp_session_poll(e->s, &work, &o))
		hear(e, &o);
	deep = 0;
}

static void begin(struct side *e, const imp_layer *y, int server)
{
	imp_msg open = imp_say(IMP_OPEN, 0, 0, 1, imp_bytes("coaps://server", 14), imp_bytes(NULL, 0)), up = imp_say(IMP_UP, 0, 1400, 1, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	e->t = (imp_stack){.size = sizeof e->t, .link = {{y}}, .crypto = c, .params = {sizeof(imp_params), 0, 0, 1400, 1024}};
	e->server = server;
	e->up = 0;
	e->s = imp_session_init(e->mem, sizeof e->mem, &e->t);
	must(e->s != NULL, "session");
	if (!server)
		feed(e, &open);
	feed(e, &up);
}

static void deliver(int i)
{
	struct side *e = &ends[queue[i].to];
	imp_msg rx = imp_say(IMP_RX, 0, 0, 0, imp_bytes("client", 6), imp_bytes(queue[i].bytes, queue[i].len)), reply = {0};
	uint8_t key[24], buf[100];
	size_t len;
	imp_span hint;
	if (e->server && e->t.link[0][0]->triage(c, imp_bytes(secret, 64), 0, &rx, key, &len, &hint, &reply, buf, sizeof buf) == IMP_BOUNCE)
		hear(e, &reply);
	else
		feed(e, &rx);
}

static void ours(const imp_layer *y)
{
	first = last = 0;
	begin(&ends[1], y, 1);
	begin(&ends[0], y, 0);
	while (first < last)
		deliver(first++);
	must(ends[0].up && ends[1].up, "ours: no handshake");
}

/* --- OpenSSL's ------------------------------------------------------------------------ */

static SSL_CTX *ctx[2];

static int make_cookie(SSL *s, unsigned char *cookie, unsigned *len)
{
	imp_key k = {IMP_A_HMAC256, 0, 0, {secret, 32}};
	imp_span in = imp_bytes("client", 6);
	(void)s;
	*len = 16;
	return c->mac(c, IMP_A_HMAC256, &k, &in, 1, cookie, 16) == IMP_OK;
}

static int check_cookie(SSL *s, const unsigned char *cookie, unsigned len)
{
	unsigned char good[16];
	unsigned n;
	return make_cookie(s, good, &n) && len == n && !memcmp(good, cookie, n);
}

static void make_ctx(int server)
{
	int i = server ? SERVER : CLIENT;
	const unsigned char *p = who[CA].der;
	X509 *ca = d2i_X509(NULL, &p, (long)who[CA].len);
	uint8_t sec1[121] = {0x30, 0x77, 2, 1, 1, 4, 32};
	static const uint8_t curve[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0xa1, 0x44, 0x03, 0x42, 0x00};
	SSL_CTX *x = ctx[server] = SSL_CTX_new(server ? DTLS_server_method() : DTLS_client_method());
	memcpy(sec1 + 7, who[i].flat + IMP_KEY_HEAD, 32);
	memcpy(sec1 + 39, curve, sizeof curve);
	memcpy(sec1 + 56, who[i].point, 65);
	must(SSL_CTX_use_certificate_ASN1(x, (int)who[i].len, who[i].der) == 1, "certificate");
	must(SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_EC, x, sec1, sizeof sec1) == 1, "key");
	X509_STORE_add_cert(SSL_CTX_get_cert_store(x), ca);
	X509_free(ca);
	SSL_CTX_set_verify(x, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	must(SSL_CTX_set_cipher_list(x, "ECDHE-ECDSA-AES128-CCM8") == 1, "cipher");
	SSL_CTX_set1_groups_list(x, "P-256");
	SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(x, SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU | (server ? SSL_OP_COOKIE_EXCHANGE : 0));
	SSL_CTX_set_cookie_generate_cb(x, make_cookie);
	SSL_CTX_set_cookie_verify_cb(x, check_cookie);
}

static void openssls(void)
{
	SSL *s[2];
	BIO *pipe[2] = {BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem())};
	int done[2] = {0, 0};
	for (int i = 0; i < 2; i++) {
		s[i] = SSL_new(ctx[i]);
		BIO_set_mem_eof_return(pipe[i], -1);
		BIO_up_ref(pipe[0]);
		BIO_up_ref(pipe[1]);
		SSL_set_bio(s[i], pipe[i], pipe[!i]);
		SSL_set_mtu(s[i], 1400);
	}
	SSL_set_connect_state(s[0]);
	SSL_set_accept_state(s[1]);
	for (int turns = 0; turns < 20 && !(done[0] && done[1]); turns++)
		for (int i = 0; i < 2; i++)
			done[i] = done[i] || SSL_do_handshake(s[i]) == 1;
	must(done[0] && done[1], "OpenSSL: no handshake");
	SSL_free(s[0]);
	SSL_free(s[1]);
	BIO_free(pipe[0]);
	BIO_free(pipe[1]);
}

/* --- rows ------------------------------------------------------------------------------- */

static void row(const char *id, const char *what, double value, const char *more)
{
	printf("{\"id\":\"%s\",\"what\":\"%s\",\"value\":%.3f%s}\n", id, what, value, more);
}

int main(int argc, char **argv)
{
	double took[2] = {0, 0}, jpake, start;
	for (int i = 0; i < NAMES; i++)
		make(i);
	make_ctx(0);
	make_ctx(1);
	if (argc == 3) {
		c = !strcmp(argv[1], "jpake-bearssl") ? &imp_bearssl : c;
		for (int n = atoi(argv[2]); n; n--)
			!strcmp(argv[1], "openssl") ? openssls() : ours(!strncmp(argv[1], "jpake", 5) ? &imp_dtls_jpake : &imp_dtls);
		return 0;
	}
	for (int r = 0; r < ROUNDS; r++)
		for (int who_now = 0; who_now < 2; who_now++) {
			start = seconds();
			for (int i = 0; i < ROUND; i++)
				who_now ? openssls() : ours(&imp_dtls);
			took[who_now] += seconds() - start;
		}
	start = seconds();
	for (int i = 0; i < ROUND; i++)
		ours(&imp_dtls_jpake);
	jpake = seconds() - start;
	row("dtls-openssl-own", "OpenSSL's own DTLS handshakes, C0AE, both sides", ROUND * ROUNDS / took[1], ",\"unit\":\"/s\",\"detail\":true");
	row("dtls-c0ae", "DTLS handshakes on the openssl provider, C0AE, both sides", ROUND * ROUNDS / took[0], ",\"unit\":\"/s\",\"detail\":true");
	row("dtls-ratio", "DTLS handshakes, C0AE, openssl provider, for one of OpenSSL's own", took[1] / took[0], ",\"unit\":\"x\",\"min\":1,\"timed\":true");
	row("dtls-jpake-s", "DTLS handshakes on the openssl provider, EC-JPAKE, both sides", ROUND / jpake, ",\"unit\":\"/s\",\"detail\":true");
	return 0;
}
