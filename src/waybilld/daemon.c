/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control: the libevent loop that owns the RIB, the sessions and the control socket, and starts and
 * ends everything else. Works in short slices; never waits for a disk or a database while running.
 */
#include "waybilld/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef WB_HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "core/log.h"
#include "core/mem.h"
#include "feed/reader.h"
#include "waybilld/feeds.h"
#include "waybilld/inputs.h"
#include "waybilld/process.h"
#include "waybilld/routeouts.h"
#include "waybilld/rpki.h"
#include "waybilld/saved_rib.h"

#define RIB_SLICE_NS	(5 * NS_PER_MS)
#define SETTLE_S	60		/* longest wait for a reload that was on its way at the end */
#define TEMPLATES_EVERY	(60 * NS_PER_SEC)

struct control {
	struct daemon *d;
	struct event *tick, *rib, *posts, *read, *sig[6];
	uint64_t slices;
};

void
daemon_post(struct daemon *d, void (*run)(struct daemon *, void *), void *arg)
{
	struct post *p = mem_new(sizeof(*p));

	*p = (struct post){ run, arg };
	while (!chan_send(d->posts, p))
		usleep(1000);
}

static void
run_posts(struct daemon *d)
{
	struct post *p;

	while ((p = chan_take(d->posts)) != NULL) {
		p->run(d, p->arg);
		mem_free(p);
	}
}

static void
on_posts(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	run_posts(((struct control *)arg)->d);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	reader_collect(((struct control *)arg)->d->reader);
}

void
daemon_stop(struct daemon *d, int exit_code)
{
	d->stopping = true;
	d->exit_code = exit_code;
	event_base_loopbreak(d->base);
}

/* --- templates over a restart ------------------------------------------------------------------- */

/* A temporary name and a rename: the file is whole or the old one. */
static void
write_templates(const struct daemon *d, const struct sbuf *text)
{
	struct sbuf temp = { 0 };
	FILE *f;

	sbuf_printf(&temp, "%s.new", d->templates_file);
	f = fopen(sbuf_text(&temp), "w");
	if (f == NULL || fwrite(text->text != NULL ? text->text : "", 1, text->len, f) != text->len ||
	    fflush(f) != 0 || rename(sbuf_text(&temp), d->templates_file) != 0)
		log_warn("nfacctd_templates_file: %s: %s", sbuf_text(&temp), strerror(errno));
	if (f != NULL)
		fclose(f);
	sbuf_done(&temp);
}

/* Collect what the workers were asked for; write once all have answered, ask again in a minute. */
static void
keep_templates(struct daemon *d, mono_t now)
{
	struct sbuf all = { 0 };

	if (d->templates_file == NULL || !mono_due(now, d->templates_due))
		return;
	for (unsigned i = 0; i < d->workers; i++) {
		char *text = worker_take_templates(d->worker[i]);

		if (text != NULL)
			sbuf_str(&all, text);
		mem_free(text);
		worker_ask_templates(d->worker[i]);
	}
	if (all.len > 0)
		write_templates(d, &all);
	sbuf_done(&all);
	d->templates_due = mono_add(now, TEMPLATES_EVERY);
}

/* --- events -------------------------------------------------------------------------------------- */

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = ((struct control *)arg)->d;
	struct stay_watch watch = stay_begin();
	mono_t now = watch.began;

	(void)fd;
	(void)what;
	rates_tick(d->rates, d, now);
	books_tick(d, now);
	keep_templates(d, now);
	saved_rib_tick(d->saved_rib, now);
	feeds_tick(d->feeds);
	reload_tick(d, now);
	rpki_tick(d->rpki);
	daemon_retire(d);
	stay_end(&d->stay_tick, &watch);
#ifdef WB_HAVE_SYSTEMD
	(void)sd_notify(0, "WATCHDOG=1");
#endif
}

/* Background work of the RIB, in slices; at once again while there is more. */
static void
on_rib(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	struct stay_watch watch = stay_begin();
	bool more = rib_work(c->d->rib, mono_add(watch.began, RIB_SLICE_NS));
	struct timeval next = { .tv_usec = more ? 0 : 50000 };

	(void)fd;
	(void)what;
	feeds_flush(c->d->feeds);
	routeouts_tick(c->d->routeouts);
	stay_end(&c->d->stay_rib, &watch);
	event_add(c->rib, &next);
}

