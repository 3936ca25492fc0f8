/* pkcs10.c -- see pkcs10.h. */
#include "pkcs10.h"
#include "x509.h"

static const uint8_t challenge_password[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 7};

imp_status dpp_csr_create(const imp_crypto *c, imp_wr *w, const char *subject_cn, const imp_key *pub, int32_t alg, const imp_key *priv, imp_span password)
{
	static const uint8_t version[] = {0};
	size_t all = w->len, mark, in;
	imp_der_put_uint(w, imp_bytes(version, 1));
	imp_name_put_cn(w, subject_cn);
	imp_spki_put(w, pub);
	mark = w->len;
	imp_der_put(w, IMP_DER_OID, imp_bytes(challenge_password, sizeof challenge_password));
	in = w->len;
	imp_der_put(w, IMP_DER_UTF8, password);
	imp_der_wrap(w, IMP_DER_SET, in);
	imp_der_wrap(w, IMP_DER_SEQ, mark);
	imp_der_wrap(w, IMP_DER_CTX0, mark);
	imp_der_wrap(w, IMP_DER_SEQ, all);
	return imp_sig_seal(c, w, all, alg, priv);
}

imp_span dpp_csr_password(const imp_csr *csr)
{
	imp_span found = imp_bytes(NULL, 0);
	imp_rd r = imp_rd_of(csr->attributes);
	int n = 0;
	while (imp_rd_left(&r) && !r.err) {
		imp_rd one = imp_der_in(&r, IMP_DER_SEQ), set;
		imp_span oid = imp_der_take(&one, IMP_DER_OID);
		int tag;
		set = imp_der_in(&one, IMP_DER_SET);
		if (imp_rd_end(&one) || !imp_same(oid, imp_bytes(challenge_password, sizeof challenge_password)))
			continue;
		tag = imp_der_peek(&set);
		if (tag == IMP_DER_UTF8 || tag == IMP_DER_PRINTABLE || tag == IMP_DER_IA5)
			found = imp_der_take(&set, (uint8_t)tag);
		n++;
		if (imp_rd_end(&set))
			return imp_bytes(NULL, 0);
	}
	return n == 1 && !r.err ? found : imp_bytes(NULL, 0);
}
