/* backup.c -- see backup.h. */
#include "backup.h"
#include "alg.h"
#include "ct.h"
#include "kdf.h"
#include "pkix.h"
#include "utf8.h"

enum { SALT = 64, ROUNDS = 1000, CMS_VERSION = 3, CONTENT = 0x80, CTX0 = IMP_DER_CTX0, CTX3 = IMP_DER_CTX3 };

static const uint8_t oid_params[] = {0x2b, 6, 1, 4, 1, 0x82, 0xbe, 0x68, 1, 2, 1};
static const uint8_t oid_package[] = {0x2b, 6, 1, 4, 1, 0x82, 0xbe, 0x68, 1, 2, 2};
static const uint8_t oid_pbkdf2[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12};
/* The last bytes are 9, 10, 11 and 22, 23, 24 for the three widths. */
static const uint8_t oid_hmac[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9};
static const uint8_t oid_siv[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 3, 22};

static const imp_span none;
static const int32_t hmacs[3] = {IMP_A_HMAC256, IMP_A_HMAC384, IMP_A_HMAC512};

/* 0, 1, 2 for the widths of 32, 48 and 64 bytes. */
static unsigned width_of(const dpp_curve *v)
{
	return (v->hash_len - 32u) / 16u;
}

/* --- DER, ours ------------------------------------------------------------------------ */

static void put_uint(imp_wr *w, unsigned v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
	imp_der_put_uint(w, v > 255 ? imp_bytes(b, 2) : imp_bytes(b + 1, 1));
}

/* An object identifier whose last byte is `more` higher. */
static void put_oid(imp_wr *w, const uint8_t *oid, size_t n, unsigned more)
{
	uint8_t b[16];
	memcpy(b, oid, n);
	b[n - 1] = (uint8_t)(b[n - 1] + more);
	imp_der_put(w, IMP_DER_OID, imp_bytes(b, n));
}

static void put_alg(imp_wr *w, const uint8_t *oid, size_t n, unsigned more)
{
	size_t mark = w->len;
	put_oid(w, oid, n, more);
	imp_der_wrap(w, IMP_DER_SEQ, mark);
}

/* The AlgorithmIdentifier of an EC key, as a SubjectPublicKeyInfo has it. */
static imp_span curve_alg(const dpp_curve *v, uint8_t *buf, size_t cap)
{
	uint8_t point[DPP_POINT] = {4};
	imp_key k = {v->curve, 0, 0, dpp_point(v, point)};
	imp_wr w = imp_wr_to(buf, cap);
	imp_rd r, in;
	imp_spki_put(&w, &k);
	r = imp_rd_of(imp_wr_span(&w));
	in = imp_der_in(&r, IMP_DER_SEQ);
	return imp_der_raw(&in);
}

/* ECPrivateKey (RFC 5915) that names its curve, in an OCTET STRING. */
static void put_private(imp_wr *w, const imp_key *k)
{
	uint8_t buf[200], one = 1;
	imp_span alg = curve_alg(dpp_curve_of(k->alg), buf, sizeof buf);
	imp_rd r = imp_rd_of(alg), in = imp_der_in(&r, IMP_DER_SEQ);
	size_t mark = w->len, inner;
	imp_der_raw(&in);
	imp_der_put_uint(w, imp_bytes(&one, 1));
	imp_der_put(w, IMP_DER_OCTETS, k->bits);
	inner = w->len;
	imp_wr_bytes(w, imp_der_raw(&in));
	imp_der_wrap(w, CTX0, inner);
	imp_der_wrap(w, IMP_DER_SEQ, mark);
	imp_der_wrap(w, IMP_DER_OCTETS, mark);
}