static void
on_end_signal(evutil_socket_t number, short what, void *arg)
{
	struct control *c = arg;

	(void)what;
	log_info("signal %d: flushing and ending", (int)number);
	daemon_stop(c->d, 0);
}

static void
on_hup(evutil_socket_t number, short what, void *arg)
{
	struct daemon *d = ((struct control *)arg)->d;
	const struct setup *setup = daemon_setup(d);

	(void)number;
	(void)what;
	log_reopen();
	feeds_reopen(d->feeds);
	for (size_t i = 0; i < setup->outputs; i++) {
		struct output *o = atomic_load(&setup->output[i].running);

		if (o != NULL)
			output_reopen(o);
	}
	log_info("files reopened");
}

static void
on_usr1(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	daemon_log_statistics(((struct control *)arg)->d);
}

static void
on_usr2(evutil_socket_t number, short what, void *arg)
{
	struct daemon *d = ((struct control *)arg)->d;

	(void)number;
	(void)what;
	if (!conf_bool(daemon_setup(d)->conf, CONF_ALL, "maps_refresh"))
		log_info("maps are not reloaded: maps_refresh is false");
	else if (daemon_reload(d, true, NULL) != 0)
		log_warn("maps are not reloaded: too many reloads wait");
}

static void
add_events(struct control *c)
{
	static const struct {
		int number;
		event_callback_fn run;
	} signals[] = {
		{ SIGINT, on_end_signal }, { SIGTERM, on_end_signal }, { SIGHUP, on_hup },
		{ SIGUSR1, on_usr1 }, { SIGUSR2, on_usr2 },
	};
	struct daemon *d = c->d;
	const struct timeval second = { .tv_sec = 1 }, soon = { .tv_usec = 50000 };

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		c->sig[i] = evsignal_new(d->base, signals[i].number, signals[i].run, c);
		evsignal_add(c->sig[i], NULL);
	}
	c->tick = event_new(d->base, -1, EV_PERSIST, on_tick, c);
	event_add(c->tick, &second);
	c->posts = event_new(d->base, chan_fd(d->posts), EV_READ | EV_PERSIST, on_posts, c);
	event_add(c->posts, NULL);
	c->read = event_new(d->base, reader_fd(d->reader), EV_READ | EV_PERSIST, on_read, c);
	event_add(c->read, NULL);
	if (d->rib != NULL) {
		c->rib = event_new(d->base, -1, 0, on_rib, c);
		event_add(c->rib, &soon);
	}
}

static void
free_events(struct control *c)
{
	for (size_t i = 0; i < ARRAY_LEN(c->sig); i++)
		if (c->sig[i] != NULL)
			event_free(c->sig[i]);
	if (c->tick != NULL)
		event_free(c->tick);
	if (c->posts != NULL)
		event_free(c->posts);
	if (c->rib != NULL)
		event_free(c->rib);
	if (c->read != NULL)
		event_free(c->read);
}

static int
start_ctl(struct daemon *d, const struct conf *conf, struct sbuf *err)
{
	struct ctl_conf cc = {
		.socket_path = conf_text(conf, CONF_ALL, "control_socket"),
		.http_listen = conf_text(conf, CONF_ALL, "http_listen"),
		.commands = daemon_commands, .count = daemon_command_count, .ctx = d,
		.metrics = daemon_metrics, .healthz = daemon_healthz,
	};
	bool given = conf_given(conf, CONF_ALL, "control_socket");

	if (!given)
		cc.socket_path = WB_RUNDIR "/control";
	d->ctl = ctl_start(d->base, &cc, err);
	if (d->ctl != NULL || given || cc.http_listen != NULL)
		return d->ctl != NULL ? 0 : -1;
	/* The default place may be out of reach for a plain user: accounting goes on without. */
	log_warn("%s; `waybill` cannot reach this daemon", sbuf_text(err));
	sbuf_clear(err);
	return 0;
}

static int
start_outputs(struct daemon *d, struct sbuf *err)
{
	struct setup *setup = daemon_setup(d);

	for (size_t i = 0; i < setup->outputs; i++)
		if (start_output(d, &setup->output[i], err) != 0)
			return -1;
	return 0;
}

