/*
 * resource_file: resources and templates as resources.json declares them.
 *
 * Read whole at start; what is wrong in it stops the start with file, entry, member and reason.
 */
#ifndef RESOURCE_FILE_H
#define RESOURCE_FILE_H

#include "offer.h"
#include "uri.h"

struct resource {
	const char         *uri;		/* or the template's text */
	bool                many;		/* a template; pattern is its */
	struct uri_template pattern;
	const char         *face;		/* Resource or ResourceTemplate (MCP 2026-07-28, resources), as JSON */
	const char         *mime;		/* NULL: not said */
	const char         *contents;		/* JSON array of ResourceContents; NULL: `ask` makes it */
	int64_t             ttl_ms;		/* how long a client may keep what it read */
	struct tool         ask;		/* who may, and the statement; its name is the entry's */
	struct tool         list;		/* of a template: what instances there are; .statement.sql NULL: it does not say */
	struct completion   complete[URI_VARS_MAX];
	int                 completions;
};

/* resources[0 .. fixed) have one URI each, the templates follow; both parts sorted by uri. */
struct resources {
	struct resource *at;
	size_t           fixed, n;
};

/* Reads folder/resources.json if there is one.  0, or -1 with a sentence in *why.  Everything lives in mem. */
int resource_file_load(struct arena *mem, const struct catalog *c, const char *folder, struct resources *out,
    const char **why) must_use;

#endif
