/* wire.c -- see wire.h. */
#include "wire.h"
#include "utf8.h"

#define NONE imp_bytes(NULL, 0)

enum { EXTENDED = 255 };

/* --- TLVs ------------------------------------------------------------------- */

int thread_next(imp_rd *r, thread_tlv *t)
{
	size_t n;
	if (r->err || !imp_rd_left(r))
		return 0;
	t->type = imp_rd_u8(r);
	n = imp_rd_u8(r);
	if (n == EXTENDED)
		n = imp_rd_be16(r);
	t->value = imp_rd_bytes(r, n);
	return !r->err;
}

imp_status thread_check(imp_span tlvs)
{
	imp_rd r = imp_rd_of(tlvs);
	thread_tlv t;
	while (thread_next(&r, &t))
		;
	return imp_rd_end(&r);
}

imp_span thread_find(imp_span tlvs, uint8_t type)
{
	imp_rd r = imp_rd_of(tlvs);
	thread_tlv t;
	while (thread_next(&r, &t))
		if (t.type == type)
			return t.value;
	return NONE;
}

void thread_put(imp_wr *w, uint8_t type, imp_span value)
{
	if (value.len > UINT16_MAX)
		imp_wr_fail(w, IMP_EARG);
	imp_wr_u8(w, type);
	imp_wr_u8(w, (uint8_t)(value.len < EXTENDED ? value.len : EXTENDED));
	if (value.len >= EXTENDED)
		imp_wr_be16(w, (uint16_t)value.len);
	imp_wr_bytes(w, value);
}

void thread_put_u16(imp_wr *w, uint8_t type, uint16_t value)
{
	uint8_t b[2] = {(uint8_t)(value >> 8), (uint8_t)value};
	thread_put(w, type, imp_bytes(b, sizeof b));
}

void thread_put_state(imp_wr *w, int state)
{
	uint8_t b = (uint8_t)state;
	thread_put(w, THREAD_STATE, imp_bytes(&b, 1));
}

int thread_state_of(imp_span tlvs)
{
	imp_span v = thread_find(tlvs, THREAD_STATE);
	int state = v.len == 1 ? (int8_t)v.ptr[0] : THREAD_NO_STATE;
	return state >= THREAD_REJECT && state <= THREAD_ACCEPT ? state : THREAD_NO_STATE;
}

/* --- messages ----------------------------------------------------------------- */

static int is_text(imp_span s, size_t most)
{
	size_t n;
	for (size_t at = 0; at < s.len && s.len <= most; at += n)
		if (!(n = imp_utf8_len(s.ptr + at, s.len - at)))
			return 0;
	return s.len <= most;
}

imp_status thread_read_finalize(imp_span in, thread_finalize *f)
{
	f->state = thread_state_of(in);
	f->vendor = thread_find(in, THREAD_VENDOR);
	f->model = thread_find(in, THREAD_MODEL);
	f->version = thread_find(in, THREAD_VERSION);
	f->data = thread_find(in, THREAD_DATA);
	f->stack = thread_find(in, THREAD_STACK);
	f->url = thread_find(in, THREAD_URL);
	if (thread_check(in) || f->state == THREAD_NO_STATE || !is_text(f->vendor, THREAD_VENDOR_MAX) || !is_text(f->model, THREAD_VENDOR_MAX)
	    || !is_text(f->version, THREAD_VERSION_MAX) || !is_text(f->url, THREAD_URL_MAX) || f->data.len > THREAD_DATA_MAX || (f->stack.len && f->stack.len != THREAD_STACK_LEN))
		return IMP_EBADMSG;
	return IMP_OK;
}

static void put_if(imp_wr *w, uint8_t type, imp_span v)
{
	if (v.len)
		thread_put(w, type, v);
}

void thread_put_finalize(imp_wr *w, const thread_finalize *f)
{
	thread_put_state(w, f->state);
	put_if(w, THREAD_VENDOR, f->vendor);
	put_if(w, THREAD_MODEL, f->model);
	put_if(w, THREAD_VERSION, f->version);
	put_if(w, THREAD_STACK, f->stack);
	put_if(w, THREAD_DATA, f->data);
	put_if(w, THREAD_URL, f->url);
}

