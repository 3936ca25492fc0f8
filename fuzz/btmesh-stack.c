/* btmesh-stack.c -- device and provisioner against each other with forgeable
 * crypto, while the input spoils what crosses between them.
 *
 * The first byte chooses what the device can do, the second what lies below.  For
 * each crossing an item: kind, argument, length, bytes. */
#include "crypto.h"
#include "mesh-kit.h"
#include "pbgatt.h"
#include "pbremote.h"
#include "span.h"

enum { LEAVE, REPLACE, CUT, FLIP, LOSE, DOUBLE, DELAY, KINDS };

static struct mesh k;
static const uint8_t *at, *end;
static imp_crypto fakes[2];
static uint8_t count[2];

static imp_status numbers(const imp_crypto *c, uint8_t *out, size_t len)
{
	size_t who = (size_t)(c - fakes);
	memset(out, 0xfa, len);
	if (len)
		out[0] = (uint8_t)(++count[who] + 100 * who);
	return IMP_OK;
}

/* Two parties have two keys. */
static imp_status keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen)
{
	imp_status st = imp_fake.keygen(&imp_fake, curve, priv, privlen, pub, publen);
	pub[1] = (uint8_t)(c - fakes);
	return st;
}

/* A MAC depends on its input's sum, so that a confirmation is not everybody's. */
static imp_status mac(const imp_crypto *c, int32_t alg, const imp_key *key, const imp_span *in, size_t n, uint8_t *out, size_t len)
{
	imp_status st = imp_fake.mac(c, alg, key, in, n, out, len);
	for (size_t i = 0; i < n && !st; i++)
		for (size_t j = 0; j < in[i].len; j++)
			out[0] = (uint8_t)(out[0] + in[i].ptr[j]);
	return st;
}

static int spoil(struct world *w, struct crossing *x)
{
	size_t n;
	uint8_t kind, arg;
	(void)w;
	if (end - at < 3)
		return PASS;
	kind = at[0];
	arg = at[1];
	n = at[2] < end - at - 3 ? at[2] : (size_t)(end - at - 3);
	at += 3 + n;
	switch (kind % KINDS) {
	case REPLACE:
		x->m->data.len = n < x->cap ? n : x->cap;
		memcpy(x->data, at - n, x->m->data.len);
		break;
	case CUT:
		x->m->data.len = arg < x->m->data.len ? arg : x->m->data.len;
		break;
	case FLIP:
		if (x->m->data.len)
			x->data[arg % x->m->data.len] ^= n ? at[-1] : 1;
		break;
	case LOSE:
		return DROP;
	case DOUBLE:
		return TWICE;
	case DELAY:
		return LATE;
	}
	return PASS;
}

static void begin(uint8_t how, uint8_t what)
{
	static const char *const configs[] = {"a0", "a1666f7574707574820808", "a165696e707574820604", "a1666f757470757482081f", "a26a616c676f726974686d7301677265636f726473820102", "a165696e707574820408", "a1677265636f7264738101", "a168656c656d656e747305"};
	static const imp_layer *const layers[] = {NULL, &imp_pbadv, &imp_pbgatt, &imp_pbremote};
	mesh_begin(&k, &imp_fake, layers[what & 3]);
	for (int i = 0; i < 2; i++) {
		fakes[i] = imp_fake;
		fakes[i].random = numbers;
		fakes[i].keygen = keygen;
		fakes[i].mac = mac;
		count[i] = 0;
	}
	k.device->crypto = &fakes[0];
	k.provisioner->crypto = &fakes[1];
	k.provisioner->params.max_chain = 300;
	mesh_device_is(&k, configs[how & 7]);
	if (how & 8)
		mesh_static(&k, imp_bytes("sixteen bytes...", 16), imp_bytes("sixteen bytes...", 16));
	k.beacon = how & 16 ? 0x180 : 0;
	fact_set(k.device, IMP_T_CONFIG, "btmesh.record/0001", 0, imp_bytes("not quite a certificate, but longer than a fragment of the PDUs that there are here, which is a hundred bytes", 110));
	k.ca = imp_bytes("\x30\x00", how & 32 ? 2 : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n < 2)
		return 0;
	begin(d[0], d[1]);
	k.w.move = 1;
	k.w.fault = spoil;
	k.patience = 65000;
	at = d + 2;
	end = d + n;
	mesh_run_as(&k, d[1] & 16 ? IMP_T_NETWORK : 0, d[1] >> 5 & 3);
	must(!k.d || k.d->done <= 1);
	must(!k.p || k.p->done <= 1);
	must(!fact_get(k.device, IMP_T_KEY, "btmesh.devkey", 0) == !fact_get(k.device, IMP_T_NETWORK, "btmesh.net", 0)); /* never half */
	mesh_end(&k);
	return 0;
}
