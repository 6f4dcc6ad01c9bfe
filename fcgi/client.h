/*
 * client: what the client of the message in hand can do, and what it wants to hear.
 *
 * A modern request says it in its _meta, a legacy client when its session begins.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "json.h"

/* Levels of log messages (RFC 5424's), in their order. */
enum level {
	LEVEL_DEBUG, LEVEL_INFO, LEVEL_NOTICE, LEVEL_WARNING, LEVEL_ERROR, LEVEL_CRITICAL, LEVEL_ALERT, LEVEL_EMERGENCY,
	LEVEL_NONE	/* of a client that wants none */
};

struct client {
	bool       elicits, elicits_url;	/* forms, URLs */
	bool       samples, samples_tools, samples_context;
	bool       roots;
	enum level level;			/* the least it wants to hear of */
	struct json_object *token;		/* progressToken; NULL: it wants no progress */
};

/* Reads a ClientCapabilities object (NULL: none) into the bools; level and token stay. */
void client_capabilities(struct client *c, struct json_object *capabilities);

/* The bools as a number below 64, and back, for where a session is kept. */
unsigned client_bits(const struct client *c);
void client_from_bits(struct client *c, unsigned bits);

/* The level of that name; LEVEL_NONE: there is none. */
enum level client_level(const char *name);

#endif
