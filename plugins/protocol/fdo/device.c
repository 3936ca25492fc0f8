/* device.c -- the device: TO1 and TO2 (and in devdi.c DI) as client.
 *
 * A run asks for its beliefs, then walks the rendezvous directives: for each
 * address TO1, for each address that TO1 yields TO2.  Whatever goes wrong on
 * one address leads to the next; when there is none left, the run ends with the
 * first failure that was not a dead link, or with IMP_LATER.
 *
 * The new credential is learnt in parts: VOUCHER and OWNER when message 66 is
 * sent, KEY with NOW once Done2 is verified, so that all of it becomes durable
 * there and nowhere else.  A run that starts over forgets the parts. */
#include "device.h"
#include "ct.h"
#include "lines.h"
#include "rv.h"

#include <string.h>

#define NONE imp_bytes(NULL, 0)
#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

enum { OPEN_MS = 30000, ERROR_MAX = 96, SHARE = 4096, SMALL = 64 };
enum { OWNERS_MOST = 32 }; /* addresses tried of one to1d, which nobody may have signed */

size_t fdo_device_need(const imp_params *p)
{
	(void)p;
	return sizeof(struct fdo_device);
}

/* What came, in clear; what goes, in parts, whole and sealed. */
size_t fdo_device_work(const imp_params *p)
{
	return 4 * ((size_t)p->max_msg + 64) + 2 * FDO_X_MAX;
}

imp_status fdo_device_init(void *state, const imp_params *p)
{
	struct fdo_device *d = state;
	d->max = (uint16_t)(p->max_msg < UINT16_MAX ? p->max_msg : UINT16_MAX);
	return d->max < FDO_DEVICE_LEAST ? IMP_EARG : IMP_OK;
}

/* --- words --------------------------------------------------------------- */

static const struct {
	uint16_t topic;
	char     name[16];
} facts[FDO_FACTS] = {
	{IMP_T_VOUCHER, "fdo.credential"}, {IMP_T_KEY, "fdo.attestation"}, {IMP_T_KEY, "fdo.hmac"}, {IMP_T_CONFIG, "fdo.device"}, {IMP_T_SERVER, "fdo.to1d"},
	{IMP_T_OWNER, "fdo.owner"}, {IMP_T_CONFIG, "fdo.devmod"}, {IMP_T_SERVER, "fdo.di"}, {IMP_T_CONFIG, "fdo.mfginfo"},
};

static imp_span fact_name(enum fdo_fact fact)
{
	return imp_bytes(facts[fact].name, strlen(facts[fact].name));
}

static imp_status say(imp_cx *cx, uint16_t verb, enum fdo_fact fact, uint16_t flags, uint32_t ticket, const imp_span *data)
{
	imp_msg m;
	fdo_message(&m, verb, ticket);
	if (fact < FDO_FACTS) {
		m.topic = facts[fact].topic;
		m.name = fact_name(fact);
	}
	if (data)
		m.data = *data;
	m.flags = flags;
	return cx->emit(cx, &m);
}

static imp_status tell(imp_cx *cx, uint16_t verb, enum fdo_fact fact, uint16_t flags)
{
	return say(cx, verb, fact, flags, 0, NULL);
}

imp_status fdo_device_ask(struct fdo_device *d, imp_cx *cx, uint8_t state, enum fdo_fact fact)
{
	d->state = state;
	d->asked = (uint8_t)fact;
	return say(cx, IMP_ASK, fact, 0, d->want = ++d->tickets, NULL);
}

imp_status fdo_device_learn(struct fdo_device *d, imp_cx *cx, enum fdo_fact fact, imp_span data)
{
	d->dirty = 1;
	return say(cx, IMP_LEARN, fact, 0, 0, &data);
}

imp_status fdo_device_commit(struct fdo_device *d, imp_cx *cx)
{
	imp_span flat = imp_bytes(d->next.flat, d->next.len);
	d->state = FDO_D_COMMIT;
	d->asked = FDO_FACTS;
	return say(cx, IMP_LEARN, FDO_F_HMAC, IMP_NOW | IMP_SECRET, d->want = ++d->tickets, &flat);
}

imp_status fdo_device_bad(struct fdo_device *d, imp_status st, const char *why)
{
	d->noted = 1;
	memcpy(d->reason, why, strlen(why) + 1);
	return st;
}

static void wipe(struct fdo_device *d)
{
	imp_wipe(d->token, sizeof d->token);
	imp_wipe(&d->next, sizeof d->next);
	imp_wipe(&d->tunnel, sizeof d->tunnel);
	imp_wipe(&d->u, sizeof d->u);
	d->token_len = 0;
	d->reusing = 0;
	d->want = 0;
}

