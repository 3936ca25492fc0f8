/* wire.c -- see wire.h. */
#include "wire.h"

size_t btmesh_width(unsigned alg)
{
	return alg == BTMESH_HMAC ? 32 : 16;
}

/* Bytes of parameters; 0xff: any number. */
static uint8_t length_of(uint8_t type, unsigned alg)
{
	static const uint8_t lengths[BTMESH_TYPES] = {1, BTMESH_CAPS_LEN, BTMESH_START_LEN, BTMESH_POINT, 0, 0xff, 0xff,
		BTMESH_DATA_LEN + BTMESH_MIC, 0, 1, BTMESH_REQUEST_LEN, 0xff, 0, 0xff};
	if ((type == BTMESH_CONFIRM || type == BTMESH_RANDOM) && alg < BTMESH_ALGS)
		return (uint8_t)btmesh_width(alg);
	return lengths[type];
}

enum btmesh_failed btmesh_pdu_check(imp_span pdu, unsigned alg)
{
	uint8_t len;
	if (!pdu.len || pdu.ptr[0] >= BTMESH_TYPES)
		return BTMESH_F_PDU;
	len = length_of(pdu.ptr[0], alg);
	return len == 0xff || pdu.len == 1u + len ? BTMESH_F_NONE : BTMESH_F_FORMAT;
}

imp_status btmesh_read_caps(imp_span in, btmesh_caps *out)
{
	imp_rd r = imp_rd_of(in);
	btmesh_caps c;
	c.elements = imp_rd_u8(&r);
	c.algorithms = imp_rd_be16(&r);
	c.key = imp_rd_u8(&r);
	c.oob = imp_rd_u8(&r);
	c.output_size = imp_rd_u8(&r);
	c.output = imp_rd_be16(&r);
	c.input_size = imp_rd_u8(&r);
	c.input = imp_rd_be16(&r);
	if (imp_rd_end(&r) || !c.elements || c.output_size > BTMESH_OOB_DIGITS || c.input_size > BTMESH_OOB_DIGITS)
		return IMP_EBADMSG;
	*out = c;
	return IMP_OK;
}

void btmesh_put_caps(imp_wr *w, const btmesh_caps *c)
{
	imp_wr_u8(w, BTMESH_CAPS);
	imp_wr_u8(w, c->elements);
	imp_wr_be16(w, c->algorithms);
	imp_wr_u8(w, c->key);
	imp_wr_u8(w, c->oob);
	imp_wr_u8(w, c->output_size);
	imp_wr_be16(w, c->output);
	imp_wr_u8(w, c->input_size);
	imp_wr_be16(w, c->input);
}

imp_status btmesh_read_start(imp_span in, btmesh_start *out)
{
	if (in.len != BTMESH_START_LEN || in.ptr[0] >= BTMESH_ALGS || in.ptr[1] > 1 || in.ptr[2] > BTMESH_INPUT)
		return IMP_EBADMSG;
	out->alg = in.ptr[0];
	out->key = in.ptr[1];
	out->method = in.ptr[2];
	out->action = in.ptr[3];
	out->size = in.ptr[4];
	return IMP_OK;
}

void btmesh_put_start(imp_wr *w, const btmesh_start *s)
{
	imp_wr_u8(w, BTMESH_START);
	imp_wr_u8(w, s->alg);
	imp_wr_u8(w, s->key);
	imp_wr_u8(w, s->method);
	imp_wr_u8(w, s->action);
	imp_wr_u8(w, s->size);
}

static int action_fits(uint16_t actions, uint8_t most, const btmesh_start *s)
{
	return s->action < 16 && actions >> s->action & 1 && s->size && s->size <= most;
}

