/* maker.c -- DI as the manufacturer's server sees it.  What is held: the CSR
 * until it is signed.  The first voucher is learnt without its HMac when the
 * device gets its credential, and again, whole, when the HMac has come. */
#include "server.h"
#include "role.h"
#include "rv.h"
#include "ct.h"

#define NONE imp_bytes(0, 0)

enum { START, APP_START, CONSENT, CERTIFICATE, MAKER_KEY, MAKER_CHAIN, RVINFO, SET_HMAC, FIRST_HEAD, COMMIT, STATES };

static const char *const names[STATES] = {"start", "app_start", "consent", "certificate", "maker_key", "maker_chain",
	"rvinfo", "set_hmac", "first_head", "commit"};

enum { HOLD_CSR = 0, HOLD_CHAIN = 1, HOLD_KEY = 2, HOLD_INFO = 3, SLACK = 64, NO_HMAC = 32 };

struct maker {
	struct fdo_server s;
	char type[12];           /* of the device's key; the maker's is of the same */
	uint8_t enc;             /* that the device wishes for the maker's key */
	uint8_t guid[16];
	uint8_t hmac[FDO_HASH_ITEM_MAX], hmac_len;
	int32_t device_sig;
	struct fdo_hold hold;
};

static const char *where(const struct maker *m)
{
	return names[m->s.state % STATES];
}

static imp_status refuse(struct maker *m, imp_cx *cx, imp_status st, uint16_t error, const char *why)
{
	return fdo_refuse(&m->s, cx, st, error, where(m), why);
}

static imp_status bad(struct maker *m, imp_cx *cx, imp_status st, const char *why)
{
	return refuse(m, cx, st, fdo_error_of(st), why);
}

static const char rvinfo_name[] = "fdo.rvinfo";

static imp_span maker_name(const struct maker *m, char to[FDO_NAME])
{
	imp_wr w = imp_wr_to(to, FDO_NAME);
	imp_wr_text(&w, "fdo.maker/");
	imp_wr_text(&w, m->type);
	return imp_wr_span(&w);
}

/* What the host answered was no answer to the question of this state. */
static imp_status lacks(struct maker *m, imp_cx *cx, int32_t code, const char *why)
{
	char name[FDO_NAME];
	fdo_mfginfo info = {0};
	imp_span fact;
	if (m->s.state == CERTIFICATE && fdo_read_app_start(fdo_hold_get(&m->hold, HOLD_CSR), &info) == IMP_OK)
		fact = info.serial;
	else if (m->s.state == MAKER_KEY || m->s.state == MAKER_CHAIN)
		fact = maker_name(m, name);
	else if (m->s.state == RVINFO)
		fact = imp_bytes(rvinfo_name, sizeof rvinfo_name - 1);
	else
		fact = fdo_name(name, "", m->guid, "", NONE);
	return fdo_lacks(&m->s, cx, code, FDO_E_INTERNAL, where(m), why, fact);
}

/* --- 10, 11 ------------------------------------------------------------------ */

static imp_status ask_consent(struct maker *m, imp_cx *cx, const fdo_mfginfo *info, imp_span spki)
{
	struct fdo_claims k = {0};
	size_t cap = info->serial.len + info->info.len + SLACK * 4;
	uint8_t *to = cx->room(cx, cap);
	imp_wr w = imp_wr_to(to, to ? cap : 0);
	imp_status st;
	k.identity = info->serial;
	k.serial = 1;
	k.info = info->info;
	k.spki = spki;
	st = fdo_put_claims(cx->crypto, &w, &k);
	if (st < 0)
		return bad(m, cx, st, "claims");
	return fdo_ask(&m->s, cx, CONSENT, IMP_T_AUTHORIZE, 0, info->serial, imp_wr_span(&w));
}

static imp_status app_start(struct maker *m, imp_cx *cx, const imp_msg *in)
{
	fdo_mfginfo info;
	fdo_key key;
	imp_csr csr;
	imp_status st = fdo_read_app_start(in->data, &info);
	if (st == IMP_OK)
		st = imp_csr_read(info.csr, &csr);
	if (st < 0)
		return bad(m, cx, st, "message body");
	st = fdo_key_from(&csr.key, 0, &key);
	if (st < 0 || !info.serial.len || !info.info.len)
		return bad(m, cx, IMP_EBADMSG, "key of the request");
	if (imp_csr_verify(cx->crypto, &csr) < 0)
		return bad(m, cx, IMP_EAUTH, "signature of the request");
	memcpy(m->type, fdo_key_name(&key), strlen(fdo_key_name(&key)) + 1);
	m->device_sig = fdo_key_sig(&key);
	m->enc = info.enc;
	st = fdo_hold_put(&m->hold, HOLD_CSR, in->data); /* all of it: the CSR, serial and info */
	return st < 0 ? bad(m, cx, st, "room") : ask_consent(m, cx, &info, csr.spki);
}