/* DPPAsymmetricKeyPackage with one key. */
static void put_package(imp_wr *w, const dpp_backup *b)
{
	uint8_t buf[200];
	size_t mark = w->len, attrs, values;
	put_uint(w, 0);
	imp_wr_bytes(w, curve_alg(dpp_curve_of(b->csign.alg), buf, sizeof buf));
	put_private(w, &b->csign);
	attrs = w->len;
	put_oid(w, oid_params, sizeof oid_params, 0);
	values = w->len;
	put_private(w, &b->ppkey);
	imp_der_put(w, IMP_DER_UTF8, b->config);
	if (b->connector.len)
		imp_der_put(w, IMP_DER_UTF8, b->connector);
	imp_der_wrap(w, IMP_DER_SEQ, values);
	imp_der_wrap(w, IMP_DER_SET, values);
	imp_der_wrap(w, IMP_DER_SEQ, attrs);
	imp_der_wrap(w, IMP_DER_SET, attrs);
	imp_der_wrap(w, CTX0, attrs);
	imp_der_wrap(w, IMP_DER_SEQ, mark);
	imp_der_wrap(w, IMP_DER_SEQ, mark);
}

/* --- sealing ----------------------------------------------------------------------------- */

static imp_status kek_of(const imp_crypto *c, const dpp_curve *v, const uint8_t *bk, int32_t hmac, imp_span salt, uint8_t *kek, size_t len)
{
	uint8_t password[DPP_HASH];
	imp_status st = dpp_expand(c, v, bk, "Enveloped Data Password", password, v->hash_len);
	if (!st)
		st = imp_pbkdf2(c, hmac, imp_bytes(password, v->hash_len), salt, ROUNDS, kek, len);
	imp_wipe(password, sizeof password);
	return st;
}

static imp_status siv(const imp_crypto *c, imp_span key, imp_span in, uint8_t *out, size_t *len)
{
	imp_key k = {IMP_A_SIV, IMP_KEY_PRIVATE, 0, key};
	return c->seal(c, IMP_A_SIV, &k, none, NULL, 0, in, out, len);
}

static void put_recipient(imp_wr *w, unsigned width, imp_span salt, imp_span wrapped)
{
	size_t mark = w->len, kdf, params;
	put_uint(w, 0);
	kdf = w->len;
	put_oid(w, oid_pbkdf2, sizeof oid_pbkdf2, 0);
	params = w->len;
	imp_der_put(w, IMP_DER_OCTETS, salt);
	put_uint(w, ROUNDS);
	put_uint(w, 32 + 16 * width);
	put_alg(w, oid_hmac, sizeof oid_hmac, width);
	imp_der_wrap(w, IMP_DER_SEQ, params);
	imp_der_wrap(w, IMP_DER_SEQ, kdf);
	imp_der_wrap(w, CTX0, kdf);
	put_alg(w, oid_siv, sizeof oid_siv, width);
	imp_der_put(w, IMP_DER_OCTETS, wrapped);
	imp_der_wrap(w, IMP_DER_SEQ, mark);
	imp_der_wrap(w, CTX3, mark);
	imp_der_wrap(w, IMP_DER_SET, mark);
}

static int is_private(const imp_key *k)
{
	const dpp_curve *v = dpp_curve_of(k->alg);
	return v && (k->flags & (IMP_KEY_PRIVATE | IMP_KEY_OPAQUE)) == IMP_KEY_PRIVATE && k->bits.len == v->prime_len;
}

imp_status dpp_backup_seal(const imp_crypto *c, const dpp_curve *v, const uint8_t *bk, const dpp_backup *b, imp_wr *w, uint8_t *room)
{
	const dpp_curve *own = dpp_curve_of(b->csign.alg);
	uint8_t salt[SALT], kek[DPP_HASH], cek[DPP_HASH], wrapped[DPP_HASH + DPP_TAG], *to;
	size_t cap = dpp_backup_room(b), n, mark = w->len, inner, content;
	imp_wr plain = imp_wr_to(room, cap);
	imp_status st;
	if (!is_private(&b->csign) || !is_private(&b->ppkey))
		return IMP_EARG;
	n = own->hash_len + DPP_TAG;
	st = c->random(c, salt, SALT);
	st = st ? st : c->random(c, cek, own->hash_len);
	st = st ? st : kek_of(c, v, bk, own->hmac, imp_bytes(salt, SALT), kek, own->hash_len);
	st = st ? st : siv(c, imp_bytes(kek, own->hash_len), imp_bytes(cek, own->hash_len), wrapped, &n);
	put_package(&plain, b);
	st = st ? st : imp_wr_end(&plain);
	if (!st) {
		put_uint(w, CMS_VERSION);
		put_recipient(w, width_of(own), imp_bytes(salt, SALT), imp_bytes(wrapped, n));
		inner = w->len;
		put_oid(w, oid_package, sizeof oid_package, 0);
		put_alg(w, oid_siv, sizeof oid_siv, width_of(own));
		n = plain.len + DPP_TAG;
		content = w->len;
		to = imp_wr_gap(w, n);
		st = to ? siv(c, imp_bytes(cek, own->hash_len), imp_wr_span(&plain), to, &n) : IMP_OK;
		imp_der_wrap(w, CONTENT, content);
		imp_der_wrap(w, IMP_DER_SEQ, inner);
		imp_der_wrap(w, IMP_DER_SEQ, mark);
	}
	imp_wipe(kek, sizeof kek);
	imp_wipe(cek, sizeof cek);
	imp_wipe(room, cap);
	return st ? st : imp_wr_end(w);
}

