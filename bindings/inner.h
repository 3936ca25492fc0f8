/* inner.h -- what the files of the face share. */
#ifndef IMPRINT_FACE_INNER_H
#define IMPRINT_FACE_INNER_H

#include "face.h"

/* --- names.c: tables that a NULL name ends --- */
struct number_name {
	int32_t number;
	const char *name;
};
extern const struct number_name face_verbs[], face_topics[], face_statuses[], face_flags[], face_media[], face_methods[], face_keys[], face_triage[],
	face_curves[], face_algs[], face_roles[], face_kinds[];
/* bits of a manifest */
extern const struct number_name face_players[], face_beliefs[], face_discovery[], face_trust[], face_authorizers[], face_delivery[], face_properties[];
const char *name_of(const struct number_name *t, int32_t number); /* NULL: none */
int role_named(const char *name); /* 0: none */

/* --- registry.c: what is built in and what was loaded --- */
/* Text that grows; after a failed malloc nothing is added any more. */
struct text {
	char *ptr;
	size_t len, cap;
	int failed;
};
void text_put(struct text *t, const char *p, size_t n);
void text_add(struct text *t, const char *s);

/* The i-th plugin, the built-in ones first; NULL past the end. */
const imp_plugin *plugin_at(size_t i);
int plugin_loaded(size_t i);
/* By id, with or without "imp."; NULL: there is none. */
const imp_layer *layer_named(const char *id, size_t len);
/* NULL or "": all that are linked in, through *mux. */
const imp_crypto *crypto_named(const char *id, imp_crypto *mux);
/* "no layer is called 'fod'; nearest: fdo; there are: fdo, http" */
void say_no_layer(struct text *why, const char *id, size_t len);
void say_no_crypto(struct text *why, const char *id);
void say_no_role(struct text *why, const char *name, const imp_layer *top);

const imp_layer *face_top(const imp_face *f); /* NULL: none */

imp_blob *blob_new(int status, const void *bytes, size_t len);
/* Room of `len` bytes to be written, or NULL. */
imp_blob *blob_room(size_t len, uint8_t **bytes);
void blob_cut(imp_blob *b, int status, size_t len);

#endif
