/* rpc: the envelope in both eras, and how each failure is written. */
#include "rpc.h"
#include "catalog.h"
#include "fail.h"
#include "reply.h"
#include "tap.h"

static struct catalog catalog = { .name = "c", .server_info = "{\"name\":\"c\",\"version\":\"1\"}" };

static const char *
result(struct request *rq, enum era era)
{
	buf_cut(&rq->reply.body, 0);
	rq->era = era;
	rpc_result_begin(rq);
	rpc_member(rq, "x");
	buf_str(&rq->reply.body, "1");
	rpc_result_end(rq);
	return rq->reply.body.at;
}

static const char *
failure(struct request *rq, enum era era, enum fail what, const char *data)
{
	buf_cut(&rq->reply.body, 0);
	fail_clear(rq);
	rq->era = era;
	fail(rq, what, "says \"%s\"", "it");
	rq->data = data;
	rpc_failure(rq, 0);
	return rq->reply.body.at;
}

int
main(void)
{
	struct request rq = { .catalog = &catalog };

	arena_init(&rq.mem, 65536, 1 << 24);
	reply_init(&rq, 1 << 20);
	rq.id = json_keep(&rq.mem, json_object_new_string("a\"b"));
	is_str(result(&rq, ERA_LEGACY), "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"result\":{\"x\":1}}", "a legacy result");
	is_str(result(&rq, ERA_MODERN), "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"result\":{\"resultType\":\"complete\",\"x\":1,"
	    "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"c\",\"version\":\"1\"}}}}", "a modern result");
	is_str(failure(&rq, ERA_MODERN, FAIL_VERSION, "{\"supported\":[]}"), "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"error\":"
	    "{\"code\":-32022,\"message\":\"says \\\"it\\\"\",\"data\":{\"supported\":[]}}}", "an error with data");
	is_str(failure(&rq, ERA_LEGACY, FAIL_TOOL, NULL), "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"result\":{\"content\":"
	    "[{\"type\":\"text\",\"text\":\"says \\\"it\\\"\"}],\"isError\":true}}", "a tool error is a result");
	is_str(failure(&rq, ERA_LEGACY, FAIL_INTERNAL, NULL), "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"error\":"
	    "{\"code\":-32603,\"message\":\"Internal error\"}}", "what went wrong inside is not said outside");
	is_str(rq.why, "says \"it\"", "but kept for the log");
	catalog.errors = ERRORS_STATUS;
	snprintf(rq.request_id, sizeof(rq.request_id), "R");
	is_str(failure(&rq, ERA_LEGACY, FAIL_SCOPE, NULL), "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"result\":{\"content\":"
	    "[{\"type\":\"text\",\"text\":\"{\\\"error\\\":{\\\"code\\\":\\\"FORBIDDEN\\\",\\\"status\\\":403,"
	    "\\\"message\\\":\\\"says \\\\\\\"it\\\\\\\"\\\",\\\"request_id\\\":\\\"R\\\"}}\"}],\"isError\":true}}", "as an object with its status");
	catalog.errors = ERRORS_CODE;
	ok(strstr(failure(&rq, ERA_LEGACY, FAIL_TOOL, NULL), "BAD_REQUEST") && !strstr(rq.reply.body.at, "status"), "as an object without");
	catalog.errors = ERRORS_TEXT;
	rq.id = NULL;
	is_str(failure(&rq, ERA_LEGACY, FAIL_PARSE, NULL), "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"says \\\"it\\\"\"}}",
	    "an id that could not be read is left out");
	buf_cut(&rq.reply.body, 0);
	rq.era = ERA_LEGACY;
	rpc_result_begin(&rq);
	rpc_result_end(&rq);
	is_str(rq.reply.body.at, "{\"jsonrpc\":\"2.0\",\"result\":{}}", "an empty result");
	arena_close(&rq.mem);
	return tap_done();
}
