/* hostile.c -- known attacks and everything else that a peer, a person or a host
 * can do wrong: each ends with the code it should, and nobody is half provisioned.
 *
 * The attacker is the wire: it sees every PDU and may put another in its place. */
#include "bytes.h"
#include "cbor.h"
#include "crypto.h"
#include "mesh-kit.h"
#include "t.h"

#define NONE imp_bytes(0, 0)
#define FROM_DEVICE 1

static struct mesh k;

/* What the wire does, and what it has seen. */
static struct {
	int  type, from_device; /* the PDU that is spoiled */
	void (*spoil)(struct crossing *x);
	uint8_t with[80];       /* put this in its place */
	size_t with_len;
	uint8_t seen[2][BTMESH_TYPES][80]; /* by direction */
	uint8_t failed;         /* the last code of Failed that passed; 0: none */
	int  fails;
} wire;

static void replace(struct crossing *x, const uint8_t *data, size_t n)
{
	memcpy(x->data, data, n);
	x->m->data.len = n;
}

static int on_wire(struct world *w, struct crossing *x)
{
	uint8_t type = x->data[0];
	int from_device = x->m->verb == IMP_RX && !memcmp(x->m->name.ptr, "device", 6);
	(void)w;
	if (x->m->verb != IMP_RX)
		return PASS; /* the ANSWER: it has arrived */
	if (type < BTMESH_TYPES && x->m->data.len <= 80)
		memcpy(wire.seen[from_device][type], x->data, x->m->data.len);
	if (type == BTMESH_FAILED && from_device) {
		wire.failed = x->data[1];
		wire.fails++;
	}
	if (type == wire.type && from_device == wire.from_device && wire.spoil)
		wire.spoil(x);
	return PASS;
}

static void begin(const char *config)
{
	mesh_begin(&k, &imp_openssl, NULL);
	if (config)
		mesh_device_is(&k, config);
	memset(&wire, 0, sizeof wire);
	k.w.fault = on_wire;
}

/* A run whose PDU of this type is spoiled: how it ends on both sides. */
static void ends(const char *what, int type, int from_device, void (*spoil)(struct crossing *x), imp_status device, uint8_t failed, imp_status provisioner)
{
	char why[160];
	imp_status st;
	wire.type = type;
	wire.from_device = from_device;
	wire.spoil = spoil;
	st = mesh_run(&k);
	snprintf(why, sizeof why, "device %d topic %u %s, Failed %u, provisioner %d %s", k.d->code, k.d->topic, imp_session_where(k.d->s), wire.failed, st, imp_session_where(k.p->s));
	t_check(what, k.d->done == 1 && k.p->done == 1 && k.d->code == device && wire.failed == failed && (!failed || k.d->topic == failed) && st == provisioner && mesh_provisioned(&k) == 0, why);
	mesh_end(&k);
}

/* --- known attacks ------------------------------------------------------------ */

static void reflect(struct crossing *x) /* the other side's own PDU of this type */
{
	uint8_t type = x->data[0];
	memcpy(x->data, wire.seen[!wire.from_device][type], x->m->data.len);
}

static void negate(struct crossing *x) /* its own key, upside down: the same x */
{
	memcpy(x->data, wire.seen[!wire.from_device][BTMESH_PUBLIC_KEY], 33);
	memset(x->data + 33, 0x55, 32);
}

static void flip(struct crossing *x)
{
	x->data[x->m->data.len - 1] ^= 1;
}

static void flip_first(struct crossing *x)
{
	x->data[1] ^= 0x80;
}

static void zeros(struct crossing *x)
{
	memset(x->data + 1, 0, x->m->data.len - 1);
}

static void put(struct crossing *x)
{
	replace(x, wire.with, wire.with_len);
}

static const char cmac[] = "a16a616c676f726974686d7301", both[] = "a0";

