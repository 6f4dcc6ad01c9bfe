/* trace: forms, by table where there is one. */
#include "trace.h"

#define PARENT_LEN	55	/* of version 00 */
#define STATE_MAX	512	/* bytes that must be passed on (3.3.1.5); longer ones are dropped */
#define BAGGAGE_MAX	8192	/* (baggage, 3.3.2) */
#define HEX		"0123456789abcdef"

static bool
is_hex(const char *text, size_t n)
{
	return strspn(text, HEX) >= n;
}

static bool
is_zero(const char *text, size_t n)
{
	return strspn(text, "0") >= n;
}

/* Of characters that a header may carry. */
static bool
is_visible(const char *text)
{
	for (; *text > ' ' && *text < 0x7F; text++)
		;
	return !*text;
}

/* 00-32 digits-16 digits-2 digits; a later version may have more behind it (3.2). */
static bool
is_parent(const char *p)
{
	size_t len = strnlen(p, PARENT_LEN + 64);

	if (len < PARENT_LEN || !is_hex(p, 2) || p[2] != '-' || memcmp(p, "ff", 2) == 0)
		return false;
	if (!is_hex(p + 3, 32) || p[35] != '-' || is_zero(p + 3, 32))
		return false;
	if (!is_hex(p + 36, 16) || p[52] != '-' || is_zero(p + 36, 16) || !is_hex(p + 53, 2))
		return false;
	return len == PARENT_LEN || (memcmp(p, "00", 2) != 0 && p[PARENT_LEN] == '-' && len < PARENT_LEN + 64 && is_visible(p + PARENT_LEN));
}

/* Members with an "=", separated by commas, of characters that a header may carry. */
static bool
is_list(const char *text, size_t most)
{
	size_t len = strnlen(text, most + 1), i;
	bool equals = false;

	if (len == 0 || len > most)
		return false;
	for (i = 0; i < len; i++) {
		if ((text[i] < 0x20 && text[i] != '\t') || text[i] > 0x7E)
			return false;
		equals = equals || text[i] == '=';
		if (text[i] == ',' && !equals)
			return false;
		equals = equals && text[i] != ',';
	}
	return equals;
}

struct trace
trace_of(const char *parent, const char *state, const char *baggage)
{
	struct trace t = { 0 };

	if (parent && is_parent(parent))
		t.parent = parent;
	if (t.parent && state && is_list(state, STATE_MAX))
		t.state = state;
	if (baggage && is_list(baggage, BAGGAGE_MAX))
		t.baggage = baggage;
	return t;
}

struct trace
trace_within(struct json_object *meta, const struct trace *outer)
{
	struct trace t = trace_of(json_get_str(meta, "traceparent"), json_get_str(meta, "tracestate"), json_get_str(meta, "baggage"));

	if (!t.parent) {
		t.parent = outer->parent;
		t.state = outer->state;
	}
	if (!t.baggage)
		t.baggage = outer->baggage;
	return t;
}
