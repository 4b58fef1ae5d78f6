/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of primitives as text: the listing of `-a`, and the manual's page. */
#include <string.h>

#include "agg/prim.h"
#include "core/mem.h"

static const char *const group_names[PRIM_GROUPS] = {
	[PRIM_L2] = "L2", [PRIM_L3] = "L3", [PRIM_L4] = "L4", [PRIM_BGP] = "BGP",
	[PRIM_NAT] = "NAT", [PRIM_TUNNEL] = "TUNNEL", [PRIM_MPLS] = "MPLS", [PRIM_MISC] = "MISC",
	[PRIM_TIME] = "TIME", [PRIM_SUM] = "SUMS",
};

const char *
prim_group_name(enum prim_group group)
{
	return group_names[group];
}

void
prim_list(char daemon, struct sbuf *out)
{
	size_t n;
	const struct prim *table = prims(&n);
	int group = -1;

	for (size_t i = 0; i < n; i++) {
		if (strchr(table[i].daemons, daemon) == NULL)
			continue;
		if ((int)table[i].group != group) {
			group = (int)table[i].group;
			sbuf_printf(out, "%s:\n", group_names[group]);
		}
		sbuf_printf(out, "  %-22s %s\n", table[i].word, table[i].doc);
	}
}

static void
manual_row(const struct prim *p, struct sbuf *out)
{
	const struct value_row *type = &value_rows[p->type];

	sbuf_printf(out, "| `%s` | %s |", p->word, p->doc);
	if (p->json == NULL) {
		sbuf_printf(out, "  |  |  |  |  |  | %s |\n", p->daemons);
		return;
	}
	sbuf_printf(out, " %s | %s | %s", p->json, p->csv, p->sql);
	if (p->sql_old != NULL)
		sbuf_printf(out, " (%s below v%u)", p->sql_old, p->sql_old_below);
	sbuf_printf(out, " | %s | %s | %s | %s |\n",
	    p->sql_mysql != NULL ? p->sql_mysql : type->sql_mysql,
	    p->sql_pgsql != NULL ? p->sql_pgsql : type->sql_pgsql,
	    p->sql_sqlite != NULL ? p->sql_sqlite : type->sql_sqlite, p->daemons);
}

void
prim_manual(struct sbuf *out)
{
	size_t n;
	const struct prim *table = prims(&n);
	int group = -1;

	sbuf_str(out, "# Primitives\n\n"
	    "The words of `aggregate`, made from the table in `src/agg/prim_table.h`\n"
	    "(`tests/agg/test_plan --manual > docs/primitives.md` writes this page again).\n"
	    "Daemons: P pmacctd, U uacctd, N nfacctd, S sfacctd; waybilld knows all.\n");
	for (size_t i = 0; i < n; i++) {
		if ((int)table[i].group != group) {
			group = (int)table[i].group;
			sbuf_printf(out, "\n## %s\n\n| word | what it is | JSON | CSV | SQL | MySQL | "
			    "PostgreSQL | SQLite | daemons |\n|---|---|---|---|---|---|---|---|---|\n",
			    group_names[group]);
		}
		manual_row(&table[i], out);
	}
}
