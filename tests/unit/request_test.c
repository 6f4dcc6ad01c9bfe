/* request: the parameters we read, and the names of steps. */
#include "tap.h"
#include "request.h"

int
main(void)
{
	static struct request rq;
	static const char *const steps[] = { "gate", "identify", "read", "parse", "place", "admit", "run" };
	int p, i;

	arena_init(&rq.mem, 4096, 1 << 20);

	for (p = 0; p < PARAM_COUNT; p++) {
		const char *name = request_param_name(p);

		ok(name && name[0] && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == strlen(name), "parameter %d is called %s", p, name);
		request_param(&rq, name, "x");
		is_str(rq.param[p], "x", "and is noted");
	}
	is_int(rq.twice, 0, "each came once");
	request_param(&rq, "HTTP_COOKIE", "x");
	request_param(&rq, "", "x");
	request_param(&rq, "HTTP_HOST2", "x");
	request_param(&rq, "http_host", "y");
	is_str(rq.param[PARAM_HOST], "x", "others are passed over");
	request_param(&rq, "HTTP_TRACESTATE", "y");
	is_str(rq.param[PARAM_TRACESTATE], "x,y", "a list may come in parts");
	request_param(&rq, "HTTP_TRACEPARENT", "y");
	is_str(rq.param[PARAM_TRACEPARENT], "", "of two parents neither counts");
	is_int(rq.twice, 0, "and nobody is refused for it");
	request_param(&rq, "HTTP_MCP_PARAM_A", "x");
	is_int(rq.mirrored.n, 1, "headers that repeat arguments have a list of their own");
	request_param(&rq, "HTTP_HOST", "second");
	is_int(rq.twice, 1U << PARAM_HOST, "a second one is noted as such");
	is_int(request_endpoint(&rq), ENDPOINT_MCP, "an address of another name is the catalog's own");
	rq.param[PARAM_ENDPOINT] = "messages";
	is_int(request_endpoint(&rq), ENDPOINT_MESSAGES, "one of the older transport's");
	rq.param[PARAM_ENDPOINT] = NULL;
	is_int(request_endpoint(&rq), ENDPOINT_MCP, "none");
	is_int(STEP_COUNT, LEN(steps), "steps");
	for (i = 0; i < STEP_COUNT; i++)
		is_str(request_step_name(i), steps[i], "step %d", i);
	arena_close(&rq.mem);
	return tap_done();
}
