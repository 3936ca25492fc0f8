/* value.c -- the AuthValue (Mesh Protocol 1.1, 5.4.2.4): what a person carries
 * from one side to the other, or what both were given beforehand. */
#include "ct.h"
#include "run.h"

enum { TRIES = 64 };

/* By method and action: the medium, its name, and whether it is text; what is
 * counted begins at 1. */
static const struct action {
	uint8_t medium, text, least;
	char    name[9];
} outputs[BTMESH_OUTPUTS] = {
	{IMP_M_BLINK, 0, 1, "blink"}, {IMP_M_BEEP, 0, 1, "beep"}, {IMP_M_VIBRATE, 0, 1, "vibrate"}, {IMP_M_PIN, 0, 0, "number"}, {IMP_M_TEXT, 1, 0, "text"},
}, inputs[BTMESH_INPUTS] = {
	{IMP_M_BUTTON, 0, 1, "push"}, {IMP_M_BUTTON, 0, 1, "twist"}, {IMP_M_PIN, 0, 0, "number"}, {IMP_M_TEXT, 1, 0, "text"},
};

static const struct action *action_of(const struct btmesh_run *r)
{
	return r->start.method == BTMESH_OUTPUT ? &outputs[r->start.action] : &inputs[r->start.action];
}

void btmesh_value_static(btmesh_shared *s, imp_span secret)
{
	memset(s->auth, 0, sizeof s->auth);
	memcpy(s->auth, secret.ptr, secret.len < sizeof s->auth ? secret.len : sizeof s->auth);
}

/* 10^size */
static uint32_t span_of(uint8_t size)
{
	uint32_t n = 1;
	while (size--)
		n *= 10;
	return n;
}

/* 0 <= *out < n, each as likely as the other. */
static imp_status below(imp_cx *cx, uint32_t n, uint32_t *out)
{
	uint32_t v, over = (0u - n) % n;
	imp_status st = IMP_ERANDOM;
	for (int i = 0; i < TRIES; i++) {
		st = cx->crypto->random(cx->crypto, (uint8_t *)&v, sizeof v);
		if (st)
			return st;
		if (v >= over) {
			*out = v % n;
			return IMP_OK;
		}
	}
	return IMP_ERANDOM;
}

/* A number: big endian at the end; text: at the beginning. */
static void set_number(struct btmesh_run *r, uint32_t v)
{
	uint8_t *end = r->shared.auth + btmesh_width(r->start.alg);
	memset(r->shared.auth, 0, sizeof r->shared.auth);
	for (int i = 1; i <= 4; i++, v >>= 8)
		end[-i] = (uint8_t)v;
}

static imp_status draw(struct btmesh_run *r, imp_cx *cx, const struct action *a, char text[BTMESH_OOB_DIGITS])
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint32_t v = 0, size = r->start.size;
	imp_status st;
	if (a->text) {
		for (uint32_t i = 0; i < size; i++) {
			st = below(cx, sizeof letters - 1, &v);
			if (st)
				return st;
			text[i] = letters[v];
		}
		btmesh_value_static(&r->shared, imp_bytes(text, size));
		return IMP_OK;
	}
	st = below(cx, span_of(r->start.size) - a->least, &v);
	if (st)
		return st;
	v += a->least;
	set_number(r, v);
	for (uint32_t i = size; i--; v /= 10)
		text[i] = (char)('0' + v % 10);
	return IMP_OK;
}

static imp_status tell(const struct btmesh_run *r, imp_cx *cx, uint16_t flags, imp_span text)
{
	const struct action *a = action_of(r);
	return btmesh_say(cx, IMP_TELL, IMP_T_SHOW, flags, 0, a->medium, imp_bytes(a->name, strlen(a->name)), text);
}

imp_status btmesh_value_show(struct btmesh_run *r, imp_cx *cx)
{
	char text[BTMESH_OOB_DIGITS];
	imp_status st = draw(r, cx, action_of(r), text);
	st = st ? st : tell(r, cx, IMP_SECRET, imp_bytes(text, r->start.size));
	r->shown = 1;
	imp_wipe(text, sizeof text);
	return st;
}

imp_status btmesh_value_hide(struct btmesh_run *r, imp_cx *cx)
{
	uint8_t was = r->shown;
	r->shown = 0;
	return was ? tell(r, cx, IMP_FORGET, imp_bytes(NULL, 0)) : IMP_OK;
}

imp_status btmesh_value_ask(struct btmesh_run *r, imp_cx *cx, uint8_t state)
{
	const struct action *a = action_of(r);
	imp_msg m = imp_say(IMP_ASK, IMP_T_READ, a->medium, r->want = ++r->tickets, imp_bytes(a->name, strlen(a->name)), imp_bytes(NULL, 0));
	m.when = BTMESH_PDU_MS;
	r->state = state;
	return cx->emit(cx, &m);
}

imp_status btmesh_value_take(struct btmesh_run *r, imp_span text)
{
	const struct action *a = action_of(r);
	uint32_t v = 0;
	if (!text.len || text.len > r->start.size || (a->text && text.len != r->start.size))
		return IMP_EBADMSG;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t ch = text.ptr[i];
		int digit = ch >= '0' && ch <= '9';
		if (!digit && !(a->text && ch >= 'A' && ch <= 'Z'))
			return IMP_EBADMSG;
		v = v * 10 + (uint32_t)(digit ? ch - '0' : 0);
	}
	if (a->text)
		btmesh_value_static(&r->shared, text);
	else
		set_number(r, v);
	return IMP_OK;
}
