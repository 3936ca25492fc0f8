/* pkcs11.h -- keys that never leave a token: an HSM, a TPM, SoftHSM.
 *
 * For hosts.  The module is loaded and initialized by p11-kit, so a process
 * may share it with others.  Use: open a token, then list it in front of a
 * provider that does everything else:
 *
 *   static imp_pkcs11 hsm;
 *   st = imp_pkcs11_open(&hsm, "/usr/lib/softhsm/libsofthsm2.so", "owner", pin);
 *   const imp_crypto *list[] = { &hsm.crypto, &imp_openssl, NULL };
 *   imp_mux(&both, list);
 *
 * SLOTS
 *
 *   A key's slot (imp_key, IMP_KEY_OPAQUE) is its CKA_ID read as a big-endian
 *   number of at most 8 bytes, so it stays the same for the life of the key
 *   and may be stored as a fact.  Keys without such an id are not seen.  Two
 *   private keys with one id are both refused.
 *   (PKCS #11 calls the places for tokens slots too; not here.)
 *
 * WHAT IT OFFERS, for opaque keys only
 *
 *   sign  ES256, ES384, ES512 (P-256, P-384, P-521); RS256, RS384, PS256,
 *         PS384
 *   mac   HMAC256, HMAC384, HMAC512 with a generic secret key
 *   dh    P-256, P-384, P-521, if the key's CKA_DERIVE is set; the token
 *         checks the point, and the secret leaves it, as the caller asked
 *   All else, unknown slots, and what the token cannot do: IMP_EUNSUP.  A
 *   token that is gone: IMP_ELINK.
 *
 * The functions of `crypto` are [any]: each call has its own session with
 * the token.  Those below are for one thread, while nobody uses `crypto`. */
#ifndef IMPRINT_PKCS11_H
#define IMPRINT_PKCS11_H

#include "imprint.h"

enum { IMP_PKCS11_KEYS = 64, IMP_PKCS11_LABEL = 48 };

/* What is known of a key in the token: no secret. */
typedef struct imp_pkcs11_key {
	uint64_t      slot;
	unsigned long secret, pub; /* object handles; 0: there is none      */
	int32_t       alg;         /* curve, IMP_A_RS256 or IMP_A_HMAC256   */
	uint16_t      width;       /* bytes of a coordinate or modulus      */
	char          label[IMP_PKCS11_LABEL]; /* empty if it is longer     */
} imp_pkcs11_key;

/* An open token, in the caller's memory.  It must not move while it is
 * open: crypto.data is its address. */
typedef struct imp_pkcs11 {
	imp_crypto     crypto;
	void          *module;
	unsigned long  token, session; /* the session that stays logged in */
	unsigned       count;
	imp_pkcs11_key keys[IMP_PKCS11_KEYS]; /* the first 64 are seen     */
} imp_pkcs11;

/* Load `module` (an absolute path), find the token with this label, log in
 * as its user.  The PIN is not kept.  IMP_ELINK: no such module or token;
 * IMP_EAUTH: a wrong PIN; IMP_EDENIED: locked, or this process is logged in
 * already.  After an error there is nothing to close. */
imp_status imp_pkcs11_open(imp_pkcs11 *t, const char *module, const char *token, imp_span pin);
/* Log out, unload, forget all keys.  A mux may go on listing the provider: it
 * says IMP_EUNSUP to everything until the token is open again. */
void imp_pkcs11_close(imp_pkcs11 *t);

/* The first key with this label.  IMP_EFACT: there is none. */
imp_status imp_pkcs11_find(const imp_pkcs11 *t, const char *label, imp_key *out);

/* The public half: a point, or PKCS #1 DER for RSA.  *len enters as
 * capacity.  IMP_EFACT: no such slot, or the token does not tell. */
imp_status imp_pkcs11_public(const imp_pkcs11 *t, uint64_t slot, uint8_t *out, size_t *len);

/* For the factory: make a key in the token that can never leave it.  `alg`
 * is IMP_C_P256, P384 or P521, IMP_A_RS256 (2048 bits) or IMP_A_RS384
 * (3072), or IMP_A_HMAC256 (32 bytes) or IMP_A_HMAC384 (48).  `slot` is not
 * 0.  IMP_EARG: the slot is taken. */
imp_status imp_pkcs11_keygen(imp_pkcs11 *t, int32_t alg, uint64_t slot, const char *label);

#endif
