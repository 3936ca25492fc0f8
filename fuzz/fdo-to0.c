/* fdo-to0.c -- messages 20 to 23, and the payload of to1d with its addresses. */
#include "fdo-wire.h"
#include "rv.h"

static void owner_sign(imp_span in, imp_wr *w)
{
	fdo_owner_sign m;
	imp_wr d;
	if (fdo_read_owner_sign(in, &m))
		return;
	inside(in, m.to0d);
	inside(m.to0d, m.voucher);
	inside(m.to0d, m.nonce);
	inside(in, m.to1d);
	d = again(m.to0d);
	fdo_put_to0d(&d, m.voucher, m.wait, m.nonce.ptr);
	same(&d, m.to0d);
	done(&d);
	fdo_put_owner_sign(w, m.to0d, m.to1d);
	same(w, in);
}

static void to1d(imp_span in, imp_wr *w)
{
	uint8_t uri[FDO_URI_MAX + 8];
	fdo_to1d m;
	size_t k = 0;
	imp_status st;
	if (fdo_read_to1d(in, &m))
		return;
	inside(in, m.addrs);
	hash_in(in, &m.to0d);
	fdo_put_to1d(w, m.addrs, &m.to0d);
	same(w, in);
	do {
		imp_wr u = imp_wr_to(uri, sizeof uri);
		st = fdo_addr_uri(m.addrs, k, &u);
		must(st || (u.len && u.len < FDO_URI_MAX));
	} while (!st && ++k < 1000);
	must(st != IMP_ENOSPC && (fdo_addr_check(m.addrs) == IMP_OK) == (st == IMP_EPROTO && k < 1000));
}

/* RendezvousInfo, as the owner and as the device read it. */
static void rendezvous(imp_span in)
{
	size_t n = fdo_rv_count(in);
	if (fdo_rv_check(in))
		return;
	must(n > 0);
	for (size_t i = 0; i < n && i < 50; i++) {
		for (int device = 0; device < 2; device++) {
			uint8_t uri[FDO_URI_MAX];
			fdo_directive d;
			must(!fdo_rv_directive(in, i, device, &d) && d.addresses <= 2);
			for (size_t k = 0; k < 3; k++) {
				imp_wr u = imp_wr_to(uri, sizeof uri);
				must((fdo_rv_uri(in, i, k, device, &u) == IMP_OK) == (k < d.addresses));
			}
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data + 1, n ? n - 1 : 0), nonce;
	imp_wr w = again(in);
	uint32_t wait;
	switch (n ? data[0] : 0) {
	case FDO_TO0_HELLO_ACK:
		if (!fdo_read_nonce(in, &nonce)) {
			inside(in, nonce);
			fdo_put_nonce(&w, nonce.ptr);
			same(&w, in);
		}
		break;
	case FDO_TO0_OWNER_SIGN:
		owner_sign(in, &w);
		break;
	case FDO_TO0_ACCEPT_OWNER:
		if (!fdo_read_wait(in, &wait)) {
			fdo_put_wait(&w, wait);
			same(&w, in);
		}
		break;
	case FDO_TO1_RV_REDIRECT:
		to1d(in, &w);
		break;
	case 0:
		rendezvous(in);
		break;
	}
	done(&w);
	return 0;
}
