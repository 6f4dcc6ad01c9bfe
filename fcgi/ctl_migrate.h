/*
 * ctl_migrate: brings the database up to what the sql folder holds.
 *
 * core first, then one folder per catalog.  Files are NNNN_name.sql, from 0001 without gaps; each
 * runs once, in one transaction as mcp_owner, and is recorded with its digest.  A file whose first
 * line is "-- no transaction" holds a single statement that runs outside of one.
 */
#ifndef CTL_MIGRATE_H
#define CTL_MIGRATE_H

#include "ctl_args.h"

int ctl_migrate(struct ctl *c);

#endif
