/* http.c -- the HTTP layer under hostile bytes and hostile callers.
 *
 * The first byte says which game is played with the rest:
 *   server   a stream of requests, cut up in three ways: the same must rise,
 *            and be what a plain reader of the whole stream finds in it
 *   client   a stream of replies, cut up in three ways: the same must rise
 *   pair     a request and a reply with any name, code and body, through both
 *            ends: one request makes one request, what arrives is what was sent
 *   calls    any messages in any order: the layer never breaks */
#include "../tests/http_end.h"
#include "httpfield.h"
#include "uri.h"

static struct end A, B;

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\nA: %s\nB: %s\n", what, A.log, B.log);
	abort();
}

/* --- a plain reader of a whole stream of requests ----------------------------- */

/* What rises, in short: "2/path{body}". */
struct story {
	uint8_t s[WIRE];
	size_t n;
};

static void tell(struct story *t, const void *p, size_t n)
{
	if (t->n + n <= sizeof t->s)
		memcpy(t->s + t->n, p, n);
	t->n += n;
}

struct request {
	int method, hosts, lengths, codings, types, close, expects;
	uint32_t length;
	imp_span target, authority, host;
};

static imp_span span(const uint8_t *from, const uint8_t *to)
{
	return imp_bytes(from, (size_t)(to - from));
}

/* To CR LF; NULL: it is not there, or a byte before it is unfit. */
static const uint8_t *line_end(const uint8_t *p, const uint8_t *end, int *bad)
{
	for (; p < end; p++) {
		if (*p == '\r' && p + 1 == end)
			return NULL;
		if (*p == '\r' && p[1] == '\n')
			return p;
		if ((*p < 0x20 && *p != '\t') || *p == 0x7f) {
			*bad = 1;
			return NULL;
		}
	}
	return NULL;
}

static int plain_start(struct request *r, imp_span line)
{
	const uint8_t *sp = line.len ? memchr(line.ptr, ' ', line.len) : NULL;
	imp_uri u;
	memset(r, 0, sizeof *r);
	if (!sp || line.len < 9 || line.ptr + line.len - 9 <= sp || memcmp(line.ptr + line.len - 9, " HTTP/1.1", 9) != 0)
		return 0;
	r->method = imp_http_method(span(line.ptr, sp));
	r->target = span(sp + 1, line.ptr + line.len - 9);
	if (imp_uri_parse(r->target, &u) == IMP_OK) {
		r->authority = u.authority;
		if (!imp_http_is_scheme(u.scheme) || u.authority.len > IMP_HTTP_URI)
			return 0;
		r->target = u.target.len ? u.target : imp_bytes("/", 1);
	}
	return r->method && imp_uri_is_target(r->target);
}

static int plain_field(struct request *r, imp_span line)
{
	char name[32] = "";
	imp_span n, v;
	imp_uri u;
	if (!imp_http_split(line, &n, &v))
		return 0;
	for (size_t i = 0; i < n.len && i + 1 < sizeof name; i++)
		name[i] = (char)(n.ptr[i] >= 'A' && n.ptr[i] <= 'Z' ? n.ptr[i] + 32 : n.ptr[i]);
	if (!strcmp(name, "host")) {
		r->host = v;
		return !r->hosts++ && imp_uri_authority(v, &u) == IMP_OK;
	}
	if (!strcmp(name, "content-length"))
		return !r->lengths++ && imp_http_number(v, &r->length) == 0;
	if (!strcmp(name, "transfer-encoding"))
		return !r->codings++ && v.len == 7 && imp_same_nocase(v, imp_bytes("chunked", 7));
	if (!strcmp(name, "content-type"))
		return !r->types++;
	if (!strcmp(name, "connection"))
		r->close |= imp_http_has_token(v, "close");
	if (!strcmp(name, "expect"))
		return v.len == 12 && imp_same_nocase(v, imp_bytes("100-continue", 12));
	return 1;
}

/* The body behind `p`; NULL: it is not whole or bad. */
static const uint8_t *plain_chunks(const uint8_t *p, const uint8_t *end, int *bad, struct story *body)
{
	for (;;) {
		const uint8_t *eol = line_end(p, end, bad), *semi;
		uint64_t size = 0;
		if (!eol)
			return NULL;
		semi = eol > p ? memchr(p, ';', (size_t)(eol - p)) : NULL;
		semi = semi ? semi : eol;
		*bad = semi == p;
		for (; p < semi && size <= UINT32_MAX; p++) {
			*bad |= imp_http_digit(*p) < 0;
			size = size * 16 + (uint64_t)(imp_http_digit(*p) & 15);
		}
		*bad |= size > UINT32_MAX;
		if (*bad)
			return NULL;
		p = eol + 2;
		if (!size)
			break;
		if ((uint64_t)(end - p) < size + 2) {
			*bad = (uint64_t)(end - p) == size + 1 && p[size] != '\r';
			return NULL;
		}
		tell(body, p, size);
		p += size;
		*bad = p[0] != '\r' || p[1] != '\n';
		if (*bad)
			return NULL;
		p += 2;
	}
	for (;;) {
		const uint8_t *eol = line_end(p, end, bad);
		imp_span n, v;
		if (!eol)
			return NULL;
		if (eol == p)
			return p + 2;
		*bad = !imp_http_split(span(p, eol), &n, &v);
		if (*bad)
			return NULL;
		p = eol + 2;
	}
}

