/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Epochs: when may the writer free what readers might still look at?
 *
 * The writer (control) unpublishes a thing, asks for the number after which nobody can hold it
 * (epoch_retire) and frees it once epoch_passed says so. Each reader stores the number it has seen
 * once per batch (epoch_tick) and goes offline before it blocks. A reader may be a thread or a
 * thing that keeps ids alive, such as a slice: it comes online when the first id goes in and
 * offline when the last was replaced. Nobody ever waits; the writer polls.
 */
#ifndef WB_CORE_EPOCH_H
#define WB_CORE_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

struct epoch;
struct epoch_reader;		/* one slot; used by one thread at a time */

struct epoch *epoch_new(void);
void	epoch_free(struct epoch *ep);

/*
 * A slot for a reader, offline at first. Any thread may ask and give back. At most 4,096 slots;
 * NULL when they are all taken.
 */
struct epoch_reader *epoch_join(struct epoch *ep);
void	epoch_leave(struct epoch *ep, struct epoch_reader *r);

/* The reader holds nothing from before this call. Comes online if it was offline. */
void	epoch_tick(struct epoch *ep, struct epoch_reader *r);

/*
 * `r` comes online as of what `other` (online, of the calling thread) has seen: for a slice opened
 * in the middle of a batch, which will be given ids that were looked up at that batch's number.
 */
void	epoch_follow(struct epoch_reader *r, const struct epoch_reader *other);

/* The reader holds nothing at all. To be called before it blocks. */
void	epoch_offline(struct epoch_reader *r);

/*
 * Writer: what was unpublished before this call may be freed once epoch_passed(returned number).
 */
uint64_t epoch_retire(struct epoch *ep);
bool	epoch_passed(struct epoch *ep, uint64_t number);

#endif
