/* lists: a page is put together from the tools' faces, or taken as it was. */
#include "lists.h"
#include "era.h"
#include "log.h"

#define KEPT		64		/* a power of two: pages a worker remembers */
#define LIST_MAX	(4 << 20)

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

uint64_t
lists_digest(const struct catalog *c, const struct identity *who, enum lists what)
{
	uint64_t digest = 0xcbf29ce484222325;
	struct arena mem;
	size_t i;

	arena_init(&mem, 4096, 16 << 20);	/* for sentences that nobody is told */
	for (i = 0; what == LISTS_TOOLS && i < c->tools; i++)
		if (!catalog_forbids(&c->tool[i], who, NULL, &mem))
			mix(&digest, c->tool[i].name);
	arena_close(&mem);
	return digest;
}

uint64_t
lists_whole(const struct catalog *c, enum lists what)
{
	uint64_t digest = 0xcbf29ce484222325;
	size_t i;

	for (i = 0; what == LISTS_TOOLS && i < c->tools; i++)
		mix(&digest, c->tool[i].face[adapt_face_number(ERA_MODERN_VERSION)]);
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

static struct lists_page
make(struct request *rq, size_t first)
{
	const struct catalog *c = rq->catalog;
	struct lists_page page = { 0 };
	int64_t shown = 0;
	struct buf b;
	size_t i;

	buf_init(&b, &rq->mem, LIST_MAX);
	for (i = first; i < c->tools; i++) {
		if (catalog_forbids(&c->tool[i], rq->who, NULL, &rq->mem))
			continue;
		if (shown == c->page_size) {
			page.more = true;
			break;
		}
		buf_str(&b, shown++ ? "," : "");
		buf_str(&b, c->tool[i].face[adapt_face_number(rq->version)]);
		page.last = &c->tool[i];
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
lists_tools(struct request *rq, size_t first)
{
	struct kept *k;
	char *key;

	if (first > 0)
		return make(rq, first);
	key = key_of(rq);
	k = &kept[slot_number(key) & (KEPT - 1)];
	if (k->key && strcmp(k->key, key) == 0)
		return k->page;
	free(k->key);
	free(k->items);
	k->page = make(rq, 0);
	k->key = keep_text(key, strlen(key));
	k->items = keep_text(k->page.items, k->page.len);
	k->page.items = k->items;
	return k->page;
}
