/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A setup: everything the workers need of one configuration, compiled and immutable, switched by
 * one pointer at a batch boundary. Outputs outlive a setup where their settings did not change.
 */
#ifndef WB_WAYBILLD_SETUP_H
#define WB_WAYBILLD_SETUP_H

#include <stdatomic.h>

#include "conf/allow.h"
#include "feed/tagmap.h"
#include "flow/collector.h"
#include "flow/enrich.h"
#include "out/output.h"
#include "rib/rib.h"
#include "rib/roa.h"
#include "rib/vrfmap.h"

struct setup_output {
	const struct out_kind *kind;
	struct out_env env;		/* texts live in `conf`, plan here */
	char *subject;
	struct plan *plan;
	struct filter *filter;		/* NULL: all pass */
	unsigned profile;		/* index */
	_Atomic(struct output *) running;	/* NULL while it is being replaced */
	char *settings;			/* canonical text of what it was made from: equal text,
					   same output */
	struct setup *origin;		/* the setup it was started under: owns its plan */
	bool kept;			/* a later setup took it over */
};

struct setup {
	struct conf *conf;
	unsigned refs;			/* itself while in force, and each output started under it */
	struct setup_output *output;
	size_t outputs;
	struct profile **profile;
	size_t profiles;
	struct collector_conf collector;	/* what the workers' collectors go by */
	struct roas roas;			/* of rpki_roas_file */
	struct allow *allow;			/* nfacctd_allow_file, NULL: all */
	struct tagmap *tags[TELLER_KINDS];	/* of feeds, NULL: none */
	struct vrfmap *vrfs;			/* vrf_map, until the RIB takes it; NULL: none */
};

/*
 * Compile a configuration. NULL when there are errors in notes, also those of reading it. `start`
 * anchors bins that have no roundoff. Takes conf, also when it fails.
 */
struct setup *setup_compile(struct conf *conf, struct names *names, const char *prefix, wall_t start,
	    struct conf_notes *notes);

/*
 * Take over from `old` what runs on unchanged: outputs with equal settings keep their plan and
 * their thread, and with them the setup they were started under.
 */
void	setup_inherit(struct setup *now, struct setup *old);

/* The VRFs, for rib_import, which takes them; once. */
struct vrfmap *setup_take_vrfs(struct setup *s);

/* Before it is in force: ask the RPKI cache's table instead of a file's. NULL changes nothing. */
void	setup_use_cache(struct setup *s, const struct roas *roas);

/* One reference less; the last one frees. Does not stop outputs. NULL is fine. */
void	setup_release(struct setup *s);

/* An output's lines of the effective settings: equal text, equal output. */
void	setup_settings(const struct conf *conf, size_t output, struct sbuf *out);

/* A setup that never came into force. */
void	setup_discard(struct setup *s);

#endif
