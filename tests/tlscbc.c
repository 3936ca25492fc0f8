/* tlscbc.c -- TLS's CBC records: every padding, every length, every wrong byte,
 * by every provider that has them. */
#include "crypto.h"
#include "t.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 700 };

static const imp_crypto *const providers[] = {&imp_openssl, &imp_bearssl};
static uint8_t key[48], iv[16] = {9}, aad_bytes[11] = {1, 2, 3};
static const imp_key k = {IMP_A_TLS_CBC_SHA256, 0, 0, {key, sizeof key}};
static const imp_span aad = {aad_bytes, sizeof aad_bytes};

/* MAC then encrypt by the plain parts, with `pad` bytes of padding and the byte
 * that counts them: the reference. */
static size_t reference(const imp_crypto *c, const uint8_t *text, size_t n, size_t pad, uint8_t *out)
{
	imp_key enc = {IMP_A_AES_CBC, 0, 0, {key, 16}}, mac = {IMP_A_HMAC256, 0, 0, {key + 16, 32}};
	uint8_t len[2] = {(uint8_t)(n >> 8), (uint8_t)n};
	imp_span part[3] = {aad, {len, 2}, {text, n}};
	size_t all = n + 32 + pad + 1;
	memcpy(out, text, n);
	c->mac(c, IMP_A_HMAC256, &mac, part, 3, out + n, 32);
	memset(out + n + 32, (int)pad, pad + 1);
	c->cipher(c, IMP_A_AES_CBC, 1, &enc, imp_bytes(iv, 16), imp_bytes(out, all), out);
	return all;
}

static imp_status open(const imp_crypto *c, const uint8_t *in, size_t n, uint8_t *out, size_t *len)
{
	*len = MOST;
	return c->open(c, IMP_A_TLS_CBC_SHA256, &k, imp_bytes(iv, 16), &aad, 1, imp_bytes(in, n), out, len);
}

static void lengths(const imp_crypto *c)
{
	uint8_t text[MOST], sealed[MOST], wanted[MOST], out[MOST];
	int same = 0, back = 0;
	char claim[100];
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * 7);
	for (size_t n = 0; n < 400; n++) {
		size_t len = sizeof sealed, want = reference(c, text, n, 15 - (n + 32) % 16, wanted), m;
		imp_status st = c->seal(c, IMP_A_TLS_CBC_SHA256, &k, imp_bytes(iv, 16), &aad, 1, imp_bytes(text, n), sealed, &len);
		same += st == IMP_OK && len == want && !memcmp(sealed, wanted, len);
		back += open(c, sealed, len, out, &m) == IMP_OK && m == n && !memcmp(out, text, n);
	}
	snprintf(claim, sizeof claim, "%s: %d lengths of 400 sealed as the parts would", c->id, same);
	t_check(claim, same == 400, "");
	snprintf(claim, sizeof claim, "%s: %d of 400 opened again", c->id, back);
	t_check(claim, back == 400, "");
}

static void paddings(const imp_crypto *c)
{
	uint8_t text[MOST] = {0}, sealed[MOST], out[MOST];
	int good = 0, all = 0;
	char claim[100];
	for (size_t n = 0; n < 64; n++)
		for (size_t pad = 15 - (n + 32) % 16; pad < 256; pad += 16, all++) {
			size_t m, len = reference(c, text, n, pad, sealed);
			good += open(c, sealed, len, out, &m) == IMP_OK && m == n;
		}
	snprintf(claim, sizeof claim, "%s: %d of %d paddings, longer than need be too", c->id, good, all);
	t_check(claim, good == all, "");
}

/* Change one byte of the plaintext of a record with 47 bytes of padding. */
static void wrong_bytes(const imp_crypto *c)
{
	imp_key enc = {IMP_A_AES_CBC, 0, 0, {key, 16}};
	uint8_t text[MOST] = {0}, sealed[MOST], plain[MOST], out[MOST];
	int refused = 0, wiped = 0;
	size_t len = reference(c, text, 48, 47, sealed), m;
	char claim[100];
	for (size_t i = 0; i < len; i++) {
		c->cipher(c, IMP_A_AES_CBC, 0, &enc, imp_bytes(iv, 16), imp_bytes(sealed, len), plain);
		plain[i] ^= (uint8_t)(1u << i % 8);
		c->cipher(c, IMP_A_AES_CBC, 1, &enc, imp_bytes(iv, 16), imp_bytes(plain, len), plain);
		memset(out, 1, sizeof out);
		refused += open(c, plain, len, out, &m) == IMP_EAUTH && m == 0;
		wiped += !memcmp(out, text, len);
	}
	snprintf(claim, sizeof claim, "%s: a wrong byte in content, MAC, padding or its length is refused, %d of %d", c->id, refused, (int)len);
	t_check(claim, refused == (int)len, "");
	t_check("... and nothing is left of it", wiped == (int)len, "");
}

static void shapes(const imp_crypto *c)
{
	static const struct { size_t len; const char *why; } rows[] = {
		{0, "nothing"}, {16, "one block"}, {32, "no room for a padding"}, {47, "no whole blocks"}, {63, "no whole blocks"},
	};
	uint8_t in[64] = {0}, out[MOST];
	size_t m;
	char claim[100];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(claim, sizeof claim, "%s: %u bytes are no record: %s", c->id, (unsigned)rows[i].len, rows[i].why);
		t_check(claim, open(c, in, rows[i].len, out, &m) == IMP_EAUTH, "");
	}
	memset(in, 0xff, sizeof in);
	t_check("a padding longer than the record is refused", open(c, in, 64, out, &m) == IMP_EAUTH, "");
}

int main(void)
{
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(3 * i + 1);
	for (size_t i = 0; i < sizeof providers / sizeof *providers; i++) {
		t_check("the provider has it", providers[i]->can(providers[i], IMP_A_TLS_CBC_SHA256, 0), providers[i]->id);
		lengths(providers[i]);
		paddings(providers[i]);
		wrong_bytes(providers[i]);
		shapes(providers[i]);
	}
	return t_end();
}
