/* question: a row per kind: what it asks for, what it must say, what answers it. */
#include "question.h"
#include "fail.h"
#include "form.h"

#define PARAMS_MAX	(64 << 10)	/* bytes of a question as JSON */
#define KEY_CHARS	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

/* Revisions that brought something new to ask. */
#define HAS_ELICITATION	"2025-06-18"
#define HAS_NEW_FORMS	"2025-11-25"	/* choices with titles, URLs, tools for sampling */

/* --- what it must say ------------------------------------------------------------------- */

static const char *
form_params(struct arena *mem, struct json_object *params)
{
	const char *mode = json_get_str(params, "mode");

	if (mode && strcmp(mode, "form") != 0)
		return "mode must be form or url";
	return json_get_str(params, "message") ? form_flaw(mem, json_get(params, "requestedSchema")) : "message must be a text";
}

static const char *
url_params(struct arena *mem, struct json_object *params)
{
	const char *url = json_get_str(params, "url");

	(void)mem;
	if (!json_get_str(params, "message"))
		return "message must be a text";
	return url && (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0) ? NULL : "url must begin with https://";
}

static const char *
sampling_params(struct arena *mem, struct json_object *params)
{
	struct json_object *messages = json_get(params, "messages");

	(void)mem;
	if (!json_object_is_type(messages, json_type_array) || json_object_array_length(messages) == 0)
		return "messages must be an array with messages";
	return json_get_int(params, "maxTokens", 0) > 0 ? NULL : "maxTokens must be a number";
}

static const char *
roots_params(struct arena *mem, struct json_object *params)
{
	(void)mem;
	(void)params;
	return NULL;
}

/* --- what answers it -------------------------------------------------------------------- */

static bool
form_answers(const struct question *q, struct json_object *answer)
{
	const char *action = json_get_str(answer, "action");
	struct json_object *content = NULL;

	if (!action)
		return false;
	if (strcmp(action, "accept") == 0)
		return (!json_object_object_get_ex(answer, "content", &content) || content) &&
		    form_fits(json_get(q->params, "requestedSchema"), content);
	return strcmp(action, "decline") == 0 || strcmp(action, "cancel") == 0;
}

static bool
url_answers(const struct question *q, struct json_object *answer)
{
	const char *action = json_get_str(answer, "action");

	(void)q;
	return action && (strcmp(action, "accept") == 0 || strcmp(action, "decline") == 0 || strcmp(action, "cancel") == 0);
}

/* A handler reads the text of a block that says it is one. */
static bool
is_block(struct json_object *block)
{
	const char *type = json_get_str(block, "type");

	return type && (strcmp(type, "text") != 0 || json_get_str(block, "text"));
}

/* content is one block, or since 2025-11-25 an array of them */
static bool
sampling_answers(const struct question *q, struct json_object *answer)
{
	struct json_object *content = json_get(answer, "content");
	const char *role = json_get_str(answer, "role");
	size_t i, n = json_object_is_type(content, json_type_array) ? json_object_array_length(content) : 0;

	(void)q;
	if (!role || (strcmp(role, "assistant") != 0 && strcmp(role, "user") != 0))
		return false;
	for (i = 0; i < n; i++)
		if (!is_block(json_object_array_get_idx(content, i)))
			return false;
	return n > 0 || is_block(content);
}

static bool
roots_answers(const struct question *q, struct json_object *answer)
{
	struct json_object *roots = json_get(answer, "roots");
	size_t i, n = json_object_is_type(roots, json_type_array) ? json_object_array_length(roots) : 0;

	(void)q;
	for (i = 0; i < n; i++)
		if (!json_get_str(json_object_array_get_idx(roots, i), "uri"))
			return false;
	return json_object_is_type(roots, json_type_array);
}

static const struct kind {
	const char  *method;
	const char *(*flaw)(struct arena *mem, struct json_object *params);	/* a phrase; NULL: none */
	bool       (*answers)(const struct question *q, struct json_object *answer);
} kinds[] = {
	[QUESTION_FORM]     = { "elicitation/create",     form_params,     form_answers },
	[QUESTION_URL]      = { "elicitation/create",     url_params,      url_answers },
	[QUESTION_SAMPLING] = { "sampling/createMessage", sampling_params, sampling_answers },
	[QUESTION_ROOTS]    = { "roots/list",             roots_params,    roots_answers },
};

/* The kind of a method, that of a form for both of elicitation; -1: none. */
static int
kind_of(const char *method)
{
	int i;

	for (i = 0; i < (int)LEN(kinds); i++)
		if (strcmp(kinds[i].method, method) == 0)
			return i;
	return -1;
}

