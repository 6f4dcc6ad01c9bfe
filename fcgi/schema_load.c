/*
 * schema_load: a node per subschema, then the references.
 *
 * One pass makes the nodes and notes ids, anchors and references; a second ties the references,
 * reading the metaschemas when one is referred to; a third looks for circles.
 */
#include "schema_load.h"
#include "log.h"
#include "metaschema.h"
#include "schema_circles.h"
#include "schema_read.h"
#include "schema_uri.h"

#define DEPTH_MAX	32	/* levels of a schema */
#define NODES_MAX	10000	/* subschemas, those of metaschemas that are referred to included */
#define URI_MAX		2000	/* bytes of an $id with what it is relative to */
#define SCRATCH_CHUNK	4096
#define SCRATCH_MAX	(256 << 20)	/* a bug beyond: places and pointers of NODES_MAX subschemas take less */

static struct schema_node *load_node(struct schema_read *l, struct json_object *source);

/* --- subschemas ------------------------------------------------------------------------- */

/* The n-th of a list, or the one with that name. */
static const struct schema_node *
load_below(struct schema_read *l, const char *name, struct json_object *v)
{
	struct schema_read below = *l;

	below.at = l->at[0] ? arena_fmt(l->scratch, "%.400s.%.100s", l->at, name) : name;
	below.depth++;
	return load_node(&below, v);
}

