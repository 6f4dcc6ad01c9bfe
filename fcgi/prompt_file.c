/* prompt_file: prompts.json, a prompt at a time. */
#include "prompt_file.h"
#include "template.h"

#define PROMPTS_MAX	1000
#define MESSAGES_MAX	64
#define NAME_CHARS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
#define AT(field)	offsetof(struct prompt, field)

static const struct offer_member members[] = {
	{ "name",        OFFER_TEXT,  OFFER_SHOWN, 0, 0, true },
	{ "title",       OFFER_TEXT,  OFFER_SHOWN, 0, 0, false },
	{ "description", OFFER_TEXT,  OFFER_SHOWN, 0, 0, true },
	{ "icons",       OFFER_ICONS, OFFER_SHOWN, 0, 0, false },
	{ "arguments",   OFFER_ARRAY, OFFER_READ, 0, 0, false },
	{ "scope",       OFFER_SCOPE, AT(ask.scope), 0, 0, false },
	{ "feature",     OFFER_TEXT,  AT(ask.feature), 0, 0, false },
	{ "timeout_ms",  OFFER_COUNT, AT(ask.timeout_ms), 1, 5000, false },
	{ "result_max",  OFFER_COUNT, AT(ask.result_max), 256, 1 << 20, false },
	{ "sql",         OFFER_TEXT,  OFFER_READ, 0, 0, false },
	{ "none",        OFFER_TEXT,  AT(ask.result.none), 0, 0, false },
	{ "messages",    OFFER_ARRAY, OFFER_READ, 0, 0, false },
	{ "c",           OFFER_TEXT,  AT(ask.c), 0, 0, false },
	{ "asks",        OFFER_ARRAY, OFFER_READ, 0, 0, false },
};

static const struct offer_member argument_members[] = {
	{ "name",        OFFER_TEXT, OFFER_SHOWN, 0, 0, true },
	{ "title",       OFFER_TEXT, OFFER_SHOWN, 0, 0, false },
	{ "description", OFFER_TEXT, OFFER_SHOWN, 0, 0, false },
	{ "required",    OFFER_FLAG, OFFER_SHOWN, 0, 0, false },
	{ "complete",    OFFER_TEXT, OFFER_READ, 0, 0, false },
};

#define MESSAGE(field)	offsetof(struct prompt_message, field)

static const struct offer_member message_members[] = {
	{ "role",     OFFER_TEXT,   MESSAGE(role), 0, 0, true },
	{ "text",     OFFER_TEXT,   MESSAGE(text), 0, 0, false },
	{ "file",     OFFER_TEXT,   OFFER_READ, 0, 0, false },
	{ "resource", OFFER_TEXT,   MESSAGE(uri), 0, 0, false },
	{ "image",    OFFER_TEXT,   OFFER_READ, 0, 0, false },
	{ "audio",    OFFER_TEXT,   OFFER_READ, 0, 0, false },
	{ "mimeType", OFFER_TEXT,   MESSAGE(mime), 0, 0, false },
};

const struct prompt_argument *
prompt_file_argument(const struct prompt *p, const char *name)
{
	int i;

	for (i = 0; i < p->args; i++)
		if (strcmp(p->arg[i].name, name) == 0)
			return &p->arg[i];
	return NULL;
}

/* --- arguments -------------------------------------------------------------------------- */

static int
read_argument(struct offer_load *l, struct prompt *p, struct json_object *source, struct json_object *faces)
{
	struct prompt_argument *arg = &p->arg[p->args];
	struct json_object *face;
	const char *name = json_get_str(source, "name");

	if (!json_object_is_type(source, json_type_object))
		return offer_refuse(l, "arguments: expected objects");
	if (offer_members(l, argument_members, LEN(argument_members), source, arg, &face) != 0)
		return -1;
	if (strspn(name, NAME_CHARS) != strlen(name) || strcmp(name, "value") == 0)
		return offer_refuse(l, "arguments: \"%s\": expected a name of A-Z a-z 0-9 _, other than value", name);
	if (prompt_file_argument(p, name))
		return offer_refuse(l, "arguments: %s stands there twice", name);
	arg->name = name;
	arg->required = json_object_get_boolean(json_get(source, "required"));
	p->args++;
	json_object_array_add(faces, json_object_get(face));
	return 0;
}

static struct json_object *
names_of(struct offer_load *l, const struct prompt *p)
{
	struct json_object *names = json_keep(l->mem, json_object_new_object());
	int i;

	for (i = 0; i < p->args; i++)
		json_object_object_add(names, p->arg[i].name, NULL);
	return names;
}

