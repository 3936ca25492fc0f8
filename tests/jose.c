/* jose.c -- base64, JWS and JWK: RFC 4648 and 7515's examples, Connectors of
 * Wi-Fi Easy Connect, and what must be refused. */
#include "crypto.h"
#include "guard.h"
#include "jose.h"
#include "t.h"

#define SPAN(literal) imp_bytes(literal, sizeof literal - 1)
#define COUNT(table) (sizeof table / sizeof *table)

static const struct { const char *plain, *b64, *url; } pairs[] = {
	{"", "", ""}, {"f", "Zg==", "Zg"}, {"fo", "Zm8=", "Zm8"}, {"foo", "Zm9v", "Zm9v"}, {"foob", "Zm9vYg==", "Zm9vYg"}, {"fooba", "Zm9vYmE=", "Zm9vYmE"},
	{"foobar", "Zm9vYmFy", "Zm9vYmFy"}, {"\xfb\xff\xbf", "+/+/", "-_-_"},
};

static const struct { const char *text; int kind; const char *why; } bad64[] = {
	{"Z", IMP_B64, "one character"}, {"Z", IMP_B64URL, "one character"}, {"Zg", IMP_B64, "no padding"}, {"Zg=", IMP_B64, "half of it"}, {"Zg==", IMP_B64URL, "padding"},
	{"Zh==", IMP_B64, "a bit too many"}, {"Zm9=", IMP_B64, "a bit too many"}, {"Zh", IMP_B64URL, "a bit too many"}, {"Zm9", IMP_B64URL, "a bit too many"},
	{"Zm8=Zm8=", IMP_B64, "padding inside"}, {"====", IMP_B64, "padding alone"}, {"Z===", IMP_B64, "three of padding"}, {"Zg==\n", IMP_B64, "a line end"}, {"Zm 9", IMP_B64, "a space"},
	{"-_-_", IMP_B64, "the other alphabet"}, {"+/+/", IMP_B64URL, "the other alphabet"}, {"Zm9\xf6", IMP_B64, "no ASCII"}, {"Zm9@", IMP_B64URL, "below A"}, {"Zm9[", IMP_B64URL, "above Z"},
	{"Zm9`", IMP_B64URL, "below a"}, {"Zm9{", IMP_B64URL, "above z"}, {"Zm9/", IMP_B64URL, "below 0"}, {"Zm9:", IMP_B64URL, "above 9"}, {"Zm9vZm9vZm9=", IMP_B64, "late"},
};

static void base64(void)
{
	uint8_t buf[64], *room;
	size_t right = 0, refused = 0;
	imp_span in;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		imp_span plain = imp_bytes(pairs[i].plain, strlen(pairs[i].plain));
		for (int kind = IMP_B64; kind <= IMP_B64URL; kind++) {
			const char *text = kind == IMP_B64 ? pairs[i].b64 : pairs[i].url;
			imp_wr w = imp_wr_to(buf, sizeof buf);
			imp_status err = IMP_OK, small = IMP_OK;
			room = guard_room(1, plain.len);
			imp_b64_put(&w, plain, (enum imp_b64)kind);
			in = guard_span(0, imp_bytes(text, strlen(text)));
			right += imp_same(imp_wr_span(&w), in) && imp_same(imp_b64_read(in, (enum imp_b64)kind, room, plain.len, &err), plain) && !err
				&& (!plain.len || (!imp_b64_read(in, (enum imp_b64)kind, room, plain.len - 1, &small).ptr && small == IMP_ENOSPC));
		}
	}
	t_check("RFC 4648's examples, both alphabets, both ways, in memory that is just enough", right == 2 * COUNT(pairs), "");
	for (size_t i = 0; i < COUNT(bad64); i++) {
		imp_status err = IMP_OK;
		imp_b64_read(guard_span(0, imp_bytes(bad64[i].text, strlen(bad64[i].text))), (enum imp_b64)bad64[i].kind, buf, sizeof buf, &err);
		refused += err == IMP_EBADMSG;
		if (err != IMP_EBADMSG)
			printf("# taken: %s (%s)\n", bad64[i].text, bad64[i].why);
	}
	t_check("what is not strict base64 is refused", refused == COUNT(bad64), "");
}

