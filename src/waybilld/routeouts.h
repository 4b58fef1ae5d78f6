/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outputs of routes (sql/routeout.h): started with the daemon, ended with it. A reload lets them be; one
 * that would change them needs a restart.
 */
#ifndef WB_WAYBILLD_ROUTEOUTS_H
#define WB_WAYBILLD_ROUTEOUTS_H

#include "waybilld/daemon.h"

struct routeouts;

/* Never NULL but with a sentence: there may be none. Keeps the configuration for the run. */
struct routeouts *routeouts_start(struct daemon *d, struct conf *conf, struct sbuf *err);
void	routeouts_stop(struct routeouts *r);

void	routeouts_tick(struct routeouts *r);
bool	routeouts_differ(const struct routeouts *r, const struct conf *conf);

/* For status and health. */
void	routeouts_json(const struct routeouts *r, struct json *j);
void	routeouts_text(const struct routeouts *r, struct sbuf *out);
void	routeouts_metrics(const struct routeouts *r, struct sbuf *out);
void	routeouts_faults(const struct routeouts *r, struct sbuf *why);

#endif
