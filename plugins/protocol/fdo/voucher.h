/* voucher.h -- public keys, ownership vouchers and their chains (FDO 1.1
 * section 3.3 and 3.4).
 *
 * A voucher is walked one entry at a time: struct fdo_walk is all there is to
 * remember, however many entries there are, and holds no pointer.  A voucher
 * in parts is a head, CBOR [101, bstr OVHeader, HMac, chain or null], and its
 * entries as they are; joined it is the OwnershipVoucher of the standard.
 * [any] */
#ifndef IMPRINT_FDO_VOUCHER_H
#define IMPRINT_FDO_VOUCHER_H

#include "wire.h"
#include "x509.h"

/* --- keys --------------------------------------------------------------- */

enum { FDO_KEY_BITS = 400 }; /* RSAPublicKey of 3072 bits takes 398 */

/* A public key by value. */
typedef struct fdo_key {
	int32_t  alg;    /* IMP_C_P256, IMP_C_P384, IMP_X509_RSA; 0: none */
	uint16_t len;
	uint8_t  type;   /* enum fdo_pktype */
	uint8_t  bits[FDO_KEY_BITS];
} fdo_key;

/* Decode a PublicKey in any encoding.  Its type must fit the key: curve, RSA
 * of 2048 or 3072 bits, RSA2048RESTR 2048 and e = 65537.  Crypto (0) means
 * nothing for RSA and ECDSA.  IMP_EBADMSG, IMP_EUNSUP. */
imp_status fdo_key_read(const fdo_pubkey *pk, fdo_key *out);
/* From a key of x509.h; type 0: the natural one (P256, P384, RSA2048RESTR
 * for 2048 bits with e = 65537, else RSAPKCS). */
imp_status fdo_key_from(const imp_key *pub, uint8_t type, fdo_key *out);
imp_key    fdo_key_view(const fdo_key *k); /* points into k */
int        fdo_key_same(const fdo_key *a, const fdo_key *b); /* the key, not its type */
/* COSE signature algorithm: ES256, ES384, RS256/RS384, PS256/PS384; 0: none. */
int32_t    fdo_key_sig(const fdo_key *k);
/* The same for a private key (flat form; RSA: by its modulus; `type`
 * FDO_PK_RSAPSS selects PSS, 0 does not matter); 0: not a key of FDO.  A key in
 * a slot says its curve in alg, or for RSA its COSE algorithm. */
int32_t    fdo_private_sig(const imp_key *priv, uint8_t type);
/* A key from its flat form (imprint.h). */
imp_key fdo_key_flat(imp_span flat);
/* "secp256r1", "secp384r1", "rsa2048", "rsa3072": the TYPE in fdo.h's names. */
const char *fdo_key_name(const fdo_key *k);
/* The public half of a private key: EC bytes by x * G, RSA out of the private
 * key; of a slot, bits are taken for the public key.  IMP_EUNSUP. */
imp_status fdo_public_of(const imp_crypto *c, const imp_key *priv, fdo_key *out);
/* Width of hashes between a device and an owner: the smaller of the two
 * decides.  IMP_A_SHA256 or IMP_A_SHA384.  By signature algorithms. */
int32_t    fdo_hash_alg(int32_t device_sig, int32_t owner_sig);

/* Write a PublicKey: X509 or COSEKEY (EC only). */
void fdo_put_key(imp_wr *w, const fdo_key *k, uint8_t enc);
/* Write a PublicKey as X5CHAIN, leaf first. */
void fdo_put_key_chain(imp_wr *w, uint8_t type, const imp_span *certs, size_t n);
void fdo_put_key_x5chain(imp_wr *w, uint8_t type, imp_span chain); /* chain: encoded, [+ bstr] */

/* Verify a Sign1 under this key with the algorithm that goes with it. */
imp_status fdo_verify(const imp_crypto *c, const imp_cose *m, const fdo_key *k);

/* --- hashes ------------------------------------------------------------- */

/* IMP_EAUTH: h is not the hash of the gathered input. */
imp_status fdo_hash_check(const imp_crypto *c, const fdo_hash *h, const imp_span *in, size_t n);
/* Compute one; out->value points to `to`. */
imp_status fdo_hash_make(const imp_crypto *c, int32_t alg, const imp_span *in, size_t n,
                         uint8_t to[FDO_HASH_MAX], fdo_hash *out);
/* HMAC under the device's secret (alg HMAC256 or HMAC384); constant time. */
imp_status fdo_hmac_check(const imp_crypto *c, const imp_key *secret, const fdo_hash *h, imp_span in);
imp_status fdo_hmac_make(const imp_crypto *c, const imp_key *secret, int32_t alg, imp_span in,
                         uint8_t to[FDO_HASH_MAX], fdo_hash *out);

/* --- the device's credential (fdo.h) ------------------------------------- */