static imp_status finish(struct fdo_device *d, imp_cx *cx, imp_status code, imp_span name)
{
	imp_msg m;
	fdo_message(&m, IMP_DONE, 0);
	m.code = code;
	m.name = name;
	if (code < 0) {
		m.topic = d->fault_topic;
		m.data = imp_bytes(d->reason, strlen(d->reason));
	}
	if (code == IMP_LATER)
		m.when = (uint64_t)(d->delay ? d->delay : FDO_RV_DELAY_DEFAULT) * 1000;
	d->state = FDO_D_OVER;
	wipe(d);
	imp_wipe(&d->hmac, sizeof d->hmac);
	return cx->emit(cx, &m);
}

imp_status fdo_device_done(struct fdo_device *d, imp_cx *cx, imp_status code)
{
	return finish(d, cx, code, NONE);
}

imp_status fdo_device_lacks(struct fdo_device *d, imp_cx *cx)
{
	fdo_device_bad(d, IMP_OK, "missing fact");
	return finish(d, cx, IMP_EFACT, fact_name((enum fdo_fact)d->asked));
}

/* --- requests and replies ------------------------------------------------ */

imp_wr fdo_device_room(imp_cx *cx, size_t n)
{
	uint8_t *p = cx->room(cx, n);
	imp_wr w = imp_wr_to(p, p ? n : 0);
	if (!p)
		imp_wr_fail(&w, IMP_ENOSPC);
	return w;
}

static imp_status transmit(struct fdo_device *d, imp_cx *cx, uint8_t type, uint32_t ticket, imp_span body)
{
	imp_wr name = fdo_device_room(cx, SMALL + sizeof d->token);
	imp_msg m;
	imp_wr_text(&name, "/fdo/101/msg/");
	imp_wr_decimal(&name, type);
	if (d->token_len) {
		imp_wr_text(&name, "\nauthorization: ");
		imp_wr_bytes(&name, imp_bytes(d->token, d->token_len));
	}
	if (imp_wr_end(&name))
		return IMP_ENOSPC;
	fdo_message(&m, IMP_TX, ticket);
	m.topic = FDO_CBOR;
	m.code = IMP_POST;
	m.name = imp_wr_span(&name);
	m.data = body;
	return cx->emit(cx, &m);
}

imp_status fdo_device_post(struct fdo_device *d, imp_cx *cx, uint8_t state, uint8_t type, const imp_wr *w)
{
	imp_span body = imp_wr_span(w);
	imp_wr sealed;
	if (imp_wr_end(w))
		return IMP_ENOSPC;
	if (type >= FDO_TO2_DEVICE_READY && type <= FDO_TO2_DONE) {
		imp_status st;
		sealed = fdo_device_room(cx, body.len + FDO_TUNNEL_OVERHEAD);
		st = fdo_tunnel_seal(cx->crypto, &d->tunnel, body, &sealed);
		if (st || imp_wr_end(&sealed))
			return st ? st : IMP_ENOSPC;
		body = imp_wr_span(&sealed);
	}
	d->state = state;
	d->asked = FDO_FACTS;
	d->posted = type;
	return transmit(d, cx, type, d->want = ++d->tickets, body);
}

/* --- from address to address --------------------------------------------- */

static imp_status exhausted(struct fdo_device *d, imp_cx *cx, imp_status otherwise)
{
	return fdo_device_done(d, cx, d->fault ? d->fault : otherwise);
}

/* What was half done is undone; then the next address. */
imp_status fdo_device_next(struct fdo_device *d, imp_cx *cx)
{
	uint8_t forgets = d->dirty;
	imp_status st = IMP_OK;
	wipe(d);
	if (d->open)
		st = tell(cx, IMP_SHUT, FDO_FACTS, 0);
	if (!st && forgets)
		st = tell(cx, IMP_LEARN, FDO_FACTS, IMP_FORGET);
	d->open = d->dirty = 0;
	if (st)
		return st;
	if (d->run == FDO_RUN_DI)
		return exhausted(d, cx, IMP_ELINK);
	if (d->run == FDO_RUN_TO2 && !d->bypass)
		d->hop++;
	else {
		d->address++;
		d->hop = 0;
		d->blob = 0;
	}
	if (d->blob && !forgets)
		return fdo_device_ask(d, cx, FDO_D_BLOB, FDO_F_TO1D);
	d->blob = 0;
	return fdo_device_ask(d, cx, FDO_D_ADDRESS, FDO_F_CREDENTIAL);
}

/* Our own verdict: the peer hears it, and this address is done with. */
static imp_status refuse(struct fdo_device *d, imp_cx *cx, imp_status st, uint16_t error)
{
	imp_wr w = fdo_device_room(cx, ERROR_MAX);
	fdo_put_error(&w, error, (uint8_t)(d->posted + 1), d->reason); /* what we were sent */
	if (imp_wr_end(&w))
		return IMP_ENOSPC;
	d->fault = st;
	d->fault_topic = error;
	st = transmit(d, cx, FDO_ERROR, 0, imp_wr_span(&w));
	return st ? st : fdo_device_next(d, cx);
}

/* What a handler returned.  Nothing of the peer's is IMP_ENOSPC: that is our
 * own memory, and breaks the session. */
