/*
 * prompt: prompts/list and prompts/get (MCP 2026-07-28, "Prompts").
 */
#ifndef PROMPT_H
#define PROMPT_H

#include "catalog.h"
#include "request.h"

/* What a prompts/get names: fills rq->prompt, rq->tool.  -1 with FAIL_PARAMS. */
int prompt_find(struct request *rq) must_use;

int prompt_run_list(struct request *rq) must_use;
int prompt_run_get(struct request *rq) must_use;

#endif
