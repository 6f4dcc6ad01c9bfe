/* client: capabilities as they are declared (MCP 2026-07-28, "ClientCapabilities"). */
#include "client.h"

/* {} is of a client from before there were two modes: it has forms.  So is what names no mode because it is no object. */
static bool
has_forms(struct json_object *elicitation)
{
	if (!json_object_is_type(elicitation, json_type_object))
		return elicitation;
	return json_get(elicitation, "form") || json_object_object_length(elicitation) == 0;
}

void
client_capabilities(struct client *c, struct json_object *capabilities)
{
	struct json_object *elicitation = json_get(capabilities, "elicitation"), *sampling = json_get(capabilities, "sampling");

	c->elicits = has_forms(elicitation);
	c->elicits_url = json_get(elicitation, "url");
	c->samples = sampling;
	c->samples_tools = json_get(sampling, "tools");
	c->samples_context = json_get(sampling, "context");
	c->roots = json_get(capabilities, "roots");
}

unsigned
client_bits(const struct client *c)
{
	return (unsigned)c->elicits | (unsigned)c->elicits_url << 1 | (unsigned)c->samples << 2 | (unsigned)c->samples_tools << 3 |
	    (unsigned)c->samples_context << 4 | (unsigned)c->roots << 5;
}

void
client_from_bits(struct client *c, unsigned bits)
{
	c->elicits = bits & 1;
	c->elicits_url = bits & 2;
	c->samples = bits & 4;
	c->samples_tools = bits & 8;
	c->samples_context = bits & 16;
	c->roots = bits & 32;
}

enum level
client_level(const char *name)
{
	static const char *const names[LEVEL_NONE] = {
		"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency",
	};
	int i;

	for (i = 0; i < LEVEL_NONE && strcmp(names[i], name) != 0; i++)
		;
	return (enum level)i;
}
