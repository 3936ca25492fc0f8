/* claims.c -- policy is told what the manifest declares, all of it, and
 * nothing else; the checker that every test runs under sees the difference. */
#include "claims.h"
#include "crypto.h"
#include "fdo-kit.h"
#include "t.h"

static uint64_t seen;
static imp_msg last[8]; /* by role: a question, its data in kept */
static uint8_t kept[8][4096];

static int note(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	uint16_t role = s->t.params.role;
	imp_rd r = imp_rd_of(ask->data);
	(void)p, (void)a;
	if (ask->topic != IMP_T_AUTHORIZE)
		return 0;
	for (size_t n = imp_cbor_map(&r); n && !r.err; n--) {
		uint64_t topic = imp_cbor_uint(&r);
		imp_span value = imp_cbor_raw(&r);
		const imp_claim *row = value.len ? claim_row(imp_fdo.manifest, ask, role, topic, 1u << (value.ptr[0] >> 5)) : NULL;
		seen |= row ? UINT64_C(1) << (row - imp_fdo.manifest->claims) : 0;
	}
	last[role] = *ask;
	if (ask->data.len <= sizeof kept[role]) {
		memcpy(kept[role], ask->data.ptr, ask->data.len);
		last[role].data.ptr = kept[role];
	}
	return 1;
}

/* The maker issues too: its own hook does that. */
static int (*makers)(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a);
static int note_maker(struct party *p, struct sess *s, const imp_msg *ask, imp_msg *a)
{
	note(p, s, ask, a);
	return makers(p, s, ask, a);
}

static int declared(uint16_t role, imp_span data)
{
	char why[128];
	imp_msg m = last[role];
	m.data = data;
	return claims_declared(&imp_fdo, role, &m, why, sizeof why);
}

int main(void)
{
	static const char *const roles[] = {"", "", "owner", "", "maker", "rendezvous"};
	struct kit k;
	char claim[128];
	int all;
	kit_crypto = &imp_openssl;
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	makers = k.maker->hook;
	k.maker->hook = note_maker;
	k.rv->hook = k.owner->hook = note;
	all = kit_all(&k);
	t_check("DI, TO0, TO1 and TO2 end well", all, "");
	for (const imp_claim *c = imp_fdo.manifest->claims; c->ask; c++) {
		snprintf(claim, sizeof claim, "told: 0x%04x, %s", c->topic, c->text);
		if (!(c->flags & IMP_CLAIM_REPLY))
			t_check(claim, seen >> (c - imp_fdo.manifest->claims) & 1, "");
	}
	for (uint16_t role = IMP_OWNER; role <= IMP_RENDEZVOUS; role++) {
		imp_span d = last[role].data;
		if (!d.ptr)
			continue;
		snprintf(claim, sizeof claim, "%s: as it was told, it is declared", roles[role]);
		t_check(claim, declared(role, d), "");
		snprintf(claim, sizeof claim, "%s: another key is not", roles[role]);
		kept[role][3] ^= 0x40; /* a1 19 01 00: the first key's last byte */
		t_check(claim, !declared(role, d), "");
		kept[role][3] ^= 0x40;
		snprintf(claim, sizeof claim, "%s: nor is an empty map, which lacks what is always told", roles[role]);
		t_check(claim, !declared(role, imp_bytes("\xa0", 1)) && !declared(role, imp_bytes("\xa1", 1)), "");
	}
	t_check("the owner's claims are not the maker's: another form of identity", !declared(IMP_MAKER, last[IMP_OWNER].data), "");
	kit_end(&k);
	return t_end();
}
