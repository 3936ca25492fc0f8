/* fdo-voucher.c -- ownership vouchers: published ones, ones made here, and
 * every way the FIDO conformance tests (FIDO_TEST_VOUCHER_*) spoil them. */
#include "bytes.h"
#include "crypto.h"
#include "t.h"
#include "voucher.h"

#include <stdlib.h>

#define NONE imp_bytes(NULL, 0)
enum { CAP = 32768, ENTRIES_MAX = 64 };

static uint8_t buf[CAP], work[CAP];
static char line[160];

/* --- published vouchers --------------------------------------------------- */

/* go-fdo testdata/dc.bin: the device's secret, and the hash of the
 * manufacturer's key that it keeps. */
static const char go_secret[] = "6ac6578a647f8e90c4322c63625fd6b0afebbe7b1d6731750d53cc9b7796128a";
static const char go_key_hash[] = "90ce6af501ffaa0070b9363e56d1cfa54b9fe14515c36be180547400f05bef4e9281e54b5a4e1ac8d02d77bac31b1d53";

static const struct published {
	const char *file;
	unsigned    entries;
	int         secret; /* of go_secret */
	const char *owner;
	int         bearssl; /* can verify it too */
} published[] = {
	{"fdo/ov.cbor", 0, 1, "secp384r1", 1},
	{"fdo/ov_extended.cbor", 6, 0, "rsa2048", 1},
};

static void check_published(const imp_crypto *c, const struct published *p)
{
	uint8_t bits[32], digest[48];
	imp_key secret = {IMP_A_HMAC384, 0, 0, t_hex(go_secret, bits, sizeof bits)};
	imp_span file = t_file(p->file, buf, sizeof buf);
	const char *why = "";
	fdo_walk end;
	fdo_voucher v;
	size_t at = 0;
	imp_status st = fdo_voucher_verify(c, file, p->secret ? &secret : NULL, &end, &why, &at);
	snprintf(line, sizeof line, "%s on %s: status %d %s at %zu, %u entries, owner %s", p->file, c->id, (int)st, why, at, end.count, fdo_key_name(&end.owner));
	t_check("a published voucher verifies", !st && end.count == p->entries && !strcmp(fdo_key_name(&end.owner), p->owner), line);
	if (!p->secret || fdo_read_voucher(file, &v))
		return;
	{
		fdo_hash want = {IMP_A_SHA384, t_hex(go_key_hash, digest, sizeof digest)};
		t_check("the credential's hash is that of the manufacturer's key", fdo_hash_check(c, &want, &v.head.header.key.raw, 1) == IMP_OK, c->id);
		bits[0] ^= 1;
		t_check("another secret's HMac is refused", fdo_voucher_verify(c, file, &secret, &end, &why, NULL) == IMP_EAUTH && !strcmp(why, "header HMac"), why);
	}
}

/* fdo-rs hashes the device's chain as CBOR, not as certificates one after the
 * other: the voucher is refused for that; its entry is in order. */
static void rust(const imp_crypto *c)
{
	imp_span file = t_file("fdo/fdo-rs-testdevice1.ov", buf, sizeof buf), rest;
	const char *why = "";
	fdo_walk end;
	fdo_voucher v;
	imp_status st = fdo_voucher_verify(c, file, NULL, &end, &why, NULL);
	t_check("fdo-rs's voucher is refused for its chain hash alone", st == IMP_EAUTH && !strcmp(why, "certificate chain hash"), why);
	if (fdo_read_voucher(file, &v))
		return;
	rest = v.entries;
	st = fdo_walk_start(c, &end, &v.head.header, v.head.hmac_raw);
	st = st ? st : fdo_walk_next(c, &end, fdo_voucher_pop(&rest), &why);
	t_check("and its entry verifies", st == IMP_OK && end.count == v.count, fdo_key_name(&end.owner));
}

