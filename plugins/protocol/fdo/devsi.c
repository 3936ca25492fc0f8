/* devsi.c -- see devsi.h. */
#include "devsi.h"

#include <string.h>

enum { COMMAND, DOWNLOAD, UPLOAD, WGET, MODULES, NO_MODULE = 255 };
enum { NOTHING, EXITCODE, COMPLETE, FAILED, DIGEST }; /* saying */
enum { MAY_FAIL = 1, STDOUT = 2, STDERR = 4, HAS_LENGTH = 8, HAS_DIGEST = 16, NEED_SHA = 32, HASHING = 64, OPENED = 128 };
enum { ROUNDS_MAX = 1000000, OUTPUT_ROOM = 128, DEVMOD_MOST = 64 };

static const char messages_out[][9] = {"", "exitcode", "done", "error", "sha-384"};
static const char modules[MODULES][13] = {"fdo.command", "fdo.download", "fdo.upload", "fdo.wget"};

void fdo_message(imp_msg *m, uint16_t verb, uint32_t ticket)
{
	memset(m, 0, sizeof *m);
	m->verb = verb;
	m->ticket = ticket;
}

void fdo_devsi_start(fdo_devsi *si)
{
	memset(si, 0, sizeof *si);
	si->module = NO_MODULE;
	si->job = FDO_JOB_DEVMOD;
}

/* --- what the owner says ------------------------------------------------ */

static int is(imp_span s, const char *text)
{
	return imp_same(s, imp_bytes(text, strlen(text)));
}

static imp_status keep(imp_span v, uint8_t *to, size_t cap)
{
	if (v.len > cap)
		return IMP_EUNSUP;
	memcpy(to, v.ptr, v.len);
	return IMP_OK;
}

/* Names of facts: one that ends in a slash would name all below it. */
static int is_name(imp_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < ' ' || s.ptr[i] == 0x7f)
			return 0;
	return s.len && s.ptr[s.len - 1] != '/';
}

static imp_status keep_name(fdo_devsi *si, imp_rd *v)
{
	imp_span s = imp_cbor_tstr(v);
	imp_status st = v->err ? v->err : is_name(s) ? keep(s, si->name, sizeof si->name) : IMP_EPROTO;
	si->name_len = st ? 0 : (uint8_t)s.len;
	return st;
}

static imp_status keep_args(fdo_devsi *si, imp_span s)
{
	imp_status st = keep(s, si->args, sizeof si->args);
	si->args_len = st ? 0 : (uint16_t)s.len;
	return st;
}

static imp_status keep_digest(fdo_devsi *si, imp_rd *v)
{
	imp_span s = imp_cbor_bstr_of(v, FDO_HASH_MAX);
	si->flags |= HAS_DIGEST;
	return v->err ? v->err : keep(s, si->digest, FDO_HASH_MAX);
}

static imp_status flag(fdo_devsi *si, imp_rd *v, uint8_t bit)
{
	int on = imp_cbor_bool(v);
	si->flags = (uint8_t)(on ? si->flags | bit : si->flags & ~bit);
	return v->err;
}

static imp_status begin(fdo_devsi *si, uint8_t job)
{
	if (si->job != FDO_JOB_NONE || !(job == FDO_JOB_FETCH || si->name_len))
		return IMP_EPROTO;
	si->job = job;
	si->length = si->offset = 0;
	return IMP_OK;
}

static imp_status hash_start(fdo_devsi *si, imp_cx *cx)
{
	si->flags |= HASHING;
	return cx->crypto->hash_init(cx->crypto, si->hash, IMP_A_SHA384);
}

/* bstr .cbor [* tstr] */
static imp_status command_args(fdo_devsi *si, imp_rd *v)
{
	imp_span all = imp_cbor_bstr(v);
	imp_rd r = imp_rd_of(all);
	for (size_t n = imp_cbor_array(&r); n && !r.err; n--)
		imp_cbor_tstr(&r);
	return imp_rd_end(&r) ? imp_rd_end(&r) : keep_args(si, all);
}

