/*
 * stdio_legacy: the bridge for the revisions with initialize, over Streamable HTTP and, where the
 * operator says so, over the HTTP+SSE transport of 2024-11-05.
 *
 * Carries the session id and the version, keeps the server's own stream open, and when the server
 * has lost the session, begins another with the client's own initialize and sends again what was
 * refused; the client does not notice.
 */
#ifndef STDIO_LEGACY_H
#define STDIO_LEGACY_H

#include "stdio_call.h"

/* sse: the transport of 2024-11-05. */
struct stdio_legacy *stdio_legacy_open(bool sse) must_use;

/* The call holds a message that stdio_era_judge() found legacy; it is begun, waits, or is over. */
void stdio_legacy_take(struct stdio_call *c);

/* The client is gone: ends the session at the server, and does not wait long for it. */
void stdio_legacy_close(struct stdio_bridge *b);

#endif
