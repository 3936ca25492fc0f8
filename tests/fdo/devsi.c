/* fdo-devsi.c -- the device's service info modules, message by message, with a
 * host that is this file. */
#include "crypto.h"
#include "devsi.h"
#include "t.h"

#include <stdio.h>

#define NONE imp_bytes(0, 0)
enum { CAP = 8192 };

static fdo_devsi si;
static uint8_t rooms[CAP * 4], pairs_in[CAP], out[CAP], files[CAP];
static size_t taken, in_len, in_count;
static imp_msg last;       /* what was emitted last */
static int learns, forgets;
static char line[300];

static imp_status emit(imp_cx *cx, const imp_msg *m)
{
	(void)cx;
	last = *m;
	learns += m->verb == IMP_LEARN && !(m->flags & IMP_FORGET);
	forgets += m->verb == IMP_LEARN && (m->flags & IMP_FORGET) != 0;
	if (m->verb == IMP_LEARN && m->topic == IMP_T_IMAGE && (size_t)m->code + m->data.len <= sizeof files && m->data.len)
		memcpy(files + m->code, m->data.ptr, m->data.len);
	return IMP_OK;
}

static uint8_t *room(imp_cx *cx, size_t n)
{
	uint8_t *p = rooms + taken;
	(void)cx;
	if (n > sizeof rooms - taken)
		return NULL;
	taken += (n + 15) & ~(size_t)15;
	return p;
}

static imp_cx cx = {.size = sizeof(imp_cx), .crypto = &imp_openssl, .emit = emit, .room = room};

/* --- a message 69 in words ------------------------------------------------- */

static void begin(void)
{
	in_len = in_count = taken = 0;
}

static void raw(const char *key, imp_span value)
{
	imp_wr w = imp_wr_to(pairs_in + in_len, sizeof pairs_in - in_len);
	imp_cbor_put_array(&w, 2);
	imp_cbor_put_text(&w, key);
	imp_cbor_put_bstr(&w, value);
	in_len += w.len;
	in_count++;
}

static void text(const char *key, const char *v)
{
	uint8_t b[256];
	imp_wr w = imp_wr_to(b, sizeof b);
	imp_cbor_put_text(&w, v);
	raw(key, imp_wr_span(&w));
}

static void bytes(const char *key, imp_span v)
{
	static uint8_t b[2048];
	imp_wr w = imp_wr_to(b, sizeof b);
	imp_cbor_put_bstr(&w, v);
	raw(key, imp_wr_span(&w));
}

static void truth(const char *key, int v)
{
	raw(key, imp_bytes(v ? "\xf5" : "\xf4", 1));
}

static void number(const char *key, int64_t v)
{
	uint8_t b[9];
	imp_wr w = imp_wr_to(b, sizeof b);
	imp_cbor_put_int(&w, v);
	raw(key, imp_wr_span(&w));
}

static imp_status take(int more, int done)
{
	fdo_info m = {(uint8_t)more, (uint8_t)done, (uint16_t)in_count, {pairs_in, in_len}};
	return fdo_devsi_take(&si, &cx, &m, 99);
}

/* --- what the device says, as text: "module:message=hex " ------------------ */

static const char *told(const fdo_info_wr *w)
{
	static char all[4000];
	imp_span rest = imp_bytes(w->to, w->len);
	fdo_kv kv;
	size_t n = 0;
	all[0] = 0;
	while (fdo_kv_next(&rest, &kv)) {
		n += (size_t)snprintf(all + n, sizeof all - n, "%.*s:%.*s=", (int)kv.module.len, (const char *)kv.module.ptr, (int)kv.message.len, (const char *)kv.message.ptr);
		for (size_t i = 0; i < kv.value.len && i < 12; i++)
			n += (size_t)snprintf(all + n, sizeof all - n, "%02x", kv.value.ptr[i]);
		n += (size_t)snprintf(all + n, sizeof all - n, " ");
	}
	return all;
}

static const char *said(size_t max)
{
	fdo_info_wr w = fdo_info_start(out, sizeof out, max);
	fdo_devsi_fill(&si, &w);
	return told(&w);
}

static const char *answered(int32_t code, uint16_t flags, imp_span data, size_t max, imp_status *st)
{
	fdo_info_wr w = fdo_info_start(out, sizeof out, max);
	imp_msg a = imp_say(IMP_ANSWER, 0, code, 99, NONE, data);
	a.flags = flags;
	*st = fdo_devsi_answer(&si, &cx, &a, &w);
	if (!*st)
		fdo_devsi_fill(&si, &w);
	return told(&w);
}

static int is(const char *claim, const char *got, const char *want)
{
	snprintf(line, sizeof line, "%.250s", got);
	return t_check(claim, !strcmp(got, want), line);
}

/* Past devmod, with these modules on. */
static void ready(const char *module)
{
	char key[40];
	snprintf(key, sizeof key, "%s:active", module);
	fdo_devsi_start(&si);
	si.job = FDO_JOB_NONE;
	begin();
	truth(key, 1);
	take(0, 0);
	said(1300);
	begin();
	learns = forgets = 0;
}