static imp_status consent(struct maker *m, imp_cx *cx, const imp_msg *in)
{
	fdo_mfginfo info;
	if (in->code < 0)
		return refuse(m, cx, IMP_EDENIED, FDO_E_INVALID, "policy");
	if (fdo_read_app_start(fdo_hold_get(&m->hold, HOLD_CSR), &info) < 0)
		return bad(m, cx, IMP_EARG, "held request");
	return fdo_ask(&m->s, cx, CERTIFICATE, IMP_T_ISSUE, 0, info.serial, info.csr);
}

static imp_status ask_maker(struct maker *m, imp_cx *cx, uint8_t state, uint16_t topic)
{
	char name[FDO_NAME];
	return fdo_ask(&m->s, cx, state, topic, 0, maker_name(m, name), NONE);
}

static imp_status certificate(struct maker *m, imp_cx *cx, const imp_msg *in)
{
	const char *why;
	fdo_mfginfo info;
	imp_status st;
	if (in->code < 0 || imp_cbor_check(in->data) < 0)
		return lacks(m, cx, in->code, "no certificate");
	if (fdo_read_app_start(fdo_hold_get(&m->hold, HOLD_CSR), &info) < 0)
		return bad(m, cx, IMP_EARG, "held request");
	if (fdo_chain_path(cx->crypto, in->data, &why) < 0)
		return lacks(m, cx, IMP_EFACT, why);
	st = fdo_hold_put(&m->hold, HOLD_CHAIN, in->data);
	if (st == IMP_OK)
		st = fdo_hold_put(&m->hold, HOLD_INFO, info.info);
	if (st == IMP_OK)
		st = fdo_hold_put(&m->hold, HOLD_CSR, NONE);
	if (st < 0)
		return bad(m, cx, st, "room");
	return ask_maker(m, cx, MAKER_KEY, IMP_T_ANCHOR);
}

static imp_status read_key(imp_span raw, fdo_pubkey *pk, fdo_key *key)
{
	imp_rd r = imp_rd_of(raw);
	fdo_pubkey_read(&r, pk);
	return imp_rd_end(&r) < 0 ? imp_rd_end(&r) : fdo_key_read(pk, key);
}

/* It is in the encoding that it shall have: on to the RendezvousInfo. */
static imp_status hold_key(struct maker *m, imp_cx *cx, imp_span raw)
{
	imp_status st = fdo_hold_put(&m->hold, HOLD_KEY, raw);
	return st < 0 ? bad(m, cx, st, "room") : fdo_ask(&m->s, cx, RVINFO, IMP_T_CONFIG, 0, imp_bytes(rvinfo_name, sizeof rvinfo_name - 1), NONE);
}

/* There is no COSE_Key of RSA in FDO: such a key stays as it is. */
static imp_status maker_key(struct maker *m, imp_cx *cx, const imp_msg *in)
{
	uint8_t raw[FDO_KEY_BITS + SLACK];
	imp_wr w = imp_wr_to(raw, sizeof raw);
	fdo_pubkey pk;
	fdo_key key;
	if (in->code < 0)
		return lacks(m, cx, in->code, "no key of this type");
	if (read_key(in->data, &pk, &key) < 0)
		return lacks(m, cx, IMP_EFACT, "maker's key");
	if (m->enc == pk.enc || m->enc == FDO_ENC_CRYPTO || (m->enc == FDO_ENC_COSEKEY && key.alg == IMP_X509_RSA))
		return hold_key(m, cx, in->data);
	if (m->enc == FDO_ENC_X5CHAIN) {
		imp_status st = fdo_hold_put(&m->hold, HOLD_KEY, in->data);
		return st < 0 ? bad(m, cx, st, "room") : ask_maker(m, cx, MAKER_CHAIN, IMP_T_CHAIN);
	}
	fdo_put_key(&w, &key, m->enc);
	return imp_wr_end(&w) < 0 ? lacks(m, cx, IMP_EFACT, "maker's key") : hold_key(m, cx, imp_wr_span(&w));
}

