/* dpp-config.c -- configuration objects and requests: what is read can be written
 * and read again. */
#include "config.h"
#include "crypto.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void object(imp_span in, uint8_t *room, uint8_t *room2, uint8_t *to, size_t cap)
{
	static const uint8_t kid[DPP_KID];
	imp_wr w = imp_wr_to(to, cap);
	dpp_object o, twice;
	if (dpp_object_read(&imp_fake, in, room, &o)) {
		must(!o.json.ptr && !o.akm);
		return;
	}
	must(o.ssid.len && o.ssid.len <= 32 && o.akm && imp_same(o.json, in));
	must(!o.csign.alg || dpp_curve_of(o.csign.alg));
	must(!o.ppkey.alg || o.ppkey.alg == o.csign.alg);
	dpp_object_put(&w, &o, kid);
	must(!imp_wr_end(&w));
	must(!dpp_object_read(&imp_fake, imp_wr_span(&w), room2, &twice));
	must(imp_same(o.ssid, twice.ssid) && o.akm == twice.akm && imp_same(o.pass, twice.pass) && o.has_psk == twice.has_psk && !memcmp(o.psk, twice.psk, 32));
	must(imp_same(o.connector, twice.connector) && o.csign.alg == twice.csign.alg && imp_same(o.cert_bag, twice.cert_bag));
}

static void who(imp_span in, uint8_t *room, uint8_t *room2, uint8_t *to, size_t cap)
{
	imp_wr w = imp_wr_to(to, cap);
	dpp_who k, twice;
	if (dpp_who_read(in, room, &k))
		return;
	must(k.role && k.name.ptr);
	k.bands = imp_bytes(NULL, 0); /* JSON when read, CBOR when written */
	dpp_who_put(&w, &k);
	must(!imp_wr_end(&w) && !dpp_who_read(imp_wr_span(&w), room2, &twice));
	must(imp_same(k.name, twice.name) && k.role == twice.role && imp_same(k.mudurl, twice.mudurl) && imp_same(k.csr, twice.csr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t cap = 8 * n + 2000; /* every byte of a text as an escape */
	uint8_t *room = malloc(3 * cap);
	must(room != NULL);
	object(imp_bytes(data, n), room, room + cap, room + 2 * cap, cap);
	who(imp_bytes(data, n), room, room + cap, room + 2 * cap, cap);
	free(room);
	return 0;
}
