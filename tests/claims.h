/* claims.h -- is what a question tells declared in its layer's manifest? */
#ifndef IMPRINT_CLAIMS_H
#define IMPRINT_CLAIMS_H

#include "cbor.h"
#include <stdio.h>

static inline int claim_is_of(const imp_claim *c, uint16_t ask, uint16_t role)
{
	uint16_t roles = c->flags & 0xff00;
	return c->ask == ask && !(c->flags & IMP_CLAIM_REPLY) && (!roles || roles & 1u << (8 + role));
}

/* The row of this claim, of this form; NULL: none. */
static inline const imp_claim *claim_row(const imp_manifest *m, const imp_msg *ask, uint16_t role, uint64_t topic, unsigned form)
{
	for (const imp_claim *c = m->claims; c->ask; c++)
		if (claim_is_of(c, ask->topic, role) && c->topic == topic && c->form & form)
			return c;
	return NULL;
}

/* 1: no manifest of claims, no claims, or as declared.  0: `why` says. */
static inline int claims_declared(const imp_layer *y, uint16_t role, const imp_msg *ask, char *why, size_t cap)
{
	const imp_manifest *m = y ? y->manifest : NULL;
	const imp_claim *row, *first;
	uint64_t seen = 0;
	imp_rd r = imp_rd_of(ask->data);
	if (!m || !IMP_HAS(m, imp_manifest, claims) || !m->claims || (ask->topic != IMP_T_AUTHORIZE && ask->topic != IMP_T_CHOOSE))
		return 1;
	first = m->claims;
	for (size_t n = ask->data.len ? imp_cbor_map(&r) : 0; n && !r.err; n--) {
		uint64_t topic = imp_cbor_uint(&r);
		imp_span value = imp_cbor_raw(&r);
		row = value.len ? claim_row(m, ask, role, topic, 1u << (value.ptr[0] >> 5)) : NULL;
		snprintf(why, cap, "%s, role %u, question 0x%04x: claim 0x%04x of form %u is not declared", y->id, role, ask->topic, (unsigned)topic, value.len ? value.ptr[0] >> 5 : 9u);
		if (!row)
			return 0;
		seen |= UINT64_C(1) << (row - first);
	}
	snprintf(why, cap, "%s, role %u: claims are no map", y->id, role);
	if (ask->data.len && imp_rd_end(&r) < 0)
		return 0;
	for (row = first; row->ask; row++) {
		snprintf(why, cap, "%s, role %u, question 0x%04x: claim 0x%04x is always there, says the manifest, and was not", y->id, role, ask->topic, row->topic);
		if (claim_is_of(row, ask->topic, role) && row->flags & IMP_CLAIM_ALWAYS && !(seen >> (row - first) & 1))
			return 0;
	}
	return 1;
}

#endif
