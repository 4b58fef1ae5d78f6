/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting the inputs that a configuration asks for: sockets and workers, a savefile, BGP, BMP. */
#include "waybilld/inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "waybilld/feeds.h"

#define TEMPLATES_MOST	(64u << 20)

/* A whole file as text, NULL where there is none. */
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

int
inputs_start(struct daemon *d, struct sbuf *err)
{
	const struct conf *conf = daemon_setup(d)->conf;
	const char *savefile = conf_text(conf, CONF_ALL, "pcap_savefile");
	unsigned n = savefile != NULL ? 1 : count_workers(conf);
	struct udp_sock **sock[WORKERS_MOST] = { NULL };
	char *templates = NULL;
	size_t socks = 0;

	if (!wants_flows(d, conf))
		return 0;
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

/* --- BGP ------------------------------------------------------------------------------------------ */

/* `listen` is room for LISTENS_MOST addresses; the result borrows it and the configuration. */
static struct bgp_conf
bgp_settings(const struct conf *conf, struct addr *listen)
{
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
		.neighbors_file = conf_text(conf, CONF_ALL, "bgp_daemon_neighbors_file"),
		.stale_s = (uint32_t)conf_int(conf, CONF_ALL, "bgp_daemon_stale_time"),
		.one_path = conf_bool(conf, CONF_ALL, "bgp_daemon_add_path_ignore"),
		.ipv6_only = conf_bool(conf, CONF_ALL, "bgp_daemon_ipv6_only"),
		.interface = conf_text(conf, CONF_ALL, "bgp_daemon_interface"),
		.ip_precedence = (uint8_t)conf_int(conf, CONF_ALL, "bgp_daemon_ipprec"),
		.rcvbuf = (size_t)conf_int(conf, CONF_ALL, "bgp_daemon_pipe_size"),
		.hold_s = 90,
	};

	if (id != NULL)
		(void)addr_parse(id, &bc.id);
	return bc;
}

bool
inputs_want_bgp(const struct conf *conf)
{
	return conf_program(conf) == CONF_PMBGPD || conf_bool(conf, CONF_ALL, "bgp_daemon");
}

int
inputs_start_bgp(struct daemon *d, const struct conf *conf, struct sbuf *err)
{
	struct addr listen[LISTENS_MOST];
	struct bgp_conf bc = bgp_settings(conf, listen);

	d->bgp = bgp_start(d->base, d->rib, &bc, err);
	return d->bgp != NULL ? 0 : -1;
}

int
inputs_reload_bgp(struct daemon *d, const struct conf *conf, struct sbuf *err)
{
	struct addr listen[LISTENS_MOST];
	struct bgp_conf bc = bgp_settings(conf, listen);

	return d->bgp == NULL ? 0 : bgp_reload(d->bgp, &bc, err);
}

void
inputs_check(const struct conf *conf, struct conf_notes *notes)
{
	struct addr listen[LISTENS_MOST];
	struct bgp_conf bc;

	if (inputs_want_bmp(conf)) {
		(void)conf_can_read(conf, CONF_ALL, "bmp_daemon_allow_file", notes);
		(void)conf_can_read(conf, CONF_ALL, "bmp_daemon_tls_cert_file", notes);
		(void)conf_can_read(conf, CONF_ALL, "bmp_daemon_tls_key_file", notes);
		(void)conf_can_read(conf, CONF_ALL, "bmp_daemon_tls_ca_file", notes);
	}
	if (!inputs_want_bgp(conf))
		return;
	bc = bgp_settings(conf, listen);
	if (!conf_can_read(conf, CONF_ALL, "bgp_daemon_allow_file", notes))
		bc.allow_file = NULL;
	if (!conf_can_read(conf, CONF_ALL, "bgp_daemon_md5_file", notes))
		bc.md5_file = NULL;
	if (!conf_can_read(conf, CONF_ALL, "bgp_daemon_neighbors_file", notes))
		bc.neighbors_file = NULL;
	bgp_check(&bc, notes);
}

/* Ranks by the place of a word in bmp_daemon_rib_view; what it does not name is unseen. */
static void
read_rib_view(const char *list, uint8_t rank[TELLER_RIBS])
{
	static const struct { const char *word; enum teller_rib rib, other; } words[] = {
		{ "loc-rib", TELLER_LOC_RIB, TELLER_LOC_RIB },
		{ "post-policy", TELLER_IN_POST, TELLER_IN_POST },
		{ "pre-policy", TELLER_IN_PRE, TELLER_IN_PRE },
		{ "adj-rib-out", TELLER_OUT_POST, TELLER_OUT_PRE },
	};
	char *copy = mem_strdup(list), *next = copy, *word;
	uint8_t n = 0;

	memset(rank, TELLER_UNSEEN, TELLER_RIBS);
	while ((word = strsep(&next, ", ")) != NULL)
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			if (strcmp(word, words[i].word) == 0) {
				rank[words[i].other] = (uint8_t)(n + 1);
				rank[words[i].rib] = n;
				n = (uint8_t)(n + 2);
			}
	mem_free(copy);
}

int
inputs_start_bmp(struct daemon *d, const struct conf *conf, struct sbuf *err)
{
	struct addr listen[LISTENS_MOST];
	size_t n = read_addresses(conf_text(conf, CONF_ALL, "bmp_daemon_ip"), listen, LISTENS_MOST);
	struct bmp_conf bc = {
		.listen = listen, .listens = addr_is_set(&listen[0]) ? n : 0,
		.port = (uint16_t)conf_int(conf, CONF_ALL, "bmp_daemon_port"),
		.max_peers = (size_t)conf_int(conf, CONF_ALL, "bmp_daemon_max_peers"),
		.allow_file = conf_text(conf, CONF_ALL, "bmp_daemon_allow_file"),
		.ipv6_only = conf_bool(conf, CONF_ALL, "bmp_daemon_ipv6_only"),
		.interface = conf_text(conf, CONF_ALL, "bmp_daemon_interface"),
		.ip_precedence = (uint8_t)conf_int(conf, CONF_ALL, "bmp_daemon_ipprec"),
		.rcvbuf = (size_t)conf_int(conf, CONF_ALL, "bmp_daemon_pipe_size"),
		.stale_s = (uint32_t)conf_int(conf, CONF_ALL, "bmp_daemon_stale_time"),
		.tls_cert = conf_text(conf, CONF_ALL, "bmp_daemon_tls_cert_file"),
		.tls_key = conf_text(conf, CONF_ALL, "bmp_daemon_tls_key_file"),
		.tls_ca = conf_text(conf, CONF_ALL, "bmp_daemon_tls_ca_file"),
	};

	if (d->feeds != NULL) {
		bc.event = feeds_bmp;
		bc.event_ctx = d->feeds;
	}
	read_rib_view(conf_text(conf, CONF_ALL, "bmp_daemon_rib_view"), bc.rank);
	d->bmp = bmp_start(d->base, d->rib, &bc, err);
	return d->bmp != NULL ? 0 : -1;
}

bool
inputs_want_bmp(const struct conf *conf)
{
	return conf_program(conf) == CONF_PMBMPD || conf_bool(conf, CONF_ALL, "bmp_daemon");
}
