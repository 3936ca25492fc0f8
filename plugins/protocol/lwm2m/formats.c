/* formats.c -- see formats.h. */
#include "formats.h"
#include "b64.h"
#include "cbor.h"
#include "json.h"

enum senml { SENML_BN = -2, SENML_N = 0, SENML_V = 2, SENML_VS = 3, SENML_VB = 4, SENML_VD = 8 };
enum kind { NOTHING, NUMBER, TRUTH, TEXT, BYTES, LINK };

enum { NAME_MOST = 48 };

/* --- values ------------------------------------------------------------------ */

/* Is a value of this kind what the resource wants?  Unknown ones take all. */
static int kind_fits(const struct lw_item *i, enum kind kind)
{
	switch (lw_type(i->at.oid, i->at.rid)) {
	case 'i':
		return kind == NUMBER;
	case 'b':
		return kind == TRUTH;
	case 's':
		return kind == TEXT;
	case 'o':
		return kind == BYTES;
	case 'l':
		return kind == LINK;
	}
	return kind != NOTHING;
}

static void item_bool(struct lw_item *i, int v)
{
	i->bytes[0] = v != 0;
	i->value = imp_bytes(i->bytes, 1);
}

int lw_plain_value(struct lw_item *i, char type, imp_span text)
{
	imp_status err = IMP_OK;
	int64_t v = type == 'i' || type == 'b' ? imp_json_int(text, &err) : 0;
	if (type == 'l')
		return lw_item_link(i, text);
	if ((type != 'i' && type != 'b') || imp_json_type(text) != IMP_JSON_NUMBER || err < 0 || (type == 'b' && (v < 0 || v > 1)))
		return 0;
	lw_item_int(i, v);
	return 1;
}

/* The path of a record: base name and name, one after the other. */
static int record_path(lw_reader *r, imp_span name, struct lw_path *at)
{
	uint8_t text[NAME_MOST];
	if (r->base.len + name.len > sizeof text)
		return 0;
	if (r->base.len)
		memcpy(text, r->base.ptr, r->base.len);
	if (name.len)
		memcpy(text + r->base.len, name.ptr, name.len);
	return lw_path_of(imp_bytes(text, r->base.len + name.len), at) == IMP_OK;
}

static uint8_t *keep(lw_reader *r, size_t n)
{
	uint8_t *p = r->room && n <= r->cap - r->used ? r->room + r->used : NULL;
	if (!p) {
		imp_rd_fail(&r->r, IMP_ENOSPC);
		return NULL;
	}
	r->used += n;
	return p;
}

/* --- SenML JSON ----------------------------------------------------------------- */

static imp_span text_in(lw_reader *r, imp_span value, imp_status *err)
{
	uint8_t *to = value.len ? keep(r, value.len) : NULL;
	return to ? imp_json_text(value, to, value.len, err) : imp_bytes(NULL, 0);
}

static imp_span bytes_in(lw_reader *r, imp_span value, imp_status *err)
{
	imp_span text = text_in(r, value, err);
	uint8_t *to = text.len ? keep(r, text.len) : NULL;
	return to ? imp_b64_read(text, IMP_B64URL, to, text.len, err) : imp_bytes("", 0);
}

/* The one value of a record. */
static enum kind json_value(lw_reader *r, imp_span record, struct lw_item *i, imp_status *err)
{
	imp_span v = imp_json_get(record, "v", err), vs = imp_json_get(record, "vs", err), vb = imp_json_get(record, "vb", err);
	imp_span vd = imp_json_get(record, "vd", err), vlo = imp_json_get(record, "vlo", err);
	if ((v.ptr != NULL) + (vs.ptr != NULL) + (vb.ptr != NULL) + (vd.ptr != NULL) + (vlo.ptr != NULL) != 1)
		return NOTHING;
	if (v.ptr) {
		lw_item_int(i, imp_json_int(v, err));
		return NUMBER;
	}
	if (vb.ptr) {
		item_bool(i, imp_json_bool(vb, err));
		return TRUTH;
	}
	if (vlo.ptr)
		return lw_item_link(i, text_in(r, vlo, err)) ? LINK : NOTHING;
	i->value = vs.ptr ? text_in(r, vs, err) : bytes_in(r, vd, err);
	return vs.ptr ? TEXT : BYTES;
}

