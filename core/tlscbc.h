/* tlscbc.h -- TLS 1.2's CBC records with HMAC-SHA-256 (RFC 5246 6.2.3.2), for
 * providers: IMP_A_TLS_CBC_SHA256.
 *
 *   key    the AES key (16 or 32 bytes), then the MAC key (32)
 *   nonce  the record's IV, 16 bytes; not part of the output
 *   aad    what the MAC covers before the content but for the content's
 *          length, which is added here; at most IMP_TLS_CBC_AAD bytes
 *   out    ciphertext of content, MAC and the least padding
 *
 * Opening takes a time that depends on the record's length only: whichever of
 * padding and MAC is wrong, and whatever the padding's length is, the same
 * blocks are hashed and the same bytes looked at (Lucky 13).  [any] */
#ifndef IMPRINT_TLSCBC_H
#define IMPRINT_TLSCBC_H

#include "imprint.h"

enum { IMP_TLS_CBC_AAD = 64 };

/* SHA-256's compression function. */
typedef void imp_sha256_block(uint32_t h[8], const uint8_t block[64]);

imp_status imp_tls_cbc_seal(const imp_crypto *c, const imp_key *k, imp_span nonce, const imp_span *aad,
                            size_t naad, imp_span in, uint8_t *out, size_t *len);
imp_status imp_tls_cbc_open(const imp_crypto *c, imp_sha256_block *compress, const imp_key *k, imp_span nonce,
                            const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len);

#endif
