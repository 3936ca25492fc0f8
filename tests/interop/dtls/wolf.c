/* wolf.c -- a wolfSSL DTLS 1.2 peer on loopback: sends "hello", or sends back
 * what it hears.
 *   wolf client|server PORT CIPHER psk HEX        (identity "dev")
 *   wolf client|server PORT CIPHER cert CA CERT KEY (PEM) */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static unsigned char psk[64];
static unsigned psk_len;

static unsigned client_psk(WOLFSSL *s, const char *hint, char *id, unsigned id_max, unsigned char *key, unsigned max)
{
	(void)s, (void)hint, (void)id_max, (void)max;
	strcpy(id, "dev");
	memcpy(key, psk, psk_len);
	return psk_len;
}

static unsigned server_psk(WOLFSSL *s, const char *id, unsigned char *key, unsigned max)
{
	(void)s, (void)max;
	if (strcmp(id, "dev"))
		return 0;
	memcpy(key, psk, psk_len);
	return psk_len;
}

static int fail(const char *what, WOLFSSL *s, int rc)
{
	printf("%s: %d\n", what, s ? wolfSSL_get_error(s, rc) : rc);
	return 1;
}

int main(int argc, char **argv)
{
	int server = argc > 1 && !strcmp(argv[1], "server"), fd = socket(AF_INET, SOCK_DGRAM, 0), rc;
	struct sockaddr_in a = {.sin_family = AF_INET}, from;
	socklen_t len = sizeof from;
	char buf[500];
	WOLFSSL_CTX *c;
	WOLFSSL *s;
	if (argc < 6)
		return 2;
	a.sin_port = htons((unsigned short)atoi(argv[2]));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c = wolfSSL_CTX_new(server ? wolfDTLSv1_2_server_method() : wolfDTLSv1_2_client_method());
	if (wolfSSL_CTX_set_cipher_list(c, argv[3]) != WOLFSSL_SUCCESS)
		return fail("cipher", NULL, 0);
	if (!strcmp(argv[4], "psk")) {
		for (const char *p = argv[5]; p[0] && p[1]; p += 2) {
			char two[3] = {p[0], p[1], 0};
			psk[psk_len++] = (unsigned char)strtoul(two, NULL, 16);
		}
		wolfSSL_CTX_set_psk_client_callback(c, client_psk);
		wolfSSL_CTX_set_psk_server_callback(c, server_psk);
	} else {
		if (wolfSSL_CTX_load_verify_locations(c, argv[5], NULL) != WOLFSSL_SUCCESS || wolfSSL_CTX_use_certificate_file(c, argv[6], WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS ||
		    wolfSSL_CTX_use_PrivateKey_file(c, argv[7], WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS)
			return fail("files", NULL, 0);
		wolfSSL_CTX_set_verify(c, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	s = wolfSSL_new(c);
	if (server) {
		bind(fd, (struct sockaddr *)&a, sizeof a);
		recvfrom(fd, buf, sizeof buf, MSG_PEEK, (struct sockaddr *)&from, &len);
		connect(fd, (struct sockaddr *)&from, len);
	} else {
		wolfSSL_dtls_set_peer(s, &a, sizeof a);
	}
	wolfSSL_set_fd(s, fd);
	rc = server ? wolfSSL_accept(s) : wolfSSL_connect(s);
	if (rc != WOLFSSL_SUCCESS)
		return fail("handshake", s, rc);
	printf("cipher %s\n", wolfSSL_get_cipher(s));
	if (!server)
		wolfSSL_write(s, "hello", 5);
	rc = wolfSSL_read(s, buf, sizeof buf);
	if (rc <= 0)
		return fail("read", s, rc);
	printf("heard %.*s\n", rc, buf);
	if (server)
		wolfSSL_write(s, buf, rc);
	wolfSSL_shutdown(s);
	return 0;
}
