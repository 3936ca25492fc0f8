/* exchange.c -- bootstrapping by PKEX (pkex.h) as part of a run: whose code, how
 * often it may be guessed, the four frames, and on to authentication. */
#include "run.h"
#include "ct.h"

#define NONE imp_bytes(NULL, 0)

static imp_span name_of(const struct dpp_run *r)
{
	return imp_bytes(r->name, r->name_len);
}

static imp_status ask_pin(struct dpp_run *r, imp_cx *cx, uint8_t state)
{
	return dpp_ask_with(r, cx, state, IMP_T_READ, IMP_M_PIN, name_of(r), NONE);
}

/* What came is wrong, or nothing came, for a reason that is a wrong guess. */
static imp_status guessed(struct dpp_run *r, imp_cx *cx, imp_status end, const char *why)
{
	uint8_t n[4] = {0, 0, 0, r->pkex.failed};
	imp_status st = dpp_learn(cx, IMP_T_COUNTER, 0, IMP_NOW, 0, dpp_name(r, "dpp.guess/", NULL, imp_bytes(r->pkex.id, r->pkex.id_len)), imp_bytes(n, 4));
	return st ? st : dpp_fail(r, cx, end, end == IMP_EAUTH ? DPP_AUTH_FAILURE : 0, why);
}

/* --- initiator ------------------------------------------------------------------- */

static imp_status ask_code(struct dpp_run *r, imp_cx *cx)
{
	r->how = DPP_BY_PKEX;
	return dpp_ask(r, cx, DPP_S_PKEX_GUESSES, IMP_T_COUNTER, "dpp.guess/", imp_bytes(r->reason, strlen(r->reason)));
}

static imp_status on_code(struct dpp_run *r, imp_cx *cx, const imp_msg *in)
{
	uint8_t failed = r->pkex.failed;
	imp_status st = IMP_OK;
	if (in->code < 0)
		return r->state == DPP_S_CODE ? ask_pin(r, cx, DPP_S_CODE_READ) : dpp_lacks(r, cx);
	if (dpp_pkex_set(&r->pkex, in->data, imp_bytes(r->reason, strlen(r->reason))))
		return dpp_fail(r, cx, IMP_EARG, 0, "the code");
	r->pkex.failed = failed;
	if (r->held & 2) /* no key of our own: one for this run, on P-256 */
		st = dpp_auth_own(&r->auth, cx->crypto, NULL);
	return st ? st : dpp_open(r, cx, imp_bytes("dpp:", 4));
}

static imp_status send_request(struct dpp_run *r, imp_cx *cx)
{
	imp_wr w = dpp_room(cx, DPP_FRAME_MAX);
	imp_status st;
	if (r->pkex.version == 1 && !r->mac_known)
		return dpp_fail(r, cx, IMP_EARG, 0, "PKEX 1 without a MAC address");
	memcpy(r->pkex.mac[0], r->mac, 6);
	st = dpp_pkex_request(&r->pkex, &r->auth, cx->crypto, &w);
	return st ? st : dpp_send(r, cx, DPP_S_PKEX_RESPONSE, &w);
}

static imp_status reveal(struct dpp_run *r, imp_cx *cx, uint8_t state)
{
	imp_wr w = dpp_room(cx, DPP_FRAME_MAX), room = dpp_room(cx, DPP_PKEX_ROOM);
	imp_status st = imp_wr_end(&room) ? IMP_ENOSPC : dpp_pkex_reveal(&r->pkex, &r->auth, cx->crypto, &w, room.to);
	return st ? st : dpp_send(r, cx, state, &w);
}

