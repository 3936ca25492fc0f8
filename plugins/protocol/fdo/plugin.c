/* plugin.c -- imp.fdo: one layer, four roles; where a request goes. */
#include "fdo.h"
#include "role.h"
#include "server.h"

static const struct role {
	size_t      (*need)(const imp_params *p);
	imp_status  (*init)(void *state, const imp_params *p);
	imp_status  (*step)(void *state, imp_cx *cx, const imp_msg *in);
	const char *(*where)(const void *state);
	size_t      (*work)(const imp_params *p);
} roles[] = {
	[IMP_DEVICE] = {fdo_device_need, fdo_device_init, fdo_device_step, fdo_device_where, fdo_device_work},
	[IMP_OWNER] = {fdo_owner_need, fdo_owner_init, fdo_owner_step, fdo_owner_where, fdo_server_work},
	[IMP_MAKER] = {fdo_maker_need, fdo_maker_init, fdo_maker_step, fdo_maker_where, fdo_server_work},
	[IMP_RENDEZVOUS] = {fdo_rendezvous_need, fdo_rendezvous_init, fdo_rendezvous_step, fdo_rendezvous_where, fdo_server_work},
};

/* The role stands before its state. */
struct fdo {
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
	return sizeof(struct fdo) + (r ? r->need(p) : 0);
}

static imp_status init(void *state, const imp_params *p)
{
	struct fdo *f = state;
	const struct role *r = role_of(p->role);
	f->role = p->role;
	return r ? r->init(f->state, p) : IMP_EARG;
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct fdo *f = state;
	return roles[f->role].step(f->state, cx, in);
}

static const char *where(const void *state)
{
	const struct fdo *f = state;
	return roles[f->role].where(f->state);
}

static size_t work(const imp_params *p)
{
	const struct role *r = role_of(p->role);
	return r && r->work ? r->work(p) : 2 * ((size_t)p->max_msg + 128);
}

/* --- triage --------------------------------------------------------------- */

/* The protocol run that a message belongs to. */
static const char *run_of(uint8_t type)
{
	switch (type) {
	case FDO_DI_APP_START: case FDO_DI_SET_HMAC:
		return "di";
	case FDO_TO0_HELLO: case FDO_TO0_OWNER_SIGN:
		return "to0";
	case FDO_TO1_HELLO_RV: case FDO_TO1_PROVE_TO_RV:
		return "to1";
	case FDO_TO2_HELLO_DEVICE: case FDO_TO2_GET_OV_NEXT_ENTRY: case FDO_TO2_PROVE_DEVICE:
	case FDO_TO2_DEVICE_READY: case FDO_TO2_DEVICE_INFO: case FDO_TO2_DONE:
		return "to2";
	}
	return NULL;
}

static int begins(uint8_t type)
{
	return type == FDO_DI_APP_START || type == FDO_TO0_HELLO || type == FDO_TO1_HELLO_RV || type == FDO_TO2_HELLO_DEVICE;
}

/* The lines and the body of an error, in buf. */
static imp_msg error_reply(const imp_msg *rx, uint8_t type, uint16_t error, const char *why, uint8_t *buf, size_t cap)
{
	imp_msg m = imp_say(IMP_ANSWER, FDO_CBOR, 500, rx->ticket, imp_bytes(0, 0), imp_bytes(0, 0));
	imp_wr w;
	if (cap < FDO_REPLY_LINES)
		return m;
	m.name = fdo_reply_lines((char *)buf, FDO_ERROR, NULL);
	w = imp_wr_to(buf + FDO_REPLY_LINES, cap - FDO_REPLY_LINES);
	fdo_put_error(&w, error, type, why);
	m.data = imp_wr_span(&w);
	return m;
}

static imp_msg plain_reply(const imp_msg *rx, int32_t code)
{
	return imp_say(IMP_ANSWER, 0xffff, code, rx->ticket, imp_bytes(0, 0), imp_bytes(0, 0));
}

