/* SPDX-License-Identifier: BSD-2-Clause */
/* Options data: one row per thing that an options record may tell; a record may tell several. */
#include <string.h>

#include "core/mem.h"
#include "flow/source.h"

static void
interface_name(struct source *src, const struct template *t, const struct ie_option *opt)
{
	uint32_t name = opt->if_name ? opt->if_name : opt->if_description;

	(void)t;
	if (name != 0)
		(void)idmap_put(&src->if_names, opt->if_index, name);
}

static void
application_name(struct source *src, const struct template *t, const struct ie_option *opt)
{
	(void)t;
	if (opt->app_name != 0)
		(void)idmap_put(&src->apps, opt->app_id, opt->app_name);
}

static void
in_vrf_name(struct source *src, const struct template *t, const struct ie_option *opt)
{
	(void)t;
	if (opt->vrf_name != 0)
		(void)idmap_put(&src->vrf_names, opt->in_vrf, opt->vrf_name);
}

static void
out_vrf_name(struct source *src, const struct template *t, const struct ie_option *opt)
{
	(void)t;
	if (opt->vrf_name != 0)
		(void)idmap_put(&src->vrf_names, opt->out_vrf, opt->vrf_name);
}

static void
in_vrf_rd(struct source *src, const struct template *t, const struct ie_option *opt)
{
	(void)t;
	(void)idmap_put(&src->vrf_rds, opt->in_vrf, opt->vrf_rd);
}

static void
out_vrf_rd(struct source *src, const struct template *t, const struct ie_option *opt)
{
	(void)t;
	(void)idmap_put(&src->vrf_rds, opt->out_vrf, opt->vrf_rd);
}

static void
exporter_address(struct source *src, const struct template *t, const struct ie_option *opt)
{
	(void)t;
	memcpy(src->agent.b, opt->exporter, sizeof(src->agent.b));
}

static void
system_init(struct source *src, const struct template *t, const struct ie_option *opt)
{
	(void)t;
	src->init_ms = opt->init_ms;
}

static const struct {
	uint32_t needs;			/* all of these elements: enum option_has */
	void (*take)(struct source *, const struct template *, const struct ie_option *);
} tells[] = {
	{ OPTION_HAS_RATE, rates_declare },
	{ OPTION_HAS_IFACE | OPTION_HAS_IF_NAME, interface_name },
	{ OPTION_HAS_APP | OPTION_HAS_APP_NAME, application_name },
	{ OPTION_HAS_IN_VRF | OPTION_HAS_VRF_NAME, in_vrf_name },
	{ OPTION_HAS_OUT_VRF | OPTION_HAS_VRF_NAME, out_vrf_name },
	{ OPTION_HAS_IN_VRF | OPTION_HAS_RD, in_vrf_rd },
	{ OPTION_HAS_OUT_VRF | OPTION_HAS_RD, out_vrf_rd },
	{ OPTION_HAS_EXPORTER, exporter_address },
	{ OPTION_HAS_INIT, system_init },
};

void
options_take(struct source *src, const struct template *t, const struct ie_option *opt)
{
	for (size_t i = 0; i < ARRAY_LEN(tells); i++)
		if ((t->option_has & tells[i].needs) == tells[i].needs)
			tells[i].take(src, t, opt);
}