static int next_json(lw_reader *r, struct lw_item *i)
{
	imp_status err = IMP_OK;
	imp_span key, record, bn, n;
	enum kind kind;
	if (!imp_json_next(&r->r, &key, &record, &err)) {
		r->r = imp_rd_of(imp_bytes("", 0));
		if (err < 0)
			imp_rd_fail(&r->r, err);
		return 0;
	}
	bn = imp_json_get(record, "bn", &err);
	if (bn.ptr)
		r->base = text_in(r, bn, &err);
	n = text_in(r, imp_json_get(record, "n", &err), &err);
	if (err < 0 || !record_path(r, n, &i->at)) {
		imp_rd_fail(&r->r, IMP_EBADMSG);
		return 0;
	}
	kind = json_value(r, record, i, &err);
	if (err < 0 || !kind_fits(i, kind))
		imp_rd_fail(&r->r, IMP_EBADMSG);
	return r->r.err == IMP_OK;
}

/* --- CBOR values ------------------------------------------------------------------- */

static enum kind cbor_value(imp_rd *r, struct lw_item *i, int link)
{
	switch (imp_cbor_peek(r)) {
	case IMP_CBOR_UINT:
	case IMP_CBOR_NINT:
		lw_item_int(i, imp_cbor_int(r));
		return NUMBER;
	case IMP_CBOR_BSTR:
		i->value = imp_cbor_bstr(r);
		return BYTES;
	case IMP_CBOR_TSTR:
		i->value = imp_cbor_tstr(r);
		if (!link)
			return TEXT;
		return lw_item_link(i, i->value) ? LINK : NOTHING;
	case IMP_CBOR_SIMPLE:
		item_bool(i, imp_cbor_bool(r));
		return TRUTH;
	}
	return NOTHING;
}

/* --- SenML CBOR --------------------------------------------------------------------- */

static void cbor_field(lw_reader *r, struct lw_item *i, imp_span *name, enum kind *kind)
{
	int64_t label;
	if (imp_cbor_peek(&r->r) == IMP_CBOR_TSTR) {
		imp_span key = imp_cbor_tstr(&r->r);
		if (key.len == 3 && !memcmp(key.ptr, "vlo", 3) && *kind == NOTHING)
			*kind = cbor_value(&r->r, i, 1);
		else
			imp_cbor_raw(&r->r);
		return;
	}
	label = imp_cbor_int(&r->r);
	if (label == SENML_BN)
		r->base = imp_cbor_tstr(&r->r);
	else if (label == SENML_N)
		*name = imp_cbor_tstr(&r->r);
	else if (label != SENML_V && label != SENML_VS && label != SENML_VB && label != SENML_VD)
		imp_cbor_raw(&r->r);
	else if (*kind == NOTHING)
		*kind = cbor_value(&r->r, i, 0);
	else
		imp_rd_fail(&r->r, IMP_EBADMSG);
}

static int next_senml(lw_reader *r, struct lw_item *i)
{
	imp_span name = {NULL, 0};
	enum kind kind = NOTHING;
	if (!r->left[0])
		return 0;
	r->left[0]--;
	for (size_t n = imp_cbor_map(&r->r); n && r->r.err == IMP_OK; n--)
		cbor_field(r, i, &name, &kind);
	if (r->r.err == IMP_OK && (!record_path(r, name, &i->at) || !kind_fits(i, kind)))
		imp_rd_fail(&r->r, IMP_EBADMSG);
	return r->r.err == IMP_OK;
}

/* --- LwM2M CBOR ---------------------------------------------------------------------- */

