/* device.c -- the device: found by a provisioner, it proves what a person or a
 * label carries, and becomes a node.
 *
 * What was imparted is committed before Complete goes out; from then on the run
 * is a success whatever the link does.  A PDU that is wrong is answered by
 * Failed, and so is everything after it until the link is gone. */
#include "cbor.h"
#include "ct.h"
#include "pkix.h"
#include "role.h"
#include "run.h"

#define NONE imp_bytes(NULL, 0)
#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

enum { FREE_TRIES = 5, REST_LONGEST = 12, REST_MOST_MS = 3600000 }; /* the tries after these wait */
enum { RECORDS = 19, RECORD_NAME = 20, BEACON = 22 };

/* Named for what they expect: the host's answer or the provisioner's PDU. */
enum state {
	IDLE, UUID, CONFIG, STATIC_KEY, OOB_KEY, TRIES, NETWORK, CANDIDATE, ADOPTED, REST, LINK, INVITE, RECORD, START, PUBLIC_KEY, READ, CONFIRM, CHARGE,
	RANDOM, DATA, COMMIT, COMPLETE, FAILED, OVER
};

struct device {
	struct btmesh_run r;
	btmesh_caps caps;
	btmesh_request record;
	uint8_t  node, procedure; /* START: we are a node already; UP: what for */
	uint8_t  probing;         /* asking for a record's length only */
	uint8_t  ready;           /* the person is done, the provisioner is not told yet */
	uint8_t  tries, beacon_len;
	uint32_t records;         /* bit: id */
	uint8_t  beacon[BEACON];  /* uuid, OOB information, URI hash */
	uint8_t  net[BTMESH_DATA_LEN]; /* a node's present one */
};

size_t btmesh_device_need(const imp_params *p)
{
	(void)p;
	return sizeof(struct device);
}

imp_status btmesh_device_init(void *state, const imp_params *p)
{
	struct device *d = state;
	d->r.max = (uint16_t)(p->max_msg < UINT16_MAX ? p->max_msg : UINT16_MAX);
	d->r.device = 1;
	d->procedure = BTMESH_NEW_NODE;
	return d->r.max < BTMESH_PDU_LEAST ? IMP_EARG : IMP_OK;
}

/* --- ends ------------------------------------------------------------------- */

static imp_status end(struct device *d, imp_cx *cx, imp_status code, imp_span missing)
{
	d->r.state = OVER;
	imp_wipe(d->net, sizeof d->net);
	return btmesh_done(&d->r, cx, code, missing);
}

static imp_status done(struct device *d, imp_cx *cx, imp_status code)
{
	return end(d, cx, code, NONE);
}

static imp_status lacks(struct device *d, imp_cx *cx, imp_span name)
{
	return end(d, cx, IMP_EFACT, name);
}

static imp_status shut(struct device *d, imp_cx *cx, imp_status code)
{
	imp_status st = btmesh_say(cx, IMP_SHUT, 0, 0, 0, code, NONE, NONE);
	return st ? st : done(d, cx, code);
}

/* A PDU of its type alone or with one byte, when the one before it has arrived. */
static imp_status send_owed(struct device *d, imp_cx *cx)
{
	uint8_t type = d->r.owed;
	d->r.owed = 0;
	return btmesh_send_bytes(&d->r, cx, d->r.state, type, imp_bytes(&d->r.again, type == BTMESH_FAILED));
}

static imp_status owe(struct device *d, imp_cx *cx, uint8_t state, uint8_t type)
{
	d->r.state = state;
	d->r.owed = type;
	return d->r.sent ? IMP_OK : send_owed(d, cx);
}

static imp_status fail(struct device *d, imp_cx *cx, enum btmesh_failed why, imp_status code)
{
	imp_status st = btmesh_value_hide(&d->r, cx);
	if (d->r.state != FAILED) {
		d->r.fault = code;
		d->r.failed = (uint8_t)why;
		d->r.until = cx->now + BTMESH_PDU_MS; /* whoever goes on talking is not heard for ever */
	}
	btmesh_forget(&d->r);
	d->r.again = (uint8_t)why;
	return st ? st : owe(d, cx, FAILED, BTMESH_FAILED);
}

/* Our own trouble: memory breaks the session, the rest is told. */
static imp_status trouble(struct device *d, imp_cx *cx, imp_status st)
{
	return st == IMP_OK || st == IMP_ENOSPC ? st : fail(d, cx, BTMESH_F_ERROR, st);
}

