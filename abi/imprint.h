/* imprint.h -- the one public header of imprint.
 *
 * imprint sets up the security of devices: bootstrapping, onboarding,
 * provisioning, commissioning, imprinting.  It does no I/O, owns no clock,
 * no thread and no heap.  You lend it memory, carry its messages, answer
 * its questions and keep what it learns.
 *
 * SEVEN WORDS
 *
 *   span     bytes lent for the length of a call
 *   message  the only thing that crosses a boundary (struct imp_msg)
 *   layer    a pure state machine: one message in, some messages out
 *   stack    one protocol layer standing on links of transport layers
 *   session  a running stack, living in memory you lend
 *   fact     a named datum: a belief before the run, knowledge after it
 *   plugin   a const struct that lists layers and cryptos
 *
 * THE ONE PICTURE
 *
 *            host: answers ASK, sees TELL, keeps LEARN, hears DONE
 *                         ^                    |
 *             rising      |                    v     sinking
 *                   +-----------------------------+
 *                   |  protocol layer  (fdo)      |
 *                   +-----------------------------+
 *                   |  transport layer (http)     |   link 0
 *                   |  transport layer (tls)      |
 *                   +-----------------------------+
 *                         ^                    |
 *            host: carries bytes: RX, UP, DOWN in; TX, OPEN, SHUT out
 *
 * Every verb has one direction for ever: RX UP DOWN ASK TELL LEARN DONE
 * rise, TX OPEN SHUT START TICK STOP sink, and an ANSWER goes back to
 * whoever holds the ticket.  The host is at both ends, so a stack may be
 * cut at any height and the host may carry messages between the halves:
 * relays, join proxies, RADIUS pass-through and token-routed servers are
 * all such cuts.
 *
 * TICKETS
 *
 *   A nonzero ticket asks for exactly one ANSWER with the same ticket; on
 *   OPEN, UP and DOWN it is a label that is echoed, and none is owed.
 *   Layers number tickets from a counter, below 2^24; the core tags them
 *   with the layer and its epoch, so that an answer from before a reset goes
 *   nowhere.  Tickets that the host feeds are below 2^24 too; the core
 *   carries them through and the ANSWER comes back through poll.  DOWN voids
 *   every ticket of its link.  A host at a cut keeps the map between its two
 *   halves.  A host that answers later keeps (imp_slab_id, ticket), never a
 *   pointer: a slot may have been reused.
 *   IMP_MORE on an ANSWER says that there is more; whoever wants it asks
 *   for the next part with a new ticket.
 *
 * REQUESTS AND REPLIES (links of kind REST: CoAP, HTTP)
 *
 *   A request is a TX or RX with a ticket; its reply is the ANSWER.
 *   name  "path?query" or an absolute URI, then "\nkey: value" lines in
 *         lower case for what the link has no field for (authorization,
 *         message-type, location, retry-after); in a reply the lines alone
 *   code  request: IMP_GET...; reply: HTTP as it is (200, 404), CoAP c.dd
 *         as c*100+dd (2.05 is 205); negative: no reply came; 0: send no
 *         reply and free the exchange
 *   topic the CoAP Content-Format number, on HTTP too; 0xffff: none
 *   Bodies larger than memory come in pieces with IMP_MORE.  Each piece of
 *   a request but the last is answered with 231; the next piece of a reply
 *   (and the next replier to a multicast) is pulled by a request of code
 *   231.  That is the flow control.
 *
 * WHO IS CLIENT, WHO IS SERVER
 *
 *   A layer that is sent OPEN is the client of that link; one that hears UP
 *   without having been sent OPEN is the server.  OPEN carries the URI in
 *   name and per-opening options (suites, SNI) as a CBOR map in data; UP
 *   echoes OPEN's ticket, and its code is the largest TX the link takes (0:
 *   unknown).  TLS is transparent when the URI's scheme does not ask for it
 *   (UP then has no channel).  After SHUT the host feeds nothing more from
 *   the old connection.
 *
 * FACTS
 *
 *   ASK(fact, name) fetches a belief.  A fact larger than memory comes in
 *   parts: code is the entry number of an IMP_FACT_MANY fact, the byte
 *   offset of any other; ANSWER|MORE says that another part follows, and
 *   its code is the number of entries (MANY) or of bytes there are in all.
 *   LEARN writes parts the same way: code is the entry or the offset.
 *   IMP_LIST asks for the names below `name`.  LEARN keeps knowledge:
 *   provisional until DONE(IMP_OK), and dropped on any other end, except
 *   that LEARN|NOW commits itself and every LEARN before it, together or
 *   not at all, before its ANSWER.  A session's own ASKs see its
 *   provisional facts.  LEARN|FORGET deletes the named fact (a prefix
 *   ending in '/' deletes all below it); with topic 0 it drops what was
 *   learnt since the last commit.
 *   Long-lived keys need not exist in memory: ASK(KEY) may answer with a
 *   slot number of the crypto provider, and ASK(SIGN) lets the host sign,
 *   today or tomorrow.
 *   Flat form of a key in data: alg (4 bytes), flags (4), slot (8), all in
 *   the machine's byte order, then the key's own bytes: imp_key_from().
 *
 * ENDS
 *
 *   DONE(IMP_OK): onboarded.  DONE(IMP_LATER): a good end, not onboarded
 *   yet, come back after `when` (EAP-NOOB's initial exchange, EST 202).
 *   DONE(negative): failed; topic is the wire's own error number; after
 *   IMP_EFACT name is that of the ASK for the fact that is missing.  After
 *   DONE the top's deadline is cleared and rising messages pass it to the
 *   host, except ASK, which it may still answer (an EAP lower layer asks for
 *   keys after Success); the links linger so that a last message can be
 *   repeated.  Polite failure is: emit the error message, emit DONE, return
 *   IMP_OK.  A negative return of step means "I am broken": of the top, the
 *   session ends; of a transport layer, the core zeroes and re-inits every
 *   layer of that link, sends SHUT down and DOWN(code) up, and OPEN starts
 *   it afresh.  TX on a link that is down, or too large: ANSWER(error) if
 *   it had a ticket, else dropped.  Peers' mistakes never break a layer.
 *   What a failing step emitted is dropped; an emit error that a step
 *   ignores fails it.  DONE is polled last, and once.  After a break feed
 *   returns the sticky status; START and STOP after DONE are IMP_EOVER.
 *
 * MEMORY
 *
 *   Session memory is yours for the life of the session and is small.  It
 *   holds no pointer at all, so a session may be moved by memcpy, frozen to
 *   bytes, and fed later by another process with the same stack (deadlines
 *   are on the host's monotonic clock: imp_session_shift).  A layer over a
 *   library that must stay put says IMP_PINNED; its sessions stay where
 *   they are, and a cut keeps the long-lived half free of it.
 *   Work memory is borrowed for one feed-and-drain; one per thread is
 *   enough for any number of sessions.  Nothing is ever allocated, so
 *   nothing is ever freed: imp_session_wipe() only erases secrets.
 *
 * LIFETIMES
 *
 *   Spans in a message given to a layer live until its step returns.  What
 *   a layer emits is copied into work memory unless it lies there already,
 *   so stack, state and incoming spans are safe to emit.  Spans drained by
 *   imp_session_poll() live until work memory is used for another feed.
 *   Feeding the same session while draining appends (IMP_ENOSPC, not
 *   sticky: drain first); feeding another with the same undrained work
 *   memory is IMP_EARG.  A session is not moved while it is undrained.  A
 *   host slows its peer down by not feeding until it has dealt with what it
 *   drained.  Channels are not copied: they lie in room() or are static.
 *
 * THREADS
 *
 *   Functions marked [any] may run on any thread at any time.  Functions
 *   marked [session] need one thread at a time per session.  There are no
 *   globals.
 *
 * ABI RULES
 *
 *   1. Every vtable starts with `size`, the sizeof it was compiled with.
 *      Readers test IMP_HAS(); a missing tail reads as NULL or 0.
 *   2. Vtables grow only at the end.  struct imp_msg and struct imp_span
 *      never change.
 *   3. Enumerators are never renumbered, reused or removed.
 *   4. Extensions are named "imp.NAME/REV"; the meaning of a name/revision
 *      pair does not change.
 *   5. No name here is a keyword of C++, Go, Lua or Python (SWIG renames
 *      them silently), and no module is called imp.
 *   6. IMP_REV grows by one with every change to this file; abi/imprint.abi
 *      (abidw output) changes in the same commit and CI runs abidiff.
 *   Until release 1.0 rules 2 and 3 are an aim: improve first, then freeze.
 */
