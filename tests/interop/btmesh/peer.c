/* peer.c -- imprint's device or provisioner on a UNIX datagram socket that
 * carries AD structures, as bluetooth-meshd's unit bearer does.
 *
 * usage: mesh-peer device|provisioner OWN PEER [TOPIC:NAME:HEX]...
 *   A provisioner takes the first device whose beacon it hears.
 *   OWN, PEER: paths of sockets.  TOPIC: identity, config, key (flattened
 *   here), peerkey, network, counter.  What a session learns, shows and asks is
 *   said on standard output, a line each:
 *     learn NAME HEX · show MEDIUM NAME TEXT · read MEDIUM NAME · authorize · done CODE TOPIC
 *   and a read is answered by a line of standard input.
 *
 * Towards the daemon a byte that is not 0 stands before the frame, which must
 * then be longer than 9 bytes: short ones get zeros. */
#define _POSIX_C_SOURCE 200809L
#include "btmesh.h"
#include "crypto.h"
#include "pbadv.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NONE imp_bytes(NULL, 0)

enum { FACTS = 32, DATA = 4096, WAITING = 8, LEAST = 10, LINGER_MS = 600 };

static struct {
	char     name[96];
	uint16_t topic;
	uint8_t  data[DATA];
	size_t   len;
} facts[FACTS];
static unsigned count;

static imp_stack stack = {.size = sizeof stack, .top = &imp_btmesh, .link = {{&imp_pbadv}}, .crypto = &imp_openssl};
static imp_session *session;
static imp_work work;
static int sock, started, over, result = 1;
static struct sockaddr_un peer;
static uint32_t reading;  /* the ticket of a question to the person */
static uint64_t finished;
static struct { imp_msg m; uint8_t data[DATA]; } queue[WAITING];
static unsigned waiting;

static uint64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static size_t unhex(const char *s, uint8_t *out, size_t cap)
{
	size_t n = 0;
	unsigned v;
	for (; n < cap && s[0] && s[1] && sscanf(s, "%2x", &v) == 1; s += 2)
		out[n++] = (uint8_t)v;
	return n;
}

static int find(uint16_t topic, imp_span name)
{
	for (unsigned i = 0; i < count; i++)
		if (facts[i].topic == topic && strlen(facts[i].name) == name.len && !memcmp(facts[i].name, name.ptr, name.len))
			return (int)i;
	return -1;
}

static void put(uint16_t topic, imp_span name, imp_span data)
{
	int i = find(topic, name);
	if (i < 0)
		i = (int)count++;
	if (i >= FACTS || data.len > DATA || name.len >= sizeof facts[i].name)
		abort();
	facts[i].topic = topic;
	memcpy(facts[i].name, name.ptr, name.len);
	if (data.len)
		memcpy(facts[i].data, data.ptr, data.len);
	facts[i].len = data.len;
}

static void given(char *arg)
{
	static const struct { const char *word; uint16_t topic; } topics[] = {{"identity", IMP_T_IDENTITY}, {"config", IMP_T_CONFIG}, {"key", IMP_T_KEY},
		{"private", IMP_T_KEY}, {"peerkey", IMP_T_PEERKEY}, {"network", IMP_T_NETWORK}, {"counter", IMP_T_COUNTER}};
	char *name = strchr(arg, ':'), *hex = name ? strchr(name + 1, ':') : NULL;
	uint8_t b[DATA];
	size_t n, head = 0;
	if (!hex)
		abort();
	*name++ = *hex++ = 0;
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
		imp_key k = {!strcmp(arg, "private") ? IMP_C_P256 : IMP_A_HMAC256, IMP_KEY_PRIVATE, 0, NONE};
		if (strcmp(arg, topics[i].word))
			continue;
		if (topics[i].topic == IMP_T_KEY) {
			imp_key_head(&k, b);
			head = IMP_KEY_HEAD;
		}
		n = unhex(hex, b + head, sizeof b - head);
		put(topics[i].topic, imp_bytes(name, strlen(name)), imp_bytes(b, head + n));
	}
}

/* What is to be fed when the session has been drained. */
static void later(imp_msg m, imp_span data)
{
	if (waiting == WAITING || data.len > DATA)
		abort();
	memcpy(queue[waiting].data, data.ptr ? data.ptr : (const uint8_t *)"", data.len);
	queue[waiting].m = m;
	queue[waiting].m.data = imp_bytes(queue[waiting].data, data.len);
	waiting++;
}

static void answer(const imp_msg *ask, imp_status code, imp_span data)
{
	if (ask->ticket)
		later(imp_say(IMP_ANSWER, 0, code, ask->ticket, NONE, NONE), data);
}

static void asked(const imp_msg *m)
{
	int i = find(m->topic, m->name);
	if (m->topic == IMP_T_AUTHORIZE) {
		printf("authorize\n");
		answer(m, IMP_OK, NONE);
	} else if (m->topic == IMP_T_READ) {
		printf("read %d %.*s\n", m->code, (int)m->name.len, (const char *)m->name.ptr);
		reading = m->ticket;
	} else if (i < 0 || (size_t)m->code > facts[i].len) {
		answer(m, IMP_EFACT, NONE);
	} else {
		answer(m, (imp_status)facts[i].len, imp_bytes(facts[i].data + m->code, facts[i].len - (size_t)m->code));
	}
}

