/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UPDATE: from bytes to attributes, fields of NLRIs and a verdict. The same for a session of our
 * own and for one that is monitored elsewhere: what was agreed on is in the context. Nothing is
 * logged, kept or allocated. RFC 4271 4.3 and 6.3, RFC 4760, RFC 6793, RFC 7606.
 */
#ifndef WB_BGP_UPDATE_H
#define WB_BGP_UPDATE_H

#include "bgp/family.h"
#include "bgp/message.h"
#include "rib/attr.h"

/* What an error costs, mildest first; the worst one wins (RFC 7606 2). */
enum verdict { VERDICT_OK, VERDICT_DISCARD, VERDICT_WITHDRAW, VERDICT_RESET };

/* What the two speakers agreed on. */
struct bgp_context {
	uint32_t families;		/* a bit per row of the table of families */
	bool as4;			/* both know 4-byte AS numbers */
	bool internal;			/* same AS on both sides */
};

enum update_part {
	PART_WITHDRAWN, PART_MP_UNREACH,	/* routes that went */
	PART_NLRI, PART_MP_REACH,		/* routes that came */
	UPDATE_PARTS,
};

struct update_part_nlri {
	const struct family *family;	/* NULL: not there, or of a family nobody asked for */
	struct rd nlri;			/* borrowed from the message; checked: nlri_take reads it */
	unsigned count;
	struct addr next_hop;		/* of routes that came */
};

struct bgp_update {
	struct attrs attrs;		/* but for the next hop, which each part has its own of */
	struct update_part_nlri part[UPDATE_PARTS];
	enum verdict verdict;
	struct bgp_fault fault;		/* the first of the worst kind */
	uint8_t fault_attr;		/* code of the attribute that had it, 0: none in particular */
	unsigned discarded;		/* attributes */
	unsigned skipped;		/* MP_REACH and MP_UNREACH of families nobody asked for */
	const struct family *end_of_rib;	/* RFC 4724 2, else NULL */

	/* While decoding. */
	const struct bgp_context *context;
	uint32_t seen[8];		/* a bit per attribute code */
	bool reachable;			/* some NLRI came, known to us or not */
	struct rd path2, path4;		/* AS_PATH of 2-byte numbers, AS4_PATH */
	uint32_t aggregator;		/* AS of AGGREGATOR */
	uint8_t path[3 * BGP_MESSAGE_MAX];	/* where an AS path was widened or joined */
};

/*
 * Decode. With VERDICT_RESET only fault and fault_attr mean anything. With VERDICT_WITHDRAW the
 * routes that came are to be taken as gone, and attrs mean nothing. attrs borrow from the message
 * and from *ret.
 */
void	update_decode(struct rd body, const struct bgp_context *context, struct bgp_update *ret);

static inline bool
update_has(const struct bgp_update *u, uint8_t code)
{
	return u->seen[code / 32] >> code % 32 & 1;
}

/* Note what went wrong; the worst and, of equals, the first is kept. */
void	update_fault(struct bgp_update *u, enum verdict verdict, uint8_t attr, uint8_t subcode,
	    uint32_t value, const char *why);

/* The list of path attributes (attribute.c). */
void	attributes_decode(struct bgp_update *u, struct rd list);
const char *attribute_name(uint8_t code);	/* "attribute" for one without a row */

#endif