static void base64_all(void)
{
	uint8_t all[256], buf[400];
	size_t same = 0, one = 0;
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)(i * 167 + 13);
	for (size_t n = 0; n <= 256; n++) {
		imp_status err = IMP_OK;
		imp_wr w = imp_wr_to(buf, sizeof buf);
		imp_b64_put(&w, imp_bytes(all, n), n & 1 ? IMP_B64 : IMP_B64URL);
		same += imp_same(imp_b64_read(imp_wr_span(&w), n & 1 ? IMP_B64 : IMP_B64URL, buf, sizeof buf, &err), imp_bytes(all, n)) && !err;
	}
	for (int c = 0; c < 256; c++) {
		uint8_t text[4] = {'A', 'A', 'A', (uint8_t)c};
		imp_status err = IMP_OK;
		imp_b64_read(imp_bytes(text, 4), IMP_B64URL, buf, sizeof buf, &err);
		one += err == IMP_OK;
	}
	t_check("any bytes come back, decoded in place", same == 257, "");
	t_check("64 characters carry bits", one == 64, "");
}

static const struct { const char *name, *jws, *jwk; } signedby[] = {
	{"RFC 7515 A.3",
		"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4"
		"GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"d\":\"jpsQnnGQmL-YBIffH11"
		"36cspYG6-0iY7X1fCE9-E9LI\"}"},
	{"RFC 7515 A.4",
		"eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xK"
		"pRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
		"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\",\"y\":\"ADSmRA43Z1DSNx_RvcLI87cd"
		"L07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2\"}"},
	{"a Connector, p256",
		"eyJ0eXAiOiJkcHBDb24iLCJraWQiOiJyb0RYR0FqXzIzQzZza0dmS0NiUUVtdU1uTmhRb0xEU3NSYlljUDNsM3A4IiwiYWxnIjoiRVMyNTYifQ.eyJncm91cHMiOlt7Imdyb3VwSWQiOiIqIiwibmV"
		"0Um9sZSI6InN0YSJ9XSwibmV0QWNjZXNzS2V5Ijp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoiVUtVeXJpb0hJSEoyUVkwdnBqQXBYVVZXbS1RbHFtTlBBZ0ZOQUtmUjlobyIsInkiOiI0V"
		"TgxcGFoWXZNclpEUkpzUmxsTVNlLUNaVjU0aUk0Vm95MlJhc0lYSkpFIn0sInZlcnNpb24iOjN9.EwfzZ5K9yMvlM3Mf1i5BdLOi6kz1zRuAXh_abVnx2bZXX44N5LbltvILHslmrmUalUKQRWWp1h"
		"vqfonmzHi1ZQ",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"pLoUDQhJJUOhMtSWfIc2Y1Cz--dO4zHLIEKKMykXMo8\",\"y\":\"KPh9jr0c_aka2MNkOGm89uhpX8lKYRVTKqxjgYL32tg\",\"kid\":\"roDXGAj_23C6skGfK"
		"CbQEmuMnNhQoLDSsRbYcP3l3p8\"}"},
	{"a Connector, p521",
		"eyJ0eXAiOiJkcHBDb24iLCJraWQiOiJub1lLd0x6T05wNlllalctaHk3MUtUcTRTdU4zM0NwYUNhbVFFdGJUM0wwIiwiYWxnIjoiRVM1MTIifQ.eyJncm91cHMiOlt7Imdyb3VwSWQiOiIqIiwibmV"
		"0Um9sZSI6InN0YSJ9XSwibmV0QWNjZXNzS2V5Ijp7Imt0eSI6IkVDIiwiY3J2IjoiUC01MjEiLCJ4IjoiQUh6dWFsUGlpNmdYNDBoRWVuTEV1bDluSGZyUDVUd25EVEg1eWZLTW1DMENmeVlHd3ZKc"
		"2hvNmJFMlJIaXBPZjF1RVdzR2l1cXBpcDd1TFJVN2YwYTlhSCIsInkiOiJBYW8yVG4xcmpUTFAxREVrMnREck5NVzJuanVTbUsxZnpSX1FUMnhfNUFlSzZTY0REZDV4ZG53NVpNSllmZ1JkTE5nUmw"
		"4a0syWWd4aTVkQkNzQWh5dGc3In0sInZlcnNpb24iOjN9.Aa-kfZ_-993NGCGkaM5Ggftdp7up_C4VI0E3ZU5z-uWPA4UsBKGpD4vOGHC59EP5wlFkTSJRxmiPNXSfHb65QEM8AC3oUaxnQewxFopO"
		"tv-leEsOGd6DXi049Lvv7uNns5dpOB26FHqkwlYxPlUwI7o6Hv3ELmVcaq61g0SiXGJYwrjV",
		"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AHaROygKI-ou5-oXM9b2d6CCBFrBcx3jhXWd5V9g8Wxg9PGbqrnzDmUQ_w8LD70uXgLhMxW0jQO9mUSP_MZ-DvpI\",\"y\":\"APyrEH7LUKBmSS7jl-bWvAIJ"
		"voc84hepuZWPhKZbY9GTzEL7YZoNHlkwKVFzIyVGbRDKseUsL1_qES_LGca7X5HN\",\"kid\":\"noYKwLzONp6YejW-hy71KTq4SuN33CpaCamQEtbT3L0\"}"},
};