static imp_status verdict(struct fdo_device *d, imp_cx *cx, imp_status st)
{
	if (st >= 0 || st == IMP_ENOSPC || d->state == FDO_D_OVER)
		return st;
	if (!d->noted)
		fdo_device_bad(d, st, "encoding");
	return refuse(d, cx, st, st == IMP_EDENIED && d->state == FDO_D_SETUP ? FDO_E_REUSE : fdo_error_of(st));
}

imp_status fdo_device_open(struct fdo_device *d, imp_cx *cx, const imp_wr *uri)
{
	imp_msg m;
	fdo_message(&m, IMP_OPEN, d->label = ++d->tickets);
	m.name = imp_wr_span(uri);
	if (imp_wr_end(uri))
		return IMP_ENOSPC;
	m.when = OPEN_MS;
	d->state = FDO_D_OPENING;
	d->open = 1;
	return cx->emit(cx, &m);
}

/* The credential again: where to now? */
static imp_status on_address(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	fdo_credential c;
	fdo_directive way;
	imp_wr uri = fdo_device_room(cx, FDO_URI_MAX);
	if (fdo_read_credential(in->data, &c))
		return fdo_device_lacks(d, cx);
	for (;;) {
		imp_status st = fdo_rv_look(c.rvinfo, d->directive, d->address, 1, &uri, &way);
		if (st)
			return st == IMP_ENOSPC ? st : exhausted(d, cx, IMP_LATER);
		if (d->address < way.addresses)
			break;
		d->directive++;
		d->address = d->hop = 0;
		d->delay = way.delay;
		if (way.delay && !way.last) { /* after the last one it is the host who waits */
			d->state = FDO_D_DELAY;
			cx->wake(cx, cx->now + (uint64_t)way.delay * 1000);
			return IMP_OK;
		}
	}
	d->bypass = way.bypass;
	d->run = way.bypass ? FDO_RUN_TO2 : FDO_RUN_TO1;
	return fdo_device_open(d, cx, &uri);
}

static imp_status read_blob(imp_span in, imp_cose *blob, fdo_to1d *to)
{
	imp_rd r = imp_rd_of(in);
	imp_cose_read(&r, IMP_COSE_SIGN1, blob);
	return imp_rd_end(&r) ? IMP_EBADMSG : fdo_read_to1d(blob->payload, to);
}

/* to1d again: where is the owner? */
static imp_status on_blob(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	imp_wr uri = fdo_device_room(cx, FDO_URI_MAX);
	imp_cose blob;
	fdo_to1d to;
	if (read_blob(in->data, &blob, &to))
		return fdo_device_lacks(d, cx);
	d->run = FDO_RUN_TO2;
	if (d->hop < OWNERS_MOST && fdo_addr_uri(to.addrs, d->hop, &uri) == IMP_OK)
		return fdo_device_open(d, cx, &uri);
	if (imp_wr_end(&uri) == IMP_ENOSPC)
		return IMP_ENOSPC;
	d->run = FDO_RUN_TO1; /* no more owners here */
	return fdo_device_next(d, cx);
}

/* --- beliefs -------------------------------------------------------------- */

static imp_status on_credential(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	fdo_credential c;
	imp_status st;
	if (fdo_read_credential(in->data, &c) || fdo_rv_check(c.rvinfo))
		return fdo_device_lacks(d, cx);
	memcpy(d->guid, c.guid.ptr, FDO_GUID);
	d->key_alg = c.key.alg;
	memcpy(d->key_hash, c.key.value.ptr, c.key.value.len);
	st = imp_hash(cx->crypto, IMP_A_SHA256, &c.rvinfo, 1, d->rv_hash);
	return st ? st : fdo_device_ask(d, cx, FDO_D_ATTESTATION, FDO_F_ATTESTATION);
}

static imp_status on_attestation(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	imp_key k = fdo_key_flat(in->data);
	d->sig = fdo_private_sig(&k, 0);
	if (!d->sig)
		return fdo_device_lacks(d, cx);
	return fdo_device_ask(d, cx, FDO_D_HMAC, FDO_F_HMAC);
}

static imp_status on_hmac(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	if (!fdo_device_take_secret(&d->hmac, in->data))
		return fdo_device_lacks(d, cx);
	return fdo_device_ask(d, cx, FDO_D_CONFIG, FDO_F_CONFIG);
}

