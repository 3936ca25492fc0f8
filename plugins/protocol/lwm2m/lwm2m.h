/* lwm2m.h -- the bootstrap interface of OMA LightweightM2M 1.0 to 1.2 as a
 * layer: what the host is asked, and what it is given to keep.
 *
 * One layer, imp.lwm2m, plays two roles (imp_params.role) on link 0 of kind
 * REST (CoAP), of which it is client and server at once:
 *   IMP_DEVICE   the LwM2M client
 *   IMP_OWNER    the bootstrap server; one session for each client's link
 *
 * NAMES OF FACTS  (O, I: object and instance ids; objects 0, 1, 2 and 21)
 *  device, beliefs
 *   CONFIG "lwm2m.client"   CBOR map: "ep" tstr, the endpoint name; "pct" uint, the
 *                           content format wished for (absent: none is named);
 *                           "pack" bool: ask for a Bootstrap-Pack first (1.2)
 *   CONFIG "lwm2m"          what there is: a CBOR array of [O, I, short server id or
 *                           null, bootstrap bool]; the bootstrap account is in it.
 *                           No server account and no bootstrap account: EFACT
 *   CONFIG "lwm2m/OID/IID"      an instance: its resources as OMA TLV
 *  device, knowledge (one commit, before Bootstrap-Finish is answered)
 *   CONFIG "lwm2m", "lwm2m/OID/IID"; secret: those of objects 0 and 21; forgotten: those
 *                           that were deleted.  The bootstrap account lives as long
 *                           as its resource 12 says (LEARN.when)
 *   SERVER "lwm2m/SSID"     the URI of that server
 *  owner, beliefs
 *   CONFIG "lwm2m.config/NAME"  MANY: entry i is an operation, a CBOR map: "op"
 *                           tstr ("delete", "write", "discover", "read"), "path" tstr,
 *                           "tlv" bstr: the instance to be written at O/I.  NAME: what
 *                           policy said (CONFIG of its answer), or the endpoint name
 *  owner, knowledge (with DONE)
 *   IDENTITY "lwm2m/EP"     CBOR map: "config" tstr, which configuration it has
 *  owner, questions
 *   AUTHORIZE name=EP data=claims.  Without a good answer: 4.00, as for names that are no UTF-8
 *
 * CLAIMS  IDENTITY tstr, the endpoint name; PEERKEY bstr or null, who the secured
 *   link says it is (PSK identity, or the hash of its key); CONFIG uint or null, the
 *   format it wishes for; VERIFY tstr, "bs" or "pack".  The ANSWER's map may have
 *   CONFIG tstr.  A name that belongs to another key is for policy to refuse.
 *
 * KEYS   The device answers its link's questions from the bootstrap account: PSK
 *   from resources 3 and 5, raw public keys and certificates from 3, 4 and 5 (the
 *   server's certificate or key must be the one in 4; usage 3).  The owner's go to
 *   the host.  A link that comes up without a channel, though resource 2 is not 3
 *   (NoSec): EAUTH.
 * NEWS   owner: TELL CONFIG name=EP data: what Discover or Read answered.
 * RULES  The bootstrap account, the OSCORE instance it names and /3/0 survive every
 *   Delete.  What is written takes effect with Finish, all of it or nothing; before
 *   it: at most one bootstrap account, every server account with its Security
 *   instance and URI and every such with its server account (by short server id),
 *   links to /21 that exist; else 4.06, and the end (IMP_EPROTO).
 * LIMITS IMP_LWM2M_INSTANCES instances (4.13), bodies of max_msg bytes (4.13).
 * ENDS   DONE(negative): topic is the CoAP code that was heard (IMP_EPEER).
 * TIME   247 s without a word of the other side (EXCHANGE_LIFETIME): IMP_ETIME.
 *   /0/x/11 (Client Hold Off Time) is waited for. */
#ifndef IMPRINT_LWM2M_H
#define IMPRINT_LWM2M_H

#include "imprint.h"

enum { IMP_LWM2M_INSTANCES = 16, IMP_LWM2M_ENDPOINT = 64, IMP_LWM2M_IDLE_MS = 247000 };

extern const imp_layer imp_lwm2m;
extern const imp_plugin imp_plugin_lwm2m;

#endif
