/* x509.c -- see x509.h. */
#include "x509.h"
#include "alg.h"

/* --- names ----------------------------------------------------------------- */

static const uint8_t oid_cn[3] = {0x55, 4, 3};

static int is_text(int tag)
{
	return tag == IMP_DER_UTF8 || tag == IMP_DER_PRINTABLE || tag == IMP_DER_IA5;
}

/* One RelativeDistinguishedName; a commonName in it goes to *cn. */
static void read_rdn(imp_rd *r, imp_span *cn)
{
	imp_rd set = imp_der_in(r, IMP_DER_SET), pair;
	do {
		imp_span type, value;
		int tag;
		pair = imp_der_in(&set, IMP_DER_SEQ);
		type = imp_der_take(&pair, IMP_DER_OID);
		tag = imp_der_peek(&pair);
		value = imp_der_take(&pair, (uint8_t)tag);
		if (imp_rd_end(&pair))
			imp_rd_fail(r, IMP_EBADMSG);
		else if (is_text(tag) && imp_same(type, imp_bytes(oid_cn, sizeof oid_cn)))
			*cn = value;
	} while (!r->err && imp_rd_left(&set));
}

/* The Name at the cursor, and its last commonName. */
static imp_span read_name(imp_rd *r, imp_span *cn)
{
	imp_span whole = imp_der_raw(r);
	imp_rd in = imp_rd_of(whole), rdns = imp_der_in(&in, IMP_DER_SEQ);
	*cn = imp_bytes(NULL, 0);
	while (imp_rd_left(&rdns))
		read_rdn(&rdns, cn);
	if (imp_rd_end(&rdns))
		imp_rd_fail(r, IMP_EBADMSG);
	return whole;
}

imp_span imp_name_read(imp_rd *r)
{
	imp_span cn;
	return read_name(r, &cn);
}

imp_span imp_cert_cn(imp_span name)
{
	imp_rd r = imp_rd_of(name);
	imp_span cn;
	read_name(&r, &cn);
	return imp_rd_end(&r) ? imp_bytes(NULL, 0) : cn;
}

void imp_name_put_cn(imp_wr *w, const char *cn)
{
	size_t mark = w->len;
	imp_der_put(w, IMP_DER_OID, imp_bytes(oid_cn, sizeof oid_cn));
	imp_der_put(w, IMP_DER_UTF8, imp_bytes(cn, strlen(cn)));
	imp_der_wrap(w, IMP_DER_SEQ, mark);
	imp_der_wrap(w, IMP_DER_SET, mark);
	imp_der_wrap(w, IMP_DER_SEQ, mark);
}

/* --- extensions ------------------------------------------------------------ */

enum { KEY_ID = 14, KEY_USAGE = 15, ALT_NAMES = 17, BASIC = 19, AUTHORITY_ID = 35, EXT_USAGE = 37 };

/* The last byte of 2.5.29.x if it is one that we know, else 0. */
static unsigned known(imp_span oid)
{
	unsigned id = oid.len == 3 && oid.ptr[0] == 0x55 && oid.ptr[1] == 0x1d ? oid.ptr[2] : 0;
	int ours = id == KEY_ID || id == KEY_USAGE || id == ALT_NAMES || id == BASIC || id == AUTHORITY_ID || id == EXT_USAGE;
	return ours ? id : 0;
}

static imp_status basic_constraints(imp_span value, imp_cert *c)
{
	imp_rd r = imp_rd_of(value), in = imp_der_in(&r, IMP_DER_SEQ);
	imp_span len;
	if (imp_der_peek(&in) == IMP_DER_BOOL)
		c->ca = imp_der_bool(&in);
	if (imp_der_peek(&in) == IMP_DER_INT) {
		len = imp_der_uint(&in);
		c->path_len = len.len == 1 ? len.ptr[0] : 255; /* no chain is that long */
	}
	return imp_rd_end(&in) || imp_rd_end(&r) || (!c->ca && c->path_len >= 0) ? IMP_EBADMSG : IMP_OK;
}

static imp_status key_usage(imp_span value, imp_cert *c)
{
	imp_rd r = imp_rd_of(value);
	imp_span bits = imp_der_take(&r, IMP_DER_BITS);
	if (imp_rd_end(&r) || bits.len < 2 || bits.len > 3 || bits.ptr[0] > 7)
		return IMP_EBADMSG;
	if (bits.ptr[bits.len - 1] & ((1u << bits.ptr[0]) - 1)) /* unused bits are 0 */
		return IMP_EBADMSG;
	c->usage = (uint16_t)(bits.ptr[1] | (bits.len > 2 ? bits.ptr[2] << 8 : 0));
	return IMP_OK;
}