/* Every proper prefix, and one flipped bit in every byte. */
static void spoil(const imp_crypto *c, const char *name, size_t step)
{
	imp_span file = t_file(name, buf, sizeof buf);
	uint8_t bits[32];
	imp_key secret = {IMP_A_HMAC384, 0, 0, t_hex(go_secret, bits, sizeof bits)};
	int has_secret = !strcmp(name, "fdo/ov.cbor");
	size_t flip_ok = 0, tried = 0, first = 0;
	int short_ok = 0;
	const char *why;
	fdo_walk end;
	for (size_t i = 0; i < file.len; i++) {
		uint8_t *exact = malloc(i ? i : 1); /* so that a sanitizer sees its end */
		if (!exact)
			abort();
		memcpy(exact, file.ptr, i);
		short_ok += fdo_voucher_verify(c, imp_bytes(exact, i), has_secret ? &secret : NULL, &end, &why, NULL) == IMP_OK;
		free(exact);
	}
	for (size_t i = 0; i < file.len; i += step, tried++) {
		int accepted;
		buf[i] ^= (uint8_t)(1u << i % 8);
		accepted = !fdo_voucher_verify(c, file, has_secret ? &secret : NULL, &end, &why, NULL);
		first = accepted && !flip_ok ? i : first;
		flip_ok += (size_t)accepted;
		buf[i] ^= (uint8_t)(1u << i % 8);
	}
	snprintf(line, sizeof line, "%s: %d of %zu accepted", name, short_ok, file.len);
	t_check("no proper prefix is a voucher", !short_ok && file.len, line);
	snprintf(line, sizeof line, "%s: %zu of %zu accepted, the first at %zu", name, flip_ok, tried, first);
	t_check("a flipped bit is found wherever it is", !flip_ok && tried, line);
}

/* --- vouchers made here --------------------------------------------------- */

enum tamper {
	NOTHING, VERSION, HEADER_VERSION, HEADER_BYTES, HMAC, CERTCHAIN_HASH, CHAIN, INFO_EMPTY, RVINFO_EMPTY, MFG_KEY,
	PREV_HASH, HDR_HASH, SIGNATURE, ENTRY_KEY, ENTRY_KEY_TYPE, SWAPPED, DROPPED, NO_CHAIN, PAYLOAD_SHORT, TRAILING, UNTAGGED
};

static struct maker {
	uint8_t priv[3][66], pub[3][133]; /* manufacturer, device, owners */
	size_t  priv_len[3], pub_len[3];
	imp_key key[3];
	uint8_t cert[1024], secret[32];
	size_t  cert_len;
} mk;

static void make_keys(const imp_crypto *c, int32_t curve)
{
	imp_wr w = imp_wr_to(mk.cert, sizeof mk.cert);
	imp_issue what = {.serial = imp_bytes("\x01", 1), .issuer_cn = "device", .subject_cn = "device", .not_before = 1700000000};
	imp_key pub;
	for (int i = 0; i < 3; i++) {
		mk.priv_len[i] = sizeof mk.priv[i];
		mk.pub_len[i] = sizeof mk.pub[i];
		if (c->keygen(c, curve, mk.priv[i], &mk.priv_len[i], mk.pub[i], &mk.pub_len[i]))
			abort();
		mk.key[i] = (imp_key){curve, IMP_KEY_PRIVATE, 0, imp_bytes(mk.priv[i], mk.priv_len[i])};
	}
	pub = (imp_key){curve, 0, 0, imp_bytes(mk.pub[1], mk.pub_len[1])};
	what.subject_key = &pub;
	if (imp_cert_issue(c, &w, &what, curve == IMP_C_P256 ? IMP_A_ES256 : IMP_A_ES384, &mk.key[1]) || imp_wr_end(&w))
		abort();
	mk.cert_len = w.len;
	c->random(c, mk.secret, sizeof mk.secret);
}

static imp_span put_public(uint8_t *to, size_t cap, int which, uint8_t enc)
{
	imp_wr w = imp_wr_to(to, cap);
	imp_key pub = {mk.key[which].alg, 0, 0, imp_bytes(mk.pub[which], mk.pub_len[which])};
	imp_span cert = imp_bytes(mk.cert, mk.cert_len);
	fdo_key k;
	if (fdo_key_from(&pub, 0, &k))
		abort();
	if (enc == FDO_ENC_X5CHAIN)
		fdo_put_key_chain(&w, k.type, &cert, 1); /* the certificate of key 1 */
	else
		fdo_put_key(&w, &k, enc);
	if (imp_wr_end(&w))
		abort();
	return imp_wr_span(&w);
}

