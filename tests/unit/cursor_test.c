/* cursor: only ours come back, and only where they belong. */
#include "cursor.h"
#include "tap.h"
#include "tenant.h"

static const struct crypt_key key = { .byte = "0123456789abcdef0123456789abcdef", .len = 32 };
static const struct crypt_key next = { .byte = "fedcba9876543210fedcba9876543210", .len = 32 };
static struct identity acme = { .catalog = "planasonix", .tenant = "018f0000-0000-7000-8000-000000000001" };
static struct identity globex = { .catalog = "planasonix", .tenant = "018f0000-0000-7000-8000-000000000002" };

int
main(void)
{
	struct request rq = { .key = &key, .who = &acme };
	const char *json = "[\"Orders\",\"7\"]";
	struct json_object *o;
	char *cursor, *altered;
	size_t i, bad = 0;

	arena_init(&rq.mem, 65536, 1 << 24);
	cursor = cursor_make(&rq, "list_pipelines", json, strlen(json));
	o = cursor_read(&rq, "list_pipelines", cursor);
	is_str(o ? json_plain(o, NULL) : NULL, json, "what went in comes out");
	ok(!cursor_read(&rq, "list_runs", cursor), "not for another tool");
	rq.who = &globex;
	ok(!cursor_read(&rq, "list_pipelines", cursor), "not for another tenant");
	rq.who = &acme;
	rq.key = &next;
	ok(!cursor_read(&rq, "list_pipelines", cursor), "not under another key");
	rq.key_old = &key;
	ok(cursor_read(&rq, "list_pipelines", cursor), "but while it is the old one");
	rq.key = &key;
	rq.key_old = NULL;
	for (i = 0; cursor[i]; i++) {
		altered = arena_str(&rq.mem, cursor);
		altered[i] = altered[i] == 'A' ? 'B' : 'A';
		bad += cursor_read(&rq, "list_pipelines", altered) != NULL;
	}
	is_int(bad, 0, "no altered character is accepted");
	ok(!cursor_read(&rq, "list_pipelines", ""), "empty");
	ok(!cursor_read(&rq, "list_pipelines", "."), "a dot");
	ok(!cursor_read(&rq, "list_pipelines", "W10.AAAA"), "a short signature");
	arena_close(&rq.mem);
	return tap_done();
}
