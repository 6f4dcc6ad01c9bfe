/*
 * tool_file: a tool's NAME.json.
 *
 * Read whole at start; what is wrong in it stops the start with file, member and reason.
 */
#ifndef TOOL_FILE_H
#define TOOL_FILE_H

#include "tool.h"

/*
 * Reads folder/NAME.json and what it names.  0, or -1 with a sentence in *why.  Everything lives
 * in mem.
 */
int tool_file_load(struct arena *mem, struct tool *t, const char *folder, const char *name, const char **why) must_use;

#endif
