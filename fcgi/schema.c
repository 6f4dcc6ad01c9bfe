/*
 * schema: a tree of compiled nodes, and the sentences about what does not fit.
 */
#include "schema.h"
#include "pattern.h"
#include "utf8.h"

#define COMPLAINTS_MAX	20	/* after so many the rest is not looked for */
#define DEPTH_MAX	32	/* levels of a schema */
#define PLACE_MAX	288	/* where in the arguments, for complaints; longer places are cut */

enum type {
	TYPE_NULL = 1, TYPE_BOOLEAN = 2, TYPE_INTEGER = 4, TYPE_NUMBER = 8, TYPE_STRING = 16, TYPE_ARRAY = 32, TYPE_OBJECT = 64
};

static const struct {
	const char *name;
	enum type   type;
	const char *says;
} types[] = {
	{ "null",    TYPE_NULL,    "null" },
	{ "boolean", TYPE_BOOLEAN, "true or false" },
	{ "integer", TYPE_INTEGER, "an integer" },
	{ "number",  TYPE_NUMBER,  "a number" },
	{ "string",  TYPE_STRING,  "a string" },
	{ "array",   TYPE_ARRAY,   "an array" },
	{ "object",  TYPE_OBJECT,  "an object" },
};

struct property {
	const char         *name;
	struct schema      *schema;
	struct json_object *usual;	/* its default; NULL: none */
};

struct schema {
	unsigned            types;		/* 0: any */
	struct json_object *one_of, *constant;	/* enum, const; NULL: none */
	struct property    *property;
	size_t              properties;
	struct json_object *required;		/* NULL: none */
	bool                closed;		/* additionalProperties: false */
	struct schema      *items;		/* NULL: any */
	int64_t             items_least, items_most;
	bool                items_differ;	/* uniqueItems */
	int64_t             length_least, length_most;	/* characters */
	struct pattern     *pattern;
	const char         *pattern_text;
	double              least, most, above, below, step;	/* step 0: none */
};

/* --- compiling -------------------------------------------------------------------------- */

struct compile {
	struct arena *mem;
	const char   *at;	/* where in the schema, for complaints */
	int           depth;
	const char  **why;
};

static struct schema *compile_node(struct compile *c, struct json_object *source);

static int
refuse(struct compile *c, const char *fmt, ...) printf_like(2, 3);

static int
refuse(struct compile *c, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*c->why = arena_fmt(c->mem, "%s: %s", c->at[0] ? c->at : "the root", text);
	return -1;
}

static int
compile_type_name(struct compile *c, struct schema *s, struct json_object *v)
{
	const char *name = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
	size_t i;

	for (i = 0; i < LEN(types); i++)
		if (strcmp(types[i].name, name) == 0) {
			s->types |= types[i].type;
			return 0;
		}
	return refuse(c, "unknown type \"%.100s\"", name);
}

static int
compile_type(struct compile *c, struct schema *s, struct json_object *v)
{
	size_t i;

	if (!json_object_is_type(v, json_type_array))
		return compile_type_name(c, s, v);
	for (i = 0; i < json_object_array_length(v); i++)
		if (compile_type_name(c, s, json_object_array_get_idx(v, i)) != 0)
			return -1;
	return 0;
}

static struct schema *
compile_below(struct compile *c, const char *name, struct json_object *v)
{
	struct compile below = *c;

	below.at = arena_fmt(c->mem, "%s%s%s", c->at, c->at[0] ? "." : "", name);
	below.depth++;
	return compile_node(&below, v);
}

static int
compile_properties(struct compile *c, struct schema *s, struct json_object *v)
{
	size_t n;

	if (!json_object_is_type(v, json_type_object))
		return refuse(c, "properties must be an object");
	s->property = arena_zero(c->mem, (size_t)(json_object_object_length(v) + 1) * sizeof(*s->property));
	n = 0;
	json_object_object_foreach(v, name, below) {
		struct property *p = &s->property[n++];

		p->name = name;
		p->usual = json_get(below, "default");
		p->schema = compile_below(c, name, below);
		if (!p->schema)
			return -1;
	}
	s->properties = n;
	return 0;
}

static int
compile_pattern(struct compile *c, struct schema *s, struct json_object *v)
{
	const char *why;

	s->pattern_text = json_object_get_string(v);
	s->pattern = pattern_compile(c->mem, s->pattern_text, &why);
	return s->pattern ? 0 : refuse(c, "%s", why);
}

