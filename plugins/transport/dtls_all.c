/* dtls_all.c -- the layer with every suite, and the plugin. */
#include "dtls_layer.h"

static const struct imp_dtls_suite all[] = {
	{IMP_DTLS_ECDHE_ECDSA_CCM8, 0, &imp_dtls_ecdhe_ecdsa_kex, &imp_dtls_ccm8},
	{IMP_DTLS_PSK_CCM8, 0, &imp_dtls_psk_kex, &imp_dtls_ccm8},
	{IMP_DTLS_ECDHE_PSK_CBC, 0, &imp_dtls_ecdhe_psk_kex, &imp_dtls_cbc},
	{IMP_DTLS_ECDHE_ECDSA_CBC, 0, &imp_dtls_ecdhe_ecdsa_kex, &imp_dtls_cbc},
	{IMP_DTLS_PSK_CBC, 0, &imp_dtls_psk_kex, &imp_dtls_cbc},
	{IMP_DTLS_ECJPAKE_CCM8, 1, &imp_dtls_jpake_kex, &imp_dtls_ccm8},
	{IMP_DTLS_ECDH_ANON_CBC, 1, &imp_dtls_ecdh_anon_kex, &imp_dtls_cbc},
};

static const imp_dtls_profile dtls = {
	.suites = all, .count = sizeof all / sizeof *all, .in = 1024, .out = 768, .kex = IMP_DTLS_JPAKE_KEX, .certs = 1,
	IMP_DTLS_CLIENT, IMP_DTLS_SERVER,
};
IMP_DTLS_LAYER(dtls, "imp.dtls", imp_dtls_triage);

static const imp_layer *const layers[] = {&imp_dtls, &imp_dtls_psk, &imp_dtls_psk_client, &imp_dtls_jpake, &imp_dtls_jpake_client, NULL};

IMP_PLUGIN(dtls) = {sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.dtls", "Apache-2.0", layers, NULL, NULL};
