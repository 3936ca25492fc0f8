/* devdi.c -- the device in the factory: Device Initialize (DI), messages 10
 * to 13.  DI trusts its network: whoever answers makes the voucher. */
#include "device.h"
#include "rv.h"

#include <string.h>

imp_status fdo_di_start(struct fdo_device *d, imp_cx *cx)
{
	d->run = FDO_RUN_DI;
	return fdo_device_ask(d, cx, FDO_D_DI_SERVER, FDO_F_DI);
}

static imp_status on_server(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	imp_wr uri = fdo_device_room(cx, FDO_URI_MAX);
	if (!in->data.len || in->data.len > FDO_URI_MAX)
		return fdo_device_lacks(d, cx);
	imp_wr_bytes(&uri, in->data);
	return fdo_device_open(d, cx, &uri);
}

imp_status fdo_di_up(struct fdo_device *d, imp_cx *cx)
{
	return fdo_device_ask(d, cx, FDO_D_DI_HMAC, FDO_F_HMAC);
}

/* A slot for the HMAC, if the device has one; else a secret will be made. */
static imp_status on_hmac(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0 || !fdo_device_take_secret(&d->hmac, in->data) || !(fdo_key_flat(in->data).flags & IMP_KEY_OPAQUE))
		d->hmac.len = 0;
	return fdo_device_ask(d, cx, FDO_D_DI_INFO, FDO_F_MFGINFO);
}

static imp_status read_info(const struct fdo_device *d, fdo_mfginfo *m)
{
	imp_rd r = imp_rd_of(imp_bytes(d->u.mfginfo, FDO_MFGINFO_MAX));
	size_t n = imp_cbor_array(&r);
	m->serial = imp_cbor_tstr(&r);
	m->info = imp_cbor_tstr(&r);
	m->enc = n > 2 ? (uint8_t)imp_cbor_uint_max(&r, FDO_ENC_COSEKEY) : FDO_ENC_X509;
	return r.err;
}

static imp_status on_info(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	if (in->data.len > FDO_MFGINFO_MAX)
		return fdo_device_lacks(d, cx);
	memcpy(d->u.mfginfo, in->data.ptr, in->data.len);
	return fdo_device_ask(d, cx, FDO_D_DI_KEY, FDO_F_ATTESTATION);
}

static imp_status on_key(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
{
	imp_key priv = fdo_key_flat(in->data), pub;
	imp_wr csr = fdo_device_room(cx, d->max), w = fdo_device_room(cx, d->max);
	char cn[65];
	size_t n;
	fdo_mfginfo m;
	fdo_key k;
	imp_status st;
	d->sig = fdo_private_sig(&priv, 0);
	st = d->sig ? fdo_public_of(cx->crypto, &priv, &k) : IMP_EUNSUP;
	if (st)
		return fdo_device_lacks(d, cx);
	d->asked = FDO_F_MFGINFO;
	if (read_info(d, &m))
		return fdo_device_lacks(d, cx);
	m.type = k.type;
	pub = fdo_key_view(&k);
	n = m.serial.len < sizeof cn ? m.serial.len : sizeof cn - 1;
	memcpy(cn, m.serial.ptr, n);
	cn[n] = 0;
	if (csr.err || w.err)
		return IMP_ENOSPC;
	st = imp_csr_create(cx->crypto, &csr, cn, &pub, d->sig, &priv);
	if (st || imp_wr_end(&csr))
		return st ? st : IMP_ENOSPC;
	m.csr = imp_wr_span(&csr);
	fdo_put_app_start(&w, &m);
	return fdo_device_post(d, cx, FDO_D_DI_CREDENTIALS, FDO_DI_APP_START, &w);
}

imp_status fdo_di_answer(struct fdo_device *d, imp_cx *cx, const imp_msg *in)
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
	imp_wr w = fdo_device_room(cx, 64);
	uint8_t mac[FDO_HASH_MAX];
	fdo_ovheader h;
	fdo_hash hmac;
	imp_span raw;
	fdo_key mfg;
	imp_status st;
	if (fdo_read_set_credentials(body, &raw) || fdo_read_ovheader(raw, &h) || fdo_rv_check(h.rvinfo) || h.info.len > FDO_DEVINFO_MAX) /* TO2 could not hold it */
		return IMP_EBADMSG;
	st = fdo_key_read(&h.key, &mfg);
	if (st)
		return fdo_device_bad(d, st, "manufacturer key");
	st = fdo_device_adopt(d, cx, &h, fdo_key_sig(&mfg), mac, &hmac);
	if (st)
		return st;
	fdo_put_set_hmac(&w, &hmac);
	return fdo_device_post(d, cx, FDO_D_DI_DONE, FDO_DI_SET_HMAC, &w);
}

imp_status fdo_di_reply(struct fdo_device *d, imp_cx *cx, imp_span body)
{
	if (d->state == FDO_D_DI_CREDENTIALS)
		return on_credentials(d, cx, body);
	if (fdo_read_empty(body))
		return IMP_EBADMSG;
	return fdo_device_commit(d, cx);
}
