/* softhsm.h -- a SoftHSM 2 token for tests, in a directory of its own. */
#ifndef IMPRINT_SOFTHSM_H
#define IMPRINT_SOFTHSM_H

#include "imprint.h"

#define SOFTHSM_PIN imp_bytes("4711", 4)

/* The module's path; NULL with *why: there is no SoftHSM here. */
const char *softhsm_module(const char **why);
/* Make a token of this label, with SOFTHSM_PIN.  Its directory, or NULL. */
const char *softhsm_make(const char *label);
void        softhsm_remove(void);

#endif
