/* run.c -- see run.h. */
#include "run.h"
#include "cbor.h"
#include "ct.h"

#define NONE imp_bytes(NULL, 0)
#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

/* --- words ------------------------------------------------------------------- */

imp_wr dpp_room(imp_cx *cx, size_t n)
{
	uint8_t *p = cx->room(cx, n);
	imp_wr w = imp_wr_to(p, p ? n : 0);
	if (!p)
		imp_wr_fail(&w, IMP_ENOSPC);
	return w;
}

static void put_hex(imp_wr *w, imp_span s)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < s.len; i++) {
		imp_wr_u8(w, (uint8_t)digits[s.ptr[i] >> 4]);
		imp_wr_u8(w, (uint8_t)digits[s.ptr[i] & 15]);
	}
}

static imp_span name_of(const struct dpp_run *r)
{
	return imp_bytes(r->name, r->name_len);
}

imp_span dpp_name(struct dpp_run *r, const char *prefix, const uint8_t *hash, imp_span more)
{
	imp_wr w = imp_wr_to(r->name, sizeof r->name);
	imp_wr_text(&w, prefix);
	if (hash)
		put_hex(&w, imp_bytes(hash, DPP_KEY_HASH));
	imp_wr_bytes(&w, more);
	r->name_len = (uint8_t)imp_wr_span(&w).len;
	return name_of(r);
}

imp_status dpp_ask_with(struct dpp_run *r, imp_cx *cx, uint8_t state, uint16_t topic, int32_t code, imp_span name, imp_span data)
{
	imp_msg m = imp_say(IMP_ASK, topic, code, r->want = ++r->tickets, name, data);
	r->state = state;
	return cx->emit(cx, &m);
}

imp_status dpp_ask(struct dpp_run *r, imp_cx *cx, uint8_t state, uint16_t topic, const char *name, imp_span more)
{
	return dpp_ask_with(r, cx, state, topic, 0, dpp_name(r, name, NULL, more), NONE);
}

imp_status dpp_learn(imp_cx *cx, uint16_t topic, int32_t code, uint16_t flags, uint32_t ticket, imp_span name, imp_span data)
{
	imp_msg m = imp_say(IMP_LEARN, topic, code, ticket, name, data);
	m.flags = flags;
	return cx->emit(cx, &m);
}

/* --- the end ------------------------------------------------------------------- */

static imp_status show(struct dpp_run *r, imp_cx *cx, imp_span uri, uint16_t flags)
{
	imp_msg m = imp_say(IMP_TELL, IMP_T_SHOW, IMP_M_QR, 0, NONE, uri);
	m.flags = flags;
	r->shown = !(flags & IMP_FORGET);
	return cx->emit(cx, &m);
}

static void wipe(struct dpp_run *r)
{
	imp_wipe(&r->auth, sizeof r->auth);
	imp_wipe(&r->pkex, sizeof r->pkex);
	imp_wipe(r->last, sizeof r->last);
	r->last_len = 0;
	r->want = 0;
}

static imp_status over(struct dpp_run *r, imp_cx *cx, imp_msg *m)
{
	imp_status st = r->shown ? show(r, cx, NONE, IMP_FORGET) : IMP_OK;
	r->state = DPP_S_OVER;
	wipe(r);
	return st ? st : cx->emit(cx, m);
}

imp_status dpp_done(struct dpp_run *r, imp_cx *cx, imp_status st, uint64_t when)
{
	imp_msg m = imp_say(IMP_DONE, 0, st, 0, NONE, NONE);
	m.when = when;
	r->reason[0] = 0;
	return over(r, cx, &m);
}

imp_status dpp_fail(struct dpp_run *r, imp_cx *cx, imp_status st, int status, const char *why)
{
	imp_msg m = imp_say(IMP_DONE, (uint16_t)status, st, 0, st == IMP_EFACT ? name_of(r) : NONE, imp_bytes(why, strlen(why)));
	size_t n = strlen(why) < sizeof r->reason ? strlen(why) : sizeof r->reason - 1;
	memcpy(r->reason, why, n);
	r->reason[n] = 0;
	return over(r, cx, &m);
}

