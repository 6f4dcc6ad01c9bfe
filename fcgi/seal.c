/* seal: the text form around AES-256-GCM, and walking over the texts of a JSON value. */
#include "seal.h"

#define STARTS		"mcp1."
#define DEPTH_MAX	32

static int
load_key(struct arena *mem, struct seal_keys *keys, const char *path, const char **why)
{
	struct seal_key *k = &keys->key[keys->n];
	unsigned char hash[CRYPT_HASH];
	char hex[2 * CRYPT_HASH + 1];

	if (!path)
		return 0;
	if (crypt_key_file(mem, &k->key, path, why) != 0)
		return -1;
	crypt_hmac(hash, &k->key, "mcp-fpm key id", 14);	/* says nothing of the key itself */
	crypt_hex(hex, hash, sizeof(hash));
	snprintf(k->id, sizeof(k->id), "%.*s", SEAL_ID, hex);
	keys->n++;
	return 0;
}

int
seal_load(struct arena *mem, struct seal_keys *keys, const struct config *cfg, const char **why)
{
	keys->n = 0;
	if (cfg->seal_key_old && !cfg->seal_key) {
		*why = "MCP_SEAL_KEY_OLD goes with MCP_SEAL_KEY";
		return -1;
	}
	return load_key(mem, keys, cfg->seal_key, why) != 0 ? -1 : load_key(mem, keys, cfg->seal_key_old, why);
}

static const char *
bound_to(struct arena *mem, const char *catalog, const char *tenant, const char *path)
{
	return arena_fmt(mem, "%s\n%s\n%s", catalog, tenant, path);
}

char *
seal_text(struct arena *mem, const struct seal_keys *keys, const char *catalog, const char *tenant, const char *path,
    const char *text, size_t n)
{
	unsigned char *sealed = crypt_seal(mem, &keys->key[0].key, text, n, bound_to(mem, catalog, tenant, path));

	return arena_fmt(mem, STARTS "%s.%s", keys->key[0].id, crypt_base64url(mem, sealed, n + CRYPT_SEAL_MORE));
}

bool
seal_is_sealed(const char *text)
{
	size_t starts = strlen(STARTS);

	return strncmp(text, STARTS, starts) == 0 && strlen(text) > starts + SEAL_ID && text[starts + SEAL_ID] == '.';
}

static const struct seal_key *
key_of(const struct seal_keys *keys, const char *sealed)
{
	int i;

	for (i = 0; seal_is_sealed(sealed) && i < keys->n; i++)
		if (memcmp(sealed + strlen(STARTS), keys->key[i].id, SEAL_ID) == 0)
			return &keys->key[i];
	return NULL;
}

bool
seal_is_current(const struct seal_keys *keys, const char *sealed)
{
	return keys->n > 0 && key_of(keys, sealed) == &keys->key[0];
}

char *
seal_open(struct arena *mem, const struct seal_keys *keys, const char *catalog, const char *tenant, const char *path,
    const char *sealed, size_t *n)
{
	const struct seal_key *k = key_of(keys, sealed);
	const char *body = sealed + strlen(STARTS) + SEAL_ID + 1;
	unsigned char *bytes, *clear;
	size_t len;

	if (!k || !(bytes = crypt_base64url_decode(mem, body, strlen(body), &len)))
		return NULL;
	clear = crypt_open(mem, &k->key, bytes, len, bound_to(mem, catalog, tenant, path));
	if (clear)
		*n = len - CRYPT_SEAL_MORE;
	return (char *)clear;
}

/* --- every text of a value -------------------------------------------------------------- */

struct walk {
	struct arena *mem;
	char       *(*change)(void *ctx, const char *path, const char *text, size_t n);
	void         *ctx;
	int           depth;
	bool          failed;
};

static struct json_object *walk_value(struct walk *w, struct json_object *v, const char *path);

static struct json_object *
walk_object(struct walk *w, struct json_object *v, const char *path)
{
	struct json_object *out = json_object_new_object();

	json_object_object_foreach(v, name, member)
		json_object_object_add(out, name, walk_value(w, member, arena_fmt(w->mem, "%s.%s", path, name)));
	return out;
}

static struct json_object *
walk_array(struct walk *w, struct json_object *v, const char *path)
{
	struct json_object *out = json_object_new_array();
	size_t i;

	for (i = 0; i < json_object_array_length(v); i++)
		json_object_array_add(out, walk_value(w, json_object_array_get_idx(v, i), arena_fmt(w->mem, "%s[]", path)));
	return out;
}

static struct json_object *
walk_text(struct walk *w, struct json_object *v, const char *path)
{
	char *text = w->change(w->ctx, path, json_object_get_string(v), (size_t)json_object_get_string_len(v));

	w->failed = w->failed || !text;
	return text ? json_object_new_string(text) : NULL;
}

static struct json_object *
walk_value(struct walk *w, struct json_object *v, const char *path)
{
	struct json_object *out;

	if (++w->depth > DEPTH_MAX)
		w->failed = true;
	if (w->failed)
		out = NULL;
	else if (json_object_is_type(v, json_type_object))
		out = walk_object(w, v, path);
	else if (json_object_is_type(v, json_type_array))
		out = walk_array(w, v, path);
	else if (json_object_is_type(v, json_type_string))
		out = walk_text(w, v, path);
	else
		out = json_object_get(v);
	w->depth--;
	return out;
}

struct json_object *
seal_leaves(struct arena *mem, struct json_object *value, const char *path,
    char *(*change)(void *ctx, const char *path, const char *text, size_t n), void *ctx)
{
	struct walk w = { .mem = mem, .change = change, .ctx = ctx };
	struct json_object *out = json_keep(mem, walk_value(&w, value, path));

	return w.failed ? NULL : out;
}