/* --- the modules ----------------------------------------------------------- */

static void devmod(void)
{
	static const char map[] = "\xa2\x62os\x65linux\x64" "arch\x65" "armv7";
	imp_status st;
	fdo_devsi_start(&si);
	taken = 0;
	t_check("first the device says what it is", si.job == FDO_JOB_DEVMOD && !fdo_devsi_ask(&si, &cx, 99, 1300) && last.topic == IMP_T_CONFIG, "");
	is("devmod, and the modules there are", answered(0, 0, imp_bytes(map, sizeof map - 1), 1300, &st),
	   "devmod:active=f5 devmod:os=656c696e7578 devmod:arch=6561726d7637 devmod:nummodules=05 devmod:modules=8700056664" "65766d6f646b66 ");
	t_check("and that was it", !st && si.job == FDO_JOB_NONE, "");
	fdo_devsi_start(&si);
	is("in a small message: what fits", answered(0, 0, imp_bytes(map, sizeof map - 1), 60, &st), "devmod:active=f5 devmod:os=656c696e7578 ");
	is("then the rest", answered(0, 0, imp_bytes(map, sizeof map - 1), 130, &st), "devmod:arch=6561726d7637 devmod:nummodules=05 devmod:modules=8700056664" "65766d6f646b66 ");
	fdo_devsi_start(&si);
	answered(0, 0, imp_bytes("\x80", 1), 1300, &st);
	t_check("no map, no devmod", st == IMP_EFACT, "");
	fdo_devsi_start(&si);
	answered(0, 0, imp_bytes(map, sizeof map - 1), 16, &st);
	t_check("no room for a single one", st == IMP_EFACT, "");
}

static void modules(void)
{
	ready("fdo.command");
	truth("fdo.download:active", 1);
	truth("fdo.rocket:active", 1);
	truth("fdo.command:active", 0);
	text("fdo.rocket:fuel", "much");
	text("fdo.upload:name", "not active");
	t_check("modules that are there or not", take(0, 0) == IMP_OK && si.job == FDO_JOB_NONE, "");
	is("each is answered", said(1300), "fdo.command:active=f4 fdo.download:active=f5 fdo.rocket:active=f4 ");
	is("once", said(1300), "");
}

static void command(void)
{
	imp_status st;
	ready("fdo.command");
	text("fdo.command:command", "ls");
	bytes("fdo.command:args", imp_bytes("\x81\x62-l", 4));
	truth("fdo.command:may_fail", 1);
	truth("fdo.command:return_stdout", 1);
	raw("fdo.command:execute", imp_bytes("\xf6", 1));
	t_check("a command", take(0, 0) == IMP_OK && si.job == FDO_JOB_RUN && !fdo_devsi_ask(&si, &cx, 99, 1300), "");
	t_check("is asked for with its arguments and what output has room", last.topic == IMP_T_RUN && (last.code & 3) == 1 && last.code >> 8 > 1000 && last.name.len == 2 && last.data.len == 4, "");
	is("output in parts", answered(0, IMP_MORE, imp_bytes("\x82\x42hi\x41x", 6), 1300, &st), "fdo.command:stdout=426869 ");
	t_check("then it is asked again", !st && si.job == FDO_JOB_RUN, "");
	is("and the exit code; stderr was not wanted", answered(3, 0, imp_bytes("\x82\x41!\x41x", 5), 1300, &st), "fdo.command:stdout=4121 fdo.command:exitcode=03 ");
	ready("fdo.command");
	text("fdo.command:command", "false");
	raw("fdo.command:execute", imp_bytes("\xf6", 1));
	take(0, 0);
	answered(1, 0, NONE, 1300, &st);
	t_check("one that may not fail, and does, ends it all", st == IMP_EDENIED, "");
	ready("fdo.command");
	text("fdo.command:command", "rm");
	truth("fdo.command:may_fail", 1);
	raw("fdo.command:execute", imp_bytes("\xf6", 1));
	take(0, 0);
	is("one that the host refuses says so", answered(IMP_EDENIED, 0, NONE, 1300, &st), "fdo.command:exitcode=22 ");
	ready("fdo.command");
	raw("fdo.command:execute", imp_bytes("\xf6", 1));
	t_check("no command, nothing to execute", take(0, 0) == IMP_EPROTO, "");
}

static void hash384(imp_span s, uint8_t to[48])
{
	imp_hash(&imp_openssl, IMP_A_SHA384, &s, 1, to);
}

