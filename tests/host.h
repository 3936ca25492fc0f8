/* host.h -- a host for tests: parties that keep facts and answer questions,
 * sessions, and a network between them, in memory and on a virtual clock.
 *
 * A party is a device or a server.  It keeps facts: what a session learns is
 * that session's alone until NOW or DONE(IMP_OK) commits it, and is dropped
 * on any other end.  ASKs are answered from facts unless the party's hook
 * takes them; what nobody knows is IMP_EFACT, and an AUTHORIZE that no hook
 * answers is refused.  A session whose stack has no transports stands right
 * on the network ("REST to REST"); one with transports sends bytes.
 *
 * The network carries every request from the client session that sent it
 * to the party whose name is the URI's host, through the layer's triage()
 * and by its key to a server session (made when the key is FRESH), and the
 * ANSWER back.  Each crossing goes through the world's fault hook first.
 *
 * Links that are no requests (datagrams, PDUs, bytes in order) join two
 * sessions: world_wire().  TX arrives as RX from the sender's name, a TX with
 * a ticket is answered by the other side's ANSWER, OPEN brings UP to both,
 * SHUT brings DOWN to the other.  The fault hook sees type 0; TWICE and LATE
 * then repeat and reorder.
 *
 * Everything is one process and one thread; memory is malloc's and is
 * freed by world_end(). */
#ifndef IMPRINT_HOST_H
#define IMPRINT_HOST_H

#include "imprint.h"

enum { PARTIES = 8, SESSIONS = 64 };

struct world;
struct party;

struct fact {
	struct fact *next;
	uint16_t topic, flags;
	int32_t code;      /* entry number; IMAGE: 0, parts are joined */
	uint32_t owner;    /* 0: committed; else the session that learnt it */
	uint64_t until;    /* virtual ms; UINT64_MAX: for ever */
	char name[96];
	uint8_t *data;
	size_t len;
};

struct sess {
	struct world *w;
	struct party *p;
	uint32_t id;         /* unique in the world; 0: free slot */
	imp_stack t;
	imp_session *s;
	uint8_t *mem;
	size_t need;
	uint8_t key[24];
	size_t key_len;
	int server, front;   /* front: http without a top, one connection */
	int done;
	imp_status code;     /* of DONE */
	uint16_t topic;      /* of DONE: the wire's error number */
	uint64_t when;
	char where[48], why[48];
	struct party *peer;  /* client: to whom its link is open */
	uint32_t other;      /* http, wire: the connection's other end */
	int wired, opened;
};

struct party {
	struct world *w;
	const char *name;
	const imp_crypto *crypto;
	imp_params params;
	const imp_layer *layer; /* NULL: imp_fdo */
	const imp_layer *http;  /* stands under clients and before servers */
	const imp_layer *below[IMP_DEPTH]; /* under world_session()'s, if on_link */
	struct fact *facts;
	/* Answer `ask`: 1 and *a filled (its spans live until the next call), 0:
	 * look among the facts, -1: never answer. */
	int (*hook)(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a);
	/* Sees everything else that rises to the host: TELL, LEARN, DONE. */
	void (*sees)(struct party *p, struct sess *s, const imp_msg *m);
	uint64_t think;         /* ms from a question to its answer */
	void *user;
	int down;               /* no connection is accepted */
	int asks, refusals;     /* servers: sessions that ended badly */
	imp_status last;        /* ... and how */
	uint16_t last_topic;
	char last_where[48];
	size_t largest;         /* largest session of it, bytes */
};

enum { PASS, DROP, TWICE, LATE }; /* what the fault hook says */

struct crossing {
	int n;          /* the how-manieth of this world, from 1 */
	int type;       /* FDO message number; 0: bytes of a connection */
	int reply;
	imp_msg *m;     /* may be changed; data is writable, `cap` bytes */
	uint8_t *data;
	size_t cap;
};

/* A request on its way: who waits for its answer, and who works on it. */
struct exchange { uint32_t client, ticket, server; int type; };

struct world {
	uint64_t now, unix_time;
	struct party party[PARTIES];
	int parties;
	struct sess sess[SESSIONS];
	uint32_t ids;
	struct event *events;
	int (*fault)(struct world *w, struct crossing *x);
	void *user;
	int crossings, learns, commits, feeds;
	int move;               /* memcpy to fresh memory after every feed */
	int freeze;             /* feed in a new process, one per message */
	const imp_layer *(*wrap)(const imp_layer *y); /* of new sessions: starve_layer */
	int cut_crossing;       /* the client's power fails at this crossing, */
	int cut_learn;          /* just before this LEARN of it is kept, */
	int cut_commit;         /* or just after this commit of it */
	int cuts, processes;
	uint32_t client;        /* the session whose power the cuts cut */
	struct exchange exchange[4096];
	uint32_t exchanges;
	imp_msg reply;          /* of world_post(); its spans are ours */
	/* Sees every message that a session is fed. */
	void (*record)(struct world *w, struct sess *s, const imp_msg *m);
	/* Takes what sinks out of sessions, instead of the network. */
	void (*sink)(struct world *w, struct sess *s, const imp_msg *m);
	int32_t mtu;            /* UP's code on wires; 0: 65535 */
	int trace;
};

void world_begin(struct world *w);
void world_end(struct world *w);
struct party *world_party(struct world *w, const char *name, const imp_crypto *c, int role);

/* A client session of `p`, fed START. */
struct sess *world_start(struct party *p, uint16_t topic, imp_span name);
/* A session under test: the party's role, as a server or as a client,
 * alone or on what the party has below.  It is fed by hand. */
struct sess *world_session(struct party *p, int server, int on_link);
/* Join two of them; the power that the cuts cut is `a`'s.  Feed them START. */
void world_wire(struct sess *a, struct sess *b);
void world_feed(struct sess *s, const imp_msg *m);
/* Until nothing happens any more, or the virtual time has passed. */
void world_run(struct world *w, uint64_t ms);
/* The end of a session: forget it and what it had not committed. */
void world_kill(struct sess *s);
struct sess *world_sess(struct world *w, uint32_t id);
/* A living server session of `p`, or NULL. */
struct sess *world_server(struct world *w, const struct party *p);

/* A request out of the blue, and its reply: w->reply, good until the next
 * one.  The reply's message number; 0: none came. */
int world_post(struct party *p, imp_msg request);
int world_reply_type(const struct world *w);

/* Facts.  The set functions write committed ones; `name` is text. */
void fact_set(struct party *p, uint16_t topic, const char *name, int32_t code, imp_span data);
const struct fact *fact_get(const struct party *p, uint16_t topic, const char *name, int32_t code);
int  fact_count(const struct party *p, uint16_t topic, const char *name);
void fact_drop(struct party *p, uint16_t topic, const char *name);
/* Every fact of `from` with this topic and name, copied to `to`. */
void fact_copy(struct party *to, const struct party *from, uint16_t topic, const char *name);

/* main() of a test with world.freeze calls this first: it runs the child. */
int world_thaw(int argc, char **argv, const imp_crypto *c);
extern const imp_layer *world_thaws; /* the top that is in it; NULL: imp_fdo */

uint32_t world_rnd(void); /* a fixed sequence */

#endif
