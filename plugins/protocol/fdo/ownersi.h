/* ownersi.h -- the owner's side of ServiceInfo (FDO 1.1 section 3.8, and the
 * modules fdo.command, fdo.download, fdo.upload, fdo.wget).
 *
 * The device speaks first and says what it is (devmod, learnt as it comes).
 * Then the actions of CONFIG "GUID/serviceinfo" run one after the other; each
 * is held (fdo_hold part FDO_HOLD_ACTION) while it runs.  Files pass through
 * in chunks and are never held.
 *
 * Every message 68 gets one message 69.  fdo_ownersi_take() digests the 68;
 * then fdo_ownersi_next() says what to do: ask the host, or send the 69 that
 * it has written. */
#ifndef IMPRINT_FDO_OWNERSI_H
#define IMPRINT_FDO_OWNERSI_H

#include "server.h"
#include "serviceinfo.h"

enum { FDO_HOLD_ACTION = 2, FDO_HOLD_DIGEST = 3 }; /* of struct fdo_hold */
enum { FDO_DEVMOD_ROUNDS = 256, FDO_INFO_ROUNDS = 1000000, FDO_INFO_LARGEST = 16384 };

struct fdo_ownersi {
	uint8_t  state;      /* 0: devmod is expected */
	uint8_t  module;     /* of the action in work */
	uint8_t  activated;  /* modules that were sent "active", a bit each */
	uint8_t  heard;      /* devmod:active came */
	uint16_t action;     /* number of the action in work, or of the next */
	uint16_t max;        /* largest 69 the device takes; 0: FDO_INFO_MAX */
	uint32_t rounds;
	uint32_t length;     /* of the file in work, bytes */
	uint32_t offset;
};

/* One 68, decrypted and read.  Emits what is learnt and told.  Else the
 * status, with *why and *error (enum fdo_error). */
imp_status fdo_ownersi_take(struct fdo_ownersi *si, struct fdo_hold *h, imp_cx *cx, const uint8_t guid[16],
                            const fdo_info *in, uint16_t *error, const char **why);

enum fdo_ownersi_step { FDO_SI_SEND, FDO_SI_ASK_ACTION, FDO_SI_ASK_PART };
/* device_more: the 68 said that the device has more to say. */
enum fdo_ownersi_step fdo_ownersi_next(const struct fdo_ownersi *si, int device_more);
/* The name and code of the question, in `name`. */
imp_span   fdo_ownersi_question(const struct fdo_ownersi *si, const struct fdo_hold *h, const uint8_t guid[16],
                                char name[FDO_NAME], uint16_t *topic, int32_t *code);
/* The host's answer to it.  Pairs were written: send them; else ask
 * fdo_ownersi_next() again. */
imp_status fdo_ownersi_answer(struct fdo_ownersi *si, struct fdo_hold *h, const imp_crypto *c, const imp_msg *answer,
                              fdo_info_wr *out, const char **why);
/* Is all said?  (IsDone) */
int        fdo_ownersi_done(const struct fdo_ownersi *si);
int        fdo_ownersi_more(const struct fdo_ownersi *si);

#endif
