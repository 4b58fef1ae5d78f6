/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream of MRT records: every NLRI that is handed on is well-formed, and of a known peer. */
#include <assert.h>
#include <string.h>

#include "core/mem.h"
#include "feed/mrt.h"

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
on_update(void *ctx, const struct mrt *m, uint32_t peer, uint32_t path_id,
    const struct bgp_update *u)
{
	(void)ctx;
	(void)path_id;
	assert(peer < m->peers && u->verdict < VERDICT_RESET);
	for (int i = 0; i < UPDATE_PARTS; i++) {
		const struct update_part_nlri *part = &u->part[i];
		struct rd field = part->nlri;
		unsigned total = 0;
		struct nlri nlri[7];
		size_t n;

		while (part->family != NULL && (n = nlri_take(part->family, part->form,
		    &field, nlri, 7)) > 0)
			total += (unsigned)n;
		assert(total == part->count);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct mrt *m = mem_new(sizeof(*m));
	struct rd r = rd_of(bytes, len);

	m->update = on_update;
	while (mrt_take(m, &r) > 0)
		;
	mrt_done(m);
	mem_free(m);
	return 0;
}