enum keyword_kind { K_IGNORED, K_TYPE, K_PROPERTIES, K_REQUIRED, K_CLOSED, K_ENUM, K_CONST, K_ITEMS, K_DIFFER, K_PATTERN, K_COUNT, K_NUMBER };

static const struct keyword {
	const char       *name;
	enum keyword_kind kind;
	size_t            at;	/* for K_COUNT (int64_t) and K_NUMBER (double) */
} keywords[] = {
	{ "$schema", K_IGNORED, 0 }, { "x-mcp-header", K_IGNORED, 0 }, { "title", K_IGNORED, 0 }, { "description", K_IGNORED, 0 }, { "default", K_IGNORED, 0 },
	{ "examples", K_IGNORED, 0 }, { "format", K_IGNORED, 0 }, { "deprecated", K_IGNORED, 0 }, { "readOnly", K_IGNORED, 0 },
	{ "type", K_TYPE, 0 }, { "properties", K_PROPERTIES, 0 }, { "required", K_REQUIRED, 0 },
	{ "additionalProperties", K_CLOSED, 0 }, { "enum", K_ENUM, 0 }, { "const", K_CONST, 0 }, { "items", K_ITEMS, 0 },
	{ "uniqueItems", K_DIFFER, 0 }, { "pattern", K_PATTERN, 0 },
	{ "minItems", K_COUNT, offsetof(struct schema, items_least) },
	{ "maxItems", K_COUNT, offsetof(struct schema, items_most) },
	{ "minLength", K_COUNT, offsetof(struct schema, length_least) },
	{ "maxLength", K_COUNT, offsetof(struct schema, length_most) },
	{ "minimum", K_NUMBER, offsetof(struct schema, least) },
	{ "maximum", K_NUMBER, offsetof(struct schema, most) },
	{ "exclusiveMinimum", K_NUMBER, offsetof(struct schema, above) },
	{ "exclusiveMaximum", K_NUMBER, offsetof(struct schema, below) },
	{ "multipleOf", K_NUMBER, offsetof(struct schema, step) },
};

static int
compile_size(struct compile *c, struct schema *s, const struct keyword *k, struct json_object *v)
{
	bool number = json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double);

	if (k->kind == K_COUNT) {
		int64_t n = json_object_get_int64(v);

		if (!json_object_is_type(v, json_type_int) || n < 0)
			return refuse(c, "%s must be an integer from 0", k->name);
		memcpy((char *)s + k->at, &n, sizeof(n));
	} else {
		double n = json_object_get_double(v);

		if (!number || (k->at == offsetof(struct schema, step) && n <= 0))
			return refuse(c, "%s must be a number, multipleOf one above 0", k->name);
		memcpy((char *)s + k->at, &n, sizeof(n));
	}
	return 0;
}

static int
compile_keyword(struct compile *c, struct schema *s, const struct keyword *k, struct json_object *v)
{
	switch (k->kind) {
	case K_IGNORED:
		return 0;
	case K_TYPE:
		return compile_type(c, s, v);
	case K_PROPERTIES:
		return compile_properties(c, s, v);
	case K_REQUIRED:
		s->required = v;
		return json_is_strings(v) ? 0 : refuse(c, "%s must be an array of strings", k->name);
	case K_CLOSED:
		s->closed = !json_object_get_boolean(v);
		return json_object_is_type(v, json_type_boolean) ? 0 : refuse(c, "%s must be true or false", k->name);
	case K_ENUM:
		s->one_of = v;
		return json_object_is_type(v, json_type_array) ? 0 : refuse(c, "%s must be an array", k->name);
	case K_CONST:
		s->constant = v;
		return v ? 0 : refuse(c, "%s must not be null here: use type", k->name);
	case K_ITEMS:
		s->items = compile_below(c, "items", v);
		return s->items ? 0 : -1;
	case K_DIFFER:
		s->items_differ = json_object_get_boolean(v);
		return json_object_is_type(v, json_type_boolean) ? 0 : refuse(c, "%s must be true or false", k->name);
	case K_PATTERN:
		return json_object_is_type(v, json_type_string) ? compile_pattern(c, s, v) : refuse(c, "%s must be a string", k->name);
	default:
		return compile_size(c, s, k, v);
	}
}

