/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OPEN (open.c) and its capabilities, a row each (capability.c). RFC 4271 4.2 and 6.2, RFC 5492,
 * RFC 6286 (the identifier is any number but 0), RFC 7607 (no AS 0), RFC 9072 (long optional
 * parameters). What was offered is said here; what is made of it is the session's business.
 */
#ifndef WB_BGP_OPEN_H
#define WB_BGP_OPEN_H

#include "bgp/family.h"
#include "bgp/message.h"

/* Roles, RFC 9234 4.1. */
enum bgp_role {
	ROLE_PROVIDER, ROLE_RS, ROLE_RS_CLIENT, ROLE_CUSTOMER, ROLE_PEER,
};

/* Sets of families are a bit per row of their table; those without a row are not seen. */
struct bgp_open {
	uint32_t as;			/* from the AS4 capability where there is one */
	uint32_t id;
	uint16_t hold_s;
	uint16_t restart_s;		/* how long a restart may take, 0..4095 (RFC 4724 3) */
	uint32_t families;
	uint32_t path_send, path_receive;	/* ADD-PATH, RFC 7911 4 */
	uint32_t labels;		/* stacks of labels are taken (RFC 8277 2.1) */
	uint32_t ext_hop;		/* IPv6 next hops of IPv4 routes (RFC 8950 4) */
	uint32_t restart, forwarding;	/* kept over a restart; those still forwarded (RFC 4724 3) */
	uint32_t llgr, llgr_forwarding;	/* kept for long (RFC 9494 4.2) ... */
	uint32_t llgr_s[FAMILIES_MOST];	/* ... so many seconds, 0..2^24-1 */
	uint8_t role;			/* enum bgp_role, where has_role */
	bool has_role;			/* RFC 9234 4.1 */
	bool multiprotocol;		/* any family was named, known to us or not */
	bool as4, refresh;
	bool enhanced_refresh;		/* RFC 7313 3.1 */
	bool ext_message;		/* up to 65,535 bytes (RFC 8654 3) */
	bool can_restart, restarting;	/* the capability is there; the R bit (RFC 4724 3) */
	bool can_llgr;
	unsigned unknown;		/* capabilities without a row, and malformed ones passed over */
};

const char *bgp_role_name(uint8_t role);	/* "provider"; "unknown" */

/* -1 with what is to be answered. An OPEN without families is one of IPv4 unicast alone. */
int	open_decode(struct rd body, struct bgp_open *ret, struct bgp_fault *ret_fault);
void	open_encode(struct wr *w, const struct bgp_open *open);

/* Those of one optional parameter. */
int	capabilities_decode(struct bgp_open *o, struct rd list, struct bgp_fault *fault);
void	capabilities_encode(struct wr *w, const struct bgp_open *o);

#endif
