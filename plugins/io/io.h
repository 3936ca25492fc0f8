/* io.h -- sockets, names and time for stacks, on libuv.
 *
 * An imp_io runs sessions on one uv_loop_t: it opens what they OPEN, listens
 * for what they serve, carries RX, TX, UP, DOWN and SHUT, feeds TICK when a
 * deadline passes, and hands ASK, TELL, LEARN and DONE to you.  Answer at
 * once or years later: what you keep is (pool, id, ticket), and an answer
 * for a session that is gone goes nowhere.  It knows no protocol.
 *
 * A pool is all sessions of one stack, in one slab.  Three ways to fill it:
 *   imp_io_start()         you begin one (a client: it will OPEN its links)
 *   imp_io_listen()        one for every connection that is accepted
 *   imp_io_route()         a cut: connections run a stack without a top, and
 *                          what rises from them is sorted by the protocol's
 *                          triage() into sessions of other pools, whose
 *                          stack is the protocol alone; the ANSWERs go back
 *                          by a map of tickets
 *
 * A pool whose stack has no top and is not routed: you stand on its links
 * yourself, begin with OPEN, and hear UP, RX, DOWN and the ANSWERs to what you
 * feed.
 *
 * Other links are TCP: OPEN names "scheme://host:port/..." (the port may be left
 * out where the scheme has one: http, https, tcp, coap+tcp), hosts are
 * resolved without blocking and every address is tried in turn.  UP.code is
 * 0 (no limit).  DOWN.code is 0 after the peer's orderly end, else
 * IMP_ELINK, or IMP_ETIME when OPEN.when (ms; 0: ten seconds) has passed.
 *
 * The schemes udp, coap, coaps and dtls mean UDP: a connected socket, which is
 * UP at once; UP.code is 1232, what any IPv6 path carries.  Names of RX and TX
 * are addresses in binary: 4 or 16 bytes, the port in network order, and an
 * IPv6 scope (4 bytes, the machine's) if there is one.  DOWN(IMP_ELINK): the
 * peer's machine says that nobody is there.  A TX that the kernel does not take
 * at once is lost.
 *
 * A port listens on "udp:ADDRESS:PORT".  What comes is sorted by the triage()
 * of the stack's lowest layer, and a session begins with what is FRESH; without
 * a triage() every address is a session.  START's name is triage()'s hint.  A session's TX goes to the address it
 * names, else to where its first datagram came from.
 *
 * Limits: sessions per pool, connections per listener (more wait in the
 * kernel), idle time, bytes waiting to be written (past it nothing is read
 * from that connection).  Memory is allocated for pools, connections and
 * what must wait; sessions themselves allocate nothing.
 *
 * One thread per imp_io; nothing here is [any]. */
#ifndef IMPRINT_IO_H
#define IMPRINT_IO_H

#include "imprint.h"
#include <uv.h>

typedef struct imp_io imp_io;
typedef struct imp_io_pool imp_io_pool;

typedef struct imp_io_options {
	const char *name;          /* for traces; static                       */
	const imp_stack *stack;    /* copied                                   */
	uint32_t count;            /* most sessions at a time                  */
	uint64_t idle_ms;          /* a session nothing was fed to for so long
	                              is stopped and dropped; 0: never         */
	void *user;
	/* ASK, TELL, LEARN, DONE of session `id` (no top: all that rises).  Spans live until it returns.
	 * May feed any session, drop any, start others. */
	void (*heard)(void *user, imp_io_pool *pool, uint64_t id, const imp_msg *m);
	const char *bearer;        /* "udp://HOST:PORT" in place of a radio, if the
	                              stack opens nothing (PB-ADV): connected when a
	                              session starts; NULL or "": none          */
} imp_io_options;

/* One message that crossed a boundary, as the host saw it. */
typedef struct imp_io_event {
	imp_io_pool *pool;
	uint64_t     id;
	int          fed;    /* 1: given to the session; 0: it said this       */
	imp_msg      m;      /* secrets (IMP_SECRET) are cut out: data is empty */
	const char  *local;  /* "127.0.0.1:8080" of the link, "" if it has none */
	const char  *peer;
	unsigned     wire;   /* IMP_L_STREAM, IMP_L_DGRAM: these are the very bytes
	                        on TCP or UDP (RX fed, TX said); else IMP_L_NONE */
} imp_io_event;

/* The secret that triage() is given is made from `crypto`'s randomness.
 * NULL: no memory or no entropy. */
imp_io *imp_io_new(uv_loop_t *loop, const imp_crypto *crypto);
/* Closes everything; run the loop once more to let libuv finish. */
void    imp_io_free(imp_io *io);

/* NULL: the stack does not fit together, or no memory. */
imp_io_pool *imp_io_pool_new(imp_io *io, const imp_io_options *o);
const char  *imp_io_pool_name(const imp_io_pool *p);

/* Begin a session under `key` (empty: none) and feed it `start` (START; OPEN
 * if there is no top).
 * 0: the pool is full or the key is taken. */
uint64_t imp_io_start(imp_io_pool *p, imp_span key, const imp_msg *start);

/* Feed one message, now or as soon as the session can take it; spans are
 * copied if it must wait.  IMP_EOVER: the session is gone. */
imp_status imp_io_feed(imp_io_pool *p, uint64_t id, const imp_msg *m);
void       imp_io_drop(imp_io_pool *p, uint64_t id);
/* The session, for its status and where(); NULL: gone. */
imp_session *imp_io_session(const imp_io_pool *p, uint64_t id);
uint32_t     imp_io_alive(const imp_io_pool *p);

/* Accept on "ADDRESS:PORT" ("127.0.0.1:0", "[::1]:8080", "udp:[::1]:5684"), at
 * most `most` connections at a time, each a session of `p`.  `bound` (64 bytes) gets the
 * address with its real port.  IMP_EARG: not an address; IMP_ELINK: taken. */
imp_status imp_io_listen(imp_io_pool *p, const char *address, uint32_t most, char bound[64]);

/* What rises from pool `front` goes to the pool that `choose` names for the
 * hint (NULL: refused, as is all that triage() drops: 404). */
typedef imp_io_pool *(*imp_io_choose)(void *user, imp_span hint);
void imp_io_route(imp_io_pool *front, const imp_layer *top, imp_io_choose choose, void *user);

/* Every message of every pool, as it crosses; NULL: off. */
void imp_io_trace(imp_io *io, void (*trace)(void *user, const imp_io_event *e), void *user);

#endif