/* One element of this kind, whole. */
static imp_status one(imp_span value, uint8_t tag, int content, imp_span *out)
{
	imp_rd r = imp_rd_of(value);
	imp_span in = imp_der_take(&r, tag);
	*out = content ? in : value;
	return imp_rd_end(&r);
}

static imp_status extension(unsigned id, imp_span value, imp_cert *c)
{
	imp_span ignored;
	switch (id) {
	case BASIC:
		return basic_constraints(value, c);
	case KEY_USAGE:
		return key_usage(value, c);
	case KEY_ID:
		return one(value, IMP_DER_OCTETS, 1, &c->key_id);
	case ALT_NAMES:
		return one(value, IMP_DER_SEQ, 0, &c->alt_names);
	case EXT_USAGE:
		return one(value, IMP_DER_SEQ, 0, &c->ext_usage);
	default:
		return one(value, IMP_DER_SEQ, 0, &ignored);
	}
}

static void read_extensions(imp_rd *r, imp_cert *c)
{
	uint64_t seen = 0;
	imp_rd outer = imp_der_in(r, IMP_DER_CTX3), list = imp_der_in(&outer, IMP_DER_SEQ);
	do {
		imp_rd in = imp_der_in(&list, IMP_DER_SEQ);
		unsigned id = known(imp_der_take(&in, IMP_DER_OID));
		int critical = imp_der_peek(&in) == IMP_DER_BOOL && imp_der_bool(&in);
		imp_span value = imp_der_take(&in, IMP_DER_OCTETS);
		if (imp_rd_end(&in) || (id && (seen >> id & 1 || extension(id, value, c))))
			imp_rd_fail(&list, IMP_EBADMSG);
		seen |= (uint64_t)1 << id;
		if (critical && !id)
			c->critical_unknown = 1;
	} while (imp_rd_left(&list));
	if (imp_rd_end(&list) || imp_rd_end(&outer))
		imp_rd_fail(r, IMP_EBADMSG);
}

/* --- reading --------------------------------------------------------------- */

/* 3, or 1 if the field is not there; 0: another one, which we do not read. */
static int read_version(imp_rd *r)
{
	imp_rd in;
	imp_span v;
	if (imp_der_peek(r) != IMP_DER_CTX0)
		return 1;
	in = imp_der_in(r, IMP_DER_CTX0);
	v = imp_der_uint(&in);
	return imp_rd_end(&in) == IMP_OK && v.len == 1 && v.ptr[0] == 2 ? 3 : 0;
}

static void read_validity(imp_rd *r, imp_cert *c)
{
	imp_rd in = imp_der_in(r, IMP_DER_SEQ);
	c->not_before = imp_der_time(&in);
	c->not_after = imp_der_time(&in);
	if (imp_rd_end(&in))
		imp_rd_fail(r, IMP_EBADMSG);
}

/* The signed part; its own copy of the algorithm goes to *alg. */
static void read_tbs(imp_rd *r, imp_cert *c, imp_span *alg)
{
	imp_rd in;
	int version;
	c->tbs = imp_der_raw(r);
	in = imp_rd_of(c->tbs);
	in = imp_der_in(&in, IMP_DER_SEQ);
	version = read_version(&in);
	c->serial = imp_der_int(&in);
	*alg = imp_der_raw(&in);
	c->issuer = imp_name_read(&in);
	read_validity(&in, c);
	c->subject = imp_name_read(&in);
	c->spki = imp_der_raw(&in);
	for (uint8_t tag = 0x81; tag <= 0x82; tag++) { /* unique identifiers */
		if (imp_der_peek(&in) == tag)
			imp_der_take(&in, tag);
	}
	if (version == 3 && imp_der_peek(&in) == IMP_DER_CTX3)
		read_extensions(&in, c);
	if (!version || imp_rd_end(&in) || imp_spki_read(c->spki, &c->key) == IMP_EBADMSG)
		imp_rd_fail(r, IMP_EBADMSG);
}

int imp_cert_for(const imp_cert *c, imp_span purpose)
{
	static const uint8_t any[] = {0x55, 0x1d, 0x25, 0};
	imp_rd r = imp_rd_of(c->ext_usage), in;
	if (!c->ext_usage.len)
		return 1;
	in = imp_der_in(&r, IMP_DER_SEQ);
	while (imp_rd_left(&in)) {
		imp_span oid = imp_der_take(&in, IMP_DER_OID);
		if (imp_same(oid, purpose) || imp_same(oid, imp_bytes(any, sizeof any)))
			return 1;
	}
	return 0;
}