/* 1: go on at *at; 0: this is the end. */
static int plain_request(const uint8_t **at, const uint8_t *end, struct story *t, int *bad)
{
	static struct story body;
	const uint8_t *p = *at, *eol;
	struct request r;
	char code;
	while ((eol = line_end(p, end, bad)) == p)
		p += 2;
	if (!eol)
		return 0;
	*bad = !plain_start(&r, span(p, eol));
	while (!*bad) {
		p = eol + 2;
		eol = line_end(p, end, bad);
		if (!eol)
			return 0;
		if (eol == p)
			break;
		*bad = !plain_field(&r, span(p, eol));
	}
	*bad |= r.hosts != 1 || (r.lengths && r.codings) || (r.authority.len && !imp_same_nocase(r.authority, r.host));
	if (*bad)
		return 0;
	p += 2;
	body.n = 0;
	if (r.codings) {
		p = plain_chunks(p, end, bad, &body);
	} else {
		tell(&body, p, (size_t)(end - p) < r.length ? 0 : r.length);
		p = (size_t)(end - p) < r.length ? NULL : p + r.length;
	}
	if (!p)
		return 0;
	code = (char)('0' + (r.method == IMP_HTTP_HEAD_METHOD ? IMP_GET : r.method));
	tell(t, &code, 1);
	tell(t, r.target.ptr, r.target.len);
	tell(t, "{", 1);
	tell(t, body.s, body.n);
	tell(t, "}", 1);
	*at = p;
	return !r.close;
}

enum { GOOD, BAD, CUT_SHORT };

static int plain_read(const uint8_t *p, size_t n, struct story *t)
{
	const uint8_t *end = p + n, *from = p;
	int bad = 0;
	t->n = 0;
	while (plain_request(&p, end, t, &bad))
		from = p;
	if (bad)
		return BAD;
	return p == from && p < end ? CUT_SHORT : GOOD;
}

/* --- games ----------------------------------------------------------------------- */

static size_t cut(int how, size_t left, const uint8_t *seed)
{
	size_t n = how == 0 ? 1 : how == 1 ? MAX : 1 + seed[left % 7] % MAX;
	return n < left ? n : left;
}

/* What B heard, told as the plain reader tells it. */
static struct story heard_by_server;
static int in_body;

static void listen(const imp_msg *m)
{
	char code = (char)('0' + m->code);
	imp_span path = imp_http_first_line(m->name);
	if (m->verb == IMP_RX && m->code != 231 && !in_body) {
		tell(&heard_by_server, &code, 1);
		tell(&heard_by_server, path.ptr, path.len);
		tell(&heard_by_server, "{", 1);
	}
	if (m->verb != IMP_RX || m->code == 231)
		return;
	tell(&heard_by_server, m->data.ptr, m->data.len);
	in_body = m->flags & IMP_MORE;
	if (!in_body)
		tell(&heard_by_server, "}", 1);
}

static void play_stream(struct end *e, const uint8_t *d, size_t n, int how, const uint8_t *seed)
{
	int shut = e->shut;
	while (n && e->shut == shut) {
		size_t k = cut(how, n, seed);
		feed_bytes(e, d, k, k);
		d += k;
		n -= k;
	}
}

static void is_whole(const struct end *e)
{
	must(imp_session_status(e->s) == 0 && !*imp_session_where(e->s), "the layer broke");
}

static void play_server(const uint8_t *d, size_t n, uint8_t how)
{
	static struct story plain;
	static char log[LOG];
	static const uint8_t seed[8] = {0, 17, 3, 63, 9, 40, 1, 5};
	size_t wire_len = 0;
	int end = plain_read(d, n, &plain), refused;
	for (int i = 0; i < 3; i++) {
		server(&B, &imp_http);
		heard_by_server.n = 0;
		in_body = 0;
		B.listener = listen;
		replies(&B, how & 1 ? 204 : 200, 0xffff, "a: b", how & 2 ? "some body" : "");
		B.forever = how & 4 ? "a body that comes in more than one piece, since it is longer than the buffer" : NULL;
		play_stream(&B, d, n, i, seed);
		is_whole(&B);
		must(i == 0 || (!strcmp(log, B.log) && wire_len == B.wire_len), "differs by segmentation");
		memcpy(log, B.log, B.log_len + 1);
		wire_len = B.wire_len;
	}
	if (in_body || B.shut_code == IMP_ENOSPC) /* an unfinished piece, or a limit */
		return;
	refused = B.shut_code == IMP_EBADMSG || B.shut_code == IMP_EUNSUP;
	must(end == CUT_SHORT || (end == BAD) == refused, "one refuses, the other does not");
	must(heard_by_server.n == plain.n && !memcmp(plain.s, heard_by_server.s, plain.n < WIRE ? plain.n : WIRE), "not what a plain reader finds");
}