imp_status dpp_lacks(struct dpp_run *r, imp_cx *cx)
{
	imp_msg m = imp_say(IMP_DONE, 0, IMP_EFACT, 0, name_of(r), TEXT("missing fact"));
	return over(r, cx, &m);
}

/* --- sending ------------------------------------------------------------------- */

imp_status dpp_transmit(struct dpp_run *r, imp_cx *cx, imp_span frame, uint16_t flags, uint16_t channel, uint64_t dwell)
{
	imp_msg m = imp_say(IMP_TX, IMP_DPP_FRAME, channel, 0, flags & IMP_GROUP ? NONE : imp_bytes(r->address, r->address_len), frame);
	m.flags = flags;
	m.when = dwell;
	return cx->emit(cx, &m);
}

uint16_t dpp_run_channel(const struct dpp_run *r)
{
	return r->channels ? r->channel[r->channel_at % r->channels] : 0;
}

/* The next repetition, or the end of patience. */
static void pace(struct dpp_run *r, imp_cx *cx)
{
	uint64_t next = r->reliable || !r->last_len ? r->until : cx->now + DPP_REPEAT;
	cx->wake(cx, next < r->until ? next : r->until);
}

void dpp_wait(struct dpp_run *r, imp_cx *cx, uint8_t state, uint64_t ms)
{
	r->state = state;
	r->until = cx->now + ms;
	r->last_len = 0;
	cx->wake(cx, r->until);
}

imp_status dpp_send(struct dpp_run *r, imp_cx *cx, uint8_t state, const imp_wr *w)
{
	imp_span frame = imp_wr_span(w);
	if (imp_wr_end(w))
		return imp_wr_end(w);
	r->last_len = frame.len <= sizeof r->last ? (uint16_t)frame.len : 0;
	if (r->last_len)
		memcpy(r->last, frame.ptr, frame.len);
	r->state = state;
	r->until = cx->now + DPP_PATIENCE;
	pace(r, cx);
	return dpp_transmit(r, cx, frame, 0, dpp_run_channel(r), DPP_DWELL);
}

imp_status dpp_send_again(struct dpp_run *r, imp_cx *cx)
{
	return r->last_len ? dpp_transmit(r, cx, imp_bytes(r->last, r->last_len), 0, dpp_run_channel(r), DPP_DWELL) : IMP_OK;
}

int dpp_tired(struct dpp_run *r, imp_cx *cx)
{
	if (cx->now >= r->until)
		return 1;
	pace(r, cx);
	return 0;
}

imp_status dpp_open(struct dpp_run *r, imp_cx *cx, imp_span target)
{
	imp_wr w = dpp_room(cx, 64 + target.len + 8 * DPP_CHANNELS);
	imp_msg m = imp_say(IMP_OPEN, 0, 0, r->label = ++r->tickets, NONE, NONE);
	imp_wr_bytes(&w, target);
	for (unsigned i = 0; i < r->channels; i++) {
		imp_wr_text(&w, i ? "," : "\nchannels: ");
		imp_wr_decimal(&w, r->channel[i] >> 8);
		imp_wr_u8(&w, '/');
		imp_wr_decimal(&w, r->channel[i] & 0xff);
	}
	if (imp_wr_end(&w))
		return IMP_ENOSPC;
	m.name = imp_wr_span(&w);
	m.when = DPP_OPEN;
	r->opened = 1;
	dpp_wait(r, cx, DPP_S_OPENING, DPP_OPEN);
	return cx->emit(cx, &m);
}

/* --- our own key and URI --------------------------------------------------------- */

static void take_channels(struct dpp_run *r, imp_span list)
{
	r->channels = r->channel_at = 0;
	while (list.len && r->channels < DPP_CHANNELS) {
		uint16_t one = dpp_channel_next(&list);
		if (!one)
			return;
		r->channel[r->channels++] = one;
	}
}

static imp_span text_in(imp_span map, const char *key)
{
	imp_rd r = imp_rd_of(imp_cbor_find(map, key));
	return imp_rd_left(&r) ? imp_cbor_tstr(&r) : NONE;
}

