/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `waybill rib`: the looking glass. An address is answered at once; whatever has to look at all
 * routes is searched for by the reader, and answered when it is through. `lglass` puts the two
 * queries of pmacct's looking glass in its words.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "feed/record.h"
#include "feed/search.h"
#include "waybilld/commands.h"
#include "waybilld/table.h"

#define RESULTS		1000		/* unless --limit says otherwise */
#define RESULTS_MOST	100000

struct glass {
	struct daemon *d;
	struct answer *answer;
	struct rib_scan *scan;
	struct search search;
	struct teller *teller[2];
	bool json, walk, longest, has_addr;
	struct addr addr;
	struct json j;
	struct table *table;
	struct sbuf body;
};

/* --- words ----------------------------------------------------------------------------------------- */

static bool
take_teller(struct glass *g, size_t i, const char *word, struct sbuf *out)
{
	struct addr a;

	if (addr_parse(word, &a) == 0)
		g->teller[i] = find_teller(g->d, &a);
	if (g->teller[i] == NULL)
		sbuf_printf(out, "there is no peer \"%s\"\n", word);
	return g->teller[i] != NULL;
}

static bool
take_peer(struct glass *g, char **word, struct sbuf *out)
{
	return take_teller(g, 0, word[0], out);
}

static bool
take_diff(struct glass *g, char **word, struct sbuf *out)
{
	g->walk = g->search.differ = true;
	return take_teller(g, 0, word[0], out) && take_teller(g, 1, word[1], out);
}

static bool
take_path(struct glass *g, char **word, struct sbuf *out)
{
	g->walk = true;
	return !g->search.has_path && search_path(&g->search, word[0], out);
}

static bool
take_community(struct glass *g, char **word, struct sbuf *out)
{
	(void)out;
	g->walk = true;
	mem_free(g->search.community);
	g->search.community = mem_strdup(word[0]);
	return true;
}

static bool
take_longer(struct glass *g, char **word, struct sbuf *out)
{
	g->walk = g->search.has_within = true;
	if (prefix_parse(word[0], &g->search.within) == 0)
		return true;
	sbuf_printf(out, "\"%s\" is no prefix\n", word[0]);
	return false;
}

static bool
take_all(struct glass *g, char **word, struct sbuf *out)
{
	(void)word;
	(void)out;
	g->walk = true;
	return true;
}

static bool
take_longest(struct glass *g, char **word, struct sbuf *out)
{
	(void)word;
	(void)out;
	g->longest = true;
	return true;
}

static bool
take_limit(struct glass *g, char **word, struct sbuf *out)
{
	unsigned long n = strtoul(word[0], NULL, 10);

	(void)out;
	g->search.most = n < RESULTS_MOST ? n : RESULTS_MOST;
	return true;
}

static const struct glass_word {
	const char *word;
	int words;			/* that follow */
	bool (*take)(struct glass *g, char **word, struct sbuf *out);
} glass_words[] = {
	{ "--peer", 1, take_peer }, { "--diff", 2, take_diff }, { "--path", 1, take_path },
	{ "--community", 1, take_community }, { "--longer", 1, take_longer },
	{ "--all", 0, take_all }, { "--longest", 0, take_longest }, { "--limit", 1, take_limit },
};

static bool
take_words(struct glass *g, int argc, char **argv, struct sbuf *out)
{
	for (int i = 1; i < argc; i++) {
		const struct glass_word *w = glass_words;
		const struct glass_word *end = glass_words + ARRAY_LEN(glass_words);
		struct prefix p;

		while (w < end && strcmp(w->word, argv[i]) != 0)
			w++;
		if (w < end && argc - 1 - i >= w->words) {
			if (!w->take(g, argv + i + 1, out))
				return false;
			i += w->words;
		} else if (w == end && !g->has_addr && prefix_parse(argv[i], &p) == 0) {
			g->has_addr = true;
			g->addr = p.addr;
		} else {
			sbuf_printf(out, "what is \"%s\"?\n", argv[i]);
			return false;
		}
	}
	if (g->has_addr != g->walk)
		return true;
	sbuf_str(out, "usage: rib ADDRESS [--longest] [--peer P]\n"
	    "       rib [--longer PREFIX] [--path EXPRESSION] [--community C] [--peer P | --diff P P]"
	    " [--all] [--limit N]\n");
	return false;
}

/* --- searching --------------------------------------------------------------------------------- */

static const struct record_style plain_style;

static void
found(void *ctx, const struct rib_scan *s, const struct rib_scanned *r, char mark)
{
	struct glass *g = ctx;
	const struct teller_info *info = rib_scan_teller(s, r->teller);
	const char mark_text[] = { mark, '\0' };

	if (g->json) {
		const struct record rec = { .kind = RECORD_GLASS, .rib = rib_scan_rib(s),
			.info = info, .nlri = &r->nlri, .path = r->path };

		json_object(&g->j, NULL);
		if (g->search.differ)
			json_str(&g->j, "mark", mark_text);
		record_json(&rec, &plain_style, &g->j);
		json_end(&g->j, '}');
		return;
	}
	table_text(g->table, mark_text);
	put_route_cells(g->table, g->d->rib, &r->nlri.prefix, info, r->path);
}

static void
run_search(struct reader *r, void *arg)
{
	struct glass *g = arg;

	search_run(&g->search, g->scan, r);
}

static void
glass_free(struct glass *g)
{
	if (g->table != NULL)
		table_free(g->table);
	search_done(&g->search);
	sbuf_done(&g->body);
	mem_free(g);
}

