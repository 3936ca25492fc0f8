/* fdo-to1.c -- messages 30 to 32 (33 is in fdo-to0.c), and the token of 64. */
#include "fdo-wire.h"

static void eat(imp_span in)
{
	uint8_t head[64], *p;
	imp_wr h = imp_wr_to(head, sizeof head), w;
	imp_cose cose;
	fdo_eat m;
	if (fdo_read_eat(in, &cose, &m))
		return;
	inside(in, m.nonce);
	inside(in, m.guid);
	inside(in, m.xb);
	inside(in, m.setup_nonce);
	must(m.nonce.len == FDO_NONCE && m.guid.len == FDO_GUID && (!m.setup_nonce.ptr || m.setup_nonce.len == FDO_NONCE));
	p = malloc(in.len + 64);
	must(p != NULL);
	w = imp_wr_to(p, in.len + 64);
	fdo_put_eat_payload(&w, &m);
	fdo_put_eat_header(&h, &m);
	must(!imp_wr_end(&w) && !imp_wr_end(&h));
	free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data + 1, n ? n - 1 : 0);
	imp_wr w = again(in);
	fdo_hello_rv hello;
	fdo_hello_rv_ack ack;
	switch (n ? data[0] : 0) {
	case FDO_TO1_HELLO_RV:
		if (fdo_read_hello_rv(in, &hello))
			break;
		inside(in, hello.guid);
		inside(in, hello.sig.info);
		fdo_put_hello_rv(&w, &hello);
		same(&w, in);
		break;
	case FDO_TO1_HELLO_RV_ACK:
		if (fdo_read_hello_rv_ack(in, &ack))
			break;
		inside(in, ack.nonce);
		fdo_put_hello_rv_ack(&w, &ack);
		same(&w, in);
		break;
	case FDO_TO1_PROVE_TO_RV:
	case FDO_TO2_PROVE_DEVICE:
		eat(in);
		break;
	}
	done(&w);
	return 0;
}