static imp_span text(const char *s)
{
	return imp_bytes(s, strlen(s));
}

static imp_status check(const imp_crypto *c, imp_span jws, const char *jwk)
{
	uint8_t point[IMP_POINT_MAX], mem[1024];
	imp_key pub;
	imp_jws m;
	imp_status st = imp_jwk_read(text(jwk), point, &pub);
	if (!st)
		st = imp_jws_read(jws, mem, sizeof mem, &m);
	return st ? st : imp_jws_verify(c, &m, &pub);
}

static void examples(const imp_crypto *c)
{
	char claim[96];
	for (size_t i = 0; i < COUNT(signedby); i++) {
		uint8_t copy[1024];
		size_t n = strlen(signedby[i].jws), refused = 0, tried = 0;
		snprintf(claim, sizeof claim, "%s: %s verifies", c->id, signedby[i].name);
		t_check(claim, check(c, text(signedby[i].jws), signedby[i].jwk) == IMP_OK, "");
		for (size_t at = 0; at < n; at += 7, tried++) {
			memcpy(copy, signedby[i].jws, n);
			copy[at] = copy[at] == 'A' ? 'B' : 'A';
			refused += check(c, imp_bytes(copy, n), signedby[i].jwk) != IMP_OK;
		}
		snprintf(claim, sizeof claim, "%s: %s, another character anywhere is refused", c->id, signedby[i].name);
		t_check(claim, tried && refused == tried, "");
		for (size_t len = refused = 0; len < n; len++)
			refused += check(c, guard_span(0, imp_bytes(signedby[i].jws, len)), signedby[i].jwk) != IMP_OK;
		snprintf(claim, sizeof claim, "%s: %s, cut anywhere is refused", c->id, signedby[i].name);
		t_check(claim, refused == n, "");
	}
}

static const int32_t curves[] = {IMP_C_P256, IMP_C_P384, IMP_C_P521, IMP_C_BP256, IMP_C_BP384, IMP_C_BP512};

/* {"alg":"..."} for the curve. */
static imp_span header_of(int32_t curve, uint8_t *to, size_t cap)
{
	imp_wr w = imp_wr_to(to, cap);
	imp_json_put_key(&w, '{', "alg");
	imp_json_put_text(&w, text(imp_jose_alg(curve)));
	imp_wr_u8(&w, '}');
	return imp_wr_span(&w);
}

static int own_object(const imp_crypto *c, int32_t curve)
{
	uint8_t d[66], q[133], jws[512], jwk[400], head[32];
	size_t dlen = sizeof d, qlen = sizeof q, need;
	imp_wr w = imp_wr_to(NULL, 0), k = imp_wr_to(jwk, sizeof jwk - 1);
	imp_key priv = {curve, IMP_KEY_PRIVATE, 0, {d, 0}}, pub = {curve, 0, 0, {q, 0}};
	imp_span h = header_of(curve, head, sizeof head);
	if (c->keygen(c, curve, d, &dlen, q, &qlen))
		return 0;
	priv.bits.len = dlen;
	pub.bits.len = qlen;
	if (imp_jws_sign(c, &w, &priv, h, SPAN("any \0 bytes")) != IMP_ENOSPC)
		return 0;
	need = imp_wr_need(&w);
	w = imp_wr_to(jws, need - 1);
	if (imp_jws_sign(c, &w, &priv, h, SPAN("any \0 bytes")) != IMP_ENOSPC)
		return 0;
	w = imp_wr_to(jws, need);
	imp_jwk_put(&k, &pub, SPAN("me"));
	jwk[k.len] = 0;
	if (imp_jws_sign(c, &w, &priv, h, SPAN("any \0 bytes")) || imp_wr_end(&k) || w.len != need)
		return 0;
	return check(c, imp_wr_span(&w), (const char *)jwk) == IMP_OK;
}

