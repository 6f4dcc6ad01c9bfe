/* bind_c: the one file that loads code. */
#include "bind_c.h"
#include "fail.h"
#include "mrtr.h"
#include "toolkit.h"
#include "utf8.h"

static int
refuse(struct arena *mem, const char **why, const char *file, const char *what)
{
	*why = arena_fmt(mem, "%s: %s", file, what);
	return -1;
}

/* Was the code built for this program? */
static int
check_version(struct arena *mem, const char *file, void *code, const char **why)
{
	const int *version = dlsym(code, "toolkit_version");

	if (!version)
		return refuse(mem, why, file, "one of its files must say TOOLKIT;");
	if (*version != TOOLKIT_VERSION)
		return refuse(mem, why, file, arena_fmt(mem, "built for version %d of toolkit.h, this is %d", *version, TOOLKIT_VERSION));
	return 0;
}

/* The folder's tools.so. */
static void *
open_code(struct arena *mem, const char *file, const char **why)
{
	void *code = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!code)
		refuse(mem, why, file, dlerror());
	else if (check_version(mem, file, code, why) == 0)
		return code;
	if (code)
		dlclose(code);
	return NULL;
}

/* Finds the function, tool_NAME or prompt_NAME, in the folder's code, which is opened when first needed. */
static int
link_function(struct arena *mem, const struct catalog *c, struct tool *t, const char *kind, void **code, const char **why)
{
	const char *name = t->c ? arena_fmt(mem, "%s_%s", kind, t->c) : NULL;
	void *at;

	if (!name)
		return 0;
	if (!*code && !(*code = open_code(mem, arena_fmt(mem, "%s/tools.so", c->folder), why)))
		return -1;
	at = dlsym(*code, name);
	if (!at)
		return refuse(mem, why, t->file, arena_fmt(mem, "c: tools.so has no function %s", name));
	memcpy(&t->function, &at, sizeof(at));	/* ISO C has no cast between the two kinds of pointer */
	return 0;
}

static int
load_catalog(struct arena *mem, struct catalog *c, const char **why)
{
	void *code = NULL;
	int got = 0;
	size_t i;

	for (i = 0; i < c->tools && got == 0; i++)
		got = link_function(mem, c, &c->tool[i], "tool", &code, why);
	for (i = 0; i < c->prompts.n && got == 0; i++)
		got = link_function(mem, c, &c->prompts.at[i].ask, "prompt", &code, why);
	if (got != 0 && code)
		dlclose(code);
	return got;		/* the code stays as long as the process */
}

int
bind_c_load(struct arena *mem, struct catalogs *all, const char **why)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (load_catalog(mem, &all->at[i], why) != 0)
			return -1;
	return 0;
}

/* --- a call ----------------------------------------------------------------------------- */

/* What a function has made is what its file promises, or nobody gets to see it. */
static int
check_result(struct request *rq, const struct tool *tool)
{
	struct buf says;

	if (!tool->output) {
		if (rq->made.result && !json_object_is_type(rq->made.result, json_type_object))
			return fail(rq, FAIL_INTERNAL, "%s: ended with a result that is no object", tool->name);
		return 0;
	}
	buf_init(&says, &rq->mem, 4096);
	if (!schema_check_as(tool->output, rq->made.result, "the result", &rq->mem, &says))
		return fail(rq, FAIL_INTERNAL, "%s: the result is not as outputSchema says: %.800s", tool->name, says.at);
	return 0;
}

static int
take_result(struct request *rq, const struct tool *tool, struct bind_result *out)
{
	struct json_object *result = rq->made.result;
	const char *text;
	size_t len = 0;

	if (result) {
		out->structured = json_plain(result, &out->structured_len);
		if (json_object_is_type(result, json_type_object) && json_object_object_length(result) == 1)
			out->text = json_get_str(result, "message");
	}
	out->blocks = rq->made.blocks;
	text = out->blocks ? json_plain(out->blocks, &len) : NULL;
	if (text && !utf8_valid(text, len))
		return fail(rq, FAIL_INTERNAL, "%s: a content block is not UTF-8", tool->name);
	if (out->structured && !utf8_valid(out->structured, out->structured_len))
		return fail(rq, FAIL_INTERNAL, "%s: the result is not UTF-8", tool->name);
	if (len + out->structured_len > tool->result_max)
		return fail(rq, FAIL_TOOL, "The result is too large.");
	return 0;
}

int
bind_c(struct request *rq, const struct tool *tool, const struct bind_args *args, struct bind_result *out)
{
	struct made *made = &rq->made;
	int ended;

	*out = (struct bind_result){ 0 };
	do {	/* anew, when what it asked for was answered */
		/* Progress goes on where an earlier round ended: it may only grow. */
		*made = (struct made){ .until_us = base_now_us() + tool->timeout_ms * 1000, .progress = made->progress,
			.progressed = made->progressed };
		ended = tool->function(rq, args->object);
	} while (ended == 0 && mrtr_again(rq));
	if (ended != 0 || rq->failed)
		return rq->failed ? -1 : fail(rq, FAIL_INTERNAL, "%s: failed without a reason", tool->name);
	return check_result(rq, tool) != 0 ? -1 : take_result(rq, tool, out);
}