/* To be said in the next message that has room: a number, a text, a digest. */
static void result(fdo_devsi *si, uint8_t what, int32_t number)
{
	imp_wr w = imp_wr_to(si->digest, sizeof si->digest);
	if (what == DIGEST) {
		imp_cbor_put_bstr_head(&w, FDO_HASH_MAX);
		w.len += FDO_HASH_MAX;
	} else if (what == FAILED)
		imp_cbor_put_text(&w, "failed");
	else
		imp_cbor_put_int(&w, number);
	si->saying = what;
	si->saying_len = (uint8_t)w.len;
}

/* --- downloads ---------------------------------------------------------- */

static int digest_fits(const fdo_devsi *si, const imp_crypto *c)
{
	uint8_t have[FDO_HASH_MAX];
	if (!(si->flags & HAS_DIGEST))
		return 1;
	c->hash_peek(c, si->hash, have);
	return !memcmp(have, si->digest, sizeof have);
}

static imp_status store(fdo_devsi *si, imp_cx *cx, imp_span chunk, uint16_t flags, uint32_t ticket)
{
	imp_msg m;
	fdo_message(&m, IMP_LEARN, ticket);
	m.topic = IMP_T_IMAGE;
	m.code = (int32_t)si->offset;
	m.name = imp_bytes(si->name, si->name_len);
	m.data = chunk;
	m.flags = flags;
	si->learns++;
	return cx->emit(cx, &m);
}

/* The whole file is there: its last part waits for the host's word. */
static imp_status download_end(fdo_devsi *si, imp_cx *cx, imp_span chunk, uint32_t ticket)
{
	uint32_t total = si->offset + (uint32_t)chunk.len;
	if (digest_fits(si, cx->crypto) && (!(si->flags & HAS_LENGTH) || total == si->length)) {
		imp_status st = store(si, cx, chunk, 0, ticket);
		si->result = (int32_t)total;
		si->job = FDO_JOB_STORE;
		return st;
	}
	result(si, COMPLETE, -1);
	si->offset = 0;
	return store(si, cx, imp_bytes(NULL, 0), IMP_FORGET, 0);
}

static imp_status download_data(fdo_devsi *si, imp_cx *cx, imp_rd *v, uint32_t ticket)
{
	imp_span chunk = imp_cbor_bstr(v);
	uint32_t total = si->offset + (uint32_t)chunk.len;
	imp_status st = IMP_OK;
	if (v->err || !si->name_len || si->learns >= FDO_SI_LEARNS)
		return v->err ? v->err : IMP_EPROTO;
	if (chunk.len > INT32_MAX || total > INT32_MAX || total < si->offset)
		return IMP_EUNSUP;
	if (!(si->flags & OPENED) && si->flags & HAS_DIGEST)
		st = hash_start(si, cx);
	si->flags |= OPENED;
	if (st)
		return st;
	if (si->flags & HASHING)
		cx->crypto->hash_push(cx->crypto, si->hash, chunk);
	if (si->flags & HAS_LENGTH ? total >= si->length : !chunk.len)
		return download_end(si, cx, chunk, ticket);
	st = store(si, cx, chunk, IMP_MORE, 0);
	si->offset = total;
	return st;
}

/* --- one message 69 ----------------------------------------------------- */

enum { M_ARGS, M_FLAG, M_EXECUTE, M_SIG, M_LENGTH, M_DIGEST, M_DATA, M_SEND, M_URL, M_NAME };

static const struct {
	uint8_t module, what, flag;
	char    name[14];
} messages_in[] = {
	{COMMAND, M_NAME, 0, "command"}, {COMMAND, M_ARGS, 0, "args"}, {COMMAND, M_FLAG, MAY_FAIL, "may_fail"}, {COMMAND, M_FLAG, STDOUT, "return_stdout"},
	{COMMAND, M_FLAG, STDERR, "return_stderr"}, {COMMAND, M_EXECUTE, 0, "execute"}, {COMMAND, M_SIG, 0, "sig"},
	{DOWNLOAD, M_NAME, 0, "name"}, {DOWNLOAD, M_LENGTH, 0, "length"}, {DOWNLOAD, M_DIGEST, 0, "sha-384"}, {DOWNLOAD, M_DATA, 0, "data"},
	{UPLOAD, M_FLAG, NEED_SHA, "need-sha"}, {UPLOAD, M_SEND, 0, "name"},
	{WGET, M_NAME, 0, "name"}, {WGET, M_DIGEST, 0, "sha-384"}, {WGET, M_URL, 0, "url"},
};

