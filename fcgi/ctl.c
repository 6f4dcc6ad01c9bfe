/*
 * ctl: mcpctl, what an operator does to tenants, keys and the database.
 *
 * The table of commands, and the way to one of them.  Each command is a file of its own.  Answers
 * go to stdout, sentences about trouble to stderr; 0: done, 1: refused, 2: not a command line.
 */
#include "ctl_check.h"
#include "ctl_key.h"
#include "ctl_migrate.h"
#include "ctl_tenant.h"
#include "log.h"
#include <getopt.h>

#define CHUNK_BYTES	(64 << 10)
#define MEMORY_MAX	(256 << 20)

static const struct ctl_command commands[] = {
	{ "migrate", NULL, ctl_migrate, CTL(DEMO) | CTL(CATALOG) | CTL(JSON), 0, NULL,
	  "Brings the database up to the migrations of core and of all catalogs, or of one." },
	{ "check", NULL, ctl_check, CTL(CATALOG) | CTL(JSON), 0, NULL,
	  "Proves that no call can reach another tenant's rows, or says what speaks against it." },
	{ "tenant", "add", ctl_tenant_add, CTL(FEATURE) | CTL(JSON), CTL(CATALOG) | CTL(SLUG) | CTL(NAME) | CTL(PLAN), NULL,
	  "Makes a tenant." },
	{ "tenant", "list", ctl_tenant_list, CTL(CATALOG) | CTL(JSON), 0, NULL,
	  "Lists the tenants." },
	{ "tenant", "suspend", ctl_tenant_suspend, CTL(JSON), CTL(CATALOG) | CTL(SLUG), NULL,
	  "Refuses all calls of a tenant from now on." },
	{ "tenant", "resume", ctl_tenant_resume, CTL(JSON), CTL(CATALOG) | CTL(SLUG), NULL,
	  "Serves a suspended tenant again." },
	{ "tenant", "plan", ctl_tenant_plan, CTL(JSON), CTL(CATALOG) | CTL(SLUG) | CTL(PLAN), NULL,
	  "Puts a tenant on another plan." },
	{ "key", "create", ctl_key_create, CTL(MODE) | CTL(EXPIRES) | CTL(JSON),
	  CTL(CATALOG) | CTL(TENANT) | CTL(NAME) | CTL(SCOPE), NULL,
	  "Makes an API key and prints it, this once." },
	{ "key", "list", ctl_key_list, CTL(CATALOG) | CTL(TENANT) | CTL(JSON), 0, NULL,
	  "Lists the keys, without their secrets." },
	{ "key", "revoke", ctl_key_revoke, CTL(JSON), 0, "ID",
	  "Revokes a key; when it returns no later call with it will be served." },
};

static void
help(void)
{
	size_t i;

	puts("usage: mcpctl [-e FILE] COMMAND [OPTIONS]\n");
	for (i = 0; i < LEN(commands); i++) {
		fputs("  ", stdout);
		ctl_args_synopsis(&commands[i]);
		printf("      %s\n", commands[i].says);
	}
	puts("\n  -e FILE    reads settings (NAME=VALUE) from a file; the environment wins\n"
	     "  --help     prints this; behind a command, its options\n"
	     "  --version  prints the version");
	exit(0);
}

/* The command's row.  *argv moves on to its last word. */
static const struct ctl_command *
find_command(int *argc, char ***argv)
{
	const char *noun = **argv, *verb = *argc > 1 ? (*argv)[1] : "";
	bool known = false;
	size_t i;

	for (i = 0; i < LEN(commands); i++) {
		const struct ctl_command *command = &commands[i];

		if (strcmp(command->noun, noun) != 0)
			continue;
		known = true;
		if (!command->verb)
			return command;
		if (strcmp(command->verb, verb) == 0) {
			--*argc;
			++*argv;
			return command;
		}
	}
	if (known && *verb)
		ctl_args_usage("mcpctl %s cannot %s", noun, verb);
	ctl_args_usage(known ? "mcpctl %s needs a word more" : "mcpctl has no command %s", noun);
}

/* What stands before the command. */
static void
read_front(int argc, char **argv, const char **file)
{
	static const struct option known[] = {
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'v' }, { NULL, 0, NULL, 0 },
	};
	int got;

	opterr = 0;
	while ((got = getopt_long(argc, argv, "+:e:h", known, NULL)) != -1) {
		if (got == 'h')
			help();
		if (got == 'e')
			*file = optarg;
		if (got == '?' || got == ':')
			ctl_args_usage(got == '?' ? "mcpctl does not know %s" : "mcpctl: %s needs a value", argv[optind - 1]);
		if (got == 'v') {
			puts("mcpctl " MCP_VERSION);
			exit(0);
		}
	}
}

int
main(int argc, char **argv)
{
	static struct ctl c;
	const struct ctl_command *command;
	const char *file = NULL;
	int status;

	read_front(argc, argv, &file);
	if (optind == argc)
		ctl_args_usage("mcpctl needs a command");
	argc -= optind;
	argv += optind;
	command = find_command(&argc, &argv);
	arena_init(&c.mem, CHUNK_BYTES, MEMORY_MAX);
	ctl_args_read(&c, command, argc, argv, &file);
	config_load(&c.cfg, file);
	status = command->run(&c);
	if (c.db)
		db_close(c.db);
	arena_close(&c.mem);
	return status;
}
