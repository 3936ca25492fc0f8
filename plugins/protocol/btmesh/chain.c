/* chain.c -- see chain.h. */
#include "chain.h"
#include "x509.h"

enum { KEY_AGREEMENT = 0x08, UUID_TEXT = 36 };

imp_status btmesh_chain_list(struct btmesh_chain *k, imp_span in)
{
	uint16_t extensions;
	imp_span ids;
	if (btmesh_read_list(in, &extensions, &ids))
		return IMP_EBADMSG;
	for (uint16_t id = 0; id <= BTMESH_R_APPEARANCE; id++)
		k->listed |= (uint32_t)btmesh_listed(ids, id) << id;
	return IMP_OK;
}

/* Where the record on its way began. */
static size_t begin_of(const struct btmesh_chain *k)
{
	return k->count ? k->end[k->count - 1] : 0;
}

int btmesh_chain_next(const struct btmesh_chain *k, uint16_t max, btmesh_request *out)
{
	out->id = (uint16_t)(BTMESH_R_DEVICE + k->count);
	out->offset = (uint16_t)(k->used - begin_of(k));
	out->most = (uint16_t)(max - 1 - BTMESH_RESPONSE_HEAD);
	return k->count < BTMESH_CERTS && k->listed >> out->id & 1;
}

imp_status btmesh_chain_take(struct btmesh_chain *k, uint8_t *bytes, imp_span in)
{
	btmesh_request asked;
	btmesh_response a;
	if (btmesh_read_response(in, &a) || !btmesh_chain_next(k, UINT16_MAX, &asked) || a.id != asked.id || a.offset != asked.offset)
		return IMP_EPROTO;
	if (a.status) { /* absent after all: what there is must do */
		k->used = (uint16_t)begin_of(k);
		k->listed &= (1u << a.id) - 1;
		k->total = 0;
		return IMP_OK;
	}
	if (k->total && a.total != k->total)
		return IMP_EPROTO;
	if (begin_of(k) + a.total > k->cap)
		return IMP_ENOSPC;
	memcpy(bytes + k->used, a.data.ptr, a.data.len);
	k->used = (uint16_t)(k->used + a.data.len);
	k->total = a.total;
	if (a.offset + a.data.len == a.total) {
		k->end[k->count++] = k->used;
		k->total = 0;
	}
	return IMP_OK;
}

imp_span btmesh_chain_cert(const struct btmesh_chain *k, const uint8_t *bytes, unsigned i)
{
	size_t from = i ? k->end[i - 1] : 0;
	return i < k->count ? imp_bytes(bytes + from, k->end[i] - from) : imp_bytes(NULL, 0);
}

/* 8-4-4-4-12 digits, of either case, at the beginning of the common name. */
static int is_named(imp_span cn, const uint8_t uuid[BTMESH_UUID])
{
	char text[2 * BTMESH_UUID + 1];
	size_t at = 0;
	btmesh_hex("", uuid, BTMESH_UUID, text);
	if (cn.len < UUID_TEXT || (cn.len > UUID_TEXT && cn.ptr[UUID_TEXT] != ' '))
		return 0;
	for (size_t i = 0; i < UUID_TEXT; i++) {
		int dash = i == 8 || i == 13 || i == 18 || i == 23;
		uint8_t ch = cn.ptr[i], low = ch >= 'A' && ch <= 'F' ? (uint8_t)(ch + 32) : ch;
		if (dash ? ch != '-' : low != (uint8_t)text[at])
			return 0;
		at += !dash;
	}
	return 1;
}

imp_status btmesh_chain_verify(const imp_crypto *c, const struct btmesh_chain *k, const uint8_t *bytes, imp_span anchor, const uint8_t uuid[BTMESH_UUID],
                               uint64_t unix_time, uint8_t key[BTMESH_POINT], const char **why)
{
	imp_span chain[BTMESH_CERTS];
	imp_cert leaf;
	imp_status st;
	size_t which;
	for (unsigned i = 0; i < k->count; i++)
		chain[i] = btmesh_chain_cert(k, bytes, i);
	*why = "no certificate";
	if (!k->count || imp_cert_read(chain[0], &leaf))
		return IMP_EAUTH;
	st = imp_chain_verify(c, chain, k->count, &anchor, 1, unix_time, why, &which);
	if (st)
		return st;
	*why = "the certificate is another device's";
	if (!is_named(imp_cert_cn(leaf.subject), uuid))
		return IMP_EAUTH;
	*why = "the certificate's key is not for this";
	if (leaf.key.alg != IMP_C_P256 || leaf.key.bits.len != 1 + BTMESH_POINT || (leaf.usage != IMP_USAGE_ABSENT && !(leaf.usage & KEY_AGREEMENT)))
		return IMP_EAUTH;
	memcpy(key, leaf.key.bits.ptr + 1, BTMESH_POINT);
	return IMP_OK;
}
