/* SPDX-License-Identifier: BSD-2-Clause */
/* Compiling a configuration into plans, filters and profiles, and taking over what did not change. */
#include "waybilld/setup.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "sql/routeout.h"
#include "waybilld/inputs.h"
#include "waybilld/rpki.h"

/* The profile of an output: an equal one that is there already, else its own. NULL: errors. */
static struct profile *
find_profile(struct setup *s, struct setup_output *o, size_t i, const char *prefix,
    struct conf_notes *notes)
{
	const uint32_t needs = o->plan != NULL ? o->plan->needs : ENRICH_NETS;
	size_t errors = notes->errors;
	struct profile *p = profile_prepare(s->conf, i, prefix,
	    needs | (o->filter != NULL ? ENRICH_TAGS : 0), notes);

	for (size_t k = 0; k < s->profiles && notes->errors == errors; k++)
		if (profile_share(s->profile[k], p)) {
			o->profile = (unsigned)k;
			profile_free(p);
			return s->profile[k];
		}
	profile_load(p, notes);
	if (notes->errors > errors) {
		profile_free(p);
		return NULL;
	}
	o->profile = (unsigned)s->profiles;
	s->profile[s->profiles++] = p;
	return p;
}

void
setup_settings(const struct conf *conf, size_t output, struct sbuf *out)
{
	size_t count;
	const struct conf_key *key = conf_keys(&count);

	for (size_t i = 0; i < count; i++) {
		const char *value;

		if (key[i].scope == CONF_GLOBAL || key[i].status != CONF_ACTS)
			continue;
		value = conf_text(conf, output, key[i].var);
		if (value != NULL)
			sbuf_printf(out, "%s: %s\n", key[i].var, value);
	}
}

/*
 * What decides whether an output may run on over a reload: its lines of the effective settings, and
 * what its plan was made to take from the profile, which keys for all may change.
 */
static char *
settings_of(const struct conf *conf, size_t output, const struct profile *profile)
{
	struct sbuf b = { 0 };
	char *text;

	setup_settings(conf, output, &b);
	sbuf_printf(&b, "decides: %x\n", profile_decides(profile));
	text = mem_strdup(sbuf_text(&b));
	sbuf_done(&b);
	return text;
}

/* An output of routes is none of a setup's: it outlives them (waybilld/routeouts.h). */
static void
check_routes(const struct setup *s, size_t i, const struct names *names, struct conf_notes *notes)
{
	const struct conf_output *co = conf_output(s->conf, i);
	struct sbuf subject = { 0 };
	struct out_env env = {
		.conf = s->conf, .output = i, .name = co->name, .type = co->type,
		.style = out_style(s->conf, i, names), .names = names,
	};

	sbuf_printf(&subject, "%s/%s", co->name, co->type);
	env.subject = subject.text;
	routeout_check(&env, notes);
	sbuf_done(&subject);
}

/* Output i of the configuration. */
static void
compile_output(struct setup *s, size_t i, const struct names *names, const char *prefix,
    wall_t start, struct conf_notes *notes)
{
	const struct conf_output *co = conf_output(s->conf, i);
	struct setup_output *o = &s->output[s->outputs++];
	struct sbuf subject = { 0 };
	size_t errors = notes->errors;
	struct profile *profile;

	sbuf_printf(&subject, "%s/%s", co->name, co->type);
	o->origin = s;
	o->subject = mem_strdup(sbuf_text(&subject));
	sbuf_done(&subject);
	o->kind = out_kind(co->type);
	if (o->kind == NULL) {
		conf_note(notes, CONF_NOTE_ERROR, conf_file(s->conf), 0,
		    "plugins: \"%s\" is a kind of output that this build does not have", co->type);
		return;
	}
	/* Goes on without a plan, to find the faults that are left. */
	o->plan = plan_compile(s->conf, i, start, notes);
	o->filter = filter_compile(s->conf, i, notes);
	if (o->filter != NULL)
		filter_names(o->filter, names);
	o->env = (struct out_env){
		.conf = s->conf, .output = i, .name = co->name, .type = co->type,
		.plan = o->plan, .style = out_style(s->conf, i, names), .names = names,
		.subject = o->subject,
	};
	profile = find_profile(s, o, i, prefix, notes);
	if (profile == NULL)
		return;
	if (o->plan != NULL)
		plan_take_from_record(o->plan, profile_decides(profile));
	if (profile_ignores(profile) && o->filter == NULL)
		o->filter = filter_of_ignored();
	if (o->kind->check != NULL && notes->errors == errors)
		o->kind->check(&o->env, notes);
	o->settings = settings_of(s->conf, i, s->profile[o->profile]);
}

