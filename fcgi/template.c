/* template: one walk over the text, for looking and for filling. */
#include "template.h"

#define NAME_MAX_LEN 256

/* The next piece: plain bytes up to a brace, a brace of the text itself, or a name.  false: the text ends. */
struct piece {
	const char *at;
	size_t      len;
	bool        name;
	bool        open;	/* a brace that nothing closes */
};

static bool
next(const char **text, struct piece *out)
{
	const char *s = *text;
	size_t len;

	*out = (struct piece){ .at = s };
	if (!*s)
		return false;
	if (*s != '{' || s[1] == '{') {
		len = *s == '{' ? 1 : strcspn(s, "{");
		out->len = len;
		*text = s + (*s == '{' ? 2 : len);
		return true;
	}
	out->at = s + 1;
	out->len = strcspn(s + 1, "}");
	out->name = true;
	out->open = !s[1 + out->len] || out->len > NAME_MAX_LEN;
	*text = s + 1 + out->len + (s[1 + out->len] == '}');
	return true;
}

int
template_names(struct arena *mem, const char *text, void (*found)(void *ctx, const char *name), void *ctx)
{
	struct piece p;

	while (next(&text, &p)) {
		if (p.open)
			return -1;
		if (p.name)
			found(ctx, arena_copy(mem, p.at, p.len));
	}
	return 0;
}

static void
add_value(struct buf *b, struct json_object *v)
{
	if (json_object_is_type(v, json_type_string))
		buf_add(b, json_object_get_string(v), (size_t)json_object_get_string_len(v));
	else if (v)
		buf_str(b, json_plain(v, NULL));
}

void
template_fill(struct buf *b, const char *text, struct json_object *args, struct json_object *row)
{
	struct piece p;

	while (next(&text, &p)) {
		const char *name = p.name ? arena_copy(b->mem, p.at, p.len) : NULL;

		if (!name)
			buf_add(b, p.at, p.len);
		else if (strncmp(name, "row.", 4) == 0)
			add_value(b, json_get(row, name + 4));
		else
			add_value(b, json_get(args, name));
	}
}