imp_status imp_cert_read(imp_span der, imp_cert *out)
{
	imp_rd r = imp_rd_of(der), in = imp_der_in(&r, IMP_DER_SEQ);
	imp_span inner, outer;
	memset(out, 0, sizeof *out);
	out->raw = der;
	out->path_len = -1;
	out->usage = IMP_USAGE_ABSENT;
	read_tbs(&in, out, &inner);
	outer = imp_der_raw(&in);
	out->sig_alg = imp_sig_alg(outer);
	out->sig = imp_der_bits(&in);
	if (imp_rd_end(&in) == IMP_OK && imp_rd_end(&r) == IMP_OK && imp_same(inner, outer))
		return IMP_OK;
	memset(out, 0, sizeof *out);
	return IMP_EBADMSG;
}

/* --- paths ----------------------------------------------------------------- */

/* A walk up a chain. */
struct path {
	const imp_crypto *crypto;
	uint64_t    now;
	size_t      below; /* CA certificates passed that are not self-issued */
	const char *why;
};

static imp_status no(struct path *p, const char *why)
{
	p->why = why;
	return IMP_EAUTH;
}

static imp_status readable(struct path *p, imp_span der, imp_cert *c)
{
	imp_status st = imp_cert_read(der, c);
	p->why = st ? "malformed" : p->why;
	return st;
}

/* What every certificate of a chain has to be. */
static imp_status valid(struct path *p, const imp_cert *c)
{
	int64_t now = p->now > INT64_MAX ? INT64_MAX : (int64_t)p->now;
	if (c->critical_unknown)
		return no(p, "unknown critical extension");
	if (now && now < c->not_before)
		return no(p, "not yet valid");
	if (now && now > c->not_after)
		return no(p, "expired");
	return IMP_OK;
}

/* May `c` sign the certificates passed so far? */
static imp_status may_issue(struct path *p, const imp_cert *c)
{
	if (!c->ca)
		return no(p, "not a CA");
	if (!(c->usage & IMP_USAGE_CERT_SIGN))
		return no(p, "key is not for certificates");
	if (c->path_len >= 0 && p->below > (size_t)c->path_len)
		return no(p, "path too long");
	return IMP_OK;
}

static imp_status signed_by(struct path *p, const imp_cert *c, const imp_cert *issuer)
{
	imp_status st;
	if (!imp_same(c->issuer, issuer->subject))
		return no(p, "issuer name differs");
	st = issuer->key.alg ? imp_sig_check(p->crypto, c->sig_alg, &issuer->key, c->tbs, c->sig) : IMP_EUNSUP;
	if (st)
		p->why = st == IMP_EUNSUP ? "unknown algorithm" : st == IMP_EAUTH ? "wrong signature" : "crypto failed";
	return st;
}

/* IMP_OK: `c` is one of the anchors or signed by one. */
static imp_status anchored(struct path *p, const imp_cert *c, const imp_span *anchors, size_t na)
{
	imp_status st = no(p, "no trust anchor"), now;
	for (size_t i = 0; i < na; i++) {
		imp_cert a;
		if (imp_same(c->raw, anchors[i]))
			return IMP_OK;
		if (imp_cert_read(anchors[i], &a) || !imp_same(c->issuer, a.subject))
			continue;
		now = may_issue(p, &a);
		now = now ? now : a.critical_unknown ? no(p, "unknown critical extension") : signed_by(p, c, &a);
		if (!now)
			return IMP_OK;
		st = now;
	}
	return st;
}

static imp_status walk(struct path *p, const imp_span *chain, size_t n, const imp_span *anchors, size_t na, size_t *at)
{
	imp_cert pair[2], *c = &pair[0], *up = &pair[1], *swap;
	imp_status st = readable(p, chain[0], c);
	for (*at = 0;; ++*at) {
		st = st ? st : valid(p, c);
		if (st)
			return st;
		st = anchored(p, c, anchors, na);
		if (*at + 1 == n)
			return na ? st : signed_by(p, c, c);
		if (!st)
			return st;
		st = readable(p, chain[*at + 1], up);
		st = st ? st : may_issue(p, up);
		if (st) {
			++*at;
			return st;
		}
		st = signed_by(p, c, up);
		if (st)
			return st;
		if (!imp_same(up->issuer, up->subject))
			p->below++;
		swap = c;
		c = up;
		up = swap;
	}
}

