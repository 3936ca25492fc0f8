/* tour.c -- what is built into the library, and a session of it by name. */
#include <imprint.h>
#include <stdio.h>
#include <stdlib.h>

static const imp_layer *layer(const char *id)
{
	for (int i = 0; imp_builtin[i]; i++)
		for (int k = 0; imp_builtin[i]->layers && imp_builtin[i]->layers[k]; k++)
			if (!strcmp(imp_builtin[i]->layers[k]->id, id))
				return imp_builtin[i]->layers[k];
	return NULL;
}

static const imp_crypto *first_crypto(void)
{
	for (int i = 0; imp_builtin[i]; i++)
		if (imp_builtin[i]->cryptos && imp_builtin[i]->cryptos[0])
			return imp_builtin[i]->cryptos[0];
	return NULL;
}

int main(void)
{
	imp_stack t = {.size = sizeof t, .top = layer("imp.fdo"), .link = {{layer("imp.http")}}, .crypto = first_crypto(),
	               .params = {.size = sizeof t.params, .role = IMP_DEVICE, .max_msg = 2048}};
	size_t need = imp_session_need(&t);
	void *mem = aligned_alloc(16, (need + 15) & ~(size_t)15);
	imp_session *s = need && mem ? imp_session_init(mem, need, &t) : NULL;
	printf("fdo/http with %s: %zu bytes\n", t.crypto ? t.crypto->id : "nothing", need);
	if (s)
		imp_session_wipe(s);
	free(mem);
	return !s;
}
