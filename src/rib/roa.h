/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Route origin validation (RFC 6811 2): what may originate where, from a file of a validator. Built
 * once by the loader and read-only from then on; a new table takes the place of the old one by one
 * pointer. Any thread may ask.
 */
#ifndef WB_RIB_ROA_H
#define WB_RIB_ROA_H

#include <stddef.h>
#include <stdint.h>

#include "core/sbuf.h"
#include "net/addr.h"

#define ROA_UNKNOWN	'u'		/* nothing covers the route */
#define ROA_VALID	'v'
#define ROA_INVALID	'i'

struct roa_table;

struct roa_table *roa_new(void);
void	roa_free(struct roa_table *t);		/* NULL is fine */

/* -1 where max_len is shorter than the prefix or longer than its family has bits: not taken. */
int	roa_add(struct roa_table *t, const struct prefix *p, uint8_t max_len, uint32_t as);
size_t	roa_count(const struct roa_table *t);

/* Of a route and its origin AS, 0 where it has none (an AS_SET): then it is never valid. */
char	roa_check(const struct roa_table *t, const struct prefix *route, uint32_t origin);

/*
 * Read {"roas": [{"prefix": "...", "asn": N or "ASN", "maxLength": N}, ...]}, as rpki-client,
 * Routinator and OctoRPKI write it; maxLength may be missing. NULL with a sentence in err where it
 * is no such file, or one entry is malformed: half a table would call good routes invalid.
 */
struct roa_table *roa_read(const char *path, struct sbuf *err);

#endif
