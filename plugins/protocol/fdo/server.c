/* server.c -- the common half of owner, rendezvous and maker. */
#include "server.h"
#include "ct.h"
#include "lines.h"

#define NONE imp_bytes(0, 0)

enum { HTTP_OK = 200, HTTP_BAD = 500, CHAIN_MAX = 6 };

/* --- requests ------------------------------------------------------------ */

static int starts(imp_span s, const char *text, size_t at)
{
	size_t n = strlen(text);
	return s.len >= at + n && !memcmp(s.ptr + at, text, n);
}

static imp_span text(const char *s)
{
	return imp_bytes(s, strlen(s));
}

static size_t line_end(imp_span s, size_t at)
{
	while (at < s.len && s.ptr[at] != '\n')
		at++;
	return at;
}

static imp_span bearer(imp_span name)
{
	imp_span v = imp_line(name, "authorization");
	return starts(v, "Bearer ", 0) ? imp_bytes(v.ptr + 7, v.len - 7) : NONE;
}

/* The path ends in "fdo/101/msg/N"; what stands before it is the server's. */
uint8_t fdo_request_type(const imp_msg *rx, imp_span *token)
{
	static const char path[] = "fdo/101/msg/";
	size_t end = line_end(rx->name, 0), at = 0, n = sizeof path - 1;
	uint32_t type = 0;
	*token = bearer(rx->name);
	while (at + n < end && !starts(rx->name, path, at))
		at++;
	at += n;
	if (at >= end || end - at > 3 || rx->name.ptr[at] == '0')
		return 0;
	for (; at < end; at++) {
		if (rx->name.ptr[at] < '0' || rx->name.ptr[at] > '9')
			return 0;
		type = type * 10 + (uint32_t)(rx->name.ptr[at] - '0');
	}
	return type <= 255 ? (uint8_t)type : 0;
}

static void put_hex(imp_wr *w, imp_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		imp_wr_u8(w, (uint8_t)"0123456789abcdef"[s.ptr[i] >> 4]);
		imp_wr_u8(w, (uint8_t)"0123456789abcdef"[s.ptr[i] & 15]);
	}
}

imp_span fdo_reply_lines(char to[FDO_REPLY_LINES], uint8_t type, const uint8_t *token)
{
	imp_wr w = imp_wr_to(to, FDO_REPLY_LINES);
	imp_wr_text(&w, "message-type: ");
	if (type >= 100)
		imp_wr_u8(&w, (uint8_t)('0' + type / 100));
	imp_wr_u8(&w, (uint8_t)('0' + type / 10 % 10));
	imp_wr_u8(&w, (uint8_t)('0' + type % 10));
	if (token) {
		imp_wr_text(&w, "\nauthorization: Bearer ");
		put_hex(&w, imp_bytes(token, FDO_TOKEN));
	}
	return imp_wr_span(&w);
}

/* --- a session ------------------------------------------------------------ */

imp_status fdo_server_start(struct fdo_server *s, imp_cx *cx, const imp_msg *in)
{
	if (in->name.len != FDO_TOKEN)
		return IMP_EARG;
	memcpy(s->token, in->name.ptr, FDO_TOKEN);
	s->idle = FDO_IDLE;
	cx->wake(cx, cx->now + s->idle);
	return IMP_OK;
}

static imp_status say(imp_cx *cx, uint16_t verb, uint16_t topic, int32_t code, uint32_t ticket, imp_span name, imp_span data)
{
	imp_msg m = imp_say(verb, topic, code, ticket, name, data);
	return cx->emit(cx, &m);
}

/* Not ours to refuse, but each request is owed its one answer. */
static imp_status turn_away(imp_cx *cx, uint32_t ticket, uint8_t type, uint16_t error, const char *why)
{
	uint8_t body[96];
	char lines[FDO_REPLY_LINES];
	imp_wr w = imp_wr_to(body, sizeof body);
	fdo_put_error(&w, error, type, why);
	return ticket ? say(cx, IMP_ANSWER, FDO_CBOR, HTTP_BAD, ticket, fdo_reply_lines(lines, FDO_ERROR, NULL), imp_wr_span(&w)) : IMP_OK;
}

