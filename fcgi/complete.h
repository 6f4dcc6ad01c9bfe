/*
 * complete: completion/complete, what an argument of a prompt or template could be (MCP
 * 2026-07-28, "Completion").
 *
 * Proposals come from a statement that runs for the caller's tenant, like everything.
 */
#ifndef COMPLETE_H
#define COMPLETE_H

#include "catalog.h"
#include "request.h"

int complete_run(struct request *rq) must_use;

#endif
