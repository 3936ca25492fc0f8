/* load.c -- the only dlopen in imprint: takes the one symbol and checks it. */
#include "imprint.h"
#include <dlfcn.h>

imp_status imp_plugin_load(const char *path, const imp_plugin **out, const char **why)
{
	const char *reason = "a module's path has a slash in it: nothing is searched";
	const imp_plugin *p = NULL;
	imp_status st = IMP_EARG;
	void *so = strchr(path, '/') ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
	if (so)
		p = (const imp_plugin *)dlsym(so, IMP_PLUGIN_SYMBOL);
	if (p)
		st = imp_plugin_check(p, &reason);
	else if (so)
		reason = "the module has no symbol " IMP_PLUGIN_SYMBOL;
	else if (strchr(path, '/'))
		reason = dlerror();
	if (so && st)
		dlclose(so);
	*out = st ? NULL : p;
	if (why)
		*why = reason;
	return st;
}
