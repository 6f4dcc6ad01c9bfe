/*
 * schema: the face of the files schema_*.c, and what a tool's arguments want beyond a verdict.
 *
 * schema_words is the table of keywords, schema_load makes the nodes of schema_node.h, schema_refs
 * ties references, schema_check and schema_forms check, schema_says words the complaints.
 */
#include "schema.h"
#include "schema_check.h"
#include "schema_load.h"
#include "schema_uri.h"

/* Schemas that speak of the same value are visited up to so many times: references can make 2^n of n. */
#define VISITS_MAX	1000
#define HOPS_MAX	16	/* $ref after $ref */

struct schema {
	const struct schema_node *root;
};

static struct schema *
compile(struct arena *mem, struct json_object *source, bool strict, const char **why)
{
	struct schema *s = arena_zero(mem, sizeof(*s));

	s->root = schema_load(mem, source, strict, why);
	return s->root ? s : NULL;
}

struct schema *
schema_compile(struct arena *mem, struct json_object *source, const char **why)
{
	return compile(mem, source, true, why);
}

struct schema *
schema_compile_foreign(struct arena *mem, struct json_object *source, const char **why)
{
	return compile(mem, source, false, why);
}

bool
schema_check(const struct schema *s, struct json_object *value, struct arena *mem, struct buf *says)
{
	return schema_check_as(s, value, "the arguments", mem, says);
}

bool
schema_check_as(const struct schema *s, struct json_object *value, const char *what, struct arena *mem, struct buf *says)
{
	return schema_check_value(s->root, value, what, mem, says);
}

/* --- defaults --------------------------------------------------------------------------- */

/* Its default, or that of what it refers to. */
static struct json_object *
usual_of(const struct schema_node *n)
{
	int hops;

	for (hops = 0; hops < HOPS_MAX && !n->usual && n->forms && n->forms->ref; hops++)
		n = n->forms->ref;
	return n->usual;
}

/* Is it an integer and nothing else? */
static bool
is_integer(const struct schema_node *n)
{
	int hops;

	for (hops = 0; hops < HOPS_MAX && !n->types && n->forms && n->forms->ref; hops++)
		n = n->forms->ref;
	return n->types == SCHEMA_INTEGER;
}

static void
complete(const struct schema_named *p, struct json_object *object)
{
	struct json_object *v, *usual;

	if (!json_object_object_get_ex(object, p->name, &v)) {
		usual = usual_of(p->node);
		if (usual)
			json_object_object_add(object, p->name, json_object_get(usual));
	} else if (json_object_is_type(v, json_type_double) && is_integer(p->node)) {
		/* SQL casts the text, and '1.0' is no integer to it */
		json_object_object_add(object, p->name, json_object_new_int64((int64_t)json_object_get_double(v)));
	}
}

/* What holds in any case: the schema, what it refers to, all of allOf. */
static void
complete_all(const struct schema_node *n, struct json_object *object, int *visits)
{
	size_t i;

	if (!n || --*visits < 0)
		return;
	for (i = 0; n->objects && i < n->objects->properties.n; i++)
		complete(&n->objects->properties.named[i], object);
	if (!n->forms)
		return;
	complete_all(n->forms->ref, object, visits);
	for (i = 0; i < n->forms->all.n; i++)
		complete_all(n->forms->all.node[i], object, visits);
}

void
schema_defaults(const struct schema *s, struct json_object *object)
{
	int visits = VISITS_MAX;

	complete_all(s->root, object, &visits);
}

bool
schema_defaults_fit(const struct schema *s, struct arena *mem, struct buf *says)
{
	const struct schema_node *root = s->root;
	size_t i;

	for (i = 0; root->objects && i < root->objects->properties.n; i++) {
		const struct schema_named *p = &root->objects->properties.named[i];
		struct json_object *usual = usual_of(p->node);

		if (usual && !schema_check_value(p->node, usual, p->name, mem, says))
			return false;
	}
	return true;
}

/* --- properties ------------------------------------------------------------------------- */

static bool has(const struct schema_node *n, const char *name, int *visits);

static bool
list_has(const struct schema_list *list, const char *name, int *visits)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (has(list->node[i], name, visits))
			return true;
	return false;
}

static bool
has(const struct schema_node *n, const char *name, int *visits)
{
	const struct schema_forms *f = n ? n->forms : NULL;
	size_t i;

	if (!n || --*visits < 0)
		return false;
	for (i = 0; n->objects && i < n->objects->properties.n; i++)
		if (strcmp(n->objects->properties.named[i].name, name) == 0)
			return true;
	for (i = 0; f && i < f->needs.n; i++)
		if (has(f->needs.named[i].node, name, visits))
			return true;
	return f && (has(f->ref, name, visits) || has(f->then, name, visits) || has(f->otherwise, name, visits) ||
	    list_has(&f->all, name, visits) || list_has(&f->any, name, visits) || list_has(&f->one, name, visits));
}

bool
schema_has(const struct schema *s, const char *name)
{
	int visits = VISITS_MAX;

	return has(s->root, name, &visits);
}

/* --- reading ---------------------------------------------------------------------------- */

struct json_object *
schema_meant(struct arena *mem, struct json_object *root, struct json_object *source)
{
	const char *ref, *pointer;
	struct json_object *to;
	char *token;
	int hops;

	for (hops = 0; hops < HOPS_MAX && (ref = json_get_str(source, "$ref")) && ref[0] == '#'; hops++) {
		schema_uri_resolve(mem, "", ref, &pointer);
		for (to = root; to && (token = schema_uri_token(mem, &pointer)); )
			to = json_get(to, token);
		if (!to || *pointer)
			break;
		source = to;
	}
	return source;
}