static void note(struct fdo_server *s, const char *where, const char *why)
{
	imp_wr w = imp_wr_to(s->reason, FDO_REASON - 1);
	memset(s->reason, 0, FDO_REASON);
	imp_wr_text(&w, where);
	imp_wr_text(&w, ", ");
	for (; *why && w.len < w.cap; why++)
		imp_wr_u8(&w, (uint8_t)*why);
}

static imp_status over(struct fdo_server *s, imp_cx *cx, const imp_msg *done, const char *where, const char *why)
{
	imp_status sent = turn_away(cx, s->request, s->message, done->topic, why);
	s->request = s->want = 0;
	s->over = 1;
	note(s, where, why);
	return sent < 0 ? sent : cx->emit(cx, done);
}

imp_status fdo_refuse(struct fdo_server *s, imp_cx *cx, imp_status st, uint16_t error, const char *where, const char *why)
{
	imp_msg m = imp_say(IMP_DONE, error, st, 0, NONE, text(why));
	return over(s, cx, &m, where, why);
}

imp_status fdo_lacks(struct fdo_server *s, imp_cx *cx, int32_t code, uint16_t error, const char *where, const char *why, imp_span fact)
{
	imp_msg m = imp_say(IMP_DONE, error, code < 0 ? code : IMP_EFACT, 0, fact, text(why));
	return over(s, cx, &m, where, why);
}

imp_status fdo_finish(struct fdo_server *s, imp_cx *cx, imp_status st, uint64_t when)
{
	imp_msg m = imp_say(IMP_DONE, 0, st, 0, NONE, NONE);
	m.when = when;
	s->over = 1;
	return cx->emit(cx, &m);
}

/* Message 255 of the device: the end, and an empty reply. */
static imp_status peer_failed(struct fdo_server *s, imp_cx *cx, const imp_msg *rx, const char *where)
{
	imp_msg m = imp_say(IMP_DONE, 0, IMP_EPEER, 0, NONE, NONE);
	char said[FDO_SAID];
	fdo_err e;
	imp_status st = rx->ticket ? say(cx, IMP_ANSWER, 0xffff, HTTP_OK, rx->ticket, NONE, NONE) : IMP_OK;
	if (st == IMP_OK && s->request)
		st = turn_away(cx, s->request, s->message, FDO_E_INVALID, "withdrawn");
	if (fdo_read_error(rx->data, &e) < 0)
		e = (fdo_err){0, 0, NONE};
	m.topic = e.code;
	fdo_error_said(&e, said);
	m.data = text(said);
	s->request = s->want = 0;
	s->over = 1;
	note(s, where, "the device's error");
	return st < 0 ? st : cx->emit(cx, &m);
}

uint8_t fdo_server_take(struct fdo_server *s, imp_cx *cx, const imp_msg *rx, const char *where, imp_status *st)
{
	imp_span token;
	uint8_t type = fdo_request_type(rx, &token);
	*st = IMP_OK;
	if (s->over) {
		*st = turn_away(cx, rx->ticket, type, FDO_E_TOKEN, "the session is over");
	} else if (type == FDO_ERROR) {
		*st = peer_failed(s, cx, rx, where);
	} else if (s->request) {
		*st = turn_away(cx, rx->ticket, type, FDO_E_INVALID, "a message is in work");
		if (*st == IMP_OK)
			*st = fdo_refuse(s, cx, IMP_EPROTO, FDO_E_INVALID, where, "two messages at once");
	} else {
		s->request = rx->ticket;
		s->message = type;
		if (rx->flags & IMP_MORE)
			*st = fdo_refuse(s, cx, IMP_ENOSPC, FDO_E_BODY, where, "message too large");
		else if (rx->code != IMP_POST || !type)
			*st = fdo_refuse(s, cx, IMP_EPROTO, FDO_E_INVALID, where, "no FDO request");
		else
			return type;
	}
	return 0;
}

int fdo_server_wanted(struct fdo_server *s, const imp_msg *answer)
{
	if (s->over || !answer->ticket || answer->ticket != s->want)
		return 0;
	s->want = 0;
	return 1;
}

imp_status fdo_reply(struct fdo_server *s, imp_cx *cx, uint8_t state, uint8_t type, imp_span body)
{
	char lines[FDO_REPLY_LINES];
	imp_span name = fdo_reply_lines(lines, type, s->told ? NULL : s->token);
	uint32_t ticket = s->request;
	s->told = 1;
	s->request = 0;
	s->state = state;
	cx->wake(cx, cx->now + s->idle);
	return say(cx, IMP_ANSWER, FDO_CBOR, HTTP_OK, ticket, name, body);
}

