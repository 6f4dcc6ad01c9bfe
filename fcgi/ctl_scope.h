/*
 * ctl_scope: the catalog that a command names, and whether the scopes it names are that catalog's.
 */
#ifndef CTL_SCOPE_H
#define CTL_SCOPE_H

#include "catalog.h"
#include "ctl_args.h"

/* The catalog of MCP_TOOLS; dies with those there are. */
const struct catalog *ctl_scope_catalog(struct ctl *c, const char *name) must_use;

/* Dies unless every --scope is a word of the catalog, or the one that means all. */
void ctl_scope_check(struct ctl *c, const struct catalog *catalog);

#endif
