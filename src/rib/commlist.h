/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of standard communities of which any is enough, as maps have them: "65001:1,65001:2". */
#ifndef WB_RIB_COMMLIST_H
#define WB_RIB_COMMLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMMLIST_MOST	16		/* as pmacct */
#define COMMLIST_EXPECTED "up to 16 communities as 65001:1,65001:2"

struct commlist {
	unsigned count;
	uint8_t comm[COMMLIST_MOST][4];	/* as on the wire */
};

int	commlist_parse(const char *text, struct commlist *ret);

/* Of the communities of a path (4 bytes each, rib/attr.h), is one in the list? */
bool	commlist_any(const struct commlist *list, const uint8_t *bytes, size_t len);

#endif