static void learnt(const imp_msg *m)
{
	if (m->topic && !(m->flags & IMP_FORGET)) {
		put(m->topic, m->name, m->data);
		printf("learn %.*s ", (int)m->name.len, (const char *)m->name.ptr);
		for (size_t i = 0; i < m->data.len; i++)
			printf("%02x", m->data.ptr[i]);
		printf("\n");
	}
	answer(m, IMP_OK, NONE);
}

static void sent(const imp_msg *m)
{
	uint8_t f[40] = {1};
	size_t n = m->data.len + 1;
	memcpy(f + 1, m->data.ptr, m->data.len);
	sendto(sock, f, n < LEAST ? LEAST : n, 0, (const struct sockaddr *)&peer, sizeof peer);
}

static void heard(const imp_msg *m)
{
	if (m->verb == IMP_TX)
		sent(m);
	else if (m->verb == IMP_ASK)
		asked(m);
	else if (m->verb == IMP_LEARN)
		learnt(m);
	else if (m->verb == IMP_TELL && m->topic == IMP_T_SHOW)
		printf("%s %d %.*s %.*s\n", m->flags & IMP_FORGET ? "hide" : "show", m->code, (int)m->name.len, (const char *)m->name.ptr, (int)m->data.len, (const char *)m->data.ptr);
	else if (m->verb == IMP_DONE) {
		printf("done %d %u %s\n", m->code, m->topic, imp_session_where(session));
		result = m->code != IMP_OK;
		over = 1;
		finished = now();
	}
	fflush(stdout);
}

static void feed(const imp_msg *m)
{
	imp_msg o;
	work.now = now();
	work.unix_time = (uint64_t)time(NULL);
	imp_session_feed(session, &stack, &work, m);
	while (imp_session_poll(session, &work, &o))
		heard(&o);
}

static void settle(void)
{
	for (unsigned i = 0; i < waiting; i++)
		feed(&queue[i].m);
	waiting = 0;
}

static void typed(void)
{
	char line[100];
	imp_msg ask = imp_say(IMP_ASK, 0, 0, reading, NONE, NONE);
	if (!fgets(line, sizeof line, stdin))
		exit(2);
	answer(&ask, IMP_OK, imp_bytes(line, strcspn(line, "\n")));
}

static void received(void)
{
	uint8_t f[64];
	ssize_t n = recv(sock, f, sizeof f, 0);
	imp_msg m = imp_say(IMP_RX, 0, 0, 0, NONE, imp_bytes(f, n > 0 ? (size_t)n : 0));
	uint8_t key[24], buf[64];
	size_t len;
	imp_span hint;
	imp_msg reply, start = imp_say(IMP_START, 0, 0, 0, NONE, NONE);
	if (started) {
		feed(&m);
	} else if (imp_pbadv.triage(&imp_openssl, NONE, now(), &m, key, &len, &hint, &reply, buf, sizeof buf) == IMP_FRESH) {
		started = 1; /* the first device that is found */
		start.name = hint;
		feed(&start);
	}
}

static void wait_for_something(void)
{
	struct pollfd p[2] = {{sock, POLLIN, 0}, {0, POLLIN, 0}};
	uint64_t due = imp_session_deadline(session), t = now();
	imp_msg tick = imp_say(IMP_TICK, 0, 0, 0, NONE, NONE);
	int ms = due == UINT64_MAX ? 1000 : due <= t ? 0 : due - t < 1000 ? (int)(due - t) : 1000;
	poll(p, reading ? 2 : 1, over && ms > LINGER_MS ? LINGER_MS : ms);
	if (reading && p[1].revents) {
		typed();
		reading = 0;
	}
	if (p[0].revents)
		received();
	if (imp_session_deadline(session) <= now())
		feed(&tick);
}

static void open_socket(const char *own, const char *to)
{
	struct sockaddr_un me = {.sun_family = AF_UNIX};
	peer.sun_family = AF_UNIX;
	snprintf(me.sun_path, sizeof me.sun_path, "%s", own);
	snprintf(peer.sun_path, sizeof peer.sun_path, "%s", to);
	unlink(own);
	sock = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (bind(sock, (const struct sockaddr *)&me, sizeof me)) {
		perror(own);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	imp_msg start = imp_say(IMP_START, 0, 0, 0, NONE, NONE);
	if (argc < 4)
		return 2;
	for (int i = 4; i < argc; i++)
		given(argv[i]);
	open_socket(argv[2], argv[3]);
	stack.params = (imp_params){.size = sizeof stack.params, .role = strcmp(argv[1], "device") ? IMP_OWNER : IMP_DEVICE, .max_msg = 100};
	session = imp_session_init(aligned_alloc(16, (imp_session_need(&stack) + 15) & ~(size_t)15), imp_session_need(&stack), &stack);
	work.len = (imp_work_need(&stack) + 15) & ~(size_t)15;
	work.mem = aligned_alloc(16, work.len);
	if (!session)
		return 2;
	started = stack.params.role == IMP_DEVICE;
	if (started)
		feed(&start);
	while (!over || now() - finished < LINGER_MS) {
		settle();
		wait_for_something();
	}
	return result;
}
