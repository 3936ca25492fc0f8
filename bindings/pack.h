/* pack.h -- messages and channels as flat records: see face.h, RECORDS. */
#ifndef IMPRINT_PACK_H
#define IMPRINT_PACK_H

#include "imprint.h"

/* The record's head as it lies in memory. */
struct record {
	uint32_t name_len, data_len, channel_len, spare;
	uint16_t verb, topic, flags, link;
	int32_t  code;
	uint32_t ticket;
	uint64_t when;
};

/* A fed channel: derive() looks into its own record. */
struct flat_channel {
	imp_channel c; /* first */
	imp_span exports;
};

/* One message off the front of `in`; its spans lie in it.  0: malformed, *in
 * is as it was. */
int unpack(imp_span *in, imp_msg *m, struct flat_channel *channel);

/* Bytes of its record, with padding to the next; 0: too large for one. */
size_t packed_size(const imp_msg *m);
void pack(const imp_msg *m, uint8_t *to);

#endif
