/*
 * records: FastCGI as a test speaks it, in the place of nginx.
 *
 * A test makes a request with records_begin(), records_param(), records_body(), and reads what a
 * worker answered with records_hear().
 */
#ifndef RECORDS_H
#define RECORDS_H

#include "fastcgi_head.h"

static struct {
	unsigned char out[300000];	/* what is to be sent */
	size_t        len;
	unsigned char params[60000];
	size_t        params_len;
	char          text[1 << 20];	/* the STDOUT that was heard */
	size_t        text_len;
	bool          ended;		/* END_REQUEST was heard */
	unsigned char in[200000];	/* records that came, the last one perhaps in part */
	size_t        in_len;
} records;

static inline void
records_add(int type, const void *content, size_t n)
{
	const unsigned char head[FASTCGI_RECORD] = { FASTCGI_VERSION, (unsigned char)type, 0, 1, (unsigned char)(n >> 8),
		(unsigned char)n, 0, 0 };

	memcpy(records.out + records.len, head, sizeof(head));
	if (n > 0)
		memcpy(records.out + records.len + sizeof(head), content, n);
	records.len += sizeof(head) + n;
}

static inline void
records_begin(void)
{
	static const unsigned char responder[FASTCGI_BEGIN_BYTES] = { 0, 1 };

	records.len = records.params_len = 0;
	records_add(FASTCGI_BEGIN, responder, sizeof(responder));
}

static inline void
records_param(const char *name, const char *value)
{
	size_t n = strlen(name), v = strlen(value);
	unsigned char *at = records.params + records.params_len;

	at[0] = (unsigned char)n;
	at[1] = (unsigned char)(128 | v >> 24);
	at[2] = (unsigned char)(v >> 16);
	at[3] = (unsigned char)(v >> 8);
	at[4] = (unsigned char)v;
	memcpy(at + 5, name, n);
	memcpy(at + 5 + n, value, v);
	records.params_len += 5 + n + v;
}

/* The parameters end here, and the request with it. */
static inline void
records_body(const char *body)
{
	size_t n = strlen(body), step;

	records_add(FASTCGI_PARAMS, records.params, records.params_len);
	records_add(FASTCGI_PARAMS, NULL, 0);
	for (; n > 0; n -= step, body += step) {
		step = n < 32768 ? n : 32768;
		records_add(FASTCGI_STDIN, body, step);
	}
	records_add(FASTCGI_STDIN, NULL, 0);
}

static inline void
records_take(const unsigned char *h)
{
	size_t n = (size_t)h[4] << 8 | h[5];

	records.ended |= h[1] == FASTCGI_END;
	if (h[1] == FASTCGI_STDOUT && records.text_len + n < sizeof(records.text)) {
		memcpy(records.text + records.text_len, h + FASTCGI_RECORD, n);
		records.text_len += n;
	}
}

/* Takes what is there, without waiting, and says how much STDOUT it was. */
static inline size_t
records_hear(int fd)
{
	size_t before = records.text_len, at, step;
	const unsigned char *h;
	ssize_t n;

	while ((n = recv(fd, records.in + records.in_len, sizeof(records.in) - records.in_len, MSG_DONTWAIT)) > 0) {
		records.in_len += (size_t)n;
		for (at = 0; records.in_len - at >= FASTCGI_RECORD; at += step) {
			h = records.in + at;
			step = FASTCGI_RECORD + ((size_t)h[4] << 8 | h[5]) + h[6];
			if (records.in_len - at < step)
				break;
			records_take(h);
		}
		records.in_len -= at;
		memmove(records.in, records.in + at, records.in_len);
	}
	records.text[records.text_len] = '\0';
	return records.text_len - before;
}

/* As a new answer begins. */
static inline void
records_forget(void)
{
	records.text_len = records.in_len = 0;
	records.text[0] = '\0';
	records.ended = false;
}

#endif