/* --- opening -------------------------------------------------------------------------------- */

/* The last byte of an object identifier, less that of `oid`; 0 to most, else fails. */
static unsigned oid_of(imp_rd *r, const uint8_t *oid, size_t n, unsigned most)
{
	imp_span s = imp_der_take(r, IMP_DER_OID);
	unsigned more = s.len == n ? (unsigned)s.ptr[n - 1] - oid[n - 1] : most + 1;
	if (more > most || memcmp(s.ptr, oid, n - 1)) {
		imp_rd_fail(r, IMP_EUNSUP);
		return 0;
	}
	return more;
}

/* An AlgorithmIdentifier, with NULL or no parameters. */
static unsigned alg_of(imp_rd *r, const uint8_t *oid, size_t n)
{
	imp_rd in = imp_der_in(r, IMP_DER_SEQ);
	unsigned more = oid_of(&in, oid, n, 2);
	if (imp_der_peek(&in) == IMP_DER_NULL)
		imp_der_take(&in, IMP_DER_NULL);
	if (imp_rd_end(&in))
		imp_rd_fail(r, imp_rd_end(&in));
	return more;
}

static unsigned uint_of(imp_rd *r)
{
	imp_span s = imp_der_uint(r);
	unsigned v = 0;
	if (s.len > 2)
		imp_rd_fail(r, IMP_EUNSUP);
	for (size_t i = 0; i < s.len && s.len <= 2; i++)
		v = v << 8 | s.ptr[i];
	return v;
}

static void close_in(imp_rd *outer, const imp_rd *in)
{
	if (imp_rd_end(in))
		imp_rd_fail(outer, imp_rd_end(in));
}

struct envelope {
	imp_span salt, wrapped, content;
	unsigned len, hmac, width; /* bytes of the KEK; 0 to 2: of its PRF, of the content's key */
};

static void read_recipient(imp_rd *r, struct envelope *e)
{
	imp_rd set = imp_der_in(r, IMP_DER_SET), choice = imp_der_in(&set, CTX3), pw = imp_der_in(&choice, IMP_DER_SEQ), ctx, kdf, params;
	if (uint_of(&pw) != 0)
		imp_rd_fail(&pw, IMP_EUNSUP);
	ctx = imp_der_in(&pw, CTX0);
	kdf = imp_der_in(&ctx, IMP_DER_SEQ);
	oid_of(&kdf, oid_pbkdf2, sizeof oid_pbkdf2, 0);
	params = imp_der_in(&kdf, IMP_DER_SEQ);
	e->salt = imp_der_take(&params, IMP_DER_OCTETS);
	if (uint_of(&params) != ROUNDS)
		imp_rd_fail(&params, IMP_EUNSUP);
	e->len = uint_of(&params);
	if (e->salt.len != SALT || e->len < 32 || e->len > 64 || e->len % 16)
		imp_rd_fail(&params, IMP_EUNSUP);
	e->hmac = alg_of(&params, oid_hmac, sizeof oid_hmac);
	close_in(&kdf, &params);
	close_in(&ctx, &kdf);
	close_in(&pw, &ctx);
	alg_of(&pw, oid_siv, sizeof oid_siv);
	e->wrapped = imp_der_take(&pw, IMP_DER_OCTETS);
	close_in(&choice, &pw);
	close_in(&set, &choice);
	close_in(r, &set);
}

