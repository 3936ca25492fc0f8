/* template.c -- a whole plugin: copy it, rename it, fill it in.
 *
 * duckling, after Stajano and Anderson's: a blank device takes the first key
 * it hears as its owner's, if policy agrees.  It says "peep" when its link is
 * up and hears 32 bytes.  Leap of faith: nothing proves who sent them. */
#include "imprint.h"

enum { WAIT_UP, WAIT_OWNER, WAIT_POLICY, OVER, KEY = 32 };

struct duckling { /* no pointer in it */
	uint8_t state, owner[KEY];
};

static size_t need(const imp_params *p)
{
	(void)p;
	return sizeof(struct duckling);
}

static imp_status init(void *state, const imp_params *p)
{
	(void)state; /* zeroed before: WAIT_UP */
	return p->role == IMP_DEVICE ? IMP_OK : IMP_EARG;
}

static imp_status say(struct duckling *d, imp_cx *cx, uint8_t next, imp_msg m)
{
	d->state = next;
	return cx->emit(cx, &m);
}

static imp_status decided(struct duckling *d, imp_cx *cx, imp_status verdict)
{
	imp_span key = imp_bytes(d->owner, KEY), none = imp_bytes(0, 0);
	imp_msg learn = imp_say(IMP_LEARN, IMP_T_OWNER, 0, 0, imp_bytes("owner", 5), key);
	if (verdict == IMP_OK && cx->emit(cx, &learn) < 0)
		return IMP_ENOSPC;
	return say(d, cx, OVER, imp_say(IMP_DONE, 0, verdict == IMP_OK ? IMP_OK : IMP_EDENIED, 0, none, none));
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *m)
{
	struct duckling *d = state;
	imp_span none = imp_bytes(0, 0);
	if (m->verb == IMP_UP && d->state == WAIT_UP)
		return say(d, cx, WAIT_OWNER, imp_say(IMP_TX, 0, 0, 0, none, imp_bytes("peep", 4)));
	if (m->verb == IMP_RX && d->state == WAIT_OWNER && m->data.len == KEY) {
		memcpy(d->owner, m->data.ptr, KEY);
		return say(d, cx, WAIT_POLICY, imp_say(IMP_ASK, IMP_T_AUTHORIZE, 0, 1, m->data, none));
	}
	if (m->verb == IMP_ANSWER && d->state == WAIT_POLICY)
		return decided(d, cx, m->code);
	if (m->verb == IMP_DOWN || m->verb == IMP_STOP)
		return say(d, cx, OVER, imp_say(IMP_DONE, 0, m->verb == IMP_DOWN ? IMP_ELINK : IMP_EDENIED, 0, none, none));
	return m->verb == IMP_ASK ? IMP_PASS : IMP_OK;
}

static const char *where(const void *state)
{
	static const char names[][12] = {"wait_up", "wait_owner", "wait_policy", "over"};
	return names[((const struct duckling *)state)->state];
}

static const imp_fact knowledge[] = {{IMP_T_OWNER, 0, "owner", "the key of whoever came first"}, {0, 0, 0, 0}};
static const imp_manifest manifest = {.size = sizeof manifest, .roles = 1 << IMP_DEVICE, .players = IMP_P_OWNER, .beliefs_in = IMP_B_BLANK,
	.discovery = IMP_D_LINK, .trust = IMP_I_LEAP, .authorizer = IMP_Z_POSSESSION, .delivers = IMP_V_NETWORK,
	.terms = "duckling, mother", .process = "The device keeps the first key that it hears.", .knowledge = knowledge};
static const imp_layer duckling = {.size = sizeof duckling, .burst = 2, .id = "imp.duckling", .version = "1", .spec = "none",
	.needs = {IMP_L_DGRAM}, .manifest = &manifest, .need = need, .init = init, .step = step, .where = where};
static const imp_layer *const layers[] = {&duckling, NULL};

IMP_PLUGIN(duckling) = {sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.duckling", "Apache-2.0", layers, NULL, NULL};
