/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the frame does with a journal: where it lies, and going on without one where the machine
 * does not allow it. All verbs do nothing where there is none.
 */
#ifndef WB_OUT_FRAMEJOURNAL_H
#define WB_OUT_FRAMEJOURNAL_H

#include "out/journal.h"
#include "out/output.h"

struct framejournal {
	struct journal *journal;	/* NULL: none */
	struct bintab *fresh;		/* rows since the last checkpoint */
	const char *subject;
	bool slices;			/* checkpoint_interval is not 0 */
	bool said;			/* that it takes nothing */
};

/*
 * The folder of an output's journal: below journal_dir, else below state_dir, else beside the file
 * of a database that is one, else below the state folder of the house.
 */
void	framejournal_dir(const struct out_env *env, struct sbuf *dir);

void	framejournal_open(struct framejournal *f, const struct out_env *env);
/* Rows that an earlier run had not purged go to the table. */
void	framejournal_recover(struct framejournal *f, struct bintab *tab);
void	framejournal_close(struct framejournal *f);

static inline bool
framejournal_on(const struct framejournal *f)
{
	return f->journal != NULL;
}

/* Fresh rows go to the journal, then to the open table. */
void	framejournal_checkpoint(struct framejournal *f, struct bintab *tab);

/* A purge begins: its rows go to the journal, which numbers it. */
void	framejournal_batch(struct framejournal *f, const struct bintab *tab, struct purge *purge);
void	framejournal_ack(struct framejournal *f, const struct purge *purge);

/* A batch of an earlier run, as a new table; false: there is none. */
bool	framejournal_next(struct framejournal *f, struct bintab **ret_tab, struct purge *ret);
bool	framejournal_waiting(const struct framejournal *f);

/* At the end: are the rows of the open table and of all batches in the journal? */
bool	framejournal_keep(struct framejournal *f, const struct bintab *tab);

#endif
