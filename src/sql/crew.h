/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several connections to one server that share the pieces of a batch (sql_connections). The thread
 * that asks works as well, with a connection of its own; the others last for one run. A piece
 * whose connection fails is taken by the next one that is free; what is left at the end is an
 * error.
 */
#ifndef WB_SQL_CREW_H
#define WB_SQL_CREW_H

#include "sql/backend.h"

#define CREW_MOST	16u		/* connections */

struct crew;

/* `connections` besides the caller's. Everything is borrowed. NULL with a sentence. */
struct crew *crew_new(const struct sql_backend *backend, const struct sql_place *place,
	    unsigned connections, struct sbuf *err);
void	crew_free(struct crew *crew);

/*
 * Do pieces 0..n-1, each once: `piece` writes piece i through `db`, which is `own` in the calling
 * thread, and gives 0, or -1 with a sentence. It runs in several threads at once. After -1 the
 * connection is rolled back and not used again in this run. 0: all are done; -1 with the first
 * sentence.
 */
typedef int crew_piece(void *ctx, void *db, size_t i, struct sbuf *err);
int	crew_run(struct crew *crew, void *own, size_t n, crew_piece *piece, void *ctx,
	    struct sbuf *err);

#endif
