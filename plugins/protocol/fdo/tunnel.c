/* tunnel.c -- see tunnel.h. */
#include "tunnel.h"
#include "ct.h"

#include <string.h>

/* One row per exchange.  len: coordinate, modulus or (ASYMKEX) random. */
struct suite {
	char     name[12];
	int16_t  curve;
	uint16_t len;
	uint8_t  rand; /* ECDH */
};

static const struct suite suites[] = {
	{"", 0, 0, 0},
	{"ECDH256", IMP_C_P256, 32, 16},
	{"ECDH384", IMP_C_P384, 48, 48},
	{"DHKEXid14", IMP_C_MODP14, 256, 0},
	{"DHKEXid15", IMP_C_MODP15, 384, 0},
	{"ASYMKEX2048", 0, 32, 0},
	{"ASYMKEX3072", 0, 96, 0},
};
enum { SUITES = sizeof suites / sizeof *suites, SCALAR_MAX = 96, HALF_MAX = 48 };

enum fdo_kex fdo_kex_of(imp_span name)
{
	for (unsigned i = 1; i < SUITES; i++)
		if (imp_same(name, imp_bytes(suites[i].name, strlen(suites[i].name))))
			return (enum fdo_kex)i;
	return FDO_KEX_NONE;
}

const char *fdo_kex_name(enum fdo_kex k)
{
	return suites[(unsigned)k < SUITES ? k : 0].name;
}

int fdo_kex_fits(enum fdo_kex k, const fdo_key *owner)
{
	int32_t sig = fdo_key_sig(owner);
	int exchange = (int)k - (imp_alg_hash(sig) == IMP_A_SHA384); /* as if it were of the smaller size */
	if (owner->alg == IMP_C_P256 || owner->alg == IMP_C_P384)
		return exchange == FDO_ECDH256;
	return sig && (exchange == FDO_DHKEXID14 || exchange == FDO_ASYMKEX2048);
}

int fdo_cipher_known(int32_t cipher)
{
	return cipher == IMP_A_A128GCM || cipher == IMP_A_A256GCM || cipher == IMP_A_CCM64_128 || cipher == IMP_A_CCM64_256;
}

/* --- key exchange ------------------------------------------------------- */

static int is_ecdh(enum fdo_kex k)
{
	return k == FDO_ECDH256 || k == FDO_ECDH384;
}

static int is_dh(enum fdo_kex k)
{
	return k == FDO_DHKEXID14 || k == FDO_DHKEXID15;
}

static imp_key secret_key(const fdo_offer *o)
{
	imp_key k = {suites[o->kex].curve, IMP_KEY_PRIVATE, 0, {o->secret, o->secret_len}};
	return k;
}

static void put16(imp_wr *x, const uint8_t *p, uint16_t n)
{
	imp_wr_be16(x, n);
	imp_wr_bytes(x, imp_bytes(p, n));
}

/* A fresh pair and random: len16 X, len16 Y, len16 random. */
static imp_status ecdh_offer(const imp_crypto *c, fdo_offer *o, imp_wr *x)
{
	const struct suite *u = &suites[o->kex];
	uint8_t pub[2 * HALF_MAX + 1];
	size_t n = sizeof o->secret, publen = sizeof pub;
	imp_status st = c->keygen(c, u->curve, o->secret, &n, pub, &publen);
	st = st ? st : c->random(c, o->rand, u->rand);
	if (st || publen != 2u * u->len + 1)
		return st ? st : IMP_EUNSUP;
	o->secret_len = (uint8_t)n;
	o->rand_len = u->rand;
	put16(x, pub + 1, u->len);
	put16(x, pub + 1 + u->len, u->len);
	put16(x, o->rand, u->rand);
	return imp_wr_end(x);
}

static imp_status dh_offer(const imp_crypto *c, fdo_offer *o, imp_wr *x)
{
	size_t n = sizeof o->secret, len = suites[o->kex].len;
	uint8_t *pub = imp_wr_gap(x, len);
	imp_status st = pub ? c->keygen(c, suites[o->kex].curve, o->secret, &n, pub, &len) : IMP_ENOSPC;
	if (!st && len != suites[o->kex].len)
		st = IMP_EUNSUP;
	o->secret_len = (uint8_t)n;
	return st;
}

static imp_status dh_or_ecdh(const imp_crypto *c, enum fdo_kex k, fdo_offer *mine, imp_wr *x)
{
	memset(mine, 0, sizeof *mine);
	mine->kex = (uint8_t)k;
	if (is_ecdh(k))
		return ecdh_offer(c, mine, x);
	return is_dh(k) ? dh_offer(c, mine, x) : IMP_EUNSUP;
}

