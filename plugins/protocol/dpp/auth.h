/* auth.h -- DPP authentication, both sides of it: keys, nonces and tags, and the
 * three frames that carry them.  (Wi-Fi Easy Connect, section 6.2)
 *
 * No state machine: the roles keep that.  Readers verify into a copy: *a has
 * changed only if they return IMP_OK or IMP_LATER.  What does not verify is
 * anybody's: IMP_PASS, and the frame is to be ignored.  [any] */
#ifndef IMPRINT_DPP_AUTH_H
#define IMPRINT_DPP_AUTH_H

#include "suite.h"

struct dpp_auth {
	uint8_t curve;                  /* number, dpp_curve_at() */
	uint8_t initiator, mutual;
	uint8_t version;                /* the peer's protocol version */
	uint8_t caps, peer_caps;        /* DPP_CAP_*: what we offer or chose, what the peer did */
	uint8_t known;                  /* peer_B is the key of peer_hash */
	uint8_t net;                    /* own_p, own_P, peer_P are on curve number net - 1 now; 0: on `curve` */
	uint8_t own_hash[DPP_KEY_HASH], peer_hash[DPP_KEY_HASH]; /* of bootstrapping keys */
	uint8_t own_b[DPP_PRIME], own_p[DPP_PRIME];  /* private: bootstrapping, protocol */
	uint8_t own_B[DPP_POINT], own_P[DPP_POINT];
	uint8_t peer_B[DPP_POINT], peer_P[DPP_POINT];
	uint8_t i_nonce[DPP_NONCE], r_nonce[DPP_NONCE];
	uint8_t mx[DPP_PRIME], nx[DPP_PRIME];
	uint8_t k1[DPP_HASH], k2[DPP_HASH], bk[DPP_HASH], ke[DPP_HASH];
};
enum { DPP_FRAME_MAX = 448 }; /* bytes of the longest of these frames (P-521) */

static inline const dpp_curve *dpp_auth_curve(const struct dpp_auth *a)
{
	return dpp_curve_at(a->curve);
}

/* The curve of the protocol keys, which become the netAccessKey. */
static inline const dpp_curve *dpp_net_curve(const struct dpp_auth *a)
{
	return a->net ? dpp_curve_at(a->net - 1u) : dpp_auth_curve(a);
}

/* A new protocol key of ours on another curve, because the network is on it; the
 * peer's is to follow.  (section 6.4.3, NEW_KEY_NEEDED) */
imp_status dpp_new_key(struct dpp_auth *a, const imp_crypto *c, const dpp_curve *v);
/* The tag by which the enrollee binds its new key to this session: hash_len bytes.
 * Both new keys are there. */
imp_status dpp_new_key_tag(const struct dpp_auth *a, const imp_crypto *c, const uint8_t *e_nonce, uint8_t *out);

/* SHA-256 of the SubjectPublicKeyInfo with the point compressed; `prefix` stands
 * before it ("chirp" in announcements, "" as the key's hash).  out: DPP_KEY_HASH. */
imp_status dpp_key_hash(const imp_crypto *c, const dpp_curve *v, const uint8_t *point, const char *prefix, uint8_t *out);
/* The SubjectPublicKeyInfo itself. */
void       dpp_put_spki(imp_wr *w, const dpp_curve *v, const uint8_t *point);

/* Our bootstrapping key: this one, which sets the curve, or (NULL bits) a new
 * one on the curve that is set.  IMP_EARG: not one of the six curves. */
imp_status dpp_auth_own(struct dpp_auth *a, const imp_crypto *c, const imp_key *priv);
/* The peer's, a point that has been checked; as initiator it sets the curve. */
imp_status dpp_auth_peer(struct dpp_auth *a, const imp_crypto *c, const dpp_curve *v, const uint8_t *point);

/* --- initiator --- */

/* New protocol key and nonce; the request.  channel: class << 8 | number, 0: none. */
imp_status dpp_auth_request(struct dpp_auth *a, const imp_crypto *c, imp_wr *w, uint16_t channel);
/* IMP_OK: verified, answer with dpp_auth_confirm(DPP_OK).  IMP_LATER: the
 * responder wants time.  IMP_EPEER: it says that our roles do not fit.  Negative
 * with *status set: confirm with that, and end.  IMP_PASS: ignore. */
imp_status dpp_auth_read_response(struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, uint8_t *room, int *status);
imp_status dpp_auth_confirm(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, int status);

/* --- responder --- */

/* IMP_OK: it is for our key and well wrapped; peer_hash and peer_caps are set. */
imp_status dpp_auth_read_request(struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, uint8_t *room);
/* New protocol key and nonce; the response.  Mutual if a->mutual (then peer_B
 * is known). */
imp_status dpp_auth_response(struct dpp_auth *a, const imp_crypto *c, imp_wr *w);
/* A response that is none: NOT_COMPATIBLE, RESPONSE_PENDING. */
imp_status dpp_auth_status(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, int status);
/* IMP_OK: authenticated.  IMP_EPEER: the initiator says why not, *status. */
imp_status dpp_auth_read_confirm(struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, uint8_t *room, int *status);

/* Bytes of `room` that readers want for a frame of this length. */
static inline size_t dpp_auth_room(size_t frame) { return sizeof(struct dpp_auth) + 2 * frame; }

#endif
