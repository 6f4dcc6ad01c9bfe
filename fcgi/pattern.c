/*
 * pattern: the one file that includes PCRE2.
 *
 * PCRE2's limit on steps holds per starting point, and a step over a long text may itself be long.
 * So the starting points are taken in slices with a look at the clock between them, and the limit
 * shrinks as the text grows.
 */
#include "pattern.h"
#include "buf.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define TEXT_MAX	4096		/* bytes of a pattern */
#define STEPS_MAX	100000		/* of backtracking from one starting point */
#define STEPS_MIN	1000		/* the same for the longest texts */
#define READS_MAX	1000000000	/* steps times bytes: what the limit above shrinks by */
#define DEPTH_MAX	10000		/* levels of backtracking */
#define HEAP_KIB_MAX	1024
#define SLICE		64		/* starting points between looks at the clock */

struct pattern {
	pcre2_code          *code;
	pcre2_match_context *limits;
	bool                 anchored;	/* can match at the beginning only */
};

static void
pattern_release(void *what)
{
	struct pattern *p = what;

	pcre2_match_context_free(p->limits);
	pcre2_code_free(p->code);
}

/* Of the process: only the verdict counts, so all patterns share it, and the memory it grows. */
static pcre2_match_data *
shared_data(void)
{
	static pcre2_match_data *data;

	if (!data)
		data = pcre2_match_data_create(1, NULL);
	return data;
}

/* --- compiling -------------------------------------------------------------------------- */

/* What \s has in ECMA-262 beyond PCRE2's. */
#define SPACES "\\s\\xA0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000\\uFEFF"

/* The pattern as PCRE2 is to see it: \s outside a class becomes one, and inside one more of it. */
static const char *
translated(struct arena *mem, const char *text)
{
	bool class = false;
	struct buf b;

	buf_init(&b, mem, 64 + strlen(text) * sizeof(SPACES));
	for (; *text; text++) {
		if (*text == '[' || *text == ']')
			class = *text == '[';
		if (*text != '\\' || !text[1]) {
			buf_char(&b, *text);
			continue;
		}
		text++;
		if (*text == 's' && class)
			buf_str(&b, SPACES);
		else if (*text == 's')
			buf_str(&b, "[" SPACES "]");
		else if (*text == 'S' && !class)
			buf_str(&b, "[^" SPACES "]");
		else
			buf_fmt(&b, "\\%c", *text);
	}
	return b.at;
}

static pcre2_code *
compiled(const char *text, int *error, PCRE2_SIZE *at)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code;

	if (!context)
		return NULL;
	pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY |
	    PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF | PCRE2_USE_OFFSET_LIMIT, error, at, context);
	pcre2_compile_context_free(context);
	return code;
}

struct pattern *
pattern_compile(struct arena *mem, const char *text, const char **why)
{
	struct pattern *p = arena_zero(mem, sizeof(*p));
	unsigned char says[256];
	uint32_t options = 0;
	PCRE2_SIZE at = 0;
	int error = PCRE2_ERROR_NOMEMORY;

	if (strlen(text) > TEXT_MAX) {
		*why = arena_fmt(mem, "a pattern has at most %d bytes", TEXT_MAX);
		return NULL;
	}
	/* The text as it was written is compiled first, for the places in complaints. */
	p->code = compiled(text, &error, &at);
	if (p->code && strcasestr(text, "\\s")) {
		pcre2_code_free(p->code);
		p->code = compiled(translated(mem, text), &error, &at);
	}
	p->limits = p->code ? pcre2_match_context_create(NULL) : NULL;
	if (!p->limits || !shared_data()) {
		pcre2_get_error_message(p->code ? PCRE2_ERROR_NOMEMORY : error, says, sizeof(says));
		*why = arena_fmt(mem, "%s at character %zu of the pattern", (char *)says, (size_t)at);
		pattern_release(p);
		return NULL;
	}
	pcre2_pattern_info(p->code, PCRE2_INFO_ALLOPTIONS, &options);
	p->anchored = options & PCRE2_ANCHORED;
	pcre2_set_depth_limit(p->limits, DEPTH_MAX);
	pcre2_set_heap_limit(p->limits, HEAP_KIB_MAX);
	arena_defer(mem, pattern_release, p);
	return p;
}

/* --- matching --------------------------------------------------------------------------- */

static uint32_t
steps_for(size_t n)
{
	size_t steps = READS_MAX / (n + 1);

	return steps > STEPS_MAX ? STEPS_MAX : steps < STEPS_MIN ? STEPS_MIN : (uint32_t)steps;
}

enum pattern_verdict
pattern_try(const struct pattern *p, const char *s, size_t n, int64_t until_us)
{
	uint32_t options = 0;
	size_t from, past;
	int got;

	pcre2_set_match_limit(p->limits, steps_for(n));
	for (from = 0; from <= n; from = past, options = PCRE2_NO_UTF_CHECK) {
		if (from > 0 && base_now_us() > until_us)
			return PATTERN_UNKNOWN;
		for (past = from + SLICE; past < n && (s[past] & 0xC0) == 0x80; past++)
			;
		pcre2_set_offset_limit(p->limits, past - 1);
		got = pcre2_match(p->code, (PCRE2_SPTR)s, n, from, options, shared_data(), p->limits);
		if (got != PCRE2_ERROR_NOMATCH)
			return got >= 0 ? PATTERN_MATCHES : PATTERN_UNKNOWN;
		if (p->anchored)
			break;
	}
	return PATTERN_DIFFERS;
}
