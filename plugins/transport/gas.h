/* gas.h -- the GAS frames (IEEE 802.11) that carry Wi-Fi Easy Connect's
 * configuration dialog, from the action octet on: bytes <-> struct.  Pure.
 * On TCP they stand as they are; on the air the category octet 04 stands
 * before them.  [any] */
#ifndef IMPRINT_GAS_H
#define IMPRINT_GAS_H

#include "imprint.h"
#include "wr.h"

enum imp_gas_action {
	IMP_GAS_REQUEST = 0x0a,        /* the query                                   */
	IMP_GAS_RESPONSE = 0x0b,       /* the response, or when to come back for it   */
	IMP_GAS_COMEBACK = 0x0c,       /* here I am again                             */
	IMP_GAS_COMEBACK_RESPONSE = 0x0d /* a fragment, or when to come back           */
};
enum { IMP_GAS_HEAD = 20, IMP_GAS_OK = 0, IMP_GAS_REFUSED = 1 }; /* most bytes before the body; status codes */

typedef struct imp_gas {
	uint8_t  action, token;
	uint8_t  fragment;  /* of a comeback response: 0 to 127                     */
	uint8_t  more;      /* of a comeback response: fragments follow             */
	uint16_t status;    /* of responses; not 0: there is no body                */
	uint16_t delay;     /* of responses: come back in so many TU (1.024 ms); not 0: no body */
	imp_span body;
} imp_gas;

/* Is this byte the first of a GAS frame? */
int imp_gas_is(uint8_t first);
/* IMP_EBADMSG: malformed; IMP_EUNSUP: another advertisement protocol.  What
 * follows the body (further elements) is not looked at. */
imp_status imp_gas_read(imp_span in, imp_gas *out);
void       imp_gas_put(imp_wr *w, const imp_gas *g); /* body up to 65535 bytes, else sticky IMP_EARG */

#endif
