/* pair.c -- device, maker, rendezvous and owners back to back: whole
 * onboardings over every choice that the protocol offers. */
#include "crypto.h"
#include "fdo-kit.h"
#include "http.h"
#include "rv.h"
#include "server.h"
#include "t.h"
#include <stdlib.h>

#define NONE imp_bytes(0, 0)

static char said[256];

/* --- every choice ----------------------------------------------------------------- */

static const struct choice {
	const char *name;
	enum kit_kind owner;
	enum fdo_kex kex;
} choices[] = {
	{"ECDH256", KIT_P256, FDO_ECDH256}, {"ECDH384", KIT_P384, FDO_ECDH384},
	{"DHKEXid14", KIT_RSA2048, FDO_DHKEXID14}, {"DHKEXid15", KIT_RSA3072, FDO_DHKEXID15},
	{"ASYMKEX2048", KIT_RSA2048, FDO_ASYMKEX2048}, {"ASYMKEX3072", KIT_RSA3072, FDO_ASYMKEX3072},
};

static int onboard_once(enum kit_kind device, const struct choice *c, int32_t cipher, uint8_t enc)
{
	struct kit k;
	int ok;
	kit_begin(&k, device, c->owner, c->kex, cipher, enc);
	ok = kit_all(&k) && kit_follow(&k, k.owner);
	if (!ok)
		snprintf(said, sizeof said, "%s device %d cipher %d enc %d: owner %d %s, rv %s, maker %s", c->name, device, cipher, enc, k.owner->last,
		         k.owner->last_where, k.rv->last_where, k.maker->last_where);
	kit_end(&k);
	return ok;
}

static void claims_of_choices(void)
{
	static const int32_t ciphers[] = {IMP_A_A128GCM, IMP_A_A256GCM, IMP_A_CCM64_128, IMP_A_CCM64_256};
	static const uint8_t encs[] = {FDO_ENC_X509, FDO_ENC_X5CHAIN, FDO_ENC_COSEKEY};
	char claim[96];
	for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
		int ok = 0, n = 0;
		said[0] = 0;
		for (int device = KIT_P256; device <= KIT_RSA3072; device++)
			for (size_t e = 0; e < 3; e++) {
				if (encs[e] == FDO_ENC_COSEKEY && choices[i].owner > KIT_P384)
					continue;
				n++;
				ok += onboard_once((enum kit_kind)device, &choices[i], ciphers[(size_t)n % 4], encs[e]);
			}
		for (size_t c = 0; c < 4; c++, n++)
			ok += onboard_once(choices[i].owner, &choices[i], ciphers[c], FDO_ENC_X509);
		snprintf(claim, sizeof claim, "%s: 4 device keys x encodings, 4 ciphers: %d of %d", choices[i].name, ok, n);
		t_check(claim, ok == n, said);
	}
}

/* --- the manufacturer's key ---------------------------------------------------------- */

/* DI by a device that wishes for `wish` at a maker that knows its key as `is`;
 * the encoding in the voucher, -1: DI failed. */
static int encoded(enum kit_kind kind, uint8_t wish, uint8_t is, imp_span chain, imp_status *last)
{
	struct kit k;
	const struct fact *f;
	const struct kit_key *maker = kit_key(kind, KIT_MAKER);
	static const char *const name[] = {"fdo.maker/secp256r1", "fdo.maker/secp384r1", "fdo.maker/rsa2048", "fdo.maker/rsa3072"};
	fdo_key key;
	fdo_head h;
	int enc = -1;
	kit_begin(&k, kind, kind, kind <= KIT_P384 ? FDO_ECDH256 : FDO_DHKEXID14, IMP_A_A128GCM, wish);
	fact_set(k.maker, IMP_T_ANCHOR, name[kind], 0, kit_public(maker, is));
	fact_drop(k.maker, IMP_T_CHAIN, name[kind]);
	if (chain.len)
		fact_set(k.maker, IMP_T_CHAIN, name[kind], 0, chain);
	if (kit_di(&k) && (f = fact_get(k.maker, IMP_T_VOUCHER, k.guid, 0)) != NULL && fdo_read_head(imp_bytes(f->data, f->len), &h) == IMP_OK
	    && fdo_key_read(&h.header.key, &key) == IMP_OK && fdo_key_same(&key, &maker->pub))
		enc = h.header.key.enc;
	*last = k.maker->last;
	snprintf(said, sizeof said, "key %d, wish %d, known as %d: %d; maker %d %s", kind, wish, is, enc, k.maker->last, k.maker->last_where);
	kit_end(&k);
	return enc;
}

