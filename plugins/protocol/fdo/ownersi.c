/* ownersi.c -- ServiceInfo as the owner sees it: one action after another. */
#include "ownersi.h"
#include "ct.h"

#define NONE imp_bytes(0, 0)

enum { SI_DEVMOD, SI_NEXT, SI_BEGIN, SI_SEND, SI_WAIT, SI_DONE };
enum { COMMAND, DOWNLOAD, UPLOAD, WGET, MODULES };
enum { KEY_MAX = 32, ITEM_HEAD = 3 };

static const uint32_t unknown = UINT32_MAX; /* a length */

static const char *const modules[MODULES] = {"fdo.command", "fdo.download", "fdo.upload", "fdo.wget"};

static int is(imp_span s, const char *text)
{
	return s.len == strlen(text) && !memcmp(s.ptr, text, s.len);
}

/* --- the action in work --------------------------------------------------- */

/* The raw value of a text key; empty: it is not there. */
static imp_span option(imp_span action, const char *key)
{
	imp_rd r = imp_rd_of(action);
	imp_span found = NONE, value;
	size_t n;
	imp_cbor_array_of(&r, 2);
	imp_cbor_tstr(&r);
	for (n = imp_cbor_map(&r); n; n--) {
		int here = is(imp_cbor_tstr(&r), key);
		value = imp_cbor_raw(&r);
		if (here)
			found = value;
	}
	return imp_rd_end(&r) == IMP_OK ? found : NONE;
}

static imp_span option_text(imp_span action, const char *key)
{
	imp_rd r = imp_rd_of(option(action, key));
	imp_span s = imp_cbor_tstr(&r);
	return imp_rd_end(&r) == IMP_OK ? s : NONE;
}

static int option_set(imp_span action, const char *key)
{
	imp_rd r = imp_rd_of(option(action, key));
	int v = imp_cbor_bool(&r);
	return imp_rd_end(&r) == IMP_OK && v;
}

static int module_of(imp_span action)
{
	imp_rd r = imp_rd_of(action);
	imp_span name;
	int i = 0;
	imp_cbor_array_of(&r, 2);
	name = imp_cbor_tstr(&r);
	while (i < MODULES && !is(name, modules[i]))
		i++;
	return imp_cbor_check(action) == IMP_OK ? i : MODULES;
}

static imp_span held(const struct fdo_hold *h)
{
	return fdo_hold_get(h, FDO_HOLD_ACTION);
}

static void over(struct fdo_ownersi *si, struct fdo_hold *h)
{
	fdo_hold_put(h, FDO_HOLD_ACTION, NONE);
	fdo_hold_put(h, FDO_HOLD_DIGEST, NONE);
	si->state = SI_NEXT;
	si->action++;
}

/* --- what the device says ------------------------------------------------- */

struct intake {
	struct fdo_ownersi *si;
	struct fdo_hold *h;
	imp_cx *cx;
	const uint8_t *guid;
	uint16_t *error;
	const char **why;
};

static imp_status wrong(const struct intake *t, imp_status st, uint16_t error, const char *why)
{
	*t->error = error;
	*t->why = why;
	return st;
}

/* Keys become names of facts: no others than these letters. */
static int plain(imp_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return 0;
	}
	return s.len > 0 && s.len <= KEY_MAX;
}

static imp_status take_devmod(const struct intake *t, const fdo_kv *kv)
{
	char name[FDO_NAME];
	if (t->si->state != SI_DEVMOD)
		return wrong(t, IMP_EPROTO, FDO_E_INVALID, "devmod is over");
	if (!plain(kv->message) || imp_cbor_check(kv->value) != IMP_OK)
		return wrong(t, IMP_EBADMSG, FDO_E_BODY, "devmod");
	if (is(kv->message, "active"))
		t->si->heard = 1;
	return fdo_learn(t->cx, IMP_T_CONFIG, 0, 0, fdo_name(name, "", t->guid, "/devmod/", kv->message), kv->value);
}

