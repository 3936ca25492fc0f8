/* owner.c -- TO2 as the owner's server sees it (FDO 1.1 section 5.5). */
#include "owner.h"
#include "role.h"
#include "rv.h"
#include "ct.h"

#define NONE imp_bytes(0, 0)

/* Messages by their own name, what the host owes by what it is. */
enum { START, HELLO_DEVICE, VOUCHER_HEAD, LAST_ENTRY, PROOF_KEY, OV_ENTRY, ENTRY, PROVE_DEVICE, DEVICE_HEAD, CONSENT,
       RVINFO, SETUP_KEY, DEVICE_READY, READY_HEAD, DEVICE_INFO, ACTION, FILE_PART, DONE, COMMIT, STATES };

static const char *const names[STATES] = {"start", "hello_device", "voucher_head", "last_entry", "proof_key", "ov_entry",
	"entry", "prove_device", "device_head", "consent", "rvinfo", "setup_key", "device_ready", "ready_head",
	"device_info", "action", "file_part", "done", "commit"};

enum { BODY_SLACK = 64 };

static const char *where(const struct fdo_owner *o)
{
	return names[o->s.state % STATES];
}

static void wipe(struct fdo_owner *o)
{
	imp_wipe(&o->u, sizeof o->u);
	fdo_hold_wipe(&o->hold);
}

static imp_status refuse(struct fdo_owner *o, imp_cx *cx, imp_status st, uint16_t error, const char *why)
{
	imp_status sent = fdo_refuse(&o->s, cx, st, error, where(o), why);
	wipe(o);
	return sent;
}

/* What the peer sent was wrong in shape or proof. */
static imp_status bad(struct fdo_owner *o, imp_cx *cx, imp_status st, const char *why)
{
	return refuse(o, cx, st, fdo_error_of(st), why);
}

/* What the host answered was no answer: `fact` names what is missing. */
static imp_status lacks(struct fdo_owner *o, imp_cx *cx, int32_t code, const char *why, imp_span fact)
{
	uint16_t error = code == IMP_EFACT && o->s.state == VOUCHER_HEAD ? FDO_E_NOT_FOUND : FDO_E_INTERNAL;
	imp_status sent = fdo_lacks(&o->s, cx, code, error, where(o), why, fact);
	wipe(o);
	return sent;
}

static imp_status lacks_voucher(struct fdo_owner *o, imp_cx *cx, int32_t code, const char *why)
{
	char name[FDO_NAME];
	return lacks(o, cx, code, why, fdo_name(name, "", o->u.to2.guid, "", NONE));
}

static imp_status ask_voucher(struct fdo_owner *o, imp_cx *cx, uint8_t state, int32_t entry)
{
	char name[FDO_NAME];
	return fdo_ask(&o->s, cx, state, IMP_T_VOUCHER, entry, fdo_name(name, "", o->u.to2.guid, "", NONE), NONE);
}

/* "fdo.owner/TYPE": the exchange says which key. */
static imp_span key_name(const struct fdo_owner *o)
{
	static const char *const types[] = {[FDO_ECDH256] = "fdo.owner/secp256r1", [FDO_ECDH384] = "fdo.owner/secp384r1",
		[FDO_DHKEXID14] = "fdo.owner/rsa2048", [FDO_DHKEXID15] = "fdo.owner/rsa3072",
		[FDO_ASYMKEX2048] = "fdo.owner/rsa2048", [FDO_ASYMKEX3072] = "fdo.owner/rsa3072"};
	const char *name = types[o->u.to2.kex];
	return imp_bytes(name, strlen(name));
}

static imp_status ask_key(struct fdo_owner *o, imp_cx *cx, uint8_t state)
{
	return fdo_ask(&o->s, cx, state, IMP_T_KEY, 0, key_name(o), NONE);
}

/* --- 60, 61: who is there, and that it is me ------------------------------ */

/* How the owner keys of this exchange sign: decides the width of hashes. */
static int32_t sig_of(uint8_t kex)
{
	if (kex == FDO_ECDH384)
		return IMP_A_ES384;
	if (kex == FDO_DHKEXID15 || kex == FDO_ASYMKEX3072)
		return IMP_A_RS384;
	return kex == FDO_ECDH256 ? IMP_A_ES256 : IMP_A_RS256;
}

