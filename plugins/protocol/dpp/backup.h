/* backup.h -- a configurator's keys, sealed for another configurator: DPP's
 * EnvelopedData (CMS, RFC 5652) with one password recipient.  Pure.  (Wi-Fi Easy
 * Connect, section 6.5.2.2)
 *
 * The password follows from the bk of the authentication on curve `v`; the
 * hash, the key lengths and AES-SIV's width from the signing key's curve.
 * PBKDF2 (64 bytes of salt, 1000 rounds) makes the key that wraps the content's.
 * Where CMS has implicit tags ([3] of the recipient, [0] of its derivation) the
 * one implementation in the field has explicit ones, and so has this.
 * Both keys are P-256, P-384, P-521 or Brainpool ones, on one curve or two.
 * [any] */
#ifndef IMPRINT_DPP_BACKUP_H
#define IMPRINT_DPP_BACKUP_H

#include "suite.h"

typedef struct dpp_backup {
	imp_key  csign, ppkey; /* private */
	imp_span config;       /* configuration template: UTF-8 JSON */
	imp_span connector;    /* Connector template, perhaps empty */
} dpp_backup;

/* Append the EnvelopedData.  room: dpp_backup_room() bytes, wiped.  IMP_EARG: a
 * key that is not private or on no curve of DPP's; without room in `w` it only
 * counts. */
imp_status dpp_backup_seal(const imp_crypto *c, const dpp_curve *v, const uint8_t *bk, const dpp_backup *b, imp_wr *w, uint8_t *room);
static inline size_t dpp_backup_room(const dpp_backup *b) { return b->config.len + b->connector.len + 400; }

/* Open it; what comes out lies in `mem` (as long as `der`), which holds secrets:
 * wipe it.  Of several key packages it is the first.  IMP_EBADMSG: malformed;
 * IMP_EUNSUP: other algorithms or numbers; IMP_EAUTH: another password, or
 * altered. */
imp_status dpp_backup_open(const imp_crypto *c, const dpp_curve *v, const uint8_t *bk, imp_span der, uint8_t *mem, dpp_backup *out);

#endif
