/* ctl_args: one table of options, read with getopt_long(). */
#include "ctl_args.h"
#include "buf.h"
#include "log.h"
#include <getopt.h>

#define REPEATS_MAX	64		/* how often an option may come that may come again */
#define LIST_MAX	(1 << 20)

static const struct row {
	const char *name;
	const char *value;	/* what it takes, for --help; NULL: nothing */
	size_t      list;	/* where in struct ctl all of them go; 0: once is enough */
	const char *says;
} rows[CTL_OPTIONS] = {
	[CTL_ADD]        = { "add",       "WORD",    offsetof(struct ctl, add),      "A feature to add; may come again." },
	[CTL_ADDRESS]    = { "address",   "NETWORK", offsetof(struct ctl, address),  "A network it may be used from, 192.0.2.0/24; may come again." },
	[CTL_CATALOG]    = { "catalog",   "CATALOG", 0,                              "The catalog, as its folder is called." },
	[CTL_DEMO]       = { "demo",      NULL,      0,                              "Also loads the demo data." },
	[CTL_EXPIRES]    = { "expires",   "WHEN",    0,                              "90d, 12h, 30m, 45s from now, or an RFC 3339 time." },
	[CTL_FEATURE]    = { "feature",   "WORD",    offsetof(struct ctl, feature),  "A feature the tenant has; may come again." },
	[CTL_JSON]       = { "json",      NULL,      0,                              "Prints one JSON value." },
	[CTL_LIMIT]      = { "limit",     "N",       0,                              "Calls a minute of this key alone." },
	[CTL_MODE]       = { "mode",      "MODE",    0,                              "full, or read: tools that write are closed." },
	[CTL_NAME]       = { "name",      "NAME",    0,                              "What people call it." },
	[CTL_OVERLAP]    = { "overlap",   "SPAN",    0,                              "How long the old secret still works: 24h if not given." },
	[CTL_PLAN]       = { "plan",      "PLAN",    0,                              "A plan of the catalog." },
	[CTL_PRINCIPAL]  = { "principal", "NAME",    0,                              "A principal of the tenant, by name or id." },
	[CTL_REMOVE]     = { "remove",    "WORD",    offsetof(struct ctl, remove),   "A feature to take away; may come again." },
	[CTL_ROLE]       = { "role",      "NAME",    offsetof(struct ctl, role),     "A role of the tenant; may come again." },
	[CTL_SCOPE]      = { "scope",     "SCOPE",   offsetof(struct ctl, scope),    "What it may do, '*' for all; may come again." },
	[CTL_SLUG]       = { "slug",      "SLUG",    0,                              "Its short name: a DNS label." },
	[CTL_STATE]      = { "state",     "STATE",   0,                              "ok, expired or revoked." },
	[CTL_TENANT]     = { "tenant",    "SLUG",    0,                              "The tenant it belongs to." },
	[CTL_WORKSPACE]  = { "workspace", "SLUG",    offsetof(struct ctl, workspace), "A workspace to bind it to, by slug or id; the first is its usual one; may come again." },
};

void
ctl_args_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("; mcpctl --help lists what there is\n", stderr);
	exit(2);
}

static const char *
command_name(const struct ctl_command *command)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s%s%s", command->noun, command->verb ? " " : "", command->verb ? command->verb : "");
	return name;
}

static void
print_options(unsigned set, const char *open, const char *close)
{
	unsigned i;

	for (i = 0; i < CTL_OPTIONS; i++)
		if (set >> i & 1)
			printf(" %s--%s%s%s%s%s", open, rows[i].name, rows[i].value ? " " : "",
			    rows[i].value ? rows[i].value : "", close, rows[i].list ? "..." : "");
}

void
ctl_args_synopsis(const struct ctl_command *command)
{
	fputs(command_name(command), stdout);
	print_options(command->needs, "", "");
	print_options(command->takes & ~command->needs, "[", "]");
	printf("%s%s\n", command->operand ? " " : "", command->operand ? command->operand : "");
}

