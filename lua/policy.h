/* policy.h -- decisions in a sandbox.
 *
 * A policy is a Lua file that returns a table of functions, one for each
 * kind of question:
 *
 *   return { authorize = function(q) ... end }
 *
 *   q.topic "authorize", q.name who, q.role which role of ours asks, q.time
 *   Unix seconds (0: unknown), q.tries how often it said later, q.claims a
 *   table by the names of fact topics; byte strings are lower-case hex.
 *
 * It returns true, or a table that goes into the ANSWER (accept), or false
 * or nil and a reason (refuse), or later(seconds) (ask again then).  All else
 * refuses: no function for the question, an error, another type, too many
 * steps, too much memory, too much time.  The reason of what went wrong begins
 * with the question's topic and names file and line.
 *
 * A policy is one Lua state in an arena of its own.  Before every question the
 * arena's bytes become again what they were when the file had run, so that
 * nothing is kept from one question to the next.  There is no io, os, require, load, debug,
 * pcall, coroutine, metatable or pattern matching in it; strings have sub,
 * find (plain text), lower, upper, byte, char, rep, reverse, format and len. */
#ifndef IMPRINT_LUA_POLICY_H
#define IMPRINT_LUA_POLICY_H

#include "imprint.h"

enum { POLICY_ARENA = 1 << 20,  /* bytes a question may use      */
       POLICY_STEPS = 1000000,  /* instructions of the Lua machine */
       POLICY_MS = 500,         /* processor time                */
       POLICY_FILE = 256 * 1024,
       POLICY_WAIT = 7 * 86400, /* longest later(), in seconds   */
       POLICY_REASON = 200, POLICY_MAP = 4096 };

typedef struct policy_question {
	const char *topic, *role;
	imp_span name, claims;  /* claims: CBOR, or empty */
	uint64_t time;
	uint32_t tries;
} policy_question;

typedef struct policy_verdict {
	imp_status code;        /* IMP_OK, IMP_EDENIED, IMP_LATER */
	uint32_t seconds;       /* IMP_LATER: when to ask again */
	char reason[POLICY_REASON];
	uint8_t map[POLICY_MAP]; /* CBOR for the ANSWER's data */
	size_t map_len;
} policy_verdict;

typedef struct policy policy;

/* `text` is the policy, `file` its name for messages.  NULL: no memory.  One
 * whose file is in error is opened too: it refuses everything. */
policy     *policy_open(imp_span text, const char *file);
const char *policy_wrong(const policy *p); /* "": the file ran; else why not */
/* *out is always filled: whatever goes wrong is a refusal.  One thread at a
 * time for each policy. */
void policy_ask(policy *p, const policy_question *q, policy_verdict *out);
void policy_close(policy *p);

#endif
