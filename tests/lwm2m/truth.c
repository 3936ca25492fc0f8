/* truth.c -- the manifest of LwM2M bootstrap against its code. */
#include "crypto.h"
#include "lw-kit.h"
#include "truth.h"

static struct lw_kit k;

static struct party *client(void)
{
	lw_begin(&k, &imp_openssl);
	lw_usual(&k);
	return k.client;
}

static struct party *server(void)
{
	client();
	return k.server;
}

static void play(struct party *p)
{
	(void)p;
	lw_run(&k);
}

static void end(struct party *p)
{
	(void)p;
	lw_end_kit(&k);
}

static const struct truth_case cases[] = {
	{"client", &imp_lwm2m, IMP_DEVICE, client, play, end},
	{"bootstrap server", &imp_lwm2m, IMP_OWNER, server, play, end},
};

int main(void)
{
	return truth_check(cases, sizeof cases / sizeof cases[0]);
}