static imp_status read_envelope(imp_span der, struct envelope *e)
{
	imp_rd r = imp_rd_of(der), in = imp_der_in(&r, IMP_DER_SEQ), content;
	if (uint_of(&in) != CMS_VERSION)
		imp_rd_fail(&in, IMP_EUNSUP);
	read_recipient(&in, e);
	content = imp_der_in(&in, IMP_DER_SEQ);
	oid_of(&content, oid_package, sizeof oid_package, 0);
	e->width = alg_of(&content, oid_siv, sizeof oid_siv);
	e->content = imp_der_take(&content, CONTENT);
	close_in(&in, &content);
	close_in(&r, &in);
	return imp_rd_end(&r);
}

static void read_private(imp_rd *r, imp_key *k)
{
	imp_status st = imp_priv_read(imp_der_take(r, IMP_DER_OCTETS), k);
	if (!r->err && (st || !is_private(k)))
		imp_rd_fail(r, st == IMP_EBADMSG ? st : IMP_EUNSUP);
}

static imp_span read_text(imp_rd *r)
{
	imp_span s = imp_der_take(r, IMP_DER_UTF8);
	for (size_t at = 0, n; at < s.len; at += n) {
		n = imp_utf8_len(s.ptr + at, s.len - at);
		if (!n) {
			imp_rd_fail(r, IMP_EBADMSG);
			return none;
		}
	}
	return s;
}

static imp_status read_package(imp_span der, dpp_backup *b)
{
	imp_rd r = imp_rd_of(der), all = imp_der_in(&r, IMP_DER_SEQ), key = imp_der_in(&all, IMP_DER_SEQ), ctx, set, attr, values, params;
	if (uint_of(&key) > 1)
		imp_rd_fail(&key, IMP_EUNSUP);
	imp_der_take(&key, IMP_DER_SEQ); /* the key names its curve too */
	read_private(&key, &b->csign);
	ctx = imp_der_in(&key, CTX0);
	set = imp_der_in(&ctx, IMP_DER_SET);
	attr = imp_der_in(&set, IMP_DER_SEQ);
	oid_of(&attr, oid_params, sizeof oid_params, 0);
	values = imp_der_in(&attr, IMP_DER_SET);
	params = imp_der_in(&values, IMP_DER_SEQ);
	read_private(&params, &b->ppkey);
	b->config = read_text(&params);
	b->connector = imp_rd_left(&params) ? read_text(&params) : none;
	return params.err ? params.err : key.err ? key.err : imp_rd_end(&r);
}

imp_status dpp_backup_open(const imp_crypto *c, const dpp_curve *v, const uint8_t *bk, imp_span der, uint8_t *mem, dpp_backup *out)
{
	static const dpp_backup nothing;
	struct envelope e = {0};
	dpp_backup b = nothing;
	uint8_t kek[DPP_HASH], cek[DPP_HASH];
	imp_key k = {IMP_A_SIV, IMP_KEY_PRIVATE, 0, {kek, 0}};
	size_t n = DPP_HASH, m = der.len;
	imp_status st = read_envelope(der, &e);
	*out = nothing;
	if (!st && (e.wrapped.len != e.len + DPP_TAG || e.content.len < DPP_TAG))
		st = IMP_EBADMSG;
	st = st ? st : kek_of(c, v, bk, hmacs[e.hmac], e.salt, kek, e.len);
	k.bits.len = e.len;
	st = st ? st : c->open(c, IMP_A_SIV, &k, none, NULL, 0, e.wrapped, cek, &n);
	if (!st && n != 32 + 16 * e.width)
		st = IMP_EUNSUP;
	k.bits = imp_bytes(cek, n);
	st = st ? st : c->open(c, IMP_A_SIV, &k, none, NULL, 0, e.content, mem, &m);
	st = st ? st : read_package(imp_bytes(mem, m), &b);
	if (!st)
		*out = b;
	imp_wipe(kek, sizeof kek);
	imp_wipe(cek, sizeof cek);
	return st;
}
