/* plugin.c -- imp.thread: one layer, two roles. */
#include "role.h"
#include "thread.h"

static const struct role {
	size_t      (*need)(const imp_params *p);
	imp_status  (*init)(void *state, const imp_params *p);
	imp_status  (*step)(void *state, imp_cx *cx, const imp_msg *in);
	const char *(*where)(const void *state);
} roles[] = {
	[IMP_DEVICE] = {thread_joiner_need, thread_joiner_init, thread_joiner_step, thread_joiner_where},
	[IMP_OWNER] = {thread_commissioner_need, thread_commissioner_init, thread_commissioner_step, thread_commissioner_where},
};

/* The role stands before its state. */
struct thread {
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
	return sizeof(struct thread) + (r ? r->need(p) : 0);
}

static imp_status init(void *state, const imp_params *p)
{
	struct thread *t = state;
	const struct role *r = role_of(p->role);
	t->role = p->role;
	return r ? r->init(t->state, p) : IMP_EARG;
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct thread *t = state;
	return roles[t->role].step(t->state, cx, in);
}

static const char *where(const void *state)
{
	const struct thread *t = state;
	return roles[t->role].where(t->state);
}

/* --- manifest ------------------------------------------------------------- */

enum { NEEDED = IMP_FACT_NEEDED, SECRET = IMP_FACT_SECRET, DEVICE = IMP_FACT_DEVICE, OWNER = IMP_FACT_OWNER };

static const imp_fact beliefs[] = {
	{IMP_T_COUNTER, DEVICE, "thread.tries", "how often it tried in vain"},
	{IMP_T_KEY, DEVICE | NEEDED | SECRET, "thread.pskd", "the joining device credential of its label, 6 to 32 characters"},
	{IMP_T_IDENTITY, DEVICE, "thread.eui64", "its EUI-64: then it shows its label"},
	{IMP_T_CONFIG, DEVICE, "thread.joiner", "its vendor, model, versions, vendor data and provisioning URL"},
	{IMP_T_SERVER, DEVICE | NEEDED, "thread.router", "URI of the joiner router, or of the commissioner"},
	{IMP_T_COUNTER, OWNER, "thread.tries/ID", "how often this joiner tried in vain"},
	{IMP_T_KEY, OWNER | SECRET, "thread.pskd/ID", "the joiner's PSKd; who has none is asked for the label"},
	{IMP_T_NETWORK, OWNER | NEEDED | SECRET, "thread.dataset", "without a joiner router: the dataset that the joiner gets"},
	{0, 0, NULL, NULL}
};

static const imp_fact knowledge[] = {
	{IMP_T_COUNTER, DEVICE, "thread.tries", "how often it tried in vain"},
	{IMP_T_KEY, DEVICE | SECRET, "thread.kek", "for a moment: the key that JOIN_ENT comes under"},
	{IMP_T_NETWORK, DEVICE | SECRET, "thread.dataset", "the network: the TLVs of JOIN_ENT"},
	{IMP_T_KEY, DEVICE | SECRET, "thread.netkey", "the network key in it"},
	{IMP_T_COUNTER, OWNER, "thread.tries/ID", "how often this joiner tried in vain"},
	{IMP_T_IDENTITY, OWNER, "thread.joiner/ID", "what the joiner said of itself"},
	{IMP_T_KEY, OWNER | SECRET, "thread.kek/ID", "for a moment: the key for the joiner router"},
	{0, 0, NULL, NULL}
};

static const imp_fact questions[] = {
	{IMP_T_READ, OWNER, "ID", "the joiner's label, or the PSKd on it"},
	{IMP_T_AUTHORIZE, OWNER, "ID", "may this joiner, which has proved its PSKd, join?"},
	{0, 0, NULL, NULL}
};

static const char *const called[] = {[IMP_DEVICE] = "joiner", [IMP_OWNER] = "commissioner", [IMP_RELAY] = NULL, [IMP_MAKER] = NULL, [IMP_RENDEZVOUS] = NULL};

static const imp_claim claims[] = {
	{IMP_T_AUTHORIZE, IMP_T_IDENTITY, OWNER, IMP_F_BYTES, "its Joiner ID, 8 bytes: from the joiner router, or from its label"},
	{IMP_T_AUTHORIZE, IMP_T_CONFIG, IMP_CLAIM_ALWAYS | OWNER, IMP_F_MAP, "what it says of itself: vendor, model, version; stack and data as bytes"},
	{IMP_T_AUTHORIZE, IMP_T_SERVER, OWNER, IMP_F_TEXT, "its provisioning URL"},
	{IMP_T_AUTHORIZE, IMP_T_COUNTER, IMP_CLAIM_ALWAYS | OWNER, IMP_F_UINT, "how often it tried in vain"},
	{0, 0, 0, 0, NULL}
};

static const int32_t algs[] = {IMP_A_SHA256, IMP_A_HMAC256, IMP_A_TLS_CCM8, 0};
static const char *const stacks[] = {"coap/dtls", NULL};

static const imp_manifest manifest = {
	.size = sizeof(imp_manifest),
	.roles = 1u << IMP_DEVICE | 1u << IMP_OWNER,
	.players = IMP_P_REGISTRAR | IMP_P_USER | IMP_P_PROXY | IMP_P_MANUFACTURER,
	.optional = IMP_P_USER | IMP_P_PROXY,
	.beliefs_in = IMP_B_SYMMETRIC,
	.discovery = IMP_D_LINK | IMP_D_OOB,
	.trust = IMP_I_LABEL | IMP_I_SECRET | IMP_I_PERSON,
	.authorizer = IMP_Z_POSSESSION | IMP_Z_OWNER,
	.delivers = IMP_V_NETWORK,
	.properties = IMP_Y_ID_IN_CLEAR | IMP_Y_LABEL_SWAP | IMP_Y_FORWARD_SECRET,
	.media = 1u << 0 | 1u << IMP_M_QR | 1u << IMP_M_TEXT,
	.terms = "joiner, commissioner, joiner router, border agent, PSKd, PSKc, steering data, Joiner ID, JOIN_FIN, JOIN_ENT, KEK, operational dataset",
	.process = "The joiner looks for a network whose steering data has its Joiner ID. Through a neighbour, the joiner router, it opens a DTLS session to the "
	           "commissioner; EC-JPAKE proves that both know the PSKd of its label. The joiner says what it is (JOIN_FIN); the commissioner asks its policy and "
	           "answers, and gives the joiner router a key of that session (KEK), under which the joiner router sends the network's dataset (JOIN_ENT).",
	.umbrella = "commissioning",
	.beliefs = beliefs,
	.knowledge = knowledge,
	.questions = questions,
	.algs = algs,
	.stacks = stacks,
	.called = called,
	.claims = claims,
};

const imp_layer imp_thread = {
	.size = sizeof(imp_layer),
	.burst = THREAD_STEP_BURST,
	.id = "imp.thread",
	.version = "1",
	.spec = "Thread 1.3",
	.offers = IMP_L_NONE,
	.needs = {IMP_L_REST, IMP_L_REST, IMP_L_NONE, IMP_L_NONE},
	.manifest = &manifest,
	.need = need,
	.init = init,
	.step = step,
	.where = where,
	.work = thread_work,
};

static const imp_layer *const layers[] = {&imp_thread, NULL};

IMP_PLUGIN(thread) = {
	.size = sizeof(imp_plugin),
	.abi = IMP_ABI,
	.rev = IMP_REV,
	.id = "imp.thread",
	.license = "Apache-2.0",
	.layers = layers,
};