/* What fdo.device leaves open follows from the device's key. */
static imp_status on_config(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	imp_rd kex = imp_rd_of(imp_cbor_find(in->data, "kex")), cipher = imp_rd_of(imp_cbor_find(in->data, "cipher")), reuse = imp_rd_of(imp_cbor_find(in->data, "reuse"));
	int big = imp_alg_hash(d->sig) == IMP_A_SHA384, ec = d->sig == IMP_A_ES256 || d->sig == IMP_A_ES384;
	d->kex = (uint8_t)(imp_rd_left(&kex) ? (int)fdo_kex_of(imp_cbor_tstr(&kex)) : (int)(ec ? FDO_ECDH256 : FDO_DHKEXID14) + big);
	d->cipher = imp_rd_left(&cipher) ? (int32_t)imp_cbor_int(&cipher) : big ? IMP_A_A256GCM : IMP_A_A128GCM;
	d->may_reuse = imp_rd_left(&reuse) ? (uint8_t)imp_cbor_bool(&reuse) : 1;
	if ((in->data.len && imp_cbor_check(in->data)) || !d->kex || !fdo_cipher_known(d->cipher) || reuse.err)
		return fdo_device_lacks(d, cx);
	return fdo_device_ask(d, cx, FDO_D_ADDRESS, FDO_F_CREDENTIAL);
}

/* --- TO1 ------------------------------------------------------------------ */

static imp_status start_to1(struct fdo_device *d, imp_cx *cx)
{
	imp_wr w = fdo_device_room(cx, SMALL);
	fdo_hello_rv m = {imp_bytes(d->guid, FDO_GUID), {d->sig, {NULL, 0}}};
	fdo_put_hello_rv(&w, &m);
	return fdo_device_post(d, cx, FDO_D_RV_ACK, FDO_TO1_HELLO_RV, &w);
}

static int sig_echoed(const struct fdo_device *d, const fdo_siginfo *s)
{
	return s->type == d->sig && !s->info.len;
}

static imp_status on_rv_ack(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	fdo_hello_rv_ack m;
	if (fdo_read_hello_rv_ack(body, &m))
		return IMP_EBADMSG;
	if (!sig_echoed(d, &m.sig))
		return fdo_device_bad(d, IMP_EPROTO, "eBSigInfo");
	memcpy(d->nonce, m.nonce.ptr, FDO_NONCE);
	return fdo_device_ask(d, cx, FDO_D_RV_KEY, FDO_F_ATTESTATION);
}

/* Sign the token and send it. */
static imp_status post_eat(struct fdo_device *d, imp_cx *cx, uint8_t state, uint8_t type, const fdo_eat *eat, imp_span flat)
{
	imp_key k = fdo_key_flat(flat);
	imp_wr payload = fdo_device_room(cx, eat->xb.len + SMALL), head = fdo_device_room(cx, SMALL), w = fdo_device_room(cx, d->max);
	imp_status st;
	fdo_put_eat_payload(&payload, eat);
	fdo_put_eat_header(&head, eat);
	if (imp_wr_end(&payload) || imp_wr_end(&head))
		return IMP_ENOSPC;
	st = imp_cose_sign1(cx->crypto, &w, d->sig, &k, imp_wr_span(&head), imp_wr_span(&payload), NONE);
	return st ? fdo_device_lacks(d, cx) : fdo_device_post(d, cx, state, type, &w); /* a key that does not sign is none */
}

static imp_status on_rv_key(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	fdo_eat eat = {.nonce = imp_bytes(d->nonce, FDO_NONCE), .guid = imp_bytes(d->guid, FDO_GUID)};
	return post_eat(d, cx, FDO_D_REDIRECT, FDO_TO1_PROVE_TO_RV, &eat, in->data);
}

/* Its signature can be checked only when the owner's key is known. */
static imp_status on_redirect(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	imp_cose blob;
	fdo_to1d to;
	imp_status st;
	if (read_blob(body, &blob, &to) || fdo_addr_check(to.addrs))
		return fdo_device_bad(d, IMP_EBADMSG, "to1d");
	wipe(d);
	d->open = 0;
	d->blob = 1;
	st = tell(cx, IMP_SHUT, FDO_FACTS, 0);
	st = st ? st : say(cx, IMP_LEARN, FDO_F_TO1D, 0, 0, &body);
	return st ? st : fdo_device_ask(d, cx, FDO_D_BLOB, FDO_F_TO1D);
}

/* --- TO2: who is the owner? ----------------------------------------------- */

/* Message 60, the same every time: its hash comes back in 61. */
static void put_hello(const struct fdo_device *d, imp_wr *w)
{
	const char *kex = fdo_kex_name((enum fdo_kex)d->kex);
	fdo_hello_device m = {d->max, imp_bytes(d->guid, FDO_GUID), imp_bytes(d->nonce, FDO_NONCE), imp_bytes(kex, strlen(kex)), d->cipher, {d->sig, {NULL, 0}}};
	fdo_put_hello_device(w, &m);
}

static imp_status start_to2(struct fdo_device *d, imp_cx *cx)
{
	imp_wr w = fdo_device_room(cx, 2 * SMALL);
	imp_status st = cx->crypto->random(cx->crypto, d->nonce, FDO_NONCE);
	put_hello(d, &w);
	return st ? st : fdo_device_post(d, cx, FDO_D_OVHDR, FDO_TO2_HELLO_DEVICE, &w);
}

