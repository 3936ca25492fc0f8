/* files.c -- what Lua's io and os lack. */
#include "mod.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static int l_is_tty(lua_State *L)
{
	lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
	return 1;
}

static int close_file(lua_State *L)
{
	luaL_Stream *s = luaL_checkudata(L, 1, LUA_FILEHANDLE);
	int rc = fsync(fileno(s->f));
	return luaL_fileresult(L, (fclose(s->f) == 0) & (rc == 0 || errno == EINVAL), NULL);
}

/* imp.create(path, mode): a new file, written to disk when it is closed */
static int l_create(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)luaL_optinteger(L, 2, 0600));
	luaL_Stream *s;
	if (fd < 0)
		return luaL_fileresult(L, 0, NULL);
	s = lua_newuserdatauv(L, sizeof *s, 0);
	s->closef = NULL;
	luaL_setmetatable(L, LUA_FILEHANDLE);
	s->f = fdopen(fd, "wb");
	s->closef = close_file;
	return 1;
}

static int sync_directory(const char *of)
{
	char dir[4096];
	const char *slash = strrchr(of, '/');
	size_t n = slash ? (size_t)(slash - of) + 1 : 1;
	int fd, rc;
	if (n >= sizeof dir)
		return 0;
	memcpy(dir, slash ? of : ".", n);
	dir[n] = 0;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = fd < 0 ? -1 : fsync(fd);
	if (fd >= 0)
		close(fd);
	return rc == 0 || errno == EINVAL;
}

/* imp.rename(from, to): on disk when it returns */
static int l_rename(lua_State *L)
{
	const char *to = luaL_checkstring(L, 2);
	return luaL_fileresult(L, rename(luaL_checkstring(L, 1), to) == 0 && sync_directory(to), to);
}

/* true, also when it is there already */
static int l_mkdir(lua_State *L)
{
	struct stat st;
	const char *path = luaL_checkstring(L, 1);
	if (mkdir(path, (mode_t)luaL_optinteger(L, 2, 0777)) == 0 || (errno == EEXIST && !stat(path, &st) && S_ISDIR(st.st_mode))) {
		lua_pushboolean(L, 1);
		return 1;
	}
	return luaL_fileresult(L, 0, path);
}

static int l_mkdtemp(lua_State *L)
{
	char path[256];
	const char *tmp = getenv("TMPDIR");
	snprintf(path, sizeof path, "%s/imprint-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(path))
		return luaL_fileresult(L, 0, path);
	lua_pushstring(L, path);
	return 1;
}

/* "file", "directory", "other" (a link too), or nil and why; size; and what is
 * the same for all names of one file */
static int l_stat(lua_State *L)
{
	struct stat st;
	const char *path = luaL_checkstring(L, 1);
	if (lstat(path, &st) < 0)
		return luaL_fileresult(L, 0, path);
	lua_pushstring(L, S_ISREG(st.st_mode) ? "file" : S_ISDIR(st.st_mode) ? "directory" : "other");
	lua_pushinteger(L, (lua_Integer)st.st_size);
	if (stat(path, &st) < 0)
		return 2;
	lua_pushfstring(L, "%I:%I", (LUAI_UACINT)st.st_dev, (LUAI_UACINT)st.st_ino);
	return 3;
}

static int l_dir(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	DIR *d = opendir(path);
	struct dirent *e;
	lua_Integer n = 0;
	if (!d)
		return luaL_fileresult(L, 0, path);
	lua_newtable(L);
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) {
			lua_pushstring(L, e->d_name);
			lua_rawseti(L, -2, ++n);
		}
	closedir(d);
	return 1;
}

static void words(lua_State *L, int i, char **args, int most)
{
	int n = (int)lua_rawlen(L, i);
	luaL_argcheck(L, n > 0 && n < most, i, "too many words");
	for (int k = 0; k < n; k++) {
		lua_rawgeti(L, i, k + 1);
		args[k] = (char *)(uintptr_t)luaL_checkstring(L, -1);
		lua_pop(L, 1);
	}
	args[n] = NULL;
}

static _Noreturn void become(char **args, const char *dir, const int out[2])
{
	int null = open("/dev/null", O_RDWR);
	if (null < 0 || chdir(dir) < 0 || dup2(null, 0) < 0 || dup2(out[0], 1) < 0 || dup2(out[1], 2) < 0)
		_exit(126);
	execvp(args[0], args);
	_exit(127);
}

static FILE *temp_file(int *fd)
{
	FILE *f = tmpfile();
	*fd = f ? fileno(f) : -1;
	return f;
}

static void push_file(lua_State *L, FILE *f, size_t most)
{
	luaL_Buffer b;
	rewind(f);
	luaL_buffinit(L, &b);
	luaL_addsize(&b, fread(luaL_prepbuffsize(&b, most), 1, most, f));
	luaL_pushresult(&b);
	fclose(f);
}

/* imp.execute({program, args...}, dir, seconds) -> exit code, stdout, stderr;
 * no shell, nothing on standard input, at most 64 kB of each output */
static int l_execute(lua_State *L)
{
	char *args[64];
	int out[2], status = 0;
	FILE *f[2] = {temp_file(&out[0]), temp_file(&out[1])};
	const char *dir = luaL_checkstring(L, 2);
	unsigned limit = (unsigned)luaL_optinteger(L, 3, 60);
	pid_t pid;
	luaL_checktype(L, 1, LUA_TTABLE);
	words(L, 1, args, 64);
	if (!f[0] || !f[1])
		return luaL_fileresult(L, 0, NULL);
	pid = fork();
	if (!pid) {
		alarm(limit); /* outlives exec */
		become(args, dir, out);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return luaL_fileresult(L, 0, NULL);
	lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	push_file(L, f[0], 65536);
	push_file(L, f[1], 65536);
	return 3;
}

static int l_machine(lua_State *L)
{
	struct utsname u;
	lua_pushstring(L, uname(&u) ? "unknown" : u.machine);
	return 1;
}

/* The path of this command. */
static int l_program(lua_State *L)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path);
	if (n < 0)
		return luaL_fileresult(L, 0, "/proc/self/exe");
	lua_pushlstring(L, path, (size_t)n);
	return 1;
}

/* imp.ip("127.0.0.1" | "[::1]") -> 4 or 16 bytes; nil: a name */
static int l_ip(lua_State *L)
{
	const char *text = luaL_checkstring(L, 1);
	size_t n = strlen(text);
	char inner[64];
	uint8_t out[16];
	if (inet_pton(AF_INET, text, out) == 1) {
		mod_push(L, imp_bytes(out, 4));
		return 1;
	}
	if (n < 4 || n >= sizeof inner || text[0] != '[' || text[n - 1] != ']')
		return 0;
	memcpy(inner, text + 1, n - 2);
	inner[n - 2] = 0;
	if (inet_pton(AF_INET6, inner, out) != 1)
		return 0;
	mod_push(L, imp_bytes(out, 16));
	return 1;
}

int open_files(lua_State *L)
{
	static const luaL_Reg functions[] = {{"is_tty", l_is_tty}, {"create", l_create}, {"rename", l_rename}, {"mkdir", l_mkdir}, {"mkdtemp", l_mkdtemp}, {"stat", l_stat}, {"dir", l_dir}, {"execute", l_execute}, {"machine", l_machine}, {"ip", l_ip}, {"program", l_program}, {NULL, NULL}};
	luaL_setfuncs(L, functions, 0);
	return 0;
}
