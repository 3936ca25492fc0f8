/* face.c -- the face that scripting languages wrap: names, records, sessions,
 * and any bytes at all. */
#include "face.h"
#include "t.h"
#include <stdlib.h>

static const imp_span none;

static imp_span text(const char *s)
{
	return imp_bytes(s, strlen(s));
}

struct head { int32_t status, refused; uint32_t fed, count; uint64_t deadline, spare; };
struct rec { uint32_t name_len, data_len, channel_len, spare; uint16_t verb, topic, flags, link; int32_t code; uint32_t ticket; uint64_t when; };

static struct head head_of(imp_span out)
{
	struct head h = {0};
	memcpy(&h, out.ptr, sizeof h);
	return h;
}

/* The i-th record of an output; verb 0: there is none. */
static struct rec record(imp_span out, unsigned i, imp_span *name, imp_span *data, imp_span *channel)
{
	struct rec r = {0};
	size_t at = IMP_FACE_HEAD;
	for (;; i--) {
		if (at + sizeof r > out.len)
			return (struct rec){0};
		memcpy(&r, out.ptr + at, sizeof r);
		if (!i)
			break;
		at = (at + sizeof r + r.name_len + r.data_len + r.channel_len + 7) & ~(size_t)7;
	}
	*name = imp_bytes(out.ptr + at + sizeof r, r.name_len);
	*data = imp_bytes(name->ptr + r.name_len, r.data_len);
	*channel = imp_bytes(data->ptr + r.data_len, r.channel_len);
	return r;
}

static int is(imp_span s, const char *expected)
{
	return s.len == strlen(expected) && memcmp(s.ptr, expected, s.len) == 0;
}

/* --- names -------------------------------------------------------------------- */

static const struct {
	const char *stack, *role, *crypto, *says[3];
} wrong[] = {
	{"fod/http", "device", NULL, {"no layer is called 'fod'", "nearest: fdo", "there are: "}},
	{"fdo/htp", "device", NULL, {"'htp'", "nearest: http", "http"}},
	{"imp.fdx", "device", NULL, {"'imp.fdx'", "nearest: fdo", ""}},
	{"fdo/http", "relay", NULL, {"'relay' in fdo", "rendezvous", "maker"}},
	{"fdo/http", "devise", NULL, {"'devise'", "nearest: device", ""}},
	{"fdo/http/http", "device", NULL, {"http does not stand on http", "kind stream", "offers rest"}},
	{"fdo/http", "device", "opensll", {"no crypto is called 'opensll'", "nearest: openssl", "bearssl"}},
	{"fdo/http", "device", "sodium", {"fdo needs the algorithm", "sodium does not have", ""}},
	{"http", "device", NULL, {"http is a transport", "'/http'", ""}},
	{"", "device", NULL, {"empty", "", ""}},
	{"/", "device", NULL, {"empty", "", ""}},
	{"fdo/http/", "device", NULL, {"ends with '/'", "", ""}},
	{"//http", "device", NULL, {"no layer is called ''", "", ""}},
	{"/http/http/http/http/http/http", "device", NULL, {"more than 5 layers", "", ""}},
	{"fdo/http,http,http,http,http", "device", NULL, {"more than 4 links", "", ""}},
	{"fdo/\xff\x01", "device", NULL, {"no layer is called", "", ""}},
};

static void names(void)
{
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		imp_face *f = imp_face_new(wrong[i].stack, wrong[i].role, 0, 0, 0, wrong[i].crypto);
		const char *why = imp_face_why(f);
		char claim[96];
		int good = *why != 0;
		for (int k = 0; k < 3; k++)
			good = good && strstr(why, wrong[i].says[k]);
		snprintf(claim, sizeof claim, "refused: '%s' %s %s", i == 15 ? "fdo/..." : wrong[i].stack, wrong[i].role, wrong[i].crypto ? wrong[i].crypto : "");
		t_check(claim, good && imp_face_status(f) == IMP_EARG, why);
		good = head_of(imp_face_feed(f, 1, 0, IMP_START, 0, 0, 0, 0, 0, 0, none, none)).refused == IMP_EARG;
		if (!good)
			t_check("feeding it is EARG", 0, claim);
		imp_face_free(f);
	}
	t_check("topics, verbs and statuses have names", !strcmp(imp_topic_name(IMP_T_VOUCHER), "voucher") && imp_topic_of("voucher") == IMP_T_VOUCHER && imp_verb_of("TX") == IMP_TX && !strcmp(imp_status_name(IMP_EFACT), "EFACT") && !*imp_topic_name(0x9999) && !imp_topic_of("vouch") && *imp_status_text(-99) && *imp_status_text(IMP_EOVER), "");
}

