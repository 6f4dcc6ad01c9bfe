/*
 * schema_forms: branches are tried quietly; only when none fits is it worked out what to say.
 *
 * A subschema of the same value marks what it saw in a set of its own, which counts only if the
 * value fits it.
 */
#include "schema_forms.h"
#include "schema_resource.h"

#define BRANCHES_SAID	4	/* of an anyOf that nothing fits */
#define WITHIN_MAX	2	/* such lists in one another: each level takes as many times the work, and is cut at a few words */

bool
schema_forms_give_up(struct schema_work *w, const char *why)
{
	if (!w->gave_up)
		w->gave_up = why;
	return false;
}

bool
schema_forms_spend(struct schema_work *w, int64_t steps)
{
	w->left -= steps;
	if (w->left < 0)
		return schema_forms_give_up(w, "to check this takes more work than is allowed; send fewer or smaller values");
	return !w->gave_up;
}

bool
schema_forms_enough(const struct schema_work *w)
{
	return !w->says.out || w->gave_up || w->says.n > w->says.most;
}

unsigned
schema_forms_types(struct json_object *v)
{
	int64_t whole;

	switch (json_object_get_type(v)) {
	case json_type_boolean:
		return SCHEMA_BOOLEAN;
	case json_type_int:
		return SCHEMA_INTEGER | SCHEMA_NUMBER;
	case json_type_double:
		/* 1.0 is an integer (validation 6.1.1); 1e300 is none that SQL could take. */
		return SCHEMA_NUMBER | (schema_value_whole(schema_value_number(v), &whole) ? SCHEMA_INTEGER : 0);
	case json_type_string:
		return SCHEMA_STRING;
	case json_type_array:
		return SCHEMA_ARRAY;
	case json_type_object:
		return SCHEMA_OBJECT;
	default:
		return SCHEMA_NULL;
	}
}

/* --- subschemas of the same value ------------------------------------------------------- */

/* With a set of its own, which counts only if v fits. */
static bool
check_same(struct schema_work *w, const struct schema_node *n, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	struct schema_seen_stack before = w->sets;
	struct schema_seen mine;
	bool fits;

	if (!seen)
		return w->node(w, n, v, at, NULL);
	if (!schema_forms_spend(w, (int64_t)(seen->n / 64)))
		return false;
	mine = schema_seen_take(&w->sets, w->mem, seen->n);
	fits = w->node(w, n, v, at, &mine);
	if (fits)
		schema_seen_add(seen, &mine);
	schema_seen_drop(&w->sets, &before);
	return fits;
}

bool
schema_forms_quietly(struct schema_work *w, const struct schema_node *n, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	struct schema_says loud = w->says;
	bool fits;

	w->says.out = NULL;
	fits = check_same(w, n, v, at, seen);
	w->says = loud;
	return fits;
}

/* The outermost resource on the way here that has a $dynamicAnchor of that name takes it over. */
static const struct schema_node *
dynamic_target(const struct schema_work *w, const struct schema_forms *f)
{
	const struct schema_node *to = f->dynamic;
	const struct schema_scope *s;

	for (s = f->dynamic_name ? w->scope : NULL; s; s = s->outer) {
		const struct schema_anchor *a = schema_resource_anchor(s->in, f->dynamic_name);

		if (a && a->dynamic)
			to = a->node;
	}
	return to;
}

/* --- what to say when no branch fits ---------------------------------------------------- */

/* Past a $ref that is all a branch consists of. */
static const struct schema_node *
meant(const struct schema_node *n)
{
	int hops;

	for (hops = 0; hops < 8 && n->forms && n->forms->ref && !n->types && !n->objects && !n->values; hops++)
		n = n->forms->ref;
	return n;
}

/* Is v one of the enum, and the const?  True where there is neither. */
static bool
is_listed(struct schema_work *w, const struct schema_values *values, struct json_object *v)
{
	if (values->limited && !schema_value_listed(&values->set, v, &w->left))
		return false;
	if (values->fixed && !schema_value_equal(values->constant, v))
		return false;
	return schema_forms_spend(w, 0);
}

