/* starve.c -- a handshake in which the n-th room() or emit() fails, for all n:
 * the link that it happened on ends or the handshake does without, and nothing
 * is read or written out of place (run it under valgrind). */
#include "crypto.h"
#include "dtls-kit.h"
#include "starve.h"
#include "t.h"

static void hungry(const char *name, const imp_layer *y, void (*know)(struct end *))
{
	char claim[100], text[60];
	int up = 0, ended = 0, wrong = 0, n;
	for (n = 1;; n++) {
		struct net w;
		net_begin(&w, starve_layer(y), starve_layer(y), 5);
		know(&w.client);
		know(&w.server);
		starve_at((unsigned)n);
		net_open(&w, "coaps://h");
		net_run(&w, 400000);
		net_say(&w, &w.client, "ping");
		net_run(&w, 1000);
		if (!starve_reached()) {
			net_end(&w);
			break;
		}
		up += w.client.ups && w.server.ups;
		ended += w.client.downs || w.server.downs;
		wrong += w.client.ups && w.server.ups && memcmp(w.client.block, w.server.block, 40) != 0;
		net_end(&w);
	}
	snprintf(claim, sizeof claim, "%s: %d places to starve in, and both sides agree or the link ends", name, n - 1);
	snprintf(text, sizeof text, "%d came up all the same, %d ended", up, ended);
	t_check(claim, n > 10 && !wrong && up && ended, text);
}

int main(void)
{
	kit_crypto = &imp_openssl;
	hungry("C0A8", &imp_dtls_psk, know_psk);
	hungry("C0AE", &imp_dtls, know_cert);
	hungry("C0FF", &imp_dtls_jpake, know_password);
	return t_end();
}
