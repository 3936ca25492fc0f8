/* action.h -- Wi-Fi Easy Connect on the air: DPP above (core/dpplink.h), public
 * action frames below.  The radio is the host's.
 *
 * A LINK OF KIND IMP_L_ACTION
 *   TX, RX  data: the frame's body from the category octet 04 on; name: the
 *     other station's MAC address, 6 bytes (a TX with IMP_GROUP: broadcast, and
 *     no name); code: operating class << 8 | channel, 0 where it is now.  A TX
 *     with `when` stays on that channel for so many ms afterwards and listens.
 *     A TX's ticket is answered by its status: IMP_OK, the other station has
 *     acknowledged it; negative: not.
 *   OPEN  as DPP's, "dpp://MAC\nchannels: 81/1,...": the host makes the radio
 *     ready.  Another name than that or "dpp:" is DOWN(EARG).  UP name: our own MAC address; code: the longest frame body, bytes
 *     (0: IMP_ACTION_MTU).  SHUT: no more frames.
 *
 * FRAMES go through as they are.  One ticket of a frame at a time: that of an
 * older one is answered with IMP_ETIME.
 * QUERIES  One at a time, either way.  Ours is sent IMP_GAS_TRIES times,
 *   IMP_GAS_RETRY_MS apart, until a response begins, and so is each comeback;
 *   fragments are put together, up to max_msg bytes (IMP_ENOSPC).  It is
 *   answered within TX.when or IMP_GAS_REPLY_MS, or it is IMP_ETIME.  IMP_EPEER: the
 *   other station refused, topic is the status code.  The peer's rises; when no
 *   ANSWER has come within IMP_GAS_PATIENCE_MS the peer is told to come back
 *   every IMP_GAS_BACK_TU units for it.  A response longer than a frame goes
 *   in fragments, each again until it is acknowledged or asked beyond. */
#ifndef IMPRINT_ACTION_H
#define IMPRINT_ACTION_H

#include "imprint.h"

enum {
	IMP_ACTION_MTU = 1400,
	IMP_GAS_TRIES = 4,
	IMP_GAS_RETRY_MS = 1000,
	IMP_GAS_REPLY_MS = 120000,
	IMP_GAS_PATIENCE_MS = 500,
	IMP_GAS_BACK_TU = 500
};

extern const imp_layer imp_action;
extern const imp_plugin imp_plugin_action;

#endif