static void
help(const struct ctl_command *command)
{
	unsigned i;

	fputs("mcpctl [-e FILE] ", stdout);
	ctl_args_synopsis(command);
	printf("\n%s\n\n", command->says);
	for (i = 0; i < CTL_OPTIONS; i++)
		if ((command->takes | command->needs) >> i & 1)
			printf("  --%-9s %-8s %s\n", rows[i].name, rows[i].value ? rows[i].value : "", rows[i].says);
	exit(0);
}

static void
add_word(struct ctl *c, const struct row *row, const char *word)
{
	struct words *list = (struct words *)((char *)c + row->list);
	const char **at = arena_zero(&c->mem, (list->n + 1) * sizeof(*at));

	if (list->n == REPEATS_MAX)
		ctl_args_usage("--%s may come %d times at most", row->name, REPEATS_MAX);
	if (list->n > 0)
		memcpy(at, list->at, list->n * sizeof(*at));
	at[list->n] = word;
	*list = (struct words){ at, list->n + 1 };
}

static void
take(struct ctl *c, unsigned option, const char *value)
{
	const struct row *row = &rows[option];

	if (value && !*value)
		ctl_args_usage("--%s needs a value", row->name);
	if (c->value[option] && !row->list)
		ctl_args_usage("--%s was given twice", row->name);
	c->value[option] = value ? value : "";
	if (row->list)
		add_word(c, row, value);
}

static void
check_complete(const struct ctl *c, const struct ctl_command *command, int words)
{
	unsigned i;

	for (i = 0; i < CTL_OPTIONS; i++)
		if (command->needs >> i & 1 && !c->value[i])
			ctl_args_usage("mcpctl %s needs --%s %s", command_name(command), rows[i].name, rows[i].value);
	if (command->operand && words == 0)
		ctl_args_usage("mcpctl %s needs %s", command_name(command), command->operand);
}

void
ctl_args_read(struct ctl *c, const struct ctl_command *command, int argc, char **argv, const char **file)
{
	struct option known[CTL_OPTIONS + 2] = { { "help", no_argument, NULL, 'h' } };
	int n = 1, got;
	unsigned i;

	for (i = 0; i < CTL_OPTIONS; i++)
		if ((command->takes | command->needs) >> i & 1)
			known[n++] = (struct option){ rows[i].name, rows[i].value ? required_argument : no_argument, NULL, (int)(256 + i) };
	opterr = 0;
	optind = 0;	/* begins anew: main() has read what stands before the command */
	while ((got = getopt_long(argc, argv, ":e:h", known, NULL)) != -1) {
		if (got == '?' || got == ':')
			ctl_args_usage(got == '?' ? "mcpctl %s does not know %s" : "mcpctl %s: %s needs a value",
			    command_name(command), argv[optind - 1]);
		if (got == 'h')
			help(command);
		if (got == 'e')
			*file = optarg;
		else
			take(c, (unsigned)got - 256, optarg);
	}
	if (argc - optind > (command->operand ? 1 : 0))
		ctl_args_usage("mcpctl %s does not know what to do with \"%s\"", command_name(command), argv[argc - 1]);
	check_complete(c, command, argc - optind);
	c->operand = argv[optind];
}

const char *
ctl_args_list(struct arena *mem, const struct words *list)
{
	struct buf b;
	size_t i;

	buf_init(&b, mem, LIST_MAX);
	buf_char(&b, '[');
	for (i = 0; i < list->n; i++) {
		buf_str(&b, i ? "," : "");
		buf_json(&b, list->at[i], strlen(list->at[i]));
	}
	buf_char(&b, ']');
	return b.at;
}

const char *
ctl_args_join(struct arena *mem, const struct words *list)
{
	struct buf b;
	size_t i;

	buf_init(&b, mem, LIST_MAX);
	for (i = 0; i < list->n; i++)
		buf_fmt(&b, "%s%s", i ? ", " : "", list->at[i]);
	return b.at;
}
