/* dpptcp.h -- Wi-Fi Easy Connect over TCP (port 8908): DPP above, a byte
 * stream below.  What a DPP link carries: core/dpplink.h.
 *
 * Each message is its length in 4 bytes, big endian, then a frame (09 50 6f
 * 9a 1a 01 TT attributes) or a GAS frame (gas.h).  OPEN makes it the client;
 * its "dpp://HOST[:PORT]" goes down as "tcp://HOST:PORT".  A name that is no
 * such URI: DOWN(EARG).
 *
 * LIMITS  A message of more than max_msg bytes and a GAS head, or of none, or
 *   more bytes than that behind IMP_DPPTCP_AT_ONCE messages, ends the link
 *   (EBADMSG, ENOSPC); one that stays incomplete for IMP_DPPTCP_PART_MS ends
 *   it too (ETIME).  Messages that are neither DPP's nor GAS, or malformed,
 *   are dropped.
 * QUERIES  One at a time in each direction (a second TX: IMP_EPROTO; a second
 *   RX is dropped).  Ours is answered within TX.when, or IMP_DPPTCP_REPLY_MS,
 *   or it is IMP_ETIME; comebacks are waited for and asked for.  A refusal is
 *   IMP_EPEER, its topic the status code; a response in fragments is
 *   IMP_EUNSUP.  The peer's waits for our ANSWER as long as that takes: TCP
 *   needs no comeback.
 *
 * RELAY (an access point between the air and a controller)  Nothing here is
 *   needed but a cut: one session of action.h and one of this layer for every
 *   peer's MAC address, both without a top, and a host that carries
 *	RX of one -> TX of the other, topic and data as they are, its name the
 *	    MAC address on the air and empty on TCP
 *	the ticket of a GAS RX -> a ticket of its own on the TX -> the ANSWER
 *	DOWN of one -> SHUT of the other */
#ifndef IMPRINT_DPPTCP_H
#define IMPRINT_DPPTCP_H

#include "imprint.h"

enum {
	IMP_DPPTCP_AT_ONCE = 4,      /* messages that one step delivers       */
	IMP_DPPTCP_PART_MS = 30000,
	IMP_DPPTCP_REPLY_MS = 120000
};

extern const imp_layer imp_dpptcp;
extern const imp_plugin imp_plugin_dpptcp;

#endif
