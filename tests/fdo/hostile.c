/* fdo-hostile.c -- a device among hostile rendezvous servers and owners: one
 * row per thing they may do wrong (FIDO_LISTENER_DEVICE_* and more).  Each
 * gets the protocol's own error, leaves the credential as it was, and does not
 * keep the device from being onboarded afterwards. */
#include "crypto.h"
#include "fdo-kit.h"
#include "rv.h"
#include "t.h"

#include <stdlib.h>

#define NONE imp_bytes(0, 0)
enum { CAP = 16384 };

static struct kit k;
static char said[256];

/* What was done to a message; nothing written: it goes as it is. */
typedef void spoiler(imp_span in, imp_wr *out);

static struct {
	int at;          /* number of the message to be spoilt */
	int sealed;      /* before it is encrypted */
	spoiler *spoil;
	void (*lines)(imp_msg *m);
	int hits;
	fdo_tunnel tunnel;
	uint16_t error;  /* of the 255 that the device sent; previous */
	uint8_t previous;
	char why[128];
} evil;

static uint8_t spoilt[CAP];

/* --- ways to spoil --------------------------------------------------------- */

static void flip_last(imp_span in, imp_wr *out)
{
	imp_wr_bytes(out, imp_bytes(in.ptr, in.len - 1));
	imp_wr_u8(out, in.ptr[in.len - 1] ^ 1);
}

static void cut_last(imp_span in, imp_wr *out)
{
	imp_wr_bytes(out, imp_bytes(in.ptr, in.len - 1));
}

static void append(imp_span in, imp_wr *out)
{
	imp_wr_bytes(out, in);
	imp_wr_u8(out, 0);
}

static void not_cbor(imp_span in, imp_wr *out)
{
	(void)in;
	imp_wr_text(out, "\xff\xff\xff");
}

static void other_shape(imp_span in, imp_wr *out)
{
	(void)in;
	imp_cbor_put_array(out, 1);
	imp_cbor_put_text(out, "what?");
}

static void deep(imp_span in, imp_wr *out)
{
	(void)in;
	for (int i = 0; i < 4000; i++)
		imp_cbor_put_array(out, 1);
	imp_cbor_put_null(out);
}

static void peer_error(imp_span in, imp_wr *out)
{
	(void)in;
	fdo_put_error(out, 500, 60, "no");
}

static void rude_error(imp_span in, imp_wr *out)
{
	(void)in;
	fdo_put_error(out, 500, 255, "\x1b[2J\n\xc3\xa4 0123456789 0123456789 0123456789 0123456789 0123456789 012345678\xc3\xa9\xc3\xa8 123456789 123456789");
}

static imp_key signer(enum kit_who who)
{
	return kit_priv(kit_key(k.owner_kind, who));
}

static void sign(imp_wr *out, enum kit_who who, imp_span head, imp_span payload)
{
	imp_key priv = signer(who);
	if (imp_cose_sign1(k.c, out, fdo_key_sig(&kit_key(k.owner_kind, who)->pub), &priv, head, payload, NONE))
		abort();
}

/* The same object around another payload, rightly signed. */
static void resign(imp_span in, imp_wr *out, imp_span payload)
{
	imp_rd r = imp_rd_of(in);
	imp_cose m;
	imp_cose_read(&r, IMP_COSE_SIGN1, &m);
	sign(out, KIT_OWNER, m.unprotected, payload);
}

static void payload_garbage(imp_span in, imp_wr *out)
{
	resign(in, out, imp_bytes("\x83\x01\x02", 3));
}

static void payload_cut(imp_span in, imp_wr *out)
{
	imp_rd r = imp_rd_of(in);
	imp_cose m;
	imp_cose_read(&r, IMP_COSE_SIGN1, &m);
	resign(in, out, imp_bytes(m.payload.ptr, m.payload.len - 1));
}

/* 61, taken apart, changed by `how`, and signed again. */
enum ov_how { OV_NONCE, OV_HELLO, OV_SIG, OV_GUID, OV_HMAC, OV_FEWER, OV_MORE, OV_XA, OV_XA_LONG, OV_STRANGER, OV_MFG, OV_VERSION, OV_RVINFO };

