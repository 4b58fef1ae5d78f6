/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Families: what may be announced, a row each. A set of families is a word with a bit per row.
 * RFC 4760 3 to 6, RFC 2545 3, RFC 8277 2, RFC 4364 4, RFC 4659 3, RFC 8950 3, RFC 9136 3, RFC 8365 5.1.3.
 */
#ifndef WB_BGP_FAMILY_H
#define WB_BGP_FAMILY_H

#include "core/bytes.h"
#include "rib/rib.h"

#define FAMILIES_MOST	16		/* rows the table may grow to */

/* What was agreed on about a field of NLRIs, and where it stands; a set. */
enum nlri_form {
	NLRI_PATH_ID = 1,		/* each has a path id in front (RFC 7911 3) */
	NLRI_LABELS = 2,		/* stacks of labels, not one (RFC 8277 2.3) */
	NLRI_GONE = 4,			/* withdrawn: one label that means nothing (RFC 8277 2.4) */
	NLRI_VNI = 8,			/* EVPN over VXLAN: the label is a VNI of 24 bits (RFC 8365 5.1.3) */
};

/* What became of one NLRI. */
enum nlri_got { NLRI_BAD = -1, NLRI_ROUTE, NLRI_OTHER };	/* OTHER: well-formed, but no route */

struct family {
	uint16_t afi;			/* as on the wire */
	uint8_t safi;
	const char *name;
	enum rib_afi rib_afi;
	enum rib_safi rib_safi;
	uint8_t bits;			/* longest prefix */
	bool rd;			/* in front of the prefix */
	bool both_afis;			/* routes of IPv4 and IPv6 come in it; rib_afi says nothing */
	uint8_t hop_lens[5];		/* lengths a next hop may have, up to the first 0 */
	/* The next NLRI of a field, behind its path id. */
	enum nlri_got (*next)(const struct family *f, unsigned form, struct rd *field,
		    struct nlri *ret);
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

/* Bits of all rows: what this speaker can take; of those whose routes may have several paths. */
uint32_t families_all(void);
uint32_t families_add_path(void);
uint32_t families_vpn(void);
uint32_t families_labels(void);		/* ... whose routes have labels, and may have stacks */

/* Bits of those whose next hop may be an IPv6 address for IPv4 routes (RFC 8950 4). */
uint32_t families_ext_hop(void);

/* Whether a next hop may be this long, and its global address. */
bool	family_hop_fits(const struct family *f, size_t len);
struct addr next_hop_decode(struct rd value);

/*
 * How many routes a field has, or -1 where one of its NLRIs is malformed (RFC 7606 5.3). NLRIs
 * that are no routes for us (of EVPN all types but 5; RD 0) are added to *others.
 */
int	nlri_check(const struct family *f, unsigned form, struct rd field, unsigned *others);

/*
 * Where nobody knows whether path ids were agreed on: `form`, or its opposite (with or without them) where
 * the field does not look like `form` and does look like that. What looks right is well-formed, has no bits
 * set behind a prefix's length, no path id of 2^24 and more, and tells no default route twice.
 */
unsigned nlri_guess(const struct family *f, unsigned form, struct rd field);

/* Up to `most` routes from a field that was checked; 0 at its end. */
size_t	nlri_take(const struct family *f, unsigned form, struct rd *field, struct nlri *ret,
	    size_t most);

/*
 * Do extended communities say that packets travel in VXLAN or its like (RFC 9012 4.1)? The label of an
 * EVPN route is then a VNI (RFC 8365 5.1.3).
 */
bool	evpn_says_vni(const uint8_t *bytes, size_t len);

#endif