static const struct keyword *
find_keyword(const char *name)
{
	size_t i;

	for (i = 0; i < LEN(keywords); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

static struct schema *
compile_node(struct compile *c, struct json_object *source)
{
	struct schema *s = arena_zero(c->mem, sizeof(*s));

	s->items_most = s->length_most = INT64_MAX;
	s->least = s->above = -INFINITY;
	s->most = s->below = INFINITY;
	if (!json_object_is_type(source, json_type_object))
		return refuse(c, "a schema must be an object"), NULL;
	if (c->depth > DEPTH_MAX)
		return refuse(c, "more levels than a schema may have"), NULL;
	json_object_object_foreach(source, name, value) {
		const struct keyword *k = find_keyword(name);

		if (!k)
			return refuse(c, "unknown keyword \"%.100s\"", name), NULL;
		if (compile_keyword(c, s, k, value) != 0)
			return NULL;
	}
	return s;
}

struct schema *
schema_compile(struct arena *mem, struct json_object *source, const char **why)
{
	struct compile c = { .mem = mem, .at = "", .why = why };

	return compile_node(&c, source);
}

/* --- checking --------------------------------------------------------------------------- */

struct check {
	struct arena *mem;
	struct buf   *says;
	int           complaints;
};

static void check_node(struct check *c, const struct schema *s, struct json_object *v, const char *at);

static void
complain(struct check *c, const char *at, const char *fmt, ...) printf_like(3, 4);

static void
complain(struct check *c, const char *at, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (c->complaints++ < COMPLAINTS_MAX)
		buf_fmt(c->says, "%s%.200s %s", c->complaints > 1 ? "; " : "", at[0] ? at : "the arguments", text);
}

/* 1.0 is an integer (JSON Schema 2020-12, 6.1.1); 1e300 is none that SQL could take. */
static bool
is_integral(double n)
{
	return n == floor(n) && fabs(n) < 0x1p63;
}

static unsigned
type_of(struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_boolean:
		return TYPE_BOOLEAN;
	case json_type_int:
		return TYPE_INTEGER | TYPE_NUMBER;
	case json_type_double:
		return TYPE_NUMBER | (is_integral(json_object_get_double(v)) ? TYPE_INTEGER : 0);
	case json_type_string:
		return TYPE_STRING;
	case json_type_array:
		return TYPE_ARRAY;
	case json_type_object:
		return TYPE_OBJECT;
	default:
		return TYPE_NULL;
	}
}

static const char *
type_words(struct check *c, unsigned wanted)
{
	struct buf b;
	size_t i;

	buf_init(&b, c->mem, 200);
	for (i = 0; i < LEN(types); i++)
		if (wanted & types[i].type)
			buf_fmt(&b, "%s%s", b.len ? " or " : "", types[i].says);
	return b.at;
}

static void
check_number(struct check *c, const struct schema *s, struct json_object *v, const char *at)
{
	double n = json_object_get_double(v);

	if (n < s->least)
		complain(c, at, "must be at least %.15g", s->least);
	if (n > s->most)
		complain(c, at, "must be at most %.15g", s->most);
	if (n <= s->above)
		complain(c, at, "must be more than %.15g", s->above);
	if (n >= s->below)
		complain(c, at, "must be less than %.15g", s->below);
	if (s->step > 0 && fabs(remainder(n, s->step)) > 1e-9 * s->step)
		complain(c, at, "must be a multiple of %.15g", s->step);
}

static int64_t
characters(const char *text, size_t n)
{
	int64_t count = 0;

	while (n-- > 0)
		count += ((unsigned char)*text++ & 0xC0) != 0x80;
	return count;
}

static void
check_string(struct check *c, const struct schema *s, struct json_object *v, const char *at)
{
	const char *text = json_object_get_string(v);
	size_t len = (size_t)json_object_get_string_len(v);
	int64_t n = characters(text, len);

	if (n == 0 && s->length_least > 0)
		complain(c, at, "must not be empty");
	else if (n < s->length_least)
		complain(c, at, "must have at least %" PRId64 " characters", s->length_least);
	if (n > s->length_most)
		complain(c, at, "must have at most %" PRId64 " characters", s->length_most);
	else if (s->pattern && !pattern_match(s->pattern, text, len))
		complain(c, at, "must match the pattern %.100s", s->pattern_text);
}

/* By their texts, sorted: a thousand items are compared about ten thousand times, not half a million. */
static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
all_differ(struct check *c, struct json_object *v)
{
	size_t n = json_object_array_length(v), i;
	const char **text = arena_take(c->mem, n * sizeof(*text) + 1);

	for (i = 0; i < n; i++)
		text[i] = json_plain(json_object_array_get_idx(v, i), NULL);
	qsort(text, n, sizeof(*text), by_text);
	for (i = 1; i < n; i++)
		if (strcmp(text[i - 1], text[i]) == 0)
			return false;
	return true;
}

static void
check_array(struct check *c, const struct schema *s, struct json_object *v, const char *at)
{
	size_t n = json_object_array_length(v), i;
	char here[PLACE_MAX];

	if ((int64_t)n < s->items_least)
		complain(c, at, "must have at least %" PRId64 " items", s->items_least);
	if ((int64_t)n > s->items_most) {
		complain(c, at, "must have at most %" PRId64 " items", s->items_most);
		return;
	}
	if (s->items_differ && !all_differ(c, v))
		complain(c, at, "must not have the same item twice");
	for (i = 0; s->items && i < n && c->complaints <= COMPLAINTS_MAX; i++) {
		snprintf(here, sizeof(here), "%.200s[%zu]", at, i);
		check_node(c, s->items, json_object_array_get_idx(v, i), here);
	}
}

static const struct property *
find_property(const struct schema *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->properties; i++)
		if (strcmp(s->property[i].name, name) == 0)
			return &s->property[i];
	return NULL;
}

