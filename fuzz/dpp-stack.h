/* dpp-stack.h -- the form of dpp-stack.c's inputs, for it and for who records runs. */
#ifndef IMPRINT_FUZZ_DPP_STACK_H
#define IMPRINT_FUZZ_DPP_STACK_H

#include "dpplink.h"
#include "imprint.h"

enum { STACK_OWNER = 1, STACK_TOPIC = 2, STACK_MUTUAL = 16, STACK_SILENT = 32, STACK_WORLD = 128 };
enum { STACK_FRAME, STACK_GAS, STACK_REPLY, STACK_UP, STACK_DOWN, STACK_STOP, STACK_WAIT, STACK_KINDS };

static const uint16_t stack_topics[8] = {0, IMP_T_PEERKEY, IMP_T_KEY, IMP_T_SHOW, IMP_T_CONFIG, IMP_T_NETWORK, IMP_T_OWNER, IMP_T_READ};

#endif
