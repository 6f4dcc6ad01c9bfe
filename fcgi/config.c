/* config: the settings table, and the file and environment it is filled from. */
#include "config.h"
#include "arena.h"
#include "log.h"

#define FILE_BYTES_MAX	65536
#define TEXTS_MAX	(16 << 20)	/* of all settings, in the environment too */
#define PREFIX		"MCP_"

extern char **environ;

enum unit { TEXT, WORDS, COUNT, BYTES, MILLIS };

#define AT(field) offsetof(struct config, field)

static const struct setting {
	const char *name;	/* the environment has it as MCP_<NAME> */
	enum unit   unit;
	size_t      at;		/* where in struct config */
	const char *usual;	/* as an operator would write it; NULL: none */
	int64_t     least, most;
	const char *says;	/* one sentence, for --settings and the README */
} settings[] = {
	{ "ADDRESS_PER_MINUTE", COUNT, AT(address_per_minute), "6000", 1, 1000000000, "Look-ups of credentials in PostgreSQL a minute, per address and node." },
	{ "ASK_TIMEOUT",     MILLIS, AT(ask_timeout_ms),      "120s", 1000, 600000, "How long a question to the user of a legacy client waits for its answer." },
	{ "AUDIT_DIR",       TEXT,   AT(audit_dir),           NULL,   0, 0, "Folder of this node's audit log." },
	{ "AUDIT_MAX",       BYTES,  AT(audit_bytes_max),     "1g",   1 << 20, INT64_MAX, "Size of the audit log at which calls that write are refused." },
	{ "AUDIT_SEGMENT",   BYTES,  AT(audit_segment_bytes), "64m",  4096, INT64_MAX, "Size at which the audit log begins a new file." },
	{ "AUDIT_WORKERS",   COUNT,  AT(audit_workers),       "1",    0, 1, "Processes that ship the audit log to Redis." },
	{ "BATCH_MAX",       COUNT,  AT(batch_max),           "50",   1, 1000, "Most messages in one JSON-RPC batch." },
	{ "BODY_DEPTH",      COUNT,  AT(body_depth_max),      "64",   4, 1000, "Most levels of JSON in a request." },
	{ "BODY_MAX",        BYTES,  AT(body_bytes_max),      "1m",   1024, 64 << 20, "Largest request body." },
	{ "BODY_VALUES",     COUNT,  AT(body_values_max),     "20000", 100, 10000000, "Most JSON values in a request." },
	{ "DRAIN_TIMEOUT",   MILLIS, AT(drain_timeout_ms),    "30s",  100, 3600000, "How long a stop waits for calls before it ends them." },
	{ "FAST_WORKERS",    COUNT,  AT(fast_workers),        "8",    1, 200, "Worker processes of the fast pool." },
	{ "HOSTS",           WORDS,  AT(hosts),               "localhost 127.0.0.1 [::1]", 0, 0, "Host names that requests may come for, without ports." },
	{ "KEY_FILE",        TEXT,   AT(key_file),            NULL,   0, 0, "File of 32 random bytes or more; the same on all nodes." },
	{ "KEY_FILE_OLD",    TEXT,   AT(key_file_old),        NULL,   0, 0, "The key before: what it signed is still accepted." },
	{ "LISTEN_FAST",     TEXT,   AT(listen[0]),           "/run/mcp-fpm/fast.sock", 0, 0, "Unix socket of the fast pool." },
	{ "LISTEN_SLOW",     TEXT,   AT(listen[1]),           "/run/mcp-fpm/slow.sock", 0, 0, "Unix socket of the slow pool." },
	{ "LISTEN_STREAM",   TEXT,   AT(listen[2]),           "/run/mcp-fpm/stream.sock", 0, 0, "Unix socket of the stream pool." },
	{ "NODE",            TEXT,   AT(node),                NULL,   0, 0, "Name of this node in audit events; the host name if not given." },
	{ "NODE_PER_MINUTE", COUNT,  AT(node_per_minute),     "600",  1, 1000000000, "Requests without a tool a minute, per credential and node; a listen counts for each resource it names." },
	{ "ORIGINS",         WORDS,  AT(origins),             "",     0, 0, "Web origins (https://app.example.com) that may call, besides pages of MCP_HOSTS." },
	{ "PG",              TEXT,   AT(pg),                  NULL,   0, 0, "libpq connection string of the workers' login." },
	{ "PG_ADMIN",        TEXT,   AT(pg_admin),            NULL,   0, 0, "libpq connection string of mcpctl's login." },
	{ "PG_LISTEN",       TEXT,   AT(pg_listen),           NULL,   0, 0, "libpq connection string for LISTEN where MCP_PG goes through a pooler." },
	{ "REDIS",           TEXT,   AT(redis),               NULL,   0, 0, "Unix socket of Redis, or host:port." },
	{ "REQUEST_TIMEOUT", MILLIS, AT(request_timeout_ms),  "30s",  100, 3600000, "A worker that needs longer for one request ends itself." },
	{ "SEAL_KEY",        TEXT,   AT(seal_key),            NULL,   0, 0, "File of 32 random bytes or more that secrets of tenants are sealed with; the same on all nodes." },
	{ "SEAL_KEY_OLD",    TEXT,   AT(seal_key_old),        NULL,   0, 0, "The key before; it still opens until mcpctl secrets rekey is done." },
	{ "SESSION_IDLE",    MILLIS, AT(session_idle_ms),     "1h",   1000, 86400000, "A legacy session that is not used for so long is over." },
	{ "SLOW_WORKERS",    COUNT,  AT(slow_workers),        "8",    1, 100, "Worker processes of the slow pool." },
	{ "SOCKET_GROUP",    TEXT,   AT(socket_group),        NULL,   0, 0, "Group that may connect to our sockets: the one nginx runs as." },
	{ "SQL",             TEXT,   AT(sql),                 NULL,   0, 0, "Folders of the migrations, divided by colons; the sql beside each of MCP_TOOLS if not given." },
	{ "STATE_TTL",       MILLIS, AT(state_ms),            "10m",  1000, 86400000, "How long a client may take to come back with what a call asked of it." },
	{ "STREAMS_MAX",     COUNT,  AT(streams_max),         "8192", 1, 100000, "Streams that one worker of the stream pool holds open." },
	{ "STREAM_WORKERS",  COUNT,  AT(stream_workers),      "2",    1, 16, "Worker processes of the stream pool." },
	{ "TOOLS",           TEXT,   AT(tools),               "/usr/share/mcp-fpm/tools", 0, 0, "Folders that hold catalogs, divided by colons." },
	{ "WORKER_REQUESTS", COUNT,  AT(worker_requests),     "100000", 0, INT64_MAX, "A worker retires after so many requests; 0: never." },
};

