/* chain.h -- provisioner: what it reads of a device's provisioning records, and
 * the certificates in them (Mesh Protocol 1.1, 5.4.2.6 and 5.5). */
#ifndef IMPRINT_BTMESH_CHAIN_H
#define IMPRINT_BTMESH_CHAIN_H

#include "run.h"

enum { BTMESH_CERTS = 4 }; /* most certificates of one device */

/* Records as they come, one after the other; their bytes follow in memory. */
struct btmesh_chain {
	uint8_t  count;               /* whole certificates               */
	uint16_t cap, used, total;    /* total: of the one on its way, 0: not known yet */
	uint16_t end[BTMESH_CERTS];   /* where each one ends              */
	uint32_t listed;              /* bit: id                          */
};

/* Ids of a Records List. */
imp_status btmesh_chain_list(struct btmesh_chain *k, imp_span in);
/* What to ask for next; 0: everything is here. */
int btmesh_chain_next(const struct btmesh_chain *k, uint16_t max, btmesh_request *out);
/* A fragment, into `bytes`, cap long.  IMP_EPROTO: not what was asked for, or it
 * changes its length; IMP_ENOSPC: too long; a record that is absent ends the
 * chain. */
imp_status btmesh_chain_take(struct btmesh_chain *k, uint8_t *bytes, imp_span in);
imp_span btmesh_chain_cert(const struct btmesh_chain *k, const uint8_t *bytes, unsigned i);

/* Does this chain lead to `anchor`, and is its first certificate this device's?
 * Then the public key in it, 64 bytes.  IMP_EAUTH with *why: no. */
imp_status btmesh_chain_verify(const imp_crypto *c, const struct btmesh_chain *k, const uint8_t *bytes, imp_span anchor, const uint8_t uuid[BTMESH_UUID],
                               uint64_t unix_time, uint8_t key[BTMESH_POINT], const char **why);

#endif
