/* siv.h -- AES-SIV (RFC 5297) on a provider's CMAC and AES-CTR, for providers
 * whose library lacks it or takes an empty text for no text.  Others call the
 * provider's seal() and open() with IMP_A_SIV.
 *
 * The functions are what seal() and open() of imprint.h do for IMP_A_SIV:
 * each AAD is a component for itself, a nonce is the last one of them (so
 * `nonce` must be empty), the text is a component even when it is empty.
 * Keys are 32, 48 or 64 bytes.  [any] */
#ifndef IMPRINT_SIV_H
#define IMPRINT_SIV_H

#include "imprint.h"

imp_status imp_siv_seal(const imp_crypto *c, const imp_key *k, imp_span nonce, const imp_span *aad, size_t naad,
                        imp_span in, uint8_t *out, size_t *len);
imp_status imp_siv_open(const imp_crypto *c, const imp_key *k, imp_span nonce, const imp_span *aad, size_t naad,
                        imp_span in, uint8_t *out, size_t *len);

#endif
