/* truth.c -- the manifest against both roles. */
#include "bytes.h"
#include "crypto.h"
#include "mesh-kit.h"
#include "pbremote.h"
#include "truth.h"

static struct mesh k;

/* A device with everything: a label, a certificate, records; which way it is
 * authenticated, `config` says. */
static void everything(const char *config, int label)
{
	static const uint8_t secret[16] = "upon its label..";
	uint8_t flat[IMP_KEY_HEAD + 32], b[1024], point[64];
	imp_key key = {IMP_C_P256, IMP_KEY_PRIVATE, 0, imp_bytes(0, 0)};
	mesh_begin(&k, &imp_openssl, NULL);
	k.w.unix_time = 2000000000;
	k.provisioner->params.max_chain = 1024;
	mesh_device_is(&k, config);
	imp_key_head(&key, flat);
	t_hex("529aa0670d72cd6497502ed473502b037e8803b5c60829a5a3caa219505530ba", flat + IMP_KEY_HEAD, 32);
	fact_set(k.device, IMP_T_KEY, "btmesh.oob", 0, imp_bytes(flat, sizeof flat));
	fact_set(k.device, IMP_T_CONFIG, "btmesh.record/0001", 0, t_file("btmesh/device.der", b, sizeof b));
	fact_set(k.device, IMP_T_COUNTER, "btmesh.tries", 0, imp_bytes("\1", 1));
	fact_set(k.provisioner, IMP_T_COUNTER, "btmesh.tries/" MESH_UUID, 0, imp_bytes("\1", 1));
	fact_set(k.provisioner, IMP_T_COUNTER, "btmesh.next", 0, imp_bytes("\5", 1));
	fact_set(k.provisioner, IMP_T_CONFIG, "btmesh.provisioner", 0, imp_bytes("\xa0", 1));
	t_hex("f465e43ff23d3f1b9dc7dfc04da8758184dbc966204796eccf0d6cf5e16500cc0201d048bcbbd899eeefc424164e33c201c2b010ca6b4d43a8a155cad8ecb279", point, sizeof point);
	fact_set(k.provisioner, IMP_T_PEERKEY, "btmesh.oob/" MESH_UUID, 0, imp_bytes(point, sizeof point));
	if (label)
		mesh_static(&k, imp_bytes(secret, 16), imp_bytes(secret, 16));
}

#define RECORDS "677265636f7264738101"

/* A device may lack what it has on its label only if nobody knows that it has it. */
static struct party *device(void)
{
	fact_drop(k.provisioner, IMP_T_KEY, "btmesh.static/" MESH_UUID);
	fact_drop(k.provisioner, IMP_T_PEERKEY, "btmesh.oob/" MESH_UUID);
	return k.device;
}

static struct party *device_label(void)
{
	everything("a1" RECORDS, 1);
	return device();
}

static struct party *device_input(void)
{
	everything("a2" RECORDS "65696e707574820604", 0);
	k.beacon = 0x180;
	return device();
}

static struct party *provisioner_label(void)
{
	everything("a1" RECORDS, 1);
	return k.provisioner;
}

static struct party *provisioner_certificate(void)
{
	static uint8_t ca[1024];
	everything("a2" RECORDS "666f7574707574820608", 0);
	k.beacon = 0x180;
	k.ca = t_file("btmesh/ca.der", ca, sizeof ca);
	return k.provisioner;
}

static void provision(struct party *p)
{
	(void)p;
	mesh_run(&k);
}

static void end(struct party *p)
{
	(void)p;
	mesh_end(&k);
}

/* --- a node ----------------------------------------------------------------------- */

static void node(void)
{
	everything("a1" RECORDS, 1);
	mesh_run(&k);
}

static struct party *device_node(void)
{
	node();
	return device();
}

static struct party *provisioner_of_node(void)
{
	node();
	return k.provisioner;
}

static void renew(struct party *p)
{
	(void)p;
	mesh_below(&k, &imp_pbremote);
	mesh_run_as(&k, IMP_T_NETWORK, 0);
}

static struct party *device_renewed(void)
{
	node();
	renew(NULL);
	return k.device;
}

static void adopt(struct party *p)
{
	world_kill(k.d);
	world_start(p, IMP_T_KEY, imp_bytes(0, 0));
	world_run(p->w, 1000);
}

static const struct truth_case cases[] = {
	{"device, with a label that nobody has read", &imp_btmesh, IMP_DEVICE, device_label, provision, end},
	{"device, by a number that is typed", &imp_btmesh, IMP_DEVICE, device_input, provision, end},
	{"device, a node that gets a new key", &imp_btmesh, IMP_DEVICE, device_node, renew, end},
	{"device, a node that adopts it", &imp_btmesh, IMP_DEVICE, device_renewed, adopt, end},
	{"provisioner, by the device's label", &imp_btmesh, IMP_OWNER, provisioner_label, provision, end},
	{"provisioner, by its certificate and a number that it shows", &imp_btmesh, IMP_OWNER, provisioner_certificate, provision, end},
	{"provisioner, a new key for a node", &imp_btmesh, IMP_OWNER, provisioner_of_node, renew, end},
};

int main(void)
{
	return truth_check(cases, sizeof cases / sizeof cases[0]);
}
