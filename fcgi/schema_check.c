/*
 * schema_check: each group of keywords in a function of its own.
 *
 * A check that nobody listens to (a branch of anyOf) stops at the first thing that does not fit; one
 * that is listened to goes on until enough is said.
 */
#include "schema_check.h"
#include "schema_forms.h"
#include "utf8.h"

#define COMPLAINTS_MAX	20		/* after so many the rest is not looked for */
#define DEPTH_MAX	400		/* schemas within schemas while checking */
#define STEPS_MAX	2000000		/* a step is a schema, a member, or some bytes of text: about 0.1 s */
#define PATTERNS_US	250000		/* for all patterns of a check together */
#define NAME_SAYS_MAX	500		/* bytes of what a name lacks */

static bool check_node(struct schema_work *w, const struct schema_node *n, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen);

/* --- numbers, strings ------------------------------------------------------------------- */

static bool
check_bound(struct schema_work *w, struct schema_number n, struct schema_number bound, int wrong, bool or_equal,
    const char *words, const struct schema_place *at)
{
	int order = bound.there ? schema_value_compare(n, bound) : -wrong;

	if (order != wrong && !(or_equal && order == 0))
		return true;
	schema_says_add(&w->says, at, "must be %s %s", words, w->says.out ? schema_says_number(w->mem, bound) : "");
	return false;
}

static bool
check_number(struct schema_work *w, const struct schema_numbers *s, struct json_object *v, const struct schema_place *at)
{
	struct schema_number n = schema_value_number(v);
	bool fits = check_bound(w, n, s->least, -1, false, "at least", at);

	fits &= check_bound(w, n, s->most, 1, false, "at most", at);
	fits &= check_bound(w, n, s->above, -1, true, "more than", at);
	fits &= check_bound(w, n, s->below, 1, true, "less than", at);
	if (!s->step.there || schema_value_multiple(n, s->step))
		return fits;
	schema_says_add(&w->says, at, "must be a multiple of %s", w->says.out ? schema_says_number(w->mem, s->step) : "");
	return false;
}

/* Gives up where it cannot be found out: under a `not`, "no match" would let everything through. */
static bool
matches(struct schema_work *w, const struct pattern *p, const char *text, size_t len, const struct schema_place *at)
{
	enum pattern_verdict got;

	if (!w->until_us)
		w->until_us = base_now_us() + PATTERNS_US;
	if (!schema_forms_spend(w, 2 + (int64_t)(len / 64)))
		return false;
	got = pattern_try(p, text, len, w->until_us);
	if (got == PATTERN_UNKNOWN || base_now_us() > w->until_us)
		return schema_forms_give_up(w, arena_fmt(w->mem, "whether %s matches its pattern could not be found out with reasonable "
		    "effort; send a shorter or simpler text", schema_says_place(&w->says, at)));
	return got == PATTERN_MATCHES;
}

static bool
check_text(struct schema_work *w, const struct schema_texts *s, struct json_object *v, const struct schema_place *at)
{
	const char *text = json_object_get_string(v);
	size_t len = (size_t)json_object_get_string_len(v);
	int64_t n = utf8_count(text, len);
	bool fits = n >= s->least;

	if (!schema_forms_spend(w, (int64_t)(len / 64)))
		return false;
	if (!fits && n == 0)
		schema_says_add(&w->says, at, "must not be empty");
	else if (!fits)
		schema_says_add(&w->says, at, "must have at least %" PRId64 " characters", s->least);
	if (n > s->most) {
		schema_says_add(&w->says, at, "must have at most %" PRId64 " characters", s->most);
		return false;
	}
	if (!s->pattern || matches(w, s->pattern, text, len, at))
		return fits;
	schema_says_add(&w->says, at, "must match the pattern %.100s", s->pattern_text);
	return false;
}

/* --- arrays ----------------------------------------------------------------------------- */

static bool
check_count(struct schema_work *w, int64_t n, int64_t least, int64_t most, const char *what, const struct schema_place *at)
{
	if (n < least)
		schema_says_add(&w->says, at, "must have at least %" PRId64 " %s", least, what);
	if (n > most)
		schema_says_add(&w->says, at, "must have at most %" PRId64 " %s", most, what);
	return n >= least && n <= most;
}

static bool
all_differ(struct schema_work *w, struct json_object *v)
{
	struct schema_set set;

	if (!schema_forms_spend(w, (int64_t)json_object_array_length(v) * 4))
		return false;
	set = schema_value_set(w->mem, v, &w->left);
	return !schema_value_twice(&set, &w->left) && schema_forms_spend(w, 0);
}

