/* crypto.c -- published vectors and bad inputs over every provider.
 *
 * The rows are tests/vectors/crypto.txt; an operation below reads a row's
 * fields and says what went wrong, or NULL.  A provider may lack what it does
 * not claim: such rows are skipped and say so; what it claims (`must`, and
 * its own can()) it may not lack. */
#include "crypto.h"
#include "crypto-list.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 8, ARENA = 1 << 22, OUT = 1 << 17, LETS = 100 };

struct row {
	const char *op, *word[FIELDS], *why;
	imp_span f[FIELDS];
	int n, line;
};

static const char lacks[] = "lacks";
static uint8_t arena[ARENA], out[OUT], work[OUT];
static size_t used;
static imp_span lets[LETS];

/* --- reading rows -------------------------------------------------------- */

static const struct named { const char *name; int32_t alg; } names[] = {
	{"SHA1", IMP_A_SHA1}, {"SHA256", IMP_A_SHA256}, {"SHA384", IMP_A_SHA384}, {"SHA512", IMP_A_SHA512},
	{"HMAC256", IMP_A_HMAC256}, {"HMAC384", IMP_A_HMAC384}, {"HMAC512", IMP_A_HMAC512}, {"CMAC", IMP_A_CMAC},
	{"AES_ECB", IMP_A_AES_ECB}, {"AES_CBC", IMP_A_AES_CBC}, {"AES_CTR", IMP_A_AES_CTR},
	{"A128GCM", IMP_A_A128GCM}, {"A192GCM", IMP_A_A192GCM}, {"A256GCM", IMP_A_A256GCM},
	{"CHACHAPOLY", IMP_A_CHACHAPOLY}, {"CCM8_128", IMP_A_CCM8_128}, {"CCM16_128", IMP_A_CCM16_128},
	{"CCM64_128", IMP_A_CCM64_128}, {"CCM64_256", IMP_A_CCM64_256}, {"TLS_CCM8", IMP_A_TLS_CCM8},
	{"TLS_CCM", IMP_A_TLS_CCM}, {"ES256", IMP_A_ES256}, {"ES384", IMP_A_ES384}, {"ES512", IMP_A_ES512},
	{"EDDSA", IMP_A_EDDSA}, {"RS256", IMP_A_RS256}, {"RS384", IMP_A_RS384}, {"PS256", IMP_A_PS256},
	{"PS384", IMP_A_PS384}, {"P256", IMP_C_P256}, {"P384", IMP_C_P384}, {"P521", IMP_C_P521},
	{"X25519", IMP_C_X25519}, {"ED25519", IMP_C_ED25519}, {"SIV", IMP_A_SIV}, {"BP256", IMP_C_BP256},
	{"BP384", IMP_C_BP384}, {"BP512", IMP_C_BP512}, {"ok", IMP_OK}, {"auth", IMP_EAUTH},
	{"arg", IMP_EARG}, {"badmsg", IMP_EBADMSG}, {"unsup", IMP_EUNSUP},
};

static int32_t number(const char *word)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i].name, word) == 0)
			return names[i].alg;
	return (int32_t)strtol(word, NULL, 10);
}

