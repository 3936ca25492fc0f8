/* devcred.c -- the device's credential: the secret there is, the secret to
 * come, and what is learnt with it. */
#include "device.h"

#include <string.h>

enum { SMALL = 64 };

static imp_key key_of(const fdo_secret *s)
{
	return fdo_key_flat(imp_bytes(s->flat, s->len));
}

int fdo_device_take_secret(fdo_secret *s, imp_span flat)
{
	imp_key k;
	s->len = 0;
	if (flat.len > sizeof s->flat)
		return 0;
	s->len = (uint8_t)flat.len;
	if (flat.len)
		memcpy(s->flat, flat.ptr, flat.len);
	k = key_of(s);
	return k.alg && (k.bits.len || k.flags & IMP_KEY_OPAQUE);
}

imp_status fdo_device_hmac_check(const struct fdo_device *d, const imp_crypto *c, const fdo_hash *hmac, imp_span header)
{
	imp_key secret = key_of(&d->hmac);
	return fdo_hmac_check(c, &secret, hmac, header);
}

/* The secret of the next credential: the slot there is, or fresh bytes. */
static imp_status next_secret(struct fdo_device *d, const imp_crypto *c, int32_t hash)
{
	imp_key k = key_of(&d->hmac);
	d->next = d->hmac;
	if (k.flags & IMP_KEY_OPAQUE)
		return IMP_OK;
	k.alg = hash == IMP_A_SHA384 ? IMP_A_HMAC384 : IMP_A_HMAC256;
	imp_key_head(&k, d->next.flat);
	d->next.len = (uint8_t)(IMP_KEY_HEAD + imp_hash_len(hash));
	return c->random(c, d->next.flat + IMP_KEY_HEAD, imp_hash_len(hash));
}

imp_status fdo_device_adopt(struct fdo_device *d, imp_cx *cx, const fdo_ovheader *h, int32_t owner_sig, uint8_t mac[FDO_HASH_MAX], fdo_hash *hmac)
{
	int32_t hash = fdo_hash_alg(d->sig, owner_sig);
	fdo_credential c = {.active = d->run == FDO_RUN_DI, .info = h->info, .guid = h->guid, .rvinfo = h->rvinfo};
	imp_wr w = fdo_device_room(cx, h->raw.len + SMALL);
	uint8_t digest[FDO_HASH_MAX];
	imp_status st = next_secret(d, cx->crypto, hash);
	imp_key secret = key_of(&d->next);
	st = st ? st : fdo_hmac_make(cx->crypto, &secret, secret.alg, h->raw, mac, hmac);
	st = st ? st : fdo_hash_make(cx->crypto, hash, &h->key.raw, 1, digest, &c.key);
	if (st)
		return fdo_device_bad(d, st, "HMac");
	fdo_put_credential(&w, &c);
	return imp_wr_end(&w) ? IMP_ENOSPC : fdo_device_learn(d, cx, FDO_F_CREDENTIAL, imp_wr_span(&w));
}

/* The new owner's header, which we alone know all of. */
imp_status fdo_device_renew(struct fdo_device *d, imp_cx *cx, const fdo_setup_device *m, int32_t owner_sig, uint8_t mac[FDO_HASH_MAX], fdo_hash *hmac)
{
	fdo_ovheader h = {.guid = m->guid, .rvinfo = m->rvinfo, .info = imp_bytes(d->info, d->info_len), .key = m->owner2, .chain = {d->chain_alg, {d->chain, imp_hash_len(d->chain_alg)}}};
	imp_wr header = fdo_device_room(cx, m->rvinfo.len + m->owner2.raw.len + sizeof d->info + 2 * SMALL);
	imp_status st;
	fdo_put_ovheader(&header, &h);
	if (imp_wr_end(&header))
		return IMP_ENOSPC;
	h.raw = imp_wr_span(&header);
	st = fdo_device_adopt(d, cx, &h, owner_sig, mac, hmac);
	return st ? st : fdo_device_learn(d, cx, FDO_F_OWNER, m->owner2.raw);
}
