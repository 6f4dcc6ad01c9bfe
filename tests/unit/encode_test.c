/* encode: what each type becomes, what is stripped, where a result is cut. */
#include "encode.h"
#include "tap.h"

static struct arena mem;

static struct db_row
row_of(int n, const struct db_column *column, const char *const *at)
{
	int *len = arena_take(&mem, (size_t)n * sizeof(*len)), i;

	for (i = 0; i < n; i++)
		len[i] = at[i] ? (int)strlen(at[i]) : 0;
	return (struct db_row){ n, column, at, len };
}

/* The one value of a `row` result. */
static const char *
value(enum db_type type, const char *text)
{
	struct tool tool = { .name = "t", .result_max = 100000, .result = { .kind = RESULT_ROW } };
	struct db_column column = { "v", type };
	struct encode e;
	struct db_row row = row_of(1, &column, &text);

	encode_begin(&e, &tool, NULL, 1, &mem);
	encode_row(&e, &row);
	encode_end(&e, NULL);
	return e.out.at;
}

static void
test_types(void)
{
	static const struct {
		enum db_type type;
		const char  *text, *json;
	} rows[] = {
		{ DB_TEXT,   NULL,                            "{\"v\":null}" },
		{ DB_TEXT,   "",                              "{\"v\":\"\"}" },
		{ DB_TEXT,   "a \"b\" \\ \n\t/",              "{\"v\":\"a \\\"b\\\" \\\\ \\n\\t/\"}" },
		{ DB_BOOL,   "t",                             "{\"v\":true}" },
		{ DB_BOOL,   "f",                             "{\"v\":false}" },
		{ DB_NUMBER, "-12.50",                        "{\"v\":-12.50}" },
		{ DB_NUMBER, "9223372036854775807",           "{\"v\":9223372036854775807}" },
		{ DB_NUMBER, "NaN",                           "{\"v\":null}" },
		{ DB_NUMBER, "Infinity",                      "{\"v\":null}" },
		{ DB_NUMBER, "-Infinity",                     "{\"v\":null}" },
		{ DB_STAMP,  "2026-11-20 08:00:00.5+00",      "{\"v\":\"2026-11-20T08:00:00.5Z\"}" },
		{ DB_STAMP,  "2026-11-20 08:00:00+00",        "{\"v\":\"2026-11-20T08:00:00Z\"}" },
		{ DB_STAMP,  "infinity",                      "{\"v\":null}" },
		{ DB_BYTES,  "\\x00ff10",                     "{\"v\":\"AP8Q\"}" },
		{ DB_BYTES,  "\\x00ff",                       "{\"v\":\"AP8=\"}" },
		{ DB_BYTES,  "\\xfb",                         "{\"v\":\"+w==\"}" },
		{ DB_BYTES,  "\\x",                           "{\"v\":\"\"}" },
		{ DB_JSON,   "{\"a\": [1, null]}",            "{\"v\":{\"a\": [1, null]}}" },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		is_str(value(rows[i].type, rows[i].text), rows[i].json, "value %zu: %s", i, rows[i].text ? rows[i].text : "null");
}

static void
test_hidden(void)
{
	is_str(value(DB_TEXT, "a\x1B[31mb\x7F\r"), "{\"v\":\"a[31mb\"}", "controls go, tab and line feed stay");
	is_str(value(DB_TEXT, "a\xE2\x80\xAE" "b"), "{\"v\":\"ab\"}", "a bidirectional override goes");
	is_str(value(DB_TEXT, "a\xF3\xA0\x81\x81" "b"), "{\"v\":\"ab\"}", "a tag character goes");
	is_str(value(DB_TEXT, "caf\xC3\xA9 \xF0\x9F\x98\x80"), "{\"v\":\"caf\xC3\xA9 \xF0\x9F\x98\x80\"}", "letters and emoji stay");
	is_str(value(DB_JSON, "\"a\\u001bb\\u202ec\\udb40\\udc41d\""), "{\"v\":\"abcd\"}", "escaped ones in JSON go too");
	is_str(value(DB_JSON, "\"a\\\\u001b \\\" \\u00e9\""), "{\"v\":\"a\\\\u001b \\\" \\u00e9\"}", "an escaped backslash hides no escape");
}

static struct tool list = {
	.name = "list", .result_max = 2000,
	.result = { .kind = RESULT_ROWS, .rows = "items", .page = { "name", "id" }, .lift = { "org", "asked" },
	    .lift_usual = { "null", "\"{wanted}\"" }, .lifts = 2 },
};
static const struct db_column columns[] = { { "org", DB_TEXT }, { "name", DB_TEXT }, { "id", DB_NUMBER } };

static void
give(struct encode *e, int rows)
{
	int i;

	for (i = 1; i <= rows; i++) {
		const char *at[] = { "acme", arena_fmt(&mem, "n%d", i), arena_fmt(&mem, "%d", i) };
		struct db_row row = row_of(3, columns, at);

		if (encode_row(e, &row) != 0)
			return;
	}
}

static void
test_page(void)
{
	struct encode e;

	encode_begin(&e, &list, NULL, 2, &mem);
	give(&e, 3);
	is_str(encode_place(&e), "[\"n2\",2]", "the place is the last row kept");
	encode_end(&e, "CURSOR");
	is_str(e.out.at, "{\"items\":[{\"name\":\"n1\",\"id\":1},{\"name\":\"n2\",\"id\":2}],\"count\":2,\"org\":\"acme\",\"asked\":null,"
	    "\"next_cursor\":\"CURSOR\"}", "lifted columns leave the rows; the extra row is cut");
	encode_begin(&e, &list, NULL, 3, &mem);
	give(&e, 3);
	ok(!encode_place(&e), "an exact fit is the end");
}

static void
test_empty(void)
{
	struct json_object *args = json_keep(&mem, json_object_new_object());
	struct encode e;

	json_object_object_add(args, "wanted", json_object_new_string("x\"y"));
	encode_begin(&e, &list, args, 2, &mem);
	ok(!encode_place(&e), "no row, no place");
	encode_end(&e, NULL);
	is_str(e.out.at, "{\"items\":[],\"count\":0,\"org\":null,\"asked\":\"x\\\"y\"}", "without rows the usual values, or the argument asked for");
}

static void
test_cut(void)
{
	struct encode e;
	struct tool plain = list;
	int rows;

	encode_begin(&e, &list, NULL, 100000, &mem);
	give(&e, 1000);
	ok(e.cut && e.more && e.count > 10 && e.out.len <= list.result_max, "cut at result_max, after whole rows");
	rows = (int)e.count;
	encode_end(&e, "C");
	ok(strstr(e.out.at, "\"truncated\":true") && strstr(e.out.at, "next_cursor"), "said so, and where to go on (%d rows)", rows);
	plain.result.page[0] = NULL;
	encode_begin(&e, &plain, NULL, 5, &mem);
	give(&e, 6);
	encode_end(&e, NULL);
	ok(e.count == 5 && strstr(e.out.at, "\"truncated\":true"), "a list without pages says that rows_max cut it");
}

/* One byte, then two for each character. */
static const char *
long_text(size_t n)
{
	struct buf b;

	buf_init(&b, &mem, n);
	buf_char(&b, 'x');
	while (!b.full)
		buf_str(&b, "\xC3\xBC");
	return b.at;
}

static void
test_done(void)
{
	struct tool tool = { .name = "t", .result_max = 1000, .result = { .kind = RESULT_DONE, .done = "Pipeline {id} paused, {unknown} kept {" } };
	struct json_object *args = json_keep(&mem, json_object_new_object());
	struct db_row row = row_of(0, columns, NULL);
	struct encode e;

	json_object_object_add(args, "id", json_object_new_string("p\x1B" "1"));
	encode_begin(&e, &tool, args, 10, &mem);
	encode_row(&e, &row);
	encode_end(&e, NULL);
	is_int(e.count, 1, "the row counts though it has no columns");
	is_str(e.out.at, "{\"message\":\"Pipeline p1 paused, {unknown} kept {\"}", "arguments stand in the sentence, stripped");

	json_object_object_add(args, "id", json_object_new_string(long_text(20000)));
	encode_begin(&e, &tool, args, 10, &mem);
	encode_row(&e, &row);
	encode_end(&e, NULL);
	ok(e.out.len < 2000 && strstr(e.out.at, "\xC3\xBC... paused"), "a long one is cut behind a whole character: %zu", e.out.len);
}

static void
test_json(void)
{
	struct tool tool = { .name = "t", .result_max = 40, .result = { .kind = RESULT_JSON } };
	static const struct db_column column = { "v", DB_JSON };
	const char *at[] = { "{\"a\": \"b\\u202e\"}" };
	struct db_row row = row_of(1, &column, at);
	struct encode e;

	encode_begin(&e, &tool, NULL, 1, &mem);
	encode_row(&e, &row);
	encode_end(&e, NULL);
	is_str(e.out.at, "{\"a\": \"b\"}", "a JSON result goes out as the statement made it, stripped");
	at[0] = "{\"a\": \"0123456789012345678901234567890123456789\"}";
	row = row_of(1, &column, at);
	encode_begin(&e, &tool, NULL, 1, &mem);
	encode_row(&e, &row);
	ok(e.cut && e.count == 0, "one that is too large is none");
}

/* The array that these rows become; NULL ends them. */
static const char *
elements(enum result_kind kind, const struct db_column *column, int n, const char *const *at, int64_t limit, bool *cut)
{
	struct tool tool = { .name = "t", .result_max = 200, .result = { .kind = kind, .mime = "text/plain" } };
	struct json_object *args = json_parse(&mem, "{\"uri\":\"a:b\"}", 13, 4);
	struct encode e;
	int i;

	encode_begin(&e, &tool, args, limit, &mem);
	for (i = 0; at[i]; i += n) {
		const char *value[3] = { at[i], n > 1 ? at[i + 1] : NULL, n > 2 ? at[i + 2] : NULL };
		struct db_row row;

		value[0] = strcmp(value[0], "null") == 0 ? NULL : value[0];
		row = row_of(n, column, value);
		if (encode_row(&e, &row) != 0)
			break;
	}
	encode_end(&e, NULL);
	*cut = e.cut;
	return e.out.at;
}

static void
test_elements(void)
{
	static const struct db_column text = { "v", DB_TEXT }, json = { "v", DB_JSON }, bytes = { "v", DB_BYTES };
	static const struct db_column all[] = { { "v", DB_TEXT }, { "uri", DB_TEXT }, { "mime_type", DB_TEXT } };
	char longer[300];
	bool cut;

	is_str(elements(RESULT_TEXTS, &text, 1, (const char *const[]){ "a", "null", "b\x01", NULL }, 9, &cut), "[\"a\",\"b\"]", "texts, none for null");
	is_str(elements(RESULT_TEXTS, &text, 1, (const char *const[]){ NULL }, 9, &cut), "[]", "no text");
	is_str(elements(RESULT_TEXTS, &text, 1, (const char *const[]){ "a", "b", NULL }, 1, &cut), "[\"a\"]", "no more than wanted");
	is_str(elements(RESULT_CONTENTS, &text, 1, (const char *const[]){ "x", NULL }, 9, &cut),
	    "[{\"uri\":\"a:b\",\"mimeType\":\"text/plain\",\"text\":\"x\"}]", "a content of text, under the URI asked for");
	is_str(elements(RESULT_CONTENTS, &json, 1, (const char *const[]){ "{\"n\": 12345678901234567890}", NULL }, 9, &cut),
	    "[{\"uri\":\"a:b\",\"mimeType\":\"text/plain\",\"text\":\"{\\\"n\\\": 12345678901234567890}\"}]", "json as it stands");
	is_str(elements(RESULT_CONTENTS, &bytes, 1, (const char *const[]){ "\\x00ff", NULL }, 9, &cut),
	    "[{\"uri\":\"a:b\",\"mimeType\":\"text/plain\",\"blob\":\"AP8=\"}]", "bytes");
	is_str(elements(RESULT_CONTENTS, all, 3, (const char *const[]){ "x", "c:d", "a/b", "y", "e:f", "g/h", NULL }, 9, &cut),
	    "[{\"uri\":\"c:d\",\"mimeType\":\"a/b\",\"text\":\"x\"},{\"uri\":\"e:f\",\"mimeType\":\"g/h\",\"text\":\"y\"}]", "two that say what they are");
	is_str(elements(RESULT_CONTENTS, &text, 1, (const char *const[]){ "null", NULL }, 9, &cut), "[]", "null is no content");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	is_str(elements(RESULT_CONTENTS, &text, 1, (const char *const[]){ longer, NULL }, 9, &cut), "[]", "one that is too large is left out");
	ok(cut, "and that is noted");
}

int
main(void)
{
	arena_init(&mem, 65536, 1 << 26);
	test_types();
	test_hidden();
	test_page();
	test_empty();
	test_cut();
	test_done();
	test_json();
	test_elements();
	arena_close(&mem);
	return tap_done();
}