/* Our URI out of CONFIG "dpp.uri" and the key. */
static imp_status show_own(struct dpp_run *r, imp_cx *cx, imp_span map)
{
	imp_wr mac = dpp_room(cx, 12), w = dpp_room(cx, DPP_URI_MAX);
	imp_rd m = imp_rd_of(imp_cbor_find(map, "mac"));
	dpp_uri u = {text_in(map, "channels"), text_in(map, "info"), text_in(map, "host"), NONE, NONE, DPP_PROTOCOL, 0};
	if (imp_rd_left(&m)) {
		put_hex(&mac, imp_cbor_bstr_of(&m, 6));
		u.mac = imp_wr_span(&mac);
	}
	dpp_uri_put(&w, &u, dpp_auth_curve(&r->auth), r->auth.own_B);
	if (imp_wr_end(&w) || m.err)
		return IMP_EFACT;
	return show(r, cx, imp_wr_span(&w), 0);
}

static int initiates(const struct dpp_run *r)
{
	return r->topic == (IMP_T_PEERKEY & 0xff) || r->topic == (IMP_T_KEY & 0xff);
}

static int by_code(const struct dpp_run *r)
{
	return r->topic == (IMP_T_KEY & 0xff);
}

static int responds(const struct dpp_run *r)
{
	return r->topic == 0 || r->topic == IMP_T_SHOW;
}

static imp_status on_own_key(struct dpp_run *r, imp_cx *cx, const imp_msg *in)
{
	imp_key k = imp_key_from(in->data);
	if (in->code < 0 && responds(r))
		return dpp_lacks(r, cx);
	if (in->code >= 0 && dpp_auth_own(&r->auth, cx->crypto, &k))
		return dpp_lacks(r, cx);
	r->held |= in->code < 0 ? 2 : 0; /* no key of our own */
	return dpp_ask(r, cx, DPP_S_OWN_URI, IMP_T_CONFIG, "dpp.uri", NONE);
}

static imp_status on_own_uri(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	imp_span map = in->code < 0 ? NONE : in->data;
	imp_rd mutual = imp_rd_of(imp_cbor_find(map, "mutual")), old = imp_rd_of(imp_cbor_find(map, "pkex1"));
	imp_status st = IMP_OK;
	if (map.len && imp_cbor_check(map))
		return dpp_lacks(r, cx);
	r->mutual = imp_rd_left(&mutual) ? (uint8_t)imp_cbor_bool(&mutual) : 0;
	take_channels(r, text_in(map, "channels"));
	r->pkex.version = imp_rd_left(&old) && imp_cbor_bool(&old) ? 1 : 2;
	if (responds(r))
		st = show_own(r, cx, map);
	if (st)
		return st == IMP_EFACT ? dpp_lacks(r, cx) : st;
	return role->beliefs(r, cx);
}

/* --- whom with ------------------------------------------------------------------- */

static imp_status ask_peer(struct dpp_run *r, imp_cx *cx)
{
	return dpp_ask(r, cx, DPP_S_PEER_URI, IMP_T_PEERKEY, "dpp.label/", imp_bytes(r->reason, strlen(r->reason)));
}

static imp_status listen(struct dpp_run *r, imp_cx *cx)
{
	r->state = DPP_S_LISTEN;
	r->until = UINT64_MAX;
	cx->wake(cx, UINT64_MAX);
	return IMP_OK;
}

static imp_status on_frame(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role);

/* A frame that came too early. */
static imp_status take_held(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role)
{
	imp_msg m = imp_say(IMP_RX, IMP_DPP_FRAME, 0, 0, imp_bytes(r->address, r->address_len), NONE);
	imp_wr w = dpp_room(cx, sizeof r->last);
	imp_wr_bytes(&w, imp_bytes(r->last, r->last_len));
	r->held &= 2;
	r->last_len = 0;
	m.data = imp_wr_span(&w);
	return imp_wr_end(&w) ? IMP_ENOSPC : on_frame(r, cx, &m, role);
}

imp_status dpp_run_ready(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role)
{
	imp_status st;
	r->ready = 1;
	if (initiates(r)) {
		if (by_code(r) && !role->exchange)
			return dpp_fail(r, cx, IMP_EUNSUP, 0, "no PKEX here");
		return by_code(r) ? role->exchange->code(r, cx) : ask_peer(r, cx);
	}
	if (!responds(r))
		return role->begin(r, cx, role);
	if (r->topic == IMP_T_SHOW)
		return dpp_open(r, cx, TEXT("dpp:"));
	st = listen(r, cx);
	return st || !(r->held & 1) ? st : take_held(r, cx, role);
}

