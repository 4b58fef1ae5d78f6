/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of feed files: $peer_src_ip and $peer_tcp_port ($bmp_router, $bmp_router_port) of the
 * teller, and for dumps strftime conversions of their time. What comes from the network is made
 * harmless in a path.
 */
#ifndef WB_FEED_FEEDNAME_H
#define WB_FEED_FEEDNAME_H

#include "rib/rib.h"

/* time 0: '%' stands for itself, as in pmacct's logs. Adds to out. */
void	feedname_expand(const char *pattern, const struct teller_info *info, wall_t time, bool utc,
	    struct sbuf *out);

/* The folders in front of the last '/', made where they are missing. -1 with errno. */
int	feedname_folders(const char *path);

#endif
