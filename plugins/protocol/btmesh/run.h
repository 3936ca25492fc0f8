/* run.h -- what device.c and provisioner.c share: one run of the provisioning
 * protocol, its questions, its PDUs and its secrets. */
#ifndef IMPRINT_BTMESH_RUN_H
#define IMPRINT_BTMESH_RUN_H

#include "toolbox.h"
#include "wire.h"

enum { BTMESH_PDU_MS = 60000 };      /* between two PDUs, people included  */
enum { BTMESH_RUN_MS = 600000 };     /* from the link's beginning to its end */
enum { BTMESH_TYPOS = 3 };           /* times that a person is asked       */
enum { BTMESH_NAME = 64 };

/* Node Provisioning Protocol Interface: why a node is provisioned anew. */
enum btmesh_procedure { BTMESH_NEW_KEY, BTMESH_NEW_ADDRESS, BTMESH_NEW_COMPOSITION, BTMESH_NEW_NODE = 0xff };

struct btmesh_run {
	uint8_t  state;
	uint8_t  device;             /* we are the device                  */
	uint8_t  owed;               /* a PDU for when the one before it has
	                                arrived: its type, 0: none         */
	uint8_t  failed, again;      /* enum btmesh_failed, said or heard first; said since */
	uint8_t  typos, shown;       /* shown: medium, to be withdrawn     */
	uint16_t max;                /* bytes of a PDU                     */
	uint32_t tickets, want, sent, label;
	imp_status fault;            /* what DONE will say                 */
	uint64_t until;              /* when the link has lasted too long  */
	btmesh_start start;
	uint8_t  invite[1], caps[BTMESH_CAPS_LEN], choice[BTMESH_START_LEN]; /* as they were sent */
	uint8_t  uuid[BTMESH_UUID];
	uint8_t  own[BTMESH_POINT], peer[BTMESH_POINT]; /* public keys     */
	uint8_t  key[IMP_KEY_HEAD + 32];                /* ours, private, flat */
	uint8_t  random[32], confirm[32];               /* ours; ours, then theirs */
	btmesh_shared shared;
	btmesh_session session;
};

imp_wr btmesh_room(imp_cx *cx, size_t n); /* sticky IMP_ENOSPC */
int    btmesh_hex(const char *prefix, const uint8_t *bytes, size_t n, char *out); /* "prefix" + hex, its length */

/* The number at this key of a configuration; `absent`: there is none. */
uint64_t btmesh_number(imp_span map, const char *key, uint64_t absent);

imp_status btmesh_say(imp_cx *cx, uint16_t verb, uint16_t topic, uint16_t flags, uint32_t ticket, int32_t code, imp_span name, imp_span data);
/* Ask the host, and wait in `state`. */
imp_status btmesh_ask(struct btmesh_run *r, imp_cx *cx, uint8_t state, uint16_t topic, imp_span name);
imp_status btmesh_learn(imp_cx *cx, uint16_t topic, const char *name, imp_span data);
/* The last LEARN of several: commit, and wait in `state`. */
imp_status btmesh_commit(struct btmesh_run *r, imp_cx *cx, uint8_t state, uint16_t topic, const char *name, imp_span data);
/* The next PDU is to come within BTMESH_PDU_MS, and before r->until. */
void       btmesh_patience(const struct btmesh_run *r, imp_cx *cx);
/* Send a PDU and wait in `state`; the link answers when it has arrived. */
imp_status btmesh_send(struct btmesh_run *r, imp_cx *cx, uint8_t state, const imp_wr *pdu);
imp_status btmesh_send_bytes(struct btmesh_run *r, imp_cx *cx, uint8_t state, uint8_t type, imp_span params);
/* The end.  Secrets are wiped, what is shown is withdrawn. */
imp_status btmesh_done(struct btmesh_run *r, imp_cx *cx, imp_status code, imp_span missing);
void       btmesh_forget(struct btmesh_run *r);
/* The answer to a question that is outstanding?  It is not any more. */
int        btmesh_answered(struct btmesh_run *r, const imp_msg *in);
/* Tell the sender that its PDU has arrived. */
imp_status btmesh_arrived(imp_cx *cx, const imp_msg *rx);

/* A key in its flat form, 32 bytes of secret or a slot. */
void       btmesh_flat(uint8_t flat[IMP_KEY_HEAD + 32], int32_t alg, const uint8_t *bits, size_t len);
imp_status btmesh_new_key(struct btmesh_run *r, imp_cx *cx);
/* With the peer's public key known: ECDHSecret and salt.  IMP_EBADMSG: that
 * key is no point, or is our own. */
imp_status btmesh_agree(struct btmesh_run *r, imp_cx *cx);
/* A random number of our own, and its confirmation to `out`. */
imp_status btmesh_commit_to(struct btmesh_run *r, imp_cx *cx, uint8_t out[32]);
/* Is this number what the peer's confirmation was of?  IMP_EAUTH: no. */
imp_status btmesh_check(struct btmesh_run *r, imp_cx *cx, imp_span number);

/* --- value.c: the AuthValue ------------------------------------------------- */

void       btmesh_value_static(btmesh_shared *s, imp_span secret);
/* A new one, shown to the person. */
imp_status btmesh_value_show(struct btmesh_run *r, imp_cx *cx);
/* Ask the person for it; the answer: IMP_EBADMSG is a typing error. */
imp_status btmesh_value_ask(struct btmesh_run *r, imp_cx *cx, uint8_t state);
imp_status btmesh_value_take(struct btmesh_run *r, imp_span text);
imp_status btmesh_value_hide(struct btmesh_run *r, imp_cx *cx);

#endif