/* "dpp://host" or "dpp://mac" */
static imp_status open_peer(struct dpp_run *r, imp_cx *cx, const dpp_uri *u)
{
	imp_wr w = dpp_room(cx, 16 + u->host.len + 12);
	uint8_t mac[6];
	imp_wr_text(&w, u->host.len || u->mac.len ? "dpp://" : "dpp:");
	if (u->host.len)
		imp_wr_bytes(&w, u->host);
	else if (dpp_mac_read(u->mac, mac))
		put_hex(&w, imp_bytes(mac, 6));
	if (u->channels.len)
		take_channels(r, u->channels);
	return imp_wr_end(&w) ? IMP_ENOSPC : dpp_open(r, cx, imp_wr_span(&w));
}

/* The peer's URI as a key, and what the role wants of it. */
static imp_status take_uri(struct dpp_run *r, imp_cx *cx, imp_span text, dpp_uri *u, const struct dpp_role *role)
{
	const dpp_curve *v;
	uint8_t point[DPP_POINT];
	imp_status st = dpp_uri_read(text, u);
	st = st ? st : dpp_uri_key(cx->crypto, u, &v, point);
	st = st ? st : dpp_auth_peer(&r->auth, cx->crypto, v, point);
	return st || !role->peer_uri ? st : role->peer_uri(r, text);
}

/* An initiator's own key is on the peer's curve. */
static imp_status own_key_fits(struct dpp_run *r, imp_cx *cx, uint8_t curve)
{
	if (!(r->held & 2) && r->auth.curve == curve)
		return IMP_OK;
	r->auth.curve = curve;
	return dpp_auth_own(&r->auth, cx->crypto, NULL);
}

static imp_status on_peer_uri(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	uint8_t before = r->auth.curve, curve;
	imp_status st;
	dpp_uri u;
	if (in->code < 0 && r->state == DPP_S_PEER_URI)
		return dpp_ask_with(r, cx, DPP_S_PEER_READ, IMP_T_READ, IMP_M_QR, name_of(r), NONE);
	if (in->code < 0)
		return dpp_lacks(r, cx);
	st = take_uri(r, cx, in->data, &u, role);
	if (st == IMP_ENOSPC || st == IMP_ERANDOM)
		return st;
	if (st)
		return dpp_fail(r, cx, st, 0, "the peer's URI");
	curve = r->auth.curve;
	r->auth.curve = before;
	st = own_key_fits(r, cx, curve);
	return st ? st : open_peer(r, cx, &u);
}

/* --- initiator --------------------------------------------------------------------- */

imp_status dpp_run_authenticate(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role)
{
	imp_wr w = dpp_room(cx, DPP_FRAME_MAX);
	imp_status st;
	r->auth.caps = role->caps;
	r->tries = 0;
	st = dpp_auth_request(&r->auth, cx->crypto, &w, 0);
	return st ? st : dpp_send(r, cx, DPP_S_RESPONSE, &w);
}

/* Nobody answers: on the next channel, until all had their turn. */
static imp_status request_again(struct dpp_run *r, imp_cx *cx)
{
	uint8_t rounds = r->channels ? r->channels : 1;
	if (r->reliable || r->tries >= DPP_ROUND * rounds)
		return dpp_done(r, cx, IMP_LATER, DPP_RETRY);
	r->tries++;
	r->channel_at = (uint8_t)(r->tries / DPP_ROUND);
	r->until = cx->now + DPP_PATIENCE;
	pace(r, cx);
	return dpp_send_again(r, cx);
}

