/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Patterns of communities, as `bgp_stdcomm_pattern` and its kin have them (compat/interface.md 9.2): a list
 * separated by commas. A pattern fits where it is part of the community's text, "12345:64" in 12345:6400.
 * With '.' for any one character it has to reach to the end of the text: "12345:64..." fits
 * 12345:64000 to 12345:64999. Compiled by the loader, read-only afterwards.
 *
 * This is text work: to be done once per distinct list of communities, not per flow.
 */
#ifndef WB_RIB_COMMPAT_H
#define WB_RIB_COMMPAT_H

#include "rib/attr.h"

struct commpat;

struct commpat *commpat_new(const char *list);	/* NULL: none, where the list is NULL or empty */
void	commpat_free(struct commpat *cp);

/*
 * The communities of a list (ATTR_COMMS, ATTR_ECOMMS, ATTR_LCOMMS) that fit, whole and each once, in the
 * order of the patterns. ret has room for len bytes; gives how many there are.
 */
size_t	commpat_keep(const struct commpat *cp, enum attr_kind kind, const uint8_t *bytes, size_t len,
	    uint8_t *ret);

/*
 * The first standard or large community that fits, in the order of the patterns, as AS numbers: what is
 * before its first ':' and what is before the next one. False where none fits.
 */
bool	commpat_as(const struct commpat *cp, enum attr_kind kind, const uint8_t *bytes, size_t len,
	    uint32_t *ret_peer, uint32_t *ret_origin);

#endif
