/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reload: all or nothing. The configuration is read and compiled whole on a thread of its own (the
 * loader); only when it is without fault does control publish the new setup. Workers go over at a
 * batch boundary; outputs whose settings did not change run on, others are flushed and started anew.
 *
 * One at a time, until the last output of the old setup has ended: who asks meanwhile waits, and all
 * who wait for the same are served by one reload, which begins after all of them have asked.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "waybilld/feeds.h"
#include "waybilld/inputs.h"
#include "waybilld/process.h"
#include "waybilld/routeouts.h"
#include "waybilld/rpki.h"

#define WAIT_NS		(60 * NS_PER_SEC)
#define WAITING_MOST	64

/* Who asked for a reload. */
struct reload_wish {
	TAILQ_ENTRY(reload_wish) entry;
	struct answer *answer;		/* owed; NULL: a signal, nobody is told */
	bool maps_only;
	mono_t due;			/* when it has waited for too long */
};

struct reload {
	struct daemon *d;
	struct reload_wishes wishes;	/* that it serves */
	pthread_t thread;
	struct conf *maps_of;		/* the configuration in force, to read its maps again;
					   NULL: the file is read */
	struct setup *setup;		/* the result, NULL with notes */
	struct conf_notes notes;
	struct sbuf blocked;		/* keys that a restart is needed for */
};

/* Keys that changed and cannot be taken without a restart. */
static void
find_blocked(struct reload *r, const struct conf *now, const struct conf *old)
{
	size_t count;
	const struct conf_key *key = conf_keys(&count);

	for (size_t i = 0; i < count; i++) {
		const char *a, *b;

		if (key[i].reload || key[i].scope != CONF_GLOBAL || key[i].status != CONF_ACTS)
			continue;
		a = conf_text(now, CONF_ALL, key[i].var);
		b = conf_text(old, CONF_ALL, key[i].var);
		if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0))
			sbuf_printf(&r->blocked, "%s%s", r->blocked.len > 0 ? ", " : "",
			    key[i].word);
	}
}

/* Is there a place for the log? It is opened where there is no way back any more. */
static void
check_log(struct reload *r, const struct conf *conf)
{
	const char *path = conf_text(conf, CONF_ALL, "logfile"), *where;
	FILE *f = path != NULL ? fopen(path, "a") : NULL;
	unsigned line;

	if (f != NULL)
		fclose(f);
	else if (path != NULL) {
		line = conf_where(conf, CONF_ALL, "logfile", &where);
		conf_note(&r->notes, CONF_NOTE_ERROR, where, line, "logfile: %s: %s", path,
		    strerror(errno));
	}
}

static void finish(struct daemon *d, void *arg);

static void *
load(void *arg)
{
	struct reload *r = arg;
	struct daemon *d = r->d;
	struct conf *conf = r->maps_of;

	if (conf == NULL) {
		conf = conf_read_faulty(d->program, d->config_file,
		    (const char *const *)d->option, d->options, &r->notes);
		find_blocked(r, conf, daemon_setup(d)->conf);
		check_log(r, conf);
		if (routeouts_differ(d->routeouts, conf))
			sbuf_printf(&r->blocked, "%sthose of outputs of routes",
			    r->blocked.len > 0 ? ", " : "");
	}
	r->setup = setup_compile(conf, d->names, d->prefix, wall_now(), &r->notes);
	if (r->blocked.len > 0 && r->setup != NULL) {
		setup_discard(r->setup);
		r->setup = NULL;
	}
	daemon_post(d, finish, r);
	return NULL;
}

/* It is served, or will not be: tell whoever asked. */
static void
grant(struct reload_wishes *wishes, struct reload_wish *w, int status, struct sbuf *why)
{
	TAILQ_REMOVE(wishes, w, entry);
	if (w->answer != NULL)
		answer_done(w->answer, status, why);
	else if (status != 0)
		log_warn("reload: %s", sbuf_text(why));
	mem_free(w);
}

