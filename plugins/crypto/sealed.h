/* sealed.h -- records of a fact store, encrypted at rest.
 *
 * A record is  version (1 byte) || nonce (24) || ciphertext || tag (16),
 * by XChaCha20-Poly1305 under a key of 32 bytes that the host keeps
 * somewhere better (a TPM, a key store, a file of another owner).  `name` is
 * authenticated, not stored: a record that is moved to another name does not
 * open.  An old record under its own name does open: what must never go
 * back (IMP_T_COUNTER) needs a counter in `name`, or hardware.
 *
 * Both: IMP_EARG, the key is not 32 bytes; IMP_ENOSPC, *len is too small and
 * is set to what is needed.  `out` and `in` do not overlap.  [any] */
#ifndef IMPRINT_SEALED_H
#define IMPRINT_SEALED_H

#include "imprint.h"

enum { IMP_SEALED_EXTRA = 1 + 24 + 16, IMP_SEALED_KEY = 32 }; /* bytes */

/* IMP_ERANDOM: no entropy for the nonce. */
imp_status imp_sealed_seal(imp_span key, imp_span name, imp_span in, uint8_t *out, size_t *len);

/* IMP_EAUTH: not this record, name or key; `out` is not written. */
imp_status imp_sealed_open(imp_span key, imp_span name, imp_span in, uint8_t *out, size_t *len);

#endif
