/*
 * catalog: the folders in MCP_TOOLS, and the one decision who may see and call what is in them.
 */
#include "catalog.h"
#include "fail.h"

#define FILE_MAX	(1 << 20)
#define TOOLS_MAX	20000
#define EVERY_SCOPE	"*"	/* of a credential: also the scopes of tools that come later */

static const char *const not_tools[] = { "catalog", "resources", "prompts" };

struct load {
	struct arena   *mem;
	struct catalog *catalog;
	const char     *file;
	const char    **why;
};

static int
refuse(struct load *l, const char *what, const char *reason)
{
	*l->why = arena_fmt(l->mem, "%s: %s: %s", l->file, what, reason);
	return -1;
}

/* --- catalog.json ----------------------------------------------------------------------- */

enum member_kind { M_TEXT, M_WORDS, M_COUNT, M_FLAG, M_ERRORS };

static const struct member {
	const char      *name;
	enum member_kind kind;
	bool             needed;
	size_t           at;
} members[] = {
	{ "title",          M_TEXT,   true,  offsetof(struct catalog, title) },
	{ "version",        M_TEXT,   true,  offsetof(struct catalog, version) },
	{ "instructions",   M_TEXT,   false, offsetof(struct catalog, instructions) },
	{ "role",           M_TEXT,   true,  offsetof(struct catalog, role) },
	{ "schema",         M_TEXT,   true,  offsetof(struct catalog, schema) },
	{ "prefix",         M_TEXT,   true,  offsetof(struct catalog, prefix) },
	{ "feature",        M_TEXT,   false, offsetof(struct catalog, feature) },
	{ "plans_required", M_WORDS,  false, offsetof(struct catalog, plans) },
	{ "refused",        M_TEXT,   false, offsetof(struct catalog, refused) },
	{ "shared",         M_WORDS,  false, offsetof(struct catalog, shared) },
	{ "definer",        M_WORDS,  false, offsetof(struct catalog, definer) },
	{ "page_size",      M_COUNT,  false, offsetof(struct catalog, page_size) },
	{ "list_ttl_ms",    M_COUNT,  false, offsetof(struct catalog, list_ttl_ms) },
	{ "limit",          M_COUNT,  false, offsetof(struct catalog, per_minute) },
	{ "batches",        M_FLAG,   false, offsetof(struct catalog, batches) },
	{ "sse",            M_FLAG,   false, offsetof(struct catalog, sse) },
	{ "sse_plans",      M_WORDS,  false, offsetof(struct catalog, sse_plans) },
	{ "errors",         M_ERRORS, false, 0 },
};

static int
read_words(struct load *l, const char *name, struct json_object *v, struct words *out)
{
	size_t i, n = json_is_strings(v) ? json_object_array_length(v) : 0;
	const char **at = arena_take(l->mem, (n + 1) * sizeof(*at));

	if (!json_is_strings(v))
		return refuse(l, name, "expected an array of texts");
	for (i = 0; i < n; i++)
		at[i] = json_object_get_string(json_object_array_get_idx(v, i));
	*out = (struct words){ at, n };
	return 0;
}

static int
read_errors(struct load *l, const char *word)
{
	static const char *const words[] = { "text", "code", "status" };
	size_t i;

	for (i = 0; i < LEN(words); i++)
		if (strcmp(words[i], word) == 0) {
			l->catalog->errors = (enum catalog_errors)i;
			return 0;
		}
	return refuse(l, "errors", "expected \"text\", \"code\" or \"status\"");
}

static int
read_member(struct load *l, const struct member *m, struct json_object *v)
{
	char *field = (char *)l->catalog + m->at;
	const char *text = json_object_get_string(v);
	int64_t n = json_object_get_int64(v);
	bool flag = json_object_get_boolean(v);
	struct words words;

	switch (m->kind) {
	case M_TEXT:
		if (!json_object_is_type(v, json_type_string) || !*text)
			return refuse(l, m->name, "expected a text");
		memcpy(field, &text, sizeof(text));
		return 0;
	case M_COUNT:
		if (!json_object_is_type(v, json_type_int) || n < 1)
			return refuse(l, m->name, "expected an integer from 1");
		memcpy(field, &n, sizeof(n));
		return 0;
	case M_FLAG:
		memcpy(field, &flag, sizeof(flag));
		return json_object_is_type(v, json_type_boolean) ? 0 : refuse(l, m->name, "expected true or false");
	case M_ERRORS:
		return read_errors(l, text ? text : "");
	default:
		if (read_words(l, m->name, v, &words) != 0)
			return -1;
		memcpy(field, &words, sizeof(words));
		return 0;
	}
}

