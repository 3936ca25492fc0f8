/* product.c -- a device that names what it links: FDO's device, HTTP, OpenSSL.
 * Nothing is sent or kept here: every question is told and answered with
 * "there is none", so the run ends with the first belief that is needed. */
#include <imprint.h>
#include <imprint/crypto.h>
#include <imprint/fdo.h>
#include <imprint/http.h>
#include <stdio.h>

static _Alignas(16) uint8_t mem[16 * 1024], work[64 * 1024];

int main(void)
{
	const imp_stack t = {.size = sizeof t, .top = &imp_fdo_device, .link = {{&imp_http}}, .crypto = &imp_openssl,
	                     .params = {.size = sizeof t.params, .role = IMP_DEVICE, .max_msg = 2048}};
	imp_session *s = imp_session_init(mem, sizeof mem, &t);
	imp_work w = {.mem = work, .len = sizeof work, .now = 1};
	imp_msg in = {.verb = IMP_START}, out;
	if (!s || imp_work_need(&t) > sizeof work)
		return 1;
	do {
		imp_session_feed(s, &t, &w, &in);
		while (imp_session_poll(s, &w, &out) && out.verb != IMP_DONE) {
			printf("%s %.*s\n", out.verb == IMP_ASK ? "asked for" : "said", (int)out.name.len, (const char *)out.name.ptr);
			in = imp_say(IMP_ANSWER, out.topic, IMP_EFACT, out.ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
		}
	} while (out.verb == IMP_ASK);
	printf("%s: %d, without %.*s\n", t.top->id, (int)out.code, (int)out.name.len, (const char *)out.name.ptr);
	imp_session_wipe(s);
	return out.verb != IMP_DONE || out.code != IMP_EFACT;
}