imp_status fdo_kex_offer(const imp_crypto *c, enum fdo_kex k, fdo_offer *mine, imp_wr *xa)
{
	imp_status st = dh_or_ecdh(c, k, mine, xa);
	if (k != FDO_ASYMKEX2048 && k != FDO_ASYMKEX3072)
		return st;
	mine->secret_len = (uint8_t)suites[k].len;
	st = c->random(c, mine->secret, mine->secret_len);
	imp_wr_bytes(xa, imp_bytes(mine->secret, mine->secret_len));
	return st ? st : imp_wr_end(xa);
}

/* len16 value, at most n bytes, to the right of its n bytes. */
static void coordinate(imp_rd *r, uint8_t *to, size_t n)
{
	imp_span v = imp_rd_bytes(r, imp_rd_be16(r));
	if (!v.len || v.len > n) {
		imp_rd_fail(r, IMP_EBADMSG);
		return;
	}
	memset(to, 0, n - v.len);
	memcpy(to + n - v.len, v.ptr, v.len);
}

/* shared = Shx || device's random || owner's random. */
static imp_status ecdh_shared(const imp_crypto *c, const fdo_offer *mine, imp_span x, int device, uint8_t *shared, size_t *len)
{
	const struct suite *u = &suites[mine->kex];
	imp_key priv = secret_key(mine);
	uint8_t pub[2 * HALF_MAX + 1] = {4}, *at = shared + u->len;
	imp_rd r = imp_rd_of(x);
	imp_span theirs;
	imp_status st;
	size_t n = u->len;
	coordinate(&r, pub + 1, u->len);
	coordinate(&r, pub + 1 + u->len, u->len);
	theirs = imp_rd_bytes(&r, imp_rd_be16(&r));
	if (imp_rd_end(&r) || theirs.len != u->rand)
		return IMP_EBADMSG;
	st = c->dh(c, &priv, imp_bytes(pub, 2u * u->len + 1), shared, &n);
	if (st || n != u->len)
		return st ? st : IMP_EUNSUP;
	memcpy(at + (device ? 0 : u->rand), mine->rand, u->rand);
	memcpy(at + (device ? u->rand : 0), theirs.ptr, u->rand);
	*len = u->len + 2u * u->rand;
	return IMP_OK;
}

/* More than 1?  The provider refuses p - 1 and above. */
static int above_one(const uint8_t *v, size_t n)
{
	return !imp_ct_zero(v, n - 1) || v[n - 1] > 1;
}

static imp_status dh_shared(const imp_crypto *c, const fdo_offer *mine, imp_span x, uint8_t *shared, size_t *len)
{
	imp_key priv = secret_key(mine);
	size_t n = suites[mine->kex].len;
	imp_status st;
	if (!x.len || x.len > n)
		return IMP_EBADMSG;
	memset(shared, 0, n - x.len);
	memcpy(shared + n - x.len, x.ptr, x.len);
	if (!above_one(shared, n))
		return IMP_EAUTH;
	*len = n;
	st = c->dh(c, &priv, imp_bytes(shared, n), shared, len);
	if (st)
		return st;
	return *len == n && above_one(shared, n) ? IMP_OK : IMP_EAUTH;
}

/* What both sides do with the other's x.  `shared` takes FDO_X_MAX bytes. */
static imp_status agree(const imp_crypto *c, const fdo_offer *mine, imp_span x, int device, uint8_t *shared, size_t *len)
{
	return is_ecdh((enum fdo_kex)mine->kex) ? ecdh_shared(c, mine, x, device, shared, len) : dh_shared(c, mine, x, shared, len);
}

static imp_status asym_answer(const imp_crypto *c, enum fdo_kex k, int32_t cipher, imp_span xa, const imp_key *owner_pub, imp_wr *xb, fdo_tunnel *out)
{
	uint8_t rand[SCALAR_MAX], *to;
	size_t n = k == FDO_ASYMKEX2048 ? 256 : 384;
	imp_status st;
	if (xa.len != suites[k].len)
		return IMP_EBADMSG;
	to = imp_wr_gap(xb, n);
	st = to ? c->random(c, rand, suites[k].len) : IMP_ENOSPC;
	st = st ? st : c->rsa(c, IMP_A_OAEP256, 1, owner_pub, imp_bytes(rand, suites[k].len), to, &n);
	st = st ? st : fdo_tunnel_derive(c, cipher, imp_bytes(rand, suites[k].len), xa, out);
	imp_wipe(rand, sizeof rand);
	return st;
}