/* --- beliefs ---------------------------------------------------------------- */

static const struct belief {
	uint16_t topic;
	char     name[18];
} beliefs[] = {
	[UUID] = {IMP_T_IDENTITY, "btmesh.uuid"}, [CONFIG] = {IMP_T_CONFIG, "btmesh.device"}, [STATIC_KEY] = {IMP_T_KEY, "btmesh.static"},
	[OOB_KEY] = {IMP_T_KEY, "btmesh.oob"}, [TRIES] = {IMP_T_COUNTER, "btmesh.tries"}, [NETWORK] = {IMP_T_NETWORK, "btmesh.net"},
	[CANDIDATE] = {IMP_T_KEY, "btmesh.devkey.new"},
};

static imp_span belief_name(uint8_t state)
{
	return imp_bytes(beliefs[state].name, strlen(beliefs[state].name));
}

static imp_status ask(struct device *d, imp_cx *cx, uint8_t state)
{
	return btmesh_ask(&d->r, cx, state, beliefs[state].topic, belief_name(state));
}

static int flag(imp_span map, const char *key)
{
	imp_rd r = imp_rd_of(imp_cbor_find(map, key));
	int v = imp_rd_left(&r) && imp_cbor_bool(&r);
	return !imp_rd_end(&r) && v;
}

/* [size, actions] */
static void take_pair(imp_span map, const char *key, uint8_t *size, uint16_t *actions)
{
	imp_rd r = imp_rd_of(imp_cbor_find(map, key));
	uint64_t n, bits;
	imp_cbor_array_of(&r, 2);
	n = imp_cbor_uint_max(&r, BTMESH_OOB_DIGITS);
	bits = imp_cbor_uint_max(&r, UINT16_MAX);
	if (imp_rd_end(&r))
		return;
	*size = (uint8_t)n;
	*actions = (uint16_t)bits;
}

static uint32_t record_bits(imp_span map)
{
	imp_rd r = imp_rd_of(imp_cbor_find(map, "records"));
	uint32_t bits = 0;
	for (size_t n = imp_rd_left(&r) ? imp_cbor_array(&r) : 0; n; n--)
		bits |= 1u << imp_cbor_uint_max(&r, RECORDS - 1);
	return r.err ? 0 : bits;
}

/* What the provisioner is told, and what the beacon says. */
static imp_status take_config(struct device *d, imp_cx *cx, imp_span map)
{
	imp_rd uri = imp_rd_of(imp_cbor_find(map, "uri"));
	imp_span text = imp_rd_left(&uri) ? imp_cbor_tstr(&uri) : NONE;
	imp_wr w = imp_wr_to(d->beacon, sizeof d->beacon);
	uint8_t hash[16];
	imp_status st = text.len ? btmesh_s1(cx->crypto, &text, 1, hash) : IMP_OK;
	d->caps.elements = (uint8_t)btmesh_number(map, "elements", 1);
	d->caps.algorithms = (uint16_t)btmesh_number(map, "algorithms", 1 << BTMESH_CMAC | 1 << BTMESH_HMAC);
	d->caps.oob = flag(map, "only_oob") ? BTMESH_OOB_ONLY : 0;
	take_pair(map, "output", &d->caps.output_size, &d->caps.output);
	take_pair(map, "input", &d->caps.input_size, &d->caps.input);
	d->records = record_bits(map);
	imp_wr_bytes(&w, imp_bytes(d->r.uuid, sizeof d->r.uuid));
	imp_wr_be16(&w, (uint16_t)btmesh_number(map, "oob_info", 0));
	if (text.len)
		imp_wr_bytes(&w, imp_bytes(hash, 4));
	d->beacon_len = (uint8_t)w.len;
	return st;
}

static imp_status open_link(struct device *d, imp_cx *cx)
{
	d->r.state = LINK;
	cx->wake(cx, UINT64_MAX);
	return btmesh_say(cx, IMP_OPEN, 0, 0, d->r.label = ++d->r.tickets, 0, imp_bytes(d->beacon, d->beacon_len), NONE);
}

