/* devsi.h -- the device's side of ServiceInfo (FDO 1.1 section 3.8): devmod,
 * and the modules fdo.command, fdo.download, fdo.upload, fdo.wget (FSIM
 * texts of 2023).
 *
 * A file passes in chunks and is never held.  The owner may leave one job at
 * a time with us (a command, a transfer): everything else it says while that
 * is in work is answered, a second job is refused.  The names that fit: 128
 * bytes; a command's arguments or a URL: 384.
 *
 * A turn: fdo_devsi_take() digests a 69; then fdo_devsi_fill() writes what
 * there is to say; when that is nothing and there is a job, ask the host with
 * fdo_devsi_ask() and give its answer to fdo_devsi_answer(). */
#ifndef IMPRINT_FDO_DEVSI_H
#define IMPRINT_FDO_DEVSI_H

#include "serviceinfo.h"

enum { FDO_SI_NAME = 128, FDO_SI_ARGS = 384, FDO_SI_OTHER = 48, FDO_SI_LEARNS = 6 };

/* What `job` says: nothing; say what we are; wait for the answer to the LEARN
 * that ended a file; else there is something to ask. */
enum fdo_devsi_jobs { FDO_JOB_NONE, FDO_JOB_DEVMOD, FDO_JOB_STORE, FDO_JOB_RUN, FDO_JOB_SEND, FDO_JOB_FETCH };

/* No pointers; lives in the session. */
typedef struct fdo_devsi {
	_Alignas(16) uint8_t hash[IMP_HASH_CTX]; /* of the file in work */
	uint32_t rounds;
	uint32_t length, offset;   /* of the file in work */
	int32_t  result;           /* length of the file that is being stored */
	uint16_t args_len;
	uint8_t  name_len, other_len;
	uint8_t  job, module, saying;
	uint8_t  said;             /* devmod items said */
	uint8_t  active, answer;   /* bits of modules: on; to be confirmed */
	uint8_t  flags, blocked, done, learns;
	uint8_t  saying_len;
	uint8_t  digest[FDO_HASH_MAX + 2]; /* expected; then the value to be said */
	uint8_t  name[FDO_SI_NAME];
	uint8_t  args[FDO_SI_ARGS];
	uint8_t  other[FDO_SI_OTHER]; /* a module we do not have, to be declined */
} fdo_devsi;

/* A message of zeros but for these two. */
void fdo_message(imp_msg *m, uint16_t verb, uint32_t ticket);

void fdo_devsi_start(fdo_devsi *si);
/* IMP_EBADMSG: a value of the wrong type; IMP_EPROTO: not allowed now, or too
 * many pieces; IMP_EUNSUP: too long. */
imp_status fdo_devsi_take(fdo_devsi *si, imp_cx *cx, const fdo_info *in, uint32_t ticket);
/* Write what is to be said and fits. */
void       fdo_devsi_fill(fdo_devsi *si, fdo_info_wr *w);
/* max: bytes that one message 68 may have. */
imp_status fdo_devsi_ask(fdo_devsi *si, imp_cx *cx, uint32_t ticket, size_t max);
/* The host's answer; what it yields is written to w, as far as it fits.
 * IMP_EDENIED: a command that may not fail failed, or there is no such file;
 * IMP_EFACT: no devmod. */
imp_status fdo_devsi_answer(fdo_devsi *si, imp_cx *cx, const imp_msg *in, fdo_info_wr *w);

#endif
