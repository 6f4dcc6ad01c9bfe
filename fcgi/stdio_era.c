/* stdio_era: a function per state. */
#include "stdio_era.h"

static struct stdio_ruling
pass(enum stdio_verdict how)
{
	return (struct stdio_ruling){ .verdict = how };
}

static struct stdio_ruling
drop(const char *why)
{
	return (struct stdio_ruling){ .verdict = STDIO_DROP, .why = why };
}

static struct stdio_ruling
refuse(int code, const char *why)
{
	return (struct stdio_ruling){ .verdict = STDIO_REFUSE, .code = code, .why = why };
}

static bool
is(const struct stdio_message *m, const char *method)
{
	return m->method && strcmp(m->method, method) == 0;
}

/* An envelope that names no version as text; with an id, else nobody would hear of it. */
static bool
malformed(const struct stdio_message *m)
{
	return m->claims && !m->version && m->id;
}

static struct stdio_ruling
judge_opening(enum stdio_era *era, const struct stdio_message *m, bool modern)
{
	if (!m->method)
		return drop("a response before any request");
	if (!m->claims && !m->id)	/* what may be open is server/discover, and that can be cancelled */
		return is(m, "notifications/cancelled") ? pass(STDIO_AS_MODERN) : drop("a notification before any request");
	if (!m->claims) {
		*era = STDIO_LEGACY;
		return pass(STDIO_AS_LEGACY);
	}
	if (!modern)
		return m->id ? refuse(-32601, "This transport is of revision 2024-11-05: begin with initialize.") :
		    drop("a modern notification on a legacy transport");
	/* A version nobody knows is the server's to refuse; the client may then choose anew. */
	if (m->id && !is(m, "server/discover") && strcmp(m->version, STDIO_MODERN_VERSION) == 0)
		*era = STDIO_MODERN;
	return pass(STDIO_AS_MODERN);
}

static struct stdio_ruling
judge_legacy(const struct stdio_message *m)
{
	if (!m->claims)
		return pass(STDIO_AS_LEGACY);
	if (!m->id)
		return drop("a modern notification on a legacy connection");
	if (is(m, "server/discover"))
		return refuse(-32601, "This connection began with initialize: there is no server/discover.");
	return refuse(-32602, "This connection began without an envelope and stays so: a request has no "
	    STDIO_NS "protocolVersion.");
}

static struct stdio_ruling
judge_modern(const struct stdio_message *m)
{
	if (!m->method)
		return drop("a response: the modern era has no requests of the server");
	if (m->claims || !m->id)
		return pass(STDIO_AS_MODERN);
	if (is(m, "initialize"))
		return refuse(-32022, "This connection speaks " STDIO_MODERN_VERSION ": there is no initialize any more.");
	return refuse(-32602, "params._meta lacks " STDIO_NS "protocolVersion.");
}

struct stdio_ruling
stdio_era_judge(enum stdio_era *era, const struct stdio_message *m, bool modern)
{
	if (malformed(m))
		return refuse(-32602, STDIO_NS "protocolVersion must be a string.");
	if (m->claims && !m->version)
		return drop("a notification with a malformed envelope");
	switch (*era) {
	case STDIO_OPENING:
		return judge_opening(era, m, modern);
	case STDIO_LEGACY:
		return judge_legacy(m);
	case STDIO_MODERN:
	default:
		return judge_modern(m);
	}
}
