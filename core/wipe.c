/* wipe.c -- erasing that the compiler must keep. */
#include "ct.h"

void imp_wipe(void *p, size_t n)
{
#ifdef __GNUC__
	if (!n)
		return;
	memset(p, 0, n);
	__asm__ volatile("" : : "r"(p) : "memory"); /* somebody may look at *p here */
#else
	volatile uint8_t *v = p;
	while (n--)
		*v++ = 0;
#endif
}
