/*
 * stdio_head: texts as values of HTTP headers.
 */
#ifndef STDIO_HEAD_H
#define STDIO_HEAD_H

#include "stdio_message.h"

/* Can the text stand in a header as it is?  Visible ASCII and blanks, none at the ends, not empty. */
bool stdio_head_plain(const char *text, size_t n);

/*
 * The text, or =?base64?...?= where it cannot stand in a header or would be taken for base64
 * itself (MCP 2026-07-28, streamable HTTP, "Value Encoding").  In mem.
 */
const char *stdio_head_value(struct arena *mem, const char *text, size_t n) must_use;

/* What Mcp-Name has to say of a request, decoded, with its length; NULL: nothing. */
const char *stdio_head_name(const struct stdio_message *m, size_t *n);

#endif
