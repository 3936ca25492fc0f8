/* plugin.c -- imp.lwm2m: one layer, two roles, and what it declares. */
#include "role.h"

struct lwm2m { /* the role stands before its state */
	_Alignas(16) uint16_t role;
	_Alignas(16) uint8_t state[];
};

static size_t need(const imp_params *p)
{
	return sizeof(struct lwm2m) + (p->role == IMP_DEVICE ? lw_client_need(p) : lw_server_need(p));
}

static imp_status init(void *state, const imp_params *p)
{
	struct lwm2m *s = state;
	s->role = p->role;
	if (p->role == IMP_DEVICE)
		return lw_client_init(s->state, p);
	return p->role == IMP_OWNER ? lw_server_init(s->state, p) : IMP_EARG;
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct lwm2m *s = state;
	return s->role == IMP_DEVICE ? lw_client_step(s->state, cx, in) : lw_server_step(s->state, cx, in);
}

static const char *where(const void *state)
{
	const struct lwm2m *s = state;
	return s->role == IMP_DEVICE ? lw_client_where(s->state) : lw_server_where(s->state);
}

/* A payload decoded, an instance or two of it, and what is sent of it. */
static size_t work(const imp_params *p)
{
	return 12 * (size_t)p->max_msg + 4096;
}

enum { NEEDED = IMP_FACT_NEEDED, SECRET = IMP_FACT_SECRET, MANY = IMP_FACT_MANY, DEVICE = IMP_FACT_DEVICE, OWNER = IMP_FACT_OWNER };

static const imp_fact beliefs[] = {
	{IMP_T_CONFIG, DEVICE | NEEDED, "lwm2m.client", "its endpoint name, and how it wishes to be written to"},
	{IMP_T_CONFIG, DEVICE | NEEDED, "lwm2m", "which object instances there are; the bootstrap account is one"},
	{IMP_T_CONFIG, DEVICE | NEEDED | SECRET, "lwm2m/OID/IID", "an object instance: the bootstrap account's URI and keys"},
	{IMP_T_CONFIG, OWNER | NEEDED | MANY | SECRET, "lwm2m.config/NAME", "what a client shall be told, operation by operation"},
	{0, 0, NULL, NULL},
};

static const imp_fact knowledge[] = {
	{IMP_T_CONFIG, DEVICE | SECRET, "lwm2m/OID/IID", "server accounts: addresses, keys, lifetimes, access rights"},
	{IMP_T_CONFIG, DEVICE, "lwm2m", "which of them there are now"},
	{IMP_T_SERVER, DEVICE, "lwm2m/SSID", "where to register"},
	{IMP_T_IDENTITY, OWNER, "lwm2m/EP", "a client that has its configuration"},
	{0, 0, NULL, NULL},
};

static const imp_fact questions[] = {
	{IMP_T_AUTHORIZE, OWNER, "EP", "may this client be bootstrapped, and with which configuration?"},
	{0, 0, NULL, NULL},
};

enum { IS = OWNER | IMP_CLAIM_ALWAYS };

static const imp_claim claims[] = {
	{IMP_T_AUTHORIZE, IMP_T_IDENTITY, IS, IMP_F_TEXT, "its endpoint name, as it says"},
	{IMP_T_AUTHORIZE, IMP_T_PEERKEY, IS, IMP_F_BYTES | IMP_F_SIMPLE, "who the secured link says it is: PSK identity, or hash of its key; null: the link is not secured"},
	{IMP_T_AUTHORIZE, IMP_T_CONFIG, IS, IMP_F_UINT | IMP_F_SIMPLE, "the content format it wishes for; null: none"},
	{IMP_T_AUTHORIZE, IMP_T_VERIFY, IS, IMP_F_TEXT, "what it asks for: bs or pack"},
	{IMP_T_AUTHORIZE, IMP_T_CONFIG, OWNER | IMP_CLAIM_REPLY, IMP_F_TEXT, "the name of the configuration it gets"},
	{0, 0, 0, 0, NULL},
};

static const int32_t algs[] = {IMP_A_SHA256, 0};
static const char *const stacks[] = {"lwm2m/coap/dtls", "lwm2m/coap", NULL};
static const char *const called[] = {[IMP_DEVICE] = "LwM2M client", [IMP_OWNER] = "LwM2M bootstrap server", [IMP_RELAY] = NULL, [IMP_MAKER] = NULL, [IMP_RENDEZVOUS] = NULL};

static const imp_manifest manifest = {
	.size = sizeof(imp_manifest),
	.roles = 1u << IMP_DEVICE | 1u << IMP_OWNER,
	.players = IMP_P_MANUFACTURER | IMP_P_VENDOR_SERVICE | IMP_P_OWNER,
	.optional = IMP_P_OWNER,
	.beliefs_in = IMP_B_SYMMETRIC | IMP_B_RAWKEY | IMP_B_CERT,
	.discovery = IMP_D_WELLKNOWN,
	.trust = IMP_I_SECRET | IMP_I_PKI,
	.authorizer = IMP_Z_OWNER,
	.delivers = IMP_V_SERVICE,
	.properties = IMP_Y_UNATTENDED | IMP_Y_RESET,
	.media = 1u << 0,
	.terms = "bootstrapping: client, bootstrap server account, Bootstrap-Request, -Discover, -Read, -Write, -Delete, -Finish, Bootstrap-Pack, Security, Server and Access Control objects",
	.process = "The client holds the address and the credentials of a bootstrap server, put there in the factory or by a smartcard. It makes a secured link and asks to "
	           "be bootstrapped under its endpoint name; the bootstrap server deletes and writes its object instances, over the same link, until it says that it "
	           "has finished. The client checks that all of it holds together, takes it as a whole, and registers with the servers it now knows.",
	.umbrella = "bootstrapping",
	.beliefs = beliefs,
	.knowledge = knowledge,
	.questions = questions,
	.algs = algs,
	.stacks = stacks,
	.called = called,
	.claims = claims,
};

const imp_layer imp_lwm2m = {
	.size = sizeof(imp_layer),
	.burst = 40,
	.id = "imp.lwm2m",
	.version = "1",
	.spec = "OMA LwM2M 1.2 bootstrap",
	.offers = IMP_L_NONE,
	.needs = {IMP_L_REST},
	.manifest = &manifest,
	.need = need,
	.init = init,
	.step = step,
	.where = where,
	.work = work,
};

static const imp_layer *const layers[] = {&imp_lwm2m, NULL};

IMP_PLUGIN(lwm2m) = {sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.lwm2m", "Apache-2.0", layers, NULL, NULL};
