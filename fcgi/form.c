/* form: a row per type of field, for what it may say and for what fits it. */
#include "form.h"
#include "utf8.h"

#define FIELDS_MAX	64

static bool fits_text(struct json_object *field, struct json_object *value);
static bool fits_integer(struct json_object *field, struct json_object *value);
static bool fits_number(struct json_object *field, struct json_object *value);
static bool fits_boolean(struct json_object *field, struct json_object *value);
static bool fits_choices(struct json_object *field, struct json_object *value);

static const struct field_type {
	const char *name;
	const char *may;	/* what it may say besides its type, each word between spaces */
	bool      (*fits)(struct json_object *field, struct json_object *value);
} types[] = {
	{ "string",  " title description default minLength maxLength format enum enumNames oneOf ", fits_text },
	{ "integer", " title description default minimum maximum ", fits_integer },
	{ "number",  " title description default minimum maximum ", fits_number },
	{ "boolean", " title description default ", fits_boolean },
	{ "array",   " title description default minItems maxItems items ", fits_choices },
};

static const struct field_type *
type_of(struct json_object *field)
{
	const char *name = json_get_str(field, "type");
	size_t i;

	for (i = 0; name && i < LEN(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

/* A name from outside may be empty, or have spaces of its own: that is no word. */
static bool
has_word(const char *words, const char *word)
{
	const char *at = words;
	size_t n = strlen(word);

	if (n == 0 || strchr(word, ' '))
		return false;
	for (; (at = strstr(at, word)); at++)
		if (at[-1] == ' ' && at[n] == ' ')
			return true;
	return false;
}

/* --- is it a form? ---------------------------------------------------------------------- */

/* [{"const": text, "title": text}, ...] */
static bool
is_titled(struct json_object *list)
{
	size_t i, n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (!json_get_str(one, "const") || !json_get_str(one, "title"))
			return false;
	}
	return n > 0;
}

static bool
is_listed(struct json_object *list)
{
	return json_is_strings(list) && json_object_array_length(list) > 0;
}

static const char *
text_flaw(struct json_object *field)
{
	static const char formats[] = " email uri date date-time ";
	struct json_object *list = json_get(field, "enum"), *names = json_get(field, "enumNames");
	const char *format = json_get_str(field, "format");

	if (json_get(field, "format") && (!format || !has_word(formats, format)))
		return "format must be email, uri, date or date-time";
	if (list && !is_listed(list))
		return "enum must be an array of texts";
	if (names && (!list || !is_listed(names) || json_object_array_length(names) != json_object_array_length(list)))
		return "enumNames must have a text for each of enum";
	if (json_get(field, "oneOf") && (list || !is_titled(json_get(field, "oneOf"))))
		return "oneOf must be an array of objects with const and title, and there is no enum beside it";
	return NULL;
}

static const char *
choices_flaw(struct json_object *field)
{
	struct json_object *items = json_get(field, "items"), *titled = json_get(items, "anyOf");
	const char *type = json_get_str(items, "type");

	if (titled ? is_titled(titled) && json_object_object_length(items) == 1 :
	    type && strcmp(type, "string") == 0 && is_listed(json_get(items, "enum")))
		return NULL;
	return "items must be texts with an enum, or have anyOf with objects of const and title";
}

static const char *
field_flaw(struct arena *mem, const char *name, struct json_object *field)
{
	const struct field_type *t = type_of(field);
	const char *why;

	if (!t)
		return arena_fmt(mem, "%.64s: type must be string, integer, number, boolean or array", name);
	json_object_object_foreach(field, word, ignored) {
		(void)ignored;
		if (strcmp(word, "type") != 0 && !has_word(t->may, word))
			return arena_fmt(mem, "%.64s: a form knows no %.64s in a field of type %s", name, word, t->name);
	}
	why = t->fits == fits_text ? text_flaw(field) : t->fits == fits_choices ? choices_flaw(field) : NULL;
	return why ? arena_fmt(mem, "%.64s: %s", name, why) : NULL;
}

static const char *
required_flaw(struct arena *mem, struct json_object *required, struct json_object *fields)
{
	size_t i;

	if (!json_is_strings(required))
		return "required must be an array of names";
	for (i = 0; i < json_object_array_length(required); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(required, i));

		if (!json_get(fields, name))
			return arena_fmt(mem, "required: there is no field %.64s", name);
	}
	return NULL;
}

const char *
form_flaw(struct arena *mem, struct json_object *schema)
{
	struct json_object *fields = json_get(schema, "properties"), *required = json_get(schema, "required");
	const char *type = json_get_str(schema, "type"), *why;

	if (!type || strcmp(type, "object") != 0 || !json_object_is_type(fields, json_type_object))
		return "a form is an object with properties";
	if (json_object_object_length(fields) > FIELDS_MAX)
		return arena_fmt(mem, "a form has at most %d fields", FIELDS_MAX);
	json_object_object_foreach(schema, word, ignored) {
		(void)ignored;
		if (!has_word(" $schema type properties required ", word))
			return arena_fmt(mem, "a form knows no %.64s", word);
	}
	json_object_object_foreach(fields, name, field)
		if ((why = field_flaw(mem, name, field)))
			return why;
	return required ? required_flaw(mem, required, fields) : NULL;
}

bool
form_is_old(struct json_object *schema)
{
	struct json_object *fields = json_get(schema, "properties");

	if (!fields)
		return true;
	json_object_object_foreach(fields, name, field) {
		(void)name;
		if (json_get(field, "oneOf") || type_of(field)->fits == fits_choices)
			return false;
	}
	return true;
}

/* --- what fits? ------------------------------------------------------------------------- */

/* Is the text one of enum, or a const of the titled ones?  No list at all: any text is. */
static bool
is_choice(struct json_object *listed, struct json_object *titled, const char *text)
{
	struct json_object *list = titled ? titled : listed;
	size_t i, n = list ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (strcmp(titled ? json_get_str(one, "const") : json_object_get_string(one), text) == 0)
			return true;
	}
	return !list;
}

