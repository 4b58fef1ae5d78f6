/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of a segment into the database, by the code that the daemon writes them with. */
#ifndef WB_WAYBILL_PLAY_H
#define WB_WAYBILL_PLAY_H

#include "out/output.h"
#include "out/preprocess.h"

struct play {
	const struct out_env *env;	/* in: a SQL output */
	struct purge purge;		/* in: seq, instance */
	uint64_t skip, most;		/* rows in the order of their keys; most 0: all */
	const struct out_kind *kind;
	void *self;
	struct preprocess pre;
	size_t seen, rows;		/* rows gone through, and given to the output */
	struct out_rejected aside;
};

int	play_open(struct play *p, struct sbuf *err);	/* -1 with a sentence */
void	play_close(struct play *p);

/* All rows of a table, as one purge; -1 with a sentence. */
int	play_table(struct play *p, struct bintab *tab, struct sbuf *err);

#endif