static uint8_t anchor[34]; /* the last one that policy was told */
static int anchor_hook(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	imp_span is = ask->topic == IMP_T_AUTHORIZE ? imp_cbor_at(ask->data, IMP_T_ANCHOR) : NONE;
	(void)p, (void)s, (void)a;
	if (is.len == sizeof anchor)
		memcpy(anchor, is.ptr, sizeof anchor);
	return ask->topic == IMP_T_AUTHORIZE;
}

/* What policy is told of the maker, of a device that wished for `wish`. */
static int told(uint8_t wish, uint8_t to[34])
{
	struct kit k;
	int ok;
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, wish);
	memset(anchor, 0, sizeof anchor);
	k.rv->hook = k.owner->hook = anchor_hook;
	ok = kit_all(&k);
	kit_end(&k);
	memcpy(to, anchor, sizeof anchor);
	return ok;
}

static imp_span certificate_of(enum kit_who who)
{
	imp_span chain = kit_chain(kit_key(KIT_P256, who));
	return imp_bytes(chain.ptr + 1, chain.len - 1);
}

static void claims_of_encodings(void)
{
	uint8_t name[3][34];
	static const uint8_t encs[] = {FDO_ENC_X509, FDO_ENC_X5CHAIN, FDO_ENC_COSEKEY};
	uint8_t two[4096];
	imp_wr w = imp_wr_to(two, sizeof two);
	imp_status st;
	int ok = 1, n = 0;
	for (int kind = KIT_P256; kind <= KIT_RSA3072; kind++)
		for (size_t wish = 0; wish < 3; wish++)
			for (size_t is = 0; is < 3; is++) {
				int rsa = kind > KIT_P384;
				if (!ok || (rsa && encs[is] == FDO_ENC_COSEKEY))
					continue;
				ok = encoded((enum kit_kind)kind, encs[wish], encs[is], kit_chain(kit_key((enum kit_kind)kind, KIT_MAKER)), &st)
				  == (rsa && encs[wish] == FDO_ENC_COSEKEY ? encs[is] : encs[wish]);
				n++;
			}
	t_check("the voucher has the maker's key in the encoding that the device wishes for", ok && n == 30, said);
	ok = told(FDO_ENC_X509, name[0]) && told(FDO_ENC_X5CHAIN, name[1]) && told(FDO_ENC_COSEKEY, name[2]);
	t_check("policy knows the maker by the same hash in every encoding", ok && name[0][0] == 0x58 && !memcmp(name[0], name[1], 34) && !memcmp(name[0], name[2], 34), "");
	t_check("X5CHAIN of a maker without certificates: its key as it is", encoded(KIT_P256, FDO_ENC_X5CHAIN, FDO_ENC_X509, NONE, &st) == FDO_ENC_X509, said);
	t_check("a certificate of another key is refused", encoded(KIT_P256, FDO_ENC_X5CHAIN, FDO_ENC_X509, kit_chain(kit_key(KIT_P256, KIT_STRANGER)), &st) < 0
	        && st == IMP_EFACT, said);
	imp_cbor_put_array(&w, 2);
	fdo_put_raw(&w, certificate_of(KIT_MAKER));
	fdo_put_raw(&w, certificate_of(KIT_OWNER));
	t_check("certificates that are no path are refused", encoded(KIT_P256, FDO_ENC_X5CHAIN, FDO_ENC_X509, imp_wr_span(&w), &st) < 0 && st == IMP_EFACT, said);
	for (int tag = 0; tag < 2; tag++) {
		w = imp_wr_to(two, sizeof two);
		imp_cbor_put_array(&w, 2);
		fdo_put_raw(&w, certificate_of(KIT_MAKER));
		imp_wr_text(&w, tag ? "\xc9\x41x" : "\x40");
		t_check(tag ? "nor a second certificate that is a tag" : "nor one that is empty", encoded(KIT_P256, FDO_ENC_X5CHAIN, FDO_ENC_X509, imp_wr_span(&w), &st) < 0 && st == IMP_EFACT, said);
	}
	t_check("bytes that are no certificates are refused", encoded(KIT_P256, FDO_ENC_X5CHAIN, FDO_ENC_X509, imp_bytes("\x81\x41\x30", 3), &st) < 0 && st == IMP_EFACT, said);
}

