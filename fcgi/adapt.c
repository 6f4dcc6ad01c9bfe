/* adapt: revisions are dates, so they compare as texts. */
#include "adapt.h"
#include "schema_words.h"

#define MODERN		"2026-07-28"
#define STRUCTURED	"2025-06-18"	/* structuredContent, outputSchema, resource_link */
#define AUDIBLE		"2025-03-26"	/* audio content, the message of progress */

static bool
is_from(const char *version, const char *first)
{
	return !*version || strcmp(version, first) >= 0;
}

/* --- tools ------------------------------------------------------------------------------ */

enum { FACE_MODERN, FACE_STRUCTURED, FACE_OLD };

int
adapt_face_number(const char *version)
{
	return is_from(version, MODERN) ? FACE_MODERN : is_from(version, STRUCTURED) ? FACE_STRUCTURED : FACE_OLD;
}

static bool
is_object_schema(struct json_object *schema)
{
	const char *type = json_get_str(schema, "type");

	return type && strcmp(type, "object") == 0;
}

/* true fits everything, false nothing: as schemas that are objects. */
static struct json_object *
plain_schema(bool fits)
{
	struct json_object *o = json_object_new_object();

	if (!fits)
		json_object_object_add(o, "not", json_object_new_object());
	return o;
}

static void mend_schema(struct json_object *schema);

/* Clients of before take an object for each property (MCP 2025-11-25, schema, "Tool.inputSchema"). */
static void
mend_properties(struct json_object *properties)
{
	struct json_object_iterator at = json_object_iter_begin(properties), end = json_object_iter_end(properties);

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		struct json_object *v = json_object_iter_peek_value(&at);

		if (json_object_is_type(v, json_type_boolean))
			json_object_object_add(properties, json_object_iter_peek_name(&at), plain_schema(json_object_get_boolean(v)));
		else
			mend_schema(v);
	}
}

/* In the schema and in all that it holds; a file's depth is capped by json_check(). */
static void
mend_schema(struct json_object *schema)
{
	size_t i;

	if (json_object_is_type(schema, json_type_array))
		for (i = 0; i < json_object_array_length(schema); i++)
			mend_schema(json_object_array_get_idx(schema, i));
	if (!json_object_is_type(schema, json_type_object))
		return;
	json_object_object_foreach(schema, name, v) {
		if (strcmp(name, "properties") == 0 && json_object_is_type(v, json_type_object))
			mend_properties(v);
		else if (!schema_word_is_value(name))
			mend_schema(v);
	}
}

struct json_object *
adapt_face(struct arena *mem, struct json_object *face, int number)
{
	struct json_object *copy = NULL;

	if (number == FACE_MODERN || json_object_deep_copy(face, &copy, NULL) != 0)
		return face;
	json_keep(mem, copy);
	if (number == FACE_OLD || !is_object_schema(json_get(copy, "outputSchema")))
		json_object_object_del(copy, "outputSchema");
	mend_schema(json_get(copy, "inputSchema"));
	mend_schema(json_get(copy, "outputSchema"));
	if (number == FACE_OLD) {
		json_object_object_del(copy, "title");
		json_object_object_del(copy, "icons");
	}
	return copy;
}

bool
adapt_structures(const char *version, struct json_object *output_schema)
{
	if (!output_schema || !is_from(version, STRUCTURED))
		return false;
	return is_from(version, MODERN) || is_object_schema(output_schema);
}

/* --- content ---------------------------------------------------------------------------- */

static struct json_object *
text_block(struct arena *mem, const char *text)
{
	struct json_object *o = json_keep(mem, json_object_new_object());

	json_object_object_add(o, "type", json_object_new_string("text"));
	json_object_object_add(o, "text", json_object_new_string(text));
	return o;
}

static struct json_object *
link_as_text(struct arena *mem, struct json_object *block)
{
	const char *name = json_get_str(block, "name"), *uri = json_get_str(block, "uri");

	return text_block(mem, arena_fmt(mem, "%s: %s", name ? name : "Resource", uri ? uri : ""));
}

/* A resource may hold any bytes, and was there from the beginning. */
static struct json_object *
audio_as_resource(struct arena *mem, struct json_object *block)
{
	struct json_object *o = json_keep(mem, json_object_new_object()), *resource = json_object_new_object();

	json_object_object_add(resource, "uri", json_object_new_string("audio://content"));
	json_object_object_add(resource, "mimeType", json_object_get(json_get(block, "mimeType")));
	json_object_object_add(resource, "blob", json_object_get(json_get(block, "data")));
	json_object_object_add(o, "type", json_object_new_string("resource"));
	json_object_object_add(o, "resource", resource);
	return o;
}

struct json_object *
adapt_block(struct arena *mem, struct json_object *block, const char *version)
{
	const char *type = json_get_str(block, "type");

	if (!type)
		return block;
	if (strcmp(type, "resource_link") == 0 && !is_from(version, STRUCTURED))
		return link_as_text(mem, block);
	if (strcmp(type, "audio") == 0 && !is_from(version, AUDIBLE))
		return audio_as_resource(mem, block);
	return block;
}

bool
adapt_progress_says(const char *version)
{
	return is_from(version, AUDIBLE);
}