static void ovhdr(imp_span in, imp_wr *out, enum ov_how how)
{
	static uint8_t copy[CAP], payload[CAP], head[4096], header[4096], mac[64];
	imp_wr p = imp_wr_to(payload, sizeof payload), h = imp_wr_to(head, sizeof head), hd = imp_wr_to(header, sizeof header), mw = imp_wr_to(mac, sizeof mac);
	fdo_prove_ovhdr m;
	fdo_ovheader o;
	imp_cose cose;
	imp_rd r;
	memcpy(copy, in.ptr, in.len); /* to be scribbled on */
	if (fdo_read_prove_ovhdr(imp_bytes(copy, in.len), &cose, &m) || fdo_read_ovheader(m.ovheader, &o))
		abort();
	switch (how) {
	case OV_NONCE: copy[m.nonce_ov.ptr - copy] ^= 1; break;
	case OV_HELLO: copy[m.hello.value.ptr - copy] ^= 1; break;
	case OV_SIG: m.sig.type = IMP_A_ES384; break;
	case OV_GUID: copy[o.guid.ptr - copy] ^= 1; break;
	case OV_HMAC: copy[m.hmac.value.ptr - copy] ^= 1; break;
	case OV_FEWER: m.entries = 0; break;
	case OV_MORE: m.entries++; break;
	case OV_XA: copy[m.xa.ptr - copy + 40] ^= 1; break;
	case OV_XA_LONG: m.xa = imp_bytes(copy, 500); break;
	case OV_VERSION: copy[m.ovheader.ptr - copy + 2] = 102; break;
	case OV_STRANGER:
		r = imp_rd_of(kit_public(kit_key(k.owner_kind, KIT_STRANGER), FDO_ENC_X509));
		fdo_pubkey_read(&r, &m.owner);
		break;
	case OV_MFG: /* a whole voucher of the stranger's, but for the HMac */
		r = imp_rd_of(kit_public(kit_key(k.owner_kind, KIT_STRANGER), FDO_ENC_X509));
		fdo_pubkey_read(&r, &o.key);
		fdo_put_ovheader(&hd, &o);
		m.ovheader = imp_wr_span(&hd);
		m.owner = o.key;
		m.entries = 0;
		break;
	case OV_RVINFO:
		o.rvinfo = imp_bytes("\x80", 1);
		fdo_put_ovheader(&hd, &o);
		m.ovheader = imp_wr_span(&hd);
		break;
	}
	fdo_put_hash(&mw, &m.hmac);
	m.hmac_raw = imp_wr_span(&mw);
	fdo_put_prove_ovhdr_payload(&p, &m);
	fdo_put_prove_ovhdr_header(&h, &m);
	sign(out, how == OV_STRANGER || how == OV_MFG ? KIT_STRANGER : KIT_OWNER, imp_wr_span(&h), imp_wr_span(&p));
}

static void ov_nonce(imp_span in, imp_wr *out) { ovhdr(in, out, OV_NONCE); }
static void ov_hello(imp_span in, imp_wr *out) { ovhdr(in, out, OV_HELLO); }
static void ov_sig(imp_span in, imp_wr *out) { ovhdr(in, out, OV_SIG); }
static void ov_guid(imp_span in, imp_wr *out) { ovhdr(in, out, OV_GUID); }
static void ov_hmac(imp_span in, imp_wr *out) { ovhdr(in, out, OV_HMAC); }
static void ov_fewer(imp_span in, imp_wr *out) { ovhdr(in, out, OV_FEWER); }
static void ov_more(imp_span in, imp_wr *out) { ovhdr(in, out, OV_MORE); }
static void ov_xa(imp_span in, imp_wr *out) { ovhdr(in, out, OV_XA); }
static void ov_xa_long(imp_span in, imp_wr *out) { ovhdr(in, out, OV_XA_LONG); }
static void ov_stranger(imp_span in, imp_wr *out) { ovhdr(in, out, OV_STRANGER); }
static void ov_mfg(imp_span in, imp_wr *out) { ovhdr(in, out, OV_MFG); }
static void ov_version(imp_span in, imp_wr *out) { ovhdr(in, out, OV_VERSION); }
static void ov_rvinfo(imp_span in, imp_wr *out) { ovhdr(in, out, OV_RVINFO); }

/* 61 without its unprotected header. */
static void no_header(imp_span in, imp_wr *out)
{
	imp_rd r = imp_rd_of(in);
	imp_cose m;
	imp_cose_read(&r, IMP_COSE_SIGN1, &m);
	sign(out, KIT_OWNER, NONE, m.payload);
}

/* --- 63 --- */

static void entry_number(imp_span in, imp_wr *out)
{
	imp_span entry;
	uint8_t n;
	if (fdo_read_next_entry(in, &n, &entry))
		abort();
	fdo_put_next_entry(out, n + 1, entry);
}

static void entry_signature(imp_span in, imp_wr *out)
{
	flip_last(in, out);
}

static void entry_payload(imp_span in, imp_wr *out)
{
	static uint8_t e[1024];
	imp_wr w = imp_wr_to(e, sizeof e);
	(void)in;
	sign(&w, KIT_MAKER, NONE, imp_bytes("\x80", 1));
	fdo_put_next_entry(out, 0, imp_wr_span(&w));
}

/* Rightly linked, but signed by somebody else. */
static void entry_stranger(imp_span in, imp_wr *out)
{
	static uint8_t e[2048];
	imp_wr w = imp_wr_to(e, sizeof e);
	imp_span entry;
	fdo_entry old;
	uint8_t n;
	if (fdo_read_next_entry(in, &n, &entry) || fdo_read_entry(entry, &old))
		abort();
	sign(&w, KIT_STRANGER, NONE, old.cose.payload);
	fdo_put_next_entry(out, n, imp_wr_span(&w));
}

