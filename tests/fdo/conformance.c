/* fdo-conformance.c -- what FIDO's conformance tool sends to rendezvous
 * servers and owners (FIDO_RVT_*, FIDO_DEVT_*, FIDO_DOT_*), and the error each
 * of it has to get.  A scripted peer plays the device, or the owner in TO0;
 * it can do everything right, and one thing wrong.
 *
 * After every row the server's session is gone, its state and reason are
 * named, and the same server still serves a peer that does all right. */
#include "crypto.h"
#include "fdo-kit.h"
#include "serviceinfo.h"
#include "t.h"
#include <stdlib.h>

#define NONE imp_bytes(0, 0)

enum { CAP = 16384, VARIANTS = 6 };
enum ill { WELL, ENCODING, PAYLOAD, SIGNATURE, NONCE, HASH, BLOB, TO0D, INDEX, GUID, SIGINFO, ENCRYPTION, PLAIN, LATE_INFO, TOKEN, EARLY, CURVE, REPLAY, KEX, SMALL, FLOOD };

/* What is wrong, in which message, and how (some ills have variants). */
static struct {
	int message;
	enum ill ill;
	unsigned variant;
} evil;

struct peer {
	struct party *p;
	char token[64];
	uint8_t guid[16];
	imp_span body;      /* of the last reply */
	uint8_t buf[CAP], mem[CAP], sealed[CAP];
	fdo_tunnel tunnel;
	uint8_t nonce[16], nonce_dv[16], xa[FDO_X_MAX];
	size_t xa_len;
	uint8_t entries;
	char hex[33];
};

static struct kit k;
static struct peer peer;
static uint32_t wait = 3600; /* seconds that 22 asks for */
static char said[256];

/* --- how bytes go wrong -------------------------------------------------------- */

static imp_span spoil(imp_span in, uint8_t *to)
{
	size_t n = in.len;
	memcpy(to, in.ptr, n);
	switch (evil.variant % VARIANTS) {
	case 0: /* as the tool does: noise, then zeros */
		for (size_t i = 0; i < n; i++)
			to[i] = i < n / 4 + 1 ? (uint8_t)(world_rnd() | 0x1f) : 0;
		break;
	case 1:
		return imp_bytes(to, n - 1);
	case 2:
		to[n] = 0;
		return imp_bytes(to, n + 1);
	case 3: /* a text that is well-formed */
		memcpy(to, "\x65hello", 6);
		return imp_bytes(to, 6);
	case 4:
		return imp_bytes(to, 0);
	default: /* deeply nested */
		memset(to, 0x81, 200);
		return imp_bytes(to, 200);
	}
	return imp_bytes(to, n);
}

static int ill(int message, enum ill i)
{
	return evil.message == message && evil.ill == i;
}

/* --- the scripted peer ----------------------------------------------------------- */

static int post(struct peer *s, int type, const imp_wr *w)
{
	static uint8_t spoilt[CAP];
	char name[128];
	imp_msg m = imp_say(IMP_RX, FDO_CBOR, IMP_POST, 0, NONE, imp_wr_span(w));
	const char *token = ill(type, TOKEN) ? evil.variant % 2 ? "" : "Bearer 00112233445566778899aabbccddeeff" : s->token;
	imp_span line;
	int n = snprintf(name, sizeof name, "/fdo/101/msg/%d%s%s", type, *token ? "\nauthorization: " : "", token), got;
	if (ill(type, ENCODING))
		m.data = spoil(m.data, spoilt);
	m.name = imp_bytes(name, (size_t)n);
	got = world_post(s->p, m);
	if (ill(type, REPLAY))
		got = world_post(s->p, m);
	for (line = s->p->w->reply.name; line.len > 21 && memcmp(line.ptr, "authorization: Bearer", 21);)
		line = imp_bytes(line.ptr + 1, line.len - 1);
	if (line.len > 21 && line.len - 15 < sizeof s->token) {
		memcpy(s->token, line.ptr + 15, line.len - 15);
		s->token[line.len - 15] = 0;
	}
	s->body = s->p->w->reply.data;
	return got;
}

