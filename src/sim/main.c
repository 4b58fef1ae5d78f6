/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waybill-sim: edge routers for tests, benchmarks and the quick start. Announces a deterministic
 * table over BGP, exports flows whose traffic follows it, and writes the exact sums that a collector
 * must arrive at.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "sim/export.h"
#include "sim/messages.h"
#include "sim/monitor.h"
#include "sim/speaker.h"

struct options {
	struct table_conf table;
	struct export_conf export;
	struct speaker_conf speaker;
	struct monitor_conf monitor;
	bool bgp, bmp, flow, progress;
	uint64_t rate, flows;		/* flows per second (0: as fast as it goes), in all (0: no end) */
	double seconds, settle, stay;
	const char *expect, *wait_for;
};

static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

static const struct {
	struct option opt;
	const char *arg, *help;
} option_rows[] = {
	{ { "seed", 1, NULL, 's' }, "N", "what everything is drawn from (1)" },
	{ { "prefixes", 1, NULL, 'p' }, "N", "size of the table, both families (100000)" },
	{ { "v6", 1, NULL, '6' }, "PERCENT", "share of IPv6 prefixes (18)" },
	{ { "miss", 1, NULL, 'm' }, "PERCENT", "routes that a router lacks (3)" },
	{ { "shared", 0, NULL, 'S' }, NULL, "all routers announce the same attributes" },
	{ { "routers", 1, NULL, 'r' }, "N", "BGP routers (1)" },
	{ { "first", 1, NULL, 'o' }, "N", "number of the first router, where there are no flows (0)" },
	{ { "exporters", 1, NULL, 'x' }, "N", "flow exporters (as many as routers)" },
	{ { "address", 1, NULL, 'a' }, "ADDR", "of the first router and exporter (127.0.0.2)" },
	{ { "bgp", 1, NULL, 'b' }, "ADDR:PORT", "dial this BGP listener" },
	{ { "bmp", 1, NULL, 'B' }, "ADDR:PORT", "dial this BMP station" },
	{ { "monitored", 1, NULL, 'M' }, "N", "peers that each router tells of over BMP (1)" },
	{ { "ribs", 1, NULL, 'I' }, "LIST",
	    "told over BMP: loc-rib,post-policy,pre-policy,adj-rib-out (loc-rib)" },
	{ { "as", 1, NULL, 'A' }, "N", "AS of the routers (64511)" },
	{ { "flow", 1, NULL, 'f' }, "ADDR:PORT", "export to this collector" },
	{ { "export", 1, NULL, 'e' }, "5|9|10", "NetFlow v5, v9 or IPFIX (10)" },
	{ { "datagrams", 1, NULL, 'd' }, "N", "distinct datagrams, sent in turn (4096)" },
	{ { "v6-flows", 1, NULL, 'V' }, "PERCENT", "share of IPv6 datagrams, in tens (10)" },
	{ { "segments", 1, NULL, 'g' }, "N", "datagrams the kernel is given as one, Linux (1)" },
	{ { "zipf", 1, NULL, 'z' }, "X", "exponent of the traffic over prefixes, 0 uniform (1.0)" },
	{ { "sampling", 1, NULL, 'R' }, "N", "announce a sampling rate of 1:N (none)" },
	{ { "domain", 1, NULL, 'D' }, "N", "source id or observation domain (1)" },
	{ { "rate", 1, NULL, 'q' }, "N", "flows per second; 0: as fast as it goes (10000)" },
	{ { "flows", 1, NULL, 'n' }, "N", "stop after about so many flows" },
	{ { "seconds", 1, NULL, 't' }, "N", "stop after so many seconds (10)" },
	{ { "settle", 1, NULL, 'w' }, "N", "seconds between the last route and the first flow (1)" },
	{ { "wait-for", 1, NULL, 'W' }, "FILE", "send flows only once this file exists" },
	{ { "churn", 1, NULL, 'c' }, "N", "while flows go: route changes per second in 10.0.0.0/8" },
	{ { "families", 1, NULL, 'K' }, "LIST", "of unicast,labelled,vpn (unicast)" },
	{ { "vrfs", 1, NULL, 'v' }, "N", "VRFs that the table is told in, with vpn (1)" },
	{ { "paths", 1, NULL, 'O' }, "N", "paths of each prefix, by ADD-PATH (1, at most 8)" },
	{ { "restart", 0, NULL, 'G' }, NULL, "offer graceful restart" },
	{ { "flap-all", 0, NULL, 'L' }, NULL, "with --flap: all routers, not only the first" },
	{ { "flap-times", 1, NULL, 'T' }, "N", "with --flap: each router so often at most" },
	{ { "flap", 1, NULL, 'F' }, "SECONDS",
	    "while flows go: router 0 drops its BGP session so often, and exports nothing; over BMP,\n"
	    "                          the last monitored peer of each router goes and comes back" },
	{ { "stay", 1, NULL, 'k' }, "N", "keep BGP up so many seconds after the last flow (0)" },
	{ { "expect", 1, NULL, 'E' }, "FILE", "write the expected sums as CSV" },
	{ { "progress", 0, NULL, 'P' }, NULL, "show a progress bar, on a terminal" },
	{ { "help", 0, NULL, 'h' }, NULL, "this text" },
};

