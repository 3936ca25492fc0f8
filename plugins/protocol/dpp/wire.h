/* wire.h -- DPP frames and attributes: bytes <-> spans.  Pure; nothing here is
 * secret or trusted.  All of it is [any].  (Wi-Fi Easy Connect, sections 8.1-8.3) */
#ifndef IMPRINT_DPP_WIRE_H
#define IMPRINT_DPP_WIRE_H

#include "rd.h"
#include "wr.h"

enum dpp_type { /* of frames */
	DPP_AUTH_REQ = 0, DPP_AUTH_RESP, DPP_AUTH_CONF,
	DPP_PEER_REQ = 5, DPP_PEER_RESP,
	DPP_PKEX_V1_REQ = 7, DPP_PKEX_RESP, DPP_PKEX_REVEAL_REQ, DPP_PKEX_REVEAL_RESP,
	DPP_CONF_RESULT = 11, DPP_CONN_STATUS, DPP_PRESENCE, DPP_RECONF_ANNOUNCE,
	DPP_RECONF_REQ = 15, DPP_RECONF_RESP, DPP_RECONF_CONF,
	DPP_PKEX_REQ = 18, /* version 2 */
	DPP_TYPES = 24
};

enum dpp_attr {
	DPP_STATUS = 0x1000, DPP_I_HASH, DPP_R_HASH, DPP_I_KEY, DPP_WRAPPED,
	DPP_I_NONCE, DPP_I_CAPS, DPP_R_NONCE, DPP_R_CAPS, DPP_R_KEY,
	DPP_I_AUTH, DPP_R_AUTH, DPP_CONFIG, DPP_CONNECTOR, DPP_CONFIG_ATTRS, DPP_BOOT_KEY,
	DPP_NET_HASH = 0x1011, DPP_GROUP, DPP_ENCRYPTED_KEY, DPP_E_NONCE, DPP_CODE_ID,
	DPP_TRANSACTION, DPP_BOOT_INFO, DPP_CHANNEL, DPP_VERSION, DPP_ENVELOPED,
	DPP_SEND_STATUS, DPP_CONN_RESULT, DPP_RECONF_FLAGS, DPP_CSIGN_HASH, DPP_CSR_ATTRS,
	DPP_A_NONCE, DPP_E_PRIME_ID, DPP_C_NONCE,
	DPP_ATTR_END
};

enum dpp_status { /* the specification's, on the wire */
	DPP_OK = 0, DPP_NOT_COMPATIBLE, DPP_AUTH_FAILURE, DPP_UNWRAP_FAILURE, DPP_BAD_GROUP,
	DPP_CONFIGURE_FAILURE, DPP_RESPONSE_PENDING, DPP_INVALID_CONNECTOR, DPP_NO_MATCH,
	DPP_CONFIG_REJECTED, DPP_NO_AP, DPP_CONFIGURE_PENDING, DPP_CSR_NEEDED, DPP_CSR_BAD,
	DPP_NEW_KEY_NEEDED,
	DPP_STATUSES,
	DPP_NO_STATUS = 255 /* there is no such attribute, or it is malformed */
};

enum { DPP_CAP_ENROLLEE = 1, DPP_CAP_CONFIGURATOR = 2 };
enum { DPP_PROTOCOL = 3 };              /* the version that we speak */
enum { DPP_HEAD = 7, DPP_AD = 6, DPP_KEY_HASH = 32 };

/* Well-formed attributes. */
typedef struct dpp_attrs {
	imp_span raw;     /* all of them */
	imp_span before;  /* those before Wrapped Data: its AD; without any: all */
	imp_span wrapped; /* Wrapped Data's value; ptr NULL: there is none */
} dpp_attrs;

/* IMP_EBADMSG: truncated, something follows Wrapped Data, or an attribute other
 * than Config Object is there twice (for those whose number is known here). */
imp_status dpp_attrs_read(imp_span in, dpp_attrs *out);
/* The value of the first attribute `id`; ptr NULL: there is none. */
imp_span dpp_attr(const dpp_attrs *a, uint16_t id);
/* The same if it has this length; else ptr NULL. */
imp_span dpp_attr_of(const dpp_attrs *a, uint16_t id, size_t len);
/* The one after `prev`, which was returned by either of these; ptr NULL: none. */
imp_span dpp_attr_next(const dpp_attrs *a, uint16_t id, imp_span prev);
/* A one-byte attribute; -1: there is none, or of another length. */
int dpp_attr_u8(const dpp_attrs *a, uint16_t id);
/* Status, DPP_NO_STATUS if it is not there or not known. */
int dpp_attr_status(const dpp_attrs *a);
/* Finite Cyclic Group, or 0. */
uint16_t dpp_attr_group(const dpp_attrs *a);

/* A frame as a link of kind IMP_L_DPP carries it. */
typedef struct dpp_frame {
	uint8_t   type;
	imp_span  ad;    /* OUI ... type: 6 bytes, AD[0] of what is wrapped */
	dpp_attrs attrs;
} dpp_frame;

/* IMP_EBADMSG: not ours, another crypto suite, or attributes as above. */
imp_status dpp_frame_read(imp_span in, dpp_frame *out);

void dpp_put_head(imp_wr *w, uint8_t type);  /* DPP_HEAD bytes: 09 50 6f 9a 1a 01 type */
void dpp_put_attr(imp_wr *w, uint16_t id, imp_span value);
void dpp_put_attr_head(imp_wr *w, uint16_t id, size_t len); /* the value follows */
void dpp_put_attr_u8(imp_wr *w, uint16_t id, uint8_t value);
void dpp_put_attr_group(imp_wr *w, uint16_t group);

#endif