/* Whoever guesses waits, longer each time. */
static imp_status rest(struct device *d, imp_cx *cx)
{
	unsigned over = d->tries < FREE_TRIES ? 0 : d->tries - FREE_TRIES + 1u;
	uint64_t ms = over < REST_LONGEST ? (1000u << over) - 1000u : REST_MOST_MS;
	if (d->tries < FREE_TRIES)
		return open_link(d, cx);
	d->r.state = REST;
	cx->wake(cx, cx->now + ms);
	return IMP_OK;
}

static imp_status on_uuid(struct device *d, imp_cx *cx, imp_span data)
{
	if (data.len != sizeof d->r.uuid)
		return lacks(d, cx, belief_name(UUID));
	memcpy(d->r.uuid, data.ptr, data.len);
	return ask(d, cx, CONFIG);
}

static imp_status on_config(struct device *d, imp_cx *cx, imp_span data)
{
	imp_status st = data.len && imp_cbor_check(data) ? IMP_EFACT : take_config(d, cx, data);
	if (!d->caps.elements || !(d->caps.algorithms & (1 << BTMESH_CMAC | 1 << BTMESH_HMAC)))
		st = IMP_EFACT;
	return st == IMP_EFACT ? lacks(d, cx, belief_name(CONFIG)) : st ? done(d, cx, st) : ask(d, cx, STATIC_KEY);
}

static imp_status on_static(struct device *d, imp_cx *cx, imp_span data)
{
	imp_key k = imp_key_from(data);
	if (k.bits.len) {
		btmesh_value_static(&d->r.shared, k.bits);
		d->caps.oob |= BTMESH_OOB_STATIC;
	}
	return ask(d, cx, OOB_KEY);
}

/* A private key whose public half people or certificates carry. */
static imp_status on_oob_key(struct device *d, imp_cx *cx, imp_span data)
{
	uint8_t bits[1 + BTMESH_POINT];
	size_t len = sizeof bits;
	imp_key k = imp_key_from(data), pub;
	if (!data.len)
		return ask(d, cx, TRIES);
	if (k.alg != IMP_C_P256 || (!(k.flags & IMP_KEY_OPAQUE) && k.bits.len != 32) || imp_public_of(cx->crypto, &k, bits, &len, &pub) || pub.bits.len != sizeof bits)
		return lacks(d, cx, belief_name(OOB_KEY));
	imp_key_head(&k, d->r.key);
	memcpy(d->r.key + IMP_KEY_HEAD, k.bits.ptr, k.bits.len < 32 ? k.bits.len : 32);
	memcpy(d->r.own, pub.bits.ptr + 1, sizeof d->r.own);
	d->caps.key = BTMESH_KEY_OOB;
	return ask(d, cx, TRIES);
}

static imp_status on_tries(struct device *d, imp_cx *cx, imp_span data)
{
	imp_rd r = imp_rd_of(data);
	uint64_t n = imp_rd_left(&r) ? imp_cbor_uint(&r) : 0;
	if (imp_rd_end(&r))
		return lacks(d, cx, belief_name(TRIES));
	d->tries = (uint8_t)(n < UINT8_MAX ? n : UINT8_MAX);
	return d->node ? ask(d, cx, NETWORK) : rest(d, cx);
}

static imp_status on_network(struct device *d, imp_cx *cx, imp_span data)
{
	btmesh_data now;
	if (btmesh_read_data(data, d->caps.elements, &now))
		return lacks(d, cx, belief_name(NETWORK));
	memcpy(d->net, data.ptr, sizeof d->net);
	return rest(d, cx);
}

/* The provisioner was heard under the new key: it is the key now. */
static imp_status on_candidate(struct device *d, imp_cx *cx, imp_span data)
{
	imp_status st = btmesh_say(cx, IMP_LEARN, IMP_T_KEY, IMP_FORGET, 0, 0, belief_name(CANDIDATE), NONE);
	return st ? st : btmesh_commit(&d->r, cx, ADOPTED, IMP_T_KEY, "btmesh.devkey", data);
}

static imp_status on_belief(struct device *d, imp_cx *cx, const imp_msg *in)
{
	imp_span data = in->code < 0 ? NONE : in->data;
	if (in->code < 0 && (in->code != IMP_EFACT || d->r.state == CANDIDATE))
		return lacks(d, cx, belief_name(d->r.state));
	switch (d->r.state) {
	case UUID:
		return on_uuid(d, cx, data);
	case CONFIG:
		return on_config(d, cx, data);
	case STATIC_KEY:
		return on_static(d, cx, data);
	case OOB_KEY:
		return on_oob_key(d, cx, data);
	case TRIES:
		return on_tries(d, cx, data);
	case NETWORK:
		return on_network(d, cx, data);
	default:
		return on_candidate(d, cx, data);
	}
}

