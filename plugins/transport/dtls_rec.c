/* dtls_rec.c -- one record: sealed, opened, counted.  RFC 6347 4.1, RFC 9146. */
#include "dtls_in.h"

enum { WINDOW = 64, PLAIN = 16384 };
#define SEQ_MAX 0xffffffffffffu

static const struct imp_dtls_bulk *bulk_of(const struct imp_dtls_run *r, const struct imp_dtls_epoch *e)
{
	return r->p->suites[e->suite - 1].bulk;
}

/* What the tag covers: the number, type and version (RFC 6347 4.1.2.1), or the
 * longer form when there is a connection id (RFC 9146 5); then the length. */
static size_t make_aad(imp_wr *w, uint8_t type, uint16_t version, uint64_t number, imp_span cid)
{
	if (!cid.len) {
		imp_wr_be64(w, number);
		imp_wr_u8(w, type);
		imp_wr_be16(w, version);
		return w->len;
	}
	imp_wr_be64(w, UINT64_MAX);
	imp_wr_u8(w, IMP_DTLS_WITH_CID);
	imp_wr_u8(w, (uint8_t)cid.len);
	imp_wr_u8(w, IMP_DTLS_WITH_CID);
	imp_wr_be16(w, version);
	imp_wr_be64(w, number);
	imp_wr_bytes(w, cid);
	return w->len;
}

size_t imp_dtls_fits(const struct imp_dtls_run *r, const struct imp_dtls_epoch *e, size_t room)
{
	size_t head = IMP_DTLS_HEAD, n;
	if (!e)
		return room > head ? room - head : 0;
	head += e->cid_out_len;
	n = room > head ? bulk_of(r, e)->fits(room - head) : 0;
	if (e->cid_out_len)
		n = n ? n - 1 : 0; /* the true type */
	return n < PLAIN ? n : PLAIN;
}

static imp_status put_plain(struct imp_dtls *s, imp_wr *w, uint8_t type, imp_span in)
{
	if (s->wseq > SEQ_MAX)
		return IMP_EOVER;
	imp_dtls_put_head(w, type, 0, s->wseq, imp_bytes(NULL, 0), in.len);
	imp_wr_bytes(w, in);
	s->wseq++;
	return imp_wr_end(w);
}

static imp_status put_sealed(struct imp_dtls_run *r, imp_wr *w, struct imp_dtls_epoch *e, uint8_t type, imp_span in)
{
	const struct imp_dtls_bulk *b = bulk_of(r, e);
	imp_span cid = imp_bytes(e->cid_out, e->cid_out_len), aad;
	uint64_t number = (uint64_t)1 << 48 | e->wseq;
	uint8_t bytes[32 + IMP_DTLS_CID_MAX], *out;
	imp_wr a = imp_wr_to(bytes, sizeof bytes);
	size_t len, head = IMP_DTLS_HEAD + cid.len;
	imp_status st;
	if (e->wseq > SEQ_MAX)
		return IMP_EOVER;
	if (w->len + head + in.len + 1 + b->most > w->cap)
		return IMP_ENOSPC;
	out = w->to + w->len + head;
	if (cid.len) { /* the true type goes inside */
		memmove(out + b->nonce, in.ptr, in.len);
		out[b->nonce + in.len] = type;
		in = imp_bytes(out + b->nonce, in.len + 1);
	}
	make_aad(&a, type, IMP_DTLS_12, number, cid);
	aad = imp_wr_span(&a);
	len = w->cap - w->len - head;
	st = b->seal(r, e->keys, r->s->server, aad, number, in, out, &len);
	if (st < 0)
		return st;
	imp_dtls_put_head(w, cid.len ? IMP_DTLS_WITH_CID : type, 1, e->wseq, cid, len);
	imp_wr_gap(w, len);
	e->wseq++;
	return IMP_OK;
}

imp_status imp_dtls_put_record(struct imp_dtls_run *r, imp_wr *w, struct imp_dtls_epoch *e, uint8_t type, imp_span in)
{
	return e ? put_sealed(r, w, e, type, in) : put_plain(r->s, w, type, in);
}