/* When all arguments are known: a completion may ask for what is chosen already. */
static int
read_completions(struct offer_load *l, struct prompt *p, struct json_object *all)
{
	int i;

	for (i = 0; i < p->args; i++) {
		const char *stem = json_get_str(json_object_array_get_idx(all, (size_t)i), "complete");
		struct completion *c;

		if (!stem)
			continue;
		c = arena_zero(l->mem, sizeof(*c));
		if (offer_completion(l, c, &p->ask, p->arg[i].name, stem, names_of(l, p)) != 0)
			return -1;
		p->arg[i].complete = c;
	}
	return 0;
}

static int
read_arguments(struct offer_load *l, struct prompt *p, struct json_object *all, struct json_object *face)
{
	struct json_object *faces;
	size_t i, n = all ? json_object_array_length(all) : 0;

	if (n > PROMPT_ARGS_MAX)
		return offer_refuse(l, "arguments: more than %d", PROMPT_ARGS_MAX);
	if (n == 0)
		return 0;
	faces = json_object_new_array();
	json_object_object_add(face, "arguments", faces);
	for (i = 0; i < n; i++)
		if (read_argument(l, p, json_object_array_get_idx(all, i), faces) != 0)
			return -1;
	return read_completions(l, p, all);
}

/* --- messages --------------------------------------------------------------------------- */

struct naming {
	struct offer_load *l;
	struct prompt     *p;
	struct words      *columns;	/* that the row must have; room for more */
	const char       **room;
	size_t             most;
	const char        *unknown;	/* the first name that means nothing; NULL: all do */
};

#define COLUMNS_MAX DB_COLUMNS_MAX

static void
note_name(void *ctx, const char *name)
{
	struct naming *n = ctx;
	size_t i;

	if (strncmp(name, "row.", 4) != 0) {
		if (!prompt_file_argument(n->p, name))
			n->unknown = name;
		return;
	}
	for (i = 0; i < n->columns->n; i++)
		if (strcmp(n->room[i], name + 4) == 0)
			return;
	if (!n->p->ask.statement.sql || n->columns->n == COLUMNS_MAX)
		n->unknown = name;
	else
		n->room[n->columns->n++] = name + 4;
}

static int
check_text(struct naming *n, const char *member, const char *text)
{
	if (template_names(n->l->mem, text, note_name, n) != 0)
		return offer_refuse(n->l, "messages: %s: a brace is not closed; one that is meant so is written {{", member);
	if (n->unknown)
		return offer_refuse(n->l, "messages: %s: {%s} is neither an argument nor {row.column} of the statement", member, n->unknown);
	return 0;
}

/* A block of bytes, the same for everybody. */
static int
read_media(struct offer_load *l, struct prompt_message *m, const char *type, const char *file)
{
	struct json_object *block = json_keep(l->mem, json_object_new_object());
	const char *data;
	size_t size;

	if (!m->mime)
		return offer_refuse(l, "messages: mimeType: goes with %s", type);
	data = offer_file(l, file, true, &size);
	if (!data)
		return -1;
	json_object_object_add(block, "type", json_object_new_string(type));
	json_object_object_add(block, "data", json_object_new_string(data));
	json_object_object_add(block, "mimeType", json_object_new_string(m->mime));
	m->ready = block;
	return 0;
}

static int
read_message(struct naming *n, struct prompt_message *m, struct json_object *source)
{
	struct offer_load *l = n->l;
	const char *image = json_get_str(source, "image"), *audio = json_get_str(source, "audio"), *file = json_get_str(source, "file");
	struct json_object *unused;
	size_t size;

	if (!json_object_is_type(source, json_type_object))
		return offer_refuse(l, "messages: expected objects");
	if (offer_members(l, message_members, LEN(message_members), source, m, &unused) != 0)
		return -1;
	if (strcmp(m->role, "user") != 0 && strcmp(m->role, "assistant") != 0)
		return offer_refuse(l, "messages: role: expected \"user\" or \"assistant\"");
	if (!!m->text + !!file + !!image + !!audio != 1)
		return offer_refuse(l, "messages: expected exactly one of text, file, image, audio");
	if (image || audio)
		return m->uri ? offer_refuse(l, "messages: resource: goes with text or file") :
		    read_media(l, m, image ? "image" : "audio", image ? image : audio);
	if (m->mime && !m->uri)
		return offer_refuse(l, "messages: mimeType: goes with resource, image or audio");
	if (file && !(m->text = offer_file(l, file, false, &size)))
		return -1;
	if (m->uri && check_text(n, "resource", m->uri) != 0)
		return -1;
	return check_text(n, file ? "file" : "text", m->text);
}

