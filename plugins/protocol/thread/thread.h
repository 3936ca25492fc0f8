/* thread.h -- Thread's commissioning (MeshCoP, Thread 1.3 chapter 8) as a layer:
 * what the host is asked, and what it is given to keep.
 *
 * One layer, imp.thread, plays two roles (imp_params.role):
 *   IMP_DEVICE   the joiner
 *   IMP_OWNER    the commissioner, towards one joiner: a session for each
 * Link 0 is of kind REST: coap on dtls (or the host); DTLS 1.2, EC-JPAKE with the
 * PSKd.  A link that comes up without that suite is refused.
 *
 * THE CUT AT THE JOINER ROUTER
 *   A joiner has no network yet: its datagrams reach the commissioner in RLY_RX,
 *   the answers come in RLY_TX, and the dataset comes from its neighbour, the joiner
 *   router, in JOIN_ENT, in a MAC frame under the KEK that both ends derive from
 *   their DTLS session.  MAC, MLE and mesh are the host's:
 *   joiner        LEARN KEY "thread.kek" (provisional, never committed) comes before
 *     the JOIN_FIN that it is for: give it to the MAC (key id mode 0).  Link 1, REST,
 *     stands for what arrives under that key and nothing else: feed UDP port 61631's
 *     datagrams to a coap there, or POST /c/je as RX.
 *   commissioner  START.name is the Joiner ID (8 bytes; IID with the U/L bit flipped).
 *     Link 0's datagrams are the Joiner DTLS Encapsulation of RLY_RX and RLY_TX
 *     (thread_read_relay(), thread_put_relay() in wire.h).  LEARN KEY "thread.kek/ID"
 *     comes before the TX that accepts the joiner: that RLY_TX carries it.
 *   With no joiner router between them (START.name is not 8 bytes, as on plain UDP),
 *   the commissioner sends the dataset itself: POST /c/je inside the same DTLS
 *   session.  That is imprint's own; a joiner takes it, as it comes from whoever
 *   knew the PSKd.
 *
 * NAMES OF FACTS  (ID below: the Joiner ID, 16 lower-case hex digits; "any": there
 * is no joiner router that told it, and no label)
 *  joiner, beliefs
 *   KEY     "thread.pskd"      flat key: 6 to 32 of 0-9 A-Z without I, O, Q, Z
 *   SERVER  "thread.router"    URI "coaps://HOST:PORT" of the joiner router
 *   IDENTITY "thread.eui64"    8 bytes: then the label is shown
 *   CONFIG  "thread.joiner"    optional CBOR map: "vendor", "model" (32 bytes),
 *                              "version" (16), "url" (provisioning URL, 64) text;
 *                              "stack" (6), "data" (64) bytes
 *   COUNTER "thread.tries"     CBOR uint: see TRIES
 *  joiner, knowledge (one commit, before JOIN_ENT is answered)
 *   NETWORK "thread.dataset"   the TLVs of JOIN_ENT, at most 254 bytes
 *   KEY     "thread.netkey"    flat key, 16 bytes: the network key in it
 *  commissioner, beliefs
 *   KEY     "thread.pskd/ID"   flat key; who has none is asked to READ the label
 *   NETWORK "thread.dataset"   without a joiner router: what is sent
 *   COUNTER "thread.tries/ID"  CBOR uint
 *  commissioner, knowledge (before the joiner is accepted)
 *   IDENTITY "thread.joiner/ID" CBOR map: the CONFIG claim
 *
 * PEOPLE  joiner: TELL SHOW QR: its label, "v=1&&eui=...&&cc=PSKd"; withdrawn at the
 *   end.  commissioner: ASK READ QR, name ID: that text, or the PSKd alone.  A label
 *   of another joiner than the one that asks is refused.
 * TRIES  every handshake costs a try, counted before the PSKd is used; a good end
 *   forgets the count.  From the fifth on a joiner waits before it asks: 1 s,
 *   3, 7 up to an hour; a commissioner waits before it answers, 1 s, 3, 7, 15, and
 *   from the tenth refuses (IMP_EDENIED) until the host forgets the fact.
 * ENDS  joiner: IMP_EPEER rejected, IMP_EAUTH or IMP_EPEER with the alert: the PSKds
 *   differ; IMP_ETIME: accepted, but no JOIN_ENT came.
 * MEMORY  params.max_msg: 512 or more.  TIME  policy and people: as long as the
 *   joiner waits. */
#ifndef IMPRINT_THREAD_H
#define IMPRINT_THREAD_H

#include "imprint.h"

extern const imp_layer imp_thread;
/* The joiner's role alone: what a small device links. */
extern const imp_layer imp_thread_joiner;
extern const imp_plugin imp_plugin_thread;

#endif