static imp_status hello(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	fdo_hello_device m;
	fdo_hash hash;
	uint8_t digest[FDO_HASH_MAX], raw[96 + FDO_HASH_MAX];
	imp_wr w = imp_wr_to(raw, sizeof raw);
	imp_status st = fdo_read_hello_device(in->data, &m);
	if (st < 0)
		return bad(o, cx, st, "message body");
	t->kex = (uint8_t)fdo_kex_of(m.kex);
	t->cipher = m.cipher;
	t->device_sig = m.sig.type;
	t->device_max = m.max_msg;
	if (!t->kex || !fdo_cipher_known(m.cipher))
		return refuse(o, cx, IMP_EUNSUP, FDO_E_INVALID, "unknown key exchange or cipher");
	if (m.sig.info.len)
		return refuse(o, cx, IMP_EUNSUP, FDO_E_INVALID, "signature info");
	memcpy(t->guid, m.guid.ptr, FDO_GUID);
	st = fdo_hash_make(cx->crypto, fdo_hash_alg(m.sig.type, sig_of(t->kex)), &in->data, 1, digest, &hash);
	if (st < 0)
		return bad(o, cx, st, "hash");
	imp_wr_bytes(&w, m.nonce);
	fdo_put_hash(&w, &hash);
	st = fdo_hold_put(&o->hold, FDO_HOLD_BODY, imp_wr_span(&w));
	return st < 0 ? bad(o, cx, st, "room") : ask_voucher(o, cx, VOUCHER_HEAD, 0);
}

/* The payload of 61 but for the signature; what 60 left is its tail. */
static imp_status build_proof(struct fdo_owner *o, imp_cx *cx, const fdo_head *h)
{
	struct fdo_to2 *t = &o->u.to2;
	imp_span left = fdo_hold_get(&o->hold, FDO_HOLD_BODY);
	imp_rd r = imp_rd_of(left);
	uint8_t xa[FDO_X_MAX + 8];
	imp_wr wx = imp_wr_to(xa, sizeof xa), w;
	fdo_prove_ovhdr m = {0};
	uint8_t *to;
	imp_status st = fdo_kex_offer(cx->crypto, (enum fdo_kex)t->kex, &t->kx.offer, &wx);
	if (st < 0 || imp_wr_end(&wx) < 0)
		return st < 0 ? st : IMP_ENOSPC;
	m.nonce_ov = imp_rd_bytes(&r, FDO_NONCE);
	fdo_hash_read(&r, &m.hello);
	m.ovheader = h->header.raw;
	m.entries = (uint8_t)t->entries;
	m.hmac = h->hmac;
	m.hmac_raw = h->hmac_raw;
	m.sig.type = t->device_sig;
	m.xa = imp_wr_span(&wx);
	m.max_msg = o->max_msg;
	to = cx->room(cx, o->hold.cap);
	if (!to || imp_rd_end(&r) < 0)
		return IMP_ENOSPC;
	w = imp_wr_to(to, o->hold.cap);
	fdo_put_prove_ovhdr_payload(&w, &m);
	return imp_wr_end(&w) < 0 ? IMP_ENOSPC : fdo_hold_put(&o->hold, FDO_HOLD_BODY, imp_wr_span(&w));
}

/* The PublicKey that the voucher ends in. */
static imp_status hold_owner(struct fdo_owner *o, const fdo_pubkey *pk)
{
	fdo_key key;
	imp_status st = fdo_key_read(pk, &key);
	if (st < 0)
		return st;
	o->u.to2.owner_sig = fdo_key_sig(&key);
	if (!fdo_kex_fits((enum fdo_kex)o->u.to2.kex, &key))
		return IMP_EPROTO;
	return fdo_hold_put(&o->hold, FDO_HOLD_OWNER, pk->raw);
}

