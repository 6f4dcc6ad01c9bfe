/*
 * uri: URI templates of level 1 (RFC 6570): {name} is one value, percent-encoded, and nothing else is.
 *
 * A value ends at the first place where what follows it in the template begins, has at least one
 * character and none of / ? #.  Two values stand apart, so that there is one way to read a URI.
 */
#ifndef URI_H
#define URI_H

#include "arena.h"
#include <json-c/json.h>

#define URI_MAX		2048	/* bytes of a URI */
#define URI_VARS_MAX	8
#define URI_VALUE_MAX	512	/* bytes of a value, decoded */

/* literal[0] {name[0]} literal[1] {name[1]} ... literal[vars] */
struct uri_template {
	const char *literal[URI_VARS_MAX + 1];
	const char *name[URI_VARS_MAX];
	int         vars;
};

/* Reads a template with at least one name in it.  0, or -1 with a phrase in *why. */
int uri_template_read(struct arena *mem, const char *text, struct uri_template *out, const char **why) must_use;

/*
 * The values that the template's names have in the URI, an object of texts in mem; NULL: it is not
 * such a URI, or a value holds control characters, is no UTF-8, or longer than its cap.
 */
struct json_object *uri_match(struct arena *mem, const struct uri_template *t, const char *uri);

/* A scheme, a colon, and then no space or control character (RFC 3986), within URI_MAX? */
bool uri_is_absolute(const char *text);

#endif
