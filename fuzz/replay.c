/* replay.c -- a main for builds without libFuzzer: runs each file named on
 * the command line once. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		uint8_t *p = malloc(1 << 20);
		size_t n = f && p ? fread(p, 1, 1 << 20, f) : 0;
		if (!f || !p) {
			perror(argv[i]);
			return 1;
		}
		LLVMFuzzerTestOneInput(p, n);
		free(p);
		fclose(f);
	}
	return 0;
}
