/* rv.h -- where to go: RendezvousInfo and RVTO2AddrEntry (FDO 1.1 sections
 * 3.7 and 3.3.10).  [any] */
#ifndef IMPRINT_FDO_RV_H
#define IMPRINT_FDO_RV_H

#include "wire.h"

enum fdo_rv_var {
	FDO_RV_DEV_ONLY = 0, FDO_RV_OWNER_ONLY, FDO_RV_IP, FDO_RV_DEV_PORT, FDO_RV_OWNER_PORT, FDO_RV_DNS,
	FDO_RV_SV_CERT_HASH, FDO_RV_CL_CERT_HASH, FDO_RV_USER_INPUT, FDO_RV_WIFI_SSID, FDO_RV_WIFI_PW,
	FDO_RV_MEDIUM, FDO_RV_PROTOCOL, FDO_RV_DELAY, FDO_RV_BYPASS, FDO_RV_EXT
};
enum { FDO_URI_MAX = 272, FDO_RV_DELAY_DEFAULT = 120, FDO_RV_MOST = 255 /* directives */ };

typedef struct fdo_directive {
	uint8_t  last;       /* no other follows */
	uint8_t  bypass;     /* go to the owner (TO2) without TO1 */
	uint16_t addresses;  /* how many URIs it has for this role: DNS first, then IP */
	uint32_t delay;      /* seconds to wait before the next; 0: none stated */
} fdo_directive;

/* IMP_OK iff `rvinfo` is a RendezvousInfo: every known variable's value of
 * the right type, no variable twice in a directive, at most FDO_RV_MOST. */
imp_status fdo_rv_check(imp_span rvinfo);
size_t     fdo_rv_count(imp_span rvinfo); /* directives */
/* Directive i as the device (else the owner) sees it. */
imp_status fdo_rv_directive(imp_span rvinfo, size_t i, int device, fdo_directive *out);
/* URI number k of directive i, "http://name:port"; IMP_EPROTO: there is none. */
imp_status fdo_rv_uri(imp_span rvinfo, size_t i, size_t k, int device, imp_wr *uri);

/* Both at once: the URI is appended if k < out->addresses. */
imp_status fdo_rv_look(imp_span rvinfo, size_t i, size_t k, int device, imp_wr *uri, fdo_directive *out);

/* RVTO2AddrEntry arrays (to1d, and the fact fdo.to2): every entry yields up to
 * two URIs, DNS before IP; those of unknown transports yield none.  k counts
 * over all of them.  IMP_EPROTO: there are not that many. */
imp_status fdo_addr_check(imp_span addrs);
imp_status fdo_addr_uri(imp_span addrs, size_t k, imp_wr *uri);

#endif
