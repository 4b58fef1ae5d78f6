/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `*_preprocess`: rows too small or too large to be worth writing, checked when they are purged
 * (compat/interface.md 13.3). What is left out is counted by the frame.
 */
#ifndef WB_OUT_PREPROCESS_H
#define WB_OUT_PREPROCESS_H

#include "out/bintab.h"

#define PREPROCESS_CHECKS	10

struct preprocess {
	bool on[PREPROCESS_CHECKS];
	uint64_t bound[PREPROCESS_CHECKS];
	size_t checks;
	bool all;			/* every check must pass; else one is enough */
};

/* "minb=1000, minp=2". -1 with a sentence in err; "" and NULL are no checks. */
int	preprocess_parse(const char *text, const char *type, struct preprocess *ret,
	    struct sbuf *err);

/* Does the row pass? Always, where there are no checks. */
bool	preprocess_pass(const struct preprocess *pre, const struct rowset *rs, size_t row);

/* The rows that pass, as a row set of their own; they lie in *ret_room, which the caller frees. */
struct rowset preprocess_rows(const struct preprocess *pre, const struct rowset *rs,
	    uint64_t **ret_room);

#endif