/* prefixItems, items */
static bool
check_items(struct schema_work *w, const struct schema_arrays *s, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	size_t i, n = json_object_array_length(v), end = s->rest ? n : n < s->first.n ? n : s->first.n;
	bool fits = true;

	if (s->rest && s->rest->never && n > s->first.n)
		return check_count(w, (int64_t)n, 0, (int64_t)s->first.n, "items", at);
	for (i = 0; i < end && (fits || !schema_forms_enough(w)); i++) {
		struct schema_place here = { .up = at, .i = i };

		fits &= check_node(w, i < s->first.n ? s->first.node[i] : s->rest, json_object_array_get_idx(v, i), &here, NULL);
	}
	schema_seen_mark_until(seen, end);
	return fits;
}

static void
say_contains(struct schema_work *w, const struct schema_arrays *s, bool few, const struct schema_place *at)
{
	const char *kind = w->says.out ? schema_says_kind(w->mem, s->contains) : NULL;
	int64_t n = few ? s->contains_least : s->contains_most;

	schema_says_add(&w->says, at, "must have at %s %" PRId64 " %s %s %s", few ? "least" : "most", n, n == 1 ? "item" : "items",
	    kind ? "like this:" : "of the kind that", kind ? kind : "the schema asks for");
}

static bool
check_contains(struct schema_work *w, const struct schema_arrays *s, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	size_t i, n = json_object_array_length(v);
	int64_t found = 0;

	for (i = 0; i < n && !w->gave_up; i++) {
		struct schema_place here = { .up = at, .i = i };

		if (!schema_forms_quietly(w, s->contains, json_object_array_get_idx(v, i), &here, NULL))
			continue;
		found++;
		schema_seen_mark(seen, i);
		if (!seen && found >= s->contains_least && s->contains_most == INT64_MAX)
			break;
	}
	if (found >= s->contains_least && found <= s->contains_most)
		return true;
	say_contains(w, s, found < s->contains_least, at);
	return false;
}

static bool
check_array(struct schema_work *w, const struct schema_arrays *s, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	int64_t n = (int64_t)json_object_array_length(v);
	bool fits = check_count(w, n, s->least, s->most, "items", at);

	if (n > s->most || (!fits && schema_forms_enough(w)))
		return false;
	if (s->differ && !all_differ(w, v)) {
		schema_says_add(&w->says, at, "must not have the same item twice");
		fits = false;
	}
	if (fits || !schema_forms_enough(w))
		fits &= check_items(w, s, v, at, seen);
	if (s->contains && (fits || !schema_forms_enough(w)))
		fits &= check_contains(w, s, v, at, seen);
	return fits;
}

/* --- objects ---------------------------------------------------------------------------- */

static const struct schema_named *
find_named(const struct schema_map *map, const char *name)
{
	size_t low = 0, high = map->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(map->sorted[middle]->name, name);

		if (order == 0)
			return map->sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* required; `with` is the member for whose sake, NULL: none */
static bool
check_required(struct schema_work *w, struct json_object *names, struct json_object *v, const struct schema_place *at,
    const char *with)
{
	size_t i, n = json_object_array_length(names);
	bool fits = true;

	for (i = 0; i < n && (fits || !schema_forms_enough(w)); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));

		if (json_object_object_get_ex(v, name, NULL))
			continue;
		fits = false;
		if (with)
			schema_says_member(&w->says, at, name, "is required when %s is given", with);
		else
			schema_says_member(&w->says, at, name, "is required");
	}
	return fits;
}

static bool
check_needs(struct schema_work *w, const struct schema_map *needs, struct json_object *v, const struct schema_place *at)
{
	bool fits = true;
	size_t i;

	for (i = 0; i < needs->n && (fits || !schema_forms_enough(w)); i++)
		if (json_object_object_get_ex(v, needs->named[i].name, NULL))
			fits &= check_required(w, needs->named[i].names, v, at, needs->named[i].name);
	return fits;
}

/* What a name lacks, as a sentence about names: "names must have at most 4 characters".  NULL: there is none. */
static const char *
name_complaint(struct schema_work *w, const struct schema_node *s, struct json_object *name)
{
	const char *kind = schema_says_kind(w->mem, s);
	struct schema_says loud = w->says;
	struct buf said;

	if (kind)
		return arena_fmt(w->mem, "names must be %s", kind);
	buf_init(&said, w->mem, NAME_SAYS_MAX);
	w->says = (struct schema_says){ .mem = w->mem, .out = &said, .most = 1, .joint = "", .what = "names" };
	(void)check_node(w, s, name, NULL, NULL);
	w->says = loud;
	return strncmp(said.at, "names must ", 11) == 0 ? said.at : NULL;
}

