/* dtls-record.c -- datagrams before any key: records, triage. */
#include "crypto.h"
#include "dtls.h"
#include "dtls_wire.h"

#include <stdlib.h>

static void inside(imp_span part, imp_span whole)
{
	if (part.len && (part.ptr < whole.ptr || part.len > whole.len || part.ptr + part.len > whole.ptr + whole.len))
		abort();
}

static void records(imp_span in, size_t cid)
{
	imp_rd x = imp_rd_of(in);
	struct imp_dtls_record r;
	size_t used = 0;
	while (imp_dtls_read_record(&x, cid, &r)) {
		inside(r.head, in);
		inside(r.cid, in);
		inside(r.payload, in);
		used += r.head.len + r.payload.len;
		if (r.epoch == 0 && r.seq >> 48)
			abort();
	}
	if (used > in.len)
		abort();
}

static void sort(imp_span name, imp_span in)
{
	static const uint8_t secret[64] = {1};
	uint8_t key[24], buf[1024];
	size_t len = 0;
	imp_span hint = {NULL, 0};
	imp_msg reply = {0}, rx = imp_say(IMP_RX, 0, 0, 0, name, in);
	int kind = imp_dtls.triage(&imp_fake, imp_bytes(secret, sizeof secret), 0, &rx, key, &len, &hint, &reply, buf, sizeof buf);
	inside(hint, in);
	if (kind == IMP_BOUNCE && (reply.verb != IMP_TX || reply.data.len > in.len))
		abort(); /* amplification */
	if (kind != IMP_BOUNCE && reply.verb)
		abort();
	if (kind != IMP_DROP && (!len || len > sizeof key))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t name = size ? data[0] & 31u : 0;
	imp_span in;
	if (size < 1 + name)
		return 0;
	in = imp_bytes(data + 1 + name, size - 1 - name);
	records(in, 0);
	records(in, 8);
	sort(imp_bytes(data + 1, name), in);
	return 0;
}