static void catalogue(void)
{
	char *json = imp_face_catalogue();
	t_check("the catalogue names plugins, layers and numbers", json && strstr(json, "\"id\":\"imp.fdo\"") && strstr(json, "\"offers\":\"rest\"") && strstr(json, "\"EFACT\":-12") && strstr(json, "\"name\":\"fdo.credential\""), "");
	free(json);
}

static void modules(const char *good, const char *other_abi)
{
	imp_blob *b = imp_face_load(good);
	imp_face *f;
	char why[128];
	t_check("a module is loaded", imp_blob_status(b) == IMP_OK && imp_blob_bytes(b).len, "");
	imp_blob_free(b);
	f = imp_face_new("duckling", "device", 0, 0, 0, NULL);
	t_check("... and its layer found by name", !*imp_face_why(f), imp_face_why(f));
	imp_face_free(f);
	b = imp_face_load(other_abi);
	snprintf(why, sizeof why, "%.*s", (int)imp_blob_bytes(b).len, (const char *)imp_blob_bytes(b).ptr);
	t_check("a module of another ABI is refused with both numbers", imp_blob_status(b) == IMP_EUNSUP && strstr(why, ": 2.") && strstr(why, "is 1."), why);
	imp_blob_free(b);
}

/* --- sessions ----------------------------------------------------------------- */

static void http_front(void)
{
	imp_face *f = imp_face_new("/http", "owner", 4096, 0, 0, NULL);
	imp_span name, data, channel, out;
	struct rec r;
	static const char request[] = "POST /fdo/101/msg/60 HTTP/1.1\r\nHost: a\r\nContent-Type: application/cbor\r\nContent-Length: 3\r\n\r\nabc";
	imp_face_feed(f, 1, 0, IMP_UP, 0, 0, 0, 0, 0, 0, none, none);
	out = imp_face_feed(f, 2, 0, IMP_RX, 0, 0, 0, 0, 0, 0, none, text(request));
	r = record(out, 0, &name, &data, &channel);
	for (unsigned i = 1; r.verb && r.verb != IMP_RX; i++)
		r = record(out, i, &name, &data, &channel);
	t_check("bytes of HTTP come out as one request", r.verb == IMP_RX && r.code == IMP_POST && is(data, "abc") && r.ticket, imp_face_why(f));
	out = imp_face_feed(f, 3, 0, IMP_ANSWER, 0xffff, 0, 0, 404, r.ticket, 0, none, none);
	r = record(out, 0, &name, &data, &channel);
	t_check("... and its answer as bytes of HTTP", r.verb == IMP_TX && data.len > 12 && !memcmp(data.ptr, "HTTP/1.1 404", 12), "");
	imp_face_free(f);
}

/* A record of UP with a channel that exports one key; its length. */
static size_t secured(uint8_t to[256])
{
	struct rec up = {.verb = IMP_UP, .channel_len = 24 + 2 + 3 + 1 + 12 + 5 + 1 + 4};
	uint32_t head[6] = {0x0303, 0xc0a8, 2, 3, 1, 1}, export[3] = {5, 1, 4};
	uint8_t *p = to;
	memcpy(p, &up, sizeof up);
	memcpy(p += sizeof up, head, sizeof head);
	memcpy(p += sizeof head, "idabcx", 6);
	memcpy(p += 6, export, sizeof export);
	memcpy(p += sizeof export, "labelCkey!", 10);
	return (size_t)(p + 10 - to);
}

static void channels(void)
{
	imp_face *f = imp_face_new("/http", "owner", 4096, 0, 0, NULL);
	imp_span name, data, channel, out;
	uint32_t head[6] = {0};
	uint8_t in[256];
	size_t n = secured(in), cut = 0;
	imp_blob *b;
	struct rec r;
	for (size_t i = 0; i < n; i++)
		cut += head_of(imp_face_run(f, 1, 0, imp_bytes(in, i))).fed;
	t_check("a channel that ends too early is refused", cut == 0, "");
	out = imp_face_run(f, 1, 0, imp_bytes(in, n));
	r = record(out, 0, &name, &data, &channel);
	if (channel.len >= sizeof head)
		memcpy(head, channel.ptr, sizeof head);
	t_check("a channel goes through a layer", r.verb == IMP_UP && channel.len == 30 && head[0] == 0x0303 && head[1] == 0xc0a8 && head[5] == 0 && !memcmp(channel.ptr + 24, "idabcx", 6), "");
	b = imp_face_derive(f, 0, "label", text("C"), 4);
	t_check("... but its keys are for whoever fed it", imp_blob_status(b) == IMP_ELINK, "");
	imp_blob_free(b);
	imp_face_free(f);
}