static imp_status on_response(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const dpp_frame *f)
{
	int status = 0;
	uint16_t group = 0;
	imp_status st;
	if (r->pkex.version == 1 && in->name.len != 6)
		return IMP_OK;
	if (r->pkex.version == 1)
		memcpy(r->pkex.mac[1], in->name.ptr, 6);
	st = dpp_pkex_read_response(&r->pkex, &r->auth, cx->crypto, f, &status, &group);
	if (st == IMP_PASS || st == IMP_EBADMSG)
		return IMP_OK;
	if (st == IMP_EPEER)
		return dpp_fail(r, cx, st, status, status == DPP_BAD_GROUP ? "the peer wants another group" : "the peer refused");
	dpp_note_address(r, in->name);
	r->tries = 0;
	return st ? st : reveal(r, cx, DPP_S_PKEX_REVEAL);
}

/* --- responder --------------------------------------------------------------------- */

/* Code identifiers become names of facts: printable ASCII. */
static int fit(imp_span id)
{
	for (size_t i = 0; i < id.len; i++)
		if (id.ptr[i] < 0x21 || id.ptr[i] > 0x7e)
			return 0;
	return id.len <= DPP_NAME - 16;
}

static imp_status heard(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const dpp_frame *f)
{
	imp_wr w = dpp_room(cx, 64);
	dpp_pkex_asked q;
	if (dpp_pkex_read_request(f, &q) || !fit(q.id) || in->data.len > sizeof r->last || (q.version == 1 && (!r->mac_known || in->name.len != 6)))
		return IMP_OK;
	if (q.curve != dpp_auth_curve(&r->auth)) {
		dpp_pkex_refuse(&w, &q, DPP_BAD_GROUP, dpp_auth_curve(&r->auth));
		return imp_wr_end(&w) ? IMP_ENOSPC : dpp_transmit(r, cx, imp_wr_span(&w), 0, dpp_run_channel(r), 0);
	}
	memcpy(r->last, in->data.ptr, in->data.len); /* until the code is there */
	r->last_len = (uint16_t)in->data.len;
	r->how = DPP_BY_PKEX;
	return dpp_ask(r, cx, DPP_S_PKEX_GUESSES, IMP_T_COUNTER, "dpp.guess/", q.id);
}

/* The request that was kept. */
static imp_status kept(struct dpp_run *r, imp_cx *cx, dpp_pkex_asked *q)
{
	imp_wr w = dpp_room(cx, sizeof r->last);
	dpp_frame f;
	imp_wr_bytes(&w, imp_bytes(r->last, r->last_len));
	return imp_wr_end(&w) ? IMP_ENOSPC : dpp_frame_read(imp_wr_span(&w), &f) ? IMP_EBADMSG : dpp_pkex_read_request(&f, q);
}

static imp_status on_guesses(struct dpp_run *r, imp_cx *cx, const imp_msg *in)
{
	int begins = r->topic == (IMP_T_KEY & 0xff);
	dpp_pkex_asked q;
	imp_status st = begins ? IMP_OK : kept(r, cx, &q);
	if (st)
		return st;
	r->pkex.failed = in->code >= 0 && in->data.len == 4 ? in->data.ptr[3] : 0;
	if (r->pkex.failed >= DPP_PKEX_GUESSES)
		return dpp_fail(r, cx, IMP_EDENIED, DPP_AUTH_FAILURE, "this code was guessed too often");
	if (begins)
		return dpp_ask(r, cx, DPP_S_CODE, IMP_T_KEY, "dpp.code/", imp_bytes(r->reason, strlen(r->reason)));
	return dpp_ask(r, cx, DPP_S_PKEX_CODE, IMP_T_KEY, "dpp.code/", q.id);
}

static imp_status on_asked_code(struct dpp_run *r, imp_cx *cx, const imp_msg *in)
{
	imp_wr w = dpp_room(cx, DPP_FRAME_MAX);
	uint8_t failed = r->pkex.failed;
	dpp_pkex_asked q;
	imp_status st = kept(r, cx, &q);
	if (st)
		return st;
	if (in->code < 0)
		return r->state == DPP_S_PKEX_CODE ? ask_pin(r, cx, DPP_S_PKEX_CODE_READ) : dpp_lacks(r, cx);
	if (dpp_pkex_set(&r->pkex, in->data, q.id))
		return dpp_fail(r, cx, IMP_EARG, 0, "the code");
	r->pkex.failed = failed;
	memcpy(r->pkex.mac[0], r->address, 6);
	memcpy(r->pkex.mac[1], r->mac, 6);
	st = dpp_pkex_response(&r->pkex, &r->auth, cx->crypto, &q, &w);
	if (st == IMP_EBADMSG)
		return dpp_fail(r, cx, st, 0, "no point of the curve");
	return st ? st : dpp_send(r, cx, DPP_S_PKEX_REVEALED, &w);
}

