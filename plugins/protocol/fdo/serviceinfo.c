/* serviceinfo.c -- see serviceinfo.h. */
#include "serviceinfo.h"

#include <string.h>

int fdo_kv_next(imp_span *pairs, fdo_kv *out)
{
	imp_rd r = imp_rd_of(*pairs);
	imp_span key;
	size_t i = 0;
	if (!pairs->len)
		return 0;
	imp_cbor_array_of(&r, 2);
	key = imp_cbor_tstr(&r);
	out->value = imp_cbor_bstr(&r);
	*pairs = r.err ? imp_bytes(NULL, 0) : imp_bytes(r.p, imp_rd_left(&r));
	while (i < key.len && key.ptr[i] != ':')
		i++;
	out->module = imp_bytes(key.ptr, i);
	out->message = i < key.len ? imp_bytes(key.ptr + i + 1, key.len - i - 1) : imp_bytes(NULL, 0);
	return !r.err;
}

static int is(imp_span s, const char *text)
{
	return imp_same(s, imp_bytes(text, strlen(text)));
}

int fdo_kv_is(const fdo_kv *kv, const char *module, const char *message)
{
	return is(kv->module, module) && is(kv->message, message);
}

/* Array head, two booleans and the head of up to 65535 pairs. */
enum { FRAME = 1 + 2 + 3 };

fdo_info_wr fdo_info_start(uint8_t *to, size_t cap, size_t max)
{
	fdo_info_wr w = {to, cap, 0, max ? max : FDO_INFO_MAX, 0};
	return w;
}

static size_t head(size_t n)
{
	return n < 24 ? 1 : n < 256 ? 2 : 3;
}

static size_t left(const fdo_info_wr *w, size_t key)
{
	size_t limit = w->max > FRAME && w->max - FRAME < w->cap ? w->max - FRAME : w->max > FRAME ? w->cap : 0;
	size_t fixed = 1 + head(key) + key, n;
	if (w->len + fixed + 1 > limit)
		return 0;
	n = limit - w->len - fixed;
	return n - (n <= 24 ? 1 : n <= 257 ? 2 : 3);
}

size_t fdo_info_left(const fdo_info_wr *w, const char *module, const char *message)
{
	return left(w, strlen(module) + 1 + strlen(message));
}

/* A pair whose value is `first` and `second` one after the other. */
static int put(fdo_info_wr *w, imp_span module, imp_span message, imp_span first, imp_span second)
{
	imp_wr o = imp_wr_to(w->to + w->len, w->cap - w->len);
	size_t key = module.len + 1 + message.len;
	if (first.len + second.len > left(w, key) || w->count == UINT16_MAX)
		return 0;
	imp_cbor_put_array(&o, 2);
	imp_cbor_put_tstr_head(&o, key);
	imp_wr_bytes(&o, module);
	imp_wr_u8(&o, ':');
	imp_wr_bytes(&o, message);
	imp_cbor_put_bstr_head(&o, first.len + second.len);
	imp_wr_bytes(&o, first);
	imp_wr_bytes(&o, second);
	if (imp_wr_end(&o))
		return 0;
	w->len += o.len;
	w->count++;
	return 1;
}

int fdo_info_put_named(fdo_info_wr *w, imp_span module, imp_span message, imp_span value)
{
	return put(w, module, message, value, imp_bytes(NULL, 0));
}

static int put_text(fdo_info_wr *w, const char *module, const char *message, imp_span first, imp_span second)
{
	return put(w, imp_bytes(module, strlen(module)), imp_bytes(message, strlen(message)), first, second);
}

int fdo_info_put(fdo_info_wr *w, const char *module, const char *message, imp_span value)
{
	return put_text(w, module, message, value, imp_bytes(NULL, 0));
}

int fdo_info_put_bool(fdo_info_wr *w, const char *module, const char *message, int v)
{
	uint8_t b = v ? 0xf5 : 0xf4;
	return fdo_info_put(w, module, message, imp_bytes(&b, 1));
}

int fdo_info_put_int(fdo_info_wr *w, const char *module, const char *message, int64_t v)
{
	uint8_t b[9];
	imp_wr o = imp_wr_to(b, sizeof b);
	imp_cbor_put_int(&o, v);
	return fdo_info_put(w, module, message, imp_wr_span(&o));
}

int fdo_info_put_text(fdo_info_wr *w, const char *module, const char *message, imp_span v)
{
	uint8_t b[9];
	imp_wr o = imp_wr_to(b, sizeof b);
	imp_cbor_put_tstr_head(&o, v.len);
	return put_text(w, module, message, imp_wr_span(&o), v);
}

int fdo_info_put_bytes(fdo_info_wr *w, const char *module, const char *message, imp_span v)
{
	uint8_t b[9];
	imp_wr o = imp_wr_to(b, sizeof b);
	imp_cbor_put_bstr_head(&o, v.len);
	return put_text(w, module, message, imp_wr_span(&o), v);
}

void fdo_info_end_device(const fdo_info_wr *w, imp_wr *out, int more)
{
	imp_cbor_put_array(out, 2);
	imp_cbor_put_bool(out, more);
	imp_cbor_put_array(out, w->count);
	imp_wr_bytes(out, imp_bytes(w->to, w->len));
}

void fdo_info_end_owner(const fdo_info_wr *w, imp_wr *out, int more, int done)
{
	imp_cbor_put_array(out, 3);
	imp_cbor_put_bool(out, more);
	imp_cbor_put_bool(out, done);
	imp_cbor_put_array(out, w->count);
	imp_wr_bytes(out, imp_bytes(w->to, w->len));
}