/* need-sha is for all that follow. */
static void reset(fdo_devsi *si, unsigned module)
{
	si->flags = si->module == module ? si->flags & NEED_SHA : 0;
	si->module = (uint8_t)module;
	si->name_len = 0;
	si->args_len = 0;
	si->length = si->offset = 0;
}

static imp_status begin_send(fdo_devsi *si, imp_cx *cx, imp_rd *v)
{
	imp_status st = keep_name(si, v);
	si->flags &= NEED_SHA;
	st = st ? st : begin(si, FDO_JOB_SEND);
	return st || !si->flags ? st : hash_start(si, cx);
}

static imp_status begin_fetch(fdo_devsi *si, imp_rd *v)
{
	imp_span url = imp_cbor_tstr(v);
	imp_status st = v->err ? v->err : keep_args(si, url);
	return st ? st : begin(si, FDO_JOB_FETCH);
}

static imp_status on_message(fdo_devsi *si, imp_cx *cx, unsigned i, imp_rd *v, uint32_t ticket)
{
	if (messages_in[i].what == M_SIG)
		return IMP_OK; /* by now the command has ended */
	if (si->job != FDO_JOB_NONE || si->saying)
		return IMP_EPROTO;
	if (messages_in[i].what == M_DATA)
		return download_data(si, cx, v, ticket);
	if (si->flags & OPENED) /* half a file would be kept */
		return IMP_EPROTO;
	switch (messages_in[i].what) {
	case M_NAME:
		return keep_name(si, v);
	case M_ARGS:
		return command_args(si, v);
	case M_FLAG:
		return flag(si, v, messages_in[i].flag);
	case M_EXECUTE:
		return begin(si, FDO_JOB_RUN);
	case M_LENGTH:
		si->length = (uint32_t)imp_cbor_uint_max(v, INT32_MAX);
		si->flags |= HAS_LENGTH;
		return v->err;
	case M_DIGEST:
		return keep_digest(si, v);
	case M_SEND:
		return begin_send(si, cx, v);
	default:
		return begin_fetch(si, v);
	}
}


static unsigned module_of(imp_span name)
{
	unsigned m = 0;
	while (m < MODULES && !is(name, modules[m]))
		m++;
	return m;
}

static imp_status on_active(fdo_devsi *si, unsigned m, const fdo_kv *kv, imp_rd *v)
{
	unsigned bit = m < MODULES ? 1u << m : 0;
	int on = imp_cbor_bool(v);
	if (v->err)
		return v->err;
	si->active = (uint8_t)(on ? si->active | bit : si->active & ~bit);
	si->answer = (uint8_t)(si->answer | bit);
	if (!bit && kv->module.len <= sizeof si->other) {
		memcpy(si->other, kv->module.ptr, kv->module.len);
		si->other_len = (uint8_t)kv->module.len;
	}
	return IMP_OK;
}

/* What is said to a module that is not there, or not active, is passed over. */
static imp_status pair(fdo_devsi *si, imp_cx *cx, const fdo_kv *kv, uint32_t ticket)
{
	imp_rd v = imp_rd_of(kv->value);
	unsigned m = module_of(kv->module);
	if (is(kv->message, "active"))
		return on_active(si, m, kv, &v);
	if (m == MODULES || !(si->active >> m & 1))
		return IMP_OK;
	if (m != si->module) {
		if (si->job != FDO_JOB_NONE || si->saying || si->flags & OPENED)
			return IMP_EPROTO;
		reset(si, m);
	}
	for (unsigned i = 0; i < sizeof messages_in / sizeof *messages_in; i++)
		if (messages_in[i].module == m && is(kv->message, messages_in[i].name))
			return on_message(si, cx, i, &v, ticket);
	return IMP_EUNSUP;
}

