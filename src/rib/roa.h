/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Route origin validation (RFC 6811 2): what may originate where, from a file of a validator or from
 * an RPKI cache. A table is built once and read-only from then on; a new one takes the place of the
 * old one by one pointer. Any thread may ask.
 */
#ifndef WB_RIB_ROA_H
#define WB_RIB_ROA_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
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
wall_t	roa_made(const struct roa_table *t);	/* with its address: which table it is, for caches */

/* Of a route and its origin AS, 0 where it has none (an AS_SET): then it is never valid. */
char	roa_check(const struct roa_table *t, const struct prefix *route, uint32_t origin);

/*
 * Read {"roas": [{"prefix": "...", "asn": N or "ASN", "maxLength": N}, ...]}, as rpki-client,
 * Routinator and OctoRPKI write it; maxLength may be missing. NULL with a sentence in err where it
 * is no such file, or one entry is malformed: half a table would call good routes invalid.
 */
struct roa_table *roa_read(const char *path, struct sbuf *err);

/*
 * Where profiles find the table in force: that of a setup's file, or one that control replaces as the
 * cache tells. Readers of the latter stand inside an epoch.
 */
struct roas {
	_Atomic(struct roa_table *) now;	/* NULL: none, every route is unknown */
};

static inline const struct roa_table *
roas_now(const struct roas *r)
{
	return atomic_load_explicit(&((struct roas *)(uintptr_t)r)->now, memory_order_acquire);
}

#endif