#ifndef IMPRINT_H
#define IMPRINT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMP_ABI 1u /* major: a plugin built for another major is refused */
#define IMP_REV 8u /* monotonic: see ABI RULES 6 */

#if defined(_WIN32)
#define IMP_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define IMP_EXPORT __attribute__((visibility("default")))
#else
#define IMP_EXPORT
#endif

/* Does the object behind `p` (whose first member is `size`) have `field`? */
#define IMP_HAS(p, type, field) \
	((p)->size >= offsetof(type, field) + sizeof ((type *)0)->field)

/* ===================================================================== */
/* 1. Spans and status                                                    */

/* Bytes lent for the length of a call.  ptr may be NULL iff len is 0. */
typedef struct imp_span {
	const uint8_t *ptr;
	size_t         len;
} imp_span;

/* 0 is success, negative is failure, positive is a kind of success. */
typedef int32_t imp_status;

enum imp_code { /* of an imp_status */
	IMP_OK       = 0,
	IMP_PASS     = 1,   /* layer: not mine, let it travel on             */
	IMP_LATER    = 3,   /* DONE: a good end; come back after `when`      */

	IMP_EBADMSG  = -1,  /* the peer's bytes are malformed                */
	IMP_EAUTH    = -2,  /* a signature, MAC, PIN or certificate is wrong */
	IMP_EDENIED  = -3,  /* the host's policy said no                     */
	IMP_EPROTO   = -4,  /* well-formed, but not allowed now              */
	IMP_EUNSUP   = -5,  /* valid, but not implemented here               */
	IMP_ENOSPC   = -6,  /* session or work memory is too small           */
	IMP_EARG     = -7,  /* the caller broke a rule of this header        */
	IMP_ETIME    = -8,  /* the peer or the host took too long            */
	IMP_ELINK    = -9,  /* a link went down before we were done          */
	IMP_EPEER    = -10, /* the peer reported failure; topic: its number  */
	IMP_ERANDOM  = -11, /* no entropy                                    */
	IMP_EFACT    = -12, /* a belief this run needs is missing            */
	IMP_EOVER    = -13  /* the session is already over                   */
};

/* ===================================================================== */
/* 2. Messages                                                            */

/* A verb below 0x80 rises (towards the protocol, then the host's policy);
 * a verb from 0x80 sinks (towards the wire, then the host's I/O). */
enum imp_verb {
	IMP_RX     = 0x01, /* data arrived               name: from whom      */
	IMP_UP     = 0x02, /* a link is ready            code: largest TX     */
	IMP_DOWN   = 0x03, /* a link is gone             code: status         */
	IMP_ASK    = 0x04, /* a question                 topic, name, data    */
	IMP_TELL   = 0x05, /* news for a human or a log  topic, code, data    */
	IMP_LEARN  = 0x06, /* a fact to keep             topic, name, data    */
	IMP_DONE   = 0x07, /* the protocol is over       code: status         */

