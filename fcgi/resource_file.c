/* resource_file: resources.json, an entry at a time. */
#include "resource_file.h"

#define ENTRIES_MAX	1000
#define AT(field)	offsetof(struct resource, field)

#define OF_BOTH \
	{ "name",        OFFER_TEXT,   OFFER_SHOWN, 0, 0, true }, \
	{ "title",       OFFER_TEXT,   OFFER_SHOWN, 0, 0, false }, \
	{ "description", OFFER_TEXT,   OFFER_SHOWN, 0, 0, false }, \
	{ "mimeType",    OFFER_TEXT,   OFFER_SHOWN, 0, 0, false }, \
	{ "icons",       OFFER_ICONS,  OFFER_SHOWN, 0, 0, false }, \
	{ "annotations", OFFER_ANNOTATIONS, OFFER_SHOWN, 0, 0, false }, \
	{ "scope",       OFFER_SCOPE,  AT(ask.scope), 0, 0, false }, \
	{ "feature",     OFFER_TEXT,   AT(ask.feature), 0, 0, false }, \
	{ "ttl_ms",      OFFER_COUNT,  AT(ttl_ms), 0, INT64_C(86400000), false }, \
	{ "timeout_ms",  OFFER_COUNT,  AT(ask.timeout_ms), 1, 5000, false }, \
	{ "result_max",  OFFER_COUNT,  AT(ask.result_max), 256, 1 << 20, false }

static const struct offer_member members[] = {
	{ "uri",         OFFER_TEXT,   OFFER_SHOWN, 0, 0, true },
	OF_BOTH,
	{ "size",        OFFER_COUNT,  OFFER_SHOWN, 0, INT64_MAX, false },
	{ "text",        OFFER_TEXT,   OFFER_READ, 0, 0, false },
	{ "file",        OFFER_TEXT,   OFFER_READ, 0, 0, false },
	{ "sql",         OFFER_TEXT,   OFFER_READ, 0, 0, false },
};

static const struct offer_member template_members[] = {
	{ "uriTemplate", OFFER_TEXT,   OFFER_SHOWN, 0, 0, true },
	OF_BOTH,
	{ "sql",         OFFER_TEXT,   OFFER_READ, 0, 0, true },
	{ "list",        OFFER_TEXT,   OFFER_READ, 0, 0, false },
	{ "complete",    OFFER_OBJECT, OFFER_READ, 0, 0, false },
};

/* --- what a resource holds -------------------------------------------------------------- */

static bool
is_text(const char *mime)
{
	return strncmp(mime, "text/", 5) == 0 || strcmp(mime, "application/json") == 0 || base_ends(mime, "+json") ||
	    base_ends(mime, "+xml");
}

/* Contents that are the same for everybody, made once. */
static void
make_contents(struct offer_load *l, struct resource *r, struct json_object *face, const char *member, const char *value, size_t size)
{
	struct json_object *all = json_keep(l->mem, json_object_new_array()), *one = json_object_new_object();

	json_object_object_add(one, "uri", json_object_new_string(r->uri));
	if (r->mime)
		json_object_object_add(one, "mimeType", json_object_new_string(r->mime));
	json_object_object_add(one, member, json_object_new_string(value));
	json_object_array_add(all, one);
	r->contents = arena_str(l->mem, json_plain(all, NULL));
	if (!json_get(face, "size"))
		json_object_object_add(face, "size", json_object_new_int64((int64_t)size));
}

static int
read_file(struct offer_load *l, struct resource *r, struct json_object *face, const char *name)
{
	const char *bytes;
	size_t size;

	if (!r->mime)
		return offer_refuse(l, "mimeType: goes with file");
	bytes = offer_file(l, name, !is_text(r->mime), &size);
	if (!bytes)
		return -1;
	make_contents(l, r, face, is_text(r->mime) ? "text" : "blob", bytes, size);
	return 0;
}

/* What the statement of an entry gets: the URI, and the values in it. */
static struct json_object *
values_of(struct offer_load *l, const struct resource *r)
{
	struct json_object *names = json_keep(l->mem, json_object_new_object());
	int i;

	json_object_object_add(names, "uri", NULL);
	for (i = 0; i < r->pattern.vars; i++)
		json_object_object_add(names, r->pattern.name[i], NULL);
	return names;
}

static int
read_source(struct offer_load *l, struct resource *r, struct json_object *source, struct json_object *face)
{
	const char *text = json_get_str(source, "text"), *file = json_get_str(source, "file"), *sql = json_get_str(source, "sql");

	if (!!text + !!file + !!sql != 1)
		return offer_refuse(l, "expected exactly one of text, file, sql");
	if (text)
		make_contents(l, r, face, "text", text, strlen(text));
	if (file)
		return read_file(l, r, face, file);
	return sql ? offer_statement(l, &r->ask, sql, values_of(l, r), RESULT_CONTENTS) : 0;
}

static int
read_resource(struct offer_load *l, struct resource *r, struct json_object *source)
{
	struct json_object *face;

	r->uri = l->entry = json_get_str(source, "uri");
	offer_tool(l, &r->ask, json_get_str(source, "name"));
	if (offer_members(l, members, LEN(members), source, r, &face) != 0)
		return -1;
	if (!uri_is_absolute(r->uri))
		return offer_refuse(l, "uri: expected a URI with a scheme, of at most %d bytes", URI_MAX);
	r->mime = r->ask.result.mime = json_get_str(source, "mimeType");
	if (read_source(l, r, source, face) != 0)
		return -1;
	r->face = arena_str(l->mem, json_plain(face, NULL));
	return 0;
}

/* --- templates -------------------------------------------------------------------------- */

static bool
has_name(const struct resource *r, const char *name)
{
	int i;

	for (i = 0; i < r->pattern.vars; i++)
		if (strcmp(r->pattern.name[i], name) == 0)
			return true;
	return false;
}