static uint16_t *id_of(struct lw_path *p, unsigned n)
{
	return n == 0 ? &p->oid : n == 1 ? &p->iid : n == 2 ? &p->rid : &p->riid;
}

/* A key: one id or some of them, behind those of the maps around it. */
static unsigned read_key(lw_reader *r, struct lw_path *at)
{
	unsigned have = 0;
	size_t n = 1;
	for (unsigned d = 0; d + 1 < r->depth; d++)
		have += r->widths[d];
	if (imp_cbor_peek(&r->r) == IMP_CBOR_ARRAY)
		n = imp_cbor_array(&r->r);
	if (n == 0 || have + n > 4) {
		imp_rd_fail(&r->r, IMP_EBADMSG);
		return 0;
	}
	r->widths[r->depth - 1] = (uint8_t)n;
	for (size_t k = 0; k < n; k++)
		*id_of(at, have++) = (uint16_t)imp_cbor_uint_max(&r->r, LW_NONE - 1);
	for (unsigned k = have; k < 4; k++)
		*id_of(at, k) = LW_NONE;
	return have;
}

static int next_cbor(lw_reader *r, struct lw_item *i)
{
	while (r->depth && r->r.err == IMP_OK) {
		unsigned have;
		if (!r->left[r->depth - 1]) {
			r->depth--;
			continue;
		}
		r->left[r->depth - 1]--;
		have = read_key(r, &r->at);
		i->at = r->at;
		if (imp_cbor_peek(&r->r) == IMP_CBOR_MAP) {
			if (have >= 4 || r->depth >= 4)
				break;
			r->left[r->depth++] = (uint32_t)imp_cbor_map(&r->r);
		} else if (have >= 3 && kind_fits(i, cbor_value(&r->r, i, lw_type(i->at.oid, i->at.rid) == 'l'))) {
			return r->r.err == IMP_OK;
		} else {
			break;
		}
	}
	if (r->depth)
		imp_rd_fail(&r->r, IMP_EBADMSG);
	return 0;
}

/* --- reading ---------------------------------------------------------------------------- */

void lw_format_open(lw_reader *r)
{
	imp_status err = IMP_OK;
	imp_span all;
	switch (r->format) {
	case LW_SENML_JSON:
		all = imp_json_of(imp_rd_rest(&r->r), &err);
		r->r = imp_json_open(all, &err);
		if (err < 0 || imp_json_type(all) != IMP_JSON_ARRAY)
			imp_rd_fail(&r->r, IMP_EBADMSG);
		break;
	case LW_SENML_CBOR:
		r->left[0] = (uint32_t)imp_cbor_array(&r->r);
		break;
	case LW_CBOR:
		r->left[0] = (uint32_t)imp_cbor_map(&r->r);
		r->depth = 1;
		break;
	}
}

int lw_format_next(lw_reader *r, struct lw_item *i)
{
	return r->format == LW_SENML_JSON ? next_json(r, i) : r->format == LW_SENML_CBOR ? next_senml(r, i) : next_cbor(r, i);
}

/* --- writing ------------------------------------------------------------------------------ */

/* Every item of some instances. */
typedef void each_item(imp_wr *w, const struct lw_item *i, unsigned n);

static unsigned each(imp_wr *w, imp_span instances, each_item *f)
{
	imp_rd r = imp_rd_of(instances);
	struct lw_instance x;
	struct lw_item i;
	unsigned n = 0;
	while (lw_instance_next(&r, &x)) {
		const struct lw_path path = {x.oid, x.iid, LW_NONE, LW_NONE};
		lw_reader items;
		if (lw_open(&items, LW_TLV, &path, x.body, NULL, 0) < 0)
			continue;
		while (lw_next(&items, &i)) {
			if (f)
				f(w, &i, n);
			n++;
		}
	}
	return n;
}

