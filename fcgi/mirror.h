/*
 * mirror: arguments that a client repeats in headers (MCP 2026-07-28, streamable HTTP, "x-mcp-header").
 *
 * What a tool's inputSchema says of them is read and checked here, at load; whether a request keeps to
 * it is looked at where it is called.
 */
#ifndef MIRROR_H
#define MIRROR_H

#include "json.h"

#define MIRRORS_MAX	32	/* of one tool */
#define MIRROR_DEPTH	8	/* of properties in properties */
#define MIRROR_NAME_MAX	64	/* characters of a header's name behind Mcp-Param- */
#define MIRROR_HEADERS	64	/* of one request are kept: all that a tool can ask for, and some that nobody does */

enum mirror_kind { MIRROR_STRING, MIRROR_INTEGER, MIRROR_BOOLEAN };

struct mirror {
	const char      *name;			/* as annotated: "Region" */
	const char      *param;			/* as FastCGI names the header: "HTTP_MCP_PARAM_REGION" */
	const char      *path[MIRROR_DEPTH];	/* names of properties, from the top; the last one's is the value */
	int              depth;
	enum mirror_kind kind;
};

struct mirrors {
	struct mirror *at;
	int            n;
};

/* A header Mcp-Param-NAME of a request, as FastCGI names it. */
struct mirror_header {
	const char           *param, *value;
	bool                  twice;	/* it was sent more than once */
	struct mirror_header *next;
};

struct mirror_headers {
	struct mirror_header *newest;
	int                   n;
};

/*
 * The annotated properties of an inputSchema.  0, or -1 with a sentence in *why: clients would drop
 * the whole tool.  Names are of [A-Za-z0-9-] only, because CGI cannot tell others apart.
 */
int mirror_read(struct arena *mem, struct json_object *schema, struct mirrors *out, const char **why) must_use;

/* The value in the arguments that the mirror shows; NULL: absent or null. */
struct json_object *mirror_value(const struct mirror *m, struct json_object *args);

/* Is this the text (decoded) by which a header shows the value?  A value of another type has none, so any is. */
bool mirror_shows(const struct mirror *m, struct json_object *value, const char *text, size_t len);

/* Notes the parameter if it is such a header: then true.  Name and value must stay. */
bool mirror_note(struct arena *mem, struct mirror_headers *all, const char *param, const char *value);

/* The header that shows the property; NULL: not sent. */
const struct mirror_header *mirror_header(const struct mirror *m, const struct mirror_headers *all);

#endif