static const struct setting *
find_setting(const char *name)
{
	size_t i;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return NULL;
	for (i = 0; i < LEN(settings); i++)
		if (strcmp(settings[i].name, name + strlen(PREFIX)) == 0)
			return &settings[i];
	return NULL;
}

static struct arena kept;	/* texts of settings; never given back */

static void
split_words(struct words *out, const char *text)
{
	const char **at = arena_take(&kept, (strlen(text) / 2 + 1) * sizeof(*at));
	char *copy = arena_str(&kept, text), *rest = NULL, *word;

	for (out->n = 0, word = strtok_r(copy, " ,\t", &rest); word; word = strtok_r(NULL, " ,\t", &rest))
		at[out->n++] = word;
	out->at = at;
}

/* A number with a unit: the suffixes and what they multiply by. */
static int
scaled(const char *value, const char *const *suffix, const int64_t *factor, size_t n, int64_t *out)
{
	size_t digits = strspn(value, "0123456789"), i;
	char number[24];

	if (digits == 0 || digits >= sizeof(number))
		return -1;
	memcpy(number, value, digits);
	number[digits] = '\0';
	for (i = 0; i < n; i++)
		if (strcasecmp(value + digits, suffix[i]) == 0) {
			if (base_number(number, 0, INT64_MAX / factor[i], out) != 0)
				return -1;
			*out *= factor[i];
			return 0;
		}
	return -1;
}

static int
number_of(const struct setting *s, const char *value, int64_t *out)
{
	static const char *const byte_suffix[] = { "", "k", "m", "g" };
	static const int64_t byte_factor[] = { 1, 1 << 10, 1 << 20, 1 << 30 };
	static const char *const time_suffix[] = { "ms", "s", "m", "min", "h" };
	static const int64_t time_factor[] = { 1, 1000, 60000, 60000, 3600000 };
	int bad;

	if (s->unit == BYTES)
		bad = scaled(value, byte_suffix, byte_factor, LEN(byte_suffix), out);
	else if (s->unit == MILLIS)
		bad = scaled(value, time_suffix, time_factor, LEN(time_suffix), out);
	else
		bad = base_number(value, 0, INT64_MAX, out);
	return bad == 0 && *out >= s->least && *out <= s->most ? 0 : -1;
}