static void batches(void)
{
	imp_face *f = imp_face_new("fdo/http", NULL, 0, 0, 0, ""), *g = imp_face_new("fdo/http", "device", 0, 0, 0, NULL);
	struct rec start = {.verb = IMP_START}, answer = {.verb = IMP_ANSWER, .code = IMP_EFACT}, r;
	uint8_t in[2 * sizeof start + 4];
	imp_span name, data, channel, out;
	struct head h;
	memcpy(in, &start, sizeof start);
	out = imp_face_run(f, 1, 0, imp_bytes(in, sizeof start));
	r = record(out, 0, &name, &data, &channel);
	t_check("a device asks for its credential", r.verb == IMP_ASK && r.topic == IMP_T_VOUCHER && is(name, "fdo.credential"), imp_face_state(f, "fdo"));
	answer.ticket = r.ticket;
	memcpy(in + sizeof start, &answer, sizeof answer);
	out = imp_face_run(g, 1, 0, imp_bytes(in, 2 * sizeof start));
	h = head_of(out);
	r = record(out, h.count - 1, &name, &data, &channel);
	t_check("two records in one call: no credential, DONE(EFACT)", h.fed == 2 && r.verb == IMP_DONE && r.code == IMP_EFACT && h.status == IMP_EFACT, imp_face_where(g));
	h = head_of(imp_face_run(g, 1, 0, imp_bytes(in, sizeof start)));
	t_check("START after DONE is refused, and said so apart from the status", h.refused == IMP_EOVER && h.status == IMP_EFACT, "");
	h = head_of(imp_face_run(f, 2, 0, imp_bytes(in, sizeof start - 1)));
	t_check("half a record is EARG, nothing is fed", h.refused == IMP_EARG && h.fed == 0, "");
	imp_face_free(f);
	imp_face_free(g);
}

static void entries(void)
{
	imp_face *f = imp_face_new("fdo", "owner", 0, 0, 0, NULL);
	t_check("a voucher has entries, so have the actions of a device", imp_face_many(f, IMP_T_VOUCHER, "00112233445566778899aabbccddeeff") && imp_face_many(f, IMP_T_CONFIG, "0011/serviceinfo"), "");
	t_check("... a credential, a file and what devmod said have bytes", !imp_face_many(f, IMP_T_VOUCHER, "fdo.credential") && !imp_face_many(f, IMP_T_IMAGE, "0011/upload/x") && !imp_face_many(f, IMP_T_CONFIG, "0011/devmod/os") && !imp_face_many(f, IMP_T_CONFIG, "/serviceinfo"), "");
	imp_face_free(f);
}

static void frozen(void)
{
	static const uint8_t key[IMP_FACE_SEAL] = {1, 2, 3}, other[IMP_FACE_SEAL] = {9};
	imp_face *f = imp_face_new("fdo/http", "device", 0, 0, 0, NULL), *g = imp_face_new("fdo/http", "device", 0, 0, 0, NULL);
	imp_face *h = imp_face_new("fdo/http", "owner", 0, 0, 0, NULL);
	imp_span name, data, channel, ice;
	struct rec r = record(imp_face_feed(f, 1, 0, IMP_START, 0, 0, 0, 0, 0, 0, none, none), 0, &name, &data, &channel);
	imp_blob *b = imp_face_freeze(f, imp_bytes(key, sizeof key));
	uint8_t *copy;
	int all = 1;
	ice = imp_blob_bytes(b);
	t_check("a session freezes", imp_blob_status(b) == IMP_OK && ice.len > imp_face_need(f), "");
	t_check("... another key does not thaw it", imp_face_thaw(g, imp_bytes(other, sizeof other), ice, 0) == IMP_EAUTH, "");
	t_check("... nor does another role", imp_face_thaw(h, imp_bytes(key, sizeof key), ice, 0) == IMP_EAUTH, "");
	copy = malloc(ice.len);
	for (size_t i = 0; i < ice.len; i += 97) {
		memcpy(copy, ice.ptr, ice.len);
		copy[i] ^= 1;
		all = all && imp_face_thaw(g, imp_bytes(key, sizeof key), imp_bytes(copy, ice.len), 0) == IMP_EAUTH;
	}
	free(copy);
	t_check("... nor with a flipped bit", all && imp_face_thaw(g, imp_bytes(key, sizeof key), imp_bytes(ice.ptr, ice.len - 1), 0) == IMP_EAUTH, "");
	t_check("... and thaws elsewhere", imp_face_thaw(g, imp_bytes(key, sizeof key), ice, 0) == IMP_OK, "");
	r = record(imp_face_feed(g, 2, 0, IMP_ANSWER, 0, 0, 0, IMP_EFACT, r.ticket, 0, none, none), 0, &name, &data, &channel);
	t_check("... where it goes on", r.verb == IMP_DONE && r.code == IMP_EFACT, imp_face_where(g));
	imp_blob_free(b);
	imp_face_free(f);
	imp_face_free(g);
	imp_face_free(h);
}

