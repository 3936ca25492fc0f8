/* all.c -- the plugins of libimprint and of the command, each once; meson.build
 * beside it names the libraries.  A program that wants fewer writes its own
 * table. */
#include "imprint.h"

extern const imp_plugin imp_plugin_lwm2m;
extern const imp_plugin imp_plugin_fdo, imp_plugin_http, imp_plugin_coap, imp_plugin_dtls;
extern const imp_plugin imp_plugin_dpp, imp_plugin_dpptcp, imp_plugin_action;
extern const imp_plugin imp_plugin_btmesh, imp_plugin_pbadv, imp_plugin_pbgatt, imp_plugin_pbremote;
extern const imp_plugin imp_plugin_thread;
extern const imp_plugin imp_plugin_bearssl, imp_plugin_openssl, imp_plugin_sodium;

const imp_plugin *const imp_builtin[] = {
	&imp_plugin_dpp,
	&imp_plugin_fdo,
	&imp_plugin_lwm2m,
	&imp_plugin_http,
	&imp_plugin_coap,
	&imp_plugin_dtls,
	&imp_plugin_btmesh,
	&imp_plugin_pbadv,
	&imp_plugin_dpptcp,
	&imp_plugin_pbgatt,
	&imp_plugin_action,
	&imp_plugin_pbremote,
	&imp_plugin_thread,
	&imp_plugin_openssl,
	&imp_plugin_sodium,
	&imp_plugin_bearssl,
	NULL,
};
