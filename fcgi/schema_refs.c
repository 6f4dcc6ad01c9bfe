/* schema_refs: documents by URI, subschemas by pointer or anchor. */
#include "schema_refs.h"
#include "schema_uri.h"

struct schema_made {
	struct json_object *source;	/* NULL: free */
	struct schema_node *node;
};

/* --- nodes by their source -------------------------------------------------------------- */

static struct schema_made *
place_of(const struct schema_refs *r, struct json_object *source)
{
	size_t at = ((uintptr_t)source >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 32;

	for (at &= r->room - 1; r->made[at].source && r->made[at].source != source; at = (at + 1) & (r->room - 1))
		;
	return &r->made[at];
}

static void
grow(struct schema_refs *r)
{
	struct schema_made *old = r->made;
	size_t had = r->room, i;

	r->room = had ? 2 * had : 32;
	r->made = arena_zero(r->scratch, r->room * sizeof(*r->made));
	for (i = 0; i < had; i++)
		if (old[i].source)
			*place_of(r, old[i].source) = old[i];
}

void
schema_refs_made(struct schema_refs *r, struct json_object *source, struct schema_node *node)
{
	if (2 * (r->n + 1) > r->room)
		grow(r);
	*place_of(r, source) = (struct schema_made){ source, node };
	r->n++;
}

/* --- resources, anchors ----------------------------------------------------------------- */

static struct schema_resource *
find_resource(const struct schema_refs *r, const char *uri)
{
	struct schema_resource *s;

	for (s = r->resources; s && strcmp(s->uri, uri) != 0; s = s->next)
		;
	return s;
}

struct schema_resource *
schema_refs_resource(struct schema_refs *r, const char *uri, struct json_object *source, const struct schema_node *root)
{
	struct schema_resource *s;

	if (find_resource(r, uri))
		return NULL;
	s = arena_zero(r->mem, sizeof(*s));
	s->uri = uri;
	s->source = source;
	s->root = root;
	s->next = r->resources;
	return r->resources = s;
}

int
schema_refs_anchor(struct schema_refs *r, struct schema_resource *in, const char *name, bool dynamic,
    const struct schema_node *node)
{
	struct schema_anchor *a = arena_zero(r->mem, sizeof(*a));

	if (schema_resource_anchor(in, name))
		return -1;
	*a = (struct schema_anchor){ name, dynamic, node, in->anchor };
	in->anchor = a;
	return 0;
}

void
schema_refs_add(struct schema_refs *r, const struct schema_ref *ref)
{
	struct schema_ref *mine = arena_take(r->scratch, sizeof(*mine));

	*mine = *ref;
	mine->next = r->pending;
	r->pending = mine;
}

/* --- resolving -------------------------------------------------------------------------- */

/* RFC 6901 over the source; what it ends at must be a schema by its place. */
static const struct schema_node *
pointed(const struct schema_refs *r, struct json_object *at, const char *pointer)
{
	char *token;
	int64_t i;

	while (at && (token = schema_uri_token(r->scratch, &pointer))) {
		if (!json_object_is_type(at, json_type_array))
			at = json_get(at, token);
		else if (base_number(token, 0, INT32_MAX, &i) == 0 && (size_t)i < json_object_array_length(at))
			at = json_object_array_get_idx(at, (size_t)i);
		else
			return NULL;
	}
	return at && !*pointer ? place_of(r, at)->node : NULL;
}

const struct schema_node *
schema_refs_find(struct schema_refs *r, const struct schema_ref *ref, const char **missing, const char **dynamic)
{
	const char *fragment, *uri = schema_uri_resolve(r->scratch, ref->in->uri, ref->text, &fragment);
	const struct schema_resource *in = find_resource(r, uri);
	const struct schema_anchor *a;

	*missing = in ? NULL : uri;
	*dynamic = NULL;
	if (!in)
		return NULL;
	if (!*fragment)
		return in->root;
	if (*fragment == '/')
		return pointed(r, in->source, fragment);
	a = schema_resource_anchor(in, fragment);
	if (a && a->dynamic)
		*dynamic = a->name;
	return a ? a->node : NULL;
}
