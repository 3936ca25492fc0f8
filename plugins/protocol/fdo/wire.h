/* wire.h -- the messages of FIDO Device Onboard 1.1 (FDO 1.1 section 5):
 * bytes <-> structs, and nothing else.
 *
 * fdo_read_X() takes a whole message body, proves nothing but its shape, and
 * yields spans into it; IMP_EBADMSG (wire error FDO_E_BODY): look at nothing.
 * Anything that is not exactly the message, trailing bytes included, is
 * refused.  fdo_put_X() appends the body.  A struct that is read can be put.
 * Raw spans ("raw") are whole CBOR items as they were on the wire: what is
 * hashed or compared is never encoded again.  All of it is [any]. */
#ifndef IMPRINT_FDO_WIRE_H
#define IMPRINT_FDO_WIRE_H

#include "cose.h"

enum fdo_msg { /* an odd one of a pair is the reply to the even one before it */
	FDO_DI_APP_START = 10, FDO_DI_SET_CREDENTIALS, FDO_DI_SET_HMAC, FDO_DI_DONE,
	FDO_TO0_HELLO = 20, FDO_TO0_HELLO_ACK, FDO_TO0_OWNER_SIGN, FDO_TO0_ACCEPT_OWNER,
	FDO_TO1_HELLO_RV = 30, FDO_TO1_HELLO_RV_ACK, FDO_TO1_PROVE_TO_RV, FDO_TO1_RV_REDIRECT,
	FDO_TO2_HELLO_DEVICE = 60, FDO_TO2_PROVE_OVHDR, FDO_TO2_GET_OV_NEXT_ENTRY, FDO_TO2_OV_NEXT_ENTRY,
	FDO_TO2_PROVE_DEVICE, FDO_TO2_SETUP_DEVICE, /* from here on in the tunnel */
	FDO_TO2_DEVICE_READY, FDO_TO2_OWNER_READY, FDO_TO2_DEVICE_INFO, FDO_TO2_OWNER_INFO,
	FDO_TO2_DONE, FDO_TO2_DONE2,
	FDO_ERROR = 255
};

enum fdo_error { /* EMErrorCode */
	FDO_E_TOKEN = 1, FDO_E_VOUCHER = 2, FDO_E_OWNER_SIGN = 3, FDO_E_ADDRESS = 4, FDO_E_GUID = 5,
	FDO_E_NOT_FOUND = 6, FDO_E_BODY = 100, FDO_E_INVALID = 101, FDO_E_REUSE = 102, FDO_E_INTERNAL = 500
};

enum { /* lengths in bytes, and other fixed numbers */
	FDO_VERSION = 101, FDO_GUID = 16, FDO_NONCE = 16, FDO_UEID = 17, FDO_HASH_MAX = 48,
	FDO_HASH_ITEM_MAX = 53,      /* an encoded Hash or HMac              */
	FDO_INFO_MAX = 1300,         /* ServiceInfo size when the peer names none */
	FDO_CHUNK = 1014,            /* bytes of one data chunk of an FSIM   */
	FDO_CBOR = 60                /* content format application/cbor      */
};

enum fdo_pktype { FDO_PK_RSA2048RESTR = 1, FDO_PK_RSAPKCS = 5, FDO_PK_RSAPSS = 6, FDO_PK_P256 = 10, FDO_PK_P384 = 11 };
enum fdo_pkenc { FDO_ENC_CRYPTO = 0, FDO_ENC_X509 = 1, FDO_ENC_X5CHAIN = 2, FDO_ENC_COSEKEY = 3 };
enum { FDO_CUPH_NONCE = 256, FDO_CUPH_OWNER_KEY = 257, FDO_EAT_NONCE = 10, FDO_EAT_UEID = 256,
       FDO_EAT_FDO = -257, FDO_EUPH_NONCE = -259 };

/* --- shared parts ------------------------------------------------------- */

typedef struct fdo_hash { /* Hash or HMac; alg 0: null */
	int32_t  alg;         /* IMP_A_SHA256, _SHA384, _HMAC256, _HMAC384 */
	imp_span value;       /* of the length that alg implies */
} fdo_hash;

typedef struct fdo_siginfo {
	int32_t  type;        /* COSE signature algorithm */
	imp_span info;
} fdo_siginfo;

typedef struct fdo_pubkey {
	uint8_t  type, enc;   /* enum fdo_pktype, fdo_pkenc                    */
	imp_span body;        /* raw item: bstr, array of bstr, or map         */
	imp_span raw;         /* the whole PublicKey array; put writes this    */
} fdo_pubkey;