/* --- the question ----------------------------------------------------------------------- */

int
question_make(struct request *rq, struct question *q, const char *key, const char *method, struct json_object *params)
{
	const char *mode = json_get_str(params, "mode"), *flaw;
	int kind = kind_of(method);
	size_t n = 0;

	json_keep(&rq->mem, params);
	if (kind < 0)
		return fail(rq, FAIL_INTERNAL, "question %s: no client is asked with %s", key, method);
	if (!*key || strlen(key) > QUESTION_KEY_MAX || strspn(key, KEY_CHARS) != strlen(key))
		return fail(rq, FAIL_INTERNAL, "question %s: a key has at most %d of the characters A-Z a-z 0-9 _ . -", key, QUESTION_KEY_MAX);
	if (kind == QUESTION_FORM && mode && strcmp(mode, "url") == 0)
		kind = QUESTION_URL;
	*q = (struct question){ arena_str(&rq->mem, key), kinds[kind].method, (enum question_kind)kind, params };
	flaw = params && !json_object_is_type(params, json_type_object) ? "params must be an object" : kinds[kind].flaw(&rq->mem, params);
	if (flaw)
		return fail(rq, FAIL_INTERNAL, "question %s: %s: %s", key, method, flaw);
	if (params)
		json_plain(params, &n);
	/* The others are mistakes of the tool; how much is in a question may come from its arguments. */
	return n <= PARAMS_MAX ? 0 : question_refuse(rq, "The question to the user would be larger than %d bytes, so nobody was asked "
	    "and nothing was changed.", PARAMS_MAX);
}

/* Does a client that is older than MRTR know of it? */
static bool
is_known(const struct request *rq, const struct question *q)
{
	bool newest = strcmp(rq->version, HAS_NEW_FORMS) >= 0;

	switch (q->kind) {
	case QUESTION_FORM:
		return newest || (strcmp(rq->version, HAS_ELICITATION) >= 0 && form_is_old(json_get(q->params, "requestedSchema")));
	case QUESTION_URL:
		return newest;
	default:
		return true;
	}
}

static bool
wants_tools(const struct question *q)
{
	return json_get(q->params, "tools") || json_get(q->params, "toolChoice");
}

static bool
wants_context(const struct question *q)
{
	const char *context = json_get_str(q->params, "includeContext");

	return context && strcmp(context, "none") != 0;
}

/* In a batch nothing can go out before the answers, and without a session none would find back. */
static bool
is_reachable(const struct request *rq)
{
	return rq->era == ERA_MODERN || (rq->session && !rq->batch);
}

bool
question_allowed(const struct request *rq, const struct question *q)
{
	const struct client *c = &rq->client;

	if (!is_reachable(rq) || !is_known(rq, q))
		return false;
	switch (q->kind) {
	case QUESTION_FORM:
		return c->elicits;
	case QUESTION_URL:
		return c->elicits_url;
	case QUESTION_SAMPLING:
		return c->samples && (!wants_tools(q) || c->samples_tools) && (!wants_context(q) || c->samples_context);
	default:
		return c->roots;
	}
}

bool
question_possible(const struct request *rq, const char *method)
{
	struct question plain = { .method = method };
	int kind = kind_of(method);

	plain.kind = (enum question_kind)kind;
	return kind >= 0 && question_allowed(rq, &plain);
}

static struct json_object *
member(struct json_object *o, const char *name)
{
	struct json_object *v = json_get(o, name);

	if (!v) {
		v = json_object_new_object();
		json_object_object_add(o, name, v);
	}
	return v;
}

void
question_needs(const struct question *q, struct json_object *capabilities)
{
	struct json_object *sampling;

	switch (q->kind) {
	case QUESTION_FORM:
		member(member(capabilities, "elicitation"), "form");
		return;
	case QUESTION_URL:
		member(member(capabilities, "elicitation"), "url");
		return;
	case QUESTION_SAMPLING:
		sampling = member(capabilities, "sampling");
		if (wants_tools(q))
			member(sampling, "tools");
		if (wants_context(q))
			member(sampling, "context");
		return;
	default:
		member(capabilities, "roots");
	}
}

bool
question_answered(const struct question *q, struct json_object *answer)
{
	return json_object_is_type(answer, json_type_object) && kinds[q->kind].answers(q, answer);
}

int
question_refuse(struct request *rq, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (rq->failed)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fail(rq, strcmp(rq->method, "tools/call") == 0 ? FAIL_TOOL : FAIL_INTERNAL, "%s", text);
	rq->says = rq->why;		/* here also an internal error may say it */
	return -1;
}
