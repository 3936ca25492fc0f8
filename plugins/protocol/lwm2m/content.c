/* content.c -- see content.h: paths, types, TLV and instances. */
#include "content.h"
#include "formats.h"

/* --- paths -------------------------------------------------------------------- */

static int one_id(imp_rd *r, uint16_t *id, uint32_t most)
{
	uint32_t v = 0;
	int digits = 0;
	while (imp_rd_left(r) && *r->p >= '0' && *r->p <= '9' && digits < 6) {
		v = v * 10 + (uint32_t)(imp_rd_u8(r) - '0');
		digits++;
	}
	*id = (uint16_t)v;
	return digits && v <= most;
}

imp_status lw_path_of(imp_span name, struct lw_path *out)
{
	uint16_t ids[4] = {LW_NONE, LW_NONE, LW_NONE, LW_NONE};
	imp_rd r = imp_rd_of(name);
	int n = 0;
	while (imp_rd_left(&r) && *r.p != '?' && *r.p != '\n') {
		if (imp_rd_u8(&r) != '/')
			return IMP_EBADMSG;
		if (n == 0 && (!imp_rd_left(&r) || *r.p == '?' || *r.p == '\n'))
			break;
		if (n == 4 || !one_id(&r, &ids[n++], LW_NONE - 1))
			return IMP_EBADMSG;
	}
	*out = (struct lw_path){ids[0], ids[1], ids[2], ids[3]};
	return IMP_OK;
}

void lw_put_path(imp_wr *w, const struct lw_path *p)
{
	const uint16_t ids[4] = {p->oid, p->iid, p->rid, p->riid};
	if (p->oid == LW_NONE)
		imp_wr_text(w, "/");
	for (int i = 0; i < 4 && ids[i] != LW_NONE; i++) {
		imp_wr_text(w, "/");
		imp_wr_decimal(w, ids[i]);
	}
}

int lw_below(const struct lw_path *top, const struct lw_path *at)
{
	return (top->oid == LW_NONE || top->oid == at->oid) && (top->iid == LW_NONE || top->iid == at->iid) &&
	       (top->rid == LW_NONE || top->rid == at->rid) && (top->riid == LW_NONE || top->riid == at->riid);
}

/* --- types -------------------------------------------------------------------- */

char lw_type(uint16_t oid, uint16_t rid)
{
	static const char security[] = "sbioooiooosiiisiiliiiiiiisll", server[] = "iiii-ibs--siiiibbiiiibsb", access[] = "iiii", oscore[] = "oooiioo";
	const char *t = oid == 0 ? security : oid == 1 ? server : oid == 2 ? access : oid == 21 ? oscore : "";
	return rid < strlen(t) && t[rid] != '-' ? t[rid] : 0;
}

/* Does a value have its type's form? */
static int fits(const struct lw_item *i)
{
	size_t n = i->value.len;
	switch (lw_type(i->at.oid, i->at.rid)) {
	case 'i':
		return n == 1 || n == 2 || n == 4 || n == 8;
	case 'b':
		return n == 1 && i->value.ptr[0] < 2;
	case 'l':
		return n == 4;
	}
	return 1;
}

void lw_item_int(struct lw_item *i, int64_t v)
{
	size_t n = v == (int8_t)v ? 1 : v == (int16_t)v ? 2 : v == (int32_t)v ? 4 : 8;
	for (size_t k = 0; k < n; k++)
		i->bytes[k] = (uint8_t)((uint64_t)v >> 8 * (n - 1 - k));
	i->value = imp_bytes(i->bytes, n);
}

int lw_item_link(struct lw_item *i, imp_span text)
{
	imp_rd r = imp_rd_of(text);
	uint16_t a, b;
	if (!one_id(&r, &a, LW_NONE) || imp_rd_u8(&r) != ':' || !one_id(&r, &b, LW_NONE) || imp_rd_end(&r) < 0)
		return 0;
	i->bytes[0] = (uint8_t)(a >> 8);
	i->bytes[1] = (uint8_t)a;
	i->bytes[2] = (uint8_t)(b >> 8);
	i->bytes[3] = (uint8_t)b;
	i->value = imp_bytes(i->bytes, 4);
	return 1;
}

int64_t lw_int_of(imp_span v)
{
	uint64_t n = v.len && v.ptr[0] & 0x80 ? UINT64_MAX : 0;
	for (size_t i = 0; i < v.len && i < 8; i++)
		n = n << 8 | v.ptr[i];
	return (int64_t)n;
}

/* --- TLV ---------------------------------------------------------------------- */

enum tlv { TLV_INSTANCE = 0, TLV_VALUE_OF = 1, TLV_MULTIPLE = 2, TLV_RESOURCE = 3 };

struct tlv_item {
	int kind;
	uint16_t id;
	imp_span value;
};

