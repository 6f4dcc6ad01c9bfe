/*
 * ctl_tenant: tenants of a catalog, their plans, and whether they are served.
 */
#ifndef CTL_TENANT_H
#define CTL_TENANT_H

#include "ctl_args.h"

/* How long methods without SQL may still trust what a worker remembers, and a little. */
#define CTL_TENANT_SETTLE_US 1100000

int ctl_tenant_add(struct ctl *c);
int ctl_tenant_list(struct ctl *c);

/* Returns when no later call of the tenant will be served. */
int ctl_tenant_suspend(struct ctl *c);

int ctl_tenant_resume(struct ctl *c);
int ctl_tenant_plan(struct ctl *c);

/* Adds and takes away features.  Returns when every later call knows. */
int ctl_tenant_feature(struct ctl *c);

/* Whether tools that ask their user first are closed to clients that cannot.  Returns when every later call knows. */
int ctl_tenant_confirm(struct ctl *c);

/* The id of the tenant that --catalog and --tenant name; dies with a sentence. */
const char *ctl_tenant_find(struct ctl *c) must_use;

#endif