/* GUIDs and nonces: readers have seen to it that there are 16 bytes. */
static int differs(imp_span s, const uint8_t *p)
{
	return memcmp(s.ptr, p, FDO_NONCE) != 0;
}

static imp_status key_id(const imp_crypto *c, const fdo_key *k, uint8_t out[32])
{
	imp_span bits = imp_bytes(k->bits, k->len);
	return imp_hash(c, IMP_A_SHA256, &bits, 1, out);
}

/* The key that signed 61? */
static int is_owner(const struct fdo_device *d, const imp_crypto *c, const fdo_key *k)
{
	uint8_t id[32];
	return !key_id(c, k, id) && !memcmp(id, d->owner_id, sizeof id);
}

/* The signature under the key that comes along, then what it signs. */
static const char *ovhdr_fault(struct fdo_device *d, imp_cx *cx, const imp_cose *cose, const fdo_prove_ovhdr *m, const fdo_ovheader *h)
{
	const imp_crypto *c = cx->crypto;
	fdo_key *owner = &d->u.way.walk.owner;
	fdo_hash mfg = {d->key_alg, {d->key_hash, imp_hash_len(d->key_alg)}};
	imp_wr hello = fdo_device_room(cx, 2 * SMALL);
	imp_span sent;
	put_hello(d, &hello);
	sent = imp_wr_span(&hello);
	if (fdo_verify(c, cose, owner))
		return "signature";
	if (differs(m->nonce_ov, d->nonce))
		return "NonceTO2ProveOV";
	if (fdo_device_hmac_check(d, c, &m->hmac, m->ovheader))
		return "header HMac";
	if (differs(h->guid, d->guid))
		return "GUID";
	if (!sent.len || fdo_hash_check(c, &m->hello, &sent, 1))
		return "helloDeviceHash";
	if (fdo_hash_check(c, &mfg, &h->key.raw, 1))
		return "manufacturer key";
	if (!sig_echoed(d, &m->sig))
		return "eBSigInfo";
	return fdo_kex_fits((enum fdo_kex)d->kex, owner) && m->xa.len <= FDO_X_MAX ? NULL : "key exchange";
}

static imp_status next_entry(struct fdo_device *d, imp_cx *cx)
{
	struct fdo_way *way = &d->u.way;
	imp_wr w;
	if (way->walk.count < way->entries) {
		w = fdo_device_room(cx, SMALL);
		fdo_put_get_entry(&w, (uint8_t)way->walk.count);
		return fdo_device_post(d, cx, FDO_D_ENTRY, FDO_TO2_GET_OV_NEXT_ENTRY, &w);
	}
	if (!is_owner(d, cx->crypto, &way->walk.owner))
		return fdo_device_bad(d, IMP_EAUTH, "last entry's key");
	if (d->bypass)
		return fdo_device_ask(d, cx, FDO_D_PROVE_KEY, FDO_F_ATTESTATION);
	return fdo_device_ask(d, cx, FDO_D_CHECK_BLOB, FDO_F_TO1D);
}

static imp_status on_ovhdr(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	struct fdo_way *way = &d->u.way;
	imp_cose cose;
	fdo_prove_ovhdr m;
	fdo_ovheader h;
	imp_status st;
	const char *fault;
	if (fdo_read_prove_ovhdr(body, &cose, &m) || fdo_read_ovheader(m.ovheader, &h))
		return IMP_EBADMSG;
	if (h.info.len > sizeof d->info)
		return fdo_device_bad(d, IMP_EUNSUP, "device info");
	st = fdo_key_read(&m.owner, &way->walk.owner);
	if (st)
		return fdo_device_bad(d, st, "owner key");
	fault = ovhdr_fault(d, cx, &cose, &m, &h);
	if (fault)
		return fdo_device_bad(d, IMP_EAUTH, fault);
	st = key_id(cx->crypto, &way->walk.owner, d->owner_id);
	st = st ? st : fdo_walk_start(cx->crypto, &way->walk, &h, m.hmac_raw);
	if (st)
		return fdo_device_bad(d, st, "manufacturer key");
	memcpy(d->nonce_dv, m.nonce_dv.ptr, FDO_NONCE);
	memcpy(way->xa, m.xa.ptr, m.xa.len);
	way->xa_len = (uint16_t)m.xa.len;
	way->entries = m.entries;
	d->info_len = (uint8_t)h.info.len;
	memcpy(d->info, h.info.ptr, h.info.len);
	d->chain_alg = h.chain.alg;
	if (h.chain.alg)
		memcpy(d->chain, h.chain.value.ptr, h.chain.value.len);
	return next_entry(d, cx);
}

static imp_status on_entry(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	imp_span entry;
	uint8_t n;
	const char *why;
	imp_status st;
	if (fdo_read_next_entry(body, &n, &entry))
		return IMP_EBADMSG;
	if (n != d->u.way.walk.count)
		return fdo_device_bad(d, IMP_EPROTO, "OVEntryNum");
	st = fdo_walk_next(cx->crypto, &d->u.way.walk, entry, &why);
	return st ? fdo_device_bad(d, st, why) : next_entry(d, cx);
}