static bool
needs_rate(const struct setup *setup)
{
	for (size_t i = 0; i < setup->outputs; i++)
		if (plan_has(setup->output[i].plan, "sampling_rate"))
			return true;
	return false;
}

static bool
is_allowed(const void *ctx, const struct addr *from)
{
	return allow_has(ctx, from);
}

static struct collector_conf
collector_settings(const struct setup *s, struct names *names)
{
	const struct conf *conf = s->conf;

	return (struct collector_conf){
		.names = names,
		.renormalize = conf_bool(conf, CONF_ALL, "nfacctd_renormalize"),
		.need_rate = needs_rate(s),
		.ext_rate = (uint32_t)conf_int(conf, CONF_ALL, "nfacctd_ext_sampling_rate"),
		.sampling_hold_ns = conf_int(conf, CONF_ALL, "sampling_hold") * NS_PER_SEC,
		.account_options = conf_bool(conf, CONF_ALL, "nfacctd_account_options"),
		.ignore_exporter_address = conf_bool(conf, CONF_ALL, "nfacctd_ignore_exporter_address"),
		.disable_opt_scope_check = conf_bool(conf, CONF_ALL, "nfacctd_disable_opt_scope_check"),
		.peer_as = conf_bool(conf, CONF_ALL, "nfacctd_peer_as"),
		.time_secs = conf_bool(conf, CONF_ALL, "nfacctd_time_secs"),
		.asa_bi_flow = conf_bool(conf, CONF_ALL, "tmp_asa_bi_flow"),
		.allowed = s->allow != NULL ? is_allowed : NULL,
		.allow_ctx = s->allow,
	};
}

static void
check_http(const struct conf *conf, struct conf_notes *notes)
{
	const char *text = conf_text(conf, CONF_ALL, "http_listen"), *file;
	char host[CTL_HOST_ROOM];
	uint16_t port;
	unsigned line;

	if (text == NULL || ctl_http_address(text, host, &port) == 0)
		return;
	line = conf_where(conf, CONF_ALL, "http_listen", &file);
	conf_note(notes, CONF_NOTE_ERROR, file, line, "http_listen: \"%s\" is not ADDRESS:PORT",
	    text);
}

/* One table for all profiles. */
static void
load_roas(struct setup *s, struct conf_notes *notes)
{
	const char *var = "rpki_roas_file", *path = conf_text(s->conf, CONF_ALL, var), *file = NULL;
	struct sbuf err = { 0 };
	struct roa_table *t;
	unsigned line;

	if (!conf_can_read(s->conf, CONF_ALL, var, notes) || path == NULL)
		return;
	t = roa_read(path, &err);
	atomic_store(&s->roas.now, t);
	line = conf_where(s->conf, CONF_ALL, var, &file);
	if (t == NULL)
		conf_note(notes, CONF_NOTE_ERROR, file, line, "%s: %s", var, sbuf_text(&err));
	sbuf_done(&err);
	for (size_t i = 0; i < s->profiles; i++)
		profile_use_roas(s->profile[i], &s->roas);
}

