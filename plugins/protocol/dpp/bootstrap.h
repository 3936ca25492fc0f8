/* bootstrap.h -- bootstrapping URIs: what QR codes and NFC tags say.  Pure text; the
 * key is checked by dpp_uri_key().  [any]  (Wi-Fi Easy Connect, section 5.2)
 *
 * DPP: then fields "X:value;" in any order, each once, then ';'.  Fields that
 * are not known here are skipped.  K is there and not empty. */
#ifndef IMPRINT_DPP_BOOTSTRAP_H
#define IMPRINT_DPP_BOOTSTRAP_H

#include "suite.h"

typedef struct dpp_uri {
	imp_span channels; /* "81/1,115/36"; empty: none                 */
	imp_span info;     /* printable ASCII                            */
	imp_span host;     /* "192.0.2.1", "host:8908"                   */
	imp_span mac;      /* 12 hex digits; empty: none                 */
	imp_span key;      /* base64 of a SubjectPublicKeyInfo           */
	uint8_t  version;  /* 0: not said (release 1)                    */
	uint8_t  curves;   /* bit i: dpp_curve_at(i); 0: not said        */
} dpp_uri;

enum { DPP_URI_MAX = 512 }; /* bytes of a URI that is read or made here */

/* IMP_EBADMSG: it is not one.  Spans point into `text`. */
imp_status dpp_uri_read(imp_span text, dpp_uri *out);
/* The bootstrapping key: a point on its curve (uncompressed points are read
 * too).  IMP_EBADMSG: not the DER of one; IMP_EUNSUP: another curve. */
imp_status dpp_uri_key(const imp_crypto *c, const dpp_uri *u, const dpp_curve **v, uint8_t *point);
/* Write one: u->key is not looked at.  IMP_EARG, sticky: a value has a ';' or
 * is no printable ASCII. */
void dpp_uri_put(imp_wr *w, const dpp_uri *u, const dpp_curve *v, const uint8_t *point);

/* The next "class/channel" of a list, as class << 8 | channel; 0: no more, or
 * malformed.  *list moves. */
uint16_t dpp_channel_next(imp_span *list);
/* The MAC address of 12 hex digits; 0: it is none. */
int      dpp_mac_read(imp_span hex, uint8_t out[6]);

#endif
