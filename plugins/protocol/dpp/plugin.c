/* plugin.c -- imp.dpp: one layer, two roles; whose frame is it? */
#include "dpp.h"
#include "ct.h"
#include "role.h"
#include "enrollee.h"

/* The role stands before its state. */
struct dpp {
	_Alignas(16) uint16_t role;
	_Alignas(16) uint8_t state[];
};

static size_t need(const imp_params *p)
{
	size_t n = p->role == IMP_OWNER ? dpp_configurator_need(p) : dpp_enrollee_need(p);
	return sizeof(struct dpp) + n;
}

static imp_status init(void *state, const imp_params *p)
{
	struct dpp *d = state;
	d->role = p->role;
	if (p->role == IMP_OWNER)
		return dpp_configurator_init(d->state, p);
	return p->role == IMP_DEVICE ? dpp_enrollee_init(d->state, p) : IMP_EARG;
}

static const struct dpp_more *const more[] = {&dpp_intro, &dpp_reconfig};
static const struct dpp_role enrollee = DPP_ENROLLEE_ROLE(&dpp_exchange, more);

static imp_status step_enrollee(void *state, imp_cx *cx, const imp_msg *in)
{
	struct dpp_enrollee *e = state;
	imp_status st = dpp_run_step(&e->run, cx, in, &enrollee);
	if (e->run.state == DPP_S_OVER) { /* what was emitted is a copy */
		imp_wipe(e->netkey, sizeof e->netkey);
		imp_wipe(e->pmk, sizeof e->pmk);
	}
	return st;
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct dpp *d = state;
	return d->role == IMP_OWNER ? dpp_configurator_step(d->state, cx, in) : step_enrollee(d->state, cx, in);
}

static const char *where(const void *state)
{
	const struct dpp *d = state;
	return d->role == IMP_OWNER ? dpp_configurator_where(d->state) : dpp_enrollee_where(d->state);
}

static int begins(uint8_t type)
{
	return type == DPP_AUTH_REQ || type == DPP_PEER_REQ || type == DPP_PKEX_V1_REQ || type == DPP_PKEX_REQ || type == DPP_PRESENCE || type == DPP_RECONF_ANNOUNCE;
}

/* The key is the peer's address; on TCP there is none, and the connection is the
 * session. */
