/*
 * catalog: what is in the catalogs that were loaded, and who may see and call it.
 *
 * That is decided by one function, for lists and for calls.
 */
#ifndef CATALOG_H
#define CATALOG_H

#include "catalog_file.h"
#include "request.h"
#include "tenant.h"

/* By name; NULL: none. */
const struct catalog *catalog_find(const struct catalogs *all, const char *name);
const struct tool *catalog_tool(const struct catalog *c, const char *name);
const struct prompt *catalog_prompt(const struct catalog *c, const char *name);

/*
 * May this identity see and call the tool?  NULL: yes; else the sentence that says why not.
 * Lists and calls both ask here; args are the arguments as sent, NULL for a list.  What is asked about
 * a resource or prompt is its `ask`.
 */
const char *catalog_forbids(const struct tool *t, const struct identity *who, struct json_object *args, struct arena *mem);

/* Is the catalog served to a tenant of this plan and these features?  If not, c->refused says why. */
bool catalog_serves(const struct catalog *c, const struct identity *who);

/*
 * Both, for rq's caller, who may have changed since his call was let in.  0, or -1 with FAIL_REFUSED,
 * FAIL_SCOPE.
 */
int catalog_admits(struct request *rq, const struct tool *t, struct json_object *args) must_use;

/* Is it served to a tenant of this plan over the transport of 2024-11-05? */
bool catalog_offers_sse(const struct catalog *c, const struct identity *who);

/* The file of a tool that seals an argument; NULL: none does. */
const char *catalogs_sealing(const struct catalogs *all);

#endif
