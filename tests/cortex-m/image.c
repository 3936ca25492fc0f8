/* image.c -- what runs on the board, and the depth of its stack. */
#include "image.h"
#include "crypto.h"
#include "fdo-kit.h"
#include "coap.h"
#include "dtls.h"
#include "http.h"
#include "pbadv.h"
#include "protocol/btmesh/btmesh.h"
#include "protocol/dpp/dpp.h"
#include "protocol/lwm2m/lwm2m.h"
#include "t.h"

extern uint8_t __stack[]; /* its highest address, from picolibc.ld */

enum { PAINT = 0xa5, PAINTED = 60000 };

/* Fill what lies below the stack now; later see how far it was used. */
static uint8_t *paint(void)
{
	volatile uint8_t here = 0, *p = &here - 256;
	for (size_t i = 0; i < PAINTED; i++)
		*p-- = PAINT;
	return (uint8_t *)(uintptr_t)(p + 1);
}

static unsigned used(const uint8_t *low)
{
	while (low < __stack && *low == PAINT)
		low++;
	return (unsigned)(__stack - low);
}

/* The board has no source of entropy: these numbers are a test's, always
 * the same.  A product reads its generator here. */
static imp_status numbers(const imp_crypto *c, uint8_t *out, size_t len)
{
	static uint64_t s = 88172645463325252u;
	(void)c;
	for (size_t i = 0; i < len; i++) {
		s ^= s << 13;
		s ^= s >> 7;
		s ^= s << 17;
		out[i] = (uint8_t)(s >> 32);
	}
	return IMP_OK;
}

static size_t session_bytes(uint32_t max_msg)
{
	imp_stack t = {.size = sizeof t, .top = &imp_fdo, .link = {{&imp_http}}, .crypto = kit_crypto};
	t.params = (imp_params){.size = sizeof t.params, .role = IMP_DEVICE, .max_msg = max_msg};
	return imp_session_need(&t);
}

static size_t mesh_device_bytes(void)
{
	imp_stack t = {.size = sizeof t, .top = &imp_btmesh_device, .link = {{&imp_pbadv}}, .crypto = kit_crypto};
	t.params = (imp_params){.size = sizeof t.params, .role = IMP_DEVICE, .max_msg = 80};
	return imp_session_need(&t);
}

static size_t enrollee_bytes(void)
{
	imp_stack t = {.size = sizeof t, .top = &imp_dpp_enrollee, .crypto = kit_crypto};
	t.params = (imp_params){.size = sizeof t.params, .role = IMP_DEVICE, .max_msg = 2048};
	return imp_session_need(&t);
}

static size_t lwm2m_client_bytes(void)
{
	imp_stack t = {.size = sizeof t, .top = &imp_lwm2m, .link = {{&imp_coap, &imp_dtls_psk_client}}, .crypto = kit_crypto};
	t.params = (imp_params){.size = sizeof t.params, .role = IMP_DEVICE, .max_msg = 512};
	return imp_session_need(&t);
}

static void claims_of_session(void)
{
	char text[80];
	unsigned one = (unsigned)session_bytes(1024), two = (unsigned)session_bytes(2048);
	snprintf(text, sizeof text, "%u B with messages of 1024 B, %u B with 2048 B", one, two);
	t_check("a device's session (fdo on http) fits", one && two - one == 1024, text);
	printf("# number session %u\n", one - 1024);
	printf("# number dpp %u\n", (unsigned)enrollee_bytes());
	printf("# number lwm2m %u\n", (unsigned)lwm2m_client_bytes());
	printf("# number btmesh %u\n", (unsigned)mesh_device_bytes());
}

/* Everybody is here: what is a device's or an owner's is the tests' kit. */
static void claims_of_fdo(const imp_layer *http, const char *over)
{
	static struct kit k;
	char claim[80];
	int made, ok;
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	for (int i = 0; i < k.w.parties; i++)
		k.w.party[i].http = http;
	snprintf(claim, sizeof claim, "%s: DI, a voucher for the owner, TO0", over);
	made = kit_di(&k) && kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER) && kit_to0(&k, k.owner) == IMP_LATER;
	t_check(claim, made, k.device->last_where);
	snprintf(claim, sizeof claim, "%s: TO1 and TO2 run to their end", over);
	ok = kit_onboard(&k) == IMP_OK;
	t_check(claim, ok, k.device->last_where);
	snprintf(claim, sizeof claim, "%s: the owner's new voucher is the device's new credential", over);
	t_check(claim, kit_follow(&k, k.owner), "");
	kit_end(&k);
}

int main(void)
{
	const uint8_t *low = paint();
	static imp_crypto crypto;
	imp_bearssl_with(&crypto, &imp_bearssl, numbers);
	kit_crypto = &crypto;
	claims_of_toy();
	claims_of_session();
	claims_of_fdo(NULL, "FDO, message by message");
	claims_of_fdo(&imp_http, "FDO over HTTP");
	printf("# stack used by it all, host and crypto included: %u B\n", used(low));
	return t_end();
}