/* --- both ------------------------------------------------------------------------------ */

static imp_status on_reveal(struct dpp_run *r, imp_cx *cx, const dpp_frame *f, const struct dpp_role *role)
{
	imp_wr room = dpp_room(cx, f->attrs.raw.len + 1);
	imp_status st = imp_wr_end(&room) ? IMP_ENOSPC : dpp_pkex_read_reveal(&r->pkex, &r->auth, cx->crypto, f, room.to);
	if (st == IMP_PASS)
		return IMP_OK;
	if (st == IMP_EAUTH || st == IMP_EDENIED)
		return guessed(r, cx, IMP_EAUTH, "the codes differ");
	if (st == IMP_EBADMSG)
		return dpp_fail(r, cx, st, DPP_AUTH_FAILURE, "what was revealed");
	if (st)
		return st;
	return r->state == DPP_S_PKEX_REVEAL ? dpp_run_authenticate(r, cx, role) : reveal(r, cx, DPP_S_PKEX_DONE);
}

static imp_status on_frame(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const dpp_frame *f, const struct dpp_role *role)
{
	int asks = f->type == DPP_PKEX_REQ || f->type == DPP_PKEX_V1_REQ;
	switch (r->state) {
	case DPP_S_PKEX_RESPONSE:
		return f->type == DPP_PKEX_RESP ? on_response(r, cx, in, f) : IMP_OK;
	case DPP_S_PKEX_REVEAL:
		return f->type == DPP_PKEX_REVEAL_RESP ? on_reveal(r, cx, f, role) : IMP_OK;
	case DPP_S_PKEX_REVEALED:
		return asks ? dpp_send_again(r, cx) : f->type == DPP_PKEX_REVEAL_REQ ? on_reveal(r, cx, f, role) : IMP_OK;
	case DPP_S_PKEX_DONE:
		if (f->type == DPP_PKEX_REVEAL_REQ)
			return dpp_send_again(r, cx);
		return f->type == DPP_AUTH_REQ ? dpp_run_request(r, cx, f, role) : IMP_OK;
	default:
		return IMP_OK;
	}
}

static imp_status on_answer(struct dpp_run *r, imp_cx *cx, const imp_msg *in)
{
	switch (r->state) {
	case DPP_S_CODE: case DPP_S_CODE_READ:
		return on_code(r, cx, in);
	case DPP_S_PKEX_GUESSES:
		return on_guesses(r, cx, in);
	default:
		return on_asked_code(r, cx, in);
	}
}

static imp_status on_tick(struct dpp_run *r, imp_cx *cx)
{
	switch (r->state) {
	case DPP_S_PKEX_RESPONSE:
		return dpp_tired(r, cx) ? dpp_done(r, cx, IMP_LATER, DPP_RETRY) : dpp_send_again(r, cx);
	case DPP_S_PKEX_REVEAL: /* whoever did not answer our reveal may have tried a code on it */
		if (!dpp_tired(r, cx))
			return dpp_send_again(r, cx);
		r->pkex.failed++;
		return guessed(r, cx, IMP_ETIME, "PKEX was not finished");
	case DPP_S_PKEX_REVEALED: case DPP_S_PKEX_DONE:
		return dpp_tired(r, cx) ? dpp_fail(r, cx, IMP_ETIME, 0, "PKEX was not finished") : dpp_send_again(r, cx);
	default:
		return IMP_OK;
	}
}

const struct dpp_exchange dpp_exchange = {ask_code, send_request, heard, on_frame, on_answer, on_tick};