static void make_chain(imp_wr *w)
{
	imp_cbor_put_array(w, 1);
	imp_cbor_put_bstr(w, imp_bytes(mk.cert, mk.cert_len));
}

static imp_span make_header(const imp_crypto *c, uint8_t *to, size_t cap, uint8_t enc, enum tamper t, imp_span chain)
{
	static const uint8_t rv[] = {0x81, 0x81, 0x82, 0x05, 0x45, 0x64, 'h', 'o', 's', 't'}, empty[] = {0x80};
	static uint8_t key[1200];
	uint8_t digest[48];
	imp_wr w = imp_wr_to(to, cap);
	fdo_ovheader h = {.guid = imp_bytes("0123456789abcdef", 16), .rvinfo = imp_bytes(rv, sizeof rv), .info = imp_bytes("lamp", 4)};
	h.key.raw = put_public(key, sizeof key, 0, enc);
	if (t == MFG_KEY)
		key[h.key.raw.len - 1] ^= 1; /* off the curve */
	if (t == RVINFO_EMPTY)
		h.rvinfo = imp_bytes(empty, 1);
	if (t == INFO_EMPTY)
		h.info = NONE;
	if (t != NO_CHAIN && fdo_chain_hash(c, mk.key[0].alg == IMP_C_P384 ? IMP_A_SHA384 : IMP_A_SHA256, chain, digest, &h.chain))
		abort();
	if (t == CERTCHAIN_HASH)
		digest[0] ^= 1;
	fdo_put_ovheader(&w, &h);
	if (t == HEADER_VERSION)
		to[2] = 100;
	return imp_wr_end(&w) ? NONE : imp_wr_span(&w);
}

/* A voucher of n entries; what t says is done to it before it is signed, so
 * that nothing else is wrong with it. */
static imp_span make(const imp_crypto *c, uint8_t *to, size_t cap, size_t n, uint8_t enc, enum tamper t)
{
	static uint8_t header[2048], chain[1200], hmac[64], next[1200], entry[4096];
	imp_key secret = {mk.key[0].alg == IMP_C_P384 ? IMP_A_HMAC384 : IMP_A_HMAC256, 0, 0, imp_bytes(mk.secret, 32)};
	uint8_t digest[48];
	imp_wr w = imp_wr_to(to, cap), ch = imp_wr_to(chain, sizeof chain), hm = imp_wr_to(hmac, sizeof hmac);
	imp_span hdr;
	fdo_hash mac;
	fdo_ovheader h;
	fdo_walk at;
	const char *why;
	make_chain(&ch);
	hdr = make_header(c, header, sizeof header, enc, t, imp_wr_span(&ch));
	if (fdo_hmac_make(c, &secret, secret.alg, hdr, digest, &mac))
		abort();
	digest[0] ^= t == HMAC;
	fdo_put_hash(&hm, &mac);
	if (t == HEADER_BYTES)
		header[6] ^= 1; /* in the GUID */
	if (t == CHAIN)
		chain[100] ^= 1;
	fdo_put_voucher_start(&w, hdr, imp_wr_span(&hm), t == NO_CHAIN ? NONE : imp_wr_span(&ch), t == DROPPED ? n - 1 : n);
	if (t == VERSION)
		to[2] = 100;
	if (fdo_read_ovheader(hdr, &h) || fdo_walk_start(c, &at, &h, imp_wr_span(&hm)))
		return imp_wr_span(&w); /* spoilt already */
	for (size_t i = 0; i < n; i++) {
		imp_wr e = imp_wr_to(entry, sizeof entry);
		int last = i + 1 == n;
		fdo_walk lie = at;
		if (last && t == PREV_HASH)
			memset(lie.prev, 7, sizeof lie.prev);
		if (last && t == HDR_HASH)
			memset(lie.info, 7, sizeof lie.info);
		if (fdo_put_entry(c, &e, &lie, &mk.key[i ? 2 : 0], put_public(next, sizeof next, 2, enc == FDO_ENC_X5CHAIN ? FDO_ENC_X509 : enc), NONE, mk.key[0].alg == IMP_C_P384 ? IMP_A_SHA384 : IMP_A_SHA256))
			return imp_wr_span(&w);
		if (last && t == SIGNATURE)
			entry[e.len - 1] ^= 1;
		if (last && t == UNTAGGED) {
			memmove(entry, entry + 1, --e.len);
		}
		if (!(t == DROPPED && !i))
			imp_wr_bytes(&w, imp_wr_span(&e));
		if (!last && fdo_walk_next(c, &at, imp_wr_span(&e), &why))
			return imp_wr_span(&w);
	}
	if (t == TRAILING)
		imp_wr_u8(&w, 0);
	return imp_wr_end(&w) ? NONE : imp_wr_span(&w);
}