	IMP_TX     = 0x81, /* send data                  name: to whom        */
	IMP_OPEN   = 0x82, /* make a link ready          name: URI, MAC, uuid */
	IMP_SHUT   = 0x83, /* close a link   code 0: tell the peer success    */
	IMP_ANSWER = 0x84, /* to whoever holds the ticket  code, name, data   */
	IMP_START  = 0x85, /* begin    name: subject or session key; topic:
	                      IMP_T_READ, only an out-of-band message arrived;
	                      IMP_T_VOUCHER, look after that voucher (FDO TO0) */
	IMP_TICK   = 0x86, /* your deadline passed                            */
	IMP_STOP   = 0x87  /* give up politely                                */
};
#define IMP_SINKS(verb) (((verb) & 0x80) != 0)

enum imp_flag {
	IMP_MORE    = 0x0001, /* continues in the next message              */
	IMP_NOW     = 0x0004, /* LEARN: commit, see FACTS                   */
	IMP_SECRET  = 0x0008, /* data is secret: do not log, wipe after use */
	IMP_GROUP   = 0x0020, /* RX/TX: multicast or broadcast              */
	IMP_FORGET  = 0x0040, /* LEARN: delete.  ASK, TELL: withdraw it     */
	IMP_PROVISO = 0x0080, /* ANSWER: accept for now, proof will follow  */
	IMP_LIST    = 0x0100  /* ASK: the names below `name`, as CBOR       */
};

/* What an ASK, TELL or LEARN is about.  0x0000-0x7fff belong to imprint,
 * 0x8000-0xffff to the plugin that uses them. */
enum imp_topic {
	/* decisions */
	IMP_T_AUTHORIZE = 0x0001, /* may `name` go on?  data: claims, a CBOR
	                             map keyed by fact topics; the ANSWER may
	                             carry the same kind of map back         */
	IMP_T_CHOOSE    = 0x0002, /* which of these?    answer code: index     */
	IMP_T_VERIFY    = 0x0003, /* is this chain or raw key good?  data: it;
	                             code: RFC 7250 certificate type         */
	/* the out-of-band channel; code: enum imp_medium */
	IMP_T_SHOW      = 0x0010, /* TELL: show, blink, beep, print            */
	IMP_T_READ      = 0x0011, /* ASK: scan, type, count                    */
	IMP_T_ROUTE     = 0x0012, /* TELL: `name` is a key of this session too */
	/* facts: asked as beliefs, learnt as knowledge */
	IMP_T_IDENTITY  = 0x0100, /* device uuid, serial, EUI-64, NAI          */
	IMP_T_KEY       = 0x0101, /* private or symmetric key (flat form)      */
	IMP_T_CHAIN     = 0x0102, /* my certificate chain (IDevID, LDevID)     */
	IMP_T_ANCHOR    = 0x0103, /* trust anchor: CA, MASA, owner, MUD signer */
	IMP_T_PEERKEY   = 0x0104, /* raw public key or key hash of a peer      */
	IMP_T_NETWORK   = 0x0105, /* SSID, PAN, NetKey, Thread dataset         */
	IMP_T_SERVER    = 0x0106, /* where to go next: URI                     */
	IMP_T_VOUCHER   = 0x0107, /* ownership voucher, device credential      */
	IMP_T_OWNER     = 0x0108, /* who owns me now                           */
	IMP_T_ACCESS    = 0x0109, /* ACL, roles, owner state (OCF pstat)       */
	IMP_T_CONFIG    = 0x010a, /* configuration document                    */
	IMP_T_IMAGE     = 0x010b, /* boot image, streamed with IMP_MORE        */
	IMP_T_ASSOC     = 0x010c, /* half-finished association (EAP-NOOB)      */
	IMP_T_COUNTER   = 0x010d, /* must never go back (DevNonce, seq)        */
	/* work done by the host on our behalf */
	IMP_T_SIGN      = 0x0200, /* data: the message, name: key, code: alg   */
	IMP_T_ISSUE     = 0x0201, /* data: CSR             answer: certificate */
	IMP_T_KEYS      = 0x0202, /* a lower layer wants keys  code: enum
	                             imp_keys, name: identity or hint, topic of
	                             the answer: suite                       */
	IMP_T_SIM       = 0x0203, /* data: RAND||AUTN      answer: AKA vector  */
	IMP_T_RUN       = 0x0204  /* run a command, script or learnt fact      */
};
enum imp_keys { IMP_K_OFFER = 0, IMP_K_PSK, IMP_K_PASSWORD, IMP_K_RAW, IMP_K_CERT, IMP_K_MSK };

enum imp_medium {
	IMP_M_TEXT = 1, IMP_M_QR, IMP_M_NFC, IMP_M_PIN, IMP_M_BLINK,
	IMP_M_BEEP, IMP_M_VIBRATE, IMP_M_BUTTON, IMP_M_URI, IMP_M_FILE
};

enum imp_method { IMP_GET = 1, IMP_POST, IMP_PUT, IMP_DELETE, IMP_FETCH, IMP_PATCH };

struct imp_channel; /* section 3 */

/* The only thing that crosses a boundary.  64 bytes on LP64, for ever. */
typedef struct imp_msg {
	uint16_t verb;   /* enum imp_verb                                     */
	uint16_t topic;  /* enum imp_topic; REST: content format; ends: the
	                    wire's own error number                          */
	uint16_t flags;  /* enum imp_flag                                     */
	uint16_t link;   /* which link of the stack; 0 unless there are more  */
	int32_t  code;   /* status, medium, REST code, part, radio channel    */
	uint32_t ticket; /* 0: none                                           */
	imp_span name;   /* peer address, URI path, identity, fact name       */
	imp_span data;   /* payload                                           */
	const struct imp_channel *channel; /* UP, RX: its security, or NULL   */
	uint64_t when;   /* ms from now; 0: no wish.  DONE: come back after;
	                    OPEN: give up after; ASK: useless after; LEARN:
	                    lifetime of the fact                             */
} imp_msg;