imp_status imp_chain_verify(const imp_crypto *c, const imp_span *chain, size_t n,
                            const imp_span *anchors, size_t na, uint64_t unix_time,
                            const char **why, size_t *which)
{
	struct path p = {c, unix_time, 0, "empty chain"};
	size_t at = 0;
	imp_status st = n ? walk(&p, chain, n, anchors, na, &at) : IMP_EAUTH;
	*why = st ? p.why : "";
	*which = at;
	return st;
}

/* --- issuing --------------------------------------------------------------- */

/* Extension 2.5.29.id around what was written since `mark`. */
static void wrap_extension(imp_wr *w, size_t mark, uint8_t id, int critical)
{
	uint8_t b[8] = {IMP_DER_OID, 3, 0x55, 0x1d, id, IMP_DER_BOOL, 1, 0xff};
	imp_der_wrap(w, IMP_DER_OCTETS, mark);
	imp_wr_insert(w, mark, imp_bytes(b, critical ? 8 : 5));
	imp_der_wrap(w, IMP_DER_SEQ, mark);
}

/* RFC 7093 method 1: the first 20 bytes of SHA-256 over the key's bits. */
static void put_key_id(const imp_crypto *c, imp_wr *w, const imp_issue *what)
{
	imp_span bits = what->subject_spki.len ? imp_spki_bits(what->subject_spki) : what->subject_key->bits;
	uint8_t hash[32];
	size_t mark = w->len;
	imp_status st = imp_hash(c, IMP_A_SHA256, &bits, 1, hash);
	if (st)
		imp_wr_fail(w, st);
	imp_der_put(w, IMP_DER_OCTETS, imp_bytes(hash, 20));
	wrap_extension(w, mark, KEY_ID, 0);
}

static void put_extensions(const imp_crypto *c, imp_wr *w, const imp_issue *what)
{
	static const uint8_t ca[] = {IMP_DER_SEQ, 3, IMP_DER_BOOL, 1, 0xff};
	static const uint8_t usage_ca[] = {IMP_DER_BITS, 2, 1, 0x06}, usage_end[] = {IMP_DER_BITS, 2, 7, 0x80};
	size_t all = w->len, mark = all;
	if (what->ca) {
		imp_wr_bytes(w, imp_bytes(ca, sizeof ca));
		wrap_extension(w, mark, BASIC, 1);
	}
	mark = w->len;
	imp_wr_bytes(w, what->ca ? imp_bytes(usage_ca, sizeof usage_ca) : imp_bytes(usage_end, sizeof usage_end));
	wrap_extension(w, mark, KEY_USAGE, 1);
	if (what->ca)
		put_key_id(c, w, what);
	mark = w->len;
	if (what->issuer_key_id.len) {
		imp_der_put(w, 0x80, what->issuer_key_id);
		imp_der_wrap(w, IMP_DER_SEQ, mark);
		wrap_extension(w, mark, AUTHORITY_ID, 0);
	}
	imp_der_wrap(w, IMP_DER_SEQ, all);
	imp_der_wrap(w, IMP_DER_CTX3, all);
}

static void put_name(imp_wr *w, imp_span name, const char *cn)
{
	if (name.len)
		imp_wr_bytes(w, name);
	else
		imp_name_put_cn(w, cn ? cn : "");
}

static int serial_ok(imp_span s)
{
	while (s.len && s.ptr[0] == 0)
		s = imp_bytes(s.ptr + 1, s.len - 1);
	return s.len && (s.len < 20 || (s.len == 20 && s.ptr[0] < 0x80));
}

imp_status imp_cert_issue(const imp_crypto *c, imp_wr *w, const imp_issue *what,
                          int32_t alg, const imp_key *issuer_priv)
{
	static const uint8_t v3[] = {IMP_DER_CTX0, 3, IMP_DER_INT, 1, 2};
	size_t all = w->len, mark;
	if (!serial_ok(what->serial) || (!what->subject_key && !what->subject_spki.len)) {
		imp_wr_fail(w, IMP_EARG);
		return IMP_EARG;
	}
	imp_wr_bytes(w, imp_bytes(v3, sizeof v3));
	imp_der_put_uint(w, what->serial);
	imp_sig_alg_put(w, alg);
	put_name(w, what->issuer, what->issuer_cn);
	mark = w->len;
	imp_der_put_time(w, what->not_before);
	imp_der_put_time(w, what->not_after);
	imp_der_wrap(w, IMP_DER_SEQ, mark);
	put_name(w, what->subject, what->subject_cn);
	if (what->subject_spki.len)
		imp_wr_bytes(w, what->subject_spki);
	else
		imp_spki_put(w, what->subject_key);
	put_extensions(c, w, what);
	imp_der_wrap(w, IMP_DER_SEQ, all);
	return imp_sig_seal(c, w, all, alg, issuer_priv);
}
