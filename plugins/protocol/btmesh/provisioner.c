/* provisioner.c -- the provisioner: lets policy decide on a device, proves
 * itself with what a person or a label carries, and hands over the network.
 *
 * The device's key is committed before the network key is sent: a device that
 * has taken it is never without an owner who knows. */
#include "cbor.h"
#include "chain.h"
#include "claims.h"
#include "ct.h"
#include "role.h"

#define NONE imp_bytes(NULL, 0)

enum { INFO_RECORDS = 1 << 8 | 1 << 7 }; /* OOB information: it has records, it has a certificate */
enum { TRIES_MOST = 10, FIRST_ADDRESS = 2, CLAIMS = 640, ALL_METHODS = 15 };

/* Named for what they expect: the host's answer or the device's PDU. */
enum state {
	IDLE, NETWORK, CONFIG, NODE, TRIES, LINK, LIST, RECORD, ANCHOR, CAPS, STATIC_KEY, OOB_KEY, ADDRESS, AUTHORIZE, STARTED, PUBLIC_KEY, READ,
	INPUT_COMPLETE, CONFIRM, CHARGE, RANDOM, COMMIT, COMPLETE, CONFIRMED, OVER
};
enum { TARGET = BTMESH_UUID + 6 };

struct provisioner {
	struct btmesh_run r;
	btmesh_caps caps;
	uint8_t  procedure, attention, algorithms, methods, records; /* what we are to do */
	uint8_t  has_static, has_key, certified, anchor, tries;
	uint8_t  target_len, target[TARGET]; /* uuid, and what the beacon said */
	uint8_t  secret[32];                 /* static OOB */
	uint16_t next;                       /* "btmesh.next", which never goes back */
	uint8_t  net[BTMESH_DATA_LEN];       /* what will be sent */
	struct btmesh_chain chain;
	uint8_t  bytes[];                    /* of the chain: params.max_chain */
};

size_t btmesh_provisioner_need(const imp_params *p)
{
	return sizeof(struct provisioner) + p->max_chain;
}

imp_status btmesh_provisioner_init(void *state, const imp_params *p)
{
	struct provisioner *v = state;
	v->r.max = (uint16_t)(p->max_msg < UINT16_MAX ? p->max_msg : UINT16_MAX);
	v->chain.cap = (uint16_t)(p->max_chain < UINT16_MAX ? p->max_chain : UINT16_MAX);
	v->procedure = BTMESH_NEW_NODE;
	return v->r.max < BTMESH_PDU_LEAST ? IMP_EARG : IMP_OK;
}

/* --- ends ------------------------------------------------------------------- */

static imp_status done(struct provisioner *v, imp_cx *cx, imp_status code, imp_span missing)
{
	uint8_t linked = v->r.state >= LINK;
	imp_status st = linked ? btmesh_say(cx, IMP_SHUT, 0, 0, 0, code, NONE, NONE) : IMP_OK;
	v->r.state = OVER;
	imp_wipe(v->secret, sizeof v->secret);
	imp_wipe(v->net, sizeof v->net);
	return st ? st : btmesh_done(&v->r, cx, code, missing);
}

static imp_status finish(struct provisioner *v, imp_cx *cx, imp_status code)
{
	return done(v, cx, code, NONE);
}

static imp_status lacks(struct provisioner *v, imp_cx *cx, const char *name)
{
	return done(v, cx, IMP_EFACT, imp_bytes(name, strlen(name)));
}

/* Our own trouble: memory breaks the session, the rest ends it. */
static imp_status trouble(struct provisioner *v, imp_cx *cx, imp_status st)
{
	return st == IMP_OK || st == IMP_ENOSPC ? st : finish(v, cx, st);
}

/* --- beliefs ---------------------------------------------------------------- */

/* "prefix" + uuid */
static const char *name_of(const struct provisioner *v, const char *prefix, char to[BTMESH_NAME])
{
	btmesh_hex(prefix, v->r.uuid, sizeof v->r.uuid, to);
	return to;
}

