/*
 * ctl_principal: on whose behalf keys act: principals of a tenant, its roles, and who has which.
 */
#ifndef CTL_PRINCIPAL_H
#define CTL_PRINCIPAL_H

#include "ctl_args.h"

int ctl_principal_add(struct ctl *c);
int ctl_principal_list(struct ctl *c);

/* Returns when no later call with a key of the principal will be served. */
int ctl_principal_disable(struct ctl *c);

/* Returns when no worker remembers the refusal. */
int ctl_principal_enable(struct ctl *c);

int ctl_role_add(struct ctl *c);
int ctl_role_list(struct ctl *c);

/* Gives a role other scopes.  Returns, as the two behind it, when every later call knows. */
int ctl_role_scopes(struct ctl *c);

int ctl_role_grant(struct ctl *c);
int ctl_role_revoke(struct ctl *c);

/* The id of the tenant's one principal that is called so, or has this id; dies with a sentence. */
const char *ctl_principal_find(struct ctl *c, const char *tenant, const char *name) must_use;

#endif
