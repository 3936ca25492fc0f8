/* btmesh-pdu.c -- provisioning PDUs, what they hold, and beacons: whatever is
 * read is within its bounds and is written as it was. */
#include "beacon.h"
#include "span.h"
#include "wire.h"

static void same(const imp_wr *w, imp_span pdu)
{
	must(imp_wr_end(w) == IMP_OK && imp_same(imp_wr_span(w), pdu));
}

static void caps(imp_span pdu, imp_span in)
{
	uint8_t b[32];
	imp_wr w = imp_wr_to(b, sizeof b);
	btmesh_caps c;
	if (btmesh_read_caps(in, &c))
		return;
	must(c.elements && c.output_size <= BTMESH_OOB_DIGITS && c.input_size <= BTMESH_OOB_DIGITS);
	btmesh_put_caps(&w, &c);
	same(&w, pdu);
}

static void start(imp_span pdu, imp_span in)
{
	static const btmesh_caps all = {1, 3, 1, 1, 8, 0xffff, 8, 0xffff};
	uint8_t b[32];
	imp_wr w = imp_wr_to(b, sizeof b);
	btmesh_start s;
	if (btmesh_read_start(in, &s))
		return;
	must(!btmesh_start_fits(&all, &s) || (s.method < BTMESH_OUTPUT ? !s.size : s.size <= 8 && s.action < 5));
	btmesh_put_start(&w, &s);
	same(&w, pdu);
}

static void records(imp_span pdu, imp_span in)
{
	uint8_t b[4096];
	imp_wr w = imp_wr_to(b, sizeof b);
	btmesh_request q;
	btmesh_response a;
	if (pdu.ptr[0] == BTMESH_RECORD_REQUEST && !btmesh_read_request(in, &q)) {
		must(q.most);
		btmesh_put_request(&w, &q);
		same(&w, pdu);
	}
	if (pdu.ptr[0] == BTMESH_RECORD_RESPONSE && pdu.len < sizeof b && !btmesh_read_response(in, &a)) {
		inside(in, a.data);
		must(a.offset + a.data.len <= a.total || a.status);
		btmesh_put_response(&w, &a);
		same(&w, pdu);
	}
}

static void data(imp_span in)
{
	btmesh_data d;
	for (unsigned elements = 1; elements < 256; elements += 127)
		if (btmesh_read_data(in, elements, &d) == BTMESH_F_NONE) {
			inside(in, d.netkey);
			must(d.netkey.len == 16 && d.address && d.address + elements - 1 <= BTMESH_ADDRESS_LAST);
		}
}

static void beacons(imp_span in)
{
	uint8_t b[64];
	imp_wr w = imp_wr_to(b, sizeof b);
	btmesh_beacon x;
	if (btmesh_read_beacon(in, &x))
		return;
	inside(in, x.uuid);
	inside(in, x.uri_hash);
	btmesh_put_beacon(&w, &x);
	same(&w, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	imp_span pdu = imp_bytes(d, n), in = imp_bytes(d + 1, n ? n - 1 : 0), ids;
	uint16_t extensions;
	beacons(pdu);
	data(pdu);
	for (unsigned alg = 0; alg <= BTMESH_ALGS; alg++)
		if (btmesh_pdu_check(pdu, alg))
			must(!n || d[0] >= BTMESH_TYPES || n != 1 + (alg == BTMESH_ALGS && (d[0] == BTMESH_CONFIRM || d[0] == BTMESH_RANDOM) ? 32u : SIZE_MAX - 1));
	if (!n)
		return 0;
	if (d[0] == BTMESH_CAPS)
		caps(pdu, in);
	if (d[0] == BTMESH_START)
		start(pdu, in);
	records(pdu, in);
	if (!btmesh_read_list(in, &extensions, &ids))
		for (uint16_t id = 0; id < 20; id++)
			must(!btmesh_listed(ids, id) || ids.len >= 2);
	return 0;
}
