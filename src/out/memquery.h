/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's request carried out on the table of a `memory` output. */
#ifndef WB_OUT_MEMQUERY_H
#define WB_OUT_MEMQUERY_H

#include "out/memproto.h"
#include "out/output.h"

/*
 * The answer as the client prints it. What the request matched is removed where it says so, in the
 * same step as it is read. *erased is set when the whole table was. -1 with a sentence in err.
 */
int	memquery_run(const struct memreq *req, const struct out_env *env, struct bintab *tab,
	    mono_t last_erase, bool *ret_erased, struct sbuf *out, struct sbuf *err);

#endif