static void
load_tags(struct setup *s, struct conf_notes *notes)
{
	static const char *const vars[TELLER_KINDS] = {
		[TELLER_BGP] = "bgp_daemon_tag_map", [TELLER_BMP] = "bmp_daemon_tag_map",
	};

	for (size_t i = 0; i < TELLER_KINDS; i++)
		if (vars[i] != NULL && conf_can_read(s->conf, CONF_ALL, vars[i], notes) &&
		    conf_text(s->conf, CONF_ALL, vars[i]) != NULL)
			s->tags[i] = tagmap_load(conf_text(s->conf, CONF_ALL, vars[i]), notes);
}

void
setup_use_cache(struct setup *s, const struct roas *roas)
{
	for (size_t i = 0; roas != NULL && i < s->profiles; i++)
		profile_use_roas(s->profile[i], roas);
}

struct setup *
setup_compile(struct conf *conf, struct names *names, const char *prefix, wall_t start,
    struct conf_notes *notes)
{
	struct setup *s = mem_new(sizeof(*s));

	s->conf = conf;
	s->output = mem_array(conf_outputs(conf), sizeof(*s->output));
	s->profile = mem_array(conf_outputs(conf), sizeof(struct profile *));
	for (size_t i = 0; i < conf_outputs(conf); i++)
		if (routeout_wanted(conf, i))
			check_routes(s, i, names, notes);
		else
			compile_output(s, i, names, prefix, start, notes);
	s->refs = 1 + (unsigned)s->outputs;
	inputs_check(conf, notes);
	check_http(conf, notes);
	load_roas(s, notes);
	load_tags(s, notes);
	rpki_check(conf, notes);
	if (conf_can_read(conf, CONF_ALL, "nfacctd_allow_file", notes) &&
	    conf_text(conf, CONF_ALL, "nfacctd_allow_file") != NULL)
		s->allow = allow_read(conf_text(conf, CONF_ALL, "nfacctd_allow_file"), notes);
	if (conf_can_read(conf, CONF_ALL, "vrf_map", notes) &&
	    conf_text(conf, CONF_ALL, "vrf_map") != NULL)
		s->vrfs = vrfmap_load(conf_text(conf, CONF_ALL, "vrf_map"), notes);
	if (notes->errors > 0) {
		setup_discard(s);
		return NULL;
	}
	s->collector = collector_settings(s, names);
	for (size_t i = 0; i < s->profiles; i++)
		profile_use_names(s->profile[i], names);
	return s;
}

void
setup_inherit(struct setup *now, struct setup *old)
{
	for (size_t i = 0; i < now->outputs; i++) {
		struct setup_output *o = &now->output[i];

		for (size_t k = 0; k < old->outputs; k++) {
			struct setup_output *was = &old->output[k];

			if (was->kept || strcmp(o->subject, was->subject) != 0 ||
			    strcmp(o->settings, was->settings) != 0)
				continue;
			plan_free(o->plan);
			o->plan = was->plan;
			o->env.plan = was->plan;
			o->origin = was->origin;
			atomic_store(&o->running, atomic_load(&was->running));
			was->kept = true;
			now->refs--;
			break;
		}
	}
}

struct vrfmap *
setup_take_vrfs(struct setup *s)
{
	struct vrfmap *vrfs = s->vrfs;

	s->vrfs = NULL;
	return vrfs;
}

void
setup_release(struct setup *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	for (size_t i = 0; i < s->outputs; i++) {
		struct setup_output *o = &s->output[i];

		filter_free(o->filter);
		if (o->origin == s)
			plan_free(o->plan);
		mem_free(o->subject);
		mem_free(o->settings);
	}
	for (size_t i = 0; i < s->profiles; i++)
		profile_free(s->profile[i]);
	roa_free(atomic_load(&s->roas.now));
	for (size_t i = 0; i < TELLER_KINDS; i++)
		tagmap_release(s->tags[i]);
	allow_free(s->allow);
	vrfmap_free(s->vrfs);
	conf_free(s->conf);
	mem_free(s->profile);
	mem_free(s->output);
	mem_free(s);
}

void
setup_discard(struct setup *s)
{
	s->refs = 1;
	setup_release(s);
}