imp_status fdo_kex_answer(const imp_crypto *c, enum fdo_kex k, int32_t cipher, imp_span xa,
                          const imp_key *owner_pub, imp_wr *xb, fdo_tunnel *out)
{
	uint8_t shared[FDO_X_MAX];
	fdo_offer mine;
	size_t len = 0;
	imp_status st;
	if (k == FDO_ASYMKEX2048 || k == FDO_ASYMKEX3072)
		return asym_answer(c, k, cipher, xa, owner_pub, xb, out);
	st = dh_or_ecdh(c, k, &mine, xb);
	st = st ? st : agree(c, &mine, xa, 1, shared, &len);
	st = st ? st : fdo_tunnel_derive(c, cipher, imp_bytes(shared, len), imp_bytes(NULL, 0), out);
	imp_wipe(shared, sizeof shared);
	imp_wipe(&mine, sizeof mine);
	return st;
}

static imp_status asym_finish(const imp_crypto *c, const fdo_offer *mine, int32_t cipher, imp_span xb, const imp_key *owner_priv, uint8_t *shared, fdo_tunnel *out)
{
	size_t len = FDO_X_MAX;
	imp_status st = owner_priv ? c->rsa(c, IMP_A_OAEP256, 0, owner_priv, xb, shared, &len) : IMP_EARG;
	if (!st && len != mine->secret_len)
		st = IMP_EAUTH;
	return st ? st : fdo_tunnel_derive(c, cipher, imp_bytes(shared, len), imp_bytes(mine->secret, mine->secret_len), out);
}

imp_status fdo_kex_finish(const imp_crypto *c, const fdo_offer *mine, int32_t cipher, imp_span xb,
                          const imp_key *owner_priv, fdo_tunnel *out)
{
	uint8_t shared[FDO_X_MAX];
	size_t len = 0;
	imp_status st;
	if (mine->kex == FDO_KEX_NONE || mine->kex >= SUITES)
		return IMP_EARG;
	if (mine->kex >= FDO_ASYMKEX2048)
		st = asym_finish(c, mine, cipher, xb, owner_priv, shared, out);
	else {
		st = agree(c, mine, xb, 0, shared, &len);
		st = st ? st : fdo_tunnel_derive(c, cipher, imp_bytes(shared, len), imp_bytes(NULL, 0), out);
	}
	imp_wipe(shared, sizeof shared);
	if (!st)
		out->side = 1;
	return st;
}

/* --- messages ----------------------------------------------------------- */

imp_status fdo_tunnel_derive(const imp_crypto *c, int32_t cipher, imp_span shared, imp_span context,
                             fdo_tunnel *out)
{
	static const char label[] = "AutomaticOnboardTunnel";
	const imp_span parts[2] = {imp_bytes(label, sizeof label - 1), context};
	memset(out, 0, sizeof *out);
	if (!fdo_cipher_known(cipher))
		return IMP_EUNSUP;
	out->cipher = cipher;
	return imp_kdf108(c, IMP_A_HMAC256, shared, "FIDO-KDF", parts, 2, out->key, imp_aead_key_len(cipher));
}

static imp_key tunnel_key(const fdo_tunnel *t)
{
	imp_key k = {t->cipher, 0, 0, {t->key, imp_aead_key_len(t->cipher)}};
	return k;
}

imp_status fdo_tunnel_seal(const imp_crypto *c, fdo_tunnel *t, imp_span plain, imp_wr *w)
{
	imp_key k = tunnel_key(t);
	size_t n = imp_aead_iv_len(t->cipher);
	uint8_t iv[16];
	imp_wr w4 = imp_wr_to(iv, 4);
	imp_status st;
	if (!t->cipher || n < 7 || n > sizeof iv)
		return IMP_EARG;
	if (t->sent >> 31)
		return IMP_EPROTO;
	imp_wr_be32(&w4, t->sent | (uint32_t)t->side << 31);
	st = c->random(c, iv + 4, n - 4);
	if (st)
		return st;
	t->sent++;
	return imp_cose_seal0(c, w, t->cipher, &k, imp_bytes(iv, n), plain, imp_bytes(NULL, 0));
}

imp_status fdo_tunnel_open(const imp_crypto *c, const fdo_tunnel *t, imp_span in, uint8_t *out, size_t *len)
{
	imp_key k = tunnel_key(t);
	imp_rd r = imp_rd_of(in);
	imp_cose m;
	if (!t->cipher)
		return IMP_EARG;
	imp_cose_read(&r, IMP_COSE_ENCRYPT0, &m);
	if (imp_rd_end(&r))
		return imp_rd_end(&r);
	return imp_cose_open0(c, &m, t->cipher, &k, imp_bytes(NULL, 0), out, len);
}