static void attacks(void)
{
	static const char *const algs[] = {cmac, both};
	static const char *const names[] = {"CMAC", "HMAC"};
	for (int i = 0; i < 2; i++) {
		char text[120];
#define ATTACK(what, ...) (snprintf(text, sizeof text, "%s: %s", names[i], what), begin(algs[i]), ends(text, __VA_ARGS__))
		ATTACK("reflected confirmation: the provisioner stops", BTMESH_CONFIRM, FROM_DEVICE, reflect, IMP_ELINK, 0, IMP_EAUTH);
		ATTACK("reflected random number: the provisioner stops", BTMESH_RANDOM, FROM_DEVICE, reflect, IMP_ELINK, 0, IMP_EAUTH);
		ATTACK("identical public key: the provisioner stops", BTMESH_PUBLIC_KEY, FROM_DEVICE, reflect, IMP_ELINK, 0, IMP_EBADMSG);
		ATTACK("the negative of its public key: the provisioner stops", BTMESH_PUBLIC_KEY, FROM_DEVICE, negate, IMP_ELINK, 0, IMP_EBADMSG);
		ATTACK("device's key off the curve: the provisioner stops", BTMESH_PUBLIC_KEY, FROM_DEVICE, flip, IMP_ELINK, 0, IMP_EBADMSG);
		ATTACK("device's key zero: the provisioner stops", BTMESH_PUBLIC_KEY, FROM_DEVICE, zeros, IMP_ELINK, 0, IMP_EBADMSG);
		ATTACK("provisioner's key off the curve: Failed 02", BTMESH_PUBLIC_KEY, 0, flip, IMP_EBADMSG, BTMESH_F_FORMAT, IMP_EPEER);
		ATTACK("provisioner's key zero: Failed 02", BTMESH_PUBLIC_KEY, 0, zeros, IMP_EBADMSG, BTMESH_F_FORMAT, IMP_EPEER);
		ATTACK("wrong confirmation of the provisioner: Failed 04", BTMESH_CONFIRM, 0, flip, IMP_EAUTH, BTMESH_F_CONFIRM, IMP_EPEER);
		ATTACK("wrong random number of the provisioner: Failed 04", BTMESH_RANDOM, 0, flip, IMP_EAUTH, BTMESH_F_CONFIRM, IMP_EPEER);
		ATTACK("wrong confirmation of the device: the provisioner stops", BTMESH_CONFIRM, FROM_DEVICE, flip, IMP_ELINK, 0, IMP_EAUTH);
		ATTACK("wrong random number of the device: the provisioner stops", BTMESH_RANDOM, FROM_DEVICE, flip, IMP_ELINK, 0, IMP_EAUTH);
		ATTACK("altered data: Failed 06", BTMESH_DATA, 0, flip_first, IMP_EAUTH, BTMESH_F_DECRYPT, IMP_EPEER);
		ATTACK("altered MIC: Failed 06", BTMESH_DATA, 0, flip, IMP_EAUTH, BTMESH_F_DECRYPT, IMP_EPEER);
		ATTACK("capabilities altered on the way: confirmations differ", BTMESH_CAPS, FROM_DEVICE, flip, IMP_EAUTH, BTMESH_F_CONFIRM, IMP_EPEER);
		ATTACK("attention altered on the way: confirmations differ", BTMESH_INVITE, 0, flip, IMP_EAUTH, BTMESH_F_CONFIRM, IMP_EPEER);
#undef ATTACK
	}
}

/* A downgrade: both could HMAC, the wire says that the device cannot. */
static void only_cmac(struct crossing *x)
{
	x->data[3] = 1 << BTMESH_CMAC;
}

static void no_methods(struct crossing *x)
{
	memset(x->data + 5, 0, 7);
}

static void downgrades(void)
{
	begin(both);
	ends("downgrade to CMAC: confirmations differ", BTMESH_CAPS, FROM_DEVICE, only_cmac, IMP_EAUTH, BTMESH_F_CONFIRM, IMP_EPEER);
	begin("a2666f7574707574820808686f6e6c795f6f6f62f5");
	ends("downgrade to no OOB of a device that wants OOB: Failed 02", BTMESH_CAPS, FROM_DEVICE, no_methods, IMP_EBADMSG, BTMESH_F_FORMAT, IMP_EPEER);
	begin("a1666f7574707574820808");
	ends("downgrade to no OOB of a device that can: confirmations differ", BTMESH_CAPS, FROM_DEVICE, no_methods, IMP_EAUTH, BTMESH_F_CONFIRM, IMP_EPEER);
}

/* --- out of order ---------------------------------------------------------------- */

static const uint8_t provisioners[] = {BTMESH_INVITE, BTMESH_START, BTMESH_PUBLIC_KEY, BTMESH_CONFIRM, BTMESH_RANDOM, BTMESH_DATA};
static const uint8_t devices[] = {BTMESH_CAPS, BTMESH_PUBLIC_KEY, BTMESH_CONFIRM, BTMESH_RANDOM, BTMESH_COMPLETE};

