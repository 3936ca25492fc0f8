/* peer.c -- one DTLS client or server on loopback, for the interop tests.
 *
 *   peer client 127.0.0.1:PORT OPTIONS   says "hello" when UP, prints what comes, closes
 *   peer server 127.0.0.1:0    OPTIONS   prints its address, sends back what comes
 *
 *   suite=C0A8[,...]  psk=IDENTITY:HEX  password=TEXT  key=FILE.der  cert=FILE.der  raw=FILE.der
 *   anchor=FILE.der   peer=FILE.der (the peer's raw key)  cid  sni=TEXT  crypto=bearssl  block  noauth
 *   coap: CoAP on it; the client asks for /, the server answers "hello" to all
 *
 * Lines on standard output: "port", "up SUITE peer LEN id ...", "rx TEXT",
 * "down STATUS ALERT".  A client exits 0 after its echo, 1 after DOWN, 2 after
 * ten seconds. */
#include "cbor.h"
#include "coap.h"
#include "crypto.h"
#include "dtls.h"
#include "io/io.h"
#include "x509.h"

#include <stdlib.h>

#define NONE imp_bytes(0, 0)

struct file { uint8_t bytes[4096]; size_t len; };

static struct {
	int server, raw, cid, noauth, block, coap, heard;
	uint16_t suites[8];
	size_t suites_n;
	const char *identity, *password, *sni;
	uint8_t psk[64];
	size_t psk_len;
	struct file key, cert, anchor, peer;
	const imp_crypto *crypto;
	uint8_t flat[IMP_KEY_HEAD + 32], options[256], chain[4096];
	size_t options_len, chain_len;
} o;

/* --- options ---------------------------------------------------------------- */

static void load(struct file *f, const char *name)
{
	FILE *h = fopen(name, "rb");
	if (!h) {
		perror(name);
		exit(3);
	}
	f->len = fread(f->bytes, 1, sizeof f->bytes, h);
	fclose(h);
}

static void read_psk(char *arg)
{
	char *hex = strrchr(arg, ':');
	*hex++ = 0;
	o.identity = arg;
	for (; hex[0] && hex[1] && o.psk_len < sizeof o.psk; hex += 2) {
		char two[3] = {hex[0], hex[1], 0};
		o.psk[o.psk_len++] = (uint8_t)strtoul(two, NULL, 16);
	}
}

static void read_suites(char *arg)
{
	for (char *p = strtok(arg, ","); p && o.suites_n < 8; p = strtok(NULL, ","))
		o.suites[o.suites_n++] = (uint16_t)strtoul(p, NULL, 16);
}

static void read_option(char *arg)
{
	char *v = strchr(arg, '=');
	if (v)
		*v++ = 0;
	if (!strcmp(arg, "suite"))
		read_suites(v);
	else if (!strcmp(arg, "psk"))
		read_psk(v);
	else if (!strcmp(arg, "password"))
		o.password = v;
	else if (!strcmp(arg, "key"))
		load(&o.key, v);
	else if (!strcmp(arg, "cert") || !strcmp(arg, "raw"))
		load(&o.cert, v);
	else if (!strcmp(arg, "anchor"))
		load(&o.anchor, v);
	else if (!strcmp(arg, "peer"))
		load(&o.peer, v);
	else if (!strcmp(arg, "sni"))
		o.sni = v;
	else if (!strcmp(arg, "crypto") && !strcmp(v, "bearssl"))
		o.crypto = &imp_bearssl;
	o.raw |= !strcmp(arg, "raw");
	o.cid |= !strcmp(arg, "cid");
	o.noauth |= !strcmp(arg, "noauth");
	o.block |= !strcmp(arg, "block");
	o.coap |= !strcmp(arg, "coap");
}