/* --- what the protocol offers ------------------------------------------------------- */

static void begin(struct kit *k)
{
	kit_begin(k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
}

static void claims_of_resale(void)
{
	struct kit k;
	int ok, n = 0;
	begin(&k);
	k.device->layer = &imp_fdo_device; /* as a small device has it */
	ok = kit_all(&k) && kit_follow(&k, k.owner);
	for (int i = 0; ok && i < 3; i++, n++) {
		struct party *from = i % 2 ? k.owner2 : k.owner, *to = i % 2 ? k.owner : k.owner2;
		ok = kit_extend(&k, from, i % 2 ? KIT_OWNER2 : KIT_OWNER, to, i % 2 ? KIT_OWNER : KIT_OWNER2)
		  && kit_to0(&k, to) == IMP_LATER && kit_onboard(&k) == IMP_OK && kit_follow(&k, to);
	}
	t_check("resale: three more owners, each with the voucher the last one got", ok && n == 3, k.owner2->last_where);
	kit_end(&k);
}

static void claims_of_reuse(void)
{
	struct kit k;
	uint64_t before;
	int ok;
	begin(&k);
	k.reuse = 1;
	ok = kit_ready(&k);
	before = kit_print(&k);
	for (int i = 0; i < 3; i++)
		ok = ok && kit_onboard(&k) == IMP_OK && kit_print(&k) == before;
	t_check("credential reuse: three onboardings, the credential stays as it is", ok, k.owner->last_where);
	kit_no_reuse(&k);
	ok = kit_onboard(&k) != IMP_OK && kit_print(&k) == before && k.owner->last == IMP_EPEER && k.owner->last_topic == FDO_E_REUSE;
	t_check("a device that accepts none says error 102 and keeps its credential", ok, k.owner->last_where);
	kit_end(&k);
}

static int with_rvinfo(struct kit *k, const struct kit_rv *v, size_t n)
{
	uint8_t rv[256];
	size_t len = kit_rvinfo(rv, sizeof rv, v, n);
	fact_set(k->maker, IMP_T_CONFIG, "fdo.rvinfo", 0, imp_bytes(rv, len));
	return len > 0 && kit_di(k) && kit_extend(k, k->maker, KIT_MAKER, k->owner, KIT_OWNER);
}

static void claims_of_rendezvous(void)
{
	static const struct kit_rv bypass[] = {{FDO_RV_BYPASS, NULL, -1}, {FDO_RV_DNS, "ownera", -1}, {FDO_RV_DEV_PORT, NULL, 8043},
	                                       {FDO_RV_PROTOCOL, NULL, 1}, {-1, NULL, -1}};
	static const struct kit_rv two[] = {{FDO_RV_DNS, "nowhere", -1}, {FDO_RV_DEV_PORT, NULL, 80}, {FDO_RV_OWNER_PORT, NULL, 80}, {FDO_RV_PROTOCOL, NULL, 1},
	                                    {-1, NULL, -1},
	                                    {FDO_RV_DNS, "rv", -1}, {FDO_RV_DEV_PORT, NULL, 80}, {FDO_RV_OWNER_PORT, NULL, 80}, {FDO_RV_PROTOCOL, NULL, 1},
	                                    {FDO_RV_DELAY, NULL, 3600}, {-1, NULL, -1}};
	static const struct kit_rv later[] = {{FDO_RV_DNS, "nowhere", -1}, {FDO_RV_DEV_PORT, NULL, 80}, {FDO_RV_OWNER_PORT, NULL, 80}, {FDO_RV_PROTOCOL, NULL, 1},
	                                      {FDO_RV_DELAY, NULL, 300}, {-1, NULL, -1},
	                                      {FDO_RV_DELAY, NULL, 600}, {-1, NULL, -1},
	                                      {FDO_RV_DNS, "rv", -1}, {FDO_RV_DEV_PORT, NULL, 80}, {FDO_RV_OWNER_PORT, NULL, 80}, {FDO_RV_PROTOCOL, NULL, 1}, {-1, NULL, -1}};
	struct kit k;
	struct sess *s;
	int ok;
	begin(&k);
	ok = with_rvinfo(&k, bypass, 1);
	ok = ok && kit_to0(&k, k.owner) == IMP_OK && kit_onboard(&k) == IMP_OK && kit_follow(&k, k.owner) && k.rv->asks == 0;
	t_check("rendezvous bypass: no TO0, no TO1, onboarded", ok, k.owner->last_where);
	kit_end(&k);
	begin(&k);
	ok = with_rvinfo(&k, two, 2) && kit_to0(&k, k.owner) == IMP_LATER && kit_onboard(&k) == IMP_OK && kit_follow(&k, k.owner);
	t_check("the first rendezvous server is not there: the second serves owner and device", ok, k.owner->last_where);
	kit_end(&k);
	begin(&k);
	ok = with_rvinfo(&k, two, 2);
	k.rv->down = 1;
	s = world_start(k.device, 0, NONE);
	world_run(&k.w, 60000);
	ok = ok && s && s->done == 1 && s->code == IMP_LATER && s->when == 3600000;
	t_check("no rendezvous at all: come back after the delay that was instructed", ok, "");
	kit_end(&k);
	begin(&k);
	ok = with_rvinfo(&k, later, 3) && kit_to0(&k, k.owner) == IMP_LATER && world_start(k.device, 0, NONE) != NULL;
	world_run(&k.w, 899000);
	ok = ok && !fact_get(k.owner, IMP_T_OWNER, k.guid, 0);
	t_check("a server that is not there, then 300 s, then a directive of nothing but 600 s: after 899 s the device still waits", ok, "");
	world_run(&k.w, 2000);
	t_check("... and two seconds later it is onboarded by the third directive", ok && kit_follow(&k, k.owner), k.owner->last_where);
	kit_end(&k);
}

static int silent_hook(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	(void)p, (void)s, (void)a;
	return ask->topic == IMP_T_AUTHORIZE ? -1 : 0;
}

static void claims_of_policy(void)
{
	int (*hook)(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a);
	struct kit k;
	uint64_t before;
	begin(&k);
	t_check("the maker's device", kit_di(&k) && kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER), k.maker->last_where);
	k.deny_voucher = 1;
	t_check("owner's policy refuses the voucher: EDENIED, the rendezvous hears nothing", kit_to0(&k, k.owner) == IMP_EDENIED && k.rv->asks == 0, k.owner->last_where);
	k.deny_voucher = 0;
	k.deny_to0 = 1;
	t_check("rendezvous policy refuses: the owner learns it, nothing is kept", kit_to0(&k, k.owner) == IMP_EPEER && k.owner->last_topic == FDO_E_VOUCHER
	        && k.rv->last == IMP_EDENIED && !k.rv->facts, k.rv->last_where);
	k.deny_to0 = 0;
	k.grant = 100;
	t_check("rendezvous policy grants 100 s", kit_to0(&k, k.owner) == IMP_LATER && k.rv->facts, k.rv->last_where);
	k.grant = 0;
	k.w.now += 101000;
	before = kit_print(&k);
	t_check("after 101 s the rendezvous knows the device no more", kit_onboard(&k) != IMP_OK && k.rv->last_topic == FDO_E_NOT_FOUND && kit_print(&k) == before, k.rv->last_where);
	t_check("registered again", kit_to0(&k, k.owner) == IMP_LATER, k.rv->last_where);
	k.deny_device = 1;
	t_check("owner's policy refuses the device: it keeps its credential", kit_onboard(&k) != IMP_OK && k.owner->last == IMP_EDENIED && kit_print(&k) == before, k.owner->last_where);
	k.deny_device = 0;
	hook = k.owner->hook;
	k.owner->hook = silent_hook;
	t_check("silence refuses too", kit_onboard(&k) != IMP_OK && k.owner->last == IMP_ETIME && kit_print(&k) == before, k.owner->last_where);
	k.owner->hook = NULL;
	t_check("no policy refuses too", kit_onboard(&k) != IMP_OK && k.owner->last == IMP_EDENIED && kit_print(&k) == before, k.owner->last_where);
	k.owner->hook = hook;
	k.owner->think = 20000;
	t_check("a policy that answers each question after 20 s", kit_onboard(&k) == IMP_OK && kit_follow(&k, k.owner), k.owner->last_where);
	kit_end(&k);
}

