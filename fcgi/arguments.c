/* arguments: in the order check, complete, digest, page, convert, rename. */
#include "arguments.h"
#include "cursor.h"
#include "fail.h"
#include "seal.h"
#include "utf8.h"

#define KEY_MAX 200	/* characters of an idempotency key */

struct json_object *
arguments_given(struct request *rq)
{
	struct json_object *given = json_get(rq->params, "arguments");

	return json_object_is_type(given, json_type_object) ? given : json_keep(&rq->mem, json_object_new_object());
}

/* A keyed digest, so that short arguments cannot be guessed from it. */
static char *
digest_of(struct request *rq, const char *before, struct json_object *o)
{
	char *hex = arena_take(&rq->mem, 2 * CRYPT_HASH + 1);
	unsigned char digest[CRYPT_HASH];
	const char *text = arena_fmt(&rq->mem, "%s%s", before, json_plain(o, NULL));

	crypt_hmac(digest, rq->key, text, strlen(text));
	crypt_hex(hex, digest, sizeof(digest));
	return hex;
}

void
arguments_note(struct request *rq, struct json_object *given)
{
	slot_put(rq->slot->event.args_digest, sizeof(rq->slot->event.args_digest), digest_of(rq, "", given));
}

static int
check(struct request *rq, const struct tool *tool, struct bind_args *out)
{
	struct json_object *sent;
	struct buf says;

	if (json_object_object_get_ex(rq->params, "arguments", &sent) && !json_object_is_type(sent, json_type_object))
		return fail(rq, FAIL_PARAMS, "Invalid params: arguments must be an object.");
	out->given = arguments_given(rq);
	arguments_note(rq, out->given);
	buf_init(&says, &rq->mem, 4096);
	if (!schema_check(tool->input, out->given, &rq->mem, &says))
		return fail(rq, FAIL_TOOL, "%s", says.at);
	return 0;
}

/* A copy, because what was sent is still asked for its scope. */
static void
complete(struct request *rq, const struct tool *tool, struct bind_args *out)
{
	out->object = json_keep(&rq->mem, json_object_new_object());
	json_object_object_foreach(out->given, name, value)
		json_object_object_add(out->object, name, json_object_get(value));
	schema_defaults(tool->input, out->object);
}

/* The key is taken out: it is the caller's word for the call, not an argument of the statement. */
static int
take_key(struct request *rq, const struct tool *tool, struct bind_args *out)
{
	const char *key = tool->idempotency ? json_get_str(out->object, tool->idempotency) : NULL;

	if (!key || !*key)
		return 0;
	if (utf8_count(key, strlen(key)) > KEY_MAX)	/* as the table of keys has it */
		return fail(rq, FAIL_TOOL, "%s must have at most %d characters", tool->idempotency, KEY_MAX);
	out->key = arena_str(&rq->mem, key);
	json_object_object_del(out->object, tool->idempotency);
	out->digest = digest_of(rq, rq->workspace, out->object);	/* elsewhere it is another request */
	return 0;
}

/* limit and cursor of a paged tool become what SQL sees of them. */
static int
page(struct request *rq, const struct tool *tool, struct bind_args *out)
{
	const char *cursor = json_get_str(out->object, "cursor");
	struct json_object *place;

	out->limit = tool->result.kind == RESULT_ROW || tool->result.kind == RESULT_JSON ? 1 : tool->rows_max;
	if (!tool->result.page[0])
		return 0;
	out->limit = json_get_int(out->object, "limit", tool->rows_max);
	if (out->limit > tool->rows_max)
		out->limit = tool->rows_max;
	json_object_object_add(out->object, "limit", json_object_new_int64(out->limit + 1));
	if (!cursor)
		return 0;
	place = cursor_read(rq, tool->name, cursor);
	if (!place)
		return fail(rq, FAIL_TOOL, "cursor is not one that this tool gave out. Call again without it.");
	json_object_object_add(out->object, "cursor", json_object_get(place));
	return 0;
}

/* --- conversions ------------------------------------------------------------------------ */

static char *
seal_one(void *ctx, const char *path, const char *text, size_t n)
{
	struct request *rq = ctx;

	return seal_text(&rq->mem, rq->seal, rq->who->catalog, rq->who->tenant, path, text, n);
}

static struct json_object *
digested(struct request *rq, struct json_object *v)
{
	unsigned char hash[CRYPT_HASH];
	char hex[2 * CRYPT_HASH + 1];

	(void)rq;
	crypt_sha256(hash, json_object_get_string(v), (size_t)json_object_get_string_len(v));
	crypt_hex(hex, hash, sizeof(hash));
	return json_object_new_string(hex);
}

static int
parsed(struct request *rq, const char *name, struct json_object *v, struct json_object **out)
{
	struct json_caps caps = { .depth = (int)rq->cfg->body_depth_max, .values = rq->cfg->body_values_max };
	const char *text = json_object_get_string(v);
	size_t len = (size_t)json_object_get_string_len(v);
	struct json_flaw flaw;

	if (json_check(&rq->mem, text, len, &caps, &flaw) != 0)
		return fail(rq, FAIL_TOOL, "%s must be a text that holds JSON: %s at byte %zu.", name, flaw.what, flaw.at);
	*out = json_object_get(json_parse(&rq->mem, text, len, caps.depth));
	return 0;
}

static int
convert_one(struct request *rq, const struct tool_arg *arg, struct json_object *object)
{
	struct json_object *v = json_get(object, arg->name), *now = NULL;

	if (!v)
		return 0;
	if (arg->kind == ARG_SEAL) {
		now = json_object_get(seal_leaves(&rq->mem, v, arg->name, seal_one, rq));
		if (!now)
			return fail(rq, FAIL_TOOL, "%s has more levels than can be kept.", arg->name);
	} else if (!json_object_is_type(v, json_type_string)) {
		return 0;	/* the schema lets it through: so be it */
	} else if (arg->kind == ARG_DIGEST) {
		now = digested(rq, v);
	} else if (parsed(rq, arg->name, v, &now) != 0) {
		return -1;
	}
	json_object_object_add(object, arg->name, now);
	return 0;
}

static void
rename_all(const struct tool *tool, struct json_object *object)
{
	struct json_object *v;
	int i;

	for (i = 0; i < tool->renames; i++)
		if (json_object_object_get_ex(object, tool->rename[i].from, &v)) {
			json_object_object_add(object, tool->rename[i].to, json_object_get(v));
			json_object_object_del(object, tool->rename[i].from);
		}
}

int
arguments_take(struct request *rq, const struct tool *tool, struct bind_args *out)
{
	int i;

	memset(out, 0, sizeof(*out));
	if (check(rq, tool, out) != 0)
		return -1;
	complete(rq, tool, out);
	if (take_key(rq, tool, out) != 0 || page(rq, tool, out) != 0)
		return -1;
	for (i = 0; i < tool->args; i++)
		if (convert_one(rq, &tool->arg[i], out->object) != 0)
			return -1;
	rename_all(tool, out->object);
	return 0;
}
