/* jose.h -- JWS in compact form (RFC 7515) and EC public keys as JWK (RFC
 * 7517, 7518) on imp_crypto, over the exact bytes.
 *
 * Curves and the names that JOSE has for them; the Brainpool ones are Wi-Fi
 * Easy Connect's.  One key has one algorithm, so the key decides, and a
 * header that names another is refused.
 *	P-256 ES256   P-384 ES384   P-521 ES512
 *	BP-256 BS256  BP-384 BS384  BP-512 BS512
 * [any] */
#ifndef IMPRINT_JOSE_H
#define IMPRINT_JOSE_H

#include "alg.h"
#include "b64.h"
#include "json.h"

const char *imp_jose_curve(int32_t curve); /* "P-256"; NULL: none     */
const char *imp_jose_alg(int32_t curve);   /* "ES256"; NULL: none     */
int32_t     imp_curve_alg(int32_t curve);  /* the COSE algorithm whose hash goes with the curve (BP-384: IMP_A_ES384); 0: none */

enum { IMP_POINT_MAX = 133, IMP_SIG_MAX = 132 };

typedef struct imp_jws {
	imp_span signed_;  /* "header.payload" as it came      */
	imp_span header;   /* decoded: one JSON object         */
	imp_span payload;  /* decoded, any bytes               */
	imp_span sig;      /* decoded                          */
} imp_jws;

/* Take a compact JWS apart; what is decoded lies in `mem` (compact.len bytes
 * are enough).  Proves nothing.  IMP_EBADMSG: not three parts of base64url, or
 * the header is no JSON object; IMP_EUNSUP: it has `crit`. */
imp_status imp_jws_read(imp_span compact, uint8_t *mem, size_t cap, imp_jws *out);

/* IMP_EAUTH: the signature is not `pub`'s, or the header's alg is not the
 * key's.  IMP_EBADMSG: the header has alg twice or none. */
imp_status imp_jws_verify(const imp_crypto *c, const imp_jws *m, const imp_key *pub);

/* Write header.payload.signature.  `header` is JSON that names imp_jose_alg()
 * of the key.  Without room it counts, and nothing is signed. */
imp_status imp_jws_sign(const imp_crypto *c, imp_wr *w, const imp_key *priv, imp_span header, imp_span payload);

/* A JWK of type EC with coordinates of full width.  The uncompressed point goes
 * to `point`, out's bits are there.  IMP_EBADMSG: malformed; IMP_EUNSUP: another
 * type or curve.  Whether it is on its curve, crypto finds out. */
imp_status imp_jwk_read(imp_span jwk, uint8_t point[IMP_POINT_MAX], imp_key *out);
/* {"kty":"EC","crv":...,"x":...,"y":...[,"kid":...]}; kid empty: none. */
void       imp_jwk_put(imp_wr *w, const imp_key *pub, imp_span kid); /* sticky IMP_EUNSUP */

#endif
