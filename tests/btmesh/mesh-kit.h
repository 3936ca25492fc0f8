/* mesh-kit.h -- a device and a provisioner on tests/host.h, and the person who
 * carries what one of them shows to the other. */
#ifndef IMPRINT_MESH_KIT_H
#define IMPRINT_MESH_KIT_H

#include "btmesh.h"
#include "host.h"
#include "pbadv.h"
#include "wire.h"

struct mesh {
	struct world w;
	struct party *device, *provisioner;
	struct sess *d, *p;
	const imp_layer *below;   /* NULL: PDU by PDU */
	char shown[16], last[16]; /* what is on a display, or blinks now; was there last */
	int  medium, shows, hides, reads;
	int  deny;                /* what policy says */
	int  silent;              /* it says nothing, nor does the person */
	imp_span decision;        /* ... and answers */
	uint8_t claims[2048];     /* what it was told last */
	size_t claims_len;
	imp_span ca;              /* certificates that are trusted, of which the last is right */
	int  wrong_cas;
	unsigned beacon;          /* OOB information that the provisioner heard; 0: it heard no beacon */
	const char *typed;        /* instead of what was shown */
	int  typos;               /* so many times that first */
	uint64_t patience;        /* ms that a run may take; 200 s */
	uint64_t rested;          /* ms until the device could be found */
};

#define MESH_UUID "00112233445566778899aabbccddeeff"

/* A network, a device of this name, nothing else. */
void mesh_begin(struct mesh *k, const imp_crypto *c, const imp_layer *below);
void mesh_below(struct mesh *k, const imp_layer *below);
void mesh_end(struct mesh *k);
/* What the device can do: CBOR in hex for CONFIG "btmesh.device". */
void mesh_device_is(struct mesh *k, const char *cbor_hex);
/* A secret that both know (static OOB). */
void mesh_static(struct mesh *k, imp_span device, imp_span provisioner);
/* Both begin, until nothing happens any more or 200 s have passed.  The
 * provisioner's end. */
imp_status mesh_run(struct mesh *k);
imp_status mesh_run_as(struct mesh *k, uint16_t topic, int32_t procedure);
/* 1: both have the same device key and network; 0: neither has; -1: something else. */
int mesh_provisioned(const struct mesh *k);
/* The device's address; 0: none. */
unsigned mesh_address(const struct mesh *k);

#endif