/* --- records ---------------------------------------------------------------- */

static imp_status on_records_get(struct device *d, imp_cx *cx)
{
	uint8_t pdu[3 + 2 * RECORDS];
	imp_wr w = imp_wr_to(pdu, sizeof pdu);
	imp_wr_u8(&w, BTMESH_RECORDS_LIST);
	imp_wr_be16(&w, 0);
	for (uint16_t id = 0; id < RECORDS; id++)
		if (d->records >> id & 1)
			imp_wr_be16(&w, id);
	return btmesh_send(&d->r, cx, INVITE, &w);
}

static imp_status respond(struct device *d, imp_cx *cx, uint8_t status, size_t total, imp_span data)
{
	btmesh_response a = {status, d->record.id, d->record.offset, (uint16_t)(total < UINT16_MAX ? total : UINT16_MAX), data};
	size_t most = d->record.most < d->r.max - 1u - BTMESH_RESPONSE_HEAD ? d->record.most : d->r.max - 1u - BTMESH_RESPONSE_HEAD;
	imp_wr w = btmesh_room(cx, d->r.max);
	if (a.data.len > most)
		a.data.len = most;
	btmesh_put_response(&w, &a);
	return btmesh_send(&d->r, cx, INVITE, &w);
}

static imp_status ask_record(struct device *d, imp_cx *cx, uint16_t offset)
{
	char name[BTMESH_NAME];
	uint8_t id[2] = {(uint8_t)(d->record.id >> 8), (uint8_t)d->record.id};
	int len = btmesh_hex("btmesh.record/", id, 2, name);
	d->probing = offset != d->record.offset;
	d->r.state = RECORD;
	return btmesh_say(cx, IMP_ASK, IMP_T_CONFIG, 0, d->r.want = ++d->r.tickets, offset, imp_bytes(name, (size_t)len), NONE);
}

static imp_status on_request(struct device *d, imp_cx *cx, imp_span in)
{
	if (btmesh_read_request(in, &d->record))
		return fail(d, cx, BTMESH_F_FORMAT, IMP_EBADMSG);
	if (d->record.id >= RECORDS || !(d->records >> d->record.id & 1))
		return respond(d, cx, BTMESH_R_ABSENT, 0, NONE);
	return ask_record(d, cx, d->record.offset);
}

/* Beyond the end a host may say that there is nothing: then how long is it? */
static imp_status on_record(struct device *d, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0 && d->record.offset && !d->probing)
		return ask_record(d, cx, 0);
	if (in->code < 0)
		return respond(d, cx, BTMESH_R_ABSENT, 0, NONE);
	if (d->probing || d->record.offset >= in->code || !in->data.len)
		return respond(d, cx, BTMESH_R_BOUNDS, (size_t)in->code, NONE);
	return respond(d, cx, BTMESH_R_OK, (size_t)in->code, in->data);
}

/* --- the provisioner's PDUs --------------------------------------------------- */

static imp_status on_invite(struct device *d, imp_cx *cx, imp_span in)
{
	uint8_t pdu[1 + BTMESH_CAPS_LEN];
	imp_wr w = imp_wr_to(pdu, sizeof pdu);
	imp_msg attention = imp_say(IMP_TELL, IMP_T_SHOW, IMP_M_BLINK, 0, TEXT("attention"), NONE);
	imp_status st = IMP_OK;
	d->r.invite[0] = in.ptr[0];
	attention.when = in.ptr[0] * 1000u;
	if (in.ptr[0])
		st = cx->emit(cx, &attention);
	btmesh_put_caps(&w, &d->caps);
	memcpy(d->r.caps, pdu + 1, sizeof d->r.caps);
	return st ? st : btmesh_send(&d->r, cx, START, &w);
}