int btmesh_start_fits(const btmesh_caps *c, const btmesh_start *s)
{
	if (!(c->algorithms >> s->alg & 1) || (s->key && !(c->key & BTMESH_KEY_OOB)))
		return 0;
	switch (s->method) {
	case BTMESH_NO_OOB:
		return !(c->oob & BTMESH_OOB_ONLY) && !s->action && !s->size;
	case BTMESH_STATIC:
		return c->oob & BTMESH_OOB_STATIC && !s->action && !s->size;
	case BTMESH_OUTPUT:
		return s->action < BTMESH_OUTPUTS && action_fits(c->output, c->output_size, s);
	default:
		return s->action < BTMESH_INPUTS && action_fits(c->input, c->input_size, s);
	}
}

imp_status btmesh_read_request(imp_span in, btmesh_request *out)
{
	imp_rd r = imp_rd_of(in);
	btmesh_request q;
	q.id = imp_rd_be16(&r);
	q.offset = imp_rd_be16(&r);
	q.most = imp_rd_be16(&r);
	if (imp_rd_end(&r) || !q.most)
		return IMP_EBADMSG;
	*out = q;
	return IMP_OK;
}

void btmesh_put_request(imp_wr *w, const btmesh_request *r)
{
	imp_wr_u8(w, BTMESH_RECORD_REQUEST);
	imp_wr_be16(w, r->id);
	imp_wr_be16(w, r->offset);
	imp_wr_be16(w, r->most);
}

imp_status btmesh_read_response(imp_span in, btmesh_response *out)
{
	imp_rd r = imp_rd_of(in);
	btmesh_response a;
	a.status = imp_rd_u8(&r);
	a.id = imp_rd_be16(&r);
	a.offset = imp_rd_be16(&r);
	a.total = imp_rd_be16(&r);
	a.data = imp_rd_rest(&r);
	if (imp_rd_end(&r) || a.status > BTMESH_R_BOUNDS || (a.status && a.data.len) || a.data.len > a.total)
		return IMP_EBADMSG;
	if (a.status == BTMESH_R_OK && (!a.data.len || a.offset > a.total - a.data.len))
		return IMP_EBADMSG; /* nothing, or more than there is */
	*out = a;
	return IMP_OK;
}

void btmesh_put_response(imp_wr *w, const btmesh_response *r)
{
	imp_wr_u8(w, BTMESH_RECORD_RESPONSE);
	imp_wr_u8(w, r->status);
	imp_wr_be16(w, r->id);
	imp_wr_be16(w, r->offset);
	imp_wr_be16(w, r->total);
	imp_wr_bytes(w, r->data);
}

imp_status btmesh_read_list(imp_span in, uint16_t *extensions, imp_span *ids)
{
	if (in.len < 2 || in.len % 2)
		return IMP_EBADMSG;
	*extensions = (uint16_t)(in.ptr[0] << 8 | in.ptr[1]);
	*ids = imp_bytes(in.ptr + 2, in.len - 2);
	return IMP_OK;
}

int btmesh_listed(imp_span ids, uint16_t id)
{
	for (size_t i = 0; i + 1 < ids.len; i += 2)
		if ((ids.ptr[i] << 8 | ids.ptr[i + 1]) == id)
			return 1;
	return 0;
}

enum btmesh_failed btmesh_read_data(imp_span in, unsigned elements, btmesh_data *out)
{
	imp_rd r = imp_rd_of(in);
	btmesh_data d;
	d.netkey = imp_rd_bytes(&r, 16);
	d.index = imp_rd_be16(&r);
	d.flags = imp_rd_u8(&r);
	d.iv_index = imp_rd_be32(&r);
	d.address = imp_rd_be16(&r);
	if (imp_rd_end(&r))
		return BTMESH_F_FORMAT;
	if (d.index > BTMESH_INDEX_LAST || d.flags > (BTMESH_KEY_REFRESH | BTMESH_IV_UPDATE) || !d.address || d.address > BTMESH_ADDRESS_LAST)
		return BTMESH_F_DATA;
	if (d.address + elements - 1 > BTMESH_ADDRESS_LAST)
		return BTMESH_F_ADDRESSES;
	*out = d;
	return BTMESH_F_NONE;
}
