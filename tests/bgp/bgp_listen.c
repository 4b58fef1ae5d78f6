/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A BGP speaker with the real RIB and nothing else, for the tests against other people's routers:
 *
 *   bgp_listen [-s STALE-TIME] [-n NEIGHBORS-FILE] [-1] ADDRESS PORT [AS [ID [MD5-FILE]]]
 *   bgp_listen ADDRESS PORT bmp
 *
 * The second form is a BMP station; what it prints of a route says of which peer and RIB it is.
 * -1 does not offer ADD-PATH. SIGUSR1 prints neighbours and routes to stdout, a JSON object per line,
 * the last one {"end": N} with N the number of routes; SIGUSR2 asks all neighbours to tell their
 * routes again; SIGTERM ends it.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgp/bgp.h"
#include "bmp/bmp.h"
#include "core/log.h"

struct listen {
	struct event_base *base;
	struct rib *rib;
	struct bgp *bgp;
	struct bmp *bmp;
	struct sbuf out;
	uint64_t routes;
};

static void
print_peer(const struct bgp_peer_info *p, void *ctx)
{
	struct listen *l = ctx;
	struct json j = json_of(&l->out);
	char text[ADDR_TEXT];

	json_object(&j, NULL);
	json_str(&j, "peer", addr_text(&p->addr, text));
	json_str(&j, "id", addr_text(&p->id, text));
	json_u64(&j, "as", p->as);
	json_str(&j, "state", p->state);
	json_u64(&j, "hold_s", p->hold_s);
	json_u64(&j, "routes4", p->routes4);
	json_u64(&j, "routes6", p->routes6);
	json_u64(&j, "labelled", p->labelled);
	json_u64(&j, "vpn", p->vpn);
	json_bool(&j, "stale", p->stale);
	json_str(&j, "role", p->role);
	json_object(&j, "skipped");
	for (size_t i = 0; i < SKIPPED_FAMILIES && p->skipped[i].fields > 0; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%u/%u", p->skipped[i].afi, p->skipped[i].safi);
		json_u64(&j, name, p->skipped[i].fields);
	}
	json_end(&j, '}');
	json_str(&j, "last_error", p->last_error);
	json_object(&j, "counters");
	for (size_t i = 0; i < bgp_peer_counter_count; i++)
		json_u64(&j, bgp_peer_counter_rows[i].name, counter_get(counter_at(
		    (void *)(uintptr_t)p->c, &bgp_peer_counter_rows[i])));
	json_end(&j, '}');
	json_end(&j, '}');
	sbuf_char(&l->out, '\n');
}

static void
print_router(const struct bmp_router_info *r, void *ctx)
{
	struct listen *l = ctx;
	struct json j = json_of(&l->out);
	char text[ADDR_TEXT];

	json_object(&j, NULL);
	json_str(&j, "peer", addr_text(&r->addr, text));
	json_str(&j, "sysname", r->sysname);
	json_str(&j, "state", r->state);
	json_u64(&j, "peers", r->peers);
	json_str(&j, "last_error", r->last_error);
	json_object(&j, "counters");
	for (size_t i = 0; i < bmp_router_counter_count; i++)
		json_u64(&j, bmp_router_counter_rows[i].name, counter_get(counter_at(
		    (void *)(uintptr_t)r->c, &bmp_router_counter_rows[i])));
	json_end(&j, '}');
	json_end(&j, '}');
	sbuf_char(&l->out, '\n');
}

/* An interned attribute as the text that `write` makes of its bytes. */
static void
print_attr(struct listen *l, struct json *j, const char *name, enum attr_kind kind, uint32_t id)
{
	struct sbuf b = { 0 };
	size_t len;
	const uint8_t *bytes = rib_attr(l->rib, kind, id, &len);

	if (kind == ATTR_ASPATH)
		aspath_text(&b, bytes, len, ' ');
	else if (kind == ATTR_COMMS)
		comms_text(&b, bytes, len, ' ', true);
	else if (kind == ATTR_ECOMMS)
		ecomms_text(&b, bytes, len, ' ', false);
	else
		lcomms_text(&b, bytes, len, ' ');
	json_str(j, name, sbuf_text(&b));
	sbuf_done(&b);
}

/* What is kept for the record, in hex. */
static void
print_others(struct listen *l, struct json *j, uint32_t id)
{
	struct sbuf b = { 0 };
	size_t len;
	const uint8_t *bytes = rib_attr(l->rib, ATTR_OTHERS, id, &len);

	for (size_t i = 0; i < len; i++)
		sbuf_printf(&b, "%02x", bytes[i]);
	json_str(j, "others", sbuf_text(&b));
	sbuf_done(&b);
}

static void
print_route(struct listen *l, const struct teller *t, const struct nlri *nlri, uint32_t id)
{
	const struct path *path = rib_path(l->rib, id);
	const struct comm_set comms = rib_comms(l->rib, path);
	struct addr hop = rib_addr(l->rib, path->next_hop);
	struct json j = json_of(&l->out);
	char text[PREFIX_TEXT], rd[RD_TEXT];

	json_object(&j, NULL);
	json_str(&j, "from", addr_text(&teller_info(t)->router, text));
	if (teller_info(t)->kind == TELLER_BMP) {
		json_str(&j, "of", teller_info(t)->name);
		json_str(&j, "rib", teller_rib_name(teller_info(t)->rib));
	}
	if (nlri->safi != RIB_UNICAST)
		json_str(&j, "kind", (const char *[]){ "", "labelled", "vpn", "evpn" }[nlri->safi]);
	if (nlri->rd != 0)
		json_str(&j, "rd", rd_text(nlri->rd, rd));
	if (nlri->path_id != 0)
		json_u64(&j, "path_id", nlri->path_id);
	if (nlri->label != 0)
		json_u64(&j, "label", nlri->label);
	json_str(&j, "prefix", prefix_text(&nlri->prefix, text));
	json_str(&j, "next_hop", addr_text(&hop, text));
	print_attr(l, &j, "as_path", ATTR_ASPATH, path->aspath);
	json_u64(&j, "origin", path->flags & PATH_ORIGIN);
	if (path->flags & PATH_HAS_MED)
		json_u64(&j, "med", path->med);
	if (path->flags & PATH_HAS_LOCAL_PREF)
		json_u64(&j, "local_pref", path->local_pref);
	print_attr(l, &j, "comms", ATTR_COMMS, comms.comms);
	print_attr(l, &j, "ecomms", ATTR_ECOMMS, comms.ecomms);
	print_attr(l, &j, "lcomms", ATTR_LCOMMS, comms.lcomms);
	if (comms.others != 0)
		print_others(l, &j, comms.others);
	json_end(&j, '}');
	sbuf_char(&l->out, '\n');
	l->routes++;
}

