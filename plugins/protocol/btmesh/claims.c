/* claims.c -- see claims.h. */
#include "claims.h"
#include "cbor.h"

static void put_number(imp_wr *w, const char *key, uint64_t v)
{
	imp_cbor_put_text(w, key);
	imp_cbor_put_uint(w, v);
}

static void put_flag(imp_wr *w, const char *key, int v)
{
	imp_cbor_put_text(w, key);
	imp_cbor_put_bool(w, v);
}

static void put_pair(imp_wr *w, const char *key, uint8_t size, uint16_t actions)
{
	imp_cbor_put_text(w, key);
	imp_cbor_put_array(w, 2);
	imp_cbor_put_uint(w, size);
	imp_cbor_put_uint(w, actions);
}

static void put_caps(imp_wr *w, const btmesh_caps *c, imp_span info)
{
	imp_cbor_put_map(w, 7u + (info.len > 0));
	put_number(w, "elements", c->elements);
	put_number(w, "algorithms", c->algorithms);
	put_flag(w, "oob_key", c->key & BTMESH_KEY_OOB);
	put_flag(w, "static", c->oob & BTMESH_OOB_STATIC);
	put_flag(w, "only_oob", c->oob & BTMESH_OOB_ONLY);
	put_pair(w, "output", c->output_size, c->output);
	put_pair(w, "input", c->input_size, c->input);
	if (info.len)
		put_number(w, "oob_info", (uint64_t)(info.ptr[0] << 8 | info.ptr[1]));
}

static void put_start(imp_wr *w, const btmesh_start *s)
{
	imp_cbor_put_map(w, 5);
	put_number(w, "algorithm", s->alg);
	put_flag(w, "oob_key", s->key);
	put_number(w, "method", s->method);
	put_number(w, "action", s->action);
	put_number(w, "size", s->size);
}

static void put_bytes(imp_wr *w, uint16_t topic, imp_span s)
{
	imp_cbor_put_uint(w, topic);
	imp_cbor_put_bstr(w, s);
}

void btmesh_put_claims(imp_wr *w, const struct btmesh_claims *k)
{
	size_t beacon = k->target.len - BTMESH_UUID;
	imp_cbor_put_map(w, 6u + (k->key.len > 0) + (beacon > 2));
	put_bytes(w, IMP_T_IDENTITY, imp_bytes(k->target.ptr, BTMESH_UUID));
	imp_cbor_put_uint(w, IMP_T_CHAIN);
	if (k->leaf.len)
		imp_cbor_put_bstr(w, k->leaf);
	else
		imp_cbor_put_null(w);
	if (k->key.len)
		put_bytes(w, IMP_T_PEERKEY, k->key);
	imp_cbor_put_uint(w, IMP_T_NETWORK);
	imp_cbor_put_uint(w, k->address);
	if (beacon > 2)
		put_bytes(w, IMP_T_SERVER, imp_bytes(k->target.ptr + BTMESH_UUID + 2, beacon - 2));
	imp_cbor_put_uint(w, IMP_T_ACCESS);
	put_start(w, k->start);
	imp_cbor_put_uint(w, IMP_T_CONFIG);
	put_caps(w, k->caps, imp_bytes(k->target.ptr + BTMESH_UUID, beacon));
	imp_cbor_put_uint(w, IMP_T_COUNTER);
	imp_cbor_put_uint(w, k->tries);
}

static void take(imp_span map, const char *key, uint8_t *to, imp_status *st)
{
	imp_rd r = imp_rd_of(imp_cbor_find(map, key));
	uint64_t v;
	if (!imp_rd_left(&r))
		return;
	v = imp_cbor_uint_max(&r, UINT8_MAX);
	if (imp_rd_end(&r))
		*st = IMP_EBADMSG;
	else
		*to = (uint8_t)v;
}

imp_status btmesh_read_decision(imp_span map, btmesh_start *start, uint16_t *address)
{
	imp_span how = imp_cbor_at(map, IMP_T_ACCESS);
	imp_rd r = imp_rd_of(imp_cbor_at(map, IMP_T_NETWORK));
	imp_status st = IMP_OK;
	uint64_t v = imp_rd_left(&r) ? imp_cbor_uint_max(&r, BTMESH_ADDRESS_LAST) : *address;
	if (imp_rd_end(&r) || (map.len && imp_cbor_check(map)))
		return IMP_EBADMSG;
	*address = (uint16_t)v;
	if (how.len) {
		take(how, "algorithm", &start->alg, &st);
		take(how, "method", &start->method, &st);
		take(how, "action", &start->action, &st);
		take(how, "size", &start->size, &st);
	}
	return start->alg < BTMESH_ALGS && start->method <= BTMESH_INPUT ? st : IMP_EBADMSG;
}
