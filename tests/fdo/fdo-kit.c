/* fdo-kit.c -- see fdo-kit.h. */
#include "fdo-kit.h"
#include "rv.h"
#include "x509.h"
#include <stdio.h>
#include <stdlib.h>

#define NONE imp_bytes(0, 0)
#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

enum { KINDS = 4, PLAYERS = 6 };

const imp_crypto *kit_crypto;

/* --- keys --------------------------------------------------------------------- */

static size_t slurp(const char *name, uint8_t *to, size_t cap)
{
	char path[512];
	FILE *f;
	size_t n;
	snprintf(path, sizeof path, T_VECTORS "/rsa/%s", name);
	f = fopen(path, "rb");
	n = f ? fread(to, 1, cap, f) : 0;
	if (f)
		fclose(f);
	if (!n)
		abort();
	return n;
}

/* RSAPublicKey out of RSAPrivateKey. */
static size_t rsa_public(imp_span priv, uint8_t *to, size_t cap)
{
	imp_rd r = imp_rd_of(priv), in = imp_der_in(&r, IMP_DER_SEQ);
	imp_wr w = imp_wr_to(to, cap);
	imp_span n, e;
	imp_der_uint(&in);
	n = imp_der_uint(&in);
	e = imp_der_uint(&in);
	imp_der_put_uint(&w, n);
	imp_der_put_uint(&w, e);
	imp_der_wrap(&w, IMP_DER_SEQ, 0);
	return w.len;
}

static void make_key(struct kit_key *k, enum kit_kind kind, enum kit_who who)
{
	static const char *const files[2][3] = {{"2048-a.der", "2048-b.der", "2048-c.der"}, {"3072-a.der", "3072-b.der", "3072-c.der"}};
	uint8_t pub[FDO_KEY_BITS];
	size_t publen = sizeof pub;
	imp_key view = {0};
	if (kind <= KIT_P384) {
		k->len = sizeof k->priv;
		if (kit_crypto->keygen(kit_crypto, kind == KIT_P256 ? IMP_C_P256 : IMP_C_P384, k->priv, &k->len, pub, &publen) < 0)
			abort();
		view.alg = kind == KIT_P256 ? IMP_C_P256 : IMP_C_P384;
	} else {
		k->len = slurp(files[kind == KIT_RSA3072][who % 3], k->priv, sizeof k->priv);
		publen = rsa_public(imp_bytes(k->priv, k->len), pub, sizeof pub);
		view.alg = IMP_X509_RSA;
	}
	view.bits = imp_bytes(pub, publen);
	if (fdo_key_from(&view, 0, &k->pub) < 0)
		abort();
}

const struct kit_key *kit_key(enum kit_kind kind, enum kit_who who)
{
	static struct kit_key keys[KINDS][PLAYERS];
	struct kit_key *k = &keys[kind][who];
	if (!k->len)
		make_key(k, kind, who);
	return k;
}

imp_key kit_priv(const struct kit_key *k)
{
	imp_key x = {k->pub.alg, IMP_KEY_PRIVATE, 0, imp_bytes(k->priv, k->len)};
	return x;
}

imp_span kit_flat(const struct kit_key *k)
{
	static uint8_t flat[2048 + IMP_KEY_HEAD];
	imp_key x = kit_priv(k);
	imp_key_head(&x, flat);
	memcpy(flat + IMP_KEY_HEAD, k->priv, k->len);
	return imp_bytes(flat, IMP_KEY_HEAD + k->len);
}

static imp_span certify(const struct kit_key *issuer, const char *issuer_name, const imp_issue *what, uint8_t *to, size_t cap)
{
	imp_key priv = kit_priv(issuer);
	imp_issue i = *what;
	imp_wr w = imp_wr_to(to, cap);
	i.serial = TEXT("\x01\x02");
	i.issuer_cn = issuer_name;
	i.not_before = 1700000000;
	if (imp_cert_issue(kit_crypto, &w, &i, fdo_key_sig(&issuer->pub), &priv) < 0 || imp_wr_end(&w) < 0)
		abort();
	return imp_wr_span(&w);
}