static uint16_t be16(imp_span v)
{
	return (uint16_t)(v.ptr[0] << 8 | v.ptr[1]);
}

imp_status thread_read_relay(imp_span in, thread_relay *r)
{
	imp_span port = thread_find(in, THREAD_JOINER_PORT), iid = thread_find(in, THREAD_IID), router = thread_find(in, THREAD_ROUTER);
	r->encap = thread_find(in, THREAD_ENCAP);
	r->kek = thread_find(in, THREAD_KEK);
	if (thread_check(in) || !r->encap.len || port.len != 2 || iid.len != THREAD_ID || router.len != 2 || (r->kek.ptr && r->kek.len != THREAD_KEY))
		return IMP_EBADMSG;
	r->port = be16(port);
	r->router = be16(router);
	memcpy(r->iid, iid.ptr, THREAD_ID);
	return IMP_OK;
}

void thread_put_relay(imp_wr *w, const thread_relay *r)
{
	thread_put_u16(w, THREAD_JOINER_PORT, r->port);
	thread_put(w, THREAD_IID, imp_bytes(r->iid, THREAD_ID));
	thread_put_u16(w, THREAD_ROUTER, r->router);
	put_if(w, THREAD_KEK, r->kek);
	thread_put(w, THREAD_ENCAP, r->encap);
}

imp_status thread_read_petition(imp_span in, thread_petition *p)
{
	imp_span session = thread_find(in, THREAD_SESSION);
	p->state = thread_state_of(in);
	p->commissioner = thread_find(in, THREAD_COMMISSIONER);
	p->steering = thread_find(in, THREAD_STEERING);
	if (thread_check(in) || (session.ptr && session.len != 2) || !is_text(p->commissioner, THREAD_COMMISSIONER_MAX) || p->steering.len > THREAD_STEER_MAX
	    || (p->state == THREAD_NO_STATE && thread_find(in, THREAD_STATE).ptr))
		return IMP_EBADMSG;
	p->session = session.len ? be16(session) : -1;
	return IMP_OK;
}

void thread_put_petition(imp_wr *w, const thread_petition *p)
{
	if (p->state != THREAD_NO_STATE)
		thread_put_state(w, p->state);
	put_if(w, THREAD_COMMISSIONER, p->commissioner);
	if (p->session >= 0)
		thread_put_u16(w, THREAD_SESSION, (uint16_t)p->session);
	put_if(w, THREAD_STEERING, p->steering);
}

/* --- datasets ------------------------------------------------------------------- */

static int length_good(const thread_tlv *t)
{
	static const struct {
		uint8_t type, least, most;
	} rows[] = {
		{THREAD_CHANNEL, 3, 3}, {THREAD_PANID, 2, 2}, {THREAD_EXTPANID, 8, 8}, {THREAD_NAME, 1, 16}, {THREAD_PSKC, 16, 16}, {THREAD_NETKEY, 16, 16},
		{THREAD_KEYSEQ, 4, 4}, {THREAD_PREFIX, 8, 8}, {THREAD_POLICY, 3, 4}, {THREAD_ACTIVE, 8, 8}, {THREAD_PENDING, 8, 8}, {THREAD_DELAY, 4, 4}, {THREAD_CHANNELS, 3, 64},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].type == t->type)
			return t->value.len >= rows[i].least && t->value.len <= rows[i].most;
	return 1;
}

imp_status thread_check_dataset(imp_span in)
{
	imp_rd r = imp_rd_of(in);
	uint8_t seen[32] = {0};
	thread_tlv t;
	while (thread_next(&r, &t)) {
		if (seen[t.type / 8] >> (t.type % 8) & 1 || !length_good(&t))
			return IMP_EBADMSG;
		seen[t.type / 8] |= (uint8_t)(1 << (t.type % 8));
	}
	return in.len <= THREAD_DATASET ? imp_rd_end(&r) : IMP_EBADMSG;
}

/* --- steering data ---------------------------------------------------------------- */

