/* lists: a page is put together from faces, or taken as it was. */
#include "lists.h"
#include "cursor.h"
#include "fail.h"
#include "log.h"
#include "rpc.h"

#define KEPT		64		/* a power of two: pages a worker remembers */
#define LIST_MAX	(4 << 20)

struct kept {
	char             *key;		/* NULL: nothing here */
	char             *items;
	struct lists_page page;
};

static struct kept kept[KEPT];		/* of this worker; catalogs do not change in its life */

/* Everything a list depends on. */
static char *
key_of(struct request *rq)
{
	const struct identity *who = rq->who;
	struct buf b;
	size_t i;

	buf_init(&b, &rq->mem, 65536);
	buf_fmt(&b, "%d %d %s\n", rq->catalog->number, who->reads_only, who->scopes);
	for (i = 0; i < who->features.n; i++)
		buf_fmt(&b, "%s ", who->features.at[i]);
	return b.at;
}

/* A page of items behind `after` (NULL: from the first). */
static struct lists_page
make(struct request *rq, const struct lists_item *item, size_t n, const char *after)
{
	struct lists_page page = { 0 };
	int64_t shown = 0;
	struct buf b;
	size_t i;

	buf_init(&b, &rq->mem, LIST_MAX);
	for (i = 0; i < n; i++) {
		if ((after && strcmp(item[i].key, after) <= 0) || catalog_forbids(item[i].ask, rq->who, NULL, &rq->mem))
			continue;
		if (shown == rq->catalog->page_size) {
			page.more = true;
			break;
		}
		buf_str(&b, shown++ ? "," : "");
		buf_str(&b, item[i].face);
		page.last = item[i].key;
	}
	page.items = b.at;
	page.len = b.len;
	return page;
}

static struct lists_page
make_tools(struct request *rq, const char *after)
{
	const struct catalog *c = rq->catalog;
	struct lists_item *item = arena_take(&rq->mem, (c->tools + 1) * sizeof(*item));
	size_t i;

	for (i = 0; i < c->tools; i++)
		item[i] = (struct lists_item){ c->tool[i].name, c->tool[i].face, &c->tool[i] };
	return make(rq, item, c->tools, after);
}

static char *
keep_text(const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		bug("out of memory: %zu bytes", len);
	memcpy(copy, text, len + 1);
	return copy;
}

struct lists_page
lists_tools(struct request *rq, const char *after)
{
	struct kept *k;
	char *key;

	if (after)
		return make_tools(rq, after);
	key = key_of(rq);
	k = &kept[slot_number(key) & (KEPT - 1)];
	if (k->key && strcmp(k->key, key) == 0)
		return k->page;
	free(k->key);
	free(k->items);
	k->page = make_tools(rq, NULL);
	k->key = keep_text(key, strlen(key));
	k->items = keep_text(k->page.items, k->page.len);
	k->page.items = k->items;
	return k->page;
}

/* --- cursors ---------------------------------------------------------------------------- */

int
lists_place(struct request *rq, struct json_object **place)
{
	struct json_object *cursor;

	*place = NULL;
	if (!rq->params || !json_object_object_get_ex(rq->params, "cursor", &cursor))
		return 0;
	if (json_object_is_type(cursor, json_type_string))
		*place = cursor_read(rq, rq->method, json_object_get_string(cursor));
	if (json_object_is_type(*place, json_type_array) && json_object_is_type(json_object_array_get_idx(*place, 0), json_type_string))
		return 0;
	return fail(rq, FAIL_PARAMS, "Invalid params: cursor is not one that this list gave out.");
}

const char *
lists_behind(struct request *rq, const char *key)
{
	struct json_object *place = json_keep(&rq->mem, json_object_new_array());

	json_object_array_add(place, json_object_new_string(key));
	return json_plain(place, NULL);
}

void
lists_end(struct request *rq, const char *next)
{
	if (next) {
		rpc_member(rq, "nextCursor");
		buf_fmt(&rq->reply.body, "\"%s\"", cursor_make(rq, rq->method, next, strlen(next)));
	}
	rpc_caching(rq, rq->catalog->list_ttl_ms);
	rpc_result_end(rq);
}

int
lists_run(struct request *rq, const char *member, const struct lists_item *item, size_t n)
{
	struct json_object *place;
	struct lists_page page;

	if (lists_place(rq, &place) != 0)
		return -1;
	page = make(rq, item, n, place ? json_object_get_string(json_object_array_get_idx(place, 0)) : NULL);
	rpc_result_begin(rq);
	rpc_member(rq, member);
	buf_char(&rq->reply.body, '[');
	buf_add(&rq->reply.body, page.items, page.len);
	buf_char(&rq->reply.body, ']');
	lists_end(rq, page.more ? lists_behind(rq, page.last) : NULL);
	return 0;
}