/* --- 31, 33 --- */

static void ack_sig(imp_span in, imp_wr *out)
{
	fdo_hello_rv_ack m;
	if (fdo_read_hello_rv_ack(in, &m))
		abort();
	m.sig.type = IMP_A_PS256;
	fdo_put_hello_rv_ack(out, &m);
}

static void to1d_stranger(imp_span in, imp_wr *out)
{
	imp_rd r = imp_rd_of(in);
	imp_cose m;
	imp_cose_read(&r, IMP_COSE_SIGN1, &m);
	sign(out, KIT_STRANGER, NONE, m.payload);
}

static void to1d_nowhere(imp_span in, imp_wr *out)
{
	uint8_t p[128];
	imp_wr w = imp_wr_to(p, sizeof p);
	imp_rd r = imp_rd_of(in);
	fdo_to1d to;
	imp_cose m;
	imp_cose_read(&r, IMP_COSE_SIGN1, &m);
	if (fdo_read_to1d(m.payload, &to))
		abort();
	to.addrs = imp_bytes("\x81\x84\xf6\xf6\x19\x1f\x90\x03", 8); /* neither name nor address */
	fdo_put_to1d(&w, to.addrs, &to.to0d);
	resign(in, out, imp_wr_span(&w));
}

/* --- 65, 71 --- */

enum setup_how { SETUP_NONCE, SETUP_STRANGER, SETUP_RVINFO, SETUP_KEY, SETUP_REUSE };

static void setup(imp_span in, imp_wr *out, enum setup_how how)
{
	static uint8_t copy[CAP], payload[CAP];
	imp_wr p = imp_wr_to(payload, sizeof payload);
	const struct fact *f;
	fdo_setup_device m;
	fdo_credential c;
	imp_cose cose;
	memcpy(copy, in.ptr, in.len);
	if (fdo_read_setup_device(imp_bytes(copy, in.len), &cose, &m))
		abort();
	if (how == SETUP_NONCE)
		copy[m.nonce.ptr - copy] ^= 1;
	if (how == SETUP_RVINFO)
		m.rvinfo = imp_bytes("\x81\x81\x82\x03\x43\x19\x1f", 7); /* a port of three bytes that are one */
	if (how == SETUP_KEY)
		copy[m.owner2.body.ptr - copy + 12] ^= 0xff;
	f = fact_get(k.device, IMP_T_VOUCHER, "fdo.credential", 0);
	if (how == SETUP_REUSE && f && !fdo_read_credential(imp_bytes(f->data, f->len), &c)) {
		m.guid = c.guid;
		m.rvinfo = c.rvinfo;
	}
	fdo_put_setup_device_payload(&p, &m);
	sign(out, how == SETUP_STRANGER ? KIT_STRANGER : KIT_OWNER, NONE, imp_wr_span(&p));
}

static void setup_nonce(imp_span in, imp_wr *out) { setup(in, out, SETUP_NONCE); }
static void setup_stranger(imp_span in, imp_wr *out) { setup(in, out, SETUP_STRANGER); }
static void setup_rvinfo(imp_span in, imp_wr *out) { setup(in, out, SETUP_RVINFO); }
static void setup_key(imp_span in, imp_wr *out) { setup(in, out, SETUP_KEY); }
static void setup_reuse(imp_span in, imp_wr *out) { setup(in, out, SETUP_REUSE); }

static void done_nonce(imp_span in, imp_wr *out)
{
	flip_last(in, out);
}

/* --- 69 --- */

static void pairs(imp_wr *out, int done, const char *const (*kv)[3], size_t n)
{
	imp_cbor_put_array(out, 3);
	imp_cbor_put_bool(out, 0);
	imp_cbor_put_bool(out, done);
	imp_cbor_put_array(out, n);
	for (size_t i = 0; i < n; i++) {
		imp_cbor_put_array(out, 2);
		imp_cbor_put_text(out, kv[i][0]);
		imp_cbor_put_bstr(out, imp_bytes(kv[i][1], strlen(kv[i][1]) + (kv[i][2] ? 1u : 0u)));
	}
}

static void info_type(imp_span in, imp_wr *out) /* active: an integer */
{
	static const char *const kv[][3] = {{"fdo.download:active", "\x01", NULL}};
	(void)in;
	pairs(out, 0, kv, 1);
}

static void info_two_jobs(imp_span in, imp_wr *out)
{
	static const char *const kv[][3] = {{"fdo.command:active", "\xf5", NULL}, {"fdo.command:command", "\x61s", NULL}, {"fdo.command:execute", "\xf6", NULL},
	                                    {"fdo.command:command", "\x61t", NULL}, {"fdo.command:execute", "\xf6", NULL}};
	(void)in;
	pairs(out, 0, kv, 5);
}

static void info_nameless(imp_span in, imp_wr *out)
{
	static const char *const kv[][3] = {{"fdo.download:active", "\xf5", NULL}, {"fdo.download:data", "\x41x", NULL}};
	(void)in;
	pairs(out, 0, kv, 2);
}

