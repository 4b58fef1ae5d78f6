/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Validated payloads (VRPs) that come and go one by one, as an RPKI cache tells them; a table of ROAs
 * is made of them whenever one is wanted. Of one thread.
 */
#ifndef WB_RIB_VRPS_H
#define WB_RIB_VRPS_H

#include "rib/roa.h"

#define VRPS_MOST	(8u << 20)	/* twenty times what all registries have signed */

struct vrp {
	struct prefix prefix;
	uint8_t max_len;
	uint32_t as;
};

struct vrps;

struct vrps *vrps_new(void);
void	vrps_free(struct vrps *v);		/* NULL is fine */

/* -1: its lengths make no sense, it is there already, or there are VRPS_MOST. */
int	vrps_add(struct vrps *v, const struct vrp *vrp);
int	vrps_remove(struct vrps *v, const struct vrp *vrp);	/* -1: it is not there */
size_t	vrps_count(const struct vrps *v);

/* A table of what is there now, the caller's. */
struct roa_table *vrps_table(const struct vrps *v);

#endif