static imp_status on_response(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const dpp_frame *f, const struct dpp_role *role)
{
	imp_wr room = dpp_room(cx, dpp_auth_room(f->attrs.raw.len)), w = dpp_room(cx, DPP_FRAME_MAX);
	int status = 0;
	imp_status st = imp_wr_end(&room);
	st = st ? st : dpp_auth_read_response(&r->auth, cx->crypto, f, room.to, &status);
	if (st == IMP_ENOSPC)
		return st;
	if (st == IMP_PASS)
		return IMP_OK;
	dpp_note_address(r, in->name); /* not of just anybody: we go on sending there */
	if (st == IMP_LATER && r->state == DPP_S_PENDING)
		return IMP_OK;
	if (st == IMP_LATER) { /* somebody is to read our URI */
		dpp_wait(r, cx, DPP_S_PENDING, DPP_PEOPLE);
		return r->shown ? IMP_OK : show_own(r, cx, NONE);
	}
	if (st == IMP_EPEER)
		return dpp_fail(r, cx, IMP_EPEER, DPP_NOT_COMPATIBLE, "the peer cannot take the other role");
	if (dpp_auth_confirm(&r->auth, cx->crypto, &w, status))
		return IMP_ENOSPC;
	if (st) {
		imp_status sent = dpp_send(r, cx, DPP_S_OVER, &w);
		return sent ? sent : dpp_fail(r, cx, st, status, status == DPP_AUTH_FAILURE ? "R-auth" : "roles");
	}
	r->tries = 0;
	st = dpp_send(r, cx, DPP_S_ROLE, &w);
	return st ? st : role->authenticated(r, cx);
}

/* --- responder --------------------------------------------------------------------- */

/* Of what the initiator offers we take the role that is left for us. */
static int compatible(const struct dpp_run *r, const struct dpp_role *role)
{
	return (r->auth.peer_caps & ~role->caps & (DPP_CAP_ENROLLEE | DPP_CAP_CONFIGURATOR)) != 0;
}

static imp_status send_response(struct dpp_run *r, imp_cx *cx)
{
	imp_wr w = dpp_room(cx, DPP_FRAME_MAX);
	imp_status st;
	r->auth.mutual = r->auth.known;
	st = dpp_auth_response(&r->auth, cx->crypto, &w);
	if (st == IMP_EBADMSG || st == IMP_EARG) /* L at infinity: nobody honest is hurt */
		return dpp_fail(r, cx, IMP_EAUTH, DPP_AUTH_FAILURE, "keys");
	return st ? st : dpp_send(r, cx, DPP_S_CONFIRM, &w);
}

static imp_status send_status(struct dpp_run *r, imp_cx *cx, uint8_t state, int status)
{
	imp_wr w = dpp_room(cx, DPP_FRAME_MAX);
	imp_status st;
	r->auth.mutual = 0;
	st = dpp_auth_status(&r->auth, cx->crypto, &w, status);
	return st ? st : dpp_send(r, cx, state, &w);
}

imp_status dpp_run_request(struct dpp_run *r, imp_cx *cx, const dpp_frame *f, const struct dpp_role *role)
{
	imp_wr room = dpp_room(cx, dpp_auth_room(f->attrs.raw.len));
	imp_status st = imp_wr_end(&room);
	st = st ? st : dpp_auth_read_request(&r->auth, cx->crypto, f, room.to);
	if (st)
		return st == IMP_PASS ? IMP_OK : st;
	r->auth.caps = role->caps;
	if (!compatible(r, role)) {
		st = send_status(r, cx, DPP_S_OVER, DPP_NOT_COMPATIBLE);
		return st ? st : dpp_fail(r, cx, IMP_EPROTO, DPP_NOT_COMPATIBLE, "roles");
	}
	if (r->auth.known)
		return send_response(r, cx);
	dpp_name(r, "dpp.peer/", r->auth.peer_hash, NONE);
	return dpp_ask_with(r, cx, DPP_S_INITIATOR_URI, IMP_T_PEERKEY, 0, name_of(r), NONE);
}

