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

#include "conf/allow.h"
#include "core/log.h"
#include "core/mem.h"
#include "waybilld/process.h"

#define RIB_SLICE_NS	(5 * NS_PER_MS)
#define TEMPLATES_EVERY	(60 * NS_PER_SEC)
#define TEMPLATES_MOST	(64u << 20)

struct control {
	struct daemon *d;
	struct event *tick, *rib, *posts, *sig[6];
	struct allow *allow;		/* nfacctd_allow_file */
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
on_posts(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	struct post *p;

	(void)fd;
	(void)what;
	while ((p = chan_take(c->d->posts)) != NULL) {
		p->run(c->d, p->arg);
		mem_free(p);
	}
}

void
daemon_stop(struct daemon *d, int exit_code)
{
	d->stopping = true;
	d->exit_code = exit_code;
	event_base_loopbreak(d->base);
}

/* --- templates over a restart ------------------------------------------------------------------- */

static char *
read_file(const char *path)
{
	struct sbuf b = { 0 };
	char bytes[16384];
	FILE *f = fopen(path, "r");
	char *text;
	size_t n;

	if (f == NULL)
		return NULL;
	while (b.len < TEMPLATES_MOST && (n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		sbuf_add(&b, bytes, n);
	fclose(f);
	text = mem_strdup(sbuf_text(&b));
	sbuf_done(&b);
	return text;
}

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
	mono_t now = mono_now();

	(void)fd;
	(void)what;
	rates_tick(d->rates, d, now);
	keep_templates(d, now);
	daemon_retire(d);
#ifdef WB_HAVE_SYSTEMD
	(void)sd_notify(0, "WATCHDOG=1");
#endif
}

/* Background work of the RIB, in slices; at once again while there is more. */
static void
on_rib(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	mono_t start = mono_now();
	bool more = rib_work(c->d->rib, mono_add(start, RIB_SLICE_NS));
	struct timeval next = { .tv_usec = more ? 0 : 50000 };
	uint64_t took = (uint64_t)mono_since(mono_now(), start);

	(void)fd;
	(void)what;
	if (took > c->d->slowest_slice_ns)
		c->d->slowest_slice_ns = took;
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
	struct sbuf out = { 0 };

	(void)number;
	(void)what;
	if (!conf_bool(daemon_setup(d)->conf, CONF_ALL, "maps_refresh"))
		log_info("maps are not reloaded: maps_refresh is false");
	else if (daemon_reload(d, true, &out) != 0)
		log_warn("reload of maps: %s", sbuf_text(&out));
	sbuf_done(&out);
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
}

/* --- inputs --------------------------------------------------------------------------------------- */

/* A comma-separated list of addresses; one unset address where nothing is given. */
static size_t
read_addresses(const char *text, struct addr *ret, size_t room)
{
	char *copy, *next, *word;
	size_t n = 0;

	ret[0] = (struct addr){ { 0 } };
	if (text == NULL)
		return 1;
	next = copy = mem_strdup(text);
	while (n < room && (word = strsep(&next, ", ")) != NULL)
		if (*word != '\0' && addr_parse(word, &ret[n]) == 0)
			n++;
	mem_free(copy);
	return n;
}

static size_t
read_ports(const char *text, uint16_t *ret, size_t room)
{
	size_t n = 0;

	while (text != NULL && *text != '\0' && n < room) {
		char *end;
		unsigned long port = strtoul(text, &end, 10);

		if (end != text)
			ret[n++] = (uint16_t)port;
		text = end + strspn(end, ", ");
		if (end == text)
			break;
	}
	return n;
}

#define LISTENS_MOST	16

/* Bind every address and port, one socket per worker each. sock[worker] gets `*ret_n` sockets. */
static int
bind_inputs(const struct conf *conf, unsigned workers, struct udp_sock **sock[], size_t *ret_n,
    struct sbuf *err)
{
	struct addr at[LISTENS_MOST];
	uint16_t port[LISTENS_MOST];
	size_t addrs = read_addresses(conf_text(conf, CONF_ALL, "nfacctd_ip"), at, LISTENS_MOST);
	size_t ports = read_ports(conf_text(conf, CONF_ALL, "nfacctd_port"), port, LISTENS_MOST);
	size_t n = 0;

	for (unsigned w = 0; w < workers; w++)
		sock[w] = mem_array(addrs * ports, sizeof(struct udp_sock *));
	for (size_t i = 0; i < addrs * ports; i++) {
		struct udp_conf uc = {
			.local = at[i / ports], .port = port[i % ports],
			.rcvbuf = (size_t)conf_int(conf, CONF_ALL, "nfacctd_pipe_size"),
			.interface = conf_text(conf, CONF_ALL, "nfacctd_interface"),
		};
		struct udp_sock *group[WORKERS_MOST];

		if (udp_open(&uc, workers, group, err) != 0)
			return -1;
		for (unsigned w = 0; w < workers; w++)
			sock[w][n] = group[w];
		n++;
	}
	*ret_n = n;
	return 0;
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
collector_settings(struct control *c, const struct setup *setup)
{
	const struct conf *conf = setup->conf;

	return (struct collector_conf){
		.names = c->d->names,
		.renormalize = conf_bool(conf, CONF_ALL, "nfacctd_renormalize"),
		.need_rate = needs_rate(setup),
		.ext_rate = (uint32_t)conf_int(conf, CONF_ALL, "nfacctd_ext_sampling_rate"),
		.sampling_hold_ns = conf_int(conf, CONF_ALL, "sampling_hold") * NS_PER_SEC,
		.account_options = conf_bool(conf, CONF_ALL, "nfacctd_account_options"),
		.ignore_exporter_address = conf_bool(conf, CONF_ALL, "nfacctd_ignore_exporter_address"),
		.disable_opt_scope_check = conf_bool(conf, CONF_ALL, "nfacctd_disable_opt_scope_check"),
		.peer_as = conf_bool(conf, CONF_ALL, "nfacctd_peer_as"),
		.time_secs = conf_bool(conf, CONF_ALL, "nfacctd_time_secs"),
		.asa_bi_flow = conf_bool(conf, CONF_ALL, "tmp_asa_bi_flow"),
		.allowed = c->allow != NULL ? is_allowed : NULL,
		.allow_ctx = c->allow,
	};
}

static unsigned
count_workers(const struct conf *conf)
{
	int64_t n = conf_int(conf, CONF_ALL, "workers");
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (n <= 0)
		n = cores > 0 ? cores : 1;
	if (n > udp_most_workers())
		n = udp_most_workers();
	return n < WORKERS_MOST ? (unsigned)n : WORKERS_MOST;
}

static void
savefile_over(struct daemon *d, void *arg)
{
	(void)arg;
	log_info("the savefile has been read");
	if (!conf_bool(daemon_setup(d)->conf, CONF_ALL, "pcap_savefile_wait"))
		daemon_stop(d, 0);
}

static void
savefile_ended(void *ctx)
{
	daemon_post(ctx, savefile_over, NULL);
}

static bool
wants_flows(const struct daemon *d, const struct conf *conf)
{
	return d->program == CONF_NFACCTD || conf_given(conf, CONF_ALL, "nfacctd_ip") ||
	    conf_given(conf, CONF_ALL, "nfacctd_port") || conf_given(conf, CONF_ALL, "pcap_savefile");
}

/* The i-th number of a list such as "0,2,4", -1 where it is shorter. */
static int
nth_number(const char *list, unsigned i)
{
	for (; list != NULL; i--) {
		if (i == 0)
			return atoi(list);
		list = strchr(list, ',');
		if (list != NULL)
			list++;
	}
	return -1;
}

static int
start_workers(struct control *c, struct sbuf *err)
{
	struct daemon *d = c->d;
	const struct setup *setup = daemon_setup(d);
	const struct conf *conf = setup->conf;
	const char *savefile = conf_text(conf, CONF_ALL, "pcap_savefile");
	const char *allow = conf_text(conf, CONF_ALL, "nfacctd_allow_file");
	unsigned n = savefile != NULL ? 1 : count_workers(conf);
	struct udp_sock **sock[WORKERS_MOST] = { NULL };
	char *templates = NULL;
	size_t socks = 0;

	if (!wants_flows(d, conf))
		return 0;
	if (allow != NULL && (c->allow = allow_read(allow, err)) == NULL)
		return -1;
	if (savefile == NULL && bind_inputs(conf, n, sock, &socks, err) != 0)
		return -1;
	if (conf_text(conf, CONF_ALL, "nfacctd_templates_file") != NULL) {
		d->templates_file = mem_strdup(conf_text(conf, CONF_ALL, "nfacctd_templates_file"));
		templates = read_file(d->templates_file);
	}
	for (unsigned i = 0; i < n; i++) {
		struct worker_conf wc = {
			.index = i, .epoch = d->epoch, .rib = d->rib,
			.cpu = nth_number(conf_text(conf, CONF_ALL, "worker_cpus"), i),
			.collector = collector_settings(c, setup),
			.sock = sock[i], .socks = socks, .savefile = savefile,
			.replays = conf_int(conf, CONF_ALL, "pcap_savefile_replay"),
			.setup = &d->setup, .templates = templates,
			.ended = savefile_ended, .ended_ctx = d,
		};

		d->worker[i] = worker_start(&wc, err);
		if (d->worker[i] == NULL)
			break;
		d->workers++;
	}
	mem_free(templates);
	return d->workers == n ? 0 : -1;
}

static int
start_bgp(struct daemon *d, const struct conf *conf, struct sbuf *err)
{
	struct addr listen[LISTENS_MOST];
	const char *id = conf_text(conf, CONF_ALL, "bgp_daemon_id");
	const char *as = conf_text(conf, CONF_ALL, "bgp_daemon_as");
	size_t n = read_addresses(conf_text(conf, CONF_ALL, "bgp_daemon_ip"), listen, LISTENS_MOST);
	struct bgp_conf bc = {
		.listen = listen, .listens = addr_is_set(&listen[0]) ? n : 0,
		.port = (uint16_t)conf_int(conf, CONF_ALL, "bgp_daemon_port"),
		.as = as != NULL ? (uint32_t)strtoul(as, NULL, 10) : 0,
		.max_peers = (size_t)conf_int(conf, CONF_ALL, "bgp_daemon_max_peers"),
		.allow_file = conf_text(conf, CONF_ALL, "bgp_daemon_allow_file"),
		.md5_file = conf_text(conf, CONF_ALL, "bgp_daemon_md5_file"),
		.interface = conf_text(conf, CONF_ALL, "bgp_daemon_interface"),
		.ip_precedence = (uint8_t)conf_int(conf, CONF_ALL, "bgp_daemon_ipprec"),
		.rcvbuf = (size_t)conf_int(conf, CONF_ALL, "bgp_daemon_pipe_size"),
		.hold_s = 90,
	};

	if (id != NULL)
		(void)addr_parse(id, &bc.id);
	d->bgp = bgp_start(d->base, d->rib, &bc, err);
	return d->bgp != NULL ? 0 : -1;
}

static bool
wants_bgp(const struct daemon *d, const struct conf *conf)
{
	return d->program == CONF_PMBGPD || conf_bool(conf, CONF_ALL, "bgp_daemon");
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

	if (wants_bgp(d, conf)) {
		struct rib_conf rc = { 0 };

		d->rib = rib_new(d->epoch, &rc);
	}
	d->explain = enrich_new(d->rib);
	if (start_ctl(d, conf, err) != 0 || start_outputs(d, err) != 0)
		return -1;
	if (d->rib != NULL && start_bgp(d, conf, err) != 0)
		return -1;
	if (start_workers(c, err) != 0)
		return -1;
	add_events(c);
	return 0;
}

/* In the order of the flows' way, so that each stage has handed on before the next one ends. */
static void
stop_all(struct control *c, const char *pidfile)
{
	struct daemon *d = c->d;
	struct setup *setup = daemon_setup(d);
	struct sbuf templates = { 0 };

	free_events(c);
	for (unsigned i = 0; i < d->workers; i++)
		worker_stop(d->worker[i], &templates);
	d->workers = 0;
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
	bgp_stop(d->bgp);
	enrich_free(d->explain);
	rib_free(d->rib);
	allow_free(c->allow);
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
	d->started = mono_now();
	d->started_wall = wall_now();
	d->templates_due = mono_add(d->started, TEMPLATES_EVERY);
	atomic_store(&d->setup, setup);
	result = start_all(&c, err);
	if (result == 0) {
		log_info("started: %u workers, %zu outputs%s", d->workers, setup->outputs,
		    d->bgp != NULL ? ", BGP" : "");
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
