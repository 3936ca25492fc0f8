/* load.c -- the only dlopen in imprint: takes the one symbol and checks it. */
#include "imprint.h"
#include <dlfcn.h>
#include <stdio.h>

/* Whose plugin is this, and ours? */
static const char *both_numbers(const imp_plugin *p)
{
	static _Thread_local char text[128];
	snprintf(text, sizeof text, "the plugin was built for another ABI number or a newer revision: %u.%u, this is %u.%u",
		(unsigned)p->abi, (unsigned)p->rev, IMP_ABI, IMP_REV);
	return text;
}

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
	if (p && st == IMP_EUNSUP)
		reason = both_numbers(p);
	if (so && !p)
		reason = "the module has no symbol " IMP_PLUGIN_SYMBOL;
	if (!so && strchr(path, '/'))
		reason = dlerror();
	if (so && st)
		dlclose(so);
	*out = st ? NULL : p;
	if (why)
		*why = reason;
	return st;
}
