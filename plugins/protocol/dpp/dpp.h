/* dpp.h -- Wi-Fi Easy Connect (DPP, releases 1 to 3) as a layer: what the host
 * is asked, and what it is given to keep.  (wire.h: frames and attributes.
 * core/dpplink.h: what its link carries.)
 *
 * One layer, imp.dpp, plays two roles (imp_params.role), each as initiator or
 * responder, on link 0 of kind DPP:
 *   IMP_DEVICE  the enrollee: a station, an access point, a configurator to be
 *   IMP_OWNER   the configurator
 *
 * RUNS  START.topic says what the first trust stands on, START.name with whom
 *   0                 respond: the link is the host's, it hears UP
 *   IMP_T_PEERKEY     initiate with the peer whose URI is PEERKEY "dpp.label/NAME"
 *   IMP_T_KEY         initiate by PKEX with the code KEY "dpp.code/NAME"
 *   IMP_T_SHOW        enrollee: announce our presence and respond
 *   IMP_T_CONFIG      enrollee: announce that we want to be reconfigured
 *   IMP_T_NETWORK     enrollee: introduce ourselves to the access point NAME
 *                     (its MAC address, 12 hex digits; empty: whoever is there)
 *   IMP_T_ACCESS      enrollee: an access point that answers introductions
 *  A responder shows its URI: TELL(SHOW, code IMP_M_QR, data the URI), and
 *  withdraws it at its end.  An initiator does so when the responder insists on
 *  reading it (RESPONSE_PENDING), and waits for two minutes.
 *
 * NAMES OF FACTS  (HASH: the SHA-256 of a bootstrapping key, 64 lower-case hex
 * digits)
 *  In a reconfiguration there is no bootstrapping key: HASH is then the SHA-256 of
 *  the enrollee's present netAccessKey (04 || x || y).
 *  both, beliefs
 *   KEY     "dpp.bootstrap"  flat private key, bytes, of one of the six curves.
 *                            Needed to respond; an initiator makes one up for
 *                            the run when it is missing or on another curve
 *   CONFIG  "dpp.uri"        optional CBOR map for our own URI: "mac" bstr 6,
 *                            "channels" tstr ("81/1,115/36"), "info" tstr,
 *                            "host" tstr; and "mutual" bool: as responder insist
 *                            on the initiator's URI; "pkex1" bool: begin PKEX
 *                            in its first version, which needs MAC addresses
 *   PEERKEY "dpp.label/NAME" the peer's URI, text; missing: ASK(READ, IMP_M_QR)
 *   PEERKEY "dpp.peer/HASH"  its URI, when the peer has sent only the hash;
 *                            missing, and "mutual": ASK(READ, IMP_M_QR)
 *   KEY     "dpp.code/NAME"  PKEX code, text; missing: ASK(READ, IMP_M_PIN).  NAME
 *                            is the code identifier on the wire, perhaps empty
 *   COUNTER "dpp.guess/NAME" optional: how often a code was guessed wrong, or who
 *                            began got no answer to its reveal (4 bytes,
 *                            big endian); learnt with NOW.  After 5 it is burnt:
 *                            forget it with the code
 *  enrollee, beliefs
 *   CONFIG  "dpp.enrollee"   CBOR map: "name" tstr, "role" tstr ("sta", "ap",
 *                            "configurator"), "mudurl" tstr, "bands" [uint];
 *                            optional; absent: {"name": "imprint", "role": "sta"}
 *   CHAIN "dpp.connector", KEY "dpp.netkey", ANCHOR "dpp.csign",
 *   PEERKEY "dpp.ppkey"      of an earlier run: for introduction and reconfiguration
 *  enrollee, knowledge (one commit, before Configuration Result is sent)
 *   NETWORK "dpp.network"    MANY: entry i is a CBOR map: "ssid" bstr, "akm" tstr
 *                            as it came, "pass" tstr, "psk" bstr 32, "csign" bstr
 *                            (kid), "chain" bstr (PKCS#7, for the key dpp.netkey), "ca" bstr, "server" tstr;
 *                            "object" bstr: the JSON, byte for byte
 *   CHAIN   "dpp.connector"  the Connector (JWS, text)
 *   ANCHOR  "dpp.csign"      flat public key of the configurator
 *   PEERKEY "dpp.ppkey"      flat public privacy protection key, if there is one
 *   KEY     "dpp.netkey"     flat private netAccessKey
 *  enrollee, knowledge of an introduction (with DONE)
 *   KEY "dpp.pmk/MAC"        flat, alg 0: PMK (hash-long) || PMKID (16)
 *
 *  configurator, beliefs
 *   KEY     "dpp.csign"      flat private key; missing: made (P-256) and learnt
 *   KEY     "dpp.ppkey"      flat private key on csign's curve; likewise
 *   CONFIG  "dpp.config/HASH", else "dpp.config"   MANY: entry i is one config
 *                            object as CBOR map: "ssid" tstr or bstr, "akm" tstr
 *                            ("dpp", "psk", "sae", "psk+sae", "dpp+sae",
 *                            "dpp+psk+sae", "dot1x"), "pass" tstr, "psk" bstr 32,
 *                            "group" tstr ("*"), "role" tstr (what the enrollee
 *                            asked for), "expiry" uint (Unix seconds), "ca" bstr,
 *                            "server" tstr, "status" bool (report how it went),
 *                            "curve" tstr ("P-384": the netAccessKey is to be on
 *                            it; all of a network's should be on the same)
 *  configurator, questions
 *   AUTHORIZE name=HASH (empty: the peer showed no key) data=claims, when the
 *   configuration request has come; ISSUE name=HASH data=CSR -> PKCS#7, for dot1x
 *  configurator, knowledge (with DONE)
 *   PEERKEY "dpp.enrollee/HASH"  CBOR map: what was granted to whom
 *
 * CLAIMS  a CBOR map keyed by fact topics.  The URI's words come from whoever
 *  made the label; the device's own come from whoever holds the key: a policy
 *  that compares them sees a key bound to another device's label.
 *   PEERKEY bstr 32 the hash of the key that was proved, or null
 *   IDENTITY map: "name", "role", "mudurl", "tech" tstr: what the device says
 *   SERVER map: "info", "host", "channels" tstr, "mac" bstr 6: what its URI says
 *   NETWORK bstr: the MAC address the frames came from, or null
 *   CONFIG bstr: the configuration request's JSON, byte for byte
 *   ASSOC tstr: "one-way", "mutual", "pkex", "reconfig".  With "reconfig" PEERKEY is
 *     that of the Connector shown.  The protocol proves only the sum of this key and a
 *     new one that the peer chose, so whoever has seen that Connector can pose as its
 *     device: it gets no Connector that it could use, but what else the entry says, a
 *     passphrase too
 *
 * ENDS  DONE(OK): the enrollee has committed, the configurator has heard so.
 *   DONE(negative): topic is the DPP status that was sent or received (IMP_EPEER),
 *   data the reason as text, name the fact that is missing (IMP_EFACT).
 *   DONE(LATER, when): nobody answered; come back then.
 * TIME  unix_time 0: a Connector's expiry is not checked. */
#ifndef IMPRINT_DPP_H
#define IMPRINT_DPP_H

#include "dpplink.h"
#include "imprint.h"

extern const imp_layer imp_dpp;
/* The enrollee's role alone, and of that what a device with a label needs, as
 * initiator or responder: no PKEX, no introduction.  What a small device links. */
extern const imp_layer imp_dpp_enrollee;
extern const imp_plugin imp_plugin_dpp;

#endif
