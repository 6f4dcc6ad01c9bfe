/* fastcgi_head: records (FastCGI 1.0, section 3.3) and name-value pairs (section 3.4). */
#include "fastcgi_head.h"

#define ROLE_RESPONDER	1
#define PARAMS_MAX	1024	/* headers that nobody reads are no reason to hang up */

enum fastcgi_look
fastcgi_head_look(const unsigned char *head, size_t have, unsigned char *out, size_t *params, size_t *ends)
{
	const unsigned char *p = head, *end = head + have;
	size_t content, padding;
	unsigned id = 0;
	bool first;

	for (*params = 0; end - p >= FASTCGI_RECORD; p += FASTCGI_RECORD + content + padding) {
		first = p == head;
		content = (size_t)p[4] << 8 | p[5];
		padding = p[6];
		if (p[0] != FASTCGI_VERSION || p[1] != (first ? FASTCGI_BEGIN : FASTCGI_PARAMS))
			return FASTCGI_BAD;
		if (first)
			id = (unsigned)p[2] << 8 | p[3];
		if (id == 0 || id != ((unsigned)p[2] << 8 | p[3]))
			return FASTCGI_BAD;
		if (first && content != FASTCGI_BEGIN_BYTES)
			return FASTCGI_BAD;
		*ends = (size_t)(p - head) + FASTCGI_RECORD;
		if (!first && content == 0)
			return padding == 0 ? FASTCGI_WHOLE : FASTCGI_BAD;	/* libfcgi loses its way behind such a record */
		if ((size_t)(end - p) < FASTCGI_RECORD + content + padding)
			return FASTCGI_MORE;
		if (first && (p[8] != 0 || p[9] != ROLE_RESPONDER))
			return FASTCGI_BAD;
		if (!first && out)
			memmove(out + *params, p + FASTCGI_RECORD, content);
		*params += first ? 0 : content;
	}
	return FASTCGI_MORE;
}

/* A length of one or of four bytes.  -1: the bytes end too early. */
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

int
fastcgi_head_take(struct request *rq, const unsigned char *params, size_t n, const char **why)
{
	const unsigned char *p = params, *end = params + n;
	size_t pairs;

	*why = "its parameters are malformed";
	for (pairs = 0; p < end && pairs < PARAMS_MAX; pairs++)
		if (take_pair(rq, &p, end) != 0)
			return -1;
	if (p == end)
		return 0;
	*why = "it has too many parameters";
	return -1;
}