static uint32_t granted;
static uint64_t back;

static int grants(struct world *w, struct crossing *x)
{
	static uint8_t body[8];
	imp_wr o = imp_wr_to(body, sizeof body);
	(void)w;
	fdo_put_wait(&o, granted);
	if (x->reply && x->type == FDO_TO0_ACCEPT_OWNER)
		x->m->data = imp_wr_span(&o);
	return PASS;
}

static void sees_when(struct party *p, struct sess *s, const imp_msg *m)
{
	(void)p, (void)s;
	back = m->verb == IMP_DONE ? m->when : back;
}

/* The owner asks for a day. */
static void claims_of_grants(void)
{
	struct kit k;
	begin(&k);
	k.owner->sees = sees_when;
	k.w.fault = grants;
	granted = UINT32_MAX;
	t_check("a rendezvous that grants 136 years: register again within the day", kit_di(&k) && kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER)
	        && kit_to0(&k, k.owner) == IMP_LATER && back == 86400u * 750, k.owner->last_where);
	granted = 60;
	t_check("one that grants a minute: well before it is over", kit_to0(&k, k.owner) == IMP_LATER && back == 45000, k.owner->last_where);
	granted = 0;
	t_check("one that grants nothing has not accepted", kit_to0(&k, k.owner) == IMP_ELINK, k.owner->last_where);
	kit_end(&k);
}

