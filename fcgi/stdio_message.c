/* stdio_message: json-c behind json_check() for the client, json-c alone for the server. */
#include "stdio_message.h"
#include "buf.h"

#define DEPTH_MAX	128
#define VALUES_MAX	200000	/* of a client's line: some hundred bytes each */
#define ERROR_MAX	(12 << 20)	/* an id and a version may each be as long as a client's line */

static int
refuse(struct stdio_flaw *flaw, int code, const char *why)
{
	flaw->code = code;
	flaw->why = why;
	return -1;
}

static void
take_apart(struct stdio_message *m)
{
	struct json_object *claim = NULL;
	struct json_object *id = json_get(m->o, "id");

	m->method = json_get_str(m->o, "method");
	m->id = json_object_is_type(id, json_type_int) || json_object_is_type(id, json_type_string) ? id : NULL;
	m->params = json_get(m->o, "params");
	m->claims = json_object_object_get_ex(json_get(m->params, "_meta"), STDIO_NS "protocolVersion", &claim);
	m->version = json_object_is_type(claim, json_type_string) ? json_object_get_string(claim) : NULL;
}

/* JSON-RPC 2.0, and MCP's narrower rules: no batches here, ids are never null. */
static int
check_shape(struct stdio_message *m, struct stdio_flaw *flaw)
{
	struct json_object *ignored;

	if (json_object_is_type(m->o, json_type_array))
		return refuse(flaw, -32600, "Batches are not bridged: write one message a line.");
	if (!json_object_is_type(m->o, json_type_object))
		return refuse(flaw, -32600, "A message is a JSON object.");
	take_apart(m);
	flaw->id = m->id;
	if (!json_get_str(m->o, "jsonrpc") || strcmp(json_get_str(m->o, "jsonrpc"), "2.0") != 0)
		return refuse(flaw, -32600, "\"jsonrpc\" must be \"2.0\".");
	if (!m->id && json_object_object_get_ex(m->o, "id", &ignored))
		return refuse(flaw, -32600, "\"id\" must be a string or an integer.");
	if (!m->method && (json_get(m->o, "method") || !m->id || !(json_get(m->o, "result") || json_get(m->o, "error"))))
		return refuse(flaw, -32600, "This is neither a request nor a notification nor a response.");
	if (m->params && !json_object_is_type(m->params, json_type_object))
		return refuse(flaw, -32600, "\"params\" must be an object.");
	return 0;
}

int
stdio_message_read(struct arena *mem, const char *line, size_t n, struct stdio_message *m, struct stdio_flaw *flaw)
{
	static const struct json_caps caps = { .depth = DEPTH_MAX, .values = VALUES_MAX };
	struct json_flaw found;

	*flaw = (struct stdio_flaw){ 0 };
	if (json_check(mem, line, n, &caps, &found) != 0)
		return refuse(flaw, -32700, arena_fmt(mem, "Not a JSON message: %s, at byte %zu.", found.what, found.at));
	*m = (struct stdio_message){ .text = line, .len = n, .o = json_parse(mem, line, n, DEPTH_MAX) };
	return check_shape(m, flaw);
}

/*
 * Line breaks between the tokens of JSON become spaces, which say the same.  NULL: there are control
 * characters elsewhere, or strings in single quotes, which json-c would take.
 */
static char *
one_line(struct arena *mem, const char *text, size_t n)
{
	char *line = arena_copy(mem, text, n);
	bool string = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (line[i] == '"')
			string = !string;
		else if (string && line[i] == '\\')
			i++;
		else if (line[i] == '\'' && !string)
			return NULL;
		else if ((line[i] == '\n' || line[i] == '\r' || line[i] == '\t') && !string)
			line[i] = ' ';
		else if ((unsigned char)line[i] < ' ')
			return NULL;
	}
	return line;
}

int
stdio_message_take(struct arena *mem, const char *text, size_t n, struct stdio_message *m)
{
	struct json_tokener *tok;

	*m = (struct stdio_message){ .text = one_line(mem, text, n), .len = n };
	if (!m->text || n >= INT_MAX || !(tok = json_tokener_new_ex(DEPTH_MAX + 1)))
		return -1;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	m->o = json_keep(mem, json_tokener_parse_ex(tok, m->text, (int)n + 1));
	json_tokener_free(tok);
	if (!json_object_is_type(m->o, json_type_object))
		return -1;
	take_apart(m);
	return 0;
}

bool
stdio_message_same_id(struct json_object *a, struct json_object *b)
{
	if (!a || !b || json_object_get_type(a) != json_object_get_type(b))
		return false;
	return json_object_equal(a, b) == 1;
}

bool
stdio_message_answers(const struct stdio_message *m, struct json_object *id)
{
	return !m->method && stdio_message_same_id(m->id, id);
}

const char *
stdio_message_error(struct arena *mem, struct json_object *id, int code, const char *why, struct json_object *data)
{
	struct buf b;
	size_t n;

	buf_init(&b, mem, ERROR_MAX);
	buf_str(&b, "{\"jsonrpc\":\"2.0\"");
	if (id)
		buf_fmt(&b, ",\"id\":%s", json_plain(id, &n));
	buf_fmt(&b, ",\"error\":{\"code\":%d,\"message\":", code);
	buf_json(&b, why, strlen(why));
	if (data)
		buf_fmt(&b, ",\"data\":%s", json_plain(data, &n));
	buf_str(&b, "}}");
	return b.at;
}