static int triage(const imp_crypto *c, imp_span secret, uint64_t now, const imp_msg *rx, uint8_t key[24], size_t *key_len,
                  imp_span *hint, imp_msg *reply, uint8_t *buf, size_t cap)
{
	dpp_frame f;
	(void)c, (void)secret, (void)now, (void)buf, (void)cap;
	*reply = imp_say(0, 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	*hint = imp_bytes(NULL, 0);
	*key_len = 0;
	if (rx->name.len > 24)
		return IMP_DROP;
	if (rx->name.len)
		memcpy(key, rx->name.ptr, rx->name.len);
	*key_len = rx->name.len;
	if (rx->topic == IMP_DPP_GAS) {
		*reply = imp_say(IMP_ANSWER, 0, IMP_EPROTO, rx->ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
		return IMP_KNOWN;
	}
	if (dpp_frame_read(rx->data, &f))
		return IMP_DROP;
	return begins(f.type) ? IMP_FRESH : IMP_KNOWN;
}

/* --- manifest ------------------------------------------------------------- */

enum { DEVICE = IMP_FACT_DEVICE, OWNER = IMP_FACT_OWNER };

static const imp_fact beliefs[] = {
	{IMP_T_KEY, IMP_FACT_NEEDED | IMP_FACT_SECRET, "dpp.bootstrap", "the key whose public half stands on the label"},
	{IMP_T_CONFIG, 0, "dpp.uri", "what else our label says, and whether we insist on the peer's"},
	{IMP_T_PEERKEY, 0, "dpp.label/NAME", "the peer's bootstrapping URI; missing: it is read"},
	{IMP_T_PEERKEY, 0, "dpp.peer/HASH", "the URI of who begins, when it has sent the hash of its key"},
	{IMP_T_KEY, IMP_FACT_SECRET, "dpp.code/NAME", "the PKEX code of this name; missing: it is typed"},
	{IMP_T_COUNTER, 0, "dpp.guess/NAME", "how often that code was guessed wrong"},
	{IMP_T_CONFIG, DEVICE, "dpp.enrollee", "what the device says of itself"},
	{IMP_T_CHAIN, DEVICE | IMP_FACT_NEEDED, "dpp.connector", "its Connector, for introductions"},
	{IMP_T_ANCHOR, DEVICE | IMP_FACT_NEEDED, "dpp.csign", "the configurator's key"},
	{IMP_T_KEY, DEVICE | IMP_FACT_SECRET | IMP_FACT_NEEDED, "dpp.netkey", "the key its Connector is about"},
	{IMP_T_PEERKEY, DEVICE | IMP_FACT_NEEDED, "dpp.ppkey", "the configurator's privacy protection key, for reconfigurations"},
	{IMP_T_KEY, OWNER | IMP_FACT_SECRET, "dpp.csign", "the key that signs Connectors; missing: made"},
	{IMP_T_KEY, OWNER | IMP_FACT_SECRET, "dpp.ppkey", "the privacy protection key; missing: made"},
	{IMP_T_PEERKEY, OWNER | IMP_FACT_NEEDED, "dpp.chirp/HASH", "the URI of a device that announces its presence"},
	{IMP_T_CONFIG, OWNER | IMP_FACT_MANY, "dpp.config/HASH", "what this device is to be given, an entry for each network"},
	{IMP_T_CONFIG, OWNER | IMP_FACT_MANY | IMP_FACT_NEEDED, "dpp.config", "what any device is to be given"},
	{0, 0, NULL, NULL}
};

static const imp_fact knowledge[] = {
	{IMP_T_NETWORK, DEVICE | IMP_FACT_MANY | IMP_FACT_SECRET, "dpp.network", "networks: SSID, credential, and the configuration object as it came"},
	{IMP_T_CHAIN, DEVICE, "dpp.connector", "the Connector"},
	{IMP_T_ANCHOR, DEVICE, "dpp.csign", "the configurator's key"},
	{IMP_T_PEERKEY, DEVICE, "dpp.ppkey", "its privacy protection key"},
	{IMP_T_KEY, DEVICE | IMP_FACT_SECRET, "dpp.netkey", "the key the Connector is about"},
	{IMP_T_COUNTER, 0, "dpp.guess/NAME", "how often a PKEX code was guessed wrong"},
	{IMP_T_KEY, DEVICE | IMP_FACT_SECRET, "dpp.pmk/MAC", "the PMK of an introduction, and its id"},
	{IMP_T_KEY, DEVICE | IMP_FACT_SECRET, "dpp.pmk/", "the same on a link without addresses"},
	{IMP_T_KEY, OWNER | IMP_FACT_SECRET, "dpp.csign", "a new configurator's key"},
	{IMP_T_KEY, OWNER | IMP_FACT_SECRET, "dpp.ppkey", "its privacy protection key"},
	{IMP_T_PEERKEY, OWNER, "dpp.enrollee/HASH", "who was given a Connector, and for which key"},
	{0, 0, NULL, NULL}
};

static const imp_fact questions[] = {
	{IMP_T_AUTHORIZE, OWNER, "HASH", "may the device with this key join?"},
	{IMP_T_AUTHORIZE, OWNER, "", "the same of a device that began and has shown no key"},
	{IMP_T_ISSUE, OWNER, "HASH", "a certificate for a device that asks for one"},
	{IMP_T_READ, 0, "dpp.label/NAME", "the peer's URI, scanned or typed"},
	{IMP_T_READ, 0, "dpp.peer/HASH", "the URI of who begins, scanned or typed"},
	{IMP_T_READ, 0, "dpp.code/NAME", "the PKEX code of this name, typed"},
	{IMP_T_RUN, DEVICE, "dpp.connect", "join the network that was learnt, and say how it went"},
	{0, 0, NULL, NULL}
};

enum { IS = IMP_CLAIM_ALWAYS | OWNER };

static const imp_claim claims[] = {
	{IMP_T_AUTHORIZE, IMP_T_IDENTITY, IS, IMP_F_MAP, "what the device says of itself: name, role, mudurl"},
	{IMP_T_AUTHORIZE, IMP_T_PEERKEY, IS, IMP_F_BYTES | IMP_F_SIMPLE, "SHA-256 of the key it has proved to hold; null: none"},
	{IMP_T_AUTHORIZE, IMP_T_NETWORK, IS, IMP_F_BYTES | IMP_F_SIMPLE, "the MAC address it speaks from; null: over TCP"},
	{IMP_T_AUTHORIZE, IMP_T_SERVER, IS, IMP_F_MAP | IMP_F_SIMPLE, "what its label says: info, mac, channels, host; null: no label was read"},
	{IMP_T_AUTHORIZE, IMP_T_CONFIG, IS, IMP_F_BYTES, "its configuration request, the JSON as it came"},
	{IMP_T_AUTHORIZE, IMP_T_ASSOC, IS, IMP_F_TEXT, "how it was authenticated: one-way, mutual, pkex, reconfig"},
	{0, 0, 0, 0, NULL}
};

static const int32_t algs[] = {IMP_A_SHA256, IMP_A_HMAC256, IMP_A_CMAC, IMP_A_AES_CTR, IMP_A_ES256, 0};
static const char *const stacks[] = {"dpptcp", "action", NULL};
static const char *const called[] = {[IMP_DEVICE] = "Enrollee", [IMP_OWNER] = "Configurator", [IMP_RENDEZVOUS] = NULL};

static const imp_manifest manifest = {
	.size = sizeof(imp_manifest),
	.roles = 1u << IMP_DEVICE | 1u << IMP_OWNER,
	.players = IMP_P_USER | IMP_P_REGISTRAR | IMP_P_MANUFACTURER | IMP_P_CA | IMP_P_PROXY,
	.optional = IMP_P_MANUFACTURER | IMP_P_CA | IMP_P_PROXY,
	.beliefs_in = IMP_B_RAWKEY | IMP_B_BLANK,
	.discovery = IMP_D_LINK | IMP_D_OOB,
	.trust = IMP_I_LABEL | IMP_I_PERSON | IMP_I_SECRET,
	.authorizer = IMP_Z_POSSESSION | IMP_Z_OWNER,
	.delivers = IMP_V_NETWORK,
	.properties = IMP_Y_ID_IN_CLEAR | IMP_Y_LABEL_SWAP | IMP_Y_MISBINDING | IMP_Y_RESALE | IMP_Y_FORWARD_SECRET,
	.terms = "enrollee, configurator, initiator, responder, bootstrapping key, Connector, C-sign key, netAccessKey, PKEX code, presence announcement",
	.process = "A user lets the configurator read the label of a device (a QR code, an NFC tag), or types the same code into both. "
	           "They authenticate by the key on the label, one-way or mutually, with fresh keys; the device says what it is, and is given its networks: "
	           "a Connector signed by the configurator, a passphrase or a certificate. With Connectors devices and access points then make keys with each other.",
	.beliefs = beliefs,
	.knowledge = knowledge,
	.questions = questions,
	.algs = algs,
	.stacks = stacks,
	.media = 1u << IMP_M_QR | 1u << IMP_M_NFC | 1u << IMP_M_PIN,
	.umbrella = "provisioning",
	.called = called,
	.claims = claims,
};

const imp_layer imp_dpp = {
	.size = sizeof(imp_layer),
	.burst = DPP_BURST,
	.id = "imp.dpp",
	.version = "1",
	.spec = "Wi-Fi Easy Connect 3.0",
	.offers = IMP_L_NONE,
	.needs = {IMP_L_DPP, IMP_L_NONE, IMP_L_NONE, IMP_L_NONE},
	.manifest = &manifest,
	.need = need,
	.init = init,
	.step = step,
	.where = where,
	.triage = triage,
	.work = dpp_work,
};

static const imp_layer *const layers[] = {&imp_dpp, NULL};

IMP_PLUGIN(dpp) = {
	.size = sizeof(imp_plugin),
	.abi = IMP_ABI,
	.rev = IMP_REV,
	.id = "imp.dpp",
	.license = "Apache-2.0",
	.layers = layers,
};