static int
read_completions(struct offer_load *l, struct resource *r, struct json_object *all)
{
	json_object_object_foreach(all, name, stem) {
		if (!has_name(r, name))
			return offer_refuse(l, "complete.%s: uriTemplate has no such name", name);
		if (!json_object_is_type(stem, json_type_string))
			return offer_refuse(l, "complete.%s: expected the stem of an SQL file", name);
		if (offer_completion(l, &r->complete[r->completions++], &r->ask, name, json_object_get_string(stem), values_of(l, r)) != 0)
			return -1;
	}
	return 0;
}

/* What a column of such a list may be, and of what kind. */
static const char list_schema[] = "{\"properties\":{\"resources\":{\"items\":{\"properties\":{"
    "\"uri\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
    "\"description\":{\"type\":\"string\"},\"mimeType\":{\"type\":\"string\"},\"size\":{\"type\":\"integer\"}}}}}}";

/* The instances that resources/list shows, a page at a time, in the order of name and uri. */
static int
read_list(struct offer_load *l, struct resource *r, const char *stem)
{
	static const char *const columns[] = { "uri", "name" };
	struct json_object *names = json_keep(l->mem, json_object_new_object());

	json_object_object_add(names, "limit", NULL);
	json_object_object_add(names, "cursor", NULL);
	r->list = r->ask;
	r->list.rows_max = 1000;
	if (offer_statement(l, &r->list, stem, names, RESULT_ROWS) != 0)
		return -1;
	r->list.result.rows = "resources";
	r->list.result.page[0] = "name";
	r->list.result.page[1] = "uri";
	r->list.result.columns = (struct words){ columns, LEN(columns) };
	r->list.output_schema = json_parse(l->mem, list_schema, strlen(list_schema), 16);
	return 0;
}

static int
read_template(struct offer_load *l, struct resource *r, struct json_object *source)
{
	struct json_object *face, *complete = json_get(source, "complete");
	const char *list = json_get_str(source, "list"), *phrase;

	r->many = true;
	r->uri = l->entry = json_get_str(source, "uriTemplate");
	offer_tool(l, &r->ask, json_get_str(source, "name"));
	if (offer_members(l, template_members, LEN(template_members), source, r, &face) != 0)
		return -1;
	if (uri_template_read(l->mem, r->uri, &r->pattern, &phrase) != 0)
		return offer_refuse(l, "uriTemplate: %s", phrase);
	if (has_name(r, "uri") || has_name(r, "value"))
		return offer_refuse(l, "uriTemplate: uri and value are names that statements have already");
	r->mime = r->ask.result.mime = json_get_str(source, "mimeType");
	if (list && read_list(l, r, list) != 0)
		return -1;
	if (complete && read_completions(l, r, complete) != 0)
		return -1;
	r->face = arena_str(l->mem, json_plain(face, NULL));
	return offer_statement(l, &r->ask, json_get_str(source, "sql"), values_of(l, r), RESULT_CONTENTS);
}

/* --- the file --------------------------------------------------------------------------- */

static int
by_uri(const void *a, const void *b)
{
	return strcmp(((const struct resource *)a)->uri, ((const struct resource *)b)->uri);
}

static int
check_unique(struct offer_load *l, const struct resource *at, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (strcmp(at[i - 1].uri, at[i].uri) == 0) {
			l->entry = at[i].uri;
			return offer_refuse(l, "stands in the file twice");
		}
	return 0;
}

static int
check_members(struct offer_load *l, struct json_object *source)
{
	if (!json_object_is_type(source, json_type_object))
		return offer_refuse(l, "expected an object");
	json_object_object_foreach(source, name, v) {
		(void)v;
		if (strcmp(name, "resources") != 0 && strcmp(name, "templates") != 0)
			return offer_refuse(l, "unknown member \"%s\"", name);
	}
	return 0;
}

static int
read_entries(struct offer_load *l, struct json_object *fixed, struct json_object *many, struct resources *out)
{
	size_t i;

	for (i = 0; i < out->n; i++) {
		bool template = i >= out->fixed;
		struct json_object *source = json_object_array_get_idx(template ? many : fixed, template ? i - out->fixed : i);

		l->entry = NULL;
		if ((template ? read_template : read_resource)(l, &out->at[i], source) != 0)
			return -1;
	}
	qsort(out->at, out->fixed, sizeof(*out->at), by_uri);
	qsort(out->at + out->fixed, out->n - out->fixed, sizeof(*out->at), by_uri);
	if (check_unique(l, out->at, out->fixed) != 0)
		return -1;
	return check_unique(l, out->at + out->fixed, out->n - out->fixed);
}

int
resource_file_load(struct arena *mem, const struct catalog *c, const char *folder, struct resources *out, const char **why)
{
	struct offer_load l = { .mem = mem, .catalog = c, .folder = folder, .why = why };
	struct json_object *source, *fixed, *many;
	size_t templates;

	l.file = arena_fmt(mem, "%s/resources.json", folder);
	*out = (struct resources){ 0 };
	if (access(l.file, F_OK) != 0)
		return 0;
	source = json_file(mem, l.file, OFFER_FILE_MAX, why);
	if (!source || check_members(&l, source) != 0 || offer_list(&l, source, "resources", &fixed, &out->fixed) != 0 ||
	    offer_list(&l, source, "templates", &many, &templates) != 0)
		return -1;
	out->n = out->fixed + templates;
	if (out->n > ENTRIES_MAX)
		return offer_refuse(&l, "more than %d entries", ENTRIES_MAX);
	out->at = arena_zero(mem, (out->n + 1) * sizeof(*out->at));
	return read_entries(&l, fixed, many, out);
}
