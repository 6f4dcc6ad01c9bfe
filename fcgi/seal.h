/*
 * seal: secrets of tenants, encrypted before SQL sees them.
 *
 * A sealed text is mcp1.<key id>.<base64url>.  It is bound to catalog, tenant and the path of the
 * value ("params.password"), so it opens nowhere else.  New ones are sealed with the first key; an
 * older key still opens, until mcpctl secrets rekey has replaced what it sealed.
 */
#ifndef SEAL_H
#define SEAL_H

#include "config.h"
#include "crypt.h"
#include "json.h"

#define SEAL_ID		8	/* characters of a key's id */

struct seal_key {
	struct crypt_key key;
	char             id[SEAL_ID + 1];
};

struct seal_keys {
	struct seal_key key[2];		/* key[0] seals, both open */
	int             n;		/* 0: nothing can be sealed here */
};

/* Reads MCP_SEAL_KEY and MCP_SEAL_KEY_OLD; neither set is fine.  0, or -1 with a sentence in *why. */
int seal_load(struct arena *mem, struct seal_keys *keys, const struct config *cfg, const char **why) must_use;

/* The text, sealed. */
char *seal_text(struct arena *mem, const struct seal_keys *keys, const char *catalog, const char *tenant, const char *path,
    const char *text, size_t n) must_use;

/* The clear text with its length; NULL: not sealed, altered, bound to something else, or by an unknown key. */
char *seal_open(struct arena *mem, const struct seal_keys *keys, const char *catalog, const char *tenant, const char *path,
    const char *sealed, size_t *n) must_use;

/* Was it sealed with the first key? */
bool seal_is_current(const struct seal_keys *keys, const char *sealed);

/* Does the text have the form of a sealed one? */
bool seal_is_sealed(const char *text);

/* A copy of the value in which every text is replaced by change(ctx, path, text, n); NULL from it fails the whole. */
struct json_object *seal_leaves(struct arena *mem, struct json_object *value, const char *path,
    char *(*change)(void *ctx, const char *path, const char *text, size_t n), void *ctx) must_use;

#endif
