/* stdio_kept: a short list; the newest request under a key counts. */
#include "stdio_kept.h"
#include "log.h"

static void
drop(struct stdio_kept **at)
{
	struct stdio_kept *k = *at;

	*at = k->next;
	free(k->key);
	free(k->text);
	free(k);
}

void
stdio_kept_clear(struct stdio_kept **list)
{
	while (*list)
		drop(list);
}

static char *
copy(const char *text, size_t n)
{
	char *to = malloc(n + 1);

	if (!to)
		bug("out of memory: %zu bytes", n);
	memcpy(to, text, n);
	to[n] = '\0';
	return to;
}

static void
put(struct stdio_kept **list, const char *key, const struct stdio_message *m)
{
	struct stdio_kept **at = list, *k;
	int n = 0;

	for (; *at && strcmp((*at)->key, key) != 0; at = &(*at)->next)
		n++;
	if (*at)
		drop(at);
	else if (n >= STDIO_KEPT_MAX)
		return;
	if (!m)
		return;
	k = calloc(1, sizeof(*k));
	if (!k)
		bug("out of memory");
	*k = (struct stdio_kept){ .key = copy(key, strlen(key)), .text = copy(m->text, m->len), .len = m->len, .next = *at };
	*at = k;
}

void
stdio_kept_note(struct stdio_kept **list, const struct stdio_message *m)
{
	const char *uri = json_get_str(m->params, "uri");
	char key[2048];

	if (strcmp(m->method, "logging/setLevel") == 0) {
		put(list, "level", m);
		return;
	}
	if (!uri || snprintf(key, sizeof(key), ":%s", uri) >= (int)sizeof(key))
		return;
	if (strcmp(m->method, "resources/subscribe") == 0)
		put(list, key, m);
	else if (strcmp(m->method, "resources/unsubscribe") == 0)
		put(list, key, NULL);
}
