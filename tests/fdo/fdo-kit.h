/* fdo-kit.h -- a whole FDO world for tests: a device, its maker, a rendezvous
 * server and two owners, with keys of every kind, on host.h. */
#ifndef IMPRINT_FDO_KIT_H
#define IMPRINT_FDO_KIT_H

#include "fdo.h"
#include "host.h"
#include "tunnel.h"

enum kit_kind { KIT_P256, KIT_P384, KIT_RSA2048, KIT_RSA3072 };
enum kit_who { KIT_CA, KIT_MAKER, KIT_OWNER, KIT_OWNER2, KIT_DEVICE, KIT_STRANGER };

/* A private key; made once per kind and player, the same in every run. */
struct kit_key {
	fdo_key pub;
	uint8_t priv[2048];
	size_t  len;
};
const struct kit_key *kit_key(enum kit_kind kind, enum kit_who who);
imp_key  kit_priv(const struct kit_key *k);
imp_span kit_flat(const struct kit_key *k); /* good until the next call */
/* A PublicKey array; x5chain: a self-signed certificate.  Until the 8th call after. */
imp_span kit_public(const struct kit_key *k, uint8_t enc);
imp_span kit_chain(const struct kit_key *k); /* its certificate, as CHAIN; likewise */

struct kit {
	struct world w;
	struct party *device, *maker, *rv, *owner, *owner2;
	const imp_crypto *c;
	enum kit_kind device_kind, owner_kind;
	uint8_t enc;         /* of owners' keys, and what the device wishes for its maker's */
	enum fdo_kex kex;
	int32_t cipher;
	int deny_voucher, deny_device, deny_to0, reuse; /* what policy says */
	uint32_t grant;      /* seconds of TO0; 0: what was asked */
	char guid[33];       /* of the voucher in the owner's hands */
	int exit_code;       /* what commands on the device yield */
	/* what was seen */
	imp_status last;     /* DONE of the last client session; IMP_EOVER: none */
	int ran, wgets;
	int exitcodes, last_exit;
	size_t out_bytes;
};

extern const imp_crypto *kit_crypto;

/* The facts of everybody.  rv: RendezvousInfo, empty: one HTTP directive. */
void kit_begin(struct kit *k, enum kit_kind device, enum kit_kind owner, enum fdo_kex kex, int32_t cipher, uint8_t enc);
void kit_end(struct kit *k);
void kit_no_reuse(struct kit *k); /* the device accepts no credential reuse */
/* DI; on success k->guid is set and the maker has the voucher. 1: done. */
int  kit_di(struct kit *k);
/* Extend the voucher that `from` holds with its key to the next owner and
 * hand it over. */
int  kit_extend(struct kit *k, struct party *from, enum kit_who signer, struct party *to, enum kit_who next);
/* The voucher's acceptance and TO0.  The client session's DONE code. */
imp_status kit_to0(struct kit *k, struct party *owner);
/* TO1 and TO2; the device's DONE code.  IMP_EOVER: it never ended. */
imp_status kit_onboard(struct kit *k);
/* DI, one extension, TO0: the device is its owner's to onboard. */
int  kit_ready(struct kit *k);
/* Service info of every kind: downloads "image" (these bytes) as firmware.bin
 * and uploads the same bytes as log.txt; runs two commands, one wget. */
void kit_actions(struct kit *k, imp_span file);
/* Action number i: `pairs` are keys and values ("true": the boolean), then NULL. */
void kit_action(struct kit *k, int i, const char *module, const char *const *pairs);
/* All of it: DI, one extension, TO0, onboarding. */
int  kit_all(struct kit *k);

/* The credential in the device's store: its GUID in hex; 0: it is torn (parts
 * of two credentials) or not there. */
int  kit_credential(const struct kit *k, char guid[33]);
/* A fingerprint of all that makes up the device's credential. */
uint64_t kit_print(const struct kit *k);
/* After an onboarding: the owner knows GUID under a new name; k->guid becomes
 * it.  1: the owner's replacement voucher is the device's credential. */
int  kit_follow(struct kit *k, struct party *owner);

/* RendezvousInfo with one directive of these variables, until -1. */
struct kit_rv { int var; const char *text; int64_t number; };
size_t kit_rvinfo(uint8_t *to, size_t cap, const struct kit_rv *v, size_t directives);

#endif
