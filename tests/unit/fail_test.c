/* fail: the first failure stays, an internal one is not told, and the table is what clients are promised. */
#include "tap.h"
#include "fail.h"

static struct request rq;

static void
test_fail(void)
{
	char long_text[5000];

	is_int(fail(&rq, FAIL_PARAMS, "no %s", "name"), -1, "fail returns -1");
	is_int(rq.failed, FAIL_PARAMS, "notes what it is");
	is_str(rq.says, "no name", "and says so");
	is_int(fail(&rq, FAIL_TOOL, "later"), -1, "a second failure");
	is_int(rq.failed, FAIL_PARAMS, "does not take the place of the first");
	is_str(rq.says, "no name", "nor its sentence");
	rq.data = "{}";
	fail_clear(&rq);
	ok(!rq.failed && !rq.says && !rq.why && !rq.data, "clear forgets all of it");
	fail(&rq, FAIL_INTERNAL, "the table is gone");
	is_str(rq.says, "Internal error", "an internal failure says nothing of itself");
	is_str(rq.why, "the table is gone", "but the log has it");
	fail_clear(&rq);
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	fail(&rq, FAIL_TOOL, "%s", long_text);
	ok(strlen(rq.says) > 500 && strlen(rq.says) < sizeof(long_text), "a long sentence is cut");
	fail_clear(&rq);
	fail(&rq, FAIL_PARAMS, "Unknown tool: %.3s!", "\xC3\xA4\xC3\xB6");
	is_str(rq.says, "Unknown tool: \xC3\xA4!", "a name that was cut in the middle of a character does not make the answer bad UTF-8");
	fail_clear(&rq);
}

static void
test_codes(void)
{
	fail(&rq, FAIL_RESOURCE, "x");
	rq.era = ERA_MODERN;
	is_int(fail_code(&rq), -32602, "no such resource, now");
	rq.era = ERA_LEGACY;
	is_int(fail_code(&rq), -32002, "and in older revisions");
	is_int(fail_as_params(&rq), -1, "a failure that is none of a tool");
	is_int(rq.failed, FAIL_RESOURCE, "stays");
	fail_clear(&rq);
	fail(&rq, FAIL_TOOL, "not found");
	is_int(fail_as_params(&rq), -1, "a tool's");
	is_int(rq.failed, FAIL_PARAMS, "becomes one of the params");
	is_str(rq.says, "not found", "with its sentence");
	fail_clear(&rq);
}

static void
test_rows(void)
{
	static const struct {
		enum fail    what;
		int          code, modern, legacy;
		enum outcome outcome;
	} rows[] = {
		{ FAIL_NONE,         0, 200, 200, OUTCOME_OK },
		{ FAIL_HOST,       403, 403, 403, OUTCOME_BAD_REQUEST },
		{ FAIL_CREDENTIAL, 401, 401, 401, OUTCOME_DENIED },
		{ FAIL_PARSE,   -32700, 400, 400, OUTCOME_BAD_REQUEST },
		{ FAIL_METHOD,  -32601, 404, 200, OUTCOME_BAD_REQUEST },
		{ FAIL_PARAMS,  -32602, 200, 200, OUTCOME_BAD_REQUEST },
		{ FAIL_HEADERS, -32020, 400, 400, OUTCOME_BAD_REQUEST },
		{ FAIL_VERSION, -32022, 400, 400, OUTCOME_BAD_REQUEST },
		{ FAIL_DENIED,  -32602, 200, 200, OUTCOME_DENIED },
		{ FAIL_RESOURCE, -32602, 200, 200, OUTCOME_BAD_REQUEST },
		{ FAIL_RESOURCE_DENIED, -32602, 200, 200, OUTCOME_DENIED },
		{ FAIL_SCOPE,        0, 200, 200, OUTCOME_DENIED },
		{ FAIL_TOOL,         0, 200, 200, OUTCOME_TOOL_ERROR },
		{ FAIL_RATE,       429, 429, 429, OUTCOME_RATE_LIMITED },
		{ FAIL_UNAVAILABLE, 503, 503, 503, OUTCOME_UNAVAILABLE },
		{ FAIL_GONE,       499, 499, 499, OUTCOME_CANCELLED },
		{ FAIL_INTERNAL, -32603, 200, 200, OUTCOME_INTERNAL },
	};
	size_t i;
	int f;

	for (i = 0; i < LEN(rows); i++) {
		const struct fail_row *row = fail_row(rows[i].what);

		ok(row->code == rows[i].code && row->modern == rows[i].modern && row->legacy == rows[i].legacy &&
		    row->outcome == rows[i].outcome, "failure %d: %d %d %d", rows[i].what, row->code, row->modern, row->legacy);
	}
	for (f = 0; f < FAIL_COUNT; f++) {
		const struct fail_row *row = fail_row(f);

		ok(row->modern >= 200 && row->modern < 600 && row->legacy >= 200 && row->legacy < 600, "failure %d has statuses", f);
		ok(row->text && (row->text[0] || f == FAIL_NONE || f == FAIL_TOOL || f == FAIL_INPUT), "and a text: %s", row->text);
		ok(f == FAIL_NONE || f == FAIL_INPUT || row->outcome != OUTCOME_OK, "and an outcome that is not ok");
	}
}

int
main(void)
{
	arena_init(&rq.mem, 4096, 1 << 20);
	test_fail();
	test_codes();
	test_rows();
	arena_close(&rq.mem);
	return tap_done();
}
