/*
 * bind_c: tools and prompts written in C.
 *
 * Those of a catalog are one shared object, <folder>/<catalog>/tools.so, loaded before the fork.
 */
#ifndef BIND_C_H
#define BIND_C_H

#include "bind.h"
#include "catalog.h"
#include "request.h"

/* Loads what the catalogs' C tools are in.  0, or -1 with a sentence in *why. */
int bind_c_load(struct arena *mem, struct catalogs *all, const char **why) must_use;

/* Runs the tool with checked arguments.  0 and *out in rq's memory, or -1. */
int bind_c(struct request *rq, const struct tool *tool, const struct bind_args *args, struct bind_result *out) must_use;

#endif
