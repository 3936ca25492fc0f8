/* pkex.h -- PKEX, versions 1 and 2: two bootstrapping keys are exchanged, trusted
 * because both sides know a code.  (Wi-Fi Easy Connect, section 5.6)
 *
 * It works in the struct dpp_auth that authentication then starts from: own_b
 * and own_B hold our bootstrapping key (dpp_auth_own() first, on the curve of
 * the exchange), peer_B and peer_hash in the end the peer's.  own_p and own_P
 * are the ephemeral pair, peer_P the peer's, mx and nx the encrypted keys'
 * coordinates, k1 is z; authentication overwrites them.
 *
 *	initiator  request -> read_response -> reveal -> read_reveal
 *	responder  read_request -> (whose code is it?) set -> response -> read_reveal -> reveal
 *
 * Readers change *a and *p only if they return IMP_OK, but for p->failed.  A
 * frame that cannot be meant for us is IMP_PASS, and to be ignored.  [any]
 *
 * GUESSING  Each exchange is one guess.  A reveal that does not verify is a
 * wrong guess by somebody: IMP_EAUTH, and p->failed grows.  From DPP_PKEX_GUESSES
 * on everything is IMP_EDENIED: the code is burnt.  Whoever keeps a code longer
 * than a session keeps the number with it. */
#ifndef IMPRINT_DPP_PKEX_H
#define IMPRINT_DPP_PKEX_H

#include "auth.h"

enum { DPP_PKEX_GUESSES = 5, DPP_CODE = 64, DPP_CODE_NAME = 64 };

struct dpp_pkex {
	uint8_t version;        /* 1: both MAC addresses go in; 2: not */
	uint8_t failed;
	uint8_t code_len, id_len;
	uint8_t mac[2][6];      /* version 1: the initiator's, the responder's */
	uint8_t code[DPP_CODE], id[DPP_CODE_NAME];
};

/* The code and its identifier (perhaps empty); forgets wrong guesses.  IMP_EARG:
 * an empty code, or one of them is too long. */
imp_status dpp_pkex_set(struct dpp_pkex *p, imp_span code, imp_span id);

/* Pi, Pr: points nobody knows the logarithm of. */
imp_span dpp_pkex_point(const dpp_curve *v, int responder);

/* --- initiator: p->version and, for 1, p->mac are set --- */

imp_status dpp_pkex_request(struct dpp_pkex *p, struct dpp_auth *a, const imp_crypto *c, imp_wr *w);
/* IMP_OK: reveal.  IMP_EPEER: *status; of DPP_BAD_GROUP *group is what the
 * responder would take (0: it did not say).  IMP_EBADMSG: no point of the curve,
 * infinity. */
imp_status dpp_pkex_read_response(const struct dpp_pkex *p, struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, int *status, uint16_t *group);

/* --- responder --- */

typedef struct dpp_pkex_asked {
	const dpp_curve *curve; /* NULL: not one of ours */
	uint8_t  version;       /* of PKEX */
	uint8_t  protocol;      /* the initiator's protocol version; of PKEX 1: 0 */
	imp_span id;            /* code identifier, perhaps empty */
	imp_span key;           /* encrypted: x || y */
} dpp_pkex_asked;

/* IMP_EBADMSG: malformed. */
imp_status dpp_pkex_read_request(const dpp_frame *f, dpp_pkex_asked *out);
/* New ephemeral key; the response to it.  p->version and the mac are taken from
 * `q` and the caller.  IMP_EBADMSG: no point of the curve, infinity; IMP_EARG:
 * a bootstrapping key of another curve. */
imp_status dpp_pkex_response(struct dpp_pkex *p, struct dpp_auth *a, const imp_crypto *c, const dpp_pkex_asked *q, imp_wr *w);
/* A response that is none: DPP_BAD_GROUP, with the group that we take. */
void       dpp_pkex_refuse(imp_wr *w, const dpp_pkex_asked *q, int status, const dpp_curve *ours);

/* --- both: the initiator reveals first --- */

/* room: DPP_PKEX_ROOM bytes, wiped. */
enum { DPP_PKEX_ROOM = 2 * DPP_PRIME + DPP_HASH + 8 };
imp_status dpp_pkex_reveal(const struct dpp_pkex *p, const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, uint8_t *room);
/* room: as long as the frame; wiped.  IMP_OK: peer_B and peer_hash are set and
 * known, the peer knows the code. */
imp_status dpp_pkex_read_reveal(struct dpp_pkex *p, struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, uint8_t *room);

#endif
