/* http-peers.c -- the HTTP layer against Python's http.server, http.client and
 * curl, over TCP on the loopback.  argv[1]: http_peer.py. */
#define _POSIX_C_SOURCE 200809L
#include "http_end.h"
#include "t.h"
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, BIG = 5000 };

/* A session and its one connection. */
struct net {
	struct end *e;
	int fd, listener, opened, shut;
	uint16_t port;
};

static struct end E;
static char heard_body[WIRE];
static size_t heard_len;
static int more; /* the last ANSWER was not the last */

/* --- a host of poll() -------------------------------------------------------- */

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static struct sockaddr_in loopback(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static void hang_up(struct net *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

/* Say the last words, and hear the peer out: an unread byte would make the
 * kernel take them back. */
static void shut_down(struct net *n)
{
	uint8_t bytes[512];
	struct pollfd p = {n->fd, POLLIN, 0};
	shutdown(n->fd, SHUT_WR);
	while (n->fd >= 0 && poll(&p, 1, 500) > 0 && read(n->fd, bytes, sizeof bytes) > 0)
		;
	hang_up(n);
}

static void gone(struct net *n, imp_status code)
{
	hang_up(n);
	feed(n->e, imp_say(IMP_DOWN, 0, code, 5, NONE, NONE));
}

static void connect_now(struct net *n)
{
	struct sockaddr_in a = loopback(n->port);
	hang_up(n);
	n->opened = n->e->opened;
	n->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(n->fd, (struct sockaddr *)&a, sizeof a) < 0)
		gone(n, IMP_ELINK);
	else
		feed(n->e, imp_say(IMP_UP, 0, 0, 5, NONE, NONE));
}

static void write_out(struct net *n)
{
	size_t at = 0;
	while (n->fd >= 0 && at < n->e->wire_len) {
		ssize_t k = send(n->fd, n->e->wire + at, n->e->wire_len - at, MSG_NOSIGNAL);
		if (k <= 0)
			break; /* the read will tell */
		at += (size_t)k;
	}
	n->e->wire_len = 0;
}

static void read_in(struct net *n)
{
	uint8_t bytes[MAX];
	struct pollfd p = {n->fd >= 0 ? n->fd : n->listener, POLLIN, 0};
	ssize_t k;
	if (p.fd < 0 || poll(&p, 1, 20) <= 0)
		return;
	if (n->fd < 0) {
		n->fd = accept(n->listener, NULL, NULL);
		feed(n->e, imp_say(IMP_UP, 0, 0, 0, NONE, NONE));
		return;
	}
	k = read(n->fd, bytes, sizeof bytes);
	if (k > 0)
		feed(n->e, imp_say(IMP_RX, 0, 0, 0, NONE, imp_bytes(bytes, (size_t)k)));
	else
		gone(n, k ? IMP_ELINK : IMP_OK);
}

static void turn(struct net *n)
{
	n->e->w.now = now_ms();
	write_out(n);
	if (n->e->shut != n->shut) {
		n->shut = n->e->shut;
		shut_down(n);
	}
	if (n->e->opened != n->opened)
		connect_now(n);
	else if (imp_session_deadline(n->e->s) <= n->e->w.now)
		feed(n->e, imp_say(IMP_TICK, 0, 0, 0, NONE, NONE));
	else
		read_in(n);
}

/* A child whose output we read. */
static pid_t spawn(char *const argv[], int *out)
{
	int pipes[2];
	pid_t pid;
	if (pipe(pipes) < 0)
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(pipes[1], 1);
		close(pipes[0]);
		close(pipes[1]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(pipes[1]);
	*out = pipes[0];
	return pid;
}

static size_t slurp(int fd, char *to, size_t cap)
{
	size_t n = 0;
	ssize_t k;
	while (n + 1 < cap && (k = read(fd, to + n, cap - 1 - n)) > 0)
		n += (size_t)k;
	to[n] = 0;
	close(fd);
	return n;
}

static int exists(const char *program)
{
	char command[64];
	snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
	return system(command) == 0;
}

/* --- our client, their server ---------------------------------------------------- */

static void collect(const imp_msg *m)
{
	if (m->verb != IMP_ANSWER || m->code == 231)
		return;
	more = m->flags & IMP_MORE;
	if (m->data.len && heard_len + m->data.len < sizeof heard_body)
		memcpy(heard_body + heard_len, m->data.ptr, m->data.len);
	heard_len += m->data.len;
}

/* Until the last ANSWER of an exchange. */
static void ask(struct net *n, imp_msg m)
{
	uint64_t end = now_ms() + PATIENCE_MS;
	heard_len = 0;
	forget(n->e);
	feed(n->e, m);
	while (now_ms() < end) {
		if (n->e->answers && n->e->code != 231 && !more)
			return;
		turn(n);
	}
}

static int is_big(void)
{
	if (heard_len != BIG)
		return 0;
	for (size_t i = 0; i < BIG; i++)
		if ((uint8_t)heard_body[i] != i * 7 % 251)
			return 0;
	return 1;
}

static imp_msg get(const char *path)
{
	return imp_say(IMP_TX, 0xffff, IMP_GET, POST_TICKET, TEXT(path), NONE);
}

static void ask_all(struct net *n)
{
	static char many[1000];
	for (int i = 0; i < 3; i++)
		ask(n, imp_say(IMP_TX, 60, IMP_POST, POST_TICKET, TEXT("/echo\nmessage-type: 60"), TEXT("body")));
	t_check("http.server: three POSTs over one connection", says(n->e, "ANSWER 200 60 {message-type: 60}{body} ") && n->e->opened == 1, n->e->log);
	ask(n, get("/none"));
	t_check("http.server: 204", says(n->e, "ANSWER 204 -1 {}{} "), n->e->log);
	ask(n, get("/missing"));
	t_check("http.server: 404", n->e->code == 404, "");
	ask(n, get("/big"));
	t_check("http.server: a large body in pieces", is_big() && n->e->code == 200, "");
	ask(n, get("/chunked"));
	t_check("http.server: chunks with extensions and a trailer", is_big() && n->e->code == 200, "");
	ask(n, get("/close"));
	ask(n, get("/close"));
	t_check("http.server: it closes, the next request opens again", says(n->e, "OPEN 0 ANSWER 200 -1 {}{bye} SHUT 0 ") && !n->e->down, n->e->log);
	ask(n, get("/until-down"));
	t_check("http.server: a body that ends with the connection", is_big() && n->e->code == 200, "");
	memset(many, 'x', sizeof many - 1);
	n->e->pieces = many;
	ask(n, next_piece(n->e, imp_say(IMP_TX, 42, IMP_POST, PIECE_TICKET, TEXT("/up"), NONE)));
	t_check("http.server: a request in pieces", heard_len == sizeof many - 1 && !memcmp(heard_body, many, heard_len), "");
	ask(n, get("/drop"));
	t_check("http.server: no reply is ELINK and DOWN", strstr(n->e->log, "ANSWER -9 ") && n->e->down == 1, n->e->log);
}

static void claims_of_client(char *script)
{
	char *argv[] = {"python3", script, "serve", NULL}, line[64] = "", uri[64];
	struct net n = {.e = &E, .fd = -1, .listener = -1};
	int out = -1;
	pid_t pid = spawn(argv, &out);
	for (size_t at = 0; at + 1 < sizeof line && read(out, line + at, 1) == 1 && line[at] != '\n'; at++)
		;
	n.port = (uint16_t)atoi(line);
	if (!t_check("http.server runs", n.port != 0, "python3"))
		return;
	snprintf(uri, sizeof uri, "http://127.0.0.1:%u", n.port);
	make(&E, &imp_http, MAX);
	E.listener = collect;
	E.w.now = now_ms();
	feed(&E, imp_say(IMP_OPEN, 0, 0, 5, TEXT(uri), NONE));
	turn(&n);
	ask_all(&n);
	hang_up(&n);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	close(out);
}

/* --- our server, their clients --------------------------------------------------- */

/* "method format name length", or a large body. */
static void compose(const imp_msg *m)
{
	static char text[256], tens[1001];
	static size_t length;
	char name[128] = "";
	if (m->verb != IMP_RX || m->code == 231)
		return;
	for (size_t i = 0; i < m->name.len && i + 1 < sizeof name; i++)
		name[i] = m->name.ptr[i] == '\n' ? '|' : (char)m->name.ptr[i];
	length += m->data.len;
	snprintf(text, sizeof text, "%d %d %s %zu", (int)m->code, m->topic == 0xffff ? -1 : m->topic, name, length);
	E.auto_reply = imp_say(IMP_ANSWER, 0, 200, 0, TEXT("message-type: 61"), TEXT(text));
	if (m->flags & IMP_MORE)
		return;
	length = 0;
	for (size_t i = 0; i < sizeof tens - 1; i++)
		tens[i] = (char)('0' + i % 10);
	E.pieces = !strcmp(name, "/big") ? tens : NULL;
}

static int listen_somewhere(uint16_t *port)
{
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 8) < 0 || getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return -1;
	*port = ntohs(a.sin_port);
	return fd;
}

/* Serve until the child is done; its exit code, and what it said. */
static int serve_child(char *const argv[], struct net *n, char *said, size_t cap)
{
	uint64_t end = now_ms() + PATIENCE_MS;
	int out = -1, status = 0;
	pid_t pid = spawn(argv, &out);
	while (waitpid(pid, &status, WNOHANG) == 0 && now_ms() < end)
		turn(n);
	if (now_ms() >= end) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	slurp(out, said, cap);
	hang_up(n);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void serve_afresh(struct net *n)
{
	int fd = n->listener;
	make(&E, &imp_http, MAX);
	*n = (struct net){.e = &E, .fd = -1, .listener = fd, .port = n->port};
	E.listener = compose;
	E.auto_reply.verb = IMP_ANSWER;
}

static void claims_of_server(char *script)
{
	char port[8], said[1024];
	char *argv[] = {"python3", script, "drive", port, NULL};
	struct net n = {.fd = -1};
	int rc;
	n.listener = listen_somewhere(&n.port);
	snprintf(port, sizeof port, "%u", n.port);
	serve_afresh(&n);
	rc = serve_child(argv, &n, said, sizeof said);
	for (char *p = said; *p; p++)
		*p = *p == '\n' ? ' ' : *p;
	t_check("http.client: ten exchanges over two connections", rc == 0, said);
	close(n.listener);
}

static void claims_of_curl(void)
{
	static const struct {
		const char *what, *options[8], *path, *want;
	} rows[] = {
	    {"GET", {NULL}, "/x?y=z", "1 -1 /x?y=z|accept: */* 0200"},
	    {"POST with Expect, its body late", {"-d", "0123456789", "-H", "Expect: 100-continue", "-H", "Content-Type: application/json", NULL}, "/p", "2 50 /p|accept: */* 10200"},
	    {"a chunked POST", {"-d", "0123456789", "-H", "Transfer-Encoding: chunked", "-H", "Content-Type:", NULL}, "/p", "2 -1 /p|accept: */* 10200"},
	    {"PUT", {"-X", "PUT", "-d", "abc", "-H", "Content-Type: text/plain", NULL}, "/p", "3 0 /p|accept: */* 3200"},
	    {"HEAD", {"-I", "-o", "/dev/null", NULL}, "/p", "200"},
	    {"HTTP/1.0 is refused", {"-0", NULL}, "/p", "505"},
	    {"OPTIONS is refused", {"-X", "OPTIONS", NULL}, "/p", "501"},
	    {"a large head is refused", {"-H", NULL, NULL}, "/p", "431"},
	};
	static char long_line[2000] = "x: ";
	struct net n = {.fd = -1};
	char uri[128], said[2048], detail[2200];
	memset(long_line + 3, 'a', sizeof long_line - 4);
	n.listener = listen_somewhere(&n.port);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *argv[16] = {"curl", "-sS", "--http1.1", "-m", "15", "-w", "%{http_code}", uri};
		for (size_t k = 0; rows[i].options[k]; k++)
			argv[8 + k] = (char *)(uintptr_t)rows[i].options[k];
		if (!strcmp(rows[i].want, "431"))
			argv[9] = long_line;
		snprintf(uri, sizeof uri, "http://127.0.0.1:%u%s", n.port, rows[i].path);
		serve_afresh(&n);
		serve_child(argv, &n, said, sizeof said);
		snprintf(detail, sizeof detail, "%s: %s", rows[i].what, said);
		t_check("curl", !strcmp(said, rows[i].want), detail);
	}
	close(n.listener);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && exists("python3")) {
		claims_of_client(argv[1]);
		claims_of_server(argv[1]);
	} else {
		t_skip("Python's http.server and http.client", argc == 2 ? "there is no python3" : "http_peer.py is not named");
	}
	if (exists("curl"))
		claims_of_curl();
	else
		t_skip("curl", "there is no curl");
	return t_end();
}
