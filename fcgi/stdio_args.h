/*
 * stdio_args: what mcp-stdio is told on its command line and in its environment.
 *
 * The key comes from a file or the environment, never from the command line, which everybody on the
 * machine can read.  Names in the environment begin with MCPSTDIO_: mcp-fpm takes every name that
 * begins with MCP_ for a setting of its own.
 */
#ifndef STDIO_ARGS_H
#define STDIO_ARGS_H

#include "arena.h"

#define STDIO_ARGS_HEADERS	32
#define STDIO_KEY_MAX		8192	/* access tokens are longer than API keys */

struct stdio_args {
	const char *url;
	const char *header[STDIO_ARGS_HEADERS];	/* "Name: value", that of the key among them */
	size_t      headers;
	const char *ca_file;			/* NULL: the system's authorities */
	bool        sse;			/* the transport of 2024-11-05 */
};

/*
 * Fills a; its texts live in mem or argv.  --help and --version end the program with status 0, a
 * mistake on the command line with a sentence and status 2, a file that cannot be used with 1.
 */
void stdio_args_read(struct stdio_args *a, struct arena *mem, int argc, char **argv);

#endif
