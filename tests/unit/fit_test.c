/* fit: which arguments a statement asks for, and which columns fit a result. */
#include "tap.h"
#include "fit.h"

static struct arena mem;

static void
add_name(void *ctx, const char *name)
{
	struct buf *b = ctx;

	buf_fmt(b, "%s%s", b->len ? " " : "", name);
}

static void
test_arguments(void)
{
	static const struct {
		const char *sql, *want;
	} rows[] = {
		{ "select 1", "" },
		{ "select $1->'a', $1->>'b'", "a b" },
		{ "select $1 -> 'a', $1\n\t->>\n'b'", "a b" },
		{ "select $1 ? 'a', $1?'b'", "a b" },
		{ "select $1['a'], $1 [ 'b' ]", "a b" },
		{ "select $1->'a'->>'below', $1->'cursor'->>0", "a cursor" },
		{ "select ($1->>'limit')::integer", "limit" },
		{ "select $1->'a', $1->'a'", "a a" },
		{ "select $10->'a', $2->'b', $11->>'c'", "" },
		{ "select $1", "" },
		{ "select $1->0, $1->name, $1 @> '{\"a\":1}'", "" },
		{ "-- $1->'a'\nselect $1->'b' -- $1->'c'", "b" },
		{ "/* $1->'a' */ select $1->'b' /* $1->'c'", "b" },
		{ "select '$1->''a''', $1->'b'", "b" },
		{ "select \"$1->'a'\", $1->'b'", "b" },
		{ "select '--', $1->'b'", "b" },
		{ "select $1->'a b', $1->'\xc3\xa9'", "a b \xc3\xa9" },
		{ "$1->'", "" },
	};
	struct buf b;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_init(&b, &mem, 1000);
		fit_arguments(&mem, rows[i].sql, add_name, &b);
		is_str(b.at, rows[i].want, "arguments of row %zu", i);
	}
}

static struct json_object *
parsed(const char *text)
{
	struct json_object *o = json_parse(&mem, text, strlen(text), 32);

	if (!o) {
		printf("Bail out! the test's own JSON: %s\n", text);
		exit(1);
	}
	return o;
}

static void
test_row(void)
{
	static const struct {
		const char      *output;
		struct db_column column[3];
		int              n;
		const char      *says;
	} rows[] = {
		{ "{\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}", { { "a", DB_TEXT } }, 1, "" },
		{ "{\"properties\":{\"a\":{\"type\":[\"string\",\"null\"]}}}", { { "a", DB_STAMP } }, 1, "" },
		{ "{\"properties\":{\"a\":{\"type\":\"string\"}}}", { { "a", DB_BYTES } }, 1, "" },
		{ "{\"properties\":{\"a\":{\"type\":\"integer\"}}}", { { "a", DB_NUMBER } }, 1, "" },
		{ "{\"properties\":{\"a\":{\"type\":\"number\"}}}", { { "a", DB_NUMBER } }, 1, "" },
		{ "{\"properties\":{\"a\":{\"type\":[\"null\",\"boolean\"]}}}", { { "a", DB_BOOL } }, 1, "" },
		{ "{\"properties\":{\"a\":{\"type\":\"array\"}}}", { { "a", DB_JSON } }, 1, "" },
		{ "{\"properties\":{\"a\":{\"enum\":[\"x\"]}}}", { { "a", DB_TEXT } }, 1, "" },
		{ "{\"properties\":{\"a\":{\"type\":\"integer\"}}}", { { "a", DB_TEXT } }, 1,
		  "t.json: the column a is text, which outputSchema does not take there\n" },
		{ "{\"properties\":{\"a\":{\"type\":\"string\"}}}", { { "a", DB_NUMBER } }, 1,
		  "t.json: the column a is a number, which outputSchema does not take there\n" },
		{ "{\"properties\":{\"a\":{\"type\":\"string\"}}}", { { "a", DB_BOOL } }, 1,
		  "t.json: the column a is boolean, which outputSchema does not take there\n" },
		{ "{\"properties\":{\"a\":{\"type\":[\"integer\",\"null\"]}}}", { { "a", DB_STAMP } }, 1,
		  "t.json: the column a is a time, which outputSchema does not take there\n" },
		{ "{\"properties\":{\"a\":{}}}", { { "a", DB_TEXT }, { "b", DB_TEXT } }, 2,
		  "t.json: the statement has the column b, which outputSchema does not have\n" },
		{ "{\"properties\":{\"a\":{}}}", { { "a", DB_TEXT }, { "a", DB_TEXT } }, 2,
		  "t.json: the statement has two columns called a\n" },
		{ "{\"properties\":{\"a\":{},\"b\":{}},\"required\":[\"a\",\"b\"]}", { { "a", DB_TEXT } }, 1,
		  "t.json: outputSchema requires b, which is not among the statement's columns\n" },
		{ "{}", { { "a", DB_TEXT } }, 1, "t.json: the statement has the column a, which outputSchema does not have\n" },
		/* references, branches */
		{ "{\"$ref\":\"#/$defs/o\",\"$defs\":{\"o\":{\"properties\":{\"a\":{\"$ref\":\"#/$defs/s\"}},\"required\":[\"a\",\"b\"]},"
		  "\"s\":{\"type\":\"string\"}},\"properties\":{\"c\":{\"type\":\"boolean\"}}}", { { "a", DB_NUMBER }, { "c", DB_BOOL } }, 2,
		  "t.json: the column a is a number, which outputSchema does not take there\n"
		  "t.json: outputSchema requires b, which is not among the statement's columns\n" },
		{ "{\"allOf\":[{\"properties\":{\"a\":{\"type\":\"string\"}}},{\"anyOf\":[true,{\"properties\":{\"b\":{\"type\":\"string\"}}}]}]}",
		  { { "a", DB_TEXT }, { "b", DB_BOOL } }, 2, "t.json: the column b is boolean, which outputSchema does not take there\n" },
		{ "{\"properties\":{\"a\":true,\"b\":false}}", { { "a", DB_TEXT }, { "b", DB_TEXT } }, 2,
		  "t.json: the column b is text, which outputSchema does not take there\n" },
		{ "{\"properties\":{\"a\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}}}", { { "a", DB_TEXT } }, 1, "" },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		struct tool t = { .file = "t.json", .output_schema = parsed(rows[i].output), .result = { .kind = RESULT_ROW } };
		struct buf says;

		buf_init(&says, &mem, 4096);
		fit_columns(&t, rows[i].column, rows[i].n, &says);
		is_str(says.at, rows[i].says, "a row, %zu", i);
	}
}

