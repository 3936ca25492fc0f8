/* face.h -- imprint for languages that have a heap: what SWIG wraps.
 *
 * A face is a session with its stack, its memory and an output buffer, all
 * its own.  There are no callbacks and no pointers inside what crosses: a
 * binding hands over bytes and fetches bytes, once per message or once for
 * many.  (imprint.h has the words; nothing here is new but the packing.)
 *
 * RECORDS  A message is flat: a head of 40 bytes in the machine's byte order,
 *          then its name, its data and its channel, without anything between;
 *          the next record begins at the next multiple of 8.
 *
 *            u32 name_len, data_len, channel_len, 0
 *            u16 verb, topic, flags, link      i32 code   u32 ticket
 *            u64 when                          (Python: "=IIIIHHHHiIQ")
 *
 *          A channel (of UP and RX; none: 0 bytes) is again flat:
 *
 *            u32 kind, suite, id_len, chain_len, binding_len, exports
 *            peer_id, peer_chain, binding, and for each export
 *            u32 label_len, context_len, key_len, label, context, key
 *
 *          Drained channels have no exports: ask imp_face_derive().  Of a
 *          fed one, derive() knows what stands in the table, nothing else.
 *
 * OUTPUT   of imp_face_run(), _feed() and _triage(): a head of 32 bytes, then
 *          the records that were drained.
 *
 *            i32 status    the session's own, sticky
 *            i32 refused   why the last record was not taken, or 0
 *            u32 fed       records that were taken
 *            u32 count     records that follow
 *            u64 deadline  when to feed TICK; UINT64_MAX: never
 *            u64 0
 *
 *          It lies in the face and is good until the face's next call.
 *
 * ERRORS   Nothing here crashes on any bytes.  A malformed record is refused
 *          with IMP_EARG and what follows it is not fed.
 * THREADS  One thread at a time for each face [face]; different faces share
 *          nothing.  [any] is any thread at any time.
 * MEMORY   malloc's; imp_face_free() wipes and frees.  Work memory is shared by
 *          all faces of a process and lent for one call, but a face without a
 *          top keeps its own, so that imp_face_derive() works. */
#ifndef IMPRINT_FACE_H
#define IMPRINT_FACE_H

#include "imprint.h"

enum { IMP_FACE_RECORD = 40, IMP_FACE_HEAD = 32, IMP_FACE_SECRET = 64, IMP_FACE_SEAL = 32 };

/* --- what is built in ------------------------------------------------------ */

/* Everything there is as one JSON document, UTF-8 and NUL-terminated, to be
 * freed with free(); NULL: no memory.  [any]
 *
 *   abi, rev    numbers
 *   plugins     [{id, license, abi, rev, loaded, layers: [id], cryptos: [id]}]
 *   layers      [{id, version, spec, offers, needs: [kind], pinned, triage,
 *                 manifest: null or {roles, players, beliefs_in, discovery,
 *                 trust, authorizer, delivers, properties: [names], terms,
 *                 process, beliefs, knowledge: [{topic, name, text, needed,
 *                 secret, many}], algs: [numbers], stacks: [names]}}]
 *   cryptos     [{id, rank}]
 *   names       {verbs, topics, statuses, flags, roles, kinds, media, methods,
 *                keys, triage, curves, algs: {name: number}}
 */
char *imp_face_catalogue(void);

/* Names of numbers: "ask", "voucher", "EAUTH"; "" if there is none.  [any] */
const char *imp_verb_name(int verb);
const char *imp_topic_name(int topic);
const char *imp_status_name(int status);
/* What a status means, in a few words: "a signature, MAC, ... is wrong". */
const char *imp_status_text(int status);
/* 0: none is called so. */
int imp_topic_of(const char *name);
int imp_verb_of(const char *name);

/* --- bytes that a call returns ---------------------------------------------- */

/* A status and, unless it is negative, bytes; the caller frees it.  NULL: no
 * memory. */
typedef struct imp_blob imp_blob;
int      imp_blob_status(const imp_blob *b); /* of NULL: IMP_ENOSPC */
imp_span imp_blob_bytes(const imp_blob *b);
void     imp_blob_free(imp_blob *b);         /* wiped */

/* Load a plugin that is a module: from then on its layers and cryptos are
 * found by name.  Bytes: its id, or (status negative too) why it was refused;
 * another ABI: IMP_EUNSUP, with both numbers.  It stays for the life of the
 * process.  [any] */
imp_blob *imp_face_load(const char *path);

/* --- sessions ---------------------------------------------------------------- */

typedef struct imp_face imp_face;

