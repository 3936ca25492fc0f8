/* dpplink.h -- what a link of kind IMP_L_DPP carries: whole messages of Wi-Fi
 * Easy Connect, whatever is below (public action and GAS frames, TCP port 8908).
 *
 * FRAMES  topic IMP_DPP_FRAME.  TX and RX data: 09 50 6f 9a 1a 01 TT, then the
 *   attributes (no category byte).  A TX's ticket, if it has one, is answered
 *   with IMP_OK when the frame is known to have arrived (the peer's MAC has
 *   acknowledged it; TCP: it was handed down), else negative.
 * GAS  topic IMP_DPP_GAS, the configuration dialog.  TX with a ticket, data the
 *   query (attributes alone); its ANSWER's data is the response (attributes
 *   alone, at most max_msg bytes), code IMP_OK; negative: no response came.  On
 *   the other side RX with a ticket, and the ANSWER carries the response; code
 *   negative: no response is made.  Dialog tokens, advertisement protocol
 *   elements, fragments, retransmission and comeback delays, also those while
 *   the ANSWER is not there yet, are the transport's.  One query at a time.
 * ADDRESSES  RX.name is the peer's MAC address, 6 bytes; empty on TCP.  TX.name
 *   is the same; empty: whom the last RX came from, or whom OPEN named.  A TX
 *   with IMP_GROUP is broadcast (announcements), over TCP just sent.
 *   UP.name is our own MAC address, 6 bytes; empty on TCP.
 * CHANNELS  code of frames: operating class << 8 | channel, 0: unknown or no
 *   wish.  A TX with a code goes out on that channel and stays there, TX.when:
 *   ms to listen there afterwards.
 * OPEN  name "dpp://HOST[:PORT]" for TCP (8908), "dpp://MAC" (12 lower-case hex
 *   digits) for action frames, "dpp:" when nobody in particular is meant; then,
 *   if they are known, "\nchannels: 81/1,115/36".  when: give up after.
 * UP  topic IMP_DPP_RELIABLE: what is sent arrives or the link goes DOWN, so
 *   nothing needs to be repeated; 0: frames get lost.  code: largest TX.
 * triage()  name and data as in RX. */
#ifndef IMPRINT_DPPLINK_H
#define IMPRINT_DPPLINK_H

enum imp_dpp_topic { IMP_DPP_FRAME = 0, IMP_DPP_GAS = 1 };
enum imp_dpp_up { IMP_DPP_LOSSY = 0, IMP_DPP_RELIABLE = 1 };
enum { IMP_DPP_PORT = 8908 };

#endif
