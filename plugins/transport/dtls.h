/* dtls.h -- DTLS 1.2 (RFC 6347) as a layer: datagrams above, datagrams below.
 * Client or server, as the opening comment of imprint.h has it.
 *
 * CLIENT  OPEN.name is a URI.  If its scheme is coaps or dtls the link is
 *   secured, else every message passes as it is.  OPEN.data is empty or a map
 *   of options (below).  UP follows the handshake; its channel is secured.
 * SERVER  UP from below without OPEN: a ClientHello is awaited.  Datagrams
 *   come through triage() first: it answers a ClientHello with a stateless
 *   cookie, and only one that proved its address reaches a session.  RX.name
 *   is the peer's address (24 bytes at most), which every TX carries from then
 *   on (empty: none).
 *   A new ClientHello on a live session is a second handshake beside it: the
 *   old keys stay good until the new ones are proven; then DOWN(ELINK), UP.
 *   If it fails the old ones stay, but peer_id is empty from then on.
 *
 * QUESTIONS (ASK), each answered now or later; a negative code ends the
 * handshake.  `name` is the host name of OPEN's URI or the SNI received.
 *   KEYS, IMP_K_OFFER     server: data is a CBOR array of the suites both have,
 *                         the client's favourite first.  ANSWER: topic the
 *                         suite (0: our order), data empty or options.
 *                         Negative: the defaults.
 *   KEYS, IMP_K_PSK       server: name is the client's identity; client: name
 *                         is the server's hint.  ANSWER: data the key (1 to 64
 *                         bytes); client: name the identity (to 128).
 *   KEYS, IMP_K_PASSWORD  EC-JPAKE.  ANSWER: data the password (1 to 64 bytes).
 *   KEYS, IMP_K_CERT      my certificates.  ANSWER: data the chain, each with
 *                         a 3-byte length; name that of the key.  Empty: none
 *                         (client only).
 *   KEYS, IMP_K_RAW       the same for a raw public key: a SubjectPublicKeyInfo.
 *   KEY                   name as answered above.  ANSWER: a P-256 key, flat.
 *   VERIFY                code: 0 certificates with 3-byte lengths, 2 raw key;
 *                         data: them (empty: the client has none).  Only that
 *                         the leaf reads and is P-256 has been checked.
 *                         ANSWER 0 or more: good (IMP_PROVISO: for now).
 *
 * OPTIONS, a CBOR map; what is missing is as said here
 *   "suites"   array: offered or accepted, in this order.  All of the layer's,
 *              but C0FF and FF00 of imp_dtls, which must be named.
 *   "types"    array of certificate types, 0 X.509, 2 raw: [0]
 *   "sni"      client: text to send as server_name; "" none.  The URI's host
 *              unless that is an address.
 *   "timeout"  ms until a flight is sent again, doubled up to 60 s: 1000
 *   "cid"      client: true: offers connection ids (it wants none itself);
 *              server: true: asks peers that offer for one of IMP_DTLS_CID
 *              bytes: false
 *   "auth"     server: certificate suites ask for the client's: true
 *
 * ENDS  close_notify: DOWN(IMP_OK).  A peer's alert: DOWN(IMP_EPEER), topic
 *   the alert; ours: DOWN(EAUTH, EPROTO ...), topic the alert sent; too many
 *   silent retransmissions: DOWN(IMP_ETIME).  Each with SHUT below.
 *   Bad records are dropped without a word, except while Finished is awaited:
 *   then a record that does not open is EAUTH (a wrong key or password).
 *
 * CHANNEL  kind 0xfefd; peer_id: PSK identity, or the SHA-256 of the raw key
 *   or leaf certificate; peer_chain; binding: tls-unique (with the extended
 *   master secret only).  derive(): RFC 5705, and "=key_block".
 *
 * REFUSED  renegotiation (alert 100), compression, session resumption,
 *   DTLS 1.0 and 1.3.  Offered always: extended master secret (RFC 7627),
 *   renegotiation info (RFC 5746).
 *
 * SECURITY IS NOT CHECKED HERE: which identity may do what. */
#ifndef IMPRINT_DTLS_H
#define IMPRINT_DTLS_H

#include "imprint.h"

enum imp_dtls_suite_id {
	IMP_DTLS_PSK_CBC = 0x00ae,         /* RFC 5487 */
	IMP_DTLS_ECDHE_ECDSA_CBC = 0xc023, /* RFC 5289 */
	IMP_DTLS_ECDHE_PSK_CBC = 0xc037,   /* RFC 5489 */
	IMP_DTLS_PSK_CCM8 = 0xc0a8,        /* RFC 6655 */
	IMP_DTLS_ECDHE_ECDSA_CCM8 = 0xc0ae,/* RFC 7251 */
	IMP_DTLS_ECJPAKE_CCM8 = 0xc0ff,    /* draft-cragie-tls-ecjpake */
	IMP_DTLS_ECDH_ANON_CBC = 0xff00    /* OCF: no authentication at all */
};

enum {
	IMP_DTLS_CID = 8,          /* bytes of the connection ids we ask for      */
	IMP_DTLS_MTU = 1232,       /* datagram, where UP says nothing             */
	IMP_DTLS_IDENTITY = 128,   /* bytes of a PSK identity or hint             */
	IMP_DTLS_TRIES = 9,        /* retransmissions of one flight               */
	IMP_DTLS_TIMEOUT = 1000,   /* ms                                          */
	IMP_DTLS_TIMEOUT_MAX = 60000
};

/* Same machine, other suites: a program links what its layer names. */
extern const imp_layer imp_dtls;              /* all suites, both sides       */
extern const imp_layer imp_dtls_psk_client;   /* C0A8                         */
extern const imp_layer imp_dtls_psk;          /* C0A8, both sides             */
extern const imp_layer imp_dtls_jpake_client; /* C0FF                         */
extern const imp_layer imp_dtls_jpake;        /* C0FF, both sides             */

extern const imp_plugin imp_plugin_dtls;

#endif
