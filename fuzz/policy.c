/* policy.c -- a policy and the claims it is asked about, a zero between them:
 * whatever they are, there is a verdict. */
#include "policy.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static policy_verdict v;
	const uint8_t *end = size ? memchr(data, 0, size) : NULL;
	size_t text = end ? (size_t)(end - data) : size;
	policy *p;
	policy_question q = {"authorize", "owner", imp_bytes("who", 3), imp_bytes(NULL, 0), 1, 0};
	if (end)
		q.claims = imp_bytes(end + 1, size - text - 1);
	p = policy_open(imp_bytes(data, text), "fuzz.lua");
	if (!p)
		return 0;
	policy_ask(p, &q, &v);
	policy_ask(p, &q, &v); /* in memory that is no longer new */
	policy_close(p);
	if (v.code != IMP_OK && v.code != IMP_EDENIED && v.code != IMP_LATER)
		abort();
	if (v.map_len > POLICY_MAP || (v.code != IMP_OK && v.map_len) || !memchr(v.reason, 0, sizeof v.reason))
		abort();
	return 0;
}