static void begin(struct peer *s, struct party *p)
{
	memset(s, 0, sizeof *s);
	s->p = p;
	memcpy(s->hex, k.guid, 33);
	for (size_t i = 0; i < 16; i++)
		s->guid[i] = (uint8_t)strtoul((char[]){k.guid[2 * i], k.guid[2 * i + 1], 0}, NULL, 16);
}

static const uint8_t *nonce_for(const struct peer *s, int message)
{
	static const uint8_t other[16] = {1, 2, 3};
	return ill(message, NONCE) ? other : s->nonce;
}

/* A Sign1 whose payload or signature may go wrong. */
static void sign(imp_wr *w, int message, const struct kit_key *key, imp_span header, imp_span payload)
{
	static uint8_t spoilt[CAP];
	imp_key priv = kit_priv(key);
	if (ill(message, PAYLOAD) || ill(message, BLOB))
		payload = spoil(payload, spoilt);
	imp_cose_sign1(kit_crypto, w, fdo_key_sig(&key->pub), &priv, header, payload, NONE);
	if (ill(message, SIGNATURE))
		w->to[w->len - 1 - evil.variant] ^= 0x20;
}

static imp_wr room(uint8_t *to)
{
	return imp_wr_to(to, CAP);
}

/* --- TO0 --------------------------------------------------------------------------- */

static void voucher_of(struct party *p, imp_wr *w)
{
	const struct fact *f = fact_get(p, IMP_T_VOUCHER, k.guid, 0);
	fdo_head h;
	int n = fact_count(p, IMP_T_VOUCHER, k.guid);
	if (fdo_read_head(imp_bytes(f->data, f->len), &h) < 0)
		abort();
	fdo_put_voucher_start(w, h.header.raw, h.hmac_raw, h.chain, (size_t)n - 1);
	for (int i = 1; i < n; i++) {
		f = fact_get(p, IMP_T_VOUCHER, k.guid, i);
		imp_wr_bytes(w, imp_bytes(f->data, f->len));
	}
}

static int to0_22(struct peer *s)
{
	static uint8_t a[CAP], b[CAP], c[CAP], d[CAP], e[CAP], wrong[FDO_HASH_MAX] = {1};
	imp_wr voucher = room(a), to0d = room(b), to1d = room(c), signed_ = room(d), w = room(s->buf);
	const struct fact *addrs = fact_get(k.owner, IMP_T_SERVER, "fdo.to2", 0);
	uint8_t digest[FDO_HASH_MAX];
	imp_span d0;
	fdo_hash hash;
	voucher_of(k.owner, &voucher);
	fdo_put_to0d(&to0d, imp_wr_span(&voucher), wait, nonce_for(s, 22));
	d0 = imp_wr_span(&to0d);
	fdo_hash_make(kit_crypto, IMP_A_SHA256, &d0, 1, digest, &hash);
	if (ill(22, HASH))
		hash.value = imp_bytes(wrong, hash.value.len);
	fdo_put_to1d(&to1d, imp_bytes(addrs->data, addrs->len), &hash);
	sign(&signed_, 22, kit_key(KIT_P256, KIT_OWNER), NONE, imp_wr_span(&to1d));
	if (ill(22, TO0D))
		d0 = spoil(d0, e);
	fdo_put_owner_sign(&w, d0, imp_wr_span(&signed_));
	return post(s, 22, &w);
}

/* The number of the last reply. */
static int to0(void)
{
	struct peer *s = &peer;
	imp_wr w;
	imp_span nonce;
	begin(s, k.rv);
	w = room(s->buf);
	fdo_put_empty(&w);
	if (ill(22, EARLY))
		memset(s->nonce, 0, 16);
	else if (post(s, 20, &w) != 21 || fdo_read_nonce(s->body, &nonce) < 0)
		return world_reply_type(&k.w);
	else
		memcpy(s->nonce, nonce.ptr, 16);
	return to0_22(s);
}