static void make_options(void)
{
	imp_wr w = imp_wr_to(o.options, sizeof o.options);
	imp_cbor_put_map(&w, 2u + (o.raw != 0) + (o.cid != 0) + (o.sni != NULL) + (o.suites_n != 0));
	imp_cbor_put_text(&w, "timeout");
	imp_cbor_put_uint(&w, 400);
	imp_cbor_put_text(&w, "auth");
	imp_cbor_put_bool(&w, !o.noauth);
	if (o.suites_n) {
		imp_cbor_put_text(&w, "suites");
		imp_cbor_put_array(&w, o.suites_n);
		for (size_t i = 0; i < o.suites_n; i++)
			imp_cbor_put_uint(&w, o.suites[i]);
	}
	if (o.raw) {
		imp_cbor_put_text(&w, "types");
		imp_cbor_put_array(&w, 1);
		imp_cbor_put_uint(&w, 2);
	}
	if (o.cid) {
		imp_cbor_put_text(&w, "cid");
		imp_cbor_put_bool(&w, 1);
	}
	if (o.sni) {
		imp_cbor_put_text(&w, "sni");
		imp_cbor_put_text(&w, o.sni);
	}
	o.options_len = w.len;
}

static void make_credentials(void)
{
	imp_key k;
	imp_wr w = imp_wr_to(o.chain, sizeof o.chain);
	if (o.key.len && imp_priv_read(imp_bytes(o.key.bytes, o.key.len), &k) == IMP_OK && k.bits.len == 32) {
		k.flags = IMP_KEY_PRIVATE;
		imp_key_head(&k, o.flat);
		memcpy(o.flat + IMP_KEY_HEAD, k.bits.ptr, 32);
	}
	if (!o.raw) {
		imp_wr_u8(&w, 0);
		imp_wr_be16(&w, (uint16_t)o.cert.len);
	}
	imp_wr_bytes(&w, imp_bytes(o.cert.bytes, o.cert.len));
	o.chain_len = w.len;
}

/* --- answers ------------------------------------------------------------------- */

static imp_status verify(const imp_msg *ask)
{
	imp_span certs[4], anchor = imp_bytes(o.anchor.bytes, o.anchor.len);
	imp_rd x = imp_rd_of(ask->data);
	size_t n = 0, which;
	const char *why = "";
	if (!ask->data.len)
		return IMP_EDENIED;
	if (ask->code == 2)
		return imp_same(ask->data, imp_bytes(o.peer.bytes, o.peer.len)) ? IMP_OK : IMP_EAUTH;
	while (imp_rd_left(&x) && n < 4) {
		imp_span len = imp_rd_bytes(&x, 3);
		certs[n++] = imp_rd_bytes(&x, len.len ? (size_t)(len.ptr[0] << 16 | len.ptr[1] << 8 | len.ptr[2]) : 0);
	}
	return imp_chain_verify(o.crypto, certs, n, &anchor, 1, 0, &why, &which);
}

static void answer(imp_io_pool *p, uint64_t id, const imp_msg *ask)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, IMP_OK, ask->ticket, NONE, NONE);
	a.code = IMP_EFACT;
	if (ask->topic == IMP_T_VERIFY)
		a.code = verify(ask);
	else if (ask->topic == IMP_T_KEY)
		a.data = imp_bytes(o.flat, sizeof o.flat);
	else if (ask->code == IMP_K_OFFER)
		a.data = imp_bytes(o.options, o.options_len);
	else if (ask->code == IMP_K_PSK && o.identity && (!o.server || imp_same(ask->name, imp_bytes(o.identity, strlen(o.identity))))) {
		a.name = imp_bytes(o.identity, strlen(o.identity));
		a.data = imp_bytes(o.psk, o.psk_len);
	} else if (ask->code == IMP_K_PASSWORD && o.password)
		a.data = imp_bytes(o.password, strlen(o.password));
	else if ((ask->code == IMP_K_CERT || ask->code == IMP_K_RAW) && o.cert.len) {
		a.name = imp_bytes("key", 3);
		a.data = imp_bytes(o.chain, o.chain_len);
	}
	if (a.data.len)
		a.code = IMP_OK;
	imp_io_feed(p, id, &a);
}

/* --- what is heard ---------------------------------------------------------------- */

static void print_hex(const char *name, imp_span s)
{
	printf(" %s ", name);
	for (size_t i = 0; i < s.len; i++)
		printf("%02x", s.ptr[i]);
}

static void tell_up(const imp_msg *m)
{
	uint8_t bytes[40];
	const imp_channel *c = m->channel;
	if (!c) {
		printf("up plain\n");
		return;
	}
	printf("up %04x", c->suite);
	print_hex("id", c->peer_id);
	if (c->derive(c, "EXPORTER-imprint", NONE, bytes, 16) == IMP_OK)
		print_hex("exporter", imp_bytes(bytes, 16));
	if (o.block && c->derive(c, "=key_block", NONE, bytes, 40) == IMP_OK)
		print_hex("block", imp_bytes(bytes, 40));
	printf("\n");
}

