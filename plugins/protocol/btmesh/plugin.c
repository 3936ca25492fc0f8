/* plugin.c -- imp.btmesh: one layer, two roles. */
#include "btmesh.h"
#include "role.h"

static const struct role {
	size_t      (*need)(const imp_params *p);
	imp_status  (*init)(void *state, const imp_params *p);
	imp_status  (*step)(void *state, imp_cx *cx, const imp_msg *in);
	const char *(*where)(const void *state);
} roles[] = {
	[IMP_DEVICE] = {btmesh_device_need, btmesh_device_init, btmesh_device_step, btmesh_device_where},
	[IMP_OWNER] = {btmesh_provisioner_need, btmesh_provisioner_init, btmesh_provisioner_step, btmesh_provisioner_where},
};

/* The role stands before its state. */
struct btmesh {
	_Alignas(16) uint16_t role;
	_Alignas(16) uint8_t state[];
};

static const struct role *role_of(unsigned role)
{
	return role < sizeof roles / sizeof roles[0] && roles[role].need ? &roles[role] : NULL;
}

static size_t need(const imp_params *p)
{
	const struct role *r = role_of(p->role);
	return sizeof(struct btmesh) + (r ? r->need(p) : 0);
}

static imp_status init(void *state, const imp_params *p)
{
	struct btmesh *b = state;
	const struct role *r = role_of(p->role);
	b->role = p->role;
	return r ? r->init(b->state, p) : IMP_EARG;
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct btmesh *b = state;
	return roles[b->role].step(b->state, cx, in);
}

static const char *where(const void *state)
{
	const struct btmesh *b = state;
	return roles[b->role].where(b->state);
}

/* --- manifest ------------------------------------------------------------- */

enum { NEEDED = IMP_FACT_NEEDED, SECRET = IMP_FACT_SECRET, MANY = IMP_FACT_MANY, DEVICE = IMP_FACT_DEVICE, OWNER = IMP_FACT_OWNER };

static const imp_fact beliefs[] = {
	{IMP_T_IDENTITY, DEVICE | NEEDED, "btmesh.uuid", "its uuid, 16 bytes"},
	{IMP_T_CONFIG, DEVICE, "btmesh.device", "its elements, what it can show and read, its records"},
	{IMP_T_KEY, DEVICE | SECRET, "btmesh.static", "the secret on its label (static OOB)"},
	{IMP_T_KEY, DEVICE | SECRET, "btmesh.oob", "the private key of its certificate or label (OOB public key)"},
	{IMP_T_COUNTER, DEVICE, "btmesh.tries", "how often it was tried in vain"},
	{IMP_T_NETWORK, DEVICE | NEEDED | SECRET, "btmesh.net", "of a node: the network it is in"},
	{IMP_T_KEY, DEVICE | NEEDED | SECRET, "btmesh.devkey.new", "of a node: the device key to be adopted"},
	{IMP_T_NETWORK, OWNER | NEEDED | SECRET, "btmesh.net", "the network's key, its index, flags and IV index"},
	{IMP_T_CONFIG, OWNER, "btmesh.provisioner", "what it may use, and for how long devices draw attention"},
	{IMP_T_KEY, OWNER | SECRET, "btmesh.static/UUID", "the secret on the device's label (static OOB)"},
	{IMP_T_PEERKEY, OWNER, "btmesh.oob/UUID", "the public key on the device's label (OOB public key)"},
	{IMP_T_ANCHOR, OWNER | MANY, "btmesh.ca", "certificates that devices' certificates lead to"},
	{IMP_T_COUNTER, OWNER, "btmesh.next", "the next free unicast address"},
	{IMP_T_COUNTER, OWNER, "btmesh.tries/UUID", "how often this device was tried in vain"},
	{IMP_T_NETWORK, OWNER | NEEDED, "btmesh.node/UUID", "of a node: its address and number of elements"},
	{0, 0, NULL, NULL}
};

static const imp_fact knowledge[] = {
	{IMP_T_NETWORK, DEVICE | SECRET, "btmesh.net", "the network key, its index, flags, IV index, and the device's address"},
	{IMP_T_KEY, DEVICE | SECRET, "btmesh.devkey", "the device key"},
	{IMP_T_NETWORK, DEVICE | SECRET, "btmesh.net.new", "of a node: its network and new address"},
	{IMP_T_KEY, DEVICE | SECRET, "btmesh.devkey.new", "of a node: the device key candidate"},
	{IMP_T_COUNTER, DEVICE, "btmesh.tries", "how often it was tried in vain"},
	{IMP_T_KEY, OWNER | SECRET, "btmesh.devkey/UUID", "the device key"},
	{IMP_T_KEY, OWNER | SECRET, "btmesh.devkey.new/UUID", "of a node: its device key until it has said that it took it"},
	{IMP_T_NETWORK, OWNER, "btmesh.node/UUID", "the device's address and number of elements"},
	{IMP_T_COUNTER, OWNER, "btmesh.next", "the next free unicast address"},
	{IMP_T_COUNTER, OWNER, "btmesh.tries/UUID", "how often this device was tried in vain"},
	{0, 0, NULL, NULL}
};

static const imp_fact questions[] = {
	{IMP_T_READ, DEVICE, "ACTION", "input OOB: what the provisioner shows: a number or text, or pushes and twists"},
	{IMP_T_CONFIG, DEVICE, "btmesh.record/ID", "the bytes of a provisioning record"},
	{IMP_T_AUTHORIZE, OWNER, "UUID", "provision this device, in this way?"},
	{IMP_T_READ, OWNER, "ACTION", "output OOB: what the device shows, blinks, beeps"},
	{0, 0, NULL, NULL}
};