static void download(void)
{
	uint8_t digest[48];
	imp_status st;
	ready("fdo.download");
	text("fdo.download:name", "a");
	number("fdo.download:length", 6);
	hash384(imp_bytes("abcdef", 6), digest);
	bytes("fdo.download:sha-384", imp_bytes(digest, 48));
	bytes("fdo.download:data", imp_bytes("abcd", 4));
	t_check("a file begins", take(0, 0) == IMP_OK && learns == 1 && last.flags == IMP_MORE && !last.ticket, "");
	is("nothing is said yet", said(1300), "");
	begin();
	bytes("fdo.download:data", imp_bytes("ef", 2));
	t_check("it ends, and the host is asked", take(0, 0) == IMP_OK && si.job == FDO_JOB_STORE && last.ticket == 99 && !last.flags && last.code == 4, "");
	is("it is there", answered(0, 0, NONE, 1300, &st), "fdo.download:done=06 ");
	t_check("as it was sent", !memcmp(files, "abcdef", 6), "");

	begin();
	text("fdo.download:name", "b");
	number("fdo.download:length", 3);
	bytes("fdo.download:data", imp_bytes("xyz", 3));
	take(0, 0);
	is("a host that cannot keep it", answered(IMP_ENOSPC, 0, NONE, 1300, &st), "fdo.download:done=20 ");

	begin();
	text("fdo.download:name", "c");
	number("fdo.download:length", 3);
	bytes("fdo.download:sha-384", imp_bytes(digest, 48));
	bytes("fdo.download:data", imp_bytes("xyz", 3));
	t_check("another digest", take(0, 0) == IMP_OK && si.job == FDO_JOB_NONE && forgets == 1, "");
	is("is told", said(1300), "fdo.download:done=20 ");

	begin();
	text("fdo.download:name", "d");
	number("fdo.download:length", 3);
	bytes("fdo.download:data", imp_bytes("wxyz", 4));
	t_check("more than was promised", take(0, 0) == IMP_OK && forgets == 2, "");
	is("too", said(1300), "fdo.download:done=20 ");

	begin();
	text("fdo.download:name", "e");
	bytes("fdo.download:data", imp_bytes("stream", 6));
	bytes("fdo.download:data", NONE);
	t_check("no length: an empty piece is the end", take(0, 0) == IMP_OK && si.job == FDO_JOB_STORE, "");
	is("and the length is told", answered(0, 0, NONE, 1300, &st), "fdo.download:done=06 ");

	begin();
	text("fdo.download:name", "f");
	bytes("fdo.download:data", imp_bytes("half", 4));
	t_check("the owner cannot be done in the middle", take(0, 1) == IMP_EPROTO, "");
}

static void upload(void)
{
	uint8_t digest[48];
	char want[200];
	imp_status st;
	ready("fdo.upload");
	truth("fdo.upload:need-sha", 1);
	text("fdo.upload:name", "log");
	t_check("a file is wanted", take(0, 0) == IMP_OK && si.job == FDO_JOB_SEND && !fdo_devsi_ask(&si, &cx, 99, 1300) && last.topic == IMP_T_IMAGE && last.code == 0, "");
	is("its length and first part", answered(5, IMP_MORE, imp_bytes("abc", 3), 1300, &st), "fdo.upload:length=05 fdo.upload:data=43616263 ");
	t_check("the next part from there", !fdo_devsi_ask(&si, &cx, 99, 1300) && last.code == 3, "");
	hash384(imp_bytes("abcde", 5), digest);
	snprintf(want, sizeof want, "fdo.upload:data=426465 fdo.upload:sha-384=5830%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x ", digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7], digest[8], digest[9]);
	is("the last, and the digest", answered(5, 0, imp_bytes("de", 2), 1300, &st), want);
	begin();
	text("fdo.upload:name", "empty");
	take(0, 0);
	is("need-sha is for all that follow; an empty file", answered(0, 0, NONE, 1300, &st), "fdo.upload:length=00 fdo.upload:data=40 fdo.upload:sha-384=583038b060a751ac96384cd9 ");
	ready("fdo.upload");
	text("fdo.upload:name", "gone");
	take(0, 0);
	answered(IMP_EFACT, 0, NONE, 1300, &st);
	t_check("no such file", st == IMP_EDENIED, "");
	ready("fdo.upload");
	text("fdo.upload:name", "shrinks");
	take(0, 0);
	answered(5, IMP_MORE, imp_bytes("abc", 3), 1300, &st);
	answered(5, 0, NONE, 1300, &st);
	t_check("a file that ends before its length", st == IMP_EDENIED, "");
}

static void wget(void)
{
	imp_status st;
	ready("fdo.wget");
	text("fdo.wget:name", "pkg");
	text("fdo.wget:url", "http://x/pkg");
	t_check("a URL", take(0, 0) == IMP_OK && si.job == FDO_JOB_FETCH && !fdo_devsi_ask(&si, &cx, 99, 1300) && last.topic == IMP_T_RUN && last.data.len == 1 + 4 + 13 + 1, "");
	is("was fetched", answered(0, 0, imp_bytes("\x19\x12\x67", 3), 1300, &st), "fdo.wget:done=191267 ");
	begin();
	text("fdo.wget:url", "http://x/pkg");
	take(0, 0);
	is("or not", answered(IMP_ELINK, 0, NONE, 1300, &st), "fdo.wget:error=666661696c6564 ");
}

int main(void)
{
	devmod();
	modules();
	command();
	download();
	upload();
	wget();
	return t_end();
}
