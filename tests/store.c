/* store.c -- facts on disk: what a run sees, what a commit keeps, what a
 * killed process leaves behind. */
#define _POSIX_C_SOURCE 200809L
#include "store/sqlite.h"
#include "t.h"
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NONE imp_bytes(0, 0)
#define TEXT(s) imp_bytes(s, strlen(s))

enum { NOW = 1000000, CAP = 4096, MANY = 1 };

static imp_store *S;
static char dir[128], path[160];
static const uint8_t key[32] = "thirty-two bytes of a store key";

static void reopen(imp_span k)
{
	const char *why = "";
	imp_store_close(S);
	S = imp_store_open(path, k, &why);
	if (!S)
		printf("# %s\n", why);
}

static void fresh(imp_span k)
{
	char side[170];
	imp_store_close(S);
	S = NULL;
	unlink(path);
	snprintf(side, sizeof side, "%s-wal", path);
	unlink(side);
	snprintf(side, sizeof side, "%s-shm", path);
	unlink(side);
	reopen(k);
}

static imp_status learn(uint64_t run, uint16_t flags, uint16_t topic, const char *name, int32_t code, const char *data)
{
	imp_msg m = imp_say(IMP_LEARN, topic, code, 1, TEXT(name), TEXT(data));
	m.flags = flags;
	return imp_store_learn(S, TEXT("me"), run, &m, topic == IMP_T_VOUCHER, NOW);
}

static imp_msg ask_at(uint64_t run, uint16_t topic, const char *name, int32_t code, size_t cap, uint64_t now)
{
	imp_msg q = imp_say(IMP_ASK, topic, code, 9, TEXT(name), NONE), a;
	imp_store_ask(S, TEXT("me"), run, &q, topic == IMP_T_VOUCHER, cap, now, &a);
	return a;
}

/* Does this run see exactly this? */
static int sees(uint64_t run, const char *name, const char *data)
{
	imp_msg a = ask_at(run, IMP_T_CONFIG, name, 0, CAP, NOW);
	if (!data)
		return a.code == IMP_EFACT;
	return a.code == (int32_t)strlen(data) && a.data.len == strlen(data) && !memcmp(a.data.ptr, data, a.data.len) && a.ticket == 9;
}

static int is(const imp_msg *a, const char *data, int32_t code, uint16_t flags)
{
	return a->code == code && a->flags == flags && a->data.len == strlen(data) && !memcmp(a->data.ptr, data, a->data.len);
}

static void claims_of_runs(void)
{
	uint64_t a, b;
	fresh(NONE);
	a = imp_store_run(S);
	b = imp_store_run(S);
	learn(a, 0, IMP_T_CONFIG, "x", 0, "one");
	t_check("a run sees what it learnt, nobody else does", sees(a, "x", "one") && sees(b, "x", NULL) && sees(0, "x", NULL), "");
	learn(b, 0, IMP_T_CONFIG, "x", 0, "two");
	t_check("two runs, two views", sees(a, "x", "one") && sees(b, "x", "two"), "");
	imp_store_commit(S, a);
	t_check("a commit shows to all; another run's own word still stands before it", sees(0, "x", "one") && sees(a, "x", "one") && sees(b, "x", "two"), "");
	imp_store_drop(S, b);
	t_check("what is dropped was never there", sees(b, "x", "one"), "");
	learn(a, 0, IMP_T_CONFIG, "y", 0, "first");
	learn(a, 0, IMP_T_CONFIG, "z", 0, "second");
	learn(b, 0, IMP_T_CONFIG, "w", 0, "other");
	learn(a, IMP_NOW, IMP_T_CONFIG, "v", 0, "third");
	t_check("NOW commits all that this run has learnt, and nothing of another", sees(0, "y", "first") && sees(0, "z", "second") && sees(0, "v", "third") && sees(0, "w", NULL), "");
	learn(a, 0, IMP_T_CONFIG, "y", 0, "changed");
	learn(a, IMP_FORGET, 0, "", 0, "");
	t_check("FORGET with topic 0 drops what was learnt since", sees(a, "y", "first"), "");
	reopen(NONE);
	t_check("after a reopen the committed is there and the provisional is not", sees(0, "v", "third") && sees(0, "w", NULL), "");
}

