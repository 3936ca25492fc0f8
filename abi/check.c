/* check.c -- is this plugin sane?  Pure: looks, never calls into it. */
#include "imprint.h"

static int layer_ok(const imp_layer *y)
{
	if (!y || !IMP_HAS(y, imp_layer, step) || !y->id || !y->version || !y->need || !y->init || !y->step || !y->burst)
		return 0;
	if (y->offers > IMP_L_NFC)
		return 0;
	for (unsigned l = 0; l < IMP_LINKS; l++)
		if (y->needs[l] > IMP_L_NFC)
			return 0;
	if (y->manifest && (!IMP_HAS(y->manifest, imp_manifest, stacks) || !y->manifest->roles))
		return 0;
	return 1;
}

static int crypto_ok(const imp_crypto *c)
{
	return c && IMP_HAS(c, imp_crypto, random) && c->id && c->can && c->random;
}

imp_status imp_plugin_check(const imp_plugin *p)
{
	if (!p || !IMP_HAS(p, imp_plugin, cryptos) || !p->id || !p->license)
		return IMP_EARG;
	if (p->abi != IMP_ABI || p->rev > IMP_REV)
		return IMP_EUNSUP;
	if (!p->layers && !p->cryptos)
		return IMP_EARG;
	for (unsigned i = 0; p->layers && p->layers[i]; i++)
		if (!layer_ok(p->layers[i]))
			return IMP_EARG;
	for (unsigned i = 0; p->cryptos && p->cryptos[i]; i++)
		if (!crypto_ok(p->cryptos[i]))
			return IMP_EARG;
	return IMP_OK;
}
