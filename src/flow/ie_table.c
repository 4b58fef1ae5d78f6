/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of information elements, and finding a row in it. See ie_table.h. */
#include "flow/ie_table.h"

#include "core/mem.h"
#include "flow/flow.h"

#define F(field)	IE_FLOW, offsetof(struct flow, field), sizeof(((struct flow *)0)->field)
#define X(field)	IE_EXTRA, offsetof(struct ie_extra, field), sizeof(((struct ie_extra *)0)->field)
#define O(field)	IE_OPTION, offsetof(struct ie_option, field), \
			    sizeof(((struct ie_option *)0)->field)
#define LABEL(i)	F(mpls_label[i])
#define UINT		IE_UINT, 1, 8
#define ADDR4		IE_ADDR4, 4, 4
#define ADDR6		IE_ADDR6, 16, 16
#define MAC		IE_BYTES, 6, 6
#define TEXT		IE_NAME, 1, 255
#define MARK		IE_MARK, 0, 0, IE_FLOW, 0, 0
#define HAS(bit)	FLOW_HAS_##bit
#define OPT(bit)	OPTION_HAS_##bit

const struct ie ie_table[] = {
/*	enterprise, id, type and lengths, place, rank, has, when, name */
	{ 0, 1, UINT, F(bytes), 1, HAS(BYTES), 0, "octetDeltaCount" },
	{ 0, 2, UINT, F(packets), 1, HAS(PACKETS), 0, "packetDeltaCount" },
	{ 0, 3, UINT, F(flows), 1, 0, 0, "deltaFlowCount" },
	{ 0, 4, UINT, F(proto), 1, 0, 0, "protocolIdentifier" },
	{ 0, 5, UINT, F(tos), 1, 0, 0, "ipClassOfService" },
	{ 0, 6, UINT, F(tcp_flags), 1, 0, 0, "tcpControlBits" },
	{ 0, 7, UINT, F(src_port), 1, 0, 0, "sourceTransportPort" },
	{ 0, 8, ADDR4, F(src), 1, 0, 0, "sourceIPv4Address" },
	{ 0, 9, UINT, F(src_mask), 1, HAS(SRC_MASK), 0, "sourceIPv4PrefixLength" },
	{ 0, 10, UINT, F(in_iface), 1, 0, 0, "ingressInterface" },
	{ 0, 10, UINT, O(if_index), 1, OPT(IFACE), 0, "ingressInterface" },
	{ 0, 11, UINT, F(dst_port), 1, 0, 0, "destinationTransportPort" },
	{ 0, 12, ADDR4, F(dst), 1, 0, 0, "destinationIPv4Address" },
	{ 0, 13, UINT, F(dst_mask), 1, HAS(DST_MASK), 0, "destinationIPv4PrefixLength" },
	{ 0, 14, UINT, F(out_iface), 1, 0, 0, "egressInterface" },
	{ 0, 14, UINT, O(if_index), 2, OPT(IFACE), 0, "egressInterface" },
	{ 0, 15, ADDR4, F(ip_next_hop), 1, HAS(IP_NEXT_HOP), 0, "ipNextHopIPv4Address" },
	{ 0, 16, UINT, F(src_as), 1, HAS(SRC_AS), 0, "bgpSourceAsNumber" },
	{ 0, 17, UINT, F(dst_as), 1, HAS(DST_AS), 0, "bgpDestinationAsNumber" },
	{ 0, 18, ADDR4, F(bgp_next_hop), 1, HAS(BGP_NEXT_HOP), 0, "bgpNextHopIPv4Address" },
	{ 0, 21, IE_UPTIME, 1, 8, F(end), 1, HAS(END), 0, "flowEndSysUpTime" },
	{ 0, 22, IE_UPTIME, 1, 8, F(start), 1, HAS(START), 0, "flowStartSysUpTime" },
	{ 0, 23, UINT, F(bytes), 3, HAS(BYTES), 0, "postOctetDeltaCount" },
	{ 0, 24, UINT, F(packets), 3, HAS(PACKETS), 0, "postPacketDeltaCount" },
	{ 0, 27, ADDR6, F(src), 4, 0, 0, "sourceIPv6Address" },
	{ 0, 28, ADDR6, F(dst), 4, 0, 0, "destinationIPv6Address" },
	{ 0, 29, UINT, F(src_mask), 2, HAS(SRC_MASK), 0, "sourceIPv6PrefixLength" },
	{ 0, 30, UINT, F(dst_mask), 2, HAS(DST_MASK), 0, "destinationIPv6PrefixLength" },
	{ 0, 31, UINT, F(flow_label), 1, 0, 0, "flowLabelIPv6" },
	{ 0, 32, IE_BYTES, 2, 2, F(icmp_type), 3, 0, 0, "icmpTypeCodeIPv4" },
	{ 0, 34, UINT, F(sampling_rate), 1, HAS(RATE), 0, "samplingInterval" },
	{ 0, 34, UINT, O(interval), 1, OPT(RATE), 0, "samplingInterval" },
	{ 0, 35, UINT, O(algorithm), 2, 0, 0, "samplingAlgorithm" },
	{ 0, 44, ADDR4, F(src), 2, 0, 0, "sourceIPv4Prefix" },
	{ 0, 45, ADDR4, F(dst), 2, 0, 0, "destinationIPv4Prefix" },
	{ 0, 47, ADDR4, F(bgp_next_hop), 2, HAS(BGP_NEXT_HOP), 0, "mplsTopLabelIPv4Address" },
	{ 0, 48, UINT, F(sampler_id), 1, HAS(SAMPLER), 0, "samplerId" },
	{ 0, 48, UINT, O(sampler_id), 1, OPT(SAMPLER), 0, "samplerId" },
	{ 0, 49, UINT, O(algorithm), 1, 0, 0, "samplerMode" },
	{ 0, 50, UINT, F(sampling_rate), 2, HAS(RATE), 0, "samplerRandomInterval" },
	{ 0, 50, UINT, O(random_interval), 1, OPT(RATE), 0, "samplerRandomInterval" },
	{ 0, 52, UINT, F(ttl_min), 1, 0, 0, "minimumTTL" },
	{ 0, 53, UINT, F(ttl_max), 1, 0, 0, "maximumTTL" },
	{ 0, 56, MAC, F(src_mac), 1, 0, 0, "sourceMacAddress" },
	{ 0, 57, MAC, F(dst_mac), 2, 0, 0, "postDestinationMacAddress" },
	{ 0, 58, UINT, F(in_vlan), 1, 0, 0, "vlanId" },
	{ 0, 59, UINT, F(out_vlan), 1, 0, 0, "postVlanId" },
	{ 0, 61, UINT, F(direction), 1, HAS(DIRECTION), 0, "flowDirection" },
	{ 0, 62, ADDR6, F(ip_next_hop), 2, HAS(IP_NEXT_HOP), 0, "ipNextHopIPv6Address" },
	{ 0, 63, ADDR6, F(bgp_next_hop), 3, HAS(BGP_NEXT_HOP), 0, "bgpNextHopIPv6Address" },
	{ 0, 70, UINT, LABEL(0), 1, 0, 0, "mplsTopLabelStackSection" },
	{ 0, 71, UINT, LABEL(1), 1, 0, 0, "mplsLabelStackSection2" },
	{ 0, 72, UINT, LABEL(2), 1, 0, 0, "mplsLabelStackSection3" },
	{ 0, 73, UINT, LABEL(3), 1, 0, 0, "mplsLabelStackSection4" },
	{ 0, 74, UINT, LABEL(4), 1, 0, 0, "mplsLabelStackSection5" },
	{ 0, 75, UINT, LABEL(5), 1, 0, 0, "mplsLabelStackSection6" },
	{ 0, 76, UINT, LABEL(6), 1, 0, 0, "mplsLabelStackSection7" },
	{ 0, 77, UINT, LABEL(7), 1, 0, 0, "mplsLabelStackSection8" },
	{ 0, 78, UINT, LABEL(8), 1, 0, 0, "mplsLabelStackSection9" },
	{ 0, 79, UINT, LABEL(9), 1, 0, 0, "mplsLabelStackSection10" },
	{ 0, 80, MAC, F(dst_mac), 1, 0, 0, "destinationMacAddress" },
	{ 0, 81, MAC, F(src_mac), 2, 0, 0, "postSourceMacAddress" },
	{ 0, 82, TEXT, O(if_name), 1, OPT(IF_NAME), 0, "interfaceName" },
	{ 0, 83, TEXT, O(if_description), 1, OPT(IF_NAME), 0, "interfaceDescription" },
	{ 0, 85, UINT, F(bytes), 2, HAS(BYTES), 0, "octetTotalCount" },
	{ 0, 86, UINT, F(packets), 2, HAS(PACKETS), 0, "packetTotalCount" },
	{ 0, 89, UINT, F(fwd_status), 1, HAS(FWD_STATUS), 0, "forwardingStatus" },
	{ 0, 90, IE_UINT, 8, 8, F(rd), 1, HAS(RD), 0, "mplsVpnRouteDistinguisher" },
	{ 0, 90, IE_UINT, 8, 8, O(vrf_rd), 1, OPT(RD), 0, "mplsVpnRouteDistinguisher" },
	{ 0, 95, IE_APP, 1, 8, F(app_id), 1, 0, 0, "applicationId" },
	{ 0, 95, IE_APP, 1, 8, O(app_id), 1, OPT(APP), 0, "applicationId" },
	{ 0, 96, TEXT, O(app_name), 1, OPT(APP_NAME), 0, "applicationName" },
	{ 0, 104, MARK, 1, HAS(BYTES), 0, "layer2packetSectionData" },
	{ 0, 128, UINT, F(peer_dst_as), 1, HAS(PEER_DST_AS), 0, "bgpNextAdjacentAsNumber" },
	{ 0, 129, UINT, F(peer_src_as), 1, HAS(PEER_SRC_AS), 0, "bgpPrevAdjacentAsNumber" },
	{ 0, 130, ADDR4, O(exporter), 1, OPT(EXPORTER), 0, "exporterIPv4Address" },
	{ 0, 131, ADDR6, O(exporter), 2, OPT(EXPORTER), 0, "exporterIPv6Address" },
	{ 0, 139, IE_BYTES, 2, 2, F(icmp_type), 4, 0, 0, "icmpTypeCodeIPv6" },
	{ 0, 140, ADDR6, F(bgp_next_hop), 4, HAS(BGP_NEXT_HOP), 0, "mplsTopLabelIPv6Address" },
	{ 0, 145, UINT, O(template_id), 1, OPT(TEMPLATE), 0, "templateId" },
	{ 0, 149, UINT, O(system), 1, OPT(SYSTEM), 0, "observationDomainId" },
	{ 0, 150, IE_SECONDS, 4, 8, F(start), 6, HAS(START), 0, "flowStartSeconds" },
	{ 0, 151, IE_SECONDS, 4, 8, F(end), 6, HAS(END), 0, "flowEndSeconds" },
	{ 0, 152, IE_MSECS, 8, 8, F(start), 2, HAS(START), 0, "flowStartMilliseconds" },
	{ 0, 153, IE_MSECS, 8, 8, F(end), 2, HAS(END), 0, "flowEndMilliseconds" },
	{ 0, 154, IE_NTP, 8, 8, F(start), 4, HAS(START), 0, "flowStartMicroseconds" },
	{ 0, 155, IE_NTP, 8, 8, F(end), 4, HAS(END), 0, "flowEndMicroseconds" },
	{ 0, 156, IE_NTP, 8, 8, F(start), 5, HAS(START), 0, "flowStartNanoseconds" },
	{ 0, 157, IE_NTP, 8, 8, F(end), 5, HAS(END), 0, "flowEndNanoseconds" },
	{ 0, 158, IE_DELTA, 1, 8, F(start), 7, HAS(START), 0, "flowStartDeltaMicroseconds" },
	{ 0, 159, IE_DELTA, 1, 8, F(end), 7, HAS(END), 0, "flowEndDeltaMicroseconds" },
	{ 0, 160, IE_UINT, 8, 8, X(init_ms), 1, 0, 0, "systemInitTimeMilliseconds" },
	{ 0, 160, IE_UINT, 8, 8, O(init_ms), 1, OPT(INIT), 0, "systemInitTimeMilliseconds" },
	{ 0, 169, ADDR6, F(dst), 5, 0, 0, "destinationIPv6Prefix" },
	{ 0, 170, ADDR6, F(src), 5, 0, 0, "sourceIPv6Prefix" },
	{ 0, 176, UINT, F(icmp_type), 1, 0, 0, "icmpTypeIPv4" },
	{ 0, 177, UINT, F(icmp_code), 1, 0, 0, "icmpCodeIPv4" },
	{ 0, 178, UINT, F(icmp_type), 2, 0, 0, "icmpTypeIPv6" },
	{ 0, 179, UINT, F(icmp_code), 2, 0, 0, "icmpCodeIPv6" },
	{ 0, 180, UINT, F(src_port), 2, 0, 0, "udpSourcePort" },
	{ 0, 181, UINT, F(dst_port), 2, 0, 0, "udpDestinationPort" },
	{ 0, 182, UINT, F(src_port), 3, 0, 0, "tcpSourcePort" },
	{ 0, 183, UINT, F(dst_port), 3, 0, 0, "tcpDestinationPort" },
	{ 0, 192, UINT, F(ttl_min), 2, 0, 0, "ipTTL" },
	{ 0, 192, UINT, F(ttl_max), 2, 0, 0, "ipTTL" },
	{ 0, 225, ADDR4, F(nat_src), 1, 0, 0, "postNATSourceIPv4Address" },
	{ 0, 226, ADDR4, F(nat_dst), 1, 0, 0, "postNATDestinationIPv4Address" },
	{ 0, 227, UINT, F(nat_src_port), 1, 0, 0, "postNAPTSourceTransportPort" },
	{ 0, 228, UINT, F(nat_dst_port), 1, 0, 0, "postNAPTDestinationTransportPort" },
	{ 0, 230, UINT, F(nat_event), 1, 0, 0, "natEvent" },
	{ 0, 231, UINT, F(bytes), 5, HAS(BYTES), IE_ASA, "initiatorOctets" },
	{ 0, 231, MARK, 1, HAS(BYTES), 0, "initiatorOctets" },
	{ 0, 232, UINT, F(packets), 4, HAS(PACKETS), IE_ASA, "responderOctets" },
	{ 0, 232, MARK, 1, HAS(BYTES), 0, "responderOctets" },
	{ 0, 233, UINT, F(fw_event), 1, 0, 0, "firewallEvent" },
	{ 0, 234, UINT, F(in_vrf_id), 1, 0, 0, "ingressVRFID" },
	{ 0, 234, UINT, O(in_vrf), 1, OPT(IN_VRF), 0, "ingressVRFID" },
	{ 0, 235, UINT, F(out_vrf_id), 1, 0, 0, "egressVRFID" },
	{ 0, 235, UINT, O(out_vrf), 1, OPT(OUT_VRF), 0, "egressVRFID" },
	{ 0, 236, TEXT, F(vrf_name), 1, 0, 0, "VRFname" },
	{ 0, 236, TEXT, O(vrf_name), 1, OPT(VRF_NAME), 0, "VRFname" },
	{ 0, 243, UINT, F(in_vlan), 2, 0, 0, "dot1qVlanId" },
	{ 0, 244, UINT, F(cos), 1, 0, 0, "dot1qPriority" },
	{ 0, 245, UINT, F(in_cvlan), 1, 0, 0, "dot1qCustomerVlanId" },
	{ 0, 249, UINT, F(mpls_pw_id), 1, 0, 0, "pseudoWireId" },
	{ 0, 252, UINT, F(in_iface), 2, 0, 0, "ingressPhysicalInterface" },
	{ 0, 253, UINT, F(out_iface), 2, 0, 0, "egressPhysicalInterface" },
	{ 0, 254, UINT, F(out_vlan), 2, 0, 0, "postDot1qVlanId" },
	{ 0, 255, UINT, F(out_cvlan), 1, 0, 0, "postDot1qCustomerVlanId" },
	{ 0, 256, UINT, F(etype), 1, 0, 0, "ethernetType" },
	{ 0, 281, ADDR6, F(nat_src), 2, 0, 0, "postNATSourceIPv6Address" },
	{ 0, 282, ADDR6, F(nat_dst), 2, 0, 0, "postNATDestinationIPv6Address" },
	{ 0, 302, UINT, F(sampler_id), 2, HAS(SAMPLER), 0, "selectorId" },
	{ 0, 302, UINT, O(selector_id), 1, OPT(SELECTOR), 0, "selectorId" },
	{ 0, 305, UINT, O(packet_interval), 1, OPT(RATE), 0, "samplingPacketInterval" },
	{ 0, 306, UINT, O(packet_space), 1, OPT(RATE), 0, "samplingPacketSpace" },
	{ 0, 309, UINT, O(size), 1, OPT(RATE), 0, "samplingSize" },
	{ 0, 310, UINT, O(population), 1, OPT(RATE), 0, "samplingPopulation" },
	{ 0, 315, MARK, 1, HAS(BYTES), 0, "dataLinkFrameSection" },
	{ 0, 323, IE_MSECS, 8, 8, F(start), 3, HAS(START), 0, "observationTimeMilliseconds" },
	{ 0, 351, IE_VNI, 8, 8, F(vxlan), 1, 0, 0, "layer2SegmentId" },
	{ 0, 352, UINT, F(bytes), 4, HAS(BYTES), 0, "layer2OctetDeltaCount" },
	{ 0, 365, MAC, F(src_mac), 3, 0, 0, "staMacAddress" },
	{ 0, 366, ADDR4, F(src), 3, 0, 0, "staIPv4Address" },
	{ 0, 600, UINT, F(delay_avg), 1, 0, 0, "pathDelayMeanDeltaMicroseconds" },
	{ 0, 601, UINT, F(delay_min), 1, 0, 0, "pathDelayMinDeltaMicroseconds" },
	{ 0, 602, UINT, F(delay_max), 1, 0, 0, "pathDelayMaxDeltaMicroseconds" },
	{ 0, 603, UINT, X(delay_sum_us), 1, 0, 0, "pathDelaySumDeltaMicroseconds" },
	{ 0, 40001, ADDR4, F(nat_src), 3, 0, 0, "ASA XLATE_SRC_ADDR_IPV4" },
	{ 0, 40002, ADDR4, F(nat_dst), 3, 0, 0, "ASA XLATE_DST_ADDR_IPV4" },
	{ 0, 40003, UINT, F(nat_src_port), 2, 0, 0, "ASA XLATE_SRC_PORT" },
	{ 0, 40004, UINT, F(nat_dst_port), 2, 0, 0, "ASA XLATE_DST_PORT" },
	{ 0, 40005, UINT, F(fw_event), 2, 0, 0, "ASA FW_EVENT" },
	{ 2011, 521, UINT, F(delay_avg), 2, 0, 0, "Huawei path delay mean" },
	{ 2011, 523, UINT, F(delay_min), 2, 0, 0, "Huawei path delay least" },
	{ 2011, 525, UINT, F(delay_max), 2, 0, 0, "Huawei path delay most" },
	{ 2011, 527, UINT, X(delay_sum_us), 2, 0, 0, "Huawei path delay sum" },
	{ 43874, 1, UINT, F(tag), 1, 0, 0, "pmacct tag" },
	{ 43874, 2, UINT, F(tag2), 1, 0, 0, "pmacct tag2" },
	{ 43874, 3, TEXT, F(label), 1, 0, 0, "pmacct label" },
	{ IE_PEN_SCOPE, 1, UINT, O(system), 1, OPT(SYSTEM), 0, "scope System" },
	{ IE_PEN_SCOPE, 2, UINT, O(if_index), 3, OPT(IFACE), 0, "scope Interface" },
	{ IE_PEN_SCOPE, 5, UINT, O(template_id), 2, OPT(TEMPLATE), 0, "scope Template" },
};
const size_t ie_count = ARRAY_LEN(ie_table);

static int
ie_order(const struct ie *ie, uint32_t pen, uint16_t id)
{
	if (ie->pen != pen)
		return ie->pen < pen ? -1 : 1;
	return (int)ie->id - (int)id;
}

size_t
ie_find(uint32_t pen, uint16_t id, const struct ie **ret_first)
{
	size_t low = 0, high = ie_count, n = 0;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (ie_order(&ie_table[mid], pen, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	while (low + n < ie_count && ie_order(&ie_table[low + n], pen, id) == 0)
		n++;
	*ret_first = &ie_table[low];
	return n;
}
