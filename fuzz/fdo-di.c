/* fdo-di.c -- messages 10 to 13, and 255. */
#include "fdo-wire.h"

static void app_start(imp_span in, imp_wr *w)
{
	fdo_mfginfo m;
	if (fdo_read_app_start(in, &m))
		return;
	inside(in, m.serial);
	inside(in, m.info);
	inside(in, m.csr);
	fdo_put_app_start(w, &m);
	same(w, in);
}

static void set_credentials(imp_span in, imp_wr *w)
{
	imp_span header;
	if (fdo_read_set_credentials(in, &header))
		return;
	inside(in, header);
	fdo_put_set_credentials(w, header);
	same(w, in);
}

static void set_hmac(imp_span in, imp_wr *w)
{
	fdo_hash h;
	imp_span raw;
	if (fdo_read_set_hmac(in, &h, &raw))
		return;
	hash_in(in, &h);
	inside(in, raw);
	fdo_put_set_hmac(w, &h);
	same(w, in);
}

static void empty(imp_span in, imp_wr *w)
{
	if (fdo_read_empty(in))
		return;
	fdo_put_empty(w);
	same(w, in);
}

/* The timestamp has many forms: only what we put is put again. */
static void error(imp_span in)
{
	uint8_t b[96], text[8] = "";
	imp_wr w = imp_wr_to(b, sizeof b);
	fdo_err e, twice;
	if (fdo_read_error(in, &e))
		return;
	inside(in, e.text);
	fdo_put_error(&w, e.code, e.previous, (const char *)text);
	must(!fdo_read_error(imp_wr_span(&w), &twice) && twice.code == e.code && twice.previous == e.previous);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data + 1, n ? n - 1 : 0);
	imp_wr w = again(in);
	switch (n ? data[0] : 0) {
	case FDO_DI_APP_START:
		app_start(in, &w);
		break;
	case FDO_DI_SET_CREDENTIALS:
		set_credentials(in, &w);
		break;
	case FDO_DI_SET_HMAC:
		set_hmac(in, &w);
		break;
	case FDO_DI_DONE:
		empty(in, &w);
		break;
	case FDO_ERROR:
		error(in);
		break;
	}
	done(&w);
	return 0;
}
