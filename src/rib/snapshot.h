/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RIB in a file, so that routes outlive the daemon: written now and then by a reader thread,
 * read at the next start, before the first flow, as orphans (teller_orphan) that routers take over
 * as they come back. Tables read from files (TELLER_FILE) are not in it.
 *
 * The file is ours alone: versioned, every block with a checksum, complete only with its last
 * block, and put in its place by one rename. A file that is not whole is not read at all.
 */
#ifndef WB_RIB_SNAPSHOT_H
#define WB_RIB_SNAPSHOT_H

#include "core/sbuf.h"
#include "rib/scan.h"

struct snapshot_figures {
	uint64_t tellers, routes, bytes;
	uint64_t refused;		/* routes that found no room; of reading only */
	wall_t saved;			/* when it was written */
};

/*
 * Reader thread: write what the scan gives. `slot` is the thread's own, offline before and after;
 * it ticks a few times per million routes, and is offline while the disk is written to. -1 with a
 * sentence in err; the file is then what it was.
 */
int	rib_snapshot_write(struct rib_scan *scan, struct epoch *ep, struct epoch_reader *slot,
	    const char *path, struct snapshot_figures *ret, struct sbuf *err);

/*
 * Control, before sessions and flows: 0, or -1 with a sentence in err and the RIB as it was (a file
 * that is missing, damaged, of another version, or older than `oldest`).
 */
int	rib_snapshot_read(struct rib *rib, const char *path, wall_t oldest, mono_t stale_until,
	    struct snapshot_figures *ret, struct sbuf *err);

#endif