imp_status fdo_devsi_take(fdo_devsi *si, imp_cx *cx, const fdo_info *in, uint32_t ticket)
{
	imp_span rest = in->pairs;
	imp_status st = ++si->rounds > ROUNDS_MAX ? IMP_EPROTO : IMP_OK;
	fdo_kv kv;
	si->blocked = in->more;
	si->done = in->done;
	si->learns = 0;
	while (!st && fdo_kv_next(&rest, &kv))
		st = pair(si, cx, &kv, ticket);
	if (!st && si->done && si->flags & OPENED && si->job == FDO_JOB_NONE && !si->saying)
		st = IMP_EPROTO;
	return st;
}

/* --- what we say -------------------------------------------------------- */

void fdo_devsi_fill(fdo_devsi *si, fdo_info_wr *w)
{
	uint8_t no = 0xf4;
	for (unsigned m = 0; m < MODULES; m++)
		if (si->answer >> m & 1 && fdo_info_put_bool(w, modules[m], "active", si->active >> m & 1))
			si->answer = (uint8_t)(si->answer & ~(1u << m));
	if (si->other_len && fdo_info_put_named(w, imp_bytes(si->other, si->other_len), imp_bytes("active", 6), imp_bytes(&no, 1)))
		si->other_len = 0;
	if (si->saying && fdo_info_put(w, modules[si->module], messages_out[si->saying], imp_bytes(si->digest, si->saying_len))) {
		si->saying = NOTHING;
		reset(si, si->module);
	}
}

/* --- the host ----------------------------------------------------------- */

/* [name, url, digest or null] */
static imp_span wget_request(const fdo_devsi *si, imp_cx *cx)
{
	size_t n = FDO_SI_NAME + FDO_SI_ARGS + FDO_HASH_MAX + 16;
	imp_wr w = imp_wr_to(cx->room(cx, n), n);
	if (!w.to)
		return imp_bytes(NULL, 0);
	imp_cbor_put_array(&w, 3);
	imp_cbor_put_tstr(&w, imp_bytes(si->name, si->name_len));
	imp_cbor_put_tstr(&w, imp_bytes(si->args, si->args_len));
	if (si->flags & HAS_DIGEST)
		imp_cbor_put_bstr(&w, imp_bytes(si->digest, FDO_HASH_MAX));
	else
		imp_cbor_put_null(&w);
	return imp_wr_span(&w);
}

imp_status fdo_devsi_ask(fdo_devsi *si, imp_cx *cx, uint32_t ticket, size_t max)
{
	static const uint8_t none[] = {0x80};
	size_t output = max > 2 * OUTPUT_ROOM ? max - OUTPUT_ROOM : OUTPUT_ROOM;
	imp_msg m;
	fdo_message(&m, IMP_ASK, ticket);
	m.topic = IMP_T_RUN;
	m.name = imp_bytes(si->name, si->name_len);
	switch (si->job) {
	case FDO_JOB_DEVMOD:
		m.topic = IMP_T_CONFIG;
		m.name = imp_bytes("fdo.devmod", 10);
		break;
	case FDO_JOB_RUN:
		m.code = (int32_t)(output << 8) | (si->flags & (STDOUT | STDERR)) / STDOUT;
		m.data = si->args_len ? imp_bytes(si->args, si->args_len) : imp_bytes(none, 1);
		break;
	case FDO_JOB_SEND:
		m.topic = IMP_T_IMAGE;
		m.code = (int32_t)si->offset;
		break;
	default:
		m.name = imp_bytes("fdo.wget", 8);
		m.data = wget_request(si, cx);
		if (!m.data.len)
			return IMP_ENOSPC;
	}
	return cx->emit(cx, &m);
}

/* devmod in order: active, the host's map, then our modules.  What does not
 * fit comes in the next message: `said` counts. */
static imp_status devmod(fdo_devsi *si, const imp_msg *in, fdo_info_wr *w)
{
	static const char names[3][11] = {"active", "nummodules", "modules"};
	/* true, 5, [0, 5, the five] */
	static const char values[] = "\xf5\5\x87\0\5\x66" "devmod\x6b" "fdo.command\x6c" "fdo.download\x6a" "fdo.upload\x68" "fdo.wget";
	imp_rd r = imp_rd_of(in->data);
	size_t pairs = imp_cbor_map(&r);
	for (size_t i = 0; i < pairs + 3; i++) {
		unsigned o = i ? (unsigned)(i - pairs) : 0;
		int own = !i || i > pairs;
		imp_span name = own ? imp_bytes(names[o], strlen(names[o])) : imp_cbor_tstr(&r);
		imp_span value = own ? imp_bytes(values + o, o < 2 ? 1 : sizeof values - 3) : imp_cbor_raw(&r);
		if (r.err || pairs > DEVMOD_MOST)
			return IMP_EFACT;
		if (i < si->said)
			continue;
		if (!fdo_info_put_named(w, imp_bytes("devmod", 6), name, value))
			return w->count ? IMP_OK : IMP_EFACT;
		si->said++;
	}
	si->job = FDO_JOB_NONE;
	return IMP_OK;
}

