/* wipe.c -- erasing that the compiler must keep. */
#include "ct.h"

void imp_wipe(void *p, size_t n)
{
	volatile uint8_t *v = p;
	while (n--)
		*v++ = 0;
}
