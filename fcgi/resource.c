/*
 * resource: what is found is decided before admission, what it holds afterwards.
 */
#include "resource.h"
#include "arguments.h"
#include "bind_sql.h"
#include "cursor.h"
#include "fail.h"
#include "lists.h"
#include "mrtr.h"
#include "rpc.h"

/* --- finding ---------------------------------------------------------------------------- */

/* One answer for what is not there, what is another tenant's, and what the credential may not see. */
int
resource_unknown(struct request *rq, const char *uri, enum fail what)
{
	struct buf b;

	fail(rq, what, "Resource not found");
	buf_init(&b, &rq->mem, 6 * strlen(uri) + 64);	/* whole, as it was asked for: each byte may need \u00XX */
	buf_str(&b, "{\"uri\":");
	buf_json(&b, uri, strlen(uri));
	buf_char(&b, '}');
	rq->data = b.at;
	return -1;
}

/* The values of $1: those in the URI, and the URI.  NULL: the entry does not stand for it. */
static struct json_object *
match(struct arena *mem, const struct resource *r, const char *uri)
{
	struct json_object *values;

	if (!r->many && strcmp(r->uri, uri) != 0)
		return NULL;
	values = r->many ? uri_match(mem, &r->pattern, uri) : json_keep(mem, json_object_new_object());
	if (values)
		json_object_object_add(values, "uri", json_object_new_string(uri));
	return values;
}

bool
resource_stands_for(struct arena *mem, const struct resource *r, const char *uri)
{
	return match(mem, r, uri);
}

/* The first entry that stands for the URI and may be seen.  *hidden: there is one that may not. */
static const struct resource *
find(struct request *rq, const char *uri, struct json_object **values, bool *hidden)
{
	const struct resources *all = &rq->catalog->resources;
	size_t i;

	*hidden = false;
	for (i = 0; i < all->n; i++) {
		*values = match(&rq->mem, &all->at[i], uri);
		if (!*values)
			continue;
		if (!catalog_forbids(&all->at[i].ask, rq->who, *values, &rq->mem))
			return &all->at[i];
		*hidden = true;
	}
	return NULL;
}

int
resource_find(struct request *rq)
{
	const char *uri = json_get_str(rq->params, "uri");
	bool hidden;

	if (!uri)
		return fail(rq, FAIL_PARAMS, "Invalid params: uri must be a string.");
	rq->resource = find(rq, uri, &rq->values, &hidden);
	if (!rq->resource)
		return resource_unknown(rq, uri, hidden ? FAIL_RESOURCE_DENIED : FAIL_RESOURCE);
	rq->tool = &rq->resource->ask;
	slot_put(rq->slot->event.tool, sizeof(rq->slot->event.tool), rq->tool->name);
	return 0;
}

/* --- reading ---------------------------------------------------------------------------- */

/* What a statement refuses with is an answer to a tool; here it is that there is no such resource, or an error. */
static int
settle_failure(struct request *rq, const char *uri)
{
	enum fail was = (enum fail)rq->failed;
	const char *word = rq->tool_error.word;

	if (was == FAIL_TOOL && !(word && strcmp(word, "NOT_FOUND") == 0))
		return fail_as_params(rq);
	if (was != FAIL_TOOL && was != FAIL_SCOPE)
		return -1;
	fail_clear(rq);
	return resource_unknown(rq, uri, was == FAIL_SCOPE ? FAIL_RESOURCE_DENIED : FAIL_RESOURCE);
}

/* The contents as a JSON array. */
static int
read_contents(struct request *rq, const struct resource *r, struct json_object *values, struct text *out)
{
	struct bind_result result;

	if (r->contents) {
		*out = (struct text){ r->contents, strlen(r->contents) };
		return 0;
	}
	if (bind_sql_ask(rq, &r->ask, values, &result) != 0)
		return settle_failure(rq, json_get_str(values, "uri"));
	*out = (struct text){ result.structured, result.structured_len };
	return 0;
}

int
resource_run_read(struct request *rq)
{
	struct text contents;

	arguments_note(rq, rq->values);
	if (mrtr_begin(rq) != 0 || read_contents(rq, rq->resource, rq->values, &contents) != 0)
		return -1;
	rpc_result_begin(rq);
	rpc_member(rq, "contents");
	buf_add(&rq->reply.body, contents.at, contents.len);
	rpc_caching(rq, rq->resource->ttl_ms);
	rpc_result_end(rq);
	return 0;
}

bool
resource_exists(struct request *rq, const char *uri)
{
	struct json_object *values;
	const struct resource *r;
	struct text contents;
	bool hidden;

	r = find(rq, uri, &values, &hidden);
	if (!r)
		return false;
	if (read_contents(rq, r, values, &contents) == 0)
		return true;
	if (rq->failed == FAIL_RESOURCE || rq->failed == FAIL_RESOURCE_DENIED || rq->failed == FAIL_PARAMS)
		fail_clear(rq);
	return false;
}

/* --- lists ------------------------------------------------------------------------------ */

/*
 * A page of resources/list: those with a URI of their own first, then template by template what its
 * `list` finds.  A place is ["uri of the last"] or ["uriTemplate", "cursor of its statement" or null].
 */
struct page {
	struct request *rq;
	struct buf     *b;
	int64_t         shown, most;
	const char     *next;		/* JSON text of the place to go on from; NULL: this is the last page */
};

static void
add_item(struct page *p, const char *json)
{
	buf_str(p->b, p->shown++ ? "," : "");
	buf_str(p->b, json);
}