/* One stream of a command's output, as much as fits. */
static void output(fdo_info_wr *w, const char *message, imp_span s)
{
	size_t most = fdo_info_left(w, modules[COMMAND], message);
	most = most > 3 ? most - 3 : 0;
	if (s.len && most)
		fdo_info_put_bytes(w, modules[COMMAND], message, imp_bytes(s.ptr, s.len < most ? s.len : most));
}

static imp_status ran(fdo_devsi *si, const imp_msg *in, fdo_info_wr *w)
{
	imp_rd r = imp_rd_of(in->data);
	imp_cbor_array_of(&r, 2);
	if (in->code && !(si->flags & MAY_FAIL) && !(in->flags & IMP_MORE))
		return IMP_EDENIED;
	for (unsigned stream = STDOUT; stream <= STDERR; stream += STDERR - STDOUT) {
		imp_span s = imp_cbor_bstr(&r);
		if (si->flags & stream)
			output(w, stream == STDOUT ? "stdout" : "stderr", s);
	}
	if (in->flags & IMP_MORE && in->code >= 0)
		return IMP_OK;
	result(si, EXITCODE, in->code);
	si->job = FDO_JOB_NONE;
	return IMP_OK;
}

/* A part of a file: its length before the first, its digest after the last. */
static imp_status send_part(fdo_devsi *si, const imp_crypto *c, const imp_msg *in, fdo_info_wr *w)
{
	imp_span part = in->data;
	size_t most;
	if (in->code < 0 || (!(in->flags & IMP_MORE) && in->data.len > INT32_MAX))
		return IMP_EDENIED;
	if (!si->offset) {
		si->length = in->flags & IMP_MORE ? (uint32_t)in->code : (uint32_t)part.len;
		fdo_info_put_int(w, modules[UPLOAD], "length", si->length);
	}
	most = fdo_info_left(w, modules[UPLOAD], "data");
	most = most > 3 + FDO_CHUNK ? FDO_CHUNK : most > 3 ? most - 3 : 0;
	most = most < si->length - si->offset ? most : si->length - si->offset;
	part.len = part.len < most ? part.len : most;
	if ((!part.len && si->length) || !fdo_info_put_bytes(w, modules[UPLOAD], "data", part))
		return IMP_EDENIED;
	if (si->flags & HASHING)
		c->hash_push(c, si->hash, part);
	si->offset += (uint32_t)part.len;
	if (si->offset < si->length)
		return IMP_OK;
	si->job = FDO_JOB_NONE;
	if (si->flags & HASHING) {
		c->hash_peek(c, si->hash, si->digest + 2); /* behind its head */
		result(si, DIGEST, 0);
	}
	return IMP_OK;
}

imp_status fdo_devsi_answer(fdo_devsi *si, imp_cx *cx, const imp_msg *in, fdo_info_wr *w)
{
	uint8_t job = si->job;
	imp_rd r = imp_rd_of(in->data);
	if (job == FDO_JOB_DEVMOD)
		return devmod(si, in, w);
	if (job == FDO_JOB_RUN)
		return ran(si, in, w);
	if (job == FDO_JOB_SEND)
		return send_part(si, cx->crypto, in, w);
	si->job = FDO_JOB_NONE;
	if (job == FDO_JOB_STORE)
		result(si, COMPLETE, in->code < 0 ? -1 : si->result);
	else {
		uint64_t length = imp_cbor_uint_max(&r, INT32_MAX);
		result(si, in->code < 0 || imp_rd_end(&r) ? FAILED : COMPLETE, (int32_t)length);
	}
	return IMP_OK;
}
