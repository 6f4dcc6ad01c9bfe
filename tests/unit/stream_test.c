/* stream: a worker that ends when it is told to. */
#include "tap.h"
#include "child.h"
#include "stream.h"

static void
live(void *ctx)
{
	struct process self = { .slot = ctx };
	sigset_t quit;

	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	sigprocmask(SIG_BLOCK, &quit, NULL);
	raise(SIGQUIT);
	stream_run(&self);
}

int
main(void)
{
	static struct slot slot;
	struct child c;

	child_run(&c, live, &slot);
	is_int(c.status, 0, "SIGQUIT ends it");
	return tap_done();
}