static imp_status ask(struct provisioner *v, imp_cx *cx, uint8_t state, uint16_t topic, const char *name)
{
	return btmesh_ask(&v->r, cx, state, topic, imp_bytes(name, strlen(name)));
}

static imp_status ask_of(struct provisioner *v, imp_cx *cx, uint8_t state, uint16_t topic, const char *prefix)
{
	char name[BTMESH_NAME];
	return ask(v, cx, state, topic, name_of(v, prefix, name));
}

static imp_status lacks_of(struct provisioner *v, imp_cx *cx, const char *prefix)
{
	char name[BTMESH_NAME];
	return lacks(v, cx, name_of(v, prefix, name));
}

static imp_status start(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	size_t n = in->name.len;
	if (v->r.state != IDLE)
		return IMP_OK;
	if (in->topic == IMP_T_NETWORK)
		v->procedure = (uint8_t)in->code;
	if ((n != BTMESH_UUID && n != BTMESH_UUID + 2 && n != TARGET) || (v->procedure != BTMESH_NEW_NODE && v->procedure > BTMESH_NEW_COMPOSITION))
		return finish(v, cx, IMP_EARG);
	memcpy(v->target, in->name.ptr, n);
	memcpy(v->r.uuid, in->name.ptr, sizeof v->r.uuid);
	v->target_len = (uint8_t)n;
	if (n > BTMESH_UUID)
		v->records = ((v->target[16] << 8 | v->target[17]) & INFO_RECORDS) != 0;
	return ask(v, cx, NETWORK, IMP_T_NETWORK, "btmesh.net");
}

static imp_status on_network(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	btmesh_data d;
	if (in->code < 0 || in->data.len < BTMESH_NET_LEN || in->data.len > BTMESH_DATA_LEN)
		return lacks(v, cx, "btmesh.net");
	memcpy(v->net, in->data.ptr, BTMESH_NET_LEN);
	v->net[BTMESH_DATA_LEN - 1] = 1; /* any address, for the check */
	if (btmesh_read_data(imp_bytes(v->net, sizeof v->net), 1, &d))
		return lacks(v, cx, "btmesh.net");
	return ask(v, cx, CONFIG, IMP_T_CONFIG, "btmesh.provisioner");
}

static imp_status on_config(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	imp_span map = in->code < 0 ? NONE : in->data;
	if ((in->code < 0 && in->code != IMP_EFACT) || (map.len && imp_cbor_check(map)))
		return lacks(v, cx, "btmesh.provisioner");
	v->attention = (uint8_t)btmesh_number(map, "attention", 0);
	v->algorithms = (uint8_t)btmesh_number(map, "algorithms", 1 << BTMESH_CMAC | 1 << BTMESH_HMAC);
	v->methods = (uint8_t)btmesh_number(map, "methods", ALL_METHODS);
	v->records = (uint8_t)btmesh_number(map, "records", v->records) && v->chain.cap;
	return v->procedure == BTMESH_NEW_NODE ? ask_of(v, cx, TRIES, IMP_T_COUNTER, "btmesh.tries/") : ask_of(v, cx, NODE, IMP_T_NETWORK, "btmesh.node/");
}

static void set_address(struct provisioner *v, unsigned address)
{
	v->net[BTMESH_NET_LEN] = (uint8_t)(address >> 8);
	v->net[BTMESH_NET_LEN + 1] = (uint8_t)address;
}

static uint16_t address_of(const struct provisioner *v)
{
	return (uint16_t)(v->net[BTMESH_NET_LEN] << 8 | v->net[BTMESH_NET_LEN + 1]);
}

static imp_status on_node(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0 || in->data.len != 3)
		return lacks_of(v, cx, "btmesh.node/");
	memcpy(v->net + BTMESH_NET_LEN, in->data.ptr, 2);
	return ask_of(v, cx, TRIES, IMP_T_COUNTER, "btmesh.tries/");
}

