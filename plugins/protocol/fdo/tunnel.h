/* tunnel.h -- key exchange and message protection of TO2 (FDO 1.1 sections
 * 3.6 and 4.4).
 *
 * The owner offers xA in message 61 and keeps a struct fdo_offer until 64; the
 * device answers with xB in 64, and both then have the same struct fdo_tunnel.
 * Both structs are secret, hold no pointer, and are wiped by who owns them.
 * [any] */
#ifndef IMPRINT_FDO_TUNNEL_H
#define IMPRINT_FDO_TUNNEL_H

#include "voucher.h"

enum fdo_kex { FDO_KEX_NONE = 0, FDO_ECDH256, FDO_ECDH384, FDO_DHKEXID14, FDO_DHKEXID15, FDO_ASYMKEX2048, FDO_ASYMKEX3072 };
enum { FDO_X_MAX = 384 };    /* longest xA or xB */

enum fdo_kex fdo_kex_of(imp_span name);        /* "ECDH256", ...; NONE: unknown */
const char  *fdo_kex_name(enum fdo_kex k);
/* May this owner key use this exchange? */
int          fdo_kex_fits(enum fdo_kex k, const fdo_key *owner);
/* A128GCM, A256GCM, CCM64_128 (32), CCM64_256 (33). */
int          fdo_cipher_known(int32_t cipher);

typedef struct fdo_offer {
	uint8_t  kex;
	uint8_t  secret_len, rand_len, spare;
	uint8_t  secret[96];   /* private scalar or exponent; ASYMKEX: our random */
	uint8_t  rand[48];     /* ECDH: our random */
} fdo_offer;

typedef struct fdo_tunnel {
	int32_t  cipher;       /* 0: no tunnel yet */
	uint32_t sent;         /* messages sealed by us: part of the nonce */
	uint8_t  side;         /* 0: device, 1: owner: part of the nonce */
	uint8_t  key[32];
} fdo_tunnel;

/* Owner, 61: make the secret, append xA's content. */
imp_status fdo_kex_offer(const imp_crypto *c, enum fdo_kex k, fdo_offer *mine, imp_wr *xa);
/* Device, 64: append xB's content, derive the keys.  IMP_EAUTH: xA is no
 * acceptable public value. */
imp_status fdo_kex_answer(const imp_crypto *c, enum fdo_kex k, int32_t cipher, imp_span xa,
                          const imp_key *owner_pub, imp_wr *xb, fdo_tunnel *out);
/* Owner, 64: derive the same keys.  owner_priv: ASYMKEX only (RSA). */
imp_status fdo_kex_finish(const imp_crypto *c, const fdo_offer *mine, int32_t cipher, imp_span xb,
                          const imp_key *owner_priv, fdo_tunnel *out);
/* Derive SEVK from a shared secret: what both of the above end with. */
imp_status fdo_tunnel_derive(const imp_crypto *c, int32_t cipher, imp_span shared, imp_span context,
                             fdo_tunnel *out);

/* Append the protected message.  A nonce is side, counter and random bits: no
 * two messages of a tunnel share one, and if a session was copied the random
 * bits still differ; at the counter's end IMP_EPROTO. */
imp_status fdo_tunnel_seal(const imp_crypto *c, fdo_tunnel *t, imp_span plain, imp_wr *w);
/* *len enters as capacity (in.len is always enough).  IMP_EBADMSG: not an
 * Encrypt0; IMP_EAUTH: not made with this key.  FDO numbers no messages:
 * one that is played back opens again, and only its content (nonces, the
 * shape of the two directions) can tell. */
imp_status fdo_tunnel_open(const imp_crypto *c, const fdo_tunnel *t, imp_span in, uint8_t *out, size_t *len);
enum { FDO_TUNNEL_OVERHEAD = 48 }; /* seal adds at most so many bytes */

#endif