static void sees_done(struct party *p, struct sess *s, const imp_msg *m)
{
	(void)p, (void)s;
	if (m->verb == IMP_DONE)
		snprintf(said, sizeof said, "%.*s", (int)m->name.len, (const char *)m->name.ptr);
}

static void claims_of_missing_facts(void)
{
	struct kit k;
	begin(&k);
	kit_di(&k);
	kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER);
	k.owner->sees = sees_done;
	fact_drop(k.owner, IMP_T_KEY, "fdo.owner/secp256r1");
	t_check("a voucher arrives, the key it ends in is missing: EFACT names it", kit_to0(&k, k.owner) == IMP_EFACT && !strcmp(said, "fdo.owner/secp256r1"), said);
	fact_set(k.owner, IMP_T_KEY, "fdo.owner/secp256r1", 0, kit_flat(kit_key(KIT_P256, KIT_OWNER2)));
	t_check("a voucher that ends in another key than the owner's: EAUTH, nobody is asked", kit_to0(&k, k.owner) == IMP_EAUTH, k.owner->last_where);
	fact_set(k.owner, IMP_T_KEY, "fdo.owner/secp256r1", 0, kit_flat(kit_key(KIT_P256, KIT_OWNER)));
	t_check("with its own key it is accepted", kit_to0(&k, k.owner) == IMP_LATER, k.owner->last_where);
	fact_drop(k.owner, IMP_T_KEY, "fdo.owner/secp256r1");
	t_check("TO2 without the key: the owner names it, the device keeps its credential", kit_onboard(&k) < 0 && k.owner->last == IMP_EFACT
	        && !strcmp(said, "fdo.owner/secp256r1"), said);
	kit_end(&k);
}

