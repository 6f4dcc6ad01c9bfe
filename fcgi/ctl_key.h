/*
 * ctl_key: API keys: made, listed, rotated, revoked.
 *
 * A key is printed once, when it is made; the database holds its SHA-256.
 */
#ifndef CTL_KEY_H
#define CTL_KEY_H

#include "ctl_args.h"

int ctl_key_create(struct ctl *c);
int ctl_key_list(struct ctl *c);

/* Makes a key with the settings of another, which expires after --overlap. */
int ctl_key_rotate(struct ctl *c);

/* Returns when no later call with this key will be served.  A key that is revoked already stays so. */
int ctl_key_revoke(struct ctl *c);

#endif
