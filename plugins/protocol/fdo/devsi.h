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
 * there is to say; when that is nothing and fdo_devsi_job() says so, ask the
 * host with fdo_devsi_ask() and give its answer to fdo_devsi_answer(). */
#ifndef IMPRINT_FDO_DEVSI_H
#define IMPRINT_FDO_DEVSI_H

#include "serviceinfo.h"

enum { FDO_SI_NAME = 128, FDO_SI_ARGS = 384, FDO_SI_OTHER = 48, FDO_SI_LEARNS = 6 };

/* No pointers; lives in the session. */
typedef struct fdo_devsi {
	_Alignas(16) uint8_t hash[IMP_HASH_CTX]; /* of the file in work */
	uint32_t rounds;
	uint32_t length, offset;   /* of the file in work */
	int32_t  result;           /* to be said: exit code or length */
	uint16_t args_len;
	uint8_t  name_len, other_len;
	uint8_t  job, module, saying;
	uint8_t  said;             /* devmod items said */
	uint8_t  active, answer;   /* bits of modules: on; to be confirmed */
	uint8_t  flags, blocked, done, learns;
	uint8_t  digest[FDO_HASH_MAX];
	uint8_t  name[FDO_SI_NAME];
	uint8_t  args[FDO_SI_ARGS];
	uint8_t  other[FDO_SI_OTHER]; /* a module we do not have, to be declined */
} fdo_devsi;

void fdo_devsi_start(fdo_devsi *si);
/* IMP_EBADMSG: a value of the wrong type; IMP_EPROTO: not allowed now, or too
 * many pieces; IMP_EUNSUP: too long. */
imp_status fdo_devsi_take(fdo_devsi *si, imp_cx *cx, const fdo_info *in, uint32_t ticket);
/* The end of a file was learnt with that ticket: wait for its answer. */
int        fdo_devsi_asked(const fdo_devsi *si);
/* Write what is to be said and fits. */
void       fdo_devsi_fill(fdo_devsi *si, fdo_info_wr *w);
int        fdo_devsi_job(const fdo_devsi *si);
int        fdo_devsi_devmod(const fdo_devsi *si); /* the job is to say what we are */
/* max: bytes that one message 68 may have. */
imp_status fdo_devsi_ask(fdo_devsi *si, imp_cx *cx, uint32_t ticket, size_t max);
/* The host's answer; what it yields is written to w, as far as it fits.
 * IMP_EDENIED: a command that may not fail failed; IMP_EFACT: no devmod, no
 * such file. */
imp_status fdo_devsi_answer(fdo_devsi *si, imp_cx *cx, const imp_msg *in, fdo_info_wr *w);

#endif