static imp_status on_check_blob(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	imp_cose blob;
	fdo_to1d to;
	if (read_blob(in->data, &blob, &to))
		return fdo_device_lacks(d, cx);
	if (fdo_verify(cx->crypto, &blob, &d->u.way.walk.owner))
		return fdo_device_bad(d, IMP_EAUTH, "to1d signature");
	return fdo_device_ask(d, cx, FDO_D_PROVE_KEY, FDO_F_ATTESTATION);
}

/* --- TO2: it is we, and whose we shall be --------------------------------- */

static imp_status on_prove_key(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	struct fdo_way *way = &d->u.way;
	imp_key owner = fdo_key_view(&way->walk.owner);
	imp_wr xb = fdo_device_room(cx, FDO_X_MAX);
	fdo_eat eat = {.nonce = imp_bytes(d->nonce_dv, FDO_NONCE), .guid = imp_bytes(d->guid, FDO_GUID), .setup_nonce = imp_bytes(d->nonce, FDO_NONCE)};
	imp_status st = fdo_kex_answer(cx->crypto, (enum fdo_kex)d->kex, d->cipher, imp_bytes(way->xa, way->xa_len), &owner, &xb, &d->tunnel);
	if (st)
		return fdo_device_bad(d, st, "key exchange");
	st = cx->crypto->random(cx->crypto, d->nonce, FDO_NONCE);
	eat.xb = imp_wr_span(&xb);
	return st ? st : post_eat(d, cx, FDO_D_SETUP, FDO_TO2_PROVE_DEVICE, &eat, in->data);
}

static imp_status device_ready(struct fdo_device *d, imp_cx *cx, const fdo_hash *hmac)
{
	imp_wr w = fdo_device_room(cx, 2 * SMALL);
	unsigned share = d->max - 2u * FDO_TUNNEL_OVERHEAD;
	fdo_put_device_ready(&w, hmac, (uint16_t)(share < SHARE ? share : SHARE));
	return fdo_device_post(d, cx, FDO_D_READY, FDO_TO2_DEVICE_READY, &w);
}

static imp_status on_setup(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	fdo_hash hmac = {0, {NULL, 0}};
	fdo_key *owner2 = &d->u.way.walk.owner; /* the walk is over */
	imp_cose cose;
	fdo_setup_device m;
	uint8_t rv[32], mac[FDO_HASH_MAX];
	imp_status st = fdo_read_setup_device(body, &cose, &m);
	if (st || fdo_rv_check(m.rvinfo))
		return IMP_EBADMSG;
	st = fdo_key_read(&m.owner2, owner2);
	if (st)
		return fdo_device_bad(d, st, "Owner2 key");
	if (fdo_verify(cx->crypto, &cose, owner2))
		return fdo_device_bad(d, IMP_EAUTH, "Owner2's signature");
	if (differs(m.nonce, d->nonce))
		return fdo_device_bad(d, IMP_EAUTH, "NonceTO2SetupDv");
	st = imp_hash(cx->crypto, IMP_A_SHA256, &m.rvinfo, 1, rv);
	if (st)
		return st;
	d->reusing = !differs(m.guid, d->guid) && !memcmp(rv, d->rv_hash, sizeof rv) && is_owner(d, cx->crypto, owner2);
	if (d->reusing && !d->may_reuse)
		return fdo_device_bad(d, IMP_EDENIED, "credential reuse");
	st = d->reusing ? IMP_OK : fdo_device_renew(d, cx, &m, fdo_key_sig(owner2), mac, &hmac);
	return st ? st : device_ready(d, cx, &hmac);
}

/* --- TO2: service info ---------------------------------------------------- */

static fdo_info_wr info_room(const struct fdo_device *d, imp_cx *cx)
{
	size_t max = d->peer_max ? d->peer_max : FDO_INFO_MAX, most = d->max - 2u * FDO_TUNNEL_OVERHEAD;
	max = max < most ? max : most;
	return fdo_info_start(cx->room(cx, max), max, max);
}

static imp_status send_done(struct fdo_device *d, imp_cx *cx)
{
	imp_wr w = fdo_device_room(cx, SMALL);
	fdo_put_nonce(&w, d->nonce_dv);
	return fdo_device_post(d, cx, FDO_D_DONE2, FDO_TO2_DONE, &w);
}

/* Our turn: say what there is to say, or see to the job, or both in turn.
 * After the owner's last word only the job is left. */
