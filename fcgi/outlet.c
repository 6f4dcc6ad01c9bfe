/* outlet: records (FastCGI 1.0, section 3.3) straight into the socket, or behind those that wait. */
#include "outlet.h"
#include "fastcgi_head.h"
#include "log.h"

#define CONTENT_MOST	65528	/* of a record, a multiple of eight as the specification advises */
#define ROOM_LEAST	1024

bool
outlet_waits(const struct outlet *o)
{
	return o->at != NULL;
}

size_t
outlet_waiting(const struct outlet *o)
{
	return o->len - o->from;
}

static bool
is_full(const struct outlet *o)
{
	return outlet_waiting(o) > OUTLET_MOST + o->more;
}

/* What went out already makes room first, once it is the larger part: so a long queue is not moved for each frame. */
static void
make_room(struct outlet *o, size_t more)
{
	size_t room = o->room ? o->room : ROOM_LEAST;

	if (o->from > o->len / 2) {
		memmove(o->at, o->at + o->from, o->len - o->from);
		o->len -= o->from;
		o->from = 0;
	}
	while (room < o->len + more)
		room *= 2;
	if (room == o->room)
		return;
	o->at = realloc(o->at, room);
	if (!o->at)
		bug("out of memory");
	o->room = room;
}

static void
keep(struct outlet *o, const char *bytes, size_t n)
{
	make_room(o, n);
	memcpy(o->at + o->len, bytes, n);
	o->len += n;
}

/* How many bytes the socket took; -1: the reader is gone. */
static ssize_t
offer(const struct outlet *o, const char *bytes, size_t n)
{
	ssize_t got = send(o->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static int
put_bytes(struct outlet *o, const char *bytes, size_t n)
{
	ssize_t got = outlet_waits(o) ? 0 : offer(o, bytes, n);

	if (got < 0)
		return -1;
	if ((size_t)got < n)
		keep(o, bytes + got, n - (size_t)got);
	return 0;
}

static size_t
put_head(char *at, int type, unsigned id, size_t content)
{
	const unsigned char head[FASTCGI_RECORD] = { FASTCGI_VERSION, (unsigned char)type, (unsigned char)(id >> 8), (unsigned char)id,
		(unsigned char)(content >> 8), (unsigned char)content, 0, 0 };

	memcpy(at, head, sizeof(head));
	return sizeof(head);
}

int
outlet_put(struct outlet *o, const void *bytes, size_t n)
{
	char record[FASTCGI_RECORD + CONTENT_MOST];
	const char *at = bytes;
	size_t step, head;

	if (is_full(o) && (outlet_go_on(o) != 0 || is_full(o)))	/* it may have read since the socket was full */
		return -1;
	for (; n > 0; n -= step, at += step) {
		step = n < CONTENT_MOST ? n : CONTENT_MOST;
		head = put_head(record, FASTCGI_STDOUT, o->id, step);
		memcpy(record + head, at, step);
		if (put_bytes(o, record, head + step) != 0)
			return -1;
	}
	return 0;
}

/* An empty STDOUT, then END_REQUEST with the status 0 and FCGI_REQUEST_COMPLETE. */
int
outlet_end(struct outlet *o)
{
	char records[2 * FASTCGI_RECORD + 8] = { 0 };

	put_head(records, FASTCGI_STDOUT, o->id, 0);
	put_head(records + FASTCGI_RECORD, FASTCGI_END, o->id, 8);
	return put_bytes(o, records, sizeof(records));
}

int
outlet_go_on(struct outlet *o)
{
	ssize_t got;

	if (!outlet_waits(o))
		return 0;
	got = offer(o, o->at + o->from, o->len - o->from);
	if (got < 0)
		return -1;
	o->from += (size_t)got;
	if (o->from == o->len)
		outlet_close(o);
	return 0;
}

void
outlet_close(struct outlet *o)
{
	free(o->at);
	o->at = NULL;
	o->from = o->len = o->room = 0;
}
