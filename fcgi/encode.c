/* encode: by column type, a row at a time. */
#include "encode.h"
#include "crypt.h"
#include "utf8.h"

#define ARGUMENT_MAX	1000	/* bytes shown of an argument in the sentence of a done result */
#define SENTENCE_MAX	16384	/* of the whole of it */

/* --- one value -------------------------------------------------------------------------- */

/* How many bytes from s on are harmless ASCII. */
static size_t
plain_run(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (unsigned char)s[i] >= 0x20 && (unsigned char)s[i] < 0x7F)
		i++;
	return i;
}

void
encode_text(struct buf *b, const char *s, size_t n)
{
	size_t at = 0, step, kept = 0;
	uint32_t code;
	char *clean;

	if (plain_run(s, n) == n) {
		buf_json(b, s, n);
		return;
	}
	clean = arena_take(b->mem, n + 1);
	for (; at < n && (step = utf8_step(s + at, n - at, &code)) > 0; at += step)
		if (!utf8_hidden(code)) {
			memcpy(clean + kept, s + at, step);
			kept += step;
		}
	buf_json(b, clean, kept);
}

/* The character an escape of JSON text stands for, and its length: \uXXXX or a pair of them. */
static size_t
escaped(const char *s, size_t n, uint32_t *code)
{
	unsigned high, low;

	*code = 'x';
	if (n < 6 || s[1] != 'u' || sscanf(s + 2, "%4x", &high) != 1)
		return n < 2 ? n : 2;
	*code = high;
	if (high < 0xD800 || high > 0xDBFF || n < 12 || s[6] != '\\' || s[7] != 'u' || sscanf(s + 8, "%4x", &low) != 1)
		return 6;
	*code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
	return 12;
}

/* JSON text without such characters in its strings, plain or escaped. */
static void
add_json(struct buf *b, const char *s, size_t n)
{
	size_t at = 0, step;
	uint32_t code;

	while (at < n) {
		if (s[at] == '\\')
			step = escaped(s + at, n - at, &code);
		else
			step = utf8_step(s + at, n - at, &code);
		if (step == 0)
			return;
		if (!utf8_hidden(code))
			buf_add(b, s + at, step);
		at += step;
	}
}

/* PostgreSQL's "2026-11-20 08:00:00.5+00" as "2026-11-20T08:00:00.5Z"; infinity is null. */
static void
add_stamp(struct buf *b, const char *s, size_t n)
{
	char out[64];

	if (n < 20 || n >= sizeof(out) - 3 || !isdigit((unsigned char)s[0])) {
		buf_str(b, "null");
		return;
	}
	out[0] = '"';
	memcpy(out + 1, s, n + 1);
	out[11] = 'T';
	if (memcmp(out + n - 2, "+00", 3) == 0) {
		out[n - 2] = 'Z';
		n -= 2;
	}
	out[n + 1] = '"';
	buf_add(b, out, n + 2);
}

static void
add_bytes(struct buf *b, const char *hex, size_t n)
{
	unsigned char *bytes = arena_take(b->mem, n / 2 + 1);
	size_t i, len = n >= 2 ? (n - 2) / 2 : 0;	/* behind \x */
	unsigned byte;

	for (i = 0; i < len; i++)
		bytes[i] = sscanf(hex + 2 + 2 * i, "%2x", &byte) == 1 ? (unsigned char)byte : 0;
	buf_fmt(b, "\"%s\"", crypt_base64(b->mem, bytes, len));
}

static void
add_value(struct buf *b, enum db_type type, const char *s, int len)
{
	size_t n = (size_t)len;

	if (!s) {
		buf_str(b, "null");
		return;
	}
	switch (type) {
	case DB_BOOL:
		buf_str(b, s[0] == 't' ? "true" : "false");
		return;
	case DB_NUMBER:		/* NaN and Infinity begin with a letter, perhaps behind a sign */
		buf_str(b, isdigit((unsigned char)s[s[0] == '-']) ? s : "null");
		return;
	case DB_JSON:
		add_json(b, s, n);
		return;
	case DB_STAMP:
		add_stamp(b, s, n);
		return;
	case DB_BYTES:
		add_bytes(b, s, n);
		return;
	default:
		encode_text(b, s, n);
	}
}

static char *
value_text(struct encode *e, const struct db_row *row, int i)
{
	struct buf b;

	buf_init(&b, e->mem, e->tool->result_max);
	add_value(&b, row->column[i].type, row->at[i], row->len[i]);
	return b.at;
}

/* --- rows ------------------------------------------------------------------------------- */

