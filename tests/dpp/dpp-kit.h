/* dpp-kit.h -- a device and its configurator on a wire, for tests, on host.h. */
#ifndef IMPRINT_DPP_KIT_H
#define IMPRINT_DPP_KIT_H

#include "dpp.h"
#include "host.h"

struct dkit {
	struct world w;
	struct party *device, *owner;   /* enrollee, configurator */
	const imp_crypto *c;
	int32_t curve;                  /* of bootstrapping keys */
	char uri[2][600];               /* of device, owner */
	/* how the hosts answer */
	int deny, silent;               /* AUTHORIZE */
	const char *reads;              /* what a person scans or types; NULL: nobody is there */
	int reads_peer;                 /* ... or it is the other's URI, and the right code */
	uint64_t slow;                  /* ms for people and policies to answer */
	int entries;                    /* of dpp.config: there are so many */
	const char *const *entry;       /* akm, ssid, pass, akm, ssid, ... */
	int status;                     /* ask for the connection's status, and what it is */
	uint64_t expiry;
	const char *group, *net_curve;  /* of the Connector */
	int cut_owner;                  /* world's power cuts are the configurator's */
	/* what was seen */
	struct sess *d, *o;             /* their sessions */
	int shows, withdrawn, asked, reads_asked, told;
	uint8_t claims[2048];
	size_t claims_len;
};

/* Keys on this curve, URIs, and one network with a Connector. */
void dkit_begin(struct dkit *k, const imp_crypto *c, int32_t curve);
void dkit_end(struct dkit *k);
/* Both know the PKEX code of the name "label". */
void dkit_codes(struct dkit *k);
/* The configurator knows the device's announcement of its presence. */
void dkit_announced(struct dkit *k);
void dkit_config(struct dkit *k, struct party *p, const char *name, const char *const *words); /* CBOR map of texts, until NULL; "true": bool */
/* One run on a new wire: START.topic of both (IMP_T_PEERKEY begins with the
 * peer "label"), until nothing happens any more or `ms` have passed. */
void dkit_run(struct dkit *k, uint16_t device, uint16_t owner, uint64_t ms);
/* Both are content, and the device has what it was given. */
int  dkit_configured(const struct dkit *k);
/* What the device keeps is nothing, or all of one configuration. */
int  dkit_whole(const struct dkit *k);
/* A key pair that is always the same one for `n`. */
void dkit_key(int32_t curve, int n, uint8_t *priv, uint8_t *pub);

extern char dkit_said[256];

#endif
