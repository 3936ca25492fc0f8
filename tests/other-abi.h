/* other-abi.h -- included first: a module as an ABI of another number makes it. */
#include "imprint.h"
#undef IMP_ABI
#define IMP_ABI 2u
