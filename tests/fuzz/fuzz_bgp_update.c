/* SPDX-License-Identifier: BSD-2-Clause */
/* An UPDATE body behind two bytes that say what was agreed on. */
#include <assert.h>

#include "bgp/as4.h"
#include "bgp/update.h"

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Every NLRI that was promised is there and well-formed. */
static void
walk(const struct update_part_nlri *part)
{
	struct rd field = part->nlri;
	struct nlri nlri[7];
	unsigned total = 0;
	size_t n;

	if (part->family == NULL)
		return;
	while ((n = nlri_take(part->family, part->form, &field, nlri, 7)) > 0) {
		total += (unsigned)n;
		for (size_t i = 0; i < n; i++) {
			struct addr masked = addr_masked(&nlri[i].prefix.addr, nlri[i].prefix.len);

			assert(nlri[i].prefix.len <= part->family->bits);
			assert(nlri[i].safi == part->family->rib_safi && 
			    nlri[i].label < 1u << (part->form & NLRI_VNI ? 24 : 20));
			assert((nlri[i].rd != 0) == part->family->rd);
			/* An IPv6 prefix may look like a mapped one; then its length is its own. */
			assert(part->family->bits == 128 || addr_eq(&masked, &nlri[i].prefix.addr));
		}
	}
	assert(total == part->count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct bgp_update u;
	struct bgp_context context;

	if (len < 2 || len > BGP_MESSAGE_EXTENDED)
		return 0;
	context = (struct bgp_context){
		.families = bytes[1] & families_all(), .as4 = bytes[0] & 1, .internal = bytes[0] & 2,
		.add_path = bytes[0] & 4 ? families_add_path() : 0,
		.labels = bytes[0] & 8 ? families_all() : 0, .guess_paths = bytes[0] & 16,
	};
	update_decode(rd_of(bytes + 2, len - 2), &context, &u);
	if (u.verdict == VERDICT_RESET)
		return 0;
	for (int i = 0; i < UPDATE_PARTS; i++)
		walk(&u.part[i]);
	if (u.verdict < VERDICT_WITHDRAW) {
		assert(u.attrs.aspath_len == 0 ||
		    as4_path_ok(rd_of(u.attrs.aspath, u.attrs.aspath_len), 4));
		assert(u.attrs.others_len <= sizeof(u.others));
		assert(u.attrs.comms_len % 4 == 0 && u.attrs.ecomms_len % 8 == 0 &&
		    u.attrs.lcomms_len % 12 == 0);
	}
	return 0;
}
