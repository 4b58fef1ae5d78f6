/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream of BMP messages, as far as it is one; UPDATEs in it are decoded as well. */
#include <assert.h>

#include "bgp/update.h"
#include "bmp/message.h"

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* All TLVs and statistics of a good message are whole, so walks end at the end. */
static void
walk(const struct bmp_message *m)
{
	struct bmp_tlvs tlvs = m->tlvs;
	struct bmp_stats stats = m->stats;
	struct bmp_tlv tlv;
	struct bmp_stat stat;
	volatile uint8_t sum = 0;

	while (bmp_tlv_next(&tlvs, &tlv))
		while (rd_left(&tlv.value) > 0)
			sum ^= rd_u8(&tlv.value);
	assert(!tlvs.list.bad);
	while (bmp_stat_next(&stats, &stat))
		assert(stat.row == NULL || stat.row->code == stat.type);
	assert(!stats.list.bad && stats.left == 0);
	if (m->has_peer)
		assert(bmp_rib_of(&m->peer) < TELLER_RIBS);
}

static void
decode_update(const struct bmp_message *m)
{
	static struct bgp_update u;
	const struct bgp_context context = {
		.families = families_all(), .as4 = !(m->peer.flags & BMP_FLAG_A), .internal = true,
		.guess_paths = true,
	};

	if (m->type == BMP_ROUTE_MONITORING)
		update_decode(m->bgp, &context, &u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct bmp_message m;
	const char *why;
	size_t whole;

	while (bmp_frame(bytes, len, &whole, &why) == 1) {
		assert(whole >= BMP_HEADER_LEN && whole <= len);
		if (bmp_decode(bytes, whole, &m, &why) == 0) {
			walk(&m);
			decode_update(&m);
		} else {
			assert(why != NULL);
		}
		bytes += whole;
		len -= whole;
	}
	return 0;
}
