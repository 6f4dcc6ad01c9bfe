/*
 * stdio_message: one JSON-RPC message, as a line of text and as what it says.
 *
 * What the client writes is read strictly, as the server would read it; what the server writes is
 * passed on as it stands, if it is JSON at all.
 */
#ifndef STDIO_MESSAGE_H
#define STDIO_MESSAGE_H

#include "json.h"

#define STDIO_NS	"io.modelcontextprotocol/"

struct stdio_message {
	const char         *text;	/* without line feeds */
	size_t              len;
	struct json_object *o;		/* the whole */
	const char         *method;	/* NULL: a response */
	struct json_object *id;		/* a string or an integer; NULL: nobody waits for an answer */
	struct json_object *params;	/* NULL: none */
	bool                claims;	/* params._meta names a protocol version: the modern era */
	const char         *version;	/* which; NULL: claims nothing, or something that is no text */
};

/* Why a line of the client is none. */
struct stdio_flaw {
	int                 code;	/* of JSON-RPC */
	const char         *why;	/* a sentence, in mem */
	struct json_object *id;		/* NULL: it could not be made out */
};

/* A line of the client, without its line feed; line[n] is NUL.  0, or -1 with *flaw. */
int stdio_message_read(struct arena *mem, const char *line, size_t n, struct stdio_message *m,
    struct stdio_flaw *flaw) must_use;

/* What a server wrote: 0, or -1: not a JSON object.  m->text is a copy without line breaks. */
int stdio_message_take(struct arena *mem, const char *text, size_t n, struct stdio_message *m) must_use;

/* Is m the response to the request with this id? */
bool stdio_message_answers(const struct stdio_message *m, struct json_object *id);

/* Are the ids the same, of the same JSON type? */
bool stdio_message_same_id(struct json_object *a, struct json_object *b);

/* An error response in mem; id and data may be NULL. */
const char *stdio_message_error(struct arena *mem, struct json_object *id, int code, const char *why,
    struct json_object *data) must_use;

#endif
