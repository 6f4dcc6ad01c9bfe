/*
 * encode: rows of PostgreSQL to the JSON of a result.
 *
 * The only place where a result is stripped of hidden characters and cut to its caps.  Numbers,
 * booleans and JSON go out as they are, timestamps as RFC 3339 in UTC, bytea as base64, and what
 * JSON cannot say (NaN, infinity) as null.
 */
#ifndef ENCODE_H
#define ENCODE_H

#include "buf.h"
#include "tool.h"

struct encode {
	const struct tool  *tool;
	struct json_object *args;
	struct arena       *mem;
	struct buf          out;	/* the object, finished by encode_end() */
	int64_t             limit;	/* rows kept at most */
	int64_t             count;	/* rows kept */
	bool                more;	/* there are rows behind the last one kept */
	bool                cut;	/* because of a cap, not of the limit asked for */
	const char         *lift[TOOL_LIFT_MAX];	/* JSON text; NULL: no row came */
	struct buf          page[TOOL_PAGE_MAX];	/* JSON text of the last row kept */
	bool                planned;	/* column[] is filled, from the first row */
	struct encode_column {
		const char *name;	/* as it goes out: in quotes, with its colon */
		size_t      len;
		int         lift, page;	/* its place in those; -1: none */
	} column[DB_COLUMNS_MAX];
};

void encode_begin(struct encode *e, const struct tool *tool, struct json_object *args, int64_t limit, struct arena *mem);

/* Takes one row.  Nonzero: enough. */
int encode_row(struct encode *e, const struct db_row *row);

/* The values of the last row's page columns as a JSON array; NULL: the list ends here. */
char *encode_place(struct encode *e);

/* Completes the object.  next_cursor: NULL or the cursor of encode_place(). */
void encode_end(struct encode *e, const char *next_cursor);

/* Adds text as a JSON string without characters that utf8_hidden() names. */
void encode_text(struct buf *b, const char *s, size_t n);

#endif
