/* stdio_sse: a line at a time; an event ends with an empty one. */
#include "stdio_sse.h"

void
stdio_sse_init(struct stdio_sse *s, struct arena *mem, size_t most,
    bool (*event)(void *who, const struct stdio_event *e), void *who)
{
	*s = (struct stdio_sse){ .retry_ms = -1, .event = event, .who = who };
	buf_init(&s->line, mem, most);
	buf_init(&s->data, mem, most);
}

static void
dispatch(struct stdio_sse *s)
{
	struct stdio_event e = { .name = *s->name ? s->name : "message", .data = s->data.at, .len = s->data.len };

	if (s->any_data && !s->event(s->who, &e))
		s->stopped = true;
	buf_cut(&s->data, 0);
	s->any_data = false;
	s->name[0] = '\0';
}

static void
copy(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%s", strlen(from) < room ? from : "");
}

static void
take_field(struct stdio_sse *s, const char *name, const char *value, size_t n)
{
	if (strcmp(name, "data") == 0) {
		if (s->any_data)
			buf_char(&s->data, '\n');
		buf_add(&s->data, value, n);
		s->any_data = true;
	} else if (strcmp(name, "event") == 0) {
		copy(s->name, sizeof(s->name), value);
	} else if (strcmp(name, "id") == 0) {
		if (strlen(value) == n)
			copy(s->id, sizeof(s->id), value);
	} else if (strcmp(name, "retry") == 0) {
		if (base_number(value, 0, INT32_MAX, &s->retry_ms) != 0)
			s->retry_ms = -1;
	}
}

static void
take_line(struct stdio_sse *s)
{
	char *line = s->line.at, *colon = memchr(line, ':', s->line.len);
	size_t n = 0;

	if (s->line.len == 0) {
		dispatch(s);
	} else if (colon != line) {	/* else a comment */
		if (colon) {
			*colon++ = '\0';
			colon += *colon == ' ';
			n = s->line.len - (size_t)(colon - line);
		}
		take_field(s, line, colon ? colon : "", n);
	}
	buf_cut(&s->line, 0);
}

/* A line ends with CR, LF, or both. */
static size_t
line_length(const char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && bytes[i] != '\n' && bytes[i] != '\r')
		i++;
	return i;
}

static void
drop_mark(struct stdio_sse *s)
{
	static const char mark[] = "\xEF\xBB\xBF";

	if (!s->begun && s->line.len >= 3 && memcmp(s->line.at, mark, 3) == 0) {
		memmove(s->line.at, s->line.at + 3, s->line.len - 2);
		s->line.len -= 3;
	}
	s->begun = true;
}

int
stdio_sse_feed(struct stdio_sse *s, const char *bytes, size_t n)
{
	size_t at = 0, part;

	while (at < n && !s->stopped) {
		if (s->after_cr && bytes[at] == '\n')
			at++;
		s->after_cr = false;
		part = line_length(bytes + at, n - at);
		buf_add(&s->line, bytes + at, part);
		at += part;
		if (s->line.full || s->data.full)
			return -1;
		if (at == n)
			break;
		s->after_cr = bytes[at++] == '\r';
		drop_mark(s);
		take_line(s);
	}
	return s->data.full ? -1 : 0;
}
