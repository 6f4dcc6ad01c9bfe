/* stdio_head: the rule for values, and the table of methods with a name. */
#include "stdio_head.h"
#include "crypt.h"

#define STARTS	"=?base64?"
#define ENDS	"?="

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
stdio_head_plain(const char *text, size_t n)
{
	size_t i;

	if (n == 0 || blank(text[0]) || blank(text[n - 1]))
		return false;
	for (i = 0; i < n; i++)
		if (text[i] != '\t' && (text[i] < 0x20 || text[i] > 0x7E))
			return false;
	return true;
}

static bool
looks_encoded(const char *text, size_t n)
{
	return n >= strlen(STARTS ENDS) && memcmp(text, STARTS, strlen(STARTS)) == 0 &&
	    memcmp(text + n - strlen(ENDS), ENDS, strlen(ENDS)) == 0;
}

const char *
stdio_head_value(struct arena *mem, const char *text, size_t n)
{
	static const char *const padding[] = { "", "", "==", "=" };
	char *base64, *c;

	if (stdio_head_plain(text, n) && !looks_encoded(text, n))
		return arena_copy(mem, text, n);
	base64 = crypt_base64url(mem, text, n);
	for (c = base64; *c; c++)
		*c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
	return arena_fmt(mem, STARTS "%s%s" ENDS, base64, padding[(c - base64) % 4]);
}

/* MCP 2026-07-28, streamable HTTP, "Standard Headers"; the last three are of the tasks extension. */
static const struct {
	const char *method;
	const char *param;
} named[] = {
	{ "tools/call", "name" },
	{ "prompts/get", "name" },
	{ "resources/read", "uri" },
	{ "tasks/get", "taskId" },
	{ "tasks/update", "taskId" },
	{ "tasks/cancel", "taskId" },
};

const char *
stdio_head_name(const struct stdio_message *m, size_t *n)
{
	struct json_object *value;
	size_t i;

	for (i = 0; i < LEN(named); i++) {
		if (strcmp(m->method, named[i].method) != 0)
			continue;
		value = json_get(m->params, named[i].param);
		if (!json_object_is_type(value, json_type_string))
			return NULL;		/* the server says what is wrong with it */
		*n = (size_t)json_object_get_string_len(value);
		return json_object_get_string(value);
	}
	return NULL;
}
