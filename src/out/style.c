/* SPDX-License-Identifier: BSD-2-Clause */
/* What the configuration of an output says of the looks of values. */
#include "out/output.h"

struct value_style
out_style(const struct conf *conf, size_t output, const struct names *names)
{
	return (struct value_style){
		.names = names,
		.as_path_separator = '_',
		.num_protos = conf_bool(conf, output, "num_protos"),
		.num_hosts = conf_bool(conf, output, "sql_num_hosts"),
		.comms_num = conf_bool(conf, output, "bgp_comms_num"),
		.comms_array = conf_bool(conf, output, "bgp_comms_encode_as_array"),
		.aspath_array = conf_bool(conf, output, "as_path_encode_as_array"),
		.tcpflags_array = conf_bool(conf, output, "tcpflags_encode_as_array"),
		.labels_array = conf_bool(conf, output, "mpls_label_stack_encode_as_array"),
		.fwd_status_text = conf_bool(conf, output, "fwd_status_encode_as_string"),
		.dscp = conf_bool(conf, output, "tos_encode_as_dscp"),
		.utc = conf_bool(conf, output, "timestamps_utc"),
		.rfc9557 = conf_bool(conf, output, "timestamps_rfc9557"),
		.epoch = conf_bool(conf, output, "timestamps_since_epoch"),
		.secs = conf_bool(conf, output, "timestamps_secs"),
	};
}
