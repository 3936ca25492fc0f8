/* csr.c -- see csr.h. */
#include "csr.h"
#include "x509.h"

static void read_info(imp_rd *r, imp_csr *q)
{
	imp_rd in;
	imp_span version;
	q->info = imp_der_raw(r);
	in = imp_rd_of(q->info);
	in = imp_der_in(&in, IMP_DER_SEQ);
	version = imp_der_uint(&in);
	if (version.len != 1 || version.ptr[0] != 0)
		imp_rd_fail(&in, IMP_EBADMSG);
	q->subject = imp_name_read(&in);
	q->spki = imp_der_raw(&in);
	if (imp_der_peek(&in) == IMP_DER_CTX0) /* some makers leave out an empty set */
		q->attributes = imp_der_take(&in, IMP_DER_CTX0);
	if (imp_rd_end(&in) || imp_spki_read(q->spki, &q->key) == IMP_EBADMSG)
		imp_rd_fail(r, IMP_EBADMSG);
}

imp_status imp_csr_read(imp_span der, imp_csr *out)
{
	static const imp_csr none;
	imp_csr q = none;
	imp_rd r = imp_rd_of(der), in = imp_der_in(&r, IMP_DER_SEQ);
	q.raw = der;
	read_info(&in, &q);
	q.sig_alg = imp_sig_alg(imp_der_raw(&in));
	q.sig = imp_der_bits(&in);
	*out = none;
	if (imp_rd_end(&in) || imp_rd_end(&r))
		return IMP_EBADMSG;
	*out = q;
	return IMP_OK;
}

imp_status imp_csr_verify(const imp_crypto *c, const imp_csr *csr)
{
	if (!csr->key.alg)
		return IMP_EUNSUP;
	return imp_sig_check(c, csr->sig_alg, &csr->key, csr->info, csr->sig);
}

imp_status imp_csr_create(const imp_crypto *c, imp_wr *w, const char *subject_cn,
                          const imp_key *pub, int32_t alg, const imp_key *priv)
{
	static const uint8_t v1 = 0;
	size_t mark = w->len;
	imp_der_put_uint(w, imp_bytes(&v1, 1));
	imp_name_put_cn(w, subject_cn);
	imp_spki_put(w, pub);
	imp_der_put(w, IMP_DER_CTX0, imp_bytes(NULL, 0));
	imp_der_wrap(w, IMP_DER_SEQ, mark);
	return imp_sig_seal(c, w, mark, alg, priv);
}