static imp_status on_tries(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	imp_rd r = imp_rd_of(in->code < 0 ? NONE : in->data);
	uint64_t n = imp_rd_left(&r) ? imp_cbor_uint(&r) : 0;
	if (imp_rd_end(&r))
		return lacks_of(v, cx, "btmesh.tries/");
	if (n >= TRIES_MOST)
		return finish(v, cx, IMP_EDENIED);
	v->tries = (uint8_t)n;
	v->r.state = LINK;
	return btmesh_say(cx, IMP_OPEN, 0, 0, v->r.label = ++v->r.tickets, 0, imp_bytes(v->r.uuid, sizeof v->r.uuid), imp_bytes(&v->procedure, v->procedure != BTMESH_NEW_NODE));
}

/* --- records ---------------------------------------------------------------- */

static imp_status invite(struct provisioner *v, imp_cx *cx)
{
	v->r.invite[0] = v->attention;
	return btmesh_send_bytes(&v->r, cx, CAPS, BTMESH_INVITE, imp_bytes(v->r.invite, 1));
}

static imp_status on_up(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	if (v->r.state != LINK || (in->ticket && in->ticket != v->r.label))
		return IMP_OK;
	if (in->code > 0 && in->code < v->r.max)
		v->r.max = (uint16_t)(in->code < BTMESH_PDU_LEAST ? BTMESH_PDU_LEAST : in->code);
	v->r.until = cx->now + BTMESH_RUN_MS;
	return v->records ? btmesh_send_bytes(&v->r, cx, LIST, BTMESH_RECORDS_GET, NONE) : invite(v, cx);
}

static imp_status ask_anchor(struct provisioner *v, imp_cx *cx)
{
	imp_msg m = imp_say(IMP_ASK, IMP_T_ANCHOR, v->anchor, v->r.want = ++v->r.tickets, imp_bytes("btmesh.ca", 9), NONE);
	v->r.state = ANCHOR;
	return cx->emit(cx, &m);
}

static imp_status next_record(struct provisioner *v, imp_cx *cx)
{
	uint8_t pdu[1 + BTMESH_REQUEST_LEN];
	imp_wr w = imp_wr_to(pdu, sizeof pdu);
	btmesh_request q;
	if (!btmesh_chain_next(&v->chain, v->r.max, &q))
		return v->chain.count ? ask_anchor(v, cx) : invite(v, cx);
	btmesh_put_request(&w, &q);
	return btmesh_send(&v->r, cx, RECORD, &w);
}

static imp_status on_list(struct provisioner *v, imp_cx *cx, imp_span in)
{
	imp_status st = btmesh_chain_list(&v->chain, in);
	return st ? finish(v, cx, st) : next_record(v, cx);
}

static imp_status on_record(struct provisioner *v, imp_cx *cx, imp_span in)
{
	imp_status st = btmesh_chain_take(&v->chain, v->bytes, in);
	return st ? done(v, cx, st, NONE) : next_record(v, cx);
}

/* Any anchor will do; a chain that leads to none is worse than none. */
static imp_status on_anchor(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	const char *why;
	imp_status st;
	if (in->code < 0)
		return v->anchor || in->code != IMP_EFACT ? finish(v, cx, IMP_EAUTH) : invite(v, cx);
	st = btmesh_chain_verify(cx->crypto, &v->chain, v->bytes, in->data, v->r.uuid, cx->unix_time, v->r.peer, &why);
	if (st && in->flags & IMP_MORE && v->anchor < UINT8_MAX) {
		v->anchor++;
		return ask_anchor(v, cx);
	}
	if (st)
		return finish(v, cx, IMP_EAUTH);
	v->certified = v->has_key = 1;
	return invite(v, cx);
}

/* --- what it can do, and what will be done ------------------------------------- */

