/*
 * schema_uri: references between schemas (RFC 3986, section 5; JSON Pointer, RFC 6901).
 */
#ifndef SCHEMA_URI_H
#define SCHEMA_URI_H

#include "arena.h"

/*
 * The absolute URI that ref means where base holds, without its fragment.  base may be empty: then
 * what is relative stays so.  *fragment is what follows the "#", percent-decoded; "" if nothing does.
 */
char *schema_uri_resolve(struct arena *mem, const char *base, const char *ref, const char **fragment);

/* Has it a scheme?  Then it may mean a document elsewhere. */
bool schema_uri_absolute(const char *uri);

/* The next token of a JSON Pointer at *at (at its "/"), unescaped; *at moves behind it.  NULL at the end. */
char *schema_uri_token(struct arena *mem, const char **at) must_use;

#endif
