/*
 * tool: one tool as its file declares it.
 *
 * NAME.json is read whole at start; what is wrong in it stops the start with file, member and
 * reason.  After the fork nothing here changes.  The members are DESIGN 6's.
 */
#ifndef TOOL_H
#define TOOL_H

#include "db.h"
#include "json.h"
#include "schema.h"

#define TOOL_PAGE_MAX	4
#define TOOL_LIFT_MAX	8

struct catalog;

enum result_kind { RESULT_ROWS, RESULT_ROW, RESULT_DONE };

struct tool_result {
	enum result_kind kind;
	const char      *rows;			/* name of the list */
	const char      *page[TOOL_PAGE_MAX];	/* columns of the keyset; page[0] NULL: no paging */
	const char      *lift[TOOL_LIFT_MAX];	/* columns moved to the top level */
	const char      *lift_usual[TOOL_LIFT_MAX];	/* JSON text used when there is no row */
	int              lifts;
	const char      *done;			/* sentence with {argument}s */
	const char      *none;			/* sentence when no row came; NULL: an empty result is fine */
};

struct tool {
	const struct catalog *catalog;
	const char           *name, *file;
	const char           *face;		/* the tool as tools/list shows it: one JSON object */
	const char           *scope;		/* the word a credential needs; NULL: none */
	bool                  writes;
	int64_t               timeout_ms;
	size_t                result_max;	/* bytes of structuredContent */
	int64_t               rows_max;
	int64_t               per_minute;	/* calls of this tool per tenant; 0: the plan's alone */
	struct schema        *input;
	struct json_object   *input_schema, *output_schema;	/* output: NULL if not declared */
	struct tool_result    result;
	struct db_statement   statement;	/* the SQL that runs; its id is unique in the process */
};

/*
 * Reads folder/NAME.json and what it names.  0, or -1 with a sentence in *why.  Everything lives
 * in mem.
 */
int tool_load(struct arena *mem, struct tool *t, const char *folder, const char *name, const char **why) must_use;

#endif
