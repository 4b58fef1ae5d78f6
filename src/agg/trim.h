/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What outputs show of AS paths and communities: the first hops (bgp_aspath_radius), and those that fit a
 * pattern (bgp_stdcomm_pattern, bgp_extcomm_pattern, bgp_lrgcomm_pattern). Done where an output makes an
 * id of the RIB its own value, once for each distinct one; rows that are equal then become one.
 */
#ifndef WB_AGG_TRIM_H
#define WB_AGG_TRIM_H

#include "agg/value.h"
#include "conf/conf.h"

struct trim;

struct trim *trim_compile(const struct conf *conf);	/* NULL: all is shown as it is */
void	trim_free(struct trim *trim);
bool	trim_touches(const struct trim *trim, enum value_type type);	/* trim may be NULL */

/* What is left of a value. ret has room for len bytes; gives how many there are. Twice is once. */
size_t	trim_apply(const struct trim *trim, enum value_type type, const uint8_t *bytes, size_t len,
	    uint8_t *ret);

#endif