static imp_status on_start(struct device *d, imp_cx *cx, imp_span in)
{
	imp_status st;
	if (btmesh_read_start(in, &d->r.start) || !btmesh_start_fits(&d->caps, &d->r.start))
		return fail(d, cx, BTMESH_F_FORMAT, IMP_EBADMSG);
	memcpy(d->r.choice, in.ptr, sizeof d->r.choice);
	d->r.state = PUBLIC_KEY;
	if (d->r.start.method != BTMESH_STATIC)
		imp_wipe(d->r.shared.auth, sizeof d->r.shared.auth);
	st = d->r.start.key ? IMP_OK : btmesh_new_key(&d->r, cx);
	if (!st && d->r.start.method == BTMESH_OUTPUT)
		st = btmesh_value_show(&d->r, cx);
	return trouble(d, cx, st);
}

static imp_status on_public_key(struct device *d, imp_cx *cx, imp_span in)
{
	uint8_t next = d->r.start.method == BTMESH_INPUT ? READ : CONFIRM;
	imp_status st;
	memcpy(d->r.peer, in.ptr, sizeof d->r.peer);
	st = btmesh_agree(&d->r, cx);
	if (st == IMP_EBADMSG)
		return fail(d, cx, BTMESH_F_FORMAT, IMP_EBADMSG);
	imp_wipe(d->r.key, sizeof d->r.key);
	if (!st && !d->r.start.key)
		st = btmesh_send_bytes(&d->r, cx, next, BTMESH_PUBLIC_KEY, imp_bytes(d->r.own, sizeof d->r.own));
	d->r.state = next;
	if (!st && next == READ)
		st = btmesh_value_ask(&d->r, cx, READ);
	return trouble(d, cx, st);
}

static imp_status on_read(struct device *d, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0)
		return fail(d, cx, BTMESH_F_ERROR, in->code);
	if (!btmesh_value_take(&d->r, in->data))
		return owe(d, cx, CONFIRM, BTMESH_INPUT_COMPLETE);
	if (++d->r.typos == BTMESH_TYPOS)
		return fail(d, cx, BTMESH_F_ERROR, IMP_EAUTH);
	return btmesh_value_ask(&d->r, cx, READ);
}

static imp_status send_confirm(struct device *d, imp_cx *cx)
{
	uint8_t mine[32];
	size_t n = btmesh_width(d->r.start.alg);
	imp_status st = btmesh_commit_to(&d->r, cx, mine);
	if (!st && imp_ct_equal(mine, d->r.confirm, n))
		return fail(d, cx, BTMESH_F_CONFIRM, IMP_EAUTH);
	return trouble(d, cx, st ? st : btmesh_send_bytes(&d->r, cx, RANDOM, BTMESH_CONFIRM, imp_bytes(mine, n)));
}

/* A try counts before it is known how it ends. */
static imp_status on_confirm(struct device *d, imp_cx *cx, imp_span in)
{
	uint8_t count[3];
	imp_wr w = imp_wr_to(count, sizeof count);
	memcpy(d->r.confirm, in.ptr, in.len);
	if (d->r.start.method == BTMESH_NO_OOB)
		return send_confirm(d, cx);
	d->tries = (uint8_t)(d->tries + (d->tries < UINT8_MAX));
	imp_cbor_put_uint(&w, d->tries);
	return btmesh_commit(&d->r, cx, CHARGE, IMP_T_COUNTER, "btmesh.tries", imp_wr_span(&w));
}

static imp_status on_random(struct device *d, imp_cx *cx, imp_span in)
{
	imp_status st = btmesh_check(&d->r, cx, in);
	if (st == IMP_EAUTH)
		return fail(d, cx, BTMESH_F_CONFIRM, IMP_EAUTH);
	st = st ? st : btmesh_value_hide(&d->r, cx);
	st = st ? st : btmesh_send_bytes(&d->r, cx, DATA, BTMESH_RANDOM, imp_bytes(d->r.random, in.len));
	imp_wipe(&d->r.shared, sizeof d->r.shared);
	return trouble(d, cx, st);
}

/* A node keeps its network; a new address does not touch the old ones. */
static enum btmesh_failed node_accepts(const struct device *d, const btmesh_data *to)
{
	btmesh_data now;
	unsigned apart;
	btmesh_read_data(imp_bytes(d->net, sizeof d->net), d->caps.elements, &now);
	if (!imp_ct_equal(to->netkey.ptr, now.netkey.ptr, 16) || to->index != now.index)
		return BTMESH_F_DATA;
	if (d->procedure != BTMESH_NEW_ADDRESS)
		return to->address == now.address ? BTMESH_F_NONE : BTMESH_F_DATA;
	apart = to->address > now.address ? (unsigned)to->address - now.address : (unsigned)now.address - to->address;
	return apart >= d->caps.elements ? BTMESH_F_NONE : BTMESH_F_ADDRESSES;
}

