/* catalog: looking up, and the one decision who may see and call what is there. */
#include "catalog.h"
#include "fail.h"

#define EVERY_SCOPE	"*"	/* of a credential: also the scopes of tools that come later */

const struct catalog *
catalog_find(const struct catalogs *all, const char *name)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (strcmp(all->at[i].name, name) == 0)
			return &all->at[i];
	return NULL;
}

static int
by_name(const void *name, const void *t)
{
	return strcmp(name, ((const struct tool *)t)->name);
}

const struct tool *
catalog_tool(const struct catalog *c, const char *name)
{
	return bsearch(name, c->tool, c->tools, sizeof(*c->tool), by_name);
}

static int
by_prompt_name(const void *name, const void *p)
{
	return strcmp(name, ((const struct prompt *)p)->ask.name);
}

const struct prompt *
catalog_prompt(const struct catalog *c, const char *name)
{
	return c->prompts.n == 0 ? NULL : bsearch(name, c->prompts.at, c->prompts.n, sizeof(*c->prompts.at), by_prompt_name);
}

static bool
has_word(const struct words *list, const char *word)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (strcmp(list->at[i], word) == 0)
			return true;
	return false;
}

/* Does the word have the form of the pattern, whatever stands for its {NAME}s? */
static bool
has_form(const char *word, const char *pattern)
{
	while (*pattern && *pattern != '{') {
		if (*word++ != *pattern++)
			return false;
	}
	if (!*pattern)
		return !*word;
	pattern += strcspn(pattern, "}");
	pattern += *pattern == '}';
	for (; *word; word++)
		if (has_form(word + 1, pattern))
			return true;
	return false;
}

/* The pattern with the arguments' values in place; one that is missing or no text is empty. */
static const char *
filled(struct arena *mem, const char *pattern, struct json_object *args)
{
	struct buf b;

	buf_init(&b, mem, 1000);
	while (*pattern) {
		size_t plain = strcspn(pattern, "{"), name;
		const char *value;

		buf_add(&b, pattern, plain);
		pattern += plain;
		if (!*pattern)
			break;
		name = strcspn(++pattern, "}");
		value = json_get_str(args, arena_copy(mem, pattern, name));
		buf_str(&b, value ? value : "");
		pattern += name + (pattern[name] == '}');
	}
	return b.at;
}

static bool
has_scope(const struct identity *who, const char *pattern, struct json_object *args, struct arena *mem)
{
	size_t i;

	if (!strchr(pattern, '{'))
		return has_word(&who->scope, pattern);
	if (args)
		return has_word(&who->scope, filled(mem, pattern, args));
	for (i = 0; i < who->scope.n; i++)
		if (has_form(who->scope.at[i], pattern))
			return true;
	return false;
}

/* The sentence for a caller who has none of the scopes. */
static const char *
scope_missing(const struct tool *t, struct json_object *args, struct arena *mem)
{
	struct buf b;
	size_t i;

	buf_init(&b, mem, 1000);
	for (i = 0; i < t->scope.n; i++)
		buf_fmt(&b, "%s'%.100s'", i == 0 ? "" : i + 1 < t->scope.n ? ", " : " or ",
		    args ? filled(mem, t->scope.at[i], args) : t->scope.at[i]);
	return arena_fmt(mem, "Insufficient permissions. This API key does not have the %s scope.", b.at);
}

const char *
catalog_forbids(const struct tool *t, const struct identity *who, struct json_object *args, struct arena *mem)
{
	bool may = t->scope.n == 0 || has_word(&who->scope, EVERY_SCOPE);
	size_t i;

	for (i = 0; i < t->scope.n && !may; i++)
		may = has_scope(who, t->scope.at[i], args, mem);
	if (!may)
		return scope_missing(t, args, mem);
	if (t->feature && !has_word(&who->features, t->feature))
		return arena_fmt(mem, "Insufficient permissions. This account does not have the '%s' feature.", t->feature);
	if (t->writes == TOOL_WRITES && who->reads_only)
		return "Insufficient permissions. This API key may only read.";
	return NULL;
}

bool
catalog_serves(const struct catalog *c, const struct identity *who)
{
	if (c->feature && !has_word(&who->features, c->feature))
		return false;
	return c->plans.n == 0 || has_word(&c->plans, who->plan);
}

int
catalog_admits(struct request *rq, const struct tool *t, struct json_object *args)
{
	const char *why;

	if (!catalog_serves(t->catalog, rq->who))
		return fail(rq, FAIL_REFUSED, "%s", t->catalog->refused);
	why = catalog_forbids(t, rq->who, args, &rq->mem);
	return why ? fail(rq, FAIL_SCOPE, "%s", why) : 0;
}

bool
catalog_offers_sse(const struct catalog *c, const struct identity *who)
{
	return c->sse && (c->sse_plans.n == 0 || has_word(&c->sse_plans, who->plan));
}

static bool
seals(const struct tool *t)
{
	int i;

	for (i = 0; i < t->args; i++)
		if (t->arg[i].kind == ARG_SEAL)
			return true;
	return false;
}

const char *
catalogs_sealing(const struct catalogs *all)
{
	size_t i, j;

	for (i = 0; i < all->n; i++)
		for (j = 0; j < all->at[i].tools; j++)
			if (seals(&all->at[i].tool[j]))
				return all->at[i].tool[j].file;
	return NULL;
}