static imp_status voucher_head(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	const char *why = "voucher";
	fdo_head h;
	fdo_key device;
	imp_status st;
	if (in->code < 0)
		return lacks_voucher(o, cx, in->code, "unknown GUID");
	st = fdo_read_head(in->data, &h);
	if (st == IMP_OK)
		st = fdo_head_check(cx->crypto, &h, &device, &why);
	if (st < 0 || !imp_same(h.header.guid, imp_bytes(t->guid, FDO_GUID)) || in->code > 256)
		return refuse(o, cx, st < 0 ? st : IMP_EFACT, FDO_E_INTERNAL, why);
	if (!fdo_sig_fits(&device, t->device_sig))
		return refuse(o, cx, IMP_EPROTO, FDO_E_INVALID, "signature info");
	t->entries = in->code > 0 ? (uint16_t)(in->code - 1) : 0;
	st = hold_owner(o, &h.header.key); /* all keys of a voucher are of one kind: no offer that cannot be used */
	if (st < 0)
		return bad(o, cx, st, "key exchange and owner key");
	st = fdo_hold_put(&o->hold, FDO_HOLD_DEVICE, imp_bytes(device.bits, device.len));
	t->device_key = device.alg;
	if (st == IMP_OK)
		st = build_proof(o, cx, &h);
	if (st < 0)
		return bad(o, cx, st, "proof");
	return t->entries ? ask_voucher(o, cx, LAST_ENTRY, t->entries) : ask_key(o, cx, PROOF_KEY);
}

static imp_status last_entry(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	fdo_entry e;
	imp_status st;
	if (in->code < 0)
		return lacks_voucher(o, cx, in->code, "voucher entry missing");
	st = fdo_read_entry(in->data, &e);
	if (st < 0)
		return refuse(o, cx, st, FDO_E_INTERNAL, "voucher entry");
	st = hold_owner(o, &e.key);
	return st < 0 ? bad(o, cx, st, "key exchange and owner key") : ask_key(o, cx, PROOF_KEY);
}

/* Room for a message: what is signed and what stands around it. */
static imp_wr message(imp_cx *cx, size_t len)
{
	uint8_t *to = cx->room(cx, len);
	return imp_wr_to(to, to ? len : 0);
}

static imp_status proof_key(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	imp_key key = imp_key_from(in->data);
	imp_span payload = fdo_hold_get(&o->hold, FDO_HOLD_BODY), owner = fdo_hold_get(&o->hold, FDO_HOLD_OWNER);
	imp_wr header, w;
	fdo_prove_ovhdr m = {0};
	imp_status st;
	if (in->code < 0 || !key.alg)
		return lacks(o, cx, in->code, "owner key missing", key_name(o));
	st = cx->crypto->random(cx->crypto, t->nonce_dv, FDO_NONCE);
	if (st < 0)
		return bad(o, cx, st, "random");
	m.nonce_dv = imp_bytes(t->nonce_dv, FDO_NONCE);
	m.owner.raw = owner;
	header = message(cx, owner.len + BODY_SLACK);
	fdo_put_prove_ovhdr_header(&header, &m);
	w = message(cx, payload.len + owner.len + BODY_SLACK * 2 + FDO_SIG_MAX);
	st = imp_cose_sign1(cx->crypto, &w, t->owner_sig, &key, imp_wr_span(&header), payload, NONE);
	if (st < 0 || imp_wr_end(&header) < 0 || imp_wr_end(&w) < 0)
		return lacks(o, cx, st < 0 ? st : IMP_ENOSPC, "owner key does not sign", key_name(o));
	fdo_hold_put(&o->hold, FDO_HOLD_BODY, NONE);
	return fdo_reply(&o->s, cx, t->entries ? OV_ENTRY : PROVE_DEVICE, FDO_TO2_PROVE_OVHDR, imp_wr_span(&w));
}

/* --- 62, 63: the voucher, one entry at a time ----------------------------- */

static imp_status get_entry(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	uint8_t number;
	imp_status st = fdo_read_get_entry(in->data, &number);
	if (st < 0)
		return bad(o, cx, st, "message body");
	if (number != o->u.to2.next)
		return refuse(o, cx, IMP_EPROTO, FDO_E_INVALID, "entry number");
	return ask_voucher(o, cx, ENTRY, number + 1);
}

