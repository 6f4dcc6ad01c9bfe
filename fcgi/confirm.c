/* confirm: one question, asked with what mrtr offers. */
#include "confirm.h"
#include "bind_sql.h"
#include "fail.h"
#include "mrtr.h"
#include "question.h"
#include "tenant.h"
#include "utf8.h"

#define KEY		"confirm"
#define METHOD		"elicitation/create"
#define ARGUMENT_MAX	200	/* bytes shown of an argument */
#define SENTENCE_MAX	4096	/* of the whole question */

/* A text from outside as it may be shown: on one line, without what hides or turns text, and not endless. */
static void
add_shown(struct buf *b, const char *s, size_t n)
{
	size_t at = 0, step;
	uint32_t code;

	for (; at < n && at < ARGUMENT_MAX && (step = utf8_step(s + at, n - at, &code)) > 0; at += step)
		if (code < ' ')
			buf_char(b, ' ');
		else if (!utf8_hidden(code))
			buf_add(b, s + at, step);
	if (at < n)
		buf_str(b, "...");
}

/* The sentence of the tool's file with what was sent in its {argument}s. */
static const char *
sentence(struct request *rq, const struct tool *tool, struct json_object *args)
{
	const char *s, *end;
	struct buf b;

	buf_init(&b, &rq->mem, SENTENCE_MAX);
	for (s = tool->confirm; *s; s++) {
		struct json_object *arg = NULL;

		if (*s == '{' && (end = strchr(s, '}'))) {
			arg = json_get(args, arena_copy(&rq->mem, s + 1, (size_t)(end - s - 1)));
			s = end;
			if (arg)
				add_shown(&b, json_object_get_string(arg), strlen(json_object_get_string(arg)));
		} else {
			buf_char(&b, *s);
		}
	}
	return b.at;
}

/* A form with one field, which is ticked unless the user does something about it. */
static struct json_object *
question(struct request *rq, const struct tool *tool, struct json_object *args)
{
	static const char form[] = "{\"type\":\"object\",\"properties\":{\"confirm\":"
	    "{\"type\":\"boolean\",\"title\":\"Yes, go ahead\",\"default\":true}}}";
	struct json_object *params = json_object_new_object();

	json_object_object_add(params, "mode", json_object_new_string("form"));
	json_object_object_add(params, "message", json_object_new_string(sentence(rq, tool, args)));
	json_object_object_add(params, "requestedSchema", json_object_get(json_parse(&rq->mem, form, strlen(form), 8)));
	return params;
}

/* A no is an answer too: a yes to the same question would come too late.  It counts also where that cannot be kept. */
static int
refuse(struct request *rq, const char *says)
{
	if (mrtr_claim(rq) != 0 && rq->failed != FAIL_UNAVAILABLE)
		return -1;
	fail_clear(rq);
	return fail(rq, FAIL_TOOL, "%s", says);
}

/* "accept" of a form whose field was cleared is a no. */
static int
judge(struct request *rq, struct json_object *answer)
{
	const char *action = json_get_str(answer, "action");
	struct json_object *ticked = json_get(json_get(answer, "content"), "confirm");

	if (strcmp(action, "accept") == 0 && (!ticked || json_object_get_boolean(ticked)))
		return 0;
	if (strcmp(action, "cancel") == 0)
		return refuse(rq, "The user closed the question without an answer. Nothing was changed.");
	return refuse(rq, "The user declined. Nothing was changed.");
}

/* An outage must not be what lets a tool run unasked. */
static int
serve_unasked(struct request *rq)
{
	return rq->believed ? question_refuse(rq, "The user cannot be asked now. Nothing was changed. Try again in a few seconds.") : 0;
}

int
confirm_ask(struct request *rq, const struct tool *tool, const struct bind_args *args)
{
	struct json_object *answer;

	if (!tool->confirm)
		return 0;
	if (!mrtr_can(rq, METHOD) && (rq->believed || !rq->who->confirm_required))
		return serve_unasked(rq);
	while (!(answer = mrtr_ask(rq, KEY, METHOD, question(rq, tool, args->given)))) {
		/* Nobody is asked for what will be refused whatever the answer.  With a key it may have been done before. */
		if (mrtr_can(rq, METHOD) && tool->statement.sql && !args->key && bind_sql_rehearse(rq, tool, args) != 0)
			return -1;
		if (mrtr_wait(rq) != 0)
			return -1;
		(void)mrtr_again(rq);
	}
	return judge(rq, answer);
}
