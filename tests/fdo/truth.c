/* truth.c -- FDO's manifest against its four roles. */
#include "crypto.h"
#include "fdo-kit.h"
#include "truth.h"

static struct kit k;
static uint8_t file[3000];

static void begin(uint8_t enc)
{
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, enc);
}

static struct party *new_device(void)
{
	begin(FDO_ENC_X509);
	return k.device;
}

static struct party *makers_chain(void)
{
	begin(FDO_ENC_X5CHAIN);
	return k.maker;
}

static void sell(void)
{
	begin(FDO_ENC_X509);
	kit_di(&k);
	kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER);
}

static struct party *owner_of_voucher(void)
{
	sell();
	return k.owner;
}

static struct party *rendezvous(void)
{
	sell();
	return k.rv;
}

static void wait_for_device(void)
{
	sell();
	kit_to0(&k, k.owner);
	kit_actions(&k, imp_bytes(file, sizeof file));
}

static struct party *device_unpacked(void)
{
	wait_for_device();
	return k.device;
}

static struct party *owner_waiting(void)
{
	wait_for_device();
	return k.owner;
}

static void di(struct party *p)
{
	(void)p;
	kit_di(&k);
}

static void to0(struct party *p)
{
	(void)p;
	kit_to0(&k, k.owner);
}

static void onboard(struct party *p)
{
	(void)p;
	kit_onboard(&k);
}

static void to0_to1(struct party *p)
{
	to0(p);
	onboard(p);
}

static void end(struct party *p)
{
	(void)p;
	kit_end(&k);
}

static const struct truth_case cases[] = {
	{"device, DI", &imp_fdo, IMP_DEVICE, new_device, di, end},
	{"device, TO1 and TO2", &imp_fdo, IMP_DEVICE, device_unpacked, onboard, end},
	{"owner, TO0", &imp_fdo, IMP_OWNER, owner_of_voucher, to0, end},
	{"owner, TO2", &imp_fdo, IMP_OWNER, owner_waiting, onboard, end},
	{"maker, DI for a device that wants X5CHAIN", &imp_fdo, IMP_MAKER, makers_chain, di, end},
	{"rendezvous, TO0 and TO1", &imp_fdo, IMP_RENDEZVOUS, rendezvous, to0_to1, end},
};

int main(void)
{
	kit_crypto = &imp_openssl;
	return truth_check(cases, sizeof cases / sizeof cases[0]);
}
