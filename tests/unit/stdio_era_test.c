/* stdio_era: every kind of message in every state. */
#include "tap.h"
#include "stdio_era.h"

#define CLAIM(v)	"\"_meta\":{\"" STDIO_NS "protocolVersion\":" v "}"
#define MODERN		CLAIM("\"2026-07-28\"")
#define REQUEST(m, p)	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" m "\",\"params\":{" p "}}"
#define NOTICE(m, p)	"{\"jsonrpc\":\"2.0\",\"method\":\"" m "\",\"params\":{" p "}}"
#define RESPONSE	"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"

static struct arena mem;

static const struct {
	const char        *name;
	enum stdio_era     from;
	const char        *line;
	enum stdio_verdict verdict;
	int                code;	/* of STDIO_REFUSE */
	enum stdio_era     to;
} cases[] = {
	{ "initialize begins a legacy connection", STDIO_OPENING, REQUEST("initialize", ""), STDIO_AS_LEGACY, 0, STDIO_LEGACY },
	{ "so does any request without an envelope", STDIO_OPENING, REQUEST("ping", ""), STDIO_AS_LEGACY, 0, STDIO_LEGACY },
	{ "an envelope begins a modern one", STDIO_OPENING, REQUEST("tools/list", MODERN), STDIO_AS_MODERN, 0, STDIO_MODERN },
	{ "initialize with an envelope too", STDIO_OPENING, REQUEST("initialize", MODERN), STDIO_AS_MODERN, 0, STDIO_MODERN },
	{ "server/discover decides nothing", STDIO_OPENING, REQUEST("server/discover", MODERN), STDIO_AS_MODERN, 0, STDIO_OPENING },
	{ "an unknown version decides nothing", STDIO_OPENING, REQUEST("tools/list", CLAIM("\"2099-01-01\"")), STDIO_AS_MODERN, 0,
	  STDIO_OPENING },
	{ "a version that is no text", STDIO_OPENING, REQUEST("tools/list", CLAIM("7")), STDIO_REFUSE, -32602, STDIO_OPENING },
	{ "the same in a notification", STDIO_OPENING, NOTICE("x", CLAIM("null")), STDIO_DROP, 0, STDIO_OPENING },
	{ "a notification too early", STDIO_OPENING, NOTICE("notifications/initialized", ""), STDIO_DROP, 0, STDIO_OPENING },
	{ "a cancelled probe", STDIO_OPENING, NOTICE("notifications/cancelled", ""), STDIO_AS_MODERN, 0, STDIO_OPENING },
	{ "a modern notification", STDIO_OPENING, NOTICE("x", MODERN), STDIO_AS_MODERN, 0, STDIO_OPENING },
	{ "a response too early", STDIO_OPENING, RESPONSE, STDIO_DROP, 0, STDIO_OPENING },

	{ "legacy: requests", STDIO_LEGACY, REQUEST("tools/list", ""), STDIO_AS_LEGACY, 0, STDIO_LEGACY },
	{ "legacy: notifications", STDIO_LEGACY, NOTICE("x", ""), STDIO_AS_LEGACY, 0, STDIO_LEGACY },
	{ "legacy: responses", STDIO_LEGACY, RESPONSE, STDIO_AS_LEGACY, 0, STDIO_LEGACY },
	{ "legacy: discover", STDIO_LEGACY, REQUEST("server/discover", MODERN), STDIO_REFUSE, -32601, STDIO_LEGACY },
	{ "legacy: an envelope", STDIO_LEGACY, REQUEST("tools/list", MODERN), STDIO_REFUSE, -32602, STDIO_LEGACY },
	{ "legacy: a modern notification", STDIO_LEGACY, NOTICE("x", MODERN), STDIO_DROP, 0, STDIO_LEGACY },

	{ "modern: requests", STDIO_MODERN, REQUEST("tools/list", MODERN), STDIO_AS_MODERN, 0, STDIO_MODERN },
	{ "modern: another version", STDIO_MODERN, REQUEST("x", CLAIM("\"2099-01-01\"")), STDIO_AS_MODERN, 0, STDIO_MODERN },
	{ "modern: notifications without an envelope", STDIO_MODERN, NOTICE("x", ""), STDIO_AS_MODERN, 0, STDIO_MODERN },
	{ "modern: responses", STDIO_MODERN, RESPONSE, STDIO_DROP, 0, STDIO_MODERN },
	{ "modern: initialize", STDIO_MODERN, REQUEST("initialize", ""), STDIO_REFUSE, -32022, STDIO_MODERN },
	{ "modern: no envelope", STDIO_MODERN, REQUEST("tools/list", ""), STDIO_REFUSE, -32602, STDIO_MODERN },
};

static struct stdio_ruling
judge(enum stdio_era *era, const char *line, bool modern)
{
	struct stdio_message m;
	struct stdio_flaw flaw;

	if (stdio_message_read(&mem, line, strlen(line), &m, &flaw) != 0)
		printf("# %s: %s\n", line, flaw.why);
	return stdio_era_judge(era, &m, modern);
}

int
main(void)
{
	struct stdio_ruling r;
	enum stdio_era era;
	size_t i;

	arena_init(&mem, 4096, 1 << 20);
	for (i = 0; i < LEN(cases); i++) {
		era = cases[i].from;
		r = judge(&era, cases[i].line, true);
		ok(r.verdict == cases[i].verdict && r.code == cases[i].code && era == cases[i].to, "%s", cases[i].name);
		ok((r.verdict == STDIO_REFUSE || r.verdict == STDIO_DROP) == (r.why != NULL), "%s: with a reason", cases[i].name);
	}
	era = STDIO_OPENING;
	r = judge(&era, REQUEST("server/discover", MODERN), false);
	ok(r.verdict == STDIO_REFUSE && r.code == -32601 && era == STDIO_OPENING, "a legacy transport has no discover");
	r = judge(&era, NOTICE("x", MODERN), false);
	ok(r.verdict == STDIO_DROP, "and no modern notifications");
	r = judge(&era, REQUEST("initialize", ""), false);
	ok(r.verdict == STDIO_AS_LEGACY && era == STDIO_LEGACY, "but initialize");
	arena_close(&mem);
	return tap_done();
}
