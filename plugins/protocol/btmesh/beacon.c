/* beacon.c -- see beacon.h. */
#include "beacon.h"
#include "ct.h"
#include "toolbox.h"
#include "wire.h"

enum { UNPROVISIONED, SECURE, PRIVATE };
enum { HASH = 4, NETWORK_ID = 8, STATE = 5 /* flags and IV index */, RANDOM = 13, TAG = 8 };

imp_status btmesh_read_beacon(imp_span ad, btmesh_beacon *out)
{
	imp_rd r = imp_rd_of(ad);
	int ours = imp_rd_be16(&r) == (BTMESH_AD_BEACON << 8 | UNPROVISIONED);
	btmesh_beacon b;
	b.uuid = imp_rd_bytes(&r, BTMESH_UUID);
	b.info = imp_rd_be16(&r);
	b.uri_hash = imp_rd_left(&r) ? imp_rd_bytes(&r, HASH) : imp_bytes(NULL, 0);
	if (imp_rd_end(&r) || !ours)
		return IMP_EBADMSG;
	*out = b;
	return IMP_OK;
}

void btmesh_put_beacon(imp_wr *w, const btmesh_beacon *b)
{
	imp_wr_be16(w, BTMESH_AD_BEACON << 8 | UNPROVISIONED);
	imp_wr_bytes(w, b->uuid);
	imp_wr_be16(w, b->info);
	imp_wr_bytes(w, b->uri_hash);
}

static imp_status open_secure(const imp_crypto *c, imp_rd *r, imp_span netkey, uint8_t state[STATE])
{
	uint8_t key[16], id[NETWORK_ID], tag[TAG];
	imp_key k = {IMP_A_CMAC, IMP_KEY_PRIVATE, 0, imp_bytes(key, sizeof key)};
	imp_span body = imp_bytes(r->p, 1 + NETWORK_ID + 4);
	uint8_t flags = imp_rd_u8(r);
	imp_span theirs = imp_rd_bytes(r, NETWORK_ID), iv = imp_rd_bytes(r, 4), mac = imp_rd_bytes(r, TAG);
	imp_status st;
	if (imp_rd_end(r))
		return IMP_EBADMSG;
	st = btmesh_netkey(c, netkey, "nkbk", key);
	st = st ? st : btmesh_k3(c, netkey, id);
	st = st ? st : c->mac(c, IMP_A_CMAC, &k, &body, 1, tag, sizeof tag);
	imp_wipe(key, sizeof key);
	if (!st && (memcmp(theirs.ptr, id, sizeof id) || !imp_ct_equal(mac.ptr, tag, sizeof tag)))
		st = IMP_EAUTH;
	state[0] = flags;
	memcpy(state + 1, iv.ptr, iv.len);
	return st;
}

static imp_status open_private(const imp_crypto *c, imp_rd *r, imp_span netkey, uint8_t state[STATE])
{
	uint8_t key[16];
	imp_key k = {IMP_A_CCM8_128, IMP_KEY_PRIVATE, 0, imp_bytes(key, sizeof key)};
	imp_span random = imp_rd_bytes(r, RANDOM), sealed = imp_rd_bytes(r, STATE + TAG);
	size_t len = STATE;
	imp_status st;
	if (imp_rd_end(r))
		return IMP_EBADMSG;
	st = btmesh_netkey(c, netkey, "nkpk", key);
	st = st ? st : c->open(c, k.alg, &k, random, NULL, 0, sealed, state, &len);
	imp_wipe(key, sizeof key);
	return st;
}

imp_status btmesh_open_beacon(const imp_crypto *c, imp_span ad, imp_span netkey, uint8_t *flags, uint32_t *iv_index)
{
	imp_rd r = imp_rd_of(ad);
	uint16_t type = imp_rd_be16(&r);
	uint8_t state[STATE] = {0};
	imp_status st = IMP_EBADMSG;
	if (type == (BTMESH_AD_BEACON << 8 | SECURE))
		st = open_secure(c, &r, netkey, state);
	else if (type == (BTMESH_AD_BEACON << 8 | PRIVATE))
		st = open_private(c, &r, netkey, state);
	if (st)
		return st;
	*flags = state[0];
	*iv_index = (uint32_t)state[1] << 24 | (uint32_t)state[2] << 16 | (uint32_t)state[3] << 8 | state[4];
	return IMP_OK;
}
