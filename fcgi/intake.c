/* intake: look at all that is there, whenever something came. */
#include "intake.h"
#include "log.h"

#define LOOK_BYTES	(128 << 10)	/* the largest head and a usual body */

/* Records of nginx are large; their heads are a small part of a body. */
static size_t
most_bytes(const struct request *rq)
{
	return FASTCGI_HEAD_MAX + (size_t)rq->cfg->body_bytes_max + (size_t)rq->cfg->body_bytes_max / 8 + LOOK_BYTES;
}

static void
keep(struct intake *in, const unsigned char *bytes, size_t n)
{
	size_t room = in->room ? in->room : LOOK_BYTES / 16;

	while (room < in->have + n)
		room *= 2;
	if (room != in->room) {
		in->at = realloc(in->at, room);
		if (!in->at)
			bug("out of memory");
		in->room = room;
	}
	memcpy(in->at + in->have, bytes, n);
	in->have += n;
}

void
intake_close(struct intake *in)
{
	free(in->at);
	*in = (struct intake){ 0 };
}

/* STDIN up to an empty one.  Its contents go to out, if that is given. */
static enum fastcgi_look
look_at_body(const unsigned char *p, const unsigned char *end, unsigned id, char *out, size_t *len)
{
	size_t content, padding;

	for (*len = 0; end - p >= FASTCGI_RECORD; p += FASTCGI_RECORD + content + padding) {
		content = (size_t)p[4] << 8 | p[5];
		padding = p[6];
		if (p[0] != FASTCGI_VERSION || p[1] != FASTCGI_STDIN || ((unsigned)p[2] << 8 | p[3]) != id)
			return FASTCGI_BAD;
		if (content == 0)
			return FASTCGI_WHOLE;
		if ((size_t)(end - p) < FASTCGI_RECORD + content + padding)
			return FASTCGI_MORE;
		if (out)
			memcpy(out + *len, p + FASTCGI_RECORD, content);
		*len += content;
	}
	return FASTCGI_MORE;
}

static enum fastcgi_look
bad(const char **why, const char *phrase)
{
	*why = phrase;
	return FASTCGI_BAD;
}

/* Bytes read must equal CONTENT_LENGTH (RFC 3875, 4.2). */
static enum fastcgi_look
check_length(const struct request *rq, const char **why)
{
	const char *length = rq->param[PARAM_CONTENT_LENGTH];
	int64_t promised = 0;

	if (length && *length && base_number(length, 0, INT64_MAX, &promised) != 0)
		return bad(why, "its CONTENT_LENGTH is no number");
	return (size_t)promised == rq->body_len ? FASTCGI_WHOLE : bad(why, "its body is not as long as it says");
}

static enum fastcgi_look
look(const unsigned char *at, size_t have, struct request *rq, unsigned *id, const char **why)
{
	enum fastcgi_look found;
	unsigned char *params;
	size_t n, ends;

	*why = "it does not speak FastCGI";
	found = fastcgi_head_look(at, have, NULL, &n, &ends);
	if (found != FASTCGI_WHOLE)
		return found == FASTCGI_MORE && have >= FASTCGI_HEAD_MAX ? bad(why, "its parameters are too long") : found;
	*id = (unsigned)at[2] << 8 | at[3];
	found = look_at_body(at + ends, at + have, *id, NULL, &rq->body_len);
	if (found != FASTCGI_WHOLE)
		return found;
	params = arena_take(&rq->mem, have);
	fastcgi_head_look(at, have, params, &n, &ends);
	rq->body = arena_take(&rq->mem, rq->body_len + 1);
	look_at_body(at + ends, at + have, *id, rq->body, &rq->body_len);
	rq->body[rq->body_len] = '\0';
	return fastcgi_head_take(rq, params, n, why) != 0 ? FASTCGI_BAD : check_length(rq, why);
}

enum fastcgi_look
intake_read(struct intake *in, int fd, struct request *rq, unsigned *id, const char **why)
{
	static unsigned char piece[LOOK_BYTES];	/* for the time of a call */
	enum fastcgi_look found;
	ssize_t n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);

	*why = "it hung up in the middle of a request";
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return FASTCGI_MORE;
	if (n <= 0)
		return in->have == 0 ? bad(why, NULL) : FASTCGI_BAD;
	if (in->have + (size_t)n > most_bytes(rq))
		return bad(why, "it is too long");
	if (in->have > 0)
		keep(in, piece, (size_t)n);
	found = look(in->at ? in->at : piece, in->at ? in->have : (size_t)n, rq, id, why);
	if (found == FASTCGI_MORE && !in->at)
		keep(in, piece, (size_t)n);
	return found;
}
