/* SPDX-License-Identifier: BSD-2-Clause */
/* The formats of export datagrams. A new one is a file of its own and a row here. */
#include "core/mem.h"
#include "flow/source.h"

const struct format formats[] = {
/*	  version, name, records of one layout, its function */
	{ 5, "NetFlow version 5", netflow5_layout, NETFLOW5_FIELDS, netflow5_datagram },
	{ 9, "NetFlow version 9", NULL, 0, netflow9_datagram },
	{ 10, "IPFIX", NULL, 0, ipfix_datagram },
};
const size_t format_count = ARRAY_LEN(formats);