static imp_status tell(const struct intake *t, const char *what, int32_t code, imp_span data)
{
	char name[FDO_NAME];
	imp_msg m = imp_say(IMP_TELL, IMP_T_RUN, code, 0, fdo_name(name, "", t->guid, what, NONE), data);
	return t->cx->emit(t->cx, &m);
}

static imp_status take_command(const struct intake *t, const fdo_kv *kv)
{
	imp_rd r = imp_rd_of(kv->value);
	int64_t code;
	if (is(kv->message, "stdout") || is(kv->message, "stderr")) {
		imp_span data = imp_cbor_bstr(&r);
		if (imp_rd_end(&r) != IMP_OK)
			return wrong(t, IMP_EBADMSG, FDO_E_BODY, "command output");
		return tell(t, is(kv->message, "stdout") ? "/stdout" : "/stderr", 0, data);
	}
	if (!is(kv->message, "exitcode"))
		return IMP_OK;
	code = imp_cbor_int(&r);
	if (imp_rd_end(&r) != IMP_OK || code < INT32_MIN || code > INT32_MAX)
		return wrong(t, IMP_EBADMSG, FDO_E_BODY, "exit code");
	if (code && !option_set(held(t->h), "may_fail"))
		return wrong(t, IMP_EPEER, FDO_E_INTERNAL, "command failed");
	over(t->si, t->h);
	return tell(t, "/exitcode", (int32_t)code, NONE);
}

static imp_status take_download(const struct intake *t, const fdo_kv *kv)
{
	imp_rd r = imp_rd_of(kv->value);
	int64_t n;
	if (!is(kv->message, "done"))
		return IMP_OK;
	n = imp_cbor_int(&r);
	if (imp_rd_end(&r) != IMP_OK)
		return wrong(t, IMP_EBADMSG, FDO_E_BODY, "download");
	if (t->si->state != SI_WAIT || n != (int64_t)t->si->length)
		return wrong(t, IMP_EPEER, FDO_E_INTERNAL, "download failed");
	over(t->si, t->h);
	return IMP_OK;
}

static imp_status take_wget(const struct intake *t, const fdo_kv *kv)
{
	imp_rd r = imp_rd_of(kv->value);
	int64_t n;
	if (is(kv->message, "error"))
		return wrong(t, IMP_EPEER, FDO_E_INTERNAL, "wget failed");
	if (!is(kv->message, "done"))
		return IMP_OK;
	n = imp_cbor_int(&r);
	if (imp_rd_end(&r) != IMP_OK)
		return wrong(t, IMP_EBADMSG, FDO_E_BODY, "wget");
	if (n < 0)
		return wrong(t, IMP_EPEER, FDO_E_INTERNAL, "wget failed");
	over(t->si, t->h);
	return IMP_OK;
}

/* Digests run in a copy: the held one may lie at any address. */
static imp_status digest_push(const struct intake *t, imp_span data)
{
	_Alignas(16) uint8_t ctx[IMP_HASH_CTX];
	imp_span was = fdo_hold_get(t->h, FDO_HOLD_DIGEST);
	if (was.len != sizeof ctx)
		return IMP_OK; /* no digest was asked for */
	memcpy(ctx, was.ptr, sizeof ctx);
	t->cx->crypto->hash_push(t->cx->crypto, ctx, data);
	return fdo_hold_put(t->h, FDO_HOLD_DIGEST, imp_bytes(ctx, sizeof ctx));
}

static imp_status upload_digest(const struct intake *t, imp_span said)
{
	_Alignas(16) uint8_t ctx[IMP_HASH_CTX];
	uint8_t digest[64];
	imp_span was = fdo_hold_get(t->h, FDO_HOLD_DIGEST);
	if (was.len != sizeof ctx || t->si->offset != t->si->length)
		return wrong(t, IMP_EPROTO, FDO_E_INVALID, "sha-384 too early");
	memcpy(ctx, was.ptr, sizeof ctx);
	t->cx->crypto->hash_peek(t->cx->crypto, ctx, digest);
	if (!imp_same(said, imp_bytes(digest, 48)))
		return wrong(t, IMP_EAUTH, FDO_E_INVALID, "sha-384 of upload");
	over(t->si, t->h);
	return IMP_OK;
}