static void own(const imp_crypto *c)
{
	char claim[96];
	for (size_t i = 0; i < COUNT(curves); i++) {
		snprintf(claim, sizeof claim, "%s: %s is signed, counted beforehand and verified with the JWK written", c->id, imp_jose_alg(curves[i]));
		if (c->can(c, imp_curve_alg(curves[i]), curves[i]))
			t_check(claim, own_object(c, curves[i]), "");
		else
			t_skip(claim, "the provider lacks the curve");
	}
}

static const struct { const char *jws; imp_status st; const char *why; } badjws[] = {
	{"", IMP_EBADMSG, "nothing"}, {"e30", IMP_EBADMSG, "one part"}, {"e30.", IMP_EBADMSG, "two parts"}, {"e30..AA.AA", IMP_EBADMSG, "four parts"}, {"..", IMP_EBADMSG, "three empty parts"},
	{"e30=..AA", IMP_EBADMSG, "padding"}, {"W10..AA", IMP_EBADMSG, "the header is an array"}, {"MQ..AA", IMP_EBADMSG, "a number"}, {"e30.A.AA", IMP_EBADMSG, "no base64"},
	{"eyJjcml0IjpbXX0..AA", IMP_EUNSUP, "crit"}, {"eyJhIjoxfX0..AA", IMP_EBADMSG, "bytes after the header"}, {"ew..AA", IMP_EBADMSG, "half an object"},
	{"eyJjcml0IjoxLCJjcml0IjoxfQ..AA", IMP_EBADMSG, "crit twice"},
};

static const struct { const char *header; imp_status st; } badalg[] = {
	{"{\"alg\":\"none\"}", IMP_EAUTH}, {"{\"alg\":\"ES384\"}", IMP_EAUTH}, {"{\"alg\":\"BS256\"}", IMP_EAUTH}, {"{\"alg\":\"HS256\"}", IMP_EAUTH}, {"{\"alg\":\"\"}", IMP_EAUTH},
	{"{}", IMP_EBADMSG}, {"{\"alg\":1}", IMP_EBADMSG}, {"{\"alg\":\"ES256\",\"alg\":\"ES256\"}", IMP_EBADMSG}, {"{\"alg\":null}", IMP_EBADMSG},
	{"{\"al\\u0067\":\"ES256\"}", IMP_OK}, {"{\"kid\":\"x\",\"alg\":\"\\u0045S256\",\"more\":[{}]}", IMP_OK},
};

static void refused_jws(const imp_crypto *c)
{
	uint8_t mem[512], d[32], q[65];
	size_t right = 0, dlen = sizeof d, qlen = sizeof q;
	imp_key priv = {IMP_C_P256, IMP_KEY_PRIVATE, 0, {d, 32}}, pub = {IMP_C_P256, 0, 0, {q, 65}};
	imp_jws m;
	for (size_t i = 0; i < COUNT(badjws); i++) {
		imp_status st = imp_jws_read(guard_span(0, text(badjws[i].jws)), mem, sizeof mem, &m);
		right += st == badjws[i].st && !m.header.ptr;
		if (st != badjws[i].st)
			printf("# %d: %s\n", (int)st, badjws[i].why);
	}
	t_check("malformed objects are refused", right == COUNT(badjws), "");
	c->keygen(c, IMP_C_P256, d, &dlen, q, &qlen);
	right = 0;
	for (size_t i = 0; i < COUNT(badalg); i++) {
		uint8_t buf[512];
		imp_wr w = imp_wr_to(buf, sizeof buf);
		imp_jws_sign(c, &w, &priv, text(badalg[i].header), SPAN("x"));
		right += imp_jws_read(imp_wr_span(&w), mem, sizeof mem, &m) == IMP_OK && imp_jws_verify(c, &m, &pub) == badalg[i].st;
	}
	t_check("the header names the key's algorithm, once", right == COUNT(badalg), "");
	t_check("too little memory is said", imp_jws_read(text(signedby[0].jws), mem, 40, &m) == IMP_ENOSPC && !m.header.ptr, "");
	m.signed_ = SPAN("e30.e30");
	m.header = SPAN("{\"alg\":\"ES256\"}");
	m.sig = imp_bytes(mem, 63);
	t_check("a signature of another length is wrong", imp_jws_verify(c, &m, &pub) == IMP_EAUTH, "");
}

