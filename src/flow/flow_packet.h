/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet made from a flow: what a libpcap expression is asked about where no packet was seen.
 * Ethernet, then a VLAN tag and MPLS labels where the flow has them, IP, and the start of layer 4.
 */
#ifndef WB_FLOW_FLOW_PACKET_H
#define WB_FLOW_FLOW_PACKET_H

#include "flow/flow.h"

#define FLOW_PACKET	160		/* room for the largest one */

/* `room` has FLOW_PACKET bytes. Gives the length. */
size_t	flow_packet(const struct flow *flow, uint8_t *room);

#endif