/* An entry that is rightly signed and hashed, but for another key than allowed. */
static imp_span make_entry_key(const imp_crypto *c, uint8_t *to, size_t cap, int type)
{
	imp_span v = make(c, to, cap, 1, FDO_ENC_X509, NOTHING), payload, entry;
	static uint8_t p[2048], e[4096];
	imp_wr pw = imp_wr_to(p, sizeof p), ew = imp_wr_to(e, sizeof e), w;
	fdo_voucher was;
	fdo_entry old;
	imp_span rest;
	if (fdo_read_voucher(v, &was))
		abort();
	rest = was.entries;
	entry = fdo_voucher_pop(&rest);
	if (fdo_read_entry(entry, &old))
		abort();
	imp_wr_bytes(&pw, old.cose.payload);
	payload = imp_wr_span(&pw);
	p[payload.len - (type ? old.key.raw.len - 1 : 1)] ^= 1; /* pkType 10 -> 11, or a point off the curve */
	if (imp_cose_sign1(c, &ew, IMP_A_ES256, &mk.key[0], NONE, payload, NONE) || imp_wr_end(&ew))
		abort();
	w = imp_wr_to(to + (size_t)(was.entries.ptr - v.ptr), cap - (size_t)(was.entries.ptr - v.ptr));
	imp_wr_bytes(&w, imp_wr_span(&ew));
	return imp_bytes(to, (size_t)(was.entries.ptr - v.ptr) + w.len);
}

static imp_span swap(const imp_crypto *c, uint8_t *to, size_t cap)
{
	static uint8_t copy[CAP];
	imp_span v = make(c, to, cap, 3, FDO_ENC_X509, NOTHING), rest, e[3];
	fdo_voucher was;
	imp_wr w;
	memcpy(copy, v.ptr, v.len);
	if (fdo_read_voucher(imp_bytes(copy, v.len), &was))
		abort();
	rest = was.entries;
	for (int i = 0; i < 3; i++)
		e[i] = fdo_voucher_pop(&rest);
	w = imp_wr_to(to + (size_t)(was.entries.ptr - copy), cap - (size_t)(was.entries.ptr - copy));
	imp_wr_bytes(&w, e[0]);
	imp_wr_bytes(&w, e[2]);
	imp_wr_bytes(&w, e[1]);
	return v;
}