/* Cursor forms: a bad part makes the cursor fail. */
void fdo_hash_read(imp_rd *r, fdo_hash *out);         /* SHA-256 or SHA-384 */
void fdo_hmac_read(imp_rd *r, fdo_hash *out);         /* HMAC-SHA-256 or -384 */
void fdo_hash_or_null(imp_rd *r, fdo_hash *out);
void fdo_put_hash(imp_wr *w, const fdo_hash *h);      /* alg 0: null */
void fdo_siginfo_read(imp_rd *r, fdo_siginfo *out);
void fdo_put_siginfo(imp_wr *w, const fdo_siginfo *s);
void fdo_pubkey_read(imp_rd *r, fdo_pubkey *out);     /* shape only: voucher.h */
void fdo_put_raw(imp_wr *w, imp_span raw);            /* an item that is encoded already */

/* --- DI ----------------------------------------------------------------- */

/* DeviceMfgInfo: what Java, C and Go peers agree on; the standard leaves it
 * open, so mfg_info is the bstr's content and this is one reading of it. */
typedef struct fdo_mfginfo {
	uint8_t  type, enc;        /* of the key in the CSR */
	imp_span serial, info;     /* text */
	imp_span csr;              /* PKCS#10, DER */
} fdo_mfginfo;

imp_status fdo_read_app_start(imp_span in, fdo_mfginfo *out);
void       fdo_put_app_start(imp_wr *w, const fdo_mfginfo *m);
/* 11: the content of the bstr: OVHeader (voucher.h). */
imp_status fdo_read_set_credentials(imp_span in, imp_span *ovheader);
void       fdo_put_set_credentials(imp_wr *w, imp_span ovheader);
imp_status fdo_read_set_hmac(imp_span in, fdo_hash *hmac, imp_span *raw);
void       fdo_put_set_hmac(imp_wr *w, const fdo_hash *hmac);
/* 13, and 20: the empty array. */
imp_status fdo_read_empty(imp_span in);
void       fdo_put_empty(imp_wr *w);

/* --- TO0 ---------------------------------------------------------------- */

/* One nonce in an array: 21, 70, 71.  Points into `in`. */
imp_status fdo_read_nonce(imp_span in, imp_span *nonce);
void       fdo_put_nonce(imp_wr *w, const uint8_t nonce[FDO_NONCE]);

typedef struct fdo_owner_sign {
	imp_span to0d;             /* content of the bstr; to1d hashes it */
	imp_span voucher, nonce;   /* in to0d: the voucher as raw item */
	uint32_t wait;             /* seconds */
	imp_span to1d;             /* raw COSE_Sign1 */
} fdo_owner_sign;
imp_status fdo_read_owner_sign(imp_span in, fdo_owner_sign *out);
void       fdo_put_to0d(imp_wr *w, imp_span voucher, uint32_t wait, const uint8_t nonce[FDO_NONCE]);
/* The start of a to0d whose voucher is joined from parts: then the voucher's
 * bytes, then fdo_put_to0d_end(). */
void       fdo_put_to0d_start(imp_wr *w);
void       fdo_put_to0d_end(imp_wr *w, uint32_t wait, const uint8_t nonce[FDO_NONCE]);
void       fdo_put_owner_sign(imp_wr *w, imp_span to0d, imp_span to1d);
imp_status fdo_read_wait(imp_span in, uint32_t *seconds); /* 23 */
void       fdo_put_wait(imp_wr *w, uint32_t seconds);

typedef struct fdo_to1d { /* the payload of to1d */
	imp_span addrs;            /* raw array of RVTO2AddrEntry: rv.h */
	fdo_hash to0d;
} fdo_to1d;
imp_status fdo_read_to1d(imp_span payload, fdo_to1d *out);
void       fdo_put_to1d(imp_wr *w, imp_span addrs, const fdo_hash *to0d);

/* --- TO1 ---------------------------------------------------------------- */

typedef struct fdo_hello_rv {
	imp_span    guid;
	fdo_siginfo sig;
} fdo_hello_rv;
imp_status fdo_read_hello_rv(imp_span in, fdo_hello_rv *out);
void       fdo_put_hello_rv(imp_wr *w, const fdo_hello_rv *m);

typedef struct fdo_hello_rv_ack {
	imp_span    nonce;
	fdo_siginfo sig;
} fdo_hello_rv_ack;
imp_status fdo_read_hello_rv_ack(imp_span in, fdo_hello_rv_ack *out);
void       fdo_put_hello_rv_ack(imp_wr *w, const fdo_hello_rv_ack *m);

/* EAT (32 and 64): read yields the COSE object to verify.  To write one:
 * payload and unprotected header, then imp_cose_sign1(). */