#define X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
static const struct { const char *jwk; imp_status st; const char *why; } badjwk[] = {
	{"{\"kty\":\"EC\",\"crv\":\"P-256\"," X "," Y "}", IMP_OK, "good"}, {"{\"y\":\"AA\"}", IMP_EBADMSG, "no kty"}, {"[]", IMP_EBADMSG, "an array"}, {"1", IMP_EBADMSG, "a number"},
	{"{\"kty\":\"OKP\",\"crv\":\"P-256\"," X "," Y "}", IMP_EUNSUP, "another type"}, {"{\"kty\":\"EC\",\"crv\":\"P-257\"," X "," Y "}", IMP_EUNSUP, "another curve"},
	{"{\"kty\":\"EC\"," X "," Y "}", IMP_EUNSUP, "no curve"}, {"{\"kty\":\"EC\",\"crv\":1," X "," Y "}", IMP_EBADMSG, "a curve that is a number"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\"," X "}", IMP_EBADMSG, "no y"}, {"{\"kty\":\"EC\",\"crv\":\"P-256\"," Y "}", IMP_EBADMSG, "no x"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\"," X "," X "," Y "}", IMP_EBADMSG, "x twice"}, {"{\"kty\":\"EC\",\"kty\":\"EC\",\"crv\":\"P-256\"," X "," Y "}", IMP_EBADMSG, "kty twice"},
	{"{\"kty\":\"EC\",\"crv\":\"P-384\"," X "," Y "}", IMP_EBADMSG, "too short for the curve"}, {"{\"kty\":\"EC\",\"crv\":\"BP-256\"," X "," Y "}", IMP_OK, "whether it is on the curve, crypto says"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"g83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA\"," Y "}", IMP_EBADMSG, "31 bytes"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AH_NzidwwvRcQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF\"," Y "}", IMP_EBADMSG, "33 bytes"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":12," Y "}", IMP_EBADMSG, "x is a number"}, {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=\"," Y "}", IMP_EBADMSG, "padding"},
};

static void jwk(void)
{
	uint8_t point[IMP_POINT_MAX], buf[200];
	imp_key k;
	imp_wr w = imp_wr_to(buf, sizeof buf);
	size_t right = 0;
	for (size_t i = 0; i < COUNT(badjwk); i++) {
		imp_status st = imp_jwk_read(guard_span(0, text(badjwk[i].jwk)), point, &k);
		right += st == badjwk[i].st;
		if (st != badjwk[i].st)
			printf("# %d: %s\n", (int)st, badjwk[i].why);
	}
	t_check("a JWK is read strictly", right == COUNT(badjwk), "");
	imp_jwk_read(text(badjwk[0].jwk), point, &k);
	imp_jwk_put(&w, &k, imp_bytes(NULL, 0));
	t_check("and written as it was", imp_same(imp_wr_span(&w), text(badjwk[0].jwk)), "");
	k.alg = IMP_C_X25519;
	imp_jwk_put(&w, &k, imp_bytes(NULL, 0));
	t_check("no other kinds of keys", imp_wr_end(&w) == IMP_EUNSUP && !imp_jose_alg(IMP_C_X25519) && !imp_jose_curve(0) && !imp_curve_alg(IMP_C_ED25519), "");
}

int main(void)
{
	base64();
	base64_all();
	examples(&imp_openssl);
	own(&imp_openssl);
	own(&imp_bearssl);
	refused_jws(&imp_openssl);
	jwk();
	return t_end();
}
