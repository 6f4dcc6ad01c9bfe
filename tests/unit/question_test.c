/* question: what may be asked, whom, and what is an answer. */
#include "question.h"
#include "ask.h"
#include "fail.h"

static struct request rq;

static struct json_object *
parse(const char *json)
{
	return json ? json_parse(&rq.mem, json, strlen(json), 16) : NULL;
}

#define FORM	"{\"message\":\"m\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}}"
#define TITLED	"{\"message\":\"m\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"," \
		"\"oneOf\":[{\"const\":\"x\",\"title\":\"X\"}]}}}}"
#define URL	"{\"mode\":\"url\",\"message\":\"m\",\"url\":\"https://example.com/\"}"
#define SAMPLE	"{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"t\"}}],\"maxTokens\":9"

static struct question
make(const char *method, const char *params)
{
	struct question q;
	struct json_object *o = parse(params);

	fail_clear(&rq);
	if (question_make(&rq, &q, "k", method, o ? json_object_get(o) : NULL) != 0)
		memset(&q, 0, sizeof(q));
	return q;
}

static void
test_make(void)
{
	static const struct {
		const char *method, *params, *why;	/* part of it; NULL: it is a question */
	} row[] = {
		{ "elicitation/create", FORM, NULL }, { "elicitation/create", URL, NULL }, { "roots/list", NULL, NULL }, { "roots/list", "{}", NULL },
		{ "sampling/createMessage", SAMPLE "}", NULL },
		{ "ping", NULL, "no client is asked with ping" }, { "elicitation/create", NULL, "message must be a text" },
		{ "elicitation/create", "{\"message\":\"m\"}", "a form is an object with properties" },
		{ "elicitation/create", "[]", "params must be an object" }, { "elicitation/create", "{\"mode\":\"x\",\"message\":\"m\"}", "mode must be" },
		{ "elicitation/create", "{\"mode\":\"url\",\"message\":\"m\",\"url\":\"javascript:1\"}", "url must begin" },
		{ "elicitation/create", "{\"mode\":\"url\",\"url\":\"https://a\"}", "message must be a text" },
		{ "sampling/createMessage", "{\"maxTokens\":1}", "messages must be" },
		{ "sampling/createMessage", "{\"messages\":[{}]}", "maxTokens must be" },
	};
	struct question q;
	size_t i;

	for (i = 0; i < LEN(row); i++) {
		q = make(row[i].method, row[i].params);
		ok(row[i].why ? !q.key && rq.failed == FAIL_INTERNAL && strstr(rq.why, row[i].why) : q.key != NULL, "%s %s: %s", row[i].method,
		    row[i].params ? row[i].params : "", rq.why ? rq.why : "");
	}
	fail_clear(&rq);
	is_int(question_make(&rq, &q, "a b", "roots/list", NULL), -1, "a key with a space");
	fail_clear(&rq);
	is_int(question_make(&rq, &q, "", "roots/list", NULL), -1, "an empty key");
	fail_clear(&rq);
	is_int(question_make(&rq, &q, arena_fmt(&rq.mem, "%065d", 1), "roots/list", NULL), -1, "a long key");
	rq.method = "tools/call";
	q = make("roots/list", arena_fmt(&rq.mem, "{\"_meta\":{\"x\":\"%066000d\"}}", 1));
	ok(!q.key && rq.failed == FAIL_TOOL && strstr(rq.why, "would be larger than 65536 bytes"), "a large question: %s", rq.why);
}

static bool
allowed(const char *version, const char *capabilities, const char *method, const char *params)
{
	struct question q = make(method, params);

	rq.era = strcmp(version, "2026-07-28") == 0 ? ERA_MODERN : ERA_LEGACY;
	rq.version = version;
	client_capabilities(&rq.client, parse(capabilities));
	return question_allowed(&rq, &q);
}

static void
test_allowed(void)
{
	static const char now[] = "2026-07-28", newest[] = "2025-11-25", middle[] = "2025-06-18", old[] = "2025-03-26";
	static const char all[] = "{\"elicitation\":{\"form\":{},\"url\":{}},\"sampling\":{\"tools\":{},\"context\":{}},\"roots\":{}}";
	const char *form = "elicitation/create", *sampling = "sampling/createMessage";

	rq.session = "s";
	ok(!allowed(now, "{}", form, FORM) && !allowed(now, "{}", form, URL) && !allowed(now, "{}", sampling, SAMPLE "}") &&
	    !allowed(now, "{}", "roots/list", NULL), "nothing is declared");
	ok(allowed(now, "{\"elicitation\":{}}", form, FORM) && !allowed(now, "{\"elicitation\":{}}", form, URL), "{} is forms");
	ok(!allowed(now, "{\"elicitation\":{\"url\":{}}}", form, FORM) && allowed(now, "{\"elicitation\":{\"url\":{}}}", form, URL), "URLs alone");
	ok(allowed(now, "{\"sampling\":{}}", sampling, SAMPLE "}"), "sampling");
	ok(!allowed(now, "{\"sampling\":{}}", sampling, SAMPLE ",\"tools\":[]}") && allowed(now, all, sampling, SAMPLE ",\"tools\":[]}"), "with tools");
	ok(!allowed(now, "{\"sampling\":{}}", sampling, SAMPLE ",\"includeContext\":\"allServers\"}") &&
	    allowed(now, "{\"sampling\":{}}", sampling, SAMPLE ",\"includeContext\":\"none\"}"), "with context");
	ok(allowed(now, "{\"roots\":{}}", "roots/list", NULL), "roots");
	ok(allowed(newest, all, form, FORM) && allowed(newest, all, form, TITLED) && allowed(newest, all, form, URL), "2025-11-25 has all forms");
	ok(allowed(middle, all, form, FORM) && !allowed(middle, all, form, TITLED) && !allowed(middle, all, form, URL), "2025-06-18 has the old ones");
	ok(!allowed(old, all, form, FORM) && allowed(old, all, "roots/list", NULL), "2025-03-26 has none, but roots");
	rq.batch = true;
	ok(!allowed(old, all, "roots/list", NULL), "in a batch nobody is asked");
	rq.batch = false;
	rq.session = NULL;
	ok(!allowed(newest, all, form, FORM) && allowed(now, all, form, FORM), "nor without a session, which only older clients have");
	ok(question_possible(&rq, form) && question_possible(&rq, "roots/list") && !question_possible(&rq, "ping"), "by method");
}