static imp_status learn(struct device *d, imp_cx *cx, imp_span data)
{
	uint8_t flat[IMP_KEY_HEAD + 32];
	imp_span key = imp_bytes(flat, IMP_KEY_HEAD + sizeof d->r.session.device);
	imp_status st = btmesh_learn(cx, IMP_T_NETWORK, d->node ? "btmesh.net.new" : "btmesh.net", data);
	btmesh_flat(flat, IMP_A_CCM8_128, d->r.session.device, sizeof d->r.session.device);
	if (!st && d->tries)
		st = btmesh_learn(cx, IMP_T_COUNTER, "btmesh.tries", imp_bytes("", 1)); /* CBOR 0 */
	st = st ? st : btmesh_commit(&d->r, cx, COMMIT, IMP_T_KEY, d->node ? "btmesh.devkey.new" : "btmesh.devkey", key);
	imp_wipe(flat, sizeof flat);
	return st;
}

static imp_status on_data(struct device *d, imp_cx *cx, imp_span in)
{
	imp_key k = {IMP_A_CCM8_128, IMP_KEY_PRIVATE, 0, imp_bytes(d->r.session.key, sizeof d->r.session.key)};
	uint8_t plain[BTMESH_DATA_LEN];
	size_t len = sizeof plain;
	enum btmesh_failed why = BTMESH_F_DECRYPT;
	btmesh_data data;
	imp_status st = cx->crypto->open(cx->crypto, k.alg, &k, imp_bytes(d->r.session.nonce, sizeof d->r.session.nonce), NULL, 0, in, plain, &len);
	if (!st) {
		why = btmesh_read_data(imp_bytes(plain, len), d->caps.elements, &data);
		if (!why && d->node)
			why = node_accepts(d, &data);
	}
	if (!why)
		st = learn(d, cx, imp_bytes(plain, len));
	imp_wipe(plain, sizeof plain);
	return why ? fail(d, cx, why, why == BTMESH_F_DECRYPT ? IMP_EAUTH : IMP_EBADMSG) : st;
}

static imp_status on_pdu(struct device *d, imp_cx *cx, imp_span pdu)
{
	static const uint8_t expected[OVER] = {[INVITE] = BTMESH_INVITE + 1, [START] = BTMESH_START + 1, [PUBLIC_KEY] = BTMESH_PUBLIC_KEY + 1,
		[CONFIRM] = BTMESH_CONFIRM + 1, [RANDOM] = BTMESH_RANDOM + 1, [DATA] = BTMESH_DATA + 1};
	enum btmesh_failed why = btmesh_pdu_check(pdu, d->r.state >= PUBLIC_KEY ? d->r.start.alg : BTMESH_ALGS);
	imp_span in = pdu.len ? imp_bytes(pdu.ptr + 1, pdu.len - 1) : pdu;
	uint8_t type = pdu.len ? pdu.ptr[0] : 0;
	if (d->r.state == COMMIT || d->r.state == COMPLETE)
		return IMP_OK; /* it is done, whatever this is */
	if (why)
		return fail(d, cx, d->r.state == FAILED ? BTMESH_F_UNEXPECTED : why, IMP_EBADMSG);
	if (d->r.state == INVITE && type == BTMESH_RECORDS_GET)
		return on_records_get(d, cx);
	if (d->r.state == INVITE && type == BTMESH_RECORD_REQUEST)
		return on_request(d, cx, in);
	if (expected[d->r.state] != type + 1 || d->r.owed)
		return fail(d, cx, BTMESH_F_UNEXPECTED, IMP_EPROTO);
	btmesh_patience(&d->r, cx);
	switch (type) {
	case BTMESH_INVITE:
		return on_invite(d, cx, in);
	case BTMESH_START:
		return on_start(d, cx, in);
	case BTMESH_PUBLIC_KEY:
		return on_public_key(d, cx, in);
	case BTMESH_CONFIRM:
		return on_confirm(d, cx, in);
	case BTMESH_RANDOM:
		return on_random(d, cx, in);
	default:
		return on_data(d, cx, in);
	}
}

/* --- everything else ---------------------------------------------------------- */