static imp_status ask_address(struct provisioner *v, imp_cx *cx);
static imp_status authorize(struct provisioner *v, imp_cx *cx);

static imp_status ask_oob_key(struct provisioner *v, imp_cx *cx)
{
	return v->has_key ? ask_address(v, cx) : ask_of(v, cx, OOB_KEY, IMP_T_PEERKEY, "btmesh.oob/");
}

static imp_status on_caps(struct provisioner *v, imp_cx *cx, imp_span in)
{
	if (btmesh_read_caps(in, &v->caps))
		return finish(v, cx, IMP_EBADMSG);
	memcpy(v->r.caps, in.ptr, sizeof v->r.caps);
	if (v->has_key && !(v->caps.key & BTMESH_KEY_OOB))
		return finish(v, cx, IMP_EAUTH); /* it does not own its certificate */
	return ask_of(v, cx, STATIC_KEY, IMP_T_KEY, "btmesh.static/");
}

static imp_status on_static(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	imp_key k = imp_key_from(in->code < 0 ? NONE : in->data);
	v->has_static = k.bits.len > 0;
	if (v->has_static && !(v->caps.oob & BTMESH_OOB_STATIC))
		return finish(v, cx, IMP_EAUTH); /* it denies what is on its label */
	if (v->has_static)
		memcpy(v->secret, k.bits.ptr, k.bits.len < sizeof v->secret ? k.bits.len : sizeof v->secret);
	return ask_oob_key(v, cx);
}

/* X and Y, or a point. */
static imp_status on_oob_key(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	imp_span k = in->code < 0 ? NONE : in->data;
	if (k.len == BTMESH_POINT + 1 && k.ptr[0] == 4)
		k = imp_bytes(k.ptr + 1, BTMESH_POINT);
	if (k.len && k.len != BTMESH_POINT)
		return lacks_of(v, cx, "btmesh.oob/");
	v->has_key = k.len > 0;
	if (v->has_key && !(v->caps.key & BTMESH_KEY_OOB))
		return finish(v, cx, IMP_EAUTH);
	if (k.len)
		memcpy(v->r.peer, k.ptr, k.len);
	return ask_address(v, cx);
}

static imp_status ask_address(struct provisioner *v, imp_cx *cx)
{
	if (v->procedure == BTMESH_NEW_KEY || v->procedure == BTMESH_NEW_COMPOSITION)
		return authorize(v, cx);
	return ask(v, cx, ADDRESS, IMP_T_COUNTER, "btmesh.next");
}

static imp_status on_address(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	imp_rd r = imp_rd_of(in->code < 0 ? NONE : in->data);
	uint64_t n = imp_rd_left(&r) ? imp_cbor_uint(&r) : FIRST_ADDRESS;
	if (imp_rd_end(&r))
		return lacks(v, cx, "btmesh.next");
	v->next = (uint16_t)(n <= BTMESH_ADDRESS_LAST ? n : BTMESH_ADDRESS_LAST + 1);
	set_address(v, v->next <= BTMESH_ADDRESS_LAST ? v->next : 0); /* 0: none is left */
	return authorize(v, cx);
}

/* The first of these actions that the device has. */
static int pick(uint16_t actions, const uint8_t *order, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++)
		if (actions >> order[i] & 1) {
			*out = order[i];
			return 1;
		}
	return 0;
}

/* The strongest that both can do: numbers are read and typed more surely than
 * blinks are counted. */