/* ===================================================================== */
/* 3. Channels: what a secured link offers to the layer above it          */

/* Comes with UP and RX, and fresh from cx->channel() in any step; lives in
 * work memory, valid for that step only: keep what you derive.  Layers in
 * between hand it on. */
typedef struct imp_channel {
	uint32_t size;
	uint32_t kind;       /* IANA TLS version, or 0 for "not TLS"          */
	uint32_t suite;      /* IANA cipher suite                             */
	uint32_t flags;      /* 0                                             */
	imp_span peer_id;    /* PSK identity, subject, raw public key hash    */
	imp_span peer_chain; /* DER certificates, end entity first, each with
	                        a 3-byte length, as on the TLS wire          */
	imp_span binding;    /* tls-unique (RFC 7030) or tls-exporter         */
	/* RFC 5705 exporter.  The label "=key_block" yields the raw (D)TLS 1.2
	 * key block, which Thread's KEK and OCF's owner PSK are made of; the
	 * master secret itself never leaves the transport. */
	imp_status (*derive)(const struct imp_channel *self, const char *label,
	                     imp_span context, uint8_t *out, size_t len);
} imp_channel;

/* ===================================================================== */
/* 4. Crypto plugin                                                       */

/* Algorithms are COSE numbers (IANA).  Those COSE lacks are private. */
enum imp_alg {
	IMP_A_SHA256 = -16, IMP_A_SHA384 = -43, IMP_A_SHA512 = -44,
	IMP_A_SHA1 = -14, /* verify and legacy KDFs only */
	IMP_A_HMAC256 = 5, IMP_A_HMAC384 = 6, IMP_A_HMAC512 = 7,
	IMP_A_ES256 = -7, IMP_A_ES384 = -35, IMP_A_ES512 = -36, IMP_A_EDDSA = -8,
	IMP_A_RS256 = -257, IMP_A_RS384 = -258, IMP_A_PS256 = -37, IMP_A_PS384 = -38,
	IMP_A_OAEP256 = -41,
	IMP_A_A128GCM = 1, IMP_A_A192GCM = 2, IMP_A_A256GCM = 3, IMP_A_CHACHAPOLY = 24,
	IMP_A_CCM8_128 = 10, IMP_A_CCM16_128 = 30, IMP_A_CCM64_128 = 32, IMP_A_CCM64_256 = 33,
	IMP_A_CMAC = -70001,  /* key length selects AES                      */
	IMP_A_SIV = -70002,   /* RFC 5297, key 32/48/64, tag first; no AD and
	                         one empty AD differ                         */
	IMP_A_AES_ECB = -70004, IMP_A_AES_CBC = -70005,
	IMP_A_AES_CTR = -70006, /* 128-bit big-endian counter                */
	IMP_A_TLS_CCM8 = -70007, IMP_A_TLS_CCM = -70008, /* 12-byte nonce    */
	IMP_A_TLS_CBC_SHA256 = -70009 /* MAC then encrypt, constant time     */
};
enum imp_curve { IMP_C_P256 = 1, IMP_C_P384 = 2, IMP_C_P521 = 3, IMP_C_X25519 = 4,
                 IMP_C_ED25519 = 6, IMP_C_BP256 = 256, IMP_C_BP384 = 258, IMP_C_BP512 = 259,
                 IMP_C_MODP14 = -14, IMP_C_MODP15 = -15 };

/* A key is its bytes, or a slot of the provider that holds it (secure
 * element, HSM, OS key store).  Points are uncompressed SEC 1, scalars
 * fixed width big endian, ECDSA signatures r||s, RSA keys PKCS#1 DER. */
typedef struct imp_key {
	int32_t  alg;   /* curve, or algorithm for symmetric keys             */
	uint32_t flags; /* IMP_KEY_*                                          */
	uint64_t slot;  /* with IMP_KEY_OPAQUE                                */
	imp_span bits;
} imp_key;
enum imp_key_flag { IMP_KEY_PRIVATE = 1, IMP_KEY_OPAQUE = 2 };

enum imp_hash_size { IMP_HASH_CTX = 256 }; /* bytes of any hash context; no pointer in it */

/* Constant time in every secret.  Outputs may be the inputs, exactly or not
 * at all overlapping.  Nothing is allocated on the caller's behalf.  All of
 * it is [any] and may return IMP_EUNSUP, on which `mux` tries the next. */
typedef struct imp_crypto imp_crypto;
struct imp_crypto {
	uint32_t    size;
	uint32_t    rank; /* among equals the host prefers the higher rank    */
	const char *id;   /* "imp.bearssl", "imp.sodium", "imp.fake"          */
	const void *data; /* the plugin's own                                 */

	/* 1 if `alg` on `curve_or_0` works; lets a manifest be checked early. */
	int        (*can)(const imp_crypto *c, int32_t alg, int32_t curve_or_0);
	imp_status (*random)(const imp_crypto *c, uint8_t *out, size_t len);

	imp_status (*hash_init)(const imp_crypto *c, void *ctx, int32_t alg);
	void       (*hash_push)(const imp_crypto *c, void *ctx, imp_span in);
	size_t     (*hash_peek)(const imp_crypto *c, const void *ctx, uint8_t *out);

	/* One-shot over gathered input.  HKDF, EAX, SP 800-108 and key wrap are
	 * core helpers on mac() and cipher(). */
	imp_status (*mac)(const imp_crypto *c, int32_t alg, const imp_key *k,
	                  const imp_span *in, size_t n, uint8_t *out, size_t len);
	imp_status (*cipher)(const imp_crypto *c, int32_t alg, int encrypt,
	                     const imp_key *k, imp_span iv, imp_span in, uint8_t *out);
	imp_status (*seal)(const imp_crypto *c, int32_t alg, const imp_key *k,
	                   imp_span nonce, const imp_span *aad, size_t naad,
	                   imp_span in, uint8_t *out, size_t *len);
	imp_status (*open)(const imp_crypto *c, int32_t alg, const imp_key *k,
	                   imp_span nonce, const imp_span *aad, size_t naad,
	                   imp_span in, uint8_t *out, size_t *len);

