/* btmesh.h -- Bluetooth Mesh provisioning (Mesh Protocol 1.1, chapter 5) as a
 * layer: what the host is asked, and what it is given to keep.
 *
 * One layer, imp.btmesh, plays two roles (imp_params.role):
 *   IMP_DEVICE   the unprovisioned device, or a node that is provisioned anew
 *   IMP_OWNER    the provisioner
 * Link 0 is of kind PROV: whole provisioning PDUs.  Below it stand pbadv
 * (advertising), pbgatt (GATT) or pbremote (through another node), or the host.
 * A TX on such a link has a ticket; its ANSWER says that the peer has it, or,
 * negative, that the link goes down.  An RX with a ticket is answered at once.
 *
 * OPEN  provisioner: name is the device's uuid, 16 bytes: open a link to it.
 *   device: be found; name is its uuid, its OOB information (2 bytes, big endian)
 *   and, if it has a URI, the URI's hash (4): the beacon's bytes behind its type.
 *   UP comes when a provisioner has opened a link.
 * START  device: nothing; topic IMP_T_NETWORK: it is a node, and a provisioner
 *     wants to talk to it (Node Provisioning Protocol Interface; UP then brings
 *     the procedure in data, 1 byte: 0 device key, 1 address, 2 composition
 *     refresh); topic IMP_T_KEY: a message came under the new device key: adopt it
 *   provisioner: name is the uuid, or the uuid and what stands behind it in the
 *     beacon (triage's hint); topic IMP_T_NETWORK with code 0 to 2: provision this
 *     node anew
 *
 * NAMES OF FACTS  (UUID below: 32 lower-case hex digits)
 *  device, beliefs
 *   IDENTITY "btmesh.uuid"     16 bytes
 *   CONFIG  "btmesh.device"    optional CBOR map of text: "elements" uint (1),
 *                              "algorithms" uint, bits (3: both), "output" and
 *                              "input" [digits, actions as bits], "only_oob" bool,
 *                              "oob_info" uint, "uri" tstr, "records" [*uint], the
 *                              ids of the records there are
 *   KEY     "btmesh.static"    flat key: static OOB, 1 to 32 bytes.  Give it 32: with
 *                              algorithm 0 the first 16 of them are used
 *   KEY     "btmesh.oob"       flat key, private, P-256: its public half is known out
 *                              of band, or stands in the device's certificate
 *   CONFIG  "btmesh.record/ID" ID: 4 hex digits; code=offset: 0000 URI where
 *                              certificates are, 0001 the device's certificate (DER),
 *                              0002 to 0010 those above it, 0011 name, 0012 appearance
 *   COUNTER "btmesh.tries"     CBOR uint: see TRIES
 *   NETWORK "btmesh.net"       of a node: the network it is in, as below
 *  device, knowledge (one commit, before Complete is sent)
 *   NETWORK "btmesh.net"       25 bytes: NetKey (16), its index (2), flags (1: key
 *                              refresh, 2: IV update), IV index (4), own unicast
 *                              address (2); big endian, as they were sent
 *   KEY     "btmesh.devkey"    flat key: the device key, 16 bytes
 *   a node gets "btmesh.net.new" and "btmesh.devkey.new" instead; the key becomes
 *   "btmesh.devkey" when it is adopted
 *  provisioner, beliefs
 *   NETWORK "btmesh.net"       as above, the address may be missing (23 bytes)
 *   CONFIG  "btmesh.provisioner" optional CBOR map of text: "attention" uint,
 *                              seconds; "algorithms" and "methods" uint, bits of what
 *                              may be used; "records" uint, 1: ask for certificates
 *                              though the beacon does not offer them
 *   KEY     "btmesh.static/UUID"  flat key: the static OOB of its label
 *   PEERKEY "btmesh.oob/UUID"  its public key: X and Y, 64 bytes, or a point.  A device
 *                              that denies having what is known of it is another, or
 *                              somebody is in between: IMP_EAUTH
 *   ANCHOR  "btmesh.ca"        MANY: certificates that devices' chains lead to
 *   COUNTER "btmesh.next"      CBOR uint: the next free unicast address (2).  A host
 *                              with several runs at once assigns them itself, in the
 *                              ANSWER to AUTHORIZE
 *   COUNTER "btmesh.tries/UUID"  CBOR uint
 *   NETWORK "btmesh.node/UUID" of a node: 3 bytes, as below
 *  provisioner, knowledge (one commit, before the network key is sent: whether the
 *  device took it, only Complete says)
 *   NETWORK "btmesh.node/UUID" its address (2 bytes, big endian) and how many (1)
 *   KEY     "btmesh.devkey/UUID"  flat key; of a node "btmesh.devkey.new/UUID", which
 *                              becomes the former when Complete came
 *   COUNTER "btmesh.next"
 *
 * PEOPLE  TELL SHOW and ASK READ, code: the medium: BLINK, BEEP, VIBRATE (data:
 *   how often, in digits), PIN (a number), TEXT, BUTTON (name "push" or "twist": how
 *   often).  The side that shows is the device (output OOB) or the provisioner (input
 *   OOB).  TELL SHOW|FORGET withdraws it.  TELL SHOW BLINK "attention", when: the
 *   device shall be seen.
 * TRIES  every run that authenticates costs a try, counted before it is known how
 *   it ends; a good end sets the count to 0.  A device that has counted 5 waits 1 s
 *   before it is found again, then 3 s, 7 s, up to an hour, after a restart too.  A
 *   provisioner that has counted 10 for a device refuses it (IMP_EDENIED) until
 *   the host forgets the fact.  What is shown is new in every run.
 *   With algorithm 0 (CMAC) whoever plays the device can compute a short secret once
 *   the provisioner has revealed its number (CVE-2020-26556, -26557), within 60 s;
 *   algorithm 1 and 32-byte labels resist.  1 is taken when both can; policy is told
 *   (ACCESS), and "algorithms": 2 in btmesh.provisioner refuses the other.
 * CERTIFICATES  of a device whose beacon offers them are fetched before Invite
 *   (at most 4, params.max_chain bytes).  The chain must lead to one of btmesh.ca,
 *   the first certificate's common name begin with the uuid (8-4-4-4-12), its key be
 *   P-256 for key agreement: then it is the device's OOB public key.  A bad chain ends
 *   the run.  No chain, or no btmesh.ca: policy is told so (CHAIN null).
 *
 * ENDS  a run ends with its link; a device that is to be found again gets a new
 *   session.  DONE(negative): topic is the code of Failed, sent or heard (IMP_EPEER).  A
 *   device that failed answers every PDU by Failed until its link is gone.
 * MEMORY  params.max_msg: the longest PDU, 65 or more; more makes records fewer.
 * TIME  60 s from PDU to PDU, people included; 10 min from the link's UP, 60 s from
 *   the first Failed. */
#ifndef IMPRINT_BTMESH_H
#define IMPRINT_BTMESH_H

#include "imprint.h"

extern const imp_layer imp_btmesh;
/* The device's role alone: what a small device links. */
extern const imp_layer imp_btmesh_device;
extern const imp_plugin imp_plugin_btmesh;

#endif