static void choose(const struct provisioner *v, btmesh_start *s)
{
	static const uint8_t outputs[] = {BTMESH_SHOW_NUMBER, BTMESH_SHOW_TEXT, BTMESH_BLINK, BTMESH_BEEP, BTMESH_VIBRATE};
	static const uint8_t inputs[] = {BTMESH_TYPE_NUMBER, BTMESH_TYPE_TEXT, BTMESH_PUSH, BTMESH_TWIST};
	memset(s, 0, sizeof *s);
	s->alg = v->caps.algorithms & v->algorithms & 1 << BTMESH_HMAC ? BTMESH_HMAC : BTMESH_CMAC;
	s->key = v->has_key;
	if (v->has_static && v->methods >> BTMESH_STATIC & 1) {
		s->method = BTMESH_STATIC;
	} else if (v->methods >> BTMESH_OUTPUT & 1 && v->caps.output_size && pick(v->caps.output, outputs, sizeof outputs, &s->action)) {
		s->method = BTMESH_OUTPUT;
		s->size = v->caps.output_size;
	} else if (v->methods >> BTMESH_INPUT & 1 && v->caps.input_size && pick(v->caps.input, inputs, sizeof inputs, &s->action)) {
		s->method = BTMESH_INPUT;
		s->size = v->caps.input_size;
	}
}

/* Does policy's choice, or ours, fit both sides? */
static int agreed(const struct provisioner *v)
{
	const btmesh_start *s = &v->r.start;
	return v->algorithms >> s->alg & 1 && v->methods >> s->method & 1 && (s->method != BTMESH_STATIC || v->has_static) && btmesh_start_fits(&v->caps, s);
}

static imp_status authorize(struct provisioner *v, imp_cx *cx)
{
	struct btmesh_claims k = {imp_bytes(v->target, v->target_len), &v->caps, &v->r.start, NONE, imp_bytes(v->r.peer, v->has_key ? sizeof v->r.peer : 0), address_of(v), v->tries};
	imp_wr w;
	imp_msg m;
	char name[BTMESH_NAME];
	if (v->certified)
		k.leaf = btmesh_chain_cert(&v->chain, v->bytes, 0);
	w = btmesh_room(cx, CLAIMS + k.leaf.len);
	choose(v, &v->r.start);
	btmesh_put_claims(&w, &k);
	name_of(v, "", name);
	m = imp_say(IMP_ASK, IMP_T_AUTHORIZE, 0, v->r.want = ++v->r.tickets, imp_bytes(name, 2 * BTMESH_UUID), imp_wr_span(&w));
	m.when = BTMESH_PDU_MS;
	v->r.state = AUTHORIZE;
	return imp_wr_end(&w) ? IMP_ENOSPC : cx->emit(cx, &m);
}

static imp_status on_authorize(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	uint16_t address = address_of(v);
	imp_wr w;
	uint8_t pdu[1 + BTMESH_START_LEN];
	if (in->code < 0)
		return finish(v, cx, IMP_EDENIED);
	if (btmesh_read_decision(in->data, &v->r.start, &address))
		return finish(v, cx, IMP_EARG);
	if (!address || address + v->caps.elements - 1 > BTMESH_ADDRESS_LAST)
		return finish(v, cx, IMP_EDENIED);
	set_address(v, address);
	if (!agreed(v))
		return finish(v, cx, IMP_EUNSUP);
	w = imp_wr_to(pdu, sizeof pdu);
	btmesh_put_start(&w, &v->r.start);
	memcpy(v->r.choice, pdu + 1, sizeof v->r.choice);
	return btmesh_send(&v->r, cx, STARTED, &w);
}

/* --- keys ------------------------------------------------------------------- */

static imp_status send_confirm(struct provisioner *v, imp_cx *cx)
{
	imp_status st = btmesh_commit_to(&v->r, cx, v->r.confirm);
	return trouble(v, cx, st ? st : btmesh_send_bytes(&v->r, cx, CONFIRM, BTMESH_CONFIRM, imp_bytes(v->r.confirm, btmesh_width(v->r.start.alg))));
}

