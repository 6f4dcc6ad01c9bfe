/*
 * stdio_legacy: the bridge for the revisions with initialize, over Streamable HTTP and, where the
 * operator says so, over the HTTP+SSE transport of 2024-11-05.
 *
 * Knows what each message of the client and each answer means; the session itself, its headers and its
 * renewal are stdio_session's.
 */
#ifndef STDIO_LEGACY_H
#define STDIO_LEGACY_H

#include "stdio_call.h"

/* For stdio_session_open(): what is done with the server's own stream. */
extern const struct stdio_way stdio_legacy_stream;

/* The call holds a message that stdio_era_judge() found legacy; it is begun, waits, or is over. */
void stdio_legacy_take(struct stdio_call *c);

#endif