static size_t length(uint8_t type)
{
	static const uint8_t lengths[BTMESH_TYPES] = {1, 11, 5, 64, 0, 32, 32, 33, 0, 1, 6, 12, 0, 4};
	return 1u + lengths[type];
}

static void wrong_pdu(int type, int from_device, uint8_t with, size_t len, imp_status device, uint8_t failed, imp_status provisioner)
{
	char text[120];
	begin(both);
	memset(wire.with, 1, sizeof wire.with);
	wire.with[0] = with;
	wire.with_len = len;
	snprintf(text, sizeof text, "%s PDU %02x instead of %02x, %zu bytes: code %d", from_device ? "device's" : "provisioner's", with, type, len, failed ? failed : provisioner);
	ends(text, type, from_device, put, device, failed, provisioner);
}

static void out_of_order(void)
{
	for (size_t i = 0; i < sizeof provisioners; i++) {
		for (uint8_t with = 0; with < BTMESH_TYPES; with++) {
			int record = provisioners[i] == BTMESH_INVITE && (with == BTMESH_RECORD_REQUEST || with == BTMESH_RECORDS_GET);
			if (with != provisioners[i] && !record)
				wrong_pdu(provisioners[i], 0, with, length(with), IMP_EPROTO, BTMESH_F_UNEXPECTED, IMP_EPEER);
		}
		wrong_pdu(provisioners[i], 0, BTMESH_TYPES, 3, IMP_EBADMSG, BTMESH_F_PDU, IMP_EPEER);
		wrong_pdu(provisioners[i], 0, provisioners[i], length(provisioners[i]) + 1, IMP_EBADMSG, BTMESH_F_FORMAT, IMP_EPEER);
		wrong_pdu(provisioners[i], 0, provisioners[i], length(provisioners[i]) - 1, IMP_EBADMSG, BTMESH_F_FORMAT, IMP_EPEER);
	}
}

static void device_out_of_order(void)
{
	for (size_t i = 0; i + 1 < sizeof devices; i++) {
		for (uint8_t with = 0; with < BTMESH_TYPES; with++)
			if (with != devices[i] && with != BTMESH_FAILED)
				wrong_pdu(devices[i], 1, with, length(with), IMP_ELINK, 0, IMP_EPROTO);
		wrong_pdu(devices[i], 1, BTMESH_TYPES, 3, IMP_ELINK, 0, IMP_EBADMSG);
		wrong_pdu(devices[i], 1, devices[i], length(devices[i]) + 1, IMP_ELINK, 0, IMP_EBADMSG);
	}
}

/* Every code of Failed, heard at every moment. */
static void failed_codes(void)
{
	int ok = 1, n = 0;
	for (uint8_t code = 0; code <= BTMESH_F_DATA + 1; code++)
		for (size_t i = 0; i + 1 < sizeof devices; i++, n++) {
			begin(both);
			wire.with[0] = BTMESH_FAILED;
			wire.with[1] = code;
			wire.with_len = 2;
			wire.type = devices[i];
			wire.from_device = 1;
			wire.spoil = put;
			ok &= mesh_run(&k) == IMP_EPEER && k.p->topic == code && k.d->code == IMP_ELINK && mesh_provisioned(&k) == 0;
			mesh_end(&k);
		}
	t_check("Failed of every code instead of every PDU: EPEER and the code", ok && n == 44, "");
}

/* A device that has failed says so to everything until its link is gone. */
static void after_failure(void)
{
	static const uint8_t invite[] = {BTMESH_INVITE, 0}, start[] = {BTMESH_START, 0, 0, 0, 0, 0};
	imp_msg up = imp_say(IMP_UP, 0, 100, 0, NONE, NONE), rx = imp_say(IMP_RX, 0, 0, 0, imp_bytes("x", 1), imp_bytes(start, sizeof start)), go = imp_say(IMP_START, 0, 0, 0, NONE, NONE),
	        down = imp_say(IMP_DOWN, 0, 0, 0, NONE, NONE);
	struct sess *o;
	begin(both);
	k.d = world_session(k.device, 1, 0);
	o = world_session(k.provisioner, 0, 0); /* it hears the device and says nothing */
	world_wire(k.d, o);
	world_feed(k.d, &go);
	world_run(&k.w, 10);
	world_feed(k.d, &up);
	world_feed(k.d, &rx); /* Start before Invite */
	rx.data = imp_bytes(invite, sizeof invite);
	for (int i = 0; i < 3; i++) {
		world_run(&k.w, 10);
		world_feed(k.d, &rx);
	}
	world_run(&k.w, 10);
	t_check("a device that failed answers three more PDUs by Failed 03, and is not done", wire.fails == 4 && wire.failed == BTMESH_F_UNEXPECTED && !k.d->done, "");
	world_feed(k.d, &down);
	t_check("... until its link is gone", k.d->done && k.d->code == IMP_EPROTO && k.d->topic == BTMESH_F_UNEXPECTED, "");
	mesh_end(&k);
}