static void sorted(void)
{
	static const uint8_t secret[IMP_FACE_SECRET];
	imp_face *f = imp_face_new("fdo", "owner", 0, 0, 0, NULL);
	uint8_t in[256];
	struct rec rx = {.verb = IMP_RX, .code = IMP_POST, .topic = 60, .ticket = 7, .name_len = 19}, r;
	imp_span name, data, channel, out;
	memcpy(in, &rx, sizeof rx);
	memcpy(in + sizeof rx, "/fdo/101/msg/60\n\n\n\n", 19);
	out = imp_face_triage(f, NULL, 1, imp_bytes(secret, sizeof secret), imp_bytes(in, sizeof rx + 19));
	r = record(out, 0, &name, &data, &channel);
	t_check("triage: a first message is fresh, with key and hint", r.code == IMP_FRESH && name.len == 16 && is(data, "to2"), "");
	memcpy(in + sizeof rx, "/fdo/101/msg/62\n\n\n\n", 19);
	out = imp_face_triage(f, "fdo", 1, imp_bytes(secret, sizeof secret), imp_bytes(in, sizeof rx + 19));
	r = record(out, 1, &name, &data, &channel);
	t_check("... a later one without a token bounces, with a reply", r.verb == IMP_ANSWER && r.ticket == 7 && r.code == 500, "");
	t_check("... http has no triage", head_of(imp_face_triage(f, "http", 1, imp_bytes(secret, sizeof secret), imp_bytes(in, sizeof rx + 19))).refused == IMP_EUNSUP, "");
	imp_face_free(f);
}

/* --- tools -------------------------------------------------------------------- */

static void tools(const char *crypto)
{
	imp_blob *k = imp_tool_keygen(crypto, IMP_C_P256), *s, *e, *o;
	imp_span b = imp_blob_bytes(k), priv, pub;
	uint32_t n = 0;
	static const uint8_t key[16] = {1}, nonce[12] = {2};
	char claim[64];
	if (b.len > 4)
		memcpy(&n, b.ptr, 4);
	priv = imp_bytes(b.ptr + 4, n);
	pub = imp_bytes(b.ptr + 4 + n, b.len - 4 - n);
	s = imp_tool_sign(crypto, IMP_A_ES256, priv, text("abc"));
	snprintf(claim, sizeof claim, "tools of %s: sign, verify, seal, open", crypto);
	e = imp_tool_seal(crypto, IMP_A_A128GCM, imp_bytes(key, sizeof key), imp_bytes(nonce, sizeof nonce), text("aad"), text("plain"));
	o = imp_tool_open(crypto, IMP_A_A128GCM, imp_bytes(key, sizeof key), imp_bytes(nonce, sizeof nonce), text("aad"), imp_blob_bytes(e));
	t_check(claim, imp_tool_verify(crypto, IMP_A_ES256, pub, text("abc"), imp_blob_bytes(s)) == IMP_OK && imp_tool_verify(crypto, IMP_A_ES256, pub, text("abd"), imp_blob_bytes(s)) == IMP_EAUTH && is(imp_blob_bytes(o), "plain"), "");
	imp_blob_free(s);
	imp_blob_free(e);
	imp_blob_free(o);
	o = imp_tool_dh(crypto, priv, imp_bytes(pub.ptr + 16, pub.len - 16));
	t_check("... dh", imp_blob_status(o) == IMP_OK && imp_blob_bytes(o).len == 32, "");
	imp_blob_free(o);
	o = imp_tool_hash(crypto, IMP_A_SHA256, text("abc"));
	t_check("... hash", imp_blob_bytes(o).len == 32 && imp_blob_bytes(o).ptr[0] == 0xba && imp_blob_bytes(o).ptr[31] == 0xad, "");
	imp_blob_free(o);
	o = imp_tool_sign(crypto, IMP_A_ES256, text("short"), text("abc"));
	t_check("... what is no key is EARG", imp_blob_status(o) == IMP_EARG && !imp_blob_bytes(o).len, "");
	imp_blob_free(o);
	imp_blob_free(k);
}