#define LIST "{\"properties\":{\"org\":{\"type\":\"string\"},\"count\":{},\"items\":{\"type\":\"array\",\"items\":{" \
	"\"properties\":{\"id\":{\"type\":\"string\"},\"n\":{\"type\":\"integer\"}},\"required\":[\"id\"]}}}," \
	"\"required\":[\"org\",\"count\",\"items\"]}"

static void
test_rows(void)
{
	static const struct {
		const char      *page, *lift;
		struct db_column column[4];
		int              n;
		const char      *says;
	} rows[] = {
		{ "id", "org", { { "org", DB_TEXT }, { "id", DB_TEXT }, { "n", DB_NUMBER } }, 3, "" },
		{ NULL, "org", { { "id", DB_TEXT }, { "org", DB_TEXT } }, 2, "" },
		{ "name", "org", { { "org", DB_TEXT }, { "id", DB_TEXT } }, 2,
		  "t.json: result.page names name, which is not among the statement's columns\n" },
		{ NULL, "org", { { "id", DB_TEXT } }, 1,
		  "t.json: result.lift names org, which is not among the statement's columns\n"
		  "t.json: outputSchema requires org, which is not among the statement's columns that are lifted\n" },
		{ NULL, "org", { { "org", DB_NUMBER }, { "id", DB_TEXT } }, 2,
		  "t.json: the column org is a number, which outputSchema does not take there\n" },
		{ NULL, "org", { { "org", DB_TEXT }, { "id", DB_NUMBER } }, 2,
		  "t.json: the column id is a number, which outputSchema does not take there\n" },
		{ NULL, "org", { { "org", DB_TEXT }, { "n", DB_NUMBER } }, 2,
		  "t.json: outputSchema requires id, which is not among the statement's columns\n" },
		{ NULL, "org", { { "org", DB_TEXT }, { "id", DB_TEXT }, { "count", DB_NUMBER } }, 3,
		  "t.json: the statement has the column count, which outputSchema does not have\n" },
		{ NULL, NULL, { { "org", DB_TEXT }, { "id", DB_TEXT } }, 2,
		  "t.json: the statement has the column org, which outputSchema does not have\n"
		  "t.json: outputSchema requires org, which is not among the statement's columns that are lifted\n" },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		struct tool t = { .file = "t.json", .output_schema = parsed(LIST), .result = { .kind = RESULT_ROWS, .rows = "items",
		    .page = { rows[i].page }, .lift = { rows[i].lift }, .lifts = rows[i].lift ? 1 : 0 } };
		struct buf says;

		buf_init(&says, &mem, 4096);
		fit_columns(&t, rows[i].column, rows[i].n, &says);
		is_str(says.at, rows[i].says, "rows, %zu", i);
	}
}

