/* SPDX-License-Identifier: BSD-2-Clause */
/* A build without librtr: rpki_check refuses the keys, so that nothing here is ever asked. */
#include "waybilld/rpki_cache.h"

const bool rpki_built = false;

struct rpki_cache *
rpki_cache_open(const struct rpki_cache_conf *conf, struct chan *news, struct sbuf *err)
{
	(void)conf;
	(void)news;
	sbuf_str(err, "rpki_rtr_cache: this build has no librtr");
	return NULL;
}

void
rpki_cache_close(struct rpki_cache *c)
{
	(void)c;
}
