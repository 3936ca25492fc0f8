/* devdi.c -- the device in the factory: Device Initialize (DI), messages 10
 * to 13.  DI trusts its network: whoever answers makes the voucher. */
#include "device.h"
#include "rv.h"

#include <string.h>

imp_status fdo_device_di_start(struct fdo_device *d, imp_cx *cx)
{
	d->run = FDO_RUN_DI;
	return fdo_device_ask(d, cx, FDO_D_DI_SERVER, IMP_T_SERVER, "fdo.di");
}

static imp_status on_server(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	imp_wr uri = fdo_device_room(cx, FDO_URI_MAX);
	if (in->code < 0 || !in->data.len || in->data.len > FDO_URI_MAX)
		return fdo_device_lacks(d, cx, "fdo.di");
	imp_wr_bytes(&uri, in->data);
	return fdo_device_open(d, cx, &uri);
}

imp_status fdo_device_di_up(struct fdo_device *d, imp_cx *cx)
{
	return fdo_device_ask(d, cx, FDO_D_DI_HMAC, IMP_T_KEY, "fdo.hmac");
}

/* A slot for the HMAC, if the device has one; else a secret will be made. */
static imp_status on_hmac(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0 || !fdo_device_take_secret(&d->hmac, in->data) || !(d->hmac.flags & IMP_KEY_OPAQUE))
		memset(&d->hmac, 0, sizeof d->hmac);
	return fdo_device_ask(d, cx, FDO_D_DI_INFO, IMP_T_CONFIG, "fdo.mfginfo");
}

static imp_status read_info(imp_span in, imp_span *serial, imp_span *info)
{
	imp_rd r = imp_rd_of(in);
	imp_cbor_array_of(&r, 2);
	*serial = imp_cbor_tstr(&r);
	*info = imp_cbor_tstr(&r);
	return imp_rd_end(&r);
}

static imp_status on_info(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	imp_span serial, info;
	if (in->code < 0 || in->data.len > FDO_MFGINFO_MAX || read_info(in->data, &serial, &info))
		return fdo_device_lacks(d, cx, "fdo.mfginfo");
	memcpy(d->u.mfginfo, in->data.ptr, in->data.len);
	d->mfginfo_len = (uint16_t)in->data.len;
	return fdo_device_ask(d, cx, FDO_D_DI_KEY, IMP_T_KEY, "fdo.attestation");
}

static imp_status on_key(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	imp_key priv = imp_key_from(in->data), pub;
	imp_wr csr = fdo_device_room(cx, d->max), w = fdo_device_room(cx, d->max);
	char cn[65];
	fdo_mfginfo m = {.enc = FDO_ENC_X509};
	fdo_key k;
	imp_status st;
	d->sig = in->code < 0 ? 0 : fdo_private_sig(&priv, 0);
	st = d->sig ? fdo_public_of(cx->crypto, &priv, &k) : IMP_EUNSUP;
	if (st)
		return fdo_device_lacks(d, cx, "fdo.attestation");
	read_info(imp_bytes(d->u.mfginfo, d->mfginfo_len), &m.serial, &m.info);
	m.type = k.type;
	pub = fdo_key_view(&k);
	memset(cn, 0, sizeof cn);
	memcpy(cn, m.serial.ptr, m.serial.len < sizeof cn ? m.serial.len : sizeof cn - 1);
	if (csr.err || w.err)
		return IMP_ENOSPC;
	st = imp_csr_create(cx->crypto, &csr, cn, &pub, d->sig, &priv);
	if (st || imp_wr_end(&csr))
		return st ? st : IMP_ENOSPC;
	m.csr = imp_wr_span(&csr);
	fdo_put_app_start(&w, &m);
	return fdo_device_post(d, cx, FDO_D_DI_CREDENTIALS, FDO_DI_APP_START, &w);
}

imp_status fdo_device_di_answer(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	switch (d->state) {
	case FDO_D_DI_SERVER:
		return on_server(d, cx, in);
	case FDO_D_DI_HMAC:
		return on_hmac(d, cx, in);
	case FDO_D_DI_INFO:
		return on_info(d, cx, in);
	case FDO_D_DI_KEY:
		return on_key(d, cx, in);
	}
	return IMP_OK;
}

static imp_status on_credentials(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	imp_wr cred = fdo_device_room(cx, body.len + 64), w = fdo_device_room(cx, 64);
	uint8_t mac[FDO_HASH_MAX], digest[FDO_HASH_MAX];
	fdo_credential c = {.active = 1};
	fdo_ovheader h;
	fdo_hash hmac;
	imp_key secret;
	imp_span raw;
	fdo_key mfg;
	imp_status st;
	int32_t hash;
	if (fdo_read_set_credentials(body, &raw) || fdo_read_ovheader(raw, &h) || fdo_rv_check(h.rvinfo))
		return fdo_device_bad(d, IMP_EBADMSG, "encoding");
	st = fdo_key_read(&h.key, &mfg);
	if (st)
		return fdo_device_bad(d, st, "manufacturer key");
	hash = fdo_hash_alg(d->sig, fdo_key_sig(&mfg));
	st = fdo_device_next_secret(d, cx->crypto, hash);
	secret = fdo_device_secret(&d->next);
	st = st ? st : fdo_hmac_make(cx->crypto, &secret, secret.alg, raw, mac, &hmac);
	st = st ? st : fdo_hash_make(cx->crypto, hash, &h.key.raw, 1, digest, &c.key);
	if (st)
		return fdo_device_bad(d, st, "HMac");
	c.info = h.info;
	c.guid = h.guid;
	c.rvinfo = h.rvinfo;
	fdo_put_credential(&cred, &c);
	fdo_put_set_hmac(&w, &hmac);
	if (imp_wr_end(&cred))
		return IMP_ENOSPC;
	st = fdo_device_learn(d, cx, IMP_T_VOUCHER, "fdo.credential", imp_wr_span(&cred));
	return st ? st : fdo_device_post(d, cx, FDO_D_DI_DONE, FDO_DI_SET_HMAC, &w);
}

imp_status fdo_device_di_reply(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	if (d->state == FDO_D_DI_CREDENTIALS)
		return on_credentials(d, cx, body);
	if (fdo_read_empty(body))
		return fdo_device_bad(d, IMP_EBADMSG, "encoding");
	return fdo_device_commit(d, cx);
}
