/* schema_says: texts are cut between characters, so that a complaint is UTF-8 whatever was sent. */
#include "schema_says.h"
#include "utf8.h"

#define PLACE_MAX	200	/* bytes of a place */
#define NAME_MAX_SAID	64	/* bytes of a name in it */
#define TEXT_MAX	400	/* bytes of a complaint behind its place */
#define KIND_MAX	200
#define NAMES_MAX	300

/* --- places ----------------------------------------------------------------------------- */

static void
put_place(struct buf *b, const struct schema_place *at)
{
	if (!at)
		return;
	put_place(b, at->up);
	if (!at->name)
		buf_fmt(b, "[%zu]", at->i);
	else
		buf_fmt(b, "%s%.*s", b->len ? "." : "", (int)utf8_cut(at->name, NAME_MAX_SAID), at->name);
}

const char *
schema_says_place(const struct schema_says *s, const struct schema_place *at)
{
	struct buf place;

	buf_init(&place, s->mem, PLACE_MAX);
	put_place(&place, at);
	return place.len ? place.at : s->what;
}

static void
put(struct schema_says *s, const struct schema_place *at, const char *text)
{
	if (s->n++ < s->most)
		buf_fmt(s->out, "%s%s %.*s", s->n > 1 ? s->joint : "", schema_says_place(s, at), (int)utf8_cut(text, TEXT_MAX), text);
}

/* The sentence is made only where somebody reads it. */
static void printf_like(3, 0)
word(struct schema_says *s, const struct schema_place *at, const char *fmt, va_list ap)
{
	char text[2 * TEXT_MAX];

	if (!s->out) {
		s->n++;
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	put(s, at, text);
}

void
schema_says_add(struct schema_says *s, const struct schema_place *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	word(s, at, fmt, ap);
	va_end(ap);
}

void
schema_says_member(struct schema_says *s, const struct schema_place *at, const char *name, const char *fmt, ...)
{
	struct schema_place below = { .up = at, .name = name };
	va_list ap;

	va_start(ap, fmt);
	word(s, &below, fmt, ap);
	va_end(ap);
}

/* --- phrases ---------------------------------------------------------------------------- */

const char *
schema_says_types(struct arena *mem, unsigned types)
{
	static const struct {
		enum schema_type type;
		const char      *says;
	} words[] = {
		{ SCHEMA_NULL, "null" }, { SCHEMA_BOOLEAN, "true or false" }, { SCHEMA_INTEGER, "an integer" },
		{ SCHEMA_NUMBER, "a number" }, { SCHEMA_STRING, "a string" }, { SCHEMA_ARRAY, "an array" },
		{ SCHEMA_OBJECT, "an object" },
	};
	struct buf b;
	size_t i;

	buf_init(&b, mem, 200);
	for (i = 0; i < LEN(words); i++)
		if (types & words[i].type)
			buf_fmt(&b, "%s%s", b.len ? " or " : "", words[i].says);
	return b.at;
}

const char *
schema_says_names(struct arena *mem, const struct schema_map *map)
{
	struct buf b;
	size_t i;

	buf_init(&b, mem, NAMES_MAX);
	for (i = 0; i < map->n; i++)
		buf_fmt(&b, "%s%s", i ? ", " : "", map->named[i].name);
	return map->n ? b.at : "nothing";
}

const char *
schema_says_number(struct arena *mem, struct schema_number n)
{
	return n.whole ? arena_fmt(mem, "%" PRId64, n.i) : arena_fmt(mem, "%.15g", n.d);
}

/* "id and name" */
static void
put_required(struct buf *b, struct json_object *required)
{
	size_t i, n = json_object_array_length(required);

	for (i = 0; i < n; i++)
		buf_fmt(b, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " and ",
		    json_object_get_string(json_object_array_get_idx(required, i)));
}

/* An enum or a const. */
static void
put_values(struct buf *b, const struct schema_values *v)
{
	if (v->fixed)
		buf_str(b, json_plain(v->constant, NULL));
	else if (v->set.n == 1)
		buf_str(b, json_plain(json_object_array_get_idx(v->list, 0), NULL));
	else
		buf_fmt(b, "one of %s", json_plain(v->list, NULL));
}

/* Does an object schema ask for the presence of members only? */
static bool
only_requires(const struct schema_objects *o)
{
	return o->required && json_object_array_length(o->required) > 0 && o->properties.n == 0 && o->patterns.n == 0 &&
	    o->needs.n == 0 && !o->rest && !o->names && !o->unevaluated && o->least == 0 && o->most == INT64_MAX;
}

const char *
schema_says_kind(struct arena *mem, const struct schema_node *n)
{
	bool plain = !n->numbers && !n->texts && !n->arrays && !n->forms && !n->never;
	struct buf b;

	buf_init(&b, mem, KIND_MAX);
	if (plain && n->values && !n->objects) {
		put_values(&b, n->values);
	} else if (plain && !n->values && n->objects && only_requires(n->objects)) {
		buf_str(&b, n->types ? "an object with " : "with ");
		put_required(&b, n->objects->required);
	} else if (plain && !n->values && !n->objects && n->types) {
		buf_str(&b, schema_says_types(mem, n->types));
	}
	return b.len > 0 && !b.full ? b.at : NULL;
}
