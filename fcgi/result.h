/*
 * result: the form of a tool's answer, as the member `result` of its file says it.
 */
#ifndef RESULT_H
#define RESULT_H

#include "config.h"
#include "json.h"

#define TOOL_PAGE_MAX	4
#define TOOL_LIFT_MAX	8

/*
 * CONTENTS and TEXTS are not of tools: the ResourceContents of a resource, a row each, from a column of text, json or
 * bytea beside uri and mime_type; and the first column of each row, a text.  Either is a JSON array.
 */
enum result_kind { RESULT_ROWS, RESULT_ROW, RESULT_JSON, RESULT_DONE, RESULT_CONTENTS, RESULT_TEXTS };

struct tool_result {
	enum result_kind kind;
	const char      *rows;			/* name of the list */
	const char      *page[TOOL_PAGE_MAX];	/* columns of the keyset; page[0] NULL: no paging */
	const char      *lift[TOOL_LIFT_MAX];	/* columns moved to the top level */
	const char      *lift_usual[TOOL_LIFT_MAX];	/* JSON text used when there is no row */
	int              lifts;
	const char      *done;			/* sentence with {argument}s */
	const char      *none;			/* sentence when no row came; NULL: an empty result is fine */
	const char      *mime;			/* of contents, where no column says it; NULL: unsaid */
	struct words     columns;		/* that the statement must have */
};

/* Reads the member.  0, or -1 with what is wrong in *why: "result.page: expected ...". */
int result_read(struct arena *mem, struct json_object *v, struct tool_result *out, const char **why) must_use;

#endif
