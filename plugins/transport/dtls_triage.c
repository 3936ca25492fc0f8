/* dtls_triage.c -- datagrams before there is a session: RFC 6347 4.2.1.
 *
 * A cookie is a MAC over the client's address, version, random number and
 * session id by the host's secret, so a copy of it is worth nothing to
 * another address and nothing is kept.  HelloVerifyRequest is shorter than
 * the ClientHello it answers. */
#include "alg.h"
#include "ct.h"
#include "dtls_in.h"

enum { SECRET = 32, BY_ADDRESS = 'a', BY_HASH = 'h', VERIFY_BODY = 3 + IMP_DTLS_COOKIE, VERIFY_LEN = IMP_DTLS_HEAD + IMP_DTLS_MSG_HEAD + VERIFY_BODY };

static imp_status make_cookie(const imp_crypto *c, imp_span secret, imp_span address, const struct imp_dtls_hello *h, uint8_t out[IMP_DTLS_COOKIE])
{
	imp_key k = {IMP_A_HMAC256, 0, 0, secret};
	uint8_t head[4] = {(uint8_t)address.len, (uint8_t)(h->version >> 8), (uint8_t)h->version, (uint8_t)h->session.len};
	imp_span part[4] = {imp_bytes(head, sizeof head), address, h->random, h->session};
	return c->mac(c, IMP_A_HMAC256, &k, part, 4, out, IMP_DTLS_COOKIE);
}

static int cookie_fits(const imp_crypto *c, imp_span secret, imp_span address, const struct imp_dtls_hello *h)
{
	uint8_t good[IMP_DTLS_COOKIE];
	if (h->cookie.len != IMP_DTLS_COOKIE)
		return 0;
	for (size_t at = 0; at + SECRET <= secret.len; at += SECRET)
		if (make_cookie(c, imp_bytes(secret.ptr + at, SECRET), address, h, good) == IMP_OK && imp_ct_equal(good, h->cookie.ptr, IMP_DTLS_COOKIE))
			return 1;
	return 0;
}

static int bounce(const imp_crypto *c, imp_span secret, const imp_msg *rx, const struct imp_dtls_record *in, const struct imp_dtls_fragment *f, const struct imp_dtls_hello *h, imp_msg *reply, uint8_t *buf, size_t cap)
{
	imp_wr w = imp_wr_to(buf, cap);
	uint8_t cookie[IMP_DTLS_COOKIE], head[IMP_DTLS_MSG_HEAD];
	if (cap < VERIFY_LEN || secret.len < SECRET || make_cookie(c, imp_bytes(secret.ptr, SECRET), rx->name, h, cookie) < 0)
		return IMP_DROP;
	imp_dtls_put_head(&w, IMP_DTLS_HANDSHAKE, 0, in->seq, imp_bytes(NULL, 0), VERIFY_LEN - IMP_DTLS_HEAD);
	imp_dtls_put_fragment(head, IMP_DTLS_HELLO_VERIFY, f->seq, VERIFY_BODY, 0, VERIFY_BODY);
	imp_wr_bytes(&w, imp_bytes(head, sizeof head));
	imp_wr_be16(&w, IMP_DTLS_10); /* whatever the version will be: RFC 6347 4.2.1 */
	imp_dtls_put_vec8(&w, imp_bytes(cookie, sizeof cookie));
	*reply = imp_say(IMP_TX, 0, 0, 0, rx->name, imp_wr_span(&w));
	return IMP_BOUNCE;
}

/* The session's key: the address, or its hash if it is too long. */
static int name_session(const imp_crypto *c, imp_span address, uint8_t key[24], size_t *len)
{
	uint8_t hash[32];
	key[0] = address.len < 24 ? BY_ADDRESS : BY_HASH;
	*len = address.len < 24 ? address.len + 1 : 24;
	if (address.len < 24) {
		if (address.len)
			memcpy(key + 1, address.ptr, address.len);
		return 1;
	}
	if (imp_hash(c, IMP_A_SHA256, &address, 1, hash) < 0)
		return 0;
	memcpy(key + 1, hash, 23);
	return 1;
}

static int client_hello(const imp_crypto *c, imp_span secret, const imp_msg *rx, const struct imp_dtls_record *in, imp_span *hint, imp_msg *reply, uint8_t *buf, size_t cap)
{
	imp_rd x = imp_rd_of(in->payload);
	struct imp_dtls_fragment f;
	struct imp_dtls_hello h;
	if (!imp_dtls_read_fragment(&x, &f))
		return IMP_DROP;
	if (f.type != IMP_DTLS_CLIENT_HELLO || f.at)
		return IMP_KNOWN;
	if (imp_dtls_read_hello_start(f.part, &h) < 0)
		return IMP_DROP;
	if (!cookie_fits(c, secret, rx->name, &h))
		return bounce(c, secret, rx, in, &f, &h, reply, buf, cap);
	if (f.part.len == f.len && imp_dtls_read_client_hello(f.part, &h) == IMP_OK)
		*hint = h.sni;
	return IMP_FRESH;
}

int imp_dtls_triage(const imp_crypto *c, imp_span secret, uint64_t now, const imp_msg *rx, uint8_t key[24], size_t *key_len, imp_span *hint, imp_msg *reply, uint8_t *buf, size_t cap)
{
	imp_rd x = imp_rd_of(rx->data);
	struct imp_dtls_record in;
	(void)now;
	if (!imp_dtls_read_record(&x, IMP_DTLS_CID, &in) || in.epoch > 1 || !name_session(c, rx->name, key, key_len))
		return IMP_DROP;
	if (in.type == IMP_DTLS_WITH_CID) {
		key[0] = IMP_DTLS_WITH_CID;
		memcpy(key + 1, in.cid.ptr, IMP_DTLS_CID);
		*key_len = 1 + IMP_DTLS_CID;
		return IMP_KNOWN;
	}
	if (in.type == IMP_DTLS_HANDSHAKE && !in.epoch)
		return client_hello(c, secret, rx, &in, hint, reply, buf, cap);
	return in.type >= IMP_DTLS_CCS && in.type <= IMP_DTLS_DATA ? IMP_KNOWN : IMP_DROP;
}