static imp_status entry(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	imp_wr w = message(cx, in->data.len + BODY_SLACK);
	if (in->code < 0 || !in->data.len)
		return lacks_voucher(o, cx, in->code, "voucher entry missing");
	fdo_put_next_entry(&w, (uint8_t)t->next, in->data);
	if (imp_wr_end(&w) < 0)
		return bad(o, cx, IMP_ENOSPC, "room");
	t->next++;
	return fdo_reply(&o->s, cx, t->next < t->entries ? OV_ENTRY : PROVE_DEVICE, FDO_TO2_OV_NEXT_ENTRY, imp_wr_span(&w));
}

/* --- 64, 65: that it is you, may you, and who you will be ------------------ */

static imp_status check_eat(const struct fdo_owner *o, imp_cx *cx, const imp_cose *cose, const fdo_eat *eat, const char **why)
{
	const struct fdo_to2 *t = &o->u.to2;
	imp_key device = {t->device_key, 0, 0, fdo_hold_get(&o->hold, FDO_HOLD_DEVICE)};
	imp_status st = imp_cose_verify1(cx->crypto, cose, t->device_sig, &device, NONE);
	*why = "device signature";
	if (st < 0)
		return IMP_EAUTH;
	*why = "nonce";
	if (!imp_same(eat->nonce, imp_bytes(t->nonce_dv, FDO_NONCE)))
		return IMP_EAUTH;
	*why = "GUID";
	if (!imp_same(eat->guid, imp_bytes(t->guid, FDO_GUID)))
		return IMP_EAUTH;
	*why = "message body";
	return eat->xb.len && eat->setup_nonce.len == FDO_NONCE ? IMP_OK : IMP_EBADMSG;
}

/* Only then does the device's answer have to wait for our key. */
static int needs_key(const struct fdo_to2 *t)
{
	return t->kex == FDO_ASYMKEX2048 || t->kex == FDO_ASYMKEX3072;
}

/* Both sides have the same keys from here on. */
static imp_status tunnel(struct fdo_to2 *t, const imp_crypto *c, imp_span xb, const imp_key *key)
{
	fdo_tunnel made;
	imp_status st = fdo_kex_finish(c, &t->kx.offer, t->cipher, xb, key, &made);
	if (st == IMP_OK) {
		imp_wipe(&t->kx, sizeof t->kx);
		t->kx.tunnel = made;
	}
	imp_wipe(&made, sizeof made);
	return st == IMP_EBADMSG ? IMP_EAUTH : st;
}

static imp_status prove_device(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	const char *why = "message body";
	imp_cose cose;
	fdo_eat eat;
	imp_status st = fdo_read_eat(in->data, &cose, &eat);
	if (st == IMP_OK)
		st = check_eat(o, cx, &cose, &eat, &why);
	if (st < 0)
		return bad(o, cx, st, why);
	memcpy(t->nonce_setup, eat.setup_nonce.ptr, FDO_NONCE);
	if (!needs_key(t))
		st = tunnel(t, cx->crypto, eat.xb, NULL);
	if (st < 0)
		return bad(o, cx, st, "key exchange");
	st = fdo_hold_put(&o->hold, FDO_HOLD_DEVICE, needs_key(t) ? eat.xb : NONE); /* its key has done its work */
	return st < 0 ? bad(o, cx, st, "room") : ask_voucher(o, cx, DEVICE_HEAD, 0);
}

static imp_status device_head(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	struct fdo_claims k = {0};
	char name[FDO_NAME];
	fdo_head h;
	imp_wr w = message(cx, in->data.len + BODY_SLACK * 4);
	imp_status st = in->code < 0 ? in->code : fdo_read_head(in->data, &h);
	if (st == IMP_OK)
		st = fdo_claims_of(&k, &h);
	if (st < 0)
		return lacks_voucher(o, cx, st, "voucher missing");
	k.identity = imp_bytes(t->guid, FDO_GUID);
	k.owner = fdo_hold_get(&o->hold, FDO_HOLD_OWNER);
	k.entries = t->entries;
	st = fdo_put_claims(cx->crypto, &w, &k);
	if (st == IMP_OK)
		st = fdo_hold_put(&o->hold, FDO_HOLD_BODY, h.header.rvinfo);
	if (st < 0)
		return bad(o, cx, st, "room");
	return fdo_ask(&o->s, cx, CONSENT, IMP_T_AUTHORIZE, 0, fdo_name(name, "", t->guid, "", NONE), imp_wr_span(&w));
}