/* A maker without certificates answers with its key as it is. */
static imp_status maker_chain(struct maker *m, imp_cx *cx, const imp_msg *in)
{
	imp_span held = fdo_hold_get(&m->hold, HOLD_KEY);
	size_t cap = (in->data.len > held.len ? in->data.len : held.len) + SLACK;
	uint8_t *to = cx->room(cx, cap);
	imp_wr w = imp_wr_to(to, to ? cap : 0);
	fdo_pubkey pk, chain;
	fdo_key key, leaf;
	const char *why;
	if (in->code == IMP_EFACT) {
		imp_wr_bytes(&w, held);
		return imp_wr_end(&w) < 0 ? IMP_ENOSPC : hold_key(m, cx, imp_wr_span(&w));
	}
	if (in->code < 0 || imp_cbor_check(in->data) < 0 || fdo_chain_path(cx->crypto, in->data, &why) < 0)
		return lacks(m, cx, in->code, "maker's certificates");
	if (read_key(held, &pk, &key) < 0)
		return bad(m, cx, IMP_EARG, "held key");
	fdo_put_key_x5chain(&w, pk.type, in->data);
	if (imp_wr_end(&w) < 0)
		return IMP_ENOSPC;
	if (read_key(imp_wr_span(&w), &chain, &leaf) < 0 || !fdo_key_same(&key, &leaf))
		return lacks(m, cx, IMP_EFACT, "certificate of another key");
	return hold_key(m, cx, imp_wr_span(&w));
}

/* The header out of what is held and this RendezvousInfo. */
static imp_status put_header(struct maker *m, imp_cx *cx, imp_span rv, imp_wr *w)
{
	fdo_ovheader h = {0};
	fdo_key key;
	uint8_t digest[FDO_HASH_MAX];
	imp_rd r = imp_rd_of(fdo_hold_get(&m->hold, HOLD_KEY));
	imp_status st = fdo_rv_check(rv);
	fdo_pubkey_read(&r, &h.key);
	if (st == IMP_OK)
		st = imp_rd_end(&r);
	if (st == IMP_OK)
		st = fdo_key_read(&h.key, &key);
	if (st == IMP_OK)
		st = fdo_chain_hash(cx->crypto, fdo_hash_alg(m->device_sig, fdo_key_sig(&key)), fdo_hold_get(&m->hold, HOLD_CHAIN), digest, &h.chain);
	if (st < 0)
		return st;
	h.guid = imp_bytes(m->guid, FDO_GUID);
	h.rvinfo = rv;
	h.info = fdo_hold_get(&m->hold, HOLD_INFO);
	fdo_put_ovheader(w, &h);
	return imp_wr_end(w);
}

static imp_status learn_head(struct maker *m, imp_cx *cx, imp_span header, imp_span chain, imp_span hmac, int now)
{
	size_t cap = header.len + chain.len + hmac.len + SLACK;
	uint8_t *to = cx->room(cx, cap);
	imp_wr w = imp_wr_to(to, to ? cap : 0);
	char text[FDO_NAME];
	imp_span name = fdo_name(text, "", m->guid, "", NONE);
	fdo_put_head(&w, header, hmac, chain);
	if (imp_wr_end(&w) < 0)
		return bad(m, cx, IMP_ENOSPC, "room");
	return now ? fdo_commit(&m->s, cx, COMMIT, IMP_T_VOUCHER, name, imp_wr_span(&w), 0)
	           : fdo_learn(cx, IMP_T_VOUCHER, 0, 0, name, imp_wr_span(&w));
}

static imp_status rvinfo(struct maker *m, imp_cx *cx, const imp_msg *in)
{
	size_t cap = in->data.len + fdo_hold_get(&m->hold, HOLD_KEY).len + fdo_hold_get(&m->hold, HOLD_INFO).len + SLACK * 3;
	uint8_t *a = cx->room(cx, cap), *b = cx->room(cx, cap + SLACK), zero[NO_HMAC] = {0}, none[FDO_HASH_ITEM_MAX];
	imp_wr header = imp_wr_to(a, a ? cap : 0), w = imp_wr_to(b, b ? cap + SLACK : 0), hm = imp_wr_to(none, sizeof none);
	fdo_hash hmac = {IMP_A_HMAC256, imp_bytes(zero, NO_HMAC)};
	imp_status st;
	if (in->code < 0)
		return lacks(m, cx, in->code, "no rendezvous info");
	st = cx->crypto->random(cx->crypto, m->guid, FDO_GUID);
	if (st == IMP_OK)
		st = put_header(m, cx, in->data, &header);
	if (st < 0)
		return lacks(m, cx, st, "voucher header");
	fdo_put_hash(&hm, &hmac);
	fdo_put_set_credentials(&w, imp_wr_span(&header));
	if (imp_wr_end(&w) < 0)
		return bad(m, cx, IMP_ENOSPC, "room");
	st = learn_head(m, cx, imp_wr_span(&header), fdo_hold_get(&m->hold, HOLD_CHAIN), imp_wr_span(&hm), 0);
	if (st < 0 || m->s.over)
		return st;
	fdo_hold_wipe(&m->hold);
	return fdo_reply(&m->s, cx, SET_HMAC, FDO_DI_SET_CREDENTIALS, imp_wr_span(&w));
}

