/* SPDX-License-Identifier: BSD-2-Clause */
/* The inputs of a configuration. All give 0, or -1 with the reason in err. */
#ifndef WB_WAYBILLD_INPUTS_H
#define WB_WAYBILLD_INPUTS_H

#include "waybilld/daemon.h"

/* Bind the sockets (or open the savefile) and start the workers. */
int	inputs_start(struct daemon *d, struct sbuf *err);

bool	inputs_want_bgp(const struct conf *conf);
int	inputs_start_bgp(struct daemon *d, const struct conf *conf, struct sbuf *err);
bool	inputs_want_bmp(const struct conf *conf);
int	inputs_start_bmp(struct daemon *d, const struct conf *conf, struct sbuf *err);
/* Over a reload; with -1 all stays as it was. Nothing to do without BGP. */
int	inputs_reload_bgp(struct daemon *d, const struct conf *conf, struct sbuf *err);

/* Note what would keep them from starting, as far as the configuration's files tell. */
void	inputs_check(const struct conf *conf, struct conf_notes *notes);

#endif
