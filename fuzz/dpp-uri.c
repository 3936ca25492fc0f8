/* dpp-uri.c -- bootstrapping URIs: what is read can be written and read again. */
#include "bootstrap.h"
#include "crypto.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data, n), list;
	uint8_t point[DPP_POINT], mac[6], *to;
	const dpp_curve *v;
	dpp_uri u, twice;
	imp_wr w;
	if (dpp_uri_read(in, &u))
		return 0;
	inside(in, u.channels);
	inside(in, u.info);
	inside(in, u.host);
	inside(in, u.key);
	must(!u.mac.ptr || dpp_mac_read(u.mac, mac));
	for (list = u.channels; list.len;)
		must(dpp_channel_next(&list));
	if (dpp_uri_key(&imp_fake, &u, &v, point))
		return 0;
	to = malloc(n + 300);
	must(to != NULL);
	w = imp_wr_to(to, n + 300);
	dpp_uri_put(&w, &u, v, point);
	must(!imp_wr_end(&w) && !dpp_uri_read(imp_wr_span(&w), &twice));
	must(imp_same(twice.info, u.info) && imp_same(twice.host, u.host) && imp_same(twice.channels, u.channels) && imp_same(twice.mac, u.mac));
	must(twice.version == u.version && twice.curves == u.curves);
	free(to);
	return 0;
}