static void info_unknown(imp_span in, imp_wr *out)
{
	static const char *const kv[][3] = {{"fdo.download:active", "\xf5", NULL}, {"fdo.download:burn", "\xf5", NULL}};
	(void)in;
	pairs(out, 0, kv, 2);
}

static void info_flood(imp_span in, imp_wr *out)
{
	static const char *kv[64][3];
	(void)in;
	kv[0][0] = "fdo.download:active", kv[0][1] = "\xf5";
	kv[1][0] = "fdo.download:name", kv[1][1] = "\x61n";
	for (int i = 2; i < 64; i++)
		kv[i][0] = "fdo.download:data", kv[i][1] = "\x41x";
	pairs(out, 0, (const char *const (*)[3])kv, 64);
}

static void info_args(imp_span in, imp_wr *out) /* not an array */
{
	static const char *const kv[][3] = {{"fdo.command:active", "\xf5", NULL}, {"fdo.command:args", "\x41\x01", NULL}};
	(void)in;
	pairs(out, 0, kv, 2);
}

static void info_long_name(imp_span in, imp_wr *out)
{
	static char name[204] = "\x78\xc8";
	static const char *const kv[][3] = {{"fdo.download:active", "\xf5", NULL}, {"fdo.download:name", name, NULL}};
	(void)in;
	memset(name + 2, 'n', 200);
	pairs(out, 0, kv, 2);
}

static void info_control(imp_span in, imp_wr *out)
{
	static const char *const kv[][3] = {{"fdo.download:active", "\xf5", NULL}, {"fdo.download:name", "\x63" "a\nb", NULL}};
	(void)in;
	pairs(out, 0, kv, 2);
}

static void info_prefix(imp_span in, imp_wr *out)
{
	static const char *const kv[][3] = {{"fdo.download:active", "\xf5", NULL}, {"fdo.download:name", "\x62" "a/", NULL}, {"fdo.download:length", "\x01", NULL}, {"fdo.download:data", "\x42xy", NULL}};
	(void)in;
	pairs(out, 0, kv, 4);
}

static void half_file(imp_wr *out, int done, const char *key, const char *value)
{
	const char *const kv[][3] = {{"fdo.download:active", "\xf5", NULL}, {"fdo.command:active", "\xf5", NULL}, {"fdo.download:name", "\x61" "a", NULL}, {"fdo.download:length", "\x02", NULL},
	                             {"fdo.download:data", "\x41x", NULL}, {key, value, NULL}};
	pairs(out, done, kv, key ? 6 : 5);
}

static void info_half(imp_span in, imp_wr *out)
{
	(void)in;
	half_file(out, 0, "fdo.download:name", "\x61" "b");
}

static void info_half_command(imp_span in, imp_wr *out)
{
	(void)in;
	half_file(out, 0, "fdo.command:command", "\x61" "b");
}

static void info_half_done(imp_span in, imp_wr *out)
{
	(void)in;
	half_file(out, 1, NULL, NULL);
}

/* --- lines ----------------------------------------------------------------- */

static char lines_buf[1024];

static void no_token(imp_msg *m)
{
	size_t n = 0;
	for (size_t at = 0; at < m->name.len;) {
		size_t end = at;
		while (end < m->name.len && m->name.ptr[end] != '\n')
			end++;
		if (end - at < 13 || memcmp(m->name.ptr + at, "authorization", 13) != 0) {
			memcpy(lines_buf + n, m->name.ptr + at, end - at);
			n += end - at;
			lines_buf[n++] = '\n';
		}
		at = end + 1;
	}
	m->name = imp_bytes(lines_buf, n);
}

static void long_token(imp_msg *m)
{
	int n = snprintf(lines_buf, sizeof lines_buf, "message-type: 61\nauthorization: Bearer ");
	memset(lines_buf + n, 'x', 400);
	m->name = imp_bytes(lines_buf, (size_t)n + 400);
}

static void say_71(imp_msg *m)
{
	m->name = imp_bytes(lines_buf, (size_t)snprintf(lines_buf, sizeof lines_buf, "message-type: 71\nauthorization: x"));
}

static void say_nothing(imp_msg *m)
{
	m->name = NONE;
}

static void say_255(imp_msg *m)
{
	m->code = 500;
	m->name = imp_bytes(lines_buf, (size_t)snprintf(lines_buf, sizeof lines_buf, "message-type: 255"));
}

static void http_500(imp_msg *m)
{
	m->code = 500;
}

static void in_pieces(imp_msg *m)
{
	m->flags |= IMP_MORE;
}

/* --- the rows ---------------------------------------------------------------- */