	imp_status (*keygen)(const imp_crypto *c, int32_t curve, uint8_t *priv,
	                     size_t *privlen, uint8_t *pub, size_t *publen);
	imp_status (*dh)(const imp_crypto *c, const imp_key *priv, imp_span pub,
	                 uint8_t *out, size_t *len);
	/* `in` is the digest for ECDSA and RSA, the message for EdDSA. */
	imp_status (*sign)(const imp_crypto *c, int32_t alg, const imp_key *priv,
	                   imp_span in, uint8_t *sig, size_t *len);
	imp_status (*verify)(const imp_crypto *c, int32_t alg, const imp_key *pub,
	                     imp_span in, imp_span sig);
	imp_status (*rsa)(const imp_crypto *c, int32_t alg, int encrypt,
	                  const imp_key *k, imp_span in, uint8_t *out, size_t *len);

	/* Group arithmetic for EC-JPAKE, PKEX and implicit certificates.
	 * out = x*P + y*Q; NULL P is the base point, empty Q: one term.  Off-curve
	 * points, infinity and zero scalars are refused; scalars are reduced. */
	imp_status (*muladd)(const imp_crypto *c, int32_t curve, imp_span x,
	                     imp_span P, imp_span y, imp_span Q, uint8_t *out, size_t *len);
	/* r = d + a*b, or d - a*b, modulo the group order. */
	imp_status (*scalar)(const imp_crypto *c, int32_t curve, imp_span a,
	                     imp_span b, imp_span d, int negate, uint8_t *r);
	/* Check a point, decompress it if it is compressed. */
	imp_status (*point)(const imp_crypto *c, int32_t curve, imp_span in,
	                    uint8_t *out, size_t *len);

	const void *(*extension)(const imp_crypto *c, const char *id);
};

/* ===================================================================== */
/* 5. Layers: what protocol and transport plugins implement               */

#define IMP_LINKS 4
#define IMP_DEPTH 5

/* What a link carries. */
enum imp_kind {
	IMP_L_NONE = 0,
	IMP_L_DGRAM,      /* datagrams with addresses: UDP, BLE PDU           */
	IMP_L_STREAM,     /* bytes in order: TCP, TLS                         */
	IMP_L_REST,       /* requests and replies: CoAP, HTTP                 */
	IMP_L_EAP,        /* EAP packets: EAPOL, RADIUS, PANA, CoAP-EAP       */
	IMP_L_METHOD,     /* one EAP method's data: EAP layer                 */
	IMP_L_ADV,        /* Bluetooth advertising bearer                     */
	IMP_L_GATT,       /* Bluetooth GATT characteristic pair               */
	IMP_L_PROV,       /* mesh provisioning PDUs: PB-ADV, PB-GATT          */
	IMP_L_ACTION,     /* 802.11 public action and GAS frames              */
	IMP_L_DPP,        /* DPP messages: action frames, TCP 8908            */
	IMP_L_8021X,      /* EAPOL over 802.11, 802.3, 802.15.4               */
	IMP_L_LORA,       /* LoRaWAN PHYPayload                               */
	IMP_L_NFC         /* NDEF                                             */
};

/* What the core lends to a step.  Valid only during that step. */
typedef struct imp_cx imp_cx;
struct imp_cx {
	uint32_t size;
	uint32_t rev;               /* IMP_REV of the core                    */
	uint64_t now;               /* monotonic milliseconds                 */
	uint64_t unix_time;         /* seconds; 0: this device has no clock   */
	const imp_crypto *crypto;

	/* Queue one message; it leaves, in order, after the step returns. */
	imp_status (*emit)(imp_cx *cx, const imp_msg *m);
	/* `len` bytes of work memory, 16-aligned.  NULL: return IMP_ENOSPC. */
	uint8_t   *(*room)(imp_cx *cx, size_t len);
	/* Replace this layer's only deadline; UINT64_MAX clears it. */
	void       (*wake)(imp_cx *cx, uint64_t at);
	/* The channel below, on `link`; NULL if it has none. */
	const imp_channel *(*channel)(imp_cx *cx, unsigned link);
	const void *(*extension)(imp_cx *cx, const char *id);
};

enum imp_role { IMP_DEVICE = 1, IMP_OWNER = 2, IMP_RELAY = 3, IMP_MAKER = 4,
                IMP_RENDEZVOUS = 5 };

/* Sizes a layer may need before it exists.  Options that are not sizes are
 * facts: ASK(CONFIG, name). */
typedef struct imp_params {
	uint32_t size;
	uint16_t role;      /* enum imp_role                                  */
	uint16_t exchanges; /* requests in flight that CoAP must remember     */
	uint32_t max_msg;   /* largest whole message to be held, in bytes     */
	uint32_t max_chain; /* largest certificate chain to be held, in bytes */
} imp_params;

/* A fact a protocol needs (belief) or imparts (knowledge), or a question that
 * it asks.  A word of `name` in capitals stands for any text: "rv/GUID". */
typedef struct imp_fact {
	uint16_t    topic;    /* enum imp_topic                               */
	uint16_t    flags;    /* IMP_FACT_*                                   */
	const char *name;     /* "idevid", "pskd", "netkey"                   */
	const char *text;     /* one line for humans                          */
} imp_fact;
enum imp_fact_flag {
	IMP_FACT_NEEDED = 1, /* some run of the role ends with IMP_EFACT without it */
	IMP_FACT_SECRET = 2, IMP_FACT_MANY = 4,
	/* whose it is: 1 << (8 + enum imp_role); none of these: every role's */
	IMP_FACT_DEVICE = 1 << 9, IMP_FACT_OWNER = 1 << 10, IMP_FACT_RELAY = 1 << 11,
	IMP_FACT_MAKER = 1 << 12, IMP_FACT_RENDEZVOUS = 1 << 13
};

