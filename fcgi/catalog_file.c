/* catalog_file: catalog.json first, then the tools, then what is offered beside them. */
#include "catalog_file.h"
#include "tool_file.h"

#define FILE_MAX	(1 << 20)
#define TOOLS_MAX	20000

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
	int64_t          most;		/* of M_COUNT */
} members[] = {
	{ "title",          M_TEXT,   true,  offsetof(struct catalog, title), 0 },
	{ "version",        M_TEXT,   true,  offsetof(struct catalog, version), 0 },
	{ "instructions",   M_TEXT,   false, offsetof(struct catalog, instructions), 0 },
	{ "role",           M_TEXT,   true,  offsetof(struct catalog, role), 0 },
	{ "schema",         M_TEXT,   true,  offsetof(struct catalog, schema), 0 },
	{ "prefix",         M_TEXT,   true,  offsetof(struct catalog, prefix), 0 },
	{ "feature",        M_TEXT,   false, offsetof(struct catalog, feature), 0 },
	{ "plans_required", M_WORDS,  false, offsetof(struct catalog, plans), 0 },
	{ "refused",        M_TEXT,   false, offsetof(struct catalog, refused), 0 },
	{ "shared",         M_WORDS,  false, offsetof(struct catalog, shared), 0 },
	{ "definer",        M_WORDS,  false, offsetof(struct catalog, definer), 0 },
	{ "page_size",      M_COUNT,  false, offsetof(struct catalog, page_size), TOOLS_MAX },
	{ "list_ttl_ms",    M_COUNT,  false, offsetof(struct catalog, list_ttl_ms), INT64_C(86400000) },
	{ "limit",          M_COUNT,  false, offsetof(struct catalog, per_minute), 1000000 },
	{ "batches",        M_FLAG,   false, offsetof(struct catalog, batches), 0 },
	{ "sse",            M_FLAG,   false, offsetof(struct catalog, sse), 0 },
	{ "sse_plans",      M_WORDS,  false, offsetof(struct catalog, sse_plans), 0 },
	{ "errors",         M_ERRORS, false, 0, 0 },
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
		if (!json_object_is_type(v, json_type_int) || n < 1 || n > m->most)
			return refuse(l, m->name, arena_fmt(l->mem, "expected an integer from 1 to %" PRId64, m->most));
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

/* An empty list of plans would be taken for all of them. */
static int
check_plans(struct load *l, struct json_object *source)
{
	static const char *const lists[] = { "plans_required", "sse_plans" };
	size_t i;

	for (i = 0; i < LEN(lists); i++) {
		struct json_object *given = json_get(source, lists[i]);

		if (given && json_object_array_length(given) == 0)
			return refuse(l, lists[i], "is empty; without it all plans are meant");
	}
	if (json_get(source, "sse_plans") && !l->catalog->sse)
		return refuse(l, "sse_plans", "goes with sse");
	return 0;
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
	return check_plans(l, source);
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
		if (tool_file_load(l->mem, &tool[i], folder, stem[i], l->why) != 0)
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
	size_t i;

	if (out->n == CATALOGS_MAX) {
		*why = arena_fmt(mem, "more than %d catalogs", CATALOGS_MAX);
		return -1;
	}
	for (i = 0; i < out->n; i++)
		if (strcmp(out->at[i].name, name) == 0) {
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
catalog_file_load(struct arena *mem, const char *folders, struct catalogs *out, const char **why)
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