static imp_status upload_data(const struct intake *t, imp_span data)
{
	struct fdo_ownersi *si = t->si;
	char name[FDO_NAME];
	uint32_t at = si->offset;
	int last;
	imp_status st;
	if (si->length == unknown || data.len > si->length - si->offset)
		return wrong(t, IMP_EPROTO, FDO_E_INVALID, "upload too long");
	last = data.len == si->length - si->offset;
	st = digest_push(t, data);
	if (st < 0)
		return st;
	si->offset += (uint32_t)data.len;
	st = fdo_learn(t->cx, IMP_T_IMAGE, (int32_t)at, last ? 0 : IMP_MORE,
	               fdo_name(name, "", t->guid, "/upload/", option_text(held(t->h), "name")), data);
	if (last && !fdo_hold_get(t->h, FDO_HOLD_DIGEST).len)
		over(si, t->h);
	return st;
}

static imp_status take_upload(const struct intake *t, const fdo_kv *kv)
{
	imp_rd r = imp_rd_of(kv->value);
	uint64_t length = 0;
	imp_span bytes = NONE;
	if (is(kv->message, "length"))
		length = imp_cbor_uint_max(&r, INT32_MAX);
	else if (is(kv->message, "data") || is(kv->message, "sha-384"))
		bytes = imp_cbor_bstr(&r);
	else
		return IMP_OK;
	if (imp_rd_end(&r) != IMP_OK)
		return wrong(t, IMP_EBADMSG, FDO_E_BODY, "upload");
	if (is(kv->message, "data"))
		return upload_data(t, bytes);
	if (is(kv->message, "sha-384"))
		return upload_digest(t, bytes);
	if (t->si->length != unknown)
		return wrong(t, IMP_EPROTO, FDO_E_INVALID, "upload length twice");
	t->si->length = (uint32_t)length;
	return length ? IMP_OK : upload_data(t, NONE);
}

static imp_status take_active(const struct intake *t, const fdo_kv *kv)
{
	imp_rd r = imp_rd_of(kv->value);
	int on = imp_cbor_bool(&r);
	if (imp_rd_end(&r) != IMP_OK)
		return wrong(t, IMP_EBADMSG, FDO_E_BODY, "active");
	return on ? IMP_OK : wrong(t, IMP_EUNSUP, FDO_E_INTERNAL, "module not supported");
}

static imp_status take_pair(const struct intake *t, const fdo_kv *kv)
{
	struct fdo_ownersi *si = t->si;
	int m = 0;
	if (is(kv->module, "devmod"))
		return take_devmod(t, kv);
	while (m < MODULES && !is(kv->module, modules[m]))
		m++;
	if (m == MODULES || !(si->activated >> m & 1))
		return wrong(t, IMP_EPROTO, FDO_E_INVALID, "module not asked for");
	if (is(kv->message, "active"))
		return take_active(t, kv);
	if (m != si->module || (si->state != SI_WAIT && si->state != SI_SEND))
		return IMP_OK; /* the tail of an action that is over */
	return m == COMMAND ? take_command(t, kv) : m == DOWNLOAD ? take_download(t, kv)
	     : m == UPLOAD ? take_upload(t, kv) : take_wget(t, kv);
}

imp_status fdo_ownersi_take(struct fdo_ownersi *si, struct fdo_hold *h, imp_cx *cx, const uint8_t guid[16],
                            const fdo_info *in, uint16_t *error, const char **why)
{
	struct intake t = {si, h, cx, guid, error, why};
	imp_span pairs = in->pairs;
	imp_status st = IMP_OK;
	fdo_kv kv;
	*error = FDO_E_INTERNAL;
	*why = "service info";
	if (++si->rounds > (si->state == SI_DEVMOD ? FDO_DEVMOD_ROUNDS : FDO_INFO_ROUNDS) || in->count > FDO_BURST - 4)
		return wrong(&t, IMP_EPROTO, FDO_E_INVALID, "too much service info");
	while (st == IMP_OK && fdo_kv_next(&pairs, &kv))
		st = take_pair(&t, &kv);
	if (st != IMP_OK || in->more || si->state != SI_DEVMOD)
		return st;
	if (!si->heard)
		return wrong(&t, IMP_EPROTO, FDO_E_INVALID, "no devmod");
	si->state = SI_NEXT;
	return IMP_OK;
}

