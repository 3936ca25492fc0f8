/* plugins.c -- what the command is made of. */
#include "crypto.h"
#include "fdo.h"
#include "http.h"

const imp_plugin *const imp_builtin[] = {&imp_plugin_fdo, &imp_plugin_http, &imp_plugin_openssl, &imp_plugin_sodium, NULL};
