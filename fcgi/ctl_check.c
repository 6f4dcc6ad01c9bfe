/* ctl_check: runs the proof as the workers' login, which is the one that has to be harmless. */
#include "ctl_check.h"
#include "ctl_show.h"
#include "log.h"
#include "proof.h"

#define FINDINGS_MAX (4 << 20)

static void
prove(struct ctl *c, const struct catalog *catalog, struct buf *says)
{
	size_t from = says->len;

	if (proof_catalog(c->db, &c->mem, catalog, says) == DB_AWAY)
		die("PostgreSQL cannot be asked: %.*s", (int)strcspn(says->at + from, "\n"), says->at + from);
}

/* The lines as the members of a JSON list. */
static void
add_list(struct buf *b, const char *lines)
{
	size_t len;

	for (; *lines; lines += len + 1) {
		len = strcspn(lines, "\n");
		buf_json(b, lines, len);
		buf_str(b, lines[len] && lines[len + 1] ? "," : "");
		if (!lines[len])
			return;
	}
}

static void
tell(struct ctl *c, const struct buf *says)
{
	struct buf b;

	buf_init(&b, &c->mem, 2 * FINDINGS_MAX);
	if (c->value[CTL_JSON]) {
		buf_fmt(&b, "{\"proven\":%s,\"findings\":[", says->len ? "false" : "true");
		add_list(&b, says->at);
		buf_str(&b, "]}\n");
	} else {
		buf_str(&b, says->len ? says->at : "proven\n");
	}
	ctl_show_text(b.at, b.len);
}

int
ctl_check(struct ctl *c)
{
	const char *only = c->value[CTL_CATALOG], *why;
	struct catalogs all;
	struct buf says;
	size_t i, n = 0;

	if (catalog_file_load(&c->mem, c->cfg.tools, &all, &why) != 0)
		die("%s", why);
	c->db = db_make(config_need(c->cfg.pg, "PG"), "mcpctl check");
	buf_init(&says, &c->mem, FINDINGS_MAX);
	for (i = 0; i < all.n; i++)
		if (!only || strcmp(only, all.at[i].name) == 0) {
			prove(c, &all.at[i], &says);
			n++;
		}
	if (n == 0)
		die("there is no such catalog in MCP_TOOLS: %s", only ? only : c->cfg.tools);
	tell(c, &says);
	return says.len ? 1 : 0;
}
