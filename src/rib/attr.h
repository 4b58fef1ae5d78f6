/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Path attributes: as decoded from a message (struct attrs), and as the RIB keeps them, interned
 * in layers: AS path; standard, extended and large communities; a set of the three; then a 32-byte
 * record that answers what most primitives ask for with one cache-line touch.
 */
#ifndef WB_RIB_ATTR_H
#define WB_RIB_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sbuf.h"
#include "net/addr.h"

/* RFC 4271 4.3 and 5.1.1. */
enum bgp_origin { ORIGIN_IGP, ORIGIN_EGP, ORIGIN_INCOMPLETE };

/*
 * Attributes as decoded. Byte strings are borrowed from the message and in wire order:
 *   aspath    segments of (type u8, count u8, count 4-byte ASNs), RFC 6793 form
 *   comms     4-byte values; ecomms 8-byte values; lcomms 12-byte values
 *   others    attributes kept for the record only, as (code u8, length u16, value); see other_attr
 * Zero means absent unless a has_ flag says otherwise.
 */
struct attrs {
	const uint8_t *aspath, *comms, *ecomms, *lcomms, *others;
	uint16_t aspath_len, comms_len, ecomms_len, lcomms_len, others_len;	/* bytes */
	struct addr next_hop;
	uint32_t med, local_pref;
	uint8_t origin;			/* enum bgp_origin */
	bool has_med, has_local_pref;
	bool llgr_stale, no_llgr;	/* among comms (RFC 9494 4.6, 4.7) */
};

/* Their hashes, good for one RIB: attrs_hash in rib.h. */
struct attrs_hash {
	uint64_t aspath, comms, ecomms, lcomms, others;	/* 0: none */
	uint32_t comm_set, path;
};

enum path_flags {
	PATH_ORIGIN = 0x03,		/* mask: enum bgp_origin */
	PATH_HAS_MED = 0x04,
	PATH_HAS_LOCAL_PREF = 0x08,
	PATH_CONFED = 0x100,		/* the AS path begins with members of a confederation */
	PATH_EMPTY_ASPATH = 0x10,	/* the router's own network: "own prefix" */
	PATH_LLGR_STALE = 0x20,		/* preferred least of all (RFC 9494 4.3) */
	PATH_NO_LLGR = 0x40,		/* goes when the restart time is over (RFC 9494 4.3) */
	PATH_COMMS_ALONE = 0x80,	/* comm_set is the id of its communities: it has no others */
};

/*
 * The hot record of a path. All ids are of this RIB and good until the end of the batch, or as
 * long as the slice they went into is open.
 */
struct path {
	uint32_t aspath;		/* id of the AS path, ATTR_ASPATH */
	uint32_t comm_set;		/* id of a struct comm_set, 0: no communities at all; to be
					   read by rib_comms */
	uint32_t next_hop;		/* id of an address, ATTR_ADDR */
	uint32_t med;
	uint32_t local_pref;
	uint32_t origin_as;		/* last AS of the path; 0 for an empty path or an AS_SET */
	uint32_t peer_as;		/* first AS of the path; 0 for an empty path */
	uint32_t flags;			/* enum path_flags */
};

_Static_assert(sizeof(struct path) == 32, "two hot records per cache line");

struct comm_set {
	uint32_t comms, ecomms, lcomms, others;	/* ids, 0: none */
};

enum attr_kind {
	ATTR_ASPATH, ATTR_COMMS, ATTR_ECOMMS, ATTR_LCOMMS, ATTR_OTHERS, ATTR_ADDR, ATTR_KINDS
};

/* Attributes that `others` may have, by code of the wire. */
enum other_attr {
	OTHER_IPV6_ECOMMS = 25,		/* 20 bytes each (RFC 5701 2) */
	OTHER_AIGP = 26,		/* TLVs (RFC 7311 3) */
	OTHER_OTC = 35,			/* AS, 4 bytes (RFC 9234 5) */
	OTHER_PREFIX_SID = 40,		/* TLVs (RFC 8669 3) */
};

/* The value of one of them; NULL where it is not there. */
const uint8_t *others_find(const uint8_t *bytes, size_t len, enum other_attr code, size_t *ret_len);

/*
 * Texts as pmacct prints them (compat/interface.md 9.1). `separator` is ' ' in BGP logs and '_' in
 * outputs of flows. An empty byte string gives an empty text.
 *   AS path        65000 65001 {65002,65003} (64512 64513) [64514,64515]
 *   standard       65000:100, no-export, ...      numeric: never by name
 *   extended       RT:65000:100, SoO:..., else hex by type; numeric: type:subtype:a:b
 *   large          65000:1:2
 */
void	aspath_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator);
void	comms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator, bool numeric);
void	ecomms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator, bool numeric);
void	lcomms_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator);

/* First and last AS, and the number of hops (RFC 4271 9.1.2.2: a set counts as one). */
uint32_t aspath_first(const uint8_t *bytes, size_t len);
uint32_t aspath_last(const uint8_t *bytes, size_t len);	/* 0 where it ends in a set */
unsigned aspath_hops(const uint8_t *bytes, size_t len);

/*
 * The first `hops` of a path, as bytes of a path: each AS of a sequence is one, repeated or not, a set is
 * one as a whole. ret has room for len bytes; gives how many there are.
 */
size_t	aspath_cut(const uint8_t *bytes, size_t len, unsigned hops, uint8_t *ret);

/*
 * The first AS that is no member of a confederation the path begins in; where there are only members,
 * the first of them (RFC 5065 3).
 */
uint32_t aspath_first_external(const uint8_t *bytes, size_t len);
bool	aspath_is_confed(const uint8_t *bytes, size_t len);	/* it begins with members */

/* A route distinguisher as "0:65000:1", "1:192.0.2.1:1", "2:4200000000:1" (RFC 4364 4.2). */
#define RD_TEXT		32
/* Not an RD of the wire: the number an exporter gave a VRF whose RD nobody told, "vrfid:N". */
#define RD_TYPE_VRFID	UINT64_C(0xff)
#define RD_OF_VRFID(n)	(RD_TYPE_VRFID << 48 | (uint32_t)(n))
/* Nor is this: set in the name of a VRF's own table. Routes of the wire with it are refused. */
#define RD_VRF		(UINT64_C(1) << 63)

static inline bool
rd_is_vrf(uint64_t rd)
{
	return (rd & RD_VRF) != 0;
}

const char *rd_text(uint64_t rd, char room[RD_TEXT]);
int	rd_parse(const char *text, uint64_t *ret_rd);

/* The same without the type as well, which is then that of the administrator: "65000:1" is "0:65000:1". */
int	rd_parse_any(const char *text, uint64_t *ret_rd);

/* A route target, "RT:65000:1", "65000:1" or "0:65000:1", as its 8 bytes on the wire read as a number. */
#define RT_SUBTYPE	UINT64_C(2)
#define RD_VALUE	((UINT64_C(1) << 48) - 1)
int	rt_parse(const char *text, uint64_t *ret_rt);

#endif
