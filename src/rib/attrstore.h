/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interned attributes. Bytes of any kind (AS paths, lists of communities, addresses, sets) are
 * blobs, named by their place in reserved space; paths are records of 32 bytes that name blobs.
 *
 * A path's place in its index follows from the bytes of its attributes, not from the ids of their
 * blobs. So a path that is known is found without a search for its parts, and all that a search
 * touches can be prefetched as soon as the bytes are there (attrs_hash).
 *
 * Nothing is counted per route. What is in use is found by marking: attrstore_begin raises the
 * color, the owner of the columns marks what they hold, attrstore_sweep takes what is not of that
 * color out of the index, and after a grace period attrstore_reclaim makes it room again. Putting
 * and storing mark, so nothing young is ever swept.
 *
 * One writer; readers use records and bytes of ids they were given.
 */
#ifndef WB_RIB_ATTRSTORE_H
#define WB_RIB_ATTRSTORE_H

#include "core/clock.h"
#include "rib/attr.h"
#include "rib/column.h"
#include "rib/slab.h"
#include "rib/tagindex.h"

#define BLOB_GRANULE	8
#define SET_MOST	256			/* paths of one prefix of one teller */

/* What a blob was first interned as; equal bytes are one blob. For figures only. */
enum blob_kind { BLOB_ASPATH, BLOB_COMMS, BLOB_COMM_SET, BLOB_ADDR, BLOB_SET, BLOB_KINDS };

struct blob {
	uint16_t len;
	uint8_t color;			/* the writer's; 0: free */
	uint8_t kind;			/* enum blob_kind */
	uint8_t bytes[];
};

/* A member of a set: the path preferred by RFC 4271 9.1.2.2 stands first, the others by id. */
struct member {
	uint32_t path_id;
	uint32_t path;
	uint32_t label;			/* MEMBER_STALE where it was not told again */
};

#define MEMBER_STALE	(UINT32_C(1) << 31)

struct idlist {
	uint32_t *id;
	size_t n, room;
};

struct attrstore {
	uint8_t *space;			/* blobs */
	struct path *path;		/* by id & CELL_INDEX; 0 is a record of zeros */
	uint8_t *path_color;		/* 0: free */
	size_t paths_most;
	struct slabs blob_slabs, path_slabs;
	struct attr_owner *shared;	/* of those that have told little */
	struct tagindex blobs, paths;
	uint32_t path_count, blob_count;
	uint32_t kind_count[BLOB_KINDS];
	size_t most;			/* pool bytes */
	uint64_t seed;
	uint8_t color;
	/* Sweeping: */
	uint32_t sweep_blob_slab, sweep_path_slab;
	struct idlist dead_blob, dead_path;
	uint64_t paths_freed;
};

/* Whoever interns: what it was the first to tell stands together, and mostly goes together. */
struct attr_owner {
	struct slab_owner blob, path;
};

void	attrstore_init(struct attrstore *as, size_t most);
void	attrstore_done(struct attrstore *as);
size_t	attrstore_bytes(const struct attrstore *as);
size_t	attrstore_held(const struct attrstore *as);	/* slabs and indices, full or not */

/* An owner of its own, for one that tells much; NULL is fine for disown. */
struct attr_owner *attrstore_own(void);
void	attrstore_disown(struct attrstore *as, struct attr_owner *owner);

/* Hash attributes, and prefetch where they are to be looked for; then, a while later, what is there. */
void	attrstore_hash(const struct attrstore *as, const struct attrs *attrs, struct attrs_hash *ret);
void	attrstore_warm(const struct attrstore *as, const struct attrs_hash *hash);

/*
 * Ids of a path and of a set; 0 where the pool is full. A set may go beyond the limit, for a
 * withdraw needs one too; its caller asks attrstore_is_full before an announce.
 */
uint32_t attrstore_path(struct attrstore *as, struct attr_owner *owner, const struct attrs *attrs,
	    const struct attrs_hash *hash);
uint32_t attrstore_set(struct attrstore *as, struct attr_owner *owner, struct member *m, size_t n);

static inline bool
attrstore_is_full(const struct attrstore *as)
{
	return attrstore_bytes(as) >= as->most;
}

static inline const struct blob *
attrstore_blob(const struct attrstore *as, uint32_t id)
{
	return (const void *)(as->space + (size_t)id * BLOB_GRANULE);
}

static inline const struct path *
attrstore_record(const struct attrstore *as, uint32_t path)
{
	return &as->path[path & CELL_INDEX];
}

static inline const struct member *
attrstore_members(const struct attrstore *as, uint32_t cell, size_t *ret_n)
{
	const struct blob *b = attrstore_blob(as, cell & ~CELL_SET);

	*ret_n = b->len / sizeof(struct member);
	return (const void *)b->bytes;
}

void	attrstore_begin(struct attrstore *as);
void	attrstore_mark(struct attrstore *as, uint32_t cell);
bool	attrstore_sweep(struct attrstore *as, mono_t until);	/* true: not at the end */
bool	attrstore_reclaim(struct attrstore *as, mono_t until);

#endif
