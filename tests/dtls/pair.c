/* pair.c -- both sides back to back: every suite, loss, small datagrams,
 * moved sessions, slow answers, second handshakes. */
#include "crypto.h"
#include "dtls-kit.h"
#include "t.h"

#include <stdlib.h>

static int works_both_ways(struct net *n)
{
	net_say(n, &n->client, "ping");
	net_run(n, 1000);
	net_say(n, &n->server, "pong");
	net_run(n, 1000);
	return net_heard(&n->server, "ping") && net_heard(&n->client, "pong");
}

static void pair(const char *name, const imp_layer *c, const imp_layer *s, void (*know)(struct end *))
{
	struct net n;
	char text[100];
	net_begin(&n, c, s, 1);
	know(&n.client);
	know(&n.server);
	net_open(&n, "coaps://[::1]:5684");
	net_run(&n, 100000);
	snprintf(text, sizeof text, "%d datagrams of the client, %d of the server, %d bounced, t %u ms, %d %d", n.client.datagrams, n.server.datagrams, n.server.bounced, (unsigned)n.now, n.client.down, n.server.down);
	t_check(name, n.client.ups == 1 && n.server.ups == 1, text);
	t_check("... data goes both ways", works_both_ways(&n), "");
	t_check("... and both have the same key block, exporter and tls-unique", !memcmp(n.client.block, n.server.block, 40) && !memcmp(n.client.exported, n.server.exported, 32) && !memcmp(n.client.binding, n.server.binding, 12), "");
	net_end(&n);
}

/* --- bad links ------------------------------------------------------------- */

/* Handshakes that end well out of `runs`, over one kind of bad link. */
static void lossy(const char *name, const imp_layer *c, const imp_layer *s, unsigned loss, int size, void (*know)(struct end *))
{
	enum { RUNS = 40 };
	int good = 0, sent = 0, large = 0;
	uint64_t took = 0, worst = 0;
	char claim[120], text[120];
	for (uint32_t i = 0; i < RUNS; i++) {
		struct net n;
		net_begin(&n, c, s, 7 * i + loss);
		know(&n.client);
		know(&n.server);
		n.loss = loss;
		n.twice = n.late = loss;
		n.move = 1;
		net_mtu(&n, size);
		net_open(&n, "coaps://[::1]:5684");
		net_run(&n, 600000);
		good += n.client.ups == 1 && n.server.ups == 1 && !memcmp(n.client.block, n.server.block, 40);
		took += n.now - 1000;
		worst = n.now > worst ? n.now : worst;
		sent += n.sent;
		large += n.client.largest > (size_t)size || n.server.largest > (size_t)size;
		net_end(&n);
	}
	snprintf(claim, sizeof claim, "%s: %d of %d handshakes at %u %% loss, doubling and delay, datagrams of %d bytes", name, good, RUNS, loss, size);
	snprintf(text, sizeof text, "%d datagrams and %u s each, worst %u s", sent / RUNS, (unsigned)(took / RUNS / 1000), (unsigned)(worst / 1000));
	t_check(claim, good == RUNS && !large, text);
}

static void all_losses(const char *name, const imp_layer *c, const imp_layer *s, void (*know)(struct end *))
{
	static const struct { unsigned loss; int mtu; } rows[] = {{0, 80}, {1, 1232}, {5, 200}, {10, 80}, {20, 127}, {30, 80}, {30, 1232}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		lossy(name, c, s, rows[i].loss, rows[i].mtu, know);
}

/* --- hosts ------------------------------------------------------------------- */

static void slow_answers(void)
{
	struct net n;
	char text[60];
	net_begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, 3);
	know_psk(&n.client);
	know_psk(&n.server);
	n.think = 20000;
	net_open(&n, "coaps://[::1]");
	net_run(&n, 200000);
	snprintf(text, sizeof text, "%d and %d datagrams", n.client.datagrams, n.server.datagrams);
	t_check("answers may take 20 s each, and nothing is lost", n.client.ups == 1 && n.server.ups == 1, text);
	t_check("... data goes both ways", works_both_ways(&n), "");
	net_end(&n);
}

static void transparent(void)
{
	struct net n;
	net_begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, 3);
	net_open(&n, "coap://[::1]");
	t_check("a scheme that does not ask for security is passed through: UP without a channel", n.client.ups == 1 && !n.client.channel_suite, "");
	net_say(&n, &n.client, "plain");
	t_check("... and data as it is", n.queued == 1 && n.queue[0].len == 5 && !memcmp(n.queue[0].bytes, "plain", 5), "");
	net_end(&n);
}

/* --- ends ---------------------------------------------------------------------- */

static void closing(void)
{
	struct net n;
	imp_msg shut = imp_say(IMP_SHUT, 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	net_begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, 3);
	know_psk(&n.client);
	know_psk(&n.server);
	net_open(&n, "coaps://[::1]");
	net_run(&n, 10000);
	net_feed(&n, &n.client, &shut);
	net_run(&n, 10000);
	t_check("SHUT is close_notify: the other side hears DOWN(OK)", n.server.downs == 1 && n.server.down == IMP_OK, "");
	t_check("... and no timer is left", imp_session_deadline(n.client.s) == UINT64_MAX && imp_session_deadline(n.server.s) == UINT64_MAX, "");
	net_end(&n);
}