/* --- what the owner says -------------------------------------------------- */

enum fdo_ownersi_step fdo_ownersi_next(const struct fdo_ownersi *si, int device_more)
{
	if (device_more)
		return FDO_SI_SEND;
	if (si->state == SI_NEXT)
		return FDO_SI_ASK_ACTION;
	return si->state == SI_BEGIN || si->state == SI_SEND ? FDO_SI_ASK_PART : FDO_SI_SEND;
}

imp_span fdo_ownersi_question(const struct fdo_ownersi *si, const struct fdo_hold *h, const uint8_t guid[16],
                              char name[FDO_NAME], uint16_t *topic, int32_t *code)
{
	*topic = IMP_T_CONFIG;
	*code = si->action;
	if (si->state == SI_NEXT)
		return fdo_name(name, "", guid, "/serviceinfo", NONE);
	*topic = IMP_T_IMAGE;
	*code = (int32_t)si->offset;
	return option_text(held(h), "fact");
}

static int put_raw(fdo_info_wr *out, const char *module, const char *message, imp_span value)
{
	return !value.len || fdo_info_put(out, module, message, value);
}

static int put_active(struct fdo_ownersi *si, fdo_info_wr *out)
{
	uint8_t bit = (uint8_t)(1u << si->module);
	if (si->activated & bit)
		return 1;
	si->activated |= bit;
	return fdo_info_put_bool(out, modules[si->module], "active", 1);
}

/* The array of arguments travels in a bstr of its own. */
static int put_args(fdo_info_wr *out, imp_span args)
{
	uint8_t raw[FDO_INFO_MAX];
	imp_wr w = imp_wr_to(raw, sizeof raw);
	if (!args.len)
		return 1;
	imp_cbor_put_bstr(&w, args);
	return imp_wr_end(&w) == IMP_OK && fdo_info_put(out, modules[COMMAND], "args", imp_wr_span(&w));
}

static int begin_command(imp_span a, fdo_info_wr *out)
{
	static const uint8_t null = 0xf6;
	const char *m = modules[COMMAND];
	return put_raw(out, m, "command", option(a, "command")) && put_args(out, option(a, "args"))
	    && put_raw(out, m, "may_fail", option(a, "may_fail")) && put_raw(out, m, "return_stdout", option(a, "return_stdout"))
	    && put_raw(out, m, "return_stderr", option(a, "return_stderr")) && fdo_info_put(out, m, "execute", imp_bytes(&null, 1));
}

static int begin_wget(imp_span a, fdo_info_wr *out)
{
	const char *m = modules[WGET];
	return put_raw(out, m, "sha-384", option(a, "sha-384")) && put_raw(out, m, "name", option(a, "name"))
	    && put_raw(out, m, "url", option(a, "url"));
}

static int begin_upload(imp_span a, fdo_info_wr *out)
{
	const char *m = modules[UPLOAD];
	return put_raw(out, m, "need-sha", option(a, "need-sha")) && put_raw(out, m, "name", option(a, "name"));
}

static int begin_download(const struct fdo_ownersi *si, imp_span a, fdo_info_wr *out)
{
	const char *m = modules[DOWNLOAD];
	return put_raw(out, m, "name", option(a, "name")) && fdo_info_put_int(out, m, "length", (int64_t)si->length)
	    && put_raw(out, m, "sha-384", option(a, "sha-384"));
}

static const char *action_lacks(imp_span a, int module)
{
	if (module == COMMAND)
		return option_text(a, "command").len ? NULL : "action: command";
	if (module == DOWNLOAD && !option_text(a, "fact").len)
		return "action: fact";
	if (module == WGET && !option_text(a, "url").len)
		return "action: url";
	return option_text(a, "name").len ? NULL : "action: name";
}

