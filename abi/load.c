/* load.c -- the only dlopen in imprint: takes the one symbol and checks it. */
#include "imprint.h"
#include <dlfcn.h>

imp_status imp_plugin_load(const char *path, const imp_plugin **out)
{
	const imp_plugin *p;
	imp_status st;
	void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	*out = NULL;
	if (!so)
		return IMP_EARG;
	p = (const imp_plugin *)dlsym(so, IMP_PLUGIN_SYMBOL);
	st = p ? imp_plugin_check(p) : IMP_EARG;
	if (st) {
		dlclose(so);
		return st;
	}
	*out = p;
	return IMP_OK;
}
