/* coap.h -- CoAP over datagrams (RFC 7252, block-wise RFC 7959, No-Response
 * RFC 7967, Echo RFC 9175) as a layer: REST above, datagrams below.  One
 * session is client and server at once on one link with one peer.
 *
 * LINK   OPEN goes down as it is; if its URI names its host (no address), that
 *   becomes Uri-Host.  UP goes up with code 0: any size will do.
 *   params.exchanges (0: 2) is how many of the peer's requests are remembered:
 *   being served, or answered and kept for those that come twice; each takes
 *   about a block.  A block is the largest power of two that fits in max_msg,
 *   1024 and the link (UP.code), and at least 16 bytes.
 *
 * CLIENT
 *   TX with a ticket is a CON request; one at a time, else ANSWER(EPROTO).
 *   TX without a ticket is NON and nothing is awaited.
 *   name  "path?query" (percent-encoded) and lines: accept, no-response
 *         (numbers), echo (hex)
 *   code  IMP_GET to IMP_PATCH
 *   when  give up after so many ms (0: IMP_COAP_REPLY_MS)
 *   Data larger than a block goes in blocks (Block1); IMP_MORE: the next
 *   piece, at most max_msg again, is asked for by ANSWER code 231.
 *   A 4.01 with Echo is tried once more by itself.
 *   ANSWER code: c*100+dd; IMP_ETIME nobody answered, IMP_ELINK the peer
 *   rejected it (RST) or the link went down, IMP_EBADMSG its reply was
 *   malformed or asks for an option that we do not know, IMP_EPROTO its blocks
 *   do not fit together, IMP_ENOSPC it does not fit here, IMP_EARG a name that
 *   cannot be sent.
 *
 * SERVER
 *   RX has the request's name: path and query with what URIs do not allow
 *   percent-encoded, then lines: accept, max-age (numbers), etag, echo (hex).
 *   The ANSWER's code is 200 to 531 as above, else 5.00 is sent; 0: no reply, as
 *   for negative ones on NON.  Its lines: location, max-age, etag, echo.
 *   An ANSWER that takes longer than IMP_COAP_PATIENCE_MS becomes a separate
 *   response; the peer hears an empty ACK before.
 *   By itself the layer answers pings, requests with unknown critical options
 *   (4.02), other methods (4.05), blocks that leave gaps (4.08), and what
 *   comes while it has no memory (5.03).  If-Match, If-None-Match and Proxy
 *   options are unknown.  Observe is ignored.
 *
 * BOTH   Bodies up to max_msg come whole, larger ones in pieces with IMP_MORE,
 *   pulled as imprint.h says (231).  topic is the Content-Format, 0xffff: none.
 *   There is one memory for bodies that arrive in blocks and for replies that
 *   leave in blocks: an own request's reply takes it from the peer's.
 *
 * triage()  The key is the peer's address (name): all that a request or a
 *   response can be is FRESH, pings are bounced by RST, the rest is dropped. */
#ifndef IMPRINT_COAP_H
#define IMPRINT_COAP_H

#include "imprint.h"

enum {
	IMP_COAP_NAME = 320,          /* bytes of a request's name             */
	IMP_COAP_ACK_MS = 2000,       /* ACK_TIMEOUT; times 1 to 1.5, doubled  */
	IMP_COAP_RETRIES = 4,         /* MAX_RETRANSMIT                        */
	IMP_COAP_PATIENCE_MS = 1000,
	IMP_COAP_LIFETIME_MS = 247000, /* EXCHANGE_LIFETIME: a message id is remembered */
	IMP_COAP_REPLY_MS = 247000
};

extern const imp_layer imp_coap;
extern const imp_plugin imp_plugin_coap;

#endif
