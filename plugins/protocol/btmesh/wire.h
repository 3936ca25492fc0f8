/* wire.h -- provisioning PDUs (Mesh Protocol 1.1, 5.4.1) and what they hold.
 *
 * A PDU is one type byte and its parameters; integers are big endian.
 * Readers take the parameters without the type byte and yield spans into
 * them; writers write the whole PDU.  [any] */
#ifndef IMPRINT_BTMESH_WIRE_H
#define IMPRINT_BTMESH_WIRE_H

#include "rd.h"
#include "wr.h"

enum btmesh_type {
	BTMESH_INVITE, BTMESH_CAPS, BTMESH_START, BTMESH_PUBLIC_KEY, BTMESH_INPUT_COMPLETE, BTMESH_CONFIRM, BTMESH_RANDOM,
	BTMESH_DATA, BTMESH_COMPLETE, BTMESH_FAILED, BTMESH_RECORD_REQUEST, BTMESH_RECORD_RESPONSE, BTMESH_RECORDS_GET,
	BTMESH_RECORDS_LIST, BTMESH_TYPES
};
/* Why the device gave up: the parameter of BTMESH_FAILED. */
enum btmesh_failed {
	BTMESH_F_NONE, BTMESH_F_PDU /* not known */, BTMESH_F_FORMAT, BTMESH_F_UNEXPECTED, BTMESH_F_CONFIRM, BTMESH_F_RESOURCES, BTMESH_F_DECRYPT,
	BTMESH_F_ERROR, BTMESH_F_ADDRESSES /* too few of them */, BTMESH_F_DATA
};
enum btmesh_alg { BTMESH_CMAC, BTMESH_HMAC, BTMESH_ALGS };
enum btmesh_method { BTMESH_NO_OOB, BTMESH_STATIC, BTMESH_OUTPUT, BTMESH_INPUT };
enum btmesh_output { BTMESH_BLINK, BTMESH_BEEP, BTMESH_VIBRATE, BTMESH_SHOW_NUMBER, BTMESH_SHOW_TEXT, BTMESH_OUTPUTS };
enum btmesh_input { BTMESH_PUSH, BTMESH_TWIST, BTMESH_TYPE_NUMBER, BTMESH_TYPE_TEXT, BTMESH_INPUTS };
enum { BTMESH_KEY_OOB = 1 };                             /* bit of caps.key */
enum { BTMESH_OOB_STATIC = 1, BTMESH_OOB_ONLY = 2 };     /* bits of caps.oob */
enum { BTMESH_KEY_REFRESH = 1, BTMESH_IV_UPDATE = 2 };   /* bits of data.flags */

enum { /* bytes of parameters */
	BTMESH_UUID = 16, BTMESH_CAPS_LEN = 11, BTMESH_START_LEN = 5, BTMESH_POINT = 64, BTMESH_NET_LEN = 23, BTMESH_DATA_LEN = 25,
	BTMESH_MIC = 8, BTMESH_REQUEST_LEN = 6, BTMESH_RESPONSE_HEAD = 7, BTMESH_PDU_LEAST = 1 + BTMESH_POINT, /* longest without records */
	BTMESH_OOB_DIGITS = 8, BTMESH_ADDRESS_LAST = 0x7fff, BTMESH_INDEX_LAST = 0xfff
};
enum btmesh_record { BTMESH_R_URI, BTMESH_R_DEVICE, BTMESH_R_CA1, BTMESH_R_CA15 = 16, BTMESH_R_NAME, BTMESH_R_APPEARANCE };
enum btmesh_record_status { BTMESH_R_OK, BTMESH_R_ABSENT, BTMESH_R_BOUNDS };

typedef struct btmesh_caps {
	uint8_t  elements;              /* 1 or more        */
	uint16_t algorithms;            /* bit 1 << alg     */
	uint8_t  key, oob;
	uint8_t  output_size;           /* 0: none, to 8    */
	uint16_t output;                /* bit 1 << action  */
	uint8_t  input_size;
	uint16_t input;
} btmesh_caps;

typedef struct btmesh_start {
	uint8_t alg, key, method, action, size; /* key 1: the device's is known out of band */
} btmesh_start;

typedef struct btmesh_data {
	imp_span netkey;                /* 16 bytes */
	uint16_t index;
	uint8_t  flags;
	uint32_t iv_index;
	uint16_t address;
} btmesh_data;

typedef struct btmesh_request {
	uint16_t id, offset, most;
} btmesh_request;

typedef struct btmesh_response {
	uint8_t  status;
	uint16_t id, offset, total;
	imp_span data;                  /* empty unless BTMESH_R_OK */
} btmesh_response;

/* The type is known and the length is right: BTMESH_F_NONE, else _PDU or
 * _FORMAT.  alg: enum btmesh_alg, or BTMESH_ALGS while it is not agreed. */
enum btmesh_failed btmesh_pdu_check(imp_span pdu, unsigned alg);
/* Bytes of a confirmation, a random number and an AuthValue. */
size_t btmesh_width(unsigned alg);

/* IMP_EBADMSG: wrong length, or a value that is prohibited. */
imp_status btmesh_read_caps(imp_span in, btmesh_caps *out);
imp_status btmesh_read_start(imp_span in, btmesh_start *out);
imp_status btmesh_read_request(imp_span in, btmesh_request *out);
imp_status btmesh_read_response(imp_span in, btmesh_response *out);
/* The ids are `*ids`, two bytes each, an even number of bytes. */
imp_status btmesh_read_list(imp_span in, uint16_t *extensions, imp_span *ids);
/* Does the list name this record? */
int btmesh_listed(imp_span ids, uint16_t id);
/* What is sealed in BTMESH_DATA.  BTMESH_F_DATA: a value out of its range;
 * _ADDRESSES: not as many unicast addresses as `elements` needs. */
enum btmesh_failed btmesh_read_data(imp_span in, unsigned elements, btmesh_data *out);
/* May a device with these capabilities take this choice? */
int btmesh_start_fits(const btmesh_caps *c, const btmesh_start *s);

void btmesh_put_caps(imp_wr *w, const btmesh_caps *c);
void btmesh_put_start(imp_wr *w, const btmesh_start *s);
void btmesh_put_request(imp_wr *w, const btmesh_request *r);
void btmesh_put_response(imp_wr *w, const btmesh_response *r);

#endif
