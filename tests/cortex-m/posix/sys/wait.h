/* wait.h -- a board has no processes: what tests/host.c would start another
 * one with.  posix.c refuses. */
#ifndef IMPRINT_POSIX_WAIT_H
#define IMPRINT_POSIX_WAIT_H

int wait(int *status);

#endif