static const struct row {
	const char *claim; /* FIDO_TEST_VOUCHER_... where there is one */
	enum tamper tamper;
	size_t      entries;
	imp_status  status;
	const char *why;
} rows[] = {
	{"what was made verifies", NOTHING, 3, IMP_OK, ""},
	{"BAD_PROT_VERSION: 100 instead of 101", VERSION, 2, IMP_EBADMSG, "encoding"},
	{"HEADER_BAD_PROT_VERSION", HEADER_VERSION, 2, IMP_EBADMSG, "encoding"},
	{"BAD_HEADER_BYTES: not what the HMac is of", HEADER_BYTES, 2, IMP_EAUTH, "header HMac"},
	{"BAD_HDR_HMAC", HMAC, 2, IMP_EAUTH, "header HMac"},
	{"HEADER_BAD_CERTCHAIN_HASH", CERTCHAIN_HASH, 2, IMP_EAUTH, "certificate chain hash"},
	{"BAD_CHAIN: a byte of the device's certificate", CHAIN, 2, IMP_EAUTH, "certificate chain hash"},
	{"HEADER_BAD_DEVICEINFO_EMPTY", INFO_EMPTY, 2, IMP_EBADMSG, "encoding"},
	{"HEADER_BAD_RVINFO_EMPTY", RVINFO_EMPTY, 2, IMP_EBADMSG, "encoding"},
	{"HEADER_BAD_PUBKEY: nobody can have signed for it", MFG_KEY, 0, IMP_OK, ""}, /* shows when used: next row */
	{"ENTRY_BAD_PREV_HASH", PREV_HASH, 2, IMP_EAUTH, "previous hash"},
	{"ENTRY_BAD_HDR_HASH", HDR_HASH, 2, IMP_EAUTH, "info hash"},
	{"ENTRY_BAD_SIGNATURE", SIGNATURE, 2, IMP_EAUTH, "signature"},
	{"ENTRY_BAD_PUBKEY: of another type than the manufacturer's", ENTRY_KEY_TYPE, 1, IMP_EUNSUP, "owner key"},
	{"entries in another order", SWAPPED, 3, IMP_EAUTH, "previous hash"},
	{"an entry left out", DROPPED, 3, IMP_EAUTH, "previous hash"},
	{"no device certificate chain", NO_CHAIN, 1, IMP_EUNSUP, "no device certificate chain"},
	{"trailing bytes", TRAILING, 1, IMP_EBADMSG, "encoding"},
	{"an entry without its tag 18", UNTAGGED, 1, IMP_EBADMSG, "encoding"},
};

static void check_row(const imp_crypto *c, const struct row *r)
{
	imp_key secret = {IMP_A_HMAC256, 0, 0, imp_bytes(mk.secret, 32)};
	imp_span v = r->tamper == SWAPPED ? swap(c, work, sizeof work) : r->tamper == ENTRY_KEY_TYPE ? make_entry_key(c, work, sizeof work, 1) : make(c, work, sizeof work, r->entries, FDO_ENC_X509, r->tamper);
	const char *why = "";
	fdo_walk end;
	size_t at = 0;
	imp_status st = fdo_voucher_verify(c, v, &secret, &end, &why, &at);
	snprintf(line, sizeof line, "status %d, %s, at byte %zu of %zu", (int)st, why, at, v.len);
	t_check(r->claim, st == r->status && (!r->why || !strcmp(why, r->why)), line);
}

/* A key that is no point: whoever verifies under it says no. */
static void bad_keys(const imp_crypto *c)
{
	imp_span v = make_entry_key(c, work, sizeof work, 0);
	const char *why = "";
	fdo_walk end, was;
	static uint8_t next[400], e[2048];
	imp_wr w = imp_wr_to(e, sizeof e);
	imp_status st;
	memset(&end, 0, sizeof end); /* what a walk leaves unused is compared too */
	st = fdo_voucher_verify(c, v, NULL, &end, &why, NULL);
	t_check("ENTRY_BAD_PUBKEY: a point off the curve is carried", st == IMP_OK, "");
	was = end;
	st = fdo_put_entry(c, &w, &end, &mk.key[2], put_public(next, sizeof next, 2, FDO_ENC_X509), NONE, 0);
	st = st ? st : fdo_walk_next(c, &end, imp_wr_span(&w), &why);
	t_check("and whatever it should have signed is refused", st == IMP_EAUTH && !strcmp(why, "signature"), why);
	t_check("a walk that fails stands where it stood", !memcmp(&was, &end, sizeof was), "");
	v = make(c, work, sizeof work, 1, FDO_ENC_X509, MFG_KEY);
	st = fdo_voucher_verify(c, v, NULL, &end, &why, NULL);
	t_check("HEADER_BAD_PUBKEY: the first entry is refused", st == IMP_EAUTH && !strcmp(why, "signature"), why);
}

/* --- encodings, size ------------------------------------------------------ */

