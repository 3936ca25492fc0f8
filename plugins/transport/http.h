/* http.h -- HTTP/1.1 (RFC 9110, RFC 9112) as a layer: REST above, a byte
 * stream below.  One state machine is client or server, as the opening
 * comment of imprint.h has it (WHO IS CLIENT): OPEN makes it the client.
 *
 * CLIENT
 *   OPEN.name is a URI, http or https, of at most IMP_HTTP_URI bytes; it goes
 *   down as it is.  Its authority becomes Host; its path, if it has one, goes
 *   before the path of every request.  A URI that cannot be used: DOWN(EARG).
 *   TX name is "path?query" and "\nkey: value" lines; a path without a
 *   leading '/' gets one, an empty one is the URI's own.  code: IMP_GET, POST,
 *   PUT, DELETE or PATCH.  when: give up after so many ms (0: IMP_HTTP_REPLY_MS).
 *   One request at a time.  A TX that is refused changes nothing and nothing
 *   of it was sent: IMP_EPROTO there is one in flight, or nothing to pull;
 *   IMP_EARG name or code are unfit; IMP_EUNSUP no such method in HTTP;
 *   IMP_ENOSPC too large.  Any other negative ANSWER is followed by DOWN.
 *   The end of a connection between two requests is not told when the link
 *   has no channel and OPEN had no options: the next TX opens it again by
 *   itself, OPEN and all.  Otherwise DOWN, since a new connection would be a
 *   new channel: whoever trusted the old one must know.
 *   A reply that ends with its connection needs DOWN.code >= 0 from below.
 *
 * SERVER
 *   RX name is the request's path and query as they were sent (not decoded),
 *   then its lines; code IMP_GET (HEAD also), POST, PUT, DELETE, PATCH.  One
 *   request at a time; bytes of the next ones are held up to the size of the
 *   buffer, and if there are more the connection ends after the present
 *   reply.  ANSWER.code: 200 to 599; other positive codes, lines that are
 *   not lines: 500 is sent; negative: 502; 0: the connection is closed.
 *   A bad request is answered by 4xx or 5xx, SHUT and DOWN.
 *
 * BOTH
 *   topic is the CoAP Content-Format of Content-Type if there is a number for
 *   it; if not it is 0xffff and the line "content-type: ..." is in name.
 *   Lines in name are lower case, "key: value", '\n' between them.  Not among
 *   them: what belongs to one connection or to the message's framing, Host,
 *   and chatter (Date, Server, User-Agent, Cache-Control ...).  None of the
 *   first two kinds and no Host may be sent (IMP_EARG).
 *   Bodies up to params.max_msg come whole, larger ones in pieces with
 *   IMP_MORE, each with the same name; what was received and not yet pulled
 *   is held up to the size of the buffer and beyond that the link ends.  So
 *   the host feeds at most max_msg bytes at a time.
 *   A body that is sent in pieces is chunked.  Its next piece is asked for,
 *   and what is held is read, in TICK: at once, but in a feed of its own, so
 *   that the host drains first.
 *
 * REFUSED, and the link ends: Content-Length with Transfer-Encoding, two of
 * either, a length that is not digits or passes 2^32, another coding than
 * chunked, folded lines, CR or LF alone, space before a colon, control bytes,
 * no Host or two or one that the absolute target contradicts, HTTP/1.0 and
 * earlier, upgrades, and what is larger than the limits below. */
#ifndef IMPRINT_HTTP_H
#define IMPRINT_HTTP_H

#include "imprint.h"

enum {
	IMP_HTTP_URI = 256,         /* bytes of OPEN's URI                       */
	IMP_HTTP_HEAD = 1024,       /* bytes of name, and of a line with what
	                               stands before it in name                 */
	IMP_HTTP_BLOCK = 8192,      /* bytes of a head, of all chunk extensions
	                               and trailers, together                   */
	IMP_HTTP_HEAD_MS = 15000,   /* server: from first byte to end of head    */
	IMP_HTTP_BODY_MS = 60000,   /* for each max_msg bytes of a body          */
	IMP_HTTP_IDLE_MS = 60000,   /* server: between requests                  */
	IMP_HTTP_REPLY_MS = 120000  /* client: from TX to the end of the reply   */
};

extern const imp_layer imp_http;
extern const imp_plugin imp_plugin_http;

#endif