static void
usage(FILE *f)
{
	fprintf(f, "usage: waybill-sim [--bgp ADDR:PORT] [--bmp ADDR:PORT] [--flow ADDR:PORT] [options]\n\n");
	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++)
		fprintf(f, "  --%-10s %-10s %s\n", option_rows[i].opt.name,
		    option_rows[i].arg != NULL ? option_rows[i].arg : "", option_rows[i].help);
}

/* "127.0.0.1:179" or "[::1]:179". */
static int
parse_target(const char *text, struct addr *ret_addr, uint16_t *ret_port)
{
	char host[ADDR_TEXT + 2];
	const char *colon = strrchr(text, ':');
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;

	if (n == 0 || n >= sizeof(host))
		return -1;
	memcpy(host, text, n);
	host[n] = '\0';
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		memmove(host, host + 1, n - 1);
	}
	*ret_port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return *ret_port != 0 ? addr_parse(host, ret_addr) : -1;
}

/* "unicast,vpn": a bit each. */
static int
parse_families(const char *text, unsigned *ret_kinds)
{
	static const char *const words[] = {
		[TELL_UNICAST] = "unicast", [TELL_LABELLED] = "labelled", [TELL_VPN] = "vpn",
	};
	unsigned kinds = 0;

	for (size_t n; *text != '\0'; text += n + (text[n] == ',')) {
		unsigned i = 0;

		n = strcspn(text, ",");
		while (i < TELL_KINDS && (strlen(words[i]) != n || memcmp(words[i], text, n) != 0))
			i++;
		if (i == TELL_KINDS)
			return -1;
		kinds |= 1u << i;
	}
	*ret_kinds = kinds;
	return kinds != 0 ? 0 : -1;
}