static uint16_t crc(uint16_t polynomial, const uint8_t id[THREAD_ID])
{
	unsigned c = 0;
	for (int i = 0; i < THREAD_ID; i++) {
		c ^= (unsigned)id[i] << 8;
		for (int b = 0; b < 8; b++)
			c = (c << 1 ^ (c & 0x8000 ? polynomial : 0)) & 0xffff;
	}
	return (uint16_t)c;
}

void thread_steer(uint8_t *data, size_t len, const uint8_t id[THREAD_ID])
{
	size_t a = crc(0x1021, id) % (8 * len), b = crc(0x8005, id) % (8 * len);
	data[len - 1 - a / 8] |= (uint8_t)(1 << (a % 8));
	data[len - 1 - b / 8] |= (uint8_t)(1 << (b % 8));
}

int thread_steered(imp_span data, const uint8_t id[THREAD_ID])
{
	uint8_t want[THREAD_STEER_MAX] = {0};
	if (!data.len || data.len > sizeof want)
		return 0;
	thread_steer(want, data.len, id);
	for (size_t i = 0; i < data.len; i++)
		if (want[i] & ~data.ptr[i])
			return 0;
	return 1;
}

/* --- labels --------------------------------------------------------------------------- */

int thread_pskd_good(imp_span pskd)
{
	int good = pskd.len >= THREAD_PSKD_MIN && pskd.len <= THREAD_PSKD_MAX;
	for (size_t i = 0; i < pskd.len; i++) {
		uint8_t c = pskd.ptr[i];
		good &= (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Y' && c != 'I' && c != 'O' && c != 'Q');
	}
	return good;
}

void thread_name(const char *prefix, const uint8_t id[THREAD_ID], char *to)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = strlen(prefix);
	memcpy(to, prefix, at);
	for (int i = 0; i < THREAD_ID; i++) {
		to[at++] = digits[id[i] >> 4];
		to[at++] = digits[id[i] & 15];
	}
	to[at] = 0;
}

void thread_put_label(imp_wr *w, const uint8_t eui[THREAD_ID], imp_span pskd)
{
	char head[9 + 2 * THREAD_ID + 1];
	thread_name("v=1&&eui=", eui, head);
	imp_wr_text(w, head);
	imp_wr_text(w, "&&cc=");
	imp_wr_bytes(w, pskd);
}

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int read_eui(imp_span hex, uint8_t eui[THREAD_ID])
{
	if (hex.len != 2 * THREAD_ID)
		return 0;
	for (size_t i = 0; i < THREAD_ID; i++) {
		int high = digit(hex.ptr[2 * i]), low = digit(hex.ptr[2 * i + 1]);
		if (high < 0 || low < 0)
			return 0;
		eui[i] = (uint8_t)(high << 4 | low);
	}
	return 1;
}

/* What stands before the next "&&". */
static imp_span part(imp_span *text)
{
	imp_span p = {text->ptr, 0};
	while (p.len < text->len && !(p.len + 1 < text->len && text->ptr[p.len] == '&' && text->ptr[p.len + 1] == '&'))
		p.len++;
	*text = p.len < text->len ? imp_bytes(text->ptr + p.len + 2, text->len - p.len - 2) : NONE;
	return p;
}

static int starts(imp_span s, const char *with)
{
	return s.len >= strlen(with) && !memcmp(s.ptr, with, strlen(with));
}

static int white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

imp_status thread_read_label(imp_span text, uint8_t eui[THREAD_ID], int *has_eui, imp_span *pskd)
{
	imp_span p;
	*has_eui = 0;
	for (; text.len && white(text.ptr[0]); text.len--)
		text.ptr++;
	while (text.len && white(text.ptr[text.len - 1]))
		text.len--;
	*pskd = text;
	if (thread_pskd_good(text))
		return IMP_OK;
	p = part(&text);
	if (p.len != 3 || !starts(p, "v=1"))
		return IMP_EBADMSG;
	*pskd = NONE;
	while (text.len) {
		p = part(&text);
		if (starts(p, "eui=") && !(*has_eui = read_eui(imp_bytes(p.ptr + 4, p.len - 4), eui)))
			return IMP_EBADMSG;
		if (starts(p, "cc="))
			*pskd = imp_bytes(p.ptr + 3, p.len - 3);
	}
	return thread_pskd_good(*pskd) ? IMP_OK : IMP_EBADMSG;
}
