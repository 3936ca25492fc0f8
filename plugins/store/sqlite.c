/* sqlite.c -- see sqlite.h.  Provisional facts are operations in a table of
 * the temporary database (memory only), in the order they were learnt; a
 * run sees durable rows through them. */
#include "sqlite.h"
#include "cbor.h"
#include "crypto/sealed.h"
#include "ct.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WRITE = 0, FORGET = 1, FORGET_BELOW = 2 };

enum sql { FIND, FIND_RUN, LIST, LEARN, OPS, CLEAR, PUT, DROP, DROP_BELOW, SWEEP, ALL, BEGIN, COMMIT, ROLLBACK, STATEMENTS };

/* Bound by number everywhere: 1 subject, 2 topic, 3 name, 4 part, 5 run,
 * 6 now, 7 data, 8 length, 9 expires, 10 secret, 11 kind. */
#define LIVE "(expires=0 OR expires>?6)"
#define OVER(name, part) "o.run=?5 AND o.subject=?1 AND o.topic=?2 AND (o.kind=0 AND o.name=" name " AND o.part=" part \
	" OR o.kind=1 AND o.name=" name " OR o.kind=2 AND substr(" name ",1,length(o.name))=o.name)"

static const char *const text[STATEMENTS] = {
	[FIND] = "SELECT part,data,length,secret FROM facts WHERE subject=?1 AND topic=?2 AND name=?3 AND part<=?4 AND " LIVE " ORDER BY part DESC LIMIT 1",
	[FIND_RUN] = "SELECT part,data,length,secret FROM (SELECT part,data,length,secret FROM facts f WHERE subject=?1 AND topic=?2 AND name=?3 AND part<=?4 AND " LIVE
		" AND NOT EXISTS (SELECT 1 FROM ops o WHERE " OVER("?3", "f.part") ")"
		" UNION ALL SELECT part,data,length,secret FROM ops w WHERE run=?5 AND subject=?1 AND topic=?2 AND name=?3 AND kind=0 AND part<=?4 AND " LIVE
		" AND NOT EXISTS (SELECT 1 FROM ops o WHERE o.seq>w.seq AND " OVER("?3", "w.part") ")) ORDER BY part DESC LIMIT 1",
	[LIST] = "SELECT DISTINCT name FROM (SELECT name FROM facts f WHERE subject=?1 AND topic=?2 AND name>=?3 AND substr(name,1,length(?3))=?3 AND " LIVE
		" AND NOT EXISTS (SELECT 1 FROM ops o WHERE " OVER("f.name", "f.part") ")"
		" UNION ALL SELECT name FROM ops w WHERE run=?5 AND subject=?1 AND topic=?2 AND kind=0 AND substr(name,1,length(?3))=?3 AND " LIVE
		" AND NOT EXISTS (SELECT 1 FROM ops o WHERE o.seq>w.seq AND " OVER("w.name", "w.part") ")) ORDER BY name",
	[LEARN] = "INSERT INTO ops(run,kind,subject,topic,name,part,data,length,expires,secret) VALUES(?5,?11,?1,?2,?3,?4,?7,?8,?9,?10)",
	[OPS] = "SELECT kind,subject,topic,name,part,data,length,expires,secret FROM ops WHERE run=?5 ORDER BY seq",
	[CLEAR] = "DELETE FROM ops WHERE run=?5",
	[PUT] = "INSERT OR REPLACE INTO facts(subject,topic,name,part,data,length,expires,secret) VALUES(?1,?2,?3,?4,?7,?8,?9,?10)",
	[DROP] = "DELETE FROM facts WHERE subject=?1 AND topic=?2 AND name=?3",
	[DROP_BELOW] = "DELETE FROM facts WHERE subject=?1 AND topic=?2 AND name>=?3 AND substr(name,1,length(?3))=?3",
	[SWEEP] = "DELETE FROM facts WHERE expires<>0 AND expires<=?6",
	[ALL] = "SELECT subject,topic,name,part,data,secret FROM facts ORDER BY subject,topic,name,part",
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

enum { OURS = 0x496d7073, OTHERS_WAIT = 5000 }; /* application_id; ms */

static const char settings[] = "PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON;";
static const char schema[] =
	"PRAGMA application_id=0x496d7073;"
	"CREATE TABLE facts(subject BLOB NOT NULL, topic INTEGER NOT NULL, name BLOB NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL,"
	" length INTEGER NOT NULL, expires INTEGER NOT NULL, secret INTEGER NOT NULL, PRIMARY KEY(subject,topic,name,part)) WITHOUT ROWID;"
	"CREATE INDEX expiring ON facts(expires) WHERE expires<>0;"
	"COMMIT";
static const char temporary[] =
	"CREATE TEMP TABLE ops(seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, kind INTEGER NOT NULL, subject BLOB NOT NULL, topic INTEGER NOT NULL,"
	" name BLOB NOT NULL, part INTEGER NOT NULL, data BLOB, length INTEGER NOT NULL, expires INTEGER NOT NULL, secret INTEGER NOT NULL);"
	"CREATE INDEX temp.ops_of ON ops(run,subject,topic,name);";

struct imp_store {
	sqlite3 *db;
	sqlite3_stmt *sql[STATEMENTS];
	uint64_t runs;
	uint8_t key[IMP_SEALED_KEY];
	int sealed;
	uint8_t *buf;
	size_t cap, used;
};

/* A row that was found; data points into SQLite until reset. */
struct row {
	int64_t part, length;
	imp_span data;
	int secret;
};

/* --- small ones ------------------------------------------------------------- */

const char *imp_store_why(const imp_store *s)
{
	return sqlite3_errmsg(s->db);
}

static void bind_span(sqlite3_stmt *q, int i, imp_span s)
{
	sqlite3_bind_blob64(q, i, s.len ? (const void *)s.ptr : "", s.len, SQLITE_STATIC);
}

static sqlite3_stmt *of_fact(imp_store *s, enum sql which, imp_span subject, uint16_t topic, imp_span name)
{
	sqlite3_stmt *q = s->sql[which];
	sqlite3_reset(q);
	bind_span(q, 1, subject);
	sqlite3_bind_int(q, 2, topic);
	bind_span(q, 3, name);
	return q;
}

static imp_span column(sqlite3_stmt *q, int i)
{
	const void *p = sqlite3_column_blob(q, i);
	return imp_bytes(p, p ? (size_t)sqlite3_column_bytes(q, i) : 0);
}

static imp_status run_once(imp_store *s, sqlite3_stmt *q)
{
	int rc = sqlite3_step(q);
	sqlite3_reset(q);
	(void)s;
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? IMP_OK : IMP_ENOSPC;
}

/* Room for n bytes, what was in it erased. */
static uint8_t *buffer(imp_store *s, size_t n)
{
	if (s->used)
		imp_wipe(s->buf, s->used);
	s->used = 0;
	if (n > s->cap) {
		uint8_t *p = malloc(n);
		if (!p)
			return NULL;
		free(s->buf);
		s->buf = p;
		s->cap = n;
	}
	s->used = n;
	return s->buf;
}

/* --- sealing ---------------------------------------------------------------- */

/* What a sealed record is bound to: all of its name, each part with its
 * length.  NULL: no memory. */
static uint8_t *bound(imp_span subject, uint16_t topic, imp_span name, int64_t part, size_t *len)
{
	size_t cap = subject.len + name.len + 32;
	uint8_t *to = malloc(cap);
	imp_wr w = imp_wr_to(to, cap);
	imp_wr_be32(&w, (uint32_t)subject.len);
	imp_wr_bytes(&w, subject);
	imp_wr_be16(&w, topic);
	imp_wr_be32(&w, (uint32_t)name.len);
	imp_wr_bytes(&w, name);
	imp_wr_be64(&w, (uint64_t)part);
	*len = to ? imp_wr_span(&w).len : 0;
	return to;
}

/* `data` becomes its sealed form in the buffer. */
static imp_status seal(imp_store *s, imp_span subject, const imp_msg *m, imp_span *data)
{
	size_t n, len = data->len + IMP_SEALED_EXTRA;
	uint8_t *to = buffer(s, len), *name = bound(subject, m->topic, m->name, m->code, &n);
	imp_status st = to && name ? imp_sealed_seal(imp_bytes(s->key, sizeof s->key), imp_bytes(name, n), *data, to, &len) : IMP_ENOSPC;
	free(name);
	*data = imp_bytes(to, len);
	return st;
}

/* The row's bytes in the buffer. */
static imp_status unseal(imp_store *s, imp_span subject, const imp_msg *ask, struct row *r)
{
	size_t n, len = r->data.len;
	int sealed = r->secret && s->sealed;
	uint8_t *to = buffer(s, len + 1), *name = sealed ? bound(subject, ask->topic, ask->name, r->part, &n) : NULL;
	imp_status st = to && (name || !sealed) ? IMP_OK : IMP_ENOSPC;
	if (st == IMP_OK && sealed)
		st = imp_sealed_open(imp_bytes(s->key, sizeof s->key), imp_bytes(name, n), r->data, to, &len);
	else if (st == IMP_OK && len)
		memcpy(to, r->data.ptr, len);
	free(name);
	r->data = imp_bytes(to, len);
	return st == IMP_OK && (int64_t)len != r->length ? IMP_EAUTH : st;
}

/* --- asking ----------------------------------------------------------------- */

/* The last row at or before `part`. */
static sqlite3_stmt *find(imp_store *s, imp_span subject, uint64_t run, const imp_msg *ask, int64_t part, uint64_t now, struct row *r)
{
	sqlite3_stmt *q = of_fact(s, run ? FIND_RUN : FIND, subject, ask->topic, ask->name);
	sqlite3_bind_int64(q, 4, part);
	sqlite3_bind_int64(q, 6, (int64_t)now);
	if (run)
		sqlite3_bind_int64(q, 5, (int64_t)run);
	if (sqlite3_step(q) != SQLITE_ROW) {
		sqlite3_reset(q);
		return NULL;
	}
	r->part = sqlite3_column_int64(q, 0);
	r->data = column(q, 1);
	r->length = sqlite3_column_int64(q, 2);
	r->secret = sqlite3_column_int(q, 3);
	return q;
}

/* How much there is in all. */
static int64_t total(imp_store *s, imp_span subject, uint64_t run, const imp_msg *ask, int many, uint64_t now)
{
	struct row r;
	sqlite3_stmt *q = find(s, subject, run, ask, INT32_MAX, now, &r);
	if (!q)
		return IMP_EFACT;
	sqlite3_reset(q);
	return many ? r.part + 1 : r.part + r.length;
}

static imp_status part_of(imp_store *s, imp_span subject, uint64_t run, const imp_msg *ask, int many, size_t cap, uint64_t now, imp_msg *a)
{
	struct row r;
	size_t skip;
	imp_status st;
	sqlite3_stmt *q = ask->code >= 0 ? find(s, subject, run, ask, ask->code, now, &r) : NULL;
	if (!q)
		return IMP_EFACT;
	skip = many ? 0 : (size_t)(ask->code - r.part);
	st = (many && r.part != ask->code) || skip > (size_t)r.length ? IMP_EFACT : unseal(s, subject, ask, &r);
	sqlite3_reset(q);
	if (st < 0)
		return st;
	if (many && r.data.len > cap)
		return IMP_ENOSPC;
	a->data = imp_bytes(r.data.ptr + skip, r.data.len - skip < cap ? r.data.len - skip : cap);
	a->flags = r.secret ? IMP_SECRET : 0;
	return IMP_OK;
}

static void list(imp_store *s, imp_span subject, uint64_t run, const imp_msg *ask, size_t cap, uint64_t now, imp_msg *a)
{
	sqlite3_stmt *q = of_fact(s, LIST, subject, ask->topic, ask->name);
	uint8_t *to = buffer(s, cap), head[9];
	imp_wr w = imp_wr_to(to, to && cap > 9 ? cap - 9 : 0), h = imp_wr_to(head, sizeof head);
	size_t in = 0, fits = 0;
	int32_t n = 0;
	sqlite3_bind_int64(q, 5, (int64_t)run);
	sqlite3_bind_int64(q, 6, (int64_t)now);
	for (; sqlite3_step(q) == SQLITE_ROW; n++) {
		imp_cbor_put_tstr(&w, n < ask->code ? imp_bytes(NULL, 0) : column(q, 0));
		if (n < ask->code)
			w.len = 0;
		else if (imp_wr_end(&w) == IMP_OK)
			fits = w.len, in++;
	}
	sqlite3_reset(q);
	a->code = n;
	if (ask->code + (int64_t)in < n)
		a->flags |= IMP_MORE;
	imp_cbor_put_array(&h, in);
	if (to && cap > 9) {
		memmove(to + h.len, to, fits);
		memcpy(to, head, h.len);
	}
	a->data = imp_bytes(to, to && cap > 9 ? h.len + fits : 0);
}

void imp_store_ask(imp_store *s, imp_span subject, uint64_t run, const imp_msg *ask, int many, size_t cap, uint64_t now, imp_msg *answer)
{
	int64_t all, end;
	*answer = imp_say(IMP_ANSWER, ask->topic, IMP_OK, ask->ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	answer->link = ask->link;
	if (ask->flags & IMP_LIST) {
		list(s, subject, run, ask, cap, now, answer);
		return;
	}
	answer->code = part_of(s, subject, run, ask, many, cap, now, answer);
	if (answer->code < 0)
		return;
	all = total(s, subject, run, ask, many, now);
	end = many ? ask->code + 1 : ask->code + (int64_t)answer->data.len;
	answer->code = all > INT32_MAX ? INT32_MAX : (int32_t)all;
	if (end < all)
		answer->flags |= IMP_MORE;
}

/* --- learning --------------------------------------------------------------- */

static imp_status operation(imp_store *s, imp_span subject, uint64_t run, int kind, const imp_msg *m, imp_span data, uint64_t expires)
{
	sqlite3_stmt *q = of_fact(s, LEARN, subject, m->topic, m->name);
	sqlite3_bind_int64(q, 4, m->code);
	sqlite3_bind_int64(q, 5, (int64_t)run);
	bind_span(q, 7, data);
	sqlite3_bind_int64(q, 8, (int64_t)m->data.len);
	sqlite3_bind_int64(q, 9, (int64_t)expires);
	sqlite3_bind_int(q, 10, (m->flags & IMP_SECRET) != 0);
	sqlite3_bind_int(q, 11, kind);
	return run_once(s, q);
}

static imp_status write_fact(imp_store *s, imp_span subject, uint64_t run, const imp_msg *m, int many, uint64_t now)
{
	imp_span data = m->data;
	imp_status st = IMP_OK;
	uint64_t expires = m->when ? now + (m->when + 999) / 1000 : 0;
	if (m->code < 0)
		return IMP_EARG;
	if (!many && !m->code)
		st = operation(s, subject, run, FORGET, m, imp_bytes(NULL, 0), 0);
	if (st == IMP_OK && s->sealed && m->flags & IMP_SECRET)
		st = seal(s, subject, m, &data);
	return st < 0 ? st : operation(s, subject, run, WRITE, m, data, expires);
}

void imp_store_drop(imp_store *s, uint64_t run)
{
	sqlite3_bind_int64(s->sql[CLEAR], 5, (int64_t)run);
	run_once(s, s->sql[CLEAR]);
}

static imp_status apply(imp_store *s, sqlite3_stmt *op)
{
	int kind = sqlite3_column_int(op, 0);
	enum sql which = kind == WRITE ? PUT : kind == FORGET ? DROP : DROP_BELOW;
	sqlite3_stmt *q = of_fact(s, which, column(op, 1), (uint16_t)sqlite3_column_int(op, 2), column(op, 3));
	if (kind == WRITE) {
		sqlite3_bind_value(q, 4, sqlite3_column_value(op, 4));
		bind_span(q, 7, column(op, 5));
		for (int i = 6; i <= 8; i++)
			sqlite3_bind_value(q, i + 2, sqlite3_column_value(op, i));
	}
	return run_once(s, q);
}

static imp_status apply_all(imp_store *s, uint64_t run)
{
	sqlite3_stmt *ops = s->sql[OPS];
	imp_status st = IMP_OK;
	int rc;
	sqlite3_bind_int64(ops, 5, (int64_t)run);
	while ((rc = sqlite3_step(ops)) == SQLITE_ROW && st == IMP_OK)
		st = apply(s, ops);
	sqlite3_reset(ops);
	return st < 0 || rc == SQLITE_DONE ? st : IMP_ENOSPC;
}

imp_status imp_store_commit(imp_store *s, uint64_t run)
{
	imp_status st = run_once(s, s->sql[BEGIN]);
	if (st < 0)
		return st;
	st = apply_all(s, run);
	if (st == IMP_OK)
		st = run_once(s, s->sql[COMMIT]);
	if (st < 0)
		run_once(s, s->sql[ROLLBACK]);
	else
		imp_store_drop(s, run);
	return st;
}

imp_status imp_store_learn(imp_store *s, imp_span subject, uint64_t run, const imp_msg *m, int many, uint64_t now)
{
	imp_status st = IMP_OK;
	int below = m->name.len && m->name.ptr[m->name.len - 1] == '/';
	if (m->flags & IMP_FORGET && !m->topic)
		imp_store_drop(s, run);
	else if (m->flags & IMP_FORGET)
		st = operation(s, subject, run, below ? FORGET_BELOW : FORGET, m, imp_bytes(NULL, 0), 0);
	else
		st = write_fact(s, subject, run, m, many, now);
	if (st == IMP_OK && (m->flags & IMP_NOW || !run))
		st = imp_store_commit(s, run);
	if (st < 0 && !run)
		imp_store_drop(s, run); /* nobody will commit it again */
	return st;
}

void imp_store_each(imp_store *s, void (*each)(void *, imp_span, const imp_msg *), void *user)
{
	sqlite3_stmt *q = s->sql[ALL];
	while (sqlite3_step(q) == SQLITE_ROW) {
		imp_msg m = imp_say(IMP_LEARN, (uint16_t)sqlite3_column_int(q, 1), sqlite3_column_int(q, 3), 0, column(q, 2), column(q, 4));
		m.flags = sqlite3_column_int(q, 5) ? IMP_SECRET : 0;
		each(user, column(q, 0), &m);
	}
	sqlite3_reset(q);
}

void imp_store_sweep(imp_store *s, uint64_t now)
{
	sqlite3_bind_int64(s->sql[SWEEP], 6, (int64_t)now);
	run_once(s, s->sql[SWEEP]);
}

/* --- open and close --------------------------------------------------------- */

uint64_t imp_store_run(imp_store *s)
{
	return ++s->runs;
}

void imp_store_close(imp_store *s)
{
	if (!s)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->sql[i]);
	sqlite3_close(s->db);
	buffer(s, 0);
	free(s->buf);
	imp_wipe(s, sizeof *s);
	free(s);
}

/* SQLite makes its side files with the mode of the database. */
static int make_private(const char *path)
{
	int fd;
	if (!strcmp(path, ":memory:"))
		return 1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int64_t ask_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *q = NULL;
	int64_t n = sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
	sqlite3_finalize(q);
	return n;
}

static int run_text(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Make an empty file ours; what is another program's stays untouched. */
static int claim(sqlite3 *db, const char **why)
{
	int64_t tables = ask_number(db, "SELECT count(*) FROM sqlite_master"), id = ask_number(db, "PRAGMA application_id");
	if (tables < 0 || id < 0)
		return 0;
	if (id != OURS && (id || tables)) {
		*why = "a database of another program";
		return 0;
	}
	if (!run_text(db, "PRAGMA journal_mode=WAL"))
		return 0;
	if (id == OURS)
		return 1;
	if (!run_text(db, "BEGIN IMMEDIATE"))
		return 0;
	return run_text(db, ask_number(db, "PRAGMA application_id") == OURS ? "COMMIT" : schema); /* was somebody faster? */
}

/* SQLite does not wait for everything by itself. */
static int claim_in_time(sqlite3 *db, const char **why)
{
	for (int ms = 0; !claim(db, why); ms += 10) {
		int busy = (sqlite3_errcode(db) & 0xff) == SQLITE_BUSY;
		if (*why || !busy || ms >= OTHERS_WAIT)
			return 0;
		run_text(db, "ROLLBACK");
		sqlite3_sleep(10);
	}
	return 1;
}

static int prepare(imp_store *s, const char *path, const char **why)
{
	*why = NULL;
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return 0;
	sqlite3_busy_timeout(s->db, OTHERS_WAIT);
	if (!run_text(s->db, settings) || !claim_in_time(s->db, why) || !run_text(s->db, temporary))
		return 0;
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(s->db, text[i], -1, SQLITE_PREPARE_PERSISTENT, &s->sql[i], NULL) != SQLITE_OK)
			return 0;
	return 1;
}

imp_store *imp_store_open(const char *path, imp_span key, const char **why)
{
	static char said[160];
	imp_store *s;
	*why = "the key is not 32 bytes";
	if (key.len && key.len != IMP_SEALED_KEY)
		return NULL;
	s = make_private(path) ? calloc(1, sizeof *s) : NULL;
	if (!s) {
		*why = strerror(errno);
		return NULL;
	}
	if (!prepare(s, path, why)) {
		snprintf(said, sizeof said, "%s", *why ? *why : sqlite3_errmsg(s->db));
		*why = said;
		imp_store_close(s);
		return NULL;
	}
	s->sealed = key.len != 0;
	if (s->sealed)
		memcpy(s->key, key.ptr, key.len);
	return s;
}
