/* SPDX-License-Identifier: BSD-2-Clause */
#include "waybill/play.h"

#include "core/mem.h"
#include "sql/output.h"

struct playing {
	struct play *play;
	struct sbuf *err;
};

int
play_open(struct play *p, struct sbuf *err)
{
	const char *pre = conf_text(p->env->conf, p->env->output, "sql_preprocess");

	p->kind = sql_kind(p->env->type);
	if (p->kind == NULL) {
		sbuf_printf(err, "this build has no %s", p->env->type);
		return -1;
	}
	if (preprocess_parse(pre, p->env->type, &p->pre, err) != 0)
		return -1;
	p->self = p->kind->open(p->env, err);
	return p->self != NULL ? 0 : -1;
}

void
play_close(struct play *p)
{
	if (p->self != NULL)
		p->kind->close(p->self);
	p->self = NULL;
}

/* The part of a bin's rows that is asked for. */
static struct rowset
part_of(struct play *p, const struct rowset *rs)
{
	size_t first = p->seen, end = first + rs->rows;
	size_t from = p->skip > first ? p->skip : first;
	size_t to = p->most > 0 && p->skip + p->most < end ? p->skip + p->most : end;
	struct rowset part = *rs;

	p->seen = end;
	part.rows = from < to ? to - from : 0;
	part.row += (from < end ? from - first : 0) * rs->stride;
	return part;
}

static int
play_bin(const struct rowset *rs, void *ctx)
{
	struct playing *w = ctx;
	struct play *p = w->play;
	struct out_rejected aside = { 0 };
	struct rowset pass = part_of(p, rs);
	uint64_t *room = NULL;
	int ret = 0;

	if (p->pre.checks > 0)
		pass = preprocess_rows(&p->pre, &pass, &room);
	p->purge.rejected = &aside;
	if (pass.rows > 0)
		ret = p->kind->write(p->self, &p->purge, &pass, w->err);
	p->purge.rejected = NULL;
	mem_free(room);
	if (ret != 0)
		return -1;
	p->rows += pass.rows;
	p->aside.rows += aside.rows;
	p->aside.bytes += aside.bytes;
	p->aside.packets += aside.packets;
	return 0;
}

int
play_table(struct play *p, struct bintab *tab, struct sbuf *err)
{
	struct playing w = { .play = p, .err = err };

	p->purge.now = wall_now();
	p->purge.left_over = true;
	return bintab_each(tab, play_bin, &w);
}
