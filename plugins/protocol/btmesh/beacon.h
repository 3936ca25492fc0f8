/* beacon.h -- mesh beacons (Mesh Protocol 1.1, 3.10), for hosts that listen: AD
 * structures of type 0x2b, type byte first, as on an ADV link.  [any] */
#ifndef IMPRINT_BTMESH_BEACON_H
#define IMPRINT_BTMESH_BEACON_H

#include "rd.h"
#include "wr.h"

enum { BTMESH_AD_BEACON = 0x2b };
enum btmesh_info { /* OOB information: where more is known of a device; bits */
	BTMESH_I_OTHER = 1 << 0, BTMESH_I_URI = 1 << 1, BTMESH_I_CODE = 1 << 2, BTMESH_I_BARCODE = 1 << 3, BTMESH_I_NFC = 1 << 4, BTMESH_I_NUMBER = 1 << 5,
	BTMESH_I_STRING = 1 << 6, BTMESH_I_CERTIFICATE = 1 << 7, BTMESH_I_RECORDS = 1 << 8, BTMESH_I_ON_BOX = 1 << 11, BTMESH_I_IN_BOX = 1 << 12,
	BTMESH_I_PAPER = 1 << 13, BTMESH_I_MANUAL = 1 << 14, BTMESH_I_ON_DEVICE = 1 << 15
};

typedef struct btmesh_beacon {
	imp_span uuid;     /* 16 bytes                             */
	uint16_t info;     /* enum btmesh_info                     */
	imp_span uri_hash; /* 4 bytes: of s1(URI); empty: no URI   */
} btmesh_beacon;

/* Of an unprovisioned device.  IMP_EBADMSG: not such a beacon. */
imp_status btmesh_read_beacon(imp_span ad, btmesh_beacon *out);
void       btmesh_put_beacon(imp_wr *w, const btmesh_beacon *b);

/* Of a network, secure (type 1) or private (type 2), that has this key.
 * flags: as in provisioning data.  IMP_EAUTH: another network's; IMP_EBADMSG:
 * no such beacon. */
imp_status btmesh_open_beacon(const imp_crypto *c, imp_span ad, imp_span netkey, uint8_t *flags, uint32_t *iv_index);

#endif