/* Messages that begin a run get a new random key, all others carry theirs in
 * the bearer token.  Nothing is kept and nothing is decrypted here. */
static int triage(const imp_crypto *c, imp_span secret, uint64_t now, const imp_msg *rx, uint8_t key[24], size_t *key_len,
                  imp_span *hint, imp_msg *reply, uint8_t *buf, size_t cap)
{
	imp_span token;
	uint8_t type = fdo_request_type(rx, &token);
	const char *run = run_of(type);
	(void)secret;
	(void)now;
	*key_len = 0;
	*hint = run ? imp_bytes(run, strlen(run)) : imp_bytes(0, 0);
	*reply = plain_reply(rx, 404);
	if (!type)
		return IMP_BOUNCE;
	*reply = plain_reply(rx, 405);
	if (rx->code != IMP_POST)
		return IMP_BOUNCE;
	*reply = error_reply(rx, type, FDO_E_INVALID, "unknown message", buf, cap);
	if (!run && type != FDO_ERROR)
		return IMP_BOUNCE;
	if (begins(type) && c->random(c, key, FDO_TOKEN) == IMP_OK) {
		*key_len = FDO_TOKEN;
		return IMP_FRESH;
	}
	if (type == FDO_ERROR) /* an error is never answered with one */
		*reply = plain_reply(rx, 200);
	else
		*reply = error_reply(rx, type, begins(type) ? FDO_E_INTERNAL : FDO_E_TOKEN, "unknown token", buf, cap);
	if (begins(type) || !fdo_unhex(token, key))
		return IMP_BOUNCE;
	*key_len = FDO_TOKEN;
	return IMP_KNOWN;
}

/* --- manifest ------------------------------------------------------------- */

enum { NEEDED = IMP_FACT_NEEDED, SECRET = IMP_FACT_SECRET, MANY = IMP_FACT_MANY,
       DEVICE = IMP_FACT_DEVICE, OWNER = IMP_FACT_OWNER, MAKER = IMP_FACT_MAKER, RENDEZVOUS = IMP_FACT_RENDEZVOUS };

static const imp_fact beliefs[] = {
	{IMP_T_VOUCHER, DEVICE | NEEDED, "fdo.credential", "who the manufacturer is, where the rendezvous is"},
	{IMP_T_KEY, DEVICE | NEEDED | SECRET, "fdo.hmac", "the secret that seals its voucher's header"},
	{IMP_T_KEY, DEVICE | NEEDED | SECRET, "fdo.attestation", "the private key of its certificate"},
	{IMP_T_CONFIG, DEVICE | NEEDED, "fdo.devmod", "what it says of itself to its owner"},
	{IMP_T_CONFIG, DEVICE, "fdo.device", "preferred key exchange and cipher"},
	{IMP_T_SERVER, DEVICE | NEEDED, "fdo.di", "in the factory: where its manufacturer is"},
	{IMP_T_CONFIG, DEVICE | NEEDED, "fdo.mfginfo", "in the factory: its serial number and model"},
	{IMP_T_VOUCHER, OWNER | NEEDED | MANY, "GUID", "the voucher, its head and its entries"},
	{IMP_T_KEY, OWNER | NEEDED | SECRET, "fdo.owner/TYPE", "the private key the voucher ends in"},
	{IMP_T_SERVER, OWNER | NEEDED, "fdo.to2", "where devices find it"},
	{IMP_T_CONFIG, OWNER, "fdo.rvinfo", "rendezvous instructions of the replacement voucher"},
	{IMP_T_CONFIG, OWNER | MANY, "GUID/serviceinfo", "what to do with the device, one action an entry"},
	{IMP_T_IMAGE, OWNER | NEEDED | MANY, "FILE", "the bytes of a download, if an action names one"},
	{IMP_T_ANCHOR, MAKER | NEEDED, "fdo.maker/TYPE", "the public key that vouchers begin with"},
	{IMP_T_CONFIG, MAKER | NEEDED, "fdo.rvinfo", "rendezvous instructions of new vouchers"},
	{IMP_T_CHAIN, MAKER, "fdo.maker/TYPE", "certificates of its key, for devices that want X5CHAIN"},
	{0, 0, NULL, NULL}
};

