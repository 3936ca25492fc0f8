/* fdo-slots.c -- a device whose attestation key and HMAC secret stay in their
 * provider: DI, TO1 and TO2 with slots alone. */
#include "crypto.h"
#include "fdo-kit.h"
#include "t.h"

#define NONE imp_bytes(0, 0)
enum { SLOT_SIGN = 7, SLOT_MAC = 8 };

static struct kit k;
static uint8_t secret[32];
static int signs, macs, naked;

/* Does anything in `p` hold key material? */
static int leaks(imp_span s)
{
	const struct kit_key *key = kit_key(KIT_P256, KIT_DEVICE);
	for (size_t at = 0; at + 32 <= s.len; at++)
		if (!memcmp(s.ptr + at, key->priv, 32) || !memcmp(s.ptr + at, secret, 32))
			return 1;
	return 0;
}

static imp_status slot_sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in, uint8_t *sig, size_t *len)
{
	imp_key mine = kit_priv(kit_key(KIT_P256, KIT_DEVICE));
	(void)c;
	naked += !(priv->flags & IMP_KEY_OPAQUE) || priv->slot != SLOT_SIGN;
	signs++;
	return imp_openssl.sign(&imp_openssl, alg, &mine, in, sig, len);
}

static imp_status slot_mac(const imp_crypto *c, int32_t alg, const imp_key *key, const imp_span *in, size_t n, uint8_t *out, size_t len)
{
	imp_key mine = {alg, 0, 0, imp_bytes(secret, sizeof secret)};
	(void)c;
	if (!(key->flags & IMP_KEY_OPAQUE)) /* key derivation */
		return imp_openssl.mac(&imp_openssl, alg, key, in, n, out, len);
	naked += key->slot != SLOT_MAC;
	macs++;
	return imp_openssl.mac(&imp_openssl, alg, &mine, in, n, out, len);
}

static void set_slot(const char *name, int32_t alg, uint64_t slot, imp_span bits)
{
	uint8_t flat[IMP_KEY_HEAD + 133];
	imp_key key = {alg, IMP_KEY_OPAQUE | IMP_KEY_PRIVATE, slot, bits};
	imp_key_head(&key, flat);
	if (bits.len)
		memcpy(flat + IMP_KEY_HEAD, bits.ptr, bits.len);
	fact_set(k.device, IMP_T_KEY, name, 0, imp_bytes(flat, IMP_KEY_HEAD + bits.len));
}

/* Everything the device learns, and every byte it sends. */
static void sees(struct party *p, struct sess *s, const imp_msg *m)
{
	(void)p;
	(void)s;
	naked += leaks(m->data);
}

static int crossing(struct world *w, struct crossing *x)
{
	(void)w;
	naked += leaks(x->m->data);
	return PASS;
}

int main(void)
{
	const struct kit_key *key;
	imp_crypto slots = imp_openssl;
	char guid[33];
	const struct fact *f;
	kit_crypto = &imp_openssl;
	kit_crypto->random(kit_crypto, secret, sizeof secret);
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	slots.sign = slot_sign;
	slots.mac = slot_mac;
	k.device->crypto = &slots;
	k.device->sees = sees;
	k.w.fault = crossing;
	key = kit_key(KIT_P256, KIT_DEVICE);
	set_slot("fdo.attestation", IMP_C_P256, SLOT_SIGN, imp_bytes(key->pub.bits, key->pub.len));
	set_slot("fdo.hmac", IMP_A_HMAC256, SLOT_MAC, NONE);
	t_check("DI with slots", kit_di(&k) && signs == 1 && macs == 1, k.maker->last_where);
	t_check("the voucher and TO0", kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER) && kit_to0(&k, k.owner) == IMP_LATER, "");
	t_check("TO1 and TO2 with slots", kit_onboard(&k) == IMP_OK && signs == 3 && macs >= 3, k.owner->last_where);
	f = fact_get(k.device, IMP_T_KEY, "fdo.hmac", 0);
	t_check("the slot is the new credential's too", f && f->len == IMP_KEY_HEAD && imp_key_from(imp_bytes(f->data, f->len)).slot == SLOT_MAC && kit_credential(&k, guid) && strcmp(guid, k.guid) != 0, guid);
	t_check("no key material was sent, learnt, or asked of another slot", naked == 0, "");
	set_slot("fdo.attestation", IMP_C_P256, SLOT_SIGN, NONE);
	t_check("DI without the slot's public key names the key", !kit_di(&k), "");
	kit_end(&k);
	return t_end();
}
