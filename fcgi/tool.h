/*
 * tool: one tool as its file declares it.
 *
 * What the members mean is said in tools/README.md.  After the fork nothing here changes.
 */
#ifndef TOOL_H
#define TOOL_H

#include "adapt.h"
#include "config.h"
#include "db.h"
#include "json.h"
#include "mirror.h"
#include "result.h"
#include "schema.h"

#define TOOL_ARGS_MAX	16

struct catalog;
struct request;

/* TOOL_MAYBE: under a credential that only reads, PostgreSQL refuses what would write. */
enum tool_writes { TOOL_READS, TOOL_WRITES, TOOL_MAYBE };

/* What happens to an argument before SQL sees it. */
enum tool_arg_kind {
	ARG_SEAL,	/* each text in it is encrypted for this tenant */
	ARG_DIGEST,	/* replaced by its SHA-256, in hexadecimal */
	ARG_JSON	/* a text that holds JSON is replaced by it */
};

struct tool_arg {
	const char        *name;
	enum tool_arg_kind kind;
};

struct tool_rename {
	const char *from, *to;
};

struct tool {
	const struct catalog *catalog;
	const char           *name, *file;
	const char           *face[ADAPT_FACES];	/* the tool as tools/list shows it, by adapt_face_number(): JSON objects */
	struct words          scope;		/* a credential needs one of them; a {NAME} in it is that argument's value */
	const char           *feature;		/* the tenant needs it; NULL: none */
	enum tool_writes      writes;
	bool                  idempotent;	/* its annotations say so: a call that is repeated changes nothing more */
	unsigned              asks;		/* what it may ask a client, see tool_asks(); 0: nothing */
	const char           *confirm;		/* sentence the user is asked with, with {argument}s; NULL: none */
	const char           *idempotency;	/* argument that holds the caller's key; NULL: none */
	struct tool_arg       arg[TOOL_ARGS_MAX];
	int                   args;
	struct tool_rename    rename[TOOL_ARGS_MAX];	/* of an alias: our argument, the other tool's */
	int                   renames;
	int64_t               timeout_ms;
	size_t                result_max;	/* bytes of structuredContent */
	int64_t               rows_max;
	int64_t               per_minute;	/* calls of this tool per tenant; 0: the plan's alone */
	struct schema        *input, *output;	/* output: NULL if not declared */
	struct mirrors        mirrors;		/* arguments that clients repeat in headers */
	bool                  composed;		/* the root of inputSchema may have allOf, anyOf, oneOf */
	struct json_object   *input_schema, *output_schema;	/* output: NULL if not declared */
	struct tool_result    result;
	struct db_statement   statement;	/* the SQL that runs; its id is unique in the process; .sql NULL: none */
	const char           *c;		/* tool_<this> is the function; NULL: an SQL tool */
	int                 (*function)(struct request *rq, struct json_object *args);	/* NULL until it is loaded */
};

/* Makes folder/STEM.sql a statement with one jsonb parameter and an id of its own.  0, or -1 with a sentence in *why. */
int tool_statement(struct arena *mem, const char *folder, const char *stem, struct db_statement *out, const char **why) must_use;

/* A word, or an array of words of which one is enough.  0 and *out, or -1: it is neither. */
int tool_scope(struct arena *mem, struct json_object *v, struct words *out) must_use;

/* Does the statement get an argument of this name?  Renamed ones count, the idempotency key does not. */
bool tool_gives(const struct tool *t, const char *name);

/* An array of "elicitation", "sampling", "roots", added to *out as tool.asks has them.  0, or -1: it is another. */
int tool_asks_read(struct json_object *v, unsigned *out) must_use;

/* May the tool, which is written in C, ask the client with this method? */
bool tool_asks(const struct tool *t, const char *method);

#endif