static const struct member *
find_member(const char *name)
{
	size_t i;

	for (i = 0; i < LEN(members); i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static int
read_source(struct load *l, struct json_object *source)
{
	size_t i;

	if (!json_object_is_type(source, json_type_object))
		return refuse(l, "the file", "expected an object");
	json_object_object_foreach(source, name, v) {
		const struct member *m = find_member(name);

		if (!m)
			return refuse(l, name, "unknown member");
		if (read_member(l, m, v) != 0)
			return -1;
	}
	for (i = 0; i < LEN(members); i++)
		if (members[i].needed && !json_get(source, members[i].name))
			return refuse(l, members[i].name, "must be there");
	if (strspn(l->catalog->prefix, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(l->catalog->prefix) ||
	    strlen(l->catalog->prefix) > 16)
		return refuse(l, "prefix", "expected 1 to 16 of a-z 0-9");
	return 0;
}

/* --- tools ------------------------------------------------------------------------------ */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The stems of the folder's tool files, sorted.  How many, or -1. */
static int
list_stems(struct load *l, const char *folder, const char **stem, int most)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	int n = 0;
	size_t i;

	if (!d)
		return refuse(l, folder, strerror(errno));
	while ((entry = readdir(d))) {
		char *name = arena_str(l->mem, entry->d_name);
		bool tool = base_ends(name, ".json") && !base_ends(name, ".answer.json") && name[0] != '.';

		if (!tool)
			continue;
		name[strlen(name) - strlen(".json")] = '\0';
		for (i = 0; i < LEN(not_tools); i++)
			tool = tool && strcmp(name, not_tools[i]) != 0;
		if (tool && n < most)
			stem[n++] = name;
	}
	closedir(d);
	qsort(stem, (size_t)n, sizeof(*stem), by_text);
	return n < most ? n : refuse(l, folder, "too many tools");
}

static int
read_tools(struct load *l, const char *folder)
{
	const char **stem = arena_take(l->mem, TOOLS_MAX * sizeof(*stem));
	struct catalog *c = l->catalog;
	struct tool *tool;
	int n = list_stems(l, folder, stem, TOOLS_MAX), i;

	if (n < 0)
		return -1;
	tool = arena_zero(l->mem, (size_t)(n + 1) * sizeof(*tool));
	for (i = 0; i < n; i++) {
		tool[i].catalog = c;
		if (tool_load(l->mem, &tool[i], folder, stem[i], l->why) != 0)
			return -1;
		c->speaks = c->speaks || tool[i].c;
		if (tool[i].per_minute == 0)
			tool[i].per_minute = c->per_minute;
	}
	c->tool = tool;
	c->tools = (size_t)n;
	return 0;
}

/* --- resources and prompts -------------------------------------------------------------- */

static void
add_entry(struct catalog *c, const struct tool *t)
{
	c->entry[c->entries++] = t;
}

static void
gather_resource(struct catalog *c, const struct resource *r)
{
	int i;

	add_entry(c, &r->ask);
	if (r->list.statement.sql)
		add_entry(c, &r->list);
	for (i = 0; i < r->completions; i++)
		add_entry(c, &r->complete[i].ask);
	c->completes = c->completes || r->completions > 0;
}

static void
gather_prompt(struct catalog *c, const struct prompt *p)
{
	int i;

	add_entry(c, &p->ask);
	c->speaks = c->speaks || p->ask.c;
	for (i = 0; i < p->args; i++)
		if (p->arg[i].complete) {
			add_entry(c, &p->arg[i].complete->ask);
			c->completes = true;
		}
}

static void
gather_entries(struct load *l)
{
	struct catalog *c = l->catalog;
	size_t i, most = c->tools + c->resources.n * (2 + URI_VARS_MAX) + c->prompts.n * (1 + PROMPT_ARGS_MAX);

	c->entry = arena_take(l->mem, (most + 1) * sizeof(*c->entry));
	for (i = 0; i < c->tools; i++)
		add_entry(c, &c->tool[i]);
	for (i = 0; i < c->resources.n; i++)
		gather_resource(c, &c->resources.at[i]);
	for (i = 0; i < c->prompts.n; i++)
		gather_prompt(c, &c->prompts.at[i]);
}

static void
gather_scopes(struct load *l)
{
	struct catalog *c = l->catalog;
	size_t i, j, n = 0, kept = 0;
	const char **at;

	for (i = 0; i < c->entries; i++)
		n += c->entry[i]->scope.n;
	at = arena_take(l->mem, (n + 1) * sizeof(*at));
	for (n = 0, i = 0; i < c->entries; i++)
		for (j = 0; j < c->entry[i]->scope.n; j++)
			at[n++] = c->entry[i]->scope.at[j];
	qsort(at, n, sizeof(*at), by_text);
	for (i = 0; i < n; i++)
		if (kept == 0 || strcmp(at[kept - 1], at[i]) != 0)
			at[kept++] = at[i];
	c->scopes = (struct words){ at, kept };
}

static void
make_server_info(struct load *l)
{
	struct json_object *o = json_keep(l->mem, json_object_new_object());

	json_object_object_add(o, "name", json_object_new_string(l->catalog->name));
	json_object_object_add(o, "title", json_object_new_string(l->catalog->title));
	json_object_object_add(o, "version", json_object_new_string(l->catalog->version));
	l->catalog->server_info = arena_str(l->mem, json_plain(o, NULL));
}

static int
load_catalog(struct arena *mem, struct catalog *c, const char *folder, const char *name, const char **why)
{
	struct load l = { .mem = mem, .catalog = c, .file = arena_fmt(mem, "%s/catalog.json", folder), .why = why };
	struct json_object *source = json_file(mem, l.file, FILE_MAX, why);

	if (!source)
		return -1;
	c->name = arena_str(mem, name);
	c->folder = arena_str(mem, folder);
	c->page_size = INT64_MAX;
	c->refused = "Your plan does not include this service.";
	c->instructions = "";
	if (read_source(&l, source) != 0 || read_tools(&l, folder) != 0 ||
	    resource_file_load(mem, c, c->folder, &c->resources, why) != 0 || prompt_file_load(mem, c, c->folder, &c->prompts, why) != 0)
		return -1;
	gather_entries(&l);
	c->search_path = arena_fmt(mem, "%s, pg_temp", db_identifier(mem, c->schema));
	make_server_info(&l);
	gather_scopes(&l);
	return 0;
}

/* --- folders ---------------------------------------------------------------------------- */

static int
add_catalog(struct arena *mem, struct catalogs *out, const char *folder, const char *name, const char **why)
{
	struct catalog *c = &out->at[out->n];

	if (out->n == CATALOGS_MAX) {
		*why = arena_fmt(mem, "more than %d catalogs", CATALOGS_MAX);
		return -1;
	}
	if (catalog_find(out, name)) {
		*why = arena_fmt(mem, "%s: a catalog of this name is already there", folder);
		return -1;
	}
	c->number = (int)out->n;
	if (load_catalog(mem, c, folder, name, why) != 0)
		return -1;
	out->n++;
	return 0;
}

static int
load_folder(struct arena *mem, struct catalogs *out, const char *folder, const char **why)
{
	struct dirent **entry;
	int n = scandir(folder, &entry, NULL, alphasort), i, got = 0;

	if (n < 0) {
		*why = arena_fmt(mem, "%s: %s", folder, strerror(errno));
		return -1;
	}
	for (i = 0; i < n; i++) {
		char *path = arena_fmt(mem, "%s/%s", folder, entry[i]->d_name);

		if (got == 0 && entry[i]->d_name[0] != '.' && access(arena_fmt(mem, "%s/catalog.json", path), F_OK) == 0)
			got = add_catalog(mem, out, path, entry[i]->d_name, why);
		free(entry[i]);
	}
	free(entry);
	return got;
}

int
catalogs_load(struct arena *mem, const char *folders, struct catalogs *out, const char **why)
{
	char *copy = arena_str(mem, folders), *rest = NULL, *folder;

	out->at = arena_zero(mem, CATALOGS_MAX * sizeof(*out->at));
	out->n = 0;
	for (folder = strtok_r(copy, ":", &rest); folder; folder = strtok_r(NULL, ":", &rest))
		if (load_folder(mem, out, folder, why) != 0)
			return -1;
	if (out->n == 0)
		*why = arena_fmt(mem, "%s: no catalog there (a folder with a catalog.json)", folders);
	return out->n > 0 ? 0 : -1;
}

/* --- looking up ------------------------------------------------------------------------- */

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