/* --- TO1 --------------------------------------------------------------------------- */

static void put_eat(struct peer *s, int message, imp_span xb, imp_span setup, imp_wr *w)
{
	static uint8_t a[CAP], b[CAP];
	imp_wr payload = room(a), header = room(b);
	fdo_eat m = {imp_bytes(nonce_for(s, message), 16), imp_bytes(s->guid, 16), xb, setup};
	uint8_t stranger[16] = {9};
	if (ill(message, GUID))
		m.guid = imp_bytes(stranger, 16);
	fdo_put_eat_payload(&payload, &m);
	fdo_put_eat_header(&header, &m);
	sign(w, message, kit_key(KIT_P256, KIT_DEVICE), imp_wr_span(&header), imp_wr_span(&payload));
}

static int to1(void)
{
	struct peer *s = &peer;
	imp_wr w;
	fdo_hello_rv m = {NONE, {IMP_A_ES256, NONE}};
	fdo_hello_rv_ack ack;
	begin(s, k.rv);
	w = room(s->buf);
	if (ill(30, GUID))
		s->guid[0] ^= 1;
	m.guid = imp_bytes(s->guid, 16);
	if (ill(30, SIGINFO))
		m.sig.type = evil.variant ? IMP_A_ES384 : 4711;
	fdo_put_hello_rv(&w, &m);
	if (post(s, 30, &w) != 31 || fdo_read_hello_rv_ack(s->body, &ack) < 0)
		return world_reply_type(&k.w);
	memcpy(s->nonce, ack.nonce.ptr, 16);
	w = room(s->buf);
	put_eat(s, 32, NONE, NONE, &w);
	return post(s, 32, &w);
}

/* --- TO2 --------------------------------------------------------------------------- */

static int post_sealed(struct peer *s, int type, imp_span plain)
{
	static uint8_t spoilt[CAP];
	imp_wr w = room(s->sealed);
	size_t len = CAP;
	int got;
	if (ill(type, PLAIN))
		plain = spoil(plain, spoilt);
	if (fdo_tunnel_seal(kit_crypto, &s->tunnel, plain, &w) < 0)
		abort();
	if (ill(type, ENCRYPTION))
		w.to[w.len - 1 - evil.variant] ^= 1;
	got = post(s, type, &w);
	if (got == type + 1 && fdo_tunnel_open(kit_crypto, &s->tunnel, s->body, s->mem, &len) == IMP_OK)
		s->body = imp_bytes(s->mem, len);
	return got;
}

static int to2_hello(struct peer *s)
{
	imp_wr w = room(s->buf);
	uint8_t nonce[16] = {7};
	fdo_hello_device m = {65535, imp_bytes(s->guid, 16), imp_bytes(nonce, 16), imp_bytes("ECDH256", 7), IMP_A_A128GCM, {IMP_A_ES256, NONE}};
	fdo_prove_ovhdr r;
	imp_cose cose;
	int got;
	if (ill(60, GUID))
		s->guid[0] ^= 1;
	if (ill(60, SIGINFO))
		m.sig.type = evil.variant ? IMP_A_ES384 : 4711;
	if (ill(60, HASH)) /* what nobody here knows */
		m.kex = imp_bytes("ECDH512", 7);
	if (ill(60, KEX)) /* for owners of another kind */
		m.kex = imp_bytes("DHKEXid15", 9);
	if (ill(60, SMALL))
		m.max_msg = 800;
	fdo_put_hello_device(&w, &m);
	got = post(s, 60, &w);
	if (got != 61 || fdo_read_prove_ovhdr(s->body, &cose, &r) < 0)
		return got == 61 ? 0 : got;
	memcpy(s->nonce, r.nonce_dv.ptr, 16);
	memcpy(s->nonce_dv, r.nonce_dv.ptr, 16);
	memcpy(s->xa, r.xa.ptr, r.xa.len);
	s->xa_len = r.xa.len;
	s->entries = r.entries;
	return got;
}