static const char *
place(struct page *p, const char *uri, const char *cursor)
{
	struct json_object *o = json_keep(&p->rq->mem, json_object_new_array());

	json_object_array_add(o, json_object_new_string(uri));
	json_object_array_add(o, cursor ? json_object_new_string(cursor) : NULL);
	return json_plain(o, NULL);
}

/* A row of a template's list: a Resource, in which what is null is left out. */
static void
add_row(struct page *p, const struct resource *r, struct json_object *row)
{
	static const char *const shown[] = { "uri", "name", "title", "description", "mimeType", "size" };
	struct json_object *face = json_keep(&p->rq->mem, json_object_new_object()), *v;
	size_t i;

	for (i = 0; i < LEN(shown); i++)
		if ((v = json_get(row, shown[i])))
			json_object_object_add(face, shown[i], json_object_get(v));
	if (r->mime && !json_get(face, "mimeType"))
		json_object_object_add(face, "mimeType", json_object_new_string(r->mime));
	add_item(p, json_plain(face, NULL));
}

/* The instances behind `cursor` (NULL: from the first), as many as there is room for. */
static int
add_instances(struct page *p, const struct resource *r, const char *cursor)
{
	struct request *rq = p->rq;
	struct json_object *values = json_keep(&rq->mem, json_object_new_object()), *after = NULL, *rows, *all;
	struct bind_args args = { .given = values, .object = values };
	struct bind_result result;
	size_t i;

	args.limit = p->most - p->shown < r->list.rows_max ? p->most - p->shown : r->list.rows_max;
	if (cursor && !(after = cursor_read(rq, r->list.name, cursor)))
		return fail(rq, FAIL_PARAMS, "Invalid params: cursor is not one that this list gave out.");
	json_object_object_add(values, "limit", json_object_new_int64(args.limit + 1));
	if (after)
		json_object_object_add(values, "cursor", json_object_get(after));
	if (bind_sql(rq, &r->list, &args, &result) != 0)
		return -1;
	all = json_parse(&rq->mem, result.structured, result.structured_len, 16);
	rows = json_get(all, "resources");
	for (i = 0; i < json_object_array_length(rows); i++)
		add_row(p, r, json_object_array_get_idx(rows, i));
	cursor = json_get_str(all, "next_cursor");
	if (cursor)
		p->next = place(p, r->uri, cursor);
	return 0;
}

static bool
is_shown(struct request *rq, const struct resource *r)
{
	return !catalog_forbids(&r->ask, rq->who, NULL, &rq->mem);
}

/* Resources with a URI of their own, behind `after`. */
static void
add_fixed(struct page *p, const char *after)
{
	const struct resources *all = &p->rq->catalog->resources;
	const char *last = NULL;
	size_t i;

	for (i = 0; i < all->fixed && !p->next; i++) {
		const struct resource *r = &all->at[i];

		if ((after && strcmp(r->uri, after) <= 0) || !is_shown(p->rq, r))
			continue;
		if (p->shown == p->most) {
			p->next = place(p, last, NULL);
			return;
		}
		add_item(p, r->face);
		last = r->uri;
	}
}

/* Templates from the one called `from` on (NULL: the first); cursor is of its statement. */
static int
add_lists(struct page *p, const char *from, const char *cursor)
{
	const struct resources *all = &p->rq->catalog->resources;
	size_t i;

	for (i = all->fixed; i < all->n && !p->next; i++) {
		const struct resource *r = &all->at[i];

		if ((from && strcmp(r->uri, from) < 0) || !r->list.statement.sql || !is_shown(p->rq, r))
			continue;
		if (p->shown == p->most)
			p->next = place(p, r->uri, NULL);
		else if (add_instances(p, r, from && strcmp(r->uri, from) == 0 ? cursor : NULL) != 0)
			return -1;
	}
	return 0;
}

static bool
is_template(const struct catalog *c, const char *uri)
{
	size_t i;

	for (i = c->resources.fixed; i < c->resources.n; i++)
		if (strcmp(c->resources.at[i].uri, uri) == 0)
			return true;
	return false;
}

/* Fills the page from where the client's cursor points. */
static int
fill_page(struct page *p)
{
	struct json_object *from;
	const char *uri, *cursor;

	if (lists_place(p->rq, &from) != 0)
		return -1;
	uri = from ? json_object_get_string(json_object_array_get_idx(from, 0)) : NULL;
	cursor = from ? json_object_get_string(json_object_array_get_idx(from, 1)) : NULL;
	if (uri && is_template(p->rq->catalog, uri))
		return add_lists(p, uri, cursor);
	add_fixed(p, uri);
	return add_lists(p, NULL, NULL);
}

/* What a statement of the list refuses with has nobody's name on it. */
static int
list_failed(struct request *rq)
{
	const char *says = rq->says;

	if (rq->failed != FAIL_TOOL && rq->failed != FAIL_SCOPE)
		return -1;
	fail_clear(rq);
	return fail(rq, FAIL_INTERNAL, "resources/list: %s", says);
}

int
resource_run_list(struct request *rq)
{
	struct page p = { .rq = rq, .b = &rq->reply.body, .most = rq->catalog->page_size };

	rpc_result_begin(rq);
	rpc_member(rq, "resources");
	buf_char(p.b, '[');
	if (fill_page(&p) != 0)
		return list_failed(rq);
	buf_char(p.b, ']');
	lists_end(rq, p.next);
	return 0;
}

int
resource_run_templates(struct request *rq)
{
	return lists_run(rq, "resourceTemplates", LISTS_RESOURCES, rq->catalog->resources.fixed);
}
