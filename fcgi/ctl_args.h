/*
 * ctl_args: the command line of mcpctl, and what every subcommand is handed.
 *
 * An option means the same in every command, so all of them stand in one table; a command says by
 * a set of them which it takes and which it needs.
 */
#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include "config.h"
#include "db.h"

enum ctl_option {
	CTL_ADD, CTL_ADDRESS, CTL_CATALOG, CTL_DEMO, CTL_EXPIRES, CTL_FEATURE, CTL_JSON, CTL_LIMIT, CTL_MODE, CTL_NAME,
	CTL_OVERLAP, CTL_PLAN, CTL_PRINCIPAL, CTL_REMOVE, CTL_ROLE, CTL_SCOPE, CTL_SLUG, CTL_STATE, CTL_TENANT, CTL_WORKSPACE,
	CTL_OPTIONS
};

/* A set of options, to be joined with |. */
#define CTL(option) (1U << CTL_##option)

struct ctl {
	struct config cfg;
	struct arena  mem;
	struct db    *db;			/* as MCP_PG_ADMIN by ctl_sql_open(), or as the command needs it */
	const char   *value[CTL_OPTIONS];	/* the last one given, "" where none is taken; NULL: not given */
	struct words  add, address, feature, remove, role, scope, workspace;	/* all that were given */
	const char   *operand;			/* the word behind the options; NULL: the command takes none */
};

struct ctl_command {
	const char *noun, *verb;	/* verb NULL: the noun is the command */
	int       (*run)(struct ctl *c);	/* what mcpctl exits with */
	unsigned    takes, needs;	/* options; what is needed is also taken */
	const char *operand;		/* name of the one word behind the options; NULL: none */
	const char *says;		/* one sentence, for --help */
};

/*
 * Reads what stands on the command line behind the command, sets *file to what -e names.  A mistake
 * ends mcpctl with a sentence and status 2, --help with the help and status 0.
 */
void ctl_args_read(struct ctl *c, const struct ctl_command *command, int argc, char **argv, const char **file);

/* Ends mcpctl for a mistake on the command line: the sentence, status 2. */
void ctl_args_usage(const char *fmt, ...) printf_like(1, 2) noreturn;

/* Prints the command with its options as one line: "tenant list [--catalog C] [--json]". */
void ctl_args_synopsis(const struct ctl_command *command);

/* The words as the text of a JSON array, in mem: the form in which a list reaches SQL. */
const char *ctl_args_list(struct arena *mem, const struct words *list);

/* The words divided by ", ", for sentences. */
const char *ctl_args_join(struct arena *mem, const struct words *list);

#endif
