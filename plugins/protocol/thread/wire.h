/* wire.h -- MeshCoP's bytes (Thread 1.3, chapter 8): TLVs and what is made of
 * them.  Pure; spans that come out point into the input.
 *
 * A TLV is type (1), length (1), value; length 255: two more bytes, big endian,
 * hold it.  Of several with one type the first counts, but in a dataset, where
 * none may come twice; types that are not known are skipped.  [any] */
#ifndef IMPRINT_THREAD_WIRE_H
#define IMPRINT_THREAD_WIRE_H

#include "rd.h"
#include "wr.h"

enum thread_type {
	THREAD_CHANNEL = 0, THREAD_PANID, THREAD_EXTPANID, THREAD_NAME, THREAD_PSKC, THREAD_NETKEY, THREAD_KEYSEQ, THREAD_PREFIX, THREAD_STEERING, THREAD_AGENT,
	THREAD_COMMISSIONER, THREAD_SESSION, THREAD_POLICY, THREAD_GET, THREAD_ACTIVE, THREAD_PORT, THREAD_STATE, THREAD_ENCAP, THREAD_JOINER_PORT, THREAD_IID,
	THREAD_ROUTER, THREAD_KEK, THREAD_URL = 32, THREAD_VENDOR, THREAD_MODEL, THREAD_VERSION, THREAD_DATA, THREAD_STACK, THREAD_PENDING = 51, THREAD_DELAY,
	THREAD_CHANNELS
};
enum thread_state { THREAD_REJECT = -1, THREAD_WAIT = 0, THREAD_ACCEPT = 1, THREAD_NO_STATE = 2 };
enum {
	THREAD_ID = 8, THREAD_KEY = 16, THREAD_PSKD_MIN = 6, THREAD_PSKD_MAX = 32, THREAD_DATASET = 254, THREAD_STEER_MAX = 16,
	THREAD_VENDOR_MAX = 32, THREAD_VERSION_MAX = 16, THREAD_DATA_MAX = 64, THREAD_STACK_LEN = 6, THREAD_URL_MAX = 64, THREAD_COMMISSIONER_MAX = 64,
	THREAD_FINALIZE_MAX = 256, /* bytes of a JOIN_FIN that is written here */
	THREAD_LABEL_MAX = 64
};

typedef struct thread_tlv {
	uint8_t  type;
	imp_span value;
} thread_tlv;

/* The next one; 0: the end, or the cursor failed. */
int        thread_next(imp_rd *r, thread_tlv *t);
/* IMP_OK iff these are TLVs, whole. */
imp_status thread_check(imp_span tlvs);
/* The first value of this type; ptr NULL: there is none. */
imp_span   thread_find(imp_span tlvs, uint8_t type);
void       thread_put(imp_wr *w, uint8_t type, imp_span value);
void       thread_put_u16(imp_wr *w, uint8_t type, uint16_t value);
void       thread_put_state(imp_wr *w, int state);
/* The State TLV; THREAD_NO_STATE: there is none that reads. */
int        thread_state_of(imp_span tlvs);

/* JOIN_FIN.req.  Texts are UTF-8; what is missing is empty. */
typedef struct thread_finalize {
	int      state;
	imp_span vendor, model, version, data, stack, url;
} thread_finalize;
imp_status thread_read_finalize(imp_span in, thread_finalize *f);
void       thread_put_finalize(imp_wr *w, const thread_finalize *f);

/* RLY_RX (c/rx), and with a key RLY_TX (c/tx). */
typedef struct thread_relay {
	imp_span encap;           /* a DTLS record or more, as the joiner sent it */
	uint8_t  iid[THREAD_ID];  /* Joiner ID with the U/L bit flipped           */
	uint16_t port, router;    /* the joiner's UDP port; RLOC16 of its router  */
	imp_span kek;             /* 16 bytes or empty                            */
} thread_relay;
imp_status thread_read_relay(imp_span in, thread_relay *r);
void       thread_put_relay(imp_wr *w, const thread_relay *r);

/* Petition, its reply, keep-alive, steering data: what is there is there. */
typedef struct thread_petition {
	int      state;           /* THREAD_NO_STATE: none */
	int32_t  session;         /* -1: none */
	imp_span commissioner, steering;
} thread_petition;
imp_status thread_read_petition(imp_span in, thread_petition *p);
void       thread_put_petition(imp_wr *w, const thread_petition *p);

/* A dataset: at most THREAD_DATASET bytes, no type twice, lengths as each type
 * wants them.  IMP_EBADMSG. */
imp_status thread_check_dataset(imp_span in);

/* Steering data: a Bloom filter of 1 to 16 bytes over Joiner IDs. */
void thread_steer(uint8_t *data, size_t len, const uint8_t id[THREAD_ID]);
int  thread_steered(imp_span data, const uint8_t id[THREAD_ID]);

/* PSKd: 6 to 32 of 0-9 and A-Z without I, O, Q, Z. */
int        thread_pskd_good(imp_span pskd);
/* The label's text, "v=1&&eui=0011223344556677&&cc=PSKD". */
void       thread_put_label(imp_wr *w, const uint8_t eui[THREAD_ID], imp_span pskd);
/* Its parts; a PSKd alone will do (*has_eui: 0).  White space around it is
 * skipped.  IMP_EBADMSG: neither. */
imp_status thread_read_label(imp_span text, uint8_t eui[THREAD_ID], int *has_eui, imp_span *pskd);

/* "prefix" + 16 hex digits; `to` has strlen(prefix) + 17 bytes. */
void thread_name(const char *prefix, const uint8_t id[THREAD_ID], char *to);

/* --- derive.c ------------------------------------------------------------- */

/* SHA-256 of the EUI-64, its first 8 bytes, marked as local. */
imp_status thread_joiner_id(const imp_crypto *c, const uint8_t eui[THREAD_ID], uint8_t id[THREAD_ID]);
/* PBKDF2 with AES-CMAC-PRF-128 (RFC 4615), 16384 rounds.  IMP_EARG: passphrase
 * of less than 6 or more than 255 bytes, name of more than 16. */
imp_status thread_pskc(const imp_crypto *c, imp_span passphrase, const uint8_t extpanid[8], imp_span network, uint8_t out[THREAD_KEY]);
/* From the key block of the joiner's DTLS session, 40 bytes. */
imp_status thread_kek(const imp_crypto *c, const imp_channel *channel, uint8_t out[THREAD_KEY]);

#endif