static int to2_entries(struct peer *s)
{
	int got = 63;
	for (uint8_t i = 0; i < s->entries && got == 63; i++) {
		imp_wr w = room(s->buf);
		fdo_put_get_entry(&w, ill(62, INDEX) ? (uint8_t)(evil.variant ? 200 : i + 1) : i);
		got = post(s, 62, &w);
	}
	return got;
}

static int to2_prove(struct peer *s)
{
	static uint8_t x[FDO_X_MAX + 8];
	imp_wr w = room(s->buf), xb = imp_wr_to(x, sizeof x);
	uint8_t setup[16] = {5};
	int got;
	if (fdo_kex_answer(kit_crypto, FDO_ECDH256, IMP_A_A128GCM, imp_bytes(s->xa, s->xa_len), NULL, &xb, &s->tunnel) < 0)
		abort();
	if (ill(64, CURVE))
		x[3] ^= 1; /* a point off the curve, well signed */
	put_eat(s, 64, imp_wr_span(&xb), imp_bytes(setup, 16), &w);
	got = post(s, 64, &w);
	return got;
}

static int to2_ready(struct peer *s)
{
	uint8_t body[128], mac[32] = {3};
	imp_wr w = imp_wr_to(body, sizeof body);
	fdo_hash hmac = {IMP_A_HMAC256, imp_bytes(mac, 32)};
	if (ill(66, HASH))
		hmac.alg = 0; /* null: credential reuse, which nobody offered */
	fdo_put_device_ready(&w, &hmac, 1300);
	return post_sealed(s, 66, imp_wr_span(&w));
}

static int send_info(struct peer *s, int devmod, int more)
{
	static uint8_t pairs[1024], body[CAP];
	fdo_info_wr p = fdo_info_start(pairs, sizeof pairs, 1300);
	imp_wr w = imp_wr_to(body, sizeof body);
	if (devmod)
		fdo_info_put_bool(&p, "devmod", "active", 1);
	fdo_info_end_device(&p, &w, more);
	return post_sealed(s, 68, imp_wr_span(&w));
}

static int to2_info(struct peer *s)
{
	fdo_info info = {0};
	int got = 69;
	for (int i = 0; i < (ill(68, FLOOD) ? 1000 : 20) && got == 69 && !info.done; i++) {
		got = send_info(s, i == 0 || ill(68, FLOOD), i == 0 || ill(68, FLOOD));
		if (got == 69 && fdo_read_owner_info(s->body, &info) < 0)
			return 0;
	}
	return got == 69 && ill(68, LATE_INFO) ? send_info(s, 0, 0) : got;
}

static int to2_done(struct peer *s)
{
	uint8_t body[32];
	imp_wr w = imp_wr_to(body, sizeof body);
	fdo_put_nonce(&w, nonce_for(s, 70));
	return post_sealed(s, 70, imp_wr_span(&w));
}

static int to2(void)
{
	struct peer *s = &peer;
	int got;
	begin(s, k.owner);
	got = to2_hello(s);
	if (got == 61 && !ill(64, EARLY))
		got = to2_entries(s);
	if (got == 63 || (got == 61 && ill(64, EARLY)))
		got = to2_prove(s);
	if (got == 65)
		got = to2_ready(s);
	if (got == 67)
		got = to2_info(s);
	return got == 69 ? to2_done(s) : got;
}

/* --- DI ------------------------------------------------------------------------------ */

