/* action.c -- frames from two stations and whatever the host does, in any
 * order: the layer never breaks, and every query has one answer at most. */
#include "action.h"
#include "dpplink.h"
#include "rd.h"
#include "../tests/link_end.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MAX = 200, MTU = 90 };
static struct end e;

/* One thing that happens: its first byte says what.  How many ANSWERs it may
 * bring (one that nobody waits for comes back). */
static int happen(imp_rd *r)
{
	static const char macs[2][7] = {"\2AAAAA", "\2BBBBB"};
	uint8_t what = imp_rd_u8(r);
	imp_span data = imp_rd_bytes(r, imp_rd_u8(r));
	imp_span from = imp_bytes(macs[what >> 3 & 1], 6);
	switch (what & 7) {
	case 0:
		feed(&e, imp_say(IMP_TX, IMP_DPP_GAS, 0, 7, from, data));
		return 1;
	case 1:
		feed(&e, imp_say(IMP_ANSWER, 0, what & 16 ? -1 : 0, e.ticket, NONE, data));
		return 1;
	case 2:
		pass(&e, what * 10u);
		break;
	case 3:
		feed(&e, imp_say(IMP_TX, IMP_DPP_FRAME, what, what & 16 ? 9 : 0, what & 32 ? from : NONE, data));
		return 1;
	case 4:
		if (e.packets)
			feed(&e, imp_say(IMP_ANSWER, 0, what & 16 ? -1 : 0, e.packet[e.packets - 1].ticket, NONE, NONE));
		return 1;
	default:
		feed(&e, imp_say(IMP_RX, 0, 0, 0, from, data));
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_rd r = imp_rd_of(imp_bytes(data, n));
	int asked = 0;
	make(&e, &imp_action, MAX);
	feed(&e, imp_say(IMP_OPEN, 0, 0, 5, TEXT("dpp://024141414141"), NONE));
	feed(&e, imp_say(IMP_UP, 0, MTU, 5, NONE, NONE));
	forget(&e);
	while (imp_rd_left(&r) && e.packets < PACKETS - 4 && e.log_len < LOG / 2) {
		asked += happen(&r);
		if (imp_session_status(e.s) != IMP_OK)
			abort();
	}
	if (e.packets < PACKETS - 8)
		pass(&e, 5000);
	if (imp_session_status(e.s) != IMP_OK || e.answers > asked)
		abort();
	return 0;
}
