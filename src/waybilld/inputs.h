/* SPDX-License-Identifier: BSD-2-Clause */
/* The inputs of a configuration. All give 0, or -1 with the reason in err. */
#ifndef WB_WAYBILLD_INPUTS_H
#define WB_WAYBILLD_INPUTS_H

#include "waybilld/daemon.h"

/* Bind the sockets (or open the savefile) and start the workers. */
int	inputs_start(struct daemon *d, struct sbuf *err);

bool	inputs_want_bgp(const struct daemon *d, const struct conf *conf);
int	inputs_start_bgp(struct daemon *d, const struct conf *conf, struct sbuf *err);

#endif