static void
test_undeclared(void)
{
	static const struct db_column column[] = { { "a", DB_TEXT }, { "a", DB_TEXT } };
	struct tool row = { .file = "t.json", .result = { .kind = RESULT_ROW } };
	struct tool rows = { .file = "t.json", .result = { .kind = RESULT_ROWS, .rows = "items", .page = { "b" } } };
	struct tool done = { .file = "t.json", .output_schema = parsed("{\"required\":[\"message\"]}"), .result = { .kind = RESULT_DONE } };
	struct buf says;

	buf_init(&says, &mem, 4096);
	fit_columns(&row, column, 2, &says);
	fit_columns(&done, column, 2, &says);
	is_str(says.at, "", "without outputSchema, or with a sentence as the result, any columns do");
	fit_columns(&done, column, 0, &says);
	is_str(says.at, "t.json: the statement gives no rows; one that changes some ends with returning\n", "a change without returning");
	buf_cut(&says, 0);
	fit_columns(&rows, column, 2, &says);
	is_str(says.at, "t.json: result.page names b, which is not among the statement's columns\n", "but a page is of columns");
}

/* The items of a list may be declared elsewhere in the schema. */
static void
test_referred_items(void)
{
	struct db_column column[2] = { { "id", DB_TEXT }, { "n", DB_TEXT } };
	struct tool t = { .file = "t.json", .result = { .kind = RESULT_ROWS, .rows = "items" } };
	struct buf says;

	t.output_schema = parsed("{\"$defs\":{\"item\":{\"properties\":{\"id\":{\"type\":\"string\"},\"n\":{\"type\":\"integer\"}}},"
	    "\"list\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/item\"}}},\"properties\":{\"items\":{\"$ref\":\"#/$defs/list\"}}}");
	buf_init(&says, &mem, 4096);
	fit_columns(&t, column, 2, &says);
	is_str(says.at, "t.json: the column n is text, which outputSchema does not take there\n", "items by reference");
}

/* What is said of these columns for a statement of this kind. */
static const char *
says_of(enum result_kind kind, const struct db_column *column, int n)
{
	static const char *const wanted[] = { "x" };
	struct tool t = { .file = "t.sql", .result = { .kind = kind } };
	struct buf says;

	if (kind == RESULT_ROW)
		t.result.columns = (struct words){ wanted, 1 };
	buf_init(&says, &mem, 1000);
	fit_columns(&t, column, n, &says);
	return says.at;
}

static void
test_elements(void)
{
	static const struct db_column three[] = { { "uri", DB_TEXT }, { "held", DB_BYTES }, { "mime_type", DB_TEXT } };
	static const struct db_column text = { "x", DB_TEXT }, json = { "x", DB_JSON }, number = { "x", DB_NUMBER }, other = { "y", DB_TEXT };
	static const struct db_column two[] = { { "a", DB_TEXT }, { "b", DB_TEXT } };

	is_str(says_of(RESULT_CONTENTS, three, 3), "", "contents of bytes that say what they are");
	is_str(says_of(RESULT_CONTENTS, &json, 1), "", "contents of json");
	is_str(says_of(RESULT_CONTENTS, &number, 1), "t.sql: the column x is a number, and not text, json or bytea\n", "of a number");
	is_str(says_of(RESULT_CONTENTS, two, 2), "t.sql: the statement must have one column beside uri and mime_type\n", "of two columns");
	is_str(says_of(RESULT_CONTENTS, three, 1), "t.sql: the statement must have one column beside uri and mime_type\n", "of none");
	is_str(says_of(RESULT_TEXTS, &text, 1), "", "proposals");
	is_str(says_of(RESULT_TEXTS, &json, 1), "t.sql: the column x is json, and not text\n", "that are no texts");
	is_str(says_of(RESULT_TEXTS, two, 2), "t.sql: the statement must have one column\n", "of two columns");
	is_str(says_of(RESULT_ROW, &text, 1), "", "a column that is wanted");
	is_str(says_of(RESULT_ROW, &other, 1), "t.sql: the statement has no column x\n", "one that is not there");
}

int
main(void)
{
	arena_init(&mem, 64 << 10, 4 << 20);
	test_arguments();
	test_row();
	test_rows();
	test_referred_items();
	test_undeclared();
	test_elements();
	arena_close(&mem);
	return tap_done();
}