static bool
fits_text(struct json_object *field, struct json_object *value)
{
	int64_t n;

	if (!json_object_is_type(value, json_type_string))
		return false;
	n = utf8_count(json_object_get_string(value), (size_t)json_object_get_string_len(value));	/* as JSON Schema counts */
	return n >= json_get_int(field, "minLength", 0) && n <= json_get_int(field, "maxLength", INT64_MAX) &&
	    is_choice(json_get(field, "enum"), json_get(field, "oneOf"), json_object_get_string(value));
}

static bool
fits_number(struct json_object *field, struct json_object *value)
{
	struct json_object *least = json_get(field, "minimum"), *most = json_get(field, "maximum");
	double n = json_object_get_double(value);

	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
		return false;
	return (!least || n >= json_object_get_double(least)) && (!most || n <= json_object_get_double(most));
}

static bool
fits_integer(struct json_object *field, struct json_object *value)
{
	return fits_number(field, value) && trunc(json_object_get_double(value)) == json_object_get_double(value);
}

static bool
fits_boolean(struct json_object *field, struct json_object *value)
{
	(void)field;
	return json_object_is_type(value, json_type_boolean);
}

static bool
fits_choices(struct json_object *field, struct json_object *value)
{
	struct json_object *items = json_get(field, "items");
	int64_t i, n = json_is_strings(value) ? (int64_t)json_object_array_length(value) : -1;

	if (n < json_get_int(field, "minItems", 0) || n > json_get_int(field, "maxItems", INT64_MAX))
		return false;
	for (i = 0; i < n; i++)
		if (!is_choice(json_get(items, "enum"), json_get(items, "anyOf"),
		    json_object_get_string(json_object_array_get_idx(value, (size_t)i))))
			return false;
	return true;
}

bool
form_fits(struct json_object *schema, struct json_object *content)
{
	struct json_object *required = json_get(schema, "required");
	size_t i, n = required ? json_object_array_length(required) : 0;

	if (content && !json_object_is_type(content, json_type_object))
		return false;
	for (i = 0; i < n; i++)
		if (!json_get(content, json_object_get_string(json_object_array_get_idx(required, i))))
			return false;
	json_object_object_foreach(json_get(schema, "properties"), name, field) {
		struct json_object *value = NULL;

		/* null is something, and no type that a field has */
		if (json_object_object_get_ex(content, name, &value) && !type_of(field)->fits(field, value))
			return false;
	}
	return true;
}