imp_span kit_public(const struct kit_key *k, uint8_t enc)
{
	static uint8_t ring[8][2048], cert[2048];
	static unsigned next;
	uint8_t *to = ring[next++ % 8];
	imp_wr w = imp_wr_to(to, sizeof ring[0]);
	imp_key pub = fdo_key_view(&k->pub);
	imp_issue what = {0};
	imp_span one;
	if (enc == FDO_ENC_X5CHAIN) {
		what.subject_cn = "owner";
		what.subject_key = &pub;
		one = certify(k, "owner", &what, cert, sizeof cert);
		fdo_put_key_chain(&w, k->pub.type, &one, 1);
	} else {
		fdo_put_key(&w, &k->pub, enc);
	}
	if (imp_wr_end(&w) < 0)
		abort();
	return imp_wr_span(&w);
}

imp_span kit_chain(const struct kit_key *k)
{
	imp_span raw = kit_public(k, FDO_ENC_X5CHAIN);
	imp_rd r = imp_rd_of(raw);
	fdo_pubkey pk;
	fdo_pubkey_read(&r, &pk);
	return pk.body;
}

static const struct kit_key *device_ca(void)
{
	return kit_key(KIT_P384, KIT_CA);
}

/* ISSUE: [leaf, CA] */
static imp_span issue(imp_span der, uint8_t *to, size_t cap)
{
	static uint8_t leaf[2048], root[1024];
	imp_csr csr;
	imp_issue what = {0}, ca = {0};
	imp_key pub = fdo_key_view(&device_ca()->pub);
	imp_wr w = imp_wr_to(to, cap);
	if (imp_csr_read(der, &csr) < 0)
		return NONE;
	what.subject = csr.subject;
	what.subject_spki = csr.spki;
	ca.subject_cn = "device ca";
	ca.subject_key = &pub;
	ca.ca = 1;
	imp_cbor_put_array(&w, 2);
	imp_cbor_put_bstr(&w, certify(device_ca(), "device ca", &what, leaf, sizeof leaf));
	imp_cbor_put_bstr(&w, certify(device_ca(), "device ca", &ca, root, sizeof root));
	return imp_wr_end(&w) < 0 ? NONE : imp_wr_span(&w);
}

/* --- what the hosts answer ------------------------------------------------------ */

static int policy(struct kit *k, struct party *p, const imp_msg *ask, imp_msg *a, int deny)
{
	static uint8_t map[16];
	imp_wr w = imp_wr_to(map, sizeof map);
	(void)ask;
	a->code = deny ? IMP_EDENIED : IMP_OK;
	if (p->params.role == IMP_OWNER && k->reuse) {
		imp_cbor_put_map(&w, 1);
		imp_cbor_put_uint(&w, IMP_T_VOUCHER);
		imp_cbor_put_bool(&w, 1);
	} else if (k->grant) {
		imp_cbor_put_map(&w, 1);
		imp_cbor_put_uint(&w, IMP_T_SERVER);
		imp_cbor_put_uint(&w, k->grant);
	}
	a->data = imp_wr_span(&w);
	return 1;
}

static int maker_hook(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	static uint8_t chain[8192];
	(void)s;
	if (ask->topic == IMP_T_AUTHORIZE)
		return policy(p->user, p, ask, a, 0);
	if (ask->topic != IMP_T_ISSUE)
		return 0;
	a->data = issue(ask->data, chain, sizeof chain);
	a->code = a->data.len ? IMP_OK : IMP_EARG;
	return 1;
}

static int rv_hook(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	struct kit *k = p->user;
	(void)s;
	return ask->topic == IMP_T_AUTHORIZE ? policy(k, p, ask, a, k->deny_to0) : 0;
}

static int owner_hook(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	struct kit *k = p->user;
	return ask->topic == IMP_T_AUTHORIZE ? policy(k, p, ask, a, s->server ? k->deny_device : k->deny_voucher) : 0;
}