static void
on_print(evutil_socket_t fd, short what, void *arg)
{
	struct listen *l = arg;
	struct teller *t = NULL;

	(void)fd;
	(void)what;
	l->routes = 0;
	sbuf_clear(&l->out);
	if (l->bgp != NULL)
		bgp_peers(l->bgp, print_peer, l);
	if (l->bmp != NULL)
		bmp_routers(l->bmp, print_router, l);
	while ((t = teller_next(l->rib, t)) != NULL) {
		struct rib_cursor cursor = { 0 };
		struct nlri nlri[64];
		uint32_t path[64];
		size_t n;

		while ((n = rib_walk(t, &cursor, nlri, path, 64)) > 0)
			for (size_t i = 0; i < n; i++)
				print_route(l, t, &nlri[i], path[i]);
	}
	sbuf_printf(&l->out, "{\"end\": %llu}\n", (unsigned long long)l->routes);
	fputs(sbuf_text(&l->out), stdout);
	fflush(stdout);
}

static void
ask_again(const struct bgp_peer_info *p, void *ctx)
{
	(void)bgp_refresh(ctx, &p->addr);
}

static void
on_ask(evutil_socket_t fd, short what, void *arg)
{
	struct listen *l = arg;

	(void)fd;
	(void)what;
	bgp_peers(l->bgp, ask_again, l->bgp);
}

static void
on_work(evutil_socket_t fd, short what, void *arg)
{
	struct listen *l = arg;

	(void)fd;
	(void)what;
	(void)rib_work(l->rib, mono_add(mono_now(), 5 * NS_PER_MS));
}

static void
on_term(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(((struct listen *)arg)->base);
}

static void
run(struct listen *l)
{
	struct event *print = evsignal_new(l->base, SIGUSR1, on_print, l);
	struct event *ask = evsignal_new(l->base, SIGUSR2, on_ask, l);
	struct event *term = evsignal_new(l->base, SIGTERM, on_term, l);
	struct event *work = event_new(l->base, -1, EV_PERSIST, on_work, l);
	struct timeval tv = { .tv_usec = 20000 };

	event_add(print, NULL);
	event_add(ask, NULL);
	event_add(term, NULL);
	event_add(work, &tv);
	puts("{\"ready\": true}");	/* a signal finds a handler now */
	fflush(stdout);
	event_base_dispatch(l->base);
	event_free(print);
	event_free(ask);
	event_free(term);
	event_free(work);
}

static int
start(struct listen *l, const struct bgp_conf *conf, bool bmp, struct sbuf *err)
{
	const struct bmp_conf station = {
		.listen = conf->listen, .listens = 1, .port = conf->port, .stale_s = 5,
	};

	if (bmp)
		l->bmp = bmp_start(l->base, l->rib, &station, err);
	else
		l->bgp = bgp_start(l->base, l->rib, conf, err);
	return l->bmp != NULL || l->bgp != NULL ? 0 : -1;
}

int
main(int argc, char **argv)
{
	struct epoch *ep = epoch_new();
	struct listen l = { .base = event_base_new(), .rib = rib_new(ep, &(struct rib_conf){ 0 }) };
	struct bgp_conf conf = { .hold_s = 90, .listens = 1 };
	struct sbuf err = { 0 };
	struct addr local;
	int option;

	while ((option = getopt(argc, argv, "s:n:1")) >= 0) {
		if (option == 's')
			conf.stale_s = (uint32_t)atoi(optarg);
		else if (option == 'n')
			conf.neighbors_file = optarg;
		else
			conf.one_path = true;
	}
	argc -= optind - 1;
	argv += optind - 1;
	log_open(&(struct log_conf){ .facility = -1, .stamp_stderr = true });
	if (argc < 3 || addr_parse(argv[1], &local) != 0) {
		fprintf(stderr, "usage: bgp_listen [-s STALE] [-n FILE] [-1] ADDRESS PORT "
		    "[AS [ID [MD5-FILE]] | bmp]\n");
		return 2;
	}
	conf.listen = &local;
	conf.port = (uint16_t)atoi(argv[2]);
	conf.as = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
	if (argc > 4 && addr_parse(argv[4], &conf.id) != 0)
		return 2;
	conf.md5_file = argc > 5 ? argv[5] : NULL;
	if (start(&l, &conf, argc > 3 && strcmp(argv[3], "bmp") == 0, &err) != 0) {
		fprintf(stderr, "%s\n", sbuf_text(&err));
		return 1;
	}
	run(&l);
	bgp_stop(l.bgp);
	bmp_stop(l.bmp);
	rib_free(l.rib);
	epoch_free(ep);
	event_base_free(l.base);
	sbuf_done(&l.out);
	sbuf_done(&err);
	return 0;
}
