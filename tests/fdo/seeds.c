/* fdo-seeds.c -- run whole onboardings under forged crypto and write what
 * crossed as seeds of the fuzz targets: fdo-seeds DIR, where DIR is
 * fuzz/corpus.  Run by hand when messages change. */
#include "crypto.h"
#include "fdo-kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *dir;
static uint8_t story[1 << 16]; /* of fdo-device: its replies in order */
static size_t story_len;
static int seeds;

static void save(const char *target, const char *name, const uint8_t *p, size_t n)
{
	char path[512];
	FILE *f;
	snprintf(path, sizeof path, "%s/%s", dir, target);
	mkdir(path, 0777);
	snprintf(path, sizeof path, "%s/%s/%s", dir, target, name);
	f = fopen(path, "wb");
	if (!f || fwrite(p, 1, n, f) != n || fclose(f))
		abort();
	seeds++;
}

/* What forged crypto encrypts is the plain text and its tag. */
static imp_span open_up(int type, imp_span in)
{
	imp_rd r = imp_rd_of(in);
	imp_cose m;
	if (type < FDO_TO2_SETUP_DEVICE || type > FDO_TO2_DONE2)
		return in;
	imp_cose_read(&r, IMP_COSE_ENCRYPT0, &m);
	return imp_rd_end(&r) || m.payload.len < 16 ? in : imp_bytes(m.payload.ptr, m.payload.len - 16);
}

static void as_message(int type, imp_span body, const char *story_name)
{
	static uint8_t out[1 << 16];
	char name[64];
	const char *target = type < 20 || type == 255 ? "fdo-di" : type < 30 ? "fdo-to0" : type < 33 || type == 64 ? "fdo-to1" : type == 68 || type == 69 ? "fdo-serviceinfo" : "fdo-to2";
	out[0] = (uint8_t)type;
	memcpy(out + 1, body.ptr, body.len);
	snprintf(name, sizeof name, "%s-%d-%zu", story_name, type, body.len);
	if (type != 33)
		save(target, name, out, body.len + 1);
}

static const char *story_name;
static int recording;

static void save_to1d(imp_span blob)
{
	uint8_t out[1024] = {33};
	imp_rd r = imp_rd_of(blob);
	imp_cose m;
	imp_cose_read(&r, IMP_COSE_SIGN1, &m);
	if (imp_rd_end(&r) || m.payload.len >= sizeof out)
		abort();
	memcpy(out + 1, m.payload.ptr, m.payload.len);
	save("fdo-to0", "to1d", out, m.payload.len + 1);
}

static int fault(struct world *w, struct crossing *x)
{
	imp_span body = open_up(x->type, x->m->data);
	fdo_owner_sign m;
	(void)w;
	as_message(x->type, body, story_name);
	if (x->type == 22 && !fdo_read_owner_sign(body, &m))
		save("fdo-voucher", story_name, m.voucher.ptr, m.voucher.len);
	if (x->type == 33)
		save_to1d(body);
	if (!recording || !x->reply || story_len + x->m->data.len + 3 > sizeof story || (x->type >= 20 && x->type < 30))
		return PASS;
	story[story_len++] = x->type == 255 ? 4 : 0;
	story[story_len++] = (uint8_t)(x->m->data.len >> 8);
	story[story_len++] = (uint8_t)x->m->data.len;
	memcpy(story + story_len, x->m->data.ptr, x->m->data.len);
	story_len += x->m->data.len;
	return PASS;
}

/* Of the owner only: else its new GUID would be the old one. */
static imp_status other_random(const imp_crypto *c, uint8_t *out, size_t len)
{
	(void)c;
	memset(out, 0xfb, len);
	return IMP_OK;
}

/* One onboarding as two stories of the device: DI, and TO1 with TO2. */
static void record(const char *name, enum kit_kind kind, enum fdo_kex kex, int32_t cipher, uint8_t enc, const char *action)
{
	static imp_crypto other;
	struct kit k;
	char file[64], fact[64];
	imp_status st;
	story_name = name;
	kit_begin(&k, kind, kind, kex, cipher, enc);
	k.w.fault = fault;
	story[0] = 1;
	story_len = 1;
	recording = 1;
	if (!kit_di(&k) || !kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER)) {
		fprintf(stderr, "%s: the factory failed\n", name);
		exit(1);
	}
	snprintf(file, sizeof file, "%s-di", name);
	save("fdo-device", file, story, story_len);
	recording = 0;
	kit_to0(&k, k.owner);
	other = imp_fake;
	other.random = other_random;
	k.owner->crypto = &other;
	if (action) {
		snprintf(fact, sizeof fact, "%s/serviceinfo", k.guid);
		fact_set(k.owner, IMP_T_CONFIG, fact, 0, imp_bytes(action + 1, (size_t)(uint8_t)action[0]));
		fact_set(k.owner, IMP_T_IMAGE, "fw", 0, imp_bytes("firmware", 8));
	}
	story[0] = 0;
	story_len = 1;
	recording = 1;
	st = kit_onboard(&k);
	printf("%s: %d, %zu bytes, owner %s, rv %s\n", name, (int)st, story_len, k.owner->last_where, k.rv->last_where);
	snprintf(file, sizeof file, "%s-to", name);
	save("fdo-device", file, story, story_len);
	kit_end(&k);
}

int main(int argc, char **argv)
{
	static const char download[] = "\x22\x82\x6c" "fdo.download\xa2\x64" "name\x65" "a.bin\x64" "fact\x62" "fw";
	static const char command[] = "\x1f\x82\x6b" "fdo.command\xa2\x67" "command\x62" "ls\x64" "args\x80";
	if (argc != 2)
		return 2;
	dir = argv[1];
	kit_crypto = &imp_fake;
	record("p256", KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509, NULL);
	record("chain", KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X5CHAIN, download);
	record("cosekey", KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_COSEKEY, command);
	printf("%d seeds\n", seeds);
	return 0;
}
