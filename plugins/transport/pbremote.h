/* pbremote.h -- PB-Remote (Mesh Protocol 1.1, 4.3.4, 4.4.5, 5.2.3) as a layer:
 * provisioning PDUs above, access messages of the Remote Provisioning models
 * below: a cut stack whose middle is a mesh network.
 *
 * DGRAM LINK  TX and RX carry one access message, opcode first; the host encrypts
 *   it with the node's device key and carries it, reliably (segmented messages).
 *   TX.name is OPEN's; RX.name is not looked at: the host gives each session its
 *   own node's messages.
 * PROV LINK
 *   IMP_OWNER   the Remote Provisioning Client.  OPEN.name: the uuid of a device near
 *               the node, or anything when OPEN.data is a procedure of the node itself
 *               (NPPI, 1 byte: 0 device key, 1 address, 2 composition refresh).  What
 *               is not answered is repeated every IMP_PBREMOTE_REPEAT_MS, for 60 s
 *               while opening, 30 s for a PDU: then DOWN(IMP_ETIME)
 *   IMP_DEVICE  the node's own procedures: OPEN: be ready for them; UP.data: which
 *   UP.code     the longest PDU: params.max_msg less 3
 *   TX          ticket answered when the node has sent the PDU on; a device's at once
 *   DOWN        IMP_OK: closed with success; IMP_EPEER: topic is the status of the
 *               node (enum imp_pbremote_status)
 *
 * THE MIDDLE  imp_pbserver, a top of role IMP_RELAY, is the Remote Provisioning
 *   Server of a node: link 0, kind PROV, leads to the device (pbadv, pbgatt), link 1,
 *   kind DGRAM, to the client: RX.name is its address, to which TX goes (the
 *   host feeds UP on link 1).  It never
 *   ends, asks nothing and learns nothing; one client and one device at a time.  It
 *   does not scan: what a node hears, its host tells.  A node's own procedures
 *   (Link Open of one byte) are for its other session, with imp_pbremote.
 *
 * MEMORY  IMP_OWNER: params.max_msg once. */
#ifndef IMPRINT_PBREMOTE_H
#define IMPRINT_PBREMOTE_H

#include "imprint.h"

enum { IMP_PBREMOTE_REPEAT_MS = 4000, IMP_PBREMOTE_OPEN_MS = 60000, IMP_PBREMOTE_PDU_MS = 30000 };

enum imp_pbremote_op { /* the access messages */
	IMP_RP_CAP_GET = 0x804f, IMP_RP_CAP_STATUS = 0x8050, IMP_RP_LINK_GET = 0x8058, IMP_RP_LINK_OPEN = 0x8059, IMP_RP_LINK_CLOSE = 0x805a, IMP_RP_LINK_STATUS = 0x805b,
	IMP_RP_LINK_REPORT = 0x805c, IMP_RP_PDU_SEND = 0x805d, IMP_RP_OUTBOUND = 0x805e, IMP_RP_PDU_REPORT = 0x805f
};
enum imp_pbremote_status {
	IMP_RP_OK, IMP_RP_NO_SCAN, IMP_RP_INVALID, IMP_RP_LIMITED, IMP_RP_CANNOT_OPEN, IMP_RP_OPEN_FAILED, IMP_RP_BY_DEVICE, IMP_RP_BY_SERVER, IMP_RP_BY_CLIENT,
	IMP_RP_NO_RX, IMP_RP_NO_TX
};
enum imp_pbremote_state { IMP_RP_IDLE, IMP_RP_OPENING, IMP_RP_ACTIVE, IMP_RP_SENDING, IMP_RP_CLOSING };

extern const imp_layer imp_pbremote, imp_pbserver;
extern const imp_plugin imp_plugin_pbremote;

#endif