static const char rvinfo_name[] = "fdo.rvinfo";

static imp_status consent(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	imp_rd r = imp_rd_of(imp_cbor_at(in->data, IMP_T_VOUCHER));
	if (in->code < 0)
		return refuse(o, cx, IMP_EDENIED, FDO_E_INVALID, "policy");
	t->reuse = imp_cbor_bool(&r) && imp_rd_end(&r) == IMP_OK;
	if (t->reuse) {
		memcpy(t->new_guid, t->guid, FDO_GUID);
		return ask_key(o, cx, SETUP_KEY);
	}
	if (cx->crypto->random(cx->crypto, t->new_guid, FDO_GUID) < 0)
		return bad(o, cx, IMP_ERANDOM, "random");
	return fdo_ask(&o->s, cx, RVINFO, IMP_T_CONFIG, 0, imp_bytes(rvinfo_name, sizeof rvinfo_name - 1), NONE);
}

static imp_status rvinfo(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	imp_status st = IMP_OK;
	if (in->code < 0 && in->code != IMP_EFACT)
		return lacks(o, cx, in->code, "rvinfo", imp_bytes(rvinfo_name, sizeof rvinfo_name - 1));
	if (in->code >= 0) {
		st = fdo_rv_check(in->data);
		if (st == IMP_OK)
			st = fdo_hold_put(&o->hold, FDO_HOLD_BODY, in->data);
	}
	return st < 0 ? refuse(o, cx, st, FDO_E_INTERNAL, "rvinfo") : ask_key(o, cx, SETUP_KEY);
}

static imp_status send_sealed(struct fdo_owner *o, imp_cx *cx, uint8_t state, uint8_t type, imp_span plain)
{
	imp_wr w = message(cx, plain.len + FDO_TUNNEL_OVERHEAD);
	imp_status st = fdo_tunnel_seal(cx->crypto, &o->u.to2.kx.tunnel, plain, &w);
	if (st < 0 || imp_wr_end(&w) < 0)
		return bad(o, cx, st < 0 ? st : IMP_ENOSPC, "sealing");
	return fdo_reply(&o->s, cx, state, type, imp_wr_span(&w));
}

static imp_status setup_key(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	imp_key key = imp_key_from(in->data);
	fdo_setup_device m = {0};
	imp_wr payload, w;
	imp_status st;
	if (in->code < 0 || !key.alg)
		return lacks(o, cx, in->code, "owner key missing", key_name(o));
	st = needs_key(t) ? tunnel(t, cx->crypto, fdo_hold_get(&o->hold, FDO_HOLD_DEVICE), &key) : IMP_OK;
	if (st < 0)
		return bad(o, cx, st, "key exchange");
	fdo_hold_put(&o->hold, FDO_HOLD_DEVICE, NONE);
	m.rvinfo = fdo_hold_get(&o->hold, FDO_HOLD_BODY);
	m.owner2.raw = fdo_hold_get(&o->hold, FDO_HOLD_OWNER);
	m.guid = imp_bytes(t->new_guid, FDO_GUID);
	m.nonce = imp_bytes(t->nonce_setup, FDO_NONCE);
	payload = message(cx, m.rvinfo.len + m.owner2.raw.len + BODY_SLACK);
	fdo_put_setup_device_payload(&payload, &m);
	w = message(cx, payload.cap + BODY_SLACK + FDO_SIG_MAX);
	st = imp_cose_sign1(cx->crypto, &w, t->owner_sig, &key, NONE, imp_wr_span(&payload), NONE);
	if (st < 0 || imp_wr_end(&payload) < 0 || imp_wr_end(&w) < 0)
		return lacks(o, cx, st < 0 ? st : IMP_ENOSPC, "owner key does not sign", key_name(o));
	return send_sealed(o, cx, DEVICE_READY, FDO_TO2_SETUP_DEVICE, imp_wr_span(&w));
}

/* --- 66, 67: the replacement voucher --------------------------------------- */

