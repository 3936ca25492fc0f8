/* fdo-to2.c -- messages 60 to 67, 70 and 71 (64 is in fdo-to1.c). */
#include "fdo-wire.h"

static void hello(imp_span in, imp_wr *w)
{
	fdo_hello_device m;
	if (fdo_read_hello_device(in, &m))
		return;
	inside(in, m.guid);
	inside(in, m.nonce);
	inside(in, m.kex);
	inside(in, m.sig.info);
	fdo_put_hello_device(w, &m);
	same(w, in);
}

static void prove(imp_span in, imp_wr *w)
{
	imp_cose cose;
	fdo_prove_ovhdr m;
	imp_wr h;
	if (fdo_read_prove_ovhdr(in, &cose, &m))
		return;
	inside(in, m.nonce_dv);
	inside(in, m.owner.raw);
	inside(m.owner.raw, m.owner.body);
	inside(in, m.ovheader);
	inside(in, m.xa);
	hash_in(in, &m.hmac);
	hash_in(in, &m.hello);
	fdo_put_prove_ovhdr_payload(w, &m);
	same(w, cose.payload);
	h = again(in);
	fdo_put_prove_ovhdr_header(&h, &m);
	must(!imp_wr_end(&h)); /* its order, and what else stands there, are free */
	done(&h);
}

static void entry(imp_span in, imp_wr *w)
{
	uint8_t number;
	imp_span raw;
	if (fdo_read_next_entry(in, &number, &raw))
		return;
	inside(in, raw);
	fdo_put_next_entry(w, number, raw);
	same(w, in);
}

static void setup(imp_span in, imp_wr *w)
{
	imp_cose cose;
	fdo_setup_device m;
	if (fdo_read_setup_device(in, &cose, &m))
		return;
	inside(in, m.rvinfo);
	inside(in, m.guid);
	inside(in, m.nonce);
	inside(in, m.owner2.raw);
	fdo_put_setup_device_payload(w, &m);
	same(w, cose.payload);
}

/* Zero and null both mean "the default". */
static void ready(imp_span in, imp_wr *w, int device)
{
	fdo_hash hmac = {0, {NULL, 0}};
	uint16_t max;
	if (device ? fdo_read_device_ready(in, &hmac, &max) : fdo_read_owner_ready(in, &max))
		return;
	hash_in(in, &hmac);
	if (device)
		fdo_put_device_ready(w, &hmac, max);
	else
		fdo_put_owner_ready(w, max);
	if (max || in.ptr[in.len - 1] == 0xf6)
		same(w, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data + 1, n ? n - 1 : 0);
	imp_wr w = again(in);
	uint8_t number;
	switch (n ? data[0] : 0) {
	case FDO_TO2_HELLO_DEVICE:
		hello(in, &w);
		break;
	case FDO_TO2_PROVE_OVHDR:
		prove(in, &w);
		break;
	case FDO_TO2_GET_OV_NEXT_ENTRY:
		if (!fdo_read_get_entry(in, &number)) {
			fdo_put_get_entry(&w, number);
			same(&w, in);
		}
		break;
	case FDO_TO2_OV_NEXT_ENTRY:
		entry(in, &w);
		break;
	case FDO_TO2_SETUP_DEVICE:
		setup(in, &w);
		break;
	case FDO_TO2_DEVICE_READY:
	case FDO_TO2_OWNER_READY:
		ready(in, &w, data[0] == FDO_TO2_DEVICE_READY);
		break;
	}
	done(&w);
	return 0;
}