static int
load_list(struct schema_read *l, const char *word, struct schema_list *list, struct json_object *v)
{
	size_t i, n = json_object_is_type(v, json_type_array) ? json_object_array_length(v) : 0;

	if (n == 0)
		return schema_read_refuse(l, "%s must be an array of at least one schema", word);
	list->node = arena_take(l->mem, n * sizeof(*list->node));
	for (i = 0; i < n; i++) {
		list->node[i] = load_below(l, arena_fmt(l->scratch, "%s[%zu]", word, i), json_object_array_get_idx(v, i));
		if (!list->node[i])
			return -1;
	}
	list->n = n;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct schema_named *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void
sort_map(struct schema_read *l, struct schema_map *map)
{
	size_t i;

	map->sorted = arena_take(l->mem, (map->n + 1) * sizeof(*map->sorted));
	for (i = 0; i < map->n; i++)
		map->sorted[i] = &map->named[i];
	qsort(map->sorted, map->n, sizeof(*map->sorted), by_name);
}

/* Properties are where arguments are, so their names alone say where; other names follow their keyword. */
static const char *
place_of(struct schema_read *l, const char *word, const char *name)
{
	return strcmp(word, "properties") == 0 ? name : arena_fmt(l->scratch, "%s.%.100s", word, name);
}

static int
load_map(struct schema_read *l, const char *word, struct schema_map *map, struct json_object *v)
{
	bool patterns = strcmp(word, "patternProperties") == 0;
	const char *why;

	if (!json_object_is_type(v, json_type_object))
		return schema_read_refuse(l, "%s must be an object", word);
	map->named = arena_zero(l->mem, (size_t)(json_object_object_length(v) + 1) * sizeof(*map->named));
	json_object_object_foreach(v, name, below) {
		struct schema_named *n = &map->named[map->n++];

		n->name = name;
		n->node = load_below(l, place_of(l, word, name), below);
		if (!n->node)
			return -1;
		if (patterns && !(n->pattern = pattern_compile(l->mem, name, &why)))
			return schema_read_refuse(l, "patternProperties: %s", why);
	}
	sort_map(l, map);
	return 0;
}

/* dependentRequired */
static int
load_needs(struct schema_read *l, const char *word, struct schema_map *map, struct json_object *v)
{
	if (!json_object_is_type(v, json_type_object))
		return schema_read_refuse(l, "%s must be an object", word);
	map->named = arena_zero(l->mem, (size_t)(json_object_object_length(v) + 1) * sizeof(*map->named));
	json_object_object_foreach(v, name, names) {
		struct schema_named *needs = &map->named[map->n++];

		needs->name = name;
		if (schema_read_names(l, arena_fmt(l->scratch, "%s.%s", word, name), &needs->names, names) != 0)
			return -1;
	}
	sort_map(l, map);
	return 0;
}

/* --- single keywords -------------------------------------------------------------------- */

static int
load_anchor(struct schema_read *l, const struct schema_word *w, struct schema_node *n, struct json_object *v)
{
	const char *name = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
	size_t i;

	for (i = 0; isalpha((unsigned char)name[0]) || name[0] == '_' ? name[i] != '\0' : false; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("-._", name[i]))
			break;
	if (i == 0 || name[i])
		return schema_read_refuse(l, "%s must be a name of letters, digits, \"-\", \".\" and \"_\"", w->name);
	if (schema_refs_anchor(l->refs, l->in, name, strcmp(w->name, "$dynamicAnchor") == 0, n) != 0)
		return schema_read_refuse(l, "%s \"%.100s\" is there twice", w->name, name);
	return 0;
}

static int
load_ref(struct schema_read *l, const struct schema_word *w, struct schema_node *n, struct json_object *v)
{
	if (!json_object_is_type(v, json_type_string))
		return schema_read_refuse(l, "%s must be a string", w->name);
	schema_refs_add(l->refs, &(struct schema_ref){ .text = json_object_get_string(v), .at = l->at, .in = l->in, .node = n,
	    .dynamic = strcmp(w->name, "$dynamicRef") == 0 });
	return 0;
}

static int
load_node_at(struct schema_read *l, const struct schema_word *w, const struct schema_node **to, struct json_object *v)
{
	*to = load_below(l, w->name, v);
	return *to ? 0 : -1;
}

static int
load_word(struct schema_read *l, struct schema_node *n, const struct schema_word *w, struct json_object *v)
{
	void *group = schema_word_group(l->mem, n, w->group);
	void *to = (char *)group + w->at;
	const struct schema_node *aside;

	switch (w->kind) {
	case WORD_TEXT:
		return json_object_is_type(v, json_type_string) ? 0 : schema_read_refuse(l, "%s must be a string", w->name);
	case WORD_ANCHOR:
		return load_anchor(l, w, n, v);
	case WORD_REF:
		return load_ref(l, w, n, v);
	case WORD_TYPE:
		return schema_read_type(l, n, v);
	case WORD_ENUM:
		return schema_read_enum(l, group, v);
	case WORD_CONST:
		n->values->fixed = true;
		n->values->constant = v;
		return 0;
	case WORD_NUMBER:
	case WORD_STEP:
		return schema_read_number(l, w, to, v);
	case WORD_COUNT:
		return schema_read_count(l, w, to, v);
	case WORD_FLAG:
		return schema_read_flag(l, w, to, v);
	case WORD_PATTERN:
		return schema_read_pattern(l, group, v);
	case WORD_NODE:
		return load_node_at(l, w, to, v);
	case WORD_ASIDE:
		return load_node_at(l, w, &aside, v);
	case WORD_LIST:
		return load_list(l, w->name, to, v);
	case WORD_MAP:
		return load_map(l, w->name, to, v);
	case WORD_STORE:
		return load_map(l, w->name, &(struct schema_map){ 0 }, v);
	case WORD_STRINGS:
		return schema_read_names(l, w->name, to, v);
	case WORD_NEEDS:
		return load_needs(l, w->name, to, v);
	default:
		return 0;	/* a note, what was read before, or of an older draft */
	}
}

/* --- resources, dialects ---------------------------------------------------------------- */

/* The URI of a resource, from its $id. */
static const char *
read_id(struct schema_read *l, struct json_object *v)
{
	const char *id = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL, *fragment, *uri;

	if (!id)
		return schema_read_refuse(l, "$id must be a string"), NULL;
	uri = arena_str(l->mem, schema_uri_resolve(l->scratch, l->base, id, &fragment));
	if (strlen(uri) > URI_MAX)
		return schema_read_refuse(l, "$id \"%.200s\" is longer than %d bytes", id, URI_MAX), NULL;
	if (*fragment)
		return schema_read_refuse(l, "$id \"%.200s\" must not have a fragment; $anchor names a place", id), NULL;
	return uri;
}

/* Where the node begins a resource: at the root, and where it has an $id. */
static int
open_resource(struct schema_read *l, struct schema_node *n, struct json_object *source)
{
	struct json_object *id = json_get(source, "$id"), *dialect = json_get(source, "$schema");
	const char *uri = id ? read_id(l, id) : l->base;
	struct schema_resource *in;
	unsigned vocabularies = l->in ? l->in->vocabularies : SCHEMA_ALL;

	if (!uri || (dialect && schema_read_dialect(l, dialect, &vocabularies) != 0))
		return -1;
	in = schema_refs_resource(l->refs, uri, source, n);
	if (!in)
		return schema_read_refuse(l, "$id \"%.200s\" is there twice", uri);
	in->vocabularies = vocabularies;
	l->in = in;
	l->base = uri;
	return 0;
}

/* --- nodes ------------------------------------------------------------------------------ */

static int
load_words(struct schema_read *l, struct schema_node *n, struct json_object *source)
{
	json_object_object_foreach(source, name, value) {
		const struct schema_word *w = schema_word_find(name);

		if (l->strict && w && w->kind == WORD_OLD)
			return schema_read_refuse(l, "%s is of an older draft of JSON Schema and means nothing in 2020-12", name);
		if (l->strict && !w && strncmp(name, "x-", 2) != 0)
			return schema_read_refuse(l, "unknown keyword \"%.100s\"", name);
		if (w && (w->vocabulary & l->in->vocabularies) && load_word(l, n, w, value) != 0)
			return -1;
	}
	n->usual = json_get(source, "default");
	n->tracks = (n->arrays && n->arrays->unevaluated) || (n->objects && n->objects->unevaluated);
	return 0;
}

static struct schema_node *
load_node(struct schema_read *l, struct json_object *source)
{
	struct schema_node *n = arena_zero(l->mem, sizeof(*n));
	bool object = json_object_is_type(source, json_type_object);

	if (!object && !json_object_is_type(source, json_type_boolean))
		return schema_read_refuse(l, "a schema must be an object, true or false"), NULL;
	if (l->depth > DEPTH_MAX)
		return schema_read_refuse(l, "more levels than a schema may have"), NULL;
	if (l->refs->n >= NODES_MAX)
		return schema_read_refuse(l, "more than the %d subschemas a schema may have", NODES_MAX), NULL;
	schema_refs_made(l->refs, source, n);
	if (!l->in || (object && json_get(source, "$id"))) {
		if (open_resource(l, n, source) != 0)
			return NULL;
	} else if (object && json_get(source, "$schema")) {
		return schema_read_refuse(l, "$schema belongs at the root, or beside an $id"), NULL;
	}
	n->in = l->in;
	n->never = !object && !json_object_get_boolean(source);
	return !object || load_words(l, n, source) == 0 ? n : NULL;
}

/* --- references ------------------------------------------------------------------------- */

/* A metaschema that somebody refers to. */
static int
load_metaschema(struct schema_read *l, const char *uri)
{
	const char *text = metaschema_text(uri);
	struct schema_read other = *l;

	other.document = json_parse(l->mem, text, strlen(text), DEPTH_MAX);
	if (!other.document)
		bug("the metaschema %s is no JSON", uri);
	other.in = NULL;
	other.at = uri;
	other.base = "";
	other.strict = false;
	return load_node(&other, other.document) ? 0 : -1;
}

static int
refuse_ref(struct schema_read *l, const struct schema_ref *ref, const char *missing)
{
	const char *word = ref->dynamic ? "$dynamicRef" : "$ref";

	l->at = ref->at;
	if (missing && schema_uri_absolute(missing))
		return schema_read_refuse(l, "%s \"%.200s\" is not in this schema, and nothing is fetched from elsewhere", word, ref->text);
	return schema_read_refuse(l, "%s \"%.200s\" leads to no schema", word, ref->text);
}

static int
tie(struct schema_read *l, const struct schema_ref *ref)
{
	const char *missing, *dynamic;
	const struct schema_node *to = schema_refs_find(l->refs, ref, &missing, &dynamic);

	if (!to && missing && metaschema_text(missing)) {
		if (load_metaschema(l, missing) != 0)
			return -1;
		to = schema_refs_find(l->refs, ref, &missing, &dynamic);
	}
	if (!to)
		return refuse_ref(l, ref, missing);
	if (ref->dynamic) {
		ref->node->forms->dynamic = to;
		ref->node->forms->dynamic_name = dynamic;
	} else {
		ref->node->forms->ref = to;
	}
	return 0;
}

/* A metaschema adds references of its own while they are tied. */
static int
tie_all(struct schema_read *l)
{
	struct schema_ref *ref;

	while ((ref = l->refs->pending)) {
		l->refs->pending = ref->next;
		ref->next = l->refs->tied;
		l->refs->tied = ref;
		if (tie(l, ref) != 0)
			return -1;
	}
	return 0;
}

/* Every circle has a reference in it. */
static int
refuse_circles(struct schema_read *l)
{
	const struct schema_ref *ref;

	for (ref = l->refs->tied; ref; ref = ref->next)
		if (schema_circles(ref->node)) {
			l->at = ref->at;
			return schema_read_refuse(l, "\"%.200s\" leads back here for the same value, or over more than %d schemas", ref->text, SCHEMA_CHAIN_MAX);
		}
	return 0;
}

const struct schema_node *
schema_load(struct arena *mem, struct json_object *source, bool strict, const char **why)
{
	struct arena scratch;
	struct schema_refs refs = { .mem = mem, .scratch = &scratch };
	struct schema_read l = { .mem = mem, .scratch = &scratch, .refs = &refs, .at = "", .base = "", .strict = strict, .document = source,
	    .why = why };
	const struct schema_node *root;

	arena_init(&scratch, SCRATCH_CHUNK, SCRATCH_MAX);
	root = load_node(&l, source);
	if (root && (tie_all(&l) != 0 || refuse_circles(&l) != 0))
		root = NULL;
	arena_close(&scratch);
	return root;
}
