/* seeds.c -- seeds for fuzz/dtls.c and the parsers: whole handshakes on the
 * fake crypto, as each side hears them.  dtls-seeds DIR */
#include "crypto.h"
#include "dtls-kit.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t heard[2][8192];
static size_t len[2];
static const char *dir;

static void write_file(const char *target, const char *name, const uint8_t *p, size_t n)
{
	char path[300];
	FILE *f;
	snprintf(path, sizeof path, "%s/%s/%s", dir, target, name);
	f = fopen(path, "wb");
	if (!f || fwrite(p, 1, n, f) != n)
		abort();
	fclose(f);
}

static int record(struct net *n, int to, uint8_t *bytes, size_t *size)
{
	uint8_t *p = heard[to] + len[to];
	char name[60];
	static int count;
	uint8_t datagram[KIT_DATAGRAM + 1];
	(void)n;
	p[0] = 0;
	p[1] = (uint8_t)(*size >> 8);
	p[2] = (uint8_t)*size;
	memcpy(p + 3, bytes, *size);
	len[to] += 3 + *size;
	datagram[0] = 0;
	memcpy(datagram + 1, bytes, *size);
	snprintf(name, sizeof name, "datagram-%d", count);
	write_file("dtls-record", name, datagram, *size + 1);
	if (bytes[0] == 22 && !bytes[4]) {
		snprintf(name, sizeof name, "record-%d", count);
		write_file("dtls-handshake", name, bytes + 13, *size - 13);
		snprintf(name, sizeof name, "body-%d", count);
		write_file("dtls-handshake", name, bytes + 25, *size - 25);
	}
	count++;
	return 1;
}

int main(int argc, char **argv)
{
	static const uint8_t cid[] = {0xa1, 0x63, 'c', 'i', 'd', 0xf5};
	static const imp_layer *const layers[] = {&imp_dtls_psk, &imp_dtls, &imp_dtls_jpake, &imp_dtls};
	static void (*const know[])(struct end *) = {know_psk, know_cert, know_password, know_psk};
	static const char *const names[] = {"psk", "cert", "jpake", "cid"};
	if (argc != 2)
		return 1;
	dir = argv[1];
	kit_crypto = &imp_fake;
	for (int what = 0; what < 4; what++) {
		struct net n;
		char name[60];
		uint8_t all[40] = {(uint8_t)what};
		len[0] = len[1] = 1;
		net_begin(&n, layers[what], layers[what], 1);
		know[what](&n.client);
		know[what](&n.server);
		if (what == 3) {
			n.client.options = n.server.options = imp_bytes(cid, sizeof cid);
			n.server.suite = IMP_DTLS_ECDHE_PSK_CBC;
		}
		n.tamper = record;
		net_open(&n, "coaps://h");
		net_run(&n, 10000);
		if (n.client.ups != 1 || n.server.ups != 1)
			abort();
		net_say(&n, &n.client, "ping");
		net_say(&n, &n.server, "pong");
		net_run(&n, 1000);
		heard[1][0] = (uint8_t)(what | 1 << 2);
		heard[0][0] = (uint8_t)(what | 2 << 2);
		snprintf(name, sizeof name, "%s-server", names[what]);
		write_file("dtls", name, heard[1], len[1]);
		snprintf(name, sizeof name, "%s-client", names[what]);
		write_file("dtls", name, heard[0], len[0]);
		snprintf(name, sizeof name, "%s-pair", names[what]);
		write_file("dtls", name, all, sizeof all);
		all[0] |= 16;
		snprintf(name, sizeof name, "%s-small", names[what]);
		write_file("dtls", name, all, sizeof all);
		net_end(&n);
	}
	return 0;
}
