/* catalogue.c -- everything that is built in or loaded, as JSON. */
#include "inner.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* --- JSON: a comma stands before all but the first of a list ------------------- */

static void comma(struct text *t)
{
	if (t->len && !strchr("[{:,", t->ptr[t->len - 1]))
		text_add(t, ",");
}

static void quote(struct text *t, const char *s)
{
	char esc[8];
	text_add(t, "\"");
	for (; s && *s; s++)
		if ((unsigned char)*s < 0x20 || *s == '"' || *s == '\\') {
			snprintf(esc, sizeof esc, "\\u%04x", (unsigned)(unsigned char)*s);
			text_add(t, esc);
		} else {
			text_put(t, s, 1);
		}
	text_add(t, "\"");
}

static void item(struct text *t, const char *s)
{
	comma(t);
	quote(t, s);
}

static void key(struct text *t, const char *name)
{
	item(t, name);
	text_add(t, ":");
}

static void open(struct text *t, const char *bracket)
{
	comma(t);
	text_add(t, bracket);
}

static void text_field(struct text *t, const char *name, const char *s)
{
	key(t, name);
	quote(t, s);
}

static void number(struct text *t, int64_t n)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%" PRId64, n);
	comma(t);
	text_add(t, digits);
}

static void number_field(struct text *t, const char *name, int64_t n)
{
	key(t, name);
	number(t, n);
}

static void truth_field(struct text *t, const char *name, int truth)
{
	key(t, name);
	text_add(t, truth ? "true" : "false");
}

static void list_field(struct text *t, const char *name)
{
	key(t, name);
	text_add(t, "[");
}

/* --- manifests ----------------------------------------------------------------- */

static void bits_field(struct text *t, const char *name, const struct number_name *names, uint32_t bits)
{
	list_field(t, name);
	for (; names->name; names++)
		if (bits & (uint32_t)names->number)
			item(t, names->name);
	text_add(t, "]");
}

static void roles_field(struct text *t, uint32_t roles)
{
	list_field(t, "roles");
	for (const struct number_name *r = face_roles; r->name; r++)
		if (roles >> r->number & 1)
			item(t, r->name);
	text_add(t, "]");
}

static void facts_field(struct text *t, const char *name, const imp_fact *f)
{
	list_field(t, name);
	for (; f && f->topic; f++) {
		open(t, "{");
		text_field(t, "topic", imp_topic_name(f->topic));
		number_field(t, "number", f->topic);
		text_field(t, "name", f->name);
		text_field(t, "text", f->text);
		truth_field(t, "needed", f->flags & IMP_FACT_NEEDED);
		truth_field(t, "secret", f->flags & IMP_FACT_SECRET);
		truth_field(t, "many", f->flags & IMP_FACT_MANY);
		text_add(t, "}");
	}
	text_add(t, "]");
}

static void manifest_field(struct text *t, const imp_manifest *m)
{
	key(t, "manifest");
	if (!m) {
		text_add(t, "null");
		return;
	}
	text_add(t, "{");
	roles_field(t, m->roles);
	bits_field(t, "players", face_players, m->players);
	bits_field(t, "beliefs_in", face_beliefs, m->beliefs_in);
	bits_field(t, "discovery", face_discovery, m->discovery);
	bits_field(t, "trust", face_trust, m->trust);
	bits_field(t, "authorizer", face_authorizers, m->authorizer);
	bits_field(t, "delivers", face_delivery, m->delivers);
	bits_field(t, "properties", face_properties, m->properties);
	text_field(t, "terms", m->terms);
	text_field(t, "process", m->process);
	facts_field(t, "beliefs", m->beliefs);
	facts_field(t, "knowledge", m->knowledge);
	list_field(t, "algs");
	for (const int32_t *a = m->algs; a && *a; a++)
		number(t, *a);
	text_add(t, "]");
	list_field(t, "stacks");
	for (const char *const *s = m->stacks; s && *s; s++)
		item(t, *s);
	text_add(t, "]}");
}

/* --- layers, plugins, names ----------------------------------------------------- */

static void kind_item(struct text *t, uint16_t kind)
{
	const char *s = name_of(face_kinds, kind);
	item(t, s ? s : "");
}

static void layer(struct text *t, const imp_layer *y)
{
	open(t, "{");
	text_field(t, "id", y->id);
	text_field(t, "version", y->version);
	text_field(t, "spec", y->spec);
	text_field(t, "offers", name_of(face_kinds, y->offers));
	list_field(t, "needs");
	for (unsigned l = 0; l < IMP_LINKS && y->needs[l]; l++)
		kind_item(t, y->needs[l]);
	text_add(t, "]");
	truth_field(t, "pinned", y->flags & IMP_PINNED);
	truth_field(t, "triage", IMP_HAS(y, imp_layer, triage) && y->triage);
	manifest_field(t, y->manifest);
	text_add(t, "}");
}

static void plugin(struct text *t, const imp_plugin *p, int loaded)
{
	open(t, "{");
	text_field(t, "id", p->id);
	text_field(t, "license", p->license);
	number_field(t, "abi", p->abi);
	number_field(t, "rev", p->rev);
	truth_field(t, "loaded", loaded);
	list_field(t, "layers");
	for (size_t i = 0; p->layers && p->layers[i]; i++)
		item(t, p->layers[i]->id);
	text_add(t, "]");
	list_field(t, "cryptos");
	for (size_t i = 0; p->cryptos && p->cryptos[i]; i++)
		item(t, p->cryptos[i]->id);
	text_add(t, "]}");
}

static void names_field(struct text *t, const char *name, const struct number_name *n)
{
	key(t, name);
	text_add(t, "{");
	for (; n->name; n++)
		number_field(t, n->name, n->number);
	text_add(t, "}");
}

static void all_names(struct text *t)
{
	key(t, "names");
	text_add(t, "{");
	names_field(t, "verbs", face_verbs);
	names_field(t, "topics", face_topics);
	names_field(t, "statuses", face_statuses);
	names_field(t, "flags", face_flags);
	names_field(t, "roles", face_roles);
	names_field(t, "kinds", face_kinds);
	names_field(t, "media", face_media);
	names_field(t, "methods", face_methods);
	names_field(t, "keys", face_keys);
	names_field(t, "triage", face_triage);
	names_field(t, "curves", face_curves);
	names_field(t, "algs", face_algs);
	text_add(t, "}");
}

char *imp_face_catalogue(void)
{
	struct text t = {0};
	const imp_plugin *p;
	text_add(&t, "{");
	number_field(&t, "abi", IMP_ABI);
	number_field(&t, "rev", IMP_REV);
	list_field(&t, "plugins");
	for (size_t i = 0; (p = plugin_at(i)); i++)
		plugin(&t, p, plugin_loaded(i));
	text_add(&t, "]");
	list_field(&t, "layers");
	for (size_t i = 0; (p = plugin_at(i)); i++)
		for (size_t k = 0; p->layers && p->layers[k]; k++)
			layer(&t, p->layers[k]);
	text_add(&t, "]");
	list_field(&t, "cryptos");
	for (size_t i = 0; (p = plugin_at(i)); i++)
		for (size_t k = 0; p->cryptos && p->cryptos[k]; k++) {
			open(&t, "{");
			text_field(&t, "id", p->cryptos[k]->id);
			number_field(&t, "rank", p->cryptos[k]->rank);
			text_add(&t, "}");
		}
	text_add(&t, "]");
	all_names(&t);
	text_add(&t, "}");
	if (t.failed)
		free(t.ptr);
	return t.failed ? NULL : t.ptr;
}
