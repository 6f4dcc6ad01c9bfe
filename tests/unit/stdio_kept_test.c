/* stdio_kept: the newest of each kind, until it is taken back. */
#include "tap.h"
#include "stdio_kept.h"

static struct arena mem;
static struct stdio_kept *kept;

static void
note(const char *method, const char *params)
{
	char *line = arena_fmt(&mem, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s}}", method, params);
	struct stdio_message m;
	struct stdio_flaw flaw;

	if (stdio_message_read(&mem, line, strlen(line), &m, &flaw) != 0)
		printf("# %s\n", flaw.why);
	stdio_kept_note(&kept, &m);
}

static int
count(void)
{
	const struct stdio_kept *k;
	int n = 0;

	for (k = kept; k; k = k->next)
		n++;
	return n;
}

int
main(void)
{
	char params[4096];
	int i;

	arena_init(&mem, 4096, 1 << 24);
	note("tools/call", "\"name\":\"t\"");
	note("resources/read", "\"uri\":\"a://1\"");
	note("resources/subscribe", "\"uri\":7");
	is_int(count(), 0, "most says nothing worth keeping");
	note("logging/setLevel", "\"level\":\"info\"");
	note("resources/subscribe", "\"uri\":\"a://1\"");
	note("logging/setLevel", "\"level\":\"debug\"");
	note("resources/subscribe", "\"uri\":\"a://1\"");
	note("resources/subscribe", "\"uri\":\"level\"");
	is_int(count(), 3, "one per kind");
	ok(strstr(kept->text, "debug") != NULL && strlen(kept->text) == kept->len, "the newest, as it was written");
	note("resources/unsubscribe", "\"uri\":\"a://1\"");
	note("resources/unsubscribe", "\"uri\":\"a://9\"");
	is_int(count(), 2, "taken back");
	for (i = 0; i < STDIO_KEPT_MAX + 10; i++) {
		snprintf(params, sizeof(params), "\"uri\":\"a://%d\"", i);
		note("resources/subscribe", params);
	}
	is_int(count(), STDIO_KEPT_MAX, "not without end");
	memset(params, 'x', sizeof(params));
	memcpy(params, "\"uri\":\"", 7);
	memcpy(params + 3000, "\"", 2);
	stdio_kept_clear(&kept);
	note("resources/subscribe", params);
	is_int(count(), 0, "nor what is longer than any URI");
	arena_close(&mem);
	return tap_done();
}