static int nibble(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of a field; for words that are no hex, nothing. */
static imp_span bytes_of(const char *word)
{
	imp_span s = imp_bytes(arena + used, 0);
	const char *times = strchr(word, 'x');
	size_t n;
	if (*word == '$')
		return lets[atoi(word + 1)];
	for (; nibble(word[0]) >= 0 && nibble(word[1]) >= 0 && used + s.len < ARENA; word += 2)
		arena[used + s.len++] = (uint8_t)(nibble(word[0]) << 4 | nibble(word[1]));
	n = times && s.len == 1 ? strtoul(times + 1, NULL, 10) : 0;
	if (n && n <= ARENA - used) {
		memset(arena + used, *s.ptr, n);
		s.len = n;
	}
	used += s.len;
	return s.len ? s : imp_bytes(NULL, 0);
}

static void parse(struct row *r, char *line)
{
	char *why = strstr(line, " # "), *word;
	memset(r->word, 0, sizeof r->word);
	r->why = why ? why + 3 : "";
	if (why)
		*why = 0;
	used = *line == 'l' ? used : (size_t)(lets[0].ptr - arena);
	r->op = strtok(line, " \n");
	for (r->n = 0; r->n < FIELDS && (word = strtok(NULL, " \n")); r->n++) {
		r->word[r->n] = word;
		r->f[r->n] = bytes_of(word);
	}
}

/* NULL + 0 is not C. */
static imp_span part(imp_span s, size_t from, size_t n)
{
	return imp_bytes(s.ptr ? s.ptr + from : NULL, n);
}

/* --- small words --------------------------------------------------------- */

static imp_key key(int32_t alg, uint32_t flags, imp_span bits)
{
	imp_key k = {alg, flags, 0, bits};
	return k;
}

static int is(const uint8_t *p, size_t n, imp_span s)
{
	return n == s.len && (!n || memcmp(p, s.ptr, n) == 0);
}

static const char *verdict(imp_status st, int32_t want)
{
	static char text[80];
	if (st == want)
		return NULL;
	if (st == IMP_EUNSUP)
		return lacks;
	snprintf(text, sizeof text, "status %d where %d is due", (int)st, (int)want);
	return text;
}

/* --- digests and MACs ----------------------------------------------------- */

/* In uneven pieces, with the context moved to an odd address in between. */
static const char *op_hash(const struct provider *p, const struct row *r)
{
	uint8_t ctx[2][IMP_HASH_CTX + 1];
	size_t at = 0, step = 1, i = 0, n;
	imp_status st = p->c->hash_init(p->c, ctx[0], number(r->word[0]));
	if (st < 0)
		return verdict(st, IMP_OK);
	for (; at < r->f[1].len; at += n, step = step * 3 + 1, i ^= 1) {
		n = step < r->f[1].len - at ? step : r->f[1].len - at;
		p->c->hash_push(p->c, ctx[i] + i, imp_bytes(r->f[1].ptr + at, n));
		memcpy(ctx[i ^ 1] + (i ^ 1), ctx[i] + i, IMP_HASH_CTX);
		memset(ctx[i], 0xee, sizeof ctx[i]);
	}
	n = p->c->hash_peek(p->c, ctx[i] + i, out);
	if (!is(out, n, r->f[2]))
		return "another digest";
	n = p->c->hash_peek(p->c, ctx[i] + i, out);
	return is(out, n, r->f[2]) ? NULL : "another digest when peeked twice";
}

/* Once whole, once in three spans. */
static const char *op_mac(const struct provider *p, const struct row *r)
{
	imp_key k = key(number(r->word[0]), 0, r->f[1]);
	size_t third = r->f[2].len / 3;
	imp_span in[3] = {part(r->f[2], 0, third), part(r->f[2], third, 0), part(r->f[2], third, r->f[2].len - third)};
	imp_status st = p->c->mac(p->c, k.alg, &k, &r->f[2], 1, out, r->f[3].len);
	if (st < 0)
		return verdict(st, IMP_OK);
	if (!is(out, r->f[3].len, r->f[3]))
		return "another MAC";
	st = p->c->mac(p->c, k.alg, &k, in, 3, out, r->f[3].len);
	return st == IMP_OK && is(out, r->f[3].len, r->f[3]) ? NULL : "another MAC over three spans";
}

static const char *op_macbad(const struct provider *p, const struct row *r)
{
	imp_key k = key(number(r->word[0]), 0, r->f[1]);
	return verdict(p->c->mac(p->c, k.alg, &k, &r->f[1], 1, out, strtoul(r->word[2], NULL, 10)),
	               number(r->word[3]));
}

/* --- ciphers --------------------------------------------------------------- */

static const char *op_cipher(const struct provider *p, const struct row *r)
{
	imp_key k = key(number(r->word[0]), 0, r->f[1]);
	imp_status st = p->c->cipher(p->c, k.alg, 1, &k, r->f[2], r->f[3], out);
	if (st < 0)
		return verdict(st, IMP_OK);
	if (!is(out, r->f[4].len, r->f[4]))
		return "another ciphertext";
	st = p->c->cipher(p->c, k.alg, 0, &k, r->f[2], imp_bytes(out, r->f[4].len), out);
	if (st < 0)
		return verdict(st, IMP_OK);
	return is(out, r->f[3].len, r->f[3]) ? NULL : "another plaintext, in place";
}

static const char *op_cipherbad(const struct provider *p, const struct row *r)
{
	imp_key k = key(number(r->word[0]), 0, r->f[1]);
	const char *bad = verdict(p->c->cipher(p->c, k.alg, 1, &k, r->f[2], r->f[3], out), number(r->word[4]));
	return bad ? bad : verdict(p->c->cipher(p->c, k.alg, 0, &k, r->f[2], r->f[3], out), number(r->word[4]));
}

/* --- AEAD ------------------------------------------------------------------ */

static imp_status opened(const struct provider *p, const struct row *r, imp_span nonce, imp_span aad, imp_span in)
{
	imp_key k = key(number(r->word[0]), 0, r->f[1]);
	size_t len = OUT;
	imp_status st;
	memset(out, 0xee, in.len < OUT ? in.len : OUT);
	st = p->c->open(p->c, k.alg, &k, nonce, &aad, 1, in, out, &len);
	if (st == IMP_OK && !is(out, len, r->f[4]))
		return 1;
	/* nothing of a forgery's plaintext is left */
	for (size_t i = 0; st == IMP_EAUTH && i < r->f[4].len && i < in.len; i++)
		if (out[i] != 0 && out[i] != 0xee)
			return 2;
	return st;
}

/* Every bit of the tag, the first and last of the rest; every truncation. */
static const char *spoilt(const struct provider *p, const struct row *r)
{
	imp_span c = r->f[5], n = r->f[2], a = r->f[3], w = imp_bytes(work, c.len);
	size_t text = r->f[4].len;
	for (size_t i = 0; i < c.len * 8; i++) {
		if (i >= 8 && i < text * 8)
			continue;
		memcpy(work, c.ptr, c.len);
		work[i / 8] ^= (uint8_t)(1u << i % 8);
		if (opened(p, r, n, a, w) != IMP_EAUTH)
			return "a flipped bit is not seen";
	}
	memcpy(work, c.ptr, c.len);
	work[c.len] = 0;
	for (size_t i = text > 20 ? text - 4 : 0; i <= c.len + 1; i++)
		if (i != c.len && opened(p, r, n, a, imp_bytes(work, i)) != IMP_EAUTH)
			return "a cut or a longer message opens";
	if (a.len && opened(p, r, n, imp_bytes(a.ptr, a.len - 1), c) != IMP_EAUTH)
		return "shorter AAD opens";
	memcpy(work, n.ptr, n.len);
	work[0] ^= 1;
	if (opened(p, r, imp_bytes(work, n.len), a, c) != IMP_EAUTH)
		return "another nonce opens";
	return opened(p, r, imp_bytes(n.ptr, n.len - 1), a, c) == IMP_EARG ? NULL : "a short nonce is not IMP_EARG";
}

static const char *op_aead(const struct provider *p, const struct row *r)
{
	imp_key k = key(number(r->word[0]), 0, r->f[1]), shorter = k;
	imp_span a = r->f[3], cut[3] = {part(a, 0, a.len / 2), part(a, 0, 0), part(a, a.len / 2, a.len - a.len / 2)};
	size_t len = OUT, full = r->f[5].len;
	imp_status st = p->c->seal(p->c, k.alg, &k, r->f[2], &a, 1, r->f[4], out, &len);
	if (st < 0)
		return verdict(st, IMP_OK);
	if (!is(out, len, r->f[5]))
		return "another ciphertext";
	if (r->f[4].len)
		memcpy(work, r->f[4].ptr, r->f[4].len);
	len = full;
	st = p->c->seal(p->c, k.alg, &k, r->f[2], cut, 3, imp_bytes(work, r->f[4].len), work, &len);
	if ((st != IMP_OK || !is(work, len, r->f[5])) && !(st == IMP_EUNSUP && a.len > 200))
		return "another ciphertext in place with split AAD";
	len = full - 1;
	if (p->c->seal(p->c, k.alg, &k, r->f[2], &a, 1, r->f[4], out, &len) != IMP_ENOSPC || len != full)
		return "does not say how much room it needs";
	if (opened(p, r, r->f[2], a, r->f[5]) != IMP_OK)
		return "does not open";
	memcpy(work, r->f[5].ptr, full);
	len = r->f[4].len;
	if (p->c->open(p->c, k.alg, &k, r->f[2], &a, 1, imp_bytes(work, full), work, &len) != IMP_OK || !is(work, len, r->f[4]))
		return "does not open in place";
	shorter.bits.len--;
	len = OUT;
	if (p->c->seal(p->c, k.alg, &shorter, r->f[2], &a, 1, r->f[4], out, &len) != IMP_EARG)
		return "a short key is not IMP_EARG";
	return spoilt(p, r);
}

static const char *op_openbad(const struct provider *p, const struct row *r)
{
	imp_key k = key(number(r->word[0]), 0, r->f[1]);
	size_t len = OUT;
	return verdict(p->c->open(p->c, k.alg, &k, r->f[2], &r->f[3], 1, r->f[4], out, &len), number(r->word[5]));
}

/* The parts of AAD: each stands behind a byte that tells its length. */
enum { MOST_AAD = 4 };
static size_t parts_of(imp_span f, imp_span *to)
{
	size_t n = 0;
	for (size_t at = 0; at < f.len && n < MOST_AAD; at += 1u + f.ptr[at])
		to[n++] = imp_bytes(f.ptr + at + 1, f.ptr[at]);
	return n;
}

static imp_status siv_opens(const struct provider *p, const imp_key *k, const imp_span *aad, size_t n, imp_span in)
{
	size_t len = OUT;
	imp_status st;
	memset(out, 0xee, in.len);
	st = p->c->open(p->c, IMP_A_SIV, k, imp_bytes(NULL, 0), aad, n, in, out, &len);
	for (size_t i = 0; st == IMP_EAUTH && i + 16 < in.len; i++)
		if (out[i] != 0 && out[i] != 0xee)
			return 2;
	return st;
}

static const char *siv_spoilt(const struct provider *p, const struct row *r, const imp_key *k, imp_span *aad, size_t n)
{
	imp_span c = r->f[4];
	for (size_t i = 0; i < c.len; i++) {
		memcpy(work, c.ptr, c.len);
		work[i] ^= (uint8_t)(1u << i % 8);
		if (siv_opens(p, k, aad, n, imp_bytes(work, c.len)) != IMP_EAUTH)
			return "a flipped bit is not seen";
		if (siv_opens(p, k, aad, n, imp_bytes(c.ptr, i)) != IMP_EAUTH)
			return "a cut message opens";
	}
	aad[n] = imp_bytes(NULL, 0);
	if (siv_opens(p, k, aad, n + 1, c) != IMP_EAUTH)
		return "an empty part more opens";
	return n && siv_opens(p, k, aad, n - 1, c) != IMP_EAUTH ? "a part less opens" : NULL;
}

static const char *op_siv(const struct provider *p, const struct row *r)
{
	imp_key k = key(IMP_A_SIV, 0, r->f[1]), shorter = k;
	imp_span aad[MOST_AAD + 1], none = imp_bytes(NULL, 0), box = r->f[4];
	size_t n = parts_of(r->f[2], aad), len = OUT;
	imp_status st = p->c->seal(p->c, IMP_A_SIV, &k, none, aad, n, r->f[3], out, &len);
	if (st < 0)
		return verdict(st, IMP_OK);
	if (!is(out, len, box))
		return "another ciphertext";
	memcpy(work, r->f[3].ptr, r->f[3].len);
	len = box.len;
	if (p->c->seal(p->c, IMP_A_SIV, &k, none, aad, n, imp_bytes(work, r->f[3].len), work, &len) != IMP_OK || !is(work, len, box))
		return "another ciphertext in place";
	len = r->f[3].len;
	if (p->c->open(p->c, IMP_A_SIV, &k, none, aad, n, imp_bytes(work, box.len), work, &len) != IMP_OK || !is(work, len, r->f[3]))
		return "does not open in place";
	len = box.len - 1;
	if (p->c->seal(p->c, IMP_A_SIV, &k, none, aad, n, r->f[3], out, &len) != IMP_ENOSPC || len != box.len)
		return "does not say how much room it needs";
	shorter.bits.len--;
	len = OUT;
	if (p->c->seal(p->c, IMP_A_SIV, &shorter, none, aad, n, r->f[3], out, &len) != IMP_EARG
	    || p->c->open(p->c, IMP_A_SIV, &k, box, aad, n, box, out, &len) != IMP_EARG)
		return "a short key or a separate nonce is not IMP_EARG";
	return siv_spoilt(p, r, &k, aad, n);
}

/* --- curves ---------------------------------------------------------------- */

static const char *op_dh(const struct provider *p, const struct row *r)
{
	imp_key k = key(number(r->word[0]), IMP_KEY_PRIVATE, r->f[1]);
	size_t len = OUT;
	imp_status st = p->c->dh(p->c, &k, r->f[2], out, &len);
	if (st < 0)
		return verdict(st, IMP_OK);
	if (!is(out, len, r->f[3]))
		return "another secret";
	len = r->f[3].len - 1;
	return p->c->dh(p->c, &k, r->f[2], out, &len) == IMP_ENOSPC && len == r->f[3].len ? NULL : "does not say how much room it needs";
}

static const char *op_dhbad(const struct provider *p, const struct row *r)
{
	imp_key k = key(number(r->word[0]), IMP_KEY_PRIVATE, r->f[1]);
	size_t len = OUT;
	return verdict(p->c->dh(p->c, &k, r->f[2], out, &len), number(r->word[3]));
}

/* alg, private, public, input, signature: made, compared if `same`, verified. */
static const char *made(const struct provider *p, int32_t alg, imp_key priv, imp_key pub, imp_span in,
                        imp_span sig, int same)
{
	size_t len = OUT;
	imp_status st = p->c->verify(p->c, alg, &pub, in, sig);
	if (st < 0)
		return verdict(st, IMP_OK);
	st = p->c->sign(p->c, alg, &priv, in, out, &len);
	if (st < 0)
		return verdict(st, IMP_OK);
	if (same && !is(out, len, sig))
		return "another signature";
	if (in.len)
		memcpy(work, in.ptr, in.len);
	len = OUT;
	st = p->c->sign(p->c, alg, &priv, imp_bytes(work, in.len), work, &len);
	if (st < 0 || p->c->verify(p->c, alg, &pub, in, imp_bytes(work, len)) != IMP_OK)
		return "does not sign in place";
	len = sig.len;
	memcpy(out, work, len);
	if (p->c->verify(p->c, alg, &pub, in, imp_bytes(out, len)) != IMP_OK)
		return "does not verify its own";
	out[len / 2] ^= 1;
	if (p->c->verify(p->c, alg, &pub, in, imp_bytes(out, len)) != IMP_EAUTH)
		return "verifies a flipped bit";
	len = sig.len - 1;
	return p->c->sign(p->c, alg, &priv, in, out, &len) == IMP_ENOSPC && len == sig.len ? NULL : "does not say how much room it needs";
}

static const char *op_ecdsa(const struct provider *p, const struct row *r)
{
	int32_t curve = number(r->word[1]);
	return made(p, number(r->word[0]), key(curve, IMP_KEY_PRIVATE, r->f[2]), key(curve, 0, r->f[3]), r->f[4], r->f[5],
	            !p->random_ecdsa);
}

static const char *op_eddsa(const struct provider *p, const struct row *r)
{
	return made(p, IMP_A_EDDSA, key(IMP_C_ED25519, IMP_KEY_PRIVATE, r->f[0]), key(IMP_C_ED25519, 0, r->f[1]),
	            r->f[2], r->f[3], 1);
}

static const char *op_rsasign(const struct provider *p, const struct row *r)
{
	int32_t alg = number(r->word[0]);
	return made(p, alg, key(0, IMP_KEY_PRIVATE, r->f[1]), key(0, 0, r->f[2]), r->f[3], r->f[4],
	            alg != IMP_A_PS256 && alg != IMP_A_PS384);
}

static const char *op_verifybad(const struct provider *p, const struct row *r)
{
	imp_key k = key(number(r->word[1]), 0, r->f[2]);
	return verdict(p->c->verify(p->c, number(r->word[0]), &k, r->f[3], r->f[4]), number(r->word[5]));
}

static const char *op_signbad(const struct provider *p, const struct row *r)
{
	imp_key k = key(number(r->word[1]), IMP_KEY_PRIVATE, r->f[2]);
	size_t len = OUT;
	return verdict(p->c->sign(p->c, number(r->word[0]), &k, r->f[3], out, &len), number(r->word[4]));
}

static const char *op_oaep(const struct provider *p, const struct row *r)
{
	imp_key priv = key(0, IMP_KEY_PRIVATE, r->f[0]), pub = key(0, 0, r->f[1]);
	size_t len = OUT, plain = OUT;
	imp_status st = p->c->rsa(p->c, IMP_A_OAEP256, 0, &priv, r->f[3], out, &len);
	if (st < 0)
		return verdict(st, IMP_OK);
	if (!is(out, len, r->f[2]))
		return "another plaintext";
	len = OUT;
	st = p->c->rsa(p->c, IMP_A_OAEP256, 1, &pub, r->f[2], work, &len);
	if (st < 0 || len != r->f[3].len || is(work, len, r->f[3]))
		return "does not encrypt, or not at random";
	st = p->c->rsa(p->c, IMP_A_OAEP256, 0, &priv, imp_bytes(work, len), out, &plain);
	return st == IMP_OK && is(out, plain, r->f[2]) ? NULL : "does not decrypt its own";
}

static const char *op_oaepbad(const struct provider *p, const struct row *r)
{
	int encrypt = r->word[0][0] == '1';
	imp_key k = key(0, encrypt ? 0 : IMP_KEY_PRIVATE, r->f[1]);
	size_t len = OUT;
	return verdict(p->c->rsa(p->c, IMP_A_OAEP256, encrypt, &k, r->f[2], out, &len), number(r->word[3]));
}

static const char *op_muladd(const struct provider *p, const struct row *r)
{
	size_t len = OUT;
	imp_status st = p->c->muladd(p->c, number(r->word[0]), r->f[1], r->f[2], r->f[3], r->f[4], out, &len);
	if (st < 0)
		return verdict(st, IMP_OK);
	return is(out, len, r->f[5]) ? NULL : "another point";
}

static const char *op_muladdbad(const struct provider *p, const struct row *r)
{
	size_t len = OUT;
	return verdict(p->c->muladd(p->c, number(r->word[0]), r->f[1], r->f[2], r->f[3], r->f[4], out, &len),
	               number(r->word[5]));
}

static const char *op_scalar(const struct provider *p, const struct row *r)
{
	imp_status st = p->c->scalar(p->c, number(r->word[0]), r->f[1], r->f[2], r->f[3], r->word[4][0] == '1', out);
	if (st < 0)
		return verdict(st, IMP_OK);
	return is(out, r->f[5].len, r->f[5]) ? NULL : "another number";
}

static const char *op_point(const struct provider *p, const struct row *r)
{
	size_t len = OUT;
	imp_status st = p->c->point(p->c, number(r->word[0]), r->f[1], out, &len);
	if (st < 0)
		return verdict(st, IMP_OK);
	return is(out, len, r->f[2]) ? NULL : "another point";
}

static const char *op_pointbad(const struct provider *p, const struct row *r)
{
	size_t len = OUT;
	return verdict(p->c->point(p->c, number(r->word[0]), r->f[1], out, &len), number(r->word[2]));
}

/* --- all rows, all providers ------------------------------------------------ */

static const struct operation {
	const char *name;
	const char *(*run)(const struct provider *p, const struct row *r);
	int fields;
	int alg, curve; /* which fields say what it needs; -1: none, -2: RSA-OAEP, -3: EdDSA, -4: optional */
} operations[] = {
	{"hash", op_hash, 3, 0, -1}, {"mac", op_mac, 4, 0, -1}, {"macbad", op_macbad, 4, 0, -1},
	{"cipher", op_cipher, 5, 0, -1}, {"cipherbad", op_cipherbad, 5, 0, -1}, {"aead", op_aead, 6, 0, -1},
	{"siv", op_siv, 5, 0, -1}, {"openbad", op_openbad, 6, 0, -1}, {"dh", op_dh, 4, -1, 0}, {"dhbad", op_dhbad, 4, -1, 0},
	{"ecdsa", op_ecdsa, 6, 0, 1}, {"eddsa", op_eddsa, 4, -3, -1}, {"rsasign", op_rsasign, 5, 0, -1},
	{"verifybad", op_verifybad, 6, 0, 1}, {"signbad", op_signbad, 5, 0, 1}, {"oaep", op_oaep, 4, -2, -1},
	{"oaepbad", op_oaepbad, 4, -2, -1}, {"muladd", op_muladd, 6, -1, 0}, {"muladdbad", op_muladdbad, 6, -1, 0},
	{"scalar", op_scalar, 6, -1, 0}, {"point", op_point, 3, -1, 0}, {"pointbad", op_pointbad, 3, -1, 0},
	{"expand", op_point, 3, -4, 0}, {"expandbad", op_pointbad, 3, -4, 0},
};

static int must(const struct provider *p, int32_t alg)
{
	for (const int32_t *a = p->must; *a; a++)
		if (*a == alg)
			return 1;
	return 0;
}

/* May this provider say IMP_EUNSUP to this row? */
static int may_lack(const struct provider *p, const struct operation *o, const struct row *r)
{
	int32_t alg = o->alg >= 0 ? number(r->word[o->alg]) : o->alg == -2 ? IMP_A_OAEP256 : o->alg == -3 ? IMP_A_EDDSA : 0;
	int32_t curve = o->curve >= 0 ? number(r->word[o->curve]) : 0;
	if (o->alg == -4)
		return 1;
	if (alg && !curve && must(p, alg))
		return 0;
	return !p->c->can(p->c, alg, curve);
}

static void try_row(const struct provider *p, const struct operation *o, const struct row *r)
{
	char claim[200];
	const char *bad = o->run(p, r);
	snprintf(claim, sizeof claim, "%s: row %d, %s %s: %s", p->name, r->line, r->op,
	         o->alg == 0 || o->curve == 0 ? r->word[0] : "", r->why);
	if (bad == lacks && may_lack(p, o, r))
		bad = NULL, snprintf(claim, sizeof claim, "%s: row %d, %s: IMP_EUNSUP, and can() says so", p->name, r->line, r->op);
	t_check(claim, !bad, bad);
}

static void try_file(FILE *f, const struct provider *list, size_t n)
{
	static char line[1 << 20];
	struct row r = {.line = 0};
	for (; fgets(line, sizeof line, f); ) {
		const struct operation *o = NULL;
		r.line++;
		if (*line == '#' || *line == '\n')
			continue;
		parse(&r, line);
		r.why = strtok((char *)(uintptr_t)r.why, "\n") ? r.why : "";
		if (strcmp(r.op, "let") == 0) {
			lets[atoi(r.word[0])] = r.f[1];
			lets[0].ptr = arena + used; /* rows begin here */
			continue;
		}
		for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
			if (strcmp(operations[i].name, r.op) == 0)
				o = &operations[i];
		if (!o || r.n != o->fields) {
			t_check("the row is understood", 0, r.op);
			continue;
		}
		for (size_t i = 0; i < n; i++)
			try_row(&list[i], o, &r);
	}
}

/* Arguments: another file of rows, and the first letters of the providers
 * to try. */
int main(int argc, char **argv)
{
	struct provider list[MOST], chosen[MOST];
	size_t all = t_providers(list), n = 0;
	const char *file = argc > 1 ? argv[1] : T_VECTORS "/crypto.txt", *only = argc > 2 ? argv[2] : "";
	FILE *f = fopen(file, "r");
	lets[0] = imp_bytes(arena, 0);
	if (!t_check("the rows are there", f != NULL, file))
		return t_end();
	for (size_t i = 0; i < all; i++)
		if (strncmp(list[i].name, only, strlen(only)) == 0)
			chosen[n++] = list[i];
	t_check("a provider is there", n > 0, only);
	for (size_t i = 0; i < n; i++)
		for (const int32_t *a = chosen[i].must; *a; a++)
			t_check(chosen[i].name, chosen[i].c->can(chosen[i].c, *a, 0), "can what it must");
	try_file(f, chosen, n);
	fclose(f);
	return t_end();
}
