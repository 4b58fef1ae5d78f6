/* SPDX-License-Identifier: BSD-2-Clause */
/* The RIB's snapshot: read at the start, written every rib_snapshot_interval and at the end. */
#ifndef WB_WAYBILLD_SAVED_RIB_H
#define WB_WAYBILLD_SAVED_RIB_H

#include "waybilld/daemon.h"

struct saved_rib;

/* By rib_snapshot_file or state_dir; NULL where there is neither. Reads the file, before flows. */
struct saved_rib *saved_rib_start(struct daemon *d, const struct conf *conf);
void	saved_rib_tick(struct saved_rib *s, mono_t now);	/* NULL is fine, as below */

/* After the last job of the reader, before sessions end: write once more, here. */
void	saved_rib_stop(struct saved_rib *s);

/* For status: file, seconds since it was written, routes, and what was last wrong. */
void	saved_rib_describe(const struct saved_rib *s, struct json *j);

#endif
