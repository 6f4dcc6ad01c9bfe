/* lists: a page is put together from faces, or taken as it was. */
#include "lists.h"
#include "cursor.h"
#include "era.h"
#include "fail.h"
#include "log.h"
#include "rpc.h"

#define KEPT		64		/* a power of two: pages a worker remembers */
#define LIST_MAX	(4 << 20)

/* One entry of a list that is sorted by key. */
struct item {
	const char        *key;
	const char        *face;	/* JSON object */
	const struct tool *ask;		/* who may see it */
};

struct kept {
	char             *key;		/* NULL: nothing here */
	char             *items;
	struct lists_page page;
};

static struct kept kept[KEPT];		/* of this worker; catalogs do not change in its life */

static const char *const names[LISTS_COUNT] = { "tools", "prompts", "resources" };

const char *
lists_name(enum lists what)
{
	return names[what];
}

enum lists
lists_named(const char *name)
{
	int i;

	for (i = 0; i < LISTS_COUNT && strcmp(names[i], name) != 0; i++)
		;
	return (enum lists)i;
}

/* --- what a list is, in a number -------------------------------------------------------- */

/* FNV-1a: nobody gains by making two lists alike. */
static void
mix(uint64_t *digest, const char *text)
{
	do {
		*digest = (*digest ^ (unsigned char)*text) * 0x100000001b3;
	} while (*text++);
}

/* The i-th entry of a list, in its order, as the revision shows it; false: there are no more. */
static bool
entry(const struct catalog *c, const char *version, enum lists what, size_t i, struct item *out)
{
	switch (what) {
	case LISTS_TOOLS:
		if (i < c->tools)
			*out = (struct item){ c->tool[i].name, c->tool[i].face[adapt_face_number(version)], &c->tool[i] };
		return i < c->tools;
	case LISTS_PROMPTS:
		if (i < c->prompts.n)
			*out = (struct item){ c->prompts.at[i].ask.name, c->prompts.at[i].face, &c->prompts.at[i].ask };
		return i < c->prompts.n;
	default:
		if (i < c->resources.n)
			*out = (struct item){ c->resources.at[i].uri, c->resources.at[i].face, &c->resources.at[i].ask };
		return i < c->resources.n;
	}
}

uint64_t
lists_digest(const struct catalog *c, const struct identity *who, enum lists what)
{
	uint64_t digest = 0xcbf29ce484222325;
	struct item item = { 0 };
	struct arena mem;
	size_t i;

	arena_init(&mem, 4096, 16 << 20);	/* for sentences that nobody is told */
	for (i = 0; entry(c, ERA_MODERN_VERSION, what, i, &item); i++)
		if (!catalog_forbids(item.ask, who, NULL, &mem))
			mix(&digest, item.key);
	arena_close(&mem);
	return digest;
}

uint64_t
lists_whole(const struct catalog *c, enum lists what)
{
	uint64_t digest = 0xcbf29ce484222325;
	struct item item = { 0 };
	size_t i;

	for (i = 0; entry(c, ERA_MODERN_VERSION, what, i, &item); i++)
		mix(&digest, item.face);
	return digest;
}

/* --- pages ------------------------------------------------------------------------------ */

/* Everything a list depends on. */
static char *
key_of(struct request *rq)
{
	const struct identity *who = rq->who;
	struct buf b;
	size_t i;

	buf_init(&b, &rq->mem, 65536);
	buf_fmt(&b, "%d %d %d %s\n", rq->catalog->number, adapt_face_number(rq->version), who->reads_only, who->scopes);
	for (i = 0; i < who->features.n; i++)
		buf_fmt(&b, "%s ", who->features.at[i]);
	return b.at;
}

/* A page of the entries from number `first` on that come behind `after` (NULL: all do). */
static struct lists_page
make(struct request *rq, enum lists what, size_t first, const char *after)
{
	struct lists_page page = { 0 };
	struct item item = { 0 };
	int64_t shown = 0;
	struct buf b;
	size_t i;

	buf_init(&b, &rq->mem, LIST_MAX);
	for (i = first; entry(rq->catalog, rq->version, what, i, &item); i++) {
		if ((after && strcmp(item.key, after) <= 0) || catalog_forbids(item.ask, rq->who, NULL, &rq->mem))
			continue;
		if (shown == rq->catalog->page_size) {
			page.more = true;
			break;
		}
		buf_str(&b, shown++ ? "," : "");
		buf_str(&b, item.face);
		page.last = item.key;
	}
	page.items = b.at;
	page.len = b.len;
	return page;
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
		return make(rq, LISTS_TOOLS, 0, after);
	key = key_of(rq);
	k = &kept[slot_number(key) & (KEPT - 1)];
	if (k->key && strcmp(k->key, key) == 0)
		return k->page;
	free(k->key);
	free(k->items);
	k->page = make(rq, LISTS_TOOLS, 0, NULL);
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

/* ["key"], a place. */
static const char *
behind(struct request *rq, const char *key)
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

static const char *
key_in(struct json_object *place)
{
	return place ? json_object_get_string(json_object_array_get_idx(place, 0)) : NULL;
}

static void
answer(struct request *rq, const char *member, const struct lists_page *page)
{
	rpc_result_begin(rq);
	rpc_member(rq, member);
	buf_char(&rq->reply.body, '[');
	buf_add(&rq->reply.body, page->items, page->len);
	buf_char(&rq->reply.body, ']');
	lists_end(rq, page->more ? behind(rq, page->last) : NULL);
}

int
lists_run_tools(struct request *rq)
{
	struct json_object *place;
	struct lists_page page;

	if (lists_place(rq, &place) != 0)
		return -1;
	page = lists_tools(rq, key_in(place));
	answer(rq, "tools", &page);
	return 0;
}

int
lists_run(struct request *rq, const char *member, enum lists what, size_t first)
{
	struct json_object *place;
	struct lists_page page;

	if (lists_place(rq, &place) != 0)
		return -1;
	page = make(rq, what, first, key_in(place));
	answer(rq, member, &page);
	return 0;
}
