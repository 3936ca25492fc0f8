/* fdo.h -- FIDO Device Onboard 1.1 as a layer: what the host is asked, and
 * what it is given to keep.  (wire.h: the messages.  voucher.h: vouchers.)
 *
 * One layer, imp.fdo, plays four roles (imp_params.role):
 *   IMP_DEVICE      DI, TO1, TO2 client        stack fdo / http
 *   IMP_OWNER       TO2 server                 cut: fdo alone, see below
 *                   TO0 client (START.topic = IMP_T_VOUCHER)  fdo / http
 *   IMP_RENDEZVOUS  TO0 and TO1 server         cut
 *   IMP_MAKER       DI server                  cut
 * Link 0 is of kind REST.  Servers are token-routed: the host runs one http
 * session per connection (a stack without a top), hands each RX to
 * imp_fdo.triage(), and carries it to the fdo session that the key names
 * (`hint`: "di", "to0", "to1" or "to2", so the host knows which role's stack
 * to make); the ANSWERs go back by the host's ticket map.  START.name is the
 * session key, 16 bytes; the token on the wire is its lower-case hex.
 *
 * NAMES OF FACTS  (GUID below: 32 lower-case hex digits)
 *  device, beliefs
 *   VOUCHER "fdo.credential"   CBOR [DCActive, DCProtVer, DCDeviceInfo, DCGuid,
 *                              DCRVInfo, DCPubKeyHash]  (no secret in it).
 *                              DCActive is the host's business: DI leaves it
 *                              true, TO2 false; START runs either way
 *   KEY     "fdo.hmac"         flat key, HMAC-SHA256 or -384: bytes, of which
 *                              every credential gets new ones, or a slot, kept
 *   KEY     "fdo.attestation"  flat key, private: P-256, P-384 or RSA; of a slot
 *                              alg is the curve or, for RSA, the signature's
 *                              algorithm, and DI wants the public key in bits
 *   CONFIG  "fdo.device"       optional CBOR map of text: "kex" tstr, "cipher"
 *                              int, "reuse" bool (accept credential reuse);
 *                              absent: ECDH by the key's curve, A128GCM or
 *                              A256GCM, reuse true
 *   CONFIG  "fdo.devmod"       CBOR map tstr -> any: os, arch, version, device, ...
 *  device, work for the host
 *   ASK RUN name=command data=CBOR array of arguments; code bit 0 wants stdout,
 *       bit 1 stderr, code >> 8: bytes of output that one answer has room for
 *       (more is cut); ANSWER code = exit code (negative: refused), data = CBOR
 *       [stdout bstr, stderr bstr] or nothing.  MORE: the command has more to
 *       say, and the same question comes again
 *   ASK RUN "fdo.wget" data=CBOR [name, url, sha384 or null] (name empty: the
 *       last part of the URL's path); ANSWER code >= 0: done, data = CBOR uint
 *       length; the host keeps the file
 *   ASK IMAGE name, code=offset: a part of a file to upload; any size will do
 *   LEARN IMAGE name, code=offset, MORE unless last: a part of a download.  The
 *       last has a ticket: a negative ANSWER is told to the owner (done: -1).
 *       Names are the owner's, without control characters and no '/' at the end:
 *       where they may lead is for the host to say
 *  device, knowledge (one commit, only after Done2 is verified)
 *   KEY "fdo.hmac", VOUCHER "fdo.credential", OWNER "fdo.owner" (the PublicKey
 *   array of Owner2)
 *   TO1's blob is kept as SERVER "fdo.to1d" (provisional), asked back, and
 *   forgotten with the commit.  A run that starts over on the next address first
 *   says LEARN|FORGET with topic 0
 *  device, ends
 *   DONE(OK) after the commit's ANSWER.  DONE(LATER, when): nobody was there, or
 *   no rendezvous knows the device yet; `when` from RVDelaysec, else 120 s.
 *   DONE(negative): the last failure that was not a dead link; topic the error
 *   number we sent (255) or, with IMP_EPEER, got; data the reason as text; with
 *   IMP_EFACT name is the fact that is missing.  A file the owner wants that is
 *   not there is IMP_EDENIED
 *  device, DI (START.topic = IMP_T_VOUCHER)
 *   SERVER "fdo.di" URI; CONFIG "fdo.mfginfo" CBOR [serial tstr, deviceinfo tstr,
 *   ?pkEnc: the encoding wished for the manufacturer's key: 1 X509, 2 X5CHAIN,
 *   3 COSEKEY; absent: X509];
 *   KEY "fdo.attestation"; learns the credential and the hmac key
 *
 *  owner, beliefs
 *   VOUCHER GUID               MANY: entry 0 is the head, CBOR [101, bstr OVHeader,
 *                              HMac, chain or null]; entry i is OVEntry i-1 as it is
 *   KEY     "fdo.owner/TYPE"   TYPE: secp256r1, secp384r1, rsa2048, rsa3072
 *   SERVER  "fdo.to2"          CBOR array of RVTO2AddrEntry, for to1d
 *   CONFIG  "fdo.rvinfo"       optional: RendezvousInfo of the replacement voucher
 *   CONFIG  "GUID/serviceinfo" MANY, optional: entry i is one action, CBOR
 *       ["fdo.download", {"name": tstr, "fact": tstr, ?"sha-384": bstr}]
 *       ["fdo.command", {"command": tstr, "args": [*tstr], ?"may_fail",
 *                        ?"return_stdout", ?"return_stderr"}]
 *       ["fdo.upload", {"name": tstr, ?"need-sha": bool}]
 *       ["fdo.wget", {"name": tstr, "url": tstr, ?"sha-384": bstr}]
 *   IMAGE   fact, code=offset  the bytes of a download
 *  owner, questions: AUTHORIZE name=GUID data=claims, asked
 *   - with topic VOUCHER's run (START.topic = IMP_T_VOUCHER, name = GUID): may this
 *     voucher be accepted? (every signature and hash of it has been checked, and
 *     that it ends in our own key).  The ANSWER's map may carry {IMP_T_SERVER:
 *     seconds}: how long to ask the rendezvous for (86,400).  Then TO0, and
 *     DONE(LATER, when): registered, register again then; DONE(OK): the voucher
 *     is accepted and names no rendezvous (bypass)
 *   - in TO2 once the device has proved itself.  The ANSWER's map may carry
 *     {IMP_T_VOUCHER: true}: reuse the credential.
 *  owner, knowledge (one commit, before Done2 is sent)
 *   VOUCHER newGUID, code 0    the head of the replacement voucher
 *   OWNER   GUID               newGUID (16 bytes): the device that was GUID; the old
 *                              voucher stays, the device may not have heard Done2
 *   CONFIG  "GUID/devmod/KEY"  what devmod said, raw CBOR
 *   IMAGE   "GUID/upload/NAME" parts of uploads
 *   TELL RUN "GUID/stdout", "GUID/stderr" data; TELL RUN "GUID/exitcode" code
 *
 *  rendezvous
 *   AUTHORIZE name=GUID data=claims before TO0 is accepted; the ANSWER's map may
 *   carry {IMP_T_SERVER: seconds}: the longest wait it grants
 *   SERVER "rv/GUID" learnt with NOW, `when` its lifetime: CBOR [to1d,
 *   PublicKey of the device]
 *
 *  maker
 *   AUTHORIZE name=serial data=claims; ISSUE name=serial data=CSR -> CBOR array
 *   of certificates (the device's first); ANCHOR "fdo.maker/TYPE" -> the
 *   manufacturer's PublicKey array in any encoding; CONFIG "fdo.rvinfo"; learns
 *   VOUCHER GUID code 0 with NOW before Done.  TYPE is that of the device's key.
 *   The voucher has the key in the encoding that the device asked for: X509 and
 *   COSEKEY are made out of any other; for X5CHAIN the maker asks CHAIN
 *   "fdo.maker/TYPE" -> CBOR array of certificates, of this very key first
 *   (another key: DI ends with IMP_EFACT).  Without certificates (IMP_EFACT),
 *   and for COSEKEY of RSA, which FDO does not have, it stays as it is
 *
 * MEMORY  params.max_msg is the largest message either way.  A server's session
 *   holds in params.max_chain bytes (0: 2,048) what must outlive a question:
 *   TO2 1,024 for EC keys, 2,048 for RSA, plus the action in work; TO1 and TO0
 *   on the rendezvous the same; DI the CSR and the chain; the TO0 client needs
 *   900 more than the voucher's size.  Too little: error 500, IMP_ENOSPC.
 * TIME  a server's session ends with IMP_ETIME when its device is silent for 30
 *   s (10 min during ServiceInfo), or the host for 120 s.
 * ENDS  DONE(negative): topic is the wire's error (message 255), data the
 *   reason, name the fact that is missing (IMP_EFACT);
 *   imp_session_where() names state and reason.  After IMP_EPEER the reason is
 *   the number of the message that the peer refused and its own words, at most 95
 *   printable characters: "64: unknown device".
 *
 * CLAIMS  of AUTHORIZE: the table `claims` of plugin.c, as imprint help policy
 *   prints it. */
#ifndef IMPRINT_FDO_H
#define IMPRINT_FDO_H

#include "imprint.h"

extern const imp_layer imp_fdo;
/* The device's role alone: what a small device links. */
extern const imp_layer imp_fdo_device;
extern const imp_plugin imp_plugin_fdo;

#endif