static void
search_over(void *arg, bool ran)
{
	struct glass *g = arg;

	rib_scan_end(g->scan);
	if (g->json) {
		json_end(&g->j, ']');
		json_u64(&g->j, "looked_at", g->search.seen);
		json_u64(&g->j, "found", g->search.results);
		json_end(&g->j, '}');
		sbuf_char(&g->body, '\n');
	} else {
		table_print(g->table, &g->body);
		if (g->search.results > g->search.most)
			sbuf_printf(&g->body, "%llu found, %zu shown: see --limit\n",
			    (unsigned long long)g->search.results, g->search.most);
	}
	answer_done(g->answer, ran ? 0 : -1, &g->body);
	glass_free(g);
}

/* -1 where the reader takes nothing more. */
static int
begin_search(struct glass *g)
{
	static const char *const heads[] = { "", "PREFIX", "ROUTER", "PEER", "RIB", "NEXT HOP", "LOCAL_PREF", "MED",
	    "AS PATH", "COMMUNITIES" };
	const struct reader_job job = { run_search, search_over, g };

	g->search.found = found;
	g->search.ctx = g;
	g->scan = rib_scan_begin(g->d->rib, g->teller[0]);
	if (g->teller[1] != NULL)
		rib_scan_add(g->scan, g->teller[1]);
	if (g->json) {
		g->j = json_of(&g->body);
		json_object(&g->j, NULL);
		json_array(&g->j, "routes");
	} else {
		g->table = table_new(heads, ARRAY_LEN(heads));
	}
	if (reader_ask(g->d->reader, &job))
		return 0;
	rib_scan_end(g->scan);
	return -1;
}

int
begin_rib(void *ctx, int argc, char **argv, bool json, struct answer *a, struct sbuf *out)
{
	struct daemon *d = ctx;
	struct glass *g;
	int status = -1;

	if (d->rib == NULL) {
		sbuf_str(out, "no BGP: `bgp_daemon: true` is not set\n");
		return -1;
	}
	g = mem_new(sizeof(*g));
	*g = (struct glass){ .d = d, .answer = a, .json = json, .search = { .most = RESULTS } };
	if (take_words(g, argc, argv, out)) {
		if (g->walk && begin_search(g) == 0)
			return 1;
		if (g->walk)
			sbuf_str(out, "the reader has too much to do\n");
		else
			status = answer_matches(d, &g->addr, g->teller[0], g->longest, json, out);
	}
	glass_free(g);
	return status;
}

/* --- pmacct's two queries ---------------------------------------------------------------------- */

#define MATCHES_MOST	256

static void
glass_reply(struct sbuf *out, unsigned type, size_t results)
{
	struct json j = json_of(out);

	json_object(&j, NULL);
	json_u64(&j, "query_type", type);
	json_u64(&j, "results", results);
	json_end(&j, '}');
	sbuf_char(out, '\n');
}

/* Query 2: who is there. */
static void
glass_peers(const struct daemon *d, struct sbuf *out)
{
	struct sbuf lines = { 0 };
	size_t n = 0;

	for (struct teller *t = teller_next(d->rib, NULL); t != NULL; t = teller_next(d->rib, t)) {
		const struct teller_info *info = teller_info(t);
		struct json j = json_of(&lines);
		char text[ADDR_TEXT];

		json_object(&j, NULL);
		json_str(&j, "peer_ip_src", addr_text(&info->router, text));
		json_str(&j, "peer_id", addr_text(&info->router_id, text));
		json_u64(&j, "peer_tcp_port", info->port);
		json_u64(&j, "peer_as", info->as);
		json_end(&j, '}');
		sbuf_char(&lines, '\n');
		n++;
	}
	glass_reply(out, 2, n);
	sbuf_str(out, sbuf_text(&lines));
	sbuf_done(&lines);
}

/* Query 1: the longest match of a prefix, among what one peer told; none longer than it. */
static void
glass_prefix(const struct daemon *d, const struct teller *t, const struct prefix *p, uint64_t rd,
    struct sbuf *out)
{
	struct rib_match *m = mem_array(MATCHES_MOST, sizeof(*m));
	size_t n = rib_matches(d->rib, t, rd, &p->addr, m, MATCHES_MOST), first = 0, end;

	n = n < MATCHES_MOST ? n : MATCHES_MOST;
	while (first < n && m[first].prefix.len > p->len)
		first++;
	for (end = first; end < n && m[end].prefix.len == m[first].prefix.len;)
		end++;
	glass_reply(out, 1, end - first);
	for (size_t i = first; i < end; i++) {
		const struct nlri nlri = { .rd = rd, .prefix = m[i].prefix, .path_id = m[i].path_id,
			.safi = rd != 0 ? RIB_VPN : RIB_UNICAST };
		const struct record r = { .kind = RECORD_GLASS, .rib = d->rib,
			.info = teller_info(t), .nlri = &nlri, .path = m[i].path };

		record_put(&r, &plain_style, out);
	}
	mem_free(m);
}

int
run_lglass(void *ctx, int argc, char **argv, bool json, struct sbuf *out)
{
	struct daemon *d = ctx;
	const struct teller *t = NULL;
	struct prefix p;
	struct addr a;
	uint64_t rd = 0;

	(void)json;
	if (d->rib != NULL && argc == 2 && strcmp(argv[1], "peers") == 0) {
		glass_peers(d, out);
		return 0;
	}
	if (d->rib != NULL && argc >= 3 && addr_parse(argv[1], &a) == 0)
		t = find_teller(d, &a);
	if (t == NULL || prefix_parse(argv[2], &p) != 0 ||
	    (argc > 3 && rd_parse(argv[3], &rd) != 0)) {
		sbuf_str(out, "usage: lglass peers | lglass PEER PREFIX [RD]\n");
		return -1;
	}
	glass_prefix(d, t, &p, rd, out);
	return 0;
}
