/* owner.h -- the state of an owner's session: TO2 as the server, or the
 * acceptance of a voucher with TO0 as the client (START.topic). */
#ifndef IMPRINT_FDO_OWNER_H
#define IMPRINT_FDO_OWNER_H

#include "ownersi.h"
#include "tunnel.h"

/* TO2.  What is held: the device's public key and xB until it has proved
 * itself; the PublicKey the voucher ends in; the payload of 61, then the
 * RendezvousInfo of the replacement voucher, then the action in work. */
enum { FDO_HOLD_DEVICE = 0, FDO_HOLD_OWNER = 1, FDO_HOLD_BODY = 2 };

struct fdo_to2 {
	int32_t  cipher, owner_sig;
	int32_t  device_key, device_sig; /* curve or RSA; how it signs */
	uint16_t entries, next;    /* of the voucher; the next one to send */
	uint16_t device_max;       /* largest message the device takes */
	uint8_t  kex, reuse, more, hmac_len;
	uint8_t  guid[16], new_guid[16];
	uint8_t  nonce_dv[16];     /* NonceTO2ProveDv, ours */
	uint8_t  nonce_setup[16];  /* NonceTO2SetupDv, the device's */
	uint8_t  hmac[FDO_HASH_ITEM_MAX];
	struct fdo_ownersi si;
	union {
		fdo_offer  offer;  /* until the device has answered it */
		fdo_tunnel tunnel;
	} kx;
};

/* TO0.  What is held: the walk; the voucher's parts as far as they are
 * walked; where the owner is; the rendezvous server's bearer token. */
enum { FDO_HOLD_WALK = 0, FDO_HOLD_VOUCHER = 1, FDO_HOLD_ADDRS = 2, FDO_HOLD_TOKEN = 3 };
enum { FDO_TO0_WAIT = 86400 }; /* seconds that are asked for unless policy says */

struct fdo_to0 {
	uint16_t head_len;           /* of the voucher's first part */
	uint16_t entries;
	uint16_t directive, address; /* of the RendezvousInfo, in work */
	uint16_t error;              /* of the last server that refused, */
	char     said[FDO_SAID];     /* and what it said */
	uint8_t  tried;              /* at least one server was */
	uint8_t  guid[16], nonce[16];
	uint32_t wait;               /* seconds */
	uint32_t label;              /* of OPEN */
};

struct fdo_owner {
	struct fdo_server s;
	uint8_t client;              /* TO0 */
	uint16_t max_msg;            /* largest message either way, bytes */
	union {
		struct fdo_to2 to2;
		struct fdo_to0 to0;
	} u;
	struct fdo_hold hold;        /* last: its memory follows */
};

/* to0.c */
imp_status  fdo_to0_start(struct fdo_owner *o, imp_cx *cx, const imp_msg *in);
imp_status  fdo_to0_step(struct fdo_owner *o, imp_cx *cx, const imp_msg *in);
const char *fdo_to0_where(const struct fdo_owner *o);

#endif
