/*
 * event: what the audit says of one message.
 */
#ifndef EVENT_H
#define EVENT_H

#include "crypt.h"

enum outcome {
	OUTCOME_OK, OUTCOME_TOOL_ERROR, OUTCOME_DENIED, OUTCOME_RATE_LIMITED, OUTCOME_BAD_REQUEST,
	OUTCOME_CANCELLED, OUTCOME_UNAVAILABLE, OUTCOME_INTERNAL, OUTCOME_COUNT
};

/* One audit event; its JSON form is audit_json()'s.  Texts are empty where nothing is known. */
struct event {
	char         id[CRYPT_UUID];
	int64_t      at_us;		/* wall clock */
	uint64_t     seq;		/* per process, from 1 */
	uint32_t     count;		/* messages this event stands for */
	char         catalog[64], tenant[CRYPT_UUID], workspace[CRYPT_UUID], principal[CRYPT_UUID];
	char         credential[CRYPT_UUID], credential_name[128];
	char         method[64], tool[128];
	enum outcome outcome;
	char         code[16];		/* JSON-RPC or HTTP code, SQLSTATE, "died" */
	int64_t      duration_us, redis_us, sql_us, upstream_us;
	char         args_digest[2 * CRYPT_HASH + 1];
	uint64_t     bytes_in, bytes_out;
	char         protocol[16], client[128], ip[46], trace[64];
};

#endif
