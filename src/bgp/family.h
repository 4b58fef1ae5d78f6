/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Families: what may be announced, a row each. A set of families is a word with a bit per row.
 * RFC 4760 3 to 6, RFC 2545 3.
 */
#ifndef WB_BGP_FAMILY_H
#define WB_BGP_FAMILY_H

#include "core/bytes.h"
#include "rib/rib.h"

struct family {
	uint16_t afi;			/* as on the wire */
	uint8_t safi;
	const char *name;
	enum rib_afi rib_afi;
	enum rib_safi rib_safi;
	uint8_t bits;			/* longest prefix */
	uint8_t hop_lens[4];		/* lengths a next hop may have, up to the first 0 */
	/* The next NLRI of a field; -1 where it is malformed. */
	int (*next)(const struct family *f, struct rd *field, struct nlri *ret);
};

extern const struct family families[];
extern const size_t family_count;

#define FAMILY_IP4_UNICAST	(&families[0])

const struct family *family_find(uint16_t afi, uint8_t safi);	/* NULL: no row */

static inline uint32_t
family_bit(const struct family *f)
{
	return UINT32_C(1) << (f - families);
}

/* All rows: what this speaker can take. */
uint32_t families_all(void);

/* Whether a next hop may be this long, and its global address. */
bool	family_hop_fits(const struct family *f, size_t len);
struct addr next_hop_decode(struct rd value);

/* How many NLRIs a field has, or -1 where one of them is malformed (RFC 7606 5.3). */
int	nlri_check(const struct family *f, struct rd field);

/* Up to `most` NLRIs from a field that was checked; 0 at its end. */
size_t	nlri_take(const struct family *f, struct rd *field, struct nlri *ret, size_t most);

#endif
