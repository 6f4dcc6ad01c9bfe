/* ctl_show: a column's type decides how it is written. */
#include "ctl_show.h"
#include "json.h"
#include "log.h"
#include "utf8.h"

#define SHOW_MAX	(64 << 20)
#define DEPTH_MAX	32

void
ctl_show_text(const char *text, size_t len)
{
	ssize_t n;

	for (; len > 0; text += n, len -= (size_t)n)
		if ((n = write(STDOUT_FILENO, text, len)) < 0)
			die("the answer cannot be written: %s", strerror(errno));
}

static void
add_json_value(struct buf *b, enum db_type type, const char *value)
{
	if (!value)
		buf_str(b, "null");
	else if (type == DB_BOOL)
		buf_str(b, value[0] == 't' ? "true" : "false");
	else if (type == DB_NUMBER || type == DB_JSON)
		buf_str(b, value);
	else
		buf_json(b, value, strlen(value));
}

/* A JSON list as its words, anything else as it stands; null as "-". */
static const char *
plain(struct ctl *c, enum db_type type, const char *value)
{
	struct json_object *o = value && type == DB_JSON ? json_parse(&c->mem, value, strlen(value), DEPTH_MAX) : NULL;
	struct buf b;
	size_t i;

	if (!value)
		return "-";
	if (!json_is_strings(o))
		return value;
	buf_init(&b, &c->mem, SHOW_MAX);
	for (i = 0; i < json_object_array_length(o); i++)
		buf_fmt(&b, "%s%s", i ? " " : "", json_object_get_string(json_object_array_get_idx(o, i)));
	return b.len > 0 ? b.at : "-";
}

/* Characters, not bytes: names of tenants are in any script. */
static int
width(const char *text)
{
	size_t n = strlen(text), at = 0, step;
	uint32_t code;
	int chars = 0;

	for (; at < n && (step = utf8_step(text + at, n - at, &code)) > 0; at += step)
		chars++;
	return chars;
}

static void
add_padded(struct buf *b, const char *text, int to)
{
	int n = width(text);

	buf_str(b, text);
	for (; n < to; n++)
		buf_char(b, ' ');
}

void
ctl_show_columns(struct ctl *c, struct buf *b, const struct ctl_rows *rows, size_t row, int from, int to)
{
	int i, widest = 0;

	for (i = 0; i < rows->columns; i++)
		widest = width(rows->column[i].name) > widest ? width(rows->column[i].name) : widest;
	for (i = from; i < to; i++) {
		const struct db_column *column = &rows->column[i];

		if (c->value[CTL_JSON]) {
			buf_fmt(b, "%s\"%s\":", i > 0 ? "," : "", column->name);
			add_json_value(b, column->type, rows->at[row][i]);
		} else {
			add_padded(b, column->name, widest + 2);
			buf_fmt(b, "%s\n", plain(c, column->type, rows->at[row][i]));
		}
	}
}

void
ctl_show_row(struct ctl *c, const struct ctl_rows *rows)
{
	bool json = c->value[CTL_JSON] != NULL;
	struct buf b;

	buf_init(&b, &c->mem, SHOW_MAX);
	buf_str(&b, json ? "{" : "");
	ctl_show_columns(c, &b, rows, 0, 0, rows->columns);
	buf_str(&b, json ? "}\n" : "");
	ctl_show_text(b.at, b.len);
}

static void
add_objects(struct ctl *c, struct buf *b, const struct ctl_rows *rows)
{
	size_t i;

	buf_char(b, '[');
	for (i = 0; i < rows->n; i++) {
		buf_str(b, i ? ",\n{" : "\n{");
		ctl_show_columns(c, b, rows, i, 0, rows->columns);
		buf_char(b, '}');
	}
	buf_str(b, rows->n ? "\n]\n" : "]\n");
}

static void
add_table(struct ctl *c, struct buf *b, const struct ctl_rows *rows)
{
	int widest[DB_COLUMNS_MAX], j;
	size_t i;

	for (j = 0; j < rows->columns; j++) {
		widest[j] = width(rows->column[j].name);
		for (i = 0; i < rows->n; i++) {
			rows->at[i][j] = plain(c, rows->column[j].type, rows->at[i][j]);
			widest[j] = width(rows->at[i][j]) > widest[j] ? width(rows->at[i][j]) : widest[j];
		}
	}
	for (j = 0; j < rows->columns; j++)
		add_padded(b, rows->column[j].name, j + 1 < rows->columns ? widest[j] + 2 : 0);
	for (i = 0; i < rows->n; i++) {
		buf_char(b, '\n');
		for (j = 0; j < rows->columns; j++)
			add_padded(b, rows->at[i][j], j + 1 < rows->columns ? widest[j] + 2 : 0);
	}
	buf_str(b, rows->n ? "\n" : "");
}

void
ctl_show_rows(struct ctl *c, const struct ctl_rows *rows)
{
	struct buf b;

	buf_init(&b, &c->mem, SHOW_MAX);
	if (c->value[CTL_JSON])
		add_objects(c, &b, rows);
	else
		add_table(c, &b, rows);
	ctl_show_text(b.at, b.len);
}
