/* account.h -- client: which instances there are, what holds them together, and
 * the keys of the bootstrap account for the link below. */
#ifndef IMPRINT_LWM2M_ACCOUNT_H
#define IMPRINT_LWM2M_ACCOUNT_H

#include "content.h"
#include "lwm2m.h"
#include "role.h"

enum lw_mode { LW_PSK = 0, LW_RPK = 1, LW_X509 = 2, LW_NOSEC = 3, LW_EST = 4 };

struct lw_account {
	uint16_t oid, iid, ssid; /* ssid 0: none                             */
	uint16_t link;           /* the /21 instance of a /0; LW_NONE: none   */
	uint8_t  bootstrap, bad; /* bad: what was written is not whole        */
};

struct lw_accounts {
	uint8_t n;
	struct lw_account list[IMP_LWM2M_INSTANCES];
};

int lw_is_ours(uint16_t oid);   /* objects of a bootstrap */
int lw_is_secret(uint16_t oid);
imp_span lw_instance_name(char to[LW_NAME], uint16_t oid, uint16_t iid);
imp_span lw_server_name(char to[LW_NAME], uint16_t ssid);

/* The fact CONFIG "lwm2m".  IMP_EBADMSG: it is no such list. */
imp_status lw_accounts_read(struct lw_accounts *a, imp_span list);
void       lw_accounts_put(imp_wr *w, const struct lw_accounts *a);

/* The one of this name, made if there is none; NULL: none, or no room. */
struct lw_account *lw_account_of(struct lw_accounts *a, uint16_t oid, uint16_t iid, int make);
void lw_account_drop(struct lw_accounts *a, const struct lw_account *x);
/* What an instance's TLV says of it. */
void lw_account_note(struct lw_account *x, imp_span body);
struct lw_account *lw_bootstrap_account(struct lw_accounts *a);
/* Does it survive every Delete? */
int lw_is_protected(struct lw_accounts *a, const struct lw_account *x);
/* The rules before Finish (lwm2m.h). */
int lw_accounts_fit(struct lw_accounts *a);

/* ",</0/1>;ssid=101;uri="coaps://..."" */
void lw_put_link(imp_wr *w, const struct lw_account *x, imp_span uri);
/* OPEN's options for a security mode. */
void lw_put_options(imp_wr *w, unsigned mode);

/* A question of the link below, while the host is asked for the account. */
struct lw_lower {
	uint32_t ticket, want;
	int32_t  code;
	uint16_t topic;
	uint8_t  shown[32]; /* VERIFY: SHA-256 of the peer's key or certificate */
};
/* 0: one is waiting already, or there is nothing to verify. */
int lw_lower_keep(struct lw_lower *l, imp_cx *cx, const imp_msg *ask);
imp_status lw_lower_answer(struct lw_lower *l, imp_cx *cx, const imp_msg *account);

#endif