static int tlv_next(imp_rd *r, struct tlv_item *t)
{
	uint8_t head, many;
	size_t n = 0;
	if (!imp_rd_left(r))
		return 0;
	head = imp_rd_u8(r);
	t->kind = head >> 6;
	t->id = head & 0x20 ? imp_rd_be16(r) : imp_rd_u8(r);
	many = head >> 3 & 3;
	if (!many)
		n = head & 7;
	for (uint8_t i = 0; i < many; i++)
		n = n << 8 | imp_rd_u8(r);
	t->value = imp_rd_bytes(r, n);
	if (t->id == LW_NONE)
		imp_rd_fail(r, IMP_EBADMSG);
	return r->err == IMP_OK;
}

static void tlv_put_head(imp_wr *w, int kind, uint16_t id, size_t len)
{
	int wide = id > 255, many = len < 8 ? 0 : len < 256 ? 1 : len < 65536 ? 2 : 3;
	imp_wr_u8(w, (uint8_t)(kind << 6 | wide << 5 | many << 3 | (many ? 0 : (int)len)));
	if (wide)
		imp_wr_u8(w, (uint8_t)(id >> 8));
	imp_wr_u8(w, (uint8_t)id);
	for (int i = many - 1; i >= 0; i--)
		imp_wr_u8(w, (uint8_t)(len >> 8 * i));
}

static void tlv_put(imp_wr *w, int kind, uint16_t id, imp_span v)
{
	tlv_put_head(w, kind, id, v.len);
	imp_wr_bytes(w, v);
}

/* Containers are entered, and left where they end. */
static int next_tlv(lw_reader *r, struct lw_item *i)
{
	struct tlv_item t;
	for (;;) {
		imp_rd here = r->r;
		if (r->ends[1] && r->r.p == r->ends[1])
			r->ends[1] = NULL;
		if (r->ends[0] && r->r.p == r->ends[0])
			r->ends[0] = NULL;
		if (!tlv_next(&r->r, &t))
			return 0;
		if ((r->ends[1] && r->r.p > r->ends[1]) || (r->ends[0] && r->r.p > r->ends[0]))
			break;
		if (t.kind == TLV_INSTANCE && r->path.iid == LW_NONE && !r->ends[0] && !r->ends[1]) {
			r->at.iid = t.id;
			r->ends[0] = r->r.p;
			r->r.p = t.value.ptr ? t.value.ptr : r->r.p;
		} else if (t.kind == TLV_MULTIPLE && r->at.iid != LW_NONE && !r->ends[1] && (r->ends[0] || r->path.iid != LW_NONE)) {
			r->at.rid = t.id;
			r->ends[1] = r->r.p;
			r->r.p = t.value.ptr ? t.value.ptr : r->r.p;
		} else if (t.kind == TLV_VALUE_OF && (r->ends[1] || r->path.rid != LW_NONE)) {
			i->at = r->at;
			i->at.riid = t.id;
			i->value = t.value;
			return 1;
		} else if (t.kind == TLV_RESOURCE && !r->ends[1] && (r->ends[0] || r->path.iid != LW_NONE)) {
			i->at = (struct lw_path){r->at.oid, r->at.iid, t.id, LW_NONE};
			i->value = t.value;
			return 1;
		} else {
			r->r = here;
			break;
		}
	}
	imp_rd_fail(&r->r, IMP_EBADMSG);
	return 0;
}

/* --- reading -------------------------------------------------------------------- */

imp_status lw_open(lw_reader *r, int format, const struct lw_path *path, imp_span in, uint8_t *room, size_t cap)
{
	memset(r, 0, sizeof *r);
	r->r = imp_rd_of(in);
	r->format = format;
	r->path = r->at = *path;
	r->room = room;
	r->cap = cap;
	switch (format) {
	case LW_TLV:
		return path->oid == LW_NONE ? IMP_EBADMSG : IMP_OK;
	case LW_TEXT:
	case LW_OPAQUE:
		return path->rid == LW_NONE ? IMP_EBADMSG : IMP_OK;
	case LW_SENML_JSON:
	case LW_SENML_CBOR:
	case LW_CBOR:
		lw_format_open(r);
		return IMP_OK;
	}
	return IMP_EUNSUP;
}

/* The one value of a resource, as plain text or bytes. */
static int next_plain(lw_reader *r, struct lw_item *i)
{
	char type = lw_type(r->path.oid, r->path.rid);
	imp_span all = imp_rd_rest(&r->r);
	if (r->open++)
		return 0;
	i->at = r->path;
	i->value = all;
	if (r->format == LW_OPAQUE ? type == 'o' || !type : type == 's' || !type)
		return 1;
	if (r->format == LW_TEXT && lw_plain_value(i, type, all))
		return 1;
	imp_rd_fail(&r->r, IMP_EBADMSG);
	return 0;
}