static int
take_option(struct options *o, int c, const char *arg)
{
	switch (c) {
	case 's': o->table.seed = strtoull(arg, NULL, 0); return 0;
	case 'p': o->table.prefixes = (uint32_t)strtoul(arg, NULL, 10); return o->table.prefixes == 0;
	case '6': o->table.v6_percent = (unsigned)atoi(arg); return o->table.v6_percent > 100;
	case 'm': o->table.miss_percent = (unsigned)atoi(arg); return o->table.miss_percent > 99;
	case 'S': o->table.shared = true; return 0;
	case 'r': o->speaker.routers = (unsigned)atoi(arg); return o->speaker.routers == 0;
	case 'o': o->speaker.number = (unsigned)atoi(arg); return 0;
	case 'x': o->export.exporters = (unsigned)atoi(arg); return o->export.exporters == 0;
	case 'a': return addr_parse(arg, &o->speaker.first);
	case 'b': o->bgp = true; return parse_target(arg, &o->speaker.to, &o->speaker.port);
	case 'B': o->bmp = true; return parse_target(arg, &o->monitor.to, &o->monitor.port);
	case 'M': o->monitor.peers = (unsigned)atoi(arg); return o->monitor.peers == 0;
	case 'I': return monitor_ribs(arg, &o->monitor);
	case 'A': o->speaker.as = (uint32_t)strtoul(arg, NULL, 10); return o->speaker.as == 0;
	case 'f': o->flow = true; return parse_target(arg, &o->export.to, &o->export.port);
	case 'e': o->export.wire.version = (unsigned)atoi(arg);
		return o->export.wire.version != 5 && o->export.wire.version != 9 && o->export.wire.version != 10;
	case 'd': o->export.datagrams = (uint32_t)strtoul(arg, NULL, 10);
		return o->export.datagrams == 0;
	case 'V': o->export.v6_percent = (unsigned)atoi(arg); return o->export.v6_percent > 100;
	case 'g': o->export.segments = (unsigned)atoi(arg); return o->export.segments == 0;
	case 'z': o->export.traffic.zipf = atof(arg); return o->export.traffic.zipf < 0;
	case 'R': o->export.wire.sampling = (uint32_t)strtoul(arg, NULL, 10); return 0;
	case 'D': o->export.wire.domain = (uint32_t)strtoul(arg, NULL, 10); return 0;
	case 'q': o->rate = strtoull(arg, NULL, 10); return 0;
	case 'n': o->flows = strtoull(arg, NULL, 10); return 0;
	case 't': o->seconds = atof(arg); return 0;
	case 'w': o->settle = atof(arg); return 0;
	case 'c': o->speaker.churn = strtoull(arg, NULL, 10); return 0;
	case 'F': o->speaker.flap_s = atof(arg); return o->speaker.flap_s <= 0;
	case 'T': o->speaker.flap_times = (unsigned)atoi(arg); return 0;
	case 'L': o->speaker.flap_all = true; return 0;
	case 'K': return parse_families(arg, &o->speaker.kinds);
	case 'v': o->speaker.vrfs = (unsigned)atoi(arg); return o->speaker.vrfs == 0;
	case 'O': o->speaker.paths = (unsigned)atoi(arg);
		return o->speaker.paths == 0 || o->speaker.paths > PATHS_MOST;
	case 'G': o->speaker.restarts = true; return 0;
	case 'W': o->wait_for = arg; return 0;
	case 'k': o->stay = atof(arg); return 0;
	case 'E': o->expect = arg; return 0;
	case 'P': o->progress = isatty(STDERR_FILENO); return 0;
	}
	return -1;
}

static void
parse_options(struct options *o, int argc, char **argv)
{
	struct option longs[ARRAY_LEN(option_rows) + 1] = { 0 };
	int c;

	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++)
		longs[i] = option_rows[i].opt;
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			exit(0);
		}
		if (c == '?' || take_option(o, c, optarg) != 0) {
			if (c != '?')
				fprintf(stderr, "waybill-sim: bad value for an option: \"%s\"\n", optarg);
			fprintf(stderr, "waybill-sim: see --help\n");
			exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "waybill-sim: what is \"%s\"? See --help\n", argv[optind]);
		exit(2);
	}
}

static void
bar(const char *what, double share, const char *detail)
{
	int n = (int)(share > 1 ? 30 : share * 30);

	fprintf(stderr, "\r%-9s [%.*s%.*s] %3d %%  %-34s", what, n,
	    "##############################", 30 - n, "..............................",
	    (int)(share > 1 ? 100 : share * 100), detail);
}

static void
nap(double seconds)
{
	mono_t end = mono_add(mono_now(), (int64_t)(seconds * 1e9));

	while (!stop && mono_now().ns < end.ns)
		usleep(10000);
}

/* Who tells routes: over BGP, over BMP, or both. */
struct feeds {
	struct speaker *speaker;	/* NULL: not asked for */
	struct monitor *monitor;
};

static uint64_t
announced(const struct feeds *f)
{
	return (f->speaker != NULL ? speaker_announced(f->speaker) : 0) +
	    (f->monitor != NULL ? monitor_announced(f->monitor) : 0);
}

static bool
all_told(const struct options *o, const struct feeds *f)
{
	return (f->speaker == NULL || speaker_done(f->speaker) == o->speaker.routers) &&
	    (f->monitor == NULL || monitor_done(f->monitor) == o->speaker.routers);
}