static void play_client(const uint8_t *d, size_t n, uint8_t how)
{
	static char log[LOG];
	static const uint8_t seed[8] = {0, 17, 3, 63, 9, 40, 1, 5};
	for (int i = 0; i < 3; i++) {
		client(&A, &imp_http, "http://h/p");
		feed(&A, imp_say(IMP_TX, 0xffff, IMP_GET, POST_TICKET, TEXT("/"), NONE));
		forget(&A);
		play_stream(&A, d, n, i, seed);
		if (!A.shut)
			down(&A, how & 1 ? IMP_ELINK : IMP_OK);
		is_whole(&A);
		must(i == 0 || !strcmp(log, A.log), "differs by segmentation");
		memcpy(log, A.log, A.log_len + 1);
	}
}

static imp_span cut_off(const uint8_t **d, size_t *n)
{
	size_t k = *n ? **d : 0;
	imp_span s;
	if (*n)
		++*d, --*n;
	s = imp_bytes(*d, k < *n ? k : *n);
	*d += s.len;
	*n -= s.len;
	return s;
}

static imp_span sent_body;
static int requests;

static void compare(const imp_msg *m)
{
	if (m->verb != IMP_RX)
		return;
	requests++;
	must(m->data.len == sent_body.len && !memcmp(m->data.ptr, sent_body.ptr, m->data.len), "another body arrived");
}

static void play_pair(const uint8_t *d, size_t n)
{
	static const uint16_t topics[] = {0xffff, 60, 0, 281, 7};
	imp_span name = cut_off(&d, &n), lines = cut_off(&d, &n), data = cut_off(&d, &n);
	uint8_t what = n ? d[0] : 0;
	data.len = data.len < MAX ? data.len : MAX;
	client(&A, &imp_http, what & 64 ? "http://h/p/" : "http://h");
	server(&B, &imp_http);
	sent_body = data;
	requests = 0;
	B.listener = compare;
	B.auto_reply = imp_say(IMP_ANSWER, topics[what / 5 % 5], (int32_t)(200 + n % 400), 0, lines, data);
	if (what & 1) /* so that it is not always refused */
		B.auto_reply.name = NONE;
	feed(&A, imp_say(IMP_TX, topics[what % 5], (int32_t)(what % 7), POST_TICKET, name, data));
	must(A.answers + (A.wire_len > 0) == 1, "neither sent nor refused");
	run(&A, &B, 1 + n % 64);
	must(A.answers == 1, "not one answer");
	must(requests == (A.code >= 0) && !B.shut && !A.shut, "a request that is not one");
	is_whole(&A);
	is_whole(&B);
}

static void play_calls(const uint8_t *d, size_t n)
{
	static const uint8_t verbs[] = {IMP_RX, IMP_RX, IMP_UP, IMP_DOWN, IMP_TX, IMP_TX, IMP_OPEN, IMP_SHUT, IMP_ANSWER, IMP_TICK};
	static const char *const names[] = {"/", "http://h/p", "/a\nb: c", ""};
	static const int16_t codes[] = {200, 231, IMP_GET, IMP_POST, 0, -9, 204, 5};
	make(&A, &imp_http, MAX);
	while (n >= 2) {
		imp_msg m = imp_say(verbs[d[0] % sizeof verbs], 60, codes[d[1] % 8], 0, TEXT(names[d[1] / 8 % 4]), NONE);
		uint8_t flags = d[1];
		d += 2;
		n -= 2;
		m.data = cut_off(&d, &n);
		m.data.len = m.data.len < MAX || m.verb == IMP_RX ? m.data.len : MAX;
		if (m.verb == IMP_TICK || flags & 128)
			A.w.now += 20000;
		if (m.verb == IMP_ANSWER)
			m.ticket = A.ticket ? A.ticket : 1;
		else if (m.verb == IMP_OPEN)
			m.data = NONE;
		else if (m.verb == IMP_TX)
			m.ticket = 3;
		m.flags = flags & 32 ? IMP_MORE : 0;
		feed(&A, m);
		is_whole(&A);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n < 2 || n > WIRE / 4)
		return 0;
	switch (d[0] & 3) {
	case 0:
		play_server(d + 1, n - 1, d[0] >> 2);
		break;
	case 1:
		play_client(d + 1, n - 1, d[0] >> 2);
		break;
	case 2:
		play_pair(d + 1, n - 1);
		break;
	case 3:
		play_calls(d + 1, n - 1);
		break;
	}
	return 0;
}
