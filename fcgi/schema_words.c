/* schema_words: the table, and the groups it fills. */
#include "schema_words.h"
#include "metaschema.h"

#define NUMBERS(f)	GROUP_NUMBERS, offsetof(struct schema_numbers, f)
#define TEXTS(f)	GROUP_TEXTS, offsetof(struct schema_texts, f)
#define ARRAYS(f)	GROUP_ARRAYS, offsetof(struct schema_arrays, f)
#define OBJECTS(f)	GROUP_OBJECTS, offsetof(struct schema_objects, f)
#define FORMS(f)	GROUP_FORMS, offsetof(struct schema_forms, f)
#define NODE		GROUP_NODE, 0
#define VALUES		GROUP_VALUES, 0

static const struct schema_word words[] = {
	{ "$schema",               SCHEMA_CORE,        WORD_CORE,    NODE },
	{ "$vocabulary",           SCHEMA_CORE,        WORD_CORE,    NODE },
	{ "$id",                   SCHEMA_CORE,        WORD_CORE,    NODE },
	{ "$anchor",               SCHEMA_CORE,        WORD_ANCHOR,  NODE },
	{ "$dynamicAnchor",        SCHEMA_CORE,        WORD_ANCHOR,  NODE },
	{ "$ref",                  SCHEMA_CORE,        WORD_REF,     FORMS(ref) },
	{ "$dynamicRef",           SCHEMA_CORE,        WORD_REF,     FORMS(dynamic) },
	{ "$defs",                 SCHEMA_CORE,        WORD_STORE,   NODE },
	{ "definitions",           SCHEMA_CORE,        WORD_STORE,   NODE },	/* what $defs was called; still in use */
	{ "$comment",              SCHEMA_CORE,        WORD_TEXT,    NODE },

	{ "prefixItems",           SCHEMA_APPLICATOR,  WORD_LIST,    ARRAYS(first) },
	{ "items",                 SCHEMA_APPLICATOR,  WORD_NODE,    ARRAYS(rest) },
	{ "contains",              SCHEMA_APPLICATOR,  WORD_NODE,    ARRAYS(contains) },
	{ "properties",            SCHEMA_APPLICATOR,  WORD_MAP,     OBJECTS(properties) },
	{ "patternProperties",     SCHEMA_APPLICATOR,  WORD_MAP,     OBJECTS(patterns) },
	{ "additionalProperties",  SCHEMA_APPLICATOR,  WORD_NODE,    OBJECTS(rest) },
	{ "propertyNames",         SCHEMA_APPLICATOR,  WORD_NODE,    OBJECTS(names) },
	{ "dependentSchemas",      SCHEMA_APPLICATOR,  WORD_MAP,     FORMS(needs) },
	{ "allOf",                 SCHEMA_APPLICATOR,  WORD_LIST,    FORMS(all) },
	{ "anyOf",                 SCHEMA_APPLICATOR,  WORD_LIST,    FORMS(any) },
	{ "oneOf",                 SCHEMA_APPLICATOR,  WORD_LIST,    FORMS(one) },
	{ "not",                   SCHEMA_APPLICATOR,  WORD_NODE,    FORMS(not) },
	{ "if",                    SCHEMA_APPLICATOR,  WORD_NODE,    FORMS(when) },
	{ "then",                  SCHEMA_APPLICATOR,  WORD_NODE,    FORMS(then) },
	{ "else",                  SCHEMA_APPLICATOR,  WORD_NODE,    FORMS(otherwise) },

	{ "unevaluatedItems",      SCHEMA_UNEVALUATED, WORD_NODE,    ARRAYS(unevaluated) },
	{ "unevaluatedProperties", SCHEMA_UNEVALUATED, WORD_NODE,    OBJECTS(unevaluated) },

	{ "type",                  SCHEMA_VALIDATION,  WORD_TYPE,    NODE },
	{ "enum",                  SCHEMA_VALIDATION,  WORD_ENUM,    VALUES },
	{ "const",                 SCHEMA_VALIDATION,  WORD_CONST,   VALUES },
	{ "minimum",               SCHEMA_VALIDATION,  WORD_NUMBER,  NUMBERS(least) },
	{ "maximum",               SCHEMA_VALIDATION,  WORD_NUMBER,  NUMBERS(most) },
	{ "exclusiveMinimum",      SCHEMA_VALIDATION,  WORD_NUMBER,  NUMBERS(above) },
	{ "exclusiveMaximum",      SCHEMA_VALIDATION,  WORD_NUMBER,  NUMBERS(below) },
	{ "multipleOf",            SCHEMA_VALIDATION,  WORD_STEP,    NUMBERS(step) },
	{ "minLength",             SCHEMA_VALIDATION,  WORD_COUNT,   TEXTS(least) },
	{ "maxLength",             SCHEMA_VALIDATION,  WORD_COUNT,   TEXTS(most) },
	{ "pattern",               SCHEMA_VALIDATION,  WORD_PATTERN, TEXTS(pattern) },
	{ "minItems",              SCHEMA_VALIDATION,  WORD_COUNT,   ARRAYS(least) },
	{ "maxItems",              SCHEMA_VALIDATION,  WORD_COUNT,   ARRAYS(most) },
	{ "uniqueItems",           SCHEMA_VALIDATION,  WORD_FLAG,    ARRAYS(differ) },
	{ "minContains",           SCHEMA_VALIDATION,  WORD_COUNT,   ARRAYS(contains_least) },
	{ "maxContains",           SCHEMA_VALIDATION,  WORD_COUNT,   ARRAYS(contains_most) },
	{ "minProperties",         SCHEMA_VALIDATION,  WORD_COUNT,   OBJECTS(least) },
	{ "maxProperties",         SCHEMA_VALIDATION,  WORD_COUNT,   OBJECTS(most) },
	{ "required",              SCHEMA_VALIDATION,  WORD_STRINGS, OBJECTS(required) },
	{ "dependentRequired",     SCHEMA_VALIDATION,  WORD_NEEDS,   OBJECTS(needs) },

	{ "title",                 SCHEMA_META,        WORD_TEXT,    NODE },
	{ "description",           SCHEMA_META,        WORD_TEXT,    NODE },
	{ "default",               SCHEMA_META,        WORD_NOTE,    NODE },
	{ "deprecated",            SCHEMA_META,        WORD_NOTE,    NODE },
	{ "readOnly",              SCHEMA_META,        WORD_NOTE,    NODE },
	{ "writeOnly",             SCHEMA_META,        WORD_NOTE,    NODE },
	{ "examples",              SCHEMA_META,        WORD_NOTE,    NODE },
	{ "format",                SCHEMA_FORMAT,      WORD_TEXT,    NODE },	/* says, asserts nothing */
	{ "contentEncoding",       SCHEMA_CONTENT,     WORD_TEXT,    NODE },
	{ "contentMediaType",      SCHEMA_CONTENT,     WORD_TEXT,    NODE },
	{ "contentSchema",         SCHEMA_CONTENT,     WORD_ASIDE,   NODE },

	/* Of older drafts.  2020-12 gives them no meaning. */
	{ "dependencies",          SCHEMA_CORE,        WORD_OLD,     NODE },
	{ "additionalItems",       SCHEMA_CORE,        WORD_OLD,     NODE },
	{ "$recursiveRef",         SCHEMA_CORE,        WORD_OLD,     NODE },
	{ "$recursiveAnchor",      SCHEMA_CORE,        WORD_OLD,     NODE },
};

