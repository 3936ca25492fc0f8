/* inner.h -- what io.c, tcp.c, udp.c and route.c share. */
#ifndef IMPRINT_IO_INNER_H
#define IMPRINT_IO_INNER_H

#include "io.h"

enum { MAPS = 2, KEYS = 24, SECRET = 64, ADDRESS = 64, NAME = 22, UDP_MTU = 1232, READ = 16384, CONNECT_MS = 10000, LINGER_MS = 1000, WRITE_HIGH = 256 * 1024 };

/* A request that was carried over a cut, and where its ANSWER goes. */
struct carried {
	imp_io_pool *front;
	uint64_t id;
	uint32_t front_ticket, ticket; /* ticket 0: free */
};

/* What stands before each session in its slot. */
struct slot {
	struct slot *next, **back; /* all of a pool */
	struct conn *link[IMP_LINKS];
	struct udp *udp[IMP_LINKS]; /* one of both, or none */
	struct carried carried[MAPS];
	uint64_t fed_at;
	uint32_t tickets;
	uint8_t over, gone, accepted, stopped;
	uint8_t peer[NAME], peer_len; /* a listening port's: where it came from */
	char peer_text[ADDRESS];
};

/* A message that waits until its session can take it. */
struct waiting {
	struct waiting *next;
	imp_io_pool *pool;
	uint64_t id;
	imp_msg m;
	size_t len;
	uint8_t bytes[];
};

struct imp_io_pool {
	imp_io_pool *next;
	imp_io *io;
	const char *name;
	imp_stack stack;
	imp_work *work;
	imp_slab *slab;
	size_t at; /* of the session in its slot */
	char bearer[ADDRESS];
	uint64_t idle_ms;
	uint32_t count, alive;
	struct slot *first;
	void *user;
	void (*heard)(void *, imp_io_pool *, uint64_t, const imp_msg *);
	const imp_layer *router;
	imp_io_choose choose;
	void *choose_user;
};

/* Links and what stands on them run in work[0], the upper halves of cuts in
 * work[1], so that a request is carried up while its link is being drained,
 * channel and all. */
struct imp_io {
	uv_loop_t *loop;
	const imp_crypto *crypto;
	uv_timer_t *timer;
	uint64_t armed; /* when the timer will ring */
	imp_io_pool *pools;
	imp_work work[2];
	struct slot *busy[2]; /* being drained */
	int running;          /* what waited is being fed */
	struct waiting *first, **last;
	struct listener *listeners;
	struct udp *ports;
	uint8_t secret[SECRET];
	uint64_t secret_at;
	uint8_t buf[READ];
	void (*trace)(void *, const imp_io_event *);
	void *trace_user;
};

/* io.c */
imp_session *session_of(const imp_io_pool *p, const struct slot *s);
struct slot *slot_begin(imp_io_pool *p, imp_span key);
void slot_drop(imp_io_pool *p, struct slot *s);
void feed(imp_io_pool *p, struct slot *s, const imp_msg *m);
int is_radio(const imp_io_pool *p); /* nothing is opened, nothing is lost */
uint64_t io_now(void);

/* tcp.c */
void link_open(imp_io_pool *p, struct slot *s, const imp_msg *m);
void link_send(imp_io_pool *p, struct slot *s, const imp_msg *m);
void link_shut(struct slot *s, unsigned link); /* after what is being written */
void link_names(const struct slot *s, unsigned link, const char **local, const char **peer);
void listeners_close(imp_io *io);
void print_address(const struct sockaddr_storage *a, char out[ADDRESS]);
void set_port(struct sockaddr *a, int port);

/* udp.c */
void udp_open(imp_io_pool *p, struct slot *s, const imp_msg *m, const char *host, int port);
void udp_send(imp_io_pool *p, struct slot *s, const imp_msg *m);
void udp_shut(struct slot *s, unsigned link);
void udp_names(const struct slot *s, unsigned link, const char **local, const char **peer);
imp_status udp_listen(imp_io_pool *p, const struct sockaddr_storage *a, uint32_t most, char bound[64]);
void udp_ports_close(imp_io *io);

/* route.c */
imp_span io_secret(imp_io *io); /* for triage() */
void route_up(imp_io_pool *front, struct slot *s, const imp_msg *rx);
void route_back(imp_io_pool *p, struct slot *s, const imp_msg *answer);
void route_lost(const struct carried lost[MAPS]); /* who waits for a session that is gone */

#endif
