/* pbadv.h -- PB-ADV (Mesh Protocol 1.1, 5.2.1 and 5.3) as a layer: provisioning
 * PDUs above, the advertising bearer below.
 *
 * ADV LINK  TX and RX carry one AD structure without its length byte: AD type,
 *   then data.  This layer sends 0x29 (PB-ADV) and 0x2b (beacons); what is of
 *   another type, another link or malformed is dropped.  Nothing is opened: the
 *   host hands over what its radio hears, and sends each TX once.  Every frame
 *   waits 20 to 50 ms of chance before it leaves, one at a time.
 *
 * PROV LINK
 *   IMP_DEVICE   OPEN.name: 16, 18 or 22 bytes, the beacon's behind its type: it is
 *                sent about every second until a provisioner opens a link to this
 *                uuid: UP.  A second link, while one is open, is not answered
 *   other roles  OPEN.name: a uuid, 16 bytes.  Link Open is repeated for 60 s; then
 *                DOWN(IMP_ETIME).  when: another limit in ms
 *   UP.code      the longest PDU: params.max_msg, at most IMP_PBADV_MOST
 *   TX           one at a time, the next after the ANSWER to the one before
 *                (IMP_EPROTO).  It is repeated until the peer acknowledges it, or
 *                sends a PDU of its own, which no peer does before it has ours:
 *                ANSWER(IMP_OK).  After 30 s: ANSWER(IMP_ETIME), the link is closed,
 *                DOWN(IMP_ETIME)
 *   SHUT         Link Close, three times; reason success (code 0), timeout
 *                (IMP_ETIME) or fail.  DOWN by the peer's: topic is its reason, code
 *                IMP_OK, IMP_ETIME or IMP_EPEER
 *   TELL ROUTE   name: the link's id, 4 bytes, when the link is opened
 *
 * triage()  a beacon of an unprovisioned device is FRESH: key its uuid, hint the
 *   beacon's bytes from there on (START's name for a provisioner); Link Open is
 *   KNOWN under its uuid, every other frame under its link id.
 *
 * MEMORY  params.max_msg (65 or more) twice.  TIME  60 s without a PDU from the
 *   layer above or the peer is for the layer above to notice. */
#ifndef IMPRINT_PBADV_H
#define IMPRINT_PBADV_H

#include "imprint.h"

enum {
	IMP_PBADV_MOST = 20 + 63 * 23, /* bytes of a PDU: 64 segments           */
	IMP_PBADV_OPEN_MS = 60000, IMP_PBADV_TRANSACTION_MS = 30000,
	IMP_PBADV_BEACON_MS = 1000,    /* from beacon to beacon                  */
	IMP_PBADV_LINK_MS = 1500,      /* from Link Open to Link Open: there are peers
	                                  whose answer each one puts off        */
	IMP_PBADV_REPEAT_MS = 500      /* from the last segment to the first again */
};

/* The frame check sequence of a PDU (3GPP TS 27.010). */
uint8_t imp_pbadv_fcs(imp_span pdu);

extern const imp_layer imp_pbadv;
extern const imp_plugin imp_plugin_pbadv;

#endif
