/* check.c -- is this plugin sane?  Pure: looks, never calls into it. */
#include "imprint.h"

static int named(const char *text)
{
	return text && *text;
}

static const char *layer_wrong(const imp_layer *y)
{
	if (!IMP_HAS(y, imp_layer, step))
		return "a layer is smaller than this ABI's";
	if (!named(y->id) || !named(y->version))
		return "a layer has no id or no version";
	if (!y->need || !y->init || !y->step)
		return "a layer lacks need, init or step";
	if (!y->burst)
		return "a layer's burst is 0: it could say nothing";
	if (y->flags & ~(unsigned)IMP_PINNED)
		return "a layer has a flag that is unknown here";
	if (y->offers > IMP_L_NFC)
		return "a layer offers an unknown kind of link";
	for (unsigned l = 0; l < IMP_LINKS; l++)
		if (y->needs[l] > IMP_L_NFC)
			return "a layer needs an unknown kind of link";
	if (y->manifest && !IMP_HAS(y->manifest, imp_manifest, stacks))
		return "a manifest is smaller than this ABI's";
	if (y->manifest && !y->manifest->roles)
		return "a manifest names no role";
	return NULL;
}

static const char *crypto_wrong(const imp_crypto *c)
{
	if (!IMP_HAS(c, imp_crypto, random))
		return "a crypto is smaller than this ABI's";
	if (!named(c->id))
		return "a crypto has no id";
	return c->can && c->random ? NULL : "a crypto lacks can or random";
}

static const char *wrong(const imp_plugin *p)
{
	const char *why = NULL;
	if (!named(p->id) || !named(p->license))
		return "the plugin has no id or no license";
	if (!(p->layers && p->layers[0]) && !(p->cryptos && p->cryptos[0]))
		return "the plugin lists neither layers nor cryptos";
	for (unsigned i = 0; !why && p->layers && p->layers[i]; i++)
		why = layer_wrong(p->layers[i]);
	for (unsigned i = 0; !why && p->cryptos && p->cryptos[i]; i++)
		why = crypto_wrong(p->cryptos[i]);
	return why;
}

/* Where abi and rev stand never changes, so they are looked at first. */
static imp_status judge(const imp_plugin *p, const char **why)
{
	*why = "no plugin";
	if (!p)
		return IMP_EARG;
	*why = "the plugin is smaller than this ABI's";
	if (!IMP_HAS(p, imp_plugin, rev))
		return IMP_EARG;
	*why = "the plugin was built for another ABI number";
	if (p->abi != IMP_ABI)
		return IMP_EUNSUP;
	*why = "the plugin was built for a newer revision of imprint.h";
	if (p->rev > IMP_REV)
		return IMP_EUNSUP;
	*why = "the plugin is smaller than this ABI's";
	if (!IMP_HAS(p, imp_plugin, cryptos))
		return IMP_EARG;
	*why = wrong(p);
	return *why ? IMP_EARG : IMP_OK;
}

imp_status imp_plugin_check(const imp_plugin *p, const char **why)
{
	const char *reason;
	return judge(p, why ? why : &reason);
}
