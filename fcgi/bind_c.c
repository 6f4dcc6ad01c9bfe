/* bind_c: the one file that loads code. */
#include "bind_c.h"
#include "fail.h"
#include "mrtr.h"
#include "toolkit.h"

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

static int
link_tool(struct arena *mem, struct tool *t, void *code, const char **why)
{
	void *at = dlsym(code, arena_fmt(mem, "tool_%s", t->c));

	if (!at)
		return refuse(mem, why, t->file, arena_fmt(mem, "c: tools.so has no function tool_%s", t->c));
	memcpy(&t->function, &at, sizeof(at));	/* ISO C has no cast between the two kinds of pointer */
	return 0;
}

static int
load_catalog(struct arena *mem, struct catalog *c, const char **why)
{
	const char *file = arena_fmt(mem, "%s/tools.so", c->folder);
	void *code = NULL;
	size_t i;

	for (i = 0; i < c->tools; i++) {
		if (!c->tool[i].c)
			continue;
		if (!code && !(code = open_code(mem, file, why)))
			return -1;
		if (link_tool(mem, &c->tool[i], code, why) != 0) {
			dlclose(code);
			return -1;
		}
	}
	return 0;		/* the code stays as long as the process */
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

int
bind_c(struct request *rq, const struct tool *tool, const struct bind_args *args, struct bind_result *out)
{
	int ended;

	do {	/* anew, when what it asked for was answered */
		rq->made.result = NULL;
		ended = tool->function(rq, args->object);
	} while (ended == 0 && mrtr_again(rq));
	if (ended != 0 || rq->failed)
		return rq->failed ? -1 : fail(rq, FAIL_INTERNAL, "%s: failed without a reason", tool->name);
	if (!json_object_is_type(rq->made.result, json_type_object))
		return fail(rq, FAIL_INTERNAL, "%s: ended without a result that is an object", tool->name);
	out->structured = json_plain(rq->made.result, &out->structured_len);
	if (out->structured_len > tool->result_max)
		return fail(rq, FAIL_TOOL, "The result is too large.");
	out->text = json_object_object_length(rq->made.result) == 1 ? json_get_str(rq->made.result, "message") : NULL;
	return 0;
}
