/* device.h -- what device.c (TO1, TO2) and devdi.c (DI) share. */
#ifndef IMPRINT_FDO_DEVICE_H
#define IMPRINT_FDO_DEVICE_H

#include "devsi.h"
#include "role.h"
#include "tunnel.h"

/* Named for what they expect: the host's answer or the peer's message. */
enum fdo_device_state {
	FDO_D_IDLE, FDO_D_CREDENTIAL, FDO_D_ATTESTATION, FDO_D_HMAC, FDO_D_CONFIG, FDO_D_ADDRESS, FDO_D_DELAY, FDO_D_BLOB, FDO_D_OPENING,
	FDO_D_RV_ACK, FDO_D_RV_KEY, FDO_D_REDIRECT, FDO_D_OVHDR, FDO_D_ENTRY, FDO_D_CHECK_BLOB, FDO_D_PROVE_KEY, FDO_D_SETUP,
	FDO_D_READY, FDO_D_INFO, FDO_D_HOST, FDO_D_DONE2, FDO_D_COMMIT,
	FDO_D_DI_SERVER, FDO_D_DI_HMAC, FDO_D_DI_INFO, FDO_D_DI_KEY,
	FDO_D_DI_CREDENTIALS, FDO_D_DI_DONE, FDO_D_OVER
};
enum fdo_run { FDO_RUN_NONE, FDO_RUN_DI, FDO_RUN_TO1, FDO_RUN_TO2 };
enum { FDO_SECRET_MAX = 64, FDO_TOKEN_MAX = 256, FDO_DEVINFO_MAX = 128, FDO_MFGINFO_MAX = 512,
       FDO_DEVICE_LEAST = 1024 /* params.max_msg */ };

/* An HMAC key in its flat form; len 0: none. */
typedef struct fdo_secret {
	uint8_t len, flat[IMP_KEY_HEAD + FDO_SECRET_MAX];
} fdo_secret;

/* Between 61 and 64. */
struct fdo_way {
	fdo_walk walk;
	uint16_t xa_len;
	uint8_t  entries;
	uint8_t  xa[FDO_X_MAX];
};

struct fdo_device {
	uint8_t  state, run, posted, kex;
	uint8_t  open;           /* a link is open or opening */
	uint8_t  dirty;          /* provisional facts beyond to1d */
	uint8_t  blob;           /* TO1 has yielded fdo.to1d */
	uint8_t  bypass, may_reuse, reusing, info_len;
	uint8_t  asked;          /* enum fdo_fact */
	uint8_t  noted;          /* this step has given its reason; else: encoding */
	uint32_t tickets, want, label, delay;
	imp_status fault;        /* last failure that was not a dead link */
	int32_t  sig, cipher, key_alg, chain_alg;
	uint16_t max, peer_max;  /* message sizes */
	uint16_t directive, address, hop; /* where we are on the way */
	uint16_t fault_topic, token_len;
	uint8_t  guid[FDO_GUID];
	uint8_t  nonce[FDO_NONCE];    /* TO1Proof, then TO2ProveOV, then TO2SetupDv */
	uint8_t  nonce_dv[FDO_NONCE];
	uint8_t  key_hash[FDO_HASH_MAX], chain[FDO_HASH_MAX];
	uint8_t  rv_hash[32], owner_id[32];
	char     reason[FDO_SAID];
	uint8_t  info[FDO_DEVINFO_MAX];
	uint8_t  token[FDO_TOKEN_MAX];
	fdo_tunnel tunnel;
	fdo_secret hmac, next;   /* of the credential there is, of the one to come */
	union { /* one after the other */
		struct fdo_way way;
		fdo_devsi      si;
		uint8_t        mfginfo[FDO_MFGINFO_MAX];
	} u;
};

/* The facts of fdo.h, by number. */
enum fdo_fact { FDO_F_CREDENTIAL, FDO_F_ATTESTATION, FDO_F_HMAC, FDO_F_CONFIG, FDO_F_TO1D, FDO_F_OWNER, FDO_F_DEVMOD, FDO_F_DI, FDO_F_MFGINFO, FDO_FACTS };

imp_wr     fdo_device_room(imp_cx *cx, size_t n); /* sticky IMP_ENOSPC */
/* Ask the host, and wait in `state`. */
imp_status fdo_device_ask(struct fdo_device *d, imp_cx *cx, uint8_t state, enum fdo_fact fact);
imp_status fdo_device_learn(struct fdo_device *d, imp_cx *cx, enum fdo_fact fact, imp_span data); /* provisional */
imp_status fdo_device_commit(struct fdo_device *d, imp_cx *cx); /* LEARN KEY "fdo.hmac" with NOW */
imp_status fdo_device_post(struct fdo_device *d, imp_cx *cx, uint8_t state, uint8_t type, const imp_wr *body);
imp_status fdo_device_open(struct fdo_device *d, imp_cx *cx, const imp_wr *uri);
imp_status fdo_device_next(struct fdo_device *d, imp_cx *cx);
imp_status fdo_device_done(struct fdo_device *d, imp_cx *cx, imp_status code);
/* The end: what was asked for last is not there, or cannot be read. */
imp_status fdo_device_lacks(struct fdo_device *d, imp_cx *cx);
/* Note the reason, shorter than FDO_SAID; return the status: the caller's verdict. */
imp_status fdo_device_bad(struct fdo_device *d, imp_status st, const char *why);

/* devcred.c */
int        fdo_device_take_secret(fdo_secret *s, imp_span flat);
imp_status fdo_device_hmac_check(const struct fdo_device *d, const imp_crypto *c, const fdo_hash *hmac, imp_span header);
/* Make the secret and the HMac under this header; learn the credential. */
imp_status fdo_device_adopt(struct fdo_device *d, imp_cx *cx, const fdo_ovheader *h, int32_t owner_sig, uint8_t mac[FDO_HASH_MAX], fdo_hash *hmac);
/* The same under the header that message 65 makes; learn the owner. */
imp_status fdo_device_renew(struct fdo_device *d, imp_cx *cx, const fdo_setup_device *m, int32_t owner_sig, uint8_t mac[FDO_HASH_MAX], fdo_hash *hmac);

/* devdi.c */
imp_status fdo_di_start(struct fdo_device *d, imp_cx *cx);
imp_status fdo_di_up(struct fdo_device *d, imp_cx *cx);
imp_status fdo_di_answer(struct fdo_device *d, imp_cx *cx, const imp_msg *in);
imp_status fdo_di_reply(struct fdo_device *d, imp_cx *cx, imp_span body);

#endif