static imp_status on_initiator(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	uint8_t hash[DPP_KEY_HASH], curve = r->auth.curve;
	imp_status st;
	dpp_uri u;
	if (in->code < 0 && r->state == DPP_S_INITIATOR_READ)
		return dpp_fail(r, cx, IMP_EDENIED, DPP_AUTH_FAILURE, "nobody read the peer's URI");
	if (in->code < 0 && !r->mutual)
		return send_response(r, cx);
	if (in->code < 0) {
		st = send_status(r, cx, DPP_S_INITIATOR_READ, DPP_RESPONSE_PENDING);
		cx->wake(cx, r->until = cx->now + DPP_PEOPLE);
		return st ? st : dpp_ask_with(r, cx, DPP_S_INITIATOR_READ, IMP_T_READ, IMP_M_QR, name_of(r), NONE);
	}
	memcpy(hash, r->auth.peer_hash, sizeof hash);
	st = take_uri(r, cx, in->data, &u, role);
	if (st == IMP_ENOSPC)
		return st;
	if (st || memcmp(hash, r->auth.peer_hash, sizeof hash) || curve != r->auth.curve)
		return dpp_fail(r, cx, IMP_EAUTH, DPP_AUTH_FAILURE, "the URI that was read is another's");
	return send_response(r, cx);
}

static imp_status on_confirm(struct dpp_run *r, imp_cx *cx, const dpp_frame *f, const struct dpp_role *role)
{
	imp_wr room = dpp_room(cx, dpp_auth_room(f->attrs.raw.len));
	int status = 0;
	imp_status st = imp_wr_end(&room);
	st = st ? st : dpp_auth_read_confirm(&r->auth, cx->crypto, f, room.to, &status);
	if (st == IMP_PASS)
		return IMP_OK;
	if (st == IMP_EPEER)
		return dpp_fail(r, cx, st, status, "the initiator refused us");
	if (st)
		return st;
	r->last_len = 0;
	r->tries = 0;
	return role->authenticated(r, cx);
}

/* --- presence ------------------------------------------------------------------------ */

static imp_status announce(struct dpp_run *r, imp_cx *cx)
{
	uint8_t rounds = r->channels ? r->channels : 1, chirp[DPP_KEY_HASH];
	imp_wr w = dpp_room(cx, DPP_HEAD + 4 + DPP_KEY_HASH);
	imp_status st;
	if (r->tries >= DPP_ROUND * rounds)
		return dpp_done(r, cx, IMP_LATER, DPP_PAUSE);
	st = dpp_key_hash(cx->crypto, dpp_auth_curve(&r->auth), r->auth.own_B, "chirp", chirp);
	dpp_put_head(&w, DPP_PRESENCE);
	dpp_put_attr(&w, DPP_R_HASH, imp_bytes(chirp, sizeof chirp));
	if (st || imp_wr_end(&w))
		return st ? st : IMP_ENOSPC;
	r->channel_at = (uint8_t)(r->tries % rounds);
	r->tries++;
	dpp_wait(r, cx, DPP_S_ANNOUNCE, r->tries % rounds ? DPP_DWELL : DPP_PAUSE);
	return dpp_transmit(r, cx, imp_wr_span(&w), IMP_GROUP, dpp_run_channel(r), DPP_DWELL);
}

/* A configurator hears that somebody waits: do we know it? */
static imp_status on_presence(struct dpp_run *r, imp_cx *cx, const dpp_frame *f)
{
	imp_span hash = dpp_attr_of(&f->attrs, DPP_R_HASH, DPP_KEY_HASH);
	if (!hash.ptr)
		return IMP_OK;
	dpp_name(r, "dpp.chirp/", hash.ptr, NONE);
	return dpp_ask_with(r, cx, DPP_S_CHIRP_URI, IMP_T_PEERKEY, 0, name_of(r), NONE);
}

static imp_status on_chirp_uri(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	uint8_t before = r->auth.curve, curve;
	imp_status st;
	dpp_uri u;
	if (in->code < 0)
		return dpp_lacks(r, cx);
	st = take_uri(r, cx, in->data, &u, role);
	if (st)
		return st == IMP_ENOSPC ? st : dpp_fail(r, cx, st, 0, "the peer's URI");
	curve = r->auth.curve;
	r->auth.curve = before;
	st = own_key_fits(r, cx, curve);
	r->how = DPP_BY_CHIRP;
	r->channels = 0; /* it listens where it spoke */
	return st ? st : dpp_run_authenticate(r, cx, role);
}

/* --- what comes ------------------------------------------------------------------------ */