/* The content of a message from the tunnel, in work memory. */
static imp_status unseal(struct fdo_owner *o, imp_cx *cx, const imp_msg *in, imp_span *plain)
{
	size_t len = in->data.len;
	uint8_t *to = cx->room(cx, len);
	imp_status st = to ? fdo_tunnel_open(cx->crypto, &o->u.to2.kx.tunnel, in->data, to, &len) : IMP_ENOSPC;
	*plain = imp_bytes(to, st == IMP_OK ? len : 0);
	return st == IMP_EAUTH ? IMP_EBADMSG : st; /* what cannot be opened has no shape: error 100 */
}

/* Service info of at most `n` bytes in messages of `max`, with what is around it. */
static size_t within(size_t max, size_t n)
{
	size_t room = max > 2 * FDO_TUNNEL_OVERHEAD ? max - 2 * FDO_TUNNEL_OVERHEAD : max;
	return n < room ? n : room;
}

static imp_status ready(struct fdo_owner *o, imp_cx *cx)
{
	uint8_t plain[8];
	imp_wr w = imp_wr_to(plain, sizeof plain);
	fdo_put_owner_ready(&w, (uint16_t)within(o->max_msg, FDO_INFO_LARGEST));
	o->s.idle = FDO_IDLE_INFO;
	return send_sealed(o, cx, DEVICE_INFO, FDO_TO2_OWNER_READY, imp_wr_span(&w));
}

static imp_status device_ready(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	imp_wr w = imp_wr_to(t->hmac, sizeof t->hmac);
	imp_span plain;
	fdo_hash hmac;
	uint16_t max;
	imp_status st = unseal(o, cx, in, &plain);
	if (st == IMP_OK)
		st = fdo_read_device_ready(plain, &hmac, &max);
	if (st < 0)
		return bad(o, cx, st, "message body");
	if ((hmac.alg == 0) != t->reuse)
		return refuse(o, cx, IMP_EPROTO, t->reuse ? FDO_E_INVALID : FDO_E_REUSE, "credential reuse");
	t->si.max = max;
	if (t->reuse)
		return ready(o, cx);
	fdo_put_hash(&w, &hmac);
	t->hmac_len = (uint8_t)w.len;
	return ask_voucher(o, cx, READY_HEAD, 0);
}

/* The replacement voucher's head, provisional until Done. */
static imp_status ready_head(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	imp_span owner = fdo_hold_get(&o->hold, FDO_HOLD_OWNER), rv = fdo_hold_get(&o->hold, FDO_HOLD_BODY);
	size_t cap = in->data.len + owner.len + rv.len + BODY_SLACK;
	char name[FDO_NAME];
	fdo_head h;
	imp_wr header, w;
	imp_status st = in->code < 0 ? in->code : fdo_read_head(in->data, &h);
	if (st < 0)
		return lacks_voucher(o, cx, st, "voucher missing");
	h.header.guid = imp_bytes(t->new_guid, FDO_GUID);
	h.header.rvinfo = rv;
	h.header.key.raw = owner;
	header = message(cx, cap);
	fdo_put_ovheader(&header, &h.header);
	w = message(cx, cap + header.len + BODY_SLACK);
	fdo_put_head(&w, imp_wr_span(&header), imp_bytes(t->hmac, t->hmac_len), h.chain);
	if (imp_wr_end(&header) < 0 || imp_wr_end(&w) < 0)
		return bad(o, cx, IMP_ENOSPC, "room");
	st = fdo_hold_put(&o->hold, FDO_HOLD_BODY, NONE);
	if (st == IMP_OK)
		st = fdo_learn(cx, IMP_T_VOUCHER, 0, 0, fdo_name(name, "", t->new_guid, "", NONE), imp_wr_span(&w));
	return st < 0 ? st : ready(o, cx);
}

/* --- 68, 69: ServiceInfo ---------------------------------------------------- */

static size_t info_room(const struct fdo_owner *o)
{
	const struct fdo_to2 *t = &o->u.to2;
	size_t n = within(o->max_msg, t->si.max ? t->si.max : FDO_INFO_MAX);
	return t->device_max ? within(t->device_max, n) : n;
}

