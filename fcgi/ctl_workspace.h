/*
 * ctl_workspace: the parts of a tenant that requests can narrow themselves to.
 */
#ifndef CTL_WORKSPACE_H
#define CTL_WORKSPACE_H

#include "ctl_args.h"

int ctl_workspace_add(struct ctl *c);
int ctl_workspace_list(struct ctl *c);

/* Binds a key of the tenant to the workspaces of --workspace, by slug or id; the first is its usual one. */
void ctl_workspace_bind(struct ctl *c, const char *tenant, const char *key);

#endif