/* --- any bytes ---------------------------------------------------------------- */

static uint32_t rnd(void)
{
	static uint32_t x = 2463534242u;
	x ^= x << 13;
	x ^= x >> 17;
	return x ^= x << 5;
}

/* Half of it looks like a record. */
static size_t junk(uint8_t *to, size_t cap)
{
	static const uint8_t verbs[] = {IMP_RX, IMP_UP, IMP_DOWN, IMP_ASK, IMP_TELL, IMP_LEARN, IMP_DONE, IMP_TX, IMP_OPEN, IMP_SHUT, IMP_ANSWER, IMP_START, IMP_TICK, IMP_STOP};
	struct rec r = {.verb = verbs[rnd() % sizeof verbs], .link = (uint16_t)(rnd() % 16 ? 0 : rnd()), .code = (int32_t)rnd() % 600, .ticket = rnd() % 4 ? rnd() >> 8 : 0x1000001u};
	size_t n = sizeof r + rnd() % (cap - sizeof r);
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)rnd();
	if (rnd() % 2)
		return n;
	r.name_len = (uint32_t)(rnd() % (n - sizeof r + 1));
	r.channel_len = rnd() % 4 ? 0 : (uint32_t)(rnd() % (n - sizeof r + 1 - r.name_len));
	r.data_len = (uint32_t)(n - sizeof r) - r.name_len - r.channel_len + (rnd() % 8 == 0);
	memcpy(to, &r, sizeof r);
	return n;
}

/* 50 records to a session that has begun, each flush with its end: ASan and
 * valgrind see what is read beyond it. */
static unsigned abuse(const char *stack, const char *role)
{
	static const uint8_t secret[IMP_FACE_SECRET];
	unsigned taken = 0;
	imp_face *f = imp_face_new(stack, role, 2048, 2048, 0, NULL);
	imp_face_feed(f, 1, 0, rnd() % 2 ? IMP_START : IMP_OPEN, 0, 0, 0, 0, 0, 0, text(rnd() % 2 ? "0123456789abcdef" : "coaps://[::1]:1"), none);
	imp_face_feed(f, 1, 0, IMP_UP, 0, 0, 0, 0, 0, 0, none, none);
	for (unsigned k = 0; k < 50; k++) {
		uint8_t in[512], *flush;
		size_t n = junk(in, sizeof in);
		flush = malloc(n);
		memcpy(flush, in, n);
		taken += head_of(imp_face_run(f, k, 0, imp_bytes(flush, n))).fed;
		imp_face_triage(f, NULL, k, imp_bytes(secret, sizeof secret), imp_bytes(flush, n));
		free(flush);
	}
	imp_face_free(f);
	return taken;
}

/* Every layer that is built in: protocols in each role, transports alone. */
static void any_bytes(void)
{
	static const char *const roles[] = {"device", "owner", "relay", "maker", "rendezvous"};
	unsigned taken = 0, runs = 0;
	char stack[64], seen[64];
	for (unsigned i = 0; imp_builtin[i]; i++)
		for (unsigned k = 0; imp_builtin[i]->layers && imp_builtin[i]->layers[k]; k++)
			for (unsigned n = 0; n < 60; n++, runs++) {
				const imp_layer *y = imp_builtin[i]->layers[k];
				snprintf(stack, sizeof stack, "%s%s", y->offers == IMP_L_NONE ? "" : "/", y->id);
				taken += abuse(stack, roles[n % 5]);
			}
	snprintf(seen, sizeof seen, "%u sessions, %u of %u taken", runs, taken, 50 * runs);
	t_check("random and half-random records to every layer: no harm", runs && taken > 5 * runs, seen);
}

/* argv: the template's module, a module of another ABI number */
int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	names();
	catalogue();
	modules(argv[1], argv[2]);
	http_front();
	channels();
	batches();
	entries();
	frozen();
	sorted();
	tools("");
	tools("openssl");
	tools("imp.bearssl");
	any_bytes();
	return t_end();
}