static int device_hook(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	static uint8_t out[128];
	struct kit *k = p->user;
	imp_wr w = imp_wr_to(out, sizeof out);
	(void)s;
	if (ask->topic != IMP_T_RUN)
		return 0;
	if (ask->name.len == 8 && !memcmp(ask->name.ptr, "fdo.wget", 8)) {
		k->wgets++;
		imp_cbor_put_uint(&w, 4711);
		a->data = imp_wr_span(&w);
		return 1;
	}
	k->ran++;
	imp_cbor_put_array(&w, 2);
	imp_cbor_put_bstr(&w, TEXT("hello from the device\n"));
	imp_cbor_put_bstr(&w, TEXT("careful\n"));
	a->data = imp_wr_span(&w);
	a->code = k->exit_code;
	return 1;
}

static int ends_in(imp_span s, const char *text)
{
	size_t n = strlen(text);
	return s.len >= n && !memcmp(s.ptr + s.len - n, text, n);
}

static void owner_sees(struct party *p, struct sess *s, const imp_msg *m)
{
	struct kit *k = p->user;
	(void)s;
	if (m->verb != IMP_TELL || m->topic != IMP_T_RUN)
		return;
	if (ends_in(m->name, "/stdout") || ends_in(m->name, "/stderr"))
		k->out_bytes += m->data.len;
	if (ends_in(m->name, "/exitcode")) {
		k->exitcodes++;
		k->last_exit = m->code;
	}
}

/* --- facts ------------------------------------------------------------------------ */

size_t kit_rvinfo(uint8_t *to, size_t cap, const struct kit_rv *v, size_t directives)
{
	imp_wr w = imp_wr_to(to, cap);
	imp_cbor_put_array(&w, directives);
	for (size_t d = 0; d < directives; d++, v++) {
		size_t n = 0;
		while (v[n].var >= 0)
			n++;
		imp_cbor_put_array(&w, n);
		for (; n; n--, v++) {
			uint8_t one[64];
			imp_wr x = imp_wr_to(one, sizeof one);
			imp_cbor_put_array(&w, v->text || v->number >= 0 ? 2 : 1);
			imp_cbor_put_uint(&w, (uint64_t)v->var);
			if (v->text)
				imp_cbor_put_text(&x, v->text);
			else if (v->number >= 0)
				imp_cbor_put_uint(&x, (uint64_t)v->number);
			if (x.len)
				imp_cbor_put_bstr(&w, imp_wr_span(&x));
		}
	}
	return imp_wr_end(&w) < 0 ? 0 : w.len;
}

static void set_rvinfo(struct party *p)
{
	static const struct kit_rv one[] = {{FDO_RV_DNS, "rv", -1}, {FDO_RV_DEV_PORT, NULL, 8041}, {FDO_RV_OWNER_PORT, NULL, 8041},
	                                    {FDO_RV_PROTOCOL, NULL, 1}, {-1, NULL, -1}};
	uint8_t rv[128];
	fact_set(p, IMP_T_CONFIG, "fdo.rvinfo", 0, imp_bytes(rv, kit_rvinfo(rv, sizeof rv, one, 1)));
}

static void set_config(struct kit *k, int reuse)
{
	uint8_t raw[256];
	imp_wr w = imp_wr_to(raw, sizeof raw);
	imp_cbor_put_map(&w, 3);
	imp_cbor_put_text(&w, "kex");
	imp_cbor_put_text(&w, fdo_kex_name(k->kex));
	imp_cbor_put_text(&w, "reuse");
	imp_cbor_put_bool(&w, reuse);
	imp_cbor_put_text(&w, "cipher");
	imp_cbor_put_int(&w, k->cipher);
	fact_set(k->device, IMP_T_CONFIG, "fdo.device", 0, imp_wr_span(&w));
}

void kit_no_reuse(struct kit *k)
{
	set_config(k, 0);
}

