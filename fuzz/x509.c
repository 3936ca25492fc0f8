/* x509.c -- the input is a chain, certificate behind certificate.  What is
 * read lies inside; paths are walked under crypto that can be forged; a CA's
 * certificate made for what was read can be read again. */
#include "x509.h"
#include "crypto.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { CHAIN = 5 };

static void look(imp_span der)
{
	imp_cert c;
	imp_status st = imp_cert_read(der, &c);
	const imp_span parts[] = {c.raw, c.tbs, c.serial, c.issuer, c.subject, c.spki, c.sig, c.key.bits, c.key_id, c.alt_names, c.ext_usage};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		inside(der, parts[i]);
	inside(c.subject, imp_cert_cn(c.subject));
	must(!st || (!c.raw.ptr && !c.key.alg && !c.ca));
	if (st)
		return;
	must(c.path_len < 0 || c.ca);
	imp_cert_for(&c, imp_bytes("\x2b\x06\x01", 3));
	must(imp_cert_read(imp_bytes(der.ptr, der.len - 1), &c) == IMP_EBADMSG);
}

static void reissue(imp_span der)
{
	static uint8_t out[70000];
	static const uint8_t serial = 1, scalar[32] = {1};
	imp_key k = {IMP_C_P256, IMP_KEY_PRIVATE, 0, imp_bytes(scalar, 32)};
	imp_issue what = {0};
	imp_cert c, again;
	imp_wr w = imp_wr_to(out, sizeof out);
	if (imp_cert_read(der, &c))
		return;
	what.serial = imp_bytes(&serial, 1);
	what.issuer = c.issuer;
	what.subject = c.subject;
	what.subject_spki = c.spki;
	what.issuer_key_id = c.key_id;
	what.not_before = c.not_before > 0 ? (uint64_t)c.not_before : 1;
	what.ca = c.ca;
	must(imp_cert_issue(&imp_fake, &w, &what, IMP_A_ES256, &k) == IMP_OK);
	must(imp_cert_read(imp_wr_span(&w), &again) == IMP_OK);
	must(imp_same(c.subject, again.subject) && imp_same(c.issuer, again.issuer) && imp_same(c.spki, again.spki) && c.ca == again.ca);
	must(again.not_before == (int64_t)what.not_before && !again.critical_unknown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data, n), chain[CHAIN];
	imp_rd r = imp_rd_of(in);
	size_t count = 0, which;
	const char *why;
	for (; count < CHAIN && imp_rd_left(&r); count++) {
		chain[count] = imp_der_raw(&r);
		if (r.err)
			chain[count] = imp_bytes(r.p, (size_t)(r.end - r.p));
		look(chain[count]);
		if (n < 60000)
			reissue(chain[count]);
	}
	must(imp_chain_verify(&imp_fake, chain, count, NULL, 0, 0, &why, &which) != IMP_OK || count);
	must(which <= count && why);
	if (count && imp_chain_verify(&imp_fake, chain, count - 1, chain + count - 1, 1, 1800000000, &why, &which) == IMP_OK)
		must(count > 1);
	must(which <= count && why);
	return 0;
}
