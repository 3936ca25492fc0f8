/* names.c -- the numbers of imprint.h by name. */
#include "inner.h"
#include <strings.h>

const struct number_name face_verbs[] = {
	{IMP_RX, "rx"}, {IMP_UP, "up"}, {IMP_DOWN, "down"}, {IMP_ASK, "ask"}, {IMP_TELL, "tell"}, {IMP_LEARN, "learn"}, {IMP_DONE, "done"},
	{IMP_TX, "tx"}, {IMP_OPEN, "open"}, {IMP_SHUT, "shut"}, {IMP_ANSWER, "answer"}, {IMP_START, "start"}, {IMP_TICK, "tick"}, {IMP_STOP, "stop"}, {0, NULL}
};
const struct number_name face_topics[] = {
	{IMP_T_AUTHORIZE, "authorize"}, {IMP_T_CHOOSE, "choose"}, {IMP_T_VERIFY, "verify"}, {IMP_T_SHOW, "show"}, {IMP_T_READ, "read"}, {IMP_T_ROUTE, "route"},
	{IMP_T_IDENTITY, "identity"}, {IMP_T_KEY, "key"}, {IMP_T_CHAIN, "chain"}, {IMP_T_ANCHOR, "anchor"}, {IMP_T_PEERKEY, "peerkey"}, {IMP_T_NETWORK, "network"},
	{IMP_T_SERVER, "server"}, {IMP_T_VOUCHER, "voucher"}, {IMP_T_OWNER, "owner"}, {IMP_T_ACCESS, "access"}, {IMP_T_CONFIG, "config"}, {IMP_T_IMAGE, "image"},
	{IMP_T_ASSOC, "assoc"}, {IMP_T_COUNTER, "counter"}, {IMP_T_SIGN, "sign"}, {IMP_T_ISSUE, "issue"}, {IMP_T_KEYS, "keys"}, {IMP_T_SIM, "sim"}, {IMP_T_RUN, "run"}, {0, NULL}
};
const struct number_name face_statuses[] = {
	{IMP_OK, "OK"}, {IMP_PASS, "PASS"}, {IMP_LATER, "LATER"}, {IMP_EBADMSG, "EBADMSG"}, {IMP_EAUTH, "EAUTH"}, {IMP_EDENIED, "EDENIED"}, {IMP_EPROTO, "EPROTO"},
	{IMP_EUNSUP, "EUNSUP"}, {IMP_ENOSPC, "ENOSPC"}, {IMP_EARG, "EARG"}, {IMP_ETIME, "ETIME"}, {IMP_ELINK, "ELINK"}, {IMP_EPEER, "EPEER"},
	{IMP_ERANDOM, "ERANDOM"}, {IMP_EFACT, "EFACT"}, {IMP_EOVER, "EOVER"}, {0, NULL}
};
const struct number_name face_flags[] = {
	{IMP_MORE, "more"}, {IMP_NOW, "now"}, {IMP_SECRET, "secret"}, {IMP_GROUP, "group"}, {IMP_FORGET, "forget"}, {IMP_PROVISO, "proviso"}, {IMP_LIST, "list"}, {0, NULL}
};
const struct number_name face_media[] = {
	{IMP_M_TEXT, "text"}, {IMP_M_QR, "qr"}, {IMP_M_NFC, "nfc"}, {IMP_M_PIN, "pin"}, {IMP_M_BLINK, "blink"}, {IMP_M_BEEP, "beep"}, {IMP_M_VIBRATE, "vibrate"},
	{IMP_M_BUTTON, "button"}, {IMP_M_URI, "uri"}, {IMP_M_FILE, "file"}, {0, NULL}
};
const struct number_name face_methods[] = {{IMP_GET, "get"}, {IMP_POST, "post"}, {IMP_PUT, "put"}, {IMP_DELETE, "delete"}, {IMP_FETCH, "fetch"}, {IMP_PATCH, "patch"}, {0, NULL}};
const struct number_name face_keys[] = {{IMP_K_OFFER, "offer"}, {IMP_K_PSK, "psk"}, {IMP_K_PASSWORD, "password"}, {IMP_K_RAW, "raw"}, {IMP_K_CERT, "cert"}, {IMP_K_MSK, "msk"}, {0, NULL}};
const struct number_name face_triage[] = {{IMP_DROP, "drop"}, {IMP_KNOWN, "known"}, {IMP_FRESH, "fresh"}, {IMP_BOUNCE, "bounce"}, {0, NULL}};
const struct number_name face_curves[] = {
	{IMP_C_P256, "p256"}, {IMP_C_P384, "p384"}, {IMP_C_P521, "p521"}, {IMP_C_X25519, "x25519"}, {IMP_C_ED25519, "ed25519"},
	{IMP_C_BP256, "bp256"}, {IMP_C_BP384, "bp384"}, {IMP_C_BP512, "bp512"}, {IMP_C_MODP14, "modp14"}, {IMP_C_MODP15, "modp15"}, {0, NULL}
};
const struct number_name face_algs[] = {
	{IMP_A_SHA256, "sha256"}, {IMP_A_SHA384, "sha384"}, {IMP_A_SHA512, "sha512"}, {IMP_A_SHA1, "sha1"}, {IMP_A_HMAC256, "hmac256"}, {IMP_A_HMAC384, "hmac384"}, {IMP_A_HMAC512, "hmac512"},
	{IMP_A_ES256, "es256"}, {IMP_A_ES384, "es384"}, {IMP_A_ES512, "es512"}, {IMP_A_EDDSA, "eddsa"}, {IMP_A_RS256, "rs256"}, {IMP_A_RS384, "rs384"}, {IMP_A_PS256, "ps256"}, {IMP_A_PS384, "ps384"},
	{IMP_A_OAEP256, "oaep256"}, {IMP_A_A128GCM, "a128gcm"}, {IMP_A_A192GCM, "a192gcm"}, {IMP_A_A256GCM, "a256gcm"}, {IMP_A_CHACHAPOLY, "chachapoly"},
	{IMP_A_CCM8_128, "ccm8_128"}, {IMP_A_CCM16_128, "ccm16_128"}, {IMP_A_CCM64_128, "ccm64_128"}, {IMP_A_CCM64_256, "ccm64_256"},
	{IMP_A_CMAC, "cmac"}, {IMP_A_SIV, "siv"}, {IMP_A_AES_ECB, "aes_ecb"}, {IMP_A_AES_CBC, "aes_cbc"}, {IMP_A_AES_CTR, "aes_ctr"},
	{IMP_A_TLS_CCM8, "tls_ccm8"}, {IMP_A_TLS_CCM, "tls_ccm"}, {IMP_A_TLS_CBC_SHA256, "tls_cbc_sha256"}, {0, NULL}
};
const struct number_name face_roles[] = {{IMP_DEVICE, "device"}, {IMP_OWNER, "owner"}, {IMP_RELAY, "relay"}, {IMP_MAKER, "maker"}, {IMP_RENDEZVOUS, "rendezvous"}, {0, NULL}};
const struct number_name face_kinds[] = {
	{IMP_L_NONE, "none"}, {IMP_L_DGRAM, "dgram"}, {IMP_L_STREAM, "stream"}, {IMP_L_REST, "rest"}, {IMP_L_EAP, "eap"}, {IMP_L_METHOD, "method"}, {IMP_L_ADV, "adv"}, {IMP_L_GATT, "gatt"},
	{IMP_L_PROV, "prov"}, {IMP_L_ACTION, "action"}, {IMP_L_DPP, "dpp"}, {IMP_L_8021X, "8021x"}, {IMP_L_LORA, "lora"}, {IMP_L_NFC, "nfc"}, {0, NULL}
};
const struct number_name face_players[] = {
	{IMP_P_MANUFACTURER, "manufacturer"}, {IMP_P_OWNER, "owner"}, {IMP_P_USER, "user"}, {IMP_P_INSTALLER, "installer"}, {IMP_P_ADMIN, "admin"}, {IMP_P_VENDOR_SERVICE, "vendor service"},
	{IMP_P_RENDEZVOUS, "rendezvous"}, {IMP_P_CA, "ca"}, {IMP_P_AAA, "aaa"}, {IMP_P_PROXY, "proxy"}, {IMP_P_REGISTRAR, "registrar"}, {0, NULL}
};
const struct number_name face_beliefs[] = {{IMP_B_BLANK, "blank"}, {IMP_B_SYMMETRIC, "symmetric"}, {IMP_B_RAWKEY, "rawkey"}, {IMP_B_CERT, "cert"}, {0, NULL}};
const struct number_name face_discovery[] = {{IMP_D_LINK, "link"}, {IMP_D_NETWORK, "network"}, {IMP_D_OOB, "oob"}, {IMP_D_WELLKNOWN, "wellknown"}, {0, NULL}};
const struct number_name face_trust[] = {{IMP_I_PERSON, "person"}, {IMP_I_LABEL, "label"}, {IMP_I_PKI, "pki"}, {IMP_I_VOUCHER, "voucher"}, {IMP_I_SECRET, "secret"}, {IMP_I_LEAP, "leap"}, {0, NULL}};
const struct number_name face_authorizers[] = {{IMP_Z_POSSESSION, "possession"}, {IMP_Z_OWNER, "owner"}, {IMP_Z_MANUFACTURER, "manufacturer"}, {0, NULL}};
const struct number_name face_delivery[] = {{IMP_V_NETWORK, "network"}, {IMP_V_INFRASTRUCTURE, "infrastructure"}, {IMP_V_SERVICE, "service"}, {0, NULL}};
const struct number_name face_properties[] = {
	{IMP_Y_ID_IN_CLEAR, "id in clear"}, {IMP_Y_VENDOR_ONLINE, "vendor online"}, {IMP_Y_LABEL_SWAP, "label swap"}, {IMP_Y_MISBINDING, "misbinding"}, {IMP_Y_RESET, "reset"},
	{IMP_Y_RESALE, "resale"}, {IMP_Y_UNATTENDED, "unattended"}, {IMP_Y_FORWARD_SECRET, "forward secret"}, {0, NULL}
};