static void
grant_all(struct reload_wishes *wishes, int status, struct sbuf *why)
{
	while (!TAILQ_EMPTY(wishes))
		grant(wishes, TAILQ_FIRST(wishes), status, why);
}

/* All that wait for the same as the one who has waited longest. */
static void
take_wishes(struct reload *r, struct reload_wishes *from)
{
	struct reload_wish *w, *next;
	bool maps_only = TAILQ_FIRST(from)->maps_only;

	TAILQ_INIT(&r->wishes);
	for (w = TAILQ_FIRST(from); w != NULL; w = next) {
		next = TAILQ_NEXT(w, entry);
		if (w->maps_only != maps_only)
			continue;
		TAILQ_REMOVE(from, w, entry);
		TAILQ_INSERT_TAIL(&r->wishes, w, entry);
	}
}

/* Begin with what is waited for, unless one is on its way. */
static void
begin_next(struct daemon *d)
{
	struct reload *r;

	if (d->reload != NULL || d->retiring != NULL || d->stopping || TAILQ_EMPTY(&d->wishes))
		return;
	r = mem_new(sizeof(*r));
	r->d = d;
	if (TAILQ_FIRST(&d->wishes)->maps_only)
		r->maps_of = conf_share(daemon_setup(d)->conf);
	if (pthread_create(&r->thread, NULL, load, r) != 0) {
		log_warn("reload: the loader's thread cannot be started; tried again");
		conf_free(r->maps_of);
		mem_free(r);
		return;
	}
	take_wishes(r, &d->wishes);
	d->reload = r;
}

int
daemon_reload(struct daemon *d, bool maps_only, struct answer *a)
{
	struct reload_wish *w;
	size_t waiting = 0;

	TAILQ_FOREACH(w, &d->wishes, entry) {
		if (a == NULL && w->answer == NULL && w->maps_only == maps_only)
			return 0;
		waiting++;
	}
	if (waiting == WAITING_MOST)
		return -1;
	w = mem_new(sizeof(*w));
	*w = (struct reload_wish){ .answer = a, .maps_only = maps_only,
	    .due = mono_add(mono_now(), WAIT_NS) };
	TAILQ_INSERT_TAIL(&d->wishes, w, entry);
	begin_next(d);
	return 0;
}

void
reload_tick(struct daemon *d, mono_t now)
{
	struct sbuf why = { 0 };

	begin_next(d);
	sbuf_str(&why, "the outputs of the configuration before still end; nothing was changed\n");
	while (!TAILQ_EMPTY(&d->wishes) && mono_due(now, TAILQ_FIRST(&d->wishes)->due))
		grant(&d->wishes, TAILQ_FIRST(&d->wishes), -1, &why);
	sbuf_done(&why);
}

void
reload_refuse(struct daemon *d)
{
	struct sbuf why = { 0 };

	sbuf_str(&why, "the daemon ends; nothing was changed\n");
	grant_all(&d->wishes, -1, &why);
	sbuf_done(&why);
}

static void
log_lines(enum log_level level, const char *text)
{
	char *copy = mem_strdup(text), *next = copy, *line;

	while ((line = strsep(&next, "\n")) != NULL)
		if (*line != '\0')
			log_write(level, NULL, "%s", line);
	mem_free(copy);
}

static void
report_failure(struct daemon *d, struct reload *r)
{
	conf_notes_print(&r->notes, &d->reload_report);
	if (r->blocked.len > 0)
		sbuf_printf(&d->reload_report, "reload: these keys need a restart: %s\n",
		    sbuf_text(&r->blocked));
	sbuf_printf(&d->reload_report, "reload: nothing was changed; the %s in force stays\n",
	    r->maps_of != NULL ? "maps" : "configuration");
	log_lines(LOG_LVL_ERROR, sbuf_text(&d->reload_report));
}