static int
start_all(struct control *c, struct sbuf *err)
{
	struct daemon *d = c->d;
	const struct conf *conf = daemon_setup(d)->conf;

	d->reader = reader_start(d->epoch);
	if (inputs_want_bgp(conf) || inputs_want_bmp(conf)) {
		struct rib_conf rc = { 0 };

		d->rib = rib_new(d->epoch, &rc);
		rib_import(d->rib, setup_take_vrfs(daemon_setup(d)));
		d->saved_rib = saved_rib_start(d, conf);
		d->feeds = feeds_start(d, conf);
		if (rpki_start(d, conf, err) != 0)
			return -1;
		setup_use_cache(daemon_setup(d), rpki_roas(d->rpki));
	}
	d->routeouts = routeouts_start(d, daemon_setup(d)->conf, err);
	if (d->routeouts == NULL)
		return -1;
	d->explain = enrich_new(d->rib);
	if (start_ctl(d, conf, err) != 0 || start_outputs(d, err) != 0)
		return -1;
	if (inputs_want_bgp(conf) && inputs_start_bgp(d, conf, err) != 0)
		return -1;
	if (inputs_want_bmp(conf) && inputs_start_bmp(d, conf, err) != 0)
		return -1;
	if (inputs_start(d, err) != 0)
		return -1;
	add_events(c);
	return 0;
}

/*
 * A reload on its way when the end comes is brought to its own end first, so that flows of the old
 * outputs are written and those of the new ones have somewhere to go.
 */
static void
settle_reload(struct daemon *d)
{
	for (int tries = 0; tries < SETTLE_S * 50 && (d->reload != NULL || d->retiring != NULL);
	    tries++) {
		run_posts(d);
		daemon_retire(d);
		usleep(20000);
	}
	if (d->retiring != NULL)
		log_error("an output of the configuration before the reload does not end; "
		    "its last flows may be lost");
}

/*
 * In the order of the flows' way, so that each stage has handed on before the next one ends; the
 * reader, which looks at all of them, before.
 */
static void
stop_all(struct control *c, const char *pidfile)
{
	struct daemon *d = c->d;
	struct sbuf templates = { 0 };
	struct setup *setup;

	free_events(c);
	reload_refuse(d);
	settle_reload(d);
	reader_stop(d->reader);
	setup = daemon_setup(d);
	for (unsigned i = 0; i < d->workers; i++)
		worker_stop(d->worker[i], &templates);
	d->workers = 0;
	rpki_stop(d->rpki);
	run_posts(d);
	rpki_free(d->rpki);
	if (d->templates_file != NULL && templates.len > 0)
		write_templates(d, &templates);
	sbuf_done(&templates);
	for (size_t i = 0; i < setup->outputs; i++) {
		struct output *o = atomic_load(&setup->output[i].running);

		if (o != NULL)
			output_stop(o);
		setup_release(setup->output[i].origin);
	}
	process_remove_pidfiles(pidfile, setup);
	ctl_stop(d->ctl);
	saved_rib_stop(d->saved_rib);
	feeds_flush(d->feeds);
	routeouts_stop(d->routeouts);
	bgp_stop(d->bgp);
	bmp_stop(d->bmp);
	feeds_stop(d->feeds);
	enrich_free(d->explain);
	rib_free(d->rib);
	setup_release(setup);
}

int
daemon_run(struct daemon *d, struct setup *setup, const char *pidfile, struct sbuf *err)
{
	struct control c = { .d = d };
	int result;

	signal(SIGPIPE, SIG_IGN);
	d->base = event_base_new();
	d->epoch = epoch_new();
	d->posts = chan_new(1024);
	d->rates = rates_new();
	TAILQ_INIT(&d->wishes);
	d->started = mono_now();
	d->started_wall = wall_now();
	d->templates_due = mono_add(d->started, TEMPLATES_EVERY);
	atomic_store(&d->setup, setup);
	result = start_all(&c, err);
	if (result == 0) {
		log_info("started: %u workers, %zu outputs%s%s", d->workers, setup->outputs,
		    d->bgp != NULL ? ", BGP" : "", d->bmp != NULL ? ", BMP" : "");
		d->on_started(d);
#ifdef WB_HAVE_SYSTEMD
		(void)sd_notify(0, "READY=1");
#endif
		event_base_dispatch(d->base);
#ifdef WB_HAVE_SYSTEMD
		(void)sd_notify(0, "STOPPING=1");
#endif
	}
	stop_all(&c, pidfile);
	rates_free(d->rates);
	sbuf_done(&d->reload_report);
	mem_free(d->templates_file);
	chan_free(d->posts);
	epoch_free(d->epoch);
	event_base_free(d->base);
	return result;
}