/* propertyNames */
static bool
check_name(struct schema_work *w, const struct schema_node *s, const char *name, const struct schema_place *at)
{
	struct json_object *text = json_object_new_string(name);
	bool fits = schema_forms_quietly(w, s, text, at, NULL);
	const char *why = NULL;

	if (!fits && !schema_forms_enough(w))
		why = name_complaint(w, s, text);
	json_object_put(text);	/* at once: there may be as many as there are members */
	if (!fits)
		schema_says_member(&w->says, at, name, "is not a name for it%s%s", why ? ": " : "", why ? why : "");
	return fits;
}

/* A member that is left to rest.  known: all names that are not, for complaints; NULL: there may be more. */
static bool
check_other(struct schema_work *w, const struct schema_node *rest, const struct schema_map *known, struct json_object *v,
    const struct schema_place *here)
{
	if (!rest->never)
		return check_node(w, rest, v, here, NULL);
	if (known && w->says.out)
		schema_says_add(&w->says, here, "is not known here (known: %s)", schema_says_names(w->mem, known));
	else
		schema_says_add(&w->says, here, "is not known here");
	return false;
}

static bool
check_member(struct schema_work *w, const struct schema_objects *s, const char *name, struct json_object *v,
    const struct schema_place *at, bool *known)
{
	const struct schema_named *p = find_named(&s->properties, name);
	struct schema_place here = { .up = at, .name = name };
	bool fits = !p || check_node(w, p->node, v, &here, NULL);
	size_t i;

	*known = p;
	for (i = 0; i < s->patterns.n; i++)
		if (matches(w, s->patterns.named[i].pattern, name, strlen(name), &here)) {
			*known = true;
			fits &= check_node(w, s->patterns.named[i].node, v, &here, NULL);
		}
	if (!*known && s->rest) {
		*known = true;
		fits &= check_other(w, s->rest, &s->properties, v, &here);
	}
	if (s->names)
		fits &= check_name(w, s->names, name, at);
	return fits;
}

static bool
check_members(struct schema_work *w, const struct schema_objects *s, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	bool fits = true, known;
	size_t i = 0;

	json_object_object_foreach(v, name, value) {
		fits &= check_member(w, s, name, value, at, &known);
		if (!schema_forms_spend(w, 1) || (!fits && schema_forms_enough(w)))
			return false;
		if (known)
			schema_seen_mark(seen, i);
		i++;
	}
	return fits;
}

static bool
check_object(struct schema_work *w, const struct schema_objects *s, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	bool fits = !s->required || check_required(w, s->required, v, at, NULL);

	if (fits || !schema_forms_enough(w))
		fits &= check_count(w, json_object_object_length(v), s->least, s->most, "members", at);
	if (s->needs.n && (fits || !schema_forms_enough(w)))
		fits &= check_needs(w, &s->needs, v, at);
	if ((s->properties.n || s->patterns.n || s->rest || s->names) && (fits || !schema_forms_enough(w)))
		fits &= check_members(w, s, v, at, seen);
	return fits;
}

/* --- what nobody has looked at ---------------------------------------------------------- */

static bool
check_unseen_items(struct schema_work *w, const struct schema_node *s, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	bool fits = true;
	size_t i;

	for (i = 0; i < seen->n && (fits || !schema_forms_enough(w)); i++) {
		struct schema_place here = { .up = at, .i = i };

		if (!schema_seen_has(seen, i))
			fits &= check_node(w, s, json_object_array_get_idx(v, i), &here, NULL);
	}
	schema_seen_mark_until(seen, seen->n);
	return fits;
}

/* What $ref, allOf, if and their like know depends on the value, so that only properties alone make a list. */
static bool
check_unseen_members(struct schema_work *w, const struct schema_node *n, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	const struct schema_objects *s = n->objects;
	const struct schema_map *known = !n->forms && s->patterns.n == 0 ? &s->properties : NULL;
	bool fits = true;
	size_t i = 0;

	json_object_object_foreach(v, name, value) {
		struct schema_place here = { .up = at, .name = name };

		if (!schema_seen_has(seen, i++))
			fits &= check_other(w, s->unevaluated, known, value, &here);
		if (!fits && schema_forms_enough(w))
			return false;
	}
	schema_seen_mark_until(seen, seen->n);
	return fits;
}

