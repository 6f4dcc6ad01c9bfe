/* fastcgi: the head by our own eyes, body and answer through libfcgi. */
#include "fastcgi.h"
#include "log.h"
#include <fcgiapp.h>

/* FastCGI 1.0, section 8. */
#define VERSION		1
#define HEADER_BYTES	8
#define BEGIN_BYTES	8
#define TYPE_BEGIN	1
#define TYPE_PARAMS	4
#define ROLE_RESPONDER	1

/*
 * nginx sends the parameters as one record, which has at most 65535 bytes; a request has about
 * thirty, and a browser's or client's headers add some.
 */
#define HEAD_BYTES_MAX	(HEADER_BYTES + BEGIN_BYTES + 2 * (HEADER_BYTES + UINT8_MAX) + UINT16_MAX)
#define PARAMS_MAX	1024	/* headers that nobody reads are no reason to hang up */

#define LINGER_MS	1000	/* for a peer that is still sending what nobody reads */

struct fastcgi {
	FCGX_Request  io;
	int           fd;		/* the connection; -1: none */
	struct timeval silence;
	int64_t       body_left;	/* bytes of CONTENT_LENGTH that nobody has read */
	size_t        have;		/* bytes in head */
	unsigned char head[HEAD_BYTES_MAX];	/* what the peer has sent, still in the socket too */
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

enum look { LOOK_WHOLE, LOOK_MORE, LOOK_BAD };

/*
 * BEGIN_REQUEST, then PARAMS up to an empty one, all of one id.  Moves the contents of the PARAMS
 * to the front of out (which may be head itself) if out is given.
 */
static enum look
look_at_head(const unsigned char *head, size_t have, unsigned char *out, size_t *params)
{
	const unsigned char *p = head, *end = head + have;
	size_t content, padding;
	unsigned id = 0;
	bool first;

	for (*params = 0; end - p >= HEADER_BYTES; p += HEADER_BYTES + content + padding) {
		first = p == head;
		content = (size_t)p[4] << 8 | p[5];
		padding = p[6];
		if (p[0] != VERSION || p[1] != (first ? TYPE_BEGIN : TYPE_PARAMS))
			return LOOK_BAD;
		if (first)
			id = (unsigned)p[2] << 8 | p[3];
		if (id == 0 || id != ((unsigned)p[2] << 8 | p[3]))
			return LOOK_BAD;
		if (first && content != BEGIN_BYTES)
			return LOOK_BAD;
		if (!first && content == 0)
			return padding == 0 ? LOOK_WHOLE : LOOK_BAD;	/* libfcgi loses its way behind such a record */
		if ((size_t)(end - p) < HEADER_BYTES + content + padding)
			return LOOK_MORE;
		if (first && (p[8] != 0 || p[9] != ROLE_RESPONDER))
			return LOOK_BAD;
		if (!first && out)
			memmove(out + *params, p + HEADER_BYTES, content);
		*params += first ? 0 : content;
	}
	return LOOK_MORE;
}

/* Looks until the whole head is in the socket.  Nothing is taken from it. */
static int
await_head(struct fastcgi *f, const char **why)
{
	enum look found;
	size_t params;
	ssize_t n;

	for (f->have = 0; f->have < sizeof(f->head); f->have += (size_t)n) {
		n = recv(f->fd, f->head + f->have, sizeof(f->head) - f->have, MSG_PEEK);
		*why = n == 0 ? "it hung up in the middle of a request" : "it stopped in the middle of a request";
		if (n == 0 && f->have == 0)
			*why = NULL;	/* it looked whether somebody is here */
		if (n <= 0)
			return -1;
		found = look_at_head(f->head, f->have + (size_t)n, NULL, &params);
		*why = "it does not speak FastCGI";
		if (found == LOOK_BAD)
			return -1;
		if (found == LOOK_WHOLE) {
			f->have += (size_t)n;
			return 0;
		}
	}
	*why = "its parameters are too long";
	return -1;
}

/* A length of one or of four bytes (FastCGI 1.0, section 3.4).  -1: the bytes end too early. */
static int
take_length(const unsigned char **p, const unsigned char *end, size_t *length)
{
	if (*p == end)
		return -1;
	if (**p < 128) {
		*length = *(*p)++;
		return 0;
	}
	if (end - *p < 4)
		return -1;
	*length = (size_t)((*p)[0] & 127) << 24 | (size_t)(*p)[1] << 16 | (size_t)(*p)[2] << 8 | (*p)[3];
	*p += 4;
	return 0;
}

static int
take_pair(struct request *rq, const unsigned char **p, const unsigned char *end)
{
	size_t name, value, left;
	const char *at;

	if (take_length(p, end, &name) != 0 || take_length(p, end, &value) != 0)
		return -1;
	left = (size_t)(end - *p);
	if (name > left || value > left - name || memchr(*p, '\0', name + value))
		return -1;
	at = (const char *)*p;
	request_param(rq, arena_copy(&rq->mem, at, name), arena_copy(&rq->mem, at + name, value));
	*p += name + value;
	return 0;
}

static int
take_params(struct fastcgi *f, struct request *rq, const char **why)
{
	const unsigned char *p = f->head, *end;
	size_t params, n;

	if (look_at_head(f->head, f->have, f->head, &params) != LOOK_WHOLE)
		bug("the head of a request changed under our eyes");
	end = f->head + params;
	*why = "its parameters are malformed";
	for (n = 0; p < end && n < PARAMS_MAX; n++)
		if (take_pair(rq, &p, end) != 0)
			return -1;
	if (p == end)
		return 0;
	*why = "it has too many parameters";
	return -1;
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
