/* softhsm.c -- see softhsm.h. */
#define _XOPEN_SOURCE 700
#include "softhsm.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/imprint-pkcs11-XXXXXX";

const char *softhsm_module(const char **why)
{
	static const char *const modules[] = {
		"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
		"/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
		"/usr/local/lib/softhsm/libsofthsm2.so",
	};
	const char *module = NULL;
	for (size_t i = 0; !module && i < sizeof modules / sizeof modules[0]; i++)
		if (!access(modules[i], R_OK))
			module = modules[i];
	*why = "no libsofthsm2.so (Debian: softhsm2)";
	if (!module || !system("softhsm2-util --version >/dev/null 2>&1"))
		return module;
	*why = "no softhsm2-util (Debian: softhsm2)";
	return NULL;
}

const char *softhsm_make(const char *label)
{
	char line[256];
	FILE *f;
	if (!mkdtemp(dir))
		return NULL;
	snprintf(line, sizeof line, "%s/softhsm2.conf", dir);
	f = fopen(line, "w");
	if (!f)
		return NULL;
	fprintf(f, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n", dir);
	fclose(f);
	setenv("SOFTHSM2_CONF", line, 1);
	snprintf(line, sizeof line, "softhsm2-util --init-token --free --label %s --so-pin 0000 --pin 4711 >/dev/null 2>&1", label);
	return system(line) ? NULL : dir;
}

void softhsm_remove(void)
{
	char line[128];
	snprintf(line, sizeof line, "rm -rf %s", dir);
	if (system(line))
		printf("# %s is left behind\n", dir);
}
