/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RPKI cache that rpki_rtr_cache names. librtr posts what it hears; a thread of ours keeps the set of
 * VRPs and makes a table of it, at most once a second and only of what the cache called complete;
 * control publishes it. What was told stays when the cache is lost, until it expires.
 */
#ifndef WB_WAYBILLD_RPKI_H
#define WB_WAYBILLD_RPKI_H

#include "waybilld/daemon.h"

/* Is what the rpki_* keys say possible? Errors go to notes. */
void	rpki_check(const struct conf *conf, struct conf_notes *notes);

/* Sets d->rpki, where the configuration asks for a cache. -1 with a sentence in err. */
int	rpki_start(struct daemon *d, const struct conf *conf, struct sbuf *err);

/* What profiles are to ask; NULL without a cache. NULL is fine, here and below. */
const struct roas *rpki_roas(const struct rpki *r);
void	rpki_tick(struct rpki *r);		/* once a second */
void	rpki_stop(struct rpki *r);		/* posts may be left, which are to be run before ... */
void	rpki_free(struct rpki *r);		/* ... this, when no worker is left */
void	rpki_status_json(const struct rpki *r, struct json *j);
void	rpki_status_text(const struct rpki *r, struct sbuf *out);
void	rpki_metrics(const struct rpki *r, struct sbuf *out);

#endif