static int di(void)
{
	static uint8_t der[CAP];
	struct peer *s = &peer;
	const struct kit_key *key = kit_key(KIT_P256, KIT_DEVICE);
	imp_key pub = fdo_key_view(&key->pub), priv = kit_priv(key);
	uint8_t mac[32] = {3};
	fdo_hash hmac = {IMP_A_HMAC256, imp_bytes(mac, 32)};
	fdo_mfginfo m = {FDO_PK_P256, FDO_ENC_X509, imp_bytes("serial", 6), imp_bytes("lamp", 4), NONE};
	imp_wr csr = room(der), w;
	begin(s, k.maker);
	w = room(s->buf);
	if (imp_csr_create(kit_crypto, &csr, "device", &pub, IMP_A_ES256, &priv) < 0)
		abort();
	if (ill(10, SIGNATURE))
		csr.to[csr.len - 1] ^= 1;
	if (ill(10, BLOB))
		csr.to[0] ^= 1;
	m.csr = imp_wr_span(&csr);
	fdo_put_app_start(&w, &m);
	if (post(s, 10, &w) != 11)
		return world_reply_type(&k.w);
	w = room(s->buf);
	fdo_put_set_hmac(&w, &hmac);
	return post(s, 12, &w);
}

/* --- the rows ------------------------------------------------------------------------ */

