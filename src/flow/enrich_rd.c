/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The route distinguisher of a flow: flow_to_rd_map, the export, options. What the map said of flows that
 * look alike to it is remembered, so that its length costs nothing per flow.
 */
#include <string.h>

#include "core/hash.h"
#include "core/mem.h"
#include "flow/enrich_worker.h"

/*
 * What stands for the RD where only the VRF's number was told (IE 234, 235): that of the side the flow
 * was metered on.
 */
static uint64_t
vrf_number(const struct flow *flow)
{
	bool in = flow->direction == 0 || flow->out_vrf_id == 0;
	uint32_t id = in ? flow->in_vrf_id : flow->out_vrf_id;

	return id != 0 ? RD_OF_VRFID(id) : 0;
}

/* All that a rule of the map may test. */
static void
subject_words(const struct flow *flow, uint64_t word[RD_WORDS])
{
	unsigned n = flow->mpls_labels < FLOW_LABELS ? flow->mpls_labels : FLOW_LABELS;

	memcpy(&word[0], &flow->peer_src_ip, 16);
	memcpy(&word[2], &flow->bgp_next_hop, 16);
	word[4] = (uint64_t)flow->in_iface << 32 | flow->out_iface;
	word[5] = (uint64_t)flow->in_vrf_id << 32 | flow->out_vrf_id;
	word[6] = n > 0 ? (uint64_t)1 << 32 | flow->mpls_label[n - 1] : 0;
}

static const struct rd_memo *
ask_map(struct enrich *en, const struct flowmap *map, const struct flow *flow)
{
	const struct flowmap_subject subject = { .flow = flow,
	    .bgp_next_hop = flow->bgp_next_hop };
	const struct flowmap_result *result;
	uint64_t rules = flowmap_digest(map), word[RD_WORDS];
	struct rd_memo *memo;

	if (en->rd_memo == NULL)
		en->rd_memo = mem_array(RD_MEMOS, sizeof(*en->rd_memo));
	subject_words(flow, word);
	memo = &en->rd_memo[hash_words(word, RD_WORDS, rules) % RD_MEMOS];
	if (memo->rules == rules && memcmp(memo->word, word, sizeof(word)) == 0)
		return memo;
	result = flowmap_match(map, &subject);
	*memo = (struct rd_memo){ .rules = rules };
	memcpy(memo->word, word, sizeof(word));
	if (result != NULL) {
		memo->rd = result->rd;
		memo->line = result->line;
	}
	return memo;
}

struct rd_said
enrich_rd(struct enrich *en, const struct profile *p, const struct flow *flow)
{
	const struct flowmap *map = p->map[FLOWMAP_RD];

	if (map != NULL) {
		const struct rd_memo *memo = ask_map(en, map, flow);

		if (memo->line != 0)
			return (struct rd_said){ memo->rd, RD_MAP, memo->line };
	}
	if (flow->has & FLOW_HAS_RD)
		return (struct rd_said){ flow->rd, RD_FLOW, 0 };
	return (struct rd_said){ vrf_number(flow), RD_UNKNOWN, 0 };
}