/* Both public keys are known. */
static imp_status agree(struct provisioner *v, imp_cx *cx)
{
	imp_status st = btmesh_agree(&v->r, cx);
	if (st)
		return trouble(v, cx, st);
	imp_wipe(v->r.key, sizeof v->r.key);
	switch (v->r.start.method) {
	case BTMESH_OUTPUT:
		return btmesh_value_ask(&v->r, cx, READ);
	case BTMESH_INPUT:
		v->r.state = INPUT_COMPLETE;
		return IMP_OK;
	case BTMESH_STATIC:
		btmesh_value_static(&v->r.shared, imp_bytes(v->secret, sizeof v->secret));
		return send_confirm(v, cx);
	default:
		return send_confirm(v, cx);
	}
}

/* Start has arrived: now our key. */
static imp_status send_key(struct provisioner *v, imp_cx *cx)
{
	imp_status st = btmesh_new_key(&v->r, cx);
	if (!st && v->r.start.method == BTMESH_INPUT)
		st = btmesh_value_show(&v->r, cx);
	return trouble(v, cx, st ? st : btmesh_send_bytes(&v->r, cx, PUBLIC_KEY, BTMESH_PUBLIC_KEY, imp_bytes(v->r.own, sizeof v->r.own)));
}

static imp_status on_read(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0)
		return finish(v, cx, in->code);
	if (!btmesh_value_take(&v->r, in->data))
		return send_confirm(v, cx);
	return ++v->r.typos == BTMESH_TYPOS ? finish(v, cx, IMP_EAUTH) : btmesh_value_ask(&v->r, cx, READ);
}

/* --- confirmation ----------------------------------------------------------- */

static imp_status send_random(struct provisioner *v, imp_cx *cx)
{
	return btmesh_send_bytes(&v->r, cx, RANDOM, BTMESH_RANDOM, imp_bytes(v->r.random, btmesh_width(v->r.start.alg)));
}

/* A try counts before it is known how it ends. */
static imp_status on_confirm(struct provisioner *v, imp_cx *cx, imp_span in)
{
	char name[BTMESH_NAME];
	uint8_t count[3];
	imp_wr w = imp_wr_to(count, sizeof count);
	if (imp_ct_equal(in.ptr, v->r.confirm, in.len))
		return finish(v, cx, IMP_EAUTH); /* our own, come back */
	memcpy(v->r.confirm, in.ptr, in.len);
	if (v->r.start.method == BTMESH_NO_OOB)
		return send_random(v, cx);
	imp_cbor_put_uint(&w, ++v->tries);
	return btmesh_commit(&v->r, cx, CHARGE, IMP_T_COUNTER, name_of(v, "btmesh.tries/", name), imp_wr_span(&w));
}

/* What the device will be, durable before it is. */
static imp_status on_random(struct provisioner *v, imp_cx *cx, imp_span in)
{
	char name[BTMESH_NAME];
	uint8_t flat[IMP_KEY_HEAD + 32], node[3], next[5];
	imp_wr w = imp_wr_to(next, sizeof next);
	unsigned after = (unsigned)address_of(v) + v->caps.elements;
	imp_status st = btmesh_check(&v->r, cx, in);
	if (st)
		return trouble(v, cx, st);
	imp_wipe(&v->r.shared, sizeof v->r.shared);
	memcpy(node, v->net + BTMESH_NET_LEN, 2);
	node[2] = v->caps.elements;
	imp_cbor_put_uint(&w, after > v->next ? after : v->next);
	btmesh_flat(flat, IMP_A_CCM8_128, v->r.session.device, sizeof v->r.session.device);
	st = btmesh_learn(cx, IMP_T_NETWORK, name_of(v, "btmesh.node/", name), imp_bytes(node, sizeof node));
	if (!st && (v->procedure == BTMESH_NEW_NODE || v->procedure == BTMESH_NEW_ADDRESS))
		st = btmesh_learn(cx, IMP_T_COUNTER, "btmesh.next", imp_wr_span(&w));
	if (!st && v->tries)
		st = btmesh_learn(cx, IMP_T_COUNTER, name_of(v, "btmesh.tries/", name), imp_bytes("", 1)); /* CBOR 0 */
	name_of(v, v->procedure == BTMESH_NEW_NODE ? "btmesh.devkey/" : "btmesh.devkey.new/", name);
	st = st ? st : btmesh_commit(&v->r, cx, COMMIT, IMP_T_KEY, name, imp_bytes(flat, IMP_KEY_HEAD + 16));
	imp_wipe(flat, sizeof flat);
	return st;
}

