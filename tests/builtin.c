/* builtin.c -- libimprint's own table: every plugin in it is sane, and a stack
 * can be built from what it names. */
#include "imprint.h"
#include "t.h"

static const imp_layer *layer(const char *id)
{
	for (unsigned i = 0; imp_builtin[i]; i++)
		for (unsigned k = 0; imp_builtin[i]->layers && imp_builtin[i]->layers[k]; k++)
			if (!strcmp(imp_builtin[i]->layers[k]->id, id))
				return imp_builtin[i]->layers[k];
	return NULL;
}

static const imp_crypto *crypto(const char *id)
{
	for (unsigned i = 0; imp_builtin[i]; i++)
		for (unsigned k = 0; imp_builtin[i]->cryptos && imp_builtin[i]->cryptos[k]; k++)
			if (!strcmp(imp_builtin[i]->cryptos[k]->id, id))
				return imp_builtin[i]->cryptos[k];
	return NULL;
}

/* What the catalogue prints must be there. */
static const char *lacks(const imp_manifest *m)
{
	if (!IMP_HAS(m, imp_manifest, claims))
		return "it was built for an old revision";
	if (!m->terms || !m->process || !m->umbrella)
		return "terms, process or umbrella";
	for (unsigned r = IMP_DEVICE; r <= IMP_RENDEZVOUS; r++)
		if (m->roles >> r & 1 && (!m->called || !m->called[r]))
			return "called: a word for each of its roles";
	if (!m->players || !m->beliefs_in || !m->discovery || !m->trust || !m->authorizer || !m->delivers)
		return "a bit of each heading of the survey";
	if (m->optional & ~m->players)
		return "optional players that are among its players";
	return !m->beliefs || !m->knowledge || !m->stacks || !m->algs ? "beliefs, knowledge, stacks or algs" : NULL;
}

static void check_manifests(void)
{
	for (unsigned i = 0; imp_builtin[i]; i++)
		for (unsigned k = 0; imp_builtin[i]->layers && imp_builtin[i]->layers[k]; k++) {
			const imp_layer *y = imp_builtin[i]->layers[k];
			const char *what = y->manifest ? lacks(y->manifest) : NULL;
			char claim[96];
			snprintf(claim, sizeof claim, "%s: its manifest has what the catalogue prints", y->id);
			if (y->manifest)
				t_check(claim, !what, what ? what : "");
		}
}

int main(void)
{
	imp_stack t = {.size = sizeof t, .link = {{layer("imp.http")}}, .params = {.size = sizeof t.params, .max_msg = 2048}};
	char text[96];
	for (unsigned i = 0; imp_builtin[i]; i++) {
		const char *why = NULL;
		imp_status st = imp_plugin_check(imp_builtin[i], &why);
		t_check(imp_builtin[i]->id, st == IMP_OK, why ? why : "");
	}
	check_manifests();
	t_check("the fake crypto is not in it", !crypto("imp.fake"), "");
	for (uint16_t role = IMP_DEVICE; role <= IMP_RENDEZVOUS; role++) {
		static const char *const names[] = {"", "device", "owner", "relay", "maker", "rendezvous"};
		if (role == IMP_RELAY)
			continue;
		t.top = layer("imp.fdo");
		t.crypto = crypto("imp.openssl");
		t.params.role = role;
		snprintf(text, sizeof text, "session %zu B, work memory %zu B", t.top ? imp_session_need(&t) : 0, t.top ? imp_work_need(&t) : 0);
		t_check(names[role], t.top && t.crypto && t.link[0][0] && imp_session_need(&t) && imp_work_need(&t), text);
	}
	return t_end();
}