/* The vocabulary of claims.  What the data of a question (AUTHORIZE, CHOOSE)
 * tells of whom it is about, and what the ANSWER's may tell back, is a CBOR map
 * keyed by fact topics; a manifest lists every key that may be in it. */
typedef struct imp_claim {
	uint16_t    ask;      /* the question: IMP_T_AUTHORIZE, ...           */
	uint16_t    topic;    /* the key: enum imp_topic                      */
	uint16_t    flags;    /* IMP_CLAIM_*, and whose: IMP_FACT_DEVICE, ... */
	uint16_t    form;     /* enum imp_form: what the value may be         */
	const char *text;     /* one line for humans                          */
} imp_claim;
enum imp_claim_flag {
	IMP_CLAIM_ALWAYS = 1, /* every such question has it                   */
	IMP_CLAIM_REPLY = 2   /* in the ANSWER's map, if the host likes       */
};
enum imp_form { /* 1 << CBOR major type; SIMPLE: true, false, null */
	IMP_F_UINT = 1 << 0, IMP_F_BYTES = 1 << 2, IMP_F_TEXT = 1 << 3,
	IMP_F_ARRAY = 1 << 4, IMP_F_MAP = 1 << 5, IMP_F_SIMPLE = 1 << 7
};

/* The survey's five headings as data, so that its comparison tables and the
 * planner are printed from what is built: one bit per term of section 3 of
 * draft-irtf-t2trg-security-setup-iot-devices. */
enum imp_player { /* 3.2 */
	IMP_P_MANUFACTURER = 1 << 0, IMP_P_OWNER = 1 << 1, IMP_P_USER = 1 << 2,
	IMP_P_INSTALLER = 1 << 3, IMP_P_ADMIN = 1 << 4,
	IMP_P_VENDOR_SERVICE = 1 << 5, /* MASA, bootstrap or voucher service  */
	IMP_P_RENDEZVOUS = 1 << 6, IMP_P_CA = 1 << 7, IMP_P_AAA = 1 << 8,
	IMP_P_PROXY = 1 << 9,          /* join proxy, border router, relay    */
	IMP_P_REGISTRAR = 1 << 10      /* registrar, configurator, commissioner */
};
enum imp_belief { /* 3.3: what the device holds beforehand; any one will do */
	IMP_B_BLANK = 1 << 0, IMP_B_SYMMETRIC = 1 << 1, IMP_B_RAWKEY = 1 << 2,
	IMP_B_CERT = 1 << 3
};
enum imp_discovery { /* 3.4 */
	IMP_D_LINK = 1 << 0, IMP_D_NETWORK = 1 << 1, IMP_D_OOB = 1 << 2,
	IMP_D_WELLKNOWN = 1 << 3
};
enum imp_trust { /* 3.4: what the first trust stands on */
	IMP_I_PERSON = 1 << 0, IMP_I_LABEL = 1 << 1, IMP_I_PKI = 1 << 2,
	IMP_I_VOUCHER = 1 << 3, IMP_I_SECRET = 1 << 4, IMP_I_LEAP = 1 << 5
};
enum imp_authorizer { /* 3.4 */
	IMP_Z_POSSESSION = 1 << 0, IMP_Z_OWNER = 1 << 1, IMP_Z_MANUFACTURER = 1 << 2
};
enum imp_delivery { /* 3.5 */
	IMP_V_NETWORK = 1 << 0, IMP_V_INFRASTRUCTURE = 1 << 1, IMP_V_SERVICE = 1 << 2
};
enum imp_property { /* 3.3, 3.4, 3.5 */
	IMP_Y_ID_IN_CLEAR = 1 << 0,   /* a lasting identifier is sent in clear */
	IMP_Y_VENDOR_ONLINE = 1 << 1, /* the manufacturer must be reachable    */
	IMP_Y_LABEL_SWAP = 1 << 2,    /* swapped labels swap the devices       */
	IMP_Y_MISBINDING = 1 << 3,    /* exposed to identity misbinding        */
	IMP_Y_RESET = 1 << 4,         /* reset is modelled                     */
	IMP_Y_RESALE = 1 << 5,        /* transfer of ownership is modelled     */
	IMP_Y_UNATTENDED = 1 << 6,    /* no person near the device             */
	IMP_Y_FORWARD_SECRET = 1 << 7 /* recorded runs stay secret             */
};
typedef struct imp_manifest {
	uint32_t size;
	uint32_t roles;      /* bit (1 << enum imp_role)                       */
	uint32_t players;    /* enum imp_player                                */
	uint32_t beliefs_in; /* enum imp_belief                                */
	uint32_t discovery;  /* enum imp_discovery                             */
	uint32_t trust;      /* enum imp_trust                                 */
	uint32_t authorizer; /* enum imp_authorizer                            */
	uint32_t delivers;   /* enum imp_delivery                              */
	uint32_t properties; /* enum imp_property                              */
	const char *terms;   /* the specification's own words                  */
	const char *process; /* one paragraph                                  */
	const imp_fact *beliefs;   /* until topic 0                            */
	const imp_fact *knowledge; /* until topic 0                            */
	const int32_t  *algs;      /* needed crypto, until 0                   */
	const char *const *stacks; /* "coap/dtls", "http/tls", NULL            */
	const imp_fact *questions; /* other ASKs (AUTHORIZE, RUN), until topic 0 */
	uint32_t optional;   /* those of players that a run can do without     */
	uint32_t media;      /* out of band, 1 << enum imp_medium, any one will
	                        do; bit 0, or no bit: it works without one      */
	const char *umbrella;      /* the specification's word for all of it   */
	const char *const *called; /* its words for the roles, by enum imp_role */
	const imp_claim *claims;   /* until ask 0                              */
} imp_manifest;