static const imp_fact knowledge[] = {
	{IMP_T_VOUCHER, DEVICE, "fdo.credential", "the credential for its next onboarding"},
	{IMP_T_KEY, DEVICE | SECRET, "fdo.hmac", "a new secret for a new owner"},
	{IMP_T_OWNER, DEVICE, "fdo.owner", "the public key of its owner"},
	{IMP_T_IMAGE, DEVICE | MANY, "NAME", "files the owner sent"},
	{IMP_T_SERVER, DEVICE, "fdo.to1d", "where its owner is, until the run is over"},
	{IMP_T_VOUCHER, OWNER | MANY, "GUID", "the replacement voucher"},
	{IMP_T_OWNER, OWNER, "GUID", "the new name of the device"},
	{IMP_T_CONFIG, OWNER, "GUID/devmod/KEY", "what the device said of itself"},
	{IMP_T_IMAGE, OWNER | MANY, "GUID/upload/NAME", "files the device sent"},
	{IMP_T_VOUCHER, MAKER | MANY, "GUID", "the first voucher of the device"},
	{IMP_T_SERVER, RENDEZVOUS, "rv/GUID", "where that device's owner is, until it expires"},
	{0, 0, NULL, NULL}
};

static const imp_fact questions[] = {
	{IMP_T_RUN, DEVICE, "COMMAND", "run this command of the owner's, or fetch (fdo.wget) this file"},
	{IMP_T_IMAGE, DEVICE | MANY, "NAME", "the bytes of a file that the owner wants"},
	{IMP_T_AUTHORIZE, OWNER, "GUID", "accept this voucher (TO0), or this device (TO2)?"},
	{IMP_T_AUTHORIZE, MAKER, "SERIAL", "make a credential for this device?"},
	{IMP_T_ISSUE, MAKER, "SERIAL", "a certificate for this device's request"},
	{IMP_T_AUTHORIZE, RENDEZVOUS, "GUID", "register this owner for this device?"},
	{0, 0, NULL, NULL}
};

static const char *const called[] = {[IMP_DEVICE] = "device", [IMP_OWNER] = "owner onboarding service", [IMP_RELAY] = NULL,
	[IMP_MAKER] = "manufacturer (DI server)", [IMP_RENDEZVOUS] = "rendezvous server"};

enum { OWNERS = OWNER | RENDEZVOUS, ALL = OWNERS | MAKER, IS = IMP_CLAIM_ALWAYS };