static void encodings(const imp_crypto *c)
{
	static const struct { uint8_t enc; const char *name; } encs[] = {{FDO_ENC_X509, "X509"}, {FDO_ENC_COSEKEY, "COSEKEY"}};
	fdo_pubkey pk;
	fdo_key k, first;
	imp_rd r;
	const char *why = "";
	fdo_walk end;
	for (size_t i = 0; i < 2; i++) {
		imp_span v = make(c, work, sizeof work, 2, encs[i].enc, NOTHING);
		imp_status st = fdo_voucher_verify(c, v, NULL, &end, &why, NULL);
		snprintf(line, sizeof line, "%s with %s: %d %s", encs[i].name, fdo_key_name(&end.owner), (int)st, why);
		t_check("a voucher whose keys are encoded as", st == IMP_OK, line);
	}
	r = imp_rd_of(put_public(buf, sizeof buf, 1, FDO_ENC_X509));
	fdo_pubkey_read(&r, &pk);
	t_check("X509 is read", !imp_rd_end(&r) && !fdo_key_read(&pk, &first), "");
	r = imp_rd_of(put_public(buf, sizeof buf, 1, FDO_ENC_X5CHAIN));
	fdo_pubkey_read(&r, &pk);
	t_check("X5CHAIN yields its leaf's key", !imp_rd_end(&r) && !fdo_key_read(&pk, &k) && fdo_key_same(&k, &first), "");
	r = imp_rd_of(put_public(buf, sizeof buf, 1, FDO_ENC_COSEKEY));
	fdo_pubkey_read(&r, &pk);
	t_check("COSEKEY yields the same", !imp_rd_end(&r) && !fdo_key_read(&pk, &k) && fdo_key_same(&k, &first), "");
	t_check("the public half of a private key", !fdo_public_of(c, &mk.key[1], &k) && fdo_key_same(&k, &first), fdo_key_name(&k));
}

/* A COSE key whose coordinate lost its leading zero, as Go writes it. */
static void short_coordinate(void)
{
	uint8_t item[128], x[32] = {0}, y[32];
	imp_wr w = imp_wr_to(item, sizeof item);
	imp_rd r;
	fdo_pubkey pk;
	fdo_key k;
	memset(x + 1, 0x11, 31);
	memset(y, 0x22, 32);
	imp_cbor_put_array(&w, 3);
	imp_cbor_put_uint(&w, FDO_PK_P256);
	imp_cbor_put_uint(&w, FDO_ENC_COSEKEY);
	imp_cbor_put_map(&w, 4);
	imp_cbor_put_int(&w, 1);
	imp_cbor_put_int(&w, 2);
	imp_cbor_put_int(&w, -1);
	imp_cbor_put_int(&w, 1);
	imp_cbor_put_int(&w, -2);
	imp_cbor_put_bstr(&w, imp_bytes(x + 1, 31));
	imp_cbor_put_int(&w, -3);
	imp_cbor_put_bstr(&w, imp_bytes(y, 32));
	r = imp_rd_of(imp_wr_span(&w));
	fdo_pubkey_read(&r, &pk);
	t_check("a stripped coordinate is padded", !imp_rd_end(&r) && !fdo_key_read(&pk, &k) && k.len == 65 && !memcmp(k.bits + 1, x, 32), "");
}

static void many_entries(const imp_crypto *c)
{
	static uint8_t big[1 << 17];
	const char *why = "";
	fdo_walk end;
	imp_span v = make(c, big, sizeof big, ENTRIES_MAX, FDO_ENC_X509, NOTHING);
	imp_status st = fdo_voucher_verify(c, v, NULL, &end, &why, NULL);
	snprintf(line, sizeof line, "%zu bytes, %u entries, walked with %zu bytes of state", v.len, end.count, sizeof end);
	t_check("64 entries take the memory of one", !st && end.count == ENTRIES_MAX, line);
}

