/* call: where a call goes, what its headers must say, and what each revision is told of its result. */
#include "call.h"
#include "ask.h"
#include "fail.h"
#include "toolkit.h"

static struct request rq;
static struct schema *objects;

static void
begin(enum era era, const char *version, const char *json)
{
	ask_message(&rq, json);
	rq.era = era;
	rq.version = version;
	rq.params = json_get(rq.message, "params");
	rq.id = json_get(rq.message, "id");
	rq.place = POOL_FAST;
}

static int
make_all(struct request *r, struct json_object *args)
{
	(void)args;
	toolkit_text(r, "%d things", 3);
	toolkit_audio(r, "audio/wav", "abc", 3);
	toolkit_link(r, "a:b", "B", NULL);
	return toolkit_done(r, json_object_get(json_parse(&r->mem, "{\"n\":1}", 7, 4)));
}

static int
make_nothing(struct request *r, struct json_object *args)
{
	(void)args;
	return toolkit_done(r, NULL);
}

static int64_t granted;

static void
grant(int64_t ms)
{
	granted = ms;
}

#define CALL "{\"id\":1,\"params\":{\"name\":\"first\",\"arguments\":{}}}"

static const char *
answer(enum era era, const char *version)
{
	begin(era, version, CALL);
	if (call_place(&rq) != 0 || call_run(&rq) != 0)
		return rq.why;
	return rq.reply.body.at;
}

static void
test_place(void)
{
	begin(ERA_MODERN, "2026-07-28", "{\"id\":1,\"params\":{}}");
	is_int(call_place(&rq), -1, "a call of no tool");
	is_int(rq.failed, FAIL_PARAMS, "is refused");
	begin(ERA_MODERN, "2026-07-28", "{\"id\":1,\"params\":{\"name\":\"fourth\"}}");
	is_int(call_place(&rq), -1, "a call of one that is not there");
	is_int(rq.failed, FAIL_PARAMS, "too");
	begin(ERA_MODERN, "2026-07-28", CALL);
	is_int(call_place(&rq), 0, "a call");
	ok(rq.tool == &ask.tool[0] && rq.place == POOL_FAST, "is for a fast worker");
	ask.tool[0].timeout_ms = 60000;
	begin(ERA_MODERN, "2026-07-28", CALL);
	is_int(call_place(&rq), 0, "one that may take long");
	is_int(rq.place, POOL_SLOW, "is for a slow one");
	rq.grant = grant;
	is_int(call_run(&rq), 0, "which");
	is_int(granted, 60000, "is given the time");
	begin(ERA_LEGACY, "2025-03-26", CALL);
	rq.batch = true;
	is_int(call_place(&rq), 0, "in a batch");
	is_int(rq.place, POOL_FAST, "it stays where the batch is");
	ask.tool[0].timeout_ms = 5000;
}