static void silence(void)
{
	struct net n;
	char text[60];
	net_begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, 3);
	know_psk(&n.client);
	n.loss = 100;
	net_open(&n, "coaps://[::1]");
	net_run(&n, 3600000);
	snprintf(text, sizeof text, "after %u s and %d datagrams", (unsigned)((n.now - 1000) / 1000), n.client.datagrams);
	t_check("a peer that is silent: DOWN(ETIME)", n.client.downs == 1 && n.client.down == IMP_ETIME, text);
	net_end(&n);
}

/* The client restarts and comes again from the same address. */
static void second_handshake(int fails)
{
	struct net n;
	static uint8_t wrong[16];
	net_begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, 3);
	know_psk(&n.client);
	know_psk(&n.server);
	net_open(&n, "coaps://[::1]");
	net_run(&n, 10000);
	imp_session_wipe(n.client.s);
	imp_session_init(n.client.mem, imp_session_need(&n.client.t), &n.client.t);
	if (fails)
		n.client.psk = imp_bytes(wrong, sizeof wrong);
	net_open(&n, "coaps://[::1]");
	net_run(&n, 200000);
	if (fails) {
		t_check("a second handshake with a wrong key leaves the first association as it was", n.client.ups == 1 && n.server.ups == 1 && n.server.downs == 0, "");
		net_say(&n, &n.server, "still here");
		t_check("... its keys still work", n.queued == 1 && n.queue[0].bytes[0] == 23, "");
	} else {
		t_check("a client that lost its keys comes again: DOWN, UP", n.client.ups == 2 && n.server.ups == 2 && n.server.downs == 1 && n.server.down == IMP_ELINK, "");
		t_check("... data goes both ways", works_both_ways(&n), "");
	}
	net_end(&n);
}

/* One suite of the layer that has them all, named by the client. */
static void named(const char *name, uint16_t id, void (*know)(struct end *))
{
	static uint8_t bytes[2][64];
	static void (*knows)(struct end *);
	struct net n;
	char text[60];
	knows = know;
	net_begin(&n, &imp_dtls, &imp_dtls, 9);
	knows(&n.client);
	knows(&n.server);
	n.client.options = net_suites(bytes[0], sizeof bytes[0], &id, 1);
	n.server.options = net_suites(bytes[1], sizeof bytes[1], &id, 1);
	net_open(&n, "coaps://[::1]");
	net_run(&n, 10000);
	snprintf(text, sizeof text, "%04x, at most %d bytes in a datagram of 1400", n.client.channel_suite, n.client.room);
	t_check(name, n.client.ups == 1 && n.server.ups == 1 && n.client.channel_suite == id && works_both_ways(&n), text);
	net_end(&n);
}

static void know_nothing(struct end *e)
{
	(void)e;
}

static void all_named(void)
{
	named("C0A8 named", IMP_DTLS_PSK_CCM8, know_psk);
	named("00AE named", IMP_DTLS_PSK_CBC, know_psk);
	named("C037 named", IMP_DTLS_ECDHE_PSK_CBC, know_psk);
	named("C0AE named", IMP_DTLS_ECDHE_ECDSA_CCM8, know_cert);
	named("C023 named", IMP_DTLS_ECDHE_ECDSA_CBC, know_cert);
	named("C0FF named", IMP_DTLS_ECJPAKE_CCM8, know_password);
	named("FF00 named", IMP_DTLS_ECDH_ANON_CBC, know_nothing);
}

/* What a session takes, without certificates. */
static void sizes(void)
{
	static const struct { const imp_layer *y; size_t most; } rows[] = {
		{&imp_dtls_psk_client, 2200}, {&imp_dtls_psk, 2600}, {&imp_dtls_jpake_client, 3300}, {&imp_dtls_jpake, 3400}, {&imp_dtls, 3800},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		imp_params p = {sizeof p, 0, 0, 1024, 0};
		char claim[100];
		snprintf(claim, sizeof claim, "%s: %u bytes of session, at most %u", rows[i].y->id, (unsigned)rows[i].y->need(&p), (unsigned)rows[i].most);
		t_check(claim, rows[i].y->need(&p) <= rows[i].most, "");
	}
}

int main(void)
{
	sizes();
	kit_crypto = &imp_openssl;
	all_named();
	pair("C0A8", &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	pair("C0AE with certificates", &imp_dtls, &imp_dtls, know_cert);
	pair("C0AE with raw keys", &imp_dtls, &imp_dtls, know_raw);
	pair("C0FF", &imp_dtls_jpake_client, &imp_dtls_jpake, know_password);
	kit_crypto = &imp_bearssl;
	all_named();
	pair("C0A8 with BearSSL", &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	pair("C0AE with BearSSL", &imp_dtls, &imp_dtls, know_cert);
	pair("C0FF with BearSSL", &imp_dtls_jpake_client, &imp_dtls_jpake, know_password);
	kit_crypto = &imp_openssl;
	all_losses("C0A8", &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	all_losses("C0AE", &imp_dtls, &imp_dtls, know_cert);
	all_losses("C0FF", &imp_dtls_jpake_client, &imp_dtls_jpake, know_password);
	slow_answers();
	transparent();
	closing();
	silence();
	second_handshake(0);
	second_handshake(1);
	return t_end();
}