/* A voucher taken apart and joined again is the same. */
static void parts(const imp_crypto *c)
{
	imp_span v = make(c, work, sizeof work, 3, FDO_ENC_X509, NOTHING), rest, e;
	fdo_voucher a;
	fdo_head h;
	static uint8_t head[4096];
	imp_wr hw = imp_wr_to(head, sizeof head), w = imp_wr_to(buf, sizeof buf);
	size_t n = 0;
	if (fdo_read_voucher(v, &a))
		abort();
	fdo_put_head(&hw, a.head.header.raw, a.head.hmac_raw, a.head.chain);
	t_check("a head is read as it was put", !imp_wr_end(&hw) && !fdo_read_head(imp_wr_span(&hw), &h) && imp_same(h.header.raw, a.head.header.raw) && imp_same(h.chain, a.head.chain), "");
	fdo_put_voucher_start(&w, h.header.raw, h.hmac_raw, h.chain, a.count);
	for (rest = a.entries; (e = fdo_voucher_pop(&rest)).len; n++)
		imp_wr_bytes(&w, e);
	t_check("taken apart and joined, it is the same bytes", n == 3 && imp_same(imp_wr_span(&w), v), "");
}

static void extending(const imp_crypto *c)
{
	imp_span v = make(c, work, sizeof work, 1, FDO_ENC_X509, NOTHING);
	static uint8_t next[400], e[2048];
	const char *why;
	fdo_walk end;
	imp_wr w = imp_wr_to(e, sizeof e), tight;
	if (fdo_voucher_verify(c, v, NULL, &end, &why, NULL))
		abort();
	t_check("extending with a key that is not the owner's fails where it is verified",
	        !fdo_put_entry(c, &w, &end, &mk.key[1], put_public(next, sizeof next, 2, FDO_ENC_X509), NONE, 0) && fdo_walk_next(c, &end, imp_wr_span(&w), &why) == IMP_EAUTH, why);
	tight = imp_wr_to(e, 300);
	t_check("too little room is said", fdo_put_entry(c, &tight, &end, &mk.key[2], imp_bytes(next, 99), NONE, 0) < 0 && fdo_put_entry(c, &tight, &end, &mk.key[2], put_public(next, sizeof next, 2, FDO_ENC_X509), NONE, 0) == IMP_ENOSPC, "");
	{
		uint8_t bad[FDO_KEY_BITS];
		imp_wr k = imp_wr_to(bad, sizeof bad);
		fdo_key other = {.alg = IMP_C_P384, .type = FDO_PK_P384, .len = 97, .bits = {4}};
		fdo_put_key(&k, &other, FDO_ENC_X509);
		w = imp_wr_to(e, sizeof e);
		t_check("the next owner's key is of the same type", fdo_put_entry(c, &w, &end, &mk.key[2], imp_wr_span(&k), NONE, 0) == IMP_EARG, "");
	}
}

static void credential(void)
{
	uint8_t bytes[200];
	static const uint8_t rv[] = {0x81, 0x81, 0x81, 0x0e};
	imp_wr w = imp_wr_to(bytes, sizeof bytes);
	fdo_credential in = {1, imp_bytes("lamp", 4), imp_bytes("0123456789abcdef", 16), imp_bytes(rv, 4), {IMP_A_SHA256, imp_bytes("0123456789abcdef0123456789abcdef", 32)}}, out;
	fdo_put_credential(&w, &in);
	t_check("a credential is read as it was put", !fdo_read_credential(imp_wr_span(&w), &out) && out.active && imp_same(out.info, in.info) && imp_same(out.guid, in.guid) && imp_same(out.rvinfo, in.rvinfo) && imp_same(out.key.value, in.key.value), "");
}

static void made(const imp_crypto *c, int32_t curve)
{
	make_keys(c, curve);
	encodings(c);
	parts(c);
	if (curve != IMP_C_P256)
		return;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(c, &rows[i]);
	bad_keys(c);
	extending(c);
	many_entries(c);
}

int main(void)
{
	for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
		check_published(&imp_openssl, &published[i]);
		if (published[i].bearssl)
			check_published(&imp_bearssl, &published[i]);
	}
	rust(&imp_openssl);
	spoil(&imp_openssl, "fdo/ov.cbor", 1);
	spoil(&imp_openssl, "fdo/ov_extended.cbor", 3);
	made(&imp_openssl, IMP_C_P256);
	made(&imp_bearssl, IMP_C_P384);
	short_coordinate();
	credential();
	return t_end();
}