static imp_status send_info(struct fdo_owner *o, imp_cx *cx, const fdo_info_wr *pairs)
{
	struct fdo_to2 *t = &o->u.to2;
	imp_wr w = message(cx, pairs->len + BODY_SLACK);
	int done = fdo_ownersi_done(&t->si) && !t->more;
	fdo_info_end_owner(pairs, &w, fdo_ownersi_more(&t->si) && !t->more, done);
	if (imp_wr_end(&w) < 0)
		return bad(o, cx, IMP_ENOSPC, "room");
	if (done)
		o->s.idle = FDO_IDLE;
	return send_sealed(o, cx, done ? DONE : DEVICE_INFO, FDO_TO2_OWNER_INFO, imp_wr_span(&w));
}

/* Ask the host for what the next message needs, or send it. */
static imp_status go_on(struct fdo_owner *o, imp_cx *cx, const fdo_info_wr *pairs)
{
	struct fdo_to2 *t = &o->u.to2;
	enum fdo_ownersi_step step = fdo_ownersi_next(&t->si, t->more);
	char name[FDO_NAME];
	uint16_t topic;
	int32_t code;
	imp_span what;
	if (step == FDO_SI_SEND)
		return send_info(o, cx, pairs);
	what = fdo_ownersi_question(&t->si, &o->hold, t->guid, name, &topic, &code);
	return fdo_ask(&o->s, cx, step == FDO_SI_ASK_ACTION ? ACTION : FILE_PART, topic, code, what, NONE);
}

static imp_status device_info(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	const char *why = "message body";
	uint16_t error = FDO_E_BODY;
	fdo_info info;
	fdo_info_wr none = fdo_info_start(NULL, 0, 0);
	imp_span plain;
	imp_status st = unseal(o, cx, in, &plain);
	if (st == IMP_OK)
		st = fdo_read_device_info(plain, &info);
	if (st == IMP_OK)
		st = fdo_ownersi_take(&t->si, &o->hold, cx, t->guid, &info, &error, &why);
	if (st < 0)
		return refuse(o, cx, st, error, why);
	t->more = info.more;
	return go_on(o, cx, &none);
}

static imp_status info_answer(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	const char *why = "room";
	char name[FDO_NAME];
	uint16_t topic;
	int32_t code;
	size_t cap = info_room(o);
	uint8_t *to = cx->room(cx, cap);
	fdo_info_wr pairs = fdo_info_start(to, to ? cap : 0, cap);
	imp_status st = to ? fdo_ownersi_answer(&t->si, &o->hold, cx->crypto, in, &pairs, &why) : IMP_ENOSPC;
	if (st == IMP_EFACT)
		return lacks(o, cx, st, why, fdo_ownersi_question(&t->si, &o->hold, t->guid, name, &topic, &code));
	if (st < 0)
		return refuse(o, cx, st, FDO_E_INTERNAL, why);
	return pairs.count ? send_info(o, cx, &pairs) : go_on(o, cx, &pairs); /* what is said must leave before the next part is asked for */
}

/* --- 70, 71: done ------------------------------------------------------------ */

static imp_status finished(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	struct fdo_to2 *t = &o->u.to2;
	imp_span plain, nonce;
	char name[FDO_NAME];
	imp_status st = unseal(o, cx, in, &plain);
	if (st == IMP_OK)
		st = fdo_read_nonce(plain, &nonce);
	if (st < 0)
		return bad(o, cx, st, "message body");
	if (!imp_same(nonce, imp_bytes(t->nonce_dv, FDO_NONCE)))
		return bad(o, cx, IMP_EAUTH, "nonce");
	return fdo_commit(&o->s, cx, COMMIT, IMP_T_OWNER, fdo_name(name, "", t->guid, "", NONE), imp_bytes(t->new_guid, FDO_GUID), 0);
}

static imp_status committed(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	uint8_t plain[FDO_NONCE + 8];
	imp_wr w = imp_wr_to(plain, sizeof plain);
	imp_status st;
	if (in->code < 0)
		return lacks_voucher(o, cx, in->code, "commit");
	fdo_put_nonce(&w, o->u.to2.nonce_setup);
	st = send_sealed(o, cx, COMMIT, FDO_TO2_DONE2, imp_wr_span(&w));
	if (st < 0 || o->s.over)
		return st;
	wipe(o);
	return fdo_finish(&o->s, cx, IMP_OK, 0);
}

