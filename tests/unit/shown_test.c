/* shown: icons and annotations that clients take, and those that would cost them the whole list. */
#include "shown.h"
#include "tap.h"

static struct arena mem;

static void
finds(enum shown what, const char *json, const char *flaw)
{
	is_str(shown_flaw(&mem, what, json_parse(&mem, json, strlen(json), 16)), flaw, "%s", json);
}

int
main(void)
{
	arena_init(&mem, 65536, 1 << 24);
	finds(SHOWN_ICONS, "[]", NULL);
	finds(SHOWN_ICONS, "[{\"src\":\"https://x/y.png\",\"mimeType\":\"image/png\",\"sizes\":[\"48x48\",\"any\"],\"theme\":\"dark\"}]", NULL);
	finds(SHOWN_ICONS, "[{\"src\":\"data:image/png;base64,AAAA\",\"other\":1}]", NULL);
	finds(SHOWN_ICONS, "[7]", "[0] must be an object");
	finds(SHOWN_ICONS, "[{}]", "[0].src is required");
	finds(SHOWN_ICONS, "[{\"src\":\"javascript:1\"}]", "[0].src must match the pattern ^(https://|data:)");
	finds(SHOWN_ICONS, "[{\"src\":\"data:\",\"sizes\":\"48x48\"}]", "[0].sizes must be an array");
	finds(SHOWN_ICONS, "[{\"src\":\"data:\",\"theme\":\"blue\"}]", "[0].theme must be one of [\"light\",\"dark\"]");
	finds(SHOWN_HINTS, "{\"title\":\"T\",\"destructiveHint\":false,\"other\":1}", NULL);
	finds(SHOWN_HINTS, "{\"title\":7}", "title must be a string");
	finds(SHOWN_HINTS, "{\"openWorldHint\":\"no\"}", "openWorldHint must be true or false");
	finds(SHOWN_ANNOTATIONS, "{\"audience\":[\"user\"],\"priority\":0.5,\"lastModified\":\"2026-11-20T00:00:00Z\"}", NULL);
	finds(SHOWN_ANNOTATIONS, "{\"audience\":\"user\"}", "audience must be an array");
	finds(SHOWN_ANNOTATIONS, "{\"priority\":2}", "priority must be at most 1");
	return tap_done();
}