static int
read_messages(struct offer_load *l, struct prompt *p, struct json_object *all)
{
	struct naming n = { .l = l, .p = p, .columns = &p->ask.result.columns };
	size_t i;

	n.room = arena_take(l->mem, COLUMNS_MAX * sizeof(*n.room));
	p->ask.result.columns = (struct words){ n.room, 0 };
	p->messages = json_object_array_length(all);
	if (p->messages == 0 || p->messages > MESSAGES_MAX)
		return offer_refuse(l, "messages: expected 1 to %d", MESSAGES_MAX);
	p->message = arena_zero(l->mem, p->messages * sizeof(*p->message));
	for (i = 0; i < p->messages; i++)
		if (read_message(&n, &p->message[i], json_object_array_get_idx(all, i)) != 0)
			return -1;
	return 0;
}

/* --- the file --------------------------------------------------------------------------- */

static int
read_prompt(struct offer_load *l, struct prompt *p, struct json_object *source)
{
	struct json_object *face, *messages = json_get(source, "messages"), *asks = json_get(source, "asks");
	const char *sql = json_get_str(source, "sql");

	l->entry = json_get_str(source, "name");
	offer_tool(l, &p->ask, l->entry);
	if (offer_members(l, members, LEN(members), source, p, &face) != 0)
		return -1;
	if (!messages == !p->ask.c)
		return offer_refuse(l, "expected exactly one of messages, c");
	if (p->ask.c && (sql || strspn(p->ask.c, NAME_CHARS) != strlen(p->ask.c)))
		return offer_refuse(l, "c: expected a name of A-Z a-z 0-9 _, and no sql beside it");
	if (asks && (!p->ask.c || tool_asks_read(asks, &p->ask.asks) != 0))
		return offer_refuse(l, "asks: goes with c; expected an array of \"elicitation\", \"sampling\", \"roots\"");
	if (!sql && p->ask.result.none)
		return offer_refuse(l, "none: goes with sql");
	p->description = json_get_str(source, "description");
	if (read_arguments(l, p, json_get(source, "arguments"), face) != 0)
		return -1;
	p->face = arena_str(l->mem, json_plain(face, NULL));
	if (sql && offer_statement(l, &p->ask, sql, names_of(l, p), RESULT_ROW) != 0)
		return -1;
	return messages ? read_messages(l, p, messages) : 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct prompt *)a)->ask.name, ((const struct prompt *)b)->ask.name);
}

static int
check_members(struct offer_load *l, struct json_object *source)
{
	if (!json_object_is_type(source, json_type_object))
		return offer_refuse(l, "expected an object");
	json_object_object_foreach(source, name, v) {
		(void)v;
		if (strcmp(name, "prompts") != 0)
			return offer_refuse(l, "unknown member \"%s\"", name);
	}
	return 0;
}

static int
read_prompts(struct offer_load *l, struct json_object *all, struct prompts *out)
{
	size_t i;

	for (i = 0; i < out->n; i++) {
		l->entry = NULL;
		if (read_prompt(l, &out->at[i], json_object_array_get_idx(all, i)) != 0)
			return -1;
	}
	qsort(out->at, out->n, sizeof(*out->at), by_name);
	for (i = 1; i < out->n; i++)
		if (by_name(&out->at[i - 1], &out->at[i]) == 0) {
			l->entry = out->at[i].ask.name;
			return offer_refuse(l, "stands in the file twice");
		}
	return 0;
}

int
prompt_file_load(struct arena *mem, const struct catalog *c, const char *folder, struct prompts *out, const char **why)
{
	struct offer_load l = { .mem = mem, .catalog = c, .folder = folder, .why = why };
	struct json_object *source, *all;

	l.file = arena_fmt(mem, "%s/prompts.json", folder);
	*out = (struct prompts){ 0 };
	if (access(l.file, F_OK) != 0)
		return 0;
	source = json_file(mem, l.file, OFFER_FILE_MAX, why);
	if (!source || check_members(&l, source) != 0 || offer_list(&l, source, "prompts", &all, &out->n) != 0)
		return -1;
	if (out->n > PROMPTS_MAX)
		return offer_refuse(&l, "more than %d prompts", PROMPTS_MAX);
	out->at = arena_zero(mem, (out->n + 1) * sizeof(*out->at));
	return read_prompts(&l, all, out);
}
