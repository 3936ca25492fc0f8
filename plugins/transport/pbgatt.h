/* pbgatt.h -- PB-GATT (Mesh Protocol 1.1, 5.2.2 and 6.3.1) as a layer:
 * provisioning PDUs above, values of a GATT characteristic below.
 *
 * GATT LINK  TX and RX carry one value: written without response to Mesh
 *   Provisioning Data In (0x2adb) of service 0x1827, or notified by Data Out
 *   (0x2adc).  OPEN goes down as it is: a provisioner's host connects to the device
 *   of that uuid; a device's host advertises the service, whose data are
 *   OPEN.name's first 18 bytes.  UP.code: the longest value, ATT_MTU - 3 (0: 20).
 *   A value is one proxy PDU: two bits of segmentation, type 3, then bytes.
 * PROV LINK  UP.code is the longest PDU: params.max_msg, at most as many segments
 *   as IMP_PBGATT_BURST.  A TX's ticket is answered when the segments have left.
 *
 * Values of another type are dropped.  Segments out of order, too long or 20 s late
 * end the link: SHUT below, DOWN(IMP_EBADMSG or IMP_ETIME) above.
 * MEMORY  params.max_msg once. */
#ifndef IMPRINT_PBGATT_H
#define IMPRINT_PBGATT_H

#include "imprint.h"

enum { IMP_PBGATT_BURST = 32, IMP_PBGATT_SEGMENT_MS = 20000 };

extern const imp_layer imp_pbgatt;
extern const imp_plugin imp_plugin_pbgatt;

#endif