/* A provisioner that says this every 30 s: the seconds until the device has had enough. */
static int endures(const uint8_t *pdu, size_t n)
{
	imp_msg up = imp_say(IMP_UP, 0, 100, 0, NONE, NONE), rx = imp_say(IMP_RX, 0, 0, 0, imp_bytes("x", 1), imp_bytes(pdu, n)), go = imp_say(IMP_START, 0, 0, 0, NONE, NONE);
	int s = 0;
	begin(both);
	k.d = world_session(k.device, 1, 0);
	world_wire(k.d, world_session(k.provisioner, 0, 0));
	world_feed(k.d, &go);
	world_run(&k.w, 10);
	world_feed(k.d, &up);
	for (; s < 1200 && !k.d->done; s += 30) {
		world_feed(k.d, &rx);
		world_run(&k.w, 30000);
	}
	mesh_end(&k);
	return s;
}

static void without_end(void)
{
	static const uint8_t records[] = {BTMESH_RECORDS_GET}, start[] = {BTMESH_START, 0, 0, 0, 0, 0};
	t_check("a device that failed is talked to for 60 s", endures(start, sizeof start) == 60, "");
	t_check("a device that is asked for its records over and over: 10 min", endures(records, sizeof records) == 600, "");
}

/* --- a provisioner that lies ------------------------------------------------------- */

static uint8_t lie[BTMESH_DATA_LEN], lie_len;

/* Seals other data than it was given. */
static imp_status sealed_lie(const imp_crypto *c, int32_t alg, const imp_key *key, imp_span nonce, const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	(void)c;
	memcpy(lie, in.ptr, in.len);
	memcpy(lie + 16, wire.with, lie_len);
	return imp_openssl.seal(&imp_openssl, alg, key, nonce, aad, naad, imp_bytes(lie, sizeof lie), out, len);
}

static void bad_data(void)
{
	static const struct { const char *hex, *why; uint8_t code; } rows[] = {
		{"1000", "key index 0x1000", BTMESH_F_DATA}, {"000004", "a flag of the future", BTMESH_F_DATA}, {"000000000000070000", "address 0", BTMESH_F_DATA},
		{"00000000000007c000", "a group's address", BTMESH_F_DATA}, {"000000000000077fff", "the last address for two elements", BTMESH_F_ADDRESSES},
	};
	static imp_crypto liar;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[100];
		begin("a168656c656d656e747302");
		liar = imp_openssl;
		liar.seal = sealed_lie;
		k.provisioner->crypto = &liar;
		lie_len = (uint8_t)t_hex(rows[i].hex, wire.with, sizeof wire.with).len;
		snprintf(text, sizeof text, "provisioning data with %s: Failed %02x", rows[i].why, rows[i].code);
		ends(text, -1, 0, NULL, IMP_EBADMSG, rows[i].code, IMP_EPEER);
	}
}

/* --- tries ---------------------------------------------------------------------- */

static unsigned tries_of(struct party *p, const char *name)
{
	const struct fact *f = fact_get(p, IMP_T_COUNTER, name, 0);
	imp_rd r = imp_rd_of(f ? imp_bytes(f->data, f->len) : NONE);
	return f ? (unsigned)imp_cbor_uint(&r) : 0;
}