const struct schema_word *
schema_word_find(const char *name)
{
	size_t i;

	for (i = 0; i < LEN(words); i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

bool
schema_word_is_value(const char *name)
{
	const struct schema_word *w = schema_word_find(name);

	return w && (w->kind == WORD_ENUM || w->kind == WORD_CONST || w->kind == WORD_NOTE);
}

/* --- groups ----------------------------------------------------------------------------- */

static void *
new_texts(struct arena *mem)
{
	struct schema_texts *t = arena_zero(mem, sizeof(*t));

	t->most = INT64_MAX;
	return t;
}

static void *
new_arrays(struct arena *mem)
{
	struct schema_arrays *a = arena_zero(mem, sizeof(*a));

	a->contains_least = 1;
	a->most = a->contains_most = INT64_MAX;
	return a;
}

static void *
new_objects(struct arena *mem)
{
	struct schema_objects *o = arena_zero(mem, sizeof(*o));

	o->most = INT64_MAX;
	return o;
}

void *
schema_word_group(struct arena *mem, struct schema_node *n, enum schema_group group)
{
	switch (group) {
	case GROUP_VALUES:
		return n->values ? n->values : (n->values = arena_zero(mem, sizeof(*n->values)));
	case GROUP_NUMBERS:
		return n->numbers ? n->numbers : (n->numbers = arena_zero(mem, sizeof(*n->numbers)));
	case GROUP_TEXTS:
		return n->texts ? n->texts : (n->texts = new_texts(mem));
	case GROUP_ARRAYS:
		return n->arrays ? n->arrays : (n->arrays = new_arrays(mem));
	case GROUP_OBJECTS:
		return n->objects ? n->objects : (n->objects = new_objects(mem));
	case GROUP_FORMS:
		return n->forms ? n->forms : (n->forms = arena_zero(mem, sizeof(*n->forms)));
	default:
		return n;
	}
}

/* --- types, vocabularies ---------------------------------------------------------------- */

enum schema_type
schema_word_type(const char *name)
{
	static const struct {
		const char      *name;
		enum schema_type type;
	} types[] = {
		{ "null", SCHEMA_NULL }, { "boolean", SCHEMA_BOOLEAN }, { "integer", SCHEMA_INTEGER }, { "number", SCHEMA_NUMBER },
		{ "string", SCHEMA_STRING }, { "array", SCHEMA_ARRAY }, { "object", SCHEMA_OBJECT },
	};
	size_t i;

	for (i = 0; i < LEN(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	return 0;
}

unsigned
schema_word_vocabulary(const char *uri)
{
	static const struct {
		const char            *name;
		enum schema_vocabulary bit;
	} all[] = {
		{ "core", SCHEMA_CORE }, { "applicator", SCHEMA_APPLICATOR }, { "unevaluated", SCHEMA_UNEVALUATED },
		{ "validation", SCHEMA_VALIDATION }, { "meta-data", SCHEMA_META }, { "format-annotation", SCHEMA_FORMAT },
		{ "content", SCHEMA_CONTENT },
	};
	size_t i, n = strlen(METASCHEMA_VOCABULARY);

	for (i = 0; i < LEN(all); i++)
		if (strncmp(uri, METASCHEMA_VOCABULARY, n) == 0 && strcmp(uri + n, all[i].name) == 0)
			return all[i].bit;
	return 0;
}