static bool
check_unseen(struct schema_work *w, const struct schema_node *n, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	if (n->arrays && n->arrays->unevaluated && json_object_is_type(v, json_type_array))
		return check_unseen_items(w, n->arrays->unevaluated, v, at, seen);
	if (n->objects && n->objects->unevaluated && json_object_is_type(v, json_type_object))
		return check_unseen_members(w, n, v, at, seen);
	return true;
}

/* --- nodes ------------------------------------------------------------------------------ */

/* enum, const */
static bool
check_values(struct schema_work *w, const struct schema_values *s, struct json_object *v, const struct schema_place *at)
{
	bool listed = !s->limited || schema_value_listed(&s->set, v, &w->left);
	bool equal = !s->fixed || schema_value_equal(s->constant, v);

	if (!schema_forms_spend(w, 0))
		return false;
	if (!listed)
		schema_says_add(&w->says, at, "must be one of %.300s", w->says.out ? json_plain(s->list, NULL) : "");
	if (!equal)
		schema_says_add(&w->says, at, "must be %.300s", w->says.out ? json_plain(s->constant, NULL) : "");
	return listed && equal;
}

static bool
check_words(struct schema_work *w, const struct schema_node *n, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	unsigned type = schema_forms_types(v);
	bool fits;

	if (n->never) {
		schema_says_add(&w->says, at, "is not allowed here");
		return false;
	}
	if (n->types && !(n->types & type)) {
		schema_says_add(&w->says, at, "must be %s", w->says.out ? schema_says_types(w->mem, n->types) : "");
		return false;
	}
	fits = !n->values || check_values(w, n->values, v, at);
	if (n->numbers && type & SCHEMA_NUMBER)
		fits &= check_number(w, n->numbers, v, at);
	else if (n->texts && type == SCHEMA_STRING)
		fits &= check_text(w, n->texts, v, at);
	else if (n->arrays && type == SCHEMA_ARRAY)
		fits &= check_array(w, n->arrays, v, at, seen);
	else if (n->objects && type == SCHEMA_OBJECT)
		fits &= check_object(w, n->objects, v, at, seen);
	if (n->forms && (fits || !schema_forms_enough(w)))
		fits &= schema_forms_check(w, n->forms, v, at, seen);
	/* Where something does not fit, less was seen, and complaints would be about the wrong thing. */
	return fits && (!n->tracks || !seen || check_unseen(w, n, v, at, seen));
}

/* Nobody outside asks what was seen, but the node itself does. */
static bool
check_tracked(struct schema_work *w, const struct schema_node *n, struct json_object *v, const struct schema_place *at)
{
	struct schema_seen_stack before = w->sets;
	struct schema_seen seen;
	bool fits;

	if (json_object_is_type(v, json_type_array))
		seen = schema_seen_take(&w->sets, w->mem, json_object_array_length(v));
	else if (json_object_is_type(v, json_type_object))
		seen = schema_seen_take(&w->sets, w->mem, (size_t)json_object_object_length(v));
	else
		return check_words(w, n, v, at, NULL);
	fits = check_words(w, n, v, at, &seen);
	schema_seen_drop(&w->sets, &before);
	return fits;
}

static bool
check_node(struct schema_work *w, const struct schema_node *n, struct json_object *v, const struct schema_place *at,
    struct schema_seen *seen)
{
	const struct schema_scope *outer = w->scope;
	struct schema_scope scope = { n->in, outer };
	bool fits;

	if (!schema_forms_spend(w, 1))
		return false;
	if (w->depth >= DEPTH_MAX)
		return schema_forms_give_up(w, "to check this takes more levels than are allowed; send values with fewer");
	if (!outer || outer->in != n->in)
		w->scope = &scope;
	w->depth++;
	fits = n->tracks && !seen ? check_tracked(w, n, v, at) : check_words(w, n, v, at, seen);
	w->depth--;
	w->scope = outer;
	return fits && !w->gave_up;
}

bool
schema_check_value(const struct schema_node *root, struct json_object *value, const char *what, struct arena *mem,
    struct buf *says)
{
	struct schema_work w = { .mem = mem, .left = STEPS_MAX, .node = check_node };
	size_t before = says->len;
	bool fits;

	w.says = (struct schema_says){ .mem = mem, .out = says, .most = COMPLAINTS_MAX, .joint = "; ", .what = what };
	fits = check_node(&w, root, value, NULL, NULL);
	if (w.gave_up) {
		/* What was said so far may be what a branch said that was cut short. */
		buf_cut(says, before);
		buf_str(says, w.gave_up);
	} else if (w.says.n > COMPLAINTS_MAX) {
		buf_fmt(says, "; and more");
	}
	return fits;
}