/* A stack as it is spoken, "top/layer/layer": "fdo/http"; "/http": the host
 * is the top; "fdo": the host stands below.  More links follow a comma:
 * "est/brski/http/tls,http/tls".  Ids may be said with their "imp.".
 * role      "device" (also NULL or ""), "owner", "relay", "maker", "rendezvous"
 * max_msg   largest whole message, bytes; 0: 65,535
 * max_chain largest certificate chain, bytes; 0: 8,192
 * exchanges requests in flight; 0: 4
 * crypto    NULL or "": the first of OpenSSL, libsodium and BearSSL that can;
 *           or one of them by name
 * Always a face, unless there is no memory (NULL): one that cannot run says why
 * in imp_face_why(), and every call on it is IMP_EARG.  [any] */
imp_face *imp_face_new(const char *stack, const char *role, uint32_t max_msg, uint32_t max_chain,
                       uint32_t exchanges, const char *crypto);
/* "" or: what does not exist, what is nearest and what there is; what does not
 * fit. */
const char *imp_face_why(const imp_face *f);
void        imp_face_free(imp_face *f);

/* Feed records, drain after each.  now: ms of a clock that never goes back;
 * unix_time: seconds, 0 unknown.  [face] */
imp_span imp_face_run(imp_face *f, uint64_t now, uint64_t unix_time, imp_span records);
/* The same with one message in words, without a channel. */
imp_span imp_face_feed(imp_face *f, uint64_t now, uint64_t unix_time, uint16_t verb, uint16_t topic, uint16_t flags,
                       uint16_t link, int32_t code, uint32_t ticket, uint64_t when, imp_span name, imp_span data);

int         imp_face_status(const imp_face *f);
uint64_t    imp_face_deadline(const imp_face *f);
const char *imp_face_where(const imp_face *f); /* where it broke, or "" */
/* The present state of a layer of the stack by its id; "": it has no name. */
const char *imp_face_state(const imp_face *f, const char *layer);
/* 1: this fact has entries (IMP_FACT_MANY), and the code of its ASK and LEARN
 * counts them; 0: it has bytes, and code is an offset.  As the manifest of the
 * top says, where words in capitals stand for any name. */
int imp_face_many(const imp_face *f, int topic, const char *name);
/* Bytes of session memory and of work memory. */
size_t imp_face_need(const imp_face *f);
size_t imp_face_work(const imp_face *f);

/* Stateless triage of one RX record by a layer of this stack (NULL or "": the
 * first that has one).  secret: the present and the previous 32 random bytes.
 * Output: a record with code = enum imp_triage, name = session key, data =
 * hint; then the reply, if there is one, to be fed to the front.  IMP_EUNSUP:
 * no such layer has a triage.  [face] */
imp_span imp_face_triage(imp_face *f, const char *layer, uint64_t now, imp_span secret, imp_span record);

/* Key material of the channel that was drained last on this link, of a face
 * without a top; until the next feed.  IMP_ELINK: there is none, or it was not
 * made here but fed, and whoever fed it has its keys.  [face] */
imp_blob *imp_face_derive(imp_face *f, uint16_t link, const char *label, imp_span context, size_t len);

/* The session as bytes, encrypted and authenticated with `key` (32 bytes):
 * sessions hold secrets, and only what freeze made is thawed.  thaw() wants a
 * face of the same stack, role, sizes and build; the clock that the session
 * knew is `shift` ms behind the new one.  IMP_EUNSUP: the stack is pinned;
 * IMP_EAUTH: not frozen with this key for this stack.  [face] */
imp_blob *imp_face_freeze(const imp_face *f, imp_span key);
int       imp_face_thaw(imp_face *f, imp_span key, imp_span frozen, int64_t shift);

/* --- crypto for testers ------------------------------------------------------- */

/* crypto: a name as in imp_face_new().  Keys are in flat form (imprint.h,
 * FACTS): imp_tool_flat() makes it, 16 bytes before the key's own.  [any] */
imp_blob *imp_tool_flat(int32_t alg, uint32_t flags, uint64_t slot, imp_span bits);
imp_blob *imp_tool_random(const char *crypto, size_t len);
/* u32 length of the private flat form, it, the public flat form. */
imp_blob *imp_tool_keygen(const char *crypto, int32_t curve);
/* Of the whole message: ECDSA and RSA hash it first. */
imp_blob *imp_tool_sign(const char *crypto, int32_t alg, imp_span priv, imp_span message);
int       imp_tool_verify(const char *crypto, int32_t alg, imp_span pub, imp_span message, imp_span sig);
imp_blob *imp_tool_hash(const char *crypto, int32_t alg, imp_span in);
/* key: plain bytes, for these three. */
imp_blob *imp_tool_mac(const char *crypto, int32_t alg, imp_span key, imp_span in);
imp_blob *imp_tool_seal(const char *crypto, int32_t alg, imp_span key, imp_span nonce, imp_span aad, imp_span in);
imp_blob *imp_tool_open(const char *crypto, int32_t alg, imp_span key, imp_span nonce, imp_span aad, imp_span in);
imp_blob *imp_tool_dh(const char *crypto, imp_span priv, imp_span point);

#endif
