/* toolbox.h -- the mesh security toolbox (Mesh Protocol 1.1, 3.9.2) and what
 * provisioning derives with it (5.4.2).
 *
 * Names are the specification's.  Anything but IMP_OK comes from the crypto
 * provider; outputs are then not to be used.  [any] */
#ifndef IMPRINT_BTMESH_TOOLBOX_H
#define IMPRINT_BTMESH_TOOLBOX_H

#include "imprint.h"

/* Salts from gathered input. */
imp_status btmesh_s1(const imp_crypto *c, const imp_span *m, size_t n, uint8_t out[16]);
imp_status btmesh_s2(const imp_crypto *c, const imp_span *m, size_t n, uint8_t out[32]);
/* N is gathered; P is text. */
imp_status btmesh_k1(const imp_crypto *c, imp_span n, const uint8_t salt[16], const char *p, uint8_t out[16]);
imp_status btmesh_k5(const imp_crypto *c, const imp_span *n, size_t count, const uint8_t salt[32], const char *p, uint8_t out[32]);

/* Of a network key: NID, encryption key and privacy key; network id; AID. */
imp_status btmesh_k2(const imp_crypto *c, imp_span n, imp_span p, uint8_t out[33]);
imp_status btmesh_k3(const imp_crypto *c, imp_span n, uint8_t out[8]);
imp_status btmesh_k4(const imp_crypto *c, imp_span n, uint8_t out[1]);
/* "nkik" identity key, "nkbk" beacon key, "nkpk" private beacon key */
imp_status btmesh_netkey(const imp_crypto *c, imp_span netkey, const char *which, uint8_t out[16]);

/* What both sides know before they confirm. */
typedef struct btmesh_shared {
	uint8_t ecdh[32];
	uint8_t salt[32];       /* ConfirmationSalt: 16 bytes, or 32 with HMAC  */
	uint8_t auth[32];       /* AuthValue, as wide                          */
} btmesh_shared;

/* The salt over the parameters of Invite, Capabilities and Start and both
 * public keys, the provisioner's first. */
imp_status btmesh_salt(const imp_crypto *c, unsigned alg, const imp_span inputs[5], uint8_t out[32]);
/* The confirmation of `random`: btmesh_width() bytes each. */
imp_status btmesh_confirmation(const imp_crypto *c, unsigned alg, const btmesh_shared *s, const uint8_t *random, uint8_t *out);

typedef struct btmesh_session {
	uint8_t key[16], nonce[13], device[16]; /* device: the device key */
} btmesh_session;
imp_status btmesh_session_keys(const imp_crypto *c, unsigned alg, const btmesh_shared *s, const uint8_t *provisioner, const uint8_t *device,
                               btmesh_session *out);

#endif
