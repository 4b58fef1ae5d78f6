/* SPDX-License-Identifier: BSD-2-Clause */
/* The manual page of maps over flows, made from the table of their keys. */
#ifndef WB_FLOW_MAPS_MANUAL_H
#define WB_FLOW_MAPS_MANUAL_H

#include "core/sbuf.h"

/* waybill.maps(5) in roff. */
void	maps_manual(struct sbuf *b);

#endif
