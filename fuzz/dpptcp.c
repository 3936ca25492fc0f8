/* dpptcp.c -- a stream cut up in three ways: the same rises, and the layer
 * never breaks.  The first byte says what we did before it came. */
#include "dpplink.h"
#include "dpptcp.h"
#include "../tests/link_end.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(int holds)
{
	if (!holds)
		abort();
}

enum { MAX = 64 };
static struct end ends[3];

static void begin(struct end *e, uint8_t what)
{
	make(e, &imp_dpptcp, MAX);
	if (what & 1)
		feed(e, imp_say(IMP_OPEN, 0, 0, 5, TEXT("dpp://h"), NONE));
	feed(e, imp_say(IMP_UP, 0, 0, 5, NONE, NONE));
	if (what & 2)
		feed(e, imp_say(IMP_TX, IMP_DPP_GAS, 0, 7, NONE, TEXT("q")));
	forget(e);
}

/* In pieces of `size`, each eaten up before the next. */
static void play(struct end *e, imp_span in, size_t size)
{
	for (size_t at = 0; at < in.len; at += size) {
		feed(e, imp_say(IMP_RX, 0, 0, 0, NONE, imp_bytes(in.ptr + at, in.len - at < size ? in.len - at : size)));
		pass(e, 0);
		must(imp_session_status(e->s) == IMP_OK);
		if (e->ticket && e->log_len > LOG / 2)
			break;
	}
	pass(e, 200000);
	must(imp_session_status(e->s) == IMP_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const size_t sizes[] = {1, 7, MAX};
	if (!n || n > 2000)
		return 0;
	for (int i = 0; i < 3; i++) {
		begin(&ends[i], data[0]);
		play(&ends[i], imp_bytes(data + 1, n - 1), sizes[i]);
		must(says(&ends[i], ends[0].log) && ends[i].wire_len == ends[0].wire_len);
	}
	return 0;
}