static const char *const called[] = {[IMP_DEVICE] = "provisionee (unprovisioned device, node)", [IMP_OWNER] = "provisioner", [IMP_RELAY] = NULL, [IMP_MAKER] = NULL, [IMP_RENDEZVOUS] = NULL};

enum { IS = IMP_CLAIM_ALWAYS | OWNER, REPLY = IMP_CLAIM_REPLY | OWNER };

static const imp_claim claims[] = {
	{IMP_T_AUTHORIZE, IMP_T_IDENTITY, IS, IMP_F_BYTES, "the device's uuid, 16 bytes"},
	{IMP_T_AUTHORIZE, IMP_T_CONFIG, IS, IMP_F_MAP, "what it says it can do: elements, algorithms, oob_key, static, only_oob, output, input; oob_info of its beacon"},
	{IMP_T_AUTHORIZE, IMP_T_ACCESS, IS, IMP_F_MAP, "how it will be authenticated: algorithm, oob_key, method (0 none, 1 static, 2 output, 3 input), action, size"},
	{IMP_T_AUTHORIZE, IMP_T_CHAIN, IS, IMP_F_BYTES | IMP_F_SIMPLE, "its certificate in DER, verified; null: it has none"},
	{IMP_T_AUTHORIZE, IMP_T_NETWORK, IS, IMP_F_UINT, "the unicast address it will get"},
	{IMP_T_AUTHORIZE, IMP_T_COUNTER, IS, IMP_F_UINT, "how often it was tried in vain"},
	{IMP_T_AUTHORIZE, IMP_T_PEERKEY, OWNER, IMP_F_BYTES, "its public key, known out of band"},
	{IMP_T_AUTHORIZE, IMP_T_SERVER, OWNER, IMP_F_BYTES, "the hash of its URI, 4 bytes, from its beacon"},
	{IMP_T_AUTHORIZE, IMP_T_NETWORK, REPLY, IMP_F_UINT, "another unicast address"},
	{IMP_T_AUTHORIZE, IMP_T_ACCESS, REPLY, IMP_F_MAP, "another algorithm, method, action or size"},
	{0, 0, 0, 0, NULL}
};

static const int32_t algs[] = {IMP_A_CMAC, IMP_A_HMAC256, IMP_A_CCM8_128, 0};
static const char *const stacks[] = {"pbadv", "pbgatt", "pbremote", NULL};

static const imp_manifest manifest = {
	.size = sizeof(imp_manifest),
	.roles = 1u << IMP_DEVICE | 1u << IMP_OWNER,
	.players = IMP_P_REGISTRAR | IMP_P_USER | IMP_P_MANUFACTURER | IMP_P_PROXY,
	.optional = IMP_P_USER | IMP_P_MANUFACTURER | IMP_P_PROXY,
	.beliefs_in = IMP_B_BLANK | IMP_B_SYMMETRIC | IMP_B_RAWKEY | IMP_B_CERT,
	.discovery = IMP_D_LINK | IMP_D_OOB,
	.trust = IMP_I_PERSON | IMP_I_LABEL | IMP_I_PKI | IMP_I_SECRET | IMP_I_LEAP,
	.authorizer = IMP_Z_POSSESSION | IMP_Z_OWNER,
	.delivers = IMP_V_NETWORK,
	.properties = IMP_Y_ID_IN_CLEAR | IMP_Y_LABEL_SWAP | IMP_Y_MISBINDING | IMP_Y_FORWARD_SECRET,
	.media = 1u << 0 | 1u << IMP_M_TEXT | 1u << IMP_M_PIN | 1u << IMP_M_BLINK | 1u << IMP_M_BEEP | 1u << IMP_M_VIBRATE | 1u << IMP_M_BUTTON,
	.terms = "beaconing, invitation, provisioning records, public key exchange, authentication (no, static, output, input OOB), provisioning data, node, NetKey, DevKey",
	.process = "The unprovisioned device sends beacons with its uuid. A provisioner opens a link, may fetch the device's certificate, hears what it can do and "
	           "chooses how to authenticate it: by a secret on its label, a number that the device or the provisioner shows and a person carries to the other, or not "
	           "at all. Both exchange public keys, commit to random numbers over them and that secret, reveal the numbers, and derive keys; the provisioner sends the "
	           "network key and an address, and both keep a device key.",
	.umbrella = "provisioning",
	.beliefs = beliefs,
	.knowledge = knowledge,
	.questions = questions,
	.algs = algs,
	.stacks = stacks,
	.called = called,
	.claims = claims,
};

const imp_layer imp_btmesh = {
	.size = sizeof(imp_layer),
	.burst = BTMESH_STEP_BURST,
	.id = "imp.btmesh",
	.version = "1",
	.spec = "Mesh Protocol 1.1",
	.offers = IMP_L_NONE,
	.needs = {IMP_L_PROV, IMP_L_NONE, IMP_L_NONE, IMP_L_NONE},
	.manifest = &manifest,
	.need = need,
	.init = init,
	.step = step,
	.where = where,
	.work = btmesh_work,
};

static const imp_layer *const layers[] = {&imp_btmesh, NULL};

IMP_PLUGIN(btmesh) = {
	.size = sizeof(imp_plugin),
	.abi = IMP_ABI,
	.rev = IMP_REV,
	.id = "imp.btmesh",
	.license = "Apache-2.0",
	.layers = layers,
};