const char *name_of(const struct number_name *t, int32_t number)
{
	while (t->name && t->number != number)
		t++;
	return t->name;
}

static int32_t number_of(const struct number_name *t, const char *name)
{
	while (t->name && (!name || strcasecmp(t->name, name) != 0))
		t++;
	return t->number;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

const char *imp_verb_name(int verb)
{
	return or_empty(name_of(face_verbs, verb));
}

const char *imp_topic_name(int topic)
{
	return or_empty(name_of(face_topics, topic));
}

const char *imp_status_name(int status)
{
	return or_empty(name_of(face_statuses, status));
}

const char *imp_status_text(int status)
{
	static const char *const said[] = {"fine", "the peer's bytes are malformed", "a signature, MAC, PIN or certificate is wrong", "refused by policy", "not allowed now",
		"valid, but not implemented", "too little memory", "a rule of the interface was broken", "too late", "a link went down", "the peer reported a failure", "no entropy",
		"a belief is missing", "already over"};
	if (status > 0)
		return "come back later";
	return status >= IMP_EOVER ? said[-status] : "an unknown status";
}

int imp_topic_of(const char *name)
{
	return number_of(face_topics, name);
}

int imp_verb_of(const char *name)
{
	return number_of(face_verbs, name);
}

int role_named(const char *name)
{
	return number_of(face_roles, name);
}