static const char *
property_words(struct check *c, const struct schema *s)
{
	struct buf b;
	size_t i;

	buf_init(&b, c->mem, 300);
	for (i = 0; i < s->properties; i++)
		buf_fmt(&b, "%s%s", i ? ", " : "", s->property[i].name);
	return s->properties ? b.at : "nothing";
}

static const char *
place(char here[PLACE_MAX], const char *at, const char *name)
{
	snprintf(here, PLACE_MAX, "%.200s%s%.64s", at, at[0] ? "." : "", name);
	return here;
}

static void
check_object(struct check *c, const struct schema *s, struct json_object *v, const char *at)
{
	size_t i, n = s->required ? json_object_array_length(s->required) : 0;
	char here[PLACE_MAX];

	for (i = 0; i < n; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(s->required, i));

		if (!json_object_object_get_ex(v, name, NULL))
			complain(c, place(here, at, name), "is required");
	}
	json_object_object_foreach(v, name, value) {
		const struct property *p = find_property(s, name);

		if (c->complaints > COMPLAINTS_MAX)
			return;
		if (p)
			check_node(c, p->schema, value, place(here, at, name));
		else if (s->closed)
			complain(c, place(here, at, name), "is not known here (known: %s)", property_words(c, s));
	}
}

static bool
is_listed(struct json_object *list, struct json_object *v)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++)
		if (json_object_equal(json_object_array_get_idx(list, i), v))
			return true;
	return false;
}

static void
check_node(struct check *c, const struct schema *s, struct json_object *v, const char *at)
{
	unsigned type = type_of(v);

	if (s->types && !(s->types & type)) {
		complain(c, at, "must be %s", type_words(c, s->types));
		return;
	}
	if (s->one_of && !is_listed(s->one_of, v))
		complain(c, at, "must be one of %.300s", json_plain(s->one_of, NULL));
	if (s->constant && !json_object_equal(s->constant, v))
		complain(c, at, "must be %.300s", json_plain(s->constant, NULL));
	if (type & TYPE_NUMBER)
		check_number(c, s, v, at);
	else if (type == TYPE_STRING)
		check_string(c, s, v, at);
	else if (type == TYPE_ARRAY)
		check_array(c, s, v, at);
	else if (type == TYPE_OBJECT)
		check_object(c, s, v, at);
}

bool
schema_check(const struct schema *s, struct json_object *value, struct arena *mem, struct buf *says)
{
	struct check c = { .mem = mem, .says = says };

	check_node(&c, s, value, "");
	if (c.complaints > COMPLAINTS_MAX)
		buf_fmt(says, "; and more");
	return c.complaints == 0;
}

void
schema_defaults(const struct schema *s, struct json_object *object)
{
	struct json_object *v;
	size_t i;

	for (i = 0; i < s->properties; i++) {
		const struct property *p = &s->property[i];

		if (!json_object_object_get_ex(object, p->name, &v)) {
			if (p->usual)
				json_object_object_add(object, p->name, json_object_get(p->usual));
		} else if (p->schema->types == TYPE_INTEGER && json_object_is_type(v, json_type_double)) {
			/* SQL casts the text, and '1.0' is no integer to it */
			json_object_object_add(object, p->name, json_object_new_int64((int64_t)json_object_get_double(v)));
		}
	}
}

bool
schema_has(const struct schema *s, const char *name)
{
	return find_property(s, name) != NULL;
}