static const struct row {
	const char *claim;
	int at, sealed;
	spoiler *spoil;
	void (*lines)(imp_msg *m);
	imp_status status;
	uint16_t error; /* in our 255, and in DONE.topic; 0: we sent none */
	const char *why;
} rows[] = {
	{"30_BAD_ENCODING: 31 is not CBOR", 31, 0, not_cbor, 0, IMP_EBADMSG, 100, "encoding"},
	{"30_BAD_ENCODING: 31 of another shape", 31, 0, other_shape, 0, IMP_EBADMSG, 100, "encoding"},
	{"31 with a byte too many", 31, 0, append, 0, IMP_EBADMSG, 100, "encoding"},
	{"31 nested 4000 deep", 31, 0, deep, 0, IMP_EBADMSG, 100, "encoding"},
	{"31 with another eBSigInfo", 31, 0, ack_sig, 0, IMP_EPROTO, 101, "eBSigInfo"},
	{"31 without a token", 31, 0, 0, no_token, IMP_EPROTO, 1, "token"},
	{"32_BAD_ENCODING: 33 is not CBOR", 33, 0, not_cbor, 0, IMP_EBADMSG, 100, "to1d"},
	{"32_BAD_TO1D: its payload is none", 33, 0, payload_garbage, 0, IMP_EBADMSG, 100, "to1d"},
	{"32_BAD_TO1D: a byte too many", 33, 0, append, 0, IMP_EBADMSG, 100, "to1d"},
	{"32_BAD_TO1D: a byte short", 33, 0, cut_last, 0, IMP_EBADMSG, 100, "to1d"},
	{"32_BAD_TO1D: no address in it", 33, 0, to1d_nowhere, 0, IMP_EBADMSG, 100, "to1d"},
	{"32_BAD_TO1D: signed by a stranger", 33, 0, to1d_stranger, 0, IMP_EAUTH, 101, "to1d signature"},
	{"32_BAD_TO1D: a bit of its signature", 33, 0, flip_last, 0, IMP_EAUTH, 101, "to1d signature"},
	{"60_BAD_HELLOACK_ENCODING: 61 is not CBOR", 61, 0, not_cbor, 0, IMP_EBADMSG, 100, "encoding"},
	{"60_BAD_HELLOACK_ENCODING: a byte short", 61, 0, cut_last, 0, IMP_EBADMSG, 100, "encoding"},
	{"60_BAD_HELLOACK_PAYLOAD_ENCODING", 61, 0, payload_garbage, 0, IMP_EBADMSG, 100, "encoding"},
	{"60_BAD_HELLOACK_PAYLOAD_ENCODING: a byte short", 61, 0, payload_cut, 0, IMP_EBADMSG, 100, "encoding"},
	{"61 without its unprotected header", 61, 0, no_header, 0, IMP_EBADMSG, 100, "encoding"},
	{"60_BAD_COSE_SIGNATURE", 61, 0, flip_last, 0, IMP_EAUTH, 101, "signature"},
	{"60_BAD_NONCE_TO2PROVEOV", 61, 0, ov_nonce, 0, IMP_EAUTH, 101, "NonceTO2ProveOV"},
	{"60_BAD_HELLODEVICEHASH", 61, 0, ov_hello, 0, IMP_EAUTH, 101, "helloDeviceHash"},
	{"60_BAD_EBSIGNINFO", 61, 0, ov_sig, 0, IMP_EAUTH, 101, "eBSigInfo"},
	{"60_BAD_OVHDR_OVHEADER: another GUID", 61, 0, ov_guid, 0, IMP_EAUTH, 101, "header HMac"},
	{"60_BAD_OVHDR_OVHEADER: another HMac", 61, 0, ov_hmac, 0, IMP_EAUTH, 101, "header HMac"},
	{"60_BAD_OVHDR_OVHEADER: another manufacturer", 61, 0, ov_mfg, 0, IMP_EAUTH, 101, "header HMac"},
	{"60_BAD_OVHDR_OVHEADER: version 102", 61, 0, ov_version, 0, IMP_EBADMSG, 100, "encoding"},
	{"60_BAD_OVHDR_OVHEADER: no RendezvousInfo", 61, 0, ov_rvinfo, 0, IMP_EBADMSG, 100, "encoding"},
	{"61 by a stranger with a key of his own", 61, 0, ov_stranger, 0, IMP_EAUTH, 101, "last entry's key"},
	{"61 that leaves out the entries", 61, 0, ov_fewer, 0, IMP_EAUTH, 101, "last entry's key"},
	{"61 that promises an entry too many", 61, 0, ov_more, 0, IMP_EPEER, 0, "62: not expected now"},
	{"61 whose xA is off the curve", 61, 0, ov_xa, 0, IMP_EBADMSG, 100, "key exchange"},
	{"61 whose xA is of another exchange", 61, 0, ov_xa_long, 0, IMP_EAUTH, 101, "key exchange"},
	{"60_MISSING_AUTHZ_HEADER", 61, 0, 0, no_token, IMP_EPROTO, 1, "token"},
	{"a token that nobody can keep", 61, 0, 0, long_token, IMP_EPROTO, 1, "token"},
	{"71 instead of 61", 61, 0, 0, say_71, IMP_EPROTO, 100, "unexpected"},
	{"61 that does not say what it is", 61, 0, 0, say_nothing, IMP_EPROTO, 100, "unexpected"},
	{"61 with HTTP status 500", 61, 0, 0, http_500, IMP_EPROTO, 100, "unexpected"},
	{"61 that is larger than memory", 61, 0, 0, in_pieces, IMP_EUNSUP, 100, "too large"},
	{"255 instead of 61", 61, 0, peer_error, say_255, IMP_EPEER, 0, "60: no"},
	{"255 with a long text for a terminal", 61, 0, rude_error, say_255, IMP_EPEER, 0,
	 "255: ?[2J??? 0123456789 0123456789 0123456789 0123456789 0123456789 012345678???? 123456789 123"},
	{"255 that is none", 61, 0, not_cbor, say_255, IMP_EPEER, 0, "0: "},
	{"62_BAD_OVENTRYNUM", 63, 0, entry_number, 0, IMP_EPROTO, 101, "OVEntryNum"},
	{"62_BAD_OVENTRY_COSE_SIGNATURE", 63, 0, entry_signature, 0, IMP_EAUTH, 101, "signature"},
	{"62_BAD_OVENTRY_COSE_SIGNATURE: a stranger's", 63, 0, entry_stranger, 0, IMP_EAUTH, 101, "signature"},
	{"62_BAD_OVNEXTENTRY_PAYLOAD", 63, 0, entry_payload, 0, IMP_EBADMSG, 100, "encoding"},
	{"63 is not CBOR", 63, 0, not_cbor, 0, IMP_EBADMSG, 100, "encoding"},
	{"255 instead of 63", 63, 0, peer_error, say_255, IMP_EPEER, 0, "60: no"},
	{"64_BAD_ENC_WRAPPING: a bit of 65's tag", 65, 0, flip_last, 0, IMP_EAUTH, 101, "encryption"},
	{"64_BAD_ENC_WRAPPING: 65 is not COSE", 65, 0, other_shape, 0, IMP_EBADMSG, 100, "encryption"},
	{"64_BAD_SETUPDEVICE_BYTES: not CBOR", 65, 1, not_cbor, 0, IMP_EBADMSG, 100, "encoding"},
	{"64_BAD_SETUPDEVICE_ENCODING: not COSE", 65, 1, other_shape, 0, IMP_EBADMSG, 100, "encoding"},
	{"64_BAD_SETUPDEVICE_PAYLOAD", 65, 1, payload_garbage, 0, IMP_EBADMSG, 100, "encoding"},
	{"64_BAD_SETUPDEVICE_COSE_SIGNATURE", 65, 1, flip_last, 0, IMP_EAUTH, 101, "Owner2's signature"},
	{"64_BAD_SETUPDEVICE_COSE_SIGNATURE: a stranger's", 65, 1, setup_stranger, 0, IMP_EAUTH, 101, "Owner2's signature"},
	{"64_BAD_NONCE_TO2SETUPDV", 65, 1, setup_nonce, 0, IMP_EAUTH, 101, "NonceTO2SetupDv"},
	{"65 whose RendezvousInfo is bad inside", 65, 1, setup_rvinfo, 0, IMP_EBADMSG, 100, "encoding"},
	{"65 whose Owner2 key is bad inside", 65, 1, setup_key, 0, IMP_EUNSUP, 101, "Owner2 key"},
	{"65 that reuses the credential, which this device does not", 65, 1, setup_reuse, 0, IMP_EDENIED, 102, "credential reuse"},
	{"255 instead of 65", 65, 0, peer_error, say_255, IMP_EPEER, 0, "60: no"},
	{"66_BAD_ENCODING: 67 is not CBOR", 67, 1, not_cbor, 0, IMP_EBADMSG, 100, "encoding"},
	{"66_BAD_ENCODING: 67 of another shape", 67, 1, other_shape, 0, IMP_EBADMSG, 100, "encoding"},
	{"66_BAD_ENC_WRAPPING", 67, 0, flip_last, 0, IMP_EAUTH, 101, "encryption"},
	{"68_BAD_ENCODING: 69 is not CBOR", 69, 1, not_cbor, 0, IMP_EBADMSG, 100, "encoding"},
	{"68_BAD_ENCODING: 69 of another shape", 69, 1, other_shape, 0, IMP_EBADMSG, 100, "encoding"},
	{"68_BAD_ENC_WRAPPING", 69, 0, flip_last, 0, IMP_EAUTH, 101, "encryption"},
	{"69 with a value of another type", 69, 1, info_type, 0, IMP_EBADMSG, 100, "service info"},
	{"69 with arguments that are no list", 69, 1, info_args, 0, IMP_EBADMSG, 100, "service info"},
	{"69 with two commands", 69, 1, info_two_jobs, 0, IMP_EPROTO, 101, "service info"},
	{"69 with data of no file", 69, 1, info_nameless, 0, IMP_EPROTO, 101, "service info"},
	{"69 with a message that a module does not have", 69, 1, info_unknown, 0, IMP_EUNSUP, 101, "service info"},
	{"69 with 62 tiny pieces", 69, 1, info_flood, 0, IMP_EPROTO, 101, "service info"},
	{"69 with a control character in a name", 69, 1, info_control, 0, IMP_EPROTO, 101, "service info"},
	{"69 with the name of all below it", 69, 1, info_prefix, 0, IMP_EPROTO, 101, "service info"},
	{"69 that names a file when half of another has come", 69, 1, info_half, 0, IMP_EPROTO, 101, "service info"},
	{"69 that names a command when half a file has come", 69, 1, info_half_command, 0, IMP_EPROTO, 101, "service info"},
	{"69 that is done when half a file has come", 69, 1, info_half_done, 0, IMP_EPROTO, 101, "service info"},
	{"69 with a name of 200 bytes", 69, 1, info_long_name, 0, IMP_EUNSUP, 101, "service info"},
	{"70_BAD_DONE71_ENCODING: 71 is not CBOR", 71, 1, not_cbor, 0, IMP_EBADMSG, 100, "encoding"},
	{"70_BAD_DONE71_ENCODING: 71 of another shape", 71, 1, other_shape, 0, IMP_EBADMSG, 100, "encoding"},
	{"70_BAD_ENC_WRAPPING", 71, 0, flip_last, 0, IMP_EAUTH, 101, "encryption"},
	{"70_BAD_NONCE_TO2SETUPDV64", 71, 1, done_nonce, 0, IMP_EAUTH, 101, "NonceTO2SetupDv"},
	{"255 instead of 71", 71, 0, peer_error, say_255, IMP_EPEER, 0, "60: no"},
};

