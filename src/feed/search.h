/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Searching all routes on the reader's thread: a looking glass for what a lookup does not find. What
 * is asked for is all true of a route: its prefix lies inside one, its path matches an expression, it
 * has a community. Or, of two tellers: what only one of them has, or has another AS path for.
 */
#ifndef WB_FEED_SEARCH_H
#define WB_FEED_SEARCH_H

#include <regex.h>

#include "feed/reader.h"
#include "rib/scan.h"

struct search {
	bool has_within, has_path, differ;
	struct prefix within;		/* itself or longer */
	regex_t path;			/* of the AS path as text */
	char *community;		/* as text, of any of the three kinds; NULL: any */
	size_t most;			/* results */
	/* Called for each result; its path is good until it returns. mark: ' ', or '-', '+' and '~'
	   for what only the first, only the second, or both have, differently. */
	void (*found)(void *ctx, const struct rib_scan *s, const struct rib_scanned *r, char mark);
	void *ctx;
	uint64_t seen, results;		/* routes looked at; found, also beyond `most` */
};

/* false with a sentence in err where the expression is none. */
bool	search_path(struct search *s, const char *expression, struct sbuf *err);
void	search_done(struct search *s);

/* The reader's thread. With `differ` the scan is of two tellers. */
void	search_run(struct search *s, struct rib_scan *scan, struct reader *r);

#endif
