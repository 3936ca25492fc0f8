/* policy.c -- what a decision costs: trust_maker.lua, asked as an FDO owner
 * asks it, and the same decision in C. */
#define _POSIX_C_SOURCE 200809L
#include "policy.h"
#include "cbor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TURNS = 20000, ROUNDS = 15, CERT = 420 };

static const uint8_t maker[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static const char text[] =
	"local makers = { '%s' }\n"
	"return {\n"
	"	authorize = function(q)\n"
	"		if q.role == 'maker' then return true end\n"
	"		for _, key in ipairs(makers) do\n"
	"			if q.claims.anchor == key then return true end\n"
	"		end\n"
	"		return false, 'made by a manufacturer we do not know'\n"
	"	end,\n"
	"}\n";

static imp_span claims(uint8_t *to, size_t cap)
{
	static const uint8_t bytes[CERT] = {0x30};
	static const uint16_t hashes[] = {IMP_T_ANCHOR, IMP_T_OWNER, IMP_T_PEERKEY};
	imp_wr w = imp_wr_to(to, cap);
	imp_cbor_put_map(&w, 7);
	imp_cbor_put_uint(&w, IMP_T_IDENTITY);
	imp_cbor_put_bstr(&w, imp_bytes(maker, 16));
	imp_cbor_put_uint(&w, IMP_T_CHAIN);
	imp_cbor_put_bstr(&w, imp_bytes(bytes, sizeof bytes));
	for (int i = 0; i < 3; i++) {
		imp_cbor_put_uint(&w, hashes[i]);
		imp_cbor_put_bstr(&w, imp_bytes(maker, sizeof maker));
	}
	imp_cbor_put_uint(&w, IMP_T_VOUCHER);
	imp_cbor_put_uint(&w, 2);
	imp_cbor_put_uint(&w, IMP_T_CONFIG);
	imp_cbor_put_text(&w, "demo lamp");
	return imp_wr_span(&w);
}

static imp_status in_c(imp_span data)
{
	imp_rd r = imp_rd_of(data);
	imp_status st = IMP_EDENIED;
	for (size_t n = imp_cbor_map(&r); n && !r.err; n--) {
		uint64_t topic = imp_cbor_uint(&r);
		imp_span raw = imp_cbor_raw(&r), is;
		imp_rd v = imp_rd_of(raw);
		if (topic != IMP_T_ANCHOR)
			continue;
		is = imp_cbor_bstr(&v);
		st = is.len == sizeof maker && !memcmp(is.ptr, maker, sizeof maker) ? IMP_OK : IMP_EDENIED;
	}
	return imp_rd_end(&r) < 0 ? IMP_EDENIED : st;
}

static double microseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The best of some rounds: what the machine does besides is not ours. */
static double cost(policy *p, const policy_question *q)
{
	static policy_verdict v;
	double best = 1e9;
	for (int r = 0; r < ROUNDS; r++) {
		double begun = microseconds(), each;
		for (int i = 0; i < TURNS; i++) {
			if (p)
				policy_ask(p, q, &v);
			else
				v.code = in_c(q->claims);
			if (v.code != IMP_OK)
				exit(1);
		}
		each = (microseconds() - begun) / TURNS;
		best = each < best ? each : best;
	}
	return best;
}

int main(void)
{
	uint8_t data[1024];
	char hex[65], file[sizeof text + 65];
	const policy_question q = {"authorize", "owner", imp_bytes("00112233445566778899aabbccddeeff", 32), claims(data, sizeof data), 1700000000, 0};
	policy *p;
	double lua, c;
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", maker[i]);
	snprintf(file, sizeof file, text, hex);
	p = policy_open(imp_bytes(file, strlen(file)), "bench.lua");
	if (!p || *policy_wrong(p))
		return 1;
	lua = cost(p, &q);
	c = cost(NULL, &q);
	printf("{\"id\": \"lua-policy\", \"what\": \"a Lua policy decision in its sandbox over the same in C\", \"value\": %.3f, \"unit\": \"µs\", \"max\": 2, \"timed\": true}\n", lua - c);
	printf("{\"id\": \"lua-policy-c\", \"what\": \"... the same in C\", \"value\": %.3f, \"unit\": \"µs\", \"detail\": true}\n", c);
	policy_close(p);
	return 0;
}
