/* shown: a JSON Schema for each, compiled for as long as it is needed. */
#include "shown.h"
#include "log.h"
#include "schema.h"

#define HINT "{\"type\":\"boolean\"}"

static const struct form {
	const char *name, *schema;
} forms[] = {
	[SHOWN_ICONS] = { "icons",
	    "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"src\"],\"properties\":{"
	    "\"src\":{\"type\":\"string\",\"pattern\":\"^(https://|data:)\"},\"mimeType\":{\"type\":\"string\"},"
	    "\"sizes\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"pattern\":\"^([0-9]+x[0-9]+|any)$\"}},"
	    "\"theme\":{\"enum\":[\"light\",\"dark\"]}}}}" },
	[SHOWN_HINTS] = { "annotations",
	    "{\"properties\":{\"title\":{\"type\":\"string\"},\"readOnlyHint\":" HINT ",\"destructiveHint\":" HINT
	    ",\"idempotentHint\":" HINT ",\"openWorldHint\":" HINT "}}" },
	[SHOWN_ANNOTATIONS] = { "annotations",
	    "{\"properties\":{\"audience\":{\"type\":\"array\",\"items\":{\"enum\":[\"user\",\"assistant\"]}},"
	    "\"priority\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},\"lastModified\":{\"type\":\"string\"}}}" },
};

const char *
shown_flaw(struct arena *mem, enum shown what, struct json_object *value)
{
	const struct form *form = &forms[what];
	const char *flaw = NULL, *why;
	struct arena scratch;
	struct schema *s;
	struct buf says;

	arena_init(&scratch, 16 << 10, 16 << 20);
	s = schema_compile(&scratch, json_parse(&scratch, form->schema, strlen(form->schema), 16), &why);
	if (!s)
		bug("%s: %s", form->name, why);
	buf_init(&says, &scratch, 1000);
	if (!schema_check_as(s, value, form->name, &scratch, &says))
		flaw = arena_str(mem, says.at);
	arena_close(&scratch);
	return flaw;
}
