/* dpp-ops.c -- DPP runs for callgrind: dpp.sh asks it how many instructions both
 * sides spend from START to DONE, and how many of them in public-key operations.
 * Feeds go through dpp_feed(), the operations in them through dpp_pk_...():
 * --toggle-collect finds them.
 *
 *   dpp-ops COUNT [mutual] */
#include "crypto.h"
#include "dpp-kit.h"

#include <stdio.h>
#include <stdlib.h>

static struct dkit k;
static int counting, feeding, mutual;

imp_status __real_imp_session_feed(imp_session *s, const imp_stack *t, imp_work *w, const imp_msg *m);
imp_status __wrap_imp_session_feed(imp_session *s, const imp_stack *t, imp_work *w, const imp_msg *m);
imp_status dpp_feed(imp_session *s, const imp_stack *t, imp_work *w, const imp_msg *m);
imp_status dpp_pk_sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in, uint8_t *sig, size_t *len);
imp_status dpp_pk_verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig);
imp_status dpp_pk_dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len);
imp_status dpp_pk_keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen);
imp_status dpp_pk_muladd(const imp_crypto *c, int32_t curve, imp_span x, imp_span P, imp_span y, imp_span Q, uint8_t *out, size_t *len);
imp_status dpp_pk_point(const imp_crypto *c, int32_t curve, imp_span in, uint8_t *out, size_t *len);

__attribute__((noinline)) imp_status dpp_feed(imp_session *s, const imp_stack *t, imp_work *w, const imp_msg *m)
{
	imp_status st;
	feeding = 1;
	st = __real_imp_session_feed(s, t, w, m);
	feeding = 0;
	return st;
}

imp_status __wrap_imp_session_feed(imp_session *s, const imp_stack *t, imp_work *w, const imp_msg *m)
{
	return counting ? dpp_feed(s, t, w, m) : __real_imp_session_feed(s, t, w, m);
}

__attribute__((noinline)) imp_status dpp_pk_sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in, uint8_t *sig, size_t *len)
{
	return imp_openssl.sign(c, alg, priv, in, sig, len);
}

__attribute__((noinline)) imp_status dpp_pk_verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig)
{
	return imp_openssl.verify(c, alg, pub, in, sig);
}

__attribute__((noinline)) imp_status dpp_pk_dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	return imp_openssl.dh(c, priv, pub, out, len);
}

__attribute__((noinline)) imp_status dpp_pk_keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen)
{
	return imp_openssl.keygen(c, curve, priv, privlen, pub, publen);
}

__attribute__((noinline)) imp_status dpp_pk_muladd(const imp_crypto *c, int32_t curve, imp_span x, imp_span P, imp_span y, imp_span Q, uint8_t *out, size_t *len)
{
	return imp_openssl.muladd(c, curve, x, P, y, Q, out, len);
}

__attribute__((noinline)) imp_status dpp_pk_point(const imp_crypto *c, int32_t curve, imp_span in, uint8_t *out, size_t *len)
{
	return imp_openssl.point(c, curve, in, out, len);
}

static imp_status sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in, uint8_t *sig, size_t *len)
{
	return feeding ? dpp_pk_sign(c, alg, priv, in, sig, len) : imp_openssl.sign(c, alg, priv, in, sig, len);
}

static imp_status verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig)
{
	return feeding ? dpp_pk_verify(c, alg, pub, in, sig) : imp_openssl.verify(c, alg, pub, in, sig);
}

static imp_status dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	return feeding ? dpp_pk_dh(c, priv, pub, out, len) : imp_openssl.dh(c, priv, pub, out, len);
}

static imp_status keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen)
{
	return feeding ? dpp_pk_keygen(c, curve, priv, privlen, pub, publen) : imp_openssl.keygen(c, curve, priv, privlen, pub, publen);
}

static imp_status muladd(const imp_crypto *c, int32_t curve, imp_span x, imp_span P, imp_span y, imp_span Q, uint8_t *out, size_t *len)
{
	return feeding ? dpp_pk_muladd(c, curve, x, P, y, Q, out, len) : imp_openssl.muladd(c, curve, x, P, y, Q, out, len);
}

static imp_status point(const imp_crypto *c, int32_t curve, imp_span in, uint8_t *out, size_t *len)
{
	return feeding ? dpp_pk_point(c, curve, in, out, len) : imp_openssl.point(c, curve, in, out, len);
}

static int once(const imp_crypto *c)
{
	static const char *const words[] = {"mutual", "true", NULL};
	int ok;
	dkit_begin(&k, c, IMP_C_P256);
	if (mutual)
		dkit_config(&k, k.device, "dpp.uri", words);
	k.reads_peer = 1;
	counting = 1;
	dkit_run(&k, 0, IMP_T_PEERKEY, 100000);
	counting = 0;
	ok = dkit_configured(&k);
	dkit_end(&k);
	return ok;
}

int main(int argc, char **argv)
{
	static imp_crypto c;
	int ok = 0, n = argc > 1 ? atoi(argv[1]) : 1;
	mutual = argc > 2;
	c = imp_openssl;
	c.sign = sign;
	c.verify = verify;
	c.dh = dh;
	c.keygen = keygen;
	c.muladd = muladd;
	c.point = point;
	for (int i = 0; i < n; i++)
		ok += once(&c);
	printf("%d of %d configured\n", ok, n);
	return ok != n;
}
