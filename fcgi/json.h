/*
 * json: bytes from outside to json-c objects, strictly.
 *
 * json-c takes much that RFC 8259 does not (its strict mode lets most of it through), keeps the
 * last of two equal names, and the same bytes go on to PostgreSQL.  So json_check() decides over
 * the raw bytes, and json-c only sees what passed.
 */
#ifndef JSON_H
#define JSON_H

#include "arena.h"
#include <json-c/json.h>

/* What a JSON text may cost: every value becomes an object of some hundred bytes. */
struct json_caps {
	int     depth;	/* levels */
	int64_t values;	/* of any kind, at all levels together */
};

struct json_flaw {
	const char *what;	/* a phrase for the caller: "a name occurs twice in one object" */
	size_t      at;		/* byte it was found at, from 0 */
};

/*
 * One JSON text, nothing behind it: valid UTF-8, no byte order mark, no raw control characters, no
 * \u0000, no lone surrogates, no name twice in one object (compared after unescaping), integers
 * that fit 64 bits, other numbers finite, within the caps.  0, or -1 with *flaw.
 * text[n] must be readable and NUL.
 */
int json_check(struct arena *mem, const char *text, size_t n, const struct json_caps *caps, struct json_flaw *flaw) must_use;

/* Parses what json_check() passed.  The object lives as long as mem.  NULL stands for JSON null. */
struct json_object *json_parse(struct arena *mem, const char *text, size_t n, int depth);

/* Reads and parses a whole file, at most `most` bytes.  NULL with a sentence in *why (in mem). */
struct json_object *json_file(struct arena *mem, const char *path, size_t most, const char **why);

/* Reads a whole file as text ending in NUL.  NULL with a sentence in *why. */
char *json_file_text(struct arena *mem, const char *path, size_t most, size_t *len, const char **why);

/* The member, or NULL: not an object, no such member, or null. */
struct json_object *json_get(struct json_object *o, const char *name);

/* The member if it is a string, else NULL. */
const char *json_get_str(struct json_object *o, const char *name);

/* The same, but "" where json_get_str() has NULL. */
const char *json_text(struct json_object *o, const char *name);

/* The member if it is an integer, else `usual`. */
int64_t json_get_int(struct json_object *o, const char *name, int64_t usual);

/* Is o a string array (possibly empty)? */
bool json_is_strings(struct json_object *o);

/* The text of o without spaces; owned by o until it changes. */
const char *json_plain(struct json_object *o, size_t *len);

/* Frees o together with mem; returns o. */
struct json_object *json_keep(struct arena *mem, struct json_object *o);

#endif
