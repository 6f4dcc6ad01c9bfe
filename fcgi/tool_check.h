/*
 * tool_check: what must hold between the members of a tool's file.
 *
 * Its schemas are compiled here; members that name arguments or results must name ones that are there.
 */
#ifndef TOOL_CHECK_H
#define TOOL_CHECK_H

#include "tool.h"

/* A file that is being read. */
struct tool_read {
	struct arena *mem;
	struct tool  *tool;
	const char  **why;	/* why not */
};

/* The file's name and the sentence go to *why.  Returns -1. */
int tool_check_refuse(struct tool_read *l, const char *fmt, ...) printf_like(2, 3);

/* Once every member was read: compiles the schemas and the headers' mirrors.  0, or -1 with a sentence in *why. */
int tool_check(struct tool_read *l) must_use;

#endif
