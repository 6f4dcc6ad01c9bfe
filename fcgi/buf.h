/*
 * buf: text that grows in an arena.
 *
 * at is never NULL after buf_init() and always NUL-terminated; len does not count the NUL.  A buf
 * has a cap: what would pass it is not added, and full stays true until buf_cut() shortens it.
 */
#ifndef BUF_H
#define BUF_H

#include "arena.h"

struct buf {
	struct arena *mem;
	char         *at;
	size_t        len;
	size_t        room;	/* bytes at `at`, NUL included */
	size_t        most;	/* cap on len */
	bool          full;	/* something did not fit */
};

/* An empty text with some room that may grow to most bytes. */
void buf_init(struct buf *b, struct arena *mem, size_t most);

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_char(struct buf *b, char c);
void buf_str(struct buf *b, const char *s);
void buf_fmt(struct buf *b, const char *fmt, ...) printf_like(2, 3);
void buf_int(struct buf *b, int64_t n);

/* Adds the n bytes as a JSON string with its quotes (RFC 8259, section 7).  The bytes are UTF-8. */
void buf_json(struct buf *b, const char *s, size_t n);

/* Shortens to len bytes and clears full. */
void buf_cut(struct buf *b, size_t len);

#endif