static const char *
feeds_error(const struct feeds *f)
{
	const char *error = f->speaker != NULL ? speaker_error(f->speaker) : NULL;

	return error == NULL && f->monitor != NULL ? monitor_error(f->monitor) : error;
}

static void
unrest(const struct feeds *f)
{
	if (f->speaker != NULL)
		speaker_unrest(f->speaker);
	if (f->monitor != NULL)
		monitor_unrest(f->monitor);
}

/* Announce, and wait until every router's table was taken. 0, or -1 with the reason printed. */
static int
announce(const struct options *o, const struct table *t, const struct feeds *f)
{
	double all = (double)table_count(t) * o->speaker.routers *
	    (100 - o->table.miss_percent) / 100 *
	    (o->bgp + (o->bmp ? o->monitor.peers * o->monitor.ribs : 0));
	char detail[64];

	while (!stop && !all_told(o, f) && feeds_error(f) == NULL) {
		snprintf(detail, sizeof(detail), "%llu routes", (unsigned long long)announced(f));
		if (o->progress)
			bar("routes", (double)announced(f) / all, detail);
		usleep(50000);
	}
	snprintf(detail, sizeof(detail), "%llu routes", (unsigned long long)announced(f));
	if (o->progress) {
		bar("routes", 1, detail);
		fputc('\n', stderr);
	}
	if (feeds_error(f) == NULL)
		return 0;
	fprintf(stderr, "waybill-sim: %s\n", feeds_error(f));
	return -1;
}

static void
export_all(const struct options *o, struct export *ex)
{
	mono_t start = mono_now(), templates = { 0 };
	char detail[64];

	for (unsigned round = 0; !stop; round++) {
		double past = (double)mono_since(mono_now(), start) / 1e9;
		uint64_t want = o->rate > 0 ? (uint64_t)(past * (double)o->rate) : UINT64_MAX;
		double share = o->flows > 0 ? (double)export_flows(ex) / (double)o->flows :
		    past / o->seconds;

		if (share >= 1 || export_refused(ex) > 1000)
			break;
		if (o->flows > 0 && want > o->flows)
			want = o->flows;
		if (mono_since(mono_now(), templates) > 5 * NS_PER_SEC) {
			export_templates(ex);
			templates = mono_now();
		}
		if (want > export_flows(ex)) {
			uint64_t n = want - export_flows(ex);

			export_send(ex, n < 5000 ? n : 5000);
		} else {
			usleep(1000);
		}
		if (o->progress && round % 64 == 0) {
			snprintf(detail, sizeof(detail), "%llu flows",
			    (unsigned long long)export_flows(ex));
			bar("flows", share, detail);
		}
	}
	if (o->progress) {
		snprintf(detail, sizeof(detail), "%llu flows", (unsigned long long)export_flows(ex));
		bar("flows", 1, detail);
		fputc('\n', stderr);
	}
}

static int
run_export(struct options *o, const struct table *t, const struct feeds *feeds)
{
	struct sbuf err = { 0 };
	struct export *ex;
	FILE *f;

	o->export.traffic.table = t;
	o->export.first = o->speaker.first;
	o->export.routers = o->speaker.routers;
	if (o->export.exporters == 0)
		o->export.exporters = o->speaker.routers;
	ex = export_new(&o->export, &err);
	if (ex == NULL) {
		fprintf(stderr, "waybill-sim: %s\n", sbuf_text(&err));
		sbuf_done(&err);
		return 1;
	}
	if (o->wait_for != NULL)
		puts("ready");
	while (o->wait_for != NULL && !stop && access(o->wait_for, F_OK) != 0)
		usleep(20000);
	unrest(feeds);
	export_all(o, ex);
	printf("flows %llu datagrams %llu refused %llu\n", (unsigned long long)export_flows(ex),
	    (unsigned long long)export_datagrams(ex), (unsigned long long)export_refused(ex));
	if (o->expect != NULL) {
		f = fopen(o->expect, "w");
		if (f == NULL) {
			fprintf(stderr, "waybill-sim: %s: %s\n", o->expect, strerror(errno));
			export_free(ex);
			return 1;
		}
		export_expect(ex, f);
		fclose(f);
	}
	export_free(ex);
	return 0;
}