int lw_next(lw_reader *r, struct lw_item *i)
{
	int more;
	if (r->r.err < 0)
		return 0;
	more = r->format == LW_TLV ? next_tlv(r, i) : r->format == LW_TEXT || r->format == LW_OPAQUE ? next_plain(r, i) : lw_format_next(r, i);
	if (!more)
		return 0;
	if (i->at.rid == LW_NONE || !lw_below(&r->path, &i->at) || !fits(i)) {
		imp_rd_fail(&r->r, IMP_EBADMSG);
		return 0;
	}
	return 1;
}

imp_status lw_end(const lw_reader *r)
{
	return r->r.err < 0 ? r->r.err : imp_rd_end(&r->r);
}

/* --- instances ------------------------------------------------------------------- */

int lw_instance_next(imp_rd *r, struct lw_instance *out)
{
	if (!imp_rd_left(r))
		return 0;
	out->oid = imp_rd_be16(r);
	out->iid = imp_rd_be16(r);
	out->body = imp_rd_bytes(r, imp_rd_be16(r));
	return r->err == IMP_OK;
}

void lw_put_instance(imp_wr *w, const struct lw_instance *i)
{
	if (i->body.len > 0xffff)
		imp_wr_fail(w, IMP_ENOSPC);
	imp_wr_be16(w, i->oid);
	imp_wr_be16(w, i->iid);
	imp_wr_be16(w, (uint16_t)i->body.len);
	imp_wr_bytes(w, i->body);
}

imp_span lw_get(imp_span body, uint16_t rid)
{
	imp_rd r = imp_rd_of(body);
	struct tlv_item t;
	while (tlv_next(&r, &t))
		if (t.id == rid && t.kind == TLV_RESOURCE)
			return t.value;
	return imp_bytes(NULL, 0);
}

void lw_put_without(imp_wr *w, imp_span body, uint16_t rid)
{
	imp_rd r = imp_rd_of(body);
	struct tlv_item t;
	while (tlv_next(&r, &t))
		if (t.id != rid)
			tlv_put(w, t.kind, t.id, t.value);
}

int64_t lw_get_int(imp_span body, uint16_t rid, int64_t otherwise)
{
	imp_span v = lw_get(body, rid);
	return v.len ? lw_int_of(v) : otherwise;
}

/* All values of one multiple resource. */
static void put_multiple(imp_wr *w, const lw_reader *from, const struct lw_path *of)
{
	for (int measure = 1; measure >= 0; measure--) {
		imp_wr size = imp_wr_to(NULL, 0), *to = measure ? &size : w;
		lw_reader r = *from;
		struct lw_item i;
		while (lw_next(&r, &i))
			if (i.at.oid == of->oid && i.at.iid == of->iid && i.at.rid == of->rid && i.at.riid != LW_NONE)
				tlv_put(to, TLV_VALUE_OF, i.at.riid, i.value);
		if (measure)
			tlv_put_head(w, TLV_MULTIPLE, of->rid, imp_wr_need(&size));
	}
}

/* Was this resource there before the reader came to it? */
static int came_before(const lw_reader *from, const struct lw_path *at)
{
	lw_reader r = *from;
	struct lw_item i;
	while (lw_next(&r, &i)) {
		if (i.at.oid == at->oid && i.at.iid == at->iid && i.at.rid == at->rid)
			return i.at.riid != at->riid;
	}
	return 0;
}

void lw_collect(imp_wr *w, const lw_reader *from, uint16_t oid, uint16_t iid)
{
	lw_reader r = *from;
	struct lw_item i;
	while (lw_next(&r, &i)) {
		if (i.at.oid != oid || i.at.iid != iid)
			continue;
		if (i.at.riid == LW_NONE)
			tlv_put(w, TLV_RESOURCE, i.at.rid, i.value);
		else if (!came_before(from, &i.at))
			put_multiple(w, from, &i.at);
	}
}

/* --- writing ----------------------------------------------------------------------- */

static void put_tlv_instances(imp_wr *w, const struct lw_path *path, imp_span instances)
{
	imp_rd r = imp_rd_of(instances);
	struct lw_instance i;
	while (lw_instance_next(&r, &i))
		if (path->iid == LW_NONE)
			tlv_put(w, TLV_INSTANCE, i.iid, i.body);
		else
			imp_wr_bytes(w, i.body);
}

int lw_can_put(int format)
{
	return format == LW_TLV || format == LW_SENML_JSON || format == LW_SENML_CBOR || format == LW_CBOR;
}

void lw_put_content(imp_wr *w, int format, const struct lw_path *path, imp_span instances)
{
	if (format == LW_TLV && path->oid != LW_NONE)
		put_tlv_instances(w, path, instances);
	else if (format != LW_TLV && lw_can_put(format))
		lw_format_put(w, format, instances);
	else
		imp_wr_fail(w, IMP_EUNSUP);
}
