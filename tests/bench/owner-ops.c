/* owner-ops.c -- onboardings for callgrind: owner.sh asks it how many
 * instructions the owner spends in TO2, and how many of them in public-key
 * operations.  The owner's feeds go through owner_feed(), the public-key
 * operations in them through owner_pk_...(): --toggle-collect finds them.
 *
 *   owner-ops COUNT [http]     http: the owner's HTTP counts too */
#include "crypto.h"
#include "fdo-kit.h"
#include "http.h"
#include <stdio.h>
#include <stdlib.h>

static struct kit k;
static int counting, in_owner, over_http;

imp_status __real_imp_session_feed(imp_session *s, const imp_stack *t, imp_work *w, const imp_msg *m);
imp_status __wrap_imp_session_feed(imp_session *s, const imp_stack *t, imp_work *w, const imp_msg *m);
imp_status owner_feed(imp_session *s, const imp_stack *t, imp_work *w, const imp_msg *m);
imp_status owner_pk_sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in, uint8_t *sig, size_t *len);
imp_status owner_pk_verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig);
imp_status owner_pk_dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len);
imp_status owner_pk_keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen);

__attribute__((noinline)) imp_status owner_feed(imp_session *s, const imp_stack *t, imp_work *w, const imp_msg *m)
{
	imp_status st;
	in_owner = 1;
	st = __real_imp_session_feed(s, t, w, m);
	in_owner = 0;
	return st;
}

imp_status __wrap_imp_session_feed(imp_session *s, const imp_stack *t, imp_work *w, const imp_msg *m)
{
	for (int i = 0; counting && i < SESSIONS; i++)
		if (k.w.sess[i].id && k.w.sess[i].s == s && k.w.sess[i].p == k.owner)
			return owner_feed(s, t, w, m);
	return __real_imp_session_feed(s, t, w, m);
}

__attribute__((noinline)) imp_status owner_pk_sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in, uint8_t *sig, size_t *len)
{
	return imp_openssl.sign(c, alg, priv, in, sig, len);
}

__attribute__((noinline)) imp_status owner_pk_verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig)
{
	return imp_openssl.verify(c, alg, pub, in, sig);
}

__attribute__((noinline)) imp_status owner_pk_dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	return imp_openssl.dh(c, priv, pub, out, len);
}

__attribute__((noinline)) imp_status owner_pk_keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen)
{
	return imp_openssl.keygen(c, curve, priv, privlen, pub, publen);
}

static imp_status sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in, uint8_t *sig, size_t *len)
{
	return in_owner ? owner_pk_sign(c, alg, priv, in, sig, len) : imp_openssl.sign(c, alg, priv, in, sig, len);
}

static imp_status verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig)
{
	return in_owner ? owner_pk_verify(c, alg, pub, in, sig) : imp_openssl.verify(c, alg, pub, in, sig);
}

static imp_status dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	return in_owner ? owner_pk_dh(c, priv, pub, out, len) : imp_openssl.dh(c, priv, pub, out, len);
}

static imp_status keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen)
{
	return in_owner ? owner_pk_keygen(c, curve, priv, privlen, pub, publen) : imp_openssl.keygen(c, curve, priv, privlen, pub, publen);
}

static int once(void)
{
	int ok;
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	for (int i = 0; i < k.w.parties; i++)
		k.w.party[i].http = over_http ? &imp_http : NULL;
	ok = kit_di(&k) && kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER) && kit_to0(&k, k.owner) == IMP_LATER;
	counting = 1;
	ok = ok && kit_onboard(&k) == IMP_OK;
	counting = 0;
	kit_end(&k);
	return ok;
}

int main(int argc, char **argv)
{
	static imp_crypto c;
	int ok = 0, n = argc > 1 ? atoi(argv[1]) : 1;
	over_http = argc > 2;
	c = imp_openssl;
	c.sign = sign;
	c.verify = verify;
	c.dh = dh;
	c.keygen = keygen;
	kit_crypto = &c;
	for (int i = 0; i < n; i++)
		ok += once();
	printf("%d of %d onboarded\n", ok, n);
	return ok != n;
}