enum imp_triage {
	IMP_DROP = 0,  /* not for us                                          */
	IMP_KNOWN,     /* `key` names a living session: deliver to it, or, if
	                  it is gone, feed `reply` back (verb 0: drop)        */
	IMP_FRESH,     /* proven reachable: deliver, or create under `key`    */
	IMP_BOUNCE     /* feed `reply` back, keep nothing (DTLS cookie)       */
};

/* A pure state machine.  `state` is `need(p)` bytes, 16-aligned, zeroed
 * before init, without pointers (or flagged IMP_PINNED). */
typedef struct imp_layer {
	uint32_t    size;
	uint16_t    flags;   /* IMP_PINNED                                    */
	uint16_t    burst;   /* most messages one step emits                  */
	const char *id;      /* "imp.fdo", "imp.coap"                         */
	const char *version; /* of this implementation                        */
	const char *spec;    /* "RFC 9140", "FDO 1.1"                         */
	uint16_t    offers;  /* enum imp_kind, seen from above; a top: NONE   */
	uint16_t    needs[IMP_LINKS]; /* wanted below, per link               */
	const imp_manifest *manifest; /* protocols only                       */

	size_t     (*need)(const imp_params *p);
	imp_status (*init)(void *state, const imp_params *p);
	/* Consume one message whole.  IMP_OK: it was mine, what I have to say is
	 * emitted.  IMP_PASS: not mine, it travels on.  Negative: I am broken
	 * (see ENDS).  Validate everything, then change state, then emit: a step
	 * that fails leaves no trace of the message that broke it. */
	imp_status (*step)(void *state, imp_cx *cx, const imp_msg *in);
	/* Name of the present state, for traces and coverage.  May be NULL. */
	const char *(*where)(const void *state);

	/* Server side, before a session exists: sort one RX without state.
	 * `secret` is the host's current and previous 32 random bytes.  Writes
	 * the session key, and a hint (NAI, SNI, token, uuid) by which the host
	 * chooses the stack.  `reply` is a TX, or on a REST link an ANSWER with
	 * rx's ticket; its bytes lie in buf or are static.  May be NULL. [any] */
	int (*triage)(const imp_crypto *c, imp_span secret, uint64_t now,
	              const imp_msg *rx, uint8_t key[24], size_t *key_len,
	              imp_span *hint, imp_msg *reply, uint8_t *buf, size_t cap);
	/* Secure transports: the channel offered now, in cx->room() or static;
	 * NULL: none yet.  Across a cut only a fed message's channel exists. */
	const imp_channel *(*channel)(const void *state, imp_cx *cx);
	/* Most work memory one step takes; NULL: 2 * (max_msg + 128). */
	size_t     (*work)(const imp_params *p);
	const void *(*extension)(const char *id);
} imp_layer;
enum imp_layer_flag { IMP_PINNED = 1 };

/* ===================================================================== */
/* 6. Plugins                                                             */

/* A plugin is this struct.  Built in, its address stands in a table that
 * the application writes; built as a module, it is the one exported symbol.
 * The two are the same bytes: there is no init(), hence no order of init. */
typedef struct imp_plugin {
	uint32_t size;
	uint16_t abi;      /* IMP_ABI                                         */
	uint16_t rev;      /* IMP_REV it was built with                       */
	const char *id;    /* "imp.fdo"                                       */
	const char *license;
	const imp_layer  *const *layers;  /* NULL-terminated, or NULL         */
	const imp_crypto *const *cryptos;
	const void *(*extension)(const char *id);
} imp_plugin;

#define IMP_PLUGIN_SYMBOL "imp_plugin_1"

/* IMP_PLUGIN(fdo) = { sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.fdo", ... };
 * defines imp_plugin_fdo in a static build, imp_plugin_1 in a module. */
#ifdef IMP_MODULE
#define IMP_PLUGIN(name) \
	IMP_EXPORT extern const imp_plugin imp_plugin_1; \
	const imp_plugin imp_plugin_1
#else
#define IMP_PLUGIN(name) \
	extern const imp_plugin imp_plugin_##name; \
	const imp_plugin imp_plugin_##name
#endif

#if defined(__GNUC__) && !defined(_WIN32) /* what follows is exported: imprint.map */
#pragma GCC visibility push(default)
#endif

/* The plugins that are linked in, NULL-terminated.  An application writes
 * this one line itself and so chooses what the linker keeps; libimprint-all
 * carries a table with everything. */
extern const imp_plugin *const imp_builtin[];

/* IMP_OK if the plugin's ABI, sizes, ids and link kinds are sane.  IMP_EUNSUP:
 * another ABI number, or built for a newer revision than this one; IMP_EARG:
 * the plugin breaks a rule of this header.  `why`, unless NULL, gets the
 * reason in words (static), NULL if there is none.  [any] */
imp_status imp_plugin_check(const imp_plugin *p, const char **why);

/* Hosted builds only, off unless the application calls it: dlopen `path`,
 * take the symbol, check it.  Never searches (a path without a slash is
 * refused), never calls into the plugin.  Modules stay mapped for the life of
 * the process.  `why` as above, or what the dynamic linker said (good until
 * this thread's next call); *out is NULL unless IMP_OK.  [any] */
imp_status imp_plugin_load(const char *path, const imp_plugin **out, const char **why);

/* ===================================================================== */
/* 7. Sessions: what the embedding program calls                          */

/* Written as it is spoken: EST over CoAP over DTLS is
 *   { .top = est, .link = { { coap, dtls } } }
 * top NULL: the host itself stands on the links (front half of a cut stack).
 * A link that is empty: the host stands below the protocol (upper half). */