static void put_link(imp_wr *w, imp_span v)
{
	imp_wr_decimal(w, (uint32_t)(v.ptr[0] << 8 | v.ptr[1]));
	imp_wr_text(w, ":");
	imp_wr_decimal(w, (uint32_t)(v.ptr[2] << 8 | v.ptr[3]));
}

static void put_cbor_value(imp_wr *w, const struct lw_item *i)
{
	uint8_t link[12];
	imp_wr text = imp_wr_to(link, sizeof link);
	switch (lw_type(i->at.oid, i->at.rid)) {
	case 'i':
		imp_cbor_put_int(w, lw_int_of(i->value));
		break;
	case 'b':
		imp_cbor_put_bool(w, i->value.ptr[0]);
		break;
	case 's':
		imp_cbor_put_tstr(w, i->value);
		break;
	case 'l':
		put_link(&text, i->value);
		imp_cbor_put_tstr(w, imp_wr_span(&text));
		break;
	default:
		imp_cbor_put_bstr(w, i->value);
	}
}

static void put_senml_item(imp_wr *w, const struct lw_item *i, unsigned n)
{
	uint8_t name[NAME_MOST];
	imp_wr path = imp_wr_to(name, sizeof name);
	char type = lw_type(i->at.oid, i->at.rid);
	(void)n;
	lw_put_path(&path, &i->at);
	imp_cbor_put_map(w, 2);
	imp_cbor_put_int(w, SENML_N);
	imp_cbor_put_tstr(w, imp_wr_span(&path));
	if (type == 'l')
		imp_cbor_put_text(w, "vlo");
	else
		imp_cbor_put_int(w, type == 'i' ? SENML_V : type == 'b' ? SENML_VB : type == 's' ? SENML_VS : SENML_VD);
	put_cbor_value(w, i);
}

static void put_json_item(imp_wr *w, const struct lw_item *i, unsigned n)
{
	char type = lw_type(i->at.oid, i->at.rid);
	if (n)
		imp_wr_text(w, ",");
	imp_json_put_key(w, '{', "n");
	imp_wr_text(w, "\"");
	lw_put_path(w, &i->at);
	imp_wr_text(w, "\"");
	imp_json_put_key(w, ',', type == 'i' ? "v" : type == 'b' ? "vb" : type == 's' ? "vs" : type == 'l' ? "vlo" : "vd");
	if (type == 'i') {
		imp_json_put_int(w, lw_int_of(i->value));
	} else if (type == 'b') {
		imp_wr_text(w, i->value.ptr[0] ? "true" : "false");
	} else if (type == 's') {
		imp_json_put_text(w, i->value);
	} else {
		imp_wr_text(w, "\"");
		if (type == 'l')
			put_link(w, i->value);
		else
			imp_b64_put(w, i->value, IMP_B64URL);
		imp_wr_text(w, "\"");
	}
	imp_wr_text(w, "}");
}

/* {[object, instance, resource (, resource instance)]: value, ...} */
static void put_cbor_item(imp_wr *w, const struct lw_item *i, unsigned n)
{
	(void)n;
	imp_cbor_put_array(w, i->at.riid == LW_NONE ? 3 : 4);
	imp_cbor_put_uint(w, i->at.oid);
	imp_cbor_put_uint(w, i->at.iid);
	imp_cbor_put_uint(w, i->at.rid);
	if (i->at.riid != LW_NONE)
		imp_cbor_put_uint(w, i->at.riid);
	put_cbor_value(w, i);
}

void lw_format_put(imp_wr *w, int format, imp_span instances)
{
	unsigned n = each(NULL, instances, NULL);
	switch (format) {
	case LW_SENML_JSON:
		imp_wr_text(w, "[");
		each(w, instances, put_json_item);
		imp_wr_text(w, "]");
		break;
	case LW_SENML_CBOR:
		imp_cbor_put_array(w, n);
		each(w, instances, put_senml_item);
		break;
	case LW_CBOR:
		imp_cbor_put_map(w, n);
		each(w, instances, put_cbor_item);
		break;
	}
}
