/* dtls_layer.h -- a layer out of a profile.  Each layer has functions of its
 * own, as a step is not told whose it is. */
#ifndef IMPRINT_DTLS_LAYER_H
#define IMPRINT_DTLS_LAYER_H

#include "dtls_in.h"

#define IMP_DTLS_LAYER(name, text, sorts) \
	static size_t need_##name(const imp_params *q) { return imp_dtls_need(&name, q); } \
	static imp_status init_##name(void *s, const imp_params *q) { return imp_dtls_init(&name, s, q); } \
	static imp_status step_##name(void *s, imp_cx *cx, const imp_msg *m) { return imp_dtls_step(&name, s, cx, m); } \
	static const imp_channel *channel_##name(const void *s, imp_cx *cx) { return imp_dtls_channel(&name, s, cx); } \
	const imp_layer imp_##name = { \
		.size = sizeof(imp_layer), .burst = IMP_DTLS_BURST, .id = text, .version = "1", .spec = "RFC 6347", \
		.offers = IMP_L_DGRAM, .needs = {IMP_L_DGRAM}, .need = need_##name, .init = init_##name, \
		.step = step_##name, .where = imp_dtls_where, .triage = (sorts), .channel = channel_##name, .work = imp_dtls_work, \
	}

#endif