static void heard_coap(imp_io_pool *p, uint64_t id, const imp_msg *m)
{
	imp_msg say = imp_say(IMP_TX, 0xffff, IMP_GET, 1, imp_bytes("/", 1), NONE);
	if (m->verb == IMP_RX)
		say = imp_say(IMP_ANSWER, 0, 205, m->ticket, NONE, imp_bytes("hello\n", 6));
	if (m->verb == IMP_RX || (m->verb == IMP_UP && !o.server))
		imp_io_feed(p, id, &say);
	if (m->verb == IMP_RX || m->verb == IMP_ANSWER) {
		printf("rx %d %.*s\n", m->code, (int)m->data.len, (const char *)m->data.ptr);
		o.heard = m->code > 0 ? 1 : -1;
	}
}

static void heard(void *user, imp_io_pool *p, uint64_t id, const imp_msg *m)
{
	imp_msg tx = imp_say(IMP_TX, 0, 0, 0, NONE, imp_bytes("hello\n", 6)), shut = imp_say(IMP_SHUT, 0, 0, 0, NONE, NONE);
	(void)user;
	if (m->verb == IMP_ASK)
		answer(p, id, m);
	if (m->verb == IMP_UP)
		tell_up(m);
	if (o.coap && m->verb != IMP_DOWN) {
		heard_coap(p, id, m);
	} else if (m->verb == IMP_UP) {
		if (!o.server)
			imp_io_feed(p, id, &tx);
	} else if (m->verb == IMP_RX) {
		printf("rx %.*s%s", (int)m->data.len, (const char *)m->data.ptr, m->data.len && m->data.ptr[m->data.len - 1] == '\n' ? "" : "\n");
		o.heard = 1;
		tx.data = m->data;
		imp_io_feed(p, id, o.server ? &tx : &shut);
	} else if (m->verb == IMP_DOWN) {
		printf("down %d %d\n", m->code, m->topic);
		o.heard = o.heard ? o.heard : -1;
	}
	fflush(stdout);
}

static void late(uv_timer_t *t)
{
	uv_stop(t->loop);
}

static int run(const char *role, const char *address)
{
	uv_loop_t loop;
	uv_timer_t t;
	imp_io *io;
	imp_stack s = {.size = sizeof s, .crypto = o.crypto, .params = {sizeof(imp_params), 0, 0, 4096, 4096}};
	imp_io_options q = {.name = "peer", .stack = &s, .count = 16, .heard = heard};
	imp_io_pool *p;
	char text[100];
	imp_msg open;
	uv_loop_init(&loop);
	uv_timer_init(&loop, &t);
	io = imp_io_new(&loop, o.crypto);
	s.link[0][o.coap ? 1 : 0] = &imp_dtls;
	if (o.coap)
		s.link[0][0] = &imp_coap;
	p = imp_io_pool_new(io, &q);
	o.server = !strcmp(role, "server");
	snprintf(text, sizeof text, o.server ? "udp:%s" : "coaps://%s", address);
	if (o.server) {
		char bound[64] = "";
		if (imp_io_listen(p, text, 16, bound) < 0)
			return 3;
		printf("port %s\n", strrchr(bound, ':') + 1);
		fflush(stdout);
		uv_run(&loop, UV_RUN_DEFAULT);
		return 0;
	}
	open = imp_say(IMP_OPEN, 0, 0, 1, imp_bytes(text, strlen(text)), imp_bytes(o.options, o.options_len));
	imp_io_start(p, NONE, &open);
	uv_timer_start(&t, late, 10000, 0);
	while (!o.heard && uv_is_active((uv_handle_t *)&t))
		uv_run(&loop, UV_RUN_ONCE);
	return o.heard > 0 ? 0 : o.heard < 0 ? 1 : 2;
}

int main(int argc, char **argv)
{
	o.crypto = &imp_openssl;
	for (int i = 3; i < argc; i++)
		read_option(argv[i]);
	if (argc < 3)
		return 3;
	make_options();
	make_credentials();
	return run(argv[1], argv[2]);
}