imp_status fdo_ask(struct fdo_server *s, imp_cx *cx, uint8_t state, uint16_t topic, int32_t code, imp_span name, imp_span data)
{
	imp_msg m = imp_say(IMP_ASK, topic, code, 0, name, data);
	s->tickets = (s->tickets + 1) & 0xffffff;
	s->tickets += !s->tickets;
	m.ticket = s->want = s->tickets;
	m.when = FDO_PATIENCE;
	s->state = state;
	cx->wake(cx, cx->now + FDO_PATIENCE);
	return cx->emit(cx, &m);
}

imp_status fdo_commit(struct fdo_server *s, imp_cx *cx, uint8_t state, uint16_t topic, imp_span name, imp_span data, uint64_t when)
{
	imp_msg m = imp_say(IMP_LEARN, topic, 0, 0, name, data);
	s->tickets = (s->tickets + 1) & 0xffffff;
	s->tickets += !s->tickets;
	m.ticket = s->want = s->tickets;
	m.flags = IMP_NOW;
	m.when = when;
	s->state = state;
	cx->wake(cx, cx->now + FDO_PATIENCE);
	return cx->emit(cx, &m);
}

imp_status fdo_learn(imp_cx *cx, uint16_t topic, int32_t code, uint16_t flags, imp_span name, imp_span data)
{
	imp_msg m = imp_say(IMP_LEARN, topic, code, 0, name, data);
	m.flags = flags;
	return cx->emit(cx, &m);
}

/* --- hold ----------------------------------------------------------------- */

size_t fdo_hold_room(const imp_params *p)
{
	size_t n = p->max_chain ? p->max_chain : FDO_HOLD_DEFAULT;
	return n < 65535 ? n : 65535;
}

size_t fdo_server_work(const imp_params *p)
{
	return 3 * (fdo_hold_room(p) + p->max_msg + 512) + 4096;
}

static size_t hold_at(const struct fdo_hold *h, unsigned part)
{
	size_t at = 0;
	for (unsigned i = 0; i < part; i++)
		at += h->len[i];
	return at;
}

imp_status fdo_hold_put(struct fdo_hold *h, unsigned part, imp_span s)
{
	size_t all = hold_at(h, FDO_HOLD_PARTS), was = h->len[part], end = hold_at(h, part + 1) - was;
	uint8_t *at = (uint8_t *)(h + 1) + end;
	if (s.len > h->cap - (all - was))
		return IMP_ENOSPC;
	memmove(at + s.len, at + was, all - end - was);
	if (s.len)
		memcpy(at, s.ptr, s.len);
	if (was > s.len)
		imp_wipe((uint8_t *)(h + 1) + all - (was - s.len), was - s.len);
	h->len[part] = (uint16_t)s.len;
	return IMP_OK;
}

imp_span fdo_hold_get(const struct fdo_hold *h, unsigned part)
{
	return imp_bytes((const uint8_t *)(h + 1) + hold_at(h, part), h->len[part]);
}

void fdo_hold_wipe(struct fdo_hold *h)
{
	imp_wipe(h + 1, hold_at(h, FDO_HOLD_PARTS)); /* what lies behind is zero */
	memset(h->len, 0, sizeof h->len);
}

/* --- claims --------------------------------------------------------------- */

imp_status fdo_claims_of(struct fdo_claims *k, const fdo_head *h)
{
	imp_cert cert;
	imp_status st;
	k->info = h->header.info;
	k->mfg = h->header.key.raw;
	k->leaf = fdo_chain_cert(h->chain, 0);
	st = imp_cert_read(k->leaf, &cert);
	if (st == IMP_OK)
		k->spki = cert.spki;
	return st;
}

static imp_status put_digest(const imp_crypto *c, imp_wr *w, uint16_t topic, imp_span of)
{
	uint8_t digest[FDO_HASH_MAX];
	imp_status st = imp_hash(c, IMP_A_SHA256, &of, 1, digest);
	imp_cbor_put_uint(w, topic);
	imp_cbor_put_bstr(w, imp_bytes(digest, 32));
	return st;
}

