/*
 * config: the settings, one table for all programs.
 *
 * A setting is MCP_<NAME>, from a file of NAME=VALUE lines (systemd's EnvironmentFile syntax,
 * nothing is expanded) or from the environment, which wins.  An unknown MCP_ name is fatal.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "base.h"

/* A list of words, from one text split at spaces, commas. */
struct words {
	const char *const *at;
	size_t             n;
};

struct config {
	const char  *pg;		/* libpq string of the workers' login; NULL: not given */
	const char  *pg_admin;		/* libpq string of mcpctl's login; NULL: not given */
	const char  *pg_listen;		/* libpq string for LISTEN; NULL: as pg */
	const char  *redis;		/* path of a unix socket, or host:port; NULL: no Redis */
	const char  *tools;		/* colon list of folders that hold catalogs */
	const char  *sql;		/* colon list of folders of the migrations; NULL: beside those of tools */
	const char  *listen[3];		/* paths of the sockets: fast, slow, stream */
	const char  *socket_group;	/* group that gets the socket; NULL: leave it */
	int64_t      fast_workers, slow_workers, stream_workers;
	int64_t      audit_workers;	/* 0: something else ships the log */
	int64_t      streams_max;	/* that one stream worker holds open */
	int64_t      worker_requests;	/* a worker retires after so many; 0: never */
	int64_t      request_timeout_ms;	/* a slower fast worker ends itself; what a tool of the slow pool may take comes on top */
	int64_t      ask_timeout_ms;	/* how long a question to a legacy client waits for its answer */
	int64_t      state_ms;		/* how long a client may take for the next round of a request */
	int64_t      session_idle_ms;	/* a legacy session that is not used for so long is over */
	int64_t      drain_timeout_ms;	/* from SIGTERM to the first SIGTERM for workers, and on to SIGKILL */
	struct words hosts;		/* names in Host */
	struct words origins;		/* scheme://host[:port] in Origin, besides those of hosts */
	int64_t      body_bytes_max;
	int64_t      body_depth_max;	/* levels of JSON */
	int64_t      body_values_max;	/* values of JSON */
	int64_t      batch_max;		/* messages in one batch */
	int64_t      address_per_minute;	/* look-ups of credentials: per address and node */
	int64_t      node_per_minute;	/* methods without a tool: per credential and node */
	const char  *audit_dir;		/* folder of the audit log; NULL: not given */
	int64_t      audit_bytes_max;	/* of the log, all segments; more: writes are refused */
	int64_t      audit_segment_bytes;
	const char  *key_file;		/* key of cursors, digests, states of requests; NULL: not given */
	const char  *key_file_old;	/* the one before: what it signed is still accepted; NULL: none */
	const char  *node;		/* this node's name in events */
	const char  *seal_key, *seal_key_old;	/* keys of tenants' secrets; NULL: not given */
};

/*
 * Fills *cfg from file (NULL: none) and the environment; dies with a sentence on an unknown name
 * or a bad value.  Texts live as long as the process.
 */
void config_load(struct config *cfg, const char *file);

/* Prints the table for --settings: name, default, sentence. */
void config_print(void);

/* value, or dies naming the setting that must be given. */
const char *config_need(const char *value, const char *name);

/* Is the word (of len bytes, any case) in the list? */
bool config_has(const struct words *list, const char *word, size_t len);

#endif
