/*
 * confirm: the user is asked before a tool runs whose file says so.
 *
 * A form with the sentence of the tool's file.  Only "accept" lets the tool run; whatever else was
 * answered, nothing was changed.  Clients that cannot be asked are served unless their tenant wants
 * every confirmation (mcp.tenant.confirm).
 */
#ifndef CONFIRM_H
#define CONFIRM_H

#include "bind.h"
#include "request.h"
#include "tool.h"

/*
 * Asks, if the tool wants it.  Call it with checked arguments, before anything is changed.  0: go on.
 * -1: the call ends here, by FAIL_INPUT (the client is asked), FAIL_TOOL (declined, or what the
 * tool's statement refuses anyway), FAIL_CAPABILITY, or another failure.
 */
int confirm_ask(struct request *rq, const struct tool *tool, const struct bind_args *args) must_use;

#endif
