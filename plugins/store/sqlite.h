/* sqlite.h -- durable facts of many subjects, for hosts (FACTS in imprint.h).
 *
 * A fact is (subject, topic, name) and has parts: the entries of a MANY
 * fact, or pieces of bytes at their offsets.  What a run LEARNs is
 * provisional: only that run's ASKs see it, until a commit makes all of it
 * durable at once, or a drop forgets it.  LEARN with IMP_NOW commits the
 * run before imp_store_learn() returns: answer its ticket after that.
 * After a crash at any moment a commit is there whole or not at all (WAL,
 * synchronous=FULL); what was provisional is gone.
 *
 * `many` says which kind of parts: nonzero for IMP_FACT_MANY facts.  A new
 * part 0 of any other fact starts it over.  `now` is Unix seconds: a fact
 * learnt with `when` is not seen after its lifetime.
 *
 * With a key of 32 bytes facts flagged IMP_SECRET are sealed (sealed.h),
 * bound to their subject, topic, name and part.  Without one they lie in
 * the file as they are: its mode is 0600.
 *
 * One thread per store at a time.  Memory is SQLite's and one buffer. */
#ifndef IMPRINT_STORE_SQLITE_H
#define IMPRINT_STORE_SQLITE_H

#include "imprint.h"

typedef struct imp_store imp_store;

/* Open or create; `path` ":memory:" keeps nothing.  `key` is empty or 32
 * bytes, copied.  A database of another program is refused and not touched.
 * NULL: *why says what is wrong (static text or SQLite's own,
 * until the next open). */
imp_store *imp_store_open(const char *path, imp_span key, const char **why);
void       imp_store_close(imp_store *s);

/* A number for a new run, never 0; run 0 sees durable facts only. */
uint64_t imp_store_run(imp_store *s);

/* The ANSWER to an ASK for a fact or, with IMP_LIST, for the names below
 * ask->name (a CBOR array of texts, from the code-th on).  At most
 * `cap` bytes of data; answer->data lives until the next call.
 * answer->code: entries or bytes there are in all, or IMP_EFACT (there is
 * none), IMP_ENOSPC (an entry larger than cap), IMP_EAUTH (a sealed fact
 * does not open). */
void imp_store_ask(imp_store *s, imp_span subject, uint64_t run, const imp_msg *ask,
                   int many, size_t cap, uint64_t now, imp_msg *answer);

/* Take one LEARN (write, forget, or drop with topic 0).  run 0 commits at
 * once.  IMP_ENOSPC: the disk said no; nothing has changed durably. */
imp_status imp_store_learn(imp_store *s, imp_span subject, uint64_t run,
                           const imp_msg *learn, int many, uint64_t now);

imp_status imp_store_commit(imp_store *s, uint64_t run); /* DONE(IMP_OK)    */
void       imp_store_drop(imp_store *s, uint64_t run);   /* any other end   */

/* Every durable row, for people: `each` is called with its subject, flags
 * (IMP_SECRET: data is as it lies in the file, sealed perhaps), topic, name,
 * part (code) and data, in this order. */
void imp_store_each(imp_store *s, void (*each)(void *user, imp_span subject, const imp_msg *row), void *user);

/* Delete what has expired. */
void imp_store_sweep(imp_store *s, uint64_t now);
/* SQLite's words for the last failure. */
const char *imp_store_why(const imp_store *s);

#endif
