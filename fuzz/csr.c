/* csr.c -- a request that is read lies inside the input and can be made a
 * certificate of that carries its name and key. */
#include "csr.h"
#include "crypto.h"
#include "span.h"
#include "x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void grant(const imp_csr *q)
{
	static uint8_t out[70000];
	static const uint8_t serial = 0x80, scalar[32] = {1};
	imp_key k = {IMP_C_P256, IMP_KEY_PRIVATE, 0, imp_bytes(scalar, 32)};
	imp_issue what = {0};
	imp_cert c;
	imp_wr w = imp_wr_to(out, sizeof out);
	what.serial = imp_bytes(&serial, 1);
	what.issuer_cn = "fuzz";
	what.subject = q->subject;
	what.subject_spki = q->spki;
	must(imp_cert_issue(&imp_fake, &w, &what, IMP_A_ES256, &k) == IMP_OK);
	must(imp_cert_read(imp_wr_span(&w), &c) == IMP_OK);
	must(imp_same(c.subject, q->subject) && imp_same(c.spki, q->spki) && c.key.alg == q->key.alg && imp_same(imp_cert_cn(c.issuer), imp_bytes("fuzz", 4)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data, n);
	imp_csr q;
	imp_status st = imp_csr_read(in, &q);
	const imp_span parts[] = {q.raw, q.info, q.subject, q.spki, q.attributes, q.sig, q.key.bits};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		inside(in, parts[i]);
	must(!st || !q.raw.ptr);
	if (st || n > 60000)
		return 0;
	must(imp_csr_read(imp_bytes(data, n - 1), &q) == IMP_EBADMSG);
	imp_csr_read(in, &q);
	st = imp_csr_verify(&imp_fake, &q);
	must(st != IMP_OK || (q.key.alg && q.sig_alg));
	grant(&q);
	return 0;
}
