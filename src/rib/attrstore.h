/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interned attributes. Bytes of any kind (AS paths, lists of communities, addresses, sets) are
 * blobs, named by their place in reserved space; paths are records of 32 bytes that name blobs.
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
#include "rib/tagindex.h"

#define BLOB_GRANULE	8
#define BLOB_EXACT	64			/* classes of 1..64 granules, then by 64s */
#define BLOB_CLASSES	(BLOB_EXACT + 65536 / BLOB_GRANULE / BLOB_EXACT + 2)
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
	size_t space_bytes, paths_most;
	size_t space_at;		/* never used from here on */
	uint32_t paths_at;
	uint32_t free_blob[BLOB_CLASSES];
	struct idlist free_path;
	struct tagindex blobs, paths;
	size_t blob_bytes;		/* in use */
	uint32_t path_count, blob_count;
	uint32_t kind_count[BLOB_KINDS];
	size_t most;			/* pool bytes */
	uint64_t seed;
	uint8_t color;
	/* Sweeping: */
	size_t sweep_space;
	uint32_t sweep_path;
	struct idlist dead_blob, dead_path;
	uint64_t paths_freed;
};

void	attrstore_init(struct attrstore *as, size_t most);
void	attrstore_done(struct attrstore *as);
size_t	attrstore_bytes(const struct attrstore *as);

/*
 * Ids of a path and of a set; 0 where the pool is full. A set may go beyond the limit, for a
 * withdraw needs one too; its caller asks attrstore_is_full before an announce.
 */
uint32_t attrstore_path(struct attrstore *as, const struct attrs *attrs);
uint32_t attrstore_set(struct attrstore *as, struct member *m, size_t n);

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