/* What does not go together, as a sentence; NULL: it does. */
static const char *
conflict(const struct options *o)
{
	const struct speaker_conf *speaker = &o->speaker;

	if (speaker->flap_s > 0 && o->bmp && o->monitor.peers < 2)
		return "--flap over BMP needs two --monitored";
	if (speaker->flap_s > 0 && !o->bmp &&
	    (!o->bgp || speaker->routers < 2 || o->export.exporters == 1))
		return "--flap needs --bgp, two --routers and --exporters";
	if (speaker->number > 0 && o->flow)
		return "--first is for routers that send no flows";
	return NULL;
}

static void
start_feeds(struct options *o, const struct table *t, struct feeds *ret)
{
	if (o->bgp) {
		o->speaker.table = t;
		ret->speaker = speaker_start(&o->speaker);
	}
	if (o->bmp) {
		o->monitor.table = t;
		o->monitor.routers = o->speaker.routers;
		o->monitor.first = o->speaker.first;
		o->monitor.as = o->speaker.as;
		o->monitor.flap_s = o->speaker.flap_s;
		ret->monitor = monitor_start(&o->monitor);
	}
}

/* Routes, then flows, then whatever is to follow; the exit status. */
static int
play(struct options *o, const struct table *t, struct feeds *feeds)
{
	int status = 0;

	if (o->bgp || o->bmp) {
		if (announce(o, t, feeds) != 0)
			status = 1;
		printf("routes %llu\n", (unsigned long long)announced(feeds));
		nap(o->settle);
	}
	if (o->flow && status == 0 && !stop)
		status = run_export(o, t, feeds);
	if (status == 0 && o->stay > 0) {
		unrest(feeds);
		nap(o->stay);
	}
	return status;
}

/* What the routers did meanwhile; the exit status. */
static int
report(const struct options *o, const struct feeds *feeds, int status)
{
	const struct speaker_conf *speaker = &o->speaker;

	if (feeds->speaker != NULL && (speaker->churn > 0 || speaker->flap_s > 0))
		printf("changes %llu flaps %llu\n",
		    (unsigned long long)speaker_changes(feeds->speaker),
		    (unsigned long long)speaker_flaps(feeds->speaker));
	if (feeds->monitor != NULL && speaker->flap_s > 0)
		printf("peer flaps %llu\n", (unsigned long long)monitor_flaps(feeds->monitor));
	if (feeds_error(feeds) == NULL || status != 0)
		return status;
	fprintf(stderr, "waybill-sim: %s\n", feeds_error(feeds));
	return 1;
}

int
main(int argc, char **argv)
{
	struct options o = {
		.table = { .seed = 1, .prefixes = 100000, .v6_percent = 18, .miss_percent = 3 },
		.export = { .wire = { .version = 10, .domain = 1 }, .traffic = { .zipf = 1.0 },
		    .datagrams = 4096, .mtu = 1400, .v6_percent = 10, .segments = 1 },
		.speaker = { .routers = 1, .as = 64511, .kinds = 1, .vrfs = 1, .paths = 1 },
		.monitor = { .peers = 1, .rib = { SIM_LOC_RIB }, .ribs = 1 },
		.rate = 10000, .seconds = 10, .settle = 1,
	};
	struct feeds feeds = { NULL, NULL };
	struct table *t;
	int status;

	addr_parse("127.0.0.2", &o.speaker.first);
	parse_options(&o, argc, argv);
	if (!o.bgp && !o.bmp && !o.flow) {
		usage(stderr);
		return 2;
	}
	if (conflict(&o) != NULL) {
		fprintf(stderr, "waybill-sim: %s\n", conflict(&o));
		return 2;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	o.export.traffic.seed = o.table.seed;
	o.export.quiet0 = o.speaker.flap_s > 0 && o.bgp;
	o.table.as = o.speaker.as;
	t = table_new(&o.table);
	start_feeds(&o, t, &feeds);
	status = report(&o, &feeds, play(&o, t, &feeds));
	speaker_stop(feeds.speaker);
	monitor_stop(feeds.monitor);
	table_free(t);
	return status;
}
