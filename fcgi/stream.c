/* stream: one loop over the open requests. */
#include "stream.h"

void
stream_run(const struct process *self)
{
	sigset_t quit;
	int got;

	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	slot_move(self->slot, SLOT_IDLE);
	sigwait(&quit, &got);
	exit(0);
}
