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
	uint32_t add_path;		/* of these, those whose NLRIs have path ids (RFC 7911) */
	uint32_t labels;		/* those that may have stacks of labels (RFC 8277 2.1) */
	bool guess_paths;		/* add_path is a guess: NLRIs that look otherwise are read so */
	bool as4;			/* both know 4-byte AS numbers */
	bool internal;			/* same AS on both sides */
};

struct bgp_open;
/* What follows from the OPENs of both sides; routes travel from `theirs` to `ours`. */
struct bgp_context context_agree(const struct bgp_open *ours, const struct bgp_open *theirs);

enum update_part {
	PART_WITHDRAWN, PART_MP_UNREACH,	/* routes that went */
	PART_NLRI, PART_MP_REACH,		/* routes that came */
	UPDATE_PARTS,
};

struct update_part_nlri {
	const struct family *family;	/* NULL: not there, or of a family nobody asked for */
	unsigned form;			/* enum nlri_form, a set: for nlri_take */
	struct rd nlri;			/* borrowed from the message; checked: nlri_take reads it */
	unsigned count;
	struct addr next_hop;		/* of routes that came */
};

#define UPDATE_OTHERS	1024		/* bytes kept of attributes that are only recorded */

struct bgp_update {
	struct attrs attrs;		/* but for the next hop, which each part has its own of */
	struct update_part_nlri part[UPDATE_PARTS];
	enum verdict verdict;
	struct bgp_fault fault;		/* the first of the worst kind */
	uint8_t fault_attr;		/* code of the attribute that had it, 0: none in particular */
	unsigned discarded;		/* attributes */
	unsigned skipped;		/* fields of families nobody asked for: which */
	struct { uint16_t afi; uint8_t safi; } skip[UPDATE_PARTS];
	unsigned others_seen;		/* NLRIs that are no routes (family.h) */
	const struct family *end_of_rib;	/* RFC 4724 2, else NULL */

	/* While decoding. */
	const struct bgp_context *context;
	uint32_t seen[8];		/* a bit per attribute code */
	bool reachable;			/* some NLRI came, known to us or not */
	struct rd path2, path4;		/* AS_PATH of 2-byte numbers, AS4_PATH */
	uint32_t aggregator;		/* AS of AGGREGATOR */
	uint8_t others[UPDATE_OTHERS];
	uint8_t path[UINT16_MAX];	/* where an AS path was widened or joined */
};

/*
 * Decode. With VERDICT_RESET only fault and fault_attr mean anything. With VERDICT_WITHDRAW the
 * routes that came are to be taken as gone, and attrs mean nothing. attrs borrow from the message
 * and from *ret.
 */
void	update_decode(struct rd body, const struct bgp_context *context, struct bgp_update *ret);

/* The whole message that says that no more of this family will come (RFC 4724 2). */
void	end_of_rib_encode(struct wr *w, const struct family *f);

static inline bool
update_has(const struct bgp_update *u, uint8_t code)
{
	return u->seen[code / 32] >> code % 32 & 1;
}

/* Note what went wrong; the worst and, of equals, the first is kept. */
void	update_fault(struct bgp_update *u, enum verdict verdict, uint8_t attr, uint8_t subcode,
	    uint32_t value, const char *why);

/* Check and keep one field of NLRIs of a family that was agreed on; -1: malformed. */
int	update_take_part(struct bgp_update *u, enum update_part part, const struct family *f,
	    struct rd nlri, const struct addr *next_hop);

/* A field of a family that was not. */
void	update_skip(struct bgp_update *u, uint16_t afi, uint8_t safi);

/* The list of path attributes (attribute.c). */
void	attributes_decode(struct bgp_update *u, struct rd list);
const char *attribute_name(uint8_t code);	/* "attribute" for one without a row */

#endif