static imp_status on_up(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	if (r->up || (in->ticket && in->ticket != r->label))
		return IMP_OK;
	r->up = 1;
	r->reliable = in->topic == IMP_DPP_RELIABLE;
	r->mac_known = in->name.len == 6;
	if (r->mac_known)
		memcpy(r->mac, in->name.ptr, 6);
	if (r->state != DPP_S_OPENING)
		return IMP_OK;
	r->tries = 0;
	if (r->topic == IMP_T_SHOW)
		return announce(r, cx);
	if (by_code(r))
		return role->exchange->request(r, cx);
	return initiates(r) ? dpp_run_authenticate(r, cx, role) : role->begin(r, cx, role);
}

static imp_status on_down(struct dpp_run *r, imp_cx *cx, const imp_msg *in)
{
	if (in->ticket && in->ticket != r->label)
		return IMP_OK;
	r->up = 0;
	if (r->state == DPP_S_OPENING)
		return dpp_done(r, cx, IMP_LATER, DPP_RETRY);
	return dpp_fail(r, cx, IMP_ELINK, 0, "the link went down");
}

/* Too early: the first one is kept. */
static imp_status hold(struct dpp_run *r, const imp_msg *in)
{
	if (!(r->held & 1) && in->topic == IMP_DPP_FRAME && in->data.len <= sizeof r->last) {
		memcpy(r->last, in->data.ptr, in->data.len);
		r->last_len = (uint16_t)in->data.len;
		r->held |= 1;
		dpp_note_address(r, in->name);
	}
	return IMP_OK;
}

void dpp_note_address(struct dpp_run *r, imp_span name)
{
	if (name.len <= sizeof r->address) {
		r->address_len = (uint8_t)name.len;
		if (name.len)
			memcpy(r->address, name.ptr, name.len);
	}
}

/* The request that we have answered, and the answer has been lost. */
static int is_repeated(const struct dpp_run *r, const dpp_frame *f, uint16_t key)
{
	imp_span P = dpp_attr(&f->attrs, key);
	return P.len == 2 * (size_t)dpp_auth_curve(&r->auth)->prime_len && imp_same(P, dpp_point_xy(dpp_auth_curve(&r->auth), r->auth.peer_P));
}

static imp_status on_listen(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const dpp_frame *f, const struct dpp_role *role)
{
	dpp_note_address(r, in->name);
	if (f->type == DPP_AUTH_REQ)
		return dpp_run_request(r, cx, f, role);
	if (role->exchange && (f->type == DPP_PKEX_REQ || f->type == DPP_PKEX_V1_REQ))
		return role->exchange->heard(r, cx, in, f);
	if (f->type == DPP_PRESENCE && role->caps & DPP_CAP_CONFIGURATOR)
		return on_presence(r, cx, f);
	return role->listen ? role->listen(r, cx, f) : IMP_OK;
}

static int exchanging(const struct dpp_run *r)
{
	return r->state == DPP_S_CODE || r->state == DPP_S_CODE_READ || (r->state >= DPP_S_PKEX_RESPONSE && r->state <= DPP_S_PKEX_DONE);
}

static imp_status on_frame(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	dpp_frame f;
	if (dpp_frame_read(in->data, &f))
		return IMP_OK;
	if (!r->ready)
		return hold(r, in);
	if ((r->state == DPP_S_LISTEN || r->state == DPP_S_ANNOUNCE))
		return on_listen(r, cx, in, &f, role);
	if ((r->state == DPP_S_RESPONSE || r->state == DPP_S_PENDING) && f.type == DPP_AUTH_RESP)
		return on_response(r, cx, in, &f, role);
	if ((r->state == DPP_S_CONFIRM || r->state == DPP_S_INITIATOR_READ) && f.type == DPP_AUTH_REQ)
		return is_repeated(r, &f, DPP_I_KEY) ? dpp_send_again(r, cx) : IMP_OK;
	if (r->state == DPP_S_CONFIRM && f.type == DPP_AUTH_CONF)
		return on_confirm(r, cx, &f, role);
	if (exchanging(r))
		return role->exchange->frame(r, cx, in, &f, role);
	return r->state >= DPP_S_ROLE ? role->receive(r, cx, in, &f, role) : IMP_OK;
}

static imp_status refuse_gas(imp_cx *cx, const imp_msg *in)
{
	imp_msg m = imp_say(IMP_ANSWER, 0, IMP_EPROTO, in->ticket, NONE, NONE);
	return in->ticket ? cx->emit(cx, &m) : IMP_OK;
}

