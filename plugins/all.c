/* all.c -- the plugins of libimprint, each once; meson.build beside it names
 * the libraries.  A program that wants fewer writes its own table. */
#include "imprint.h"

extern const imp_plugin imp_plugin_duckling;
extern const imp_plugin imp_plugin_http;

const imp_plugin *const imp_builtin[] = {
	&imp_plugin_duckling,
	&imp_plugin_http,
	NULL,
};
