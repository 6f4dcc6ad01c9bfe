/* pattern: the one file that includes PCRE2. */
#include "pattern.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Steps of backtracking and bytes of heap after which a match is given up. */
#define MATCH_STEPS_MAX	100000
#define MATCH_HEAP_KIB	1024

struct pattern {
	pcre2_code          *code;
	pcre2_match_context *limits;
	pcre2_match_data    *data;
};

static void
pattern_release(void *what)
{
	struct pattern *p = what;

	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->limits);
	pcre2_code_free(p->code);
}

struct pattern *
pattern_compile(struct arena *mem, const char *text, const char **why)
{
	struct pattern *p = arena_zero(mem, sizeof(*p));
	unsigned char says[256];
	PCRE2_SIZE at;
	int code;

	p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &code, &at, NULL);
	if (!p->code) {
		pcre2_get_error_message(code, says, sizeof(says));
		*why = arena_fmt(mem, "%s at character %zu of the pattern", (char *)says, (size_t)at);
		return NULL;
	}
	p->limits = pcre2_match_context_create(NULL);
	p->data = pcre2_match_data_create_from_pattern(p->code, NULL);
	if (!p->limits || !p->data) {
		pattern_release(p);
		*why = "out of memory";
		return NULL;
	}
	pcre2_set_match_limit(p->limits, MATCH_STEPS_MAX);
	pcre2_set_heap_limit(p->limits, MATCH_HEAP_KIB);
	arena_defer(mem, pattern_release, p);
	return p;
}

bool
pattern_match(const struct pattern *p, const char *s, size_t n)
{
	return pcre2_match(p->code, (PCRE2_SPTR)s, n, 0, 0, p->data, p->limits) >= 0;
}