typedef struct fdo_credential {
	int      active;
	imp_span info;         /* text */
	imp_span guid, rvinfo; /* 16 bytes; raw */
	fdo_hash key;          /* of the manufacturer's PublicKey array */
} fdo_credential;
imp_status fdo_read_credential(imp_span in, fdo_credential *out);
void       fdo_put_credential(imp_wr *w, const fdo_credential *c);

/* --- heads -------------------------------------------------------------- */

typedef struct fdo_ovheader {
	imp_span   raw;        /* all of it: what is hashed */
	imp_span   guid;       /* 16 bytes */
	imp_span   rvinfo;     /* raw, not empty, well-formed */
	imp_span   info;       /* DeviceInfo, text, not empty */
	fdo_pubkey key;        /* the manufacturer's */
	fdo_hash   chain;      /* OVDevCertChainHash; alg 0: null */
} fdo_ovheader;

/* Refuses versions other than 101, an empty RendezvousInfo or DeviceInfo. */
imp_status fdo_read_ovheader(imp_span in, fdo_ovheader *out);
void       fdo_put_ovheader(imp_wr *w, const fdo_ovheader *h); /* raw and key.body are not used, key.raw is */

typedef struct fdo_head {
	fdo_ovheader header;
	fdo_hash     hmac;
	imp_span     hmac_raw;
	imp_span     chain;    /* raw array of bstr; empty: null */
} fdo_head;

imp_status fdo_read_head(imp_span in, fdo_head *out);
void       fdo_put_head(imp_wr *w, imp_span ovheader, imp_span hmac_raw, imp_span chain);
/* The device's certificate number i (0: the leaf); empty: there is none. */
imp_span   fdo_chain_cert(imp_span chain, size_t i);
/* Chain hash of the header, and the device's key out of the leaf.  A head
 * without a chain: IMP_EUNSUP. */
imp_status fdo_head_check(const imp_crypto *c, const fdo_head *h, fdo_key *device, const char **why);
/* Hash over the concatenated certificates of an encoded chain. */
imp_status fdo_chain_hash(const imp_crypto *c, int32_t alg, imp_span chain,
                          uint8_t to[FDO_HASH_MAX], fdo_hash *out);

/* --- entries ------------------------------------------------------------ */

typedef struct fdo_entry {
	imp_cose   cose;
	imp_span   raw;
	fdo_hash   prev, info;
	imp_span   extra;      /* content of the bstr; empty: null or nothing */
	fdo_pubkey key;        /* of the next owner */
} fdo_entry;
imp_status fdo_read_entry(imp_span in, fdo_entry *out);

/* Where a walk stands.  No pointers. */
typedef struct fdo_walk {
	int32_t  alg;          /* of every entry; 0: no entry has been seen */
	uint16_t count;        /* entries walked so far */
	uint8_t  mfg_type;
	uint8_t  prev[80];     /* hash of the last entry; before the first: SHA-256 */
	uint8_t  info[80];     /* then SHA-384 of header and HMac, of GUID and info */
	fdo_key  owner;        /* who signs the next entry; at the end: the owner */
} fdo_walk;

imp_status fdo_walk_start(const imp_crypto *c, fdo_walk *w, const fdo_ovheader *h, imp_span hmac_raw);
/* Verify the next entry and go on.  IMP_EBADMSG, IMP_EAUTH with *why a static
 * text ("signature", ...); *w is unchanged then. */
imp_status fdo_walk_next(const imp_crypto *c, fdo_walk *w, imp_span entry, const char **why);
/* Append one entry: `w` has walked to the end and priv is the private half of
 * w->owner.  next: a raw PublicKey of the same type and size (its signature
 * algorithm is checked).  alg: of the first entry, from fdo_hash_alg();
 * ignored if there are entries already.  extra: content, or empty: null. */
imp_status fdo_put_entry(const imp_crypto *c, imp_wr *w, const fdo_walk *at, const imp_key *priv,
                         imp_span next, imp_span extra, int32_t alg);

/* --- whole vouchers ----------------------------------------------------- */

typedef struct fdo_voucher {
	fdo_head head;
	size_t   count;        /* of entries */
	imp_span entries;      /* they, one after the other */
} fdo_voucher;

imp_status fdo_read_voucher(imp_span in, fdo_voucher *out); /* shape of the entries: when walked */
/* Take the next entry off `entries`; empty when there is none or it is bad. */
imp_span   fdo_voucher_pop(imp_span *entries);
/* The bytes before the entries; then append count entries.  chain empty: null. */
void       fdo_put_voucher_start(imp_wr *w, imp_span ovheader, imp_span hmac_raw, imp_span chain, size_t count);
/* Every hash and signature of it; secret may be NULL (then the HMac is not
 * checked).  *at_end is where the walk ended, *why the static reason of a failure
 * and *offset (may be NULL) the byte where the part at fault starts. */
imp_status fdo_voucher_verify(const imp_crypto *c, imp_span in, const imp_key *secret,
                              fdo_walk *at_end, const char **why, size_t *offset);

#endif