static const struct row {
	const char *id;
	int (*run)(void);
	int message;
	enum ill ill;
	unsigned variants;
	int error;       /* 0: none, the run ends in `last` */
	int last;
} rows[] = {
	{"FIDO_RVT_20_BAD_ENCODING", to0, 20, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_RVT_20_POSITIVE, FIDO_RVT_21_CHECK_RESP, FIDO_RVT_23_CHECK_RESP, FIDO_RVT_23_POSITIVE", to0, 0, WELL, 1, 0, 23},
	{"FIDO_RVT_22_BAD_OWNERSIGN_ENCODING", to0, 22, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_RVT_22_BAD_TO0D_ENCODING", to0, 22, TO0D, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_RVT_22_BAD_SIGNATURE", to0, 22, SIGNATURE, 60, FDO_E_OWNER_SIGN, 255},
	{"FIDO_RVT_22_BAD_TO0D_HASH", to0, 22, HASH, 1, FDO_E_INVALID, 255},
	{"FIDO_RVT_22_BAD_TO0SIGN_NONCE", to0, 22, NONCE, 1, FDO_E_INVALID, 255},
	{"FIDO_RVT_22_BAD_RENDEVOUZ_BLOB", to0, 22, BLOB, 4, FDO_E_INVALID, 255},
	{"OwnerSign without a Hello before it: no token", to0, 22, EARLY, 1, FDO_E_TOKEN, 255},
	{"OwnerSign with a token that is not known, or none", to0, 22, TOKEN, 2, FDO_E_TOKEN, 255},

	{"FIDO_DEVT_30_BAD_ENCODING", to1, 30, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_DEVT_30_BAD_UNKNOWN_GUID", to1, 30, GUID, 1, FDO_E_NOT_FOUND, 255},
	{"FIDO_DEVT_30_BAD_SIGINFO", to1, 30, SIGINFO, 2, FDO_E_INVALID, 255},
	{"FIDO_DEVT_30_POSITIVE, FIDO_DEVT_33_POSITIVE", to1, 0, WELL, 1, 0, 33},
	{"FIDO_DEVT_32_BAD_ENCODING", to1, 32, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_DEVT_32_BAD_PROVE_TO_RV_PAYLOAD_ENCODING", to1, 32, PAYLOAD, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_DEVT_32_BAD_SIGNATURE", to1, 32, SIGNATURE, 60, FDO_E_INVALID, 255},
	{"FIDO_DEVT_32_BAD_TO1PROOF_NONCE", to1, 32, NONCE, 1, FDO_E_INVALID, 255},
	{"ProveToRV for another GUID", to1, 32, GUID, 1, FDO_E_INVALID, 255},
	{"ProveToRV with a token that is not known, or none", to1, 32, TOKEN, 2, FDO_E_TOKEN, 255},

	{"FIDO_DOT_60_BAD_ENCODING", to2, 60, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"HelloDevice of an unknown GUID", to2, 60, GUID, 1, FDO_E_NOT_FOUND, 255},
	{"HelloDevice with a signature that is not the device's", to2, 60, SIGINFO, 2, FDO_E_INVALID, 255},
	{"HelloDevice with an unknown key exchange", to2, 60, HASH, 1, FDO_E_INVALID, 255},
	{"HelloDevice with a key exchange that does not go with the owner's key", to2, 60, KEX, 1, FDO_E_INVALID, 255},
	{"FIDO_DOT_62_BAD_ENCODING", to2, 62, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_DOT_62_GETOVNEXT_BAD_INDEX", to2, 62, INDEX, 2, FDO_E_INVALID, 255},
	{"FIDO_DOT_64_BAD_ENCODING", to2, 64, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_DOT_64_BAD_EAT_PAYLOAD", to2, 64, PAYLOAD, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_DOT_64_BAD_SIGNATURE", to2, 64, SIGNATURE, 60, FDO_E_INVALID, 255},
	{"FIDO_DOT_64_BAD_NONCE_PROVEDV61", to2, 64, NONCE, 1, FDO_E_INVALID, 255},
	{"ProveDevice for another GUID", to2, 64, GUID, 1, FDO_E_INVALID, 255},
	{"ProveDevice before the voucher's entries", to2, 64, EARLY, 1, FDO_E_INVALID, 255},
	{"ProveDevice with a token that is not known, or none", to2, 64, TOKEN, 2, FDO_E_TOKEN, 255},
	{"ProveDevice with a point off the curve", to2, 64, CURVE, 1, FDO_E_INVALID, 255},
	{"FIDO_DOT_66_BAD_ENCODING", to2, 66, PLAIN, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_DOT_66_BAD_ENCRYPTION", to2, 66, ENCRYPTION, 60, FDO_E_BODY, 255},
	{"FIDO_DOT_66_BAD_ENCRYPTION: no Encrypt0", to2, 66, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"DeviceServiceInfoReady that reuses a credential nobody offered", to2, 66, HASH, 1, FDO_E_REUSE, 255},
	{"FIDO_DOT_68_BAD_ENCODING", to2, 68, PLAIN, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_DOT_68_BAD_ENCRYPTION", to2, 68, ENCRYPTION, 40, FDO_E_BODY, 255},
	{"FIDO_DOT_68_BAD_ENCRYPTION: no Encrypt0", to2, 68, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_DOT_68_BAD_COMPLETION_LOGIC", to2, 68, LATE_INFO, 1, FDO_E_INVALID, 255},
	{"a device that never ends to say what it is", to2, 68, FLOOD, 1, FDO_E_INVALID, 255},
	{"FIDO_DOT_70_BAD_ENCODING", to2, 70, PLAIN, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_DOT_70_BAD_ENCRYPTION", to2, 70, ENCRYPTION, 40, FDO_E_BODY, 255},
	{"FIDO_DOT_70_BAD_ENCRYPTION: no Encrypt0", to2, 70, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"FIDO_DOT_70_BAD_NONCE_PROVE_DV_61", to2, 70, NONCE, 1, FDO_E_INVALID, 255},
	{"OwnerSign played back", to0, 22, REPLAY, 1, FDO_E_TOKEN, 255},
	{"ProveToRV played back", to1, 32, REPLAY, 1, FDO_E_TOKEN, 255},
	{"GetOVNextEntry played back", to2, 62, REPLAY, 1, FDO_E_INVALID, 255},
	{"ProveDevice played back", to2, 64, REPLAY, 1, FDO_E_INVALID, 255},
	{"DeviceServiceInfoReady played back", to2, 66, REPLAY, 1, FDO_E_INVALID, 255},
	{"Done played back", to2, 70, REPLAY, 1, FDO_E_TOKEN, 255},
	{"FIDO_DOT_60_POSITIVE, _62_, _64_, _66_, _68_ and _70_POSITIVE", to2, 0, WELL, 1, 0, 71},

	{"AppStart that is malformed", di, 10, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"AppStart whose request is no DER", di, 10, BLOB, 1, FDO_E_BODY, 255},
	{"AppStart whose request is not signed by its key", di, 10, SIGNATURE, 1, FDO_E_INVALID, 255},
	{"SetHMAC that is malformed", di, 12, ENCODING, VARIANTS, FDO_E_BODY, 255},
	{"SetHMAC with a token that is not known, or none", di, 12, TOKEN, 2, FDO_E_TOKEN, 255},
	{"SetHMAC played back", di, 12, REPLAY, 1, FDO_E_TOKEN, 255},
	{"DI done right", di, 0, WELL, 1, 0, 13},
};

/* The error is the one the row says, about the right message, as HTTP 500. */
static int right_error(const struct row *r, int got)
{
	fdo_err e = {0};
	if (got != 255 || k.w.reply.code != 500 || k.w.reply.topic != FDO_CBOR || fdo_read_error(k.w.reply.data, &e) < 0)
		return 0;
	snprintf(said, sizeof said, "variant %u: error %u about %u: %.*s", evil.variant, e.code, e.previous, (int)e.text.len, (const char *)e.text.ptr);
	return e.code == r->error && e.previous == r->message;
}

/* Triage turns unknown tokens away: then no session was ever touched. */
static int left_behind(const struct row *r, const struct party *p)
{
	if (r->error == FDO_E_TOKEN)
		return 1;
	return !world_server(&k.w, p) && p->last_topic == r->error && p->last < 0 && strlen(p->last_where) > 10;
}

static int variant(const struct row *r, unsigned v)
{
	struct party *p = r->run == to2 ? k.owner : r->run == di ? k.maker : k.rv;
	int got;
	evil.message = r->message;
	evil.ill = r->ill;
	evil.variant = v;
	p->last_where[0] = 0;
	got = r->run();
	evil.message = 0;
	said[0] = 0;
	if (!r->error)
		return got == r->last;
	if (!right_error(r, got) || !left_behind(r, p)) {
		size_t n = strlen(said);
		snprintf(said + n, sizeof said - n, " (reply %d, %s)", got, p->last_where);
		return 0;
	}
	return 1;
}

static void check(const struct row *r)
{
	char claim[200], first[256] = "";
	unsigned ok = 0;
	for (unsigned v = 0; v < r->variants; v++) {
		int fine = variant(r, v);
		ok += (unsigned)fine;
		if (!fine && !*first)
			memcpy(first, said, sizeof first);
	}
	if (r->error)
		snprintf(claim, sizeof claim, "%s: error %d, %u of %u", r->id, r->error, ok, r->variants);
	else
		snprintf(claim, sizeof claim, "%s: ends in %d", r->id, r->last);
	t_check(claim, ok == r->variants, first);
	world_run(&k.w, 700000); /* whoever was left in the middle times out */
}

/* --- what a stranger may cost, and leave behind --------------------------------------- */

static int verified, generated;

static imp_status counted_verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig)
{
	(void)c;
	verified++;
	return kit_crypto->verify(kit_crypto, alg, pub, in, sig);
}

static imp_status counted_keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen)
{
	(void)c;
	generated++;
	return kit_crypto->keygen(kit_crypto, curve, priv, privlen, pub, publen);
}

static void costs(void)
{
	static imp_crypto counting;
	counting = *kit_crypto;
	counting.verify = counted_verify;
	counting.keygen = counted_keygen;
	k.rv->crypto = k.owner->crypto = &counting;
	evil.message = 22;
	evil.ill = NONCE;
	to0();
	snprintf(said, sizeof said, "error %u, %d signatures", k.rv->last_topic, verified);
	t_check("an OwnerSign without our nonce costs no signature", k.rv->last_topic == FDO_E_INVALID && !verified, said);
	evil.message = 60;
	evil.ill = KEX;
	to2();
	snprintf(said, sizeof said, "error %u, %d keys", k.owner->last_topic, generated);
	t_check("a HelloDevice whose key exchange does not fit costs no key", k.owner->last_topic == FDO_E_INVALID && !generated, said);
	evil.message = 0;
	t_check("and who does all right costs both", to0() == 23 && to2() == 71 && verified && generated, "");
	k.rv->crypto = k.owner->crypto = kit_crypto;
}

static void forgets(void)
{
	wait = 0;
	t_check("an owner that asks for 0 s of registration gets them", to0() == 23, "");
	k.w.now += 1000;
	t_check("and no registration for ever", to1() == 255 && k.rv->last_topic == FDO_E_NOT_FOUND, k.rv->last_where);
	wait = 3600;
	t_check("registered again", to0() == 23 && to1() == 33, "");
}

static char heard[64];

static void hears(struct party *p, struct sess *s, const imp_msg *m)
{
	(void)p;
	(void)s;
	if (m->verb == IMP_DONE)
		snprintf(heard, sizeof heard, "%.*s", (int)m->data.len, (const char *)m->data.ptr);
}

static void logs(void)
{
	static const char *const texts[][2] = {{"no \xc3\xa4gg", "no ??gg"}, {"a\nDONE: OK", "a?DONE: OK"}, {"b\x1b[2J", "b?[2J"}, {"c\xc2\x9b" "2J", "c??2J"}, {"d\x7f", "d?"}, {"\r", "?"}};
	static const char start[] = "61: ";
	const char *words = heard + sizeof start - 1;
	void (*was)(struct party *p, struct sess *s, const imp_msg *m) = k.owner->sees;
	int ok = 0, n = sizeof texts / sizeof *texts;
	k.owner->sees = hears;
	for (int i = 0; i < n; i++) {
		imp_wr w = room(peer.buf);
		begin(&peer, k.owner);
		strcpy(heard, "nothing");
		to2_hello(&peer);
		w = room(peer.buf);
		fdo_put_error(&w, 500, 61, texts[i][0]);
		post(&peer, 255, &w);
		ok += !strncmp(heard, start, sizeof start - 1) && !strcmp(words, texts[i][1]);
		if (strcmp(words, texts[i][1]) != 0)
			snprintf(said, sizeof said, "row %d", i);
	}
	k.owner->sees = was;
	t_check("a stranger's error text reaches the log without control characters", ok == n, said);
}

static void small(void)
{
	char name[64];
	uint8_t raw[1024];
	static char dots[700];
	imp_wr w = imp_wr_to(raw, sizeof raw);
	int fits;
	snprintf(name, sizeof name, "%s/serviceinfo", k.guid);
	imp_cbor_put_array(&w, 2);
	imp_cbor_put_text(&w, "fdo.command");
	imp_cbor_put_map(&w, 1);
	imp_cbor_put_text(&w, "command");
	memset(dots, 0x2e, sizeof dots);
	imp_cbor_put_tstr(&w, imp_bytes(dots, sizeof dots));
	fact_set(k.owner, IMP_T_CONFIG, name, 0, imp_wr_span(&w));
	to2();
	fits = !strstr(k.owner->last_where, "larger");
	evil.message = 60;
	evil.ill = SMALL;
	to2();
	evil.message = 0;
	fact_drop(k.owner, IMP_T_CONFIG, name);
	world_run(&k.w, 700000);
	t_check("service info keeps to the size of messages that HelloDevice states", fits && strstr(k.owner->last_where, "larger"), k.owner->last_where);
}

int main(void)
{
	kit_crypto = &imp_openssl;
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	if (!kit_ready(&k))
		return 2;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(&rows[i]);
	costs();
	forgets();
	logs();
	small();
	t_check("after all that, rendezvous and owner serve who does all right", to0() == 23 && to1() == 33 && to2() == 71, "");
	kit_end(&k);
	return t_end();
}