static void
test_needs(void)
{
	struct json_object *o = json_keep(&rq.mem, json_object_new_object());
	struct question q[] = { make("elicitation/create", FORM), make("elicitation/create", URL),
		make("sampling/createMessage", SAMPLE ",\"toolChoice\":{}}"), make("roots/list", NULL) };
	size_t i;

	for (i = 0; i < LEN(q); i++)
		question_needs(&q[i], o);
	is_str(json_plain(o, NULL), "{\"elicitation\":{\"form\":{},\"url\":{}},\"sampling\":{\"tools\":{}},\"roots\":{}}", "what all four take");
}

static void
test_answered(void)
{
	static const struct {
		const char *method, *params, *answer;
		bool        fits;
	} row[] = {
		{ "elicitation/create", FORM, "{\"action\":\"accept\",\"content\":{\"a\":\"x\"}}", true },
		{ "elicitation/create", FORM, "{\"action\":\"accept\",\"content\":{\"a\":1}}", false },
		{ "elicitation/create", FORM, "{\"action\":\"accept\"}", false }, { "elicitation/create", FORM, "{\"action\":\"decline\"}", true },
		{ "elicitation/create", FORM, "{\"action\":\"cancel\"}", true }, { "elicitation/create", FORM, "{\"action\":\"maybe\"}", false },
		{ "elicitation/create", FORM, "{}", false }, { "elicitation/create", FORM, "[]", false }, { "elicitation/create", FORM, NULL, false },
		{ "elicitation/create", URL, "{\"action\":\"accept\"}", true }, { "elicitation/create", URL, "{\"action\":1}", false },
		{ "sampling/createMessage", SAMPLE "}", "{\"role\":\"assistant\",\"content\":{\"type\":\"text\",\"text\":\"t\"},\"model\":\"m\"}", true },
		{ "sampling/createMessage", SAMPLE "}", "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"t\"}]}", true },
		{ "sampling/createMessage", SAMPLE "}", "{\"role\":\"assistant\",\"content\":[]}", false },
		{ "sampling/createMessage", SAMPLE "}", "{\"role\":\"assistant\",\"content\":[1]}", false },
		{ "sampling/createMessage", SAMPLE "}", "{\"role\":\"robot\",\"content\":{\"type\":\"text\",\"text\":\"t\"}}", false },
		{ "sampling/createMessage", SAMPLE "}", "{\"role\":\"user\",\"content\":{\"type\":\"text\"}}", false },
		{ "sampling/createMessage", SAMPLE "}", "{\"role\":\"user\",\"content\":{\"type\":\"image\",\"data\":\"\",\"mimeType\":\"image/png\"}}", true },
		{ "sampling/createMessage", SAMPLE "}", "{\"content\":{\"type\":\"text\",\"text\":\"t\"}}", false },
		{ "roots/list", NULL, "{\"roots\":[]}", true }, { "roots/list", NULL, "{\"roots\":[{\"uri\":\"file:///a\"}]}", true },
		{ "roots/list", NULL, "{\"roots\":[{\"name\":\"a\"}]}", false }, { "roots/list", NULL, "{\"roots\":{}}", false }, { "roots/list", NULL, "{}", false },
	};
	size_t i;

	for (i = 0; i < LEN(row); i++) {
		struct question q = make(row[i].method, row[i].params);

		ok(question_answered(&q, parse(row[i].answer)) == row[i].fits, "%s: %s %s", row[i].method, row[i].answer ? row[i].answer : "(nothing)",
		    row[i].fits ? "answers" : "does not answer");
	}
}

int
main(void)
{
	ask_init(&rq);
	ask_message(&rq, "{}");
	test_make();
	test_allowed();
	test_needs();
	test_answered();
	fail_clear(&rq);
	rq.method = "tools/call";
	question_refuse(&rq, "no %d", 1);
	ok(rq.failed == FAIL_TOOL && strcmp(rq.says, "no 1") == 0, "a tool refuses so that the model reads it");
	fail_clear(&rq);
	rq.method = "prompts/get";
	question_refuse(&rq, "no %d", 2);
	ok(rq.failed == FAIL_INTERNAL && strcmp(rq.says, "no 2") == 0, "what is no tool with an error that says it");
	return ask_done(&rq);
}
