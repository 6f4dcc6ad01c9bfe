/*
 * stdio_era: which revision family a connection over stdio speaks, and what that allows.
 *
 * Over stdio the era belongs to the connection and only bodies tell it: a request without an envelope
 * makes it legacy for life, one with an envelope makes it modern, server/discover alone leaves it
 * open, so that a client that got no good answer may still begin with initialize.
 */
#ifndef STDIO_ERA_H
#define STDIO_ERA_H

#include "stdio_message.h"

#define STDIO_MODERN_VERSION "2026-07-28"

enum stdio_era { STDIO_OPENING, STDIO_LEGACY, STDIO_MODERN };

enum stdio_verdict { STDIO_AS_LEGACY, STDIO_AS_MODERN, STDIO_DROP, STDIO_REFUSE };

struct stdio_ruling {
	enum stdio_verdict verdict;
	int                code;	/* STDIO_REFUSE: of JSON-RPC */
	const char        *why;		/* STDIO_REFUSE: a sentence; STDIO_DROP: for the log */
};

/*
 * What is to become of a message of the client; *era moves on when it decides.  modern: can the
 * transport carry the modern era at all?  Only requests are ever refused.
 */
struct stdio_ruling stdio_era_judge(enum stdio_era *era, const struct stdio_message *m, bool modern);

#endif
