/* board.c -- what a board lacks that the test host of tests/host.c names:
 * processes.  Whoever asks for one is told so loudly. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int fork(void)
{
	abort();
}

int execl(const char *path, const char *arg, ...)
{
	(void)path;
	(void)arg;
	abort();
}

int wait(int *status)
{
	(void)status;
	abort();
}
