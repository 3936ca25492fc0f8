/* claims.h -- provisioner: what policy is told of a device, and may answer. */
#ifndef IMPRINT_BTMESH_CLAIMS_H
#define IMPRINT_BTMESH_CLAIMS_H

#include "wire.h"

struct btmesh_claims {
	imp_span target;             /* uuid, then what its beacon said: OOB information, URI hash */
	const btmesh_caps *caps;
	const btmesh_start *start;   /* how it will be authenticated */
	imp_span leaf, key;          /* its certificate, its public key; empty: not known */
	uint16_t address;
	uint8_t  tries;
};
void btmesh_put_claims(imp_wr *w, const struct btmesh_claims *k);
/* What the answer's map changes.  IMP_EBADMSG: it is no such map. */
imp_status btmesh_read_decision(imp_span map, btmesh_start *start, uint16_t *address);

#endif