static const imp_claim claims[] = {
	{IMP_T_AUTHORIZE, IMP_T_IDENTITY, IS | OWNERS, IMP_F_BYTES, "the device's GUID, 16 bytes"},
	{IMP_T_AUTHORIZE, IMP_T_IDENTITY, IS | IMP_FACT_MAKER, IMP_F_TEXT, "its serial number, as it says itself"},
	{IMP_T_AUTHORIZE, IMP_T_CONFIG, IS | ALL, IMP_F_TEXT, "device info: its model, as the manufacturer calls it; to the maker as the device does"},
	{IMP_T_AUTHORIZE, IMP_T_ANCHOR, IS | OWNERS, IMP_F_BYTES, "SHA-256 of the manufacturer's PublicKey in its X509 form"},
	{IMP_T_AUTHORIZE, IMP_T_OWNER, IS | OWNERS, IMP_F_BYTES, "the same of the owner the voucher ends in"},
	{IMP_T_AUTHORIZE, IMP_T_PEERKEY, IS | ALL, IMP_F_BYTES, "SHA-256 of the device's SubjectPublicKeyInfo"},
	{IMP_T_AUTHORIZE, IMP_T_CHAIN, IS | ALL, IMP_F_BYTES | IMP_F_SIMPLE, "the device's certificate in DER; null: it has none yet"},
	{IMP_T_AUTHORIZE, IMP_T_VOUCHER, IS | ALL, IMP_F_UINT, "how often the voucher was extended"},
	{IMP_T_AUTHORIZE, IMP_T_SERVER, IMP_FACT_RENDEZVOUS, IMP_F_UINT, "for how many seconds the owner wants to be registered"},
	{IMP_T_AUTHORIZE, IMP_T_SERVER, IMP_CLAIM_REPLY | IMP_FACT_RENDEZVOUS, IMP_F_UINT, "the most seconds that are granted"},
	{IMP_T_AUTHORIZE, IMP_T_SERVER, IMP_CLAIM_REPLY | IMP_FACT_OWNER, IMP_F_UINT, "how many seconds to ask the rendezvous server for (86400)"},
	{IMP_T_AUTHORIZE, IMP_T_VOUCHER, IMP_CLAIM_REPLY | IMP_FACT_OWNER, IMP_F_SIMPLE, "true: the device keeps its credential (credential reuse)"},
	{0, 0, 0, 0, NULL}
};

static const int32_t algs[] = {IMP_A_SHA256, IMP_A_HMAC256, IMP_A_ES256, IMP_A_A128GCM, 0};
static const char *const stacks[] = {"http", NULL};

static const imp_manifest manifest = {
	.size = sizeof(imp_manifest),
	.roles = 1u << IMP_DEVICE | 1u << IMP_OWNER | 1u << IMP_MAKER | 1u << IMP_RENDEZVOUS,
	.players = IMP_P_MANUFACTURER | IMP_P_OWNER | IMP_P_RENDEZVOUS,
	.beliefs_in = IMP_B_CERT,
	.discovery = IMP_D_NETWORK,
	.trust = IMP_I_VOUCHER | IMP_I_PKI,
	.authorizer = IMP_Z_OWNER | IMP_Z_MANUFACTURER,
	.delivers = IMP_V_SERVICE,
	.properties = IMP_Y_ID_IN_CLEAR | IMP_Y_RESALE | IMP_Y_UNATTENDED | IMP_Y_FORWARD_SECRET,
	.terms = "device initialize (DI), ownership voucher, rendezvous server, transfer ownership (TO0, TO1, TO2), owner onboarding service, ServiceInfo",
	.process = "The manufacturer gives the device a credential and its first voucher (DI). The voucher is extended from owner to owner, "
	           "each signing the next one's key. The last owner registers at the rendezvous server (TO0); the device, once powered on, "
	           "learns there where its owner is (TO1), checks the voucher down to the manufacturer it knows, proves itself with its "
	           "certificate, and takes over ServiceInfo and a new credential through an encrypted tunnel (TO2).",
	.beliefs = beliefs,
	.knowledge = knowledge,
	.algs = algs,
	.stacks = stacks,
	.questions = questions,
	.umbrella = "onboarding",
	.called = called,
	.claims = claims,
};

const imp_layer imp_fdo = {
	.size = sizeof(imp_layer),
	.burst = FDO_BURST,
	.id = "imp.fdo",
	.version = "1",
	.spec = "FDO 1.1",
	.offers = IMP_L_NONE,
	.needs = {IMP_L_REST, IMP_L_NONE, IMP_L_NONE, IMP_L_NONE},
	.manifest = &manifest,
	.need = need,
	.init = init,
	.step = step,
	.where = where,
	.triage = triage,
	.work = work,
};

static const imp_layer *const layers[] = {&imp_fdo, NULL};

IMP_PLUGIN(fdo) = {
	.size = sizeof(imp_plugin),
	.abi = IMP_ABI,
	.rev = IMP_REV,
	.id = "imp.fdo",
	.license = "Apache-2.0",
	.layers = layers,
};
