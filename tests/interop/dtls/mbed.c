/* mbed.c -- COUNT EC-JPAKE handshakes of mbedTLS 2.28 with itself, in memory. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/timing.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct { unsigned char bytes[1500]; size_t len; } queue[2][32];
static int first[2], last[2];

static int put(void *ctx, const unsigned char *buf, size_t len)
{
	int to = !*(int *)ctx;
	memcpy(queue[to][last[to]].bytes, buf, len);
	queue[to][last[to]++].len = len;
	return (int)len;
}

static int get(void *ctx, unsigned char *buf, size_t len)
{
	int me = *(int *)ctx;
	if (first[me] == last[me])
		return MBEDTLS_ERR_SSL_WANT_READ;
	len = queue[me][first[me]].len;
	memcpy(buf, queue[me][first[me]++].bytes, len);
	return (int)len;
}

int main(int argc, char **argv)
{
	static const int suites[] = {MBEDTLS_TLS_ECJPAKE_WITH_AES_128_CCM_8, 0};
	static int names[2] = {0, 1};
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context rng;
	mbedtls_ssl_config conf[2];
	mbedtls_ssl_cookie_ctx cookie;
	mbedtls_timing_delay_context timer[2];
	if (argc != 2)
		return 2;
	mbedtls_entropy_init(&entropy);
	mbedtls_ctr_drbg_init(&rng);
	mbedtls_ctr_drbg_seed(&rng, mbedtls_entropy_func, &entropy, NULL, 0);
	mbedtls_ssl_cookie_init(&cookie);
	mbedtls_ssl_cookie_setup(&cookie, mbedtls_ctr_drbg_random, &rng);
	for (int i = 0; i < 2; i++) {
		mbedtls_ssl_config_init(&conf[i]);
		mbedtls_ssl_config_defaults(&conf[i], i ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT);
		mbedtls_ssl_conf_rng(&conf[i], mbedtls_ctr_drbg_random, &rng);
		mbedtls_ssl_conf_authmode(&conf[i], MBEDTLS_SSL_VERIFY_NONE);
		mbedtls_ssl_conf_ciphersuites(&conf[i], suites);
		mbedtls_ssl_conf_dtls_cookies(&conf[i], mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &cookie);
	}
	for (int n = atoi(argv[1]); n; n--) {
		mbedtls_ssl_context s[2];
		int done[2] = {0, 0};
		memset(first, 0, sizeof first);
		memset(last, 0, sizeof last);
		for (int i = 0; i < 2; i++) {
			mbedtls_ssl_init(&s[i]);
			mbedtls_ssl_setup(&s[i], &conf[i]);
			mbedtls_ssl_set_bio(&s[i], &names[i], put, get, NULL);
			mbedtls_ssl_set_timer_cb(&s[i], &timer[i], mbedtls_timing_set_delay, mbedtls_timing_get_delay);
			mbedtls_ssl_set_hs_ecjpake_password(&s[i], (const unsigned char *)"J01NME", 6);
		}
		mbedtls_ssl_set_client_transport_id(&s[1], (const unsigned char *)"client", 6);
		for (int turns = 0; turns < 20 && !(done[0] && done[1]); turns++)
			for (int i = 0; i < 2; i++) {
				int rc = done[i] ? 0 : mbedtls_ssl_handshake(&s[i]);
				if (rc == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
					mbedtls_ssl_session_reset(&s[i]);
					mbedtls_ssl_set_client_transport_id(&s[i], (const unsigned char *)"client", 6);
					mbedtls_ssl_set_hs_ecjpake_password(&s[i], (const unsigned char *)"J01NME", 6);
				}
				done[i] = rc == 0;
			}
		if (!done[0] || !done[1]) {
			fprintf(stderr, "no handshake\n");
			return 1;
		}
		mbedtls_ssl_free(&s[0]);
		mbedtls_ssl_free(&s[1]);
	}
	return 0;
}