/* --- 12, 13 ------------------------------------------------------------------ */

static imp_status set_hmac(struct maker *m, imp_cx *cx, const imp_msg *in)
{
	char name[FDO_NAME];
	fdo_hash hmac;
	imp_span raw;
	imp_status st = fdo_read_set_hmac(in->data, &hmac, &raw);
	if (st < 0 || raw.len > sizeof m->hmac)
		return bad(m, cx, st < 0 ? st : IMP_EBADMSG, "message body");
	memcpy(m->hmac, raw.ptr, raw.len);
	m->hmac_len = (uint8_t)raw.len;
	return fdo_ask(&m->s, cx, FIRST_HEAD, IMP_T_VOUCHER, 0, fdo_name(name, "", m->guid, "", NONE), NONE);
}

static imp_status first_head(struct maker *m, imp_cx *cx, const imp_msg *in)
{
	fdo_head h;
	imp_status st = in->code < 0 ? in->code : fdo_read_head(in->data, &h);
	if (st < 0)
		return lacks(m, cx, st, "voucher head");
	return learn_head(m, cx, h.header.raw, h.chain, imp_bytes(m->hmac, m->hmac_len), 1);
}

static imp_status committed(struct maker *m, imp_cx *cx, const imp_msg *in)
{
	uint8_t body[4];
	imp_wr w = imp_wr_to(body, sizeof body);
	imp_status st;
	if (in->code < 0)
		return lacks(m, cx, in->code, "commit");
	fdo_put_empty(&w);
	st = fdo_reply(&m->s, cx, COMMIT, FDO_DI_DONE, imp_wr_span(&w));
	return st < 0 ? st : fdo_finish(&m->s, cx, IMP_OK, 0);
}

/* --- dispatch ---------------------------------------------------------------- */

static imp_status request(struct maker *m, imp_cx *cx, const imp_msg *in)
{
	imp_status st;
	uint8_t type = fdo_server_take(&m->s, cx, in, where(m), &st);
	if (!type)
		return st;
	if (m->s.state == APP_START && type == FDO_DI_APP_START)
		return app_start(m, cx, in);
	if (m->s.state == SET_HMAC && type == FDO_DI_SET_HMAC)
		return set_hmac(m, cx, in);
	return refuse(m, cx, IMP_EPROTO, FDO_E_INVALID, "not expected now");
}

static imp_status answered(struct maker *m, imp_cx *cx, const imp_msg *in)
{
	if (!fdo_server_wanted(&m->s, in))
		return IMP_OK;
	switch (m->s.state) {
	case CONSENT:
		return consent(m, cx, in);
	case CERTIFICATE:
		return certificate(m, cx, in);
	case MAKER_KEY:
		return maker_key(m, cx, in);
	case MAKER_CHAIN:
		return maker_chain(m, cx, in);
	case RVINFO:
		return rvinfo(m, cx, in);
	case FIRST_HEAD:
		return first_head(m, cx, in);
	case COMMIT:
		return committed(m, cx, in);
	}
	return IMP_OK;
}

size_t fdo_maker_need(const imp_params *p)
{
	return sizeof(struct maker) + fdo_hold_room(p);
}

imp_status fdo_maker_init(void *state, const imp_params *p)
{
	struct maker *m = state;
	m->hold.cap = (uint16_t)fdo_hold_room(p);
	return IMP_OK;
}

imp_status fdo_maker_step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct maker *m = state;
	switch (in->verb) {
	case IMP_START:
		if (m->s.state != START)
			return IMP_OK;
		m->s.state = APP_START;
		return fdo_server_start(&m->s, cx, in);
	case IMP_RX:
		return request(m, cx, in);
	case IMP_ANSWER:
		return answered(m, cx, in);
	case IMP_TICK:
		return m->s.over ? IMP_OK : refuse(m, cx, IMP_ETIME, FDO_E_INTERNAL, "too slow");
	case IMP_STOP:
		return m->s.over ? IMP_OK : refuse(m, cx, IMP_EDENIED, FDO_E_INTERNAL, "stopped");
	}
	return IMP_PASS;
}

const char *fdo_maker_where(const void *state)
{
	const struct maker *m = state;
	return m->s.reason[0] ? m->s.reason : where(m);
}