static void set_device(struct kit *k)
{
	uint8_t raw[256];
	imp_wr w = imp_wr_to(raw, sizeof raw);
	set_config(k, 1);
	imp_cbor_put_map(&w, 6);
	for (int i = 0; i < 6; i++) {
		static const char *const word[] = {"os", "linux", "arch", "armv7", "version", "5.1", "device", "lamp", "sep", ";", "bin", "arm"};
		imp_cbor_put_text(&w, word[2 * i]);
		imp_cbor_put_text(&w, word[2 * i + 1]);
	}
	fact_set(k->device, IMP_T_CONFIG, "fdo.devmod", 0, imp_wr_span(&w));
	w = imp_wr_to(raw, sizeof raw);
	imp_cbor_put_array(&w, 3);
	imp_cbor_put_text(&w, "serial-0815");
	imp_cbor_put_text(&w, "lamp model 3");
	imp_cbor_put_uint(&w, k->enc);
	fact_set(k->device, IMP_T_CONFIG, "fdo.mfginfo", 0, imp_wr_span(&w));
	fact_set(k->device, IMP_T_SERVER, "fdo.di", 0, TEXT("http://maker:8038"));
	fact_set(k->device, IMP_T_KEY, "fdo.attestation", 0, kit_flat(kit_key(k->device_kind, KIT_DEVICE)));
}

static void key_name(char to[64], const char *prefix, enum kit_kind kind)
{
	static const char *const types[] = {"secp256r1", "secp384r1", "rsa2048", "rsa3072"};
	snprintf(to, 64, "%s%s", prefix, types[kind]);
}

static void set_owner(struct kit *k, struct party *p, enum kit_who who)
{
	uint8_t raw[64];
	char name[64];
	imp_wr w = imp_wr_to(raw, sizeof raw);
	key_name(name, "fdo.owner/", k->owner_kind);
	fact_set(p, IMP_T_KEY, name, 0, kit_flat(kit_key(k->owner_kind, who)));
	imp_cbor_put_array(&w, 1);
	imp_cbor_put_array(&w, 4);
	imp_cbor_put_null(&w);
	imp_cbor_put_text(&w, p->name);
	imp_cbor_put_uint(&w, 8043);
	imp_cbor_put_uint(&w, 3);
	fact_set(p, IMP_T_SERVER, "fdo.to2", 0, imp_wr_span(&w));
	p->hook = owner_hook;
	p->sees = owner_sees;
	p->params.max_chain = 40000;
	p->params.max_msg = 60000;
}

void kit_begin(struct kit *k, enum kit_kind device, enum kit_kind owner, enum fdo_kex kex, int32_t cipher, uint8_t enc)
{
	char name[64];
	memset(k, 0, sizeof *k);
	world_begin(&k->w);
	k->c = kit_crypto;
	k->device_kind = device;
	k->owner_kind = owner;
	k->kex = kex;
	k->cipher = cipher;
	k->enc = enc;
	k->device = world_party(&k->w, "device", k->c, IMP_DEVICE);
	k->maker = world_party(&k->w, "maker", k->c, IMP_MAKER);
	k->rv = world_party(&k->w, "rv", k->c, IMP_RENDEZVOUS);
	k->owner = world_party(&k->w, "ownera", k->c, IMP_OWNER);
	k->owner2 = world_party(&k->w, "ownerb", k->c, IMP_OWNER);
	for (int i = 0; i < k->w.parties; i++)
		k->w.party[i].user = k;
	set_device(k);
	k->device->hook = device_hook;
	k->maker->hook = maker_hook;
	k->maker->params.max_chain = 8192;
	set_rvinfo(k->maker);
	key_name(name, "fdo.maker/", device);
	fact_set(k->maker, IMP_T_ANCHOR, name, 0, kit_public(kit_key(owner, KIT_MAKER), FDO_ENC_X509));
	fact_set(k->maker, IMP_T_CHAIN, name, 0, kit_chain(kit_key(owner, KIT_MAKER)));
	k->rv->hook = rv_hook;
	k->rv->params.max_msg = 60000;
	set_owner(k, k->owner, KIT_OWNER);
	set_owner(k, k->owner2, KIT_OWNER2);
}

void kit_end(struct kit *k)
{
	world_end(&k->w);
}

/* --- runs --------------------------------------------------------------------------- */

static struct sess *run(struct kit *k, struct party *p, uint16_t topic, imp_span name)
{
	struct sess *s = world_start(p, topic, name);
	uint32_t id = s ? s->id : 0;
	world_run(&k->w, 3600000);
	return world_sess(&k->w, id);
}

static imp_status ended(struct kit *k, struct sess *s)
{
	k->last = s && s->done == 1 ? s->code : IMP_EOVER;
	if (s)
		world_kill(s);
	return k->last;
}