/* --- reading ------------------------------------------------------------------ */

static int is_new(const struct imp_dtls_epoch *e, uint64_t seq)
{
	if (seq >= e->top)
		return 1;
	return e->top - seq <= WINDOW && !(e->seen >> (e->top - 1 - seq) & 1);
}

static void mark(struct imp_dtls_epoch *e, uint64_t seq)
{
	if (seq >= e->top) {
		uint64_t by = seq + 1 - e->top;
		e->seen = by < WINDOW ? e->seen << by : 0;
		e->top = seq + 1;
	}
	e->seen |= (uint64_t)1 << (e->top - 1 - seq);
}

/* The true type behind the content, and zeros behind that. */
static int unpad(imp_span *out, uint8_t *type)
{
	while (out->len && !out->ptr[out->len - 1])
		out->len--;
	if (!out->len)
		return 0;
	*type = out->ptr[--out->len];
	return 1;
}

imp_status imp_dtls_open_record(struct imp_dtls_run *r, struct imp_dtls_epoch *e, const struct imp_dtls_record *in, uint8_t *type, imp_span *out)
{
	const struct imp_dtls_bulk *b = bulk_of(r, e);
	uint8_t bytes[32 + IMP_DTLS_CID], *to;
	imp_wr a = imp_wr_to(bytes, sizeof bytes);
	imp_span aad;
	size_t len = in->payload.len;
	if (in->version != IMP_DTLS_12 || !is_new(e, in->seq) || len > PLAIN + b->most + 1u)
		return IMP_EAUTH;
	if (in->cid.len != e->cid_in || !imp_same(in->cid, imp_bytes(e->cid, e->cid_in)))
		return IMP_EAUTH;
	to = r->cx->room(r->cx, len);
	if (!to)
		return IMP_EAUTH;
	make_aad(&a, in->type, in->version, (uint64_t)in->epoch << 48 | in->seq, in->cid);
	aad = imp_wr_span(&a);
	if (b->open(r, e->keys, !r->s->server, aad, in->payload, to, &len) < 0 || len > PLAIN)
		return IMP_EAUTH;
	mark(e, in->seq);
	*out = imp_bytes(to, len);
	*type = in->type;
	return !e->cid_in || unpad(out, type) ? IMP_OK : IMP_EAUTH;
}

/* --- sending one --------------------------------------------------------------- */

imp_msg imp_dtls_tx(const struct imp_dtls *s, imp_span datagram)
{
	return imp_say(IMP_TX, 0, 0, 0, imp_bytes(s->addr, s->addr_len), datagram);
}

void imp_dtls_send(struct imp_dtls_run *r, struct imp_dtls_epoch *e, uint8_t type, imp_span in, uint32_t ticket)
{
	size_t most = IMP_DTLS_HEAD + in.len + 1 + (e ? (size_t)bulk_of(r, e)->most + e->cid_out_len : 0);
	imp_wr w = imp_wr_to(r->cx->room(r->cx, most), most);
	imp_msg m;
	if (!w.to || imp_dtls_put_record(r, &w, e, type, in) < 0)
		return;
	m = imp_dtls_tx(r->s, imp_wr_span(&w));
	m.ticket = ticket;
	r->cx->emit(r->cx, &m);
}

void imp_dtls_alert(struct imp_dtls_run *r, int fatal, int what)
{
	uint8_t bytes[2] = {(uint8_t)(fatal ? 2 : 1), (uint8_t)what};
	struct imp_dtls *s = r->s;
	struct imp_dtls_epoch *e = s->live.suite ? &s->live : NULL;
	if (!e && s->state == IMP_DTLS_EXPECT_SERVER_FINISHED)
		e = &s->next; /* our ChangeCipherSpec is out */
	imp_dtls_send(r, e, IMP_DTLS_ALERT, imp_bytes(bytes, 2), 0);
}