static void claims_of_forgetting(void)
{
	uint64_t r;
	fresh(NONE);
	learn(0, 0, IMP_T_CONFIG, "a/1", 0, "1");
	learn(0, 0, IMP_T_CONFIG, "a/2", 0, "2");
	learn(0, 0, IMP_T_CONFIG, "ab", 0, "3");
	r = imp_store_run(S);
	learn(r, 0, IMP_T_CONFIG, "a/3", 0, "x");
	learn(r, IMP_FORGET, IMP_T_CONFIG, "a/", 0, "");
	learn(r, 0, IMP_T_CONFIG, "a/2", 0, "again");
	t_check("a prefix ending in / deletes all below it, for this run at once", sees(r, "a/1", NULL) && sees(r, "a/3", NULL) && sees(r, "a/2", "again") && sees(r, "ab", "3"), "");
	t_check("and for others not before the commit", sees(0, "a/1", "1") && sees(0, "a/2", "2"), "");
	imp_store_commit(S, r);
	t_check("and then for all", sees(0, "a/1", NULL) && sees(0, "a/2", "again") && sees(0, "ab", "3"), "");
	learn(r, IMP_FORGET | IMP_NOW, IMP_T_CONFIG, "ab", 0, "");
	t_check("one fact by its name", sees(0, "ab", NULL) && sees(0, "a/2", "again"), "");
}

static void claims_of_parts(void)
{
	uint64_t r;
	imp_msg a;
	fresh(NONE);
	r = imp_store_run(S);
	learn(r, 0, IMP_T_CONFIG, "f", 0, "hello ");
	learn(r, 0, IMP_T_CONFIG, "f", 6, "wide ");
	learn(r, IMP_NOW, IMP_T_CONFIG, "f", 11, "world");
	a = ask_at(0, IMP_T_CONFIG, "f", 0, 4, NOW);
	t_check("a piece as large as asked for, and how much there is", is(&a, "hell", 16, IMP_MORE), "");
	a = ask_at(0, IMP_T_CONFIG, "f", 4, CAP, NOW);
	t_check("from the middle of a part to its end", is(&a, "o ", 16, IMP_MORE), "");
	a = ask_at(0, IMP_T_CONFIG, "f", 11, CAP, NOW);
	t_check("the last part says no more", is(&a, "world", 16, 0), "");
	a = ask_at(0, IMP_T_CONFIG, "f", 17, CAP, NOW);
	t_check("past the end there is nothing", a.code == IMP_EFACT, "");
	a = ask_at(0, IMP_T_CONFIG, "f", -1, CAP, NOW);
	t_check("nor before the beginning", a.code == IMP_EFACT && learn(r, 0, IMP_T_CONFIG, "f", -1, "x") == IMP_EARG, "");
	learn(r, 0, IMP_T_CONFIG, "f", 0, "short");
	a = ask_at(r, IMP_T_CONFIG, "f", 0, CAP, NOW);
	t_check("a new part 0 starts over: for the run", is(&a, "short", 5, 0), "");
	imp_store_commit(S, r);
	a = ask_at(0, IMP_T_CONFIG, "f", 0, CAP, NOW);
	t_check("and durably", is(&a, "short", 5, 0), "");
	learn(0, 0, IMP_T_VOUCHER, "v", 0, "head");
	learn(0, 0, IMP_T_VOUCHER, "v", 1, "entry one");
	learn(0, 0, IMP_T_VOUCHER, "v", 2, "entry two");
	a = ask_at(0, IMP_T_VOUCHER, "v", 1, CAP, NOW);
	t_check("entries are asked by number", is(&a, "entry one", 3, IMP_MORE), "");
	a = ask_at(0, IMP_T_VOUCHER, "v", 2, CAP, NOW);
	t_check("the last one says no more", is(&a, "entry two", 3, 0), "");
	a = ask_at(0, IMP_T_VOUCHER, "v", 1, 8, NOW);
	t_check("an entry larger than memory says so", a.code == IMP_ENOSPC && !a.data.len, "");
	a = ask_at(0, IMP_T_VOUCHER, "v", 3, CAP, NOW);
	t_check("no such entry", a.code == IMP_EFACT, "");
}

