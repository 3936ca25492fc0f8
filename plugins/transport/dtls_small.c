/* dtls_small.c -- layers with one suite, for devices and their servers; each
 * links what it names. */
#include "dtls_layer.h"

static const struct imp_dtls_suite psk[] = {{IMP_DTLS_PSK_CCM8, 0, &imp_dtls_psk_kex, &imp_dtls_ccm8}};

static const imp_dtls_profile dtls_psk_client = {.suites = psk, .count = 1, .in = 256, .out = 320, IMP_DTLS_CLIENT};
IMP_DTLS_LAYER(dtls_psk_client, "imp.dtls.psk.client", NULL);

static const imp_dtls_profile dtls_psk = {.suites = psk, .count = 1, .in = 640, .out = 320, IMP_DTLS_CLIENT, IMP_DTLS_SERVER};
IMP_DTLS_LAYER(dtls_psk, "imp.dtls.psk", imp_dtls_triage);