static imp_status on_answer(struct device *d, imp_cx *cx, const imp_msg *in)
{
	switch (d->r.state) {
	case READ:
		return on_read(d, cx, in);
	case RECORD:
		return on_record(d, cx, in);
	case CHARGE:
		return in->code < 0 ? fail(d, cx, BTMESH_F_RESOURCES, in->code) : send_confirm(d, cx);
	case COMMIT:
		if (in->code < 0)
			return fail(d, cx, BTMESH_F_RESOURCES, in->code);
		return btmesh_send_bytes(&d->r, cx, COMPLETE, BTMESH_COMPLETE, NONE);
	case ADOPTED:
		return done(d, cx, in->code < 0 ? in->code : IMP_OK);
	default:
		return on_belief(d, cx, in);
	}
}

/* Our PDU has arrived, or never will. */
static imp_status on_sent(struct device *d, imp_cx *cx)
{
	d->r.sent = 0;
	if (d->r.state == COMPLETE)
		return done(d, cx, IMP_OK);
	return d->r.owed ? send_owed(d, cx) : IMP_OK;
}

static imp_status on_up(struct device *d, imp_cx *cx, const imp_msg *in)
{
	if (d->r.state != LINK)
		return IMP_OK;
	if (d->node) {
		if (in->data.len != 1 || in->data.ptr[0] > BTMESH_NEW_COMPOSITION)
			return shut(d, cx, IMP_EPROTO);
		d->procedure = in->data.ptr[0];
	}
	if (in->code > 0 && in->code < d->r.max)
		d->r.max = (uint16_t)(in->code < BTMESH_PDU_LEAST ? BTMESH_PDU_LEAST : in->code);
	d->r.state = INVITE;
	d->r.until = cx->now + BTMESH_RUN_MS;
	btmesh_patience(&d->r, cx);
	return IMP_OK;
}

static imp_status on_down(struct device *d, imp_cx *cx)
{
	switch (d->r.state) {
	case COMMIT: /* its answer ends the run */
		return IMP_OK;
	case COMPLETE:
		return done(d, cx, IMP_OK);
	case FAILED:
		return done(d, cx, d->r.fault);
	default:
		return d->r.state < LINK ? IMP_OK : done(d, cx, IMP_ELINK);
	}
}

static imp_status on_tick(struct device *d, imp_cx *cx)
{
	if (d->r.state == REST)
		return open_link(d, cx);
	if (d->r.state == COMPLETE)
		return done(d, cx, IMP_OK);
	if (d->r.state <= LINK || d->r.state == COMMIT)
		return IMP_OK;
	return shut(d, cx, d->r.state == FAILED ? d->r.fault : IMP_ETIME);
}

imp_status btmesh_device_step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct device *d = state;
	imp_status st;
	if (d->r.state == OVER)
		return in->verb == IMP_ASK ? IMP_PASS : IMP_OK;
	switch (in->verb) {
	case IMP_START:
		if (d->r.state != IDLE)
			return IMP_OK;
		d->node = in->topic == IMP_T_NETWORK;
		return ask(d, cx, in->topic == IMP_T_KEY ? CANDIDATE : UUID);
	case IMP_UP:
		return on_up(d, cx, in);
	case IMP_DOWN:
		return on_down(d, cx);
	case IMP_RX:
		st = btmesh_arrived(cx, in);
		return st || d->r.state <= LINK ? st : on_pdu(d, cx, in->data);
	case IMP_ANSWER:
		if (d->r.sent && in->ticket == d->r.sent)
			return on_sent(d, cx);
		return btmesh_answered(&d->r, in) ? on_answer(d, cx, in) : IMP_OK;
	case IMP_TICK:
		return on_tick(d, cx);
	case IMP_STOP:
		return d->r.state < LINK ? done(d, cx, IMP_EDENIED) : shut(d, cx, IMP_EDENIED);
	}
	return in->verb == IMP_ASK || in->verb == IMP_TELL ? IMP_PASS : IMP_OK;
}

const char *btmesh_device_where(const void *state)
{
	static const char names[] =
		"idle\0uuid\0config\0static\0oob\0tries\0network\0candidate\0adopted\0rest\0link\0invite\0record\0start\0public_key\0read\0confirm\0charge\0"
		"random\0data\0commit\0complete\0failed\0over";
	const char *name = names;
	for (uint8_t s = ((const struct device *)state)->r.state; s; s--)
		name += strlen(name) + 1;
	return name;
}