static imp_status turn(struct fdo_device *d, imp_cx *cx, fdo_info_wr *info)
{
	fdo_devsi *si = &d->u.si;
	imp_wr w;
	if (!info->to)
		return IMP_ENOSPC;
	if (!si->blocked && !si->done)
		fdo_devsi_fill(si, info);
	if (si->job && (si->done || (!si->blocked && !info->count))) {
		d->state = FDO_D_HOST;
		d->asked = si->job == FDO_JOB_DEVMOD ? FDO_F_DEVMOD : FDO_FACTS;
		return fdo_devsi_ask(si, cx, d->want = ++d->tickets, info->max);
	}
	if (si->done)
		return send_done(d, cx);
	w = fdo_device_room(cx, info->len + SMALL);
	fdo_info_end_device(info, &w, !si->blocked && si->job != FDO_JOB_NONE);
	return fdo_device_post(d, cx, FDO_D_INFO, FDO_TO2_DEVICE_INFO, &w);
}

static imp_status on_ready(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	fdo_info_wr info;
	if (fdo_read_owner_ready(body, &d->peer_max))
		return IMP_EBADMSG;
	fdo_devsi_start(&d->u.si);
	info = info_room(d, cx);
	return turn(d, cx, &info);
}

static imp_status on_info(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	fdo_info in;
	fdo_info_wr out;
	imp_status st;
	if (fdo_read_owner_info(body, &in))
		return IMP_EBADMSG;
	d->dirty |= in.count != 0;
	d->want = ++d->tickets;
	st = fdo_devsi_take(&d->u.si, cx, &in, d->want);
	if (st)
		return fdo_device_bad(d, st, "service info");
	if (d->u.si.job == FDO_JOB_STORE) {
		d->state = FDO_D_HOST;
		return IMP_OK;
	}
	out = info_room(d, cx);
	return turn(d, cx, &out);
}

/* The host did what a module wanted. */
static imp_status on_host(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	fdo_info_wr info = info_room(d, cx);
	imp_status st;
	if (!info.to)
		return IMP_ENOSPC;
	st = fdo_devsi_answer(&d->u.si, cx, in, &info);
	if (st == IMP_EFACT)
		return fdo_device_lacks(d, cx); /* devmod */
	return st ? fdo_device_bad(d, st, "service info") : turn(d, cx, &info);
}

/* to1d has served: it goes with the commit. */
static imp_status on_done2(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	imp_span nonce;
	imp_status st;
	if (fdo_read_nonce(body, &nonce))
		return IMP_EBADMSG;
	if (differs(nonce, d->nonce))
		return fdo_device_bad(d, IMP_EAUTH, "NonceTO2SetupDv");
	st = d->blob ? tell(cx, IMP_LEARN, FDO_F_TO1D, IMP_FORGET) : IMP_OK;
	if (st)
		return st;
	return d->reusing ? fdo_device_done(d, cx, IMP_OK) : fdo_device_commit(d, cx);
}

/* --- the machine ---------------------------------------------------------- */

/* The plain text of what needs to be opened. */
static imp_status decrypt(struct fdo_device *d, imp_cx *cx, imp_span *body)
{
	size_t len = body->len;
	uint8_t *p = cx->room(cx, len);
	imp_status st = p ? fdo_tunnel_open(cx->crypto, &d->tunnel, *body, p, &len) : IMP_ENOSPC;
	*body = imp_bytes(p, len);
	return st;
}

static imp_status reply(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	switch (d->state) {
	case FDO_D_RV_ACK:
		return on_rv_ack(d, cx, body);
	case FDO_D_REDIRECT:
		return on_redirect(d, cx, body);
	case FDO_D_OVHDR:
		return on_ovhdr(d, cx, body);
	case FDO_D_ENTRY:
		return on_entry(d, cx, body);
	case FDO_D_SETUP:
		return on_setup(d, cx, body);
	case FDO_D_READY:
		return on_ready(d, cx, body);
	case FDO_D_INFO:
		return on_info(d, cx, body);
	case FDO_D_DONE2:
		return on_done2(d, cx, body);
	default:
		return fdo_di_reply(d, cx, body);
	}
}

/* 255 from the peer.  "Not found" is no verdict on us: come back later. */
static imp_status peer_error(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	fdo_err e;
	if (fdo_read_error(body, &e))
		e.code = FDO_E_INTERNAL;
	if (e.code == FDO_E_NOT_FOUND)
		return fdo_device_next(d, cx);
	d->fault = IMP_EPEER;
	d->fault_topic = e.code;
	fdo_error_said(&e, d->reason);
	return fdo_device_next(d, cx);
}

/* The session token: due with the first reply, kept until another comes. */
static int take_token(struct fdo_device *d, imp_span lines)
{
	imp_span t = imp_line(lines, "authorization");
	if (t.len > sizeof d->token)
		return 0;
	if (t.len) {
		memcpy(d->token, t.ptr, t.len);
		d->token_len = (uint16_t)t.len;
	}
	return d->token_len != 0;
}

