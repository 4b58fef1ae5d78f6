/* SPDX-License-Identifier: BSD-2-Clause */
/* The manual page of the configuration, made from the table of keys. */
#ifndef WB_CONF_MANUAL_H
#define WB_CONF_MANUAL_H

#include "core/sbuf.h"

/* waybill.conf(5) in roff. */
void	conf_manual(struct sbuf *b);

#endif