/* --- the hostile ------------------------------------------------------------- */

static imp_span spoil_sealed(imp_span in)
{
	static uint8_t plain[CAP], changed[CAP];
	size_t len = sizeof plain;
	imp_wr w = imp_wr_to(changed, sizeof changed), out = imp_wr_to(spoilt, sizeof spoilt);
	if (fdo_tunnel_open(kit_crypto, &evil.tunnel, in, plain, &len))
		abort();
	evil.spoil(imp_bytes(plain, len), &w);
	if (imp_wr_end(&w) || fdo_tunnel_seal(kit_crypto, &evil.tunnel, imp_wr_span(&w), &out))
		abort();
	return imp_wr_span(&out);
}

static int fault(struct world *w, struct crossing *x)
{
	imp_wr out = imp_wr_to(spoilt, sizeof spoilt);
	fdo_err e;
	(void)w;
	if (x->type == FDO_ERROR && !x->reply && !fdo_read_error(x->m->data, &e)) {
		evil.error = e.code;
		evil.previous = e.previous;
	}
	if (!x->reply || x->type != evil.at)
		return PASS;
	evil.hits++;
	if (evil.lines)
		evil.lines(x->m);
	if (evil.sealed) {
		x->m->data = spoil_sealed(x->m->data);
	} else if (evil.spoil) {
		evil.spoil(x->m->data, &out);
		x->m->data = imp_wr_span(&out);
	}
	return PASS;
}

