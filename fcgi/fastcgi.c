/* fastcgi: the head by our own eyes, body and answer through libfcgi. */
#include "fastcgi.h"
#include "fastcgi_head.h"
#include "log.h"
#include <fcgiapp.h>

#define LINGER_MS	1000	/* for a peer that is still sending what nobody reads */

struct fastcgi {
	FCGX_Request  io;
	int           fd;		/* the connection; -1: none */
	struct timeval silence;
	int64_t       body_left;	/* bytes of CONTENT_LENGTH that nobody has read */
	size_t        have;		/* bytes in head */
	unsigned char head[FASTCGI_HEAD_MAX];	/* what the peer has sent, still in the socket too */
};

/* The connection on which somebody waits for the peer; -1: nobody does.  For the signal handler. */
static volatile sig_atomic_t waiting_on = -1;

bool
fastcgi_hang_up(void)
{
	if (waiting_on < 0)
		return false;
	shutdown(waiting_on, SHUT_RDWR);
	return true;
}

struct fastcgi *
fastcgi_make(int64_t silence_ms)
{
	struct fastcgi *f = calloc(1, sizeof(*f));

	if (!f)
		bug("out of memory");
	if (FCGX_Init() != 0 || FCGX_InitRequest(&f->io, -1, 0) != 0)
		bug("libfcgi does not start");
	/* It takes signals for its own kind of shutdown, which would leave SIGTERM without effect. */
	signal(SIGTERM, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	f->fd = -1;
	f->silence = (struct timeval){ silence_ms / 1000, silence_ms % 1000 * 1000 };
	return f;
}

/* --- the head --------------------------------------------------------------------------- */

/* Looks until the whole head is in the socket.  Nothing is taken from it. */
static int
await_head(struct fastcgi *f, const char **why)
{
	enum fastcgi_look found;
	size_t params, ends;
	ssize_t n;

	for (f->have = 0; f->have < sizeof(f->head); f->have += (size_t)n) {
		n = recv(f->fd, f->head + f->have, sizeof(f->head) - f->have, MSG_PEEK);
		*why = n == 0 ? "it hung up in the middle of a request" : "it stopped in the middle of a request";
		if (n == 0 && f->have == 0)
			*why = NULL;	/* it looked whether somebody is here */
		if (n <= 0)
			return -1;
		found = fastcgi_head_look(f->head, f->have + (size_t)n, NULL, &params, &ends);
		*why = "it does not speak FastCGI";
		if (found == FASTCGI_BAD)
			return -1;
		if (found == FASTCGI_WHOLE) {
			f->have += (size_t)n;
			return 0;
		}
	}
	*why = "its parameters are too long";
	return -1;
}

static int
take_params(struct fastcgi *f, struct request *rq, const char **why)
{
	size_t params, ends;

	if (fastcgi_head_look(f->head, f->have, f->head, &params, &ends) != FASTCGI_WHOLE)
		bug("the head of a request changed under our eyes");
	return fastcgi_head_take(rq, f->head, params, why);
}

/* --- body and answer -------------------------------------------------------------------- */

static ssize_t
read_body(void *io, void *bytes, size_t n)
{
	struct fastcgi *f = io;
	int got;

	waiting_on = f->fd;
	got = FCGX_GetStr(bytes, n > INT_MAX ? INT_MAX : (int)n, f->io.in);
	waiting_on = -1;
	f->body_left -= got;
	return FCGX_GetError(f->io.in) != 0 ? -1 : got;
}

static int
write_answer(void *io, const void *bytes, size_t n)
{
	struct fastcgi *f = io;
	const char *at = bytes;
	int got = 0, step;

	waiting_on = f->fd;
	for (; n > 0 && got >= 0; n -= (size_t)step, at += step) {
		step = n > INT_MAX ? INT_MAX : (int)n;
		got = FCGX_PutStr(at, step, f->io.out);
	}
	waiting_on = -1;
	return got < 0 ? -1 : 0;
}

static int
flush_answer(void *io)
{
	struct fastcgi *f = io;
	int got;

	waiting_on = f->fd;
	got = FCGX_FFlush(f->io.out);
	waiting_on = -1;
	return got < 0 ? -1 : 0;
}

/* --- the connection --------------------------------------------------------------------- */

static int
prepare(const struct fastcgi *f)
{
	static const int start = 0;

	if (setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &f->silence, sizeof(f->silence)) != 0)
		return -1;
	if (setsockopt(f->fd, SOL_SOCKET, SO_SNDTIMEO, &f->silence, sizeof(f->silence)) != 0)
		return -1;
	/* Each MSG_PEEK goes on where the last one ended. */
	return setsockopt(f->fd, SOL_SOCKET, SO_PEEK_OFF, &start, sizeof(start));
}

static bool
is_gone(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) != 0;
}

static void
end_answer(void *io)
{
	fastcgi_close(io);
}

static const struct wire wire = { read_body, write_answer, flush_answer, end_answer };

/* The head is known to be good; libfcgi reads it again, from the socket. */
static int
begin(struct fastcgi *f)
{
	f->io.ipcFd = f->fd;
	f->io.keepConnection = 1;	/* so that it does not close what went before */
	FCGX_Detach(&f->io);		/* if it closes after all, it does not wait for the peer */
	if (FCGX_Accept_r(&f->io) == 0) {
		f->io.detached = 0;
		return 0;
	}
	f->fd = f->io.ipcFd;		/* closed by libfcgi */
	return -1;
}

static int
open_request(struct fastcgi *f, struct request *rq, const char **why)
{
	if (prepare(f) != 0) {
		*why = strerror(errno);
		return -1;
	}
	*why = NULL;
	if (is_gone(f->fd) || await_head(f, why) != 0 || take_params(f, rq, why) != 0)
		return -1;
	*why = "libfcgi does not take the request";
	return begin(f);
}

static void
drop(struct fastcgi *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = f->io.ipcFd = -1;
}

int
fastcgi_open(struct fastcgi *f, int fd, struct request *rq, const char **why)
{
	const char *length;
	int got;

	f->fd = fd;
	waiting_on = fd;
	got = open_request(f, rq, why);
	waiting_on = -1;
	if (got != 0) {
		drop(f);
		return -1;
	}
	length = rq->param[PARAM_CONTENT_LENGTH];
	if (!length || base_number(length, 0, INT64_MAX, &f->body_left) != 0)
		f->body_left = 0;
	rq->wire = &wire;
	rq->io = f;
	rq->client_fd = fd;
	return 0;
}

/*
 * The answer is out.  A peer that is still sending would get a reset instead of the answer if we
 * closed now, so what it sends is taken and thrown away until it hangs up, for a moment.
 */
static void
linger(const struct fastcgi *f)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	int64_t until = base_now_us() + LINGER_MS * 1000;
	char waste[16384];
	ssize_t n;

	for (;;) {
		n = recv(f->fd, waste, sizeof(waste), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return;
		if (base_now_us() >= until)
			return;
		if (n < 0 && (f->body_left <= 0 || poll(&p, 1, LINGER_MS) <= 0))
			return;
	}
}

void
fastcgi_close(struct fastcgi *f)
{
	if (f->fd < 0)
		return;
	waiting_on = f->fd;
	FCGX_FClose(f->io.err);
	if (FCGX_FClose(f->io.out) == 0) {
		shutdown(f->fd, SHUT_WR);	/* the answer ends here: nginx passes it on and hangs up */
		linger(f);
	}
	waiting_on = -1;
	FCGX_Free(&f->io, 0);
	drop(f);
}
