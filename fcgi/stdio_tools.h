/*
 * stdio_tools: which arguments of which tools go into headers.
 *
 * A tool's inputSchema marks them with x-mcp-header (MCP 2026-07-28, streamable HTTP, "Custom
 * Headers from Tool Parameters").  They are remembered from every tools/list that passes through;
 * what is not known here, the server's -32020 asks for.
 */
#ifndef STDIO_TOOLS_H
#define STDIO_TOOLS_H

#include "json.h"

#define STDIO_TOOLS_PARAMS	32	/* marked properties of one tool */

struct stdio_param {
	struct stdio_param *next;
	const char         *tool;
	const char         *header;	/* "Mcp-Param-Region" */
	const char         *path[8];	/* names of properties, from the root of the arguments */
	int                 depth;
};

struct stdio_tools {
	struct arena        mem;
	struct stdio_param *first;
	int                 count;
};

void stdio_tools_open(struct stdio_tools *t);

/* Takes over the tools of a tools/list result.  anew: it is the first page, all before is forgotten. */
void stdio_tools_learn(struct stdio_tools *t, struct json_object *result, bool anew);

/*
 * Writes the headers for a call of the tool ("Mcp-Param-Region: eu"), made in mem, to out, at most
 * STDIO_TOOLS_PARAMS of them, and returns how many.
 */
size_t stdio_tools_headers(const struct stdio_tools *t, struct arena *mem, const char *tool,
    struct json_object *arguments, const char *out[STDIO_TOOLS_PARAMS]);

#endif
