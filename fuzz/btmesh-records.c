/* btmesh-records.c -- a provisioner collects a device's records: a list, then
 * responses, each with two bytes of length before it. */
#include "chain.h"
#include "crypto.h"
#include "span.h"

enum { CAP = 600 };

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	static const uint8_t uuid[BTMESH_UUID] = {0, 0x11};
	struct btmesh_chain k = {.cap = CAP};
	uint8_t *bytes = malloc(CAP), key[BTMESH_POINT];
	btmesh_request q;
	const char *why = NULL;
	int listed = 0, more = 1;
	while (n >= 2 && more) {
		size_t len = (size_t)(d[0] << 8 | d[1]);
		imp_span in;
		len = len < n - 2 ? len : n - 2;
		in = imp_bytes(d + 2, len);
		d += 2 + len;
		n -= 2 + len;
		more = listed ? btmesh_chain_take(&k, bytes, in) == IMP_OK : btmesh_chain_list(&k, in) == IMP_OK;
		listed = 1;
		must(k.used <= CAP && k.count <= BTMESH_CERTS);
		if (btmesh_chain_next(&k, 100, &q))
			must(q.id >= BTMESH_R_DEVICE && q.id < BTMESH_R_DEVICE + BTMESH_CERTS);
	}
	for (unsigned i = 0; i <= BTMESH_CERTS; i++)
		inside(imp_bytes(bytes, k.used), btmesh_chain_cert(&k, bytes, i));
	must(btmesh_chain_verify(&imp_fake, &k, bytes, btmesh_chain_cert(&k, bytes, k.count ? k.count - 1u : 0), uuid, 0, key, &why) <= 0 && why);
	free(bytes);
	return 0;
}