static imp_status digest_start(struct fdo_hold *h, const imp_crypto *c)
{
	_Alignas(16) uint8_t ctx[IMP_HASH_CTX] = {0};
	imp_status st = c->hash_init(c, ctx, IMP_A_SHA384);
	return st == IMP_OK ? fdo_hold_put(h, FDO_HOLD_DIGEST, imp_bytes(ctx, sizeof ctx)) : st;
}

/* A new action: from here on it is held. */
static imp_status begin_action(struct fdo_ownersi *si, struct fdo_hold *h, const imp_crypto *c, imp_span a, fdo_info_wr *out, const char **why)
{
	int module = module_of(a), fits;
	imp_status st = fdo_hold_put(h, FDO_HOLD_ACTION, a);
	*why = "action: unknown module";
	if (st < 0 || module == MODULES)
		return st < 0 ? st : IMP_EARG;
	*why = action_lacks(a, module);
	if (*why)
		return IMP_EARG;
	si->module = (uint8_t)module;
	si->offset = 0;
	si->length = unknown;
	si->state = SI_BEGIN;
	if (module == DOWNLOAD)
		return IMP_OK;
	*why = "digest";
	st = module == UPLOAD && option_set(a, "need-sha") ? digest_start(h, c) : IMP_OK;
	*why = "action larger than the device takes";
	fits = put_active(si, out) && (module == COMMAND ? begin_command(a, out) : module == UPLOAD ? begin_upload(a, out) : begin_wget(a, out));
	si->state = SI_WAIT;
	return st < 0 ? st : fits ? IMP_OK : IMP_ENOSPC;
}

/* As many chunks of this part of the file as the message takes. */
static imp_status send_part(struct fdo_ownersi *si, imp_span part, fdo_info_wr *out, const char **why)
{
	const char *m = modules[DOWNLOAD];
	uint32_t before = si->offset;
	*why = "file is shorter than it was";
	if (!part.len && si->offset < si->length)
		return IMP_EFACT;
	*why = "file is longer than it was";
	if (part.len > si->length - si->offset)
		return IMP_EFACT;
	do {
		size_t n = fdo_info_left(out, m, "data"), left;
		left = n > ITEM_HEAD ? n - ITEM_HEAD : 0;
		n = part.len < FDO_CHUNK ? part.len : FDO_CHUNK;
		n = n < left ? n : left;
		if ((!n && part.len) || !fdo_info_put_bytes(out, m, "data", imp_bytes(part.ptr, n)))
			break;
		part = imp_bytes(part.ptr + n, part.len - n);
		si->offset += (uint32_t)n;
	} while (part.len);
	*why = "no room for data";
	if (si->offset == before && si->length && si->state == SI_SEND)
		return IMP_ENOSPC;
	si->state = si->offset == si->length && out->count ? SI_WAIT : SI_SEND;
	return IMP_OK;
}

static imp_status begin_file(struct fdo_ownersi *si, const struct fdo_hold *h, const imp_msg *answer, fdo_info_wr *out, const char **why)
{
	si->length = answer->code > 0 ? (uint32_t)answer->code : (uint32_t)answer->data.len;
	*why = "action larger than the device takes";
	return put_active(si, out) && begin_download(si, held(h), out) ? IMP_OK : IMP_ENOSPC;
}

imp_status fdo_ownersi_answer(struct fdo_ownersi *si, struct fdo_hold *h, const imp_crypto *c, const imp_msg *answer,
                              fdo_info_wr *out, const char **why)
{
	imp_status st = IMP_OK;
	if (si->state == SI_NEXT && answer->code == IMP_EFACT) {
		si->state = SI_DONE;
		return IMP_OK;
	}
	*why = si->state == SI_NEXT ? "no service info" : "no such file";
	if (answer->code < 0)
		return answer->code;
	if (si->state == SI_NEXT)
		return begin_action(si, h, c, answer->data, out, why);
	if (si->state == SI_BEGIN)
		st = begin_file(si, h, answer, out, why);
	return st < 0 ? st : send_part(si, answer->data, out, why);
}

int fdo_ownersi_done(const struct fdo_ownersi *si)
{
	return si->state == SI_DONE;
}

int fdo_ownersi_more(const struct fdo_ownersi *si)
{
	return si->state == SI_SEND;
}