static imp_status send_data(struct provisioner *v, imp_cx *cx)
{
	imp_key k = {IMP_A_CCM8_128, IMP_KEY_PRIVATE, 0, imp_bytes(v->r.session.key, sizeof v->r.session.key)};
	uint8_t sealed[BTMESH_DATA_LEN + BTMESH_MIC];
	size_t len = sizeof sealed;
	imp_status st = cx->crypto->seal(cx->crypto, k.alg, &k, imp_bytes(v->r.session.nonce, sizeof v->r.session.nonce), NULL, 0, imp_bytes(v->net, sizeof v->net), sealed, &len);
	return trouble(v, cx, st ? st : btmesh_send_bytes(&v->r, cx, COMPLETE, BTMESH_DATA, imp_bytes(sealed, len)));
}

/* A node that has a new key uses it from here on. */
static imp_status on_complete(struct provisioner *v, imp_cx *cx)
{
	char name[BTMESH_NAME];
	uint8_t flat[IMP_KEY_HEAD + 32];
	imp_status st;
	if (v->procedure == BTMESH_NEW_NODE)
		return finish(v, cx, IMP_OK);
	name_of(v, "btmesh.devkey.new/", name);
	btmesh_flat(flat, IMP_A_CCM8_128, v->r.session.device, sizeof v->r.session.device);
	st = btmesh_say(cx, IMP_LEARN, IMP_T_KEY, IMP_FORGET, 0, 0, imp_bytes(name, strlen(name)), NONE);
	st = st ? st : btmesh_commit(&v->r, cx, CONFIRMED, IMP_T_KEY, name_of(v, "btmesh.devkey/", name), imp_bytes(flat, IMP_KEY_HEAD + 16));
	imp_wipe(flat, sizeof flat);
	return st;
}

/* --- the device's PDUs --------------------------------------------------------- */

static imp_status on_pdu(struct provisioner *v, imp_cx *cx, imp_span pdu)
{
	static const uint8_t expected[OVER] = {[LIST] = BTMESH_RECORDS_LIST, [RECORD] = BTMESH_RECORD_RESPONSE, [CAPS] = BTMESH_CAPS, [PUBLIC_KEY] = BTMESH_PUBLIC_KEY,
		[INPUT_COMPLETE] = BTMESH_INPUT_COMPLETE, [CONFIRM] = BTMESH_CONFIRM, [RANDOM] = BTMESH_RANDOM, [COMPLETE] = BTMESH_COMPLETE};
	imp_span in = pdu.len ? imp_bytes(pdu.ptr + 1, pdu.len - 1) : pdu;
	uint8_t type = pdu.len ? pdu.ptr[0] : 0;
	if (btmesh_pdu_check(pdu, v->r.state >= STARTED ? v->r.start.alg : BTMESH_ALGS))
		return finish(v, cx, IMP_EBADMSG);
	if (type == BTMESH_FAILED) {
		v->r.failed = in.ptr[0];
		return finish(v, cx, IMP_EPEER);
	}
	if (!type || expected[v->r.state] != type || (type == BTMESH_PUBLIC_KEY && v->r.start.key))
		return finish(v, cx, IMP_EPROTO);
	btmesh_patience(&v->r, cx);
	switch (type) {
	case BTMESH_RECORDS_LIST:
		return on_list(v, cx, in);
	case BTMESH_RECORD_RESPONSE:
		return on_record(v, cx, in);
	case BTMESH_CAPS:
		return on_caps(v, cx, in);
	case BTMESH_PUBLIC_KEY:
		memcpy(v->r.peer, in.ptr, in.len);
		return agree(v, cx);
	case BTMESH_INPUT_COMPLETE: {
		imp_status st = btmesh_value_hide(&v->r, cx);
		return st ? st : send_confirm(v, cx);
	}
	case BTMESH_CONFIRM:
		return on_confirm(v, cx, in);
	case BTMESH_RANDOM:
		return on_random(v, cx, in);
	default:
		return on_complete(v, cx);
	}
}

