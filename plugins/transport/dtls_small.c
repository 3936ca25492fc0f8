/* dtls_small.c -- layers with one suite, for devices and their servers; each
 * links what it names. */
#include "dtls_layer.h"

static const struct imp_dtls_suite psk[] = {{IMP_DTLS_PSK_CCM8, 0, &imp_dtls_psk_kex, &imp_dtls_ccm8}};

static const imp_dtls_profile dtls_psk_client = {.suites = psk, .count = 1, .in = 256, .out = 320, IMP_DTLS_CLIENT};
IMP_DTLS_LAYER(dtls_psk_client, "imp.dtls.psk.client", NULL);

static const imp_dtls_profile dtls_psk = {.suites = psk, .count = 1, .in = 640, .out = 320, IMP_DTLS_CLIENT, IMP_DTLS_SERVER};
IMP_DTLS_LAYER(dtls_psk, "imp.dtls.psk", imp_dtls_triage);

static const struct imp_dtls_suite jpake[] = {{IMP_DTLS_ECJPAKE_CCM8, 0, &imp_dtls_jpake_kex, &imp_dtls_ccm8}};

static const imp_dtls_profile dtls_jpake_client = {.suites = jpake, .count = 1, .in = 768, .out = 512, .kex = IMP_DTLS_JPAKE_KEX, IMP_DTLS_CLIENT};
IMP_DTLS_LAYER(dtls_jpake_client, "imp.dtls.jpake.client", NULL);

static const imp_dtls_profile dtls_jpake = {.suites = jpake, .count = 1, .in = 768, .out = 640, .kex = IMP_DTLS_JPAKE_KEX, IMP_DTLS_CLIENT, IMP_DTLS_SERVER};
IMP_DTLS_LAYER(dtls_jpake, "imp.dtls.jpake", imp_dtls_triage);