/* The owner's tunnel, overheard where it is used. */
static imp_status overheard_seal(const imp_crypto *c, int32_t alg, const imp_key *key, imp_span nonce, const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	(void)c;
	evil.tunnel.cipher = alg;
	evil.tunnel.side = 1;
	evil.tunnel.sent = 1000;
	memcpy(evil.tunnel.key, key->bits.ptr, key->bits.len);
	return kit_crypto->seal(kit_crypto, alg, key, nonce, aad, naad, in, out, len);
}

static void sees(struct party *p, struct sess *s, const imp_msg *m)
{
	(void)p;
	(void)s;
	if (m->verb == IMP_DONE)
		snprintf(evil.why, sizeof evil.why, "%.*s", (int)m->data.len, (const char *)m->data.ptr);
}

static void config_no_reuse(void)
{
	uint8_t raw[64];
	imp_wr w = imp_wr_to(raw, sizeof raw);
	imp_cbor_put_map(&w, 1);
	imp_cbor_put_text(&w, "reuse");
	imp_cbor_put_bool(&w, 0);
	fact_set(k.device, IMP_T_CONFIG, "fdo.device", 0, imp_wr_span(&w));
}

static void check_row(const struct row *r)
{
	static imp_crypto hostile;
	uint64_t before;
	imp_status st, again;
	int whole;
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	hostile = *kit_crypto;
	hostile.seal = overheard_seal;
	k.device->sees = sees;
	config_no_reuse();
	if (!kit_di(&k) || !kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER) || kit_to0(&k, k.owner) != IMP_LATER) {
		t_check(r->claim, 0, "the factory failed");
		return;
	}
	memset(&evil, 0, sizeof evil);
	evil.at = r->at;
	evil.sealed = r->sealed;
	evil.spoil = r->spoil;
	evil.lines = r->lines;
	k.w.fault = fault;
	k.owner->crypto = &hostile;
	before = kit_print(&k);
	st = kit_onboard(&k);
	whole = before == kit_print(&k) && !fact_get(k.device, IMP_T_SERVER, "fdo.to1d", 0);
	snprintf(said, sizeof said, "status %d, topic %u, 255 with %u after %u, \"%s\", spoilt %d%s", (int)st, k.device->last_topic, evil.error, evil.previous, evil.why, evil.hits, whole ? "" : ", credential changed");
	t_check(r->claim, st == r->status && evil.error == r->error && (!r->error || (k.device->last_topic == r->error && (evil.previous == r->at || evil.previous == 63)))
	        && !strcmp(evil.why, r->why) && evil.hits >= 1 && whole, said);
	k.w.fault = NULL;
	k.owner->crypto = kit_crypto;
	again = kit_onboard(&k);
	if (again != IMP_OK || kit_print(&k) == before)
		t_check("and the device can be onboarded afterwards", 0, r->claim);
	kit_end(&k);
}

