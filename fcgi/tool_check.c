/* tool_check: a function per member that others must agree with. */
#include "tool_check.h"

int
tool_check_refuse(struct tool_read *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*l->why = arena_fmt(l->mem, "%s: %s", l->tool->file, arena_vfmt(l->mem, fmt, ap));
	va_end(ap);
	return -1;
}

/* Each {NAME} of a member's text (NULL: it is not there) is an argument. */
static int
check_braces(struct tool_read *l, const char *member, const char *text)
{
	const char *at = text, *end;

	while (at && (at = strchr(at, '{'))) {
		const char *name;

		end = strchr(at, '}');
		if (!end)
			return tool_check_refuse(l, "%s: a brace is not closed", member);
		name = arena_copy(l->mem, at + 1, (size_t)(end - at - 1));
		if (!schema_has(l->tool->input, name))
			return tool_check_refuse(l, "%s: inputSchema has no property %s", member, name);
		at = end;
	}
	return 0;
}

static int
check_texts(struct tool_read *l)
{
	const struct tool *t = l->tool;
	size_t i;

	for (i = 0; i < t->scope.n; i++)
		if (check_braces(l, "scope", t->scope.at[i]) != 0)
			return -1;
	for (i = 0; i < (size_t)t->result.lifts; i++)
		if (strncmp(t->result.lift_usual[i], "\"{", 2) == 0 && check_braces(l, "result.lift", t->result.lift_usual[i]) != 0)
			return -1;
	return check_braces(l, "confirm", t->confirm) != 0 ? -1 : check_braces(l, "result.done", t->result.done);
}

/* Is the property of that type?  What its branches alone say of it is not looked at. */
static bool
is_typed(struct tool_read *l, const char *name, const char *type)
{
	struct json_object *root = l->tool->input_schema, *property = json_get(json_get(root, "properties"), name);
	const char *given = property ? json_get_str(schema_meant(l->mem, root, property), "type") : type;

	return given && strcmp(given, type) == 0;
}

/* A key of another type would be no key, and the call made twice. */
static int
check_idempotency(struct tool_read *l)
{
	const struct tool *t = l->tool;

	if (!t->idempotency)
		return 0;
	if (!schema_has(t->input, t->idempotency))
		return tool_check_refuse(l, "idempotency: inputSchema has no property %s", t->idempotency);
	if (t->writes == TOOL_READS)
		return tool_check_refuse(l, "idempotency: goes with writes");
	if (t->c)
		return tool_check_refuse(l, "idempotency: a tool written in C has more than one transaction, and cannot keep a key with them");
	return is_typed(l, t->idempotency, "string") ? 0 : tool_check_refuse(l, "idempotency: %s must be of type string", t->idempotency);
}

/* Members that name arguments name ones that exist. */
static int
check_names(struct tool_read *l)
{
	const struct tool *t = l->tool;
	int i;

	for (i = 0; i < t->args; i++)
		if (!schema_has(t->input, t->arg[i].name))
			return tool_check_refuse(l, "args.%s: inputSchema has no such property", t->arg[i].name);
	for (i = 0; i < t->renames; i++)
		if (!schema_has(t->input, t->rename[i].from))
			return tool_check_refuse(l, "rename.%s: inputSchema has no such property", t->rename[i].from);
	if (t->asks && !t->c)
		return tool_check_refuse(l, "asks: goes with a tool written in C; for others there is confirm");
	return check_idempotency(l) != 0 ? -1 : check_texts(l);
}

/* Arguments that clients repeat in headers: no secret may be among them, headers are logged by many. */
static int
check_mirrors(struct tool_read *l)
{
	struct tool *t = l->tool;
	const char *why;
	int i, k;

	if (mirror_read(l->mem, t->input_schema, &t->mirrors, &why) != 0)
		return tool_check_refuse(l, "inputSchema: %s", why);
	for (i = 0; i < t->mirrors.n; i++)
		for (k = 0; k < t->args; k++)
			if (t->arg[k].kind == ARG_SEAL && strcmp(t->arg[k].name, t->mirrors.at[i].path[0]) == 0)
				return tool_check_refuse(l, "inputSchema: x-mcp-header of %s: a sealed argument must not be in a header", t->arg[k].name);
	return 0;
}

/* Some clients, and the models behind them, drop a tool that has these at the root of its inputSchema. */
static int
check_composed(struct tool_read *l)
{
	static const char *const words[] = { "allOf", "anyOf", "oneOf" };
	size_t i;

	for (i = 0; i < LEN(words) && !l->tool->composed; i++)
		if (json_get(l->tool->input_schema, words[i]))
			return tool_check_refuse(l, "inputSchema: %s at the root makes some clients drop the tool; put it into a property, or say "
			    "\"composed\": true if that is meant", words[i]);
	return 0;
}

/* What SQL is given where the caller says nothing is checked nowhere else. */
static int
check_defaults(struct tool_read *l)
{
	struct buf says;

	buf_init(&says, l->mem, 1000);
	return schema_defaults_fit(l->tool->input, l->mem, &says) ? 0 : tool_check_refuse(l, "inputSchema: default: %s", says.at);
}

static int
check_input(struct tool_read *l)
{
	struct tool *t = l->tool;
	const char *type = json_get_str(t->input_schema, "type"), *why;

	if (!type || strcmp(type, "object") != 0)
		return tool_check_refuse(l, "inputSchema: type must be \"object\"");
	if (check_composed(l) != 0)
		return -1;
	t->input = schema_compile(l->mem, t->input_schema, &why);
	if (!t->input)
		return tool_check_refuse(l, "inputSchema: %s", why);
	if (t->result.page[0] && (!schema_has(t->input, "limit") || !schema_has(t->input, "cursor")))
		return tool_check_refuse(l, "inputSchema: a tool with result.page takes limit and cursor");
	if (t->result.page[0] && (!is_typed(l, "limit", "integer") || !is_typed(l, "cursor", "string")))
		return tool_check_refuse(l, "inputSchema: of a tool with result.page limit is an integer and cursor a string");
	return check_defaults(l) != 0 || check_names(l) != 0 ? -1 : check_mirrors(l);
}

/* Members that we add to a list must be in a closed outputSchema, or the answer would not fit it. */
static int
check_output(struct tool_read *l)
{
	static const char *const added[] = { "count", "truncated", "hint", "next_cursor" };
	struct tool *t = l->tool;
	struct schema *out;
	const char *why;
	size_t i;

	if (!t->output_schema)
		return 0;
	t->output = out = schema_compile(l->mem, t->output_schema, &why);
	if (!out)
		return tool_check_refuse(l, "outputSchema: %s", why);
	if (t->result.kind == RESULT_DONE && !schema_has(out, "message"))
		return tool_check_refuse(l, "outputSchema: a done result has the property message");
	if (t->result.kind != RESULT_ROWS)
		return 0;
	if (!schema_has(out, t->result.rows))
		return tool_check_refuse(l, "outputSchema: has no property %s", t->result.rows);
	for (i = 0; i < LEN(added) - !t->result.page[0]; i++)
		if (!schema_has(out, added[i]))
			return tool_check_refuse(l, "outputSchema: has no property %s, which this result may carry", added[i]);
	return 0;
}

int
tool_check(struct tool_read *l)
{
	return check_input(l) != 0 || check_output(l) != 0 ? -1 : 0;
}