static imp_status on_reply(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	int32_t type = imp_line_number(imp_line(in->name, "message-type"));
	imp_span body = in->data;
	imp_status st;
	if (in->code < 0)
		return fdo_device_next(d, cx);
	if (in->flags & IMP_MORE)
		return refuse(d, cx, fdo_device_bad(d, IMP_EUNSUP, "too large"), FDO_E_BODY);
	if (type == FDO_ERROR)
		return peer_error(d, cx, body);
	if (in->code != 200 || type != d->posted + 1)
		return refuse(d, cx, fdo_device_bad(d, IMP_EPROTO, "unexpected"), FDO_E_BODY);
	if (!take_token(d, in->name))
		return refuse(d, cx, fdo_device_bad(d, IMP_EPROTO, "token"), FDO_E_TOKEN);
	st = type >= FDO_TO2_SETUP_DEVICE ? decrypt(d, cx, &body) : IMP_OK;
	if (st)
		fdo_device_bad(d, st, "encryption");
	return verdict(d, cx, st ? st : reply(d, cx, body));
}

/* Facts that a run can do without. */
static int may_lack(const struct fdo_device *d)
{
	return d->state == FDO_D_CONFIG || d->state == FDO_D_DI_HMAC;
}

static imp_status on_answer(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	if (d->asked < FDO_FACTS && in->code < 0 && !may_lack(d))
		return fdo_device_lacks(d, cx);
	switch (d->state) {
	case FDO_D_CREDENTIAL:
		return on_credential(d, cx, in);
	case FDO_D_ATTESTATION:
		return on_attestation(d, cx, in);
	case FDO_D_HMAC:
		return on_hmac(d, cx, in);
	case FDO_D_CONFIG:
		return on_config(d, cx, in);
	case FDO_D_ADDRESS:
		return on_address(d, cx, in);
	case FDO_D_BLOB:
		return on_blob(d, cx, in);
	case FDO_D_RV_KEY:
		return on_rv_key(d, cx, in);
	case FDO_D_CHECK_BLOB:
		return on_check_blob(d, cx, in);
	case FDO_D_PROVE_KEY:
		return on_prove_key(d, cx, in);
	case FDO_D_HOST:
		return on_host(d, cx, in);
	case FDO_D_COMMIT:
		return fdo_device_done(d, cx, in->code < 0 ? in->code : IMP_OK); /* durable, or not */
	case FDO_D_DI_SERVER:
	case FDO_D_DI_HMAC:
	case FDO_D_DI_INFO:
	case FDO_D_DI_KEY:
		return fdo_di_answer(d, cx, in);
	default:
		return on_reply(d, cx, in);
	}
}

static imp_status on_up(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	if (d->state != FDO_D_OPENING || in->ticket != d->label)
		return IMP_OK;
	if (d->run == FDO_RUN_DI)
		return fdo_di_up(d, cx);
	return d->run == FDO_RUN_TO1 ? start_to1(d, cx) : start_to2(d, cx);
}

/* A link that is gone before its run is over: start over on the next address.
 * What only waits for the host needs no link. */
static imp_status on_down(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	if (!d->open || (in->ticket && in->ticket != d->label))
		return IMP_OK;
	d->open = 0;
	return d->state == FDO_D_COMMIT ? IMP_OK : fdo_device_next(d, cx);
}

imp_status fdo_device_step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct fdo_device *d = state;
	if (d->state == FDO_D_OVER)
		return in->verb == IMP_ASK ? IMP_PASS : IMP_OK;
	switch (in->verb) {
	case IMP_START:
		if (d->state != FDO_D_IDLE)
			return IMP_OK;
		if (in->topic == IMP_T_VOUCHER)
			return fdo_di_start(d, cx);
		return fdo_device_ask(d, cx, FDO_D_CREDENTIAL, FDO_F_CREDENTIAL);
	case IMP_UP:
		return verdict(d, cx, on_up(d, cx, in));
	case IMP_DOWN:
		return on_down(d, cx, in);
	case IMP_ANSWER:
		if (!d->want || in->ticket != d->want)
			return IMP_OK; /* stale */
		d->want = 0;
		d->noted = 0;
		return verdict(d, cx, on_answer(d, cx, in));
	case IMP_TICK:
		return d->state == FDO_D_DELAY ? fdo_device_ask(d, cx, FDO_D_ADDRESS, FDO_F_CREDENTIAL) : IMP_OK;
	case IMP_STOP:
		fdo_device_bad(d, IMP_OK, "stopped");
		return fdo_device_done(d, cx, IMP_EDENIED);
	}
	return in->verb == IMP_ASK ? IMP_PASS : IMP_OK;
}

const char *fdo_device_where(const void *state)
{
	static const char names[] =
		"idle\0credential\0attestation\0hmac\0config\0address\0delay\0blob\0opening\0rv_ack\0rv_key\0redirect\0"
		"ovhdr\0entry\0check_blob\0prove_key\0setup\0ready\0info\0host\0done2\0commit\0"
		"di_server\0di_hmac\0di_info\0di_key\0di_header\0di_done\0over";
	const char *name = names;
	for (uint8_t s = ((const struct fdo_device *)state)->state; s; s--)
		name += strlen(name) + 1;
	return name;
}
