/*
 * ctl_secrets: the sealed texts in the database, when their key changes.
 *
 * mcp.sealed says where they lie.  Every one is opened with MCP_SEAL_KEY or MCP_SEAL_KEY_OLD; what
 * the old key sealed is sealed anew.  Rows are locked a batch at a time, so the service goes on;
 * broken off, it is run again.
 */
#ifndef CTL_SECRETS_H
#define CTL_SECRETS_H

#include "ctl_args.h"

/* 0: every text opens with MCP_SEAL_KEY; 1: some open with neither key, and their rows were named. */
int ctl_secrets_rekey(struct ctl *c);

#endif
