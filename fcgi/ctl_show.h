/*
 * ctl_show: answers of mcpctl, as text for people or with --json for programs.
 */
#ifndef CTL_SHOW_H
#define CTL_SHOW_H

#include "buf.h"
#include "ctl_sql.h"

/* SQL: a column of type timestamptz as answers show it, in UTC. */
#define CTL_STAMP(column, name) "to_char(" column ", 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as " name

/* All rows: a table, or an array of objects. */
void ctl_show_rows(struct ctl *c, const struct ctl_rows *rows);

/* The one row: a line per column, or an object. */
void ctl_show_row(struct ctl *c, const struct ctl_rows *rows);

/* Adds the columns [from, to) of a row to b as it would be shown: lines, or the members of an object. */
void ctl_show_columns(struct ctl *c, struct buf *b, const struct ctl_rows *rows, size_t row, int from, int to);

/* Writes text to stdout as it stands; dies if nobody takes it. */
void ctl_show_text(const char *text, size_t len);

#endif