/* --- everything else ------------------------------------------------------------ */

static imp_status on_answer(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	switch (v->r.state) {
	case NETWORK:
		return on_network(v, cx, in);
	case CONFIG:
		return on_config(v, cx, in);
	case NODE:
		return on_node(v, cx, in);
	case TRIES:
		return on_tries(v, cx, in);
	case ANCHOR:
		return on_anchor(v, cx, in);
	case STATIC_KEY:
		return on_static(v, cx, in);
	case OOB_KEY:
		return on_oob_key(v, cx, in);
	case ADDRESS:
		return on_address(v, cx, in);
	case AUTHORIZE:
		return on_authorize(v, cx, in);
	case READ:
		return on_read(v, cx, in);
	case CHARGE:
		return in->code < 0 ? finish(v, cx, in->code) : send_random(v, cx);
	case COMMIT:
		return in->code < 0 ? finish(v, cx, in->code) : send_data(v, cx);
	default: /* CONFIRMED */
		return finish(v, cx, in->code < 0 ? in->code : IMP_OK);
	}
}

/* Our PDU has arrived, or never will: then the link goes down. */
static imp_status on_sent(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	v->r.sent = 0;
	if (in->code < 0)
		return IMP_OK;
	if (v->r.state == STARTED)
		return send_key(v, cx);
	return v->r.state == PUBLIC_KEY && v->r.start.key ? agree(v, cx) : IMP_OK;
}

static imp_status on_down(struct provisioner *v, imp_cx *cx, const imp_msg *in)
{
	if (v->r.state < LINK || v->r.state == CONFIRMED || (in->ticket && in->ticket != v->r.label))
		return IMP_OK;
	v->r.state = TRIES; /* there is nothing to shut any more */
	return finish(v, cx, IMP_ELINK);
}

imp_status btmesh_provisioner_step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct provisioner *v = state;
	imp_status st;
	if (v->r.state == OVER)
		return in->verb == IMP_ASK ? IMP_PASS : IMP_OK;
	switch (in->verb) {
	case IMP_START:
		return start(v, cx, in);
	case IMP_UP:
		return on_up(v, cx, in);
	case IMP_DOWN:
		return on_down(v, cx, in);
	case IMP_RX:
		st = btmesh_arrived(cx, in);
		return st || v->r.state <= LINK ? st : on_pdu(v, cx, in->data);
	case IMP_ANSWER:
		if (v->r.sent && in->ticket == v->r.sent)
			return on_sent(v, cx, in);
		return btmesh_answered(&v->r, in) ? on_answer(v, cx, in) : IMP_OK;
	case IMP_TICK:
		return finish(v, cx, IMP_ETIME);
	case IMP_STOP:
		return finish(v, cx, IMP_EDENIED);
	}
	return in->verb == IMP_ASK || in->verb == IMP_TELL ? IMP_PASS : IMP_OK;
}

const char *btmesh_provisioner_where(const void *state)
{
	static const char names[] =
		"idle\0network\0config\0node\0tries\0link\0list\0record\0anchor\0caps\0static\0oob\0address\0authorize\0started\0public_key\0read\0"
		"input_complete\0confirm\0charge\0random\0commit\0complete\0confirmed\0over";
	const char *name = names;
	for (uint8_t s = ((const struct provisioner *)state)->r.state; s; s--)
		name += strlen(name) + 1;
	return name;
}