static void claims_of_idling(void)
{
	struct kit k;
	int ok;
	begin(&k);
	ok = kit_ready(&k) && world_start(k.device, 0, NONE) != NULL;
	while (ok && k.w.party[3].asks < 10) /* ownera is in the middle of TO2 */
		world_run(&k.w, 1);
	world_kill(world_sess(&k.w, k.w.client));
	world_run(&k.w, 31000);
	t_check("a device that says no more: the owner's session ends after 30 s", ok && k.owner->last == IMP_ETIME && !world_server(&k.w, k.owner), k.owner->last_where);
	t_check("... and the device can come back", kit_onboard(&k) == IMP_OK && kit_follow(&k, k.owner), k.owner->last_where);
	kit_end(&k);
}

/* --- service info --------------------------------------------------------------------- */

enum { MIB = 1 << 20 };

static int same_file(const struct party *p, const char *name, imp_span is)
{
	const struct fact *f = fact_get(p, IMP_T_IMAGE, name, 0);
	return f && imp_same(imp_bytes(f->data, f->len), is);
}

static size_t largest;
static int weigh(struct world *w, struct crossing *x)
{
	(void)w;
	largest = x->m->data.len > largest ? x->m->data.len : largest;
	return PASS;
}

static void claims_of_service_info(void)
{
	struct kit k;
	char name[96];
	uint8_t *file = malloc(MIB);
	int ok;
	for (size_t i = 0; i < MIB; i++)
		file[i] = (uint8_t)(i * 2654435761u >> 13);
	begin(&k);
	ok = kit_ready(&k);
	kit_actions(&k, imp_bytes(file, MIB));
	k.exit_code = 3;
	k.device->params.max_msg = 4096;
	k.owner->params.max_msg = 4096;
	k.owner->params.max_chain = 1536;
	k.owner->largest = 0;
	largest = 0;
	k.w.fault = weigh;
	ok = ok && kit_onboard(&k) == IMP_OK;
	t_check("download, upload, wget and commands in one onboarding", ok, k.owner->last_where);
	t_check("1 MiB arrived at the device as it was", same_file(k.device, "firmware.bin", imp_bytes(file, MIB)), "");
	snprintf(name, sizeof name, "%s/upload/log.txt", k.guid);
	t_check("1 MiB arrived at the owner as it was", same_file(k.owner, name, imp_bytes(file, MIB)), "");
	snprintf(name, sizeof name, "%s/upload/empty.txt", k.guid);
	t_check("an empty file too", same_file(k.owner, name, NONE), "");
	snprintf(name, sizeof name, "%s/devmod/os", k.guid);
	t_check("devmod, output, exit codes and wget reached their hosts", fact_get(k.owner, IMP_T_CONFIG, name, 0) && k.ran == 2 && k.wgets == 1
	        && k.exitcodes == 2 && k.last_exit == 3 && k.out_bytes == 60, "");
	snprintf(said, sizeof said, "largest message %zu B, owner session %zu B, device session %zu B", largest, k.owner->largest, k.device->largest);
	t_check("no message above 4,096 bytes, no session above 4 kB", largest <= 4096 && k.owner->largest <= 4096 && k.device->largest <= 4096, said);
	t_check("the credential is new", kit_follow(&k, k.owner), "");
	kit_end(&k);
	free(file);
}