/* Could v be meant for this branch?  Its type fits, and the members that name a kind (const, enum) do. */
static bool
could_be(struct schema_work *w, const struct schema_node *branch, struct json_object *v)
{
	const struct schema_node *n = meant(branch);
	struct json_object *member;
	size_t i;

	if (n->never || (n->types && !(n->types & schema_forms_types(v))))
		return false;
	if (n->values && !is_listed(w, n->values, v))
		return false;
	if (!n->objects || !json_object_is_type(v, json_type_object))
		return true;
	for (i = 0; i < n->objects->properties.n; i++) {
		const struct schema_named *p = &n->objects->properties.named[i];
		const struct schema_values *values = meant(p->node)->values;

		if (values && json_object_object_get_ex(v, p->name, &member) && !is_listed(w, values, member))
			return false;
	}
	return true;
}

/* The one branch that v could be meant for; NULL: none, or several. */
static const struct schema_node *
only_candidate(struct schema_work *w, const struct schema_list *branches, struct json_object *v)
{
	const struct schema_node *found = NULL;
	size_t i;

	for (i = 0; i < branches->n; i++) {
		if (!could_be(w, branches->node[i], v))
			continue;
		if (found)
			return NULL;
		found = branches->node[i];
	}
	return found;
}

/* The types of all branches, if each is about another type than v's; else 0. */
static unsigned
other_types(const struct schema_list *branches, struct json_object *v)
{
	unsigned types = 0, one;
	size_t i;

	for (i = 0; i < branches->n; i++) {
		one = meant(branches->node[i])->types;
		if (!one || one & schema_forms_types(v))
			return 0;
		types |= one;
	}
	return types;
}

/* "id, or name and kind"; NULL: some branch takes more words. */
static const char *
kinds(struct schema_work *w, const struct schema_list *branches)
{
	const char *kind;
	struct buf b;
	size_t i;

	buf_init(&b, w->mem, 300);
	for (i = 0; i < branches->n; i++) {
		kind = schema_says_kind(w->mem, meant(branches->node[i]));
		if (!kind)
			return NULL;
		buf_fmt(&b, "%s%s", i ? ", or " : "", kind);
	}
	return b.full ? NULL : b.at;
}

/* "(1) id is required; (2) name must be a string" */
static const char *
first_complaints(struct schema_work *w, const struct schema_list *branches, struct json_object *v, const struct schema_place *at)
{
	struct schema_says loud = w->says;
	struct buf b, one;
	size_t i;

	buf_init(&b, w->mem, 380);
	for (i = 0; i < branches->n && i < BRANCHES_SAID && !w->gave_up; i++) {
		buf_init(&one, w->mem, 380);
		w->says = (struct schema_says){ .mem = w->mem, .out = &one, .most = 1, .within = loud.within + 1, .joint = "",
		    .what = loud.what };
		(void)w->node(w, branches->node[i], v, at, NULL);
		buf_fmt(&b, "%s(%zu) %s", i ? "; " : "", i + 1, one.at);
	}
	w->says = loud;
	return b.at;
}

static void
explain(struct schema_work *w, const struct schema_list *branches, struct json_object *v, const struct schema_place *at)
{
	const struct schema_node *candidate;
	const char *words;
	unsigned types;

	if (schema_forms_enough(w)) {
		w->says.n++;
		return;
	}
	candidate = only_candidate(w, branches, v);
	if (candidate)
		(void)w->node(w, candidate, v, at, NULL);
	else if ((types = other_types(branches, v)))
		schema_says_add(&w->says, at, "must be %s", schema_says_types(w->mem, types));
	else if ((words = kinds(w, branches)))
		schema_says_add(&w->says, at, "must %s %s", strncmp(words, "with ", 5) == 0 ? "come" : "be", words);
	else if (w->says.within < WITHIN_MAX)
		schema_says_add(&w->says, at, "must fit one of %zu forms, and fits none: %s", branches->n,
		    first_complaints(w, branches, v, at));
	else
		schema_says_add(&w->says, at, "must fit one of %zu forms, and fits none", branches->n);
}