/* --- dispatch ---------------------------------------------------------------- */

static imp_status request(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	imp_status st;
	uint8_t type = fdo_server_take(&o->s, cx, in, where(o), &st);
	if (!type) {
		if (o->s.over)
			wipe(o);
		return st;
	}
	if (o->s.state == HELLO_DEVICE && type == FDO_TO2_HELLO_DEVICE)
		return hello(o, cx, in);
	if (o->s.state == OV_ENTRY && type == FDO_TO2_GET_OV_NEXT_ENTRY)
		return get_entry(o, cx, in);
	if (o->s.state == PROVE_DEVICE && type == FDO_TO2_PROVE_DEVICE)
		return prove_device(o, cx, in);
	if (o->s.state == DEVICE_READY && type == FDO_TO2_DEVICE_READY)
		return device_ready(o, cx, in);
	if (o->s.state == DEVICE_INFO && type == FDO_TO2_DEVICE_INFO)
		return device_info(o, cx, in);
	if (o->s.state == DONE && type == FDO_TO2_DONE)
		return finished(o, cx, in);
	return refuse(o, cx, IMP_EPROTO, FDO_E_INVALID, "not expected now");
}

static imp_status answered(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	if (!fdo_server_wanted(&o->s, in))
		return IMP_OK;
	switch (o->s.state) {
	case VOUCHER_HEAD:
		return voucher_head(o, cx, in);
	case LAST_ENTRY:
		return last_entry(o, cx, in);
	case PROOF_KEY:
		return proof_key(o, cx, in);
	case ENTRY:
		return entry(o, cx, in);
	case DEVICE_HEAD:
		return device_head(o, cx, in);
	case CONSENT:
		return consent(o, cx, in);
	case RVINFO:
		return rvinfo(o, cx, in);
	case SETUP_KEY:
		return setup_key(o, cx, in);
	case READY_HEAD:
		return ready_head(o, cx, in);
	case ACTION:
	case FILE_PART:
		return info_answer(o, cx, in);
	case COMMIT:
		return committed(o, cx, in);
	}
	return IMP_OK;
}

size_t fdo_owner_need(const imp_params *p)
{
	return sizeof(struct fdo_owner) + fdo_hold_room(p);
}

imp_status fdo_owner_init(void *state, const imp_params *p)
{
	struct fdo_owner *o = state;
	o->hold.cap = (uint16_t)fdo_hold_room(p);
	o->max_msg = (uint16_t)(p->max_msg < FDO_OWNER_MAX ? p->max_msg : FDO_OWNER_MAX);
	return IMP_OK;
}

static imp_status start(struct fdo_owner *o, imp_cx *cx, const imp_msg *in)
{
	if (o->s.state != START)
		return IMP_OK;
	o->client = in->topic == IMP_T_VOUCHER;
	if (o->client)
		return fdo_to0_start(o, cx, in);
	o->s.state = HELLO_DEVICE;
	return fdo_server_start(&o->s, cx, in);
}

imp_status fdo_owner_step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct fdo_owner *o = state;
	if (in->verb == IMP_START)
		return start(o, cx, in);
	if (o->client)
		return fdo_to0_step(o, cx, in);
	switch (in->verb) {
	case IMP_RX:
		return request(o, cx, in);
	case IMP_ANSWER:
		return answered(o, cx, in);
	case IMP_TICK:
		return o->s.over ? IMP_OK : refuse(o, cx, IMP_ETIME, FDO_E_INTERNAL, "too slow");
	case IMP_STOP:
		return o->s.over ? IMP_OK : refuse(o, cx, IMP_EDENIED, FDO_E_INTERNAL, "stopped");
	}
	return IMP_PASS;
}

const char *fdo_owner_where(const void *state)
{
	const struct fdo_owner *o = state;
	if (o->s.reason[0])
		return o->s.reason;
	return o->client ? fdo_to0_where(o) : where(o);
}
