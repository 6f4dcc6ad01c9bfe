/* tool: what of a tool is asked for more than once. */
#include "tool.h"

#define SQL_MAX	(1 << 20)
#define FIRST_ID	16	/* ids below are statements of our own */

int
tool_statement(struct arena *mem, const char *folder, const char *stem, struct db_statement *out, const char **why)
{
	static unsigned next_id = FIRST_ID;
	size_t len;

	*out = (struct db_statement){ .n = 1, .json = true };
	out->sql = json_file_text(mem, arena_fmt(mem, "%s/%s.sql", folder, stem), SQL_MAX, &len, why);
	if (!out->sql)
		return -1;
	if (strlen(out->sql) != len) {
		*why = arena_fmt(mem, "%s/%s.sql: has a NUL byte in it", folder, stem);
		return -1;
	}
	if (next_id >= DB_STATEMENTS_MAX) {
		*why = arena_fmt(mem, "%s/%s.sql: more statements than the %d this program can hold", folder, stem, DB_STATEMENTS_MAX - FIRST_ID);
		return -1;
	}
	out->id = next_id++;
	return 0;
}

int
tool_scope(struct arena *mem, struct json_object *v, struct words *out)
{
	bool one = json_object_is_type(v, json_type_string);
	size_t i, n = one ? 1 : json_is_strings(v) ? json_object_array_length(v) : 0;
	const char **at = arena_take(mem, (n + 1) * sizeof(*at));

	for (i = 0; i < n; i++) {
		at[i] = json_object_get_string(one ? v : json_object_array_get_idx(v, i));
		if (!*at[i] || strpbrk(at[i], " \t\r\n"))
			return -1;	/* the scopes of a caller are words, divided by spaces */
	}
	*out = (struct words){ at, n };
	return n > 0 ? 0 : -1;
}

static const char *const ask_words[] = { "elicitation", "sampling", "roots" };

int
tool_asks_read(struct json_object *v, unsigned *out)
{
	size_t i, w, n = json_is_strings(v) ? json_object_array_length(v) : 0;

	for (i = 0; i < n; i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(v, i));

		for (w = 0; w < LEN(ask_words) && strcmp(ask_words[w], word) != 0; w++)
			;
		if (w == LEN(ask_words))
			return -1;
		*out |= 1U << w;
	}
	return n > 0 ? 0 : -1;
}

bool
tool_gives(const struct tool *t, const char *name)
{
	int i;

	if (t->idempotency && strcmp(t->idempotency, name) == 0)
		return false;
	for (i = 0; i < t->renames; i++) {
		if (strcmp(t->rename[i].to, name) == 0)
			return true;
		if (strcmp(t->rename[i].from, name) == 0)
			return false;
	}
	return schema_has(t->input, name);
}

bool
tool_asks(const struct tool *t, const char *method)
{
	size_t i, n = strcspn(method, "/");

	for (i = 0; i < LEN(ask_words); i++)
		if (strlen(ask_words[i]) == n && strncmp(ask_words[i], method, n) == 0)
			return t->asks >> i & 1;
	return false;
}
