/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the log of changes: changes.c knows the tellers and what each reader was told, batches.c moves
 * batches from control to the readers' threads.
 */
#ifndef WB_RIB_CHANGES_PRIV_H
#define WB_RIB_CHANGES_PRIV_H

#include <pthread.h>

#include "rib/changes.h"
#include "rib/rib_priv.h"

#define BATCH_CHANGES	1024

struct batch {
	struct change_batch pub;
	struct batch *next;
	struct epoch_reader *slot;	/* NULL: given up, its routes are lost */
	mono_t since;
	size_t bytes;			/* with those of its changes */
	size_t counted;			/* changes that the books know */
	struct change change[BATCH_CHANGES];
};

enum told { TOLD_NOTHING, TOLD_DOWN, TOLD_UP };

struct known {
	struct change_teller pub;
	char *name;
	const struct teller *teller;	/* NULL: gone */
	struct known *next;
	_Atomic unsigned refs;		/* ours, and one of each reader that was told something */
	bool up;
	uint16_t port;
	uint8_t told[CHANGES_READERS];	/* enum told */
};

struct changes_reader {
	struct changes *c;
	unsigned number;		/* its place in c->reader and known->told */
	struct changes_conf conf;
	struct chan *wake;
	/* Control's: */
	struct batch *open;		/* NULL: nothing collected */
	bool behind;			/* tellers are to be told again */
	bool closed;			/* takes no more news, and its last words at any price */
	uint64_t unsaid;		/* lost, for the next batch */
	uint64_t told, lost;
	/* Under the lock: */
	pthread_mutex_t lock;
	struct batch *first, **end;	/* waiting */
	size_t waiting;
	size_t held_bytes;		/* with those that the reader has taken */
	uint64_t held, given;
};

struct changes {
	struct rib *rib;
	struct epoch *ep;
	struct rib_watcher watcher;
	struct changes_reader *reader[CHANGES_READERS];
	unsigned readers;
	struct known *known;
	struct slots at;		/* teller -> known */
	struct known *last;		/* the one found last */
	struct known **by_slot;
	uint32_t slots;
	uint32_t number;
	uint64_t seq;
	struct {
		wall_t told;
		uint8_t flags;
	} context;
};

/* batches.c */
void	known_drop(struct known *k);		/* one of its references */
void	batch_free(struct changes *c, struct batch *b);
/* Control: the open batch with room for another change; NULL: there is none. */
struct batch *batch_with_room(struct changes_reader *r);
bool	batch_put(struct changes_reader *r, const struct change *ch);	/* false: there is no room */
void	batch_hand_over(struct changes_reader *r);
void	batches_give_up_old(struct changes_reader *r);	/* those that wait for too long lose their routes */

#endif