static void claims_of_time(void)
{
	imp_msg m = imp_say(IMP_LEARN, IMP_T_SERVER, 0, 1, TEXT("rv"), TEXT("blob")), a;
	fresh(NONE);
	m.when = 60000;
	imp_store_learn(S, TEXT("me"), 0, &m, 0, NOW);
	a = ask_at(0, IMP_T_SERVER, "rv", 0, CAP, NOW + 59);
	t_check("a fact lives for its lifetime", is(&a, "blob", 4, 0), "");
	a = ask_at(0, IMP_T_SERVER, "rv", 0, CAP, NOW + 60);
	t_check("and not longer", a.code == IMP_EFACT, "");
	imp_store_sweep(S, NOW + 60);
	a = ask_at(0, IMP_T_SERVER, "rv", 0, CAP, NOW);
	t_check("a sweep deletes it", a.code == IMP_EFACT, "");
}

static void claims_of_lists(void)
{
	uint64_t r;
	imp_msg q = imp_say(IMP_ASK, IMP_T_CONFIG, 0, 3, TEXT("g/"), NONE), a;
	fresh(NONE);
	learn(0, 0, IMP_T_CONFIG, "g/a", 0, "1");
	learn(0, 0, IMP_T_CONFIG, "g/b", 0, "2");
	learn(0, 0, IMP_T_CONFIG, "h/c", 0, "3");
	r = imp_store_run(S);
	learn(r, IMP_FORGET, IMP_T_CONFIG, "g/a", 0, "");
	learn(r, 0, IMP_T_CONFIG, "g/d", 0, "4");
	q.flags = IMP_LIST;
	imp_store_ask(S, TEXT("me"), r, &q, 0, CAP, NOW, &a);
	t_check("names below a prefix, as this run sees them", is(&a, "\x82\x63g/b\x63g/d", 2, 0), "");
	imp_store_ask(S, TEXT("me"), 0, &q, 0, 9 + 5, NOW, &a);
	t_check("as many as fit, and that there are more", is(&a, "\x81\x63g/a", 2, IMP_MORE), "");
	q.code = 1;
	imp_store_ask(S, TEXT("me"), 0, &q, 0, 9 + 5, NOW, &a);
	t_check("and then the rest", is(&a, "\x81\x63g/b", 2, 0), "");
	q.code = 0;
	imp_store_ask(S, TEXT("you"), 0, &q, 0, CAP, NOW, &a);
	t_check("another subject has other facts", is(&a, "\x80", 0, 0), "");
}

/* --- secrets ---------------------------------------------------------------- */

static int on_disk(const char *needle)
{
	static char all[1 << 20];
	char name[170];
	int found = 0;
	for (int i = 0; i < 2; i++) {
		FILE *f;
		size_t n;
		snprintf(name, sizeof name, "%s%s", path, i ? "-wal" : "");
		f = fopen(name, "rb");
		n = f ? fread(all, 1, sizeof all, f) : 0;
		for (size_t at = 0; at + strlen(needle) <= n; at++)
			found |= !memcmp(all + at, needle, strlen(needle));
		if (f)
			fclose(f);
	}
	return found;
}