void
encode_begin(struct encode *e, const struct tool *tool, struct json_object *args, int64_t limit, struct arena *mem)
{
	*e = (struct encode){ .tool = tool, .args = args, .mem = mem, .limit = limit };
	buf_init(&e->out, mem, 2 * tool->result_max + 65536);
	if (tool->result.kind == RESULT_CONTENTS || tool->result.kind == RESULT_TEXTS)
		buf_char(&e->out, '[');
	if (tool->result.kind != RESULT_ROWS)
		return;
	buf_char(&e->out, '{');
	buf_json(&e->out, tool->result.rows, strlen(tool->result.rows));
	buf_str(&e->out, ":[");
}

static int
name_at(const char *const *names, int n, const char *name)
{
	int i;

	for (i = 0; i < n && names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* What to do with each column: the same for all rows. */
static void
plan_columns(struct encode *e, const struct db_row *row)
{
	const struct tool_result *r = &e->tool->result;
	int i;

	for (i = 0; i < row->n; i++) {
		const char *name = row->column[i].name;
		struct buf b;

		buf_init(&b, e->mem, 4096);
		buf_json(&b, name, strlen(name));
		buf_char(&b, ':');
		e->column[i] = (struct encode_column){ .name = b.at, .len = b.len,
		    .lift = name_at(r->lift, r->lifts, name), .page = name_at(r->page, TOOL_PAGE_MAX, name) };
	}
	e->planned = true;
}

static void
add_object(struct encode *e, const struct db_row *row)
{
	char between = '{';
	int i;

	for (i = 0; i < row->n; i++) {
		if (e->column[i].lift >= 0)
			continue;
		buf_char(&e->out, between);
		buf_add(&e->out, e->column[i].name, e->column[i].len);
		add_value(&e->out, row->column[i].type, row->at[i], row->len[i]);
		between = ',';
	}
	buf_str(&e->out, between == '{' ? "{}" : "}");
}

/* Notes the lifted columns of the first row, and the page columns of each. */
static void
note_columns(struct encode *e, const struct db_row *row)
{
	int i, at;

	for (i = 0; i < row->n; i++) {
		at = e->column[i].lift;
		if (at >= 0 && !e->lift[at])
			e->lift[at] = value_text(e, row, i);
		at = e->column[i].page;
		if (at >= 0) {
			if (!e->page[at].at)
				buf_init(&e->page[at], e->mem, e->tool->result_max);
			buf_cut(&e->page[at], 0);
			add_value(&e->page[at], row->column[i].type, row->at[i], row->len[i]);
		}
	}
}

static int
stop(struct encode *e, bool by_cap)
{
	e->more = true;
	e->cut = by_cap;
	return 1;
}

/* One column, one JSON object: the result as the statement made it. */
static int
take_json(struct encode *e, const struct db_row *row)
{
	add_value(&e->out, DB_JSON, row->n > 0 ? row->at[0] : NULL, row->n > 0 ? row->len[0] : 0);
	if (e->out.full || e->out.len > e->tool->result_max) {
		buf_cut(&e->out, 0);
		return stop(e, true);
	}
	e->count++;
	return 0;
}

/* The column of that name; -1: none. */
static int
column_at(const struct db_row *row, const char *name)
{
	int i;

	for (i = 0; i < row->n && strcmp(row->column[i].name, name) != 0; i++)
		;
	return i < row->n ? i : -1;
}

static void
add_content_name(struct encode *e, const char *member, const struct db_row *row, const char *column, const char *usual)
{
	int at = column_at(row, column);
	const char *text = at >= 0 && row->at[at] ? row->at[at] : usual;

	if (!text)
		return;
	buf_fmt(&e->out, "%s\"%s\":", e->out.at[e->out.len - 1] == '{' ? "" : ",", member);
	encode_text(&e->out, text, strlen(text));
}

/* One ResourceContents (MCP 2026-07-28, resources): what it holds is the column that is neither uri nor mime_type. */
static void
add_content(struct encode *e, const struct db_row *row, int at)
{
	enum db_type type = row->column[at].type;
	char *json;

	buf_char(&e->out, '{');
	add_content_name(e, "uri", row, "uri", json_get_str(e->args, "uri"));
	add_content_name(e, "mimeType", row, "mime_type", e->tool->result.mime);
	buf_str(&e->out, type == DB_BYTES ? ",\"blob\":" : ",\"text\":");
	if (type == DB_JSON) {
		json = value_text(e, row, at);
		buf_json(&e->out, json, strlen(json));
	} else {
		add_value(&e->out, type == DB_BYTES ? DB_BYTES : DB_TEXT, row->at[at], row->len[at]);
	}
	buf_char(&e->out, '}');
}

/* An element of the array, from the one column that counts.  null: there is none. */
static int
take_element(struct encode *e, const struct db_row *row)
{
	bool contents = e->tool->result.kind == RESULT_CONTENTS;
	size_t before = e->out.len;
	int at = 0;

	while (contents && at < row->n && (at == column_at(row, "uri") || at == column_at(row, "mime_type")))
		at++;
	if (at >= row->n || !row->at[at])
		return 0;
	if (e->count > 0)
		buf_char(&e->out, ',');
	if (contents)
		add_content(e, row, at);
	else
		add_value(&e->out, DB_TEXT, row->at[at], row->len[at]);
	if (e->out.full || e->out.len > e->tool->result_max) {
		buf_cut(&e->out, before);
		return stop(e, true);
	}
	e->count++;
	return 0;
}

int
encode_row(struct encode *e, const struct db_row *row)
{
	size_t before = e->out.len;

	if (e->count >= e->limit)
		return stop(e, !e->tool->result.page[0]);
	if (e->tool->result.kind == RESULT_DONE) {
		e->count++;
		return 0;
	}
	if (e->tool->result.kind == RESULT_JSON)
		return take_json(e, row);
	if (e->tool->result.kind == RESULT_CONTENTS || e->tool->result.kind == RESULT_TEXTS)
		return take_element(e, row);
	if (!e->planned)
		plan_columns(e, row);
	if (e->count > 0 && e->tool->result.kind == RESULT_ROWS)
		buf_char(&e->out, ',');
	add_object(e, row);
	if (e->out.full || e->out.len > e->tool->result_max) {
		buf_cut(&e->out, before);
		return stop(e, true);
	}
	note_columns(e, row);
	e->count++;
	return 0;
}

char *
encode_place(struct encode *e)
{
	struct buf b;
	int i;

	if (!e->more || e->count == 0 || !e->tool->result.page[0])
		return NULL;
	buf_init(&b, e->mem, 65536);
	for (i = 0; i < TOOL_PAGE_MAX && e->tool->result.page[i]; i++)
		buf_fmt(&b, "%c%s", i ? ',' : '[', e->page[i].at ? e->page[i].at : "null");
	buf_char(&b, ']');
	return b.at;
}

/* What a lifted column is when no row came: a fixed value, or "{argument}": what was asked for. */
static void
add_usual(struct encode *e, const char *usual)
{
	size_t n = strlen(usual);
	struct json_object *arg;
	char *name;

	if (n < 5 || usual[1] != '{' || usual[n - 2] != '}') {
		buf_str(&e->out, usual);
		return;
	}
	name = arena_copy(e->mem, usual + 2, n - 4);
	arg = json_get(e->args, name);
	buf_str(&e->out, arg ? json_plain(arg, NULL) : "null");
}

static void
add_lifted(struct encode *e)
{
	const struct tool_result *r = &e->tool->result;
	int i;

	for (i = 0; i < r->lifts; i++) {
		buf_char(&e->out, ',');
		buf_json(&e->out, r->lift[i], strlen(r->lift[i]));
		buf_char(&e->out, ':');
		if (e->lift[i])
			buf_str(&e->out, e->lift[i]);
		else
			add_usual(e, r->lift_usual[i]);
	}
}

/* As much of it as a sentence can bear. */
static void
add_argument(struct buf *b, const char *s)
{
	size_t n = utf8_cut(s, ARGUMENT_MAX);

	buf_add(b, s, n);
	if (s[n])
		buf_str(b, "...");
}

static void
add_done(struct encode *e)
{
	const char *s = e->tool->result.done, *end;
	struct buf text;

	buf_init(&text, e->mem, SENTENCE_MAX);
	for (; *s; s++) {
		struct json_object *arg = NULL;

		if (*s == '{' && (end = strchr(s, '}')))
			arg = json_get(e->args, arena_copy(e->mem, s + 1, (size_t)(end - s - 1)));
		if (arg) {
			add_argument(&text, json_object_get_string(arg));
			s = end;
		} else {
			buf_char(&text, *s);
		}
	}
	buf_str(&e->out, "{\"message\":");
	encode_text(&e->out, text.at, text.len);
	buf_char(&e->out, '}');
}

void
encode_end(struct encode *e, const char *next_cursor)
{
	if (e->tool->result.kind == RESULT_DONE)
		add_done(e);
	if (e->tool->result.kind == RESULT_CONTENTS || e->tool->result.kind == RESULT_TEXTS)
		buf_char(&e->out, ']');
	if (e->tool->result.kind != RESULT_ROWS)
		return;
	buf_fmt(&e->out, "],\"count\":%" PRId64, e->count);
	add_lifted(e);
	if (next_cursor) {
		buf_str(&e->out, ",\"next_cursor\":");
		buf_json(&e->out, next_cursor, strlen(next_cursor));
	}
	if (e->cut)
		buf_fmt(&e->out, ",\"truncated\":true,\"hint\":\"%s\"", next_cursor ?
		    "The answer was cut because it is large; call again with next_cursor for the rest." :
		    "The answer was cut because it is large; ask for less, with a smaller limit or a narrower selection.");
	buf_char(&e->out, '}');
}
