/* arena: bump allocation in chunks, duties in a list. */
#include "arena.h"
#include "log.h"

struct arena_chunk {
	struct arena_chunk *older;
	size_t              size;	/* bytes of data */
	size_t              used;
	max_align_t         data[];
};

struct arena_duty {
	struct arena_duty *older;
	void             (*release)(void *);
	void              *what;
};

void
arena_init(struct arena *a, size_t chunk_bytes, size_t most)
{
	*a = (struct arena){ .chunk_bytes = chunk_bytes, .most = most };
}

static void
run_duties(struct arena *a)
{
	struct arena_duty *d;

	while ((d = a->duty)) {
		a->duty = d->older;	/* first, so that a duty may add duties */
		d->release(d->what);
	}
}

static void
free_chunks(struct arena *a, bool keep_one)
{
	struct arena_chunk *c = a->chunk, *older, *kept = NULL;

	for (; c; c = older) {
		older = c->older;
		if (keep_one && !kept && c->size == a->chunk_bytes)
			kept = c;
		else
			free(c);
	}
	if (kept) {
		kept->older = NULL;
		kept->used = 0;
	}
	a->chunk = kept;
	a->used = 0;
}

void
arena_reset(struct arena *a)
{
	run_duties(a);
	free_chunks(a, true);
}

void
arena_close(struct arena *a)
{
	run_duties(a);
	free_chunks(a, false);
}

static void
add_chunk(struct arena *a, size_t n)
{
	size_t size = n > a->chunk_bytes ? n : a->chunk_bytes;
	struct arena_chunk *c = malloc(sizeof(*c) + size);

	if (!c)
		bug("out of memory: %zu bytes", size);
	c->size = size;
	c->used = 0;
	c->older = a->chunk;
	a->chunk = c;
}

void *
arena_take(struct arena *a, size_t n)
{
	size_t round = (n + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	void *p;

	if (round < n || round > a->most - a->used)
		bug("a request wanted %zu bytes beyond %zu of %zu", n, a->used, a->most);
	if (!a->chunk || round > a->chunk->size - a->chunk->used)
		add_chunk(a, round);
	p = (char *)a->chunk->data + a->chunk->used;
	a->chunk->used += round;
	a->used += round;
	return p;
}

void *
arena_zero(struct arena *a, size_t n)
{
	return memset(arena_take(a, n), 0, n);
}

char *
arena_copy(struct arena *a, const void *from, size_t n)
{
	char *p = arena_take(a, n + 1);

	if (n > 0)
		memcpy(p, from, n);
	p[n] = '\0';
	return p;
}

char *
arena_str(struct arena *a, const char *s)
{
	return arena_copy(a, s, strlen(s));
}

char *
arena_vfmt(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		bug("bad format: %s", fmt);
	p = arena_take(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

char *
arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vfmt(a, fmt, ap);
	va_end(ap);
	return p;
}

void
arena_defer(struct arena *a, void (*release)(void *what), void *what)
{
	struct arena_duty *d = arena_take(a, sizeof(*d));

	d->release = release;
	d->what = what;
	d->older = a->duty;
	a->duty = d;
}
