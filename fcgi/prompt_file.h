/*
 * prompt_file: prompts as prompts.json declares them.
 *
 * Read whole at start; what is wrong in it stops the start with file, entry, member and reason.
 */
#ifndef PROMPT_FILE_H
#define PROMPT_FILE_H

#include "offer.h"

#define PROMPT_ARGS_MAX	16

struct prompt_argument {
	const char              *name;
	bool                     required;
	const struct completion *complete;	/* NULL: nothing is proposed */
};

/* One message: a block that is ready, or texts to fill in. */
struct prompt_message {
	const char *role;
	struct json_object *ready;	/* the content block; NULL: text is filled in */
	const char *text;
	const char *uri, *mime;	/* of an embedded resource; uri NULL: it is a text block */
};

struct prompt {
	const char             *description, *face;	/* face: Prompt (MCP 2026-07-28, prompts), as JSON */
	struct prompt_argument  arg[PROMPT_ARGS_MAX];
	int                     args;
	struct prompt_message  *message;
	size_t                  messages;	/* 0: written in C, ask.c */
	struct tool             ask;		/* who may, and the statement whose row is {row.x}; its name is the prompt's */
};

struct prompts {
	struct prompt *at;	/* sorted by name */
	size_t         n;
};

/* Reads folder/prompts.json if there is one.  0, or -1 with a sentence in *why.  Everything lives in mem. */
int prompt_file_load(struct arena *mem, const struct catalog *c, const char *folder, struct prompts *out, const char **why) must_use;

/* The argument of that name; NULL: it has none. */
const struct prompt_argument *prompt_file_argument(const struct prompt *p, const char *name);

#endif
