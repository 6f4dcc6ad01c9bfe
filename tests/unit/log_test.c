/* log: one write per line, and how the three verbs end a process. */
#include "tap.h"
#include "child.h"
#include "log.h"

static void
say_plain(void *ctx)
{
	(void)ctx;
	log_say("%d apples", 3);
}

static void
say_with_role(void *ctx)
{
	(void)ctx;
	log_role("fast");
	log_say("ready");
}

static void
say_much(void *ctx)
{
	char text[10000];

	(void)ctx;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_say("%s", text);
	log_say("next");
}

static void
say_line(void *ctx)
{
	(void)ctx;
	log_line("{\"a\":1}\n", 8);
}

static void
do_die(void *ctx)
{
	(void)ctx;
	die("no %s", "way");
}

static void
do_bug(void *ctx)
{
	(void)ctx;
	bug("slot %d", 7);
}

int
main(void)
{
	struct child c;
	char want[64], *end;

	child_run(&c, say_plain, NULL);
	is_str(c.said, "3 apples\n", "a command's line has no role");
	child_run(&c, say_with_role, NULL);
	ok(sscanf(c.said, "mcp-fpm[fast %*d]: %63[^\n]", want) == 1, "a process's line starts with role and pid");
	is_str(want, "ready", "and goes on with the sentence");
	child_run(&c, say_line, NULL);
	is_str(c.said, "{\"a\":1}\n", "log_line writes as it stands");
	child_run(&c, say_much, NULL);
	end = strchr(c.said, '\n');
	ok(end && end - c.said > 1000 && end - c.said < 4096, "a long line is cut");
	is_str(end ? end + 1 : NULL, "next\n", "and still one line");
	child_run(&c, do_die, NULL);
	is_int(c.status, 1, "die ends with status 1");
	is_str(c.said, "no way\n", "and says why");
	child_run(&c, do_bug, NULL);
	is_int(c.signal, SIGABRT, "bug aborts");
	is_str(c.said, "slot 7\n", "and says why");
	return tap_done();
}
