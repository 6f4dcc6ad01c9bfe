/*
 * arena: memory with one lifetime.
 *
 * Everything a request needs is taken here and given back by one arena_reset().  Allocation never
 * returns NULL: past its cap it is a bug(), because every input that could drive it there has a
 * smaller cap of its own.  What is not memory (a PGresult, a json_object) joins with arena_defer().
 */
#ifndef ARENA_H
#define ARENA_H

#include "base.h"

struct arena_chunk;
struct arena_duty;

struct arena {
	struct arena_chunk *chunk;	/* newest first; NULL: nothing taken yet */
	struct arena_duty  *duty;	/* newest first: what arena_reset() has to call */
	size_t              chunk_bytes;	/* size of an ordinary chunk */
	size_t              used;	/* bytes handed out since the last reset */
	size_t              most;	/* cap on used */
};

/* No memory is taken before the first allocation. */
void arena_init(struct arena *a, size_t chunk_bytes, size_t most);

/* Runs the duties newest first, then frees everything but one ordinary chunk. */
void arena_reset(struct arena *a);

/* As reset, and frees the last chunk too. */
void arena_close(struct arena *a);

/* n bytes aligned for any type, not cleared. */
void *arena_take(struct arena *a, size_t n) must_use;

/* n bytes, cleared. */
void *arena_zero(struct arena *a, size_t n) must_use;

/* A copy of n bytes with a NUL behind them. */
char *arena_copy(struct arena *a, const void *from, size_t n) must_use;

/* A copy of a string. */
char *arena_str(struct arena *a, const char *s) must_use;

/* A formatted string. */
char *arena_fmt(struct arena *a, const char *fmt, ...) printf_like(2, 3) must_use;
char *arena_vfmt(struct arena *a, const char *fmt, va_list ap) printf_like(2, 0) must_use;

/* Has arena_reset() call release(what). */
void arena_defer(struct arena *a, void (*release)(void *what), void *what);

#endif