/* --- a to1d of a thousand owners, none of whom is there ------------------------ */

static void to1d_many(imp_span in, imp_wr *out)
{
	static uint8_t addrs[CAP], payload[CAP];
	imp_wr a = imp_wr_to(addrs, sizeof addrs), p = imp_wr_to(payload, sizeof payload);
	imp_rd r = imp_rd_of(in);
	fdo_to1d to;
	imp_cose m;
	imp_cose_read(&r, IMP_COSE_SIGN1, &m);
	if (fdo_read_to1d(m.payload, &to))
		abort();
	imp_cbor_put_array(&a, 1000);
	for (int i = 0; i < 1000; i++)
		imp_wr_text(&a, "\x84\xf6\x61x\x01\x03");
	to.addrs = imp_wr_span(&a);
	fdo_put_to1d(&p, to.addrs, &to.to0d);
	resign(in, out, imp_wr_span(&p));
}

static int only_first(struct world *w, struct crossing *x)
{
	return x->reply && x->type == 33 && evil.hits ? PASS : fault(w, x);
}

static void check_flood(void)
{
	static const struct kit_rv two[] = {{FDO_RV_DNS, "rv", -1}, {-1, NULL, -1}, {FDO_RV_DNS, "rv", -1}, {-1, NULL, -1}};
	uint8_t rv[64];
	imp_status st;
	int feeds;
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	fact_set(k.maker, IMP_T_CONFIG, "fdo.rvinfo", 0, imp_bytes(rv, kit_rvinfo(rv, sizeof rv, two, 2)));
	k.device->params.max_msg = CAP;
	if (!kit_ready(&k))
		t_check("the factory", 0, k.maker->last_where);
	memset(&evil, 0, sizeof evil);
	evil.at = 33;
	evil.spoil = to1d_many;
	k.w.fault = only_first;
	feeds = k.w.feeds;
	st = kit_onboard(&k);
	feeds = k.w.feeds - feeds;
	snprintf(said, sizeof said, "status %d, %d messages, spoilt %d", (int)st, feeds, evil.hits);
	t_check("a to1d of 1000 owners who are not there: a few are tried, then the next rendezvous", st == IMP_OK && evil.hits == 1 && feeds < 400, said);
	kit_end(&k);
}

/* --- a secret of no bytes: anybody could make the header's HMac ------------------- */

static void check_secret(void)
{
	uint8_t flat[IMP_KEY_HEAD];
	imp_key none = {IMP_A_HMAC256, IMP_KEY_PRIVATE, 0, {NULL, 0}};
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	imp_key_head(&none, flat);
	t_check("the factory", kit_ready(&k), k.maker->last_where);
	fact_set(k.device, IMP_T_KEY, "fdo.hmac", 0, imp_bytes(flat, sizeof flat));
	t_check("an HMAC secret of no bytes is none", kit_onboard(&k) == IMP_EFACT, "");
	kit_end(&k);
}

/* --- a maker whose voucher TO2 could never take -------------------------------- */

static void long_info(imp_span in, imp_wr *out)
{
	static uint8_t text[129], header[1024];
	imp_wr w = imp_wr_to(header, sizeof header);
	imp_span raw;
	fdo_ovheader h;
	if (fdo_read_set_credentials(in, &raw) || fdo_read_ovheader(raw, &h))
		abort();
	memset(text, 'x', sizeof text);
	h.info = imp_bytes(text, sizeof text);
	fdo_put_ovheader(&w, &h);
	fdo_put_set_credentials(out, imp_wr_span(&w));
}

static void check_di(void)
{
	char guid[33];
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	memset(&evil, 0, sizeof evil);
	evil.at = 11;
	evil.spoil = long_info;
	k.w.fault = fault;
	kit_di(&k);
	t_check("a device info that is too long for TO2 makes no credential", evil.hits == 1 && k.last < 0 && !kit_credential(&k, guid), "");
	k.w.fault = NULL;
	t_check("and the device can be initialized afterwards", kit_di(&k), k.maker->last_where);
	kit_end(&k);
}

int main(void)
{
	kit_crypto = &imp_openssl;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i]);
	check_flood();
	check_secret();
	check_di();
	return t_end();
}
