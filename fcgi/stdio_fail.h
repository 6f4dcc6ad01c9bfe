/*
 * stdio_fail: when nothing good came: what the client is told under the id of its request, and what
 * people read on stderr.
 *
 * An error that the server itself has written goes to the client as it is.  Everything else becomes a
 * sentence that says what to do: the code is the HTTP status, or -32603 where there was none.
 */
#ifndef STDIO_FAIL_H
#define STDIO_FAIL_H

#include "stdio_bridge.h"

/* The call's exchange has ended without a response: tells client and people why, and ends the call. */
void stdio_fail(struct stdio_call *c);

/* The same with a given error, for the client only; data may be NULL. */
void stdio_fail_with(struct stdio_call *c, int code, const char *why, struct json_object *data);

/* Did nothing fail: was the status 2xx? */
bool stdio_fail_none(const struct stdio_call *c);

/* Was the answer a refusal, which asking again will not change? */
bool stdio_fail_final(const struct stdio_call *c);

#endif
