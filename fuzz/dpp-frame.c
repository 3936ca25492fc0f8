/* dpp-frame.c -- DPP frames and attributes; then, with crypto that can be forged,
 * as requests, responses, confirmations, queries and results: what is refused
 * leaves no trace. */
#include "config.h"
#include "crypto.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct dpp_auth I, R;
static uint8_t out[2048], nonce[DPP_NONCE];

static void begin(unsigned curve)
{
	imp_wr w = imp_wr_to(out, sizeof out);
	memset(&I, 0, sizeof I);
	memset(&R, 0, sizeof R);
	I.curve = R.curve = (uint8_t)(curve % DPP_CURVES);
	I.caps = DPP_CAP_ENROLLEE;
	R.caps = DPP_CAP_CONFIGURATOR;
	memset(nonce, 0xfa, sizeof nonce);
	must(!dpp_auth_own(&I, &imp_fake, NULL) && !dpp_auth_own(&R, &imp_fake, NULL));
	must(!dpp_auth_peer(&I, &imp_fake, dpp_auth_curve(&R), R.own_B));
	must(!dpp_auth_request(&I, &imp_fake, &w, 0));
}

static void attributes(imp_span in, const dpp_attrs *a)
{
	inside(in, a->raw);
	inside(in, a->before);
	inside(in, a->wrapped);
	for (uint16_t id = DPP_STATUS; id < DPP_ATTR_END; id++) {
		size_t n = 0;
		for (imp_span v = dpp_attr(a, id); v.ptr; v = dpp_attr_next(a, id, v), n++)
			inside(a->raw, v);
		must(n <= 1 || id == DPP_CONFIG);
	}
	must(dpp_attr_status(a) < DPP_STATUSES || dpp_attr_status(a) == DPP_NO_STATUS);
}

static void authentication(const dpp_frame *f, uint8_t *room)
{
	struct dpp_auth before = R;
	imp_wr w = imp_wr_to(out, sizeof out);
	int status = 0;
	imp_status st = dpp_auth_read_request(&R, &imp_fake, f, room);
	must(st == IMP_OK || (st == IMP_PASS && !memcmp(&before, &R, sizeof R)));
	must(!dpp_auth_response(&R, &imp_fake, &w) && w.len <= DPP_FRAME_MAX);
	before = R;
	st = dpp_auth_read_confirm(&R, &imp_fake, f, room, &status);
	must(!memcmp(&before, &R, sizeof R) && (st == IMP_OK || st == IMP_PASS || (st == IMP_EPEER && status)));
	before = I;
	st = dpp_auth_read_response(&I, &imp_fake, f, room, &status);
	must(st == IMP_OK || st == IMP_LATER || st < 0 || (st == IMP_PASS && !memcmp(&before, &I, sizeof I)));
	w = imp_wr_to(out, sizeof out);
	must(dpp_auth_confirm(&I, &imp_fake, &w, status) == IMP_OK && w.len <= DPP_FRAME_MAX);
}

static void configuration(imp_span in, const dpp_frame *f, uint8_t *room)
{
	dpp_attrs a;
	int status = 0;
	if (!dpp_config_query_read(&R, &imp_fake, in, room, &a))
		attributes(imp_bytes(room, in.len), &a);
	if (!dpp_config_response_read(&I, &imp_fake, in, nonce, room, &status, &a))
		attributes(imp_bytes(room, in.len), &a);
	if (f)
		(void)dpp_result_read(&R, &imp_fake, f, nonce, room, &status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data + 1, n ? n - 1 : 0);
	uint8_t *room = n ? malloc(dpp_auth_room(n) + 16) : NULL;
	dpp_frame f;
	dpp_attrs a;
	if (!room)
		return 0;
	begin(data[0]);
	if (!dpp_attrs_read(in, &a))
		attributes(in, &a);
	configuration(in, NULL, room);
	if (!dpp_frame_read(in, &f)) {
		attributes(in, &f.attrs);
		authentication(&f, room);
		configuration(in, &f, room);
	}
	free(room);
	return 0;
}