static void claims_of_long_vouchers(void)
{
	struct kit k;
	size_t bytes[2] = {0, 0};
	int ok = 1;
	for (int i = 0; i < 2; i++) {
		int entries = i ? 64 : 1;
		enum kit_who signer = KIT_MAKER, next;
		begin(&k);
		ok = ok && kit_di(&k);
		for (int e = 0; ok && e < entries; e++, signer = next) {
			next = (entries - e) % 2 ? KIT_OWNER : KIT_OWNER2;
			ok = kit_extend(&k, e ? k.owner : k.maker, signer, k.owner, next);
		}
		ok = ok && kit_to0(&k, k.owner) == IMP_LATER;
		k.owner->params.max_chain = 1024;
		k.owner->params.max_msg = 2048;
		k.owner->largest = 0;
		ok = ok && kit_onboard(&k) == IMP_OK && kit_follow(&k, k.owner);
		bytes[i] = k.owner->largest;
		kit_end(&k);
	}
	snprintf(said, sizeof said, "1 entry %zu B, 64 entries %zu B", bytes[0], bytes[1]);
	t_check("a voucher of 64 entries takes the owner's session no byte more than one of 1", ok && bytes[0] && bytes[0] == bytes[1], said);
}

/* --- over HTTP --------------------------------------------------------------------------- */

/* A command that says more than one message takes. */
static int talker(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	static uint8_t out[4096];
	static char text[3500];
	imp_wr w = imp_wr_to(out, sizeof out);
	(void)p, (void)s;
	if (ask->topic != IMP_T_RUN)
		return 0;
	memset(text, 'x', sizeof text);
	imp_cbor_put_array(&w, 2);
	imp_cbor_put_bstr(&w, imp_bytes(text, sizeof text));
	imp_cbor_put_bstr(&w, NONE);
	a->data = imp_wr_span(&w);
	return 1;
}

/* The owner states what it takes; the tunnel's own bytes come on top. */
static void claims_of_sizes(void)
{
	static const char *const run[] = {"command", "sh", "return_stdout", "true", NULL};
	struct kit k;
	int ok;
	begin(&k);
	for (int i = 0; i < k.w.parties; i++)
		k.w.party[i].http = &imp_http;
	ok = kit_ready(&k);
	k.owner->params.max_msg = 2048;
	k.device->params.max_msg = 8192;
	k.device->hook = talker;
	kit_action(&k, 0, "fdo.command", run);
	ok = ok && kit_onboard(&k) == IMP_OK;
	snprintf(said, sizeof said, "%s, %zu bytes of output", k.owner->last_where, k.out_bytes);
	t_check("a full message of service info fits into what the owner takes", ok && k.out_bytes > 1900 && k.exitcodes == 1, said);
	kit_end(&k);
}

static void claims_of_http(void)
{
	struct kit k;
	uint8_t file[5000];
	int ok;
	for (size_t i = 0; i < sizeof file; i++)
		file[i] = (uint8_t)(i * 7);
	begin(&k);
	for (int i = 0; i < k.w.parties; i++)
		k.w.party[i].http = &imp_http;
	ok = kit_ready(&k);
	t_check("DI and TO0 over HTTP, byte by byte of the real layer", ok, k.owner->last_where);
	kit_actions(&k, imp_bytes(file, sizeof file));
	ok = ok && kit_onboard(&k) == IMP_OK && kit_follow(&k, k.owner) && same_file(k.device, "firmware.bin", imp_bytes(file, sizeof file));
	snprintf(said, sizeof said, "%d crossings of at most 1,460 bytes", k.w.crossings);
	t_check("TO1, TO2 and service info over HTTP", ok, said);
	kit_end(&k);
}

int main(void)
{
	kit_crypto = &imp_openssl;
	claims_of_choices();
	claims_of_encodings();
	claims_of_resale();
	claims_of_reuse();
	claims_of_rendezvous();
	claims_of_policy();
	claims_of_grants();
	claims_of_missing_facts();
	claims_of_idling();
	claims_of_service_info();
	claims_of_long_vouchers();
	claims_of_http();
	claims_of_sizes();
	return t_end();
}
