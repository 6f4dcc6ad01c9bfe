/* uri: a template is read once into literals and names; matching walks them from the left. */
#include "uri.h"
#include "json.h"
#include "utf8.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
#define SCHEME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-"

bool
uri_is_absolute(const char *text)
{
	size_t scheme = strspn(text, SCHEME_CHARS);
	const char *s;

	if (strlen(text) > URI_MAX || !isalpha((unsigned char)text[0]) || text[scheme] != ':' || !text[scheme + 1])
		return false;
	for (s = text; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7F)
			return false;
	return true;
}

/* --- templates -------------------------------------------------------------------------- */

static int
refuse(const char **why, const char *phrase)
{
	*why = phrase;
	return -1;
}

/* One {name} at s, behind its literal. */
static int
read_name(struct arena *mem, const char *s, size_t len, struct uri_template *out, const char **why)
{
	int i;

	if (len == 0 || strspn(s, NAME_CHARS) < len)
		return refuse(why, "expected names of A-Z a-z 0-9 _ in braces; of RFC 6570 only level 1, {name}, is known here");
	if (out->vars == URI_VARS_MAX)
		return refuse(why, arena_fmt(mem, "more than %d names", URI_VARS_MAX));
	if (out->vars > 0 && !*out->literal[out->vars])
		return refuse(why, "two names with nothing between them can be read in more than one way");
	for (i = 0; i < out->vars; i++)
		if (strlen(out->name[i]) == len && strncmp(out->name[i], s, len) == 0)
			return refuse(why, "a name stands in it twice");
	out->name[out->vars++] = arena_copy(mem, s, len);
	return 0;
}

int
uri_template_read(struct arena *mem, const char *text, struct uri_template *out, const char **why)
{
	size_t len;

	*out = (struct uri_template){ .vars = 0 };
	if (!uri_is_absolute(text))
		return refuse(why, arena_fmt(mem, "expected a URI with a scheme, of at most %d bytes", URI_MAX));
	for (;;) {
		len = strcspn(text, "{}");
		out->literal[out->vars] = arena_copy(mem, text, len);
		text += len;
		if (!*text)
			return out->vars > 0 ? 0 : refuse(why, "has no {name} in it");
		len = strcspn(text, "}");
		if (*text == '}' || !text[len])
			return refuse(why, "a brace has no partner");
		if (read_name(mem, text + 1, len - 1, out, why) != 0)
			return -1;
		text += len + 1;
	}
}

/* --- matching --------------------------------------------------------------------------- */

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The value behind n bytes of a URI; NULL: it is none. */
static struct json_object *
decoded(struct arena *mem, const char *s, size_t n)
{
	char *out = arena_take(mem, n + 1);
	size_t i, len = 0;

	for (i = 0; i < n; i++) {
		int byte = (unsigned char)s[i];

		if (byte == '%') {
			if (n - i < 3 || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0)
				return NULL;
			byte = hex(s[i + 1]) << 4 | hex(s[i + 2]);
			i += 2;
		}
		if (byte < ' ' || byte == 0x7F)
			return NULL;
		out[len++] = (char)byte;
	}
	if (len == 0 || len > URI_VALUE_MAX || !utf8_valid(out, len))
		return NULL;
	return json_object_new_string_len(out, (int)len);
}

/* Where the value at s ends: before `then`, or with the URI where nothing follows.  NULL: `then` does not come. */
static const char *
value_end(const char *s, const char *then)
{
	const char *most = s + strcspn(s, "/?#"), *end;

	if (!*then)
		return *most ? NULL : most;
	end = strstr(*s ? s + 1 : s, then);
	return end && end <= most ? end : NULL;
}

struct json_object *
uri_match(struct arena *mem, const struct uri_template *t, const char *uri)
{
	struct json_object *values = json_keep(mem, json_object_new_object()), *v;
	const char *s = uri, *end;
	int i;

	if (strlen(uri) > URI_MAX)
		return NULL;
	for (i = 0; ; i++) {
		size_t len = strlen(t->literal[i]);

		if (strncmp(s, t->literal[i], len) != 0)
			return NULL;
		s += len;
		if (i == t->vars)
			return *s ? NULL : values;
		/* Nothing behind the last name: the value goes as far as the URI. */
		end = value_end(s, t->literal[i + 1]);
		v = end ? decoded(mem, s, (size_t)(end - s)) : NULL;
		if (!v)
			return NULL;
		json_object_object_add(values, t->name[i], v);
		s = end;
	}
}