int kit_credential(const struct kit *k, char guid[33])
{
	const struct fact *f = fact_get(k->device, IMP_T_VOUCHER, "fdo.credential", 0);
	imp_rd r = f ? imp_rd_of(imp_bytes(f->data, f->len)) : imp_rd_of(NONE);
	imp_span g;
	imp_cbor_array_of(&r, 6);
	imp_cbor_bool(&r);
	imp_cbor_uint(&r);
	imp_cbor_tstr(&r);
	g = imp_cbor_bstr_of(&r, 16);
	imp_cbor_raw(&r);
	imp_cbor_raw(&r);
	if (!f || imp_rd_end(&r) < 0 || !fact_get(k->device, IMP_T_KEY, "fdo.hmac", 0))
		return 0;
	for (size_t i = 0; i < 16; i++)
		snprintf(guid + 2 * i, 3, "%02x", g.ptr[i]);
	return 1;
}

static uint64_t print(uint64_t h, const struct fact *f)
{
	for (size_t i = 0; f && i < f->len; i++)
		h = (h ^ f->data[i]) * 1099511628211u;
	return h ^ (f ? f->len : 0);
}

uint64_t kit_print(const struct kit *k)
{
	uint64_t h = print(1469598103934665603u, fact_get(k->device, IMP_T_VOUCHER, "fdo.credential", 0));
	h = print(h, fact_get(k->device, IMP_T_KEY, "fdo.hmac", 0));
	return print(h, fact_get(k->device, IMP_T_OWNER, "fdo.owner", 0));
}

int kit_di(struct kit *k)
{
	imp_status st = ended(k, run(k, k->device, IMP_T_VOUCHER, NONE));
	return st == IMP_OK && kit_credential(k, k->guid) && fact_count(k->maker, IMP_T_VOUCHER, k->guid) == 1;
}

/* Walk to the end of the voucher that `p` holds. */
static int walk(const struct kit *k, struct party *p, fdo_walk *w, fdo_key *device)
{
	const struct fact *f = fact_get(p, IMP_T_VOUCHER, k->guid, 0);
	const char *why = "";
	fdo_head h;
	if (!f || fdo_read_head(imp_bytes(f->data, f->len), &h) < 0 || fdo_head_check(k->c, &h, device, &why) < 0
	    || fdo_walk_start(k->c, w, &h.header, h.hmac_raw) < 0)
		return 0;
	for (int i = 1; (f = fact_get(p, IMP_T_VOUCHER, k->guid, i)) != NULL; i++)
		if (fdo_walk_next(k->c, w, imp_bytes(f->data, f->len), &why) < 0)
			return 0;
	return 1;
}

int kit_extend(struct kit *k, struct party *from, enum kit_who signer, struct party *to, enum kit_who next)
{
	uint8_t entry[4096];
	imp_wr w = imp_wr_to(entry, sizeof entry);
	imp_key priv = kit_priv(kit_key(k->owner_kind, signer));
	fdo_key device;
	fdo_walk at;
	if (!walk(k, from, &at, &device))
		return 0;
	if (fdo_put_entry(k->c, &w, &at, &priv, kit_public(kit_key(k->owner_kind, next), k->enc), NONE,
	                  fdo_hash_alg(fdo_key_sig(&device), fdo_key_sig(&at.owner))) < 0 || imp_wr_end(&w) < 0)
		return 0;
	if (to != from) {
		fact_drop(to, IMP_T_VOUCHER, k->guid);
		fact_copy(to, from, IMP_T_VOUCHER, k->guid);
	}
	fact_set(to, IMP_T_VOUCHER, k->guid, at.count + 1, imp_wr_span(&w));
	return 1;
}

imp_status kit_to0(struct kit *k, struct party *owner)
{
	struct sess *s = world_start(owner, IMP_T_VOUCHER, imp_bytes(k->guid, 32));
	uint32_t id = s ? s->id : 0;
	world_run(&k->w, 600000);
	return ended(k, world_sess(&k->w, id));
}

imp_status kit_onboard(struct kit *k)
{
	return ended(k, run(k, k->device, 0, NONE));
}

