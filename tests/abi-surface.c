/* abi-surface.c -- what abidw looks at: every type of imprint.h, as the
 * parameter of a function, so that all of them count as part of the ABI. */
#include "imprint.h"

const imp_plugin *const imp_builtin[] = {NULL};

IMP_EXPORT void surface_imp_span(imp_span *x);
IMP_EXPORT void surface_imp_msg(imp_msg *x);
IMP_EXPORT void surface_imp_channel(imp_channel *x);
IMP_EXPORT void surface_imp_key(imp_key *x);
IMP_EXPORT void surface_imp_params(imp_params *x);
IMP_EXPORT void surface_imp_fact(imp_fact *x);
IMP_EXPORT void surface_imp_claim(imp_claim *x);
IMP_EXPORT void surface_imp_manifest(imp_manifest *x);
IMP_EXPORT void surface_imp_layer(imp_layer *x);
IMP_EXPORT void surface_imp_plugin(imp_plugin *x);
IMP_EXPORT void surface_imp_stack(imp_stack *x);
IMP_EXPORT void surface_imp_work(imp_work *x);
IMP_EXPORT void surface_imp_cx(imp_cx *x);
IMP_EXPORT void surface_imp_crypto(imp_crypto *x);
IMP_EXPORT void surface_imp_code(enum imp_code x);
IMP_EXPORT void surface_imp_verb(enum imp_verb x);
IMP_EXPORT void surface_imp_flag(enum imp_flag x);
IMP_EXPORT void surface_imp_topic(enum imp_topic x);
IMP_EXPORT void surface_imp_keys(enum imp_keys x);
IMP_EXPORT void surface_imp_medium(enum imp_medium x);
IMP_EXPORT void surface_imp_method(enum imp_method x);
IMP_EXPORT void surface_imp_alg(enum imp_alg x);
IMP_EXPORT void surface_imp_curve(enum imp_curve x);
IMP_EXPORT void surface_imp_key_flag(enum imp_key_flag x);
IMP_EXPORT void surface_imp_hash_size(enum imp_hash_size x);
IMP_EXPORT void surface_imp_kind(enum imp_kind x);
IMP_EXPORT void surface_imp_role(enum imp_role x);
IMP_EXPORT void surface_imp_fact_flag(enum imp_fact_flag x);
IMP_EXPORT void surface_imp_claim_flag(enum imp_claim_flag x);
IMP_EXPORT void surface_imp_form(enum imp_form x);
IMP_EXPORT void surface_imp_player(enum imp_player x);
IMP_EXPORT void surface_imp_belief(enum imp_belief x);
IMP_EXPORT void surface_imp_discovery(enum imp_discovery x);
IMP_EXPORT void surface_imp_trust(enum imp_trust x);
IMP_EXPORT void surface_imp_authorizer(enum imp_authorizer x);
IMP_EXPORT void surface_imp_delivery(enum imp_delivery x);
IMP_EXPORT void surface_imp_property(enum imp_property x);
IMP_EXPORT void surface_imp_triage(enum imp_triage x);
IMP_EXPORT void surface_imp_layer_flag(enum imp_layer_flag x);

void surface_imp_span(imp_span *x) { (void)x; }
void surface_imp_msg(imp_msg *x) { (void)x; }
void surface_imp_channel(imp_channel *x) { (void)x; }
void surface_imp_key(imp_key *x) { (void)x; }
void surface_imp_params(imp_params *x) { (void)x; }
void surface_imp_fact(imp_fact *x) { (void)x; }
void surface_imp_manifest(imp_manifest *x) { (void)x; }
void surface_imp_layer(imp_layer *x) { (void)x; }
void surface_imp_plugin(imp_plugin *x) { (void)x; }
void surface_imp_stack(imp_stack *x) { (void)x; }
void surface_imp_work(imp_work *x) { (void)x; }
void surface_imp_cx(imp_cx *x) { (void)x; }
void surface_imp_crypto(imp_crypto *x) { (void)x; }
void surface_imp_code(enum imp_code x) { (void)x; }
void surface_imp_verb(enum imp_verb x) { (void)x; }
void surface_imp_flag(enum imp_flag x) { (void)x; }
void surface_imp_topic(enum imp_topic x) { (void)x; }
void surface_imp_keys(enum imp_keys x) { (void)x; }
void surface_imp_medium(enum imp_medium x) { (void)x; }
void surface_imp_method(enum imp_method x) { (void)x; }
void surface_imp_alg(enum imp_alg x) { (void)x; }
void surface_imp_curve(enum imp_curve x) { (void)x; }
void surface_imp_key_flag(enum imp_key_flag x) { (void)x; }
void surface_imp_hash_size(enum imp_hash_size x) { (void)x; }
void surface_imp_kind(enum imp_kind x) { (void)x; }
void surface_imp_role(enum imp_role x) { (void)x; }
void surface_imp_fact_flag(enum imp_fact_flag x) { (void)x; }
void surface_imp_player(enum imp_player x) { (void)x; }
void surface_imp_belief(enum imp_belief x) { (void)x; }
void surface_imp_discovery(enum imp_discovery x) { (void)x; }
void surface_imp_trust(enum imp_trust x) { (void)x; }
void surface_imp_authorizer(enum imp_authorizer x) { (void)x; }
void surface_imp_delivery(enum imp_delivery x) { (void)x; }
void surface_imp_property(enum imp_property x) { (void)x; }
void surface_imp_triage(enum imp_triage x) { (void)x; }
void surface_imp_layer_flag(enum imp_layer_flag x) { (void)x; }
