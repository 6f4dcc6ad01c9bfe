/*
 * ctl: mcpctl, what an operator does to tenants, keys and the database.
 *
 * The table of commands, and the way to one of them.  Each command is a file of its own.  Answers
 * go to stdout, sentences about trouble to stderr; 0: done, 1: refused, 2: not a command line.
 */
#include "ctl_check.h"
#include "ctl_key.h"
#include "ctl_migrate.h"
#include "ctl_principal.h"
#include "ctl_secrets.h"
#include "ctl_tenant.h"
#include "ctl_workspace.h"
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
	{ "tenant", "feature", ctl_tenant_feature, CTL(ADD) | CTL(REMOVE) | CTL(JSON), CTL(CATALOG) | CTL(SLUG), NULL,
	  "Adds features to a tenant, or takes them away." },
	{ "tenant", "confirm", ctl_tenant_confirm, CTL(JSON), CTL(CATALOG) | CTL(SLUG), "POLICY",
	  "Whether tools that ask the user first are closed to clients that cannot (required), or not (if_possible)." },
	{ "principal", "add", ctl_principal_add, CTL(ROLE) | CTL(JSON), CTL(CATALOG) | CTL(TENANT) | CTL(NAME), NULL,
	  "Makes a principal: a person or service on whose behalf keys act." },
	{ "principal", "list", ctl_principal_list, CTL(JSON), CTL(CATALOG) | CTL(TENANT), NULL,
	  "Lists the principals of a tenant." },
	{ "principal", "disable", ctl_principal_disable, CTL(JSON), CTL(CATALOG) | CTL(TENANT) | CTL(NAME), NULL,
	  "Refuses all calls with keys of a principal, by name or id, from now on." },
	{ "principal", "enable", ctl_principal_enable, CTL(JSON), CTL(CATALOG) | CTL(TENANT) | CTL(NAME), NULL,
	  "Serves a disabled principal again." },
	{ "role", "add", ctl_role_add, CTL(JSON), CTL(CATALOG) | CTL(TENANT) | CTL(NAME) | CTL(SCOPE), NULL,
	  "Makes a role: scopes under a name." },
	{ "role", "list", ctl_role_list, CTL(JSON), CTL(CATALOG) | CTL(TENANT), NULL,
	  "Lists the roles of a tenant." },
	{ "role", "scopes", ctl_role_scopes, CTL(JSON), CTL(CATALOG) | CTL(TENANT) | CTL(NAME) | CTL(SCOPE), NULL,
	  "Gives a role these scopes instead of those it has." },
	{ "role", "grant", ctl_role_grant, CTL(JSON), CTL(CATALOG) | CTL(TENANT) | CTL(NAME) | CTL(PRINCIPAL), NULL,
	  "Gives a role to a principal." },
	{ "role", "revoke", ctl_role_revoke, CTL(JSON), CTL(CATALOG) | CTL(TENANT) | CTL(NAME) | CTL(PRINCIPAL), NULL,
	  "Takes a role from a principal." },
	{ "workspace", "add", ctl_workspace_add, CTL(JSON), CTL(CATALOG) | CTL(TENANT) | CTL(SLUG) | CTL(NAME), NULL,
	  "Makes a workspace: a part of a tenant that requests can narrow themselves to." },
	{ "workspace", "list", ctl_workspace_list, CTL(JSON), CTL(CATALOG) | CTL(TENANT), NULL,
	  "Lists the workspaces of a tenant." },
	{ "key", "create", ctl_key_create,
	  CTL(MODE) | CTL(EXPIRES) | CTL(PRINCIPAL) | CTL(WORKSPACE) | CTL(ADDRESS) | CTL(LIMIT) | CTL(JSON),
	  CTL(CATALOG) | CTL(TENANT) | CTL(NAME) | CTL(SCOPE), NULL,
	  "Makes an API key and prints it, this once." },
	{ "key", "list", ctl_key_list, CTL(CATALOG) | CTL(TENANT) | CTL(PRINCIPAL) | CTL(STATE) | CTL(JSON), 0, NULL,
	  "Lists the keys, without their secrets." },
	{ "key", "revoke", ctl_key_revoke, CTL(JSON), 0, "ID",
	  "Revokes a key; when it returns no later call with it will be served." },
	{ "key", "rotate", ctl_key_rotate, CTL(OVERLAP) | CTL(EXPIRES) | CTL(JSON), 0, "ID",
	  "Makes a new key with the settings of another and prints it; the old one expires." },
	{ "secrets", "rekey", ctl_secrets_rekey, CTL(CATALOG) | CTL(JSON), 0, NULL,
	  "Seals all secrets of tenants with MCP_SEAL_KEY that MCP_SEAL_KEY_OLD sealed." },
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