static void
apply(struct config *cfg, const struct setting *s, const char *value, const char *whence)
{
	static const char *const kind[] = { "text", "words", "a number", "a size such as 64k, 1m", "a time such as 500ms, 30s" };
	char *field = (char *)cfg + s->at;

	if (s->unit == TEXT) {
		const char *text = *value ? arena_str(&kept, value) : NULL;

		memcpy(field, &text, sizeof(text));
	} else if (s->unit == WORDS) {
		struct words list;

		split_words(&list, value);
		memcpy(field, &list, sizeof(list));
	} else {
		int64_t n;

		if (number_of(s, value, &n) != 0)
			die("%s: " PREFIX "%s=%s: expected %s from %" PRId64 " to %" PRId64 "%s", whence, s->name, value,
			    kind[s->unit], s->least, s->most, s->unit == MILLIS ? " ms" : s->unit == BYTES ? " bytes" : "");
		memcpy(field, &n, sizeof(n));
	}
}

static void
apply_named(struct config *cfg, const char *name, const char *value, const char *whence)
{
	const struct setting *s = find_setting(name);

	if (!s)
		die("%s: unknown setting %s; mcp-fpm --settings lists them", whence, name);
	apply(cfg, s, value, whence);
}

/* One line of the file, with its number for complaints. */
static void
apply_line(struct config *cfg, char *line, const char *file, int number)
{
	char whence[PATH_MAX + 16], *eq, *value;
	size_t len;

	line += strspn(line, " \t");
	len = strlen(line);
	while (len > 0 && isspace((unsigned char)line[len - 1]))
		line[--len] = '\0';
	if (!*line || *line == '#' || *line == ';')
		return;
	snprintf(whence, sizeof(whence), "%s:%d", file, number);
	eq = strchr(line, '=');
	if (!eq)
		die("%s: expected NAME=VALUE", whence);
	*eq = '\0';
	value = eq + 1;
	len = strlen(value);
	if (len >= 2 && (*value == '"' || *value == '\'') && value[len - 1] == *value) {
		value[len - 1] = '\0';
		value++;
	}
	apply_named(cfg, line, value, whence);
}

static void
apply_file(struct config *cfg, const char *file)
{
	static char text[FILE_BYTES_MAX];
	int fd = open(file, O_RDONLY | O_CLOEXEC), number = 0;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *line, *next;

	if (n < 0)
		die("%s: %s", file, strerror(errno));
	if ((size_t)n == sizeof(text) - 1)
		die("%s: larger than %d bytes", file, FILE_BYTES_MAX);
	close(fd);
	text[n] = '\0';
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		apply_line(cfg, line, file, ++number);
	}
}

static void
apply_environment(struct config *cfg)
{
	char name[64], **e;
	const char *eq;

	for (e = environ; e && *e; e++) {
		if (strncmp(*e, PREFIX, strlen(PREFIX)) != 0 || !(eq = strchr(*e, '=')))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(eq - *e), *e);
		apply_named(cfg, name, eq + 1, "environment");
	}
}

void
config_load(struct config *cfg, const char *file)
{
	char host[256] = "localhost";
	size_t i;

	memset(cfg, 0, sizeof(*cfg));
	if (!kept.most)
		arena_init(&kept, 4096, TEXTS_MAX);
	for (i = 0; i < LEN(settings); i++)
		if (settings[i].usual)
			apply(cfg, &settings[i], settings[i].usual, "default");
	if (file)
		apply_file(cfg, file);
	apply_environment(cfg);
	if (!cfg->node) {
		gethostname(host, sizeof(host) - 1);
		cfg->node = arena_str(&kept, host);
	}
	if (!cfg->pg_listen)
		cfg->pg_listen = cfg->pg;
}

void
config_print(void)
{
	size_t i;

	for (i = 0; i < LEN(settings); i++)
		printf(PREFIX "%-18s %-28s %s\n", settings[i].name, settings[i].usual ? settings[i].usual : "-",
		    settings[i].says);
}

const char *
config_need(const char *value, const char *name)
{
	if (!value)
		die(PREFIX "%s must be set; mcp-fpm --settings says what it is", name);
	return value;
}

bool
config_has(const struct words *list, const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (strlen(list->at[i]) == len && strncasecmp(list->at[i], word, len) == 0)
			return true;
	return false;
}