static void
test_mirrors(void)
{
	struct mirror region = { .name = "Region", .param = "HTTP_MCP_PARAM_REGION", .path = { "region" }, .depth = 1 };
	static const char hello[] = "{\"id\":1,\"params\":{\"name\":\"first\",\"arguments\":{\"region\":\"Hello\"}}}";
	static const struct {
		const char *body, *value;
		bool        good;
	} rows[] = {
		{ hello, "Hello", true }, { hello, " Hello\t", true }, { hello, "=?base64?SGVsbG8=?=", true }, { hello, "=?base64?SGVsbG8?=", false },
		{ hello, "=?base64?SGVs!!!bG8=?=", false }, { hello, "hello", false }, { hello, NULL, false }, { CALL, NULL, true }, { CALL, "x", true },
		{ "{\"id\":1,\"params\":{\"name\":\"first\",\"arguments\":{\"region\":\"SGVsbG8=\"}}}", "SGVsbG8=", true },
		{ "{\"id\":1,\"params\":{\"name\":\"first\",\"arguments\":{\"region\":\"=?base64?SGVsbG8=\"}}}", "=?base64?SGVsbG8=", true },
		{ "{\"id\":1,\"params\":{\"name\":\"first\",\"arguments\":{\"region\":null}}}", "x", true },
	};
	size_t i;

	ask.tool[0].mirrors = (struct mirrors){ &region, 1 };
	for (i = 0; i < LEN(rows); i++) {
		begin(ERA_MODERN, "2026-07-28", rows[i].body);
		rq.mirrored = (struct mirror_headers){ 0 };
		if (rows[i].value)
			request_param(&rq, "HTTP_MCP_PARAM_REGION", rows[i].value);
		is_int(call_place(&rq), rows[i].good ? 0 : -1, "header %s of %s", rows[i].value ? rows[i].value : "(none)", rows[i].body);
		is_int(rq.failed, rows[i].good ? FAIL_NONE : FAIL_HEADERS, "and says so");
	}
	begin(ERA_MODERN, "2026-07-28", hello);
	rq.mirrored = (struct mirror_headers){ 0 };
	request_param(&rq, "HTTP_MCP_PARAM_REGION", "Hello");
	request_param(&rq, "HTTP_MCP_PARAM_REGION", "Hello");
	is_int(call_place(&rq), -1, "one that came twice");
	begin(ERA_LEGACY, "2025-11-25", hello);
	rq.mirrored = (struct mirror_headers){ 0 };
	is_int(call_place(&rq), 0, "older clients know nothing of it");
	ask.tool[0].mirrors.n = 0;
}

#define TEXT	"{\"type\":\"text\",\"text\":\"3 things\"}"
#define AUDIO	"{\"type\":\"audio\",\"data\":\"YWJj\",\"mimeType\":\"audio/wav\"}"
#define LINK	"{\"type\":\"resource_link\",\"uri\":\"a:b\",\"name\":\"B\"}"
#define COPY	"{\"type\":\"text\",\"text\":\"{\\\"n\\\":1}\"}"

static void
test_results(void)
{
	ask.tool[0].output_schema = json_parse(&rq.mem, "{\"type\":\"object\"}", 17, 4);
	is_str(answer(ERA_LEGACY, "2025-11-25"), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[" TEXT "," AUDIO "," LINK "," COPY
	    "],\"structuredContent\":{\"n\":1}}}", "blocks, the result as text, the result");
	is_str(answer(ERA_LEGACY, "2025-03-26"), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[" TEXT "," AUDIO
	    ",{\"type\":\"text\",\"text\":\"B: a:b\"}," COPY "]}}", "of before: no links, nothing structured");
	is_str(answer(ERA_LEGACY, "2024-11-05"), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[" TEXT
	    ",{\"type\":\"resource\",\"resource\":{\"uri\":\"audio://content\",\"mimeType\":\"audio/wav\",\"blob\":\"YWJj\"}}"
	    ",{\"type\":\"text\",\"text\":\"B: a:b\"}," COPY "]}}", "of the beginning: no sounds");
	ok(strstr(answer(ERA_MODERN, "2026-07-28"), "\"resultType\":\"complete\""), "the newest says that this is all");
	ask.tool[0].result_max = 50;
	is_str(answer(ERA_MODERN, "2026-07-28"), "The result is too large.", "blocks count");
	ask.tool[0].result_max = 1 << 16;
	ask.tool[0].output = objects;
	ask.tool[0].function = make_nothing;
	ok(strstr(answer(ERA_MODERN, "2026-07-28"), "first: the result is not as outputSchema says"), "what was promised and is not there: %s", rq.why);
	is_int(rq.failed, FAIL_INTERNAL, "is our fault");
	ask.tool[0].output_schema = NULL;
	ask.tool[0].output = NULL;
	is_str(answer(ERA_LEGACY, "2025-11-25"), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}", "a result may be empty");
}

int
main(void)
{
	const char *why;

	ask_init(&rq);
	objects = schema_compile(&rq.mem, json_parse(&rq.mem, "{\"type\":\"object\"}", 17, 4), &why);
	ask.tool[0].c = "first";
	ask.tool[0].function = make_all;
	ask.tool[0].input = objects;
	test_place();
	test_mirrors();
	test_results();
	return ask_done(&rq);
}