static imp_status on_rx(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	if (in->topic == IMP_DPP_FRAME)
		return on_frame(r, cx, in, role);
	if (in->topic == IMP_DPP_GAS && r->state >= DPP_S_ROLE)
		return role->receive(r, cx, in, NULL, role);
	return refuse_gas(cx, in);
}

static imp_status on_answer(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	if (!in->ticket || in->ticket != r->want)
		return IMP_OK;
	r->want = 0;
	if (exchanging(r))
		return role->exchange->answer(r, cx, in);
	switch (r->state) {
	case DPP_S_OWN_KEY:
		return on_own_key(r, cx, in);
	case DPP_S_OWN_URI:
		return on_own_uri(r, cx, in, role);
	case DPP_S_PEER_URI: case DPP_S_PEER_READ:
		return on_peer_uri(r, cx, in, role);
	case DPP_S_INITIATOR_URI: case DPP_S_INITIATOR_READ:
		return on_initiator(r, cx, in, role);
	case DPP_S_CHIRP_URI:
		return on_chirp_uri(r, cx, in, role);
	default:
		return r->state >= DPP_S_ROLE ? role->answer(r, cx, in, role) : IMP_OK;
	}
}

static imp_status on_tick(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role)
{
	if (exchanging(r))
		return role->exchange->tick(r, cx);
	switch (r->state) {
	case DPP_S_OPENING:
		return dpp_done(r, cx, IMP_LATER, DPP_RETRY);
	case DPP_S_ANNOUNCE:
		return announce(r, cx);
	case DPP_S_RESPONSE:
		return request_again(r, cx);
	case DPP_S_CONFIRM:
		return dpp_tired(r, cx) ? dpp_fail(r, cx, IMP_ETIME, 0, "no confirmation") : dpp_send_again(r, cx);
	case DPP_S_PENDING:
		return dpp_fail(r, cx, IMP_ETIME, 0, "the peer was given time and did not use it");
	case DPP_S_INITIATOR_READ:
		return dpp_fail(r, cx, IMP_ETIME, 0, "nobody read the peer's URI");
	default:
		return r->state >= DPP_S_ROLE ? role->tick(r, cx, role) : IMP_OK;
	}
}

static imp_status on_start(struct dpp_run *r, imp_cx *cx, const imp_msg *in)
{
	if (r->state != DPP_S_IDLE || in->topic > IMP_T_CONFIG || in->name.len >= sizeof r->reason)
		return IMP_EARG;
	r->topic = (uint8_t)in->topic;
	if (in->name.len)
		memcpy(r->reason, in->name.ptr, in->name.len);
	return dpp_ask(r, cx, DPP_S_OWN_KEY, IMP_T_KEY, "dpp.bootstrap", NONE);
}

imp_status dpp_run_step(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	if (r->state == DPP_S_OVER)
		return in->verb == IMP_RX ? refuse_gas(cx, in) : IMP_PASS;
	switch (in->verb) {
	case IMP_START:
		return on_start(r, cx, in);
	case IMP_STOP:
		return dpp_fail(r, cx, IMP_EOVER, 0, "stopped");
	case IMP_UP:
		return on_up(r, cx, in, role);
	case IMP_DOWN:
		return on_down(r, cx, in);
	case IMP_RX:
		return on_rx(r, cx, in, role);
	case IMP_ANSWER:
		return on_answer(r, cx, in, role);
	case IMP_TICK:
		return on_tick(r, cx, role);
	default:
		return IMP_PASS;
	}
}

static const char *const names[] = {
	"idle", "own_key", "own_uri", "peer_uri", "peer_read", "code", "code_read", "opening", "listen", "announce",
	"response", "pending", "confirm", "initiator_uri", "initiator_read", "chirp_uri",
	"pkex_response", "pkex_reveal", "pkex_guesses", "pkex_code", "pkex_code_read", "pkex_revealed", "pkex_done", "over",
};

const char *dpp_run_where(const struct dpp_run *r)
{
	if (r->state == DPP_S_OVER && r->reason[0])
		return r->reason;
	return r->state < sizeof names / sizeof names[0] ? names[r->state] : NULL;
}