static void claims_of_secrets(void)
{
	imp_msg a;
	sqlite3 *db;
	struct stat st;
	fresh(imp_bytes(key, 32));
	learn(0, IMP_SECRET, IMP_T_CONFIG, "s", 0, "do not show this");
	learn(0, 0, IMP_T_CONFIG, "p", 0, "this is public");
	a = ask_at(0, IMP_T_CONFIG, "s", 0, CAP, NOW);
	t_check("a secret comes back, flagged", is(&a, "do not show this", 16, IMP_SECRET), "");
	a = ask_at(0, IMP_T_CONFIG, "s", 7, 3, NOW);
	t_check("also in pieces", is(&a, "sho", 16, IMP_SECRET | IMP_MORE), "");
	t_check("it is not in the file, the public fact is", !on_disk("show this") && on_disk("this is public"), "");
	stat(path, &st);
	t_check("the file is its owner's alone", (st.st_mode & 0777) == 0600, "");
	reopen(NONE);
	a = ask_at(0, IMP_T_CONFIG, "s", 0, CAP, NOW);
	t_check("without the key it does not open", a.code == IMP_EAUTH && !a.data.len, "");
	imp_store_close(S);
	S = NULL;
	sqlite3_open(path, &db);
	sqlite3_exec(db, "UPDATE facts SET name=CAST('t' AS BLOB) WHERE secret=1", NULL, NULL, NULL);
	sqlite3_close(db);
	reopen(imp_bytes(key, 32));
	a = ask_at(0, IMP_T_CONFIG, "t", 0, CAP, NOW);
	t_check("moved to another name it does not open", a.code == IMP_EAUTH, "");
}

static void claims_of_open(void)
{
	const char *why = "";
	FILE *f;
	imp_store *s = imp_store_open("/no/such/dir/x.db", NONE, &why);
	t_check("a path that cannot be", !s, why);
	s = imp_store_open(path, imp_bytes(key, 31), &why);
	t_check("a key of another length", !s, why);
	fresh(NONE);
	imp_store_close(S);
	S = NULL;
	f = fopen(path, "wb");
	fputs("this is a text, and long enough to be no database of any kind at all; really, it is not one", f);
	fclose(f);
	s = imp_store_open(path, NONE, &why);
	t_check("a file that is no database", !s, why);
	imp_store_close(s);
}

