/* ctl_scope: the catalogs are loaded as the server loads them, so a folder it would refuse is refused here too. */
#include "ctl_scope.h"
#include "log.h"

#define ALL_SCOPES	"*"

static const char *
names_of(struct ctl *c, const struct catalogs *all)
{
	struct words names = { .n = all->n };
	const char **at = arena_zero(&c->mem, (all->n + 1) * sizeof(*at));
	size_t i;

	for (i = 0; i < all->n; i++)
		at[i] = all->at[i].name;
	names.at = at;
	return ctl_args_join(&c->mem, &names);
}

const struct catalog *
ctl_scope_catalog(struct ctl *c, const char *name)
{
	const char *why;
	const struct catalog *found;
	struct catalogs all;

	if (catalog_file_load(&c->mem, c->cfg.tools, &all, &why) != 0)
		die("%s", why);
	found = catalog_find(&all, name);
	if (!found)
		die("there is no catalog %s in MCP_TOOLS; there is %s", name, names_of(c, &all));
	return found;
}

static bool
has_scope(const struct catalog *catalog, const char *word)
{
	size_t i;

	for (i = 0; i < catalog->scopes.n; i++)
		if (strcmp(catalog->scopes.at[i], word) == 0)
			return true;
	return strcmp(word, ALL_SCOPES) == 0;
}

void
ctl_scope_check(struct ctl *c, const struct catalog *catalog)
{
	size_t i;

	for (i = 0; i < c->scope.n; i++) {
		const char *word = c->scope.at[i];

		if (has_scope(catalog, word))
			continue;
		if (catalog->scopes.n == 0)
			die("catalog %s has no scope %s, nor any other: no tool of it asks for one, and a key has '*'", catalog->name, word);
		die("catalog %s has no scope %s; it has %s, and '*' for all of them", catalog->name, word,
		    ctl_args_join(&c->mem, &catalog->scopes));
	}
}
