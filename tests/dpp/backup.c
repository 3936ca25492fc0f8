/* backup.c -- a configurator's keys sealed and opened on every curve; what was
 * altered, cut or sealed for another is refused. */
#include "backup.h"
#include "crypto.h"
#include "guard.h"
#include "t.h"

#define CONFIG "{\"wi-fi_tech\":\"infra\",\"discovery\":{\"ssid\":\"n\xc3\xa4t\"},\"cred\":{\"akm\":\"dpp\"}}"
static uint8_t sealed[2048], room[1024], mem[2048], keys[2][DPP_PRIME], bk[DPP_HASH];
static imp_span der;
static dpp_backup b, got;

static imp_span text(const char *s)
{
	return imp_bytes(s, strlen(s));
}

static imp_key new_key(int32_t curve, uint8_t *priv)
{
	uint8_t pub[DPP_POINT];
	size_t n = DPP_PRIME, m = sizeof pub;
	imp_openssl.keygen(&imp_openssl, curve, priv, &n, pub, &m);
	return (imp_key){curve, IMP_KEY_PRIVATE, 0, imp_bytes(priv, n)};
}

static imp_status seal(const dpp_curve *v, const dpp_curve *sign, const dpp_curve *privacy, const char *connector)
{
	imp_wr w = imp_wr_to(sealed, sizeof sealed);
	imp_status st;
	b = (dpp_backup){new_key(sign->curve, keys[0]), new_key(privacy->curve, keys[1]), text(CONFIG), text(connector)};
	st = dpp_backup_seal(&imp_openssl, v, bk, &b, &w, room);
	der = imp_wr_span(&w);
	return st;
}

static imp_status opened(const dpp_curve *v, imp_span in)
{
	return dpp_backup_open(&imp_openssl, v, bk, in, mem, &got);
}

static int same(void)
{
	return got.csign.alg == b.csign.alg && imp_same(got.csign.bits, b.csign.bits) && got.ppkey.alg == b.ppkey.alg && imp_same(got.ppkey.bits, b.ppkey.bits)
		&& imp_same(got.config, b.config) && imp_same(got.connector, b.connector);
}

static void every_curve(void)
{
	char claim[96];
	for (unsigned i = 0; i < DPP_CURVES; i++) {
		const dpp_curve *v = dpp_curve_at(i), *other = dpp_curve_at((i + 2) % DPP_CURVES);
		imp_wr w = imp_wr_to(NULL, 0);
		snprintf(claim, sizeof claim, "group %d: sealed, and opened", v->group);
		t_check(claim, !seal(v, v, v, "") && !opened(v, der) && same() && !got.connector.len, "");
		snprintf(claim, sizeof claim, "group %d: keys on other curves, a Connector template", v->group);
		t_check(claim, !seal(v, other, v, "{\"groups\":[]}") && !opened(v, guard_span(0, der)) && same(), "");
		t_check("its length is counted beforehand", dpp_backup_seal(&imp_openssl, v, bk, &b, &w, room) == IMP_ENOSPC && imp_wr_need(&w) == der.len, "");
		bk[0] ^= 1;
		t_check("another password opens nothing", opened(v, der) == IMP_EAUTH && !got.csign.bits.ptr, "");
		bk[0] ^= 1;
	}
}

static void altered(void)
{
	const dpp_curve *v = dpp_curve_at(0);
	size_t refused = 0, cut = 0;
	char detail[64];
	seal(v, v, v, "");
	for (size_t i = 0; i < der.len; i++) {
		sealed[i] ^= 0x40;
		refused += opened(v, der) != IMP_OK && !got.csign.bits.ptr;
		sealed[i] ^= 0x40;
		cut += opened(v, guard_span(0, imp_bytes(sealed, i))) == IMP_EBADMSG;
	}

	snprintf(detail, sizeof detail, "%zu of %zu", refused, der.len);
	t_check("altered anywhere it does not open", refused == der.len, detail);
	t_check("nor cut anywhere", cut == der.len, "");
	sealed[der.len] = 0;
	t_check("nor with a byte behind it", opened(v, imp_bytes(sealed, der.len + 1)) == IMP_EBADMSG, "");
	t_check("and whole it does", opened(v, der) == IMP_OK && same(), "");
}

static void misuse(void)
{
	const dpp_curve *v = dpp_curve_at(0);
	imp_wr w = imp_wr_to(sealed, sizeof sealed);
	seal(v, v, v, "");
	b.csign.flags = 0;
	t_check("a public key is no private one", dpp_backup_seal(&imp_openssl, v, bk, &b, &w, room) == IMP_EARG, "");
	b.csign.flags = IMP_KEY_PRIVATE;
	b.ppkey.alg = IMP_C_X25519;
	t_check("another curve is none of DPP's", dpp_backup_seal(&imp_openssl, v, bk, &b, &w, room) == IMP_EARG, "");
	t_check("a provider without SIV", dpp_backup_open(&imp_sodium, v, bk, der, mem, &got) == IMP_EUNSUP, "");
}

int main(void)
{
	for (size_t i = 0; i < sizeof bk; i++)
		bk[i] = (uint8_t)(i * 3 + 1);
	every_curve();
	altered();
	misuse();
	return t_end();
}