/* There is no way back from here on. */
static void
put_in_force(struct daemon *d, struct reload *r)
{
	const char *what = r->maps_of != NULL ? "maps" : "configuration";
	struct setup *old = daemon_setup(d);

	if (r->maps_of == NULL)
		(void)process_log(r->setup->conf);
	if (d->rib != NULL)
		rib_import(d->rib, setup_take_vrfs(r->setup));
	feeds_use_tags(d->feeds, r->setup->tags);
	setup_use_cache(r->setup, rpki_roas(d->rpki));
	setup_inherit(r->setup, old);
	process_pidfiles(conf_text(r->setup->conf, CONF_ALL, "pidfile"), r->setup, old);
	d->retiring = old;
	atomic_store_explicit(&d->setup, r->setup, memory_order_release);
	conf_notes_print(&r->notes, &d->reload_report);
	log_lines(LOG_LVL_WARN, sbuf_text(&d->reload_report));
	log_info("reload: new %s in force", what);
	sbuf_printf(&d->reload_report, "new %s in force\n", what);
	daemon_retire(d);
}

/* Control: the loader is done. */
static void
finish(struct daemon *d, void *arg)
{
	struct reload *r = arg;

	pthread_join(r->thread, NULL);
	sbuf_clear(&d->reload_report);
	if (r->setup != NULL && (inputs_reload_bgp(d, r->setup->conf, &d->reload_report) != 0 ||
	    (d->bmp != NULL && bmp_reload(d->bmp, &d->reload_report) != 0))) {
		setup_discard(r->setup);
		r->setup = NULL;
	}
	d->reload_ok = r->setup != NULL;
	if (r->setup != NULL)
		put_in_force(d, r);
	else
		report_failure(d, r);
	grant_all(&r->wishes, d->reload_ok ? 0 : -1, &d->reload_report);
	conf_notes_done(&r->notes);
	sbuf_done(&r->blocked);
	mem_free(r);
	d->reload = NULL;
	begin_next(d);
}

int
start_output(struct daemon *d, struct setup_output *o, struct sbuf *err)
{
	struct output *running = output_start(o->kind, &o->env, d->rib, err);

	if (running == NULL)
		return -1;
	atomic_store_explicit(&o->running, running, memory_order_release);
	return 0;
}

/* Outputs of the setup in force that have no thread yet. */
static void
start_missing(struct daemon *d)
{
	struct setup *now = daemon_setup(d);

	for (size_t i = 0; i < now->outputs; i++) {
		struct setup_output *o = &now->output[i];
		struct sbuf err = { 0 };

		if (atomic_load(&o->running) == NULL && start_output(d, o, &err) != 0)
			log_error("%s: %s; will be tried again", o->subject, sbuf_text(&err));
		sbuf_done(&err);
	}
}

/*
 * The last of an old setup: outputs that are not kept are flushed and ended. That may wait for a
 * disk, so it has a thread of its own.
 */
static void
retired(struct daemon *d, void *arg)
{
	struct setup *old = arg;

	for (size_t i = 0; i < old->outputs; i++)
		if (!old->output[i].kept)
			setup_release(old->output[i].origin);
	setup_release(old);
	d->retiring = NULL;
	d->ending = false;
	start_missing(d);
	begin_next(d);
}

struct ending {
	struct daemon *d;
	struct setup *old;
};

static void *
end_outputs(void *arg)
{
	struct ending *e = arg;

	for (size_t i = 0; i < e->old->outputs; i++) {
		struct setup_output *o = &e->old->output[i];
		struct output *running = atomic_load(&o->running);

		if (!o->kept && running != NULL)
			output_stop(running);
	}
	daemon_post(e->d, retired, e->old);
	mem_free(e);
	return NULL;
}

void
daemon_retire(struct daemon *d)
{
	struct setup *old = d->retiring;
	struct ending *e;
	pthread_t thread;

	if (old == NULL || d->ending)
		return;
	for (unsigned i = 0; i < d->workers; i++)
		if (worker_setup(d->worker[i]) == old)
			return;
	/* Nobody gives to the old setup's outputs any more. */
	e = mem_new(sizeof(*e));
	*e = (struct ending){ d, old };
	d->ending = true;
	if (pthread_create(&thread, NULL, end_outputs, e) == 0)
		pthread_detach(thread);
	else
		end_outputs(e);
}
