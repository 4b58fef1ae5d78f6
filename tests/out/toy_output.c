/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A toy output, the example of docs/extending.md: a line per bin with the sums of its rows, added
 * to the file that `print_output_file` names.
 */
#include "toy_output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "core/mem.h"

struct toy {
	const char *path;		/* the configuration's, which outlives us */
};

static void *
toy_open(const struct out_env *env, struct sbuf *err)
{
	const char *path = conf_text(env->conf, env->output, "table");
	struct toy *toy;

	if (path == NULL) {
		sbuf_str(err, "the toy output wants print_output_file");
		return NULL;
	}
	toy = mem_new(sizeof(*toy));
	toy->path = path;
	return toy;
}

/* All or nothing: one write of one line does that by itself. */
static int
toy_write(void *self, const struct purge *purge, const struct rowset *rs, struct sbuf *err)
{
	const struct toy *toy = self;
	FILE *f = fopen(toy->path, "ae");
	bool bad;

	(void)purge;
	if (f == NULL) {
		sbuf_printf(err, "cannot open '%s': %s", toy->path, strerror(errno));
		return -1;
	}
	fprintf(f, "%" PRId64 " %zu rows %" PRIu64 " packets %" PRIu64 " bytes\n",
	    wall_sec(rs->bin), rs->rows, rs->packets, rs->bytes);
	bad = ferror(f) != 0;
	if (fclose(f) != 0 || bad) {
		sbuf_printf(err, "cannot write to '%s': %s", toy->path, strerror(errno));
		return -1;
	}
	return 0;
}

static void
toy_close(void *self)
{
	mem_free(self);
}

const struct out_kind out_toy = {
	.type = "toy",
	.open = toy_open,
	.write = toy_write,
	.close = toy_close,
};
