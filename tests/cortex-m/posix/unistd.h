/* unistd.h -- see sys/wait.h. */
#ifndef IMPRINT_POSIX_UNISTD_H
#define IMPRINT_POSIX_UNISTD_H

int fork(void);
int execl(const char *path, const char *arg, ...);
int getpid(void);
_Noreturn void _exit(int status);

#endif