typedef struct imp_stack {
	uint32_t          size;
	uint32_t          flags;
	const imp_layer  *top;
	const imp_layer  *link[IMP_LINKS][IMP_DEPTH]; /* top first, NULL ends */
	const imp_crypto *crypto;
	imp_params        params;
} imp_stack;

/* Borrowed for one feed-and-drain.  Zero it once, set the first five; the
 * rest is ours (zeroing it again abandons what is undrained). */
typedef struct imp_work {
	uint8_t *mem;       /* 16-aligned                                     */
	size_t   len;       /* imp_work_need() or more                        */
	uint64_t now;       /* monotonic milliseconds                         */
	uint64_t unix_time; /* seconds, 0 if unknown                          */
	void    *user;      /* yours                                          */
	size_t   own[6];    /* private                                        */
} imp_work;

typedef struct imp_session imp_session;

/* Bytes for a session and for the work memory of this stack; 0 if the stack
 * does not fit together (needs and offers differ, the crypto lacks an
 * algorithm).  [any] */
size_t imp_session_need(const imp_stack *t);
size_t imp_work_need(const imp_stack *t);

/* Build a session in `mem` (16-aligned, `len` bytes).  Returns `mem`, or
 * NULL.  The session remembers a fingerprint of the stack and its crypto,
 * not the stack. */
imp_session *imp_session_init(void *mem, size_t len, const imp_stack *t);

/* Give one message to the session and run it until it is quiet.  START and
 * STOP go to the top, an ANSWER to its ticket; other rising verbs enter at
 * the foot of m->link, other sinking verbs at its head.  Returns the
 * session's sticky status; another stack than its own is IMP_EARG.
 * [session] */
imp_status imp_session_feed(imp_session *s, const imp_stack *t, imp_work *w,
                            const imp_msg *m);

/* The next message for the host: 1, or 0 when there is none.  [session] */
int imp_session_poll(imp_session *s, imp_work *w, imp_msg *out);

/* When to feed TICK; UINT64_MAX: never.  After DONE keep feeding until then
 * if the last message matters, or wipe at once.  [session] */
uint64_t imp_session_deadline(const imp_session *s);
void     imp_session_shift(imp_session *s, int64_t ms); /* another clock */

/* Sticky status, and where it broke: "imp.fdo.prove_device: EBADMSG" (kept
 * in the session, 48 bytes). */
imp_status  imp_session_status(const imp_session *s);
const char *imp_session_where(const imp_session *s);

/* Erase every byte of the session. */
void imp_session_wipe(imp_session *s);

/* ===================================================================== */
/* 8. Many sessions: a slab, an index and a deadline heap in your memory  */

typedef struct imp_slab imp_slab;

/* Memory for `count` slots of `slot` bytes, with keys of at most 24 bytes. */
size_t    imp_slab_need(size_t slot, uint32_t count);
imp_slab *imp_slab_init(void *mem, size_t len, size_t slot, uint32_t count,
                        uint64_t hash_seed);
void     *imp_slab_find(const imp_slab *b, imp_span key);
void     *imp_slab_take(imp_slab *b, imp_span key); /* NULL: full        */
int       imp_slab_also(imp_slab *b, void *slot, imp_span key); /* ROUTE */
void      imp_slab_drop(imp_slab *b, void *slot);   /* wiped, all keys   */
/* slot | generation, for answers that come later; NULL: it is gone. */
uint64_t  imp_slab_id(const imp_slab *b, const void *slot);
void     *imp_slab_at(const imp_slab *b, uint64_t id);
/* Tell the heap a slot's deadline; ask for the next slot that is due. */
void      imp_slab_wake(imp_slab *b, void *slot, uint64_t at);
void     *imp_slab_due(imp_slab *b, uint64_t now, uint64_t *next); /* once */

#if defined(__GNUC__) && !defined(_WIN32)
#pragma GCC visibility pop
#endif

/* ===================================================================== */
/* 9. Small things every layer uses (inline: no symbol, no ABI)           */

static inline imp_span imp_bytes(const void *p, size_t n)
{
	imp_span s;
	s.ptr = (const uint8_t *)p;
	s.len = n;
	return s;
}

static inline imp_msg imp_say(uint16_t verb, uint16_t topic, int32_t code,
                              uint32_t ticket, imp_span name, imp_span data)
{
	imp_msg m = {0, 0, 0, 0, 0, 0, {0, 0}, {0, 0}, 0, 0};
	m.verb = verb;
	m.topic = topic;
	m.code = code;
	m.ticket = ticket;
	m.name = name;
	m.data = data;
	return m;
}

enum { IMP_KEY_HEAD = 16 }; /* bytes before the key's own in its flat form */

/* A key from its flat form; its bits point into `flat`.  alg 0: too short. */
static inline imp_key imp_key_from(imp_span flat)
{
	imp_key k = {0, 0, 0, {0, 0}};
	if (flat.len < IMP_KEY_HEAD)
		return k;
	memcpy(&k.alg, flat.ptr, 4);
	memcpy(&k.flags, flat.ptr + 4, 4);
	memcpy(&k.slot, flat.ptr + 8, 8);
	k.bits = imp_bytes(flat.ptr + IMP_KEY_HEAD, flat.len - IMP_KEY_HEAD);
	return k;
}

/* The first 16 bytes of a key's flat form; its bits follow them. */
static inline void imp_key_head(const imp_key *k, uint8_t out[16])
{
	memcpy(out, &k->alg, 4);
	memcpy(out + 4, &k->flags, 4);
	memcpy(out + 8, &k->slot, 8);
}

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && UINTPTR_MAX > 0xffffffffu
_Static_assert(sizeof(imp_msg) == 64, "imp_msg is 64 bytes for ever");
_Static_assert(sizeof(imp_span) == 16, "imp_span is two words");
#endif

#ifdef __cplusplus
}
#endif
#endif /* IMPRINT_H */