/* --- the keywords ----------------------------------------------------------------------- */

static bool
check_all(struct schema_work *w, const struct schema_list *branches, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	bool fits = true;
	size_t i;

	for (i = 0; i < branches->n; i++)
		if (!check_same(w, branches->node[i], v, at, seen)) {
			fits = false;
			if (schema_forms_enough(w))
				break;
		}
	return fits;
}

/* Further branches are tried only for what they see. */
static bool
check_any(struct schema_work *w, const struct schema_list *branches, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	bool fits = false;
	size_t i;

	for (i = 0; i < branches->n && !(fits && !seen); i++)
		fits |= schema_forms_quietly(w, branches->node[i], v, at, seen);
	if (!fits)
		explain(w, branches, v, at);
	return fits;
}

static bool
check_one(struct schema_work *w, const struct schema_list *branches, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	size_t i, first = 0, n = 0;

	for (i = 0; i < branches->n && n < 2; i++)
		if (schema_forms_quietly(w, branches->node[i], v, at, seen) && n++ == 0)
			first = i;
	if (n == 0)
		explain(w, branches, v, at);
	if (n > 1)
		schema_says_add(&w->says, at, "must fit only one of %zu forms, and fits (%zu) and (%zu)", branches->n, first + 1, i);
	return n == 1;
}

static bool
check_not(struct schema_work *w, const struct schema_node *n, struct json_object *v, const struct schema_place *at)
{
	const char *kind;

	if (!schema_forms_quietly(w, n, v, at, NULL))
		return !w->gave_up;
	kind = w->says.out ? schema_says_kind(w->mem, meant(n)) : NULL;
	if (!kind)
		schema_says_add(&w->says, at, "must not be of the form that is excluded here");
	else
		schema_says_add(&w->says, at, "must not %s %s", strncmp(kind, "with ", 5) == 0 ? "come" : "be", kind);
	return false;
}

static bool
check_when(struct schema_work *w, const struct schema_forms *f, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	const struct schema_node *next = schema_forms_quietly(w, f->when, v, at, seen) ? f->then : f->otherwise;

	return !next || check_same(w, next, v, at, seen);
}

static bool
check_needs(struct schema_work *w, const struct schema_map *needs, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	bool fits = true;
	size_t i;

	for (i = 0; i < needs->n; i++)
		if (json_object_object_get_ex(v, needs->named[i].name, NULL) && !check_same(w, needs->named[i].node, v, at, seen)) {
			fits = false;
			if (schema_forms_enough(w))
				break;
		}
	return fits;
}

/* Is it worth to look further? */
static bool
goes_on(const struct schema_work *w, bool fits)
{
	return fits || !schema_forms_enough(w);
}

bool
schema_forms_check(struct schema_work *w, const struct schema_forms *f, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	bool fits, object = json_object_is_type(v, json_type_object);

	fits = !f->ref || check_same(w, f->ref, v, at, seen);
	if (f->dynamic && goes_on(w, fits))
		fits &= check_same(w, dynamic_target(w, f), v, at, seen);
	if (f->all.n && goes_on(w, fits))
		fits &= check_all(w, &f->all, v, at, seen);
	if (f->any.n && goes_on(w, fits))
		fits &= check_any(w, &f->any, v, at, seen);
	if (f->one.n && goes_on(w, fits))
		fits &= check_one(w, &f->one, v, at, seen);
	if (f->not && goes_on(w, fits))
		fits &= check_not(w, f->not, v, at);
	if (f->when && goes_on(w, fits))
		fits &= check_when(w, f, v, at, seen);
	if (f->needs.n && object && goes_on(w, fits))
		fits &= check_needs(w, &f->needs, v, at, seen);
	return fits;
}