/* Of a PublicKey in its X509 form: the key is what policies know. */
static imp_status put_key_digest(const imp_crypto *c, imp_wr *w, uint16_t topic, imp_span raw)
{
	uint8_t plain[FDO_KEY_BITS + 64];
	imp_wr x = imp_wr_to(plain, sizeof plain);
	imp_rd r = imp_rd_of(raw);
	fdo_pubkey pk;
	fdo_key key;
	fdo_pubkey_read(&r, &pk);
	if (imp_rd_end(&r) < 0 || fdo_key_read(&pk, &key) < 0)
		return IMP_EBADMSG;
	fdo_put_key(&x, &key, FDO_ENC_X509);
	return imp_wr_end(&x) < 0 ? imp_wr_end(&x) : put_digest(c, w, topic, imp_wr_span(&x));
}

imp_status fdo_put_claims(const imp_crypto *c, imp_wr *w, const struct fdo_claims *k)
{
	imp_status st = IMP_OK;
	imp_cbor_put_map(w, 5u + (k->mfg.len > 0) + (k->owner.len > 0) + (k->wait > 0));
	imp_cbor_put_uint(w, IMP_T_IDENTITY);
	if (k->serial)
		imp_cbor_put_tstr(w, k->identity);
	else
		imp_cbor_put_bstr(w, k->identity);
	imp_cbor_put_uint(w, IMP_T_CHAIN);
	if (k->leaf.len)
		imp_cbor_put_bstr(w, k->leaf);
	else
		imp_cbor_put_null(w);
	if (k->mfg.len)
		st = put_key_digest(c, w, IMP_T_ANCHOR, k->mfg);
	if (st == IMP_OK)
		st = put_digest(c, w, IMP_T_PEERKEY, k->spki);
	if (k->wait) {
		imp_cbor_put_uint(w, IMP_T_SERVER);
		imp_cbor_put_uint(w, k->wait);
	}
	imp_cbor_put_uint(w, IMP_T_VOUCHER);
	imp_cbor_put_uint(w, k->entries);
	if (st == IMP_OK && k->owner.len)
		st = put_key_digest(c, w, IMP_T_OWNER, k->owner);
	imp_cbor_put_uint(w, IMP_T_CONFIG);
	imp_cbor_put_tstr(w, k->info);
	return st == IMP_OK ? imp_wr_end(w) : st;
}

/* --- names ---------------------------------------------------------------- */

imp_span fdo_name(char to[FDO_NAME], const char *prefix, const uint8_t *guid, const char *suffix, imp_span more)
{
	imp_wr w = imp_wr_to(to, FDO_NAME);
	imp_wr_text(&w, prefix);
	put_hex(&w, imp_bytes(guid, FDO_GUID));
	imp_wr_text(&w, suffix);
	imp_wr_bytes(&w, more);
	return imp_wr_span(&w);
}

static int nibble(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int fdo_unhex(imp_span s, uint8_t out[16])
{
	if (s.len != 32)
		return 0;
	for (size_t i = 0; i < 16; i++) {
		int a = nibble(s.ptr[2 * i]), b = nibble(s.ptr[2 * i + 1]);
		if (a < 0 || b < 0)
			return 0;
		out[i] = (uint8_t)(a << 4 | b);
	}
	return 1;
}

/* --- chains --------------------------------------------------------------- */

imp_status fdo_chain_path(const imp_crypto *c, imp_span chain, const char **why)
{
	imp_span cert[CHAIN_MAX];
	imp_rd r = imp_rd_of(chain);
	size_t n = imp_cbor_array(&r), which;
	*why = "device certificates";
	if (!n || n > CHAIN_MAX)
		return IMP_EAUTH;
	for (size_t i = 0; i < n; i++)
		cert[i] = imp_cbor_bstr(&r);
	if (imp_rd_end(&r) < 0)
		return IMP_EAUTH;
	return imp_chain_verify(c, cert, n, &cert[n - 1], 1, 0, why, &which);
}

int fdo_sig_fits(const fdo_key *key, int32_t sig)
{
	int32_t own = fdo_key_sig(key);
	if (own == sig)
		return 1;
	return key->alg == IMP_X509_RSA && ((own == IMP_A_RS256 && sig == IMP_A_PS256) || (own == IMP_A_RS384 && sig == IMP_A_PS384));
}