static void guesses(void)
{
	static const uint64_t rests[] = {0, 0, 0, 0, 0, 1000, 3000, 7000, 15000, 31000, 63000};
	static const uint8_t label[16] = "sixteen bytes...", guess[16] = "another sixteen!";
	int ok = 1;
	begin(both);
	k.w.fault = NULL;
	mesh_static(&k, imp_bytes(label, 16), imp_bytes(guess, 16));
	for (unsigned i = 0; i < 11; i++) {
		fact_drop(k.provisioner, IMP_T_COUNTER, "btmesh.tries/" MESH_UUID);
		ok &= mesh_run(&k) != IMP_OK && mesh_provisioned(&k) == 0 && tries_of(k.device, "btmesh.tries") == i + 1;
		ok &= k.rested >= rests[i] && k.rested <= rests[i] + 1000;
	}
	t_check("guesses at a label: each is counted, after five a device rests 1, 3, 7, 15, 31, 63 s", ok, "");
	mesh_static(&k, NONE, imp_bytes(label, 16));
	k.w.now += 4000000;
	t_check("... the right one sets the count to 0", mesh_run(&k) == IMP_OK && mesh_provisioned(&k) == 1 && tries_of(k.device, "btmesh.tries") == 0 && tries_of(k.provisioner, "btmesh.tries/" MESH_UUID) == 0, "");
	mesh_end(&k);
}

static void provisioner_gives_up(void)
{
	static const uint8_t label[16] = "sixteen bytes...", guess[16] = "another sixteen!";
	int ok = 1;
	begin(both);
	k.w.fault = NULL;
	mesh_static(&k, imp_bytes(label, 16), imp_bytes(guess, 16));
	for (unsigned i = 0; i < 10; i++) {
		fact_drop(k.device, IMP_T_COUNTER, "btmesh.tries");
		ok &= mesh_run(&k) == IMP_EPEER && tries_of(k.provisioner, "btmesh.tries/" MESH_UUID) == i + 1;
	}
	t_check("a provisioner counts ten failures", ok, "");
	t_check("... and refuses the eleventh before a link is opened", mesh_run(&k) == IMP_EDENIED && !k.p->opened, "");
	fact_drop(k.provisioner, IMP_T_COUNTER, "btmesh.tries/" MESH_UUID);
	fact_drop(k.device, IMP_T_COUNTER, "btmesh.tries");
	mesh_static(&k, NONE, imp_bytes(label, 16));
	t_check("... until the host forgets", mesh_run(&k) == IMP_OK && mesh_provisioned(&k) == 1, "");
	mesh_end(&k);
}

/* What is shown is new in every run. */
static void never_twice(void)
{
	char first[sizeof k.last], second[sizeof k.last];
	begin("a1666f7574707574820808");
	mesh_run(&k);
	memcpy(first, k.last, sizeof first);
	mesh_run(&k);
	memcpy(second, k.last, sizeof second);
	t_check("two runs, two numbers, both withdrawn", k.shows == 2 && k.hides == 2 && strlen(first) == 8 && strcmp(first, second), "");
	mesh_end(&k);
}

/* --- hosts ------------------------------------------------------------------------ */

static void policy(void)
{
	static const struct { const char *hex, *why; imp_status ends; unsigned address; } rows[] = {
		{"a11901051907d0", "address 2000", IMP_OK, 2000}, {"a119010500", "address 0", IMP_EDENIED, 0}, {"a1190105198000", "no unicast address", IMP_EARG, 0},
		{"a1190109a1666d6574686f6401", "static OOB, which nobody has", IMP_EUNSUP, 0}, {"a1190109a1666d6574686f6405", "method 5", IMP_EARG, 0},
		{"a1190109a169616c676f726974686d00", "algorithm CMAC", IMP_OK, 2}, {"ff", "no CBOR", IMP_EARG, 0}, {"a0", "an empty map", IMP_OK, 2}, {"", "nothing", IMP_OK, 2},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t b[40];
		char text[100];
		imp_status st;
		begin(both);
		k.decision = t_hex(rows[i].hex, b, sizeof b);
		st = mesh_run(&k);
		snprintf(text, sizeof text, "policy says yes and %s: %d", rows[i].why, rows[i].ends);
		t_check(text, st == rows[i].ends && mesh_address(&k) == rows[i].address, imp_session_where(k.p->s));
		mesh_end(&k);
	}
	begin(both);
	fact_set(k.provisioner, IMP_T_COUNTER, "btmesh.next", 0, imp_bytes("\x19\x0b\xb8", 3));
	k.decision = imp_bytes("\xa1\x19\x01\x05\x19\x07\xd0", 7);
	t_check("policy says 2000, and the next free address stays 3000", mesh_run(&k) == IMP_OK && mesh_address(&k) == 2000 && tries_of(k.provisioner, "btmesh.next") == 3000, "");
	mesh_end(&k);
	begin(cmac);
	fact_set(k.provisioner, IMP_T_CONFIG, "btmesh.provisioner", 0, imp_bytes("\xa1\x6a" "algorithms\x02", 13));
	ends("a provisioner that wants HMAC, a device that has CMAC alone: EUNSUP", -1, 0, NULL, IMP_ELINK, 0, IMP_EUNSUP);
	begin(both);
	k.deny = IMP_EDENIED;
	ends("policy says no: EDENIED", -1, 0, NULL, IMP_ELINK, 0, IMP_EDENIED);
	begin(both);
	k.provisioner->hook = NULL;
	ends("no policy: EDENIED", -1, 0, NULL, IMP_ELINK, 0, IMP_EDENIED);
	begin(both);
	k.silent = 1;
	ends("policy that says nothing: ETIME", -1, 0, NULL, IMP_ETIME, 0, IMP_ETIME);
}