typedef struct fdo_eat {
	imp_span nonce, guid;      /* 16 bytes each */
	imp_span xb;               /* EAT-FDO claim [xB] of 64; empty: no such claim */
	imp_span setup_nonce;      /* unprotected EUPHNonce of 64; empty: none */
} fdo_eat;
imp_status fdo_read_eat(imp_span in, imp_cose *cose, fdo_eat *out);
void       fdo_put_eat_payload(imp_wr *w, const fdo_eat *m);
void       fdo_put_eat_header(imp_wr *w, const fdo_eat *m); /* the unprotected map */

/* --- TO2 ---------------------------------------------------------------- */

typedef struct fdo_hello_device {
	uint16_t    max_msg;       /* largest message the device takes */
	imp_span    guid, nonce;   /* NonceTO2ProveOV */
	imp_span    kex;           /* text: tunnel.h */
	int32_t     cipher;
	fdo_siginfo sig;
} fdo_hello_device;
imp_status fdo_read_hello_device(imp_span in, fdo_hello_device *out);
void       fdo_put_hello_device(imp_wr *w, const fdo_hello_device *m);

typedef struct fdo_prove_ovhdr {
	imp_span    nonce_dv;      /* unprotected: NonceTO2ProveDv */
	fdo_pubkey  owner;         /* unprotected: CUPHOwnerPubKey */
	imp_span    ovheader;      /* content of the bstr */
	uint8_t     entries;
	fdo_hash    hmac;
	imp_span    hmac_raw;
	imp_span    nonce_ov;      /* NonceTO2ProveOV */
	fdo_siginfo sig;
	imp_span    xa;
	fdo_hash    hello;         /* of the whole message 60 */
	uint16_t    max_msg;       /* largest message the owner takes */
} fdo_prove_ovhdr;
imp_status fdo_read_prove_ovhdr(imp_span in, imp_cose *cose, fdo_prove_ovhdr *out);
void       fdo_put_prove_ovhdr_payload(imp_wr *w, const fdo_prove_ovhdr *m);
void       fdo_put_prove_ovhdr_header(imp_wr *w, const fdo_prove_ovhdr *m); /* the unprotected map */

imp_status fdo_read_get_entry(imp_span in, uint8_t *number);
void       fdo_put_get_entry(imp_wr *w, uint8_t number);
imp_status fdo_read_next_entry(imp_span in, uint8_t *number, imp_span *entry); /* raw, voucher.h */
void       fdo_put_next_entry(imp_wr *w, uint8_t number, imp_span entry);

typedef struct fdo_setup_device { /* the payload of 65 */
	imp_span   rvinfo;         /* raw */
	imp_span   guid, nonce;    /* NonceTO2SetupDv */
	fdo_pubkey owner2;
} fdo_setup_device;
imp_status fdo_read_setup_device(imp_span in, imp_cose *cose, fdo_setup_device *out);
void       fdo_put_setup_device_payload(imp_wr *w, const fdo_setup_device *m);

/* 66: hmac->alg 0: credential reuse.  max 0: null. */
imp_status fdo_read_device_ready(imp_span in, fdo_hash *hmac, uint16_t *max);
void       fdo_put_device_ready(imp_wr *w, const fdo_hash *hmac, uint16_t max);
imp_status fdo_read_owner_ready(imp_span in, uint16_t *max); /* 67 */
void       fdo_put_owner_ready(imp_wr *w, uint16_t max);

/* 68 and 69: the key-value pairs are read with fdo_kv_next() and written
 * with serviceinfo.h. */
typedef struct fdo_info {
	uint8_t  more, done;       /* done: 69 only */
	uint16_t count;            /* of pairs */
	imp_span pairs;            /* they, one after the other, all checked */
} fdo_info;
imp_status fdo_read_device_info(imp_span in, fdo_info *out);
imp_status fdo_read_owner_info(imp_span in, fdo_info *out);

/* --- 255 ---------------------------------------------------------------- */

typedef struct fdo_err {
	uint16_t code;             /* enum fdo_error; others are possible */
	uint8_t  previous;         /* message number */
	imp_span text;
} fdo_err;
imp_status fdo_read_error(imp_span in, fdo_err *out); /* any timestamp form */
/* For people: "60: its text", cut to fit, all but printable ASCII as '?'; ends
 * in 0. */
enum { FDO_SAID = 96 };
void       fdo_error_said(const fdo_err *e, char out[FDO_SAID]);
void       fdo_put_error(imp_wr *w, uint16_t code, uint8_t previous, const char *text);
/* The wire's error for a status: EBADMSG 100, EAUTH and EPROTO 101, else 500. */
uint16_t   fdo_error_of(imp_status st);

#endif
