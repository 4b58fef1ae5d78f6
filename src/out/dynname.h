/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dynamic names: file and table names with strftime conversions of the bin's time and $variables
 * (compat/interface.md 13.4). Shared by print and SQL.
 */
#ifndef WB_OUT_DYNNAME_H
#define WB_OUT_DYNNAME_H

#include "core/clock.h"
#include "out/bintab.h"

/* What a name may be made of; rs NULL where there is no row. */
struct dynname_env {
	wall_t time;			/* the bin's start, or the purge's without history */
	bool utc;			/* else local time */
	int64_t refresh_s, history_s;
	uint64_t post_tag, post_tag2;
	const struct rowset *rs;	/* for $tag, $tag2, $peer_src_ip */
	size_t row;
};

void	dynname_expand(const char *pattern, const struct dynname_env *env, struct sbuf *out);

bool	dynname_has_time(const char *pattern);	/* a name of one bin is not that of the next */
bool	dynname_has_row(const char *pattern);	/* rows of one bin may have several names */

#endif