int kit_ready(struct kit *k)
{
	return kit_di(k) && kit_extend(k, k->maker, KIT_MAKER, k->owner, KIT_OWNER) && kit_to0(k, k->owner) == IMP_LATER;
}

int kit_all(struct kit *k)
{
	return kit_ready(k) && kit_onboard(k) == IMP_OK;
}

int kit_follow(struct kit *k, struct party *owner)
{
	const struct fact *f = fact_get(owner, IMP_T_OWNER, k->guid, 0), *v;
	char now[33] = "", there[33] = "";
	fdo_head h;
	const struct fact *secret = fact_get(k->device, IMP_T_KEY, "fdo.hmac", 0);
	imp_key key;
	if (!f || f->len != 16 || !kit_credential(k, now) || !secret)
		return 0;
	for (size_t i = 0; i < 16; i++)
		snprintf(there + 2 * i, 3, "%02x", f->data[i]);
	memcpy(k->guid, there, 33);
	v = fact_get(owner, IMP_T_VOUCHER, k->guid, 0);
	key = imp_key_from(imp_bytes(secret->data, secret->len));
	return !strcmp(now, there) && v && fdo_read_head(imp_bytes(v->data, v->len), &h) == IMP_OK
	    && fdo_hmac_check(k->c, &key, &h.hmac, h.header.raw) == IMP_OK;
}

/* --- service info -------------------------------------------------------------------- */

static void put_option(imp_wr *w, const char *key, const char *value)
{
	imp_cbor_put_text(w, key);
	if (!strcmp(key, "args")) {
		imp_cbor_put_array(w, 2);
		imp_cbor_put_text(w, "-c");
	}
	if (!strcmp(value, "true"))
		imp_cbor_put_bool(w, 1);
	else
		imp_cbor_put_text(w, value);
}

static void action(struct kit *k, int i, const char *module, const char *const *pairs, const uint8_t *sha)
{
	char name[64];
	uint8_t raw[512];
	size_t n = 0;
	imp_wr w = imp_wr_to(raw, sizeof raw);
	while (pairs[2 * n])
		n++;
	snprintf(name, sizeof name, "%s/serviceinfo", k->guid);
	imp_cbor_put_array(&w, 2);
	imp_cbor_put_text(&w, module);
	imp_cbor_put_map(&w, n + (sha != NULL));
	for (size_t p = 0; p < n; p++)
		put_option(&w, pairs[2 * p], pairs[2 * p + 1]);
	if (sha) {
		imp_cbor_put_text(&w, "sha-384");
		imp_cbor_put_bstr(&w, imp_bytes(sha, 48));
	}
	fact_set(k->owner, IMP_T_CONFIG, name, i, imp_wr_span(&w));
}

void kit_action(struct kit *k, int i, const char *module, const char *const *pairs)
{
	action(k, i, module, pairs, NULL);
}

void kit_actions(struct kit *k, imp_span file)
{
	static const char *const down[] = {"name", "firmware.bin", "fact", "image", NULL};
	static const char *const run[] = {"command", "sh", "args", "echo hello", "return_stdout", "true", "return_stderr", "true", "may_fail", "true", NULL};
	static const char *const up[] = {"name", "log.txt", "need-sha", "true", NULL};
	static const char *const up2[] = {"name", "empty.txt", NULL};
	static const char *const get[] = {"name", "pkg.deb", "url", "http://example.net/pkg.deb", NULL};
	uint8_t sha[64];
	imp_hash(k->c, IMP_A_SHA384, &file, 1, sha);
	fact_set(k->owner, IMP_T_IMAGE, "image", 0, file);
	fact_set(k->device, IMP_T_IMAGE, "log.txt", 0, file);
	fact_set(k->device, IMP_T_IMAGE, "empty.txt", 0, NONE);
	action(k, 0, "fdo.download", down, sha);
	action(k, 1, "fdo.command", run, NULL);
	action(k, 2, "fdo.upload", up, NULL);
	action(k, 3, "fdo.wget", get, sha);
	action(k, 4, "fdo.upload", up2, NULL);
	action(k, 5, "fdo.command", run, NULL);
}