static int64_t number_in(const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	int64_t n = sqlite3_open(path, &db) == SQLITE_OK && sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

static void claims_of_strangers(void)
{
	const char *why = "";
	sqlite3 *db = NULL;
	struct stat was, is;
	imp_store *s;
	fresh(NONE);
	imp_store_close(S);
	S = NULL;
	unlink(path);
	sqlite3_open(path, &db);
	sqlite3_exec(db, "CREATE TABLE bookmarks(x)", NULL, NULL, NULL);
	sqlite3_close(db);
	stat(path, &was);
	s = imp_store_open(path, NONE, &why);
	t_check("a database of another program is refused", !s, why);
	stat(path, &is);
	t_check("and is as it was", was.st_size == is.st_size && was.st_mtim.tv_nsec == is.st_mtim.tv_nsec && number_in("SELECT count(*) FROM sqlite_master") == 1, "");
	imp_store_close(s);
	unlink(path);
	fresh(NONE);
	t_check("ours says whose it is", number_in("PRAGMA application_id") == 0x496d7073, "");
}

/* Eight processes open one new store and write, all at once. */
static void claims_of_beginners(void)
{
	int good = 0, rc, go[2];
	char name[8], byte;
	fresh(NONE);
	imp_store_close(S);
	S = NULL;
	unlink(path);
	if (pipe(go) < 0)
		return;
	for (int i = 0; i < 8; i++)
		if (!fork()) {
			close(go[1]);
			rc = (int)read(go[0], &byte, 1); /* until all are there */
			snprintf(name, sizeof name, "%d", i);
			reopen(NONE);
			_exit(rc || !S || learn(0, 0, IMP_T_CONFIG, name, 0, "x") != IMP_OK);
		}
	close(go[1]);
	for (int i = 0; i < 8; i++)
		good += wait(&rc) > 0 && rc == 0;
	close(go[0]);
	reopen(NONE);
	t_check("eight processes begin one store at the same time", good == 8 && number_in("SELECT count(*) FROM facts") == 8, "");
}

/* --- being killed ----------------------------------------------------------- */

static void commit_for_ever(int out, int round)
{
	char value[16];
	for (int i = round * 100000;; i++) {
		uint64_t r = imp_store_run(S);
		snprintf(value, sizeof value, "%d", i);
		for (int k = 0; k < 5; k++)
			learn(r, k == 4 ? IMP_NOW : 0, IMP_T_CONFIG, &"abcde"[k], 0, value);
		learn(imp_store_run(S), 0, IMP_T_CONFIG, "a", 0, "provisional");
		if (write(out, &i, sizeof i) != sizeof i)
			_exit(1);
	}
}

/* Kill it after a while; the last commit it spoke of. */
static int kill_one(int round, unsigned after_us)
{
	struct timespec t = {0, after_us * 1000L};
	int p[2], last = -1, got;
	pid_t pid;
	if (pipe(p))
		abort();
	imp_store_close(S);
	S = NULL;
	pid = fork();
	if (!pid) {
		reopen(NONE);
		commit_for_ever(p[1], round);
	}
	close(p[1]);
	if (read(p[0], &last, sizeof last) != sizeof last) /* it has begun */
		abort();
	nanosleep(&t, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (read(p[0], &got, sizeof got) == sizeof got)
		last = got;
	close(p[0]);
	return last;
}

static int value_of(const char *name)
{
	imp_msg a = ask_at(0, IMP_T_CONFIG, name, 0, CAP, NOW);
	char text[16] = "";
	if (a.code < 0 || a.data.len >= sizeof text)
		return -1;
	memcpy(text, a.data.ptr, a.data.len);
	return atoi(text);
}

static void claims_of_kills(void)
{
	char text[96];
	int rounds = 40, torn = 0, lost = 0, commits = 0;
	srand(4711);
	fresh(NONE);
	for (int i = 0; i < rounds; i++) {
		int said = kill_one(i, (unsigned)(rand() % 30000)), a;
		reopen(NONE);
		a = value_of("abcde");
		for (int k = 1; k < 5; k++)
			torn += value_of(&"abcde"[k]) != a;
		lost += a < said;
		commits += said - i * 100000;
	}
	snprintf(text, sizeof text, "%d kills, %d commits, %d torn, %d lost", rounds, commits, torn, lost);
	t_check("kill -9 at any moment: five facts are of one commit, and it is one that was acknowledged or newer", !torn && !lost && commits > 0, text);
}

/* A disk that is full: the file may not grow. */
static void claims_of_full_disk(void)
{
	static char big[1 << 20];
	int rc = -1;
	pid_t pid;
	fresh(NONE);
	learn(0, 0, IMP_T_CONFIG, "a", 0, "old");
	imp_store_close(S);
	S = NULL;
	pid = fork();
	if (!pid) {
		struct rlimit l = {200000, 200000};
		uint64_t r;
		imp_status st;
		reopen(NONE);
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &l);
		memset(big, 'x', sizeof big - 1);
		r = imp_store_run(S);
		learn(r, 0, IMP_T_CONFIG, "a", 0, "new");
		st = learn(r, IMP_NOW, IMP_T_CONFIG, "big", 0, big);
		if (st != IMP_ENOSPC || !sees(0, "a", "old") || !sees(r, "a", "new"))
			_exit(1);
		if (learn(0, 0, IMP_T_CONFIG, "big", 0, big) != IMP_ENOSPC)
			_exit(2);
		_exit(learn(0, 0, IMP_T_CONFIG, "small", 0, "x") == IMP_OK ? 0 : 3);
	}
	waitpid(pid, &rc, 0);
	reopen(NONE);
	t_check("a full disk: ENOSPC, nothing durable has changed", rc == 0 && sees(0, "a", "old") && sees(0, "big", NULL), "");
	t_check("what did not fit is not in the way of what does", sees(0, "small", "x"), "");
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof dir, "%s/imprint-store-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof path, "%s/facts.db", dir);
	claims_of_runs();
	claims_of_forgetting();
	claims_of_parts();
	claims_of_time();
	claims_of_lists();
	claims_of_secrets();
	claims_of_open();
	claims_of_strangers();
	claims_of_beginners();
	claims_of_full_disk();
	claims_of_kills();
	fresh(NONE);
	imp_store_close(S);
	for (int i = 0; i < 3; i++) {
		char name[170];
		snprintf(name, sizeof name, "%s%s", path, i == 0 ? "" : i == 1 ? "-wal" : "-shm");
		unlink(name);
	}
	rmdir(dir);
	return t_end();
}