static void facts(void)
{
	static const struct { const char *hex; uint16_t topic; const char *name, *why; int device; } rows[] = {
		{"0011", IMP_T_IDENTITY, "btmesh.uuid", "a uuid of two bytes", 1}, {"ff", IMP_T_CONFIG, "btmesh.device", "a configuration that is no CBOR", 1},
		{"a168656c656d656e747300", IMP_T_CONFIG, "btmesh.device", "no elements", 1}, {"a16a616c676f726974686d7304", IMP_T_CONFIG, "btmesh.device", "an algorithm of the future", 1},
		{"00", IMP_T_KEY, "btmesh.oob", "an OOB key of one byte", 1}, {"61", IMP_T_COUNTER, "btmesh.tries", "a count that is none", 1},
		{"00", IMP_T_NETWORK, "btmesh.net", "a network of one byte", 0}, {"ff", IMP_T_CONFIG, "btmesh.provisioner", "a configuration that is no CBOR", 0},
		{"61", IMP_T_COUNTER, "btmesh.tries/" MESH_UUID, "a count that is none", 0}, {"61", IMP_T_COUNTER, "btmesh.next", "a next address that is none", 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t b[40];
		char text[100];
		struct party *p;
		begin(NULL);
		p = rows[i].device ? k.device : k.provisioner;
		fact_set(p, rows[i].topic, rows[i].name, 0, t_hex(rows[i].hex, b, sizeof b));
		mesh_run(&k);
		snprintf(text, sizeof text, "%s: EFACT", rows[i].why);
		t_check(text, (rows[i].device ? k.d : k.p)->code == IMP_EFACT && mesh_provisioned(&k) == 0, "");
		mesh_end(&k);
	}
	begin(NULL);
	fact_set(k.provisioner, IMP_T_COUNTER, "btmesh.next", 0, imp_bytes("\x19\x80\x00", 3));
	ends("no address is left: EDENIED", -1, 0, NULL, IMP_ELINK, 0, IMP_EDENIED);
}

static void people(void)
{
	begin("a165696e707574820604");
	k.device->hook = NULL; /* nobody types anything: EFACT */
	ends("input OOB: the person cancels: Failed 07", -1, 0, NULL, IMP_EFACT, BTMESH_F_ERROR, IMP_EPEER);
	begin("a1666f7574707574820808");
	k.typed = "12345678";
	k.typos = 1;
	ends("output OOB: another number: Failed 04", -1, 0, NULL, IMP_EAUTH, BTMESH_F_CONFIRM, IMP_EPEER);
	begin("a165696e707574820804");
	k.typed = "12345678";
	k.typos = 1;
	ends("input OOB: another number: Failed 04", -1, 0, NULL, IMP_EAUTH, BTMESH_F_CONFIRM, IMP_EPEER);
	begin("a1666f7574707574820808");
	k.provisioner->hook = NULL;
	ends("output OOB, no policy: EDENIED", -1, 0, NULL, IMP_ELINK, 0, IMP_EDENIED);
	begin("a165696e707574820604");
	k.silent = 1;
	ends("people who do nothing: ETIME", -1, 0, NULL, IMP_ETIME, 0, IMP_ETIME);
}

int main(void)
{
	attacks();
	downgrades();
	out_of_order();
	device_out_of_order();
	failed_codes();
	after_failure();
	without_end();
	bad_data();
	guesses();
	provisioner_gives_up();
	never_twice();
	policy();
	facts();
	people();
	return t_end();
}
