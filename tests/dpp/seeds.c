/* dpp-seeds.c -- what the fuzz targets begin with: runs under the fake crypto as
 * fuzz/dpp-stack.c reads them, and the frames among them.
 *
 *	dpp-seeds DIR     DIR/dpp-stack/NAME, DIR/dpp-frame/NAME-N */
#include "crypto.h"
#include "dpp-kit.h"
#include "../../fuzz/dpp-stack.h"

#include <stdio.h>
#include <stdlib.h>

static struct dkit k;
static struct party *watched;
static FILE *out;
static const char *dir, *run;
static int frames;

static void item(uint8_t kind, uint8_t arg, imp_span data)
{
	uint8_t head[4] = {kind, arg, (uint8_t)data.len, (uint8_t)(data.len >> 8)};
	fwrite(head, 1, 4, out);
	fwrite(data.ptr, 1, data.len, out);
}

static void frame(imp_span data)
{
	char path[256];
	FILE *f;
	snprintf(path, sizeof path, "%s/dpp-frame/%s-%d", dir, run, ++frames);
	f = fopen(path, "wb");
	if (!f)
		exit(1);
	fputc(0, f);
	fwrite(data.ptr, 1, data.len, f);
	fclose(f);
}

static void record(struct world *w, struct sess *s, const imp_msg *m)
{
	int wire = m->verb == IMP_RX || (m->verb == IMP_ANSWER && m->ticket && m->data.len > 20 && m->data.ptr[0] == 0 && m->data.ptr[1] == 0x10);
	(void)w;
	if (s->p != watched)
		return;
	if (m->verb == IMP_UP)
		item(STACK_UP, 0, imp_bytes(NULL, 0));
	if (wire)
		frame(m->data);
	if (m->verb == IMP_RX)
		item(m->topic == IMP_DPP_GAS ? STACK_GAS : STACK_FRAME, 6, m->data);
	else if (wire)
		item(STACK_REPLY, 0, m->data);
}

static void one(const char *name, int owner, uint16_t device_topic, uint16_t owner_topic, uint8_t topic, uint8_t flags)
{
	static const char *const mutual[] = {"mutual", "true", NULL};
	char path[256];
	run = name;
	frames = 0;
	snprintf(path, sizeof path, "%s/dpp-stack/%s", dir, name);
	out = fopen(path, "wb");
	if (!out)
		exit(1);
	fputc((owner ? STACK_OWNER : 0) | topic * STACK_TOPIC | flags, out);
	dkit_begin(&k, &imp_fake, IMP_C_P256);
	if (flags & STACK_MUTUAL) {
		dkit_config(&k, k.device, "dpp.uri", mutual);
		dkit_config(&k, k.owner, "dpp.uri", mutual);
	}
	dkit_codes(&k);
	k.reads = k.uri[0];
	watched = owner ? k.owner : k.device;
	k.w.record = record;
	dkit_run(&k, device_topic, owner_topic, 100000);
	printf("%s: %s, %d frames\n", name, dkit_configured(&k) ? "configured" : dkit_said, frames);
	dkit_end(&k);
	fclose(out);
}

int main(int argc, char **argv)
{
	dir = argc > 1 ? argv[1] : ".";
	for (int owner = 0; owner < 2; owner++) {
		one(owner ? "owner-begins" : "device-answers", owner, 0, IMP_T_PEERKEY, (uint8_t)owner, 0);
		one(owner ? "owner-answers" : "device-begins", owner, IMP_T_PEERKEY, 0, (uint8_t)!owner, 0);
		one(owner ? "owner-mutual" : "device-mutual", owner, IMP_T_PEERKEY, 0, (uint8_t)!owner, STACK_MUTUAL);
		one(owner ? "owner-pkex" : "device-pkex", owner, IMP_T_KEY, 0, owner ? 0 : 2, 0);
		one(owner ? "owner-pkex-begins" : "device-pkex-answers", owner, 0, IMP_T_KEY, owner ? 2 : 0, 0);
		one(owner ? "owner-hears" : "device-announces", owner, IMP_T_SHOW, 0, owner ? 0 : 3, 0);
	}
	return 0;
}
