/*
 * stdio_modern: the bridge for revision 2026-07-28, a POST per request and no session.
 *
 * Adds the headers that repeat what the body says, takes a client's cancellation as the end of that
 * request's connection, and keeps a listen open for as long as the client wants it.
 */
#ifndef STDIO_MODERN_H
#define STDIO_MODERN_H

#include "stdio_call.h"

struct stdio_modern *stdio_modern_open(void) must_use;

void stdio_modern_close(struct stdio_modern *s);

/* The call holds a message that stdio_era_judge() found modern; it is begun, or over at once. */
void stdio_modern_take(struct stdio_call *c);

#endif
